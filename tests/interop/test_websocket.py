"""WebSockets against Python's `websockets`, in both directions, regular and raw."""

import logging
import struct
import threading
import unittest

import stepwire
from hosting import DEADLINE, HostTestCase, both_io_modes, wait_until

try:
    import websockets.exceptions
    from websockets.sync.client import connect
    from websockets.sync.server import serve
except ImportError:
    websockets = None

# What goes wrong on purpose need not be told.
logging.getLogger("websockets").setLevel(logging.CRITICAL)

# Handshakes that fail are the tests' own doing.
logging.getLogger("websockets.server").setLevel(logging.CRITICAL)

STEP_1 = b"GM:Studio-Connect\0"
STEP_2 = struct.pack("<4I", 0xCAFEBABE, 0xDEADB00B, 16, 0)
STEP_3 = struct.pack("<3I", 0xDEAFBEAD, 0xF00DBEEB, 12)


def packet(payload):
    return struct.pack("<3I", 0xDEADC0DE, 12, len(payload)) + payload


def join(url, **options):
    """A regular client: connected, handshake done."""
    client = connect(url, max_size=None, compression=None, proxy=None, **options)
    assert client.recv(DEADLINE) == STEP_1
    client.send(STEP_2)
    assert client.recv(DEADLINE) == STEP_3
    return client


class Server:
    """An echo server of `websockets`, regular or raw, that keeps what it sees."""

    def __init__(self, raw=False, ssl=None, farewell=(1000, ""), **options):
        self.raw, self.farewell, self.requests, self.ended = raw, farewell, [], []
        self.server = serve(self.handle, "127.0.0.1", 0, compression=None, max_size=None, ssl=ssl, **options)
        self.port = self.server.socket.getsockname()[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handle(self, connection):
        self.requests.append(connection.request)
        try:
            if not self.raw:
                connection.send(STEP_1)
                assert connection.recv(DEADLINE) == STEP_2
                connection.send(STEP_3)
            for message in connection:
                if message in (b"close", packet(b"close")):
                    connection.close(*self.farewell)
                else:
                    connection.send(message)
        except websockets.exceptions.ConnectionClosed:
            pass
        self.ended.append((connection.protocol.close_rcvd, connection.protocol.close_rcvd_then_sent))

    def close(self):
        self.server.shutdown()


@unittest.skipUnless(websockets, "Python's websockets is not installed: tests/interop/requirements.txt")
class WebSocketTestCase(HostTestCase):
    def listen(self, raw=False, kind=stepwire.SOCKET_WS):
        function = "network_create_server_raw" if raw else "network_create_server"
        server = self.host.must(function, kind, 0, 100)
        return server, int(self.host.must("network_get_port", server))

    def serve(self, **options):
        server = Server(**options)
        self.addCleanup(server.close)
        return server

    def client(self, url, **options):
        client = connect(url, max_size=None, compression=None, proxy=None, **options)
        self.addCleanup(client.close)
        return client

    def member(self, url, server, **options):
        """A regular client and its handle at the host."""
        client = join(url, **options)
        self.addCleanup(client.close)
        return client, self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]

    def guest(self, url, server, **options):
        """A raw client and its handle at the host."""
        client = self.client(url, **options)
        return client, self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]

    def connected(self, url, port=0, raw=False, kind=stepwire.SOCKET_WS, **texts):
        """A client socket of the host that is connected."""
        socket = self.host.must("network_create_socket", kind)
        for config, text in texts.items():
            self.host.must("network_set_config_string", getattr(stepwire, config), socket, text)
        function = "network_connect_raw_async" if raw else "network_connect_async"
        self.host.must(function, socket, url, port)
        event = self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=socket)
        self.assertEqual((event["succeeded"], event["reason"]), (1, ""))
        return socket

    def refused(self, url, port=0, raw=False, kind=stepwire.SOCKET_WS):
        """How a connect that fails ends."""
        socket = self.host.must("network_create_socket", kind)
        function = "network_connect_raw_async" if raw else "network_connect_async"
        self.host.must(function, socket, url, port)
        event = self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=socket)
        self.assertEqual(event["succeeded"], 0)
        return event["error"], event["reason"]

    def data(self, socket, payload, message_type=stepwire.SEND_BINARY):
        event = self.host.event(type=stepwire.TYPE_DATA, id=socket)
        self.assertEqual(event["payload"], payload)
        self.assertEqual(event["message_type"], message_type)


