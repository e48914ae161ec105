"""WebSockets against Node's `ws`, in both directions, regular and raw."""

import hashlib
import os
import pathlib
import subprocess
import unittest

import stepwire
from hosting import DEADLINE, HostTestCase, both_io_modes

PEER = pathlib.Path(__file__).with_name("node_peer.mjs")


def is_installed():
    try:
        return subprocess.run(["node", "-e", "require('ws')"], capture_output=True, timeout=DEADLINE).returncode == 0
    except FileNotFoundError:
        return False


class Node:
    def __init__(self, *words):
        self.process = subprocess.Popen(["node", str(PEER), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=dict(os.environ))

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def line(self):
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.kill()
        self.process.communicate()


def described(kind, payload):
    return f"{kind} {len(payload)} {hashlib.sha256(payload).hexdigest()}"


def packet(payload):
    return bytes.fromhex("dec0adde0c000000") + len(payload).to_bytes(4, "little") + payload


@unittest.skipUnless(is_installed(), "Node's ws is not installed")
@both_io_modes
class NodePeers(HostTestCase):
    def node(self, *words):
        node = Node(*words)
        self.addCleanup(node.close)
        return node

    def test_clients(self):
        for kind in ("regular", "raw"):
            with self.case(kind):
                raw = kind == "raw"
                function = "network_create_server_raw" if raw else "network_create_server"
                server = self.host.must(function, stepwire.SOCKET_WS, 0, 10)
                port = int(self.host.must("network_get_port", server))
                node = self.node("client", kind, f"ws://127.0.0.1:{port}/")
                self.assertEqual(node.line(), "ready")
                client = self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]
                for size in (0, 1, 125, 126, 65_535, 65_536, 90_000, 3_000_000):
                    node.tell(f"binary {size}")
                    payload = self.host.event(type=stepwire.TYPE_DATA, id=client)["payload"]
                    self.assertEqual(payload, (b"0123456789abcdef" * (size // 16 + 1))[:size])
                    send = ("network_send_raw", client, payload, size, 0) if raw else \
                        ("network_send_packet", client, payload, size)
                    self.host.must(*send)
                    self.assertEqual(node.line(), described("binary", payload if raw else packet(payload)))
                if raw:
                    node.tell("text häß 😀")
                    event = self.host.event(type=stepwire.TYPE_DATA, id=client)
                    self.assertEqual(event["message_type"], stepwire.SEND_TEXT)
                    size = len(event["payload"])
                    self.host.must("network_send_raw", client, event["payload"], size, stepwire.SEND_TEXT)
                    self.assertEqual(node.line(), described("text", "häß 😀".encode()))
                node.tell("close 4001 enough")
                event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)
                self.assertEqual(event["error"], stepwire.ERROR_CLOSED)
                self.assertIn("enough", event["reason"])
                self.assertEqual(node.line(), "closed 4001")

    def test_servers(self):
        for kind in ("regular", "raw"):
            with self.case(kind):
                raw = kind == "raw"
                node = self.node("server", kind)
                port = int(node.line())
                client = self.host.must("network_create_socket", stepwire.SOCKET_WS)
                function = "network_connect_raw" if raw else "network_connect"
                self.host.must(function, client, f"ws://127.0.0.1:{port}/path?query", 0)
                for size in (0, 1, 125, 126, 65_535, 65_536, 90_000, 3_000_000):
                    payload = bytes(range(251)) * (size // 251 + 1)
                    payload = payload[:size]
                    send = ("network_send_raw", client, payload, size, 0) if raw else \
                        ("network_send_packet", client, payload, size)
                    self.host.must(*send)
                    self.assertEqual(self.host.event(type=stepwire.TYPE_DATA, id=client)["payload"], payload)
                self.host.must("network_destroy", client)
                self.assertEqual(node.line(), "closed 1000")
