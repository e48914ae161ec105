"""No signal ever reaches the program, and the program's signals are its own."""

import os
import signal

import process
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until

ROUNDS = 100


@both_io_modes
class Signals(HostTestCase):
    def assert_nothing_pending(self):
        for thread, (pending, _) in process.signals(self.host.pid).items():
            self.assertEqual(pending, 0, f"thread {thread} has signals pending: {pending:#x}")

    def test_peers_that_reset_in_the_middle_of_a_burst(self):
        """SIGPIPE keeps its default in the host: one signal and the host is dead."""
        server, port = self.host.listen()
        for turn in range(ROUNDS):
            peer, client = self.joined(server, port)
            size = 1000 + 400 * turn
            burst = self.host.begin("fill", socket=client, size=size, count=300)
            if turn % 3:
                peer.receive_packets(turn % 3)
            peer.reset() if turn % 2 else peer.close()
            # Either all was taken, or the connection went away underneath the burst.
            self.assertIn(burst.result()["result"], (size + 12, stepwire.ERROR_QUEUE_FULL, stepwire.ERROR_CLOSED,
                                                     stepwire.ERROR_BAD_HANDLE))
            self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)
        self.assert_no_signals()
        self.assert_nothing_pending()

    def test_the_threads_of_the_library_block_every_signal(self):
        server, port = self.host.listen()
        self.joined(server, port)
        # A name brings the resolver's threads in as well.
        socket = self.host.must("network_create_socket", stepwire.SOCKET_TCP)
        self.host.must("network_connect_async", socket, "localhost", port)
        self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=socket, succeeded=1)
        masks = process.signals(self.host.pid)
        _, blocked_in_main = masks.pop(self.host.pid)
        self.assertEqual(blocked_in_main & process.BLOCKABLE, 0)
        if not self.manual_io:
            self.assertGreaterEqual(len(masks), 1, "the I/O thread is missing")
        for thread, (_, blocked) in masks.items():
            self.assertEqual(blocked & process.BLOCKABLE, process.BLOCKABLE, f"thread {thread}: {blocked:#x}")

    def test_signals_of_the_program_reach_the_program(self):
        self.host.set(echo=True)
        server, port = self.host.listen()
        peer, _ = self.joined(server, port)
        os.kill(self.host.pid, signal.SIGUSR1)
        wait_until(lambda: self.host.do("received_signals") == [signal.SIGUSR1], "the signal")
        peer.send_packets(b"and on it goes")
        self.assertEqual(peer.receive_packet(), b"and on it goes")
        self.assert_nothing_pending()
