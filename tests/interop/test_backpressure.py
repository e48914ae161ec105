"""Peers that do not read, programs that do not poll, and floods: bounded memory, nothing cut, nothing lost."""

import select
import threading

import gamemaker
import process
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until
from payloads import Digest, numbered, summary_of

MIB = 1 << 20
# How long a sender's socket stays full before that counts as push-back.
STUCK = 1.0


def push(connection, chunks):
    """Writes until the peer pushes back; returns (bytes written, the rest of the chunk that got stuck)."""
    connection.socket.setblocking(False)
    written = 0
    for chunk in chunks:
        view = memoryview(chunk)
        while view:
            if not select.select([], [connection.socket], [], STUCK)[1]:
                connection.socket.settimeout(gamemaker.DEADLINE)
                return written, bytes(view)
            count = connection.socket.send(view)
            written += count
            view = view[count:]
    raise AssertionError(f"all {written} bytes were taken: nobody pushes back")


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
                   "the packets", timeout=60)
        self.assertEqual(self.host.do("digest", socket=client), wanted)


@both_io_modes
class PeersThatDoNotRead(MemoryTestCase):
    def check(self, size, limit, most_memory):
        server, port = self.host.listen()
        peer, client = self.joined(server, port, receive_buffer=4096)
        self.remember_memory()
        filled = self.host.do("fill", socket=client, size=size, count=100_000)
        self.assertEqual(filled["result"], stepwire.ERROR_QUEUE_FULL)
        taken = filled["taken"]
        self.assertGreaterEqual(taken * (size + 12), limit)
        if not self.manual_io:
            # The kernel may have taken some more since; with manual I/O it takes its whole share only now.
            self.assertGreaterEqual(self.host.call("network_get_stat", client, "send_queue"), limit // 2)
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
        written, rest = push(peer, (gamemaker.packets(*group) for group in payloads()))
        self.assert_memory_grew_at_most(most_memory)
        # Everything that was written arrives, once somebody looks.
        self.host.set(poll=True)
        peer.send(rest)
        sent, size = [], 0
        for group in payloads():
            sent += group
            size += sum(12 + len(payload) for payload in group)
            if size >= written + len(rest):
                break
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

    def test_empty_packets_push_back(self):
        self.host.must("network_set_config", stepwire.CONFIG_RECEIVE_QUEUE_LIMIT, -1, MIB)
        self.flood(lambda: ([b""] * 5000 for _ in range(2000)), 24 * MIB)

    def test_empty_packets_push_back_at_the_default_limit(self):
        self.flood(lambda: ([b""] * 5000 for _ in range(2000)), 64 * MIB)

    def test_all_waiting_events_together_are_bounded(self):
        self.host.must("network_set_config", stepwire.CONFIG_TOTAL_QUEUE_LIMIT, 4 * MIB, 0)
        server, port = self.host.listen()
        pairs = [self.joined(server, port, send_buffer=65536) for _ in range(8)]
        self.host.set(poll=False)
        self.remember_memory()
        rests = [push(peer, (gamemaker.packet(numbered(number, 50_000)) for number in range(1000)))
                 for peer, _ in pairs]
        self.assert_memory_grew_at_most(24 * MIB)
        self.host.set(poll=True)
        for (peer, client), (written, rest) in zip(pairs, rests):
            peer.send(rest)
            count = (written + len(rest)) // 50_012
            self.wait_for_digest(client, summary_of(numbered(number, 50_000) for number in range(count)))

    def test_a_raw_stream_pushes_back(self):
        server, port = self.host.listen(raw=True)
        peer = self.connect(port, send_buffer=65536)
        client = self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]
        self.host.set(poll=False)
        self.remember_memory()
        written, rest = push(peer, (numbered(number, 65536) for number in range(4000)))
        self.assert_memory_grew_at_most(48 * MIB)
        self.host.set(poll=True)
        peer.send(rest)
        wait_until(lambda: self.host.do("digest", socket=client)["bytes"] == written + len(rest), "the stream",
                   timeout=60)

    def test_a_client_that_does_not_poll_pushes_back(self):
        with gamemaker.Server() as server:
            socket = self.host.must("network_create_socket", stepwire.SOCKET_TCP)
            self.host.must("network_set_config", stepwire.CONFIG_RECEIVE_QUEUE_LIMIT, socket, MIB)
            pending = self.host.begin_call("network_connect", socket, "127.0.0.1", server.port)
            connection, _ = server.accept()
            self.addCleanup(connection.close)
            pending.result()
            self.host.set(poll=False)
            self.remember_memory()
            written, rest = push(connection, (gamemaker.packet(numbered(number, 10_000)) for number in range(20_000)))
            self.assert_memory_grew_at_most(24 * MIB)
            self.host.set(poll=True)
            connection.send(rest)
            count = (written + len(rest)) // 10_012
            self.wait_for_digest(socket, summary_of(numbered(number, 10_000) for number in range(count)))


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

    def test_a_loud_client_does_not_starve_a_quiet_one(self):
        self.host.set(echo=True, report="none")
        _, port = self.host.listen()
        loud, quiet = self.join(port), self.join(port)
        flood = gamemaker.packets(*[numbered(number, 1000) for number in range(64)])
        stop = threading.Event()

        def send():
            try:
                while not stop.is_set():
                    loud.send(flood)
            except OSError:
                pass

        def read():
            try:
                while loud.socket.recv(1 << 20):
                    pass
            except OSError:
                pass

        threads = [threading.Thread(target=target) for target in (send, read)]
        for thread in threads:
            thread.start()
        try:
            for turn in range(50):
                quiet.send_packets(numbered(turn, 100))
                self.assertEqual(quiet.receive_packet(), numbered(turn, 100))
        finally:
            stop.set()
            loud.socket.shutdown(2)
            for thread in threads:
                thread.join()
