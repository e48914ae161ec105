"""A second implementation of docs/reliable-udp.md, written from the document alone: datagrams and the time in,
datagrams and events out. It has no sockets and no clock; times are whole microseconds.
"""

import collections
import dataclasses
import hashlib
import struct

import reliable_wire as wire
from reliable_document import constant
from reliable_receiving import Broken, Receiver
from reliable_sending import MOST_DATAGRAM, Forged, Sender

FIRST_HELLO = constant("INITIAL_HELLO")
MOST_HELLO = constant("BACKOFF_LIMIT")
GRANT_LASTS = constant("GRANT_LASTS")
TIMEOUT = constant("timeout")
FORGET_AFTER = GAVE_UP_LASTS = constant("MEMORY_LASTS")
CARRY_WITHIN = constant("RESUME_LIMIT")
# How long `tick` may be left alone although nothing announces itself.
LONGEST_SLEEP = 50_000
CLOSED, CLOSED_BROKEN, CLOSED_TOO_BIG, CLOSED_NO_MEMORY = range(4)


@dataclasses.dataclass
class Received:
    """A message."""

    address: tuple
    payload: bytes


@dataclasses.dataclass
class Ended:
    """A session is over, and something has to be said about it."""

    address: tuple
    why: str
    lost: list
    """Messages that were not acknowledged."""


@dataclasses.dataclass
class Dropped:
    """A datagram of the protocol came to nothing."""

    address: tuple
    why: str


@dataclasses.dataclass
class Plain:
    """A datagram that is none of the protocol's."""

    address: tuple
    payload: bytes


@dataclasses.dataclass
class Session:
    """What two peers share."""

    initiator: bool
    began: int
    """When the token was granted; for the initiator, when it began to say hello."""
    token: int
    """By which this side is addressed."""
    peer_token: int
    peer_incarnation: int
    sender: Sender
    receiver: Receiver
    heard: int
    stamp: int = 0
    gave_up: bool = False
    """Set in the confirms: the session before this one was given up."""
    confirmed: bool = False
    """The initiator has received data in it."""


@dataclasses.dataclass
class Saying:
    """A hello under way."""

    token: int
    began: int
    next: int
    wait: int = FIRST_HELLO


@dataclasses.dataclass
class Peer:
    address: tuple
    outbox: collections.deque = dataclasses.field(default_factory=collections.deque)
    """Messages without a session."""
    session: Session | None = None
    hello: Saying | None = None
    newest: int | None = None
    """When the newest session began."""
    gave_up_at: int | None = None
    gave_up_before: bool = False
    """The last session was given up."""


