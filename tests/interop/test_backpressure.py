"""Peers that do not read, programs that do not poll, and floods: bounded memory, nothing cut, nothing lost."""

import contextlib
import itertools
import select
import socket
import threading

import gamemaker
import process
import segmenter
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until
from payloads import Digest, numbered, summary_of

MIB = 1 << 20
# How long a sender's socket stays full before that counts as push-back.
STUCK = 1.0


def push_all(connections, chunks):
    """Writes each connection's chunks until all are pushed back.

    Returns for each (chunks begun, bytes of the last of them that are still to be sent).
    """
    begun, rests = [0] * len(connections), [b""] * len(connections)
    sources = [iter(each) for each in chunks]
    for connection in connections:
        connection.socket.setblocking(False)
    numbers = {connection.socket: number for number, connection in enumerate(connections)}
    while ready := select.select([], numbers, [], STUCK)[1]:
        for sock in ready:
            number = numbers[sock]
            if not rests[number]:
                rests[number] = next(sources[number], None)
                if rests[number] is None:
                    raise AssertionError(f"all {begun[number]} chunks were taken: nobody pushes back")
                begun[number] += 1
            rests[number] = rests[number][sock.send(rests[number]):]
    for connection in connections:
        connection.socket.settimeout(gamemaker.DEADLINE)
    return list(zip(begun, rests))


def push(connection, chunks):
    """The same for one connection."""
    return push_all([connection], [chunks])[0]


class MemoryTestCase(HostTestCase):
    def setUp(self):
        super().setUp()
        self.host.set(report="digest")

    def remember_memory(self):
        process.reset_peak(self.host.pid)
        self.memory = process.resident(self.host.pid)

    def assert_memory_grew_at_most(self, size):
        grown = process.peak(self.host.pid) - self.memory
        self.assertLess(grown, size, f"{grown >> 20} MiB more than before")

    def wait_for_digest(self, client, wanted):
        """Until the host has seen as many packets as wanted; then they must be exactly those."""
        wait_until(lambda: self.host.do("digest", socket=client)["packets"] >= wanted["packets"],
                   "the packets", timeout=20)
        self.assertEqual(self.host.do("digest", socket=client), wanted)


@both_io_modes
class PeersThatDoNotRead(MemoryTestCase):
    def check(self, size, limit, most_memory):
        server, port = self.host.listen()
        peer, client = self.joined(server, port, receive_buffer=4096)
        self.remember_memory()
        taken = 0

        def full():
            """The library's queue, after the kernel has taken what it will; until then there is room again."""
            nonlocal taken
            filled = self.host.do("fill", socket=client, size=size, count=100_000, first=taken)
            self.assertEqual(filled["result"], stepwire.ERROR_QUEUE_FULL)
            taken += filled["taken"]
            return self.host.call("network_get_stat", client, "send_queue") >= limit

        wait_until(full, "a full queue")
        self.assertLess(self.host.call("network_get_stat", client, "send_queue"), limit + size)
        self.assert_memory_grew_at_most(most_memory)
        # Others are served meanwhile.
        self.host.set(echo=True)
        other, _ = self.joined(server, port)
        other.send_packets(b"and me?")
        self.assertEqual(other.receive_packet(), b"and me?")
        self.host.set(echo=False)
        # Nothing of the refused message was taken, nothing of the others is missing or cut.
        got = Digest()
        for _ in range(taken):
            got.add(peer.receive_packet())
        self.assertEqual(got.summary(), summary_of(numbered(number, size) for number in range(taken)))
        # With the queue empty again, the connection is as good as new.
        wait_until(lambda: self.host.call("network_get_stat", client, "send_queue") == 0, "an empty queue")
        self.assertEqual(self.host.call("network_send_packet", client, b"next", 4), 16)
        self.assertEqual(peer.receive_packet(), b"next")

    def test_the_default_limit_is_16_mib(self):
        self.check(size=60_000, limit=16 * MIB, most_memory=40 * MIB)

    def test_a_small_limit_with_small_packets(self):
        self.host.must("network_set_config", stepwire.CONFIG_SEND_QUEUE_LIMIT, -1, MIB)
        self.check(size=500, limit=MIB, most_memory=16 * MIB)

    def test_a_message_over_the_limit_goes_to_an_empty_queue_only(self):
        self.host.must("network_set_config", stepwire.CONFIG_SEND_QUEUE_LIMIT, -1, MIB)
        server, port = self.host.listen()
        peer, client = self.joined(server, port, receive_buffer=4096)
        filled = self.host.do("fill", socket=client, size=12 * MIB, count=10)
        # The second may find the queue below its limit only if the kernel took nearly all of the first.
        self.assertEqual(filled, {"taken": 1, "result": stepwire.ERROR_QUEUE_FULL})
        self.assertTrue(peer.receive_packet() == numbered(0, 12 * MIB))


