//! The constants, by GameMaker's names and numbers. They are integers so that C can switch on them.
#![allow(non_upper_case_globals)]

/// A TCP socket.
pub const network_socket_tcp: i32 = 0;
/// A UDP socket.
pub const network_socket_udp: i32 = 1;
/// A Bluetooth socket: GameMaker's number, never supported.
pub const network_socket_bluetooth: i32 = 2;
/// A WebSocket over TCP; over TLS where the URL begins with `wss://`.
pub const network_socket_ws: i32 = 6;
/// A WebSocket over TLS.
pub const network_socket_wss: i32 = 7;

/// A client has finished connecting to a server.
pub const network_type_connect: i32 = 1;
/// A connection has ended: a server's client's, or a client socket's own.
pub const network_type_disconnect: i32 = 2;
/// Data has arrived.
pub const network_type_data: i32 = 3;
/// A connect that did not block has ended, well or not.
pub const network_type_non_blocking_connect: i32 = 4;
/// Reserved, never sent today: the network is up.
pub const network_type_up: i32 = 5;
/// Reserved, never sent today: the network did not come up.
pub const network_type_up_failed: i32 = 6;
/// Reserved, never sent today: the network is down.
pub const network_type_down: i32 = 7;

/// `network_set_config(.., ms, 0)`: how long a connect may take, 1 to 2147483647 ms, for later
/// connects; default 10000. It is also the time for handshakes with a server unless
/// `network_config_handshake_timeout` is set.
pub const network_config_connect_timeout: i32 = 0;
/// `network_set_config(.., 0 or 1, 0)`: `network_connect` and `network_connect_raw` return at once.
pub const network_config_use_non_blocking_socket: i32 = 1;
/// `network_set_config(.., socket, 0)`: reliable delivery on a UDP socket or server. From then on
/// `network_send_udp` sends messages of up to 64 MiB that arrive exactly once at a peer which has it
/// enabled too; raw sends and broadcasts stay plain datagrams. A peer that is given up brings a
/// `network_type_disconnect` event.
pub const network_config_enable_reliable_udp: i32 = 2;
/// `network_set_config(.., socket, 0)`: plain UDP again. What was sent before is still delivered, for
/// at most 2 seconds.
pub const network_config_disable_reliable_udp: i32 = 3;
/// `network_set_config(.., socket, 0)`: closing this TCP socket resets the connection (SO_LINGER
/// 0), so that no TIME_WAIT stays behind. Cannot be undone. On a server: its later connections.
pub const network_config_avoid_time_wait: i32 = 4;
/// `network_set_config_string(.., socket or -1, list)`: WebSocket subprotocols, comma-separated, the
/// preferred first. A client offers them; a server chooses one that the client offers, and takes
/// clients that offer none.
pub const network_config_websocket_protocol: i32 = 5;
/// `network_set_config(.., socket, 0)`: broadcasts of this UDP socket also go to ff02::1.
pub const network_config_enable_multicast: i32 = 6;
/// `network_set_config(.., socket, 0)`: the opposite.
pub const network_config_disable_multicast: i32 = 7;
/// `network_set_config(.., socket or -1, bytes)`: the largest message accepted from peers, 1 to
/// 2147483647. Default 64 MiB for created sockets, 4 MiB for connections a server accepted. On a
/// server it holds for the connections it accepts from then on.
pub const network_config_message_size_limit: i32 = 8;

