"""Raw TCP both ways: a stream without handshake and headers."""

import gamemaker
import segmenter
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until
from payloads import numbered


@both_io_modes
class Raw(HostTestCase):
    def received(self, handle, size):
        """The next `size` bytes of the stream as the host was given them, however cut."""
        data = b""
        while len(data) < size:
            data += self.host.event(id=handle, type=stepwire.TYPE_DATA)["payload"]
        return data

    def test_a_raw_server_neither_greets_nor_strips(self):
        server, port = self.host.listen(raw=True)
        peer = self.connect(port)
        event = self.host.next_event()
        self.assertEqual((event["type"], event["id"], event["port"]),
                         (stepwire.TYPE_CONNECT, server, peer.local[1]))
        client = event["socket"]
        stream = gamemaker.hello() + gamemaker.packets(b"payload") + numbered(1, 5000)
        with segmenter.PeerQueue() as queue:
            for segments in [[stream], *segmenter.random_splits(stream, 10, seed=3)]:
                segmenter.send_segments(peer.socket, segments, queue)
                self.assertEqual(self.received(client, len(stream)), stream)
        answer = numbered(2, 70000)
        self.assertEqual(self.host.call("network_send_raw", client, answer, len(answer), 0), len(answer))
        # What came back proves that nothing was put in front of it.
        self.assertEqual(peer.receive_exactly(len(answer)), answer)
        peer.close()
        self.assertEqual(self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)["error"], 0)

    def test_single_bytes_arrive_in_order(self):
        server, port = self.host.listen(raw=True)
        peer = self.connect(port)
        client = self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]
        with segmenter.PeerQueue() as queue:
            segmenter.send_segments(peer.socket, segmenter.byte_by_byte(b"stream"), queue)
        self.assertEqual(self.received(client, 6), b"stream")

    def test_nothing_is_sent_for_an_empty_message(self):
        server, port = self.host.listen(raw=True)
        peer = self.connect(port)
        client = self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]
        self.assertEqual(self.host.call("network_send_raw", client, b"", 0, 0), 0)
        self.assertEqual(self.host.call("network_send_raw", client, b"x", 1, 0), 1)
        self.host.must("network_destroy", client)
        data = peer.receive_exactly(1)
        self.assertEqual((data, peer.wait_for_end()), (b"x", gamemaker.END_ORDERLY))

    def test_send_packet_on_raw_writes_a_header(self):
        server, port = self.host.listen(raw=True)
        peer = self.connect(port)
        client = self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]
        self.assertEqual(self.host.call("network_send_packet", client, b"framed", 6), 18)
        peer.expect(gamemaker.packet(b"framed"))

    def test_send_raw_on_regular_is_refused(self):
        server, port = self.host.listen()
        peer, client = self.joined(server, port)
        self.assertEqual(self.host.call("network_send_raw", client, b"x", 1, 0), stepwire.ERROR_WRONG_KIND)
        self.host.must("network_send_packet", client, b"y", 1)
        self.assertEqual(peer.receive_packet(), b"y")

    def test_a_raw_client_connects_blocking_and_async(self):
        with gamemaker.Server() as server:
            for function in ("network_connect_raw", "network_connect_raw_async"):
                with self.case(function=function):
                    socket = self.host.must("network_create_socket", stepwire.SOCKET_TCP)
                    self.assertGreaterEqual(self.host.call(function, socket, "127.0.0.1", server.port), 0)
                    connection = server.accept_raw()
                    if function.endswith("async"):
                        event = self.host.next_event()
                        self.assertEqual((event["type"], event["succeeded"]),
                                         (stepwire.TYPE_NON_BLOCKING_CONNECT, 1))
                    stream = gamemaker.BANNER + gamemaker.ACCEPTED + numbered(7, 3000)
                    connection.send(stream)
                    self.assertEqual(self.received(socket, len(stream)), stream)
                    self.host.must("network_send_raw", socket, stream, len(stream), 0)
                    # The first thing a raw client says is what its program said.
                    connection.expect(stream)
                    connection.reset()
                    event = self.host.next_event()
                    self.assertEqual((event["type"], event["socket"], event["error"]),
                                     (stepwire.TYPE_DISCONNECT, socket, stepwire.ERROR_CLOSED))

    def test_an_echo_of_many_bytes_comes_back_unharmed(self):
        self.host.set(echo=True, report="none")
        server, port = self.host.listen(raw=True)
        self.host.do("raw_handle", handle=int(server))
        peer = self.connect(port)
        stream = numbered(9, 1 << 20)
        for part in range(0, len(stream), 1 << 16):
            peer.send(stream[part:part + (1 << 16)])
        self.assertEqual(peer.receive_exactly(len(stream)), stream)
        peer.finish()
        self.assertEqual(peer.wait_for_end(), gamemaker.END_ORDERLY)
        wait_until(lambda: self.host.do("tally")["disconnect"] == 1, "the disconnect")
        self.assertEqual(self.host.do("tally")["echo_errors"], [])
