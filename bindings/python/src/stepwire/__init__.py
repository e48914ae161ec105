"""GameMaker's networking functions and wire protocol: servers and clients that talk to GameMaker games.

    import stepwire

    server = stepwire.Server(6510, max_clients=32)
    for event in stepwire.events(timeout=None):
        if isinstance(event, stepwire.DataEvent):
            event.socket.send(event.data)

Every function may be called from any thread. The library does its I/O in a thread of its own. The README of this package is
the manual.
"""

from __future__ import annotations

import atexit as _atexit
import os as _os
from contextlib import suppress as _suppress
from typing import TYPE_CHECKING as _TYPE_CHECKING

from . import abi
from ._library import PATH as library_path
from ._library import lib
from ._waiting import descriptor
from .errors import (
    AddressInUseError,
    BadArgumentError,
    BadHandleError,
    BusyError,
    ClosedError,
    Error,
    FailedError,
    HandshakeError,
    InternalError,
    LimitError,
    NotConnectedError,
    NotSupportedError,
    QueueFullError,
    ResolveError,
    TimedOutError,
    TlsError,
    TooBigError,
    WrongKindError,
)
from .events import (
    AnyEvent,
    AnyView,
    ConnectedEvent,
    ConnectEvent,
    ConnectFailedEvent,
    DatagramEvent,
    DataEvent,
    DisconnectEvent,
    Event,
    OtherEvent,
    events,
    poll,
    shutdown,
    wait,
    wake,
)
from .library import addresses, configure, configure_default, log_lines, metrics, resolve, stat
from .sockets import Client, Connection, Group, Server, ServerConnection, Socket, Udp, send_many

if _TYPE_CHECKING:
    from . import aio

__version__ = abi.VERSION

__all__ = [
    "AddressInUseError",
    "AnyEvent",
    "AnyView",
    "BadArgumentError",
    "BadHandleError",
    "BusyError",
    "Client",
    "ClosedError",
    "ConnectEvent",
    "ConnectFailedEvent",
    "ConnectedEvent",
    "Connection",
    "DataEvent",
    "DatagramEvent",
    "DisconnectEvent",
    "Error",
    "Event",
    "FailedError",
    "Group",
    "HandshakeError",
    "InternalError",
    "LimitError",
    "NotConnectedError",
    "NotSupportedError",
    "OtherEvent",
    "QueueFullError",
    "ResolveError",
    "Server",
    "ServerConnection",
    "Socket",
    "TimedOutError",
    "TlsError",
    "TooBigError",
    "Udp",
    "WrongKindError",
    "abi",
    "addresses",
    "aio",
    "configure",
    "configure_default",
    "descriptor",
    "events",
    "lib",
    "library_path",
    "log_lines",
    "metrics",
    "poll",
    "resolve",
    "send_many",
    "shutdown",
    "stat",
    "wait",
    "wake",
]


def __getattr__(name: str) -> object:
    if name == "aio":
        # asyncio takes a while to import: for who uses it.
        import importlib

        return importlib.import_module(".aio", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _at_exit() -> None:
    # What was sent still leaves. Not while somebody looks at memory that would end with it.
    with _suppress(BufferError):
        shutdown()


_atexit.register(_at_exit)
if hasattr(_os, "register_at_fork"):
    # The library does not work in a forked process, which ends without it.
    _os.register_at_fork(after_in_child=lambda: _atexit.unregister(_at_exit))
