"""Messages that arrive in part: they count in the total limit, and nobody is locked up by them."""

import contextlib
import resource
import selectors
import unittest

import frames
import gamemaker
import remote
import stepwire
from frames import Frame
from hosting import DEADLINE, both_io_modes, wait_until
from pressure import MIB, MemoryTestCase

LIMIT = 16 * MIB
LARGE = 4 * MIB
# What the library and the host take besides: room for reading, the events under way, the message that goes beyond.
BESIDES = 32 * MIB
PIECE = 256 << 10
# Far more together than the limit, though each has little.
CROWD = 1000
PART = 64 << 10
ENDED = None


class Senders:
    """Connections with something to write, as much as each takes."""

    def __init__(self, connections):
        self.rests = {connection: memoryview(b"") for connection in connections}

    def add(self, data):
        """All are to write this as well."""
        for connection, rest in self.rests.items():
            if rest is not ENDED:
                self.rests[connection] = memoryview(bytes(rest) + bytes(data)) if len(rest) else memoryview(data)

    def ended(self):
        return sum(rest is ENDED for rest in self.rests.values())

    def pour(self, until=None):
        """Writes until nobody takes anything for a while, or `until` something is true."""
        with selectors.DefaultSelector() as selector:
            for connection, rest in self.rests.items():
                if rest is not ENDED:
                    connection.socket.setblocking(False)
                    selector.register(connection.socket, selectors.EVENT_WRITE, connection)

            def stops():
                ready = selector.select(0.5 if until is None else 0.05) if selector.get_map() else ()
                for key, _ in ready:
                    if not self.write(key.data):
                        selector.unregister(key.data.socket)
                return not ready if until is None else until()

            wait_until(stops, "the end of writing", timeout=3 * DEADLINE)

    def write(self, connection):
        """Whether it has more to write."""
        rest = self.rests[connection]
        with contextlib.suppress(BlockingIOError):
            try:
                rest = rest[connection.socket.send(rest[:PIECE]):] if len(rest) else rest
            except ConnectionError:
                rest = ENDED
        self.rests[connection] = rest
        return rest is not ENDED and len(rest) > 0


crowded = unittest.skipIf(remote.is_wanted(), "too many connections for Wine")


