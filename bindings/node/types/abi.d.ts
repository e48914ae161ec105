// The library's constants and options, made from include/api.json by `cargo xtask header`: do not edit.

/** Every constant of stepwire.h under its name there. */
export declare const constants: {
  readonly network_config_connect_timeout: 0;
  readonly network_config_use_non_blocking_socket: 1;
  readonly network_config_enable_reliable_udp: 2;
  readonly network_config_disable_reliable_udp: 3;
  readonly network_config_avoid_time_wait: 4;
  readonly network_config_websocket_protocol: 5;
  readonly network_config_enable_multicast: 6;
  readonly network_config_disable_multicast: 7;
  readonly network_config_message_size_limit: 8;
  readonly network_config_game_id: 1000;
  readonly network_config_tls_verify: 1001;
  readonly network_config_tls_ca_file: 1002;
  readonly network_config_tls_certificate: 1003;
  readonly network_config_tls_private_key: 1004;
  readonly network_config_send_queue_limit: 1005;
  readonly network_config_receive_queue_limit: 1006;
  readonly network_config_bind_address: 1007;
  readonly network_config_websocket_headers: 1008;
  readonly network_config_websocket_origins: 1009;
  readonly network_config_reliable_ordered: 1010;
  readonly network_config_reliable_timeout: 1011;
  readonly network_config_manual_io: 1012;
  readonly network_config_no_delay: 1013;
  readonly network_config_tls_identity: 1014;
  readonly network_config_tls_identity_password: 1015;
  readonly network_config_handshake_timeout: 1016;
  readonly network_config_total_queue_limit: 1017;
  readonly network_config_websocket_keepalive: 1018;
  readonly network_config_io_threads: 1019;
  readonly network_config_max_clients: 1020;
  readonly network_config_accepting: 1021;
  readonly network_config_clients_per_address: 1022;
  readonly network_config_connects_per_address: 1023;
  readonly network_config_receive_rate: 1024;
  readonly network_config_proxy_protocol: 1025;
  readonly network_config_proxy_trusted: 1026;
  readonly network_config_http_health: 1027;
  readonly network_config_http_metrics: 1028;
  readonly network_config_reuse_port: 1029;
  readonly network_config_reuse_address: 1030;
  readonly network_config_reliable_keepalive: 1031;
  readonly network_config_log_level: 1032;
  readonly network_config_tls_reload: 1033;
  readonly network_config_reliable_only: 1034;
  readonly network_config_reliable_max_peers: 1035;
  readonly network_config_message_timeout: 1036;
  readonly network_config_total_send_limit: 1037;
  readonly network_config_simulate_latency: 1100;
  readonly network_config_simulate_jitter: 1101;
  readonly network_config_simulate_loss: 1102;
  readonly network_config_simulate_duplication: 1103;
  readonly network_config_simulate_reordering: 1104;
  readonly network_config_simulate_seed: 1105;
  readonly network_socket_tcp: 0;
  readonly network_socket_udp: 1;
  readonly network_socket_bluetooth: 2;
  readonly network_socket_ws: 6;
  readonly network_socket_wss: 7;
  readonly network_type_connect: 1;
  readonly network_type_disconnect: 2;
  readonly network_type_data: 3;
  readonly network_type_non_blocking_connect: 4;
  readonly network_type_up: 5;
  readonly network_type_up_failed: 6;
  readonly network_type_down: 7;
  readonly network_type_writable: 1001;
  readonly network_connect_none: 0;
  readonly network_connect_blocking: 1;
  readonly network_connect_nonblocking: 2;
  readonly network_send_binary: 1;
  readonly network_send_text: 2;
  readonly network_message_reliable: 3;
  readonly network_error_failed: -1;
  readonly network_error_bad_handle: -2;
  readonly network_error_bad_argument: -3;
  readonly network_error_wrong_kind: -4;
  readonly network_error_not_connected: -5;
  readonly network_error_timeout: -6;
  readonly network_error_too_big: -7;
  readonly network_error_queue_full: -8;
  readonly network_error_limit: -9;
  readonly network_error_resolve: -10;
  readonly network_error_tls: -11;
  readonly network_error_handshake: -12;
  readonly network_error_address_in_use: -13;
  readonly network_error_not_supported: -14;
  readonly network_error_busy: -15;
  readonly network_error_closed: -16;
  readonly network_error_internal: -99;
};

/** Options of sockets. */
export interface SocketOptions {
  enable_reliable_udp?: true;
  disable_reliable_udp?: true;
  avoid_time_wait?: true;
  websocket_protocol?: string;
  enable_multicast?: true;
  disable_multicast?: true;
  message_size_limit?: number;
  game_id?: number;
  tls_verify?: boolean;
  tls_ca_file?: string;
  tls_certificate?: string;
  tls_private_key?: string;
  send_queue_limit?: number;
  receive_queue_limit?: number;
  websocket_headers?: string;
  websocket_origins?: string;
  reliable_ordered?: boolean;
  reliable_timeout?: number;
  no_delay?: boolean;
  tls_identity?: string;
  tls_identity_password?: string;
  websocket_keepalive?: number;
  max_clients?: number;
  accepting?: boolean;
  clients_per_address?: number;
  connects_per_address?: number;
  receive_rate?: number;
  proxy_protocol?: boolean;
  proxy_trusted?: string;
  http_health?: string;
  http_metrics?: string;
  reliable_keepalive?: number;
  tls_reload?: true;
  reliable_only?: boolean;
  reliable_max_peers?: number;
  message_timeout?: number;
  simulate_latency?: number;
  simulate_jitter?: number;
  simulate_loss?: number;
  simulate_duplication?: number;
  simulate_reordering?: number;
  simulate_seed?: number;
}

/** Options of the whole library. */
export interface LibraryOptions {
  connect_timeout?: number;
  use_non_blocking_socket?: boolean;
  bind_address?: string;
  manual_io?: boolean;
  handshake_timeout?: number;
  total_queue_limit?: number;
  io_threads?: number;
  reuse_port?: boolean;
  reuse_address?: boolean;
  log_level?: number;
  total_send_limit?: number;
}

export type SocketStat =
  | 'bytes_sent'
  | 'bytes_received'
  | 'packets_sent'
  | 'packets_received'
  | 'dropped'
  | 'send_queue'
  | 'receive_queue'
  | 'rtt_ms'
  | 'rtt_jitter_ms'
  | 'clients'
  | 'accepted'
  | 'refused'
  | 'handshakes_failed'
  | 'peers'
  | 'resent'
  | 'lost';

export type LibraryStat =
  | 'bytes_sent'
  | 'bytes_received'
  | 'packets_sent'
  | 'packets_received'
  | 'dropped'
  | 'send_queue'
  | 'receive_queue'
  | 'peers'
  | 'resent'
  | 'lost'
  | 'sockets'
  | 'events';

/** The names of what goes wrong: `error.code`. */
export type ErrorCode =
  | 'network_error_failed'
  | 'network_error_bad_handle'
  | 'network_error_bad_argument'
  | 'network_error_wrong_kind'
  | 'network_error_not_connected'
  | 'network_error_timeout'
  | 'network_error_too_big'
  | 'network_error_queue_full'
  | 'network_error_limit'
  | 'network_error_resolve'
  | 'network_error_tls'
  | 'network_error_handshake'
  | 'network_error_address_in_use'
  | 'network_error_not_supported'
  | 'network_error_busy'
  | 'network_error_closed'
  | 'network_error_internal';
