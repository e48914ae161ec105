"""A regular client of the library against the independent server."""

import gamemaker
import segmenter
import stepwire
from hosting import HostTestCase, both_io_modes
from payloads import numbered
from test_server import SIZES


@both_io_modes
class RegularClient(HostTestCase):
    def setUp(self):
        super().setUp()
        self.server = gamemaker.Server()
        self.addCleanup(self.server.socket.close)

    def create(self):
        return self.host.must("network_create_socket", stepwire.SOCKET_TCP)

    def connected(self, socket=None):
        """A connected client socket of the host and the server's end: (handle, connection)."""
        socket = self.create() if socket is None else socket
        pending = self.host.begin_call("network_connect", socket, "127.0.0.1", self.server.port)
        connection, _ = self.server.accept()
        self.addCleanup(connection.close)
        self.assertEqual(pending.result(), socket)
        return socket, connection

    def test_every_segmentation_of_the_banner_and_of_what_follows(self):
        payloads = [b"hello", b"", numbered(1, 13)]
        rest = gamemaker.ACCEPTED + gamemaker.packets(*payloads)
        cuttings = [(segments, [rest]) for segments in segmenter.every_segmentation(gamemaker.BANNER)]
        cuttings += [([gamemaker.BANNER], segments) for segments in segmenter.every_segmentation(rest)]
        with segmenter.PeerQueue() as queue:
            for banner, rest in cuttings:
                with self.case(banner=[len(s) for s in banner], rest=[len(s) for s in rest]):
                    socket = self.create()
                    pending = self.host.begin_call("network_connect", socket, "127.0.0.1", self.server.port)
                    with self.server.accept_raw() as connection:
                        segmenter.send_segments(connection.socket, banner, queue)
                        self.assertEqual(self.server.receive_hello(connection), 0)
                        segmenter.send_segments(connection.socket, rest, queue)
                        self.assertEqual(pending.result(), socket)
                        got = [self.host.next_event() for _ in payloads]
                        self.assertEqual([(event["type"], event["id"], event["payload"]) for event in got],
                                         [(stepwire.TYPE_DATA, socket, payload) for payload in payloads])
                    self.assertEqual(self.host.next_event()["type"], stepwire.TYPE_DISCONNECT)
                    self.host.must("network_destroy", socket)
        self.assert_quiet()

    def test_the_events_of_a_life(self):
        socket = self.create()
        self.assertGreaterEqual(self.host.call("network_connect_async", socket, "127.0.0.1", self.server.port), 0)
        self.assertEqual(self.host.call("network_send_packet", socket, b"early", 5), stepwire.ERROR_NOT_CONNECTED)
        connection, _ = self.server.accept()
        connection.send_packets(b"welcome")
        common = {"id": socket, "server": -1, "succeeded": 0, "message_type": 0, "error": 0, "code": 0, "reason": "",
                  "ip": "127.0.0.1", "port": self.server.port, "size": 0, "payload": None}
        self.assertEqual(self.host.next_event(), common | {
            "type": stepwire.TYPE_NON_BLOCKING_CONNECT, "socket": socket, "succeeded": 1})
        self.assertEqual(self.host.next_event(), common | {
            "type": stepwire.TYPE_DATA, "socket": -1, "size": 7, "payload": b"welcome"})
        connection.close()
        self.assertEqual(self.host.next_event(), common | {"type": stepwire.TYPE_DISCONNECT, "socket": socket})
        self.assert_quiet()

    def test_the_client_waits_for_the_banner_and_for_step_3(self):
        socket = self.create()
        self.host.must("network_connect_async", socket, "127.0.0.1", self.server.port)
        with self.server.accept_raw() as connection:
            connection.send(gamemaker.BANNER[:-1])
            self.assert_quiet()
            connection.socket.setblocking(False)
            with self.assertRaises(BlockingIOError):
                connection.socket.recv(1)
            connection.socket.settimeout(gamemaker.DEADLINE)
            connection.send(gamemaker.BANNER[-1:])
            self.server.receive_hello(connection)
            connection.send(gamemaker.ACCEPTED[:-1])
            self.assert_quiet()
            connection.send(gamemaker.ACCEPTED[-1:])
            self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=socket, succeeded=1)

    def test_packet_sizes_both_ways(self):
        socket, connection = self.connected()
        for size in SIZES:
            with self.case(size=size):
                payload = numbered(size, size)
                self.assertEqual(self.host.call("network_send_packet", socket, payload, size), size + 12)
                self.assertEqual(connection.receive_packet(), payload)
                connection.send_packets(payload)
                self.assertEqual(self.host.event(id=socket)["payload"], payload)

    def test_the_game_id_is_the_configured_one(self):
        def sent_id(socket):
            self.host.must("network_connect_async", socket, "127.0.0.1", self.server.port)
            connection, game_id = self.server.accept()
            self.addCleanup(connection.close)
            return game_id

        plain, own = self.create(), self.create()
        self.host.must("network_set_config", stepwire.CONFIG_GAME_ID, own, 0xFEEDF00D)
        self.assertEqual(sent_id(own), 0xFEEDF00D)
        self.assertEqual(sent_id(plain), 0)
        self.host.must("network_set_config", stepwire.CONFIG_GAME_ID, -1, 77)
        self.assertEqual(sent_id(self.create()), 77)

    def test_non_blocking_sockets_connect_by_event(self):
        self.host.must("network_set_config", stepwire.CONFIG_USE_NON_BLOCKING_SOCKET, 1, 0)
        socket = self.create()
        self.assertEqual(self.host.call("network_connect", socket, "127.0.0.1", self.server.port), socket)
        self.server.accept()[0].close()
        self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=socket, succeeded=1)

    def test_names_and_ipv6_literals(self):
        for host, url in (("127.0.0.1", "localhost"), ("::1", "::1"), ("::1", "[::1]")):
            with self.case(url=url), gamemaker.Server(host) as server:
                socket = self.create()
                self.host.must("network_connect_async", socket, url, server.port)
                connection, _ = server.accept()
                self.addCleanup(connection.close)
                event = self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=socket)
                self.assertEqual((event["succeeded"], event["ip"], event["port"]), (1, host, server.port))

    def test_a_socket_connects_again_after_a_disconnect(self):
        socket, first = self.connected()
        self.assertEqual(self.host.call("network_connect_async", socket, "127.0.0.1", self.server.port),
                         stepwire.ERROR_BUSY)
        first.send_packets(b"first")
        first.close()
        self.assertEqual(self.host.event(id=socket, type=stepwire.TYPE_DATA)["payload"], b"first")
        self.host.event(id=socket, type=stepwire.TYPE_DISCONNECT)
        self.assertIn(self.host.call("network_send_packet", socket, b"", 0),
                      (stepwire.ERROR_CLOSED, stepwire.ERROR_NOT_CONNECTED))
        _, second = self.connected(socket)
        second.send_packets(b"second")
        self.assertEqual(self.host.next_event()["payload"], b"second")
        self.assertEqual(self.host.call("network_send_packet", socket, b"again", 5), 17)
        self.assertEqual(second.receive_packet(), b"again")

    def test_a_program_connects_to_itself(self):
        self.host.set(echo=True)
        server, port = self.host.listen()
        for function in ("network_connect", "network_connect_async"):
            with self.case(function=function):
                socket = self.create()
                self.assertGreaterEqual(self.host.call(function, socket, "localhost", port), 0)
                client = self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]
                if function.endswith("async"):
                    self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=socket, succeeded=1)
                # Both ends echo, so that this one packet goes round until one end is destroyed.
                self.host.must("network_send_packet", socket, b"round", 5)
                for handle in (client, socket, client, socket):
                    self.assertEqual(self.host.event(id=handle)["payload"], b"round")
                self.host.must("network_destroy", socket)
                self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)
                self.host.events.clear()

    def test_its_own_destroy_is_silent(self):
        socket, connection = self.connected()
        self.host.must("network_destroy", socket)
        self.assertEqual(connection.receive_until_end(), ([], gamemaker.END_ORDERLY))
        self.assertEqual(self.host.call("network_destroy", socket), stepwire.ERROR_BAD_HANDLE)
        self.assert_quiet()

    def test_the_local_port_of_create_socket_ext(self):
        socket = self.host.must("network_create_socket_ext", stepwire.SOCKET_TCP, 0)
        _, connection = self.connected(socket)
        self.assertEqual(self.host.call("network_get_port", socket), connection.socket.getpeername()[1])