class PartialMessages(MemoryTestCase):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.host.must("network_set_config", stepwire.CONFIG_TOTAL_QUEUE_LIMIT, LIMIT, 0)

    def clients(self, count, join):
        made = [join() for _ in range(count)]
        for connection in made:
            self.addCleanup(connection.close)
        return made

    def uncollected(self):
        return self.host.call("network_get_stat", -1, "receive_queue")

    def wait_for_a_crowd(self):
        """What was written may still be on its way, in the system's buffers."""
        wait_until(lambda: self.uncollected() > LIMIT // 2, "unfinished messages to take most of the room")

    def assert_within_the_limit(self):
        self.wait_for_a_crowd()
        levels = []

        def at_rest():
            levels.append(self.uncollected())
            return len(levels) > 10 and len(set(levels[-10:])) == 1

        wait_until(at_rest, "no more to come")
        self.assertLess(self.uncollected(), LIMIT + LARGE)
        self.assert_memory_grew_at_most(LIMIT + BESIDES)

    def assert_small_packets_pass(self, port):
        """Another client has a quick conversation meanwhile."""
        self.host.set(echo=True)
        with gamemaker.join(port) as quick:
            for _ in range(20):
                quick.send_packets(b"and me?")
                self.assertEqual(quick.receive_packet(), b"and me?")
        self.host.set(echo=False)

    def came(self):
        return self.host.do("tally")["data"]


@both_io_modes
class GameMakerPackets(PartialMessages):
    COUNT = 100

    def test_all_but_the_last_byte_of_each_stays_within_the_limit_and_comes_whole_in_the_end(self):
        _, port = self.host.listen(max_client=1000)
        senders = Senders(self.clients(self.COUNT, lambda: gamemaker.join(port)))
        self.remember_memory()
        packet = gamemaker.packet(bytes(LARGE))
        senders.add(packet[:-1])
        senders.pour()
        self.assert_within_the_limit()
        self.assert_small_packets_pass(port)
        # Now they go on: whoever was not given up meanwhile comes through.
        before = self.came()
        senders.add(packet[-1:])
        senders.pour(until=lambda: self.came() - before + senders.ended() >= self.COUNT)
        self.assertGreater(self.came() - before, self.COUNT // 2)
        wait_until(lambda: self.uncollected() == 0, "nothing to be left")

    @crowded
    def test_a_thousand_parts_of_packets_stay_within_the_limit(self):
        _, port = self.host.listen(max_client=2 * CROWD)
        senders = Senders(self.clients(CROWD, lambda: gamemaker.join(port)))
        self.remember_memory()
        senders.add(gamemaker.packet(bytes(PART))[:-1])
        senders.pour()
        self.assert_within_the_limit()
        self.assert_small_packets_pass(port)

    def test_whoever_holds_most_gives_way_when_nothing_moves(self):
        self.host.must("network_set_config", stepwire.CONFIG_MESSAGE_TIMEOUT, -1, 0)
        server, port = self.host.listen(max_client=1000)
        packet = gamemaker.packet(bytes(LARGE))
        senders = Senders(self.clients(4, lambda: gamemaker.join(port)))
        senders.add(packet[:-1])
        senders.pour()
        self.wait_for_a_crowd()
        late = Senders(self.clients(1, lambda: gamemaker.join(port)))
        late.add(packet)
        late.pour(until=lambda: self.came() == 1)
        ended = self.host.event(type=stepwire.TYPE_DISCONNECT, server=server)
        self.assertEqual(ended["error"], stepwire.ERROR_TOO_BIG)

    def test_a_packet_larger_than_the_limit_comes_whole(self):
        self.host.must("network_set_config", stepwire.CONFIG_TOTAL_QUEUE_LIMIT, 1000, 0)
        _, port = self.host.listen()
        senders = Senders(self.clients(6, lambda: gamemaker.join(port)))
        senders.add(gamemaker.packet(bytes(MIB)))
        senders.pour(until=lambda: self.came() == 6)


@both_io_modes
class WebSocketMessages(PartialMessages):
    def test_frames_and_fragments_count(self):
        server = self.host.must("network_create_server_raw", stepwire.SOCKET_WS, 0, 1000)
        port = int(self.host.must("network_get_port", server))
        half = [Senders(self.clients(20, lambda: frames.open_client(port))) for _ in range(2)]
        self.remember_memory()
        frame = Frame(frames.BINARY, bytes(LARGE)).encode(from_client=True)
        half[0].add(frame[:-1])
        fragment = Frame(frames.BINARY, bytes(PIECE), fin=False).encode(from_client=True)
        further = Frame(0, bytes(PIECE), fin=False).encode(from_client=True)
        half[1].add(fragment + 15 * further)
        for senders in half:
            senders.pour()
        self.assert_within_the_limit()
        half[0].add(frame[-1:])
        half[1].add(Frame(0, b"").encode(from_client=True))
        both = Senders(())
        for senders in half:
            both.rests.update(senders.rests)
        both.pour(until=lambda: self.came() + both.ended() >= 40)
        self.assertGreater(self.came(), 20)
        wait_until(lambda: self.uncollected() == 0, "nothing to be left")


    @crowded
    def test_a_thousand_fragments_stay_within_the_limit(self):
        server = self.host.must("network_create_server_raw", stepwire.SOCKET_WS, 0, 2 * CROWD)
        port = int(self.host.must("network_get_port", server))
        senders = Senders(self.clients(CROWD, lambda: frames.open_client(port)))
        self.remember_memory()
        senders.add(Frame(frames.BINARY, bytes(PART), fin=False).encode(from_client=True))
        senders.pour()
        self.assert_within_the_limit()


class ReliableMessages(PartialMessages):
    def test_parts_of_reliable_messages_count_and_all_come_whole(self):
        self.check(senders=24, size=2 * MIB)

    @crowded
    def test_parts_of_a_thousand_messages(self):
        self.check(senders=CROWD, size=PART)

    def check(self, senders, size):
        self.host.must("network_set_config", stepwire.CONFIG_TOTAL_QUEUE_LIMIT, 8 * MIB, 0)
        server = self.host.must("network_create_server", stepwire.SOCKET_UDP, 0, 1)
        self.host.must("network_set_config", stepwire.CONFIG_ENABLE_RELIABLE_UDP, server, 0)
        port = int(self.host.must("network_get_port", server))
        other = self.start_host()
        self.remember_memory()
        for _ in range(senders):
            sender = other.must("network_create_socket_ext", stepwire.SOCKET_UDP, 0)
            other.must("network_set_config", stepwire.CONFIG_ENABLE_RELIABLE_UDP, sender, 0)
            other.must("network_send_udp", sender, "127.0.0.1", port, {"zeros": size}, size)
        most = 0

        def all_came():
            nonlocal most
            most = max(most, self.uncollected())
            return self.came() == senders

        wait_until(all_came, "all messages", timeout=3 * DEADLINE)
        self.assertLess(most, 8 * MIB + size + MIB)
        self.assert_memory_grew_at_most(8 * MIB + BESIDES)
