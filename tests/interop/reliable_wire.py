"""The datagrams of reliable UDP, from docs/reliable-udp.md alone: bytes to fields and back, without state."""

import dataclasses
import struct

from reliable_document import constant

MAGIC = b"\xd7\x53\x57"
VERSION = 1
FOREIGN_VERSIONS = (2, 3)
HELLO, WELCOME, CONFIRM, DATA, RESET, CLOSE = range(1, 7)
WHOLE, FIRST, MIDDLE, LAST = range(4)
GAVE_UP = 1
LOW = 0xFFFFFFFF
LONG_DELAY = 0xFFFF
MOST_BITMAP = constant("BITMAP_MAX")

_HEADER = struct.Struct("<3sBQ")
_WELCOME = struct.Struct("<QII")
_CONFIRM = struct.Struct("<QIIB")
_RESET = struct.Struct("<IB")
_BODY = struct.Struct("<IIHB")
HEADER_SIZE = _HEADER.size
LEAST_BODY = _BODY.size
LEAST_DATA = HEADER_SIZE + LEAST_BODY
LEAST_CONFIRM = HEADER_SIZE + _CONFIRM.size + LEAST_BODY

_LENGTH_BITS = 0x0FFF
_HAS_SEQUENCE = 1 << 12
_RESERVED = 1 << 15


class Plain(Exception):
    """Bytes that are none of the protocol's business."""


class Dropped(Exception):
    """A datagram of the protocol that breaks its rules, or is of a version that we do not speak."""


@dataclasses.dataclass
class Chunk:
    """A message or a part of one; `sequence` is the low 32 bits where it comes from the wire."""

    sequence: int
    part: int
    payload: bytes

    def size(self):
        """The most bytes that it takes in a datagram."""
        return 6 + len(self.payload)


@dataclasses.dataclass
class Body:
    number: int = 0
    largest: int = 0
    delay: int = 0
    bitmap: bytes = b""
    chunks: list = dataclasses.field(default_factory=list)

    def encode(self):
        parts = [_BODY.pack(self.number & LOW, self.largest & LOW, self.delay, len(self.bitmap)), self.bitmap]
        following = None
        for chunk in self.chunks:
            word = len(chunk.payload) | chunk.part << 13
            if chunk.sequence & LOW == following:
                parts.append(struct.pack("<H", word))
            else:
                parts.append(struct.pack("<HI", word | _HAS_SEQUENCE, chunk.sequence & LOW))
            parts.append(chunk.payload)
            following = chunk.sequence + 1 & LOW
        return b"".join(parts)

    def acknowledged(self):
        """The numbers that the body acknowledges, relative to *largest*: 0, then those of the bitmap, downwards."""
        yield 0
        for index in range(8 * len(self.bitmap)):
            if self.bitmap[index // 8] >> index % 8 & 1:
                yield -1 - index


@dataclasses.dataclass
class Hello:
    token: int

    def encode(self):
        return _header(HELLO, self.token) + bytes(20)


@dataclasses.dataclass
class Welcome:
    token: int
    granted: int
    stamp: int
    incarnation: int

    def encode(self):
        return _header(WELCOME, self.token) + _WELCOME.pack(self.granted, self.stamp, self.incarnation)


@dataclasses.dataclass
class Confirm:
    token: int
    initiator: int
    stamp: int
    incarnation: int
    gave_up: bool
    body: Body

    def encode(self):
        fields = _CONFIRM.pack(self.initiator, self.stamp, self.incarnation, GAVE_UP if self.gave_up else 0)
        return _header(CONFIRM, self.token) + fields + self.body.encode()


@dataclasses.dataclass
class Data:
    token: int
    body: Body

    def encode(self):
        return _header(DATA, self.token) + self.body.encode()


@dataclasses.dataclass
class Reset:
    token: int
    incarnation: int
    gave_up: bool

    def encode(self):
        return _header(RESET, self.token) + _RESET.pack(self.incarnation, GAVE_UP if self.gave_up else 0)


@dataclasses.dataclass
class Close:
    token: int
    code: int

    def encode(self):
        return _header(CLOSE, self.token) + bytes([self.code])


def _header(kind, token):
    return _HEADER.pack(MAGIC, VERSION << 4 | kind, token)


_LENGTHS = {
    HELLO: lambda length: length == 32,
    WELCOME: lambda length: length == 28,
    CONFIRM: lambda length: length >= LEAST_CONFIRM,
    DATA: lambda length: length >= LEAST_DATA,
    RESET: lambda length: length == 17,
    CLOSE: lambda length: length == 13,
}


def decode(datagram):
    """The datagram's fields, or `Plain` or `Dropped`."""
    if len(datagram) < HEADER_SIZE or not datagram.startswith(MAGIC):
        raise Plain
    _, word, token = _HEADER.unpack_from(datagram)
    version, kind = word >> 4, word & 0x0F
    if version in FOREIGN_VERSIONS:
        raise Dropped(f"version {version}")
    if version != VERSION or kind not in _LENGTHS or not _LENGTHS[kind](len(datagram)):
        raise Plain
    rest = datagram[HEADER_SIZE:]
    if kind == HELLO:
        return Hello(token)
    if kind == WELCOME:
        return Welcome(token, *_WELCOME.unpack(rest))
    if kind == CONFIRM:
        initiator, stamp, incarnation, flags = _CONFIRM.unpack_from(rest)
        return Confirm(token, initiator, stamp, incarnation, bool(flags & GAVE_UP), decode_body(rest[_CONFIRM.size:]))
    if kind == DATA:
        return Data(token, decode_body(rest))
    if kind == RESET:
        incarnation, flags = _RESET.unpack(rest)
        return Reset(token, incarnation, bool(flags & GAVE_UP))
    return Close(token, rest[0])


def decode_body(data):
    number, largest, delay, bitmap_size = _BODY.unpack_from(data)
    place = LEAST_BODY + bitmap_size
    if bitmap_size > MOST_BITMAP or place > len(data):
        raise Dropped("bitmap")
    body = Body(number, largest, delay, data[LEAST_BODY:place])
    following = None
    while place < len(data):
        chunk, place = _decode_chunk(data, place, following)
        body.chunks.append(chunk)
        following = chunk.sequence + 1 & LOW
    return body


def _decode_chunk(data, place, following):
    if place + 2 > len(data):
        raise Dropped("a chunk is cut")
    word, = struct.unpack_from("<H", data, place)
    place += 2
    if word & _RESERVED:
        raise Dropped("a reserved bit is set")
    sequence = following
    if word & _HAS_SEQUENCE:
        if place + 4 > len(data):
            raise Dropped("a chunk is cut")
        sequence, = struct.unpack_from("<I", data, place)
        place += 4
    if sequence is None:
        raise Dropped("the first chunk has no sequence number")
    end = place + (word & _LENGTH_BITS)
    if end > len(data):
        raise Dropped("a chunk is cut")
    return Chunk(sequence, word >> 13 & 3, data[place:end]), end


def widen(low, expected):
    """The number with these low 32 bits that is nearest to the expected one."""
    distance = (low - expected) & LOW
    return expected + (distance if distance < 1 << 31 else distance - (1 << 32))