@both_io_modes
class RegularServer(WebSocketTestCase):
    def setUp(self):
        super().setUp()
        self.server, port = self.listen()
        self.url = f"ws://127.0.0.1:{port}/"

    def test_packets_go_both_ways(self):
        client, socket = self.member(self.url, self.server)
        for payload in (b"hello", b"", b"x" * 125, b"y" * 70_000, b"z" * 90_000):
            client.send(packet(payload))
            self.data(socket, payload)
            sent = self.host.must("network_send_packet", socket, payload, len(payload))
            self.assertEqual(sent, len(payload))
            self.assertEqual(client.recv(DEADLINE), packet(payload))

    def test_several_packets_in_one_message_and_one_across_several(self):
        client, socket = self.member(self.url, self.server)
        client.send(packet(b"one") + packet(b"") + packet(b"three"))
        for payload in (b"one", b"", b"three"):
            self.data(socket, payload)
        whole = packet(b"a" * 1000) + packet(b"b")
        for cut in (whole[:5], whole[5:600], whole[600:]):
            client.send(cut)
        self.data(socket, b"a" * 1000)
        self.data(socket, b"b")
        client.send([packet(b"frag")[:3], packet(b"frag")[3:9], packet(b"frag")[9:]])
        self.data(socket, b"frag")
        many = b"".join(packet(bytes([n]) * 20_000) for n in range(20))
        client.send(many)
        for n in range(20):
            self.data(socket, bytes([n]) * 20_000)

    def test_what_is_no_packet_is_dropped_and_the_connection_stays(self):
        client, socket = self.member(self.url, self.server)
        client.send("text")
        client.send(b"no packet at all")
        client.send(packet(b"good") + b"rubbish")
        client.send(b"")
        client.send(packet(b"after"))
        self.data(socket, b"good")
        self.data(socket, b"after")
        self.assertEqual(self.host.must("network_get_stat", socket, "dropped"), 4)

    def test_a_packet_over_the_limit_ends_the_connection(self):
        self.host.must("network_set_config", stepwire.CONFIG_MESSAGE_SIZE_LIMIT, self.server, 1000)
        client, socket = self.member(self.url, self.server)
        client.send(packet(b"x" * 1000))
        self.data(socket, b"x" * 1000)
        client.send(packet(b"x" * 1001))
        event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=socket)
        self.assertEqual(event["error"], stepwire.ERROR_TOO_BIG)
        with self.assertRaises(websockets.exceptions.ConnectionClosed) as closed:
            client.recv(DEADLINE)
        self.assertEqual(closed.exception.rcvd.code, 1009)

    def test_raw_sends_are_refused(self):
        _, socket = self.member(self.url, self.server)
        self.assertEqual(self.host.call("network_send_raw", socket, b"x", 1, 0), stepwire.ERROR_WRONG_KIND)

    def test_wrong_second_steps_are_thrown_out_unseen(self):
        for wrong in ("text", b"x" * 16, STEP_2[:15], STEP_2 + b"x", b""):
            with self.case(wrong=wrong):
                client = self.client(self.url)
                self.assertEqual(client.recv(DEADLINE), STEP_1)
                client.send(wrong)
                with self.assertRaises(websockets.exceptions.ConnectionClosed):
                    client.recv(DEADLINE)
        client, socket = self.member(self.url, self.server)
        client.send(packet(b"x"))
        self.data(socket, b"x")
        self.assertEqual(list(self.host.events), [])

    def test_packets_behind_the_second_step(self):
        client = self.client(self.url)
        self.assertEqual(client.recv(DEADLINE), STEP_1)
        client.send(STEP_2)
        for n in range(10):
            client.send(packet(bytes([n])))
        socket = self.host.event(type=stepwire.TYPE_CONNECT, server=self.server)["socket"]
        for n in range(10):
            self.data(socket, bytes([n]))


