"""Reliable UDP against a second implementation that knows docs/reliable-udp.md alone."""

import contextlib
import itertools
import os
import random
import re
import signal
import socket
import time
import unittest

import reliable_document
import reliable_peer
import reliable_wire as wire
import stepwire
from hosting import Host, HostTestCase, both_io_modes, wait_until
from payloads import numbered
from reliable_link import ReliablePeer
from reliable_receiving import WINDOW

ADDRESS = "127.0.0.1"
LOSSY = {"loss": 0.1, "duplicates": 0.05, "delay": (0, 10_000)}


class ReliableTestCase(HostTestCase):
    """A reliable UDP socket of the library's, and peers in Python. One process serves all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.host = Host(cls.manual_io)
        cls.addClassCleanup(cls.host.stop)

    def setUp(self):
        self.socket, self.port = self.open(self.host)
        self.addCleanup(self.host.events.clear)
        self.addCleanup(self.host.call, "network_destroy", self.socket)

    def assert_quiet(self):
        """Nothing more comes out of the test's socket; what other tests have destroyed ends in the background."""
        self.host.settle()
        self.assertEqual([event for event in self.host.events if event["id"] == self.socket], [])

    def open(self, host, port=0):
        socket = host.must("network_create_socket_ext", stepwire.SOCKET_UDP, port)
        host.must("network_set_config", stepwire.CONFIG_ENABLE_RELIABLE_UDP, socket, 0)
        return socket, int(host.must("network_get_port", socket))

    def peer(self, **options):
        """A peer of the library's. Whatever happens, the library must not have broken a rule in the end."""
        peer = ReliablePeer(**options)
        self.addCleanup(self.dismiss, peer)
        return peer

    def dismiss(self, peer):
        peer.close()
        self.assertEqual(peer.witness.objections[:5], [])

    def say(self, peer, *payloads):
        """The library sends to the peer."""
        for payload in payloads:
            self.host.must("network_send_udp", self.socket, ADDRESS, peer.port, payload, len(payload))

    def hears(self, peer, count):
        """The payloads of the next messages that the library has from the peer."""
        events = [self.host.event(type=stepwire.TYPE_DATA, id=self.socket, port=peer.port) for _ in range(count)]
        return [event["payload"] for event in events]

    def acquainted(self, **options):
        """A peer with a session in which nothing is under way."""
        peer = self.peer(**options)
        peer.send(self.port, b"hello")
        self.assertEqual(self.hears(peer, 1), [b"hello"])
        self.say(peer, b"welcome")
        self.assertEqual(peer.receive(1), [b"welcome"])
        peer.wait_acknowledged(self.port)
        return peer

    def disconnected(self, peer):
        return self.host.event(type=stepwire.TYPE_DISCONNECT, id=self.socket, port=peer.port)

    def inject_chunks(self, peer, *chunks, **acknowledgement):
        """Sends a datagram with these chunks in the session, whose sender knows no more of it than its number."""
        with peer.news:
            session = peer.session(self.port)
            number = session.sender.reserve_number()
            body = wire.Body(number, chunks=list(chunks), **acknowledgement)
            datagram = wire.Data(session.peer_token, body).encode()
        peer.inject(self.port, datagram)
        return number

    def assert_alive(self, peer):
        """The session that stands carries messages both ways, and nothing else came out of it."""
        with peer.news:
            token = peer.session(self.port).token
        peer.send(self.port, b"ping")
        self.assertEqual(self.hears(peer, 1), [b"ping"])
        self.say(peer, b"pong")
        self.assertEqual(peer.receive(1), [b"pong"])
        with peer.news:
            self.assertEqual(peer.session(self.port).token, token)


class Vectors(unittest.TestCase):
    """The reader and writer of datagrams agree with the document's own examples."""

    def test_datagrams(self):
        for name, datagram in reliable_document.vectors("vectors").items():
            with self.subTest(name):
                self.assertEqual(wire.decode(datagram).encode(), datagram)

    def test_rejected(self):
        for name, datagram in reliable_document.vectors("rejected").items():
            with self.subTest(name), self.assertRaises((wire.Plain, wire.Dropped)):
                wire.decode(datagram)


class Constants(unittest.TestCase):
    """The document's table says what its text says, and what the code says."""

    def test_text(self):
        prose = reliable_document.prose()
        for name, value in reliable_document.rows().items():
            for part in value.split(" to "):
                with self.subTest(name):
                    self.assertRegex(prose, rf"\b{part}\b")

    def test_code(self):
        sources = sorted((reliable_document.ROOT / "src/reliable").rglob("*.rs"))
        code = "\n".join(path.read_text() for path in sources if "tests" not in path.parts)
        self.assertGreater(len(reliable_document.rows()), 20)
        for name in reliable_document.rows():
            with self.subTest(name):
                self.assertEqual(rust_value(code, name), reliable_document.constant(name))


def rust_value(code, name):
    """The value of a constant, or of a setting in `Default`, in Rust code; a pair for a range."""
    pattern = rf"\bconst {name}: [^=]+ = ([^;]+);" if name.isupper() else rf"^ +{name}: ([^,]+),$"
    # A setting's declaration looks like its default, but has a type in place of a number.
    found = [text for text in re.findall(pattern, code, re.M) if name.isupper() or text[0].isdigit()]
    if len(found) != 1:
        raise AssertionError(f"the code has {len(found)} definitions of {name}: rename it in the document, too")
    numbers = [rust_number(code, part) for part in found[0].split("..=")]
    return numbers[0] if len(numbers) == 1 else tuple(numbers)


