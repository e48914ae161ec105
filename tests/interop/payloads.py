"""Payloads that sender and receiver can both compute, so that loss, reordering and mix-ups show."""

import hashlib
import struct

_PATTERN = bytes(range(256)) * 17


def numbered(number, size):
    """`size` bytes that begin with the number, as far as it fits, and differ from those of other numbers."""
    shift = number % 256
    body = _PATTERN[shift:shift + 4096]
    repeated = body * (max(size - 8, 0) // len(body) + 1)
    return (struct.pack("<Q", number) + repeated)[:size]


class Digest:
    """Packets counted and hashed together with their sizes, so that a long flow fits into one answer."""

    def __init__(self):
        self.packets = 0
        self.bytes = 0
        self._hash = hashlib.sha256()

    def add(self, payload):
        self.packets += 1
        self.bytes += len(payload)
        self._hash.update(struct.pack("<I", len(payload)))
        self._hash.update(payload)

    def summary(self):
        return {"packets": self.packets, "bytes": self.bytes, "sha256": self._hash.hexdigest()}


def summary_of(payloads):
    """What the digest of these payloads, in this order, comes to."""
    digest = Digest()
    for payload in payloads:
        digest.add(payload)
    return digest.summary()
