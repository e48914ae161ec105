"""Certificates: in what files they and their keys are, who is trusted, and who has to show one."""

import os
import ssl

import certificates
import stepwire
from encrypted import TlsTestCase
from hosting import both_io_modes
from test_websocket import packet

RSA = ("rsa:2048",)
VERSIONS = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def shown(encrypted):
    return ssl.DER_cert_to_PEM_cert(encrypted.getpeercert(binary_form=True))


def first_certificate(path):
    return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(path.read_text()))


@both_io_modes
class Files(TlsTestCase):
    """What a certificate and its key may be in."""

    def listens(self, certificate, key):
        """A server with these files shows the certificate."""
        server, port = self.listen_with_tls(CERTIFICATE=certificate, PRIVATE_KEY=key)
        self.shaken(port)
        self.host.must("network_destroy", server)

    def test_keys_have_the_forms_that_tools_write(self):
        chain, key = self.authority.certify("rsa", key=RSA)
        pkcs1, sec1 = self.authority.folder / "pkcs1.pem", self.authority.folder / "sec1.pem"
        certificates.openssl("rsa", "-traditional", "-in", key, "-out", pkcs1)
        certificates.openssl("ec", "-in", self.key, "-out", sec1)
        self.assertIn("BEGIN RSA PRIVATE KEY", pkcs1.read_text())
        self.assertIn("BEGIN EC PRIVATE KEY", sec1.read_text())
        parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
        for certificate, file in ((chain, key), (chain, pkcs1), (self.chain, sec1),
                                  (self.chain, self.authority.file("with_parameters.pem", parameters, sec1))):
            with self.case(file=file.name):
                self.listens(certificate, file)

    def test_text_and_marks_around_the_blocks_do_not_matter(self):
        bag = "Bag Attributes\n    localKeyID: 01\nsubject=CN = localhost\n"
        for name, before in (("bag", bag), ("mark", "\ufeff"), ("both", "\ufeff" + bag)):
            with self.case(name):
                self.listens(self.authority.file(f"{name}_chain.pem", before, self.chain),
                             self.authority.file(f"{name}_key.pem", before, self.key))

    def test_certificate_and_key_may_be_in_one_file(self):
        for name, parts in (("key_last", (self.chain, self.key)), ("key_first", (self.key, self.chain))):
            both = self.authority.file(f"{name}.pem", *parts)
            for key in (both, ""):
                with self.case(name, key=key):
                    self.listens(both, key)

    def test_a_key_with_a_password_is_named(self):
        encrypted = self.authority.folder / "encrypted.pem"
        certificates.openssl("pkey", "-in", self.key, "-aes128", "-passout", "pass:secret", "-out", encrypted)
        self.configure(CERTIFICATE=self.chain, PRIVATE_KEY=encrypted)
        failure = self.host.call("network_create_server", stepwire.SOCKET_WSS, 0, 1)
        self.assertEqual(failure, stepwire.ERROR_TLS)
        self.assertIn("has a password", failure.because)

    def test_paths_that_lead_nowhere_are_told_when_they_are_set(self):
        client = self.host.must("network_create_socket", stepwire.SOCKET_WSS)
        self.trust()
        server = self.serve_with_tls(self.chain, self.key)
        for config in ("CA_FILE", "CERTIFICATE", "PRIVATE_KEY", "IDENTITY"):
            option = getattr(stepwire, f"CONFIG_TLS_{config}")
            for socket in (-1, client):
                for path in ("/no/such/file", str(self.authority.folder)):
                    failure = self.host.call("network_set_config_string", option, socket, path)
                    self.assertEqual(failure, stepwire.ERROR_TLS, config)
                    self.assertIn(path, failure.because)
        # What was set before stays.
        self.connected(f"wss://localhost:{server.port}/")

    def test_options_of_tls_are_for_those_who_have_it(self):
        server, _ = self.listen()
        for config in ("CERTIFICATE", "PRIVATE_KEY", "IDENTITY"):
            option = getattr(stepwire, f"CONFIG_TLS_{config}")
            self.assertEqual(self.host.call("network_set_config_string", option, server, str(self.chain)),
                             stepwire.ERROR_WRONG_KIND)
        client = self.host.must("network_create_socket", stepwire.SOCKET_WSS)
        for socket in (server, client):
            self.assertEqual(self.host.call("network_set_config", stepwire.CONFIG_TLS_RELOAD, socket, 0),
                             stepwire.ERROR_WRONG_KIND)

    def test_a_server_gets_a_new_certificate(self):
        server, port = self.listen_with_tls()
        old, handle = self.member(f"wss://localhost:{port}/", server, ssl=self.trusting())
        chain, key = self.authority.certify("renewed")
        self.configure(server, CERTIFICATE=chain, PRIVATE_KEY=key)
        self.assertEqual(shown(self.shaken(port)), first_certificate(self.chain))
        self.host.must("network_set_config", stepwire.CONFIG_TLS_RELOAD, server, 0)
        self.assertEqual(shown(self.shaken(port)), first_certificate(chain))

        # The same paths, as a tool that renews certificates writes them.
        again, key_again = self.authority.certify("again")
        chain.write_text(again.read_text())
        failure = self.host.call("network_set_config", stepwire.CONFIG_TLS_RELOAD, server, 0)
        self.assertEqual(failure, stepwire.ERROR_TLS, "the key is not yet the new one")
        self.assertIn("cannot be used together", failure.because)
        self.assertNotEqual(shown(self.shaken(port)), first_certificate(again))
        key.write_text(key_again.read_text())
        self.host.must("network_set_config", stepwire.CONFIG_TLS_RELOAD, server, 0)
        self.assertEqual(shown(self.shaken(port)), first_certificate(again))

        chain.unlink()
        failure = self.host.call("network_set_config", stepwire.CONFIG_TLS_RELOAD, server, 0)
        self.assertEqual(failure, stepwire.ERROR_TLS)
        self.assertEqual(shown(self.shaken(port)), first_certificate(again))
        old.send(packet(b"still here"))
        self.data(handle, b"still here")


