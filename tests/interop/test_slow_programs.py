"""Programs that do not poll: whoever floods them is pushed back, memory stays bounded, and nothing is lost."""

import itertools
import threading

import gamemaker
import segmenter
import stepwire
from hosting import both_io_modes, wait_until
from payloads import numbered, summary_of
from pressure import MIB, MemoryTestCase, push, push_all


class ProgramsThatDoNotPoll(MemoryTestCase):
    """With manual I/O nothing moves without a poll, so only the I/O thread can do wrong here."""

    polling = "event"

    def setUp(self):
        super().setUp()
        self.host.set(polling=self.polling)

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


class ProgramsThatDoNotPollButThenByCallback(ProgramsThatDoNotPoll):
    """A callback gets all that waits at once, however much that is."""

    polling = "callback"


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
