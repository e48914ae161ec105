"""gmcat, the program: against the Python peers, and against itself over every transport."""

import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

import frames
import gamemaker
import remote
from certificates import Authority
from hosting import DEADLINE, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
GMCAT = pathlib.Path(os.environ.get("STEPWIRE_PROGRAMS") or ROOT / "target/cmake", "tools/gmcat/gmcat")


class Gmcat:
    """A running gmcat; its lines are collected as they come."""

    def __init__(self, *words, stdin=subprocess.DEVNULL):
        command = [GMCAT, *map(str, words)]
        self.process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.output, self.errors = bytearray(), bytearray()
        streams = (self.process.stdout, self.output), (self.process.stderr, self.errors)
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in streams]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream, to):
        while piece := stream.read1():
            to += piece
        stream.close()

    @property
    def lines(self):
        return self.output.decode().splitlines()

    def find(self, pattern):
        """Waits for a line, of either stream, that has this in it; returns what the pattern's group, or all of it, found."""
        found = []

        def look():
            if match := re.search(pattern, (self.output + self.errors).decode(errors="replace"), re.M):
                found.append(match.group(match.lastindex or 0))
            return found or self.process.poll() is not None

        wait_until(look, f"{pattern} from gmcat")
        if not found and not look():
            raise AssertionError(f"gmcat ended with {self.end()} before {pattern}: {self.output} {self.errors}")
        return found[0]

    def port(self):
        return int(self.find(r"listening \w+ port (\d+)\n"))

    def type(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def end(self):
        """Waits for the end; the status."""
        try:
            if self.process.stdin:
                self.process.stdin.close()
            return self.process.wait(DEADLINE)
        finally:
            self.kill()

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def kill(self):
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join(DEADLINE)


@unittest.skipUnless(GMCAT.exists(), f"{GMCAT} is not built")
@remote.needs_library_here("gmcat has one of its own")
class GmcatTestCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start(self, *words, **options):
        program = Gmcat(*words, **options)
        self.addCleanup(program.kill)
        return program

    def run_to_end(self, *words, stdin=b""):
        """Runs to its own end with that on its standard input: (status, output, errors)."""
        done = subprocess.run([GMCAT, *map(str, words)], input=stdin, capture_output=True, timeout=DEADLINE)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def server(self):
        server = gamemaker.Server()
        self.addCleanup(server.socket.close)
        return server

    def assert_ends(self, peer, wanted):
        """The peer got that and an orderly end, and closes too: gmcat would wait two seconds for it."""
        self.assertEqual(peer.receive_until_end(), (wanted, gamemaker.END_ORDERLY))
        peer.close()

    def accept(self, server):
        connection, game_id = server.accept()
        self.addCleanup(connection.close)
        return connection, game_id


class Client(GmcatTestCase):
    """gmcat connect, against a server that knows the wire's description alone."""

    def test_what_the_command_line_has_arrives_in_order(self):
        server = self.server()
        path = self.file("packet", bytes(range(256)))
        program = self.start("connect", f"tcp://127.0.0.1:{server.port}", "-t", "häh", "-x", "00 FFfe", "-f", path,
                             "-t", "", "--game-id", 4294967295)
        peer, game_id = self.accept(server)
        self.assertEqual(game_id, 4294967295)
        self.assertEqual(peer.receive_packets(4), ["häh".encode(), b"\0\xff\xfe", bytes(range(256)), b""])
        peer.close()
        self.assertEqual(program.end(), 0)

    def test_what_comes_is_shown_as_hex_and_as_text(self):
        server = self.server()
        program = self.start("connect", f"127.0.0.1:{server.port}", "--stdin", "none")
        peer, _ = self.accept(server)
        peer.send_packets(b"Hi \x1b[2J there, you!", b"")
        self.assertEqual(program.find(r"^ +000000 .*"),
                         "    000000  48 69 20 1b 5b 32 4a 20  74 68 65 72 65 2c 20 79  |Hi .[2J there, y|")
        self.assertRegex(program.find(r".* < 19 bytes"), r"^\d+\.\d{6} 1 <")
        program.find(r"1 < 0 bytes$")
        peer.close()
        self.assertEqual(program.end(), 0)
        self.assertEqual([re.sub(r"^[\d.]+ ", "", line) for line in program.lines],
                         [f"1 connected 127.0.0.1:{server.port}", "1 < 19 bytes",
                          "    000000  48 69 20 1b 5b 32 4a 20  74 68 65 72 65 2c 20 79  |Hi .[2J there, y|",
                          "    000010  6f 75 21                                          |ou!|", "1 < 0 bytes", "1 closed"])

    def test_the_other_formats(self):
        for format, wanted in [("hex", "1 < 611b0a\n"), ("text", "1 < a\\x1b\\n\n"), ("raw", "a\x1b\n")]:
            with self.subTest(format):
                server = self.server()
                program = self.start("connect", f"tcp://localhost:{server.port}", "-q", "--time", "none", "-n", 1,
                                     "--format", format, "--stdin", "none")
                peer, _ = self.accept(server)
                peer.send_packets(b"a\x1b\n")
                peer.close()
                self.assertEqual(program.end(), 0)
                self.assertEqual(program.output.decode(), wanted)

    def test_standard_input(self):
        cases = [("lines", b"one\r\n\ntwo\nlast", [b"one", b"", b"two", b"last"], 0),
                 ("hex", b"00 01\n\nff\n", [b"\0\1", b"\xff"], 0),
                 ("hex", b"41\nnonsense\x1b[2J\n42\n", [b"A", b"B"], 2),
                 ("whole", b"one\ntwo\n", [b"one\ntwo\n"], 0)]
        for use, typed, wanted, status in cases:
            with self.subTest(use=use, typed=typed):
                server = self.server()
                program = self.start("connect", f"tcp://127.0.0.1:{server.port}", "--stdin", use, "--close",
                                     stdin=subprocess.PIPE)
                program.type(typed)
                program.process.stdin.close()
                peer, _ = self.accept(server)
                self.assert_ends(peer, wanted)
                self.assertEqual(program.end(), status)
                self.assertNotIn(b"\x1b", program.errors)

    def test_lines_are_sent_as_they_are_typed(self):
        server = self.server()
        program = self.start("connect", f"tcp://127.0.0.1:{server.port}", stdin=subprocess.PIPE)
        peer, _ = self.accept(server)
        for word in (b"a", b"b", b"c"):
            program.type(word + b"\n")
            self.assertEqual(peer.receive_packet(), word)
        program.process.send_signal(signal.SIGINT)
        self.assert_ends(peer, [])
        self.assertEqual(program.end(), 0)

    def test_more_than_a_queue_holds(self):
        """Standard input is read no faster than the server takes it: nothing is lost, and little is held."""
        server = self.server()
        program = self.start("connect", f"tcp://127.0.0.1:{server.port}", "-q", "--close", stdin=subprocess.PIPE)
        line = b"x" * 9999
        count = 4000
        writer = threading.Thread(target=lambda: program.type((line + b"\n") * count) or program.process.stdin.close())
        writer.start()
        peer, _ = self.accept(server)
        for _ in range(count):
            self.assertEqual(peer.receive_packet(), line)
        writer.join(DEADLINE)
        self.assert_ends(peer, [])
        self.assertEqual(program.end(), 0)

    def test_raw_streams(self):
        server = self.server()
        program = self.start("connect", f"tcp://127.0.0.1:{server.port}", "--raw", "-x", "47455420", "-n", 1)
        peer = server.accept_raw()
        self.addCleanup(peer.close)
        peer.expect(b"GET ")
        peer.send(b"200")
        peer.close()
        self.assertEqual(program.end(), 0)
        program.find(r"1 < 3 bytes")

    def test_text_messages_and_headers_of_websockets(self):
        server = frames.Server()
        self.addCleanup(server.socket.close)
        program = self.start("connect", f"ws://127.0.0.1:{server.port}/lobby?room=1", "--raw", "--text-messages",
                             "-t", "hello", "--header", "X-One: 1", "--header", "X-Two: 2", "--subprotocol", "chat")
        peer = server.accept_peer()
        self.addCleanup(peer.close)
        head = peer.read_head()
        self.assertTrue(head.startswith(b"GET /lobby?room=1 HTTP/1.1\r\n"), head)
        for line in (b"X-One: 1", b"X-Two: 2", b"Sec-WebSocket-Protocol: chat"):
            self.assertIn(line, head.split(b"\r\n"))
        key = re.search(rb"Sec-WebSocket-Key: (\S+)", head).group(1)
        peer.send(frames.response(key, b"Sec-WebSocket-Protocol: chat"))
        self.assertEqual(peer.read_frame(), (frames.TEXT, b"hello"))
        peer.send_frames(frames.Frame(frames.TEXT, "answer"))
        program.find(r"1 <t 6 bytes")
        peer.send_frames(frames.closing(1000))
        peer.close()
        self.assertEqual(program.end(), 0)

    def test_a_peers_words_do_not_reach_the_terminal_as_they_are(self):
        server = frames.Server()
        self.addCleanup(server.socket.close)
        path = self.folder / "recording"
        program = self.start("connect", f"ws://127.0.0.1:{server.port}", "--raw", "--stdin", "none", "-r", path)
        peer = server.open()
        self.addCleanup(peer.close)
        peer.send_frames(frames.closing(1008, b"away\x1b[2J\nwith you"))
        peer.close()
        self.assertEqual(program.end(), 1)
        for text in program.output, program.errors, path.read_bytes():
            self.assertIn(b"away", text)
            self.assertNotIn(b"\x1b", text)


class Server(GmcatTestCase):
    """gmcat listen, against clients that know the wire's description alone."""

    def join(self, port):
        peer = gamemaker.join(port)
        self.addCleanup(peer.close)
        return peer

    def test_each_client_gets_the_messages_and_its_echoes(self):
        program = self.start("listen", "tcp://127.0.0.1:0", "-t", "welcome", "--echo")
        port = program.port()
        for turn in range(3):
            peer = self.join(port)
            peer.send_packets(b"ping %d" % turn, b"")
            self.assertEqual(peer.receive_packets(3), [b"welcome", b"ping %d" % turn, b""])
            peer.close()
        for turn in range(3):
            program.find(rf"{turn + 1} closed")
        self.assertEqual(program.interrupt(), 0)

    def test_what_is_typed_goes_to_all(self):
        program = self.start("listen", "tcp://127.0.0.1:0", stdin=subprocess.PIPE)
        port = program.port()
        peers = [self.join(port), self.join(port)]
        program.find(r"2 connected")
        program.type(b"hear me\n")
        for peer in peers:
            self.assertEqual(peer.receive_packet(), b"hear me")

    def test_it_ends_after_the_last_client(self):
        program = self.start("listen", "tcp://127.0.0.1:0", "--once", "--stdin", "none")
        port = program.port()
        first, second = self.join(port), self.join(port)
        program.find(r"2 connected")
        first.close()
        program.find(r"1 closed")
        second.send_packets(b"still here")
        program.find(r"2 < 10 bytes")
        second.close()
        self.assertEqual(program.end(), 0)

    def test_a_client_that_does_not_read_its_echoes(self):
        program = self.start("listen", "tcp://127.0.0.1:0", "--echo", "--format", "raw", "--once")
        peer = gamemaker.join(program.port(), receive_buffer=4096)
        self.addCleanup(peer.close)
        try:
            for _ in range(400):
                peer.send_packets(bytes(250_000))
        except OSError:
            pass  # it was thrown out in the middle
        self.assertEqual(program.end(), 0)


class Transports(GmcatTestCase):
    """gmcat against gmcat: four packets there and back."""

    WORDS = ("-t", "first", "-x", "00", "-t", "x" * 3000, "-t", "last")

    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.chain, cls.key = cls.authority.certify("server")

    @classmethod
    def tearDownClass(cls):
        cls.authority.close()

    def exchange(self, transport, *common):
        secure = transport == "wss"
        theirs = ("--certificate", self.chain, "--key", self.key) if secure else ()
        ours = ("--ca", self.authority.certificate) if secure else ()
        server = self.start("listen", f"{transport}://127.0.0.1:0", "--echo", "--time", "none", *theirs, *common)
        # The name is the certificate's.
        address = f"{transport}://localhost:{server.port()}"
        client = self.start("connect", address, *self.WORDS, "--time", "none", "--format", "hex", "-n", 4, *ours, *common)
        self.assertEqual(client.end(), 0, client.errors)
        wanted = [b"first".hex(), "00", (b"x" * 3000).hex(), b"last".hex()]
        for sign in ">", "<":
            got = [line.split()[2] for line in client.lines if line.startswith(f"1 {sign} ")]
            self.assertEqual(got if transport in ("tcp", "ws", "wss") else sorted(got),
                             wanted if transport in ("tcp", "ws", "wss") else sorted(wanted))
        self.assertEqual(server.interrupt(), 0, server.errors)

    def test_tcp(self):
        self.exchange("tcp")

    def test_websockets(self):
        for words in ((), ("--raw",)):
            with self.subTest(words):
                self.exchange("ws", *words)

    def test_websockets_over_tls(self):
        for words in ((), ("--raw",)):
            with self.subTest(words):
                self.exchange("wss", *words)

    def test_udp(self):
        for words in ((), ("--raw",)):
            with self.subTest(words):
                self.exchange("udp", *words)

    def test_reliable_udp(self):
        for words in ((), ("--ordered",)):
            with self.subTest(words):
                self.exchange("rudp", *words)

    def test_a_certificate_that_nobody_vouches_for(self):
        server = self.start("listen", "wss://127.0.0.1:0", "--certificate", self.chain, "--key", self.key, "--echo")
        address = f"wss://localhost:{server.port()}"
        status, _, errors = self.run_to_end("connect", address, "-t", "secret")
        self.assertEqual(status, 1)
        self.assertIn("certificate", errors)
        status, _, errors = self.run_to_end("connect", address, "-t", "secret", "--insecure", "-n", 1)
        self.assertEqual(status, 0, errors)

    def test_udp_on_the_wire(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.settimeout(DEADLINE)
            peer.bind(("127.0.0.1", 0))
            address = f"udp://127.0.0.1:{peer.getsockname()[1]}"
            self.assertEqual(self.run_to_end("connect", address, "-t", "a", "--close")[0], 0)
            self.assertEqual(peer.recv(100), struct.pack("<3I", 0xDEADC0DE, 12, 1) + b"a")
            self.assertEqual(self.run_to_end("connect", address, "-t", "a", "--close", "--raw")[0], 0)
            self.assertEqual(peer.recv(100), b"a")


HEAD = "gmcat recording 1\n"
# What a client recorded; blank lines and comments do not count.
DIALOGUE = HEAD + """
# a login
session client tcp packets
0.100000 1 open 127.0.0.1:6510
0.100500 1 > 6c6f67696e
0.200000 1 < 6f6b
0.700000 1 > -
0.750000 1 < 627965
0.800000 1 close
"""


class Recordings(GmcatTestCase):
    def test_a_recording_has_all_that_happened(self):
        server = self.server()
        path = self.folder / "recording"
        program = self.start("connect", f"tcp://127.0.0.1:{server.port}", "-t", "hello", "-t", "", "-r", path)
        peer, _ = self.accept(server)
        peer.receive_packets(2)
        peer.send_packets(b"\0answer")
        program.find("1 <")
        peer.close()
        self.assertEqual(program.end(), 0)
        lines = path.read_text().splitlines()
        self.assertEqual(lines[0], "gmcat recording 1")
        self.assertRegex(lines[1], r"^# begun \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(lines[2], "session client tcp packets")
        times, entries = zip(*(line.split(" ", 1) for line in lines[3:]), strict=True)
        self.assertEqual(entries, (f"1 open 127.0.0.1:{server.port}", "1 > 68656c6c6f", "1 > -",
                                   "1 < 00616e73776572", "1 close "))
        self.assertEqual(list(map(float, times)), sorted(map(float, times)))

    def test_played_as_client_with_its_timing(self):
        server = self.server()
        path = self.file("recording", DIALOGUE)
        program = self.start("connect", f"tcp://127.0.0.1:{server.port}", "--play", path)
        peer, _ = self.accept(server)
        self.assertEqual(peer.receive_packet(), b"login")
        first = time.monotonic()
        self.assertEqual(peer.receive_packet(), b"")
        # What comes late here came late to be read, so only the start's delay has to be allowed for.
        self.assertGreater(time.monotonic() - first, 0.4)
        self.assert_ends(peer, [])
        self.assertEqual(program.end(), 0)
        sent = {line.split(" ", 1)[1]: float(line.split()[0]) for line in program.lines if line[0] != " "}
        begin = sent[f"1 connected 127.0.0.1:{server.port}"]
        for what, when in ("1 > 5 bytes", 0.0005), ("1 > 0 bytes", 0.6), ("1 closed", 0.7):
            self.assertGreaterEqual(sent[what] - begin, when - 0.00001, what)

    def test_played_as_server(self):
        """What the client had recorded as received is what a server sends, to each client anew."""
        path = self.file("recording", DIALOGUE)
        program = self.start("listen", "tcp://127.0.0.1:0", "--play", path, "--speed", "0")
        port = program.port()
        for _ in range(2):
            with gamemaker.join(port) as peer:
                self.assertEqual(peer.receive_until_end(), ([b"ok", b"bye"], gamemaker.END_ORDERLY))
        self.assertEqual(program.interrupt(), 0)

    def test_several_clients_that_a_server_recorded(self):
        path = self.folder / "recording"
        program = self.start("listen", "tcp://127.0.0.1:0", "--echo", "-r", path)
        port = program.port()
        words = [b"first", b"second"]
        with gamemaker.join(port) as first, gamemaker.join(port) as second:
            for peer, word in zip((first, second), words, strict=True):
                peer.send_packets(word, word)
                self.assertEqual(peer.receive_packets(2), [word, word])
        program.find("1 closed")
        program.find("2 closed")
        self.assertEqual(program.interrupt(), 0)
        server = self.server()
        player = self.start("connect", f"tcp://127.0.0.1:{server.port}", "--play", path)
        got = []
        for _ in range(2):
            peer, _ = self.accept(server)
            got.append(peer.receive_packets(2))
            peer.close()
        self.assertEqual(sorted(got), [[word, word] for word in words])
        self.assertEqual(player.end(), 0)

    def test_a_recording_of_every_transport_plays_against_its_own_echo_server(self):
        for transport, *words in ("tcp",), ("tcp", "--raw"), ("udp",), ("rudp", "--ordered"), ("ws",), ("ws", "--raw"):
            with self.subTest(transport=transport, words=words):
                server = self.start("listen", f"{transport}://127.0.0.1:0", "--echo", *words)
                address = f"{transport}://127.0.0.1:{server.port()}"
                path = self.folder / "recording"
                raw_stream = transport == "tcp" and words
                status, _, errors = self.run_to_end("connect", address, "-t", "one", "-t", "two", *words, "-r", path,
                                                    *(("-w", 500) if raw_stream else ("-n", 2)))
                self.assertEqual(status, 0, errors)
                status, _, errors = self.run_to_end("connect", address, *words, "--play", path, "--check")
                self.assertEqual((status, errors), (0, ""))
                self.assertEqual(server.interrupt(), 0)

    def test_answers_that_differ_from_the_recording(self):
        path = self.file("recording", DIALOGUE)
        for answers in [b"ok", b"tchau"], [b"OK"], [b"ok", b"bye", b"more"], [b"ok"]:
            with self.subTest(answers):
                server = self.server()
                program = self.start("connect", f"tcp://127.0.0.1:{server.port}", "--play", path, "--check", "--speed", 0)
                peer, _ = self.accept(server)
                self.assertEqual(peer.receive_packet(), b"login")
                peer.send_packets(*answers)
                peer.finish()
                self.assertEqual(program.end(), 3, program.errors)

    def test_follow_waits_for_the_peer(self):
        server = self.server()
        path = self.file("recording", DIALOGUE)
        program = self.start("connect", f"tcp://127.0.0.1:{server.port}", "--play", path, "--check", "--speed", 0)
        peer, _ = self.accept(server)
        self.assertEqual(peer.receive_packet(), b"login")
        peer.socket.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            peer.receive_packet()
        peer.socket.settimeout(DEADLINE)
        peer.send_packets(b"ok")
        self.assertEqual(peer.receive_packet(), b"")
        peer.send_packets(b"bye")
        self.assert_ends(peer, [])
        self.assertEqual(program.end(), 0)

    def test_files_that_are_no_recordings(self):
        session = HEAD + "session client tcp packets\n"
        opened = session + "0.5 1 open x\n"
        for text, wanted in [("", "nothing was recorded"), ("hello\n", "line 1: this is no recording"),
                             (HEAD + "session clown tcp packets\n", "line 2: a role"),
                             (HEAD + "0.1 1 open\n", "line 2: \"session"),
                             (session, "nothing was recorded"),
                             (session + "0.1 1 > 00\n", "line 3: this peer is not open"),
                             (opened + "0.6 1 > 0\n", "line 4: the bytes"),
                             (opened + "0.6 1 >x 00\n", "line 4: not"),
                             (opened + "0.6 1 >\n", "line 4: not"),
                             (opened + "0.4 1 > 00\n", "line 4: earlier"),
                             (opened + "nan 1 > 00\n", "line 4: not"),
                             (opened + "0.6 1 open x\n", "line 4: this peer has been"),
                             (opened + "0.6 1 close\n0.7 1 > 00\n", "line 5: this peer is not open"),
                             (HEAD + "\0", "this is no text"), (HEAD.encode() + b"\xff", "line 2: \"session")]:
            with self.subTest(text):
                path = self.file("recording", text)
                status, _, errors = self.run_to_end("connect", "tcp://127.0.0.1:1", "--play", path)
                self.assertEqual(status, 4)
                self.assertIn(wanted, errors)


class Endings(GmcatTestCase):
    def test_an_interrupted_session_is_recorded_whole(self):
        server = self.server()
        path = self.folder / "recording"
        program = self.start("connect", f"tcp://127.0.0.1:{server.port}", "-r", path, "--stdin", "none")
        peer, _ = self.accept(server)
        peer.send_packets(b"x" * 100)
        program.find("1 <")
        program.process.send_signal(signal.SIGINT)
        self.assert_ends(peer, [])
        self.assertEqual(program.end(), 0)
        self.assertRegex(path.read_text(), r"1 < (78){100}\n\S+ 1 close \n$")

    def test_nobody_listens(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            status, _, errors = self.run_to_end("connect", f"tcp://127.0.0.1:{unused.getsockname()[1]}", "-t", "x")
        self.assertEqual(status, 1)
        self.assertIn("refused", errors)

    def test_a_server_of_another_kind(self):
        server = self.server()
        program = self.start("connect", f"tcp://127.0.0.1:{server.port}", "-t", "x")
        peer = server.accept_raw()
        self.addCleanup(peer.close)
        peer.send(b"SSH-2.0-OpenSSH_9.2\r\n")
        self.assertEqual(program.end(), 1)
        self.assertIn(b"cannot connect", program.errors)

    def test_a_connection_that_breaks(self):
        server = self.server()
        program = self.start("connect", f"tcp://127.0.0.1:{server.port}", "--stdin", "none")
        peer, _ = self.accept(server)
        program.find("connected")
        peer.reset()
        self.assertEqual(program.end(), 1)

    def test_limits(self):
        server = self.start("listen", "tcp://127.0.0.1:0", "--echo")
        address = f"tcp://127.0.0.1:{server.port()}"
        for words, status in [(("-t", "x", "-n", 1), 0), (("-t", "x", "-n", 2, "-w", 200), 3), (("--for", 100), 0),
                              (("-t", "x", "--wait", 100), 0), (("-t", "x", "-n", 5, "--close"), 3)]:
            with self.subTest(words):
                self.assertEqual(self.run_to_end("connect", address, *words, "--stdin", "none")[0], status)

    def test_a_port_that_is_taken(self):
        server = self.start("listen", "tcp://127.0.0.1:0", "--stdin", "none")
        status, _, errors = self.run_to_end("listen", f"tcp://127.0.0.1:{server.port()}")
        self.assertEqual(status, 1)
        self.assertNotEqual(errors, "")

    def test_command_lines_that_make_no_sense(self):
        for words in [(), ("speak",), ("connect",), ("connect", "tcp://localhost"), ("connect", "tcp://:1"),
                      ("connect", "http://localhost:1"), ("connect", "localhost:99999"), ("connect", "localhost:0"),
                      ("connect", "localhost:1x"), ("connect", "localhost:1", "again:1"),
                      ("connect", "localhost:1", "--colour"), ("connect", "localhost:1", "-t"),
                      ("connect", "localhost:1", "-x", "0"), ("connect", "localhost:1", "-x", "zz"),
                      ("connect", "localhost:1", "-n", "-1"), ("connect", "localhost:1", "--wait", "soon"),
                      ("connect", "localhost:1", "--speed", "nan"), ("connect", "localhost:1", "--format", "png"),
                      ("connect", "localhost:1", "-f", "/no/such/file"), ("connect", "localhost:1", "--check"),
                      ("connect", "localhost:1", "--ordered"), ("connect", "localhost:1", "--text-messages"),
                      ("connect", "localhost:1", "--once"), ("listen", "wss://:0")]:
            with self.subTest(words):
                status, output, errors = self.run_to_end(*words)
                self.assertEqual((status, output), (2, ""))
                self.assertTrue(errors.startswith("gmcat: "), errors)

    def test_files_that_cannot_be_written_or_read(self):
        for option in "--record", "--play":
            with self.subTest(option):
                status, _, errors = self.run_to_end("connect", "tcp://127.0.0.1:1", option, self.folder / "no" / "file")
                self.assertEqual(status, 4)
                self.assertIn("No such file", errors)
        if os.path.exists("/dev/full"):
            server = self.start("listen", "tcp://127.0.0.1:0", "--echo")
            status, _, _ = self.run_to_end("connect", f"tcp://127.0.0.1:{server.port()}", "-t", "x", "-n", 1,
                                           "--record", "/dev/full")
            self.assertEqual(status, 4)

    def test_help(self):
        """Every option that the page describes is in the help, and the other way round."""
        status, output, errors = self.run_to_end("--help")
        self.assertEqual((status, errors), (0, ""))
        page = (ROOT / "docs/gmcat.md").read_text()
        options = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
        self.assertEqual(set(options.findall(output)), set(options.findall(page)))
        self.assertEqual(self.run_to_end("connect", "-h")[1], output)
        self.assertRegex(self.run_to_end("--version")[1], r"^gmcat \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()
