"""Crowds of strangers: they use up neither descriptors nor the time in which others are served."""

import contextlib
import itertools
import resource
import socket
import unittest

import frames
import gamemaker
import process
import reliable_wire
import remote
import stepwire
from frames import Frame
from hosting import HostTestCase, wait_until

KIB = 1 << 10
PLAYERS = 8


@unittest.skipIf(remote.is_wanted(), "the library's process has limits of its own")
class FewDescriptors(HostTestCase):
    """A host that may have few descriptors, of which a quarter is for newcomers."""

    def few(self, most):
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.host = self.start_host(preexec_fn=limit)
        self.host.set(echo=True, report="none")

    def assert_players_come(self, port, count=PLAYERS):
        """They join and have a conversation at once."""
        with contextlib.ExitStack() as players:
            for number in range(count):
                player = players.enter_context(gamemaker.join(port))
                player.send_packets(b"player %d" % number)
                self.assertEqual(player.receive_packet(), b"player %d" % number)

    def wait_until_accepted(self, last):
        """Of a listener's queue everybody: whoever came last has heard something, or has made room already."""
        with contextlib.suppress(ConnectionError):
            last.recv(1)

    def log(self):
        return list(iter(lambda: self.host.call("network_next_log"), ""))

    def test_newcomers_of_all_servers_share_one_cap(self):
        self.few(256)
        ports = [self.host.listen(max_client=1000)[1] for _ in range(4)]
        before = process.descriptors(self.host.pid)
        crowd = [self.connect(port) for _ in range(80) for port in ports]
        # A player must not be among the oldest while there are still some to accept.
        for last in crowd[-len(ports) :]:
            self.wait_until_accepted(last.socket)
        for port in ports:
            self.assert_players_come(port)
        self.assertLessEqual(process.descriptors(self.host.pid) - before, 64 + PLAYERS)
        self.assertEqual([line for line in self.log() if "no file descriptors left" in line], [])

    def test_refused_clients_that_linger_count(self):
        self.few(256)
        full = self.host.must("network_create_server", stepwire.SOCKET_WS, 0, 0)
        full_port = int(self.host.must("network_get_port", full))
        _, port = self.host.listen(max_client=1000)
        before = process.descriptors(self.host.pid)
        for _ in range(300):
            peer = frames.connect(full_port)
            self.addCleanup(peer.close)
            peer.send(frames.request())
        self.wait_until_accepted(peer.socket)
        self.assert_players_come(port)
        self.assertLessEqual(process.descriptors(self.host.pid) - before, 64 + PLAYERS)
        self.assertEqual([line for line in self.log() if "no file descriptors left" in line], [])

    def test_when_descriptors_run_out_the_address_with_most_newcomers_gives_way(self):
        self.few(96)
        _, port = self.host.listen(max_client=1000)
        quiet = self.connect(port, source="127.0.0.3")
        crowd = [self.connect(port, source="127.0.0.2") for _ in range(20)]
        quiet.expect(gamemaker.BANNER)
        free = 96 - process.descriptors(self.host.pid)
        # More players than there are descriptors without those of the crowd.
        self.assert_players_come(port, free + 10)
        self.assertTrue(any("refused" in line for line in self.log()))
        # The one who came first and alone may still go on.
        quiet.send(gamemaker.hello())
        quiet.expect(gamemaker.ACCEPTED)
        # Of the crowd some had to go.
        with contextlib.suppress(ConnectionError):
            self.assertEqual(crowd[0].socket.recv(100, socket.MSG_WAITALL), gamemaker.BANNER)


class WorkPerTurn(HostTestCase):
    """With manual I/O a wait is one turn: what that reads shows in the counters."""

    manual_io = True
    CLIENTS = 8
    EACH = 192 * KIB
    # The budget of a turn, and what one connection is read of at a time.
    MOST = (256 + 64) * KIB
    MOST_FRAMES = 32_000

    def stuffed(self, raw, flood):
        """A server on which so many clients have sent a flood that no turn has read yet."""
        create = "network_create_server_raw" if raw else "network_create_server"
        server = self.host.must(create, stepwire.SOCKET_WS, 0, 100)
        port = int(self.host.must("network_get_port", server))
        peers = [(frames.open_client if raw else frames.join)(port) for _ in range(self.CLIENTS)]
        for peer in peers:
            self.addCleanup(peer.close)
        self.host.set(report="none")
        wait_until(lambda: self.host.call("network_get_stat", server, "clients") == self.CLIENTS, "the clients")
        self.host.set(poll=False)
        before = self.received(server)
        for peer in peers:
            peer.socket.settimeout(5)
            with contextlib.suppress(TimeoutError):
                peer.send(flood)
        return server, before

    def received(self, server):
        return self.host.call("network_get_stat", server, "bytes_received")

    def check(self, raw, frame, first=b""):
        encoded = frame.encode(from_client=True)
        flood = first + encoded * (self.EACH // len(encoded))
        server, before = self.stuffed(raw, flood)
        turns = []

        def all_read():
            nonlocal before
            if self.host.call("network_wait", 0):
                self.host.do("collect")
            after = self.received(server)
            turns.append(after - before)
            before = after
            return sum(turns) >= self.CLIENTS * len(flood)

        wait_until(all_read, "everything to be read")
        self.assertLess(max(turns), self.MOST)
        self.assertLess(max(turns) / len(encoded), self.MOST_FRAMES)

    def test_whoever_has_just_sent_something_comes_before_those_that_send_without_end(self):
        _, port = self.host.listen()
        player = self.join(port)
        begun = Frame(frames.BINARY, fin=False).encode(from_client=True)
        more = Frame(frames.CONTINUATION, fin=False).encode(from_client=True)
        self.stuffed(True, begun + more * (self.EACH // len(more)))
        # Each has its part once.
        for _ in range(self.CLIENTS + 2):
            self.host.call("network_wait", 0)
        self.host.set(report="full")
        player.send_packets(b"now")
        for _ in range(3):
            if self.host.call("network_wait", 0):
                self.host.do("collect")
        self.assertEqual([event["payload"] for event in self.host.events if event["payload"]], [b"now"])

    def test_hellos_of_the_reliable_protocol(self):
        each = 150
        ports, sockets = {}, []
        for _ in range(self.CLIENTS):
            own = self.host.must("network_create_server", stepwire.SOCKET_UDP, 0, 100)
            self.host.must("network_set_config", stepwire.CONFIG_ENABLE_RELIABLE_UDP, own, 0)
            ports[own] = int(self.host.must("network_get_port", own))
            sockets.append(own)
        self.host.set(poll=False)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for own, number in itertools.product(sockets, range(each)):
                hello = reliable_wire.Hello(1 + number).encode()
                stranger.sendto(hello, ("127.0.0.1", ports[own]))
        turns, before = [], 0

        def all_read():
            nonlocal before
            self.host.call("network_wait", 0)
            after = sum(map(self.received, sockets))
            turns.append((after - before) / len(hello))
            before = after
            return after == self.CLIENTS * each * len(hello)

        wait_until(all_read, "everything to be read")
        # The budget of a turn, and what one socket had.
        self.assertLess(max(turns), 86 + each)

    def test_pings(self):
        self.check(False, Frame(frames.PING))

    def test_continuations(self):
        begun = Frame(frames.BINARY, fin=False).encode(from_client=True)
        self.check(True, Frame(frames.CONTINUATION, fin=False), begun)

    def test_empty_messages(self):
        self.check(True, Frame(frames.BINARY))

    def test_texts_that_are_no_packets(self):
        self.check(False, Frame(frames.TEXT, b"x"))
