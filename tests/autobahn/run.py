"""Autobahn, the conformance suite for WebSockets, against a server and a client that use the library.

Needs Python 2.7, for which the suite was written: python2.7 on PATH or one of pyenv's. Without it nothing is run.
The suite is installed below target/. Exit status: 0 when no case failed, 77 when nothing was run.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITE = "autobahntestsuite==0.8.2"
# Performance (minutes), and compression, which is never agreed to.
LEFT_OUT = ["9.*", "12.*", "13.*"]
FAILURES = {"FAILED", "UNIMPLEMENTED", "WRONG CODE", "UNCLEAN", "FAILED BY CLIENT"}
DEADLINE = 60
SKIPPED = 77


def python2():
    """A Python 2.7, or None."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    candidates = [path / "bin/python2.7" for path in sorted(pyenv.glob("versions/2.7.*"))]
    found = shutil.which("python2.7")
    for path in [*candidates, *([pathlib.Path(found)] if found else [])]:
        # pyenv puts shims on PATH that only say that no version is chosen.
        if subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
            return path
    return None


def install(interpreter, folder):
    """Installs the suite once; its program."""
    program, mark = folder / "python2/bin/wstest", folder / SUITE
    if not mark.exists():
        print(f"installing {SUITE}", flush=True)
        venv.create(folder / "installer", with_pip=True)
        installer = folder / "installer/bin"
        run(installer / "pip", "install", "--quiet", "virtualenv<20.22")  # the last that knows Python 2
        run(installer / "virtualenv", "--quiet", "-p", interpreter, folder / "python2")
        run(folder / "python2/bin/pip", "install", "--quiet", SUITE)
        mark.touch()
    return program


def run(*words):
    subprocess.run([str(word) for word in words], check=True)


@contextlib.contextmanager
def running(*words, **options):
    """A program that is told to end, and does."""
    process = subprocess.Popen([str(word) for word in words], **options)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def specification(path, **contents):
    path.write_text(json.dumps(contents))
    return path


def test_server(suite, programs, folder, cases, manual):
    """The suite's client against our server."""
    log = open(folder / "server.log", "w")
    words = [programs / "websocket_echo_server", "ws", "--raw", *(["--manual"] if manual else [])]
    with log, running(*words, stdout=subprocess.PIPE, stderr=log, text=True) as server:
        port = int(server.stdout.readline().removeprefix("port "))
        # The rest of what it says would fill the pipe.
        with running("cat", stdin=server.stdout, stdout=log):
            spec = specification(
                folder / "fuzzingclient.json", outdir=str(folder / "servers"), **cases,
                servers=[{"agent": "stepwire", "url": f"ws://127.0.0.1:{port}", "options": {"version": 18}}])
            with open(folder / "wstest.log", "w") as said:
                subprocess.run([suite, "-m", "fuzzingclient", "-s", spec], check=True, stdout=said, stderr=said, cwd=folder)
            if server.poll() is not None:
                raise RuntimeError(f"the server ended with {server.returncode}")
    return json.loads((folder / "servers/index.json").read_text())["stepwire"]


def test_client(suite, programs, folder, cases, manual):
    """Our client against the suite's server."""
    with open(folder / "wstest.log", "w") as said, fuzzing_server(suite, folder, cases, said) as port:
        client = [programs / "websocket_autobahn_client", port, *(["--manual"] if manual else [])]
        subprocess.run([str(word) for word in client], check=True, timeout=3600)
    return json.loads((folder / "clients/index.json").read_text())["stepwire"]


@contextlib.contextmanager
def fuzzing_server(suite, folder, cases, said):
    """The port of a suite's server that listens. It must be told one, and somebody may take that first."""
    for _ in range(10):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        spec = specification(folder / "fuzzingserver.json", url=f"ws://127.0.0.1:{port}",
                             outdir=str(folder / "clients"), **cases)
        words = [suite, "-m", "fuzzingserver", "-s", spec, "--webport", 0]
        with running(*words, stdout=said, stderr=said, cwd=folder) as process:
            if listens(process, port):
                yield port
                return
    raise RuntimeError("the suite's server found no port")


def listens(process, port):
    """Whether a program comes to listen; if it ends, it does not."""
    deadline = time.monotonic() + DEADLINE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return process.poll() is None
        time.sleep(0.05)
    return False


def by_number(case):
    return [int(part) for part in re.findall(r"\d+", case)]


def summarize(title, results):
    """Prints a line per group of cases and the cases that are not plainly right; how many failed."""
    groups, notable, failed = {}, [], 0
    for case in sorted(results, key=by_number):
        result = results[case]
        verdict = result["behavior"]
        if result["behaviorClose"] in FAILURES and verdict not in FAILURES:
            verdict = f"{result['behaviorClose']} (close)"
        group = groups.setdefault(case.split(".")[0], {})
        group[verdict] = group.get(verdict, 0) + 1
        if verdict.split(" (")[0] in FAILURES:
            failed += 1
        if verdict not in ("OK", "INFORMATIONAL"):
            notable.append(f"  {case}: {verdict}")
    print(f"{title}: {len(results)} cases, {failed} failed")
    for group, verdicts in groups.items():
        print(f"  {group + '.*':5} {', '.join(f'{count} {verdict}' for verdict, count in sorted(verdicts.items()))}")
    print("\n".join(notable), flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", type=pathlib.Path, default=ROOT / "target", help="where to install the suite and to report")
    parser.add_argument("--programs", type=pathlib.Path, help="where the test programs are")
    parser.add_argument("--cases", nargs="+", help="only these, such as 9.1.*; all but performance and compression if not given")
    options = parser.parse_args()
    target = options.target.resolve()
    programs = (options.programs or target / "cmake/tests/websocket").resolve()
    cases = {"cases": options.cases or ["*"], "exclude-cases": [] if options.cases else LEFT_OUT, "exclude-agent-cases": {}}

    interpreter = python2()
    if interpreter is None:
        print("skipped: Autobahn needs Python 2.7 (python2.7 on PATH, or pyenv's)")
        return SKIPPED
    suite = install(interpreter, target / "autobahn")
    failed = 0
    for manual in (False, True):
        mode = "manual-io" if manual else "io-thread"
        for name, test in (("server", test_server), ("client", test_client)):
            folder = target / "autobahn/reports" / f"{name}-{mode}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            start = time.monotonic()
            results = test(suite, programs, folder, cases, manual)
            failed += summarize(f"{name}, {mode}, {time.monotonic() - start:.0f} s", results)
            if not results:
                print("no case was run")
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
