"""HAProxy and nginx in front of the library, as processes of the test's own."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from hosting import DEADLINE, wait_until

NGINX_MODULES = pathlib.Path("/usr/lib/nginx/modules")


def program(name):
    """Debian puts servers where only the administrator's shell looks."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


HAPROXY, NGINX = program("haproxy"), program("nginx")


class Balancer:
    """A process with a folder for its files."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        self.process = None

    def start(self, *command, **popen):
        self.log = open(self.folder / "output", "wb")
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT, **popen)

    def output(self):
        return (self.folder / "output").read_text(errors="replace")

    def check(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.process.args[0]} ended with {self.process.returncode}: {self.output()}")

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait(DEADLINE)
            self.log.close()
        self._folder.cleanup()


class HAProxy(Balancer):
    """`config` has {name} for each of `doors`, where HAProxy listens on a port of the system's choice: self.ports."""

    def __init__(self, config, doors):
        super().__init__()
        listeners = {name: socket.create_server(("127.0.0.1", 0), backlog=128) for name in doors}
        self.ports = {name: listener.getsockname()[1] for name, listener in listeners.items()}
        self.control = self.folder / "control"
        file = self.folder / "haproxy.cfg"
        for name, listener in listeners.items():
            config = config.replace("{%s}" % name, f"fd@{listener.fileno()}")
        file.write_text(config.replace("{control}", str(self.control)))
        self.start(HAPROXY, "-db", "-f", file, pass_fds=[listener.fileno() for listener in listeners.values()])
        for listener in listeners.values():
            listener.close()
        if "stats socket" in config:
            wait_until(lambda: self.check() or self.control.exists(), "HAProxy")

    def ask(self, words):
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(DEADLINE)
            control.connect(str(self.control))
            control.sendall(words.encode() + b"\n")
            return b"".join(iter(lambda: control.recv(65536), b"")).decode()

    def states(self):
        """What it thinks of each server: {(proxy, server): "UP", ...}"""
        rows = [line.split(",") for line in self.ask("show stat").splitlines()]
        status = rows[0].index("status")
        return {(row[0].lstrip("# "), row[1]): row[status].split()[0] for row in rows[1:] if len(row) > status}


class Nginx(Balancer):
    """`blocks` are those of `stream` and `http`; {one}, {two}, ... in them are where it listens: self.ports."""

    def __init__(self, stream, http, doors):
        super().__init__()
        # Ports that nobody has just now may be somebody's when nginx comes to them.
        for _ in range(5):
            self.ports = dict(zip(doors, free_ports(len(doors))))
            self._begin(stream, http)
            deadline = time.monotonic() + DEADLINE
            while self.process.poll() is None and time.monotonic() < deadline:
                if all(answers(port) for port in self.ports.values()):
                    return
                time.sleep(0.02)
        raise AssertionError(f"nginx does not start: {self.output()}")

    def _begin(self, stream, http):
        places = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        for name, place in places.items():
            stream, http = (text.replace("{%s}" % name, place) for text in (stream, http))
        temporary = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # Debian's modules are as many files; other systems have them built in.
        module = NGINX_MODULES / "ngx_stream_module.so"
        load = f"load_module {module};\n" if module.exists() else ""
        file = self.folder / "nginx.conf"
        file.write_text(f"{load}daemon off;\nmaster_process off;\npid {self.folder}/pid;\nerror_log stderr;\n"
                        f"events {{}}\nstream {{\n{stream}}}\nhttp {{\n    access_log off;\n{temporary}{http}}}\n")
        self.start(NGINX, "-p", self.folder, "-c", file)


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def free_ports(count):
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def examples():
    """Where the example programs are built."""
    root = pathlib.Path(__file__).resolve().parents[2]
    return pathlib.Path(os.environ.get("STEPWIRE_PROGRAMS") or root / "target/cmake", "c_examples")
