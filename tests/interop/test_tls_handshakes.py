"""What servers agree on with clients, and what handshakes cost those who are there already."""

import select
import socket
import ssl
import threading
import time

import remote
import stepwire
from encrypted import TlsTestCase
from hosting import DEADLINE, both_io_modes

FORWARD_SECRET = ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305")
OTHERS = ("AES256-GCM-SHA384", "AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384")


@both_io_modes
class Agreement(TlsTestCase):
    def context(self, version, ciphers=None):
        context = self.trusting()
        context.minimum_version = context.maximum_version = version
        if ciphers:
            context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
        return context

    def listen_with_rsa(self):
        chain, key = self.authority.certify("rsa", key=("rsa:2048",))
        return self.listen_with_tls(CERTIFICATE=chain, PRIVATE_KEY=key)[1]

    def test_servers_speak_1_2_and_1_3(self):
        port = self.listen_with_rsa()
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            with self.case(name):
                self.assertEqual(self.shaken(port, self.context(version)).version(), name)
        self.assertEqual(self.shaken(port).version(), "TLSv1.3", "the newest both know")

    def test_only_forward_secrecy_is_accepted(self):
        port = self.listen_with_rsa()
        for cipher in FORWARD_SECRET:
            with self.case(cipher):
                agreed = self.shaken(port, self.context(ssl.TLSVersion.TLSv1_2, cipher))
                self.assertEqual(agreed.cipher()[0], cipher)
        for cipher in OTHERS:
            with self.case(cipher), self.assertRaises((ssl.SSLError, ConnectionError)):
                self.shaken(port, self.context(ssl.TLSVersion.TLSv1_2, cipher))


class Flood(TlsTestCase):
    """Many begin a handshake at once. Only with the I/O thread: otherwise the host's polls set the pace."""

    HELLOS = 192

    def hello(self):
        outgoing = ssl.MemoryBIO()
        client = self.trusting().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        return outgoing.read()

    def test_those_who_play_do_not_wait_for_those_who_come(self):
        chain, key = self.authority.certify("costly", key=("rsa:4096",))
        port = self.listen_with_tls(CERTIFICATE=chain, PRIVATE_KEY=key)[1]
        player = self.client(f"ws://127.0.0.1:{self.listen(raw=True)[1]}/")
        crowd = [socket.create_connection(("127.0.0.1", port), DEADLINE) for _ in range(self.HELLOS)]
        self.addCleanup(lambda: [one.close() for one in crowd])
        hello, over, waits = self.hello(), threading.Event(), []

        def play():
            # The library itself answers a ping.
            while not over.is_set():
                began = time.monotonic()
                self.assertTrue(player.ping().wait(DEADLINE))
                waits.append(time.monotonic() - began)

        playing = threading.Thread(target=play)
        playing.start()
        began = time.monotonic()
        try:
            for one in crowd:
                one.sendall(hello)
            unanswered = set(crowd)
            while unanswered:
                answered = select.select(list(unanswered), [], [], DEADLINE)[0]
                self.assertTrue(answered, "somebody gets no answer")
                unanswered -= set(answered)
            took = time.monotonic() - began
        finally:
            over.set()
            playing.join()
        pings = f"{len(waits)} pings in {took:.3f} s"
        if remote.is_wanted():
            # On a busy machine Wine stands still for seconds, whoever waits; who waits for all of them is answered once.
            self.assertGreater(len(waits), 30, pings)
        else:
            self.assertLess(max(waits), took / 6, pings)
