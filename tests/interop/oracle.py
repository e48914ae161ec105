"""What the protocol says must come of a byte stream, however broken: the judge of the fuzz tests."""

import dataclasses
import struct

import gamemaker
import stepwire

MIB = 1 << 20


@dataclasses.dataclass
class Verdict:
    """The one right outcome of a stream that its sender ends with FIN."""

    connected: bool
    payloads: list = dataclasses.field(default_factory=list)
    # Errors of the disconnect event, or of the failed connect, that the contract allows.
    errors: tuple = ()


def of_client_stream(stream, limit=4 * MIB):
    """A server's view: what a client's stream, step 2 first, leads to."""
    if len(stream) < 16 or struct.unpack_from("<III", stream) != gamemaker.HELLO_WORDS:
        return Verdict(connected=False)
    return _of_packets(stream[16:], limit)


def of_server_stream(stream, limit=64 * MIB):
    """A client's view: what a server's stream, step 3 first, leads to."""
    if not stream.startswith(gamemaker.ACCEPTED):
        # A stream that ends inside step 3 may count as one that was closed.
        closed = (stepwire.ERROR_CLOSED,) if len(stream) < len(gamemaker.ACCEPTED) else ()
        return Verdict(connected=False, errors=(stepwire.ERROR_HANDSHAKE, *closed))
    return _of_packets(stream[len(gamemaker.ACCEPTED):], limit)


def _of_packets(stream, limit):
    payloads = []
    while len(stream) >= gamemaker.HEADER_SIZE:
        magic, header_size, size = struct.unpack_from("<III", stream)
        if magic != gamemaker.PACKET_MAGIC or header_size != gamemaker.HEADER_SIZE:
            return Verdict(True, payloads, (stepwire.ERROR_HANDSHAKE,))
        if size > limit:
            return Verdict(True, payloads, (stepwire.ERROR_TOO_BIG,))
        if len(stream) < gamemaker.HEADER_SIZE + size:
            return Verdict(True, payloads, (0, stepwire.ERROR_CLOSED))
        payloads.append(stream[gamemaker.HEADER_SIZE:gamemaker.HEADER_SIZE + size])
        stream = stream[gamemaker.HEADER_SIZE + size:]
    # A part of a header may be seen to be wrong before it is whole.
    right = gamemaker.header(0)[:min(len(stream), 8)]
    seen = () if stream.startswith(right) else (stepwire.ERROR_HANDSHAKE,)
    return Verdict(True, payloads, (0, stepwire.ERROR_CLOSED, *seen) if stream else (0,))
