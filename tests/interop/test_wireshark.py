"""The Wireshark dissector, run by tshark over captures of real sessions and of bytes that no library would send."""

import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import unittest

import capture
import frames
import gamemaker
from hosting import wait_until
from test_gmcat import ROOT, GmcatTestCase

TSHARK = shutil.which("tshark")
SCRIPT = ROOT / "tools/wireshark/stepwire.lua"
BIG = bytes(range(256)) * 12

GREETING, HELLO, ACCEPTED, PACKET = "1", "2", "3", "4"
FIELDS = [
    "frame.number", "ip.src", "tcp.stream", "tcp.len", "udp.srcport", "udp.length", "websocket.opcode", "data",
    "_ws.col.Protocol", "_ws.col.Info", "_ws.expert.message", "_ws.lua.error",
    "gamemaker.kind", "gamemaker.game_id", "gamemaker.size", "gamemaker.payload",
    "stepwire.version", "stepwire.kind", "stepwire.token", "stepwire.number", "stepwire.largest", "stepwire.delay_ms",
    "stepwire.acknowledged", "stepwire.acknowledged_frame", "stepwire.chunk.sequence", "stepwire.chunk.repeated",
    "stepwire.message", "stepwire.message.size",
]
HANDSHAKE = [(False, gamemaker.BANNER), (True, gamemaker.hello(77)), (False, gamemaker.ACCEPTED)]


def is_gamemaker(row):
    return row["_ws.col.Protocol"] == ["GameMaker"]


def is_ours(row):
    return row["_ws.col.Protocol"][0] in ("GameMaker", "stepwire")


def by_client(row):
    return row["ip.src"] == [capture.CLIENT]


def complaints(messages):
    """Without what Wireshark remarks about every HTTP message."""
    return [message for message in messages if "HTTP/1.1" not in message]


@unittest.skipUnless(TSHARK, "there is no tshark")
class WiresharkTestCase(GmcatTestCase):
    def setUp(self):
        super().setUp()
        self._rows = None
        self.capture = capture.Capture()
        self.path = self.folder / "capture.pcap"

    def tshark(self, *words, script=None):
        """What tshark prints about the capture. A mistake in the script would stand in its output or on stderr."""
        self.capture.write(self.path)
        command = [TSHARK, "-n", "-r", self.path, "-X", f"lua_script:{SCRIPT}"]
        command += ["-X", f"lua_script:{script}"] if script else []
        environment = dict(os.environ, HOME=str(self.folder), XDG_CONFIG_HOME=str(self.folder))
        done = subprocess.run([*command, *words], capture_output=True, timeout=60, env=environment)
        output, errors = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, 0, errors)
        self.assertNotIn("Lua", output + errors)
        return output

    def fields(self, *names, show=None, **more):
        """A row for each frame, or those that `show` says yes to: a list of values for each field."""
        rows = [row for row in self.rows(**more) if show is None or show(row)]
        return [[row[name] for name in names] for row in rows]

    def rows(self, options=(), script=None, more=()):
        """All frames as {field: values}. One run of tshark for all that is asked about one capture."""
        key = len(self.capture.frames), options, script, more
        if self._rows is None or self._rows[0] != key:
            names = [*FIELDS, *more]
            words = ["-T", "fields", "-E", "separator=/t", "-E", "aggregator=|", *options]
            for name in names:
                words += ["-e", name]
            lines = self.tshark(*words, script=script).splitlines()
            rows = [[cell.split("|") if cell else [] for cell in line.split("\t")] for line in lines]
            self._rows = key, [dict(zip(names, row, strict=True)) for row in rows]
        for row in self._rows[1]:
            self.assertEqual(row["_ws.lua.error"], [], row)
        return self._rows[1]

    def assert_same_again(self):
        """Frames look the same when all of the capture is known, as they do when a person goes through them."""
        self.assertEqual(self.rows(options=("-2",)), self.rows())

    def column(self, name, show=None, **more):
        """All values of a field, one after the other."""
        return [value for row in self.fields(name, show=show, **more) for value in row[0]]

    def infos(self, show=None):
        return [row[0][0].strip() for row in self.fields("_ws.col.Info", show=show)]

    def parts(self, show=None, **more):
        """(kind, game id or payload) of all that was found of GameMaker's, in order."""
        found = []
        rows = self.fields("gamemaker.kind", "gamemaker.game_id", "gamemaker.size", "gamemaker.payload", show=show, **more)
        for kinds, games, sizes, payloads in rows:
            for kind in kinds:
                if kind == HELLO:
                    found.append((kind, games.pop(0)))
                elif kind == PACKET:
                    found.append((kind, payloads.pop(0) if int(sizes.pop(0)) else ""))
                else:
                    found.append((kind, None))
        return found


