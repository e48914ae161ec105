"""Measures what docs/scaling.md says: python3 tests/cluster/measure.py, with the environment of `cargo xtask test`.

STEPWIRE_LIBRARY and STEPWIRE_NATS_SERVERS name the library and the brokers; without them target/release and the PATH.
"""

import pathlib
import sys
import time

import bindings
import brokers
from members import Member, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import process  # noqa: E402

PLAYERS, LOOK_UPS = 100_000, 1_000
MIB = 1 << 20


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def show(what, times):
    print(f"  {what}: p50 {percentile(times, 0.5):.2f} ms, p99 {percentile(times, 0.99):.2f} ms ({len(times)} times)")


def players(broker, home, asker):
    home_before, broker_before = process.resident(home.process.pid), process.resident(broker.process.pid)
    began = time.monotonic()
    home.enter_many("player", PLAYERS, timeout=120)
    wait_for(lambda: asker.outcome(asker.player_find(f"player{PLAYERS - 1}"))["type"] == bindings.FOUND, "the last")
    print(f"  {PLAYERS} players entered and found: {time.monotonic() - began:.1f} s; memory of the broker "
          f"{(process.resident(broker.process.pid) - broker_before) / MIB:.0f} MiB more, of the server "
          f"{(process.resident(home.process.pid) - home_before) / MIB:.0f} MiB more")
    show("looking a player up", asker.look_up("player", LOOK_UPS, PLAYERS // LOOK_UPS, timeout=120))


def nobody(asker):
    times = []
    for index in range(200):
        began = time.monotonic()
        times.append((asker.outcome(asker.player_find(f"nobody{index}"))["at"] - began) * 1000)
    show("finding that nobody is there (the test's own pipes included)", times)


def rooms(home, asker):
    home.room_open("arena", 1_000_000, "")
    time.sleep(0.1)
    times = []
    for _ in range(200):
        began = time.monotonic()
        times.append((asker.outcome(asker.find("arena"))["at"] - began) * 1000)
    show("finding a room, of which 30 ms are for gathering", times)


def messages(home, asker):
    home.subscribe("bench")
    home.set({"report": False})
    time.sleep(0.1)
    for size in (64, 1024):
        before = home.counts().get("3", 0)
        began = time.monotonic()
        results = asker.result(asker.begin("stream", "bench", "s", 100_000, 1e9, size), timeout=120)
        wait_for(lambda: home.counts().get("3", 0) + home.get_stat("dropped") - before >= results.get("0", 0), "all")
        took = time.monotonic() - began
        print(f"  messages of {size} B from one process to another: {results.get('0', 0) / took:.0f} a second "
              f"(both Python; refused {sum(results.values()) - results.get('0', 0)}, "
              f"dropped in all {home.get_stat('dropped'):.0f})")
    home.set({"report": True})


def comeback(broker, home):
    # Gaps in the messages before have brought more of these.
    before = len(home.having(bindings.UP))
    began = time.monotonic()
    broker.restart()
    home.wait(bindings.UP, before + 1, timeout=60)
    print(f"  the broker restarted: all players known to it {time.monotonic() - began:.1f} s after it was told to end")


def main():
    for version in sorted(brokers.programs()):
        print(f"nats-server {version}")
        broker = brokers.Broker(version)
        home, asker = Member(broker.url, "home:1"), Member(broker.url)
        try:
            home.wait(bindings.UP)
            asker.wait(bindings.UP)
            nobody(asker)
            rooms(home, asker)
            messages(home, asker)
            players(broker, home, asker)
            comeback(broker, home)
        finally:
            home.end()
            asker.end()
            broker.end()


if __name__ == "__main__":
    main()
