//! The constants, by GameMaker's names and numbers. They are integers so that C can switch on them.
#![allow(non_upper_case_globals)]

pub use crate::catalog::options::*;

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

/// A socket that had refused a message with `network_error_queue_full` has room again: half its limit or
/// less is queued, and all together are below `network_config_total_send_limit`. One event for all refusals before it is collected, and none after the disconnect. `id` is
/// the socket. Of a reliable UDP socket `ip` and `port` say which peer has room; 0 and "" stand for its
/// plain datagrams. GameMaker has no such event.
pub const network_type_writable: i32 = 1001;

/// Not connected: GameMaker's names for ways to connect, which no function here takes.
pub const network_connect_none: i32 = 0;
/// A connect that blocks.
pub const network_connect_blocking: i32 = 1;
/// A connect that does not block.
pub const network_connect_nonblocking: i32 = 2;

/// WebSocket data: a binary message.
pub const network_send_binary: i32 = 1;
/// WebSocket data: a text message.
pub const network_send_text: i32 = 2;

/// Reliable UDP: a message that came by the protocol, from who proved its address.
pub const network_message_reliable: i32 = 3;

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
