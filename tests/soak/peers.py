"""Peers on plain sockets beside the soak's clients: they half-close, reset, stall, stop half-way, and come back.

    python3 tests/soak/peers.py ADDRESS PORT THREADS SEED       until SIGTERM; then prints what there was, as JSON
"""

import collections
import json
import pathlib
import random
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

import gamemaker  # noqa: E402

PATIENCE = 120


def half_closes(peer, dice):
    """All that was sent before the end of its direction comes back, and then the other end."""
    sent = [dice.randbytes(dice.randrange(1, 3000)) for _ in range(dice.randrange(1, 20))]
    peer.send_packets(*sent)
    peer.finish()
    came, ending = peer.receive_until_end()
    if came != sent[:len(came)] or (ending == gamemaker.END_ORDERLY and len(came) < len(sent)):
        raise AssertionError(f"half-closed after {len(sent)} packets, {len(came)} came back, {ending}")
    return f"half-closes, {ending}"


def resets(peer, dice):
    peer.send_packets(*[b"reset"] * dice.randrange(20))
    peer.reset()
    return "resets"


def stalls(peer, dice):
    """Reads nothing of what comes back, then all of it in order."""
    sent = [dice.randbytes(1000) for _ in range(200)]
    peer.send_packets(*sent)
    time.sleep(dice.uniform(1, 5))
    if peer.receive_packets(len(sent)) != sent:
        raise AssertionError("after a stall something else came back")
    return "stalls"


def stops_half_way(peer, dice):
    peer.send(gamemaker.header(1000) + bytes(dice.randrange(1000)))
    time.sleep(dice.uniform(0, 1))
    return "stops half-way"


KINDS = [half_closes, half_closes, resets, stalls, stops_half_way]


class Crowd:
    def __init__(self, address, port):
        self.address, self.port = address, port
        self.over = threading.Event()
        self.counts, self.problems = collections.Counter(), []

    def run(self, seed):
        dice = random.Random(seed)
        while not self.over.is_set():
            kind = dice.choice(KINDS)
            try:
                with gamemaker.join(self.port, host=self.address, deadline=PATIENCE) as peer:
                    self.counts[kind(peer, dice)] += 1
            except (OSError, gamemaker.WireError) as error:
                self.counts[f"{kind.__name__}: {error}"[:80]] += 1
            except AssertionError as error:
                self.problems.append(str(error))
            self.over.wait(dice.uniform(0, 1))


def main():
    address, port, count, seed = sys.argv[1], *map(int, sys.argv[2:5])
    crowd = Crowd(address, port)
    signal.signal(signal.SIGTERM, lambda *_: crowd.over.set())
    threads = [threading.Thread(target=crowd.run, args=(seed + number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"counts": crowd.counts, "problems": crowd.problems}))


if __name__ == "__main__":
    main()
