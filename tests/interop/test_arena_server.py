"""The dedicated server of the examples, as those who run it see it: draining, certificates, balancers, systemd."""

import os
import pathlib
import signal
import socket
import ssl
import sys
import unittest
import urllib.request

import arena
import gamemaker
from balancers import HAPROXY, HAProxy, free_ports
from certificates import Authority
from hosting import DEADLINE, wait_until

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None

# What systemd does between fork and exec: the sockets are the descriptors from 3 on.
ACTIVATE = """
import os, sys
numbers = [os.dup(int(number)) for number in os.environ["SOCKETS"].split()]
numbers = [os.dup2(number, 100 + index) for index, number in enumerate(numbers)]
for index, number in enumerate(numbers):
    os.dup2(number, 3 + index)
os.execve(sys.argv[1], sys.argv[1:], {**os.environ, "LISTEN_FDS": str(len(numbers)), "LISTEN_PID": str(os.getpid())})
"""

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "docs/dedicated-server"


@unittest.skipUnless(arena.SERVER.exists(), "arena_server is not built")
class ArenaTestCase(unittest.TestCase):
    def start(self, *words, **popen):
        server = arena.Arena(*words, **popen)
        self.addCleanup(server.close)
        return server

    def join(self, *where, **how):
        connection = arena.Connection(*where, **how)
        self.addCleanup(connection.close)
        connection.receive_until(arena.WELCOME)
        return connection


class Draining(ArenaTestCase):
    def test_the_players_are_told_and_the_server_ends_when_they_are_gone(self):
        for words in ([], ["--io-thread"]):
            server = self.start(0, "--bind", "127.0.0.1", *words)
            players = [self.join(server.port("tcp"), "one"), self.join(server.port("ws"), "two", websocket=True)]
            server.ask_to_drain()
            for player in players:
                self.assertEqual(player.receive_until(arena.MOVING)[1:], b"the server restarts\0")
                # Play goes on, but nobody else gets in.
                player.receive_until(arena.SNAPSHOT)
            for door in ("tcp", "ws"):
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", server.port(door)), DEADLINE)
            players[0].close()
            players[1].receive_until(arena.LEFT)
            self.assertIsNone(server.process.poll())
            players[1].close()
            self.assertEqual(server.wait(), 0)
            self.assertIn("sent away: 0\n", server.lines)

    def test_who_was_in_the_handshake_is_told_as_well(self):
        server = self.start(0, "--bind", "127.0.0.1")
        late = gamemaker.connect(server.port("tcp"))
        self.addCleanup(late.close)
        late.expect(gamemaker.BANNER)
        server.ask_to_drain()
        server.find("draining: 0 players")
        late.send(gamemaker.hello())
        late.expect(gamemaker.ACCEPTED)
        late.send_packets(bytes([arena.JOIN, arena.VERSION]) + b"late\0")
        while late.receive_packet()[0] != arena.MOVING:
            pass
        late.close()
        self.assertEqual(server.wait(), 0)

    def test_who_does_not_go_is_sent_away_when_the_time_is_over(self):
        server = self.start(0, "--bind", "127.0.0.1", "--drain", 0.5)
        tcp, ws = self.join(server.port("tcp"), "one"), self.join(server.port("ws"), "two", websocket=True)
        server.ask_to_drain()
        while ws.receive() is not None:
            pass
        self.assertEqual(ws.code, 1012)
        while tcp.receive() is not None:
            pass
        self.assertEqual(server.wait(), 0)
        self.assertIn("sent away: 2\n", server.lines)

    def test_a_second_sigterm_and_sigint_end_it_at_once(self):
        for signals in ([signal.SIGTERM, signal.SIGTERM], [signal.SIGINT]):
            server = self.start(0, "--bind", "127.0.0.1")
            player = self.join(server.port("tcp"), "stays")
            for number in signals:
                server.process.send_signal(number)
                if number != signals[-1]:
                    player.receive_until(arena.MOVING)
            self.assertEqual(server.wait(), 0)


