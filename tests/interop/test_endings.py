"""How connections end: reasons on both sides, half-closes, flushes and timeouts."""

import gamemaker
import process
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until
from payloads import numbered, summary_of

MIB = 1 << 20


@both_io_modes
class PeerEnds(HostTestCase):
    def check_disconnect(self, server, client, error):
        event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)
        self.assertEqual((event["id"], event["server"], event["error"]), (server, server, error))
        self.assertEqual(event["reason"] == "", error == 0)

    def test_an_orderly_end_has_no_error_and_a_reset_has_one(self):
        server, port = self.host.listen()
        for end, error in ((gamemaker.Connection.close, 0), (gamemaker.Connection.finish, 0),
                           (gamemaker.Connection.reset, stepwire.ERROR_CLOSED)):
            with self.case(end=end.__name__):
                peer, client = self.joined(server, port)
                end(peer)
                self.check_disconnect(server, client, error)
        self.assert_quiet()

    def test_data_before_a_reset_is_delivered(self):
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        peer.send_packets(b"last words")
        self.assertEqual(self.host.next_event()["payload"], b"last words")
        peer.send_packets(*[numbered(number, 100) for number in range(20)])
        peer.reset()
        # A reset may overtake what the library has not read yet, but what comes is in order and whole.
        events = [self.host.next_event()]
        while events[-1]["type"] == stepwire.TYPE_DATA:
            events.append(self.host.next_event())
        self.assertEqual([event["payload"] for event in events[:-1]],
                         [numbered(number, 100) for number in range(len(events) - 1)])
        self.assertEqual((events[-1]["socket"], events[-1]["error"]), (client, stepwire.ERROR_CLOSED))

    def test_a_half_closed_client_still_gets_every_echo(self):
        self.host.set(echo=True, report="none")
        _, port = self.host.listen()
        for count, size in ((1, 5), (3, 0), (500, 64), (40, 65536)):
            with self.case(count=count, size=size):
                peer = self.join(port)
                payloads = [numbered(number, size) for number in range(count)]
                peer.send_packets(*payloads)
                peer.finish()
                got, ending = peer.receive_until_end()
                self.assertEqual(summary_of(got), summary_of(payloads))
                self.assertEqual(ending, gamemaker.END_ORDERLY)
        self.assertEqual(self.host.do("tally")["echo_errors"], [])

    def test_a_half_closed_client_that_said_hello_and_all_in_one_piece(self):
        self.host.set(echo=True)
        _, port = self.host.listen()
        peer = self.connect(port)
        peer.send(gamemaker.hello() + gamemaker.packets(b"one", b"two"))
        peer.finish()
        peer.expect(gamemaker.BANNER + gamemaker.ACCEPTED)
        self.assertEqual(peer.receive_until_end(), ([b"one", b"two"], gamemaker.END_ORDERLY))

    def test_a_half_closed_client_that_the_program_looks_at_late(self):
        self.host.set(echo=True)
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        self.host.set(poll=False)
        peer.send_packets(*[numbered(number, 1000) for number in range(100)])
        peer.finish()
        self.host.set(poll=True)
        got, ending = peer.receive_until_end()
        self.assertEqual(got, [numbered(number, 1000) for number in range(100)])
        self.assertEqual(ending, gamemaker.END_ORDERLY)
        self.check_disconnect(server, client, 0)

    def test_sends_after_the_disconnect_event(self):
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        peer.close()
        self.check_disconnect(server, client, 0)
        # The handle lives until the next event is asked for, which the host does all the time.
        self.assertIn(self.host.call("network_send_packet", client, b"", 0),
                      (stepwire.ERROR_CLOSED, stepwire.ERROR_BAD_HANDLE))
        wait_until(lambda: self.host.call("network_send_packet", client, b"", 0) == stepwire.ERROR_BAD_HANDLE,
                   "the end of the handle")

    def test_a_server_that_ends_a_client_of_ours(self):
        for end, error in ((gamemaker.Connection.close, 0), (gamemaker.Connection.finish, 0),
                           (gamemaker.Connection.reset, stepwire.ERROR_CLOSED)):
            with self.case(end=end.__name__), gamemaker.Server() as server:
                socket = self.host.must("network_create_socket", stepwire.SOCKET_TCP)
                pending = self.host.begin_call("network_connect", socket, "127.0.0.1", server.port)
                connection, _ = server.accept()
                self.addCleanup(connection.close)
                pending.result()
                end(connection)
                event = self.host.next_event()
                self.assertEqual((event["type"], event["id"], event["socket"], event["server"], event["error"]),
                                 (stepwire.TYPE_DISCONNECT, socket, socket, -1, error))
        self.assert_quiet()


