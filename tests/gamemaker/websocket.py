"""Runs the websocket test against echo_peer.py.

Usage: websocket.py LIBRARY DIRECTORY RUNTIME TEST...: in DIRECTORY lies the Python environment with the
`websockets` package; it is made if it is missing. TEST is the program, after what starts it here, if anything.
"""

import subprocess
import sys
import venv
from pathlib import Path

PACKAGE = "websockets==15.0.1"


def python_with_websockets(directory):
    python = directory / "bin" / "python"
    mark = directory / PACKAGE
    if not mark.exists():
        venv.create(directory, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", PACKAGE], check=True)
        mark.touch()
    return python


def main():
    library, directory, runtime, *test = sys.argv[1:]
    python = python_with_websockets(Path(directory))
    peer = subprocess.Popen(
        [python, Path(__file__).with_name("echo_peer.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        ports = dict(peer.stdout.readline().split() for _ in range(2))
        return subprocess.run([*test, library, ports["handshake"], ports["raw"], runtime], timeout=120).returncode
    finally:
        peer.stdin.close()
        peer.wait(timeout=10)


sys.exit(main())
