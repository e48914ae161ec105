"""Captures (pcap files) of what went over the wire, made without any privilege: by proxies that write down what passes
through them, or from bytes that no library would send."""

import socket
import struct
import threading
import time

CLIENT, SERVER = "10.1.0.1", "10.1.0.2"
LINK_RAW_IP = 101
SYN, FIN, ACK, PSH = 0x02, 0x01, 0x10, 0x08
SEGMENT = 1400


class Capture:
    """Frames in the order in which they were added."""

    def __init__(self):
        self.frames = []
        self.lock = threading.Lock()
        self._ports = iter(range(20000, 60000))

    def add(self, from_client, protocol, payload):
        source, destination = (CLIENT, SERVER) if from_client else (SERVER, CLIENT)
        header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0,
                             socket.inet_aton(source), socket.inet_aton(destination))
        self.frames.append((time.time(), header + payload))

    def add_datagram(self, payload, from_client=True, ports=(40001, 40002)):
        first, second = ports if from_client else ports[::-1]
        with self.lock:
            self.add(from_client, 17, struct.pack(">HHHH", first, second, 8 + len(payload), 0) + payload)

    def stream(self):
        """A TCP connection of its own ports."""
        return Stream(self, (next(self._ports), next(self._ports)))

    def write(self, path):
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, LINK_RAW_IP))
            for when, frame in self.frames:
                file.write(struct.pack("<IIII", int(when), int(when % 1 * 1e6), len(frame), len(frame)) + frame)
        return path


class Stream:
    """A TCP connection in a capture."""

    def __init__(self, capture, ports):
        self.capture, self.ports = capture, ports
        # Sequence numbers: the client's next, the server's next.
        self.next = [1000, 2000]
        for from_client, flags in (True, SYN), (False, SYN | ACK), (True, ACK):
            self._segment(from_client, flags, b"")

    def _segment(self, from_client, flags, data):
        me, peer = (0, 1) if from_client else (1, 0)
        # The first SYN acknowledges nothing; that does not matter for a capture.
        header = struct.pack(">HHIIBBHHH", self.ports[me], self.ports[peer], self.next[me], self.next[peer], 0x50, flags,
                             65535, 0, 0)
        self.capture.add(from_client, 6, header + data)
        self.next[me] += len(data) + (1 if flags & (SYN | FIN) else 0)

    def send(self, from_client, data, *sizes):
        """In segments of these sizes, the last of them for all that is left."""
        sizes = list(sizes) or [SEGMENT]
        with self.capture.lock:
            while data:
                size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
                self._segment(from_client, PSH | ACK, data[:size])
                data = data[size:]

    def close(self):
        with self.capture.lock:
            for from_client in True, False:
                self._segment(from_client, FIN | ACK, b"")


class StreamProxy:
    """Passes TCP connections on to a port of this machine, and captures them."""

    def __init__(self, capture, target):
        self.capture, self.target = capture, target
        self.conversations = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return  # closed
            server = socket.create_connection(("127.0.0.1", self.target))
            conversation = []
            self.conversations.append(conversation)
            stream = self.capture.stream()
            for pair in (client, server, True), (server, client, False):
                threading.Thread(target=self._pass, args=(*pair, stream, conversation), daemon=True).start()

    @staticmethod
    def _pass(source, destination, from_client, stream, conversation):
        try:
            while piece := source.recv(65536):
                conversation.append((from_client, piece))
                stream.send(from_client, piece)
                destination.sendall(piece)
            destination.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # either side is gone: nothing more passes

    def close(self):
        self.listener.close()


class DatagramProxy:
    """Passes the datagrams of one client on to a port of this machine, and captures them; each `times` times."""

    def __init__(self, capture, target, times=1):
        self.capture, self.times, self.client = capture, times, None
        self.near, self.far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.near.bind(("127.0.0.1", 0))
        self.far.connect(("127.0.0.1", target))
        self.port = self.near.getsockname()[1]
        self.ports = self.port, target
        for run in self._out, self._back:
            threading.Thread(target=run, daemon=True).start()

    def _out(self):
        while True:
            try:
                data, client = self.near.recvfrom(65536)
                if not client:
                    return  # closed
                self.client = client
                for _ in range(self.times):
                    self.capture.add_datagram(data, True, self.ports)
                    self.far.send(data)
            except ConnectionError:
                continue  # nobody is there any more
            except OSError:
                return  # closed

    def _back(self):
        while True:
            try:
                data = self.far.recv(65536)
                if not self.client:
                    return  # closed before anything came
                self.capture.add_datagram(data, False, self.ports)
                self.near.sendto(data, self.client)
            except ConnectionError:
                continue
            except OSError:
                return

    def close(self):
        for sock in self.near, self.far:
            # Wakes the thread that waits in it.
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
