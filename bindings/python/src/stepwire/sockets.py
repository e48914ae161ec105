"""Sockets as objects.

A socket is open until `close`, the end of its `with` block, or until nothing refers to it any more, which like a forgotten
file is a ResourceWarning. A server keeps its clients' connections itself.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
import weakref
from ctypes import addressof, c_double
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, Literal, TypeVar, cast

from . import abi
from ._library import Buffer, Lent, checked, failure, lib, milliseconds, number, string, text
from .errors import Error

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .abi import SocketOptions, SocketStat

Kind = Literal["tcp", "ws", "wss"]

_KINDS = {
    "tcp": abi.network_socket_tcp,
    "udp": abi.network_socket_udp,
    "ws": abi.network_socket_ws,
    "wss": abi.network_socket_wss,
}
# max_client where nobody says anything else.
_ANY_NUMBER = 2147483647
_BINARY, _TEXT = float(abi.network_send_binary), float(abi.network_send_text)

# The library's own defaults, of those that are no text.
_TLS_DEFAULTS: dict[str, object] = {"tls_verify": True}

Self = TypeVar("Self", bound="Handle")

#: What has a handle and lives, by it. Only a server's connections are held, and those by their server.
live: dict[float, weakref.ref[Any]] = {}

_send_packet: Callable[[float, Any, int], float] = lib.network_send_packet
_send_raw: Callable[[float, Any, int, float], float] = lib.network_send_raw
_send_udp: Callable[[float, bytes, float, Any, int], float] = lib.network_send_udp


def _kind(name: str) -> int:
    try:
        return _KINDS[name]
    except (KeyError, TypeError):
        raise ValueError(f"there is no kind of socket {name!r}: tcp, ws or wss") from None


def set_option(handle: float, name: str, value: object) -> None:
    """Sets an option; for a `handle` of -1 the default of sockets made later, or one of the library."""
    try:
        option, scope, kind = abi.OPTIONS[name]
    except KeyError:
        raise ValueError(f"there is no option {name!r}") from None
    if kind == "text":
        checked(lib.network_set_config_string(option, handle, string(cast(str, value), name)))
        return
    if kind == "action" and value is not True:
        raise ValueError(f"{name} takes True: it is something that is done, and has no value")
    if kind == "flag" and not isinstance(value, bool) and value not in (0, 1):
        raise ValueError(f"{name} takes True or False")
    amount = 0.0 if kind == "action" else number(cast(float, value), name)
    if scope == "library":
        checked(lib.network_set_config(option, amount, 0))
    else:
        checked(lib.network_set_config(option, handle, amount))


# What configure_default was told of TLS.
tls_defaults: dict[str, object] = {}
_defaults_lock = threading.Lock()


@contextlib.contextmanager
def _for_the_moment(options: SocketOptions) -> Iterator[None]:
    """A wss server looks for its certificate among the defaults of the moment when it is made: those that it was given
    are, for that moment."""
    own = {name: value for name, value in options.items() if name.startswith("tls_")}
    if not own:
        yield
        return
    with _defaults_lock:
        try:
            for name, value in own.items():
                set_option(-1.0, name, value)
            yield
        finally:
            for name in own:
                set_option(-1.0, name, tls_defaults.get(name, _TLS_DEFAULTS.get(name, "")))


class Handle:
    """What sockets and groups have in common."""

    __slots__ = ("__weakref__", "_handle", "_open")

    _handle: float
    _open: bool

    def _adopt(self, handle: float) -> None:
        """Takes a new handle of the library's, or raises what went wrong."""
        self._handle = checked(handle)
        self._open = True
        live[self._handle] = weakref.ref(self)

    @property
    def handle(self) -> int:
        """The library's number for it, which is never used again in this process."""
        return int(self._handle)

    @property
    def closed(self) -> bool:
        """Whether it was closed here."""
        return not self._open

    def close(self) -> None:
        """Closes it. What was sent still leaves, for at most two seconds; no event about it comes any more.

        To close what is closed does nothing.
        """
        if self._open:
            self._forget()
            # It may be gone already: a connection whose disconnect event was collected.
            lib.network_destroy(self._handle)

    def _forget(self) -> None:
        self._open = False
        live.pop(self._handle, None)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self, warn: Callable[..., None] = warnings.warn) -> None:
        # Not open if its making failed.
        if getattr(self, "_open", False):
            warn(f"{self!r} was never closed", ResourceWarning, source=self)
            self.close()

    def __repr__(self) -> str:
        state = "" if self._open else " closed"
        return f"<stepwire.{type(self).__name__} {self.handle}{state}>"


