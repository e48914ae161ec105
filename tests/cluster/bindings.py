"""A ctypes binding of the cluster library, written from its contract and not from its header."""

import ctypes
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))

import stepwire  # noqa: E402

CONFIG_REQUEST_TIMEOUT, CONFIG_GATHER, CONFIG_PING, CONFIG_QUEUE_LIMIT, CONFIG_TICKET_TIME = range(5)
CONFIG_TLS_VERIFY, CONFIG_TLS_CA_FILE = 5, 6

UP, DOWN, MESSAGE, FOUND, NONE, CREATE, SEAT, PLAYER_ELSEWHERE = range(1, 9)

ERROR_BAD_HANDLE = -2
ERROR_BAD_ARGUMENT = -3
ERROR_NOT_CONNECTED = -5
ERROR_TIMEOUT = -6
ERROR_TOO_BIG = -7
ERROR_QUEUE_FULL = -8
ERROR_TLS = -11
ERROR_HANDSHAKE = -12
ERROR_BUSY = -15

# What each type of event has, of numbers and of strings.
KEYS = {
    UP: (["gap"], []),
    DOWN: (["error"], ["reason"]),
    MESSAGE: ([], ["topic", "player", "from"]),
    FOUND: (["request", "players", "places"], ["name", "kind", "address", "server", "ticket", "data"]),
    NONE: (["request", "error"], []),
    CREATE: ([], ["kind", "data"]),
    SEAT: (["room"], ["ticket"]),
    PLAYER_ELSEWHERE: (["socket"], ["player"]),
}

_TYPES = {"d": ctypes.c_double, "s": ctypes.c_char_p, "b": ctypes.c_void_p,
          "e": ctypes.POINTER(stepwire.NetworkEvent)}

# Name: arguments > result. d double, s string, b buffer, e event.
SIGNATURES = {
    "cluster_open": "ss>d",
    "cluster_close": ">d",
    "cluster_event": "e>d",
    "cluster_set_config": "dd>d",
    "cluster_set_config_string": "ds>d",
    "cluster_step": ">d",
    "cluster_subscribe": "s>d",
    "cluster_unsubscribe": "d>d",
    "cluster_publish": "sbd>d",
    "cluster_room_open": "sds>d",
    "cluster_room_set": "dds>d",
    "cluster_room_redeem": "ds>d",
    "cluster_room_close": "d>d",
    "cluster_room_name": "d>s",
    "cluster_offer": "sd>d",
    "cluster_find": "s>d",
    "cluster_find_or_create": "ss>d",
    "cluster_player_enter": "sd>d",
    "cluster_player_leave": "s>d",
    "cluster_player_find": "s>d",
    "cluster_player_send": "sbd>d",
    "cluster_event_next": ">d",
    "cluster_event_real": "s>d",
    "cluster_event_string": "s>s",
    "cluster_event_read": "bdd>d",
    "cluster_get_stat": "s>d",
    "cluster_server_id": ">s",
    "cluster_last_error": ">s",
}


def default_path():
    return os.environ.get("STEPWIRE_CLUSTER_LIBRARY") or str(
        pathlib.Path(stepwire.default_path()).with_name("libstepwire_cluster.so"))


class Cluster:
    """Both libraries in this process, and every function of the cluster's as an attribute."""

    def __init__(self):
        self.network = stepwire.Stepwire()
        library = ctypes.CDLL(default_path())
        for name, signature in SIGNATURES.items():
            arguments, result = signature.split(">")
            function = getattr(library, name)
            function.argtypes = [_TYPES[code] for code in arguments]
            function.restype = _TYPES[result]
            setattr(self, name.removeprefix("cluster_"), function)

    def poll_network(self):
        """Gives the cluster its events; returns those that were not its own, as (type, id, socket)."""
        event = stepwire.NetworkEvent()
        others = []
        while self.network.network_poll_event(ctypes.byref(event)) > 0:
            if self.event(ctypes.byref(event)) == 0:
                others.append((int(event.type), int(event.id), int(event.socket)))
        return others

    def next(self):
        """The next event as a dictionary, None if there is none."""
        kind = int(self.event_next())
        if kind == 0:
            return None
        numbers, strings = KEYS[kind]
        event = {"type": kind}
        for key in numbers:
            event[key] = self.event_real(key.encode())
        for key in strings:
            event[key] = self.event_string(key.encode()).decode()
        if kind == MESSAGE:
            size = int(self.event_real(b"size"))
            buffer = ctypes.create_string_buffer(size + 1)
            assert self.event_read(buffer, 0, size) == size
            event["payload"] = buffer.raw[:size]
        return event
