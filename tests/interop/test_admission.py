"""Who gets into a server: max_client, unfinished handshakes, and those who never finish one."""

import selectors

import gamemaker
import process
import stepwire
from hosting import HostTestCase, both_io_modes, wait_until
from payloads import numbered


@both_io_modes
class Admission(HostTestCase):
    def test_one_more_than_max_client_is_refused_until_one_leaves(self):
        server, port = self.host.listen(max_client=2)
        first, first_client = self.joined(server, port)
        second, _ = self.joined(server, port)
        for _ in range(3):
            self.assert_refused(port)
        self.assert_still_served(second)
        first.close()
        self.host.event(type=stepwire.TYPE_DISCONNECT, socket=first_client)
        third, third_client = self.joined(server, port)
        self.assert_refused(port)
        self.host.must("network_destroy", third_client)
        self.assertEqual(third.receive_until_end(), ([], gamemaker.END_ORDERLY))
        self.joined(server, port)
        self.assert_refused(port)
        self.assert_quiet()

    def assert_refused(self, port):
        """Closed without step 3; whether a banner comes first is the server's affair."""
        with gamemaker.connect(port) as peer:
            try:
                peer.send(gamemaker.hello() + gamemaker.packet(b"let me in"))
                said = b""
                while piece := peer.socket.recv(4096):
                    said += piece
                    self.assertNotIn(gamemaker.ACCEPTED, said)
            except ConnectionError:
                pass

    def assert_still_served(self, peer):
        self.host.set(echo=True)
        peer.send_packets(b"ping")
        self.assertEqual(peer.receive_packet(), b"ping")
        self.assertEqual(self.host.event(type=stepwire.TYPE_DATA)["payload"], b"ping")

    def test_unfinished_handshakes_take_no_place(self):
        server, port = self.host.listen(max_client=1)
        idle = [self.connect(port) for _ in range(20)]
        for peer in idle:
            peer.expect(gamemaker.BANNER)
            peer.send(gamemaker.hello()[:15])
        self.joined(server, port)
        # The last byte comes too late for these: the one place is taken.
        for peer in idle:
            peer.send(gamemaker.hello()[15:])
            self.assertEqual(peer.receive_until_end()[0], [])
        self.assert_quiet()

    def test_a_late_step_2_is_closed_in_silence(self):
        self.host.must("network_set_config", stepwire.CONFIG_HANDSHAKE_TIMEOUT, 400, 0)
        server, port = self.host.listen()
        early, _ = self.joined(server, port)
        late = [self.connect(port) for _ in range(4)]
        for said, peer in enumerate(late):
            peer.expect(gamemaker.BANNER)
            peer.send(gamemaker.hello()[:5 * said])
        for peer in late:
            self.assertEqual(peer.receive_until_end()[0], [])
        # Whoever is in is not touched by the timeout.
        self.assert_still_served(early)
        self.assert_quiet()

    def test_a_trickle_does_not_stretch_the_handshake_timeout(self):
        self.host.must("network_set_config", stepwire.CONFIG_HANDSHAKE_TIMEOUT, 400, 0)
        _, port = self.host.listen()
        peer = self.connect(port)
        peer.expect(gamemaker.BANNER)
        step, looks = iter(gamemaker.hello()), 0
        peer.socket.setblocking(False)

        def closed():
            # Every tenth look, 50 ms apart, one more byte: 800 ms for all of them.
            nonlocal looks
            looks += 1
            try:
                if looks % 10 == 0 and (byte := next(step, None)) is not None:
                    peer.socket.send(bytes([byte]))
                answer = peer.socket.recv(100)
            except BlockingIOError:
                return False
            except ConnectionError:
                return True
            self.assertEqual(answer, b"")
            return True

        wait_until(closed, "the end of the handshake")
        self.assert_quiet()


class HalfOpen(HostTestCase):
    COUNT = 2000

    def test_thousands_of_half_open_handshakes_lock_nobody_out(self):
        self.host.set(echo=True, report="none")
        self.host.must("network_set_config", stepwire.CONFIG_HANDSHAKE_TIMEOUT, 3000, 0)
        _, port = self.host.listen(max_client=5)
        before, memory = process.descriptors(self.host.pid), process.resident(self.host.pid)
        half_open = []
        for number in range(self.COUNT):
            peer = self.connect(port, source=f"127.0.0.{2 + number % 8}")
            peer.socket.setblocking(False)
            peer.send(gamemaker.hello()[:number % 16])
            half_open.append(peer)
            if number % 100 == 99:
                self.converse(port)
        self.assertLess(process.resident(self.host.pid) - memory, 32 << 20)
        self.wait_for_ends(half_open)
        wait_until(lambda: process.descriptors(self.host.pid) == before, "the descriptors to be given back")
        self.converse(port)
        self.assertEqual(self.host.do("tally")["connect"], 1 + self.COUNT // 100)

    def converse(self, port):
        with gamemaker.join(port) as peer:
            for number in range(3):
                peer.send_packets(numbered(number, 100))
                self.assertEqual(peer.receive_packet(), numbered(number, 100))

    def wait_for_ends(self, peers):
        """Until every one of them has been closed by the server."""
        selector = selectors.DefaultSelector()
        for peer in peers:
            selector.register(peer.socket, selectors.EVENT_READ)

        def all_closed():
            for key, _ in selector.select(0.1):
                try:
                    if key.fileobj.recv(4096):
                        continue
                except ConnectionError:
                    pass
                selector.unregister(key.fileobj)
            return not selector.get_map()

        with selector:
            wait_until(all_closed, "the half-open connections to be closed")
