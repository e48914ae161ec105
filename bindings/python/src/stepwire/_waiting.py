"""Sleeping until there are events."""

from __future__ import annotations

import os
import select
import threading
import time

from ._library import checked, lib

# The library's own wait is not interrupted by signals: a KeyboardInterrupt would have to wait for its end.
_SLICE_MS = 100.0
# What poll takes: whoever would wait longer than these three weeks waits for ever.
_LONGEST_MS = 2147483647


class Waiting:
    """On Unix in `poll` on the library's descriptor, which signals interrupt. Elsewhere, and with manual I/O, where events
    come in turns of the library alone, in `network_wait`, a tenth of a second at a time."""

    def __init__(self) -> None:
        #: Whether the library does its I/O in polls and waits.
        self.manual_io = False
        self._woken = False
        self._pipe: tuple[int, int] | None = None
        # An object of select.poll is one thread's.
        self._of_thread = threading.local()

    def wait(self, timeout: float | None) -> bool:
        """Whether an event waits, at the latest after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if self.manual_io or not hasattr(select, "poll"):
            return self._in_slices(deadline)
        left = _left(deadline)
        ready = self._poller().poll(None if left > _LONGEST_MS else left)
        if len(ready) == 1 and ready[0][0] == self._wake_pipe()[0]:
            self._swallow()
            return False
        return bool(ready)

    def _in_slices(self, deadline: float | None) -> bool:
        while True:
            left = _left(deadline)
            if checked(lib.network_wait(min(left, _SLICE_MS))):
                return True
            if self._woken or left <= _SLICE_MS:
                self._woken = False
                return False

    def wake(self) -> None:
        """Ends a wait, or the next one at once."""
        self._woken = True
        lib.network_wake()
        if hasattr(select, "poll"):
            try:
                os.write(self._wake_pipe()[1], b"w")
            except BlockingIOError:
                # It is full: then a wait ends anyway.
                pass

    def _swallow(self) -> None:
        self._woken = False
        try:
            os.read(self._wake_pipe()[0], 4096)
        except BlockingIOError:
            # Another thread was woken by the same.
            pass

    def _wake_pipe(self) -> tuple[int, int]:
        if self._pipe is None:
            ends = os.pipe()
            for end in ends:
                os.set_blocking(end, False)
            self._pipe = ends
        return self._pipe

    def _poller(self) -> select.poll:
        try:
            poller: select.poll = self._of_thread.poller
        except AttributeError:
            poller = select.poll()
            poller.register(descriptor(), select.POLLIN)
            poller.register(self._wake_pipe()[0], select.POLLIN)
            self._of_thread.poller = poller
        return poller


def _left(deadline: float | None) -> float:
    """Milliseconds, rounded up."""
    if deadline is None:
        return float("inf")
    return max(0.0, float(-(-(deadline - time.monotonic()) * 1000 // 1)))


def descriptor() -> int:
    """A descriptor that is readable while events wait, for event loops: `NotSupportedError` on Windows. It is the library's,
    and not to be read or closed."""
    return int(checked(lib.network_get_descriptor()))


waiting = Waiting()
