"""Finds and loads the shared library, and calls it.

Calls that never block keep the interpreter's lock (ctypes.PyDLL): to give it away and take it back costs more than they do.
The library calls nothing back, so it never waits for that lock. Calls that may block, or read files, give it away.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any, Callable, Union

from . import abi
from .errors import BadArgumentError, Error

# What a buffer of bytes may be.
Buffer = Union[bytes, bytearray, memoryview, "ctypes.Array[Any]"]

_CODES: dict[str, Any] = {
    "d": ctypes.c_double,
    "s": ctypes.c_char_p,
    "p": ctypes.c_void_p,
}
_MAY_WAIT = {
    "network_connect",
    "network_connect_raw",
    "network_get_metrics",
    "network_resolve",
    "network_set_config",
    "network_set_config_string",
    "network_shutdown",
    "network_wait",
    "network_create_server",
    "network_create_server_raw",
}


def _file_name() -> str:
    return abi.FILES.get(sys.platform, abi.FILES["linux"])


def _places() -> list[str]:
    """Where the library may be, the best place first."""
    name = _file_name()
    asked_for = os.environ.get("STEPWIRE_LIBRARY")
    if asked_for:
        return [os.path.join(asked_for, name) if os.path.isdir(asked_for) else asked_for]
    beside = Path(__file__).with_name(name)
    # Without one in the package, the system's.
    return [str(beside)] if beside.exists() else [name]


def _load() -> tuple[ctypes.PyDLL, ctypes.CDLL, str]:
    failures = []
    for place in _places():
        try:
            return ctypes.PyDLL(place), ctypes.CDLL(place), place
        except OSError as error:
            failures.append(str(error))
    raise ImportError("stepwire: the library cannot be loaded: " + "; ".join(failures))


_quick, _patient, PATH = _load()


class Functions:
    """Every function of stepwire.h under its own name, for what this package does not wrap.

    Numbers are floats, strings bytes, pointers addresses. Mistakes here can crash the process, as they can in C.
    """

    def __init__(self) -> None:
        for name, signature in abi.FUNCTIONS.items():
            arguments, result = signature.split(">")
            function = getattr(_patient if name in _MAY_WAIT else _quick, name)
            function.argtypes = [_CODES[code] for code in arguments]
            function.restype = _CODES[result]
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AttributeError(f"stepwire has no function {name}")


lib = Functions()


def text(value: bytes | None) -> str:
    """A string that a function returned."""
    return value.decode("utf-8", "replace") if value else ""


_version = text(lib.network_version())
if not _version.startswith(abi.ABI + "."):
    raise ImportError(f"stepwire: this package is made for version {abi.ABI} of the library, and {PATH} is {_version}")


def failure(result: float) -> Error:
    """The exception for what a call on this thread has just returned."""
    return Error.of(int(result), text(lib.network_last_error()))


def checked(result: float) -> float:
    """What a call returned; a failure becomes an exception."""
    if result < 0:
        raise failure(result)
    return result


def number(value: float, what: str) -> float:
    """A number as the library takes them. Whether it makes sense is for the library to say."""
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            raise BadArgumentError(f"{what} is out of range") from None
    raise TypeError(f"{what} must be a number, not {type(value).__name__}")


def string(value: str, what: str) -> bytes:
    """A string as the library takes them: it would end at a NUL."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a string, not {type(value).__name__}")
    if "\0" in value:
        raise BadArgumentError(f"{what} has a NUL in it")
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise BadArgumentError(f"{what} cannot be written as UTF-8: {error}") from None


def milliseconds(seconds: float | None, what: str) -> float:
    """A time as the library takes it; None is 0, which means for ever."""
    # Never 0 for a time that is none: that would be for ever.
    return 0.0 if seconds is None else float(-(-number(seconds, what) * 1000 // 1))


class _PyBuffer(ctypes.Structure):
    """`Py_buffer` of CPython, part of its stable ABI."""

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]


_get_buffer = ctypes.pythonapi.PyObject_GetBuffer
_get_buffer.argtypes = [ctypes.py_object, ctypes.POINTER(_PyBuffer), ctypes.c_int]
_get_buffer.restype = ctypes.c_int
_release_buffer = ctypes.pythonapi.PyBuffer_Release
_release_buffer.argtypes = [ctypes.POINTER(_PyBuffer)]
_release_buffer.restype = None


class Lent:
    """The bytes of any object that has some, where they are, for the time of a call: `with Lent(data) as (address, size)`.

    A TypeError for what has none, a BufferError for those that do not lie in one piece.
    """

    __slots__ = ("_view",)

    def __init__(self, data: Any) -> None:
        if isinstance(data, str):
            raise TypeError("bytes are needed, not a str: encode it, or use send_text on a raw WebSocket")
        self._view = _PyBuffer()
        # PyBUF_SIMPLE; a failure is raised by pythonapi.
        _get_buffer(data, ctypes.byref(self._view), 0)

    def __enter__(self) -> tuple[int | None, int]:
        return self._view.buf, self._view.len

    def __exit__(self, *_: object) -> None:
        _release_buffer(ctypes.byref(self._view))
