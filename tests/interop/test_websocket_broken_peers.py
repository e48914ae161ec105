"""WebSocket peers that are broken or hostile at every stage, on either side: each ends, and nobody else notices."""

import contextlib
import socket
import ssl
import time

import certificates
import frames
import gamemaker
import process
import stepwire
from frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, Frame, closing
from hosting import DEADLINE, HostTestCase, both_io_modes, wait_until

HANDSHAKE_TIMEOUT = 400
TLS_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(200)

# A request that is answered, and how.
REFUSED = {
    "a browser that wants a page": (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 426),
    "another method": (frames.request().replace(b"GET", b"POST", 1), 405),
    "an old HTTP": (frames.request().replace(b"HTTP/1.1", b"HTTP/1.0"), 505),
    "another version of WebSockets": (frames.request(b"Sec-WebSocket-Version: 8"), 426),
    "no version": (frames.request(b"Sec-WebSocket-Version: "), 400),
    "no key": (frames.request(b"Sec-WebSocket-Key: "), 400),
    "a short key": (frames.request(b"Sec-WebSocket-Key: c2hvcnQ="), 400),
    "no host": (frames.request(b"Host: "), 400),
    "no Connection": (frames.request(b"Connection: "), 400),
    "a long header": (frames.request(b"X-Long: " + b"x" * 40_000), 431),
    "too many headers": (frames.request(*(b"X-%d: y" % n for n in range(210))), 431),
    "a body": (frames.request(b"Content-Length: 5") + b"hello", 400),
    "no HTTP at all": (b"hello there, can you hear me?\r\n\r\n", 400),
    "GameMaker over TCP": (gamemaker.hello(), 400),
    "TLS": (TLS_HELLO, 400),
    "zeros": (bytes(100), 400),
    "noise": (bytes(range(255, -1, -1)) * 10, 400),
}

# What follows the opened WebSocket where GameMaker's second step should be.
WRONG_HELLOS = {
    "a text": Frame(TEXT, "hello"),
    "sixteen wrong bytes": Frame(BINARY, bytes(16)),
    "too short": Frame(BINARY, gamemaker.hello()[:15]),
    "too long": Frame(BINARY, gamemaker.hello() + b"x"),
    "the largest frame there is": Frame(BINARY, length=b"\x7f\x7f" + b"\xff" * 7),
    "not masked": Frame(BINARY, gamemaker.hello(), masked=False),
    "compressed": Frame(BINARY, gamemaker.hello(), reserved=4),
    "a continuation": Frame(CONTINUATION, gamemaker.hello()),
    "a close without a status": Frame(CLOSE),
    "a reserved opcode": Frame(0x3, gamemaker.hello()),
    "text that is not UTF-8": Frame(TEXT, b"\xff"),
}

# The same from a regular client whose handshake is done, and the error and reason that it ends with.
WRONG_LATER = {
    "not masked": ([Frame(BINARY, b"x", masked=False)], stepwire.ERROR_HANDSHAKE, "5.1"),
    "compressed": ([Frame(BINARY, b"x", reserved=4)], stepwire.ERROR_HANDSHAKE, "compress"),
    "not UTF-8": ([Frame(TEXT, b"\xff")], stepwire.ERROR_HANDSHAKE, "8.1"),
    "a message of 4 GiB": ([Frame(BINARY, length=b"\x7f\0\0\0\1\0\0\0\0")], stepwire.ERROR_TOO_BIG, ""),
    "a packet of 4 GiB": ([Frame(BINARY, gamemaker.header(0xFFFFFFFF))], stepwire.ERROR_TOO_BIG, ""),
    "a close without a status": ([Frame(CLOSE)], 0, ""),
    "a close with half a status": ([Frame(CLOSE, b"\3")], stepwire.ERROR_HANDSHAKE, "5.5.1"),
    "a policy": ([closing(1008, b"no cheats")], stepwire.ERROR_CLOSED, "no cheats"),
    "HTTP again": ([], stepwire.ERROR_HANDSHAKE, "RFC 6455"),
}


