"""The library's constants, options and functions, made from include/api.json by `cargo xtask header`: do not edit."""

from __future__ import annotations

from typing import Final, Literal, TypedDict

#: The version that this package was made with.
VERSION: Final = "0.2.0"
#: What it has to have in common with the library that it loads.
ABI: Final = "0.2"

#: The library's file on each system, by `sys.platform`.
FILES: Final = {
    "linux": "libstepwire.so.0.2",
    "darwin": "libstepwire.0.2.dylib",
    "win32": "stepwire.dll",
}

network_config_connect_timeout: Final = 0
network_config_use_non_blocking_socket: Final = 1
network_config_enable_reliable_udp: Final = 2
network_config_disable_reliable_udp: Final = 3
network_config_avoid_time_wait: Final = 4
network_config_websocket_protocol: Final = 5
network_config_enable_multicast: Final = 6
network_config_disable_multicast: Final = 7
network_config_message_size_limit: Final = 8
network_config_game_id: Final = 1000
network_config_tls_verify: Final = 1001
network_config_tls_ca_file: Final = 1002
network_config_tls_certificate: Final = 1003
network_config_tls_private_key: Final = 1004
network_config_send_queue_limit: Final = 1005
network_config_receive_queue_limit: Final = 1006
network_config_bind_address: Final = 1007
network_config_websocket_headers: Final = 1008
network_config_websocket_origins: Final = 1009
network_config_reliable_ordered: Final = 1010
network_config_reliable_timeout: Final = 1011
network_config_manual_io: Final = 1012
network_config_no_delay: Final = 1013
network_config_tls_identity: Final = 1014
network_config_tls_identity_password: Final = 1015
network_config_handshake_timeout: Final = 1016
network_config_total_queue_limit: Final = 1017
network_config_websocket_keepalive: Final = 1018
network_config_io_threads: Final = 1019
network_config_max_clients: Final = 1020
network_config_accepting: Final = 1021
network_config_clients_per_address: Final = 1022
network_config_connects_per_address: Final = 1023
network_config_receive_rate: Final = 1024
network_config_proxy_protocol: Final = 1025
network_config_proxy_trusted: Final = 1026
network_config_http_health: Final = 1027
network_config_http_metrics: Final = 1028
network_config_reuse_port: Final = 1029
network_config_reuse_address: Final = 1030
network_config_reliable_keepalive: Final = 1031
network_config_log_level: Final = 1032
network_config_tls_reload: Final = 1033
network_config_reliable_only: Final = 1034
network_config_reliable_max_peers: Final = 1035
network_config_message_timeout: Final = 1036
network_config_total_send_limit: Final = 1037
network_config_simulate_latency: Final = 1100
network_config_simulate_jitter: Final = 1101
network_config_simulate_loss: Final = 1102
network_config_simulate_duplication: Final = 1103
network_config_simulate_reordering: Final = 1104
network_config_simulate_seed: Final = 1105
network_socket_tcp: Final = 0
network_socket_udp: Final = 1
network_socket_bluetooth: Final = 2
network_socket_ws: Final = 6
network_socket_wss: Final = 7
network_type_connect: Final = 1
network_type_disconnect: Final = 2
network_type_data: Final = 3
network_type_non_blocking_connect: Final = 4
network_type_up: Final = 5
network_type_up_failed: Final = 6
network_type_down: Final = 7
network_type_writable: Final = 1001
network_connect_none: Final = 0
network_connect_blocking: Final = 1
network_connect_nonblocking: Final = 2
network_send_binary: Final = 1
network_send_text: Final = 2
network_message_reliable: Final = 3
network_error_failed: Final = -1
network_error_bad_handle: Final = -2
network_error_bad_argument: Final = -3
network_error_wrong_kind: Final = -4
network_error_not_connected: Final = -5
network_error_timeout: Final = -6
network_error_too_big: Final = -7
network_error_queue_full: Final = -8
network_error_limit: Final = -9
network_error_resolve: Final = -10
network_error_tls: Final = -11
network_error_handshake: Final = -12
network_error_address_in_use: Final = -13
network_error_not_supported: Final = -14
network_error_busy: Final = -15
network_error_closed: Final = -16
network_error_internal: Final = -99

