"""What whoever runs a server counts and sets: its clients, who is turned away, ports that close and open."""

import frames
import gamemaker
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until


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