def bystander(case, server, port, tls=None):
    """A regular client that has to notice nothing: a function that says so."""
    peer = frames.join(port, tls)
    case.addCleanup(peer.close)
    handle = case.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]

    def check():
        peer.send_frames(Frame(BINARY, gamemaker.packet(b"ping")))
        event = case.host.next_event()
        case.assertEqual((event["type"], event["id"], event["payload"]), (stepwire.TYPE_DATA, handle, b"ping"))
        case.host.must("network_send_packet", handle, b"pong", 4)
        case.assertEqual(peer.read_frame(), (BINARY, gamemaker.packet(b"pong")))

    return check


class BrokenPeers(HostTestCase):
    def flood(self, peer, start, more):
        """Sends without end until it is cut off, which takes no memory of the host."""
        before = process.resident(self.host.pid)
        deadline = time.monotonic() + DEADLINE
        with contextlib.suppress(ConnectionError):
            peer.send(start)
            while time.monotonic() < deadline:
                peer.send(more * 50)
            self.fail("it may go on for ever")
        self.assertLess(process.resident(self.host.pid) - before, 4 << 20)


@both_io_modes
class BrokenClients(BrokenPeers):
    """Those that never finish their handshake are ended without any event."""

    def setUp(self):
        super().setUp()
        self.host.must("network_set_config", stepwire.CONFIG_HANDSHAKE_TIMEOUT, HANDSHAKE_TIMEOUT, 0)
        self.server = self.host.must("network_create_server", stepwire.SOCKET_WS, 0, 10)
        self.port = int(self.host.must("network_get_port", self.server))
        self.check_bystander = bystander(self, self.server, self.port)

    @contextlib.contextmanager
    def peer(self, name, opened=False):
        with self.case(name), frames.open_client(self.port) if opened else frames.connect(self.port) as peer:
            yield peer
            self.check_bystander()

    def test_requests_that_open_nothing_are_answered(self):
        for name, (request, status) in REFUSED.items():
            with self.peer(name) as peer:
                peer.send(request)
                self.assertEqual(peer.read_answer(), status)

    def test_endless_heads_are_cut_off(self):
        for name, start, more in (("headers", frames.request()[:-2], b"X-More: of the same\r\n"),
                                  ("a line", b"GET /", b"x" * 1000), ("empty lines", b"", b"\r\n" * 500)):
            with self.peer(name) as peer:
                self.flood(peer, start, more)

    def test_half_a_handshake_times_out(self):
        request = frames.request()
        for name, said in (("nothing", b""), ("half a request", request[:40]), ("all but its end", request[:-1])):
            with self.peer(name) as peer:
                peer.send(said)
                peer.wait_for_end()
        with self.peer("no second step", opened=True) as peer:
            self.assertEqual(peer.read_frame(), (BINARY, gamemaker.BANNER))
            peer.wait_for_end()
        with self.peer("half a second step", opened=True) as peer:
            peer.send(Frame(BINARY, gamemaker.hello()).encode(True)[:-1])
            peer.wait_for_end()

    def test_a_slow_handshake_times_out(self):
        """Bytes that trickle in must not prolong it."""
        with self.peer("slow") as peer:
            start, ended = time.monotonic(), False
            for byte in frames.request(b"X-Long: " + b"x" * 1000):
                try:
                    peer.send(bytes([byte]))
                    peer.socket.settimeout(0.02)  # this is the pace
                    ended = not peer.socket.recv(4096)
                except TimeoutError:
                    continue
                except ConnectionError:
                    ended = True
                if ended:
                    break
            self.assertTrue(ended, f"still there after {time.monotonic() - start:.1f} s")

    def test_those_who_leave_during_it(self):
        for name, leave in (("orderly", gamemaker.Connection.close), ("with a reset", gamemaker.Connection.reset)):
            for said in (b"", frames.request()[:40], frames.request()):
                with self.peer(name) as peer:
                    peer.send(said)
                    leave(peer)

    def test_wrong_second_steps(self):
        for name, frame in WRONG_HELLOS.items():
            with self.peer(name, opened=True) as peer:
                peer.send_frames(frame)
                peer.wait_for_end()

    def test_wrong_frames_later(self):
        for name, (wrong, error, words) in WRONG_LATER.items():
            with self.case(name), frames.join(self.port) as peer:
                handle = self.host.event(type=stepwire.TYPE_CONNECT, server=self.server)["socket"]
                peer.send_frames(*wrong) if wrong else peer.send(frames.request())
                event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=handle)
                self.assertEqual(event["error"], error, event["reason"])
                self.assertIn(words, event["reason"])
                self.assertEqual(bool(event["reason"]), error != 0)
                peer.wait_for_end()
                self.check_bystander()

    def test_leaving_in_the_middle_of_a_frame(self):
        for name, leave in (("orderly", gamemaker.Connection.close), ("with a reset", gamemaker.Connection.reset)):
            with self.case(name), frames.join(self.port) as peer:
                handle = self.host.event(type=stepwire.TYPE_CONNECT, server=self.server)["socket"]
                peer.send(Frame(BINARY, gamemaker.packet(bytes(1000))).encode(True)[:500])
                leave(peer)
                event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=handle)
                self.assertEqual(event["error"], stepwire.ERROR_CLOSED)
                self.assertNotEqual(event["reason"], "")
                self.check_bystander()

    def test_one_that_never_answers_the_close(self):
        with frames.join(self.port) as peer:
            handle = self.host.event(type=stepwire.TYPE_CONNECT, server=self.server)["socket"]
            self.host.must("network_destroy", handle)
            self.assertEqual(peer.read_frames(), [(CLOSE, b"\x03\xe8")])
            self.check_bystander()

    def test_a_flood_of_pings_whose_answers_nobody_reads(self):
        with frames.join(self.port) as peer:
            handle = self.host.event(type=stepwire.TYPE_CONNECT, server=self.server)["socket"]
            before = process.resident(self.host.pid)
            flood = Frame(PING, b"x" * 125).encode(True) * 200
            for _ in range(1000):
                peer.send(flood)
            peer.send_frames(Frame(BINARY, gamemaker.packet(b"after")))
            event = self.host.event(type=stepwire.TYPE_DATA, id=handle)
            self.assertEqual(event["payload"], b"after")
            self.assertLess(process.resident(self.host.pid) - before, 4 << 20)
            self.check_bystander()
        self.host.event(type=stepwire.TYPE_DISCONNECT, socket=handle)

    def tearDown(self):
        self.assert_quiet()


