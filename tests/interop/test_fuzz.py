"""Garbage and damaged streams, seeded: each must lead to exactly what the protocol says, and harm nobody else."""

import contextlib
import random

import gamemaker
import oracle
import segmenter
import stepwire
from hosting import HostTestCase, both_io_modes
from payloads import numbered

ROUNDS = 250
SEED = 20240607
INTERESTING = (0, 1, 11, 12, 13, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 4 << 20, (4 << 20) + 1, 0xDEADC0DE)


def damaged(generator, stream):
    """The stream after one to three small accidents."""
    stream = bytearray(stream)
    for _ in range(generator.randint(1, 3)):
        place = generator.randrange(len(stream)) if stream else 0
        length = generator.randint(1, 12)
        accident = generator.randrange(7)
        if accident == 0 and stream:
            stream[place] ^= 1 << generator.randrange(8)
        elif accident == 1:
            stream[place:place] = generator.randbytes(length)
        elif accident == 2:
            del stream[place:place + length]
        elif accident == 3:
            stream[place:place] = stream[place:place + length]
        elif accident == 4:
            del stream[place:]
        elif accident == 5:
            # A word of a header, or what is read as one, becomes a number that arithmetic trips over.
            place -= place % 4
            stream[place:place + 4] = generator.choice(INTERESTING).to_bytes(4, "little")
        else:
            stream += generator.randbytes(generator.randint(1, 200))
    return bytes(stream)


def some_packets(generator):
    sizes = (0, 1, 4, 12, 13, 40, 300, 5000)
    return gamemaker.packets(*[
        numbered(number, generator.choice(sizes)) for number in range(generator.randint(0, 6))
    ])


def pieces(generator, stream):
    if len(stream) < 2 or generator.random() < 0.3:
        return [stream]
    return segmenter.random_splits(stream, 1, generator.random())[0]


class Fuzz(HostTestCase):
    def setUp(self):
        super().setUp()
        self.host.set(echo=True)
        self.server_handle, self.port = self.host.listen()
        self.healthy, self.healthy_client = self.joined(self.server_handle, self.port)
        self.turn = 0

    def assert_healthy(self):
        """The bystander is served as ever."""
        self.turn += 1
        self.healthy.send_packets(numbered(self.turn, 50))
        self.assertEqual(self.healthy.receive_packet(), numbered(self.turn, 50))
        self.assertEqual(self.host.event(id=self.healthy_client)["payload"], numbered(self.turn, 50))

    def assert_verdict(self, handle, verdict):
        """The data and the disconnect that the verdict wants, and no event besides."""
        for payload in verdict.payloads:
            event = self.host.next_event()
            self.assertEqual((event["type"], event["id"], event["payload"]), (stepwire.TYPE_DATA, handle, payload))
        event = self.host.next_event()
        self.assertEqual((event["type"], event["socket"]), (stepwire.TYPE_DISCONNECT, handle))
        self.assertIn(event["error"], verdict.errors)

    def talk(self, connection, segments):
        """Says it all, stops speaking, and hears the other side out."""
        with contextlib.suppress(ConnectionError):
            for segment in segments:
                connection.send(segment)
        connection.finish()
        connection.wait_for_end()


@both_io_modes
class FuzzedServer(Fuzz):
    def check(self, generator, stream):
        verdict = oracle.of_client_stream(stream)
        with gamemaker.connect(self.port) as peer:
            local = peer.local[1]
            self.talk(peer, pieces(generator, stream))
        if verdict.connected:
            event = self.host.next_event()
            self.assertEqual((event["type"], event["port"]), (stepwire.TYPE_CONNECT, local))
            self.assert_verdict(event["socket"], verdict)

    def test_damaged_streams(self):
        generator = random.Random(SEED)
        for turn in range(ROUNDS):
            # Most of the time the handshake is spared, so that the damage gets further in.
            hello, packets = gamemaker.hello(turn), some_packets(generator)
            spared = generator.random() < 0.7
            stream = hello + damaged(generator, packets) if spared else damaged(generator, hello + packets)
            with self.case(turn=turn, stream=stream.hex()[:400]):
                self.check(generator, stream)
                if turn % 10 == 0:
                    self.assert_healthy()
        self.assert_healthy()
        self.assert_quiet()

    def test_random_bytes(self):
        generator = random.Random(SEED + 1)
        for turn in range(ROUNDS // 2):
            stream = generator.randbytes(generator.choice((1, 15, 16, 17, 100, 5000)))
            if turn % 2:
                stream = gamemaker.hello() + stream
            with self.case(turn=turn, stream=stream.hex()[:400]):
                self.check(generator, stream)
        self.assert_healthy()
        self.assert_quiet()


@both_io_modes
class FuzzedClient(Fuzz):
    def setUp(self):
        super().setUp()
        self.hostile = gamemaker.Server()
        self.addCleanup(self.hostile.socket.close)

    def check(self, generator, banner, stream):
        socket = self.host.must("network_create_socket", stepwire.SOCKET_TCP)
        self.host.must("network_connect_async", socket, "127.0.0.1", self.hostile.port)
        if banner == gamemaker.BANNER:
            verdict = oracle.of_server_stream(stream)
        else:
            verdict = oracle.Verdict(connected=False, errors=(stepwire.ERROR_HANDSHAKE,))
        with self.hostile.accept_raw() as connection:
            connection.send(banner)
            if banner == gamemaker.BANNER:
                self.hostile.receive_hello(connection)
            self.talk(connection, pieces(generator, stream))
        event = self.host.next_event()
        self.assertEqual((event["type"], event["socket"], event["succeeded"]),
                         (stepwire.TYPE_NON_BLOCKING_CONNECT, socket, verdict.connected))
        if verdict.connected:
            self.assert_verdict(socket, verdict)
        else:
            self.assertIn(event["error"], verdict.errors)
        self.host.must("network_destroy", socket)

    def test_damaged_streams(self):
        generator = random.Random(SEED + 2)
        for turn in range(ROUNDS):
            banner = bytearray(gamemaker.BANNER)
            if generator.random() < 0.1:
                banner[generator.randrange(len(banner))] ^= 1 << generator.randrange(8)
            packets = some_packets(generator)
            spared = generator.random() < 0.7
            stream = gamemaker.ACCEPTED + damaged(generator, packets) if spared else \
                damaged(generator, gamemaker.ACCEPTED + packets)
            with self.case(turn=turn, banner=bytes(banner), stream=stream.hex()[:400]):
                self.check(generator, bytes(banner), stream)
                if turn % 10 == 0:
                    self.assert_healthy()
        self.assert_healthy()
        self.assert_quiet()
