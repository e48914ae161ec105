"""The examples of the bindings, as GameMaker's clients see them: peers that know the protocols from their descriptions.

    python3 examples.py server -- COMMAND...   a server that prints "port N"
    python3 examples.py lobby -- COMMAND...    one that prints "TCP on port N, WebSockets on port N"
"""

import contextlib
import pathlib
import re
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import frames  # noqa: E402
import gamemaker  # noqa: E402

WELCOME, JOINED, LEFT, SAID = range(4)


class Player:
    """A client of either kind."""

    def __init__(self, connection, number):
        self.connection = connection
        self.expect(WELCOME, number)
        self.number = number

    def say(self, data):
        if isinstance(self.connection, frames.Peer):
            self.connection.send_frames(frames.Frame(frames.BINARY, gamemaker.packet(data)))
        else:
            self.connection.send_packets(data)

    def expect(self, kind, number, said=b""):
        if isinstance(self.connection, frames.Peer):
            opcode, message = self.connection.read_frame()
            (got,) = gamemaker.PacketReader().feed(message)
            assert opcode == frames.BINARY
        else:
            got = self.connection.receive_packet()
        assert got == struct.pack("<BH", kind, number) + said, got

    def leave(self):
        self.connection.close()


def try_server(ports):
    (port,) = ports
    first = Player(gamemaker.join(port), 1)
    second = Player(gamemaker.join(port), 2)
    second.expect(JOINED, 1)
    first.expect(JOINED, 2)
    second.say(b"")
    second.say(b"hello \0\xff")
    first.expect(SAID, 2)
    first.expect(SAID, 2, b"hello \0\xff")
    # One that dies, one that talks nonsense, and one that leaves.
    dying = Player(gamemaker.join(port), 3)
    for other in (1, 2):
        dying.expect(JOINED, other)
    dying.connection.reset()
    for player in (first, second):
        player.expect(JOINED, 3)
        player.expect(LEFT, 3)
    stranger = gamemaker.connect(port)
    stranger.send(b"GET / HTTP/1.1\r\n\r\n" * 10)
    stranger.wait_for_end()
    first.leave()
    second.expect(LEFT, 1)
    second.leave()


def try_lobby(ports):
    tcp, web = ports
    desktop = Player(gamemaker.join(tcp), 1)
    desktop.say(b"Ann")
    browser = Player(frames.join(web), 2)
    browser.say(b"Bob")
    browser.expect(JOINED, 1, b"Ann")
    desktop.expect(JOINED, 2, b"Bob")
    browser.say(b"from the web")
    desktop.expect(SAID, 2, b"from the web")
    desktop.say(b"from the desk")
    browser.expect(SAID, 1, b"from the desk")
    late = Player(gamemaker.join(tcp), 3)
    late.connection.reset()
    browser.leave()
    desktop.expect(LEFT, 2)
    again = Player(frames.join(web), 4)
    again.say(b"Bob")
    again.expect(JOINED, 1, b"Ann")
    desktop.expect(JOINED, 4, b"Bob")
    desktop.leave()
    again.expect(LEFT, 1)
    again.leave()


def main():
    what, _, *command = sys.argv[1:]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        ports = [int(port) for port in re.findall(r"port (\d+)", server.stdout.readline())]
        {"server": try_server, "lobby": try_lobby}[what](ports)
        assert server.poll() is None, "the server has ended"
    finally:
        with contextlib.suppress(ProcessLookupError):
            server.kill()
        server.wait()
        server.stdout.close()


if __name__ == "__main__":
    main()
