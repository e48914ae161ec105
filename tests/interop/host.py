"""The host process of the tests: a program that uses the library, told what to do by JSON lines on stdin.

Answers {"answer": number of the command, "value": ...} and reports {"event": {...}} on stdout, a line each.
One thread does it all, as a game's would: commands, then a poll, then commands again.
"""

import argparse
import base64
import ctypes
import json
import os
import select
import signal
import sys
import traceback

import payloads
import remote
import stepwire

EVENT_FIELDS = ("type", "id", "socket", "server", "port", "succeeded", "message_type", "error", "size", "code")
EVENTS_PER_ROUND = 2000
KICK = b"kick"
# The host itself must not grow while others measure its memory.
MOST_ERRORS = 20


class Commands:
    """Lines of stdin as they come, without ever blocking on half a line."""

    def __init__(self):
        self.pending = b""
        self.ended = False

    def ready(self, timeout):
        """The commands that are there, after waiting at most `timeout` seconds for a first one."""
        if not select.select([0], [], [], timeout)[0]:
            return []
        data = os.read(0, 1 << 20)
        self.ended = not data
        *lines, self.pending = (self.pending + data).split(b"\n")
        return [json.loads(line) for line in lines]


class Host:
    """Polls the library, reports its events, and carries out commands."""

    def __init__(self, library):
        self.library = library
        self.settings = {"poll": True, "echo": False, "report": "full", "polling": "event", "destroy": False}
        self.counts = {"connect": 0, "disconnect": 0, "data": 0, "echoed": 0}
        self.echo_errors = []
        self.digests = {}
        self.raw = set()
        self.signals = []
        self.event = stepwire.NetworkEvent()
        self.callback = stepwire.NetworkCallback(lambda event, _: self.handle(event.contents))

    # Events

    def poll(self):
        """Takes what waits, through whichever of the three ways is set."""
        polling = self.settings["polling"]
        if polling == "callback":
            self.took(self.library.network_poll(self.callback, None))
            return
        for _ in range(EVENTS_PER_ROUND):
            if not (self.next_by_key() if polling == "key" else self.next_by_struct()):
                return
            # Settings can change while events are handled; so can the patience of the commands.
            self.handle(self.event)

    def took(self, value):
        """Whether there was anything. To poll can never fail here, so the host does not survive it."""
        if value < 0:
            raise RuntimeError(f"polling failed with {value}: {self.library.network_last_error().decode()}")
        return value > 0

    def next_by_struct(self):
        return self.took(self.library.network_poll_event(ctypes.byref(self.event)))

    def next_by_key(self):
        """The access for scripting languages, poured into the same structure."""
        if not self.took(self.library.network_event_next()):
            return False
        for field in EVENT_FIELDS:
            setattr(self.event, field, self.library.network_event_real(field.encode()))
        self.event.ip = self.library.network_event_string(b"ip")
        self.event.reason = self.library.network_event_string(b"reason")
        self.copy = ctypes.create_string_buffer(int(self.event.size) or 1)
        copied = self.library.network_event_read(self.copy, 0, self.event.size)
        is_data = self.event.type == stepwire.TYPE_DATA
        if copied != (self.event.size if is_data else 0):
            raise RuntimeError(f"network_event_read copied {copied} of {self.event.size} bytes")
        self.event.buffer = ctypes.addressof(self.copy) if is_data else None
        return True

    def handle(self, event):
        kind = int(event.type)
        if kind == stepwire.TYPE_CONNECT:
            self.counts["connect"] += 1
        elif kind == stepwire.TYPE_DISCONNECT:
            self.counts["disconnect"] += 1
        elif kind == stepwire.TYPE_DATA:
            self.counts["data"] += 1
        report = self.settings["report"]
        if report == "digest" and kind == stepwire.TYPE_DATA:
            payload = ctypes.string_at(event.buffer, int(event.size))
            self.digests.setdefault(int(event.id), payloads.Digest()).add(payload)
        elif report != "none":
            self.report(event)
        if kind == stepwire.TYPE_DATA and self.settings["echo"]:
            self.echo(event)
        if kind == stepwire.TYPE_DISCONNECT and self.settings["destroy"]:
            self.library.network_destroy(event.socket)

    def report(self, event):
        fields = {name: getattr(event, name) for name in EVENT_FIELDS}
        fields["ip"] = event.ip.decode()
        fields["reason"] = event.reason.decode()
        fields["payload"] = None
        if event.buffer is not None:
            fields["payload"] = base64.b64encode(ctypes.string_at(event.buffer, int(event.size))).decode()
        emit({"event": fields})

    def echo(self, event):
        """Sends the payload back; whoever sends `KICK` is thrown out instead."""
        if event.size == len(KICK) and ctypes.string_at(event.buffer, len(KICK)) == KICK:
            self.library.network_destroy(event.id)
            return
        if int(event.server) in self.raw or int(event.id) in self.raw:
            sent = self.library.network_send_raw(event.id, event.buffer, event.size, 0)
        else:
            sent = self.library.network_send_packet(event.id, event.buffer, event.size)
        if sent >= 0:
            self.counts["echoed"] += 1
        elif len(self.echo_errors) < MOST_ERRORS:
            self.echo_errors.append([event.id, sent])

    # Commands

    def call(self, function, arguments):
        """Any function of the ABI. A buffer is {"bytes": base64} or, for very large ones, {"zeros": size}."""
        converted = []
        for argument in arguments:
            if isinstance(argument, dict) and "zeros" in argument:
                argument = bytes(argument["zeros"])
            elif isinstance(argument, dict):
                argument = base64.b64decode(argument["bytes"])
            elif isinstance(argument, str):
                argument = argument.encode()
            converted.append(argument)
        value = getattr(self.library, function)(*converted)
        if isinstance(value, bytes):
            return value.decode()
        if value < 0:
            return {"failed": value, "because": self.library.network_last_error().decode()}
        return value

    def set(self, settings):
        self.settings.update(settings)

    def raw_handle(self, handle):
        """From now on data of this handle, or of this server's clients, is echoed without a header."""
        self.raw.add(handle)

    def fill(self, socket, size, count, first=0, destroy=False):
        """Sends packets numbered from `first` on until one fails or `count` are taken."""
        taken, result = 0, 0
        while taken < count:
            result = self.library.network_send_packet(socket, payloads.numbered(first + taken, size), size)
            if result < 0:
                break
            taken += 1
        if destroy:
            self.library.network_destroy(socket)
        return {"taken": taken, "result": result}

    def tally(self):
        return {**self.counts, "echo_errors": self.echo_errors}

    def digest(self, socket):
        return self.digests.get(int(socket), payloads.Digest()).summary()

    def collect(self):
        """Takes what waits now, in one go; where nothing does and turns are the host's that is one."""
        self.took(self.library.network_poll(self.callback, None))

    def received_signals(self):
        return self.signals

    def library_pid(self):
        """The process that the library is in."""
        return getattr(self.library, "pid", os.getpid())

    def run(self):
        commands = Commands()
        while not commands.ended:
            polling = self.settings["poll"]
            for command in commands.ready(0 if polling else 1):
                emit({"answer": command["number"], "value": getattr(self, command["do"])(**command["with"])})
            if self.settings["poll"]:
                self.took(self.library.network_wait(2))
                self.poll()
            sys.stdout.flush()


