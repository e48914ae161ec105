"""The sending half of a session of reliable UDP: messages and acknowledgements in, chunks for datagrams out.

It does what a sender must, and of what it should do enough to be a good peer: neither CUBIC nor pacing nor repeats
ahead of time.
"""

import collections
import dataclasses

import reliable_wire as wire
from reliable_document import constant
from reliable_receiving import DELAY_UNIT, WINDOW

CHUNK_SIZE = 1100
MOST_DATAGRAM = constant("datagram_size")
LEAST_WINDOW = constant("FLOOR") * MOST_DATAGRAM
LOST_AFTER = constant("REORDER")
SLACK = constant("SLACK")
MOST_WAIT = constant("BACKOFF_LIMIT")
# Before anything was measured.
FIRST_ROUND_TRIP = 100_000


class Forged(Exception):
    """An acknowledgement of a number that was never sent."""


@dataclasses.dataclass
class Message:
    payload: bytes
    chunks: int = 0
    acknowledged: int = 0


@dataclasses.dataclass
class Flight:
    sent: int
    size: int
    sequences: list


def cut(payload, chunk_size):
    """(part, payload) of each chunk of a message."""
    if len(payload) <= chunk_size:
        return [(wire.WHOLE, payload)]
    pieces = [payload[place:place + chunk_size] for place in range(0, len(payload), chunk_size)]
    parts = [wire.FIRST, *[wire.MIDDLE] * (len(pieces) - 2), wire.LAST]
    return list(zip(parts, pieces))


