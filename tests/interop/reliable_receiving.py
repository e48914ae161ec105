"""The receiving half of a session of reliable UDP: chunks and datagram numbers in, messages and acknowledgements out."""

import reliable_wire as wire
from reliable_document import constant

WINDOW = constant("WINDOW")
ACKNOWLEDGE_WITHIN = constant("DELAY")
MOST_UNACKNOWLEDGED = constant("PATIENCE")
DELAY_UNIT = constant("DELAY_UNIT")


class Broken(Exception):
    """The other side broke the protocol; the session ends."""


class Receiver:
    """Takes each chunk once and puts messages together."""

    def __init__(self, ordered):
        self.ordered = ordered
        self.missing = 0
        """The lowest sequence number that has not been taken."""
        self.parts = {}
        """Part of each chunk taken from the one before `missing` on."""
        self.payloads = {}
        """Payload of each chunk taken and not delivered."""
        self.partial = []
        self.messages = []
        """What is ready for the application."""
        self.largest = 0
        self.largest_at = 0
        self.numbers = set()
        self.owed = 0
        self.due = None

    def take(self, body, now):
        """Takes a body's chunks, if it has any."""
        if not body.chunks:
            return
        number = wire.widen(body.number, self.largest + 1)
        if number <= 0 or number & wire.LOW == 0:
            return
        # A generator would stop at the first chunk that is not taken.
        if all([self._take_chunk(chunk) for chunk in body.chunks]):
            self._note(number, now)

    def _take_chunk(self, chunk):
        """Whether the chunk is here, now or before."""
        sequence = wire.widen(chunk.sequence, self.missing)
        if sequence < self.missing or sequence in self.parts:
            return True
        if sequence >= self.missing + WINDOW:
            return False
        before = self.parts.get(sequence - 1, wire.LAST if sequence == 0 else None)
        self._check(before, chunk.part)
        self._check(chunk.part, self.parts.get(sequence + 1))
        self.parts[sequence] = chunk.part
        if chunk.part == wire.WHOLE and not self.ordered:
            self.messages.append(chunk.payload)
        else:
            self.payloads[sequence] = chunk.payload
        self._advance()
        return True

    @staticmethod
    def _check(before, part):
        """Ends the session if both are known and the second cannot follow the first."""
        if before is None or part is None:
            return
        inside = before in (wire.FIRST, wire.MIDDLE)
        if inside != (part in (wire.MIDDLE, wire.LAST)):
            raise Broken

    def _advance(self):
        while self.missing in self.parts:
            part, payload = self.parts[self.missing], self.payloads.pop(self.missing, None)
            self.parts.pop(self.missing - 1, None)
            self.missing += 1
            if payload is None:
                continue
            self.partial.append(payload)
            if part in (wire.WHOLE, wire.LAST):
                self.messages.append(b"".join(self.partial))
                self.partial = []

    def incomplete(self):
        """Whether something waits for earlier chunks, or for the rest of its message."""
        return bool(self.partial) or any(sequence >= self.missing for sequence in self.parts)

    def finish(self):
        """The session is over: complete messages that wait for earlier ones are delivered after all."""
        self.partial = []
        following = None
        for sequence in sorted(self.payloads):
            part = self.parts[sequence]
            if part in (wire.WHOLE, wire.FIRST):
                self.partial = []
            elif sequence != following or not self.partial:
                following = None
                continue
            self.partial.append(self.payloads[sequence])
            following = sequence + 1
            if part in (wire.WHOLE, wire.LAST):
                self.messages.append(b"".join(self.partial))
                self.partial = []
        self.payloads = {}

    # Acknowledgements

    def _note(self, number, now):
        in_turn = number == self.largest + 1
        if number > self.largest:
            self.largest, self.largest_at = number, now
        self.numbers.add(number)
        if len(self.numbers) > 4 * 8 * wire.MOST_BITMAP:
            self.numbers = {each for each in self.numbers if each >= self.largest - 8 * wire.MOST_BITMAP}
        self.owed += 1
        at_once = not in_turn or self.owed >= MOST_UNACKNOWLEDGED
        if self.due is None or at_once:
            self.due = now if at_once else now + ACKNOWLEDGE_WITHIN

    def acknowledgement(self, now):
        """(largest, delay, bitmap) for the next body. The bitmap has all that it can tell: more than it must."""
        self.owed, self.due = 0, None
        bits = 0
        for index in range(8 * wire.MOST_BITMAP):
            bits |= (self.largest - 1 - index in self.numbers) << index
        bitmap = bits.to_bytes(wire.MOST_BITMAP, "little").rstrip(b"\0")
        delay = min((now - self.largest_at) // DELAY_UNIT, wire.LONG_DELAY)
        return self.largest, delay if self.largest else 0, bitmap
