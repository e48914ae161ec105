"""Ten thousand clients, tens of thousands of comings and goings: all served, and nothing left behind."""

import os
import resource
import select
import socket as sockets
import sys
import unittest

import gamemaker
import process
import remote
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until
from payloads import numbered

# Wine asks its one server about each socket: with all of them there the tests would take hours.
FEWER = 20 if remote.is_wanted() else 1
IDLE = 10_000 // FEWER
CHURN, WARM_UP = 20_000 // FEWER, 2_000 // FEWER
# Each has its own that it warms up with.
IO_THREADS = int(os.environ.get("STEPWIRE_TEST_IO_THREADS", 1))
# Descriptors that a process needs besides its connections.
SPARE = 500


def source(number):
    """One of several local addresses: a single one has too few ports for all."""
    return f"127.0.0.{2 + number % 8}"


class ScaleTestCase(HostTestCase):
    def start_host(self, **popen):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.hard_limit = hard
        # The host starts with a low soft limit: raising it is the library's promise.
        return super().start_host(
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard)), **popen)

    def tally(self):
        return self.host.do("tally")


@both_io_modes
class Idle(ScaleTestCase):
    def test_ten_thousand_idle_clients_are_all_served(self):
        count = min(IDLE, self.hard_limit - SPARE)
        if count < IDLE:
            print(f"hard limit of {self.hard_limit} descriptors: only {count} clients", file=sys.stderr)
        self.host.set(echo=True, report="none")
        server, port = self.host.listen(max_client=count)
        gamemaker.join(port).close()
        wait_until(lambda: self.tally()["disconnect"] == 1, "the first client's end")
        before = process.resident(self.host.pid)
        peers = [self.join(port, source=source(number)) for number in range(count)]
        wait_until(lambda: self.tally()["connect"] == count + 1, "all connects")
        grown = process.resident(self.host.pid) - before
        print(f"{count} idle clients: {grown / count:.0f} bytes resident each", file=sys.stderr)
        # Far from a buffer of its own for each; the exact figure is for a benchmark.
        self.assertLess(grown / count, 2048)
        for turn in range(2):
            for number, peer in enumerate(peers):
                peer.send_packets(numbered(number + turn, 32))
            for number, peer in enumerate(peers):
                self.assertEqual(peer.receive_packet(), numbered(number + turn, 32))
        self.assertEqual(self.tally()["echo_errors"], [])
        # All at once they are cut off, and the server is still there for the next.
        for peer in peers:
            peer.reset()
        wait_until(lambda: self.tally()["disconnect"] == count + 1, "all disconnects")
        with gamemaker.join(port) as peer:
            peer.send_packets(b"the next")
            self.assertEqual(peer.receive_packet(), b"the next")