class Sender:
    """Numbers chunks and datagrams, and sends again what is lost."""

    def __init__(self, chunk_size=CHUNK_SIZE):
        self.chunk_size = chunk_size
        self.next_number = 1
        self.last_number = 0
        self.next_sequence = 0
        self.fresh = collections.deque()
        """Chunks that were never sent."""
        self.lost = collections.deque()
        """Sequence numbers to be sent again."""
        self.chunks = {}
        """Chunks with their message, by sequence number, that were sent and not acknowledged, lowest first."""
        self.flights = {}
        self.late = {}
        """Flights that count as lost, whose acknowledgement may come yet."""
        self.in_flight = 0
        self.window = LEAST_WINDOW
        self.acknowledged = 0
        """The highest number that was acknowledged."""
        self.highest_acknowledged = -1
        """The highest sequence number that was."""
        self.unacknowledged_since = None
        self.round_trip, self.variation = FIRST_ROUND_TRIP, FIRST_ROUND_TRIP // 2
        self.measured = False
        self.timeouts = 0
        self.timer = None
        self.sent_numbers = set()

    def send(self, payload, now):
        if self.unacknowledged_since is None:
            self.unacknowledged_since = now
        message = Message(payload)
        for part, piece in cut(payload, self.chunk_size):
            message.chunks += 1
            self.fresh.append((wire.Chunk(self.next_sequence, part, piece), message))
            self.next_sequence += 1

    def unacknowledged(self):
        """Messages of which something is unacknowledged, in the order in which they were sent."""
        messages = [message for _, message in [*self.chunks.values(), *self.fresh]]
        return list({id(message): message for message in messages}.values())

    def untouched(self):
        """Whether all of what is unacknowledged may go to another session: none of it can have arrived."""
        if not self.chunks:
            return not any(message.acknowledged for message in self.unacknowledged())
        lowest, (chunk, _) = next(iter(self.chunks.items()))
        return chunk.part in (wire.WHOLE, wire.FIRST) and self.highest_acknowledged < lowest

    def skip_numbers(self, count):
        """Leaves out datagram numbers, as a sender may."""
        self.next_number += count

    # Out

    def pack(self, room, now):
        """(number, chunks) of the next datagram with chunks, or None if there is nothing that may leave."""
        chunks = []
        while room >= 6 and self.in_flight < self.window:
            chunk = self._next_chunk(room)
            if chunk is None:
                break
            chunks.append(chunk)
            room -= chunk.size()
        return self._number(chunks, now) if chunks else None

    def _next_chunk(self, room):
        while self.lost:
            entry = self.chunks.get(self.lost[0])
            if entry is None:
                self.lost.popleft()
            elif entry[0].size() > room:
                return None
            else:
                self.lost.popleft()
                return entry[0]
        if not self.fresh or self.fresh[0][0].size() > room:
            return None
        lowest = next(iter(self.chunks), None)
        if lowest is not None and self.fresh[0][0].sequence >= lowest + WINDOW:
            return None
        chunk, message = self.fresh.popleft()
        self.chunks[chunk.sequence] = chunk, message
        return chunk

    def reserve_number(self):
        """A number for a datagram with chunks."""
        if self.next_number & wire.LOW == 0:
            self.next_number += 1
        number = self.last_number = self.next_number
        self.next_number += 1
        self.sent_numbers.add(number)
        return number

    def _number(self, chunks, now):
        number = self.reserve_number()
        flight = Flight(now, sum(chunk.size() for chunk in chunks), [chunk.sequence for chunk in chunks])
        self.flights[number] = flight
        self.in_flight += flight.size
        if self.timer is None:
            self._arm(now)
        return number, chunks

    # In

    def check(self, body):
        """The numbers that the body acknowledges, or `Forged`."""
        largest = wire.widen(body.largest, self.last_number)
        if body.largest == 0 and largest <= 0:
            return []
        numbers = [largest + relative for relative in body.acknowledged() if largest + relative > 0]
        if largest <= 0 or any(number not in self.sent_numbers for number in numbers):
            raise Forged(f"{numbers} of {self.last_number}")
        return numbers

    def acknowledge(self, body, now):
        numbers = [number for number in self.check(body) if number in self.flights or number in self.late]
        if not numbers:
            return
        largest = max(numbers)
        if largest > self.acknowledged:
            self.acknowledged = largest
            if largest in self.flights:
                self._measure(now - self.flights[largest].sent, body.delay)
        for number in numbers:
            self._arrived(number)
        self._find_losses(now)
        self.timeouts = 0
        self.timer = None
        if self.chunks or self.fresh:
            self._arm(now)
        else:
            self.unacknowledged_since = None

    def _arrived(self, number):
        flight = self.late.pop(number, None)
        if flight is None:
            flight = self.flights.pop(number)
            self.in_flight -= flight.size
            self.window += flight.size
        for sequence in flight.sequences:
            entry = self.chunks.pop(sequence, None)
            self.highest_acknowledged = max(self.highest_acknowledged, sequence)
            if entry is not None:
                entry[1].acknowledged += 1

    def _measure(self, sample, delay):
        if delay != wire.LONG_DELAY:
            sample = max(sample - delay * DELAY_UNIT, 0)
        if not self.measured:
            self.round_trip, self.variation, self.measured = sample, sample // 2, True
            return
        self.variation = (3 * self.variation + abs(self.round_trip - sample)) // 4
        self.round_trip = (7 * self.round_trip + sample) // 8

    def _find_losses(self, now):
        limit = self.round_trip * 9 // 8
        gone = [number for number, flight in self.flights.items()
                if number <= self.acknowledged - LOST_AFTER
                or number < self.acknowledged and now - flight.sent > limit]
        for number in gone:
            flight = self.late[number] = self.flights.pop(number)
            self.in_flight -= flight.size
            self.lost.extend(sequence for sequence in flight.sequences if sequence in self.chunks)
        if gone:
            self.window = max(self.window // 2, LEAST_WINDOW)

    # Time

    def _arm(self, now):
        least, most = SLACK
        half = min(max(self.round_trip // 2, least), most)
        first = self.round_trip + max(4 * self.variation, half)
        wait = first
        for _ in range(self.timeouts):
            wait = min(wait * 3 // 2, max(MOST_WAIT, 2 * first))
        self.timer = now + wait

    def tick(self, now):
        """No acknowledgement for too long: what is in flight counts as lost, the oldest first."""
        if self.timer is None or now < self.timer:
            return
        self.timeouts += 1
        self.late.update(self.flights)
        self.flights.clear()
        self.in_flight = 0
        self.window = LEAST_WINDOW
        self.lost = collections.deque(sorted(self.chunks))
        self._arm(now)

