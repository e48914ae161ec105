"""The LÖVE example on a screen that nobody sees: one LÖVE hosts, another plays, and a peer that knows GameMaker's protocol
alone plays along and sees the other's cursor.

    python3 love.py FOLDER      the folder of the package, which has love/ and stepwire.lua in it
"""

import contextlib
import pathlib
import re
import struct
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "interop"))
import gamemaker  # noqa: E402

KIND_MOVE = 1
PATIENCE = 60


@contextlib.contextmanager
def started(*command, **options):
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, **options)
    # What never says anything must not be waited for.
    patience = threading.Timer(PATIENCE, process.kill)
    patience.start()
    try:
        yield process
    finally:
        patience.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


def moves(peer):
    """Player and place, of each move that comes."""
    while True:
        packet = peer.receive_packet()
        if packet[0] == KIND_MOVE:
            yield struct.unpack("<xHff", packet)


def main():
    example = pathlib.Path(sys.argv[1]) / "love"
    with started("Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24", stderr=subprocess.DEVNULL) as screen:
        # No sound: the example has none, and there is no device.
        environment = {"DISPLAY": ":" + screen.stdout.readline().strip(), "LIBGL_ALWAYS_SOFTWARE": "1",
                       "PATH": "/usr/bin:/bin:/usr/games", "HOME": str(example.parent), "LANG": "C.UTF-8",
                       "SDL_AUDIODRIVER": "dummy"}
        with started("love", example, "host", 0, env=environment) as host:
            line = host.stdout.readline()
            port = int(re.fullmatch(r"listening on port (\d+)\n", line).group(1))
            with gamemaker.join(port, deadline=PATIENCE) as peer:
                peer.send_packets(struct.pack("<Bff", KIND_MOVE, 12.5, 30))
                seen = moves(peer)
                own, place = next((player, (x, y)) for player, x, y in seen if (x, y) == (12.5, 30))
                print(f"LÖVE's server sends player {own}'s move to {place} back")
                with started("love", example, "127.0.0.1", port, env=environment):
                    other, place = next((player, (x, y)) for player, x, y in seen if player > own)
                    print(f"another LÖVE is player {other}, at {place}")


if __name__ == "__main__":
    main()
