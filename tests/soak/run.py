"""Thousands of clients that come and go against one server, with all kinds of trouble meanwhile; then the accounts.

    python3 tests/soak/run.py [--seconds 600] [--clients 2000] [--library target/release] [--seed 1]

Every message of a connection that ended in order must have arrived, in order, once: server.c and client.c check the order
and the bytes and each writes a ledger, which are compared here. What was cut off must say so at one end at least. Memory,
descriptors and threads of the server are the same in the last third of the time as in the first. Needs Linux and a C
compiler; root for the interface that goes down.
"""

import argparse
import collections
import contextlib
import ipaddress
import json
import os
import pathlib
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tests/interop"))

import certificates  # noqa: E402
import process  # noqa: E402

SKIPPED = 77
MIB = 1 << 20
KINDS = ["tcp", "ws", "wss", "reliable", "udp"]
CLOSED = -16
PATIENCE = 150


class Loopback:
    """Where there is no root."""

    address, may_go_down = "127.0.0.1", False
    at_server = at_clients = ()

    def close(self):
        pass


class Link:
    """A link between two network namespaces."""

    may_go_down = True

    def __init__(self):
        self.address, other = "10.78.0.1", "10.78.0.2"
        self.names = [f"stepwire-soak-{os.getpid()}-{end}" for end in ("s", "c")]
        self.at_server, self.at_clients = (("ip", "netns", "exec", name) for name in self.names)
        for name in self.names:
            self.ip("netns", "add", name)
        self.ip("link", "add", "soak-s", "netns", self.names[0], "type", "veth",
                "peer", "name", "soak-c", "netns", self.names[1])
        for name, interface, address in zip(self.names, ("soak-s", "soak-c"), (self.address, other)):
            self.ip("-n", name, "address", "add", f"{address}/24", "dev", interface)
            self.ip("-n", name, "link", "set", interface, "up")

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True, stderr=subprocess.PIPE)

    def set(self, state):
        self.ip("-n", self.names[0], "link", "set", "soak-s", state)

    def close(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)


def some_link():
    try:
        return Link()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no interface goes down: no network namespaces here ({error})")
        return Loopback()


