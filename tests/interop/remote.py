"""The library in another process: `STEPWIRE_REMOTE` is the command that starts tests/windows/remote.c.

So the tests, which are a Unix program, can use the library inside a Windows process.
"""

import ctypes
import os
import shlex
import struct
import subprocess
import unittest

import stepwire

NO_BYTES = 0xFFFFFFFF
# Not worth sending zero by zero.
MANY_ZEROS = 1 << 20
NUMBERS = [name for name, kind in stepwire.NetworkEvent._fields_ if kind is ctypes.c_double]


def is_wanted():
    return "STEPWIRE_REMOTE" in os.environ


def needs_library_here(why):
    """For test cases that do not ask the library in the other process."""
    return unittest.skipIf(is_wanted(), f"the library is in another process: {why}")


class Remote:
    """`stepwire.Stepwire`, function by function, for a library elsewhere."""

    def __init__(self):
        command = shlex.split(os.environ["STEPWIRE_REMOTE"])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.process.pid
        for name, signature in stepwire.SIGNATURES.items():
            if not hasattr(self, name):
                setattr(self, name, self._function(name, signature.split(">")[0]))

    def _function(self, name, codes):
        def call(*arguments):
            self._send(name, codes, arguments)
            return self._answer()

        return call

    # Calls

    def _send(self, name, codes, arguments):
        call = name.encode() + b"\0"
        call += b"".join(self._argument(code, arguments, index) for index, code in enumerate(codes))
        self.process.stdin.write(struct.pack("<I", len(call)) + call)
        self.process.stdin.flush()

    @staticmethod
    def _argument(code, arguments, index):
        argument = arguments[index]
        if code == "d":
            return b"d" + struct.pack("<d", argument)
        if argument is None:
            return b"n"
        if isinstance(argument, int):  # an address: its size comes next
            argument = ctypes.string_at(argument, int(arguments[index + 1]))
        if len(argument) > MANY_ZEROS and not any(argument):
            return b"z" + struct.pack("<I", len(argument))
        return code.encode() + struct.pack("<I", len(argument)) + argument

    def network_poll(self, callback, _user):
        self._send("network_poll", "", ())
        return self._answer(callback)

    def network_poll_event(self, reference):
        self._send("network_poll_event", "", ())
        self._expect(b"E")
        taken = self._number()
        if taken == 1:
            self._event(reference._obj)
        return taken

    def network_event_read(self, destination, offset, size):
        self._send("network_event_read", "dd", (offset, size))
        self._expect(b"B")
        copied, data = self._number(), self._bytes()
        ctypes.memmove(destination, data, len(data))
        return copied

    # Answers

    def _answer(self, callback=None):
        while True:
            kind = self._get(1)
            if kind == b"R":
                return self._number()
            if kind == b"S":
                return self._bytes()
            if kind != b"C":
                raise RuntimeError(f"the remote library answered {kind}")
            event = stepwire.NetworkEvent()
            self._event(event)
            callback(ctypes.pointer(event), None)
            self._send("return", "", ())

    def _expect(self, kind):
        found = self._get(1)
        if found != kind:
            raise RuntimeError(f"the remote library answered {found} instead of {kind}")

    def _event(self, event):
        for name in NUMBERS:
            setattr(event, name, self._number())
        data = self._bytes()
        # What the event points to lives until the next one, as in the library.
        self.payload = None if data is None else ctypes.create_string_buffer(data, max(1, len(data)))
        event.buffer = None if data is None else ctypes.addressof(self.payload)
        event.ip, event.reason = self._bytes(), self._bytes()

    def _number(self):
        return struct.unpack("<d", self._get(8))[0]

    def _bytes(self):
        size, = struct.unpack("<I", self._get(4))
        return None if size == NO_BYTES else self._get(size)

    def _get(self, size):
        data = self.process.stdout.read(size)
        if len(data) < size:
            raise RuntimeError(f"the remote library ended with status {self.process.wait()}")
        return data
