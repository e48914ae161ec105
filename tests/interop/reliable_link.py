"""What stands between a reliable endpoint and the network: a lossy link with a seed, and a socket with a thread."""

import heapq
import itertools
import random
import socket
import threading
import time

import reliable_peer
import reliable_wire as wire
from reliable_witness import Witness

DEADLINE = 20.0
LONGEST = 1 << 16


def now():
    """The time in microseconds."""
    return time.monotonic_ns() // 1000


def decoded(datagram):
    """The datagram's fields, or its bytes where it has none."""
    try:
        return wire.decode(datagram)
    except (wire.Plain, wire.Dropped):
        return datagram


class LossyLink:
    """Loses, doubles and delays datagrams; what is delayed is overtaken. One per direction."""

    def __init__(self, seed=0, loss=0.0, duplicates=0.0, delay=(0, 0)):
        self.random = random.Random(seed)
        self.loss, self.duplicates, self.delay = loss, duplicates, delay
        self._waiting = []
        self._order = itertools.count()

    def put(self, item, at):
        if self.random.random() < self.loss:
            return
        copies = 2 if self.random.random() < self.duplicates else 1
        for _ in range(copies):
            due = at + self.random.randint(*self.delay)
            heapq.heappush(self._waiting, (due, next(self._order), item))

    def due(self, at):
        """What comes out until then."""
        while self._waiting and self._waiting[0][0] <= at:
            yield heapq.heappop(self._waiting)[2]

    def next_time(self):
        return self._waiting[0][0] if self._waiting else None