class ProgramsThatDoNotPoll(MemoryTestCase):
    """With manual I/O nothing moves without a poll, so only the I/O thread can do wrong here."""

    def flood(self, payloads, most_memory):
        server, port = self.host.listen()
        peer, client = self.joined(server, port, send_buffer=65536)
        self.host.set(poll=False)
        self.remember_memory()
        begun, rest = push(peer, (gamemaker.packets(*group) for group in payloads()))
        self.assert_memory_grew_at_most(most_memory)
        # Everything that was written arrives, once somebody looks.
        self.host.set(poll=True)
        peer.send(rest)
        sent = [payload for group in itertools.islice(payloads(), begun) for payload in group]
        self.wait_for_digest(client, summary_of(sent))
        # And the connection goes on.
        self.host.set(report="full")
        peer.send_packets(b"still here")
        self.assertEqual(self.host.event(id=client)["payload"], b"still here")

    def test_large_packets_push_back(self):
        self.flood(lambda: ([numbered(number, 65536)] for number in range(4000)), 48 * MIB)

    def test_small_packets_push_back(self):
        """Every event costs more than its few bytes of payload, and that must count."""
        self.host.must("network_set_config", stepwire.CONFIG_RECEIVE_QUEUE_LIMIT, -1, MIB)
        self.flood(lambda: ([numbered(group * 1000 + number, 8) for number in range(1000)]
                            for group in range(5000)), 24 * MIB)

    def test_empty_packets_at_every_alignment(self):
        """Wherever the library's buffers end, an empty packet ends there too, sooner or later."""
        server, port = self.host.listen()
        for shift in range(12):
            with self.case(shift=shift):
                peer, client = self.joined(server, port)
                self.host.set(poll=False)
                payloads = [bytes(shift), *[b""] * 100_000]
                sending = threading.Thread(target=peer.send_packets, args=payloads)
                sending.start()
                self.host.set(poll=True)
                self.wait_for_digest(client, summary_of(payloads))
                sending.join()
                peer.close()

    def test_empty_packets_push_back(self):
        self.host.must("network_set_config", stepwire.CONFIG_RECEIVE_QUEUE_LIMIT, -1, MIB)
        self.flood(lambda: ([b""] * 5000 for _ in range(2000)), 24 * MIB)

    def test_empty_packets_push_back_at_the_default_limit(self):
        self.flood(lambda: ([b""] * 5000 for _ in range(2000)), 64 * MIB)

    def test_an_end_behind_a_push_back_comes_last(self):
        for end in (gamemaker.Connection.finish, gamemaker.Connection.close):
            with self.case(end=end.__name__):
                server, port = self.host.listen()
                peer, client = self.joined(server, port, send_buffer=65536)
                self.host.must("network_set_config", stepwire.CONFIG_RECEIVE_QUEUE_LIMIT, client, MIB)
                self.host.set(poll=False)
                begun, rest = push(peer, self.numbered_packets(1000, 50_000))
                self.host.set(poll=True)
                peer.send(rest)
                end(peer)
                event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)
                self.assertEqual(event["error"], 0)
                self.assertEqual(self.host.do("digest", socket=client),
                                 summary_of(numbered(number, 50_000) for number in range(begun)))
                self.assert_quiet()

    def test_a_reset_behind_a_push_back_comes_last(self):
        server, port = self.host.listen()
        peer, client = self.joined(server, port, send_buffer=65536)
        self.host.must("network_set_config", stepwire.CONFIG_RECEIVE_QUEUE_LIMIT, client, MIB)
        self.host.set(poll=False)
        begun, _ = push(peer, self.numbered_packets(1000, 50_000))
        peer.reset()
        # The library may find out by a write that fails; the host's queue is of no use then.
        self.host.do("fill", socket=client, size=1000, count=100)
        self.host.set(poll=True)
        event = self.host.next_event()
        self.assertEqual((event["type"], event["socket"], event["error"]),
                         (stepwire.TYPE_DISCONNECT, client, stepwire.ERROR_CLOSED))
        got = self.host.do("digest", socket=client)
        self.assertLess(got["packets"], begun)
        self.assertEqual(got, summary_of(numbered(number, 50_000) for number in range(got["packets"])))
        self.assert_quiet()

    def test_a_flush_survives_what_was_never_read(self):
        """Neither the unread input nor the peer's end behind it may turn the close into a reset."""
        self.host.must("network_set_config", stepwire.CONFIG_RECEIVE_QUEUE_LIMIT, -1, 65536)
        for finished in (False, True):
            # One packet fits into the kernel's buffers, so that the library is done with it at once.
            for count in (1, 32):
                with self.case(finished=finished, count=count):
                    self.check_flush(finished, count)

    def check_flush(self, finished, count):
        server, port = self.host.listen()
        peer, client = self.joined(server, port, receive_buffer=65536)
        self.host.set(poll=False)
        # The first brings the library to its limit; the second it leaves where it is.
        peer.send_packets(numbered(0, 100_000))
        wait_until(lambda: self.host.call("network_get_stat", client, "receive_queue") == 100_000, "the first")
        peer.send_packets(numbered(1, 10_000))
        if finished:
            peer.finish()
        with segmenter.PeerQueue() as queue:
            # The end counts as one more byte.
            wait_until(lambda: queue.unread(peer.socket) == 10_012 + finished, "the second")
        self.assertEqual(self.host.do("fill", socket=client, size=65536, count=count, destroy=True)["taken"], count)
        got, ending = peer.receive_until_end()
        self.assertEqual(summary_of(got), summary_of(numbered(number, 65536) for number in range(count)))
        self.assertEqual(ending, gamemaker.END_ORDERLY)
        self.host.set(poll=True)
        self.assert_quiet()

    def test_all_waiting_events_together_are_bounded(self):
        self.host.must("network_set_config", stepwire.CONFIG_TOTAL_QUEUE_LIMIT, 4 * MIB, 0)
        server, port = self.host.listen()
        pairs = [self.joined(server, port, send_buffer=65536) for _ in range(8)]
        self.host.set(poll=False)
        self.remember_memory()
        peers = [peer for peer, _ in pairs]
        pushed = push_all(peers, [self.numbered_packets(1000, 50_000) for _ in peers])
        self.assert_memory_grew_at_most(24 * MIB)
        self.host.set(poll=True)
        for (peer, client), (begun, rest) in zip(pairs, pushed):
            peer.send(rest)
            self.wait_for_digest(client, summary_of(numbered(number, 50_000) for number in range(begun)))

    def numbered_packets(self, count, size):
        return (gamemaker.packet(numbered(number, size)) for number in range(count))

    def test_a_raw_stream_pushes_back(self):
        server, port = self.host.listen(raw=True)
        peer = self.connect(port, send_buffer=65536)
        client = self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]
        self.host.set(poll=False)
        self.remember_memory()
        begun, rest = push(peer, (numbered(number, 65536) for number in range(4000)))
        self.assert_memory_grew_at_most(48 * MIB)
        self.host.set(poll=True)
        peer.send(rest)
        wait_until(lambda: self.host.do("digest", socket=client)["bytes"] == begun * 65536, "the stream",
                   timeout=20)

    def test_a_client_that_does_not_poll_pushes_back(self):
        with gamemaker.Server() as server:
            client = self.host.must("network_create_socket", stepwire.SOCKET_TCP)
            self.host.must("network_set_config", stepwire.CONFIG_RECEIVE_QUEUE_LIMIT, client, MIB)
            pending = self.host.begin_call("network_connect", client, "127.0.0.1", server.port)
            connection, _ = server.accept()
            self.addCleanup(connection.close)
            pending.result()
            self.host.set(poll=False)
            self.remember_memory()
            begun, rest = push(connection, self.numbered_packets(20_000, 10_000))
            self.assert_memory_grew_at_most(24 * MIB)
            self.host.set(poll=True)
            connection.send(rest)
            self.wait_for_digest(client, summary_of(numbered(number, 10_000) for number in range(begun)))


