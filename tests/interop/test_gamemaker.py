"""The Python side against itself and against the published vectors."""

import threading
import unittest

import gamemaker
import segmenter

STEP_1 = "47 4d 3a 53 74 75 64 69 6f 2d 43 6f 6e 6e 65 63 74 00"
STEP_2 = "be ba fe ca 0b b0 ad de 10 00 00 00 00 00 00 00"
STEP_3 = "ad be af de eb be 0d f0 0c 00 00 00"
PACKET_HELLO = "de c0 ad de 0c 00 00 00 05 00 00 00 68 65 6c 6c 6f"
PACKET_EMPTY = "de c0 ad de 0c 00 00 00 00 00 00 00"


class Vectors(unittest.TestCase):
    def test_bytes_are_those_of_the_vectors(self):
        for written, wanted in (
            (gamemaker.BANNER, STEP_1),
            (gamemaker.hello(), STEP_2),
            (gamemaker.ACCEPTED, STEP_3),
            (gamemaker.packet(b"hello"), PACKET_HELLO),
            (gamemaker.packet(b""), PACKET_EMPTY),
        ):
            self.assertEqual(written, bytes.fromhex(wanted))


class Reading(unittest.TestCase):
    def test_packets_survive_every_segmentation(self):
        payloads = [b"hello", b"", b"0123456789abc"]
        for segments in segmenter.every_segmentation(gamemaker.packets(*payloads)):
            reader = gamemaker.PacketReader()
            got = [payload for segment in segments for payload in reader.feed(segment)]
            self.assertEqual(got, payloads)
            self.assertEqual(reader.pending, b"")

    def test_broken_headers_are_refused(self):
        for broken in (gamemaker.header(0, magic=0xDEADC0DF), gamemaker.header(0, header_size=16)):
            with self.assertRaises(gamemaker.WireError):
                gamemaker.PacketReader().feed(broken)


class Conversation(unittest.TestCase):
    def test_client_and_server_talk_in_every_segmentation_of_either_stream(self):
        payloads = [b"hello", b""]
        upstream = gamemaker.hello(7) + gamemaker.packets(*payloads)
        downstream = gamemaker.BANNER + gamemaker.ACCEPTED + gamemaker.packets(*payloads)
        with gamemaker.Server() as server, segmenter.PeerQueue() as queue:
            for segments in segmenter.every_segmentation(downstream, random_count=3):
                thread = threading.Thread(target=self.serve, args=(server, segments, queue))
                thread.start()
                with gamemaker.connect(server.port) as client:
                    client.expect(gamemaker.BANNER)
                    client.send(upstream)
                    client.expect(gamemaker.ACCEPTED)
                    self.assertEqual(client.receive_packets(2), payloads)
                    self.assertEqual(client.receive_until_end(), ([], gamemaker.END_ORDERLY))
                thread.join(gamemaker.DEADLINE)
                self.assertEqual(self.game_id, 7)
                self.assertEqual(self.served, payloads)

    def serve(self, server, segments, queue):
        with server.accept_raw() as connection:
            segmenter.send_segments(connection.socket, segments, queue)
            self.game_id = server.receive_hello(connection)
            self.served = connection.receive_packets(2)

    def test_a_reset_shows(self):
        with gamemaker.Server() as server, gamemaker.connect(server.port) as client:
            accepted = server.accept_raw()
            accepted.send(gamemaker.packet(b"before")[:15])
            accepted.reset()
            self.assertEqual(client.receive_until_end(), ([], gamemaker.END_RESET))

    def test_a_cut_packet_shows(self):
        with gamemaker.Server() as server, gamemaker.connect(server.port) as client:
            with server.accept_raw() as accepted:
                accepted.send(gamemaker.packet(b"whole") + gamemaker.packet(b"cut")[:-1])
            with self.assertRaises(gamemaker.WireError):
                client.receive_until_end()