class ReliablePeer:
    """An endpoint on a UDP socket of its own, driven by a thread. `witness` watches what the library sends it."""

    def __init__(self, seed=0, port=0, link=None, **endpoint):
        options = link or {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.out, self.back = LossyLink(f"{seed} out", **options), LossyLink(f"{seed} back", **options)
        self.endpoint = reliable_peer.Endpoint(random.Random(f"{seed} endpoint {port}"), **endpoint)
        self.witness = Witness()
        self.news = threading.Condition()
        self.events = []
        self.heard = []
        """Every datagram that the link let through to the endpoint, decoded where it can be."""
        self.seen = []
        """The same before the link, also while `deaf`."""
        self.deaf = False
        self._ended = False
        self._failure = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        """Ends without a word, as a process that is killed."""
        if self._ended:
            return
        with self.news:
            self._ended = True
        self._thread.join(DEADLINE)
        self.socket.close()
        if self._failure is not None:
            raise self._failure

    # The thread

    def _run(self):
        try:
            while not self._ended:
                self._turn()
        except Exception as failure:
            with self.news:
                self._failure = failure
                self._ended = True
                self.news.notify_all()

    def _turn(self):
        self._read(self._patience())
        with self.news:
            at = now()
            for address, datagram in self.back.due(at):
                self._hear(address, datagram, at)
            self.endpoint.tick(at)
            self._write(at)
            if self.endpoint.events:
                self.events.extend(self.endpoint.events)
                self.endpoint.events.clear()
            self.news.notify_all()

    def _patience(self):
        with self.news:
            at = now()
            times = [self.endpoint.next_time(at), self.out.next_time(), self.back.next_time()]
        return max(min(time for time in times if time is not None) - at, 0) / 1e6

    def _read(self, patience):
        # A timeout of 0 would mean without waiting, and 5 ms bound how long a new order waits.
        self.socket.settimeout(min(max(patience, 0.0001), 0.005))
        try:
            datagram, address = self.socket.recvfrom(LONGEST)
        except (TimeoutError, ConnectionRefusedError):
            return
        with self.news:
            self._arrived(address, datagram)
            self.socket.settimeout(0)
            for _ in range(200):
                try:
                    datagram, address = self.socket.recvfrom(LONGEST)
                except (BlockingIOError, ConnectionRefusedError):
                    return
                self._arrived(address, datagram)

    def _arrived(self, address, datagram):
        at = now()
        self.witness.saw_theirs(datagram, at)
        self.seen.append(decoded(datagram))
        if not self.deaf:
            self.back.put((address, datagram), at)

    def _hear(self, address, datagram, at):
        self.heard.append(decoded(datagram))
        self.endpoint.receive(address, datagram, at)

    def _write(self, at):
        while self.endpoint.outgoing:
            self.out.put(self.endpoint.outgoing.popleft(), at)
        for address, datagram in self.out.due(at):
            self._send_now(address, datagram)

    def _send_now(self, address, datagram):
        self.witness.saw_ours(datagram)
        self.socket.sendto(datagram, address)

    # The test's side

    def send(self, port, *payloads):
        with self.news:
            for payload in payloads:
                self.endpoint.send(("127.0.0.1", port), payload, now())

    def inject(self, port, *datagrams):
        """Sends datagrams past endpoint and link."""
        with self.news:
            for datagram in datagrams:
                self._send_now(("127.0.0.1", port), datagram)

    def session(self, port):
        """The session with that port, or None. Hold `news` while looking at it."""
        return self.endpoint.peers[("127.0.0.1", port)].session

    def wait(self, ready, what, timeout=DEADLINE):
        """Waits until `ready()`, asked under the lock after every turn, gives something other than None."""
        deadline = time.monotonic() + timeout
        with self.news:
            while True:
                if self._failure is not None:
                    raise self._failure
                found = ready()
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"peer: no {what} within {timeout} s; events: {self.events[-5:]}")
                self.news.wait(left)

    def event(self, kind, timeout=DEADLINE):
        """The first event of that kind not yet taken."""

        def take():
            for event in self.events:
                if isinstance(event, kind):
                    self.events.remove(event)
                    return event
            return None

        return self.wait(take, kind.__name__, timeout)

    def receive(self, count, timeout=DEADLINE):
        """The payloads of the next messages."""
        return [self.event(reliable_peer.Received, timeout).payload for _ in range(count)]

    def wait_heard(self, kind, timeout=DEADLINE, **fields):
        """Waits until a datagram of that kind and with these fields has arrived, and takes all up to it."""
        return self._wait_for(self.heard, kind, timeout, fields)

    def wait_seen(self, kind, timeout=DEADLINE, **fields):
        """The same of what the library has sent, whether it arrived or not."""
        return self._wait_for(self.seen, kind, timeout, fields)

    def _wait_for(self, messages, kind, timeout, fields):
        def take():
            for index, message in enumerate(messages):
                if isinstance(message, kind) and all(getattr(message, name) == value for name, value in fields.items()):
                    del messages[:index + 1]
                    return message
            return None

        return self.wait(take, f"{kind.__name__} with {fields}", timeout)

    def wait_acknowledged(self, port, timeout=DEADLINE):
        """Waits until all that was sent is acknowledged, on this side, and of what arrived the acknowledgement left."""

        def done():
            session = self.session(port)
            waits = session is None or session.sender.unacknowledged_since is not None or session.receiver.due is not None
            return None if waits else True

        return self.wait(done, "acknowledgement of everything", timeout)

    def wait_idle(self, port, timeout=DEADLINE):
        """Waits until nothing that was sent waits any more: it is acknowledged, or given up."""

        def done():
            peer = self.endpoint.peers[("127.0.0.1", port)]
            waits = peer.session is not None and peer.session.sender.unacknowledged_since is not None
            return None if waits or peer.outbox else True

        return self.wait(done, "end of what waits", timeout)

    def give_up(self, port):
        """Gives up at once what the timeout would end later."""
        with self.news:
            self.endpoint.give_up(("127.0.0.1", port), now())

    def close_session(self, port, code=0):
        """Ends the session and says so."""
        with self.news:
            self.endpoint.close(("127.0.0.1", port), now(), code)

    def forget(self, port):
        """Loses the session as nobody may, without a word."""
        with self.news:
            self.endpoint.peers[("127.0.0.1", port)].session = None