class Endpoint:
    """What speaks the protocol on one socket."""

    def __init__(self, random, ordered=False, timeout=TIMEOUT):
        self.random = random
        self.ordered = ordered
        self.timeout = timeout
        self.incarnation = random.getrandbits(32)
        self.key = random.randbytes(32)
        self.most_datagram = MOST_DATAGRAM
        self.peers = {}
        self.outgoing = collections.deque()
        """(address, datagram) to be sent."""
        self.events = collections.deque()

    def send(self, address, payload, now):
        peer = self._peer(address)
        if peer.session is not None:
            peer.session.sender.send(payload, now)
            self._flush(peer, now)
            return
        peer.outbox.append(payload)
        if peer.hello is None:
            self._say_hello(peer, now)

    def close(self, address, now, code=CLOSED):
        """Ends the session with the peer, and says so."""
        peer = self._peer(address)
        if peer.session is not None:
            self._emit(address, wire.Close(peer.session.peer_token, code))
            self._end(peer, "closed here", now)

    def give_up(self, address, now):
        """Does to a session what the timeout would do."""
        self._give_up(self._peer(address), now)

    def receive(self, address, datagram, now):
        try:
            message = wire.decode(datagram)
        except wire.Plain:
            self.events.append(Plain(address, datagram))
            return
        except wire.Dropped as why:
            self.events.append(Dropped(address, str(why)))
            return
        peer = self._peer(address)
        handle = {
            wire.Hello: self._hello, wire.Welcome: self._welcome, wire.Confirm: self._confirm,
            wire.Data: self._data, wire.Reset: self._reset, wire.Close: self._close,
        }
        handle[type(message)](peer, message, now)

    def tick(self, now):
        """Does what is due."""
        for peer in list(self.peers.values()):
            self._tick(peer, now)

    def _tick(self, peer, now):
        if peer.hello is not None and now - peer.hello.began >= self.timeout:
            self._give_up(peer, now)
        if peer.hello is not None and now >= peer.hello.next:
            self._repeat_hello(peer, now)
        session = peer.session
        if session is None:
            return
        # What waits is unheard from the moment it waits, not from the last word before a long silence.
        since = max(session.heard, session.sender.unacknowledged_since or 0)
        waits = session.sender.unacknowledged_since is not None or session.receiver.incomplete()
        if waits and now - since >= self.timeout:
            self._give_up(peer, now)
        elif not waits and now - session.heard >= FORGET_AFTER:
            self._end(peer, None, now)
        else:
            session.sender.tick(now)
            self._flush(peer, now)

    def next_time(self, now):
        """When `tick` has something to do again, at the latest."""
        times = [now + LONGEST_SLEEP]
        for peer in self.peers.values():
            if peer.hello is not None:
                times.append(peer.hello.next)
            if peer.session is not None:
                times += [peer.session.sender.timer, peer.session.receiver.due]
        return min(time for time in times if time is not None)

    def _peer(self, address):
        return self.peers.setdefault(address, Peer(address))

    def _emit(self, address, message):
        self.outgoing.append((address, message.encode()))

    # Beginning a session

    def _say_hello(self, peer, now):
        peer.hello = Saying(self.draw_token(), now, now)
        self._repeat_hello(peer, now)

    def draw_token(self):
        return self.random.getrandbits(64)

    def _repeat_hello(self, peer, now):
        hello = peer.hello
        hello.next = now + hello.wait
        hello.wait = min(hello.wait * 3 // 2, MOST_HELLO)
        self._emit(peer.address, wire.Hello(hello.token))

    def _hello(self, peer, hello, now):
        if self._yields_not(peer, hello.token):
            return
        granted = self._grant(peer.address, hello.token, now)
        self._emit(peer.address, wire.Welcome(hello.token, granted, now & wire.LOW, self.incarnation))

    def _yields_not(self, peer, token):
        """Both sides began: the one with the greater token, which is us, goes along."""
        if peer.hello is not None:
            return peer.hello.token <= token
        session = peer.session
        return session is not None and session.initiator and not session.confirmed and session.token <= token

    def _grant(self, address, token, time):
        """A token that nobody else can compute, and that we need not keep."""
        question = repr(address).encode() + struct.pack("<QQ", token, time)
        return int.from_bytes(hashlib.blake2b(question, key=self.key, digest_size=8).digest(), "little")

    def _welcome(self, peer, welcome, now):
        if peer.hello is None or welcome.token != peer.hello.token:
            return
        began, peer.hello = peer.hello.began, None
        session = self._begin(peer, True, began, welcome.token, welcome.granted, welcome.incarnation, now)
        session.stamp = welcome.stamp
        self._flush(peer, now)

    def _begin(self, peer, initiator, began, token, peer_token, incarnation, now):
        sender, receiver = Sender(), Receiver(self.ordered)
        session = Session(initiator, began, token, peer_token, incarnation, sender, receiver, heard=now)
        session.gave_up = peer.gave_up_before
        peer.session, peer.newest, peer.gave_up_before = session, began, False
        while peer.outbox:
            sender.send(peer.outbox.popleft(), now)
        return session

    def _confirm(self, peer, confirm, now):
        session = peer.session
        if session is not None and (session.token, session.peer_token) == (confirm.token, confirm.initiator):
            self._body(peer, confirm.body, now)
            return
        if self._yields_not(peer, confirm.initiator):
            return
        granted = now - ((now - confirm.stamp) & wire.LOW)
        if (now - granted > GRANT_LASTS or (peer.newest is not None and granted <= peer.newest)
                or self._grant(peer.address, confirm.initiator, granted) != confirm.token):
            self._emit(peer.address, self._refusal(peer, confirm.token, now))
            return
        if session is not None:
            self._replace(peer, confirm.incarnation, confirm.gave_up, now)
        peer.hello = None
        self._begin(peer, False, granted, confirm.token, confirm.initiator, confirm.incarnation, now)
        self._body(peer, confirm.body, now)

    # In a session

    def _data(self, peer, data, now):
        session = peer.session
        if session is None or session.token != data.token:
            self._emit(peer.address, self._refusal(peer, data.token, now))
            return
        session.confirmed = True
        self._body(peer, data.body, now)

    def _refusal(self, peer, token, now):
        gave_up = peer.gave_up_at is not None and now - peer.gave_up_at <= GAVE_UP_LASTS
        return wire.Reset(token, self.incarnation, gave_up)

    def _body(self, peer, body, now):
        session = peer.session
        try:
            session.sender.acknowledge(body, now)
        except Forged as why:
            self.events.append(Dropped(peer.address, str(why)))
            return
        session.heard = now
        try:
            session.receiver.take(body, now)
        except Broken:
            self._emit(peer.address, wire.Close(session.peer_token, CLOSED_BROKEN))
            self._end(peer, "broken", now)
            return
        self._deliver(peer)
        self._flush(peer, now)

    def _deliver(self, peer):
        messages = peer.session.receiver.messages
        self.events.extend(Received(peer.address, payload) for payload in messages)
        messages.clear()

    def _flush(self, peer, now):
        """Sends what may leave, and an acknowledgement that is due."""
        session = peer.session
        room = self.most_datagram - wire.LEAST_CONFIRM - wire.MOST_BITMAP
        while (packed := session.sender.pack(room, now)) is not None:
            self._emit_body(peer, now, *packed)
        if session.receiver.due is not None and now >= session.receiver.due:
            self._emit_body(peer, now, 0, [])

    def _emit_body(self, peer, now, number, chunks):
        session = peer.session
        body = wire.Body(number, *session.receiver.acknowledgement(now), chunks)
        if session.initiator and not session.confirmed:
            message = wire.Confirm(session.peer_token, session.token, session.stamp, self.incarnation,
                                   session.gave_up, body)
        else:
            message = wire.Data(session.peer_token, body)
        self._emit(peer.address, message)

    # Ending a session

    def _reset(self, peer, reset, now):
        if peer.session is not None and peer.session.peer_token == reset.token:
            self._replace(peer, reset.incarnation, reset.gave_up, now)
            if peer.outbox and peer.hello is None:
                self._say_hello(peer, now)

    def _replace(self, peer, incarnation, gave_up, now):
        """The other side has no part in the session any more. What cannot have arrived goes to the next one."""
        session = peer.session
        same = incarnation == session.peer_incarnation
        waiting = session.sender.unacknowledged()
        if not waiting:
            self._end(peer, None if same else "restarted", now)
            return
        fresh = now - session.sender.unacknowledged_since < CARRY_WITHIN
        if same and not gave_up and fresh and session.sender.untouched():
            peer.outbox.extendleft(reversed([message.payload for message in waiting]))
            session.sender = Sender()
            self._end(peer, None, now)
            return
        self._end(peer, "reset" if same else "restarted", now)

    def _close(self, peer, close, now):
        if peer.session is not None and peer.session.token == close.token:
            self._end(peer, f"closed {close.code}", now)

    def _give_up(self, peer, now):
        peer.hello = None
        if peer.session is not None:
            self._end(peer, "gave up", now)
            return
        peer.gave_up_at, peer.gave_up_before = now, True
        self.events.append(Ended(peer.address, "gave up", list(peer.outbox)))
        peer.outbox.clear()

    def _end(self, peer, why, now):
        """Forgets the session: in silence without a `why`, and otherwise as one that is given up."""
        session = peer.session
        session.receiver.finish()
        self._deliver(peer)
        peer.session = None
        if why is not None:
            peer.gave_up_at, peer.gave_up_before = now, True
            lost = [message.payload for message in session.sender.unacknowledged()]
            self.events.append(Ended(peer.address, why, lost))
