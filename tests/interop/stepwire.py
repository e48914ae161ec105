"""A ctypes binding of stepwire's C ABI, written from its contract and not from its header."""

import ctypes
import os
import pathlib

SOCKET_TCP, SOCKET_UDP, SOCKET_BLUETOOTH, SOCKET_WS, SOCKET_WSS = 0, 1, 2, 6, 7

TYPE_CONNECT, TYPE_DISCONNECT, TYPE_DATA, TYPE_NON_BLOCKING_CONNECT = 1, 2, 3, 4
TYPE_WRITABLE = 1001

CONFIG_CONNECT_TIMEOUT = 0
CONFIG_USE_NON_BLOCKING_SOCKET = 1
CONFIG_ENABLE_RELIABLE_UDP = 2
CONFIG_DISABLE_RELIABLE_UDP = 3
CONFIG_AVOID_TIME_WAIT = 4
CONFIG_MESSAGE_SIZE_LIMIT = 8
CONFIG_WEBSOCKET_PROTOCOL = 5
CONFIG_GAME_ID = 1000
CONFIG_TLS_VERIFY = 1001
CONFIG_TLS_CA_FILE = 1002
CONFIG_TLS_CERTIFICATE = 1003
CONFIG_TLS_PRIVATE_KEY = 1004
CONFIG_SEND_QUEUE_LIMIT = 1005
CONFIG_RECEIVE_QUEUE_LIMIT = 1006
CONFIG_BIND_ADDRESS = 1007
CONFIG_WEBSOCKET_HEADERS = 1008
CONFIG_WEBSOCKET_ORIGINS = 1009
CONFIG_RELIABLE_ORDERED = 1010
CONFIG_RELIABLE_TIMEOUT = 1011
CONFIG_MANUAL_IO = 1012
CONFIG_IO_THREADS = 1019
CONFIG_NO_DELAY = 1013
CONFIG_TLS_IDENTITY = 1014
CONFIG_TLS_IDENTITY_PASSWORD = 1015
CONFIG_HANDSHAKE_TIMEOUT = 1016
CONFIG_TOTAL_QUEUE_LIMIT = 1017
CONFIG_WEBSOCKET_KEEPALIVE = 1018
CONFIG_MAX_CLIENTS = 1020
CONFIG_ACCEPTING = 1021
CONFIG_CLIENTS_PER_ADDRESS = 1022
CONFIG_CONNECTS_PER_ADDRESS = 1023
CONFIG_RECEIVE_RATE = 1024
CONFIG_PROXY_PROTOCOL = 1025
CONFIG_PROXY_TRUSTED = 1026
CONFIG_HTTP_HEALTH = 1027
CONFIG_HTTP_METRICS = 1028
CONFIG_REUSE_PORT = 1029
CONFIG_REUSE_ADDRESS = 1030
CONFIG_TLS_RELOAD = 1033
CONFIG_MESSAGE_TIMEOUT = 1036
CONFIG_TOTAL_SEND_LIMIT = 1037

SEND_BINARY, SEND_TEXT = 1, 2

ERROR_FAILED = -1
ERROR_BAD_HANDLE = -2
ERROR_BAD_ARGUMENT = -3
ERROR_WRONG_KIND = -4
ERROR_NOT_CONNECTED = -5
ERROR_TIMEOUT = -6
ERROR_TOO_BIG = -7
ERROR_QUEUE_FULL = -8
ERROR_LIMIT = -9
ERROR_RESOLVE = -10
ERROR_TLS = -11
ERROR_HANDSHAKE = -12
ERROR_ADDRESS_IN_USE = -13
ERROR_BUSY = -15
ERROR_CLOSED = -16


class NetworkEvent(ctypes.Structure):
    """`NetworkEvent` of the ABI, field for field."""

    _fields_ = [
        ("type", ctypes.c_double),
        ("id", ctypes.c_double),
        ("socket", ctypes.c_double),
        ("server", ctypes.c_double),
        ("port", ctypes.c_double),
        ("succeeded", ctypes.c_double),
        ("message_type", ctypes.c_double),
        ("error", ctypes.c_double),
        ("size", ctypes.c_double),
        ("buffer", ctypes.c_void_p),
        ("ip", ctypes.c_char_p),
        ("reason", ctypes.c_char_p),
        ("user", ctypes.c_void_p),
        ("code", ctypes.c_double),
        ("reserved", ctypes.c_double * 6),
    ]


NetworkCallback = ctypes.CFUNCTYPE(None, ctypes.POINTER(NetworkEvent), ctypes.c_void_p)

_TYPES = {
    "d": ctypes.c_double,
    "s": ctypes.c_char_p,
    "b": ctypes.c_void_p,
    "e": ctypes.POINTER(NetworkEvent),
    "c": NetworkCallback,
}

# Name: arguments > result. d double, s string, b buffer or user pointer, e event, c callback.
SIGNATURES = {
    "network_create_socket": "d>d",
    "network_create_socket_ext": "dd>d",
    "network_create_server": "ddd>d",
    "network_create_server_raw": "ddd>d",
    "network_connect": "dsd>d",
    "network_connect_raw": "dsd>d",
    "network_connect_async": "dsd>d",
    "network_connect_raw_async": "dsd>d",
    "network_resolve": "s>s",
    "network_set_config": "ddd>d",
    "network_set_config_string": "dds>d",
    "network_set_timeout": "ddd>d",
    "network_send_packet": "dbd>d",
    "network_send_raw": "dbdd>d",
    "network_create_group": ">d",
    "network_group_add": "dd>d",
    "network_group_remove": "dd>d",
    "network_group_size": "d>d",
    "network_group_send_packet": "dbdd>d",
    "network_group_send_raw": "dbdd>d",
    "network_send_packet_many": "bdbdb>d",
    "network_send_udp": "dsdbd>d",
    "network_send_udp_raw": "dsdbd>d",
    "network_send_broadcast": "ddbd>d",
    "network_destroy": "d>d",
    "network_close": "dds>d",
    "network_set_user": "db>d",
    "network_get_user": "d>b",
    "network_poll_event": "e>d",
    "network_poll": "cb>d",
    "network_wait": "d>d",
    "network_wake": ">d",
    "network_get_descriptor": ">d",
    "network_get_metrics": ">s",
    "network_get_address": "d>s",
    "network_event_next": ">d",
    "network_event_real": "s>d",
    "network_event_string": "s>s",
    "network_event_read": "bdd>d",
    "network_get_string": "ds>s",
    "network_get_port": "d>d",
    "network_get_stat": "ds>d",
    "network_last_error": ">s",
    "network_next_log": ">s",
    "network_error_name": "d>s",
    "network_version": ">s",
    "network_shutdown": ">d",
}


def default_path():
    """`STEPWIRE_LIBRARY`, else the release build of the tree these tests stand in."""
    root = pathlib.Path(__file__).resolve().parents[2]
    return os.environ.get("STEPWIRE_LIBRARY") or str(root / "target/release/libstepwire.so")


class Stepwire:
    """The loaded library: every function of the ABI is an attribute under its own name."""

    def __init__(self, path=None):
        library = ctypes.CDLL(path or default_path())
        for name, signature in SIGNATURES.items():
            arguments, result = signature.split(">")
            function = getattr(library, name)
            function.argtypes = [_TYPES[code] for code in arguments]
            function.restype = _TYPES[result]
            setattr(self, name, function)