/// `network_set_config(.., socket or -1, id)`: the fourth word of the client's handshake, 0 to
/// 4294967295; default 0. No server checks it.
pub const network_config_game_id: i32 = 1000;
/// `network_set_config(.., socket or -1, 0 or 1)`: TLS clients check certificate and name; default 1.
pub const network_config_tls_verify: i32 = 1001;
/// `network_set_config_string(.., socket or -1, path)`: a PEM file of certificate authorities
/// trusted besides the system's.
pub const network_config_tls_ca_file: i32 = 1002;
/// `network_set_config_string(.., socket or -1, path)`: the PEM certificate chain of a wss server.
/// Set it with -1 before `network_create_server`.
pub const network_config_tls_certificate: i32 = 1003;
/// `network_set_config_string(.., socket or -1, path)`: the certificate's key, PEM, PKCS#8.
pub const network_config_tls_private_key: i32 = 1004;
/// `network_set_config(.., socket or -1, bytes)`: payload bytes in a send queue from which on
/// sends return `network_error_queue_full`, 1 to 2147483647; default 16 MiB.
pub const network_config_send_queue_limit: i32 = 1005;
/// `network_set_config(.., socket or -1, bytes)`: bytes of uncollected events from which on a
/// socket is not read, so that TCP slows the peer down, 1 to 2147483647; default twice the message
/// size limit.
pub const network_config_receive_queue_limit: i32 = 1006;
/// `network_set_config_string(.., -1, address)`: the local address for sockets created later; "",
/// the default, means all.
pub const network_config_bind_address: i32 = 1007;
/// `network_set_config_string(.., socket or -1, lines)`: extra request headers of a WebSocket
/// client, "Name: value" lines; not those of the WebSocket handshake itself.
pub const network_config_websocket_headers: i32 = 1008;
/// `network_set_config_string(.., socket or -1, list)`: the origins of web pages that a WebSocket
/// server accepts, comma-separated, such as `https://game.example`; "", the default, means any.
/// Clients that are no web page send no origin and always pass.
pub const network_config_websocket_origins: i32 = 1009;
/// `network_set_config(.., socket, 0 or 1)`: reliable UDP delivers in order; default 0.
pub const network_config_reliable_ordered: i32 = 1010;
/// `network_set_config(.., socket, ms)`: reliable UDP gives a silent peer up; default 10000.
pub const network_config_reliable_timeout: i32 = 1011;
/// `network_set_config(.., 0 or 1, 0)`: no I/O thread; polls and waits do the I/O. Only while no
/// socket exists.
pub const network_config_manual_io: i32 = 1012;
/// `network_set_config(.., socket or -1, 0 or 1)`: TCP_NODELAY; default 1.
pub const network_config_no_delay: i32 = 1013;
/// `network_set_config_string(.., socket or -1, path)`: a PKCS#12 file instead of certificate and
/// key.
pub const network_config_tls_identity: i32 = 1014;
/// `network_set_config_string(.., socket or -1, text)`: that file's password.
pub const network_config_tls_identity_password: i32 = 1015;
/// `network_set_config(.., ms, 0)`: how long a client may take for the handshake with a server
/// created later, 1 to 2147483647 ms; default 10000.
pub const network_config_handshake_timeout: i32 = 1016;
/// `network_set_config(.., bytes, 0)`: bytes of all uncollected events together above which nothing
/// is read; default 256 MiB.
pub const network_config_total_queue_limit: i32 = 1017;
/// `network_set_config(.., socket or -1, ms)`: how long a WebSocket may be silent before it is
/// pinged, 0 to 2147483647 ms; 0: never; default 30000. A peer that has answered pings before and
/// does not answer one within the same time again is given up with `network_error_timeout`.
pub const network_config_websocket_keepalive: i32 = 1018;

/// `network_set_config(.., socket, ms)`: a bad network for tests. Whatever this UDP socket sends and
/// receives takes this much longer, 0 to 60000 ms; default 0. Set before the first send it holds
/// from the first datagram on, like the five that follow.
pub const network_config_simulate_latency: i32 = 1100;
/// `network_set_config(.., socket, ms)`: and up to this much longer at random, 0 to 60000 ms.
pub const network_config_simulate_jitter: i32 = 1101;
/// `network_set_config(.., socket, percentage)`: so many datagrams are lost, 0 to 100, each way.
pub const network_config_simulate_loss: i32 = 1102;
/// `network_set_config(.., socket, percentage)`: so many datagrams arrive twice.
pub const network_config_simulate_duplication: i32 = 1103;
/// `network_set_config(.., socket, percentage)`: so many datagrams are overtaken by later ones.
pub const network_config_simulate_reordering: i32 = 1104;
/// `network_set_config(.., socket, seed)`: where the randomness of those begins, 0 to 4294967295;
/// default 0. The same seed and the same traffic give the same network.
pub const network_config_simulate_seed: i32 = 1105;

/// WebSocket data: a binary message.
pub const network_send_binary: i32 = 1;
/// WebSocket data: a text message.
pub const network_send_text: i32 = 2;

/// The operating system refused; the message says what it said.
pub const network_error_failed: i32 = -1;
/// No such socket, or destroyed.
pub const network_error_bad_handle: i32 = -2;
/// An argument makes no sense: NULL, not a number, out of range, not UTF-8.
pub const network_error_bad_argument: i32 = -3;
/// The call does not fit this kind of socket.
pub const network_error_wrong_kind: i32 = -4;
/// The socket is not connected, or its connect event has not been collected yet.
pub const network_error_not_connected: i32 = -5;
/// Time is over: a connect, a handshake, a read or write timeout.
pub const network_error_timeout: i32 = -6;
/// Over the message size limit, or more than a datagram can carry.
pub const network_error_too_big: i32 = -7;
/// The peer does not keep up; nothing of this message was queued.
pub const network_error_queue_full: i32 = -8;
/// No more sockets or file descriptors.
pub const network_error_limit: i32 = -9;
/// The name has no address.
pub const network_error_resolve: i32 = -10;
/// TLS failed: a certificate that cannot be trusted, no common version.
pub const network_error_tls: i32 = -11;
/// The peer does not speak the expected protocol.
pub const network_error_handshake: i32 = -12;
/// The port is taken.
pub const network_error_address_in_use: i32 = -13;
/// This build, system or version does not do that.
pub const network_error_not_supported: i32 = -14;
/// Not now: already connecting or connected, or called from inside a callback.
pub const network_error_busy: i32 = -15;
/// The peer closed or reset the connection.
pub const network_error_closed: i32 = -16;
/// A defect of ours, caught; the socket it happened on is closed.
pub const network_error_internal: i32 = -99;