def packet_parts(*payloads):
    return [(PACKET, payload.hex()) for payload in payloads]


class Sessions(WiresharkTestCase):
    """What passed between two programs that use the library."""

    WORDS = ("-t", "one", "-x", "", "-x", BIG.hex(), "-t", "last", "--game-id", 77)
    PAYLOADS = b"one", b"", BIG, b"last"

    def session(self, transport, proxy_class, *words, **options):
        server = self.start("listen", f"{transport}://127.0.0.1:0", "--echo", *words)
        proxy = proxy_class(self.capture, server.port(), **options)
        self.addCleanup(proxy.close)
        client = self.start("connect", f"{transport}://127.0.0.1:{proxy.port}", *self.WORDS, "-n", 4, "-q", *words)
        self.assertEqual(client.end(), 0, client.errors)
        self.assertEqual(server.interrupt(), 0, server.errors)
        return proxy

    def assert_session(self, parts):
        self.assertEqual(parts[:3], [(GREETING, None), (HELLO, "77"), (ACCEPTED, None)])
        self.assertCountEqual(parts[3:], packet_parts(*self.PAYLOADS) * 2)

    def test_tcp(self):
        self.session("tcp", capture.StreamProxy)
        self.assert_session(self.parts())
        self.assertEqual(self.infos(is_gamemaker)[:3], ["Greeting", "Hello (game 77)", "Accepted"])
        self.assertEqual(self.column("_ws.expert.message", is_gamemaker), [])
        # As a display filter.
        found = self.tshark("-Y", "gamemaker.size > 1000 && ip.src == 10.1.0.1", "-T", "fields", "-e", "gamemaker.size")
        self.assertIn("3072", found)
        self.assertEqual(len(found.splitlines()), 1)

    def test_tcp_however_it_is_cut(self):
        proxy = self.session("tcp", capture.StreamProxy)
        conversation, = proxy.conversations
        sent = {True: b"", False: b""}
        for from_client, piece in conversation:
            sent[from_client] += piece
        self.capture, self._rows = capture.Capture(), None
        # The greeting must be recognised by its first bytes; then anything goes.
        ways = (4, 1), (17, 2, 3, 5, 7, 11, 13), (18, 1400)
        for sizes in ways:
            stream = self.capture.stream()
            stream.send(False, sent[False][:30], *sizes)
            for from_client, data in (True, sent[True]), (False, sent[False][30:]):
                stream.send(from_client, data, *sizes[1:])
            stream.close()
        # In this order: the server's part of the handshake, the client's part and packets, the server's packets.
        wanted = [(GREETING, None), (ACCEPTED, None), (HELLO, "77"), *packet_parts(*self.PAYLOADS * 2)]
        for number, sizes in enumerate(ways):
            self.assertEqual(self.parts(lambda row: row["tcp.stream"] == [str(number)]), wanted, sizes)

    def test_a_port_may_be_named(self):
        """Cut into single bytes nothing can be recognised."""
        stream = self.capture.stream()
        for from_client, data in [*HANDSHAKE, (True, gamemaker.packets(b"a", b"bc"))]:
            stream.send(from_client, data, 1)
        self.assertEqual(self.parts(), [])
        wanted = [(GREETING, None), (HELLO, "77"), (ACCEPTED, None), *packet_parts(b"a", b"bc")]
        self.assertEqual(self.parts(options=("-d", f"tcp.port=={stream.ports[1]},gamemaker")), wanted)

    def test_websockets(self):
        self.session("ws", capture.StreamProxy)
        self.assert_session(self.parts(lambda row: row["websocket.opcode"]))
        self.assertEqual(complaints(self.column("_ws.expert.message", is_gamemaker)), [])

    def test_udp(self):
        self.session("udp", capture.DatagramProxy)
        self.assertCountEqual(self.parts(lambda row: row["udp.srcport"]), packet_parts(*self.PAYLOADS) * 2)
        self.assertEqual(self.column("_ws.expert.message"), [])

    def test_datagrams_without_a_header_are_data(self):
        self.session("udp", capture.DatagramProxy, "--raw")
        self.assertEqual(self.column("frame.number", is_ours), [])
        self.assertEqual(len(self.fields("frame.number", show=lambda row: row["data"] or row["udp.length"] == ["8"])), 8)

    def test_reliable_udp(self):
        self.session("rudp", capture.DatagramProxy)
        kinds = self.column("stepwire.kind")
        self.assertEqual(kinds[:3], ["1", "2", "3"])
        self.assertIn("4", kinds)
        self.assertEqual(kinds[-1], "6")
        self.assertEqual(self.infos()[:2], ["Hello", "Welcome"])
        self.assertRegex(self.infos()[2], r"^Confirm: number 1, \d chunks from 0")
        self.assertEqual(sorted(self.column("stepwire.message.size")), sorted(["3", "0", "3072", "4"] * 2))
        wanted = sorted([payload.hex() for payload in self.PAYLOADS if payload] * 2)
        self.assertEqual(sorted(self.column("stepwire.message")), wanted)
        told = set(self.column("_ws.expert.message")) - {"This chunk was sent before", "The session was closed: closed"}
        self.assertEqual(told, set())
        # The last acknowledgement leads to the frame that it is about, whose number it names.
        frame, largest = self.fields("stepwire.acknowledged_frame", "stepwire.largest",
                                     show=lambda row: row["stepwire.acknowledged_frame"])[-1]
        self.assertEqual(self.column("stepwire.number", lambda row: row["frame.number"] == frame), largest)
        self.assert_same_again()

    def test_chunks_that_come_again(self):
        """Each of the client's datagrams passes twice: each of its chunks is marked the second time, and told once."""
        self.session("rudp", capture.DatagramProxy, times=2)
        rows = self.fields("frame.number", "stepwire.chunk.sequence", "stepwire.chunk.repeated",
                           show=lambda row: row["stepwire.chunk.sequence"] and by_client(row))
        self.assertGreaterEqual(len(rows), 2)
        seen = {}
        for (number,), sequences, repeated in rows:
            self.assertEqual(repeated, [seen[sequence] for sequence in sequences if sequence in seen])
            for sequence in sequences:
                seen.setdefault(sequence, number)
        self.assertGreaterEqual(len(rows), 2 * len(set(seen.values())))
        messages = self.column("stepwire.message", by_client)
        self.assertEqual(sorted(messages), sorted(payload.hex() for payload in self.PAYLOADS if payload))

    def test_a_live_capture(self):
        """As a person would do it; where the system lets nobody capture, that is left out."""
        server = self.start("listen", "tcp://127.0.0.1:0", "--echo")
        port = server.port()
        command = [TSHARK, "-n", "-l", "-i", "lo", "-f", f"tcp port {port}", "-X", f"lua_script:{SCRIPT}", "-Y", "gamemaker",
                   "-T", "fields", "-e", "gamemaker.kind"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watcher:
            self.addCleanup(watcher.kill)
            while b"Capturing on" not in (line := watcher.stderr.readline()):
                if not line:
                    self.skipTest("nothing may be captured here")
            # What is sent before the capture has begun is not seen: so again, until something is.
            seen = []

            def look():
                self.run_to_end("connect", f"tcp://127.0.0.1:{port}", "-t", "x", "-n", 1)
                os.set_blocking(watcher.stdout.fileno(), False)
                seen.append(watcher.stdout.read() or b"")
                return b"4\n" in b"".join(seen)

            wait_until(look, "a packet in the live capture")
            watcher.terminate()
            watcher.wait()


class Streams(WiresharkTestCase):
    """TCP and WebSockets that no library would send."""

    def regular(self, *after):
        """A connection on which the client sends these after the handshake."""
        stream = self.capture.stream()
        for from_client, data in HANDSHAKE:
            stream.send(from_client, data)
        for data in after:
            stream.send(True, data)
        return stream

    def test_broken_tcp(self):
        self.regular(b"GET / HTTP/1.1\r\n\r\n")
        self.regular(gamemaker.header(5, header_size=16) + b"hello")
        self.regular(gamemaker.header(0x7FFFFFFF))
        self.regular(gamemaker.packet(b"fine") + b"rubbish")
        stream = self.capture.stream()
        stream.send(False, gamemaker.BANNER[:-1] + b"!")
        stream.send(True, struct.pack("<IIII", 0xCAFEBABE, 0xDEADBEEF, 99, 0))
        stream.send(True, struct.pack("<II", 0xCAFEBABE, 0xDEADB00B))
        # What an unfinished packet announces is waited for, and nobody is told that it is broken.
        self.regular(gamemaker.header(500) + b"more to come")
        rows = self.fields("tcp.stream", "_ws.expert.message", show=is_gamemaker)
        found = [(int(stream[0]), message) for stream, messages in rows for message in messages]
        self.assertEqual(found, [
            (0, "Neither a packet nor a part of the handshake"),
            (1, "The header's size must be 12"),
            (2, "More than the largest packet"), (2, "0 of 2147483647 bytes are here"),
            (3, "Neither a packet nor a part of the handshake"),
            (4, "The greeting must be \"GM:Studio-Connect\" and a NUL"),
            (4, "The second magic must be DEADB00B"), (4, "The size must be 16"),
        ])
        infos = [self.infos(lambda row: row["tcp.stream"] == [number] and is_gamemaker(row))[-1] for number in ("0", "3")]
        self.assertEqual(infos, ["Broken", "Packet (4), Broken"])

    def test_several_packets_in_a_segment(self):
        self.regular(gamemaker.packets(*[b"x"] * 20))
        self.assertEqual(self.infos(lambda row: PACKET in row["gamemaker.kind"]), ["Packet (1), " * 7 + "Packet (1) and 12 more"])

    def test_a_capture_that_begins_in_the_middle(self):
        self.capture.stream().send(True, gamemaker.packets(b"a", b"b"))
        self.assertEqual(self.parts(), packet_parts(b"a", b"b"))

    def test_other_protocols_are_left_alone(self):
        self.capture.stream().send(True, b"GM: good morning\r\n")
        self.capture.stream().send(True, gamemaker.header(5, header_size=13) + b"hello")
        self.capture.stream().send(True, b"GET /GM:Studio-Connect HTTP/1.1\r\n\r\n")
        self.capture.add_datagram(b"\xD7\x53\x57")
        self.capture.add_datagram(gamemaker.header(5, header_size=13) + b"hello")
        self.assertEqual(self.column("frame.number", is_ours), [])

    def websocket(self):
        stream = self.capture.stream()
        stream.send(True, frames.request())
        stream.send(False, frames.response(frames.KEY))
        return stream

    def test_messages_of_websockets(self):
        stream = self.websocket()

        def message(from_client, payload, opcode=frames.BINARY):
            stream.send(from_client, frames.Frame(opcode, payload).encode(from_client))

        for from_client, data in HANDSHAKE:
            message(from_client, data)
        message(True, gamemaker.packets(b"a", b"", b"b"))
        # A packet that spans three messages, and another behind it in the last.
        message(True, gamemaker.header(9) + b"one")
        message(True, b"two")
        message(False, gamemaker.packet(b"meanwhile"))
        message(True, b"end" + gamemaker.packet(b"next"))
        message(True, b"no packet")
        message(True, "no packet either", frames.TEXT)
        message(True, gamemaker.packet(b"last"))
        told = self.fields("_ws.col.Info", "_ws.expert.message",
                           show=lambda row: row["websocket.opcode"] and by_client(row))
        no_packet = "Neither a packet nor a part of the handshake"
        self.assertEqual([(info[0].strip(), sorted(complaints(messages))) for info, messages in told], [
            ("Hello (game 77)", []), ("Packet (1), Packet (0), Packet (1)", []), ("Packet (9)", ["3 of 9 bytes are here"]),
            ("Packet, continued (3)", []), ("Packet, continued (3), Packet (4)", []), ("Broken", [no_packet]),
            ("Broken", ["A text message is no packet: it is discarded", no_packet]), ("Packet (4)", [])])
        self.assert_same_again()

    def test_other_websockets_are_left_alone(self):
        self.websocket().send(True, frames.Frame(frames.BINARY, b"\x01 of another protocol").encode(True))
        self.assertEqual(self.column("frame.number", is_ours), [])

    def test_dissectors_of_games(self):
        """A script of one's own gets the packets that begin with its byte."""
        script = self.file("game.lua", """
            local game = Proto("mygame", "My game")
            local f_x = ProtoField.uint16("mygame.x", "X")
            game.fields = { f_x }
            function game.dissector(tvb, pinfo, tree)
                tree:add(game, tvb()):add_le(f_x, tvb(1, 2))
                return tvb:len()
            end
            DissectorTable.get("gamemaker.first_byte"):add(3, game)
        """)
        self.regular(gamemaker.packets(b"\x03\x39\x05", b"\x04\x00\x00", b"\x03\x01\x00"))
        self.assertEqual(self.column("mygame.x", script=script, more=("mygame.x",)), ["1337", "1"])


def vectors(name):
    """The datagrams of a block of docs/reliable-udp.md, by their names."""
    page = (ROOT / "docs/reliable-udp.md").read_text()
    block, = re.findall(rf"```{name}\n(.*?)```", page, re.S)
    lines = [line.split(None, 1) for line in block.splitlines()]
    return {name: bytes.fromhex(data) for name, data in lines}


class Datagrams(WiresharkTestCase):
    def test_the_vectors_of_the_description(self):
        wanted = {
            "hello": "Hello", "welcome": "Welcome", "confirm-hello": "Confirm: number 1, chunk 0",
            "confirm-gave-up": "Confirm: number 1, chunk 0, gave up", "data-ack": "Data: acknowledgement, ack 1",
            "data-ack-gaps": "Data: acknowledgement, ack 13", "data-two": "Data: number 2, 2 chunks from 1, ack 1",
            "data-fragments": "Data: number 4294967295, 3 chunks from 4294967294",
            "data-apart": "Data: number 3, 2 chunks from 7, ack 1", "reset": "Reset: session unknown",
            "reset-gave-up": "Reset: session unknown, gave up", "close-too-big": "Close: a message was too big",
        }
        names = list(vectors("vectors"))
        self.assertEqual(names, list(wanted))
        for number, data in enumerate(vectors("vectors").values()):
            self.capture.add_datagram(data, ports=(41000 + number, 42000))
        self.assertEqual(self.infos(), list(wanted.values()))
        values = dict(zip(names, self.fields("stepwire.token", "stepwire.acknowledged", "stepwire.message",
                                             "stepwire.delay_ms", "stepwire.chunk.sequence"), strict=True))
        self.assertEqual(values["hello"][0], ["0x0807060504030201"])
        self.assertEqual(values["data-ack"][1:4], [["1"], [], ["1.024"]])
        # -3 is no number.
        self.assertEqual(values["data-ack-gaps"][1], ["13", "12", "10"])
        self.assertEqual(values["data-two"][2], [b"hi".hex()])
        self.assertEqual(values["data-fragments"][2], [b"abc".hex()])
        self.assertEqual(values["data-fragments"][4], ["4294967294", "4294967295", "0"])
        self.assertEqual(values["data-apart"][4], ["7", "9"])
        self.assertEqual(self.column("stepwire.message.size", lambda row: row["udp.srcport"] == ["41006"]), ["2", "0"])

    def test_what_the_description_rejects(self):
        wanted = {
            "short-hello": [], "other-magic": [], "kind-7": [],
            "version-2": ["Version 1 drops what is of version 2 or 3"],
            "bitmap-33": ["A bitmap has 32 bytes at most: the datagram is dropped"],
            "bitmap-cut": ["The bitmap is cut short: the datagram is dropped"],
            "no-sequence": ["The first chunk must have its sequence number: the datagram is dropped"],
            "chunk-cut": ["A chunk is cut short: the datagram is dropped"],
            "reserved-bit": ["The reserved bit of a chunk is set: the datagram is dropped"],
        }
        self.assertEqual(list(vectors("rejected")), list(wanted))
        for number, data in enumerate(vectors("rejected").values()):
            self.capture.add_datagram(data, ports=(41000 + number, 42000))
        self.assertEqual([row[0] for row in self.fields("_ws.expert.message")], list(wanted.values()))
        self.assertEqual([bool(row[0]) for row in self.fields("stepwire.version")], [bool(told) for told in wanted.values()])

    def test_flags_sizes_and_chunks_of_a_message_in_any_order(self):
        whole = vectors("vectors")
        unknown_flag = bytearray(whole["reset"])
        unknown_flag[-1] = 0x82
        self.capture.add_datagram(bytes(unknown_flag))
        self.capture.add_datagram(whole["data-ack"] + struct.pack("<HI", 0x1000 | 1200, 5) + bytes(1200))
        head = whole["data-two"][:12]
        for number, (part, sequence, data) in enumerate([(3, 12, b"z"), (2, 11, b"y"), (1, 10, b"x")]):
            body = struct.pack("<IIHB", number + 1, 0, 0, 0) + struct.pack("<HI", part << 13 | 0x1000 | 1, sequence) + data
            self.capture.add_datagram(head + body)
        rows = self.fields("stepwire.message", "_ws.expert.message")
        self.assertIn("Only bit 0 has a meaning", rows[0][1])
        self.assertIn("No datagram should be over 1200 bytes", rows[1][1])
        # The last of them to come completes it.
        self.assertEqual([row[0] for row in rows[2:]], [[], [], [b"xyz".hex()]])

    def test_datagrams_captured_as_one(self):
        """A system that leaves the cutting to the network card shows them so to captures."""
        self.capture.add_datagram(gamemaker.packets(b"one", b"two", b"3"))
        first, second = (vectors("vectors")["data-two"][:12] + struct.pack("<IIHBHI", number, 0, 0, 0, 0x1002, number) + b"ab"
                         for number in (1, 2))
        self.capture.add_datagram(first + second)
        self.assertEqual(self.infos(), [
            "Packet (3), Packet (3), Packet (1)", "Data: number 1, chunk 1; Data: number 2, chunk 2"])
        self.assertEqual(self.column("_ws.expert.message"), [])

    def test_sizes_that_are_not_what_follows(self):
        self.capture.add_datagram(gamemaker.header(4) + b"four and more")
        self.capture.add_datagram(gamemaker.header(99) + b"less")
        self.assertEqual(self.column("_ws.expert.message"), [
            "4 bytes are announced, 13 follow: it is delivered with its header", "4 of 99 bytes are here"])

    def test_damaged_input(self):
        """Whatever the bytes are, the script neither fails nor hangs."""
        chance = random.Random(5)
        seeds = [*vectors("vectors").values(), gamemaker.packet(b"hello"), gamemaker.packets(b"", b"ab")]
        for _ in range(1500):
            data = bytearray(chance.choice(seeds))
            for _ in range(chance.randint(1, 4)):
                data[chance.randrange(len(data))] = chance.choice((0, 1, 0x10, 0x7F, 0xFF, chance.randrange(256)))
            del data[chance.randint(4, len(data)):]
            self.capture.add_datagram(bytes(data), chance.random() < 0.5)
        for _ in range(200):
            stream = self.capture.stream()
            data = bytearray(gamemaker.BANNER + gamemaker.ACCEPTED + gamemaker.packets(b"a" * 30, b"", b"bcd"))
            for _ in range(chance.randint(1, 3)):
                data[chance.randrange(4, len(data))] = chance.randrange(256)
            stream.send(False, bytes(data), *(chance.randint(1, 40) for _ in range(4)))
        for _ in range(100):
            stream = Streams.websocket(self)
            for _ in range(4):
                data = bytearray(gamemaker.packets(b"a" * 30, b"bcd"))
                data[chance.randrange(4, len(data))] = chance.randrange(256)
                stream.send(True, frames.Frame(frames.BINARY, bytes(data[:chance.randint(1, len(data))])).encode(True))
        told = self.tshark("-V")
        self.assertGreater(told.count("Expert Info"), 500)


if __name__ == "__main__":
    unittest.main()
