"""Peers that break the protocol, on either side: what the program is told, and what it must never see."""

import contextlib

import gamemaker
import segmenter
import stepwire
from hosting import HostTestCase, both_io_modes
from payloads import numbered

MIB = 1 << 20
NEVER = b"never to be delivered"
GOOD = [b"good", b"", b"still good"]

# What follows good packets, and the error that it must end the connection with.
BROKEN = {
    "magic off by one bit": (gamemaker.header(len(NEVER), magic=0xDEADC0DF) + NEVER, stepwire.ERROR_HANDSHAKE),
    "magic in big-endian": (bytes.fromhex("deadc0de0000000c00000000"), stepwire.ERROR_HANDSHAKE),
    "header size 0": (gamemaker.header(len(NEVER), header_size=0) + NEVER, stepwire.ERROR_HANDSHAKE),
    "header size 13": (gamemaker.header(len(NEVER), header_size=13) + NEVER, stepwire.ERROR_HANDSHAKE),
    "header size huge": (gamemaker.header(len(NEVER), header_size=0xFFFFFFFF) + NEVER, stepwire.ERROR_HANDSHAKE),
    "the handshake again": (gamemaker.hello(), stepwire.ERROR_HANDSHAKE),
    "a size of 4 GiB": (gamemaker.header(0xFFFFFFFF) + NEVER, stepwire.ERROR_TOO_BIG),
    "a size of 2 GiB": (gamemaker.header(0x80000000) + NEVER, stepwire.ERROR_TOO_BIG),
}

WRONG_HELLOS = {
    "first word": gamemaker.hello().replace(b"\xbe\xba", b"\xbe\xbb"),
    "second word": gamemaker.hello().replace(b"\x0b\xb0", b"\x0b\xb1"),
    "third word": gamemaker.hello().replace(b"\x10\0\0\0", b"\x11\0\0\0", 1),
    "big-endian": bytes.fromhex("cafebabedeadb00b0000001000000000"),
    "a packet": gamemaker.packet(b"1234"),
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "zeros": bytes(64),
    "the server's own banner": gamemaker.BANNER,
}


class BrokenInput(HostTestCase):
    def send(self, connection, segments, queue):
        """Sends piece by piece; whoever recognises broken input early may hang up before the last."""
        with contextlib.suppress(ConnectionError):
            segmenter.send_segments(connection.socket, segments, queue)

    def check_ending(self, id_, socket, wanted_error):
        """The good packets, then the disconnect, and nothing else, are what the program sees."""
        for payload in GOOD:
            event = self.host.next_event()
            self.assertEqual((event["type"], event["id"], event["payload"]), (stepwire.TYPE_DATA, id_, payload))
        event = self.host.next_event()
        self.assertEqual((event["type"], event["socket"], event["error"]),
                         (stepwire.TYPE_DISCONNECT, socket, wanted_error))
        self.assertNotEqual(event["reason"], "")


