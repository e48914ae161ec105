"""The test's side of a server process: starts it, gives it commands, collects its events."""

import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import bindings

DEADLINE = 20.0


class Failure(float):
    """A negative return value, with the sentence that cluster_last_error had for it."""

    because = ""


def wait_for(condition, what, timeout=DEADLINE):
    """Waits until the condition gives something true, and returns it."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.005)


class Member:
    """One process of a cluster. Functions of the library are methods: member.find("arena")."""

    def __init__(self, url="", address="", namespace=None, configs=None, manual_io=False):
        command = [sys.executable, str(pathlib.Path(__file__).with_name("member.py"))]
        if namespace:
            command = ["ip", "netns", "exec", namespace, *command]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.events = []
        self._answers = {}
        self._number = 0
        self._news = threading.Condition()
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()
        if manual_io:
            assert self.manual_io() == 0
        for config, value in (configs or {}).items():
            call = self.set_config_string if isinstance(value, str) else self.set_config
            assert call(config, value) == 0
        assert self.open(url, address) == 0
        self.id = self.server_id()

    def _read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            with self._news:
                if "event" in message:
                    event = message["event"]
                    if "payload" in event:
                        event["payload"] = base64.b64decode(event["payload"])
                    self.events.append(event)
                else:
                    self._answers[message["answer"]] = message["value"]
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def begin(self, call, *arguments):
        """A command whose answer `result` waits for."""
        self._number += 1
        given = [{"bytes": base64.b64encode(it).decode()} if isinstance(it, bytes) else it for it in arguments]
        line = json.dumps({"number": self._number, "call": call, "arguments": given})
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self._number

    def result(self, number, timeout=DEADLINE):
        with self._news:
            if not self._news.wait_for(lambda: self._ended or number in self._answers, timeout):
                raise AssertionError(f"the member did not answer within {timeout} s")
            if number not in self._answers:
                raise AssertionError("the member has ended")
            value = self._answers.pop(number)
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
            failure = Failure(value[0])
            failure.because = value[1]
            return failure
        return value

    def __getattr__(self, call):
        return lambda *arguments, **options: self.result(self.begin(call, *arguments), **options)

    # Events

    def having(self, type, **keys):
        """The events so far that are like this."""
        wanted = {"type": type, **keys}
        return [event for event in list(self.events) if all(event.get(key) == it for key, it in wanted.items())]

    def wait(self, type, count=1, timeout=DEADLINE, **keys):
        """Waits for so many events like this, and returns the last of them."""
        with self._news:
            self._news.wait_for(lambda: self._ended or len(self.having(type, **keys)) >= count, timeout)
        found = self.having(type, **keys)
        assert len(found) >= count, f"{len(found)} of {count} events {type} {keys}, but: {self.last()}"
        return found[count - 1]

    def last(self):
        """The last events, for people."""
        return str([{key: value for key, value in event.items() if key != "payload"} for event in self.events[-12:]])

    def outcome(self, request, timeout=DEADLINE):
        """The one event that a request ends with."""
        assert request > 0, getattr(request, "because", request)

        def ended():
            return [event for event in list(self.events) if event.get("request") == request]
        with self._news:
            self._news.wait_for(lambda: self._ended or ended(), timeout)
        events = ended()
        assert len(events) == 1, f"request {request} ended with {events}"
        return events[0]

    # The process

    def stop(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        if self.process.poll() is None:
            self.go_on()
            self.process.stdin.close()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process.stdout.close()


__all__ = ["DEADLINE", "Failure", "Member", "bindings", "wait_for"]