class Socket(Handle):
    """What all sockets can do."""

    __slots__ = ("data",)

    #: Anything of the program's own: the library does not look at it.
    data: Any

    def _adopt(self, handle: float) -> None:
        super()._adopt(handle)
        self.data = None

    def _configure_or_close(self, options: SocketOptions) -> None:
        try:
            self.configure(**options)
        except BaseException:
            self.close()
            raise

    def configure(self, **options: Unpack[SocketOptions]) -> None:
        """Sets options of this socket: `network_config_*` without those first words, values in the library's units."""
        for name, value in options.items():
            set_option(self._handle, name, value)

    @property
    def local_port(self) -> int:
        """The port it has on this machine."""
        return int(checked(lib.network_get_port(self._handle)))

    def stat(self, key: SocketStat) -> float:
        """A counter of `network_get_stat`."""
        return checked(lib.network_get_stat(self._handle, string(key, "the key")))

    def close_with(self, code: int, reason: str = "") -> None:
        """Closes it, and a WebSocket says why in its close frame: 1000, 1001, 1008 to 1014 or 3000 to 4999, and at most
        123 bytes of text. Other sockets just close."""
        checked(lib.network_close(self._handle, number(code, "the code"), string(reason, "the reason")))
        self._forget()


class Connection(Socket):
    """A TCP or WebSocket connection to somebody: a server's client, or a client's own."""

    __slots__ = ()

    def send(self, data: Buffer) -> int:
        """Sends one packet, with GameMaker's header. Returns the bytes sent. Does not wait: `QueueFullError` if the peer
        does not keep up, and nothing of this packet was sent."""
        if type(data) is bytes:
            sent = _send_packet(self._handle, data, len(data))
        else:
            with Lent(data) as (address, size):
                sent = _send_packet(self._handle, address, size)
        if sent < 0:
            raise failure(sent)
        return int(sent)

    def send_raw(self, data: Buffer) -> int:
        """Sends bytes as they are over a raw connection; over a WebSocket a binary message."""
        return self._send_raw(data, _BINARY)

    def send_text(self, message: str) -> int:
        """Sends a text message over a raw WebSocket; over raw TCP its bytes."""
        if not isinstance(message, str):
            raise TypeError(f"the message must be a string, not {type(message).__name__}")
        return self._send_raw(message.encode(), _TEXT)

    def _send_raw(self, data: Buffer, kind: float) -> int:
        with Lent(data) as (address, size):
            return int(checked(_send_raw(self._handle, address, size, kind)))

    def set_timeouts(self, read: float | None = None, write: float | None = None) -> None:
        """Ends the connection when nothing came for `read` seconds, or queued bytes made no way for `write` seconds.
        None is for ever."""
        times = milliseconds(read, "read"), milliseconds(write, "write")
        checked(lib.network_set_timeout(self._handle, *times))

    def string(self, key: Literal["ip", "path", "query", "origin", "protocol", "tls"]) -> str:
        """A string of `network_get_string`: "ip"; of WebSockets "path", "query", "origin", "protocol", "tls"."""
        return text(lib.network_get_string(self._handle, string(key, "the key")))


