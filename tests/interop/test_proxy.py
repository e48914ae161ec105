"""Behind a load balancer: the PROXY protocol in both versions, from proxies that are trusted and from others."""

import socket
import struct

import frames
import gamemaker
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
REAL = "192.0.2.7"


def line(ip=REAL, port=50000):
    return f"PROXY TCP4 {ip} 127.0.0.1 {port} 6510\r\n".encode()


def binary(ip=REAL, port=50000, command=1, more=b""):
    if ":" in ip:
        family, addresses = 0x21, socket.inet_pton(socket.AF_INET6, ip) + socket.inet_pton(socket.AF_INET6, "::1")
    else:
        family, addresses = 0x11, socket.inet_aton(ip) + socket.inet_aton("127.0.0.1")
    rest = addresses + struct.pack(">HH", port, 6510) + more
    return SIGNATURE + struct.pack(">BBH", 0x20 | command, family, len(rest)) + rest


@both_io_modes
class Proxied(HostTestCase):
    def listen_proxied(self, kind=stepwire.SOCKET_TCP, raw=False, trusted="127.0.0.1"):
        self.host.must("network_set_config", stepwire.CONFIG_PROXY_PROTOCOL, -1, 1)
        self.host.must("network_set_config_string", stepwire.CONFIG_PROXY_TRUSTED, -1, trusted)
        create = "network_create_server_raw" if raw else "network_create_server"
        server = self.host.must(create, kind, 0, 100)
        return server, int(self.host.must("network_get_port", server))

    def stats(self, server, *keys):
        return [self.host.call("network_get_stat", server, key) for key in keys]

    def pass_on(self, port, *pieces):
        peer = self.connect(port)
        for piece in pieces:
            peer.send(piece)
        return peer

    def greet(self, peer):
        peer.expect(gamemaker.BANNER)
        peer.send(gamemaker.hello())
        peer.expect(gamemaker.ACCEPTED)

    def test_the_real_address_is_the_one_in_events_and_strings(self):
        server, port = self.listen_proxied()
        v6 = "2001:db8::7"
        tls_info = b"\x20\x00\x03\x01\x02\x03"
        for pieces, ip in (([line()], REAL), ([binary()], REAL), ([binary(v6, 443)], v6),
                           ([binary(more=tls_info)], REAL), ([bytes([byte]) for byte in line()], REAL)):
            peer = self.pass_on(port, *pieces)
            self.greet(peer)
            event = self.host.event(type=stepwire.TYPE_CONNECT, id=server)
            self.assertEqual((event["ip"], event["port"]), (ip, 443 if ip == v6 else 50000))
            self.assertEqual(self.host.call("network_get_string", event["socket"], "ip"), ip)
            peer.send_packets(b"hello")
            self.assertEqual(self.host.event(type=stepwire.TYPE_DATA)["ip"], ip)

    def test_a_proxy_that_speaks_for_itself_is_itself(self):
        server, port = self.listen_proxied()
        for header in (b"PROXY UNKNOWN\r\n", binary(command=0)):
            peer = self.pass_on(port, header)
            self.greet(peer)
            event = self.host.event(type=stepwire.TYPE_CONNECT, id=server)
            self.assertEqual((event["ip"], event["port"]), ("127.0.0.1", peer.local[1]))

    def test_what_follows_the_header_at_once_is_not_lost(self):
        server, port = self.listen_proxied(raw=True)
        self.pass_on(port, line() + b"first words")
        self.host.event(type=stepwire.TYPE_CONNECT, id=server)
        self.assertEqual(self.host.event(type=stepwire.TYPE_DATA)["payload"], b"first words")
        server, port = self.listen_proxied(stepwire.SOCKET_WS)
        peer = frames.connect(port)
        peer.send(binary() + frames.request())
        self.assertTrue(peer.read_head().startswith(b"HTTP/1.1 101 "))
        peer.close()

    def assert_closed(self, peer):
        try:
            self.assertEqual(peer.socket.recv(100), b"")
        except ConnectionResetError:
            pass

    def test_without_the_header_or_from_elsewhere_nobody_gets_in(self):
        server, port = self.listen_proxied()
        for wrong in (gamemaker.hello(), b"GET / HTTP/1.1\r\n\r\n", b"PROXY TCP4 1.2.3.4\r\n", binary()[:-5],
                      SIGNATURE + b"\x21\x11\xff\xff"):
            peer = self.pass_on(port, wrong)
            if wrong == binary()[:-5]:
                peer.finish()
            self.assert_closed(peer)
        wait_until(lambda: self.stats(server, "refused", "handshakes_failed") == [4, 1], "the counters")
        stranger = self.connect(port, source="127.0.0.9")
        try:
            stranger.send(line())
        except ConnectionError:
            pass
        self.assert_closed(stranger)
        wait_until(lambda: self.stats(server, "clients", "refused") == [0, 5], "the counters")
        self.host.must("network_set_config", stepwire.CONFIG_PROXY_PROTOCOL, -1, 0)
        self.assert_quiet()

    def test_who_says_nothing_is_given_up(self):
        self.host.must("network_set_config", stepwire.CONFIG_HANDSHAKE_TIMEOUT, 300, 0)
        for raw in (False, True):
            server, port = self.listen_proxied(raw=raw)
            self.assert_closed(self.pass_on(port, line()[:-1]))
            self.assertEqual(self.stats(server, "clients", "handshakes_failed"), [0, 1])

    def test_limits_hold_for_the_real_address(self):
        self.host.must("network_set_config", stepwire.CONFIG_CLIENTS_PER_ADDRESS, -1, 1)
        server, port = self.listen_proxied()
        first = self.pass_on(port, line())
        self.greet(first)
        self.assert_closed(self.pass_on(port, line()))
        self.greet(self.pass_on(port, line("192.0.2.8")))
        wait_until(lambda: self.stats(server, "clients", "refused") == [2, 1], "the counters")
        first.close()
        wait_until(lambda: self.stats(server, "clients") == [1], "the place to be free")
        self.greet(self.pass_on(port, line()))

    def test_lists_that_are_none_are_refused(self):
        server, _ = self.listen_proxied()
        for wrong in ("localhost", "10.0.0.0/33", "10.0.0.0/8;::1"):
            failed = self.host.call("network_set_config_string", stepwire.CONFIG_PROXY_TRUSTED, server, wrong)
            self.assertEqual(failed, stepwire.ERROR_BAD_ARGUMENT)