class Soak:
    def __init__(self, folder, link, options):
        self.folder, self.link, self.options = pathlib.Path(folder), link, options
        self.authority = certificates.Authority()
        self.chain, self.key = self.certify("first")
        self.samples = []
        self.began = time.monotonic()

    def certify(self, name):
        return self.authority.certify(name, alternatives=f"IP:{ipaddress.ip_address(self.link.address)}")

    def build(self, name):
        library = self.options.library.resolve()
        program = self.folder / name
        subprocess.run(["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", f"-I{ROOT}/include",
                        HERE / f"{name}.c", "-o", program, f"-L{library}", "-lstepwire",
                        f"-Wl,-rpath,{library}"], check=True)
        return program

    def start(self, where, *words):
        return subprocess.Popen([*where, *map(str, words)], stdout=subprocess.PIPE, text=True)

    def begin(self):
        options, address = self.options, self.link.address
        stall_ms = min(30_000, options.seconds * 1000 // 20)
        server, client = self.build("server"), self.build("client")
        self.server = self.start(self.link.at_server, server, address, self.chain, self.key, self.folder / "server.txt",
                                 stall_ms)
        ports = self.server.stdout.readline().split()
        # `ip netns exec` becomes what it runs.
        self.pid = self.server.pid
        self.client = self.start(self.link.at_clients, client, address, *ports, self.authority.certificate,
                                 self.folder / "client.txt", options.clients, options.seed)
        self.peers = self.start(self.link.at_clients, sys.executable, HERE / "peers.py", address, ports[0],
                                max(4, options.clients // 50), options.seed)

    # ---- trouble -----------------------------------------------------------------------------

    def troubles(self):
        """What happens when, as a part of the whole time, and what then ends it after so many seconds."""
        def limit(most):
            resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (most, self.limits[1]))

        def new_certificate():
            chain, key = self.certify("second")
            shutil.copy(key, self.key)
            shutil.copy(chain, self.chain)
            self.server.send_signal(signal.SIGHUP)

        pause = min(5, self.options.seconds / 60)
        self.limits = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        yield 0.10, "out of descriptors", lambda: limit(process.descriptors(self.pid)), pause, lambda: limit(self.limits[0])
        yield (0.20, "server stopped", lambda: self.server.send_signal(signal.SIGSTOP), pause,
               lambda: self.server.send_signal(signal.SIGCONT))
        yield (0.30, "clients stopped", lambda: self.client.send_signal(signal.SIGSTOP), pause,
               lambda: self.client.send_signal(signal.SIGCONT))
        yield 0.40, "host does not collect", lambda: self.server.send_signal(signal.SIGUSR1), 0, None
        yield 0.50, "certificate renewed", new_certificate, 0, None
        if self.link.may_go_down:
            yield 0.58, "interface down", lambda: self.link.set("down"), pause, lambda: self.link.set("up")

    def wait(self, seconds):
        """Waits, and takes samples of the server meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(1, left))
            for child in (self.server, self.client, self.peers):
                if child.poll() is not None:
                    sys.exit(f"{child.args} has ended with {child.returncode}")
            self.samples.append((time.monotonic() - self.began, process.resident(self.pid) / MIB,
                                 process.descriptors(self.pid), process.threads(self.pid)))

    def run(self):
        self.begin()
        for part, name, begin, pause, end in self.troubles():
            self.wait(max(0, self.began + part * self.options.seconds - time.monotonic()))
            print(f"{time.monotonic() - self.began:6.0f} s  {name}", flush=True)
            begin()
            if end:
                self.wait(pause)
                end()
        self.wait(max(0, self.began + self.options.seconds - time.monotonic()))
        return self.end()

    def end(self):
        """All leave, then the server is drained."""
        print(f"{time.monotonic() - self.began:6.0f} s  the server is drained", flush=True)
        self.server.send_signal(signal.SIGTERM)
        for child in (self.client, self.peers):
            child.send_signal(signal.SIGTERM)
        told = {child: child.communicate(timeout=PATIENCE)[0] for child in (self.client, self.peers, self.server)}
        problems = [f"{child.args[-1]}: status {child.returncode}" for child in told if child.returncode]
        print(told[self.client], told[self.server], sep="", end="")
        peers = json.loads(told[self.peers] or "{}")
        for what, count in sorted(peers.get("counts", {}).items()):
            print(f"  peers: {count:6} {what}")
        return problems + peers.get("problems", [])

    # ---- the accounts ------------------------------------------------------------------------

    def ledger(self, name):
        lines = (self.folder / name).read_text().splitlines()
        return {tuple(map(int, line.split()[:3])): line.split()[3:] for line in lines}

    def compare(self):
        clients, servers = self.ledger("client.txt"), self.ledger("server.txt")
        counts, problems = collections.Counter(), []
        messages = total = 0
        for key, (sent, size, how, echoed) in clients.items():
            kind = KINDS[key[2]]
            # Who left while the server was out of reach flushed for two seconds, and then in vain.
            unheard = ("0", "0", CLOSED if (kind, how) == ("reliable", "flush") else "0")
            came, came_size, error = servers.pop(key, unheard)
            in_order = how in ("all", "flush") and int(error) == 0
            messages, total = messages + int(came), total + int(came_size)
            counts[kind, how if how in ("all", "flush") else "cut off", "in order" if in_order else "with an error"] += 1
            whole = (came, came_size) == (sent, size)
            if (in_order and not whole) or int(came) > int(sent) or int(came) < int(echoed):
                problems.append(f"{kind} {key}: {sent} messages of {size} bytes sent, {how}; {echoed} echoed; "
                                f"{came} of {came_size} came, error {error}")
        problems += [f"nobody says to have been {key}: {value}" for key, value in servers.items()]
        print(f"{len(clients)} connections, {messages} messages of {total / MIB:.1f} MiB")
        for (kind, how, end), count in sorted(counts.items()):
            print(f"  {kind:9} {how:8} {end:14} {count:7}")
        return problems

    def growth(self):
        first, last = ([sample for sample in self.samples if low <= sample[0] / self.options.seconds < high]
                       for low, high in ((0.05, 0.35), (0.68, 1)))
        problems = []
        for at, (name, slack) in enumerate((("MiB", 8), ("descriptors", self.options.clients / 10), ("threads", 0)), 1):
            before, after = (statistics.median(sample[at] for sample in part) for part in (first, last))
            most = max(sample[at] for sample in self.samples)
            tenths = [[sample[at] for sample in self.samples if int(10 * sample[0] / self.options.seconds) == tenth]
                      for tenth in range(10)]
            print(name, "in each tenth:", *(f"{statistics.median(values):.0f}" for values in tenths if values))
            print(f"{name}: {before:.0f} in the first third, {after:.0f} in the last, {most:.0f} at most")
            # A shorter time is over before all have come.
            if self.options.seconds >= 60 and after > 1.1 * before + slack:
                problems.append(f"{name} grew from {before:.0f} to {after:.0f}")
        return problems

    def close(self):
        for name in ("server", "client", "peers"):
            if (child := getattr(self, name, None)) and child.poll() is None:
                child.kill()
                child.wait()
        self.authority.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--library", type=pathlib.Path, default=ROOT / "target/release", help="the folder it is in")
    options = parser.parse_args()
    if sys.platform != "linux" or not shutil.which("cc") or not shutil.which("openssl"):
        print("skipped: the soak needs Linux, a C compiler and openssl")
        sys.exit(SKIPPED)
    # So that nothing is left behind then, either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        link = some_link()
        stack.callback(link.close)
        soak = Soak(folder, link, options)
        stack.callback(soak.close)
        problems = soak.run() + soak.compare() + soak.growth()
    for problem in problems[:40]:
        print(problem)
    print(f"{len(problems)} problems; {options.clients} clients, {options.seconds} s, seed {options.seed}")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