@both_io_modes
class Trust(TlsTestCase):
    """Whom a client trusts."""

    def test_a_pinned_certificate_is_trusted(self):
        intermediate = self.authority.certify("middle", extensions="basicConstraints=critical,CA:TRUE\n")
        chain, key = self.authority.certify("below", issuer=intermediate)
        whole = self.authority.file("whole.pem", chain, intermediate[0])
        for name, file in (("the server's own", chain), ("an intermediate", intermediate[0]),
                           ("the root", self.authority.certificate)):
            with self.case(name):
                self.trust(file)
                self.connected(f"wss://localhost:{self.serve_with_tls(whole, key).port}/")
        with self.case("another's"):
            self.trust(chain)
            error, reason = self.refused(f"wss://localhost:{self.serve_with_tls(self.chain, self.key).port}/")
            self.assertEqual(error, stepwire.ERROR_TLS)
            self.assertIn("unknown issuer", reason)

    def test_a_pinned_certificate_is_still_checked(self):
        foreign = self.authority.certify("elsewhere", "DNS:elsewhere.example")
        expired = self.authority.certify("pinned_expired", days=-1)
        for (chain, key), words in ((foreign, "another name"), (expired, "expired")):
            with self.case(words):
                self.trust(chain)
                error, reason = self.refused(f"wss://localhost:{self.serve_with_tls(chain, key).port}/")
                self.assertEqual(error, stepwire.ERROR_TLS)
                self.assertIn(words, reason)

    def test_a_common_name_does_not_count(self):
        common, common_key = self.authority.folder / "common.pem", self.authority.folder / "common.key"
        certificates.openssl("req", "-x509", "-newkey", *certificates.ELLIPTIC, "-nodes", "-keyout", common_key,
                             "-out", common, "-days", 2, "-subj", "/CN=localhost")
        self.trust(common)
        server = self.serve_with_tls(common, common_key)
        error, reason = self.refused(f"wss://localhost:{server.port}/")
        self.assertEqual(error, stepwire.ERROR_TLS)
        self.assertRegex(reason, "subjectAltName|another name")
        self.host.must("network_set_config", stepwire.CONFIG_TLS_VERIFY, -1, 0)
        self.connected(f"wss://localhost:{server.port}/")

    def test_nobody_waits_for_a_file_of_authorities(self):
        server = self.serve_with_tls(self.chain, self.key)
        pipe = self.authority.folder / f"authorities_{self.manual_io}"
        os.mkfifo(pipe)
        self.trust(pipe)
        client = self.host.must("network_create_socket", stepwire.SOCKET_WSS)
        # The file does not come to its end before this call has returned.
        self.host.must("network_connect_async", client, "localhost", server.port)
        pipe.write_text(self.authority.certificate.read_text())
        event = self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=client)
        self.assertEqual((event["succeeded"], event["reason"]), (1, ""))

    def test_the_authorities_of_the_system_may_be_elsewhere(self):
        folder = self.authority.folder / f"elsewhere_{self.manual_io}"
        folder.mkdir()
        (folder / "authority.pem").write_text(self.authority.certificate.read_text())
        certificates.openssl("rehash", folder)
        server = self.serve_with_tls(self.chain, self.key)
        nothing = {"SSL_CERT_FILE": "/no/such/file", "SSL_CERT_DIR": "/no/such/folder"}
        for variables in ({}, {"SSL_CERT_FILE": str(self.authority.certificate)}, {"SSL_CERT_DIR": str(folder)}):
            with self.case(**variables):
                self.host = self.start_host(env={**os.environ, **nothing, **variables})
                if variables:
                    self.connected(f"wss://localhost:{server.port}/")
                else:
                    error, reason = self.refused(f"wss://localhost:{server.port}/")
                    self.assertEqual(error, stepwire.ERROR_TLS)
                    self.assertIn("unknown issuer", reason)

    def test_a_server_is_made_without_the_authorities_of_the_system(self):
        # Reading them takes long; reading these would take for ever.
        pipe = self.authority.folder / f"system_{self.manual_io}"
        os.mkfifo(pipe)
        host = self.start_host(env={**os.environ, "SSL_CERT_FILE": str(pipe)})
        for config, path in ((stepwire.CONFIG_TLS_CERTIFICATE, self.chain),
                             (stepwire.CONFIG_TLS_PRIVATE_KEY, self.key)):
            host.must("network_set_config_string", config, -1, str(path))
        host.must("network_create_server", stepwire.SOCKET_WSS, 0, 1)


