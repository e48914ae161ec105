"""WebSocket peers that break the rules, by hand over plain sockets: each ends with a reason, and nobody else notices."""

import os
import socket
import struct

import stepwire
from hosting import DEADLINE, HostTestCase, both_io_modes

REQUEST = (b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n")
KEY = b"\1\2\3\4"


def frame(first, payload=b"", mask=KEY, length=None):
    """A frame by its first byte; `length` overrides the true one."""
    size = len(payload) if length is None else length
    bit = 0x80 if mask else 0
    if size < 126:
        head = struct.pack(">BB", first, bit | size)
    elif size < 1 << 16:
        head = struct.pack(">BBH", first, bit | 126, size)
    else:
        head = struct.pack(">BBQ", first, bit | 127, size)
    if mask:
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return head + (mask or b"") + payload


class Peer:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(DEADLINE)

    def send(self, data):
        self.socket.sendall(data)

    def upgrade(self, extra=b""):
        self.send(REQUEST + extra + b"\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.socket.recv(1)
        assert head.startswith(b"HTTP/1.1 101 "), head

    def rest(self):
        """All that comes until the end."""
        data = b""
        try:
            while more := self.socket.recv(1 << 16):
                data += more
        except ConnectionError:
            pass
        return data

    def close(self):
        self.socket.close()


@both_io_modes
class BrokenPeers(HostTestCase):
    def setUp(self):
        super().setUp()
        self.host.must("network_set_config", stepwire.CONFIG_MESSAGE_SIZE_LIMIT, -1, 1000)
        self.server = self.host.must("network_create_server_raw", stepwire.SOCKET_WS, 0, 100)
        self.port = int(self.host.must("network_get_port", self.server))
        self.neighbour = self.peer()
        self.neighbour.upgrade()
        self.neighbour_socket = self.host.event(type=stepwire.TYPE_CONNECT, server=self.server)["socket"]

    def tearDown(self):
        self.neighbour.send(frame(0x82, b"still here"))
        event = self.host.event(type=stepwire.TYPE_DATA)
        self.assertEqual((event["id"], event["payload"]), (self.neighbour_socket, b"still here"))
        self.assertEqual(list(self.host.events), [])

    def peer(self):
        peer = Peer(self.port)
        self.addCleanup(peer.close)
        return peer

    def test_requests_that_are_none(self):
        for words, answer in ((b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"HTTP/1.1 426 "),
                              (b"POST / HTTP/1.1\r\nHost: h\r\n\r\n", b"HTTP/1.1 405 "),
                              (b"GM:Studio-Connect\0", b"HTTP/1.1 400 "),
                              (b"\x16\x03\x01\2\0\1\0\1\xfc\3\3", b"HTTP/1.1 400 "),
                              (REQUEST + b"X: " + b"x" * 20_000, b"HTTP/1.1 431 "),
                              (REQUEST + b"X: y\r\n" * 110 + b"\r\n", b"HTTP/1.1 431 "),
                              (REQUEST.replace(b"13", b"8") + b"\r\n", b"HTTP/1.1 426 "),
                              (os.urandom(3000), b"HTTP/1.1 4")):
            with self.case(words=words[:60]):
                peer = self.peer()
                peer.send(words)
                self.assertTrue(peer.rest().startswith(answer))

    def test_half_a_request_and_slow_ones(self):
        self.host.must("network_set_config", stepwire.CONFIG_HANDSHAKE_TIMEOUT, 400, 0)
        server = self.host.must("network_create_server_raw", stepwire.SOCKET_WS, 0, 100)
        port = int(self.host.must("network_get_port", server))
        for words in (b"", b"GET / HTT", REQUEST):
            with self.case(words=words):
                peer = Peer(port)
                self.addCleanup(peer.close)
                peer.send(words)
                self.assertEqual(peer.rest(), b"")

    def test_frames_that_break_the_rules(self):
        for words, code, error in ((frame(0x82, b"unmasked", mask=None), 1002, stepwire.ERROR_HANDSHAKE),
                                   (frame(0xC2, b"compressed"), 1002, stepwire.ERROR_HANDSHAKE),
                                   (frame(0xA2, b"reserved"), 1002, stepwire.ERROR_HANDSHAKE),
                                   (frame(0x83, b"opcode"), 1002, stepwire.ERROR_HANDSHAKE),
                                   (frame(0x80, b"continues nothing"), 1002, stepwire.ERROR_HANDSHAKE),
                                   (frame(0x89, b"x" * 126), 1002, stepwire.ERROR_HANDSHAKE),
                                   (frame(0x09, b"fragment"), 1002, stepwire.ERROR_HANDSHAKE),
                                   (frame(0x81, b"\xff"), 1007, stepwire.ERROR_HANDSHAKE),
                                   (frame(0x88, b"\3\xed"), 1002, stepwire.ERROR_HANDSHAKE),
                                   (frame(0x88, b"x"), 1002, stepwire.ERROR_HANDSHAKE),
                                   (frame(0x82, b"x" * 1001), 1009, stepwire.ERROR_TOO_BIG),
                                   (frame(0x82, length=1 << 40), 1009, stepwire.ERROR_TOO_BIG),
                                   (frame(0x02, b"x" * 600) + frame(0x80, b"x" * 600), 1009, stepwire.ERROR_TOO_BIG)):
            with self.case(words=words[:20]):
                peer = self.peer()
                peer.upgrade()
                client = self.host.event(type=stepwire.TYPE_CONNECT, server=self.server)["socket"]
                peer.send(frame(0x82, b"good") + words)
                self.assertEqual(self.host.event(type=stepwire.TYPE_DATA, id=client)["payload"], b"good")
                event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)
                self.assertEqual(event["error"], error)
                self.assertTrue(event["reason"])
                rest = peer.rest()
                self.assertEqual(rest[0], 0x88)
                self.assertEqual(struct.unpack(">H", rest[2:4])[0], code)

    def test_a_close_without_a_status(self):
        peer = self.peer()
        peer.upgrade()
        client = self.host.event(type=stepwire.TYPE_CONNECT, server=self.server)["socket"]
        peer.send(frame(0x88) + frame(0x82, b"ignored"))
        event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)
        self.assertEqual((event["error"], event["reason"]), (0, ""))
        self.assertEqual(peer.rest(), b"\x88\0")

    def test_a_peer_that_never_answers_the_close(self):
        peer = self.peer()
        peer.upgrade()
        client = self.host.event(type=stepwire.TYPE_CONNECT, server=self.server)["socket"]
        self.host.must("network_destroy", client)
        self.assertEqual(peer.rest(), b"\x88\x02\x03\xe8")

    def test_a_flood_of_pings_that_nobody_reads_the_answers_of(self):
        peer = self.peer()
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.upgrade()
        client = self.host.event(type=stepwire.TYPE_CONNECT, server=self.server)["socket"]
        for _ in range(200):
            peer.send(frame(0x89, b"x" * 125) * 200)
        peer.send(frame(0x82, b"after"))
        self.assertEqual(self.host.event(type=stepwire.TYPE_DATA, id=client)["payload"], b"after")
        peer.close()
        self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)

    def test_one_byte_at_a_time(self):
        peer = self.peer()
        for byte in REQUEST + b"\r\n":
            peer.send(bytes([byte]))
        self.assertTrue(peer.socket.recv(4096).startswith(b"HTTP/1.1 101 "))
        client = self.host.event(type=stepwire.TYPE_CONNECT, server=self.server)["socket"]
        for byte in frame(0x01, b"h\xc3") + frame(0x89, b"ping") + frame(0x80, b"\xa4!"):
            peer.send(bytes([byte]))
        event = self.host.event(type=stepwire.TYPE_DATA, id=client)
        self.assertEqual((event["payload"], event["message_type"]), ("hä!".encode(), stepwire.SEND_TEXT))
        peer.send(frame(0x88, b"\3\xe8"))
        self.assertEqual(peer.rest(), b"\x8a\4ping\x88\2\3\xe8")
        self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)
