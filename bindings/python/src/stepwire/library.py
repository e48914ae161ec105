"""The library as a whole: its options, its counters, its log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

from . import abi
from ._library import checked, failure, lib, string, text
from ._waiting import waiting
from .sockets import set_option, tls_defaults

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .abi import LibraryOptions, LibraryStat, SocketOptions


def configure(**options: Unpack[LibraryOptions]) -> None:
    """Sets options of the whole library."""
    for name, value in options.items():
        set_option(-1.0, name, value)
        if name == "manual_io":
            waiting.manual_io = bool(value)


def configure_default(**options: Unpack[SocketOptions]) -> None:
    """Sets options for sockets that are made later."""
    for name, value in options.items():
        set_option(-1.0, name, value)
        if name.startswith("tls_"):
            tls_defaults[name] = value


def stat(key: LibraryStat) -> float:
    """A counter of the whole library."""
    return checked(lib.network_get_stat(-1.0, string(key, "the key")))


def metrics() -> str:
    """All counters as text in the format of Prometheus."""
    return text(lib.network_get_metrics())


def resolve(name: str) -> str:
    """One of a name's addresses, IPv4 if there is one. Waits for the system's answer."""
    address = text(lib.network_resolve(string(name, "the name")))
    if not address:
        raise failure(abi.network_error_resolve)
    return address


def addresses() -> list[str]:
    """This machine's addresses: what a player tells a friend to connect to."""
    found: list[str] = []
    while address := text(lib.network_get_address(float(len(found)))):
        found.append(address)
    return found


def log_lines() -> Iterator[str]:
    """The lines of the library's log that were not fetched yet: level, time and text."""
    while line := text(lib.network_next_log()):
        yield line
