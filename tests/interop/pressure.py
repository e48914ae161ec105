"""What the tests of slow peers and slow programs share: writing until somebody pushes back, and memory."""

import select

import gamemaker
import process
from hosting import HostTestCase, wait_until

MIB = 1 << 20
# How long a sender's socket stays full before that counts as push-back.
STUCK = 0.5


def push_all(connections, chunks):
    """Writes each connection's chunks until all are pushed back.

    Returns for each (chunks begun, bytes of the last of them that are still to be sent).
    """
    begun, rests = [0] * len(connections), [b""] * len(connections)
    sources = [iter(each) for each in chunks]
    for connection in connections:
        connection.socket.setblocking(False)
    numbers = {connection.socket: number for number, connection in enumerate(connections)}
    while ready := select.select([], numbers, [], STUCK)[1]:
        for sock in ready:
            number = numbers[sock]
            if not rests[number]:
                rests[number] = next(sources[number], None)
                if rests[number] is None:
                    raise AssertionError(f"all {begun[number]} chunks were taken: nobody pushes back")
                begun[number] += 1
            rests[number] = rests[number][sock.send(rests[number]):]
    for connection in connections:
        connection.socket.settimeout(gamemaker.DEADLINE)
    return list(zip(begun, rests))


def push(connection, chunks):
    """The same for one connection."""
    return push_all([connection], [chunks])[0]


class MemoryTestCase(HostTestCase):
    def setUp(self):
        super().setUp()
        self.host.set(report="digest")

    def remember_memory(self):
        process.reset_peak(self.host.pid)
        self.memory = process.resident(self.host.pid)

    def assert_memory_grew_at_most(self, size):
        grown = process.peak(self.host.pid) - self.memory
        self.assertLess(grown, size, f"{grown >> 20} MiB more than before")

    def wait_for_digest(self, client, wanted):
        """Until the host has seen as many packets as wanted; then they must be exactly those."""
        wait_until(lambda: self.host.do("digest", socket=client)["packets"] >= wanted["packets"],
                   "the packets", timeout=20)
        self.assertEqual(self.host.do("digest", socket=client), wanted)
