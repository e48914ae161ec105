//! Sockets and servers: making and destroying them.

use std::ffi::{c_char, c_void};

use crate::error::{Result, catch_defects};
use crate::{host, runtime};

use super::arg;
use super::boundary::{failure, number};

/// Makes a client socket. `type` is `network_socket_tcp`, `_udp`, `_ws` or `_wss`.
///
/// Returns the socket's handle, a small whole number below 2^31 that this process never uses again
/// for another socket; or `network_error_not_supported`, `network_error_limit`,
/// `network_error_bad_argument`. Destroy it with `network_destroy`. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_create_socket(r#type: f64) -> f64 {
    number(|| Ok(f64::from(host::create_socket(arg::family(r#type)?, None)?.0)))
}

/// Makes a client socket that is bound to a local port, 0 to 65535; with 0 the system chooses one,
/// which `network_get_port` tells. TCP and WebSocket: connections go out from that port. UDP:
/// receives there from now on.
///
/// Returns the handle, or `network_error_address_in_use` if the port is taken, or as
/// `network_create_socket`. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_create_socket_ext(r#type: f64, port: f64) -> f64 {
    number(|| Ok(f64::from(host::create_socket(arg::family(r#type)?, Some(arg::port(port)?))?.0)))
}

/// Makes a server that GameMaker clients connect to with `network_connect`. It listens on IPv4 and
/// IPv6 alike at `port`, 0 to 65535 (0: any, see `network_get_port`), for at most `max_client`
/// clients at a time, 0 to 2147483647 (`network_config_max_clients` changes it later); one more is
/// refused, over a WebSocket with the HTTP status 503, and a place is free again as soon as a client leaves. UDP servers ignore `max_client`. A wss server needs a certificate:
/// `network_config_tls_certificate` and `network_config_tls_private_key`, or
/// `network_config_tls_identity`, set with -1 before.
///
/// Where systemd has opened the port for this program (socket activation, `LISTEN_FDS`), a server created on
/// it takes that socket over: who connects while the program is restarted waits instead of being refused.
/// Such a port stays open when the server is destroyed or stops accepting.
///
/// The soft limit of file descriptors is raised to the hard one with the first server. Returns the
/// server's handle, or `network_error_address_in_use` (try the next port), `network_error_tls` (the
/// certificate or its key cannot be used: the message says why), or as
/// `network_create_socket`. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_create_server(r#type: f64, port: f64, max_client: f64) -> f64 {
    number(|| create_server(r#type, port, max_client, true))
}

/// As `network_create_server`, without GameMaker's handshake and headers: for clients of any kind.
/// Data events then carry what the stream brought, cut anywhere; of WebSockets whole messages.
#[unsafe(no_mangle)]
pub extern "C" fn network_create_server_raw(r#type: f64, port: f64, max_client: f64) -> f64 {
    number(|| create_server(r#type, port, max_client, false))
}

fn create_server(r#type: f64, port: f64, max_client: f64, regular: bool) -> Result<f64> {
    let family = arg::family(r#type)?;
    let port = arg::port(port)?;
    let max_clients = arg::integer("max_client", max_client, 0, i32::MAX as u64)? as u32;
    Ok(f64::from(host::create_server(family, port, max_clients, regular)?.0))
}

/// Destroys a socket, a server with all its clients, or one client of a server. What was accepted
/// for sending still leaves, in the background, for at most 2 seconds; then TCP closes in an orderly
/// way, a WebSocket with a close frame. No further event about the socket is delivered, also none that was waiting.
/// A group is destroyed as well, its members are not.
///
/// Returns 0, or `network_error_bad_handle`, also for a second call. Any thread, callbacks
/// included; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_destroy(socket: f64) -> f64 {
    number(|| host::destroy(arg::handle(socket)?).map(|()| 0.0))
}

/// As `network_destroy`, and a WebSocket says why in its close frame: `code` is 1000, 1001, 1008 to
/// 1014 or 3000 to 4999, `reason` a text of at most 123 bytes (UTF-8, NUL-terminated, copied before the
/// call returns), "" for none. Of a WebSocket server all clients are told. Other sockets just close.
///
/// Returns 0, or `network_error_bad_handle`, `network_error_bad_argument`. Any thread, callbacks
/// included; does not block.
///
/// # Safety
///
/// `reason` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_close(socket: f64, code: f64, reason: *const c_char) -> f64 {
    number(|| {
        let handle = arg::handle(socket)?;
        let code = arg::integer("a close code", code, 1000, 4999)? as u16;
        // SAFETY: the caller's promise.
        host::close(handle, code, unsafe { arg::string("the reason", reason)? }).map(|()| 0.0)
    })
}

/// Keeps a pointer of your own for a socket: its events carry it as `user`. The library never looks
/// into it. A server's clients begin with what their server has when their connect event is collected.
///
/// Returns 0, or `network_error_bad_handle`. Any thread, callbacks included; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_set_user(socket: f64, user: *mut c_void) -> f64 {
    number(|| host::set_user(arg::handle(socket)?, user).map(|()| 0.0))
}

/// What `network_set_user` gave the socket; NULL if nothing, or if there is no such socket. Any
/// thread, callbacks included; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_get_user(socket: f64) -> *mut c_void {
    catch_defects(|| host::user(arg::handle(socket)?)).unwrap_or_else(|error| {
        failure(&error);
        std::ptr::null_mut()
    })
}

/// Destroys everything: flushes within the bound of `network_destroy`, stops the I/O threads, drops
/// all events, resets all options. The next call starts afresh; old handles stay invalid.
///
/// Returns 0, or `network_error_busy` from inside a callback. Any thread, but no other thread may
/// use events it has collected any more; blocks for up to 2 seconds. A process may also end without
/// it; what was not yet sent may then be lost.
#[unsafe(no_mangle)]
pub extern "C" fn network_shutdown() -> f64 {
    number(|| runtime::shutdown().map(|()| 0.0))
}

/// How long a connection may be silent. If nothing was received for `read_ms`, or queued bytes made
/// no progress for `write_ms`, the connection is closed and a disconnect event with
/// `network_error_timeout` comes. Both 0 to 2147483647 ms; 0, the default, means for ever.
///
/// Returns 0, or `network_error_wrong_kind` for servers and UDP sockets,
/// `network_error_bad_handle`, `network_error_bad_argument`. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_set_timeout(socket: f64, read_ms: f64, write_ms: f64) -> f64 {
    number(|| {
        let handle = arg::handle(socket)?;
        let read = arg::integer("read_ms", read_ms, 0, i32::MAX as u64)? as u32;
        let write = arg::integer("write_ms", write_ms, 0, i32::MAX as u64)? as u32;
        host::set_timeouts(handle, read, write).map(|()| 0.0)
    })
}
