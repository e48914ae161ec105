"""Makes the n-th call of every kind fail, for n = 1, 2, 3 and so on, while servers and clients talk to each other.

    python3 tests/faults/run.py [--library target/release] [--slice] [--jobs 2] [call ...]

For each call of session.c to the system, each error that it may have and each n there is one run of session.c with
shim.c in front of the C library, with an I/O thread and with manual I/O. A run has to end by itself and well; what that
means is checked there and in `Run.check`. One that does not gets a second attempt, alone, and is named whatever comes of
it. --slice takes some of them, for seconds. Needs Linux and a C compiler.
"""

import argparse
import concurrent.futures
import errno
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/interop"))

import certificates  # noqa: E402

SKIPPED = 77
PATIENCE = 120
# So many failures may be the machine's, and get the second attempt.
MOST_CHANCES = 3
SHORT, AGAIN = "short", "again"
# Of getaddrinfo: 1000 less the resolver's own number.
EAI_AGAIN, EAI_MEMORY = 1003, 1010
NO_DESCRIPTORS = ["EMFILE", "ENFILE"]
NO_MEMORY = ["ENOBUFS", "ENOMEM"]

# What may go wrong with each call.
ERRORS = {
    "accept4": [*NO_DESCRIPTORS, *NO_MEMORY, "EINTR", "ECONNABORTED", "EPERM", "EPROTO", AGAIN],
    "recv": [*NO_MEMORY, "EINTR", "ECONNRESET", "ETIMEDOUT", SHORT, AGAIN],
    "recvmmsg": [*NO_MEMORY, "EINTR", "ECONNREFUSED", SHORT, AGAIN],
    "read": ["EINTR", "EIO"],
    "send": [*NO_MEMORY, "EINTR", "EPERM", "EPIPE", "ECONNRESET", SHORT, AGAIN],
    "sendmsg": [*NO_MEMORY, "EINTR", "EPERM", "EPIPE", SHORT, AGAIN],
    "sendmmsg": [*NO_MEMORY, "EINTR", "EPERM", "ENETUNREACH", "ECONNREFUSED", "EINVAL", SHORT, AGAIN],
    "write": ["EINTR"],
    "epoll_create1": [*NO_DESCRIPTORS, "ENOMEM"],
    "epoll_ctl": ["ENOMEM", "ENOSPC"],
    "epoll_wait": ["EINTR"],
    "socket": [*NO_DESCRIPTORS, *NO_MEMORY, "EACCES", "EAFNOSUPPORT"],
    "connect": ["EADDRNOTAVAIL", "ECONNREFUSED", "ENETUNREACH", "EPERM", "EINTR", "ETIMEDOUT", "ENOBUFS"],
    "bind": ["EADDRINUSE", "EACCES", "EADDRNOTAVAIL", "ENOMEM"],
    "listen": ["EADDRINUSE", "ENOBUFS"],
    "setsockopt": ["ENOBUFS", "ENOMEM", "EPERM", "EINVAL", "ENOPROTOOPT"],
    "getsockopt": ["ENOBUFS", "ENOPROTOOPT"],
    "getsockname": ["ENOBUFS"],
    "shutdown": ["ENOTCONN"],
    "eventfd": [*NO_DESCRIPTORS, "ENOMEM"],
    "pipe2": NO_DESCRIPTORS,
    "open64": [*NO_DESCRIPTORS, "ENOMEM", "EACCES", "ENOENT", "EINTR"],
    "fcntl": ["EMFILE", "EINVAL"],
    "getrandom": ["EINTR", SHORT],
    "getaddrinfo": ["EMFILE", "ENOMEM", EAI_AGAIN, EAI_MEMORY],
    "pthread_create": ["EAGAIN", "EPERM"],
}
# Errors that may last: as long as the first number of milliseconds, each call fails.
LASTING_MS = 150
# Whatever waits for a failure to be over tries again at times.
MOST_HITS = 1000
LASTING = {
    "accept4": [*NO_DESCRIPTORS, *NO_MEMORY, "EPERM", "ECONNABORTED"],
    "recv": ["ENOMEM"],
    "recvmmsg": [*NO_MEMORY, "ECONNREFUSED"],
    "send": ["ENOBUFS"],
    "sendmmsg": [*NO_MEMORY, "EPERM", "ENETUNREACH"],
    "epoll_ctl": ["ENOMEM"],
    "socket": [*NO_DESCRIPTORS, "ENOBUFS"],
    "connect": ["EADDRNOTAVAIL", "ENETUNREACH"],
    "bind": ["EADDRINUSE"],
    "setsockopt": ["ENOBUFS"],
    "open64": ["EMFILE"],
    "pthread_create": ["EAGAIN"],
}
MODES = ["thread", "manual"]