def emit(line):
    sys.stdout.write(json.dumps(line) + "\n")


def watch_signals(seen):
    """Records every signal that can be caught; SIGPIPE keeps its default and so kills, as it would a C program."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    spared = {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE, signal.SIGTERM, signal.SIGSEGV, signal.SIGBUS,
              signal.SIGFPE, signal.SIGILL, signal.SIGABRT}
    for number in signal.valid_signals() - spared:
        # The C library keeps the two below SIGRTMIN for its own threads.
        if number < 32:
            signal.signal(number, lambda number, _: seen.append(number))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", help="path of libstepwire.so")
    parser.add_argument("--manual-io", action="store_true", help="no I/O thread: polls do the I/O")
    options = parser.parse_args()
    library = remote.Remote() if remote.is_wanted() else stepwire.Stepwire(options.library)
    host = Host(library)
    watch_signals(host.signals)
    if options.manual_io and library.network_set_config(stepwire.CONFIG_MANUAL_IO, 1, 0) != 0:
        sys.exit(f"no manual I/O: {library.network_last_error().decode()}")
    io_threads = None if options.manual_io else os.environ.get("STEPWIRE_TEST_IO_THREADS")
    if io_threads and library.network_set_config(stepwire.CONFIG_IO_THREADS, float(io_threads), 0) != 0:
        sys.exit(f"no {io_threads} I/O threads: {library.network_last_error().decode()}")
    try:
        host.run()
    except Exception:
        traceback.print_exc()
        sys.exit(1)


if __name__ == "__main__":
    main()
