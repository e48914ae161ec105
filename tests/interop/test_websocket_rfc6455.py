"""Cases of RFC 6455, each with the section that decides it, over a real socket and against either end."""

import contextlib
import dataclasses

import frames
import stepwire
from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, closing
from hosting import HostTestCase, both_io_modes

LIMIT = 100_000
GREETING = "κόσμε 😀"


@dataclasses.dataclass
class Ending:
    """How a connection ends: the code of the close frame that comes back, and the event's error and reason."""

    code: int | None
    error: int
    reason: str = ""


@dataclasses.dataclass
class Case:
    section: str
    name: str
    frames: list
    # Payloads that the program is given.
    messages: list = dataclasses.field(default_factory=list)
    pongs: list = dataclasses.field(default_factory=list)
    # None: the connection goes on.
    ending: Ending | None = None
    # Whether it is about what only one end can do.
    only: str = ""


def broken(section, code=1002):
    return Ending(code, stepwire.ERROR_HANDSHAKE, f"section {section}")


def text(value, **options):
    return Frame(TEXT, value, **options)


def binary(value=b"", **options):
    return Frame(BINARY, value, **options)


def more(value=b"", **options):
    return Frame(CONTINUATION, value, **options)


def part(frame):
    frame.first &= 0x7F
    return frame


TOO_BIG = Ending(1009, stepwire.ERROR_TOO_BIG)


def framing():
    for size in (0, 1, 125, 126, 127, 65_535, 65_536, 65_537, LIMIT):
        yield Case("5.2", f"binary of {size} bytes", [binary(b"*" * size)], [b"*" * size])
    yield Case("5.6", "text", [text(GREETING)], [GREETING])
    yield Case("5.6", "empty text", [text("")], [""])
    yield Case("5.2", "several frames at once", [text("a"), binary(b"b"), text("c")], ["a", b"b", "c"])
    long_form = [(b"\x7e\x00\x7d", 125), (b"\x7f\0\0\0\0\0\0\0\x7d", 125), (b"\x7f\0\0\0\0\0\0\xff\xff", 65_535)]
    for length, size in long_form:
        frame = binary(b"*" * size, length=length)
        yield Case("5.2", f"{len(length) - 1} bytes for a length of {size}", [frame], ending=broken("5.2"))
    yield Case("5.2", "the highest bit of a length", [binary(b"x", length=b"\x7f\x80\0\0\0\0\0\0\1")], ending=broken("5.2"))


def masking():
    yield Case("5.1", "a client that does not mask", [text("a"), text("b", masked=False)], ["a"],
               ending=broken("5.1"), only="server")
    yield Case("5.1", "a server that masks", [text("a"), text("b", masked=True)], ["a"],
               ending=broken("5.1"), only="client")


def reserved():
    for bits in range(1, 8):
        for opcode in (TEXT, BINARY, CLOSE, PING, PONG):
            yield Case("5.2", f"reserved bits {bits:03b}, opcode {opcode}", [text("before"), Frame(opcode, b"", reserved=bits)],
                       ["before"], ending=broken("5.2"))
    yield Case("5.2", "a compressed frame that nobody agreed to", [text(b"\xf2\x48\xcd\xc9\xc9\x07\x00", reserved=4)],
               ending=Ending(1002, stepwire.ERROR_HANDSHAKE, "compress"))
    for opcode in (*range(0x3, 0x8), *range(0xB, 0x10)):
        for payload in (b"", b"x"):
            yield Case("5.2", f"opcode {opcode}", [text("before"), Frame(opcode, payload)], ["before"], ending=broken("5.2"))


def control():
    full = b"\xfe" * 125
    yield Case("5.5.2", "ping", [Frame(PING)], pongs=[b""])
    yield Case("5.5.2", "ping with a full payload", [Frame(PING, full)], pongs=[full])
    yield Case("5.5.2", "ten pings", [Frame(PING, bytes([n])) for n in range(10)], pongs=[bytes([n]) for n in range(10)])
    yield Case("5.5.3", "a pong that nobody asked for", [Frame(PONG, b"x")])
    yield Case("5.5", "ping of 126 bytes", [Frame(PING, bytes(126))], ending=broken("5.5"))
    yield Case("5.5", "pong of 126 bytes", [Frame(PONG, bytes(126))], ending=broken("5.5"))
    yield Case("5.5", "close of 126 bytes", [closing(1000, b"*" * 124)], ending=broken("5.5"))
    for opcode in (CLOSE, PING, PONG):
        yield Case("5.5", f"fragmented, opcode {opcode}", [part(Frame(opcode))], ending=broken("5.5"))


