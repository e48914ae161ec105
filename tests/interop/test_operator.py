"""What whoever runs a server counts and sets: its clients, who is turned away, ports that close and open."""

import time
import unittest

import frames
import gamemaker
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None


class OperatorTestCase(HostTestCase):
    def stat(self, socket, key):
        return self.host.call("network_get_stat", socket, key)

    def wait_for_stats(self, socket, **wanted):
        def counted():
            return {key: self.stat(socket, key) for key in wanted} == wanted
        try:
            wait_until(counted, f"the counters {wanted}")
        except TimeoutError:
            self.fail(f"{ {key: self.stat(socket, key) for key in wanted} } instead of {wanted}")

    def listen_as(self, kind, max_client=100, raw=False):
        create = "network_create_server_raw" if raw else "network_create_server"
        server = self.host.must(create, kind, 0, max_client)
        return server, int(self.host.must("network_get_port", server))


@both_io_modes
class Counters(OperatorTestCase):
    def test_who_came_and_what_they_carried_stays_when_they_left(self):
        server, port = self.host.listen()
        self.host.set(echo=True)
        first, client = self.joined(server, port)
        second, _ = self.joined(server, port)
        for peer in (first, second):
            peer.send_packets(b"twelve bytes")
            self.assertEqual(peer.receive_packet(), b"twelve bytes")
        self.wait_for_stats(server, clients=2, accepted=2, packets_received=2, packets_sent=2)
        sent, received = self.stat(server, "bytes_sent"), self.stat(server, "bytes_received")
        self.assertGreaterEqual(received, 2 * (12 + len(b"twelve bytes")))
        self.assertEqual(received, sum(self.stat(socket, "bytes_received") for socket in self.clients_of(server)))
        first.close()
        self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)
        self.wait_for_stats(server, clients=1, accepted=2, packets_received=2, packets_sent=2, refused=0,
                            handshakes_failed=0)
        # Polled again since: the client's socket is gone.
        wait_until(lambda: self.stat(-1, "sockets") == 2, "the client to be forgotten")
        self.assertEqual((self.stat(server, "bytes_sent"), self.stat(server, "bytes_received")), (sent, received))

    def clients_of(self, server):
        return [socket for socket in range(int(server) + 1, int(server) + 3)]

    def test_who_did_not_get_in_is_counted_by_the_reason(self):
        server, port = self.host.listen(max_client=1)
        self.joined(server, port)
        for _ in range(3):
            with gamemaker.connect(port) as peer:
                peer.expect(gamemaker.BANNER)
                peer.send(gamemaker.hello())
                peer.receive_until_end()
        self.wait_for_stats(server, clients=1, accepted=1, refused=3, handshakes_failed=0)
        with gamemaker.connect(port) as peer:
            peer.expect(gamemaker.BANNER)
            peer.send(b"GET / HTTP/1.1\r\n\r\n")
            peer.receive_until_end()
        with gamemaker.connect(port) as peer:
            peer.expect(gamemaker.BANNER)
        self.wait_for_stats(server, clients=1, accepted=1, refused=3, handshakes_failed=2)
        lines = []
        while line := self.host.call("network_next_log"):
            lines.append(line)
        self.assertEqual(sum("the server is full" in line for line in lines), 3, lines)
        self.assertEqual(sum(f"server {int(server)} refused 127.0.0.1" in line for line in lines), 5, lines)

    def test_only_servers_of_connections_keep_them(self):
        for create in ("network_create_socket", "network_create_server"):
            arguments = (stepwire.SOCKET_UDP, 0, 1) if "server" in create else (stepwire.SOCKET_TCP,)
            socket = self.host.must(create, *arguments)
            for key in ("clients", "accepted", "refused", "handshakes_failed"):
                self.assertEqual(self.stat(socket, key), stepwire.ERROR_BAD_ARGUMENT)
        self.assertEqual(self.stat(-1, "clients"), stepwire.ERROR_BAD_ARGUMENT)