class ServerConnection(Connection):
    """A server's client. It comes with a `ConnectEvent` and is over with its `DisconnectEvent`."""

    __slots__ = ("ip", "port", "server")

    #: The server it is connected to.
    server: Server
    #: Who it is.
    ip: str
    port: int

    def __init__(self, handle: float, server: Server, ip: str, port: int) -> None:
        self._adopt(handle)
        self.server, self.ip, self.port = server, ip, port
        server._connections[handle] = self

    def _forget(self) -> None:
        super()._forget()
        self.server._connections.pop(self._handle, None)

    def __del__(self, _: object = None) -> None:
        # Its server holds it while it lives: then there is nothing left to close.
        pass


class Server(Socket):
    """A server of TCP or WebSocket connections. With `raw` it speaks no protocol of GameMaker's.

    `port` 0 is any free one, which `local_port` tells. Options are as `configure` takes them: `max_clients` for instance, or
    a wss server's `tls_certificate` and `tls_private_key`.
    """

    __slots__ = ("_connections",)

    def __init__(
        self,
        port: int = 0,
        *,
        kind: Kind = "tcp",
        raw: bool = False,
        **options: Unpack[SocketOptions],
    ) -> None:
        create = lib.network_create_server_raw if raw else lib.network_create_server
        self._connections: dict[float, ServerConnection] = {}
        max_clients = number(options.pop("max_clients", _ANY_NUMBER), "max_clients")
        with _for_the_moment(options):
            self._adopt(create(_kind(kind), number(port, "port"), max_clients))
        self._configure_or_close(options)

    @property
    def connections(self) -> list[ServerConnection]:
        """Its clients: those whose connect event was collected and whose disconnect event was not."""
        return list(self._connections.values())

    def send_all(self, data: Buffer, *, but: Connection | None = None) -> int:
        """Sends one packet to all its clients, for a fraction of what as many sends cost. Returns how many took it."""
        return _group_send(lib.network_group_send_packet, self, data, but)

    def send_raw_all(self, data: Buffer, *, but: Connection | None = None) -> int:
        """The same with bytes as they are."""
        return _group_send(lib.network_group_send_raw, self, data, but)

    def _forget(self) -> None:
        super()._forget()
        for connection in self.connections:
            connection._forget()


class Client(Connection):
    """A socket that connects to a server, and again after that connection has ended.

    With `raw` it speaks no protocol of GameMaker's. With a `local_port` its connections go out from there.
    """

    __slots__ = ("_peer", "_raw")

    def __init__(
        self,
        *,
        kind: Kind = "tcp",
        raw: bool = False,
        local_port: int | None = None,
        **options: Unpack[SocketOptions],
    ) -> None:
        if local_port is None:
            self._adopt(lib.network_create_socket(_kind(kind)))
        else:
            self._adopt(lib.network_create_socket_ext(_kind(kind), number(local_port, "local_port")))
        self._raw = raw
        self._peer: tuple[str, int] | None = None
        self._configure_or_close(options)

    def connect(self, host: str | None = None, port: int = 0) -> None:
        """Connects, and waits until that is done or the option `connect_timeout` is over. No event comes of it.

        For WebSockets `host` may be a URL, `wss://` ones included. Without arguments it connects to where it was connected
        before. (A KeyboardInterrupt waits as well.)
        """
        call = lib.network_connect_raw if self._raw else lib.network_connect
        self._connect(call, host, port)

    def connect_nowait(self, host: str | None = None, port: int = 0) -> None:
        """Begins to connect. A `ConnectedEvent` or a `ConnectFailedEvent` tells how it went."""
        call = lib.network_connect_raw_async if self._raw else lib.network_connect_async
        self._connect(call, host, port)

    def _connect(self, call: Callable[[float, bytes, float], float], host: str | None, port: int) -> None:
        if host is None:
            if self._peer is None:
                raise TypeError("the first connect needs a host")
            host, port = self._peer
        words = string(host, "host"), number(port, "port")
        self._peer = host, port
        checked(call(self._handle, *words))


