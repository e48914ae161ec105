"""GameMaker's TCP protocol on raw sockets: an independent client and server, as strict as the wire allows.

Written from the protocol description alone. Every wait ends at the connection's deadline with an exception.
"""

import contextlib
import socket
import struct

BANNER = b"GM:Studio-Connect\0"
HELLO_WORDS = (0xCAFEBABE, 0xDEADB00B, 16)
ACCEPTED = struct.pack("<III", 0xDEAFBEAD, 0xF00DBEEB, 12)
PACKET_MAGIC, HEADER_SIZE = 0xDEADC0DE, 12
DEADLINE = 20.0

END_ORDERLY, END_RESET = "orderly", "reset"


class WireError(Exception):
    """The peer sent what the protocol forbids."""


def hello(game_id=0):
    """Step 2 of the handshake, the client's."""
    return struct.pack("<IIII", *HELLO_WORDS, game_id)


def header(size, magic=PACKET_MAGIC, header_size=HEADER_SIZE):
    """A packet header, broken ones included."""
    return struct.pack("<III", magic, header_size, size)


def packet(payload):
    """A whole packet."""
    return header(len(payload)) + payload


def packets(*payloads):
    """Several packets glued together."""
    return b"".join(map(packet, payloads))


class PacketReader:
    """Takes a stream in any pieces and gives back its payloads."""

    def __init__(self):
        self.pending = bytearray()

    def feed(self, data):
        """Adds bytes; returns the payloads that they complete."""
        self.pending += data
        payloads, start = [], 0
        while len(self.pending) - start >= HEADER_SIZE:
            magic, header_size, size = struct.unpack_from("<III", self.pending, start)
            if magic != PACKET_MAGIC or header_size != HEADER_SIZE:
                raise WireError(f"not a packet header: {bytes(self.pending[start:start + 12]).hex()}")
            end = start + HEADER_SIZE + size
            if len(self.pending) < end:
                break
            payloads.append(bytes(self.pending[start + HEADER_SIZE:end]))
            start = end
        del self.pending[:start]
        return payloads


class Connection:
    """One TCP connection, seen from either end."""

    def __init__(self, sock, deadline=DEADLINE):
        self.socket = sock
        # Without this the kernel would glue the pieces that a test cut on purpose.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(deadline)
        self.reader = PacketReader()
        self.payloads = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def local(self):
        return self.socket.getsockname()

    def send(self, data):
        self.socket.sendall(data)

    def send_packets(self, *payloads):
        self.send(packets(*payloads))

    def receive_exactly(self, size):
        """Exactly `size` bytes of the stream, unframed."""
        data = bytearray()
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise WireError(f"the stream ended after {len(data)} of {size} bytes")
            data += piece
        return bytes(data)

    def expect(self, wanted):
        """Reads as many bytes as `wanted` has and insists that they are those."""
        got = self.receive_exactly(len(wanted))
        if got != wanted:
            raise WireError(f"expected {wanted.hex()}, got {got.hex()}")

    def receive_packet(self):
        """The next payload."""
        while not self.payloads:
            piece = self.socket.recv(262144)
            if not piece:
                raise WireError(f"the stream ended, {len(self.reader.pending)} bytes into a packet")
            self.payloads += self.reader.feed(piece)
        return self.payloads.pop(0)

    def receive_packets(self, count):
        return [self.receive_packet() for _ in range(count)]

    def receive_until_end(self):
        """Everything that still comes and how the stream ended: (payloads, END_*). No packet may be cut."""
        ending = END_ORDERLY
        try:
            while piece := self.socket.recv(262144):
                self.payloads += self.reader.feed(piece)
        except ConnectionResetError:
            ending = END_RESET
        if ending == END_ORDERLY and self.reader.pending:
            raise WireError(f"the stream ended {len(self.reader.pending)} bytes into a packet")
        payloads, self.payloads = self.payloads, []
        return payloads, ending

    def wait_for_end(self):
        """Discards whatever comes, in any shape, until the connection ends; returns how."""
        try:
            while self.socket.recv(262144):
                pass
        except ConnectionResetError:
            return END_RESET
        return END_ORDERLY

    def finish(self):
        """Half-close: no more from here, but everything may still come."""
        # A peer that has reset the connection already made that moot.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with RST."""
        # The socket may be reset already; then there is nothing left to set.
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def connect(port, host="127.0.0.1", source=None, send_buffer=None, receive_buffer=None, deadline=DEADLINE):
    """A TCP connection that has said nothing yet."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        # Buffer sizes count only when they are set before the window is agreed on.
        if send_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            sock.bind((source, 0))
        sock.settimeout(deadline)
        sock.connect((host, port))
        return Connection(sock, deadline)
    except BaseException:
        sock.close()
        raise


def join(port, game_id=0, **options):
    """A regular client: connected, handshake done."""
    connection = connect(port, **options)
    try:
        connection.expect(BANNER)
        connection.send(hello(game_id))
        connection.expect(ACCEPTED)
        return connection
    except BaseException:
        connection.close()
        raise


class Server:
    """A listener on a port of the system's choice, one connection at a time."""

    def __init__(self, host="127.0.0.1", deadline=DEADLINE):
        self.socket = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.socket.settimeout(deadline)
        self.deadline = deadline
        self.port = self.socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def accept_raw(self):
        """A connection that has said nothing yet."""
        return Connection(self.socket.accept()[0], self.deadline)

    def receive_hello(self, connection):
        """Reads step 2 strictly; returns the game id."""
        *words, game_id = struct.unpack("<IIII", connection.receive_exactly(16))
        if tuple(words) != HELLO_WORDS:
            raise WireError(f"not step 2: {[hex(word) for word in words]}")
        return game_id

    def accept(self):
        """A regular connection, handshake done: (connection, the client's game id)."""
        connection = self.accept_raw()
        try:
            connection.send(BANNER)
            game_id = self.receive_hello(connection)
            connection.send(ACCEPTED)
            return connection, game_id
        except BaseException:
            connection.close()
            raise