@both_io_modes
class Places(OperatorTestCase):
    def test_a_full_server_answers_websockets_with_503(self):
        for raw in (False, True):
            server, port = self.listen_as(stepwire.SOCKET_WS, max_client=1, raw=raw)
            first = frames.open_client(port)
            if not raw:
                first.close()
                first = frames.join(port)
            self.host.event(type=stepwire.TYPE_CONNECT, id=server)
            second = frames.connect(port)
            second.send(frames.request())
            head = second.read_head()
            self.assertTrue(head.startswith(b"HTTP/1.1 503 "), head)
            second.close()
            self.wait_for_stats(server, clients=1, refused=1)
            first.close()

    def test_max_clients_changes_while_the_server_lives(self):
        server, port = self.host.listen(max_client=1)
        first, client = self.joined(server, port)
        self.host.must("network_set_config", stepwire.CONFIG_MAX_CLIENTS, server, 2)
        self.joined(server, port)
        self.host.must("network_set_config", stepwire.CONFIG_MAX_CLIENTS, server, 0)
        self.wait_for_stats(server, clients=2)
        with gamemaker.connect(port) as peer:
            peer.expect(gamemaker.BANNER)
            peer.send(gamemaker.hello())
            peer.receive_until_end()
        self.wait_for_stats(server, clients=2, refused=1)
        self.host.set(echo=True)
        first.send_packets(b"still here")
        self.assertEqual(first.receive_packet(), b"still here")
        for value in (-1, 2**31, 0.5):
            failed = self.host.call("network_set_config", stepwire.CONFIG_MAX_CLIENTS, server, value)
            self.assertEqual(failed, stepwire.ERROR_BAD_ARGUMENT)
        failed = self.host.call("network_set_config", stepwire.CONFIG_MAX_CLIENTS, client, 1)
        self.assertEqual(failed, stepwire.ERROR_WRONG_KIND)


@both_io_modes
class Accepting(OperatorTestCase):
    def set_accepting(self, server, value):
        return self.host.call("network_set_config", stepwire.CONFIG_ACCEPTING, server, value)

    def test_the_port_closes_and_opens_while_the_clients_play_on(self):
        for kind, join in ((stepwire.SOCKET_TCP, gamemaker.join), (stepwire.SOCKET_WS, frames.join)):
            server, port = self.listen_as(kind)
            peer = join(port)
            client = self.host.event(type=stepwire.TYPE_CONNECT, id=server)["socket"]
            self.assertEqual(self.set_accepting(server, 0), 0)
            self.assertEqual(self.set_accepting(server, 0), 0)
            with self.assertRaises(ConnectionRefusedError):
                gamemaker.connect(port)
            self.host.must("network_send_packet", client, {"bytes": "cGxheSBvbg=="}, 7)
            if kind == stepwire.SOCKET_TCP:
                self.assertEqual(peer.receive_packet(), b"play on")
            else:
                self.assertEqual(peer.read_frame(), (frames.BINARY, gamemaker.packet(b"play on")))
            self.assertEqual(self.set_accepting(server, 1), 0)
            self.assertEqual(self.set_accepting(server, 1), 0)
            second = join(port)
            self.host.event(type=stepwire.TYPE_CONNECT, id=server)
            self.assertEqual(self.host.must("network_get_port", server), port)
            self.wait_for_stats(server, clients=2, accepted=2)
            second.close()
            peer.close()

    def test_who_had_connected_before_is_let_in(self):
        server, port = self.host.listen()
        self.host.set(poll=False)
        early = [self.connect(port) for _ in range(20)]
        self.assertEqual(self.set_accepting(server, 0), 0)
        self.host.set(poll=True)
        for peer in early:
            peer.expect(gamemaker.BANNER)
            peer.send(gamemaker.hello())
            peer.expect(gamemaker.ACCEPTED)
        self.wait_for_stats(server, clients=20)

    def test_a_port_that_another_has_taken_is_said(self):
        server, port = self.host.listen()
        self.assertEqual(self.set_accepting(server, 0), 0)
        with gamemaker.Server() as _:
            other = self.host.must("network_create_server", stepwire.SOCKET_TCP, port, 1)
        self.assertEqual(self.set_accepting(server, 1), stepwire.ERROR_ADDRESS_IN_USE)
        self.host.must("network_destroy", other)
        self.assertEqual(self.set_accepting(server, 1), 0)
        self.joined(server, port)

    def test_a_server_that_does_not_accept_can_be_destroyed(self):
        server, port = self.host.listen()
        self.assertEqual(self.set_accepting(server, 0), 0)
        self.host.must("network_destroy", server)
        self.assertEqual(self.set_accepting(server, 1), stepwire.ERROR_BAD_HANDLE)
        again = self.host.must("network_create_server", stepwire.SOCKET_TCP, port, 1)
        self.joined(again, port)

    def test_servers_share_a_port_where_both_want_to(self):
        server, port = self.host.listen()
        refused = self.host.call("network_create_server", stepwire.SOCKET_TCP, port, 9)
        self.assertEqual(refused, stepwire.ERROR_ADDRESS_IN_USE)
        self.host.must("network_destroy", server)
        self.host.must("network_set_config", stepwire.CONFIG_REUSE_PORT, 1, 0)
        old = self.host.must("network_create_server", stepwire.SOCKET_TCP, port, 9)
        new = self.host.must("network_create_server", stepwire.SOCKET_TCP, port, 9)
        # The old one drains: whoever comes from now on is the new one's.
        self.assertEqual(self.set_accepting(old, 0), 0)
        for _ in range(8):
            self.joined(new, port)


