"""WebSockets behind a proxy that speaks HTTP: X-Forwarded-For and Forwarded, and the header fields of requests."""

import frames
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until

REAL = "192.0.2.7"


class ForwardedTestCase(HostTestCase):
    def listen_ws(self, trusted="127.0.0.1", **options):
        self.host.must("network_set_config_string", stepwire.CONFIG_PROXY_TRUSTED, -1, trusted)
        for option, value in options.items():
            self.host.must("network_set_config", getattr(stepwire, f"CONFIG_{option.upper()}"), -1, value)
        server = self.host.must("network_create_server_raw", stepwire.SOCKET_WS, 0, 100)
        return server, int(self.host.must("network_get_port", server))

    def ask(self, port, *lines, source=None):
        """Asks for a WebSocket with these lines, several of one name included; the answer's head."""
        peer = frames.Peer(self.connect(port, source=source).socket, is_client=True)
        peer.send(frames.request()[:-2] + b"".join(line.encode() + b"\r\n" for line in lines) + b"\r\n")
        return peer, peer.read_head()

    def join_as(self, server, port, *lines, source=None):
        peer, head = self.ask(port, *lines, source=source)
        self.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
        return peer, self.host.event(type=stepwire.TYPE_CONNECT, id=server)

    def stats(self, server, *keys):
        return [self.host.call("network_get_stat", server, key) for key in keys]


@both_io_modes
class Forwarded(ForwardedTestCase):
    def test_the_real_address_is_the_one_in_events_and_strings(self):
        server, port = self.listen_ws("127.0.0.1,10.0.0.0/8")
        v6 = "2001:db8::7"
        for lines, ip, peer_port in (
            (["X-Forwarded-For: 192.0.2.7"], REAL, 0),
            (["x-forwarded-for: 1.1.1.1, 192.0.2.7 , 10.1.1.1"], REAL, 0),
            (["X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 192.0.2.7:4711", "X-Forwarded-For: 10.1.1.1"], REAL, 4711),
            (["X-Forwarded-For: [2001:db8::7]:443"], v6, 443),
            (["X-Forwarded-For: 10.0.0.5"], "10.0.0.5", 0),
            (["Forwarded: for=\"[2001:db8::7]:443\";proto=https, for=10.1.1.1"], v6, 443),
            (["Forwarded: for=1.1.1.1", "Forwarded: by=10.0.0.1; For=192.0.2.7"], REAL, 0),
            (["Forwarded: for=192.0.2.7", "X-Forwarded-For: 192.0.2.7"], REAL, 0),
        ):
            peer, event = self.join_as(server, port, *lines)
            self.assertEqual((event["ip"], event["port"]), (ip, peer_port), lines)
            self.assertEqual(self.host.call("network_get_string", event["socket"], "ip"), ip)
            peer.send_frames(frames.Frame(frames.BINARY, b"hello"))
            self.assertEqual(self.host.event(type=stepwire.TYPE_DATA)["ip"], ip)

    def test_a_proxy_that_does_not_say_is_itself(self):
        server, port = self.listen_ws()
        for lines in ([], ["Forwarded: for=_hidden"], ["X-Forwarded-For: unknown"], ["Forwarded: proto=https"]):
            peer, event = self.join_as(server, port, *lines)
            self.assertEqual((event["ip"], event["port"]), ("127.0.0.1", peer.socket.getsockname()[1]), lines)

    def test_nobody_else_is_believed(self):
        server, port = self.listen_ws()
        lines = ["X-Forwarded-For: 192.0.2.7", "Forwarded: for=\"broken"]
        _, event = self.join_as(server, port, *lines, source="127.0.0.9")
        self.assertEqual(event["ip"], "127.0.0.9")
        server, port = self.listen_ws(trusted="")
        self.assertEqual(self.join_as(server, port, *lines)[1]["ip"], "127.0.0.1")

    def test_what_cannot_be_relied_upon_is_refused(self):
        server, port = self.listen_ws()
        wrong = (["X-Forwarded-For: localhost"], ["Forwarded: for=\"1.1.1.1, for=192.0.2.7"], ["X-Forwarded-For: 1.1.1.1:x"],
                 ["Forwarded: for=1.1.1.1", "X-Forwarded-For: 192.0.2.7"])
        for lines in wrong:
            _, head = self.ask(port, *lines)
            self.assertTrue(head.startswith(b"HTTP/1.1 400 "), head)
        wait_until(lambda: self.stats(server, "clients", "handshakes_failed") == [0, len(wrong)], "the counters")

    def test_limits_hold_for_the_real_address(self):
        server, port = self.listen_ws(clients_per_address=1)
        first, _ = self.join_as(server, port, "X-Forwarded-For: 192.0.2.7")
        _, head = self.ask(port, "X-Forwarded-For: 192.0.2.7")
        self.assertTrue(head.startswith(b"HTTP/1.1 429 "), head)
        for other in range(3):
            self.join_as(server, port, f"X-Forwarded-For: 192.0.2.{8 + other}")
        wait_until(lambda: self.stats(server, "clients", "refused") == [4, 1], "the counters")
        first.close()
        wait_until(lambda: self.stats(server, "clients") == [3], "the place to be free")
        self.join_as(server, port, "X-Forwarded-For: 192.0.2.7")
        # Those who come directly are counted when they come, as ever.
        self.join_as(server, port, source="127.0.0.9")
        stranger = self.connect(port, source="127.0.0.9")
        try:
            self.assertEqual(stranger.socket.recv(100), b"")
        except ConnectionResetError:
            pass

    def test_behind_two_kinds_of_proxies(self):
        """The PROXY header of the balancer names another proxy of ours, whose request names the client."""
        server, port = self.listen_ws("127.0.0.1,10.0.0.0/8", proxy_protocol=1)
        peer = frames.Peer(self.connect(port).socket, is_client=True)
        head = frames.request(b"X-Forwarded-For: 192.0.2.7")
        peer.send(b"PROXY TCP4 10.0.0.7 127.0.0.1 5000 80\r\n" + head)
        self.assertEqual(self.host.event(type=stepwire.TYPE_CONNECT, id=server)["ip"], REAL)
        peer = frames.Peer(self.connect(port).socket, is_client=True)
        peer.send(b"PROXY TCP4 192.0.2.9 127.0.0.1 5000 80\r\n" + head)
        self.assertEqual(self.host.event(type=stepwire.TYPE_CONNECT, id=server)["ip"], "192.0.2.9")