@both_io_modes
class RawServer(WebSocketTestCase):
    def setUp(self):
        super().setUp()
        self.server, port = self.listen(raw=True)
        self.port = port
        self.url = f"ws://127.0.0.1:{port}/"

    def test_text_and_binary_go_both_ways(self):
        client, socket = self.guest(self.url, self.server)
        for message, kind in (("häß😀", stepwire.SEND_TEXT), (b"\0\xff", stepwire.SEND_BINARY), ("", stepwire.SEND_TEXT),
                              (b"", stepwire.SEND_BINARY), (b"x" * 200_000, stepwire.SEND_BINARY)):
            payload = message.encode() if kind == stepwire.SEND_TEXT else message
            client.send(message)
            self.data(socket, payload, kind)
            self.assertEqual(self.host.must("network_send_raw", socket, payload, len(payload), kind), len(payload))
            self.assertEqual(client.recv(DEADLINE), message)

    def test_text_must_be_utf8(self):
        _, socket = self.guest(self.url, self.server)
        wrong = self.host.call("network_send_raw", socket, b"\xff", 1, stepwire.SEND_TEXT)
        self.assertEqual(wrong, stepwire.ERROR_BAD_ARGUMENT)

    def test_packets_over_a_raw_connection_have_their_header(self):
        client, socket = self.guest(self.url, self.server)
        self.assertEqual(self.host.must("network_send_packet", socket, b"hi", 2), 2)
        self.assertEqual(client.recv(DEADLINE), packet(b"hi"))

    def test_sixteen_mebibytes(self):
        self.host.must("network_set_config", stepwire.CONFIG_MESSAGE_SIZE_LIMIT, self.server, 16 << 20)
        client, socket = self.guest(self.url, self.server)
        message = bytes(range(256)) * (1 << 16)
        client.send(message)
        self.data(socket, message)
        self.host.must("network_send_raw", socket, message, len(message), 0)
        self.assertEqual(client.recv(DEADLINE), message)

    def test_what_was_asked_for_can_be_told(self):
        texts = {stepwire.CONFIG_WEBSOCKET_PROTOCOL: "game.v2, game.v1"}
        for config, text in texts.items():
            self.host.must("network_set_config_string", config, self.server, text)
        client, socket = self.guest(f"{self.url}room/1?name=me", self.server, subprotocols=["x", "game.v1"],
                                    origin="https://game.example")
        self.assertEqual(client.subprotocol, "game.v1")
        told = {key: self.host.must("network_get_string", socket, key)
                for key in ("ip", "path", "query", "origin", "protocol", "tls")}
        self.assertEqual(told, {"ip": "127.0.0.1", "path": "/room/1", "query": "name=me",
                                "origin": "https://game.example", "protocol": "game.v1", "tls": ""})

    def test_foreign_origins_are_refused(self):
        self.host.must("network_set_config_string", stepwire.CONFIG_WEBSOCKET_ORIGINS, self.server,
                       "https://game.example")
        with self.assertRaises(websockets.exceptions.InvalidStatus) as refused:
            self.client(self.url, origin="https://evil.example")
        self.assertEqual(refused.exception.response.status_code, 403)
        self.guest(self.url, self.server, origin="https://game.example")
        self.guest(self.url, self.server)

    def test_close_codes(self):
        for code, reason, error in ((1000, "", 0), (1001, "", 0), (1000, "bye", 0),
                                    (1009, "too much", stepwire.ERROR_TOO_BIG), (4001, "why", stepwire.ERROR_CLOSED)):
            with self.case(code=code, reason=reason):
                client, socket = self.guest(self.url, self.server)
                client.close(code, reason)
                event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=socket)
                self.assertEqual(event["error"], error)
                self.assertEqual(event["server"], self.server)
                if reason:
                    self.assertIn(reason, event["reason"])
                if error:
                    self.assertIn(str(code), event["reason"])
                self.assertEqual(client.protocol.close_rcvd.code, code)

    def test_an_end_without_a_close_frame(self):
        client, socket = self.guest(self.url, self.server)
        client.socket.shutdown(2)
        event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=socket)
        self.assertEqual(event["error"], stepwire.ERROR_CLOSED)

    def test_destroying_closes_with_what_was_sent_before(self):
        client, socket = self.guest(self.url, self.server)
        for n in range(100):
            self.host.must("network_send_raw", socket, bytes([n]) * 10_000, 10_000, 0)
        self.host.must("network_destroy", socket)
        for n in range(100):
            self.assertEqual(client.recv(DEADLINE), bytes([n]) * 10_000)
        with self.assertRaises(websockets.exceptions.ConnectionClosedOK) as closed:
            client.recv(DEADLINE)
        self.assertEqual(closed.exception.rcvd.code, 1000)

    def test_pings_are_answered(self):
        client, _ = self.guest(self.url, self.server)
        for payload in (b"", b"x" * 125):
            self.assertTrue(client.ping(payload).wait(DEADLINE))

    def test_idle_connections_are_pinged_and_the_silent_given_up(self):
        self.host.must("network_set_config", stepwire.CONFIG_WEBSOCKET_KEEPALIVE, self.server, 100)
        client, socket = self.guest(self.url, self.server)
        before = self.host.must("network_get_stat", socket, "bytes_received")
        wait_until(lambda: self.host.must("network_get_stat", socket, "bytes_received") >= before + 12, "two pongs")
        client.protocol.receive_data = lambda data: None
        event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=socket)
        self.assertEqual(event["error"], stepwire.ERROR_TIMEOUT)