class Udp(Socket):
    """A UDP socket that receives at `port`; 0 is any free one, which `local_port` tells.

    With `reliable` messages arrive exactly once at peers that have it too.
    """

    __slots__ = ()

    def __init__(self, port: int = 0, *, reliable: bool = False, **options: Unpack[SocketOptions]) -> None:
        self._adopt(lib.network_create_socket_ext(abi.network_socket_udp, number(port, "port")))
        self._configure_or_close(options)
        if reliable:
            self._configure_or_close({"enable_reliable_udp": True})

    def send_to(self, data: Buffer, host: str, port: int) -> int:
        """Sends a datagram with GameMaker's header; of a reliable socket a message of any size up to 64 MiB."""
        with Lent(data) as (address, size):
            return int(checked(_send_udp(self._handle, string(host, "host"), number(port, "port"), address, size)))

    def send_raw_to(self, data: Buffer, host: str, port: int) -> int:
        """Sends a datagram without a header."""
        with Lent(data) as (address, size):
            where = string(host, "host"), number(port, "port")
            return int(checked(lib.network_send_udp_raw(self._handle, *where, address, size)))

    def broadcast(self, data: Buffer, port: int) -> int:
        """Sends a datagram without a header to everybody on the local networks."""
        with Lent(data) as (address, size):
            return int(checked(lib.network_send_broadcast(self._handle, number(port, "port"), address, size)))


class Group(Handle):
    """Connections that are sent the same. They leave by themselves when they end. To close it closes none of them."""

    __slots__ = ()

    def __init__(self, members: Iterable[Connection] = ()) -> None:
        self._adopt(lib.network_create_group())
        try:
            for member in members:
                self.add(member)
        except BaseException:
            self.close()
            raise

    def add(self, connection: Connection) -> bool:
        """Takes a connection in. False if it was in already."""
        return checked(lib.network_group_add(self._handle, _handle_of(connection))) == 1

    def remove(self, connection: Connection) -> bool:
        """Takes one out. False if it was not in."""
        return checked(lib.network_group_remove(self._handle, _handle_of(connection))) == 1

    def __len__(self) -> int:
        return int(checked(lib.network_group_size(self._handle)))

    def __bool__(self) -> bool:
        # Also an empty group is there.
        return True

    def send(self, data: Buffer, *, but: Connection | None = None) -> int:
        """Sends one packet to all members. Returns how many took it: not those whose queue is full."""
        return _group_send(lib.network_group_send_packet, self, data, but)

    def send_raw(self, data: Buffer, *, but: Connection | None = None) -> int:
        """The same with bytes as they are; members that are not raw are left out."""
        return _group_send(lib.network_group_send_raw, self, data, but)


def _group_send(
    call: Callable[[float, int | None, int, float], float], group: Handle, data: Buffer, but: Connection | None
) -> int:
    with Lent(data) as (address, size):
        return int(checked(call(group._handle, address, size, -1.0 if but is None else _handle_of(but))))


def send_many(connections: Iterable[Connection], data: Buffer) -> list[Error | None]:
    """Sends one packet to connections that are chosen anew each time. Returns for each None, or why not."""
    handles = [_handle_of(connection) for connection in connections]
    count = len(handles)
    receivers, results = (c_double * count)(*handles), (c_double * count)()
    with Lent(data) as (address, size):
        checked(lib.network_send_packet_many(addressof(receivers), count, address, size, addressof(results)))
    return [None if result >= 0 else _failure_of_one(result) for result in results]


def _failure_of_one(result: float) -> Error:
    # The library's sentence is about the last one that failed alone.
    return Error.of(int(result), text(lib.network_error_name(result)))


def _handle_of(connection: Connection) -> float:
    if not isinstance(connection, Connection):
        raise TypeError(f"a connection is needed, not {type(connection).__name__}")
    return connection._handle


def forget_all() -> None:
    """The library has destroyed everything."""
    for reference in list(live.values()):
        handle = reference()
        if handle is not None:
            handle._forget()
