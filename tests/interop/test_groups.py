"""One message to many: byte for byte what each kind of member gets, read by plain sockets."""

import struct

import frames
import gamemaker
import stepwire
from hosting import HostTestCase, both_io_modes
from payloads import numbered

try:
    import websockets
    from test_websocket import join as join_with_websockets
except ImportError:
    websockets = None

# Around where a message is stored once for all, and where a frame's length takes more bytes.
SIZES = (0, 1, 64, 113, 114, 512, 1011, 1012, 1024, 4096, 65523, 65524, 70000, 1 << 20)


@both_io_modes
class Groups(HostTestCase):
    def listen_websocket(self, raw=False):
        function = "network_create_server_raw" if raw else "network_create_server"
        server = self.host.must(function, stepwire.SOCKET_WS, 0, 10)
        return server, int(self.host.must("network_get_port", server))

    def accepted(self, server):
        return self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]

    def group_of(self, *members):
        group = self.host.must("network_create_group")
        for member in members:
            self.assertEqual(self.host.must("network_group_add", group, member), 1)
        return group

    def send(self, function, group, payload, except_=-1):
        return self.host.must(function, group, payload, len(payload), except_)

    def test_each_kind_of_member_gets_its_own_framing(self):
        tcp, tcp_port = self.host.listen()
        raw, raw_port = self.host.listen(raw=True)
        ws, ws_port = self.listen_websocket()
        raw_ws, raw_ws_port = self.listen_websocket(raw=True)
        regular = self.join(tcp_port)
        plain = self.connect(raw_port)
        browser = frames.join(ws_port)
        tool = frames.open_client(raw_ws_port)
        with browser, tool:
            group = self.group_of(*map(self.accepted, (tcp, raw, ws, raw_ws)))
            for size in SIZES:
                payload = numbered(size % 251, size)
                packet = struct.pack("<3I", 0xDEADC0DE, 12, size) + payload
                head = b"\x82" + frames.shortest(len(packet))
                with self.case(size=size):
                    self.assertEqual(self.send("network_group_send_packet", group, payload), 4)
                    self.assertEqual(regular.receive_exactly(len(packet)), packet)
                    self.assertEqual(plain.receive_exactly(len(packet)), packet)
                    for peer in (browser, tool):
                        self.assertEqual(peer.receive_exactly(len(head + packet)), head + packet)
                    self.assertEqual(self.send("network_group_send_raw", group, payload), 2)
                    self.assertEqual(plain.receive_exactly(size), payload)
                    head = b"\x82" + frames.shortest(size)
                    self.assertEqual(tool.receive_exactly(len(head) + size), head + payload)

    def test_frames_of_our_own_clients_are_masked_one_by_one(self):
        with frames.Server() as server:
            peers, members = [], []
            for _ in range(3):
                client = self.host.must("network_create_socket", stepwire.SOCKET_WS)
                self.host.must("network_connect_raw_async", client, f"ws://127.0.0.1:{server.port}/", server.port)
                peers.append(server.open())
                self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, id=client, succeeded=1)
                members.append(client)
            group = self.group_of(*members)
            for size in (5, 5000):
                payload = numbered(7, size)
                self.assertEqual(self.send("network_group_send_raw", group, payload), 3)
                keys = set()
                for peer in peers:
                    head = peer.receive_exactly(1 + len(frames.shortest(size)))
                    self.assertEqual((head[0], head[1] & 0x80), (0x82, 0x80))
                    key = peer.receive_exactly(4)
                    keys.add(bytes(key))
                    masked = peer.receive_exactly(size)
                    self.assertEqual(bytes(byte ^ key[at % 4] for at, byte in enumerate(masked)), payload)
                self.assertGreater(len(keys), 1)
            for peer in peers:
                peer.close()

    def test_a_foreign_client_reads_what_a_servers_clients_are_sent(self):
        if websockets is None:
            self.skipTest("websockets is not installed")
        server, port = self.listen_websocket()
        with join_with_websockets(f"ws://127.0.0.1:{port}/") as client, frames.join(port) as other:
            self.accepted(server)
            second = self.accepted(server)
            for size in (0, 100, 2000, 300000):
                payload = numbered(3, size)
                self.assertEqual(self.send("network_group_send_packet", server, payload), 2)
                self.assertEqual(client.recv(20), gamemaker.packet(payload))
                self.assertEqual(other.read_frame(), (frames.BINARY, gamemaker.packet(payload)))
            self.assertEqual(self.send("network_group_send_packet", server, b"not you", second), 1)

    def test_a_list_of_sockets(self):
        server, port = self.host.listen()
        peers = [self.join(port) for _ in range(3)]
        sockets = [self.accepted(server) for _ in peers]
        packed = struct.pack("4d", *sockets, 12345)
        payload = numbered(1, 3000)
        self.assertEqual(self.host.must("network_send_packet_many", packed, 4, payload, len(payload), None), 3)
        for peer in peers:
            self.assertEqual(peer.receive_packet(), payload)