@both_io_modes
class OfClients(TlsTestCase):
    """Servers that want a certificate of a client."""

    def test_a_client_shows_its_certificate(self):
        self.trust()
        chain, key = self.authority.certify("player", "DNS:player.example")
        bundle = self.authority.bundle(chain, key, "secret")
        both = self.authority.file("player_both.pem", key, chain)
        for version in VERSIONS:
            server = self.serve_with_tls(self.chain, self.key, demands_certificate=True, version=version)
            for texts in ({"CERTIFICATE": chain, "PRIVATE_KEY": key}, {"CERTIFICATE": both},
                          {"IDENTITY": bundle, "IDENTITY_PASSWORD": "secret"}):
                with self.case(version.name, **{config: str(text) for config, text in texts.items()}):
                    self.connected(f"wss://localhost:{server.port}/",
                                   **{f"CONFIG_TLS_{config}": str(text) for config, text in texts.items()})

    def test_a_certificate_that_cannot_be_used_ends_the_connect(self):
        client = self.host.must("network_create_socket", stepwire.SOCKET_WSS)
        other = self.authority.certify("other")
        self.configure(client, CERTIFICATE=self.chain, PRIVATE_KEY=other[1])
        self.host.must("network_connect_async", client, "localhost", 1)
        event = self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=client)
        self.assertEqual((event["succeeded"], event["error"]), (0, stepwire.ERROR_TLS))
        self.assertIn("cannot be used together", event["reason"])

    def test_a_demand_is_explained_every_time(self):
        self.trust()
        for version in VERSIONS:
            server = self.serve_with_tls(self.chain, self.key, demands_certificate=True, version=version)
            for attempt in range(40):
                with self.case(version.name, attempt=attempt):
                    error, reason = self.refused(f"wss://localhost:{server.port}/")
                    self.assertEqual(error, stepwire.ERROR_TLS, reason)
                    self.assertIn("demands a certificate", reason)

    def test_a_certificate_that_is_not_accepted_is_explained(self):
        self.trust()
        stranger = certificates.Authority()
        self.addCleanup(stranger.close)
        chain, key = stranger.certify("stranger")
        self.configure(CERTIFICATE=chain, PRIVATE_KEY=key)
        for version in VERSIONS:
            with self.case(version.name):
                server = self.serve_with_tls(self.chain, self.key, demands_certificate=True, version=version)
                error, reason = self.refused(f"wss://localhost:{server.port}/")
                self.assertEqual(error, stepwire.ERROR_TLS, reason)
                self.assertIn("does not accept the certificate", reason)