#: The names of the error numbers.
ERRORS: Final = {
    network_error_failed: "network_error_failed",
    network_error_bad_handle: "network_error_bad_handle",
    network_error_bad_argument: "network_error_bad_argument",
    network_error_wrong_kind: "network_error_wrong_kind",
    network_error_not_connected: "network_error_not_connected",
    network_error_timeout: "network_error_timeout",
    network_error_too_big: "network_error_too_big",
    network_error_queue_full: "network_error_queue_full",
    network_error_limit: "network_error_limit",
    network_error_resolve: "network_error_resolve",
    network_error_tls: "network_error_tls",
    network_error_handshake: "network_error_handshake",
    network_error_address_in_use: "network_error_address_in_use",
    network_error_not_supported: "network_error_not_supported",
    network_error_busy: "network_error_busy",
    network_error_closed: "network_error_closed",
    network_error_internal: "network_error_internal",
}

#: Every option: its number, "library" or "socket", and "flag", "number", "action" or "text".
OPTIONS: Final[dict[str, tuple[int, str, str]]] = {
    "connect_timeout": (network_config_connect_timeout, "library", "number"),
    "use_non_blocking_socket": (network_config_use_non_blocking_socket, "library", "flag"),
    "enable_reliable_udp": (network_config_enable_reliable_udp, "socket", "action"),
    "disable_reliable_udp": (network_config_disable_reliable_udp, "socket", "action"),
    "avoid_time_wait": (network_config_avoid_time_wait, "socket", "action"),
    "websocket_protocol": (network_config_websocket_protocol, "socket", "text"),
    "enable_multicast": (network_config_enable_multicast, "socket", "action"),
    "disable_multicast": (network_config_disable_multicast, "socket", "action"),
    "message_size_limit": (network_config_message_size_limit, "socket", "number"),
    "game_id": (network_config_game_id, "socket", "number"),
    "tls_verify": (network_config_tls_verify, "socket", "flag"),
    "tls_ca_file": (network_config_tls_ca_file, "socket", "text"),
    "tls_certificate": (network_config_tls_certificate, "socket", "text"),
    "tls_private_key": (network_config_tls_private_key, "socket", "text"),
    "send_queue_limit": (network_config_send_queue_limit, "socket", "number"),
    "receive_queue_limit": (network_config_receive_queue_limit, "socket", "number"),
    "bind_address": (network_config_bind_address, "library", "text"),
    "websocket_headers": (network_config_websocket_headers, "socket", "text"),
    "websocket_origins": (network_config_websocket_origins, "socket", "text"),
    "reliable_ordered": (network_config_reliable_ordered, "socket", "flag"),
    "reliable_timeout": (network_config_reliable_timeout, "socket", "number"),
    "manual_io": (network_config_manual_io, "library", "flag"),
    "no_delay": (network_config_no_delay, "socket", "flag"),
    "tls_identity": (network_config_tls_identity, "socket", "text"),
    "tls_identity_password": (network_config_tls_identity_password, "socket", "text"),
    "handshake_timeout": (network_config_handshake_timeout, "library", "number"),
    "total_queue_limit": (network_config_total_queue_limit, "library", "number"),
    "websocket_keepalive": (network_config_websocket_keepalive, "socket", "number"),
    "io_threads": (network_config_io_threads, "library", "number"),
    "max_clients": (network_config_max_clients, "socket", "number"),
    "accepting": (network_config_accepting, "socket", "flag"),
    "clients_per_address": (network_config_clients_per_address, "socket", "number"),
    "connects_per_address": (network_config_connects_per_address, "socket", "number"),
    "receive_rate": (network_config_receive_rate, "socket", "number"),
    "proxy_protocol": (network_config_proxy_protocol, "socket", "flag"),
    "proxy_trusted": (network_config_proxy_trusted, "socket", "text"),
    "http_health": (network_config_http_health, "socket", "text"),
    "http_metrics": (network_config_http_metrics, "socket", "text"),
    "reuse_port": (network_config_reuse_port, "library", "flag"),
    "reuse_address": (network_config_reuse_address, "library", "flag"),
    "reliable_keepalive": (network_config_reliable_keepalive, "socket", "number"),
    "log_level": (network_config_log_level, "library", "number"),
    "tls_reload": (network_config_tls_reload, "socket", "action"),
    "reliable_only": (network_config_reliable_only, "socket", "flag"),
    "reliable_max_peers": (network_config_reliable_max_peers, "socket", "number"),
    "message_timeout": (network_config_message_timeout, "socket", "number"),
    "total_send_limit": (network_config_total_send_limit, "library", "number"),
    "simulate_latency": (network_config_simulate_latency, "socket", "number"),
    "simulate_jitter": (network_config_simulate_jitter, "socket", "number"),
    "simulate_loss": (network_config_simulate_loss, "socket", "number"),
    "simulate_duplication": (network_config_simulate_duplication, "socket", "number"),
    "simulate_reordering": (network_config_simulate_reordering, "socket", "number"),
    "simulate_seed": (network_config_simulate_seed, "socket", "number"),
}