@both_io_modes
class ProgramEnds(HostTestCase):
    def test_what_was_queued_is_flushed(self):
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        # The whole of the default queue: the message that fills it is taken as well.
        sent = self.host.begin("fill", socket=client, size=65536, count=256, destroy=True)
        got, ending = peer.receive_until_end()
        self.assertEqual(sent.result(), {"taken": 256, "result": 65548})
        self.assertEqual(summary_of(got), summary_of(numbered(number, 65536) for number in range(256)))
        self.assertEqual(ending, gamemaker.END_ORDERLY)
        self.assert_quiet()

    def test_a_destroyed_server_flushes_all_its_clients(self):
        server, port = self.host.listen()
        peers = [self.joined(server, port) for _ in range(8)]
        for _, client in peers:
            self.assertEqual(self.host.do("fill", socket=client, size=65536, count=32)["taken"], 32)
        self.host.must("network_destroy", server)
        for peer, client in peers:
            got, ending = peer.receive_until_end()
            self.assertEqual(summary_of(got), summary_of(numbered(number, 65536) for number in range(32)))
            self.assertEqual(ending, gamemaker.END_ORDERLY)
            self.assertEqual(self.host.call("network_destroy", client), stepwire.ERROR_BAD_HANDLE)
        with self.assertRaises(ConnectionRefusedError):
            gamemaker.connect(port)
        self.assert_quiet()

    def test_a_flush_survives_what_the_peer_is_still_saying(self):
        """Closing a socket with unread input resets it, and the reset would take the flushed bytes along."""
        server, port = self.host.listen()
        # The small window keeps the flush from being over before the peer has spoken again.
        peer, client = self.joined(server, port, receive_buffer=65536)
        self.host.set(report="none")
        peer.send_packets(*[numbered(number, 1000) for number in range(1000)])
        self.assertEqual(self.host.do("fill", socket=client, size=65536, count=64, destroy=True)["taken"], 64)
        peer.send_packets(*[numbered(number, 1000) for number in range(100)])
        got, ending = peer.receive_until_end()
        self.assertEqual(summary_of(got), summary_of(numbered(number, 65536) for number in range(64)))
        self.assertEqual(ending, gamemaker.END_ORDERLY)

    def test_a_peer_that_does_not_read_cannot_hold_a_destroyed_socket(self):
        server, port = self.host.listen()
        before = process.descriptors(self.host.pid)
        peer, client = self.joined(server, port, receive_buffer=4096)
        self.assertEqual(self.host.do("fill", socket=client, size=65536, count=256, destroy=True)["taken"], 256)
        self.assertEqual(self.host.call("network_destroy", client), stepwire.ERROR_BAD_HANDLE)
        # After its two seconds the flush is given up; whoever reads then finds the stream cut off.
        wait_until(lambda: process.descriptors(self.host.pid) == before, "the end of the flush")
        with self.assertRaises((gamemaker.WireError, ConnectionResetError)):
            while True:
                peer.receive_packet()

    def test_nothing_more_is_heard_of_a_destroyed_client(self):
        self.host.set(echo=True)
        server, port = self.host.listen()
        for _ in range(20):
            peer, client = self.joined(server, port)
            # The host destroys the client when it handles the second packet; the others wait already.
            peer.send_packets(b"first", b"kick", *[b"never"] * 50)
            got, ending = peer.receive_until_end()
            self.assertEqual((got, ending), ([b"first"], gamemaker.END_ORDERLY))
            self.assertEqual([self.host.event(id=client)["payload"] for _ in range(2)], [b"first", b"kick"])
            peer.close()
        self.assert_quiet()

    def test_a_destroyed_server_drops_those_who_were_about_to_join(self):
        server, port = self.host.listen()
        peers = [self.connect(port) for _ in range(5)]
        for said, peer in enumerate(peers):
            peer.expect(gamemaker.BANNER)
            peer.send(gamemaker.hello()[:said])
        self.host.must("network_destroy", server)
        for peer in peers:
            self.assertEqual(peer.receive_until_end()[0], [])
        self.assert_quiet()

    def test_the_handles_of_a_destroyed_server_are_gone(self):
        server, port = self.host.listen()
        _, client = self.joined(server, port)
        self.host.must("network_destroy", server)
        for handle in (server, client):
            for function, arguments in (("network_destroy", ()), ("network_send_packet", (b"x", 1)),
                                        ("network_get_port", ()), ("network_get_stat", ("bytes_sent",))):
                self.assertEqual(self.host.call(function, handle, *arguments), stepwire.ERROR_BAD_HANDLE, function)

    def test_avoid_time_wait_resets(self):
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        self.host.must("network_set_config", stepwire.CONFIG_AVOID_TIME_WAIT, client, 0)
        self.host.must("network_destroy", client)
        self.assertEqual(peer.receive_until_end(), ([], gamemaker.END_RESET))
        with gamemaker.Server() as other:
            socket = self.host.must("network_create_socket", stepwire.SOCKET_TCP)
            self.host.must("network_set_config", stepwire.CONFIG_AVOID_TIME_WAIT, socket, 0)
            pending = self.host.begin_call("network_connect", socket, "127.0.0.1", other.port)
            connection, _ = other.accept()
            self.addCleanup(connection.close)
            pending.result()
            self.host.must("network_destroy", socket)
            self.assertEqual(connection.receive_until_end(), ([], gamemaker.END_RESET))

    def test_a_read_timeout_ends_the_connection(self):
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        lively, other = self.joined(server, port)
        for handle in (client, other):
            self.assertGreaterEqual(self.host.call("network_set_timeout", handle, 400, 0), 0)

        def given_up():
            lively.send_packets(b"alive")
            return any(event["type"] == stepwire.TYPE_DISCONNECT for event in self.host.events)

        wait_until(given_up, "the timeout")
        event = self.host.event(type=stepwire.TYPE_DISCONNECT)
        self.assertEqual((event["socket"], event["error"]), (client, stepwire.ERROR_TIMEOUT))
        self.assertEqual(peer.receive_until_end()[0], [])

    def test_a_write_timeout_ends_the_connection(self):
        server, port = self.host.listen()
        # Without a backlog the write timeout is idle, also when it is over long before the other one.
        idle, idle_client = self.joined(server, port)
        self.host.must("network_set_timeout", idle_client, 0, 50)
        peer, client = self.joined(server, port, receive_buffer=4096)
        self.host.must("network_set_timeout", client, 0, 400)
        self.host.do("fill", socket=client, size=65536, count=200)
        event = self.host.next_event()
        self.assertEqual((event["type"], event["socket"], event["error"]),
                         (stepwire.TYPE_DISCONNECT, client, stepwire.ERROR_TIMEOUT))
        self.host.must("network_send_packet", idle_client, b"still here", 10)
        self.assertEqual(idle.receive_packet(), b"still here")

    def test_shutdown_flushes_and_starts_afresh(self):
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        self.host.do("fill", socket=client, size=65536, count=64)
        down = self.host.begin_call("network_shutdown")
        got, ending = peer.receive_until_end()
        self.assertEqual(down.result(), 0)
        self.assertEqual(summary_of(got), summary_of(numbered(number, 65536) for number in range(64)))
        self.assertEqual(ending, gamemaker.END_ORDERLY)
        for handle in (server, client):
            self.assertEqual(self.host.call("network_destroy", handle), stepwire.ERROR_BAD_HANDLE)
        again, port = self.host.listen()
        # Handles never come back, not after a shutdown either.
        self.assertGreater(again, client)
        self.joined(again, port)
