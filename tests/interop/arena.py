"""A player of c_examples/arena_server.c, over TCP or a WebSocket, and the server as a process."""

import re
import signal
import struct
import subprocess
import threading

import frames
import gamemaker
from balancers import examples
from hosting import DEADLINE, wait_until

SERVER = examples() / "arena_server"
JOIN, INPUT, WELCOME, PLAYER, LEFT, SNAPSHOT, REFUSED, MOVING, VERSION = 1, 2, 10, 11, 12, 13, 14, 15, 3


class Arena:
    """The server; its lines are kept."""

    def __init__(self, *words, command=(SERVER,), **popen):
        command = [*command, *words]
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, **popen)
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def find(self, pattern, deadline=DEADLINE):
        """Waits for a line with this in it; what the pattern's group, or all of it, found."""

        def look():
            found = next(filter(None, (re.search(pattern, line) for line in list(self.lines))), None)
            if found is None and self.process.poll() is not None and not self._reader.is_alive():
                raise AssertionError(f"arena_server ended before {pattern}: {self.lines}")
            return found

        wait_until(look, f"{pattern} from arena_server", deadline)
        return look().group(look().lastindex or 0)

    def port(self, door):
        return int(self.find(rf"listening: {door} port (\d+)"))

    def ask_to_drain(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        status = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return status

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        self.process.stdout.close()


def join_websocket(port, tls=None):
    """As frames.join, but the answer may be a proxy's, which writes the names of fields as it likes."""
    peer = frames.connect(port, tls)
    try:
        peer.send(frames.request())
        head = peer.read_head()
        if not head.startswith(b"HTTP/1.1 101 "):
            raise gamemaker.WireError(f"not the answer: {head}")
        for expected, answer in ((gamemaker.BANNER, gamemaker.hello()), (gamemaker.ACCEPTED, None)):
            if peer.read_frame() != (frames.BINARY, expected):
                raise gamemaker.WireError("not GameMaker's handshake")
            if answer:
                peer.send_frames(frames.Frame(frames.BINARY, answer))
        return peer
    except BaseException:
        peer.close()
        raise


class Connection:
    """A regular connection to the arena that has joined; `tls` for a WebSocket over TLS."""

    def __init__(self, port, name, websocket=False, tls=None):
        self.peer = join_websocket(port, tls) if websocket else gamemaker.join(port)
        self.reader = gamemaker.PacketReader()
        self.websocket, self.waiting = websocket, []
        self.send(bytes([JOIN, VERSION]) + name.encode() + b"\0")

    def send(self, payload):
        packet = gamemaker.packet(payload)
        if self.websocket:
            self.peer.send_frames(frames.Frame(frames.BINARY, packet))
        else:
            self.peer.send(packet)

    def send_input(self, sequence):
        self.send(struct.pack("<BHff", INPUT, sequence & 65535, 1, 0))

    def receive(self):
        """The next packet of the arena; None at the end of the connection, whose close code is then self.code."""
        if not self.websocket:
            try:
                return self.peer.receive_packet()
            except (gamemaker.WireError, ConnectionResetError):
                return None
        while not self.waiting:
            frame = self.peer.read_frame()
            if frame is None or frame[0] == frames.CLOSE:
                self.code = struct.unpack(">H", frame[1][:2])[0] if frame and frame[1] else None
                return None
            if frame[0] == frames.BINARY:
                self.waiting += self.reader.feed(frame[1])
        return self.waiting.pop(0)

    def receive_until(self, kind):
        while (packet := self.receive()) is not None:
            if packet[0] == kind:
                return packet
        raise AssertionError(f"the connection ended before packet {kind}")

    def close(self):
        self.peer.close()


class Player(threading.Thread):
    """Plays until it is told to stop; told by the server to move, it connects again and then leaves."""

    def __init__(self, port, name, websocket):
        super().__init__(daemon=True)
        self.port, self.name_, self.websocket = port, name, websocket
        self.stopping = threading.Event()
        self.told = self.snapshots = 0
        self.playing = False
        # What went wrong: connects that led nowhere, connections that ended without a word.
        self.lost, self.cut = [], []

    def connect(self):
        connection = None
        try:
            connection = Connection(self.port, self.name_, self.websocket)
            connection.receive_until(WELCOME)
            return connection
        except (OSError, AssertionError, gamemaker.WireError) as why:
            self.lost.append(repr(why))
            if connection:
                connection.close()
            return None

    def run(self):
        connection = self.connect()
        while connection:
            self.playing = True
            try:
                packet = connection.receive()
            except OSError as why:
                packet = None
                self.cut.append(repr(why))
            if packet is None:
                if not self.cut:
                    self.cut.append("the end")
                break
            if packet[0] == MOVING:
                self.told += 1
                self.playing = False
                before, connection = connection, self.connect()
                before.close()
                continue
            self.snapshots += packet[0] == SNAPSHOT
            if self.stopping.is_set():
                break
            if self.snapshots % 30 == 0:
                try:
                    connection.send_input(self.snapshots)
                except OSError:
                    pass  # why it ended is what is received next
        self.playing = False
        if connection:
            connection.close()