def fragmentation():
    yield Case("5.4", "two fragments", [part(text("frag")), more(b"ment")], ["fragment"])
    yield Case("5.4", "empty fragments", [part(binary()), part(more()), more()], [b""])
    yield Case("5.4", "a thousand fragments", [part(binary(b"x")), *(part(more(b"y")) for _ in range(998)), more(b"z")],
               [b"x" + b"y" * 998 + b"z"])
    yield Case("5.4", "control frames between fragments",
               [part(text("a")), Frame(PING, b"1"), part(more(b"b")), Frame(PONG, b"2"), Frame(PING, b"3"), more(b"c"), binary(b"next")],
               ["abc", b"next"], pongs=[b"1", b"3"])
    yield Case("5.4", "close between fragments", [part(text("a")), closing(1001), more(b"b")], ending=Ending(1001, 0))
    yield Case("5.4", "continuation of nothing", [more(b"x")], ending=broken("5.4"))
    yield Case("5.4", "unfinished continuation of nothing", [part(more(b"x"))], ending=broken("5.4"))
    yield Case("5.4", "continuation after a complete message", [part(text("a")), more(b"b"), more(b"c")], ["ab"],
               ending=broken("5.4"))
    yield Case("5.4", "a message inside another", [part(text("a")), text("b")], ending=broken("5.4"))
    yield Case("5.4", "a fragmented message inside another", [part(binary(b"a")), Frame(PING), part(binary(b"b"))],
               pongs=[b""], ending=broken("5.4"))


def utf8():
    whole = GREETING.encode()
    for place in range(len(whole) + 1):
        yield Case("8.1", f"a character may be split, at {place}", [part(text(whole[:place])), Frame(PING), more(whole[place:])],
                   [GREETING], pongs=[b""])
    yield Case("8.1", "binary need not be UTF-8", [binary(b"\xff\xfe")], [b"\xff\xfe"])
    not_text = broken("8.1", 1007)
    for invalid in ("80", "c080", "eda080", "f4908080", "f888808080", "fe", "cebae1bd"):
        yield Case("8.1", f"invalid {invalid}", [text(bytes.fromhex(invalid))], ending=not_text)
    yield Case("8.1", "a character cut off by the end", [part(text(b"a")), more(b"\xc3")], ending=not_text)
    yield Case("8.1", "a character cut off, empty last fragment", [part(text(b"\xf0\x9f")), more()], ending=not_text)
    yield Case("8.1", "invalid before the message is whole", [part(text(b"a\xff"))], ending=not_text)


