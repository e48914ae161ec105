"""Measures what abuse does to those who play: fifty players at 60 Hz, alone and beside each kind of it.

    python3 tests/abuse/measure.py [--seconds 10] [--library target/release] [kind ...]

Prints rows for the table of docs/security.md. Needs a C compiler, Linux, and a machine that does nothing else.
"""

import argparse
import contextlib
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/interop"))

import frames  # noqa: E402
import gamemaker  # noqa: E402
import process  # noqa: E402
import reliable_wire  # noqa: E402

PLAYERS, HERTZ = 50, 60
MIB = 1 << 20


class Server:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.tcp, self.ws, self.udp = map(int, self.process.stdout.readline().split())
        self.pid = self.process.pid
        self.memory = process.resident(self.pid)

    def grown(self):
        return (process.resident(self.pid) - self.memory) / MIB

    def stop(self):
        self.process.stdin.close()
        if self.process.wait(20):
            sys.exit("the server failed")


class Abuse:
    """A kind of it: does it until told to stop, and remembers what is worth a word."""

    def __init__(self, server):
        self.server, self.stopped, self.note = server, threading.Event(), ""

    def until_stopped(self, work):
        while not self.stopped.is_set():
            with contextlib.suppress(OSError, gamemaker.WireError):
                work()


def nothing(abuse):
    """nobody else"""
    abuse.stopped.wait()


def one_client_floods(abuse):
    """one client that sends packets of 1 KiB as fast as it can"""
    block = gamemaker.packets(*[bytes(1024)] * 200)
    with gamemaker.join(abuse.server.tcp) as client:
        abuse.until_stopped(lambda: client.send(block))


def empty_packets(abuse):
    """one client that sends empty packets as fast as it can"""
    block = gamemaker.packets(*[b""] * 5000)
    with gamemaker.join(abuse.server.tcp) as client:
        abuse.until_stopped(lambda: client.send(block))


def websockets_send(abuse, first, block):
    """From 64 connections."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(frames.open_client(abuse.server.ws)) for _ in range(64)]
        for client in clients:
            client.send(first)
            client.socket.setblocking(False)
        at = {client: 0 for client in clients}

        def round_of_all():
            for client in clients:
                with contextlib.suppress(BlockingIOError):
                    at[client] = (at[client] + client.socket.send(block[at[client]:])) % len(block)
                with contextlib.suppress(BlockingIOError):
                    client.socket.recv(65536)
        abuse.until_stopped(round_of_all)


def pings(abuse):
    """64 WebSockets that send nothing but pings"""
    websockets_send(abuse, b"", frames.Frame(frames.PING).encode(True) * 10_000)


def fragments(abuse):
    """64 WebSockets that send empty fragments"""
    first = frames.Frame(frames.BINARY, fin=False).encode(True)
    websockets_send(abuse, first, frames.Frame(frames.CONTINUATION, fin=False).encode(True) * 10_000)


def slow_handshakes(abuse):
    """2 000 connections that begin a handshake and stop"""
    with contextlib.ExitStack() as stack:
        for number in range(2000):
            stack.enter_context(gamemaker.connect((abuse.server.tcp, abuse.server.ws)[number % 2]))
        abuse.stopped.wait()


def comings_and_goings(abuse):
    """four threads that connect, join and leave as fast as they can"""
    def come():
        gamemaker.join(abuse.server.tcp).close()
    threads = [threading.Thread(target=abuse.until_stopped, args=(come,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def parts(abuse):
    """900 clients that each send a packet of 4 MiB but for its last byte"""
    block = memoryview(gamemaker.packet(bytes(4 * MIB)))[:-1]
    with contextlib.ExitStack() as stack:
        rests = {}
        for _ in range(900):
            client = stack.enter_context(gamemaker.join(abuse.server.tcp))
            client.socket.setblocking(False)
            rests[client] = block
        most = 0
        while not abuse.stopped.is_set():
            for client, rest in rests.items():
                with contextlib.suppress(OSError):
                    rests[client] = rest[client.socket.send(rest[:65536]):] if len(rest) else rest
            most = max(most, abuse.server.grown())
        abuse.note = f"memory grew by {most:.0f} MiB at most; limit 256 MiB"


def forged_datagrams(abuse):
    """hellos of reliable UDP from 2 000 addresses of 127.0.0.0/8, as many as go"""
    to = ("127.0.0.1", abuse.server.udp)
    out = back = 0
    with contextlib.ExitStack() as stack:
        sources = []
        for number in range(2000):
            source = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            source.bind((f"127.77.{number >> 8}.{number & 255}", 0))
            source.setblocking(False)
            sources.append(source)
        while not abuse.stopped.is_set():
            source = random.choice(sources)
            hello = reliable_wire.Hello(random.getrandbits(64) | 1).encode()
            with contextlib.suppress(BlockingIOError):
                out += source.sendto(hello, to)
            with contextlib.suppress(BlockingIOError):
                back += len(source.recv(2048))
    abuse.note = f"{out / MIB:.1f} MiB sent, {back / max(out, 1):.2f} bytes back for each"


KINDS = [nothing, one_client_floods, empty_packets, pings, fragments, slow_handshakes, comings_and_goings, parts,
         forged_datagrams]


def measure(program, kind, seconds):
    server = Server(program)
    abuse = Abuse(server)
    thread = threading.Thread(target=kind, args=(abuse,))
    thread.start()
    time.sleep(1)
    command = [program, "players", str(server.tcp), str(PLAYERS), str(HERTZ), str(seconds)]
    played = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    abuse.stopped.set()
    thread.join()
    server.stop()
    p50, p99, worst, count = played.stdout.split()
    return float(p50), float(p99), float(worst), int(count), abuse.note


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="kind", choices=[[], *(kind.__name__ for kind in KINDS)])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--library", type=pathlib.Path, default=ROOT / "target/release", help="the folder it is in")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/program"
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", f"-I{ROOT}/include", f"{ROOT}/tests/abuse/program.c", "-o", program,
                        f"-L{options.library.resolve()}", "-lstepwire", f"-Wl,-rpath,{options.library.resolve()}"],
                       check=True)
        for kind in KINDS:
            if options.kinds and kind.__name__ not in options.kinds:
                continue
            p50, p99, worst, count, note = measure(program, kind, options.seconds)
            print(f"| {kind.__doc__.strip()} | {p50:.2f} | {p99:.2f} | {worst:.1f} | {count} | {note} |", flush=True)


if __name__ == "__main__":
    main()