@both_io_modes
class Limits(OperatorTestCase):
    def limit(self, option, server, value):
        self.host.must("network_set_config", option, server, value)

    def assert_refused(self, port, **options):
        with gamemaker.connect(port, **options) as peer:
            peer.socket.settimeout(gamemaker.DEADLINE)
            try:
                self.assertEqual(peer.socket.recv(100), b"")
            except ConnectionResetError:
                pass

    def test_clients_of_one_address(self):
        server, port = self.host.listen()
        first, _ = self.joined(server, port)
        # Those there are count.
        self.limit(stepwire.CONFIG_CLIENTS_PER_ADDRESS, server, 2)
        half = self.connect(port)
        half.expect(gamemaker.BANNER)
        self.assert_refused(port)
        self.wait_for_stats(server, refused=1, clients=1)
        self.joined(server, port, source="127.0.0.2")
        first.close()
        self.host.event(type=stepwire.TYPE_DISCONNECT)
        second, _ = self.joined(server, port)
        half.close()
        self.wait_for_stats(server, handshakes_failed=1)
        third, _ = self.joined(server, port)
        self.assert_refused(port)
        self.limit(stepwire.CONFIG_CLIENTS_PER_ADDRESS, server, 0)
        self.joined(server, port)

    def test_connects_of_one_address(self):
        self.limit(stepwire.CONFIG_CONNECTS_PER_ADDRESS, -1, 3)
        server, port = self.host.listen()
        for _ in range(3):
            self.join(port).close()
        self.assert_refused(port)
        self.joined(server, port, source="127.0.0.3")
        self.wait_for_stats(server, refused=1, accepted=4)

    def test_a_connection_is_read_no_faster_than_its_rate(self):
        server, port = self.host.listen()
        self.limit(stepwire.CONFIG_RECEIVE_RATE, server, 20_000)
        peer, client = self.joined(server, port)
        start = time.monotonic()
        for _ in range(30):
            peer.send_packets(bytes(988))
        for _ in range(30):
            self.host.event(type=stepwire.TYPE_DATA, id=client)
        took = time.monotonic() - start
        # 30 000 bytes, of which 20 000 are free.
        self.assertGreater(took, 0.4)
        self.limit(stepwire.CONFIG_RECEIVE_RATE, client, 0)
        start = time.monotonic()
        for _ in range(100):
            peer.send_packets(bytes(988))
        for _ in range(100):
            self.host.event(type=stepwire.TYPE_DATA, id=client)
        self.assertLess(time.monotonic() - start, 4)

    def test_a_message_that_stops_half_way_ends_the_connection(self):
        half_a_frame = frames.Frame(frames.BINARY, gamemaker.packet(b"some words")).encode(True)[:-3]
        fragment = frames.Frame(frames.BINARY, b"", fin=False).encode(True)
        cases = ((stepwire.SOCKET_TCP, False, gamemaker.packet(b"some words")[:-3]),
                 (stepwire.SOCKET_TCP, False, b"\xde"),
                 (stepwire.SOCKET_WS, False, half_a_frame), (stepwire.SOCKET_WS, True, half_a_frame),
                 (stepwire.SOCKET_WS, True, fragment))
        self.limit(stepwire.CONFIG_MESSAGE_TIMEOUT, -1, 300)
        for kind, raw, half in cases:
            server, port = self.listen_as(kind, raw=raw)
            join = gamemaker.join if kind == stepwire.SOCKET_TCP else frames.open_client if raw else frames.join
            peer = join(port)
            quiet = join(port)
            local = peer.socket.getsockname()[1]
            socket = self.host.event(type=stepwire.TYPE_CONNECT, id=server, port=local)["socket"]
            peer.send(half)
            ended = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=socket)
            self.assertEqual(ended["error"], stepwire.ERROR_TIMEOUT)
            self.assertIn("half-way", ended["reason"])
            # Who says nothing at all stays.
            self.wait_for_stats(server, clients=1)
            quiet.close()
            peer.close()
            self.host.must("network_destroy", server)

    def test_a_slow_message_that_goes_on_arriving_is_taken(self):
        self.limit(stepwire.CONFIG_MESSAGE_TIMEOUT, -1, 600)
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        message = gamemaker.packet(b"slowly but surely")
        for at in range(0, len(message), 2):
            peer.send(message[at:at + 2])
            time.sleep(0.06)
        self.assertEqual(self.host.event(type=stepwire.TYPE_DATA, id=client)["payload"], b"slowly but surely")
        self.assert_quiet()


