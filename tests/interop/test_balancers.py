"""Behind real load balancers: the players' own addresses come through HAProxy and nginx, in each way they tell them."""

import unittest

import frames
import gamemaker
import stepwire
from balancers import HAPROXY, NGINX, HAProxy, Nginx
from hosting import HostTestCase, both_io_modes, wait_until

PLAYER, OTHER = "127.0.0.7", "127.0.0.8"


class BalancerTestCase(HostTestCase):
    def listen(self, kind=stepwire.SOCKET_TCP, proxied=False):
        self.host.must("network_set_config", stepwire.CONFIG_PROXY_PROTOCOL, -1, proxied)
        self.host.must("network_set_config_string", stepwire.CONFIG_PROXY_TRUSTED, -1, "127.0.0.1")
        self.host.must("network_set_config", stepwire.CONFIG_CLIENTS_PER_ADDRESS, -1, 1)
        server = self.host.must("network_create_server", kind, 0, 100)
        return server, int(self.host.must("network_get_port", server))

    def check_tcp(self, server, door):
        """Players have the addresses they come from, also to the limits; and bytes go both ways."""
        for ip in (PLAYER, OTHER):
            player = self.connect(door, source=ip)
            player.expect(gamemaker.BANNER)
            player.send(gamemaker.hello())
            player.expect(gamemaker.ACCEPTED)
            event = self.host.event(type=stepwire.TYPE_CONNECT, server=server)
            self.assertEqual((event["ip"], event["port"]), (ip, player.local[1]))
            player.send_packets(b"hello")
            self.assertEqual(self.host.event(type=stepwire.TYPE_DATA)["payload"], b"hello")
            self.host.must("network_send_packet", event["socket"], b"welcome", 7)
            self.assertEqual(player.receive_packet(), b"welcome")
        one_too_many = self.connect(door, source=PLAYER)
        self.assertEqual(one_too_many.wait_for_end() in (gamemaker.END_ORDERLY, gamemaker.END_RESET), True)
        wait_until(lambda: self.host.call("network_get_stat", server, "refused") == 1, "the refusal")

    def check_websocket(self, server, door, *spoofed, ip=PLAYER):
        peer = frames.Peer(self.connect(door, source=ip).socket, is_client=True)
        peer.send(frames.request(*spoofed, path="/play?x=1"))
        self.assertTrue(peer.read_head().startswith(b"HTTP/1.1 101 "))
        self.assertEqual(peer.read_frame(), (frames.BINARY, gamemaker.BANNER))
        peer.send_frames(frames.Frame(frames.BINARY, gamemaker.hello()))
        self.assertEqual(peer.read_frame(), (frames.BINARY, gamemaker.ACCEPTED))
        event = self.host.event(type=stepwire.TYPE_CONNECT, server=server)
        self.assertEqual(event["ip"], ip)
        socket = event["socket"]
        self.assertEqual(self.host.call("network_get_string", socket, "ip"), ip)
        self.assertEqual(self.host.call("network_get_string", socket, "query"), "x=1")
        self.assertTrue(self.host.call("network_get_string", socket, "header:X-Forwarded-For").endswith(ip))
        peer.send_frames(frames.Frame(frames.BINARY, gamemaker.packet(b"hello")))
        self.assertEqual(self.host.event(type=stepwire.TYPE_DATA)["payload"], b"hello")
        return peer

    def refused(self, door, *lines, ip=PLAYER):
        """The status of the answer to a request that is not granted."""
        peer = frames.Peer(self.connect(door, source=ip).socket, is_client=True)
        peer.send(frames.request(*lines))
        return int(peer.read_head().split()[1])


DEFAULTS = ("defaults\n    timeout connect 5s\n    timeout client 1m\n    timeout server 1m\n    timeout tunnel 1m\n"
            "global\n    stats socket {control} level admin\n")