@both_io_modes
class HeaderFields(ForwardedTestCase):
    def header(self, socket, name):
        return self.host.call("network_get_string", socket, f"header:{name}")

    def test_as_received(self):
        server, port = self.listen_ws(trusted="")
        _, event = self.join_as(server, port, "User-Agent: a game/1.0", "Cookie: a=1", "X-Many: one", "x-empty:",
                                "cookie: b=2", "X-MANY:  two: 2 ", "X-Name: J\u00fcrgen")
        for name, value in (("user-agent", "a game/1.0"), ("Cookie", "a=1; b=2"), ("X-Many", "one, two: 2"), ("HOST", "localhost"),
                            ("Upgrade", "websocket"), ("x-empty", ""), ("x-none", ""), ("Sec-WebSocket-Key", ""),
                            ("X-Name", "J\u00fcrgen")):
            self.assertEqual(self.header(event["socket"], name), value, name)
        for wrong in ("", "two words", "x\u00e4"):
            self.assertEqual(self.header(event["socket"], wrong), "")
        self.assertEqual(self.header(server, "Host"), "")

    def test_each_client_has_its_own(self):
        server, port = self.listen_ws(trusted="")
        joined = [self.join_as(server, port, f"X-Number: {number}") for number in range(20)]
        for number, (_, event) in enumerate(joined):
            self.assertEqual(self.header(event["socket"], "x-number"), str(number))

    def test_so_much_and_no_more(self):
        server, port = self.listen_ws(trusted="")
        lines = [f"X-Long-{number}: {'x' * 2000}" for number in range(8)]
        _, event = self.join_as(server, port, *lines, "X-Last: 1")
        kept = [len(self.header(event["socket"], f"x-long-{number}")) for number in range(8)]
        self.assertEqual(kept, [2000] * 4 + [0] * 4)
        self.assertEqual(self.header(event["socket"], "x-last"), "1")