def rust_number(code, expression):
    """A number out of literals, other constants and the operators that occur."""
    words = re.findall(r"\w+|<<|[*/+-]", expression)
    numbers = [word if not word.isidentifier() else str(rust_value(code, word)) for word in words]
    return eval("".join(numbers).replace("/", "//"), {"__builtins__": {}})


@both_io_modes
class Sessions(ReliableTestCase):
    def test_peer_begins(self):
        peer = self.peer()
        peer.send(self.port, b"one", b"", b"two")
        self.assertEqual(self.hears(peer, 3), [b"one", b"", b"two"])
        peer.wait_acknowledged(self.port)
        self.say(peer, b"three")
        self.assertEqual(peer.receive(1), [b"three"])
        self.assert_quiet()

    def test_library_begins(self):
        peer = self.peer()
        self.say(peer, b"one", b"", b"two")
        self.assertEqual(peer.receive(3), [b"one", b"", b"two"])
        peer.send(self.port, b"three")
        self.assertEqual(self.hears(peer, 1), [b"three"])
        peer.wait_acknowledged(self.port)
        self.assert_quiet()

    def test_hello_is_repeated_ever_more_rarely(self):
        # A busy machine may be late with one, and so early with the next.
        for _ in range(3):
            peer, late = self.hellos_of_one_beginning()
            if not late:
                break
        self.assertEqual(late, [])
        peer.deaf = False
        self.assertEqual(peer.receive(1), [b"is anybody there?"])
        peer.wait_acknowledged(self.port)
        self.assertEqual(len(peer.witness.hellos), 1, "one beginning, one token")

    def hellos_of_one_beginning(self):
        """A deaf peer that the library says hello to, and the waits that were not as they should be."""
        peer = self.peer()
        peer.deaf = True
        self.say(peer, b"is anybody there?")
        waits = [100, 150, 225, 337]

        def hellos():
            found = [each for each in peer.witness.hellos.values() if len(each) > len(waits)]
            return found[0] if found else None

        times = peer.wait(hellos, "hellos")
        taken = [(after - before) / 1000 for before, after in zip(times, times[1:])]
        return peer, [pair for pair in zip(waits, taken) if not pair[0] - 30 <= pair[1] <= pair[0] + 60]

    def test_both_begin_at_once(self):
        """Whoever has the greater token goes along as the answerer; nothing is lost or comes twice."""
        for name, token in {"lower": 1, "greater": (1 << 64) - 2}.items():
            with self.case(ours=name):
                peer = self.peer()
                peer.deaf = True
                self.say(peer, b"from the library")
                peer.wait(lambda: True if peer.witness.hellos else None, "hello")
                with peer.news:
                    peer.endpoint.draw_token = lambda token=token: token
                peer.send(self.port, b"from the peer")
                peer.deaf = False
                self.assertEqual(self.hears(peer, 1), [b"from the peer"])
                self.assertEqual(peer.receive(1), [b"from the library"])
                peer.wait_acknowledged(self.port)
                with peer.news:
                    self.assertEqual(peer.session(self.port).initiator, token == 1)
                self.assert_alive(peer)
        self.assert_quiet()

    def test_many_begin_at_once(self):
        """Without any order of ours: over links that lose and reorder."""
        peers = [self.peer(seed=seed, link=LOSSY) for seed in range(16)]
        for number, peer in enumerate(peers):
            call = self.host.begin_call("network_send_udp", self.socket, ADDRESS, peer.port, numbered(number, 40), 40)
            peer.send(self.port, numbered(1000 + number, 40))
            self.assertEqual(call.result(), 52)
        for number, peer in enumerate(peers):
            self.assertEqual(peer.receive(1), [numbered(number, 40)])
            self.assertEqual(self.hears(peer, 1), [numbered(1000 + number, 40)])
        for peer in peers:
            peer.wait_acknowledged(self.port)
            with peer.news:
                self.assertEqual(peer.events, [])
        self.assert_quiet()


