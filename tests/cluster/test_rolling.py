"""A rolling restart of two servers behind HAProxy: nobody loses a connect, nobody is cut off who was not told."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

import brokers
from case import ClusterCase
from members import wait_for

PROGRAMS = pathlib.Path(os.environ.get("STEPWIRE_PROGRAMS", "."), "cluster/examples")
HAPROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")


class Program:
    """A process whose lines are kept."""

    def __init__(self, *command):
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, preexec_fn=brokers.end_with_us)
        self.lines = []
        threading.Thread(target=lambda: self.lines.extend(iter(self.process.stdout.readline, "")), daemon=True).start()

    def line(self, start):
        return wait_for(lambda: next((line for line in list(self.lines) if line.startswith(start)), None), start, 40)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@unittest.skipUnless(HAPROXY, "there is no haproxy")
@unittest.skipUnless((PROGRAMS / "room_server").exists(), "room_server is not built")
class RollingRestart(ClusterCase):
    def program(self, *command):
        program = Program(*command)
        self.addCleanup(program.end)
        return program

    def server(self, port, broker):
        server = self.program(PROGRAMS / "room_server", port, "--broker", broker.url)
        server.port = int(server.line("listening").split()[1])
        server.line("broker: up")
        return server

    def balancer(self, servers):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.control = pathlib.Path(folder.name, "control")
        self.door = brokers.free_port()
        config = pathlib.Path(folder.name, "haproxy.cfg")
        lines = "".join(f"    server s{index} 127.0.0.1:{server.port} check\n" for index, server in enumerate(servers))
        config.write_text(
            f"global\n    stats socket {self.control} level admin\ndefaults\n    mode tcp\n    timeout connect 2s\n"
            "    timeout client 1h\n    timeout server 1h\n    retries 3\n    option redispatch 1\n"
            f"    default-server inter 200ms fall 1 rise 1\nlisten rooms\n    bind 127.0.0.1:{self.door}\n"
            f"    balance leastconn\n{lines}")
        self.program(HAPROXY, "-db", "-f", config)
        wait_for(self.control.exists, "haproxy")

    def tell_balancer(self, words):
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.control))
            control.sendall(words.encode() + b"\n")
            self.assertEqual(control.recv(1000).strip(), b"")

    def test_fifty_players(self):
        broker = self.broker()
        servers = [self.server(0, broker) for _ in range(2)]
        self.balancer(servers)
        bots = self.program(PROGRAMS / "room_bots", 50, 12, f"127.0.0.1:{self.door}")
        for index in range(2):
            # All are in a room: then whoever is with this server is told to go.
            wait_for(lambda: bots.lines.count("all are in a room\n") > index, "all are in a room", 30)
            self.tell_balancer(f"set server rooms/s{index} state drain")
            servers[index].process.terminate()
            servers[index].line("seats promised")
            self.assertEqual(servers[index].process.wait(10), 0)
            servers[index] = self.server(servers[index].port, broker)
            self.tell_balancer(f"set server rooms/s{index} state ready")
        said = [bots.line(start) for start in ("playing at the end", "told to leave", "connections that failed")]
        numbers = [list(map(int, re.findall(r"\d+", line))) for line in said]
        self.assertEqual(numbers[0], [50, 50], said)
        told, cut = numbers[1]
        self.assertGreaterEqual(told, 50, said)
        self.assertEqual(cut, 0, said)
        self.assertEqual(numbers[2], [0, 0], said)


if __name__ == "__main__":
    unittest.main()
