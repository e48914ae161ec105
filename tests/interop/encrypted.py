"""What the tests of TLS have in common."""

import socket
import ssl

import certificates
import stepwire
from hosting import DEADLINE
from test_websocket import WebSocketTestCase


class TlsTestCase(WebSocketTestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = certificates.Authority()
        cls.addClassCleanup(cls.authority.close)
        cls.chain, cls.key = cls.authority.certify("localhost")

    def trusting(self):
        return ssl.create_default_context(cafile=self.authority.certificate)

    def configure(self, socket=-1, **texts):
        for config, text in texts.items():
            self.host.must("network_set_config_string", getattr(stepwire, f"CONFIG_TLS_{config}"), socket, str(text))

    def listen_with_tls(self, raw=False, **texts):
        self.configure(**(texts or {"CERTIFICATE": self.chain, "PRIVATE_KEY": self.key}))
        return self.listen(raw, kind=stepwire.SOCKET_WSS)

    def serve_with_tls(self, chain, key, demands_certificate=False, version=None, **options):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        if demands_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.authority.certificate)
        if version:
            context.minimum_version = context.maximum_version = version
        return self.serve(ssl=context, **options)

    def trust(self, file=None):
        self.configure(CA_FILE=file or self.authority.certificate)

    def shaken(self, port, context=None):
        """A TLS connection to a server of the host."""
        plain = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.addCleanup(plain.close)
        try:
            encrypted = (context or self.trusting()).wrap_socket(plain, server_hostname="localhost")
        except ValueError as wrong:
            raise AssertionError(wrong) from wrong
        self.addCleanup(encrypted.close)
        return encrypted

    def log(self):
        """The lines that have come since the last look."""
        return list(iter(lambda: self.host.call("network_next_log"), ""))