class Operating(ArenaTestCase):
    def test_sighup_reads_the_certificate_again(self):
        authority = Authority()
        self.addCleanup(authority.close)
        chain, key = authority.certify("first")
        server = self.start(0, "--bind", "127.0.0.1", "--cert", chain, "--key", key)
        context = ssl.create_default_context(cafile=authority.certificate)

        def subject():
            with socket.create_connection(("127.0.0.1", server.port("wss")), DEADLINE) as plain:
                with context.wrap_socket(plain, server_hostname="localhost") as secure:
                    return dict(pair[0] for pair in secure.getpeercert()["subject"])["commonName"]

        player = self.join(server.port("wss"), "stays", websocket=True, tls=context)
        self.assertEqual(subject(), "first")
        renewed = authority.certify("second")
        for old, new in zip((chain, key), renewed):
            os.replace(new, old)
        server.process.send_signal(signal.SIGHUP)
        server.find("the certificate was read again")
        self.assertEqual(subject(), "second")
        # What cannot be used changes nothing, also the second time.
        chain.write_text("no certificate")
        server.process.send_signal(signal.SIGHUP)
        server.find("the certificate stays the old one: ")
        self.assertEqual(subject(), "second")
        player.receive_until(arena.SNAPSHOT)

    def test_health_and_metrics(self):
        server = self.start(0, "--bind", "127.0.0.1", "--health", "/health", "--metrics", "/metrics")
        self.join(server.port("tcp"), "one")
        base = f"http://127.0.0.1:{server.port('ws')}"
        with urllib.request.urlopen(f"{base}/health", timeout=DEADLINE) as answer:
            self.assertEqual((answer.status, answer.read()), (200, b"ok\n"))
        with urllib.request.urlopen(f"{base}/metrics", timeout=DEADLINE) as answer:
            text = answer.read().decode()
        self.assertIn("\nstepwire_server_clients{", text)
        if text_string_to_metric_families:
            families = {family.name: family for family in text_string_to_metric_families(text)}
            clients = {sample.labels["port"]: sample.value for sample in families["stepwire_server_clients"].samples}
            self.assertEqual(clients[str(server.port("tcp"))], 1)

    def test_systemds_sockets_outlive_the_process(self):
        """Two processes after each other: who connects in between waits, and is served by the second."""
        pair = ports_in_a_row()
        listeners = [socket.create_server(("127.0.0.1", port)) for port in pair]
        for listener in listeners:
            self.addCleanup(listener.close)
        numbers = [listener.fileno() for listener in listeners]

        def activate():
            return self.start(pair[0], "--bind", "127.0.0.1", command=[sys.executable, "-c", ACTIVATE, arena.SERVER],
                              env={**os.environ, "SOCKETS": " ".join(map(str, numbers))}, pass_fds=numbers)

        first = activate()
        self.join(first.port("tcp"), "one").close()
        first.ask_to_drain()
        self.assertEqual(first.wait(), 0)
        early = gamemaker.connect(pair[0])
        self.addCleanup(early.close)
        second = activate()
        early.expect(gamemaker.BANNER)
        self.join(pair[1], "two", websocket=True)
        second.process.kill()


def ports_in_a_row():
    while True:
        [port] = free_ports(1)
        try:
            with socket.create_server(("127.0.0.1", port + 1)):
                return port, port + 1
        except OSError:
            continue


@unittest.skipUnless(HAPROXY, "there is no haproxy (Debian: apt-get install haproxy)")
class RollingRestart(ArenaTestCase):
    """Two servers behind HAProxy, one after the other restarted while fifty play, half of them in browsers: no
    connect is lost, and nobody is cut off who was not told. The configuration is the one in the documentation."""

    PLAYERS = 50

    def server(self, ports):
        server = self.start(ports[0], "--bind", "127.0.0.1", "--proxy", "127.0.0.1", "--health", "/health")
        server.port("ws")
        return server

    def balancer(self, ports):
        config = (DEPLOY / "haproxy.cfg").read_text()
        for documented, own in (("10.0.0.5:6510", f"127.0.0.1:{ports[0][0]}"), ("10.0.0.6:6510", f"127.0.0.1:{ports[1][0]}"),
                                ("10.0.0.5:6511", f"127.0.0.1:{ports[0][1]}"), ("10.0.0.6:6511", f"127.0.0.1:{ports[1][1]}"),
                                ("10.0.0.5 port 6511", f"127.0.0.1 port {ports[0][1]}"),
                                ("10.0.0.6 port 6511", f"127.0.0.1 port {ports[1][1]}"),
                                (":6510\n", "{tcp}\n"), (":443 ssl crt /etc/haproxy/arena.pem alpn http/1.1\n", "{ws}\n"),
                                ("/run/haproxy/admin.sock mode 660", "{control}"), ("inter 1s", "inter 100ms"),
                                ("maxconn 20000", "maxconn 500")):
            self.assertIn(documented, config)
            config = config.replace(documented, own)
        balancer = HAProxy(config, ["tcp", "ws"])
        self.addCleanup(balancer.close)
        return balancer

    def test_fifty_players(self):
        ports = [ports_in_a_row() for _ in range(2)]
        servers = [self.server(pair) for pair in ports]
        balancer = self.balancer(ports)
        names = [(proxy, f"arena{number}") for proxy in ("players", "browsers") for number in (1, 2)]

        def is_up(*servers):
            states = balancer.states()
            return all(states[name] == "UP" for name in servers)

        wait_until(lambda: is_up(*names), "both servers to be up")
        players = [arena.Player(balancer.ports["ws" if number % 2 else "tcp"], f"player {number}", number % 2 == 1)
                   for number in range(self.PLAYERS)]
        for player in players:
            player.start()
        for index in range(2):
            wait_until(lambda: all(player.playing for player in players) or any(p.lost or p.cut for p in players),
                       "all to play", 60)
            self.assertTrue(all(player.playing for player in players), [p.lost + p.cut for p in players])
            servers[index].ask_to_drain()
            self.assertEqual(servers[index].wait(), 0)
            self.assertIn("sent away: 0\n", servers[index].lines)
            servers[index] = self.server(ports[index])
            wait_until(lambda: is_up(("players", f"arena{index + 1}"), ("browsers", f"arena{index + 1}")), "it to be up again")
        before = [player.snapshots for player in players]
        wait_until(lambda: all(player.playing and player.snapshots > count for player, count in zip(players, before)),
                   "all to play on", 60)
        for player in players:
            player.stopping.set()
        for player in players:
            player.join(DEADLINE)
        told = sum(player.told for player in players)
        self.assertEqual([player.lost + player.cut for player in players if player.lost or player.cut], [])
        # All were on the second server when that was restarted.
        self.assertGreaterEqual(told, self.PLAYERS)


if __name__ == "__main__":
    unittest.main()