@both_io_modes
class BrokenClients(BrokenInput):
    def test_wrong_step_2_is_closed_in_silence(self):
        _, port = self.host.listen()
        with segmenter.PeerQueue() as queue:
            for name, stream in WRONG_HELLOS.items():
                for segments in ([stream], segmenter.byte_by_byte(stream[:20])):
                    with self.case(name, pieces=len(segments)), gamemaker.connect(port) as peer:
                        peer.expect(gamemaker.BANNER)
                        self.send(peer, segments, queue)
                        # Closed by the server, whether by FIN or by RST, and without a single byte more.
                        self.assertEqual(peer.receive_until_end()[0], [])
        self.assert_quiet()

    def test_broken_packets_end_the_connection_and_good_ones_before_them_count(self):
        server, port = self.host.listen()
        with segmenter.PeerQueue() as queue:
            for name, (broken, error) in BROKEN.items():
                stream = gamemaker.hello() + gamemaker.packets(*GOOD) + broken
                header = len(stream) - len(broken) + 12
                for segments in ([stream], segmenter.byte_by_byte(stream[:header])):
                    with self.case(name, pieces=len(segments)), gamemaker.connect(port) as peer:
                        peer.expect(gamemaker.BANNER)
                        self.send(peer, segments, queue)
                        client = self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]
                        self.check_ending(client, client, error)
                        peer.wait_for_end()
        self.assert_quiet()

    def test_the_message_size_limit_of_accepted_sockets_is_4_mib(self):
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        largest = numbered(4, 4 * MIB)
        peer.send_packets(largest)
        self.assertTrue(self.host.event(id=client)["payload"] == largest)
        peer.send(gamemaker.packets(*GOOD) + gamemaker.header(4 * MIB + 1))
        self.check_ending(client, client, stepwire.ERROR_TOO_BIG)

    def test_the_message_size_limit_can_be_set(self):
        server, port = self.host.listen()
        for limit in (100, 8 * MIB):
            with self.case(limit=limit):
                peer, client = self.joined(server, port)
                self.host.must("network_set_config", stepwire.CONFIG_MESSAGE_SIZE_LIMIT, client, limit)
                peer.send_packets(numbered(1, limit))
                self.assertTrue(self.host.event(id=client)["payload"] == numbered(1, limit))
                peer.send(gamemaker.packets(*GOOD) + gamemaker.header(limit + 1) + NEVER)
                self.check_ending(client, client, stepwire.ERROR_TOO_BIG)

    def test_a_packet_that_the_end_cuts_off_is_not_delivered(self):
        server, port = self.host.listen()
        for cut in (1, 11, 12, 13, 20):
            with self.case(cut=cut):
                peer, client = self.joined(server, port)
                peer.send(gamemaker.packets(*GOOD) + gamemaker.packet(NEVER)[:cut])
                peer.finish()
                for payload in GOOD:
                    self.assertEqual(self.host.next_event()["payload"], payload)
                event = self.host.next_event()
                self.assertEqual((event["type"], event["socket"]), (stepwire.TYPE_DISCONNECT, client))
                # The contract leaves open whether an end inside a packet is orderly; anything else it is not.
                self.assertIn(event["error"], (0, stepwire.ERROR_CLOSED))

    def test_messages_over_64_mib_are_not_sent(self):
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        size = 64 * MIB + 1
        self.assertEqual(self.host.call("network_send_packet", client, {"zeros": size}, size),
                         stepwire.ERROR_TOO_BIG)
        self.host.must("network_send_packet", client, b"next", 4)
        self.assertEqual(peer.receive_packet(), b"next")


