"""A library that was built without TLS: what needs it is refused with a reason, and the rest works.

Run by `cargo xtask test --tls none` alone.
"""

import stepwire
from encrypted import TlsTestCase
from hosting import both_io_modes
from test_websocket import packet


@both_io_modes
class WithoutTls(TlsTestCase):
    def test_servers_are_refused(self):
        self.configure(CERTIFICATE=self.chain, PRIVATE_KEY=self.key)
        failure = self.host.call("network_create_server", stepwire.SOCKET_WSS, 0, 1)
        self.assertEqual(failure, stepwire.ERROR_TLS)
        self.assertIn("no TLS", failure.because)

    def test_connects_are_refused(self):
        server = self.serve_with_tls(self.chain, self.key)
        for verify in (1, 0):
            with self.case(verify=verify):
                self.host.must("network_set_config", stepwire.CONFIG_TLS_VERIFY, -1, verify)
                error, reason = self.refused(f"wss://localhost:{server.port}/")
                self.assertEqual(error, stepwire.ERROR_TLS)
                self.assertIn("no TLS", reason)

    def test_plain_websockets_work(self):
        server, port = self.listen()
        client, handle = self.member(f"ws://localhost:{port}/", server)
        client.send(packet(b"hello"))
        self.data(handle, b"hello")
        self.assertEqual(self.host.must("network_get_string", handle, "tls"), "")
