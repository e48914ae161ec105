"""Peers that do not read, read late, or send byte by byte: bounded memory, nothing cut, others served."""

import contextlib
import socket
import threading

import gamemaker
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until
from payloads import Digest, numbered, summary_of
from pressure import MIB, MemoryTestCase


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
