"""WebSockets against Node's `ws`, as client and as server, regular and raw, plain and encrypted."""

import os
import pathlib
import shutil
import subprocess
import unittest

import certificates
import stepwire
from hosting import DEADLINE, HostTestCase, both_io_modes
from payloads import numbered

PEER = pathlib.Path(__file__).with_name("node_peer.mjs")
MODULES = pathlib.Path(os.environ.get("STEPWIRE_NODE_MODULES") or PEER.parents[2] / "target/node/node_modules")

if not shutil.which("node") or not (MODULES / "ws").is_dir():
    raise unittest.SkipTest("Node's ws is not installed")


class Peer:
    """A process of node_peer.mjs."""

    def __init__(self, *words):
        environment = {**os.environ, "STEPWIRE_NODE_MODULES": str(MODULES)}
        command = ["node", str(PEER), *map(str, words)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    def line(self):
        """The next line, or "" when it has ended."""
        return self.process.stdout.readline().rstrip("\n")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@both_io_modes
class Node(HostTestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = certificates.Authority()
        cls.addClassCleanup(cls.authority.close)
        cls.chain, cls.key = cls.authority.certify("localhost")

    def peer(self, *words):
        peer = Peer(*words)
        self.addCleanup(peer.stop)
        return peer

    def check_server(self, scheme, mode):
        raw = mode == "raw"
        for config, path in ((stepwire.CONFIG_TLS_CERTIFICATE, self.chain), (stepwire.CONFIG_TLS_PRIVATE_KEY, self.key)):
            self.host.must("network_set_config_string", config, -1, str(path))
        kind = stepwire.SOCKET_WSS if scheme == "wss" else stepwire.SOCKET_WS
        server = self.host.must("network_create_server_raw" if raw else "network_create_server", kind, 0, 10)
        port = int(self.host.must("network_get_port", server))
        self.host.set(echo=True)
        if raw:
            self.host.do("raw_handle", handle=server)
        peer = self.peer("client", f"{scheme}://localhost:{port}/", mode, *([self.authority.certificate] if scheme == "wss" else []))
        self.assertEqual(peer.line(), "done")
        client = self.host.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]
        kinds = [event["message_type"] for event in self.host.events if event["type"] == stepwire.TYPE_DATA]
        self.assertEqual(kinds, [stepwire.SEND_BINARY] * 11 + [stepwire.SEND_TEXT] * raw)
        event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=client)
        self.assertEqual(event["error"], stepwire.ERROR_CLOSED)
        self.assertIn("4001: enough", event["reason"])
        self.assertEqual(peer.process.wait(DEADLINE), 0)

    def check_client(self, scheme, mode):
        raw = mode == "raw"
        self.host.must("network_set_config_string", stepwire.CONFIG_TLS_CA_FILE, -1, str(self.authority.certificate))
        peer = self.peer("server", mode, *([self.chain, self.key] if scheme == "wss" else []))
        port = int(peer.line().removeprefix("port "))
        socket = self.host.must("network_create_socket", stepwire.SOCKET_WS)

        def connect():
            self.host.must(f"network_connect{'_raw' if raw else ''}_async", socket, f"{scheme}://localhost:{port}/", 0)
            event = self.host.event(type=stepwire.TYPE_NON_BLOCKING_CONNECT, socket=socket)
            self.assertEqual((event["succeeded"], event["reason"]), (1, ""))

        def send(payload, kind=stepwire.SEND_BINARY):
            if raw:
                self.host.must("network_send_raw", socket, payload, len(payload), kind)
            else:
                self.host.must("network_send_packet", socket, payload, len(payload))

        connect()
        sizes = (5, 0, 113, 114, 125, 126, 65_535, 65_536, 90_000, 3_000_000)
        for number, size in enumerate(sizes):
            send(numbered(number, size))
        for number, size in enumerate(sizes):
            event = self.host.event(type=stepwire.TYPE_DATA, id=socket)
            self.assertEqual(event["payload"], numbered(number, size))
        if raw:
            send("häß😀".encode(), stepwire.SEND_TEXT)
            event = self.host.event(type=stepwire.TYPE_DATA, id=socket)
            self.assertEqual((event["payload"].decode(), event["message_type"]), ("häß😀", stepwire.SEND_TEXT))
        send(b"kick")
        event = self.host.event(type=stepwire.TYPE_DISCONNECT, socket=socket)
        self.assertEqual(event["error"], stepwire.ERROR_CLOSED)
        self.assertIn("4000: kicked", event["reason"])
        self.assertEqual(peer.line(), "closed 4000 ")
        connect()
        self.host.must("network_destroy", socket)
        self.assertEqual(peer.line(), "closed 1000 ")


def add(end, scheme, mode):
    setattr(Node, f"test_{end}_{scheme}_{mode}", lambda self: getattr(self, f"check_{end}")(scheme, mode))


for _end in ("server", "client"):
    for _scheme in ("ws", "wss"):
        for _mode in ("regular", "raw"):
            add(_end, _scheme, _mode)
