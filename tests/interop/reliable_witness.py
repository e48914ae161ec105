"""Watches one conversation with the library and objects to every datagram of the library's that the document forbids.

It sees our datagrams as they leave and the library's as they arrive, before the lossy link takes its part of them, so
that it knows of everything that the library can know.
"""

import reliable_wire as wire
from reliable_receiving import WINDOW
from reliable_sending import MOST_DATAGRAM


class Witness:
    """`objections` must be empty in the end."""

    def __init__(self):
        self.objections = []
        self.counts = {}
        """The library's datagrams by kind."""
        self.hellos = {}
        """When each of the library's hellos came, by token."""
        self._ours = {}
        """The numbers, and whether data, with which we addressed the library, by its token."""
        self._theirs = {}
        """The same of the library, by our token."""
        self._library_token = {}
        """The library's token for each of ours."""
        self._began = set()
        """Our tokens of sessions that the library initiated."""

    def saw_ours(self, datagram):
        """A datagram of ours that really leaves."""
        try:
            message = wire.decode(datagram)
        except (wire.Plain, wire.Dropped):
            return
        if not isinstance(message, (wire.Data, wire.Confirm)):
            return
        if isinstance(message, wire.Confirm):
            # The first one that leaves is genuine; tests forge others.
            self._library_token.setdefault(message.initiator, message.token)
        ours = self._ours.setdefault(message.token, Direction())
        ours.data = ours.data or isinstance(message, wire.Data)
        if message.body.chunks:
            ours.numbers.add(message.body.number)
        for our_token, library_token in self._library_token.items():
            if library_token == message.token and our_token in self._theirs:
                self._theirs[our_token].acknowledged(message.body)

    def saw_theirs(self, datagram, at):
        try:
            message = wire.decode(datagram)
        except wire.Plain:
            return
        except wire.Dropped as why:
            self._object(f"breaks the rules, {why}", datagram.hex())
            return
        kind = type(message)
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if len(datagram) > MOST_DATAGRAM:
            self._object(f"{len(datagram)} bytes", kind)
        if kind is wire.Hello:
            self.hellos.setdefault(message.token, []).append(at)
            if any(datagram[wire.HEADER_SIZE:]):
                self._object("a hello that is not filled with zeros", datagram.hex())
        elif kind is wire.Confirm:
            self._library_token[message.token] = message.initiator
            self._began.add(message.token)
            self._body(message)
        elif kind is wire.Data:
            self._body(message)
        elif kind is wire.Close and message.code > 4:
            self._object("an unknown code", message)

    def _object(self, what, message):
        self.objections.append(f"{what}: {message}")

    def _body(self, message):
        theirs = self._theirs.setdefault(message.token, Direction())
        if message.token not in self._library_token:
            # Of a session that began before we watched.
            return
        ours = self._ours.setdefault(self._library_token[message.token], Direction())
        is_data = isinstance(message, wire.Data)
        if theirs.data and not is_data:
            self._object("a confirm after data", message)
        if is_data and message.token in self._began and not ours.data:
            self._object("data in place of a confirm", message)
        theirs.data = theirs.data or is_data
        for complaint in [*ours.judge_acknowledgement(message.body), *theirs.judge_chunks(message.body)]:
            self._object(complaint, message)


class Direction:
    """What one side has sent with one token."""

    def __init__(self):
        self.data = False
        self.numbers = set()
        self.highest_number = 0
        self.chunks = {}
        self.lowest_open = 0
        """The lowest sequence number that may be unacknowledged, for all that the sender can know."""
        self._sequences = {}
        self._settled = set()

    def judge_acknowledgement(self, body):
        """Complaints about what the other side acknowledges of ours."""
        if body.largest == 0 and not self.numbers:
            return
        for relative in body.acknowledged():
            number = body.largest + relative
            if number > 0 and number not in self.numbers:
                yield f"acknowledges {number}, which never left"

    def judge_chunks(self, body):
        """Complaints about the numbers and chunks of a body."""
        if not body.chunks:
            return
        number = wire.widen(body.number, self.highest_number + 1)
        if number <= 0 or number & wire.LOW == 0:
            yield "a number that must not be used"
        if number in self.numbers:
            yield "a number twice"
        self.numbers.add(number)
        self.highest_number = max(self.highest_number, number)
        self._sequences[number] = [wire.widen(chunk.sequence, self.lowest_open) for chunk in body.chunks]
        for sequence, chunk in zip(self._sequences[number], body.chunks):
            if sequence < 0:
                yield "a sequence number below 0"
            if sequence >= self.lowest_open + WINDOW:
                yield "a chunk beyond the window"
            if self.chunks.setdefault(sequence, (chunk.part, chunk.payload)) != (chunk.part, chunk.payload):
                yield "another chunk with the same sequence number"

    def acknowledged(self, body):
        """The other side's acknowledgement leaves for the sender."""
        largest = wire.widen(body.largest, self.highest_number)
        for relative in body.acknowledged():
            self._settled.update(self._sequences.get(largest + relative, ()))
        while self.lowest_open in self._settled:
            self.lowest_open += 1