@both_io_modes
class BrokenTlsClients(HostTestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = certificates.Authority()
        cls.addClassCleanup(cls.authority.close)
        cls.chain, cls.key = cls.authority.certify("localhost")

    def setUp(self):
        super().setUp()
        self.host.must("network_set_config", stepwire.CONFIG_HANDSHAKE_TIMEOUT, HANDSHAKE_TIMEOUT, 0)
        for config, path in ((stepwire.CONFIG_TLS_CERTIFICATE, self.chain), (stepwire.CONFIG_TLS_PRIVATE_KEY, self.key)):
            self.host.must("network_set_config_string", config, -1, str(path))
        self.server = self.host.must("network_create_server", stepwire.SOCKET_WSS, 0, 10)
        self.port = int(self.host.must("network_get_port", self.server))
        self.check_bystander = bystander(self, self.server, self.port, frames.trusting_all())

    def hello(self):
        """A right first message of a TLS client."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = frames.trusting_all().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with contextlib.suppress(ssl.SSLWantReadError):
            client.do_handshake()
        return outgoing.read()

    def test_no_tls_and_half_of_it(self):
        hello = self.hello()
        for name, said in (("plain HTTP", frames.request()), ("a broken first message", TLS_HELLO),
                           ("nothing", b""), ("half a first message", hello[:100]), ("a first message alone", hello),
                           ("garbage behind it", hello + bytes(range(256)) * 4), ("twice", hello + hello)):
            with self.case(name), frames.connect(self.port) as peer:
                peer.send(said)
                peer.wait_for_end()
                self.check_bystander()
        self.assert_quiet()

    def test_broken_inside_of_it(self):
        for name, (said, status) in REFUSED.items():
            with self.case(name), frames.connect(self.port, frames.trusting_all()) as peer:
                peer.send(said)
                self.assertEqual(peer.read_answer(), status)
                self.check_bystander()
        self.assert_quiet()

    def test_garbage_in_the_middle(self):
        with frames.join(self.port, frames.trusting_all()) as peer:
            handle = self.host.event(type=stepwire.TYPE_CONNECT, server=self.server)["socket"]
            with socket.socket(fileno=peer.socket.detach()) as plain:
                plain.sendall(b"this is no TLS record" * 10)
                event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=handle)
                self.assertEqual(event["error"], stepwire.ERROR_TLS, event["reason"])
                self.assertNotEqual(event["reason"], "")
            self.check_bystander()
        self.assert_quiet()


# What a server says instead of opening the WebSocket; {key} is what it was asked with. And words of the reason.
WRONG_ANSWERS = {
    "a page": (lambda key: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200"),
    "not found": (lambda key: b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
    "a redirection": (lambda key: b"HTTP/1.1 301 Moved\r\nLocation: ws://elsewhere/\r\n\r\n", "301"),
    "the wrong key": (lambda key: frames.response(b"x" * 24), ""),
    "no key": (lambda key: frames.response(key, b"Sec-WebSocket-Accept: "), ""),
    "no Upgrade": (lambda key: frames.response(key, b"Upgrade: "), ""),
    "no Connection": (lambda key: frames.response(key, b"Connection: "), ""),
    "a protocol nobody asked for": (lambda key: frames.response(key, b"Sec-WebSocket-Protocol: chat"), ""),
    "compression nobody asked for": (lambda key: frames.response(key, b"Sec-WebSocket-Extensions: permessage-deflate"), ""),
    "SSH": (lambda key: b"SSH-2.0-OpenSSH_9.2\r\n", ""),
    "GameMaker over TCP": (lambda key: gamemaker.BANNER, "TCP"),
    "TLS": (lambda key: TLS_HELLO, ""),
    "zeros": (lambda key: bytes(100), ""),
    "a masked frame": (lambda key: frames.response(key) + Frame(BINARY, gamemaker.BANNER, masked=True).encode(False), ""),
    "a wrong first step": (lambda key: frames.response(key) + Frame(BINARY, b"GM:Studio-Connect").encode(False), ""),
    "a text as first step": (lambda key: frames.response(key) + Frame(TEXT, b"GM:Studio-Connect\0").encode(False), ""),
    "a compressed first step": (lambda key: frames.response(key) + Frame(BINARY, b"x", reserved=4).encode(False), ""),
    "a first step without end": (lambda key: frames.response(key) + Frame(BINARY, length=b"\x7f\x7f" + b"\xff" * 7).encode(False), ""),
    "a wrong third step": (lambda key: frames.response(key) + Frame(BINARY, gamemaker.BANNER).encode(False)
                           + Frame(BINARY, bytes(12)).encode(False), ""),
}


@both_io_modes
class BrokenServers(BrokenPeers):
    def setUp(self):
        super().setUp()
        self.listener = frames.Server()
        self.addCleanup(self.listener.socket.close)
        server = self.host.must("network_create_server", stepwire.SOCKET_WS, 0, 10)
        self.check_bystander = bystander(self, server, int(self.host.must("network_get_port", server)))
        # One socket for all of them: after a failed connect it may connect again.
        self.socket = self.host.must("network_create_socket", stepwire.SOCKET_WS)

    def connect(self, scheme="ws"):
        self.host.must("network_connect_async", self.socket, f"{scheme}://localhost:{self.listener.port}/", 0)
        return self.listener.accept_peer()

    def check_failure(self, *errors, words=""):
        event = self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=self.socket)
        self.assertEqual(event["succeeded"], 0)
        self.assertIn(event["error"], errors, event["reason"])
        self.assertNotEqual(event["reason"], "")
        self.assertIn(words, event["reason"])
        self.check_bystander()

    def test_wrong_answers(self):
        for name, (answer, words) in WRONG_ANSWERS.items():
            with self.case(name), self.connect() as peer:
                peer.send(answer(self.listener.read_request(peer)))
                self.check_failure(stepwire.ERROR_HANDSHAKE, words=words)
                peer.wait_for_end()
        self.assert_quiet()

    def test_answers_that_end_early(self):
        for name, share in (("nothing", 0), ("half an answer", 50), ("all but its last byte", 100)):
            with self.case(name), self.connect() as peer:
                answer = frames.response(self.listener.read_request(peer))
                peer.send(answer[:(len(answer) - 1) * share // 100])
                peer.close()
                self.check_failure(stepwire.ERROR_CLOSED, stepwire.ERROR_HANDSHAKE)
        for name, said in (("no first step", b""), ("half a first step", Frame(BINARY, gamemaker.BANNER).encode(False)[:9]),
                           ("a close instead", closing(1013, b"full").encode(False))):
            with self.case(name), self.connect() as peer:
                peer.send(frames.response(self.listener.read_request(peer)) + said)
                peer.finish()
                self.check_failure(stepwire.ERROR_CLOSED, stepwire.ERROR_HANDSHAKE, words="full" if "close" in name else "")
        self.assert_quiet()

    def test_endless_answers_are_cut_off(self):
        with self.connect() as peer:
            self.listener.read_request(peer)
            self.flood(peer, b"HTTP/1.1 101 Switching Protocols\r\n", b"X-More: of the same\r\n")
            self.check_failure(stepwire.ERROR_HANDSHAKE)
        self.assert_quiet()

    def test_silence_times_out_at_every_stage(self):
        self.host.must("network_set_config", stepwire.CONFIG_CONNECT_TIMEOUT, HANDSHAKE_TIMEOUT, 0)
        with self.connect() as peer:
            self.check_failure(stepwire.ERROR_TIMEOUT)
        for said in (b"", Frame(BINARY, gamemaker.BANNER).encode(False)):
            with self.connect() as peer:
                peer.send(frames.response(self.listener.read_request(peer)) + said)
                self.check_failure(stepwire.ERROR_TIMEOUT)
        with self.connect("wss") as peer:
            self.check_failure(stepwire.ERROR_TIMEOUT)
        self.assert_quiet()

    def test_no_tls_and_half_of_it(self):
        for name, said in (("HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n"), ("GameMaker over TCP", gamemaker.BANNER),
                           ("garbage", bytes(range(256))), ("an alert", bytes.fromhex("15030300020228")),
                           ("a record that never ends", bytes.fromhex("1603034000") + bytes(64))):
            with self.case(name), self.connect("wss") as peer:
                peer.receive_exactly(5)
                peer.send(said)
                peer.finish()
                self.check_failure(stepwire.ERROR_TLS, stepwire.ERROR_CLOSED)
        self.assert_quiet()

    def test_an_end_of_the_world(self):
        """The server's end is killed while much is under way in both directions."""
        with self.connect() as peer:
            peer.send(frames.response(self.listener.read_request(peer)))
            peer.send_frames(Frame(BINARY, gamemaker.BANNER))
            self.assertEqual(peer.read_frame(), (BINARY, gamemaker.hello()))
            peer.send_frames(Frame(BINARY, gamemaker.ACCEPTED))
            event = self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=self.socket)
            self.assertEqual(event["succeeded"], 1)
            self.host.do("fill", socket=self.socket, size=65536, count=100)
            wait_until(lambda: self.host.must("network_get_stat", self.socket, "bytes_sent") > 65536, "the first bytes")
            peer.reset()
        event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=self.socket, timeout=DEADLINE)
        self.assertEqual(event["error"], stepwire.ERROR_CLOSED)
        self.check_bystander()
        self.assert_quiet()
