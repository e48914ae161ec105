"""Events for asyncio.

    async for event in stepwire.aio.events():
        ...

The loop watches the library's descriptor: no thread, and nothing is asked for in vain. Where a loop cannot do that (on
Windows) a thread of the loop's executor waits instead. What may block (`Client.connect`, `resolve`) belongs into
`asyncio.to_thread`, or is `connect_nowait` with its event.
"""

from __future__ import annotations

import asyncio
from typing import AsyncIterator, Literal, overload

from ._waiting import descriptor
from .errors import NotSupportedError
from .events import AnyEvent, AnyView, poll, wait, wake

# After so many events others have a turn.
_AT_ONCE = 64

# One iterator at a time waits in a loop: a second would take the first one's place there.
_waiting: set[asyncio.AbstractEventLoop] = set()


@overload
def events(*, copy: Literal[True] = True) -> AsyncIterator[AnyEvent]: ...


@overload
def events(*, copy: Literal[False]) -> AsyncIterator[AnyView]: ...


async def events(*, copy: bool = True) -> AsyncIterator[AnyEvent | AnyView]:
    """All events from now on. `copy` is as for `stepwire.poll`. One iterator in a loop, which hands on what it gets."""
    while True:
        for _ in range(_AT_ONCE):
            event = poll() if copy else poll(copy=False)
            if event is None:
                await readable()
            else:
                yield event
        await asyncio.sleep(0)


async def readable() -> None:
    """Returns when events wait, and `stepwire.events()` has something: for programs with a loop of their own over those."""
    loop = asyncio.get_running_loop()
    if loop in _waiting:
        raise RuntimeError("another task waits for stepwire's events in this loop already")
    _waiting.add(loop)
    try:
        try:
            where = descriptor()
        except NotSupportedError:
            await _in_a_thread(loop)
            return
        await _watched(loop, where)
    finally:
        _waiting.discard(loop)


async def _watched(loop: asyncio.AbstractEventLoop, where: int) -> None:
    ready: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    try:
        loop.add_reader(where, tell)
    except NotImplementedError:
        await _in_a_thread(loop)
        return
    try:
        await ready
    finally:
        loop.remove_reader(where)


async def _in_a_thread(loop: asyncio.AbstractEventLoop) -> None:
    waiting = loop.run_in_executor(None, wait)
    try:
        await asyncio.shield(waiting)
    except asyncio.CancelledError:
        # The thread would wait for ever, and asyncio.run for it.
        wake()
        raise
