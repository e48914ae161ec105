"""What can go wrong, one class for each error number of the library."""

from __future__ import annotations

from typing import ClassVar

from . import abi


class Error(Exception):
    """A call failed, or a connection ended with an error. The text is the library's sentence about it."""

    #: One of `abi.network_error_*`.
    number: int = 0
    #: Its name, such as "network_error_timeout".
    name: str = ""
    _by_number: ClassVar[dict[int, type[Error]]] = {}

    def __init_subclass__(cls, number: int, **rest: object) -> None:
        super().__init_subclass__(**rest)
        cls.number = number
        cls.name = abi.ERRORS[number]
        Error._by_number[number] = cls

    @staticmethod
    def of(number: int, sentence: str) -> Error:
        """The exception for an error number."""
        kind = Error._by_number.get(number)
        if kind is not None:
            return kind(sentence)
        # Of a library that is newer than this file.
        error = Error(sentence)
        error.number = number
        return error


class FailedError(Error, number=abi.network_error_failed):
    """The operating system refused; the text says what it said."""


class BadHandleError(Error, number=abi.network_error_bad_handle):
    """The socket is closed."""


class BadArgumentError(Error, ValueError, number=abi.network_error_bad_argument):
    """An argument makes no sense: not a number, out of range, not UTF-8."""


class WrongKindError(Error, number=abi.network_error_wrong_kind):
    """The call does not fit this kind of socket."""


class NotConnectedError(Error, ConnectionError, number=abi.network_error_not_connected):
    """The socket is not connected, or its connect event has not been collected yet."""


class TimedOutError(Error, TimeoutError, number=abi.network_error_timeout):
    """Time is over: a connect, a handshake, a read or write timeout."""


class TooBigError(Error, number=abi.network_error_too_big):
    """Over the message size limit, or more than a datagram can carry."""


class QueueFullError(Error, number=abi.network_error_queue_full):
    """The peer does not keep up; nothing of this message was queued."""


class LimitError(Error, number=abi.network_error_limit):
    """No more sockets or file descriptors."""


class ResolveError(Error, number=abi.network_error_resolve):
    """The name has no address."""


class TlsError(Error, number=abi.network_error_tls):
    """TLS failed: a certificate that cannot be trusted, no common version."""


class HandshakeError(Error, number=abi.network_error_handshake):
    """The peer does not speak the expected protocol."""


class AddressInUseError(Error, number=abi.network_error_address_in_use):
    """The port is taken."""


class NotSupportedError(Error, number=abi.network_error_not_supported):
    """This build, system or version does not do that."""


class BusyError(Error, number=abi.network_error_busy):
    """Not now: already connecting or connected."""


class ClosedError(Error, ConnectionError, number=abi.network_error_closed):
    """The peer closed or reset the connection."""


class InternalError(Error, number=abi.network_error_internal):
    """A defect of the library, caught; the socket it happened on is closed."""
