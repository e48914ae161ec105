"""Connects that fail: exactly one outcome each, with the right error, and nobody waits for the dead."""

import contextlib
import socket as sockets
import threading

import gamemaker
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until

TIMEOUT_MS = 400


@contextlib.contextmanager
def refusing_port():
    """A port that refuses connections and that nobody else can be given meanwhile: bound, but not listening."""
    with sockets.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@both_io_modes
class FailingConnects(HostTestCase):
    def create(self):
        return self.host.must("network_create_socket", stepwire.SOCKET_TCP)

    def set_timeout(self):
        self.host.must("network_set_config", stepwire.CONFIG_CONNECT_TIMEOUT, TIMEOUT_MS, 0)

    def check_outcome(self, socket, error):
        event = self.host.next_event()
        self.assertEqual((event["type"], event["id"], event["socket"], event["succeeded"], event["error"]),
                         (stepwire.TYPE_NON_BLOCKING_CONNECT, socket, socket, 0, error))
        self.assertNotEqual(event["reason"], "")

    def test_refused(self):
        with refusing_port() as port:
            for suffix in ("", "_raw"):
                with self.case(suffix=suffix):
                    socket = self.create()
                    failure = self.host.call(f"network_connect{suffix}", socket, "127.0.0.1", port)
                    self.assertEqual(failure, stepwire.ERROR_FAILED)
                    self.assertNotEqual(failure.because, "")
                    self.host.must(f"network_connect{suffix}_async", socket, "127.0.0.1", port)
                    self.check_outcome(socket, stepwire.ERROR_FAILED)
        self.assert_quiet()

    def test_a_silent_server_times_out(self):
        self.set_timeout()
        with gamemaker.Server() as server:
            socket = self.create()
            self.assertEqual(self.host.call("network_connect", socket, "127.0.0.1", server.port),
                             stepwire.ERROR_TIMEOUT)
            self.assert_quiet()
            with server.accept_raw() as silent:
                self.assertEqual(silent.receive_until_end()[0], [])
            # The same socket may try again; nine more wait at the same time.
            waiting = [socket, *(self.create() for _ in range(9))]
            for each in waiting:
                self.host.must("network_connect_async", each, "127.0.0.1", server.port)
            self.assertEqual(self.host.call("network_connect_async", socket, "127.0.0.1", server.port),
                             stepwire.ERROR_BUSY)
            for each in waiting:
                self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=each, succeeded=0,
                                error=stepwire.ERROR_TIMEOUT)
        self.assert_quiet()

    def test_a_server_that_stops_halfway_times_out(self):
        self.set_timeout()
        with gamemaker.Server() as server:
            for said in (gamemaker.BANNER[:17], gamemaker.BANNER, gamemaker.BANNER + gamemaker.ACCEPTED[:11]):
                with self.case(said=said):
                    socket = self.create()
                    self.host.must("network_connect_async", socket, "127.0.0.1", server.port)
                    with server.accept_raw() as connection:
                        connection.send(said[:18])
                        if len(said) >= 18:
                            server.receive_hello(connection)
                            connection.send(said[18:])
                        self.check_outcome(socket, stepwire.ERROR_TIMEOUT)
        self.assert_quiet()

    def test_a_trickling_server_does_not_stretch_the_timeout(self):
        self.set_timeout()
        with gamemaker.Server() as server:
            socket = self.create()
            self.host.must("network_connect_async", socket, "127.0.0.1", server.port)
            with server.accept_raw() as connection:
                stream = iter(gamemaker.BANNER)

                def trickled():
                    # A byte per look, 5 ms apart, would be 90 ms; so each byte goes out ten times slower.
                    trickled.looks += 1
                    if trickled.looks % 10 == 0 and (byte := next(stream, None)) is not None:
                        with contextlib.suppress(ConnectionError):
                            connection.send(bytes([byte]))
                    return self.host.events

                trickled.looks = 0
                wait_until(trickled, "the timeout")
                self.check_outcome(socket, stepwire.ERROR_TIMEOUT)

    def test_a_name_without_an_address(self):
        self.host.must("network_set_config", stepwire.CONFIG_CONNECT_TIMEOUT, 5000, 0)
        socket = self.create()
        self.host.must("network_connect_async", socket, "no-such-host.invalid", 1)
        event = self.host.next_event()
        self.assertEqual((event["type"], event["socket"], event["succeeded"]),
                         (stepwire.TYPE_NON_BLOCKING_CONNECT, socket, 0))
        # A machine without any resolver may take its time to say so.
        self.assertIn(event["error"], (stepwire.ERROR_RESOLVE, stepwire.ERROR_TIMEOUT))
        self.assert_quiet()

    def test_a_destroyed_attempt_has_no_outcome(self):
        with gamemaker.Server() as server:
            socket = self.create()
            self.host.must("network_connect_async", socket, "127.0.0.1", server.port)
            with server.accept_raw() as connection:
                self.host.must("network_destroy", socket)
                self.assertEqual(connection.receive_until_end()[0], [])
        with refusing_port() as port:
            socket = self.create()
            self.host.must("network_connect_async", socket, "127.0.0.1", port)
            self.host.must("network_destroy", socket)
        self.assertEqual([event for event in self.host.events if event["socket"] != socket], [])
        self.host.events.clear()
        self.assert_quiet()

    def test_many_attempts_have_one_outcome_each(self):
        """Half of them are refused, half are served, all at once."""
        with refusing_port() as port, gamemaker.Server() as server:
            refused, served = [self.create() for _ in range(30)], [self.create() for _ in range(30)]
            for one, other in zip(refused, served):
                self.host.must("network_connect_async", one, "127.0.0.1", port)
                self.host.must("network_connect_async", other, "127.0.0.1", server.port)
            connections = [server.accept()[0] for _ in served]
            outcomes = [self.host.next_event() for _ in refused + served]
            self.assertEqual({event["type"] for event in outcomes}, {stepwire.TYPE_NON_BLOCKING_CONNECT})
            self.assertEqual(sorted((event["socket"], event["succeeded"]) for event in outcomes),
                             sorted([(each, 0) for each in refused] + [(each, 1) for each in served]))
            self.assert_quiet()
            for connection in connections:
                connection.close()
            gone = [self.host.next_event() for _ in served]
            self.assertEqual(sorted(event["socket"] for event in gone), served)

    def test_servers_that_speak_and_leave_at_once(self):
        """The last byte may be there before the library has seen that it is connected at all."""
        count = 200
        with gamemaker.Server() as server:

            def serve():
                for _ in range(count):
                    with server.accept_raw() as connection:
                        connection.send(b"bye")

            thread = threading.Thread(target=serve)
            thread.start()
            self.host.set(poll=False)
            clients = [self.create() for _ in range(count)]
            for client in clients:
                self.host.must("network_connect_raw_async", client, "127.0.0.1", server.port)
            self.host.set(poll=True)
            for client in clients:
                self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=client, succeeded=1)
                self.assertEqual(self.host.event(type=stepwire.TYPE_DATA, id=client)["payload"], b"bye")
                self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client, error=0)
            thread.join()
        self.assert_quiet()

    def test_the_wrong_kinds_of_socket(self):
        server, port = self.host.listen()
        _, client = self.joined(server, port)
        for socket in (server, client):
            for function in ("network_connect", "network_connect_async", "network_connect_raw"):
                self.assertEqual(self.host.call(function, socket, "127.0.0.1", port), stepwire.ERROR_WRONG_KIND)
        self.assertEqual(self.host.call("network_send_packet", server, b"x", 1), stepwire.ERROR_WRONG_KIND)
        self.assert_quiet()