def number(error):
    return str(getattr(errno, error)) if isinstance(error, str) and error not in (SHORT, AGAIN) else str(error)


class Programs:
    """The session and the shim, built for one library."""

    def __init__(self, folder, library):
        self.shim, self.session = f"{folder}/shim.so", f"{folder}/session"
        here = pathlib.Path(__file__).parent
        common = ["cc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", f"-I{ROOT}/include"]
        subprocess.run([*common, "-fPIC", "-shared", here / "shim.c", "-o", self.shim, "-ldl"], check=True)
        subprocess.run([*common, here / "session.c", here / "outside.c", "-o", self.session, f"-L{library}", "-lstepwire", "-lpthread",
                        f"-Wl,-rpath,{library}", self.shim], check=True)
        self.certificate = []
        if shutil.which("openssl"):
            self.authority = certificates.Authority()
            chain, key = self.authority.certify("localhost")
            trusted = self.authority.file("trusted.pem", chain, self.authority.certificate)
            self.certificate = [str(trusted), str(key)]

    def run(self, mode, fault=""):
        environment = {**os.environ, "LD_PRELOAD": self.shim, "RES_OPTIONS": "timeout:1 attempts:1"}
        if fault:
            environment["STEPWIRE_FAULT"] = fault
        began = time.monotonic()
        try:
            done = subprocess.run([self.session, mode, *self.certificate], env=environment, timeout=PATIENCE,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        except subprocess.TimeoutExpired as late:
            return Run(f"did not end within {PATIENCE} s: {late.stdout}", None, time.monotonic() - began)
        return Run(done.stdout, done.returncode, time.monotonic() - began)


class Run:
    def __init__(self, output, status, seconds):
        self.output, self.status, self.seconds = output, status, seconds
        self.calls = {name: int(count) for name, count in re.findall(r"^call (\w+) (\d+)$", output, re.M)}
        told = re.search(r"^hits (\d+) errors (\d+) ends (\d+) lost (\d+) wall (\d+) processor (\d+)", output, re.M)
        self.told = bool(told)
        self.hits, self.errors, self.ends, self.lost, self.wall, self.processor = map(int, told.groups() if told else [0] * 6)

    def ended_well(self):
        """As far as the session itself can tell."""
        return self.status == 0 and self.told

    def check(self, usual, lasting, others_give_way=False):
        """What is wrong with it; None if nothing."""
        if not self.ended_well():
            return self.output.replace("\n", " ")[-400:] + f" [status {self.status}]"
        if not lasting and not others_give_way and self.errors + self.ends + self.lost > 1:
            return f"one fault, {self.errors} errors, {self.ends} connections ended, {self.lost} datagrams lost"
        if self.hits > MOST_HITS:
            return f"{self.hits} calls failed in {LASTING_MS} ms: it tries without a pause"
        # Whoever waits sleeps: while a session takes longer than usual it does next to nothing.
        most = 2 * usual.processor + 40 + 0.2 * max(0, self.wall - usual.wall)
        if self.processor > most:
            return f"{self.processor} ms of processor time in {self.wall} ms; {most:.0f} would do"
        return None


class Fault:
    """The n-th of one call fails with one error, in one mode."""

    def __init__(self, mode, call, nth, error, lasting):
        self.mode, self.call, self.error, self.lasting = mode, call, error, lasting
        self.text = f"{call} {nth} {number(error)} {LASTING_MS if lasting else 0}"
        self.problem = None

    def play(self, programs, usual):
        """One run with it; notes what is wrong with that."""
        run = programs.run(self.mode, self.text)
        others_give_way = self.call == "accept4" and self.error in [*NO_DESCRIPTORS, *NO_MEMORY]
        self.problem = run.check(usual, self.lasting, others_give_way)
        return run

    def __str__(self):
        return f"{self.mode} \"{self.text}\" ({self.error})"


class Loop:
    """All n of one call, error and mode."""

    def __init__(self, programs, usual, mode, call, error, lasting, numbers):
        self.programs, self.usual, self.mode = programs, usual, mode
        self.call, self.error, self.lasting, self.numbers = call, error, lasting, numbers
        self.runs = self.hits = 0
        self.broken = []

    def run(self):
        for nth in self.numbers:
            fault = Fault(self.mode, self.call, nth, self.error, self.lasting)
            run = fault.play(self.programs, self.usual)
            if run.ended_well() and run.hits == 0:
                break
            self.runs += 1
            self.hits += run.hits
            if fault.problem:
                self.broken.append(fault)
        return self


def pass_again(programs, usual, faults):
    """Of these that broke a session those with which another one, alone, ends well."""
    if len(faults) > MOST_CHANCES:
        return []
    unsteady = []
    for fault in faults:
        print(f"once more: {fault}", flush=True)
        run = fault.play(programs, usual[fault.mode])
        if fault.problem:
            print(f"{fault}: {fault.problem}", flush=True)
        elif run.hits > 0:
            unsteady.append(fault)
    return unsteady


def some(count, call, at, lasting):
    """Some of the numbers of a call that is made so often, for the error that stands `at` this place of its row."""
    if call == "epoll_ctl":
        return itertools.count(1)
    if lasting or at > 0:
        return [1 + (1 + 3 * at) * count // 10 % count]
    return range(1, count + 1, max(1, count // 3))


def loops(programs, usual, options):
    for mode, call in itertools.product(MODES, ERRORS):
        if options.calls and call not in options.calls:
            continue
        for lasting, table in enumerate((ERRORS, LASTING)):
            for at, error in enumerate(table.get(call, [])):
                numbers = itertools.count(1)
                if options.slice:
                    numbers = some(usual[mode].calls[call], call, at, bool(lasting))
                yield Loop(programs, usual[mode], mode, call, error, bool(lasting), numbers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("calls", nargs="*", metavar="call", help="accept4, recv, ...; all of them if none is named")
    parser.add_argument("--slice", action="store_true", help="some of the faults")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--library", type=pathlib.Path, default=ROOT / "target/release", help="the folder it is in")
    options = parser.parse_args()
    if sys.platform != "linux" or not shutil.which("cc"):
        print("skipped: faults need Linux and a C compiler")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        programs = Programs(folder, options.library.resolve())
        usual = {mode: max((programs.run(mode) for _ in range(3)), key=lambda run: run.processor) for mode in MODES}
        if not programs.certificate:
            # Files are read for TLS alone.
            del ERRORS["open64"], LASTING["open64"]
        never = [call for call in ERRORS if not all(run.calls.get(call) for run in usual.values())]
        for run in usual.values():
            if run.check(run, False):
                sys.exit(f"without a fault: {run.check(run, False)}")
        if never:
            sys.exit(f"these calls are never made, or the shim does not see them: {', '.join(never)}")
        began, runs, hits, broken = time.monotonic(), 0, 0, []
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for loop in pool.map(Loop.run, loops(programs, usual, options)):
                runs, hits = runs + loop.runs, hits + loop.hits
                broken += loop.broken
                if not options.slice:
                    print(f"{loop.mode:6} {loop.call:15} {loop.error!s:14} {'lasts' if loop.lasting else 'once':5} "
                          f"{loop.runs:4} runs {len(loop.broken):3} broken", flush=True)
                for fault in loop.broken:
                    print(f"{fault}: {fault.problem}", flush=True)
        unsteady = pass_again(programs, usual, broken)
    for fault in unsteady:
        print(f"UNSTEADY {fault}: did not end well, and did alone")
    print(f"{runs} sessions with {hits} failed calls, {len(broken) - len(unsteady)} did not end well, "
          f"{time.monotonic() - began:.0f} s")
    sys.exit(len(broken) > len(unsteady) or not runs)


if __name__ == "__main__":
    main()
