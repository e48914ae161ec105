"""What an echoed message costs servers, as CPU time, beside what it costs the first of them: medians of interleaved rounds.

    python3 bindings/echo_cost.py build/c_examples/echo_server 0 -- luajit bindings/lua/echo_server.lua 0 \\
        -- python3 bindings/python/examples/echo_server.py 0 -- node bindings/node/examples/echo_server.mjs 0

Each command must print "port N" when it listens and echo GameMaker's packets (Linux). A command that may find nothing of
this project by itself needs what its language takes: PYTHONPATH, or a package that is installed.
"""

import os
import pathlib
import re
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/interop"))
import gamemaker  # noqa: E402

ROUNDS = 9
PAYLOAD = b"x" * 64
# So many packets are sent at once and awaited, and so many in all.
LOADS = (1, 30_000), (16, 300_000), (100, 1_000_000)


def cpu_seconds(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def port_of(server):
    for line in server.stdout:
        if found := re.search(r"port (\d+)", line):
            return int(found.group(1))
    raise SystemExit(f"{server.args} does not listen")


def cost(command, burst, total):
    """Microseconds of CPU time for each message."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        with gamemaker.join(port_of(server)) as peer:
            packets = gamemaker.packet(PAYLOAD) * burst

            def exchange(count):
                for _ in range(count // burst):
                    peer.send(packets)
                    peer.receive_exactly(len(packets))

            exchange(10 * burst + total // 20)
            before = cpu_seconds(server.pid)
            exchange(total)
            return (cpu_seconds(server.pid) - before) / (total // burst * burst) * 1e6
    finally:
        server.kill()
        server.wait()


def main():
    commands = [[]]
    for word in sys.argv[1:]:
        commands.append([]) if word == "--" else commands[-1].append(word)
    for burst, total in LOADS:
        rounds = [[cost(command, burst, total) for command in commands] for _ in range(ROUNDS)]
        print(f"{burst:3} at once: {statistics.median(costs[0] for costs in rounds):.2f} µs")
        for number, command in enumerate(commands[1:], 1):
            ratio = statistics.median(costs[number] / costs[0] for costs in rounds)
            own = statistics.median(costs[number] for costs in rounds)
            print(f"    {own:.2f} µs, {ratio:.2f} times as much: {command[0]}", flush=True)


if __name__ == "__main__":
    main()
