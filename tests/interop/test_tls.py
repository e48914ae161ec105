"""Encrypted WebSockets: both ends, certificates right and wrong, and peers that are no TLS."""

import socket
import ssl

import stepwire
from encrypted import TlsTestCase
from hosting import DEADLINE, both_io_modes, wait_until
from test_websocket import packet


@both_io_modes
class Tls(TlsTestCase):
    def test_server(self):
        server, port = self.listen_with_tls()
        client, handle = self.member(f"wss://localhost:{port}/x", server, ssl=self.trusting())
        for payload in (b"hello", b"", b"x" * 90_000, b"y" * 3_000_000):
            client.send(packet(payload))
            self.data(handle, payload)
            self.host.must("network_send_packet", handle, payload, len(payload))
            self.assertEqual(client.recv(DEADLINE), packet(payload))
        self.assertEqual(self.host.must("network_get_string", handle, "tls"), "1")
        self.assertEqual(self.host.must("network_get_string", handle, "path"), "/x")
        client.close()
        self.assertEqual(self.host.event(type=stepwire.TYPE_DISCONNECT, socket=handle)["error"], 0)

    def test_server_with_pkcs12(self):
        bundle = self.authority.bundle(self.chain, self.key, "secret")
        server, port = self.listen_with_tls(raw=True, IDENTITY=bundle, IDENTITY_PASSWORD="secret")
        client, handle = self.guest(f"wss://127.0.0.1:{port}", server, ssl=self.trusting())
        message = bytes(range(256)) * (1 << 16)
        self.host.must("network_set_config", stepwire.CONFIG_MESSAGE_SIZE_LIMIT, handle, 16 << 20)
        client.send(message)
        self.data(handle, message)
        self.host.must("network_send_raw", handle, message, len(message), 0)
        self.assertEqual(client.recv(DEADLINE), message)

    def test_servers_without_a_usable_certificate_are_not_made(self):
        other = self.authority.certify("stranger")
        for chain, key, words in (("", "", "needs a certificate"), ("", self.key, "tls_certificate"),
                                  (self.chain, "", "holds no PEM private key"),
                                  (self.key, self.key, "holds no PEM certificate"),
                                  (self.chain, other[1], "cannot be used together")):
            self.configure(CERTIFICATE=chain, PRIVATE_KEY=key)
            failure = self.host.call("network_create_server", stepwire.SOCKET_WSS, 0, 1)
            self.assertEqual(failure, stepwire.ERROR_TLS, (chain, key))
            self.assertIn(words, failure.because)

    def test_client(self):
        self.trust()
        server = self.serve_with_tls(self.chain, self.key)
        for url, kind in ((f"wss://localhost:{server.port}/", stepwire.SOCKET_WS),
                          (f"ws://127.0.0.1:{server.port}/", stepwire.SOCKET_WSS)):
            client = self.connected(url, kind=kind)
            for payload in (b"hello", b"x" * 2_000_000):
                self.host.must("network_send_packet", client, payload, len(payload))
                self.data(client, payload)
            self.assertEqual(self.host.must("network_get_string", client, "tls"), "1")
            self.host.must("network_send_packet", client, b"close", 5)
            self.assertEqual(self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)["error"], 0)

    def test_raw_client(self):
        self.trust()
        server = self.serve_with_tls(self.chain, self.key, raw=True)
        client = self.connected(f"wss://localhost:{server.port}/", raw=True)
        for payload, kind in ((b"hello", stepwire.SEND_BINARY), ("häß".encode(), stepwire.SEND_TEXT),
                              (b"x" * 2_000_000, stepwire.SEND_BINARY)):
            self.host.must("network_send_raw", client, payload, len(payload), kind)
            self.data(client, payload, kind)

    def test_certificates_are_checked(self):
        expired = self.authority.certify("expired", days=-1)
        foreign = self.authority.certify("foreign", "DNS:foreign.example")
        for trusts, (chain, key), words in ((False, (self.chain, self.key), "unknown issuer"),
                                            (True, expired, "expired"), (True, foreign, "another name")):
            with self.case(words):
                if trusts:
                    self.trust()
                server = self.serve_with_tls(chain, key)
                error, reason = self.refused(f"wss://localhost:{server.port}")
                self.assertEqual(error, stepwire.ERROR_TLS)
                self.assertIn(words, reason)
                self.host.must("network_set_config", stepwire.CONFIG_TLS_VERIFY, -1, 0)
                self.connected(f"wss://localhost:{server.port}")
                self.host.must("network_set_config", stepwire.CONFIG_TLS_VERIFY, -1, 1)

    def test_client_at_a_server_without_tls(self):
        server = self.serve()
        error, reason = self.refused(f"wss://localhost:{server.port}")
        self.assertEqual(error, stepwire.ERROR_TLS, reason)
        self.assertRegex(reason, "speaks? TLS at this port")

    def test_client_without_tls_at_a_server_with_it(self):
        server = self.serve_with_tls(self.chain, self.key)
        error, _ = self.refused(f"ws://localhost:{server.port}")
        self.assertIn(error, (stepwire.ERROR_HANDSHAKE, stepwire.ERROR_CLOSED))

    def test_old_versions_are_refused(self):
        server, port = self.listen_with_tls()
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, OSError)):
            self.client(f"wss://localhost:{port}", ssl=old)

    def test_no_tls_at_all_bothers_nobody(self):
        self.host.must("network_set_config", stepwire.CONFIG_HANDSHAKE_TIMEOUT, 500, 0)
        server, port = self.listen_with_tls()
        good, handle = self.member(f"wss://localhost:{port}/", server, ssl=self.trusting())
        for words in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\0" * 600, b"\0" * 4096, b"\x16\x03\x01", b""):
            with self.case(words=words), socket.create_connection(("127.0.0.1", port)) as peer:
                peer.settimeout(DEADLINE)
                peer.sendall(words)
                try:
                    while peer.recv(4096):
                        pass
                except ConnectionError:
                    pass
        good.send(packet(b"still here"))
        self.data(handle, b"still here")
        self.assertEqual(list(self.host.events), [])

    def test_failures_are_in_the_log(self):
        self.log()
        server, port = self.listen_with_tls()
        for words in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 4096, b"\x16\x03\x01\xff\xff" + b"\0" * 600):
            with self.case(words=words), socket.create_connection(("127.0.0.1", port)) as peer:
                peer.sendall(words)
                own = peer.getsockname()[1]
                lines = []

                def told():
                    lines.extend(self.log())
                    return any(f"server {server:.0f} refused 127.0.0.1 port {own}: " in line for line in lines)

                wait_until(told, "the refused peer is in the log")
        plain = self.serve()
        self.refused(f"wss://localhost:{plain.port}")
        self.assertRegex("\n".join(self.log()), r"(?m)^2 \S+Z socket \d+ did not connect: .*TLS")

    def test_stepwire_at_both_ends(self):
        self.trust()
        server, port = self.listen_with_tls()
        client = self.connected("localhost", port, kind=stepwire.SOCKET_WSS)
        member = self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]
        for payload in (b"", b"x", b"y" * 1_000_000):
            for sender, receiver in ((client, member), (member, client)):
                self.host.must("network_send_packet", sender, payload, len(payload))
                self.data(receiver, payload)
        self.host.must("network_destroy", client)
        self.assertEqual(self.host.event(type=stepwire.TYPE_DISCONNECT, socket=member)["error"], 0)