@both_io_modes
class LimitsBelowOneMessage(MemoryTestCase):
    def check(self):
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        payloads = [numbered(number, 3 * MIB) for number in range(4)]
        peer.send_packets(*payloads)
        self.wait_for_digest(client, summary_of(payloads))

    def test_a_message_over_the_receive_queue_limit_still_arrives(self):
        self.host.must("network_set_config", stepwire.CONFIG_RECEIVE_QUEUE_LIMIT, -1, 65536)
        self.check()

    def test_a_message_over_the_total_limit_still_arrives(self):
        self.host.must("network_set_config", stepwire.CONFIG_TOTAL_QUEUE_LIMIT, MIB, 0)
        self.check()


@both_io_modes
class SlowPeers(HostTestCase):
    def test_clients_that_send_a_byte_per_second(self):
        """A hundred of them, for some seconds, while another client has a quick conversation."""
        self.host.set(echo=True, report="none")
        _, port = self.host.listen(max_client=200)
        slow = [self.join(port) for _ in range(100)]
        quick = self.join(port)
        stream = gamemaker.packet(b"slow") * 2
        stop = threading.Event()
        sent = 0

        def trickle():
            nonlocal sent
            while not stop.wait(1) and sent < 4:
                for peer in slow:
                    peer.send(stream[sent:sent + 1])
                sent += 1

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            turn = 0
            while thread.is_alive():
                quick.send_packets(numbered(turn, 200))
                self.assertEqual(quick.receive_packet(), numbered(turn, 200))
                turn += 1
        finally:
            stop.set()
            thread.join()
        for peer in slow:
            peer.send(stream[sent:])
            self.assertEqual(peer.receive_packets(2), [b"slow", b"slow"])

    def test_loud_clients_do_not_starve_a_quiet_one(self):
        for count in (1, 6):
            with self.case(loud=count):
                self.check_fairness(count)

    def check_fairness(self, count):
        host = self.host if count == 1 else self.start_host()
        host.set(echo=True, report="none")
        _, port = host.listen()
        loud, quiet = [self.join(port) for _ in range(count)], self.join(port)
        flood = gamemaker.packets(*[numbered(number, 1000) for number in range(64)])

        def send(peer):
            # The end comes from outside, and may come in the middle of a packet.
            with contextlib.suppress(OSError):
                while True:
                    peer.send(flood)

        def read(peer):
            with contextlib.suppress(OSError):
                while peer.socket.recv(1 << 20):
                    pass

        threads = [threading.Thread(target=each, args=(peer,)) for peer in loud for each in (send, read)]
        for thread in threads:
            thread.start()
        try:
            for turn in range(20):
                quiet.send_packets(numbered(turn, 100))
                self.assertEqual(quiet.receive_packet(), numbered(turn, 100))
        finally:
            for peer in loud:
                with contextlib.suppress(OSError):
                    peer.socket.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()