@both_io_modes
class Messages(ReliableTestCase):
    SIZES = (0, 1, 7, 1099, 1100, 1101, 1150, 1200, 2200, 2201, 4096, 70_000, 1 << 20)

    def exchange(self, peer, sizes):
        """Both sides send messages of these sizes at once; the payloads as (library's, peer's) have arrived."""
        ours = [numbered(number, size) for number, size in enumerate(sizes)]
        theirs = [numbered(5000 + number, size) for number, size in enumerate(sizes)]
        calls = [self.host.begin_call("network_send_udp", self.socket, ADDRESS, peer.port, payload, len(payload))
                 for payload in theirs]
        peer.send(self.port, *ours)
        for call, payload in zip(calls, theirs):
            self.assertEqual(call.result(), len(payload) + 12)
        heard, received = self.hears(peer, len(ours)), peer.receive(len(theirs))
        peer.wait_acknowledged(self.port)
        with peer.news:
            self.assertEqual(peer.events, [])
        return (received, theirs), (heard, ours)

    def test_sizes(self):
        peer = self.peer()
        for got, wanted in self.exchange(peer, self.SIZES):
            self.assertEqual(sorted(got), sorted(wanted))
        self.assert_quiet()

    def test_order(self):
        """Over a link that loses, doubles and reorders."""
        self.host.must("network_set_config", stepwire.CONFIG_RELIABLE_ORDERED, self.socket, 1)
        peer = self.peer(seed=1, link=LOSSY, ordered=True)
        generator = random.Random(1)
        sizes = [generator.choice((0, 5, 60, 60, 60, 500, 3000)) for _ in range(200)]
        for got, wanted in self.exchange(peer, [*sizes, 100_000, 7]):
            self.assertEqual(got, wanted)
        self.assert_quiet()

    def test_loss_without_order(self):
        for seed in range(3):
            with self.case(seed=seed):
                peer = self.peer(seed=seed, link=LOSSY)
                generator = random.Random(seed)
                sizes = [generator.choice((8, 60, 60, 500, 3000)) for _ in range(100)]
                for got, wanted in self.exchange(peer, [*sizes, 50_000]):
                    self.assertEqual(sorted(got), sorted(wanted))
        self.assert_quiet()

    def test_chunk_sizes(self):
        """The chunk size is the sender's choice, also 0 and more than fits into a frame of the network's."""
        for size in (1, 333, 4095):
            with self.case(size=size):
                peer = self.acquainted()
                with peer.news:
                    peer.session(self.port).sender.chunk_size = size
                    peer.endpoint.most_datagram = 65_507
                payloads = [numbered(number, 5 * size + number) for number in range(10)]
                peer.send(self.port, *payloads)
                self.assertEqual(self.hears(peer, 10), payloads)
                peer.wait_acknowledged(self.port)
                self.assert_alive(peer)
        self.assert_quiet()

    def test_an_empty_chunk_inside_a_message(self):
        peer = self.acquainted()
        chunks = [wire.Chunk(1, wire.FIRST, b"a"), wire.Chunk(2, wire.MIDDLE, b""), wire.Chunk(3, wire.LAST, b"b")]
        self.inject_chunks(peer, *chunks)
        with peer.news:
            peer.session(self.port).sender.next_sequence = 4
        self.assertEqual(self.hears(peer, 1), [b"ab"])
        self.assert_alive(peer)
        self.assert_quiet()

    def test_window(self):
        """The library keeps less than 4096 chunks above the lowest that is unacknowledged: the witness counts them."""
        peer = self.acquainted()
        with peer.news:
            session, receive, held = peer.session(self.port), peer.endpoint.receive, []
            first = session.receiver.missing

            def hold_the_first_back(address, datagram, at):
                message = wire.decode(datagram)
                chunks = getattr(getattr(message, "body", None), "chunks", [])
                if not held and any(chunk.sequence == first for chunk in chunks):
                    return
                receive(address, datagram, at)

            peer.endpoint.receive = hold_the_first_back
        payloads = [numbered(number, 8) for number in range(WINDOW + 300)]
        calls = [self.host.begin_call("network_send_udp", self.socket, ADDRESS, peer.port, payload, len(payload))
                 for payload in payloads]
        full = first + WINDOW - 1
        peer.wait(lambda: True if full in session.receiver.parts else None, "full window")
        held.append(True)
        self.assertEqual({call.result() for call in calls}, {8 + 12})
        self.assertEqual(sorted(peer.receive(len(payloads))), sorted(payloads))
        self.assert_alive(peer)

    def test_numbers_wrap(self):
        """A sender may leave out datagram numbers; so they can pass 2^32 in an afternoon."""
        peer = self.acquainted()
        for turn in range(12):
            with self.case(turn=turn):
                with peer.news:
                    peer.session(self.port).sender.skip_numbers(1_000_000_007)
                peer.send(self.port, numbered(turn, 50))
                self.assertEqual(self.hears(peer, 1), [numbered(turn, 50)])
                peer.wait_acknowledged(self.port)
        with peer.news:
            self.assertGreater(peer.session(self.port).sender.next_number, 1 << 33)
        self.assert_alive(peer)
        self.assert_quiet()

    def test_every_number_around_the_wrap(self):
        """The one whose low bits are 0 is left out, by the peer as the document wants it."""
        peer = self.acquainted()
        for _ in range(4):
            with peer.news:
                peer.session(self.port).sender.skip_numbers((1 << 30) - 2)
            peer.send(self.port, b"far")
            self.assertEqual(self.hears(peer, 1), [b"far"])
            peer.wait_acknowledged(self.port)
        for turn in range(20):
            peer.send(self.port, numbered(turn, 50))
            self.assertEqual(self.hears(peer, 1), [numbered(turn, 50)])
        peer.wait_acknowledged(self.port)
        with peer.news:
            self.assertTrue(1 << 32 < peer.session(self.port).sender.next_number < (1 << 32) + 40)
        self.assert_quiet()


