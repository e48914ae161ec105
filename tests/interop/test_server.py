"""A regular server of the library against the independent client."""

import gamemaker
import segmenter
import stepwire
from hosting import HostTestCase, both_io_modes
from payloads import numbered

SIZES = (0, 1, 11, 12, 13, 64, 4096, 65535, 65536, 90000)


@both_io_modes
class RegularServer(HostTestCase):
    def test_the_events_of_a_life_through_every_way_to_poll(self):
        for polling in ("event", "callback", "key"):
            with self.case(polling=polling):
                self.host.set(polling=polling)
                server, port = self.host.listen()
                peer = self.join(port)
                peer.send_packets(b"hello", b"")
                connect, first, second = (self.host.next_event() for _ in range(3))
                client = connect["socket"]
                self.assertNotIn(client, (server, -1))
                common = {"succeeded": 0, "message_type": 0, "error": 0, "code": 0, "reason": "", "ip": "127.0.0.1",
                          "port": peer.local[1], "server": server}
                about_client = common | {"id": server, "socket": client, "size": 0, "payload": None}
                data = common | {"type": stepwire.TYPE_DATA, "id": client, "socket": -1}
                self.assertEqual(connect, about_client | {"type": stepwire.TYPE_CONNECT})
                self.assertEqual(first, data | {"size": 5, "payload": b"hello"})
                self.assertEqual(second, data | {"size": 0, "payload": b""})
                self.assertEqual(self.host.call("network_get_string", client, "ip"), "127.0.0.1")
                peer.finish()
                self.assertEqual(peer.receive_until_end(), ([], gamemaker.END_ORDERLY))
                self.assertEqual(self.host.next_event(), about_client | {"type": stepwire.TYPE_DISCONNECT})
                self.host.must("network_destroy", server)
                self.assert_quiet()

    def test_every_segmentation_of_handshake_and_packets(self):
        self.host.set(echo=True)
        server, port = self.host.listen()
        payloads = [b"hello", b"", numbered(3, 13)]
        stream = gamemaker.hello(0x01020304) + gamemaker.packets(*payloads)
        with segmenter.PeerQueue() as queue:
            for segments in segmenter.every_segmentation(stream):
                with gamemaker.connect(port) as peer, self.case(segments=[len(s) for s in segments]):
                    peer.expect(gamemaker.BANNER)
                    segmenter.send_segments(peer.socket, segments, queue)
                    peer.expect(gamemaker.ACCEPTED)
                    self.assertEqual(peer.receive_packets(len(payloads)), payloads)
                    peer.finish()
                    self.assertEqual(peer.receive_until_end(), ([], gamemaker.END_ORDERLY))
                    events = [self.host.next_event() for _ in range(5)]
                    self.assertEqual([event["type"] for event in events], [
                        stepwire.TYPE_CONNECT, *[stepwire.TYPE_DATA] * 3, stepwire.TYPE_DISCONNECT])
                    self.assertEqual([event["payload"] for event in events[1:4]], payloads)
        self.assert_quiet()

    def test_a_client_may_say_everything_before_it_has_read_a_thing(self):
        self.host.set(echo=True)
        _, port = self.host.listen()
        peer = self.connect(port)
        peer.send(gamemaker.hello() + gamemaker.packets(b"eager", b""))
        peer.expect(gamemaker.BANNER + gamemaker.ACCEPTED)
        self.assertEqual(peer.receive_packets(2), [b"eager", b""])

    def test_step_3_and_the_connect_event_wait_for_the_last_byte_of_step_2(self):
        server, port = self.host.listen()
        peer = self.connect(port)
        peer.expect(gamemaker.BANNER)
        peer.send(gamemaker.hello()[:-1])
        self.assert_quiet()
        peer.socket.setblocking(False)
        with self.assertRaises(BlockingIOError):
            peer.socket.recv(1)
        peer.socket.settimeout(gamemaker.DEADLINE)
        peer.send(gamemaker.hello()[-1:])
        peer.expect(gamemaker.ACCEPTED)
        self.host.event(type=stepwire.TYPE_CONNECT, server=server)

    def test_any_game_id_is_welcome(self):
        server, port = self.host.listen()
        for game_id in (0, 1, 0xDEADC0DE, 0xFFFFFFFF):
            self.joined(server, port, game_id=game_id)

    def test_packet_sizes_both_ways(self):
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        for size in SIZES:
            with self.case(size=size):
                payload = numbered(size, size)
                self.assertEqual(self.host.call("network_send_packet", client, payload, size), size + 12)
                self.assertEqual(peer.receive_packet(), payload)
                peer.send_packets(payload)
                self.assertEqual(self.host.event(id=client)["payload"], payload)

    def test_large_packets_in_random_segmentations(self):
        self.host.set(echo=True)
        server, port = self.host.listen()
        payloads = [numbered(size, size) for size in SIZES]
        stream = gamemaker.packets(*payloads)
        # Cuts around and inside the headers first: that is where a reader's arithmetic is.
        headers, place = [], 0
        for payload in payloads:
            headers += [place + offset for offset in (-1, 1, 11, 12, 13) if 0 < place + offset < len(stream)]
            place += 12 + len(payload)
        segmentations = [segmenter.split_at(stream, *headers), [stream]]
        segmentations += segmenter.random_splits(stream, 10, seed=2, most_cuts=30)
        peer, client = self.joined(server, port)
        with segmenter.PeerQueue() as queue:
            for segments in segmentations:
                segmenter.send_segments(peer.socket, segments, queue)
                self.assertEqual(peer.receive_packets(len(payloads)), payloads)
                for payload in payloads:
                    self.assertEqual(self.host.event(id=client)["payload"], payload)

    def test_clients_do_not_hear_each_other(self):
        self.host.set(echo=True)
        _, port = self.host.listen()
        peers = [self.join(port) for _ in range(20)]
        for turn in range(20):
            for number, peer in enumerate(peers):
                peer.send_packets(numbered(turn * 100 + number, 40))
        for number, peer in enumerate(peers):
            wanted = [numbered(turn * 100 + number, 40) for turn in range(20)]
            self.assertEqual(peer.receive_packets(20), wanted)

    def test_both_families_reach_one_server(self):
        server, port = self.host.listen()
        for address in ("127.0.0.1", "::1"):
            peer = self.join(port, host=address)
            event = self.host.event(type=stepwire.TYPE_CONNECT, server=server)
            self.assertEqual((event["ip"], event["port"]), (address, peer.local[1]))

    def test_a_server_keeps_its_port_to_itself(self):
        server, port = self.host.listen()
        taken = self.host.call("network_create_server", stepwire.SOCKET_TCP, port, 10)
        self.assertEqual(taken, stepwire.ERROR_ADDRESS_IN_USE)
        self.assertNotEqual(taken.because, "")
        self.host.must("network_destroy", server)
        # Connections that the old server had must not keep the port from the next one.
        again = self.host.must("network_create_server", stepwire.SOCKET_TCP, port, 10)
        self.assertGreater(again, server)
        self.joined(again, port)

    def test_counters_count(self):
        self.host.set(echo=True)
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        peer.send_packets(b"12345", b"")
        self.assertEqual(peer.receive_packets(2), [b"12345", b""])
        for key in ("packets_received", "packets_sent"):
            self.assertEqual(self.host.call("network_get_stat", client, key), 2, key)
        for key in ("bytes_received", "bytes_sent"):
            self.assertGreaterEqual(self.host.call("network_get_stat", client, key), 5, key)
        self.assertEqual(self.host.call("network_get_stat", client, "no such key"), stepwire.ERROR_BAD_ARGUMENT)
