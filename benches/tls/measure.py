"""Compares libraries with different TLS as servers: usage: measure.py SERVER NAME=LIBRARY...

What counts is the processor time of the server, which does not depend on how fast this client is: for a handshake with
the opening of the WebSocket, for echoed bytes, and the memory that an idle connection takes. The libraries take turns;
medians are printed, and how they compare with the first library's.
"""

import contextlib
import os
import pathlib
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 5
HANDSHAKES = 400
MESSAGE, MESSAGES = 16 << 10, 2000
MANUAL_IO = "0"
IDLE = 400
KEYS = {"EC": ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"), "RSA": ("rsa:2048",)}
UPGRADE = (b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


def certify(folder, kind):
    key, certificate = folder / f"{kind}.key", folder / f"{kind}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", *KEYS[kind], "-nodes", "-keyout", key, "-out", certificate,
                    "-days", "2", "-subj", "/CN=localhost"], check=True, stderr=subprocess.DEVNULL)
    return certificate, key


class Server:
    def __init__(self, program, library, certificate, key):
        environment = {**os.environ, "LD_LIBRARY_PATH": str(library)}
        self.process = subprocess.Popen([program, certificate, key, MANUAL_IO], env=environment, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), 30)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        encrypted = self.context.wrap_socket(plain)
        encrypted.sendall(UPGRADE)
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += encrypted.recv(4096)
        if not answer.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(answer)
        return encrypted

    def processor_time(self):
        """In seconds; the number of the clock is as clock_getcpuclockid(3) makes it."""
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def memory(self):
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def handshake_microseconds(server):
    server.connect().close()
    before = server.processor_time()
    for _ in range(HANDSHAKES):
        server.connect().close()
    return (server.processor_time() - before) / HANDSHAKES * 1e6


def echoed_bytes_a_second(server):
    with server.connect() as connection:
        # Masked with zeros: the bytes stay what they are.
        frame = b"\x82\xfe" + MESSAGE.to_bytes(2, "big") + bytes(4) + os.urandom(MESSAGE)
        size = 4 + MESSAGE
        room = bytearray(size)

        def echo():
            connection.sendall(frame)
            filled = 0
            while filled < size:
                filled += connection.recv_into(memoryview(room)[filled:])
            if room[4:] != frame[8:]:
                raise RuntimeError("something else came back")

        echo()
        before = server.processor_time()
        for _ in range(MESSAGES):
            echo()
        return MESSAGE * MESSAGES / (server.processor_time() - before)


def idle_bytes(server):
    with contextlib.ExitStack() as stack:
        stack.enter_context(server.connect())
        before = server.memory()
        for _ in range(IDLE):
            stack.enter_context(server.connect())
        return (server.memory() - before) / IDLE


MEASURES = {
    "handshake, EC P-256, us": ("EC", handshake_microseconds),
    "handshake, RSA 2048, us": ("RSA", handshake_microseconds),
    "echo of 16 KiB, MB/s": ("EC", lambda server: echoed_bytes_a_second(server) / 1e6),
    "an idle connection, bytes": ("EC", idle_bytes),
}


def main():
    program, *libraries = sys.argv[1:]
    libraries = dict(library.split("=", 1) for library in libraries)
    results = {(measure, name): [] for measure in MEASURES for name in libraries}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        certificates = {kind: certify(folder, kind) for kind in KEYS}
        for name, library in libraries.items():
            (folder / name).mkdir()
            # As programs ask for it.
            soname = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True).stdout
            soname = soname.split("soname: [")[1].split("]")[0]
            shutil.copy(library, folder / name / soname)
        for _ in range(ROUNDS):
            for measure, (kind, function) in MEASURES.items():
                for name in libraries:
                    server = Server(program, folder / name, *certificates[kind])
                    try:
                        results[measure, name].append(function(server))
                    finally:
                        server.close()
    print(f"{'':28}" + "".join(f"{name:>24}" for name in libraries))
    first = next(iter(libraries))
    for measure in MEASURES:
        base = statistics.median(results[measure, first])
        cells = []
        for name in libraries:
            median = statistics.median(results[measure, name])
            cells.append(f"{median:12.1f} ({median / base:4.2f} times)")
        print(f"{measure:28}" + "".join(f"{cell:>24}" for cell in cells))
    sizes = [pathlib.Path(library).stat().st_size for library in libraries.values()]
    print(f"{'size of the library, bytes':28}" + "".join(f"{size:>24}" for size in sizes))


if __name__ == "__main__":
    main()