@both_io_modes
class Endings(ReliableTestCase):
    def test_a_process_that_stood_still(self):
        """What arrived meanwhile is read before anybody is given up for being silent."""
        self.host.must("network_set_config", stepwire.CONFIG_RELIABLE_TIMEOUT, self.socket, 600)
        peer = self.acquainted(link={"delay": (150_000, 150_000)})
        for stall in range(3):
            with self.case(stall=stall):
                payload = b"under way %d" % stall

                def has_left():
                    bodies = [each.body for each in peer.seen if isinstance(each, wire.Data)]
                    return True if any(chunk.payload == payload for body in bodies for chunk in body.chunks) else None

                self.say(peer, payload)
                peer.wait(has_left, "datagram")
                os.kill(self.host.pid, signal.SIGSTOP)
                try:
                    self.assertEqual(peer.receive(1), [payload])
                    # Longer than the timeout; the acknowledgement waits in the system.
                    time.sleep(1)
                finally:
                    os.kill(self.host.pid, signal.SIGCONT)
                self.assert_alive(peer)
        self.assert_quiet()

    def test_destroy_says_close(self):
        peer = self.acquainted()
        self.host.must("network_destroy", self.socket)
        self.assertEqual(peer.event(reliable_peer.Ended), reliable_peer.Ended((ADDRESS, self.port), "closed 0", []))
        self.assert_quiet()

    def test_destroy_still_sends(self):
        """What was accepted before is delivered, then comes the close."""
        peer = self.acquainted(seed=3, link=LOSSY)
        payloads = [numbered(number, 400) for number in range(50)]
        self.say(peer, *payloads)
        self.host.must("network_destroy", self.socket)
        self.assertEqual(sorted(peer.receive(50)), sorted(payloads))
        peer.wait_seen(wire.Close)

    def test_codes_of_closes(self):
        errors = {1: stepwire.ERROR_HANDSHAKE, 2: stepwire.ERROR_TOO_BIG, 3: stepwire.ERROR_TOO_BIG, 4: stepwire.ERROR_CLOSED}
        for code in (0, 1, 2, 3, 4, 5, 255):
            with self.case(code=code):
                peer = self.acquainted()
                peer.close_session(self.port, code)
                event = self.disconnected(peer)
                self.assertEqual((event["error"], bool(event["reason"])), (errors.get(code, 0), code in errors))
                # The next message begins a session, as if there had been none.
                self.say(peer, b"again")
                self.assertEqual(peer.receive(1), [b"again"])
                self.assert_alive(peer)
        self.assert_quiet()

    def test_library_gives_up(self):
        self.host.must("network_set_config", stepwire.CONFIG_RELIABLE_TIMEOUT, self.socket, 300)
        peer = self.acquainted()
        peer.deaf = True
        self.say(peer, b"lost")
        began = time.monotonic()
        event = self.disconnected(peer)
        self.assertEqual(event["error"], stepwire.ERROR_TIMEOUT)
        self.assertTrue(0.25 <= time.monotonic() - began < 2, "the timeout is 300 ms")
        peer.deaf = False
        with peer.news:
            token = peer.session(self.port).peer_token
            peer.heard.clear()
        peer.send(self.port, b"nobody takes this")
        reset = peer.wait_heard(wire.Reset)
        self.assertEqual((reset.token, reset.gave_up), (token, True))
        ended = peer.event(reliable_peer.Ended)
        self.assertEqual((ended.why, ended.lost), ("reset", [b"nobody takes this"]))
        self.say(peer, b"anew")
        self.assertTrue(peer.wait_heard(wire.Confirm).gave_up, "the confirm says what became of the session before")
        self.assertEqual(peer.receive(1), [b"anew"])
        self.assert_alive(peer)
        self.assert_quiet()

    def test_library_gives_up_a_peer_that_was_never_there(self):
        self.host.must("network_set_config", stepwire.CONFIG_RELIABLE_TIMEOUT, self.socket, 300)
        peer = self.peer()
        peer.deaf = True
        self.say(peer, b"lost")
        self.assertEqual(self.disconnected(peer)["error"], stepwire.ERROR_TIMEOUT)
        self.assert_quiet()

    def test_library_gives_up_half_a_message(self):
        """What was received in part and is not continued counts like what is unacknowledged."""
        self.host.must("network_set_config", stepwire.CONFIG_RELIABLE_TIMEOUT, self.socket, 300)
        peer = self.acquainted()
        self.inject_chunks(peer, wire.Chunk(1, wire.FIRST, b"half"))
        self.assertEqual(self.disconnected(peer)["error"], stepwire.ERROR_TIMEOUT)
        self.assert_quiet()

    def test_peer_gave_up(self):
        """Both see it: the peer by its timeout, the library by the confirm that follows or by the reset."""
        peer = self.acquainted()
        peer.give_up(self.port)
        self.say(peer, b"nobody takes this")
        self.disconnected(peer)
        peer.send(self.port, b"anew")
        self.assertEqual(self.hears(peer, 1), [b"anew"])
        self.assert_alive(peer)
        self.assert_quiet()

    def test_peer_restarts_and_begins(self):
        """Another incarnation is reported even if nothing is lost."""
        peer = self.acquainted()
        peer.close()
        successor = self.peer(seed=1, port=peer.port)
        successor.send(self.port, b"I am new")
        self.disconnected(peer)
        self.assertEqual(self.hears(successor, 1), [b"I am new"])
        self.assert_alive(successor)
        self.assert_quiet()

    def test_peer_restarts_and_is_spoken_to(self):
        """What was said to the one that is gone is lost and reported, not given to the new one."""
        peer = self.acquainted()
        peer.close()
        successor = self.peer(seed=1, port=peer.port)
        self.say(successor, b"to the old one")
        self.disconnected(peer)
        self.say(successor, b"to the new one")
        self.assertEqual(successor.receive(1), [b"to the new one"])
        self.assert_alive(successor)
        self.assert_quiet()

    def test_library_restarts(self):
        """A process that takes over the port answers with another incarnation."""
        peer = self.peer()
        with self.dying_host() as old:
            _, port = self.open(old)
            peer.send(port, b"one")
            self.assertEqual(old.event(type=stepwire.TYPE_DATA)["payload"], b"one")
            peer.wait_acknowledged(port)
        new = self.start_host()
        self.open(new, port)
        peer.send(port, b"lost")
        ended = peer.event(reliable_peer.Ended)
        self.assertEqual((ended.why, ended.lost), ("restarted", [b"lost"]))
        peer.send(port, b"two")
        self.assertEqual(new.event(type=stepwire.TYPE_DATA)["payload"], b"two")
        self.assertEqual(list(new.events), [])

    @contextlib.contextmanager
    def dying_host(self):
        """A host that ends as if it were killed: its library says nothing."""
        host = Host(self.manual_io)
        try:
            yield host
        finally:
            host.process.kill()
            with self.assertRaises(AssertionError):
                host.stop()

    def test_forgotten_session(self):
        """A peer that lost the session a moment ago but not its incarnation: it may know the library by another address,
        so what it did not acknowledge is reported; without such nobody is told."""
        for waits in (False, True):
            with self.case(waits=waits):
                peer = self.acquainted()
                peer.forget(self.port)
                if waits:
                    self.say(peer, numbered(1, 3000))
                    self.disconnected(peer)
                peer.send(self.port, b"here again")
                self.assertEqual(self.hears(peer, 1), [b"here again"])
                self.assert_alive(peer)
        self.assert_quiet()

    def test_forgotten_in_the_middle_of_a_message(self):
        """A part was acknowledged, so the message may have arrived as far as the library can know: it is reported."""
        peer = self.acquainted()
        with peer.news:
            endpoint = peer.endpoint
            forgotten = endpoint.peers[ADDRESS, self.port].session
            receive, seen = endpoint.receive, []

            def forget_after_a_few(address, datagram, at):
                seen.append(datagram)
                if len(seen) == 20 and endpoint.peers[address].session is forgotten:
                    endpoint.peers[address].session = None
                receive(address, datagram, at)

            endpoint.receive = forget_after_a_few
        self.say(peer, numbered(1, 1 << 20))
        self.disconnected(peer)
        self.assert_alive_again(peer)
        self.assert_quiet()

    def assert_alive_again(self, peer):
        peer.send(self.port, b"here again")
        self.assertEqual(self.hears(peer, 1), [b"here again"])
        self.assert_alive(peer)

    def test_complete_messages_are_delivered_when_a_session_ends(self):
        """They were acknowledged, even if they wait for an earlier one that will not come."""
        self.host.must("network_set_config", stepwire.CONFIG_RELIABLE_ORDERED, self.socket, 1)
        peer = self.acquainted()
        self.inject_chunks(peer, wire.Chunk(2, wire.WHOLE, b"whole"))
        self.inject_chunks(peer, wire.Chunk(4, wire.FIRST, b"first "), wire.Chunk(5, wire.LAST, b"last"))
        self.inject_chunks(peer, wire.Chunk(7, wire.FIRST, b"never finished"))
        self.inject_chunks(peer, wire.Chunk(9, wire.LAST, b"never begun"))
        peer.close_session(self.port)
        self.assertEqual(self.hears(peer, 2), [b"whole", b"first last"])
        self.disconnected(peer)
        self.assert_quiet()


