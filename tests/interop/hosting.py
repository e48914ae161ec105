"""The test's side of a host process: starts it, gives it commands, collects its events."""

import base64
import collections
import contextlib
import functools
import json
import pathlib
import subprocess
import sys
import threading
import time
import unittest

import gamemaker
import remote
import stepwire

# An emulated system, as the other process may be in, takes longer for everything.
DEADLINE = 60.0 if remote.is_wanted() else 20.0


class HostDied(Exception):
    """The host process ended although nobody told it to."""


class Call:
    """A command under way."""

    def __init__(self, host, number):
        self.host, self.number = host, number

    def result(self, timeout=DEADLINE):
        return self.host._answer(self.number, timeout)


class Failure(float):
    """A negative return value, with the sentence that network_last_error had for it."""

    because = ""


class Host:
    """One process that uses the library."""

    def __init__(self, manual_io=False, **popen):
        command = [sys.executable, str(pathlib.Path(__file__).with_name("host.py"))]
        command += ["--manual-io"] if manual_io else []
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen
        )
        self.manual_io = manual_io
        self.events = collections.deque()
        self._answers = {}
        self._number = 0
        self._news = threading.Condition()
        self._ended = False
        self._errors = b""
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._read, self._read_errors)]
        for reader in self._readers:
            reader.start()

    @functools.cached_property
    def pid(self):
        """The process that the library is in."""
        return int(self.do("library_pid")) if remote.is_wanted() else self.process.pid

    def _read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            with self._news:
                if "event" in message:
                    self.events.append(self._event(message["event"]))
                else:
                    self._answers[message["answer"]] = message["value"]
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _read_errors(self):
        self._errors = self.process.stderr.read()

    @staticmethod
    def _event(fields):
        if fields["payload"] is not None:
            fields["payload"] = base64.b64decode(fields["payload"])
        return fields

    def _wait(self, ready, timeout, what):
        """Waits until `ready()` gives something other than None. Events and answers already read still count."""
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                found = ready()
                if found is not None:
                    return found
                if self._ended:
                    raise HostDied(self._obituary())
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"host: no {what} within {timeout} s; waiting events: {list(self.events)[:5]}")
                self._news.wait(left)

    def _obituary(self):
        status = self.process.wait(DEADLINE)
        self._readers[1].join(DEADLINE)
        return f"status {status}\n{self._errors.decode(errors='replace')}"

    # Commands

    def begin(self, do, **arguments):
        """Starts a command; its result can be asked for later. Commands are carried out in order."""
        self._number += 1
        line = json.dumps({"do": do, "number": self._number, "with": arguments})
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise HostDied(self._obituary()) from None
        return Call(self, self._number)

    def _answer(self, number, timeout):
        self._wait(lambda: True if number in self._answers else None, timeout, f"answer to command {number}")
        value = self._answers.pop(number)
        if isinstance(value, dict) and "failed" in value:
            failure = Failure(value["failed"])
            failure.because = value["because"]
            return failure
        return value

    def do(self, do, timeout=DEADLINE, **arguments):
        """Carries out a command of host.py."""
        return self.begin(do, **arguments).result(timeout)

    def begin_call(self, function, *arguments):
        arguments = [
            {"bytes": base64.b64encode(argument).decode()} if isinstance(argument, bytes) else argument
            for argument in arguments
        ]
        return self.begin("call", function=function, arguments=arguments)

    def call(self, function, *arguments, timeout=DEADLINE):
        """Calls a function of the ABI; a failure comes back as a negative `Failure`."""
        return self.begin_call(function, *arguments).result(timeout)

    def must(self, function, *arguments):
        """Calls a function of the ABI that has to succeed."""
        value = self.call(function, *arguments)
        if isinstance(value, Failure):
            raise AssertionError(f"{function}{arguments} failed: {value:.0f}, {value.because}")
        return value

    def set(self, **settings):
        self.do("set", settings=settings)

    def listen(self, max_client=100, raw=False):
        """A server on a port of the system's choice: (handle, port)."""
        function = "network_create_server_raw" if raw else "network_create_server"
        server = self.must(function, stepwire.SOCKET_TCP, 0, max_client)
        return server, int(self.must("network_get_port", server))

    # Events

    def next_event(self, timeout=DEADLINE):
        """The next event, whatever it is."""
        return self._wait(lambda: self.events.popleft() if self.events else None, timeout, "event")

    def event(self, timeout=DEADLINE, **wanted):
        """The first event not yet taken whose fields are these."""

        def take():
            for event in self.events:
                if all(event[name] == value for name, value in wanted.items()):
                    self.events.remove(event)
                    return event
            return None

        return self._wait(take, timeout, f"event {wanted}")

    def settle(self):
        """Returns when the library has turned over since: a new connection got through it, there and back."""
        server, port = self.listen()
        with gamemaker.join(port):
            client = self.event(type=stepwire.TYPE_CONNECT, server=server)["socket"]
        self.event(type=stepwire.TYPE_DISCONNECT, socket=client)
        self.must("network_destroy", server)

    def stop(self):
        """Ends the host the polite way; whoever does not end is killed, and that is a failure."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            status = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the host did not end after its stdin was closed") from None
        finally:
            for reader in self._readers:
                reader.join(DEADLINE)
            self.process.stdout.close()
            self.process.stderr.close()
        if status != 0:
            raise AssertionError(f"the host ended with {self._obituary()}")


class HostTestCase(unittest.TestCase):
    """A test with a host process of its own."""

    manual_io = False

    def setUp(self):
        self.host = self.start_host()

    def start_host(self, **popen):
        host = Host(self.manual_io, **popen)
        self.addCleanup(host.stop)
        return host

    def join(self, port, **options):
        """A regular Python client that is closed after the test."""
        connection = gamemaker.join(port, **options)
        self.addCleanup(connection.close)
        return connection

    def connect(self, port, **options):
        """A Python connection that has said nothing yet and is closed after the test."""
        connection = gamemaker.connect(port, **options)
        self.addCleanup(connection.close)
        return connection

    def joined(self, server, port, **options):
        """A regular Python client and the handle that the host has for it."""
        connection = self.join(port, **options)
        event = self.host.event(type=stepwire.TYPE_CONNECT, server=server, port=connection.local[1])
        return connection, event["socket"]

    @contextlib.contextmanager
    def case(self, *words, **details):
        """Names the case in a failure. Unlike with subTest the test ends there: what follows would stumble over it."""
        try:
            yield
        except Exception as error:
            error.add_note(f"case: {' '.join(words)} {details}")
            raise

    def assert_quiet(self):
        """Nothing more comes out of the host."""
        self.host.settle()
        self.assertEqual(list(self.host.events), [])

    def assert_no_signals(self):
        self.assertEqual(self.host.do("received_signals"), [])


def wait_until(condition, what, timeout=DEADLINE):
    """Waits for a condition that nobody announces."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout} s: {what}")
        time.sleep(0.005)


def both_io_modes(case):
    """Runs a test case twice: with the library's I/O thread, and with manual I/O."""
    name = case.__name__ + "ManualIo"
    twin = type(name, (case,), {"manual_io": True, "__module__": case.__module__, "__doc__": case.__doc__})
    setattr(sys.modules[case.__module__], name, twin)
    return case
