"""What happens on sockets, as an iterator of events."""

from __future__ import annotations

import ctypes
import struct
import sys
import threading
import weakref
from typing import Any, Callable, ClassVar, Generic, Iterator, Literal, TypeVar, Union, overload

from . import abi, sockets
from ._library import checked, lib, number
from ._waiting import waiting
from .errors import BusyError, Error
from .sockets import Client, Connection, Server, ServerConnection, Socket, Udp, live


#: What the bytes of an event are: bytes, or with `copy=False` a memoryview.
Bytes = TypeVar("Bytes", bytes, memoryview)


class Event:
    """Something that happened on a socket."""

    __slots__ = ("socket",)
    __match_args__: ClassVar[tuple[str, ...]] = ("socket",)

    socket: Any

    def __repr__(self) -> str:
        names = [name for kind in reversed(type(self).__mro__) for name in getattr(kind, "__slots__", ())]
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"


class ConnectEvent(Event):
    """A client has connected to a server."""

    __slots__ = ()

    socket: ServerConnection

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket

    @property
    def server(self) -> Server:
        """The server."""
        return self.socket.server


class DataEvent(Event, Generic[Bytes]):
    """A packet, a WebSocket message, or of a raw TCP connection some bytes of the stream."""

    __slots__ = ("data", "is_text")
    __match_args__ = ("socket", "data")

    #: Who it came from.
    socket: Connection
    #: Bytes; with `copy=False` a memoryview that ends when the next event is asked for.
    data: Bytes
    #: Whether it was a WebSocket's text message.
    is_text: bool

    def __init__(self, socket: Connection, data: Bytes, is_text: bool) -> None:
        self.socket = socket
        self.data = data
        self.is_text = is_text

    @property
    def server(self) -> Server | None:
        """The server whose client it came from, if it did."""
        return self.socket.server if isinstance(self.socket, ServerConnection) else None


class DatagramEvent(Event, Generic[Bytes]):
    """A datagram, or a message of reliable UDP."""

    __slots__ = ("data", "ip", "port", "reliable")
    __match_args__ = ("socket", "data", "ip", "port")

    #: Where it arrived.
    socket: Udp
    #: As a DataEvent's.
    data: Bytes
    #: Where it came from.
    ip: str
    port: int
    #: Whether it came by the protocol of reliable UDP, from who proved the address. Others anybody can send in any name.
    reliable: bool

    def __init__(self, socket: Udp, data: Bytes, ip: str, port: int, reliable: bool) -> None:
        self.socket = socket
        self.data = data
        self.ip = ip
        self.port = port
        self.reliable = reliable


class DisconnectEvent(Event):
    """A connection has ended; or a reliable UDP socket has given a peer up, whose `ip` and `port` those are."""

    __slots__ = ("code", "error", "ip", "port", "reason")
    __match_args__ = ("socket", "error")

    socket: Connection | Udp
    #: Why; None if it was closed in an orderly way. An exception to look at or to raise.
    error: Error | None
    #: Why, in a sentence; "" for an orderly close.
    reason: str
    #: Of a WebSocket: the code of the close frame; 1005 if it had none, 1006 if none came.
    code: int | None
    ip: str
    port: int

    def __init__(
        self, socket: Connection | Udp, error: Error | None, reason: str, code: int | None, ip: str, port: int
    ) -> None:
        self.socket = socket
        self.error = error
        self.reason = reason
        self.code = code
        self.ip = ip
        self.port = port

    @property
    def server(self) -> Server | None:
        """The server whose client has left, if it was one."""
        return self.socket.server if isinstance(self.socket, ServerConnection) else None


class ConnectedEvent(Event):
    """A `connect_nowait` has succeeded."""

    __slots__ = ()

    socket: Client

    def __init__(self, socket: Client) -> None:
        self.socket = socket


class ConnectFailedEvent(Event):
    """A `connect_nowait` has failed."""

    __slots__ = ("error",)
    __match_args__ = ("socket", "error")

    socket: Client
    #: Why: an exception to look at or to raise.
    error: Error

    def __init__(self, socket: Client, error: Error) -> None:
        self.socket = socket
        self.error = error


class OtherEvent(Event):
    """A type of event that later versions of the library may have."""

    __slots__ = ("type",)

    #: A `abi.network_type_*`.
    type: int

    def __init__(self, socket: Socket | None, type: int) -> None:
        self.socket = socket
        self.type = type


_About = Union[ConnectEvent, DisconnectEvent, ConnectedEvent, ConnectFailedEvent, OtherEvent]
#: What `poll` and `events` give.
AnyEvent = Union[_About, DataEvent[bytes], DatagramEvent[bytes]]
#: What they give with `copy=False`.
AnyView = Union[_About, DataEvent[memoryview], DatagramEvent[memoryview]]

_memory = ctypes.create_string_buffer(abi.EVENT_SIZE)
_address = ctypes.addressof(_memory)
_fields = struct.Struct(abi.EVENT_FORMAT).unpack_from
_next: Callable[[int], float] = lib.network_poll_event
_copy: Callable[[int, int], bytes] = ctypes.pythonapi.PyBytes_FromStringAndSize
ctypes.pythonapi.PyBytes_FromStringAndSize.argtypes = [ctypes.c_void_p, ctypes.c_ssize_t]
ctypes.pythonapi.PyBytes_FromStringAndSize.restype = ctypes.py_object