class SocketOptions(TypedDict, total=False):
    """Options of sockets."""

    enable_reliable_udp: Literal[True]
    disable_reliable_udp: Literal[True]
    avoid_time_wait: Literal[True]
    websocket_protocol: str
    enable_multicast: Literal[True]
    disable_multicast: Literal[True]
    message_size_limit: int
    game_id: int
    tls_verify: bool
    tls_ca_file: str
    tls_certificate: str
    tls_private_key: str
    send_queue_limit: int
    receive_queue_limit: int
    websocket_headers: str
    websocket_origins: str
    reliable_ordered: bool
    reliable_timeout: int
    no_delay: bool
    tls_identity: str
    tls_identity_password: str
    websocket_keepalive: int
    max_clients: int
    accepting: bool
    clients_per_address: int
    connects_per_address: int
    receive_rate: int
    proxy_protocol: bool
    proxy_trusted: str
    http_health: str
    http_metrics: str
    reliable_keepalive: int
    tls_reload: Literal[True]
    reliable_only: bool
    reliable_max_peers: int
    message_timeout: int
    simulate_latency: int
    simulate_jitter: int
    simulate_loss: int
    simulate_duplication: int
    simulate_reordering: int
    simulate_seed: int


class LibraryOptions(TypedDict, total=False):
    """Options of the whole library."""

    connect_timeout: int
    use_non_blocking_socket: bool
    bind_address: str
    manual_io: bool
    handshake_timeout: int
    total_queue_limit: int
    io_threads: int
    reuse_port: bool
    reuse_address: bool
    log_level: int
    total_send_limit: int


SocketStat = Literal[
    "bytes_sent",
    "bytes_received",
    "packets_sent",
    "packets_received",
    "dropped",
    "send_queue",
    "receive_queue",
    "rtt_ms",
    "rtt_jitter_ms",
    "clients",
    "accepted",
    "refused",
    "handshakes_failed",
    "peers",
    "resent",
    "lost",
]
LibraryStat = Literal[
    "bytes_sent",
    "bytes_received",
    "packets_sent",
    "packets_received",
    "dropped",
    "send_queue",
    "receive_queue",
    "peers",
    "resent",
    "lost",
    "sockets",
    "events",
]

#: Every function: its arguments, ">", what it returns. d is a number, s a string, p a pointer.
FUNCTIONS: Final = {
    "network_create_socket": "d>d",
    "network_create_socket_ext": "dd>d",
    "network_create_server": "ddd>d",
    "network_create_server_raw": "ddd>d",
    "network_destroy": "d>d",
    "network_close": "dds>d",
    "network_set_user": "dp>d",
    "network_get_user": "d>p",
    "network_shutdown": ">d",
    "network_set_timeout": "ddd>d",
    "network_connect": "dsd>d",
    "network_connect_raw": "dsd>d",
    "network_connect_async": "dsd>d",
    "network_connect_raw_async": "dsd>d",
    "network_resolve": "s>s",
    "network_send_packet": "dpd>d",
    "network_send_raw": "dpdd>d",
    "network_send_udp": "dsdpd>d",
    "network_send_udp_raw": "dsdpd>d",
    "network_send_broadcast": "ddpd>d",
    "network_create_group": ">d",
    "network_group_add": "dd>d",
    "network_group_remove": "dd>d",
    "network_group_size": "d>d",
    "network_group_send_packet": "dpdd>d",
    "network_group_send_raw": "dpdd>d",
    "network_send_packet_many": "pdpdp>d",
    "network_set_udp_target": "dsd>d",
    "network_send_udp_to_target": "dpd>d",
    "network_send_udp_raw_to_target": "dpd>d",
    "network_poll_event": "p>d",
    "network_poll": "pp>d",
    "network_wait": "d>d",
    "network_event_next": ">d",
    "network_event_real": "s>d",
    "network_event_string": "s>s",
    "network_event_read": "pdd>d",
    "network_wake": ">d",
    "network_get_descriptor": ">d",
    "network_set_config": "ddd>d",
    "network_set_config_string": "dds>d",
    "network_get_string": "ds>s",
    "network_get_port": "d>d",
    "network_get_stat": "ds>d",
    "network_last_error": ">s",
    "network_next_log": ">s",
    "network_error_name": "d>s",
    "network_version": ">s",
    "network_get_metrics": ">s",
    "network_get_address": "d>s",
}

#: `NetworkEvent` for the struct module: type, id, socket, server, port, succeeded, message_type, error, size, buffer, ip, reason, user, code.
EVENT_FORMAT: Final = "dddddddddPPPPd"
#: How much memory it takes on systems with 64 bits.
EVENT_SIZE: Final = 160
