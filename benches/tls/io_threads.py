"""What a second I/O thread brings on two processors: usage: io_threads.py SERVER.

TLS handshakes, since they cost the server several times what they cost who asks for them: `openssl s_time` in three
processes leaves room beside one I/O thread. One and two threads take turns; printed are handshakes a second, medians
with the lowest and highest, and the median of the ratios of each round.
"""

import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from measure import certify

ROUNDS, SECONDS, CLIENTS = 5, 3, 3


def handshakes_a_second(program, certificate, key, threads):
    server = subprocess.Popen([program, certificate, key, str(threads)], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline())
        command = ["openssl", "s_time", "-new", "-connect", f"127.0.0.1:{port}", "-time", str(SECONDS)]
        clients = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                   for _ in range(CLIENTS)]
        said = [client.communicate(timeout=60)[0] for client in clients]
        counts = [re.search(r"(\d+) connections in \d+ real seconds", text) for text in said]
        if None in counts:
            raise RuntimeError(said[counts.index(None)])
        return sum(int(count[1]) for count in counts) / SECONDS
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def main():
    program, = sys.argv[1:]
    results = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = certify(pathlib.Path(folder), "RSA")
        for _ in range(ROUNDS):
            for threads, rates in results.items():
                rates.append(handshakes_a_second(program, certificate, key, threads))
    for threads, rates in results.items():
        print(f"{threads} I/O threads: {statistics.median(rates):.0f} handshakes a second "
              f"({min(rates):.0f}-{max(rates):.0f})")
    ratio = statistics.median(two / one for one, two in zip(*results.values()))
    print(f"the second thread: {ratio:.2f} times as many")


if __name__ == "__main__":
    main()