# What an event points to ends with the next poll of any thread, so only one at a time may look at it.
_lock = threading.Lock()
_take, _release = _lock.acquire, _lock.release
# Seconds. Other threads are done at once; a signal handler that interrupts a poll in its own thread would wait for ever.
_PATIENCE = 1.0

_DATA, _CONNECT, _DISCONNECT = abi.network_type_data, abi.network_type_connect, abi.network_type_disconnect
_CONNECT_ENDED = abi.network_type_non_blocking_connect
_TEXT, _RELIABLE = abi.network_send_text, abi.network_message_reliable

# An array over any memory: only as much of it is looked at as there is.
_AnyMemory = ctypes.c_ubyte * sys.maxsize
_lent: Any = None
_lent_view: memoryview | None = None


def _lend(address: int, size: int) -> memoryview:
    """The bytes where they lie, until `_take_back`."""
    global _lent, _lent_view
    if not size:
        return memoryview(b"")
    memory = _AnyMemory.from_address(address)
    _lent = weakref.ref(memory)
    _lent_view = memoryview(memory)[:size].cast("B").toreadonly()
    return _lent_view


def _take_back() -> None:
    """Ends the view that was handed out. A BufferError if parts of it are still in use."""
    global _lent, _lent_view
    if _lent_view is not None:
        _lent_view.release()
        if _lent() is not None:
            raise BufferError("a part of the last event's memoryview is still in use: copy what is to be kept")
        _lent = _lent_view = None


def _take_later() -> None:
    if not _take(timeout=_PATIENCE):
        raise BusyError("a poll is not over: was it interrupted by the signal handler that calls this?")


@overload
def poll(*, copy: Literal[True] = True) -> AnyEvent | None: ...


@overload
def poll(*, copy: Literal[False]) -> AnyView | None: ...


def poll(*, copy: bool = True) -> AnyEvent | AnyView | None:
    """The next event, or None when none waits. Does not wait.

    With `copy=False` the bytes of a data event are a memoryview of where they arrived, without a copy. It and what is
    sliced from it must not be used any more when the next event is asked for: `poll` releases it, and raises a BufferError
    while slices of it are kept.
    """
    if not _take(False):
        _take_later()
    try:
        if _lent_view is not None:
            _take_back()
        while (got := _next(_address)) == 1.0:
            fields = _fields(_memory)
            if fields[0] != _DATA:
                event = _about_connections(*fields)
                if event is not None:
                    return event
            elif (reference := live.get(fields[1])) is not None and (socket := reference()) is not None:
                size = int(fields[8])
                payload: Any = _copy(fields[9], size) if copy else _lend(fields[9], size)
                if isinstance(socket, Connection):
                    return DataEvent(socket, payload, fields[6] == _TEXT)
                return DatagramEvent(socket, payload, _string(fields[10]), int(fields[4]), fields[6] == _RELIABLE)
            # Else the socket has just gone: nobody could be told of it.
        checked(got)
        return None
    finally:
        _release()


def _about_connections(
    kind: float,
    id: float,
    about: float,
    server: float,
    port: float,
    succeeded: float,
    message_type: float,
    error: float,
    size: float,
    data: int,
    ip: int,
    reason: int,
    user: int,
    code: float,
) -> _About | None:
    """An event that is not data, as an object; None if its socket has just gone."""
    reference = live.get(server if kind == _CONNECT else about if about >= 0 else id)
    socket: Any = reference() if reference is not None else None
    if socket is None:
        return None
    if kind == _CONNECT:
        return ConnectEvent(ServerConnection(about, socket, _string(ip), int(port)))
    if kind == _DISCONNECT:
        if isinstance(socket, ServerConnection):
            socket._forget()
        sentence = _string(reason)
        why = Error.of(int(error), sentence) if error else None
        return DisconnectEvent(socket, why, sentence, int(code) or None, _string(ip), int(port))
    if kind == _CONNECT_ENDED:
        if succeeded:
            return ConnectedEvent(socket)
        return ConnectFailedEvent(socket, Error.of(int(error), _string(reason)))
    return OtherEvent(socket, int(kind))


def _string(address: int) -> str:
    return ctypes.string_at(address).decode("utf-8", "replace")


def wait(timeout: float | None = None) -> bool:
    """Sleeps until an event waits, True; or `timeout` seconds are over or `wake` was called, False. None is for ever."""
    return waiting.wait(None if timeout is None else number(timeout, "timeout"))


def wake() -> None:
    """Ends a `wait` that sleeps, or the next one at once. From any thread, and from signal handlers."""
    waiting.wake()


@overload
def events(timeout: float | None = 0.0, *, copy: Literal[True] = True) -> Iterator[AnyEvent]: ...


@overload
def events(timeout: float | None = 0.0, *, copy: Literal[False]) -> Iterator[AnyView]: ...


def events(timeout: float | None = 0.0, *, copy: bool = True) -> Iterator[AnyEvent | AnyView]:
    """The events that wait, one by one: `for event in stepwire.events()`, once a frame.

    With a `timeout` it goes on until nothing has come for so many seconds, with None for ever, or until `wake` is called.
    `copy` is as for `poll`.
    """
    while True:
        event = poll() if copy else poll(copy=False)
        if event is not None:
            yield event
        elif timeout == 0.0 or not wait(timeout):
            return


def shutdown() -> None:
    """Closes everything, and takes up to two seconds to send what was to be sent. All options are reset.

    It happens by itself at the end of the process.
    """
    _take_later()
    try:
        _take_back()
        sockets.forget_all()
        checked(lib.network_shutdown())
        waiting.manual_io = False
        sockets.tls_defaults.clear()
    finally:
        _release()