def close():
    closed = stepwire.ERROR_CLOSED
    yield Case("5.5.1", "without a status", [Frame(CLOSE)], ending=Ending(None, 0))
    yield Case("5.5.1", "with a reason", [closing(1000, "tschüß".encode())], ending=Ending(1000, 0, "tschüß"))
    yield Case("5.5.1", "with the longest reason", [closing(4000, b"*" * 123)], ending=Ending(4000, closed, "*" * 123))
    yield Case("5.5.1", "half a status", [Frame(CLOSE, b"\x03")], ending=broken("5.5.1"))
    yield Case("5.5.1", "a reason that is not UTF-8", [closing(1000, b"\xce\xba\xe1\xbd")], ending=broken("5.5.1", 1007))
    yield Case("5.5.1", "what follows is ignored", [binary(b"last"), closing(1000), text("late"), Frame(PING), Frame(0xF)], [b"last"],
               ending=Ending(1000, 0))
    for code in (1000, 1001):
        yield Case("7.4.1", f"code {code}", [closing(code)], ending=Ending(code, 0))
    for code in (1002, 1003, 1007, 1008, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
        yield Case("7.4", f"code {code}", [closing(code)], ending=Ending(code, closed, str(code)))
    yield Case("7.4.1", "code 1009", [closing(1009)], ending=TOO_BIG)
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        yield Case("7.4", f"bad code {code}", [closing(code, b"no")], ending=broken("7.4"))


def limits():
    yield Case("10.4", "announced, not sent", [binary(b"before"), binary(length=b"\x7f\0\0\0\0\0\1\x86\xa1")], [b"before"], ending=TOO_BIG)
    yield Case("10.4", "the largest length there is", [binary(length=b"\x7f\x7f" + b"\xff" * 7)], ending=TOO_BIG)
    yield Case("10.4", "a byte too many", [binary(b"*" * (LIMIT + 1))], ending=TOO_BIG)
    half = b"*" * (LIMIT // 2)
    yield Case("10.4", "fragments that just fit", [part(binary(half)), Frame(PING, b"*" * 125), more(half)], [half + half],
               pongs=[b"*" * 125])
    yield Case("10.4", "fragments a byte too many", [part(binary(half)), part(more(half)), more(b"x")], ending=TOO_BIG)


TABLE = {table.__name__: list(table())
         for table in (framing, masking, reserved, control, fragmentation, utf8, close, limits)}


class Table(HostTestCase):
    """The cases against one end; who derives says how its opposite, a `frames.Peer`, comes about."""

    role = ""

    def opened(self):
        """The peer, the socket that it talks to, and the server that its events name."""
        raise NotImplementedError

    def play(self, case, pieces):
        peer, socket, server = self.opened()
        with peer:
            stream = b"".join(frame.encode(peer.is_client) for frame in case.frames)
            size = 1 if pieces == "byte by byte" and len(stream) < 2000 else max(len(stream) // 3, 1)
            cuts = [stream] if pieces == "whole" else [stream[at:at + size] for at in range(0, len(stream), size)]
            # Whoever sees early that it is broken may hang up before the last piece.
            with contextlib.suppress(ConnectionError) if case.ending else contextlib.nullcontext():
                for cut in cuts:
                    peer.send(cut)
            self.check_messages(case, socket)
            if case.ending is None:
                peer.send_frames(Frame(PING, b"still there"), closing(1000))
            self.check_ending(case.ending or Ending(1000, 0), socket, server)
            pongs = case.pongs + ([b"still there"] if case.ending is None else [])
            self.check_answers(case.ending or Ending(1000, 0), pongs, peer)

    def check_messages(self, case, socket):
        for message in case.messages:
            event = self.host.next_event()
            kind = stepwire.SEND_TEXT if isinstance(message, str) else stepwire.SEND_BINARY
            payload = message.encode() if isinstance(message, str) else message
            self.assertEqual((event["type"], event["id"], event["message_type"]), (stepwire.TYPE_DATA, socket, kind))
            self.assertEqual(event["payload"], payload)

    def check_ending(self, ending, socket, server):
        event = self.host.next_event()
        self.assertEqual((event["type"], event["socket"], event["server"], event["error"]),
                         (stepwire.TYPE_DISCONNECT, socket, server, ending.error), event["reason"])
        self.assertIn(ending.reason, event["reason"])
        self.assertEqual(bool(event["reason"]), bool(ending.error or ending.reason))

    def check_answers(self, ending, pongs, peer):
        """Pongs, in their order, then one close frame, then the end."""
        code = b"" if ending.code is None else ending.code.to_bytes(2, "big")
        *before, last = peer.read_frames()
        self.assertEqual(before, [(PONG, payload) for payload in pongs])
        self.assertEqual((last[0], last[1][:2]), (CLOSE, code))

    def run_table(self, name):
        for case in TABLE[name]:
            if case.only in ("", self.role):
                for pieces in ("whole", "byte by byte"):
                    with self.case(case.section, case.name, pieces=pieces):
                        self.play(case, pieces)
        self.assert_quiet()


def with_tables(case):
    """A test for each table."""
    for name in TABLE:
        setattr(case, f"test_{name}", lambda self, name=name: self.run_table(name))
    return case


@both_io_modes
@with_tables
class Server(Table):
    role = "server"

    def setUp(self):
        super().setUp()
        self.server = self.host.must("network_create_server_raw", stepwire.SOCKET_WS, 0, 10)
        self.port = int(self.host.must("network_get_port", self.server))
        self.host.must("network_set_config", stepwire.CONFIG_MESSAGE_SIZE_LIMIT, self.server, LIMIT)

    def opened(self):
        peer = frames.open_client(self.port)
        event = self.host.next_event()
        self.assertEqual((event["type"], event["port"]), (stepwire.TYPE_CONNECT, peer.local[1]))
        return peer, event["socket"], self.server


@both_io_modes
@with_tables
class Client(Table):
    role = "client"

    def setUp(self):
        super().setUp()
        self.listener = frames.Server()
        self.addCleanup(self.listener.socket.close)
        self.socket = self.host.must("network_create_socket", stepwire.SOCKET_WS)
        self.host.must("network_set_config", stepwire.CONFIG_MESSAGE_SIZE_LIMIT, self.socket, LIMIT)

    def opened(self):
        self.host.must("network_connect_raw_async", self.socket, "127.0.0.1", self.listener.port)
        peer = self.listener.open()
        event = self.host.next_event()
        self.assertEqual((event["type"], event["succeeded"]), (stepwire.TYPE_NON_BLOCKING_CONNECT, 1))
        return peer, self.socket, -1