@both_io_modes
class SharedUdpPorts(OperatorTestCase):
    def test_several_sockets_hear_what_is_sent_to_all(self):
        first = self.host.must("network_create_server", stepwire.SOCKET_UDP, 0, 0)
        port = self.host.must("network_get_port", first)
        refused = self.host.call("network_create_server", stepwire.SOCKET_UDP, port, 0)
        self.assertEqual(refused, stepwire.ERROR_ADDRESS_IN_USE)
        self.host.must("network_destroy", first)
        self.host.must("network_set_config", stepwire.CONFIG_REUSE_ADDRESS, 1, 0)
        listeners = {self.host.must("network_create_server", stepwire.SOCKET_UDP, port, 0) for _ in range(3)}
        sender = self.host.must("network_create_socket", stepwire.SOCKET_UDP)
        self.host.must("network_send_broadcast", sender, port, {"bytes": "aGVsbG8="}, 5)
        # Once over each interface.
        heard = set()
        while heard != listeners:
            heard.add(self.host.event(type=stepwire.TYPE_DATA)["id"])


@unittest.skipUnless(text_string_to_metric_families, "there is no prometheus_client")
class Metrics(OperatorTestCase):
    def metrics(self, text):
        families = list(text_string_to_metric_families(text))
        for family in families:
            self.assertIn(family.type, ("counter", "gauge"), family.name)
            self.assertTrue(family.documentation, family.name)
        return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
                for family in families for sample in family.samples}

    def test_all_counters_as_a_parser_reads_them(self):
        first, port = self.host.listen(max_client=1)
        second, other_port = self.host.listen()
        peer, _ = self.joined(first, port)
        self.host.set(echo=True)
        peer.send_packets(b"counted")
        peer.receive_packet()
        with gamemaker.connect(port) as late:
            late.expect(gamemaker.BANNER)
            late.send(gamemaker.hello())
            late.wait_for_end()
        self.wait_for_stats(first, clients=1, refused=1)
        found = self.metrics(self.host.call("network_get_metrics"))
        version = self.host.call("network_version")
        self.assertEqual(found["stepwire_build_info", (("version", version),)], 1)
        self.assertEqual(found["stepwire_sockets", ()], 3)
        for key, name in (("bytes_sent", "sent_bytes_total"), ("packets_received", "received_messages_total"),
                          ("clients", "clients"), ("accepted", "accepted_total"), ("refused", "refused_total"),
                          ("handshakes_failed", "handshakes_failed_total")):
            for server, at in ((first, port), (second, other_port)):
                labels = (("port", str(at)), ("server", str(int(server))))
                self.assertEqual(found["stepwire_server_" + name, labels], self.stat(server, key), name)
        self.assertEqual(found["stepwire_received_messages_total", ()], self.stat(-1, "packets_received"))

    def test_without_a_server_there_are_the_librarys_own(self):
        found = self.metrics(self.host.call("network_get_metrics"))
        self.assertEqual(found["stepwire_sockets", ()], 0)
        self.assertFalse([name for name, _ in found if "server" in name])