@both_io_modes
class Clients(WebSocketTestCase):
    def test_regular(self):
        server = self.serve()
        socket = self.connected(f"ws://127.0.0.1:{server.port}/a?b=c", CONFIG_WEBSOCKET_HEADERS="X-Name: me")
        for payload in (b"hello", b"", b"x" * 90_000):
            self.assertEqual(self.host.must("network_send_packet", socket, payload, len(payload)), len(payload))
            self.data(socket, payload)
        self.assertEqual(server.requests[0].path, "/a?b=c")
        self.assertEqual(server.requests[0].headers["X-Name"], "me")
        self.assertEqual(server.requests[0].headers["Host"], f"127.0.0.1:{server.port}")
        self.host.must("network_destroy", socket)
        wait_until(lambda: server.ended, "the server's end")
        self.assertEqual(server.ended[0][0].code, 1000)

    def test_raw(self):
        server = self.serve(raw=True)
        socket = self.connected("127.0.0.1", server.port, raw=True)
        for payload, kind in ((b"hello", stepwire.SEND_BINARY), ("häß".encode(), stepwire.SEND_TEXT)):
            self.host.must("network_send_raw", socket, payload, len(payload), kind)
            self.data(socket, payload, kind)
        message = bytes(range(256)) * (1 << 16)
        self.host.must("network_send_raw", socket, message, len(message), 0)
        self.data(socket, message)

    def test_blocking(self):
        server = self.serve()
        socket = self.host.must("network_create_socket", stepwire.SOCKET_WS)
        self.host.must("network_connect", socket, f"ws://localhost:{server.port}", 0)
        self.host.must("network_send_packet", socket, b"x", 1)
        self.data(socket, b"x")
        self.assertEqual(self.host.must("network_get_string", socket, "path"), "/")

    def test_subprotocols(self):
        server = self.serve(raw=True, subprotocols=["game.v1"])
        socket = self.connected("127.0.0.1", server.port, raw=True, CONFIG_WEBSOCKET_PROTOCOL="game.v2,game.v1")
        self.assertEqual(self.host.must("network_get_string", socket, "protocol"), "game.v1")

    def test_server_closes(self):
        for farewell, error in (((1000, ""), 0), ((1001, "restart"), 0), ((4000, "kicked"), stepwire.ERROR_CLOSED)):
            server = self.serve(farewell=farewell)
            socket = self.connected("127.0.0.1", server.port)
            self.host.must("network_send_packet", socket, b"close", 5)
            event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=socket)
            self.assertEqual((event["error"], event["id"]), (error, socket))
            self.assertIn(farewell[1], event["reason"])
            self.assertEqual(self.host.call("network_send_packet", socket, b"x", 1), stepwire.ERROR_CLOSED)
            again = self.serve()
            self.host.must("network_connect_async", socket, "127.0.0.1", again.port)
            event = self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=socket)
            self.assertEqual(event["succeeded"], 1)

    def test_regular_client_at_a_raw_server(self):
        self.host.must("network_set_config", stepwire.CONFIG_CONNECT_TIMEOUT, 300, 0)
        server = self.serve(raw=True)
        error, _ = self.refused("127.0.0.1", server.port)
        self.assertEqual(error, stepwire.ERROR_TIMEOUT)

    def test_websocket_client_at_a_tcp_server(self):
        _, port = self.host.listen()
        error, reason = self.refused("127.0.0.1", port)
        self.assertEqual(error, stepwire.ERROR_HANDSHAKE)
        self.assertIn("TCP", reason)

    def test_stepwire_at_both_ends(self):
        for raw in (False, True):
            server, port = self.listen(raw)
            socket = self.connected("[::1]", port, raw=raw)
            member = self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]
            for payload in (b"", b"x", b"y" * 1_000_000):
                for sender, receiver in ((socket, member), (member, socket)):
                    self.host.must("network_send_packet", sender, payload, len(payload))
                    self.data(receiver, packet(payload) if raw else payload)
            self.host.must("network_destroy", member)
            self.assertEqual(self.host.event(type=stepwire.TYPE_DISCONNECT, socket=socket)["error"], 0)
