"""WebSocket frames on plain sockets, right or wrong in any way, written from RFC 6455 alone."""

import base64
import hashlib
import os
import socket
import ssl
import struct

import gamemaker

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = base64.b64encode(b"stepwire's tests")
MASK = b"\x37\xfa\x21\x3d"


class Frame:
    """One frame; by default such as its sender may send it."""

    def __init__(self, opcode, payload=b"", fin=True, reserved=0, masked=None, length=None):
        self.first = fin << 7 | reserved << 4 | opcode
        self.payload = payload.encode() if isinstance(payload, str) else payload
        # None: as is right for the sender's role.
        self.masked = masked
        # Length bytes other than the right ones, without the mask bit.
        self.length = length

    def encode(self, from_client):
        masked = from_client if self.masked is None else self.masked
        length = self.length or shortest(len(self.payload))
        head = bytes([self.first, length[0] | masked << 7]) + length[1:]
        return head + MASK + mask(self.payload) if masked else head + self.payload


def shortest(size):
    if size < 126:
        return bytes([size])
    return struct.pack(">BH", 126, size) if size < 65536 else struct.pack(">BQ", 127, size)


def mask(payload):
    size = len(payload)
    key = (MASK * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def closing(code, reason=b""):
    return Frame(CLOSE, struct.pack(">H", code) + reason)


def request(*lines, path="/", key=KEY):
    """The request of a client; lines replace those of the same name, or are added."""
    headers = {b"Host": b"localhost", b"Upgrade": b"websocket", b"Connection": b"Upgrade",
               b"Sec-WebSocket-Version": b"13", b"Sec-WebSocket-Key": key}
    for line in lines:
        name, value = line.split(b": ", 1)
        headers[name] = value
    head = b"".join(b"%s: %s\r\n" % item for item in headers.items() if item[1])
    return b"GET %s HTTP/1.1\r\n%s\r\n" % (path.encode(), head)


def response(key, *lines):
    """The answer of a server to that key."""
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    headers = {b"Upgrade": b"websocket", b"Connection": b"Upgrade", b"Sec-WebSocket-Accept": accept}
    for line in lines:
        name, value = line.split(b": ", 1)
        headers[name] = value
    head = b"".join(b"%s: %s\r\n" % item for item in headers.items() if item[1])
    return b"HTTP/1.1 101 Switching Protocols\r\n%s\r\n" % head


class Peer(gamemaker.Connection):
    """A connection of which either side can be told what to say."""

    def __init__(self, sock, is_client):
        super().__init__(sock)
        self.is_client = is_client
        self.received = bytearray()

    def read_head(self):
        while b"\r\n\r\n" not in self.received:
            piece = self.socket.recv(65536)
            if not piece:
                raise gamemaker.WireError(f"the stream ended in the head: {bytes(self.received)}")
            self.received += piece
        head, _, rest = bytes(self.received).partition(b"\r\n\r\n")
        self.received = bytearray(rest)
        return head

    def send_frames(self, *frames):
        self.send(b"".join(frame.encode(self.is_client) for frame in frames))

    def read_frame(self):
        """The next frame, (opcode, payload), as strict as RFC 6455 allows; None at the end of the stream."""
        while (size := self._frame_size()) is None:
            piece = self.socket.recv(262144)
            if not piece:
                if self.received:
                    raise gamemaker.WireError(f"the stream ended inside a frame: {bytes(self.received[:20]).hex()}")
                return None
            self.received += piece
        head, end = size
        first, payload = self.received[0], bytes(self.received[head:end])
        masked = self.received[1] >> 7
        if not first & 0x80 or first & 0x70 or masked == self.is_client:
            raise gamemaker.WireError(f"a frame begins with {bytes(self.received[:2]).hex()}")
        if masked:
            key = (bytes(self.received[head - 4:head]) * (len(payload) // 4 + 1))[:len(payload)]
            payload = bytes(a ^ b for a, b in zip(payload, key))
        del self.received[:end]
        return first & 0x0F, payload

    def _frame_size(self):
        """Where the first frame's payload begins and ends, once all of it is there."""
        data = self.received
        if len(data) < 2:
            return None
        length, head = data[1] & 0x7F, 2
        if length > 125:
            head += 2 if length == 126 else 8
            if len(data) < head:
                return None
            length = int.from_bytes(data[2:head], "big")
        if data[1] & 0x80:
            head += 4
        return (head, head + length) if len(data) >= head + length else None

    def read_frames(self):
        """All frames until the end of the stream."""
        frames = []
        while frame := self.read_frame():
            frames.append(frame)
        return frames

    def read_answer(self):
        """An HTTP answer that is no WebSocket: its status. The connection ends behind it."""
        try:
            while piece := self.socket.recv(65536):
                self.received += piece
        except ConnectionResetError:
            pass  # what was not read of a long request is reset
        words = bytes(self.received).split(b" ", 2)
        return int(words[1]) if words[0] == b"HTTP/1.1" else None


def connect(port, tls=None):
    """A client that has said nothing yet."""
    sock = socket.create_connection(("127.0.0.1", port), gamemaker.DEADLINE)
    return Peer(tls.wrap_socket(sock, server_hostname="localhost") if tls else sock, is_client=True)


def open_client(port, *lines, tls=None):
    """A client whose WebSocket is open."""
    peer = connect(port, tls)
    key = base64.b64encode(os.urandom(16))
    peer.send(request(*lines, key=key))
    head = peer.read_head()
    if head + b"\r\n\r\n" != response(key):
        raise gamemaker.WireError(f"not the answer: {head}")
    return peer


def join(port, tls=None):
    """A regular client: GameMaker's handshake is done as well."""
    peer = open_client(port, tls=tls)
    if peer.read_frame() != (BINARY, gamemaker.BANNER):
        raise gamemaker.WireError("not step 1")
    peer.send_frames(Frame(BINARY, gamemaker.hello()))
    if peer.read_frame() != (BINARY, gamemaker.ACCEPTED):
        raise gamemaker.WireError("not step 3")
    return peer


class Server(gamemaker.Server):
    """A listener whose connections are told what to say."""

    def accept_peer(self, tls=None):
        sock = self.socket.accept()[0]
        sock.settimeout(self.deadline)
        return Peer(tls.wrap_socket(sock, server_side=True) if tls else sock, is_client=False)

    def read_request(self, peer):
        """Reads a request; returns its key."""
        lines = peer.read_head().split(b"\r\n")
        headers = dict(line.split(b": ", 1) for line in lines[1:])
        return headers[b"Sec-WebSocket-Key"]

    def open(self, tls=None):
        """A connection whose WebSocket is open."""
        peer = self.accept_peer(tls)
        peer.send(response(self.read_request(peer)))
        return peer


def trusting_all():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