@both_io_modes
class BrokenServers(BrokenInput):
    def setUp(self):
        super().setUp()
        self.server = gamemaker.Server()
        self.addCleanup(self.server.socket.close)

    def begin(self):
        socket = self.host.must("network_create_socket", stepwire.SOCKET_TCP)
        self.host.must("network_connect_async", socket, "127.0.0.1", self.server.port)
        connection = self.server.accept_raw()
        self.addCleanup(connection.close)
        return socket, connection

    def check_failure(self, socket, *errors):
        event = self.host.next_event()
        self.assertEqual((event["type"], event["id"], event["socket"], event["succeeded"]),
                         (stepwire.TYPE_NON_BLOCKING_CONNECT, socket, socket, 0))
        self.assertIn(event["error"], errors)
        self.assertNotEqual(event["reason"], "")
        self.assertEqual(self.host.call("network_send_packet", socket, b"", 0), stepwire.ERROR_NOT_CONNECTED)

    def test_a_wrong_banner_fails_the_connect(self):
        for banner in (b"GM:Studio-Connecu\0", b"GM:Studio-Connect\n", b"gm:studio-connect\0",
                       b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(18),
                       gamemaker.ACCEPTED + bytes(6)):
            with self.case(banner=banner):
                socket, connection = self.begin()
                connection.send(banner)
                self.check_failure(socket, stepwire.ERROR_HANDSHAKE)
                connection.wait_for_end()
        self.assert_quiet()

    def test_a_wrong_step_3_fails_the_connect(self):
        for step in (bytes(12), gamemaker.packet(b""), gamemaker.ACCEPTED[:-4] + b"\x10\0\0\0",
                     bytes.fromhex("deafbeadf00dbeeb0000000c")):
            with self.case(step=step.hex()):
                socket, connection = self.begin()
                connection.send(gamemaker.BANNER)
                self.server.receive_hello(connection)
                connection.send(step + gamemaker.packet(NEVER))
                self.check_failure(socket, stepwire.ERROR_HANDSHAKE)
                connection.wait_for_end()
        self.assert_quiet()

    def test_a_server_that_leaves_during_the_handshake_fails_the_connect(self):
        for said in (b"", gamemaker.BANNER[:5], gamemaker.BANNER, gamemaker.BANNER + gamemaker.ACCEPTED[:11]):
            for leave in (gamemaker.Connection.finish, gamemaker.Connection.reset):
                with self.case(said=said, leave=leave.__name__):
                    socket, connection = self.begin()
                    connection.send(said[:18])
                    if len(said) >= 18:
                        self.server.receive_hello(connection)
                        connection.send(said[18:])
                    leave(connection)
                    self.check_failure(socket, stepwire.ERROR_HANDSHAKE, stepwire.ERROR_CLOSED)
        self.assert_quiet()

    def test_the_blocking_connect_fails_the_same_way(self):
        socket = self.host.must("network_create_socket", stepwire.SOCKET_TCP)
        pending = self.host.begin_call("network_connect", socket, "127.0.0.1", self.server.port)
        with self.server.accept_raw() as connection:
            connection.send(b"GM:Studio-Wrong..\0")
            failure = pending.result()
            self.assertEqual(failure, stepwire.ERROR_HANDSHAKE)
            self.assertNotEqual(failure.because, "")
        self.assert_quiet()

    def test_broken_packets_end_the_connection_and_good_ones_before_them_count(self):
        with segmenter.PeerQueue() as queue:
            for name, (broken, error) in BROKEN.items():
                stream = gamemaker.packets(*GOOD) + broken
                header = len(stream) - len(broken) + 12
                for segments in ([stream], segmenter.byte_by_byte(stream[:header])):
                    with self.case(name, pieces=len(segments)):
                        socket, connection = self.begin()
                        connection.send(gamemaker.BANNER)
                        self.server.receive_hello(connection)
                        connection.send(gamemaker.ACCEPTED)
                        self.send(connection, segments, queue)
                        self.assertEqual(self.host.next_event()["succeeded"], 1)
                        self.check_ending(socket, socket, error)
                        connection.wait_for_end()
        self.assert_quiet()

    def test_the_message_size_limit_of_created_sockets(self):
        socket, connection = self.begin()
        self.host.must("network_set_config", stepwire.CONFIG_MESSAGE_SIZE_LIMIT, socket, 1000)
        connection.send(gamemaker.BANNER)
        self.server.receive_hello(connection)
        connection.send(gamemaker.ACCEPTED)
        self.assertEqual(self.host.next_event()["succeeded"], 1)
        connection.send(gamemaker.packet(numbered(1, 1000)))
        self.assertEqual(self.host.next_event()["payload"], numbered(1, 1000))
        connection.send(gamemaker.packets(*GOOD) + gamemaker.header(1001))
        self.check_ending(socket, socket, stepwire.ERROR_TOO_BIG)

    def test_created_sockets_take_more_than_accepted_ones_by_default(self):
        socket, connection = self.begin()
        connection.send(gamemaker.BANNER)
        self.server.receive_hello(connection)
        large = numbered(1, 9 * MIB)
        connection.send(gamemaker.ACCEPTED + gamemaker.packets(large))
        self.assertEqual(self.host.next_event()["succeeded"], 1)
        self.assertTrue(self.host.next_event()["payload"] == large)
        connection.send(gamemaker.packets(*GOOD) + gamemaker.header(64 * MIB + 1))
        self.check_ending(socket, socket, stepwire.ERROR_TOO_BIG)
