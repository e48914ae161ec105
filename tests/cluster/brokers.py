"""nats-server, one or several, as processes of the test."""

import ctypes
import functools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

DEADLINE = 20.0


def end_with_us():
    """For a new process: it is killed when the tests are, however that is."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@functools.cache
def programs():
    """The nats-servers there are, by version: STEPWIRE_NATS_SERVERS names them, else those on the PATH."""
    named = os.environ.get("STEPWIRE_NATS_SERVERS", "").split(os.pathsep)
    found = {}
    for program in [*named, shutil.which("nats-server"), "/usr/sbin/nats-server"]:
        if program and pathlib.Path(program).is_file():
            text = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
            version = re.search(r"\d+\.\d+\.\d+", text)
            if version:
                found.setdefault(version.group(), program)
    return found


def newest():
    return max(programs(), key=lambda version: [int(part) for part in version.split(".")])


class Broker:
    """One nats-server that can be stopped, killed and started again at the same port."""

    def __init__(self, version=None, config="", port=None, address="127.0.0.1", namespace=None):
        self.program = programs()[version or newest()]
        self.port = port or free_port()
        self.address, self.namespace = address, namespace
        self._folder = tempfile.TemporaryDirectory()
        self.log = pathlib.Path(self._folder.name, "log")
        self._config = pathlib.Path(self._folder.name, "nats.conf")
        self._config.write_text(
            f'listen: "{address}:{self.port}"\nlog_file: "{self.log}"\n'
            f'pid_file: "{self._folder.name}/pid"\nmax_payload: 1048576\n{config}\n')
        self.process = None
        self.start()

    @property
    def url(self):
        return f"nats://{self.address}:{self.port}"

    def start(self):
        before = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        if self.log.exists():
            self.log.unlink()
        self.process = subprocess.Popen([*before, self.program, "-c", str(self._config)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=end_with_us)
        end = time.monotonic() + DEADLINE
        while "Server is ready" not in (self.log.read_text() if self.log.exists() else ""):
            if self.process.poll() is not None:
                said = self.process.stderr.read().decode()
                raise AssertionError(f"the broker has ended: {said} {self.log.read_text() if self.log.exists() else ''}")
            assert time.monotonic() < end, "the broker is not ready"
            time.sleep(0.01)

    def signal(self, number):
        os.kill(self.process.pid, number)

    def stop(self):
        self.signal(signal.SIGSTOP)

    def go_on(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        """An orderly end, and a new beginning."""
        self.process.terminate()
        self.process.wait(DEADLINE)
        self.process.stderr.close()
        self.start()

    def end(self):
        if self.process.poll() is None:
            self.go_on()
            self.kill()
        self.process.stderr.close()
        self._folder.cleanup()


def trio(version=None):
    """Three brokers that are one cluster."""
    ports = [free_port() for _ in range(3)]
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
    return [Broker(version, f'server_name: "b{index}"\ncluster {{ name: "test", listen: "127.0.0.1:{port}", '
                            f'routes: [{routes}] }}') for index, port in enumerate(ports)]
