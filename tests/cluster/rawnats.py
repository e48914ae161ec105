"""A client of NATS' protocol without manners, and a broker that says what it is told to."""

import json
import socket
import threading


class Client:
    """Speaks to a broker directly: publishes anything to any subject."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.settimeout(10)
        self.lines = self.socket.makefile("rb")
        assert self.lines.readline().startswith(b"INFO")
        self.socket.sendall(b'CONNECT {"verbose":false,"headers":true}\r\n')

    def publish(self, subject, payload, reply=""):
        self.socket.sendall(f"PUB {subject} {reply} {len(payload)}\r\n".encode() + payload + b"\r\n")

    def publish_with_headers(self, subject, headers, payload):
        sizes = f"{len(headers)} {len(headers) + len(payload)}"
        self.socket.sendall(f"HPUB {subject} {sizes}\r\n".encode() + headers + payload + b"\r\n")

    def settle(self):
        """The broker has taken all of it."""
        self.socket.sendall(b"PING\r\n")
        while True:
            line = self.lines.readline()
            assert line, "the broker has closed the connection"
            if line.startswith(b"PONG"):
                return
            assert not line.startswith(b"-ERR"), line

    def close(self):
        self.lines.close()
        self.socket.close()


class FakeBroker:
    """Plays the broker for one connection after the other; `talk` gets (connection, lines)."""

    def __init__(self, talk):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.connections = 0
        self.connects = 0
        self.talk = talk
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self):
        return f"nats://127.0.0.1:{self.port}"

    @staticmethod
    def info(**more):
        said = {"server_id": "fake", "headers": True, "max_payload": 1048576, **more}
        return b"INFO " + json.dumps(said).encode() + b"\r\n"

    def _serve(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self.connections += 1
            with connection, connection.makefile("rb") as lines:
                try:
                    self.talk(connection, self._counted(lines))
                except OSError:
                    pass

    def _counted(self, lines):
        for line in lines:
            self.connects += line.startswith(b"CONNECT")
            yield line

    def close(self):
        # Ends accept() as well, which closing alone does not.
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