class Hostile(ReliableTestCase):
    """Whatever comes in, from the peer's address or another's: the session that stands goes on."""

    def tokens(self, peer):
        """The tokens of (the peer, the library)."""
        with peer.news:
            session = peer.session(self.port)
            return session.token, session.peer_token

    def answers(self, peer, *datagrams):
        """What the library sends back. A hello of ours behind them asks for the sign that they were looked at."""
        with peer.news:
            peer.heard.clear()
            end = peer.endpoint.draw_token()
        peer.inject(self.port, *datagrams, wire.Hello(end).encode())

        def answered():
            for index, message in enumerate(peer.heard):
                if isinstance(message, wire.Welcome) and message.token == end:
                    return peer.heard[:index]
            return None

        return peer.wait(answered, "welcome")

    def test_wrong_tokens(self):
        peer = self.acquainted()
        ours, theirs = self.tokens(peer)
        with peer.news:
            incarnation = peer.session(self.port).peer_incarnation
        ping = wire.Body(9, 0, 0, b"", [wire.Chunk(1, wire.WHOLE, b"forged")])
        for token in (0, ours, ours ^ 1, theirs ^ 1, theirs ^ 1 << 63, (1 << 64) - 1):
            with self.case(token=token):
                # With the token that the library addresses the peer by, it is its own datagram come back.
                refused = [wire.Reset(token, incarnation, False)] if token != ours else []
                self.assertEqual(self.answers(peer, wire.Data(token, ping).encode()), refused)
                confirm = wire.Confirm(token, ours, 0, 0, False, ping)
                self.assertEqual(self.answers(peer, confirm.encode()), refused)
                ignored = [wire.Close(token, 0), wire.Welcome(token, 1, 2, 3)]
                # A reset names the token by which its receiver addresses the session.
                ignored += [wire.Reset(token, incarnation, False)] if token != ours else []
                self.assertEqual(self.answers(peer, *[each.encode() for each in ignored]), [])
        self.assert_alive(peer)
        self.assert_quiet()

    def test_hello_in_a_session(self):
        """Anybody could have sent it: it is answered and changes nothing."""
        peer = self.acquainted()
        welcomes = self.answers(peer, *[wire.Hello(token).encode() for token in (0, 1, (1 << 64) - 1)])
        self.assertEqual([welcome.token for welcome in welcomes], [0, 1, (1 << 64) - 1])
        self.assert_alive(peer)
        self.assert_quiet()

    def test_replayed_confirms(self):
        peer = self.acquainted()
        ours, theirs = self.tokens(peer)
        with peer.news:
            stamp, incarnation = peer.session(self.port).stamp, peer.endpoint.incarnation
        confirm = wire.Confirm(theirs, ours, stamp, incarnation, False, wire.Body(1, 0, 0, b"", [
            wire.Chunk(0, wire.WHOLE, b"hello")]))
        # In its own session it is a duplicate; from elsewhere its token is nobody's.
        self.assertEqual([type(each) for each in self.answers(peer, confirm.encode()) if isinstance(each, wire.Reset)], [])
        stranger = self.peer()
        self.assertEqual([each.token for each in self.answers(stranger, confirm.encode())], [theirs])
        self.assert_alive(peer)
        # After its session it begins nothing, although its token is good for ten seconds.
        peer.close_session(self.port)
        self.disconnected(peer)
        self.assertEqual([each.token for each in self.answers(peer, confirm.encode())], [theirs])
        peer.send(self.port, b"anew")
        self.assertEqual(self.hears(peer, 1), [b"anew"])
        self.assertIn(theirs, [each.token for each in self.answers(peer, confirm.encode())])
        self.assert_alive(peer)
        self.assert_quiet()

    def test_other_versions(self):
        peer = self.acquainted()
        datagrams = [wire.Hello(1).encode(), wire.Close(self.tokens(peer)[1], 0).encode(), bytes(12)]
        foreign = [wire.MAGIC + bytes([version << 4 | kind]) + datagram[4:]
                   for datagram in datagrams for version in (2, 3) for kind in range(16)]
        self.assertEqual(self.answers(peer, *foreign), [])
        self.assert_alive(peer)
        self.assert_quiet()

    def test_plain_datagrams(self):
        """What is none of the protocol's business is delivered as it is."""
        peer = self.acquainted()
        token = self.tokens(peer)[1].to_bytes(8, "little")
        rest = token + bytes(40)
        plain = [b"", b"\xd7", wire.MAGIC, wire.MAGIC + b"\x14" + token[:7], wire.MAGIC + b"\x24" + token[:7]]
        plain += [wire.MAGIC + bytes([version << 4 | wire.DATA]) + rest for version in (0, *range(4, 16))]
        plain += [wire.MAGIC + bytes([0x10 | kind]) + rest for kind in (0, *range(7, 16))]
        for message in (wire.Hello(1), wire.Welcome(1, 2, 3, 4), wire.Reset(1, 2, False), wire.Close(1, 0)):
            plain += [message.encode()[:-1], message.encode() + b"\0"]
        plain += [wire.Data(1, wire.Body()).encode()[:-1], wire.Confirm(1, 2, 3, 4, False, wire.Body()).encode()[:-1]]
        self.assertEqual(self.answers(peer, *plain), [])
        self.assertEqual(self.hears(peer, len(plain)), plain)
        self.assert_alive(peer)
        self.assert_quiet()

    def test_mutations(self):
        """Bits turned, bytes lost, bytes added: each is plain data, dropped, or answered as a stranger's would be."""
        peer = self.acquainted()
        ours, theirs = self.tokens(peer)
        generator = random.Random(20240608)
        chunks = [wire.Chunk(1, wire.WHOLE, b"mutant"), wire.Chunk(2, wire.WHOLE, b"")]
        body = wire.Body(2, 1, 64, b"\0", chunks)
        samples = [each.encode() for each in (
            wire.Data(theirs, body), wire.Data(theirs, wire.Body(0, 1)), wire.Data(theirs ^ 5, body),
            wire.Confirm(theirs, ours, 1, 2, False, body), wire.Hello(1), wire.Welcome(ours, theirs, 1, 2),
            wire.Reset(theirs ^ 5, 1, False), wire.Close(theirs ^ 5, 0))]
        plain, dropped, refused, mutants = [], 0, [], []
        while len(mutants) < 600:
            mutant = mutated(generator, generator.choice(samples))
            try:
                message = wire.decode(mutant)
            except wire.Plain:
                plain.append(mutant)
            except wire.Dropped:
                dropped += 1
            else:
                in_session = isinstance(message, (wire.Data, wire.Close)) and message.token == theirs
                # A confirm with one right token is refused by the name of the session, which ends it here.
                confirms = isinstance(message, wire.Confirm) and message.token == theirs
                if in_session or confirms or isinstance(message, wire.Reset) and message.token == ours:
                    # To the library it comes from the peer: what the peer says, counts.
                    continue
                if isinstance(message, (wire.Data, wire.Confirm)):
                    refused.append(message.token)
            mutants.append(mutant)
        answers = []
        for place in range(0, len(mutants), 50):
            answers += self.answers(peer, *mutants[place:place + 50])
        self.assertEqual([each.token for each in answers if isinstance(each, wire.Reset)], refused)
        self.assertEqual(self.hears(peer, len(plain)), plain)
        self.assertTrue(len(plain) > 30 and dropped > 30 and len(refused) > 30)
        self.assert_alive(peer)
        self.assert_quiet()

    def test_acknowledgements_of_what_was_never_sent(self):
        """The datagram is dropped whole: its chunk is not taken."""
        peer = self.acquainted()
        chunk = wire.Chunk(1, wire.WHOLE, b"forged")
        for acknowledgement in ({"largest": 1000}, {"largest": 1 << 31}, {"largest": wire.LOW}):
            with self.case(**acknowledgement):
                number = self.inject_chunks(peer, chunk, **acknowledgement)
                self.assertEqual(self.answers(peer), [])
                self.assertFalse(self.acknowledges(peer, number))
        self.assert_alive(peer)
        self.assert_quiet()

    def acknowledges(self, peer, number):
        """Whether the library, asked with another datagram, acknowledges this one."""
        with peer.news:
            peer.heard.clear()
            duplicate = wire.Chunk(0, wire.WHOLE, b"hello")
        asked = self.inject_chunks(peer, duplicate)

        def answered():
            for message in peer.heard:
                if isinstance(message, wire.Data) and message.body.largest >= asked:
                    return number in [message.body.largest + relative for relative in message.body.acknowledged()]
            return None

        return peer.wait(answered, "acknowledgement")

    def test_parts_that_do_not_fit(self):
        """They break the protocol, in whichever order they come."""
        inside, outside = (wire.FIRST, wire.MIDDLE), (wire.WHOLE, wire.LAST)
        cases = [(before, after) for before in inside for after in (wire.WHOLE, wire.FIRST)]
        cases += [(before, after) for before in outside for after in (wire.MIDDLE, wire.LAST)]
        for before, after in cases:
            for backwards in (False, True):
                with self.case(before=before, after=after, backwards=backwards):
                    peer = self.acquainted()
                    chunks = [wire.Chunk(2, before, b"a"), wire.Chunk(3, after, b"b")]
                    chunks.insert(0, wire.Chunk(1, wire.WHOLE if before in (wire.WHOLE, wire.FIRST) else wire.FIRST, b"x"))
                    for chunk in chunks[::-1 if backwards else 1]:
                        self.inject_chunks(peer, chunk)
                    self.assertEqual(peer.event(reliable_peer.Ended).why, "closed 1")
                    self.assertEqual(self.disconnected(peer)["error"], stepwire.ERROR_HANDSHAKE)
        for part in (wire.MIDDLE, wire.LAST):
            with self.case(first=part):
                peer = self.acquainted()
                self.inject_chunks(peer, wire.Chunk(1, part, b"a"))
                self.assertEqual(peer.event(reliable_peer.Ended).why, "closed 1")
                self.disconnected(peer)

    def test_chunks_beyond_the_window(self):
        """They are neither taken nor acknowledged; the last one inside is."""
        peer = self.acquainted()
        missing = 1
        for sequence in (missing + WINDOW, missing + WINDOW + 1, missing + (1 << 30), missing + (1 << 31) - 1):
            with self.case(sequence=sequence):
                number = self.inject_chunks(peer, wire.Chunk(sequence, wire.WHOLE, b"beyond"))
                self.assertFalse(self.acknowledges(peer, number))
        number = self.inject_chunks(peer, wire.Chunk(missing + WINDOW - 1, wire.WHOLE, b"the last"))
        self.assertEqual(self.hears(peer, 1), [b"the last"])
        self.assertTrue(self.acknowledges(peer, number))
        # Numbers below are duplicates, also those that would be below 0.
        for sequence in (0, wire.LOW, 1 << 31 | 1 << 30):
            number = self.inject_chunks(peer, wire.Chunk(sequence, wire.WHOLE, b"old"))
            if sequence == 0:
                self.assertTrue(self.acknowledges(peer, number))
        self.assert_alive(peer)
        self.assert_quiet()

    def test_duplicates_in_new_datagrams(self):
        peer = self.acquainted()
        for _ in range(20):
            number = self.inject_chunks(peer, wire.Chunk(1, wire.WHOLE, b"once"), wire.Chunk(2, wire.WHOLE, b"only"))
            self.assertTrue(self.acknowledges(peer, number))
        self.assertEqual(self.hears(peer, 2), [b"once", b"only"])
        self.assert_quiet()

    def test_too_big(self):
        """What breaks the limit is the end of a datagram, and nothing comes after it."""
        self.host.must("network_set_config", stepwire.CONFIG_MESSAGE_SIZE_LIMIT, self.socket, 5000)
        peer = self.acquainted()
        payload = numbered(1, 5001)
        first, last = wire.Chunk(1, wire.FIRST, payload[:4000]), wire.Chunk(2, wire.LAST, payload[4000:5000])
        self.inject_chunks(peer, first, last)
        self.assertEqual(self.hears(peer, 1), [payload[:5000]])
        first, last = wire.Chunk(3, wire.FIRST, payload[:4000]), wire.Chunk(4, wire.LAST, payload[4000:])
        self.inject_chunks(peer, first, last)
        self.assertEqual(peer.event(reliable_peer.Ended).why, "closed 2")
        self.assertEqual(self.disconnected(peer)["error"], stepwire.ERROR_TOO_BIG)
        self.assert_quiet()

    def test_strangers_get_less_than_they_give(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.settimeout(0.05)
            stranger.connect((ADDRESS, self.port))
            datagrams = [each.encode() for each in (
                wire.Hello(7), wire.Welcome(1, 2, 3, 4), wire.Confirm(1, 2, 3, 4, False, wire.Body()),
                wire.Data(1, wire.Body()), wire.Reset(1, 2, True), wire.Close(1, 0))]
            for datagram in datagrams:
                stranger.send(datagram)
                answers = []
                with contextlib.suppress(TimeoutError):
                    while True:
                        answers.append(stranger.recv(2000))
                wanted = [] if wire.decode(datagram).__class__ in (wire.Welcome, wire.Reset, wire.Close) else [1]
                self.assertEqual(len(answers), len(wanted), datagram.hex())
                self.assertLess(sum(map(len, answers)), len(datagram))
        self.assert_quiet()


class Turmoil(ReliableTestCase):
    """Peers that vanish, come back, fall silent, give up and close at any moment, over links that lose and reorder."""

    SEED = 20240609
    PEERS, STEPS = 6, 120

    def setUp(self):
        super().setUp()
        self.host.must("network_set_config", stepwire.CONFIG_RELIABLE_TIMEOUT, self.socket, 400)
        self.random = random.Random(self.SEED)
        self.sent = {}
        """By port: payloads that the library sent there, and those that were sent from there."""
        self.gone = {}
        """By port: events of peers that were killed."""
        self.mortal = {}
        """By port: what killed peers had sent, which may be lost without a report."""

    def test_nothing_comes_twice_and_nothing_is_lost_in_silence(self):
        peers = [self.newcomer(number) for number in range(self.PEERS)]
        for step in range(self.STEPS):
            place = self.random.randrange(len(peers))
            peers[place] = self.disturb(peers[place], step)
        for peer in peers:
            peer.deaf = False
        for peer in peers:
            self.settle_with(peer)
        for peer in peers:
            with self.case(seed=self.SEED, port=peer.port):
                self.judge(peer)

    def newcomer(self, seed, port=0):
        return self.peer(seed=seed, port=port, link=LOSSY, timeout=400_000)

    def disturb(self, peer, step):
        """Does one thing to a peer, and returns who is at its port now."""
        theirs, ours = self.sent.setdefault(peer.port, ([], []))
        what = self.random.random()
        if what < 0.35:
            payload = numbered(step, self.random.choice((20, 20, 3000)))
            theirs.append(payload)
            self.say(peer, payload)
        elif what < 0.7:
            payload = numbered(10_000 + step, self.random.choice((20, 20, 3000)))
            ours.append(payload)
            peer.send(self.port, payload)
        elif what < 0.78:
            peer.deaf = not peer.deaf
        elif what < 0.84:
            peer.close_session(self.port, self.random.randrange(4))
        elif what < 0.88:
            peer.give_up(self.port)
        elif what < 0.93:
            return self.replace(peer, step)
        else:
            time.sleep(self.random.choice((0.005, 0.05)))
        return peer

    def replace(self, peer, step):
        """Another one takes the port of a peer that was killed."""
        peer.close()
        self.gone.setdefault(peer.port, []).extend(peer.events)
        self.mortal.setdefault(peer.port, set()).update(self.sent[peer.port][1])
        return self.newcomer(1000 + step, peer.port)

    def settle_with(self, peer):
        """Until each side has heard the other's last word, and nothing said before is still under way."""
        theirs, ours = self.sent.setdefault(peer.port, ([], []))
        deadline = time.monotonic() + 20
        for attempt in itertools.count():
            last = numbered(20_000 + attempt, 30)
            ours.append(last)
            theirs.append(last)
            peer.send(self.port, last)
            self.say(peer, last)
            if self.meet(peer, last):
                break
            self.assertLess(time.monotonic(), deadline, "no session comes about")
        peer.wait_idle(self.port)
        wait_until(lambda: self.library_lost_something(peer) or all(
            self.heard_by_peer(peer, payload) for payload in theirs), "what the library said")

    def meet(self, peer, last):
        """Whether both sides heard it, within a timeout and a bit."""
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: self.heard_by_library(peer, last) and self.heard_by_peer(peer, last), "it", timeout=1.5)
            return True
        return False

    def library_lost_something(self, peer):
        """As far as its events say, or as the port had more than one peer."""
        disconnects = [each for each in list(self.host.events) if each["type"] == stepwire.TYPE_DISCONNECT]
        return peer.port in self.gone or any(event["port"] == peer.port for event in disconnects)

    def heard_by_library(self, peer, payload):
        return any(event["payload"] == payload and event["port"] == peer.port for event in list(self.host.events))

    def heard_by_peer(self, peer, payload):
        with peer.news:
            return any(isinstance(event, reliable_peer.Received) and event.payload == payload for event in peer.events)

    def judge(self, peer):
        theirs, ours = self.sent[peer.port]
        heard = [event["payload"] for event in list(self.host.events)
                 if event["type"] == stepwire.TYPE_DATA and event["port"] == peer.port]
        with peer.news:
            events = self.gone.get(peer.port, []) + peer.events
        received = [event.payload for event in events if isinstance(event, reliable_peer.Received)]
        reported = {payload for event in events if isinstance(event, reliable_peer.Ended) for payload in event.lost}
        self.assertEqual(len(heard), len(set(heard)), "the library heard something twice")
        self.assertEqual(len(received), len(set(received)), "the peer heard something twice")
        lost = set(ours) - set(heard) - reported - self.mortal.get(peer.port, set())
        self.assertEqual(lost, set(), "the peer was not told of a loss")
        if not self.library_lost_something(peer):
            self.assertEqual(set(theirs) - set(received), set(), "the library lost something and did not say so")


def mutated(generator, datagram):
    """The datagram after one to three accidents."""
    datagram = bytearray(datagram)
    for _ in range(generator.randint(1, 3)):
        place = generator.randrange(len(datagram)) if datagram else 0
        accident = generator.randrange(5)
        if accident < 2 and datagram:
            datagram[place] ^= 1 << generator.randrange(8)
        elif accident == 2 and datagram:
            datagram[place] = generator.choice((0, 1, 127, 128, 255))
        elif accident == 3:
            del datagram[place:]
        else:
            datagram[place:place] = generator.randbytes(generator.randint(1, 40))
    return bytes(datagram)


if __name__ == "__main__":
    unittest.main()