@both_io_modes
class Churn(ScaleTestCase):
    def come_and_go(self, port, number):
        """One of the ways in and out; returns whether it got as far as a connect event."""
        way = number % 6
        with gamemaker.connect(port, source=source(number // 6)) as peer:
            if way == 0:
                peer.expect(gamemaker.BANNER)
                peer.send(gamemaker.hello()[:number % 16])
                return False
            peer.send(gamemaker.hello() + gamemaker.packet(b"kick" if way == 1 else b"stay"))
            peer.expect(gamemaker.BANNER + gamemaker.ACCEPTED)
            if way == 1:
                peer.wait_for_end()
                self.kicked += 1
            elif way == 2:
                peer.reset()
            elif way == 3:
                peer.receive_packet()
                peer.finish()
                peer.wait_for_end()
            elif way == 4:
                peer.receive_packet()
                peer.reset()
            return True

    def test_comings_and_goings_leave_nothing_behind(self):
        self.host.set(echo=True, report="none")
        _, port = self.host.listen()
        self.kicked = connects = 0
        figures = []
        for number in range(CHURN):
            if number in (WARM_UP, CHURN // 2):
                figures.append(self.figures(connects))
                # Handles are given back by their destroy, and without one by themselves.
                self.host.set(destroy=number == CHURN // 2)
            connects += self.come_and_go(port, number)
        figures.append(self.figures(connects))
        (early, early_memory), *later = figures
        for figure, memory in later:
            self.assertEqual(figure, early)
            self.assertLess(memory - early_memory, IO_THREADS * 2 << 20)
        print(f"{CHURN - WARM_UP} connections later: {later[-1][1] - early_memory} bytes more resident",
              file=sys.stderr)

    def figures(self, connects):
        """(threads, sockets, waiting events) once all is quiet, and resident memory."""
        wait_until(lambda: self.tally()["connect"] == connects + 1, "all connects")
        wait_until(lambda: self.tally()["disconnect"] == connects + 1 - self.kicked, "all disconnects")
        wait_until(lambda: process.descriptors(self.host.pid) == self.idle_descriptors, "the descriptors")
        stats = [self.host.must("network_get_stat", -1, key) for key in ("sockets", "events")]
        return (process.threads(self.host.pid), *stats), process.resident(self.host.pid)

    def start_host(self, **popen):
        host = super().start_host(**popen)
        # A server brings whatever the library keeps open for good, and one connection what it keeps in memory.
        server = host.must("network_create_server", stepwire.SOCKET_TCP, 0, 1)
        first = gamemaker.join(int(host.must("network_get_port", server)))
        # Now its thread has begun, with what that needs.
        before = process.descriptors(host.pid) - 1
        first.close()
        host.event(type=stepwire.TYPE_DISCONNECT)
        host.events.clear()
        wait_until(lambda: process.descriptors(host.pid) == before, "the end of the first connection")
        # The server of the test will be one more.
        self.idle_descriptors = before + 1
        return host

    def test_outgoing_connections_leave_nothing_behind(self):
        _, port = self.host.listen()
        self.host.set(report="none")
        with sockets.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            refusing = holder.getsockname()[1]
            figures = []
            for number in range(600):
                if number in (100, 599):
                    wait_until(lambda: process.descriptors(self.host.pid) == self.idle_descriptors, "the descriptors")
                    figures.append((process.threads(self.host.pid), self.host.must("network_get_stat", -1, "sockets")))
                socket = self.host.must("network_create_socket", stepwire.SOCKET_TCP)
                function = "network_connect_async" if number % 3 else "network_connect"
                self.host.call(function, socket, "127.0.0.1", refusing if number % 5 == 0 else port)
                self.host.must("network_destroy", socket)
        self.assertEqual(figures[0], figures[1])


@both_io_modes
class OutOfDescriptors(HostTestCase):
    LIMIT = 64

    def start_host(self, **popen):
        limit = (self.LIMIT, self.LIMIT)
        return super().start_host(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limit), **popen)

    def test_who_does_not_fit_waits_for_a_place(self):
        self.host.set(echo=True, report="none")
        _, port = self.host.listen()
        served, welcome = [], gamemaker.BANNER + gamemaker.ACCEPTED + gamemaker.packet(b"in")
        while True:
            peer = self.ask_to_join(port)
            if not select.select([peer.socket], [], [], 1)[0]:
                break
            peer.expect(welcome)
            served.append(peer)
            self.assertLess(len(served), self.LIMIT)
        waiting = [peer, *(self.ask_to_join(port) for _ in range(9))]
        self.assertGreater(len(served), self.LIMIT // 2)
        for peer in served:
            peer.send_packets(b"still served")
            self.assertEqual(peer.receive_packet(), b"still served")
        for peer in served[:len(waiting)]:
            peer.close()
        for peer in waiting:
            peer.expect(welcome)

    def ask_to_join(self, port):
        peer = self.connect(port)
        peer.send(gamemaker.hello() + gamemaker.packet(b"in"))
        return peer


@unittest.skipIf(remote.is_wanted(), "the limit is a number of the library's, too many connections for Wine")
class UncollectedEvents(ScaleTestCase):
    LIMIT = 65_536

    def test_a_server_stops_accepting_when_nobody_collects_its_events(self):
        """Each client here comes and goes: two events that wait. The library's I/O thread goes on without polls."""
        self.host.set(report="none")
        _, port = self.host.listen()
        self.host.set(poll=False)
        before, joined = process.resident(self.host.pid), 0
        while True:
            peer = self.connect(port, source=source(joined), deadline=2)
            try:
                peer.expect(gamemaker.BANNER)
            except TimeoutError:
                break
            peer.socket.settimeout(gamemaker.DEADLINE)
            peer.send(gamemaker.hello())
            peer.expect(gamemaker.ACCEPTED)
            peer.reset()
            joined += 1
            # A few may be on their way when the limit is seen.
            self.assertLess(2 * joined, self.LIMIT + 4096, "the server accepts for ever")
        self.assertGreater(2 * joined, self.LIMIT - 4096)
        self.assertLess(process.resident(self.host.pid) - before, 64 << 20)
        # Once the events are collected, whoever knocked meanwhile is let in.
        self.host.set(poll=True)
        peer.socket.settimeout(gamemaker.DEADLINE)
        peer.expect(gamemaker.BANNER)
        peer.send(gamemaker.hello())
        peer.expect(gamemaker.ACCEPTED)
        wait_until(lambda: self.tally()["disconnect"] == joined, "the events")
        self.assertEqual(self.tally()["connect"], joined + 1)