@unittest.skipUnless(HAPROXY, "there is no haproxy (Debian: apt-get install haproxy)")
@both_io_modes
class BehindHAProxy(BalancerTestCase):
    def balancer(self, config, *doors):
        balancer = HAProxy(DEFAULTS + config, doors)
        self.addCleanup(balancer.close)
        return balancer.ports

    def test_tcp_with_both_versions_of_the_proxy_protocol(self):
        for words in ("send-proxy", "send-proxy-v2", "send-proxy-v2-ssl proxy-v2-options unique-id,authority"):
            with self.case(words):
                server, port = self.listen(proxied=True)
                ports = self.balancer("listen players\n    mode tcp\n    bind {door}\n"
                                      f"    server one 127.0.0.1:{port} {words}\n", "door")
                self.check_tcp(server, ports["door"])

    def test_its_own_checks_are_answered(self):
        server, port = self.listen(proxied=True)
        balancer = HAProxy(DEFAULTS + "listen players\n    mode tcp\n    bind {door}\n"
                           f"    server one 127.0.0.1:{port} send-proxy-v2 check inter 50ms fall 1 rise 1\n", ["door"])
        self.addCleanup(balancer.close)
        balancer.ask("set server players/one health down")
        wait_until(lambda: balancer.states()["players", "one"] == "UP", "a check that succeeds")
        self.assertEqual(self.host.call("network_get_stat", server, "clients"), 0)

    def test_websockets_with_x_forwarded_for(self):
        server, port = self.listen(stepwire.SOCKET_WS)
        ports = self.balancer("listen browsers\n    mode http\n    bind {door}\n    option forwardfor\n"
                              f"    server one 127.0.0.1:{port}\n", "door")
        # What players write themselves stands left of what HAProxy adds.
        first = self.check_websocket(server, ports["door"], b"X-Forwarded-For: 192.0.2.1, 127.0.0.1")
        self.check_websocket(server, ports["door"], ip=OTHER)
        self.assertEqual(self.refused(ports["door"]), 429)
        first.close()
        wait_until(lambda: self.host.call("network_get_stat", server, "clients") == 1, "the place to be free")
        self.check_websocket(server, ports["door"])

    def test_a_header_that_it_lets_through_fools_nobody(self):
        server, port = self.listen(stepwire.SOCKET_WS)
        ports = self.balancer("listen browsers\n    mode http\n    bind {door}\n    option forwardfor\n"
                              f"    server one 127.0.0.1:{port}\n"
                              "listen careful\n    mode http\n    bind {careful}\n    option forwardfor\n"
                              f"    http-request del-header Forwarded\n    server one 127.0.0.1:{port}\n",
                              "door", "careful")
        self.assertEqual(self.refused(ports["door"], b"Forwarded: for=192.0.2.1"), 400)
        self.check_websocket(server, ports["careful"], b"Forwarded: for=192.0.2.1")


@unittest.skipUnless(NGINX, "there is no nginx (Debian: apt-get install libnginx-mod-stream)")
@both_io_modes
class BehindNginx(BalancerTestCase):
    def test_tcp_and_websockets(self):
        server, port = self.listen(proxied=True)
        web_server, web_port = self.listen(stepwire.SOCKET_WS)
        balancer = Nginx(
            f"    server {{ listen {{tcp}}; proxy_pass 127.0.0.1:{port}; proxy_protocol on; }}\n",
            "    server {\n        listen {ws};\n        location / {\n"
            f"            proxy_pass http://127.0.0.1:{web_port};\n            proxy_http_version 1.1;\n"
            "            proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection upgrade;\n"
            "            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n        }\n    }\n", ["tcp", "ws"])
        self.addCleanup(balancer.close)
        # nginx was asked whether it listens: it passed these connections on, and they ended in their handshake.
        wait_until(lambda: self.host.call("network_get_stat", server, "handshakes_failed") >= 1, "the test's own")
        self.check_tcp(server, balancer.ports["tcp"])
        self.check_websocket(web_server, balancer.ports["ws"], b"X-Forwarded-For: 192.0.2.1")
        self.check_websocket(web_server, balancer.ports["ws"], ip=OTHER)
        self.assertEqual(self.refused(balancer.ports["ws"]), 429)
