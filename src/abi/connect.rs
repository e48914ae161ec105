//! Connecting clients, and looking names up.

use std::ffi::c_char;

use crate::error::Result;
use crate::host;

use super::arg;
use super::boundary::{number, text};

/// Connects a client socket to a GameMaker server and blocks until the handshake is done or the
/// connect timeout is over. With `network_config_use_non_blocking_socket` it does not block and is
/// `network_connect_async`.
///
/// `url` is an address or a name (UTF-8, NUL-terminated, read before the call returns), for
/// WebSockets `[ws://|wss://]host[:port][/path][?query]`; `port` is 1 to 65535, or 0 for the one in
/// the url, for WebSockets also for the scheme's (80, 443). `wss://`, and a socket of kind wss
/// whatever the url says, mean TLS: the server's certificate must be trusted and for the url's host.
///
/// Returns the socket's handle, or what went wrong: `network_error_timeout`, `_failed` (refused,
/// unreachable: the message says), `_resolve`, `_tls`, `_handshake`, `_closed`, `_busy` (connecting
/// or connected already, or called from inside a callback), `_wrong_kind`, `_bad_handle`,
/// `_bad_argument`. A failed call brings no event, and the socket may connect again. Any thread.
///
/// # Safety
///
/// `url` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_connect(socket: f64, url: *const c_char, port: f64) -> f64 {
    // SAFETY: this function's caller promises what that one asks.
    number(|| unsafe { connect(socket, url, port, true, true) })
}

/// As `network_connect`, without GameMaker's handshake and headers: to servers of any kind.
///
/// # Safety
///
/// `url` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_connect_raw(socket: f64, url: *const c_char, port: f64) -> f64 {
    // SAFETY: this function's caller promises what that one asks.
    number(|| unsafe { connect(socket, url, port, false, true) })
}

/// As `network_connect`, but returns the socket's handle at once. How it ended is told by exactly
/// one `network_type_non_blocking_connect` event, with `succeeded`, `error` and `reason`; until that
/// was collected, sends return `network_error_not_connected`. Any thread; never blocks.
///
/// # Safety
///
/// `url` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_connect_async(socket: f64, url: *const c_char, port: f64) -> f64 {
    // SAFETY: this function's caller promises what that one asks.
    number(|| unsafe { connect(socket, url, port, true, false) })
}

/// As `network_connect_async`, without GameMaker's handshake and headers.
///
/// # Safety
///
/// `url` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_connect_raw_async(socket: f64, url: *const c_char, port: f64) -> f64 {
    // SAFETY: this function's caller promises what that one asks.
    number(|| unsafe { connect(socket, url, port, false, false) })
}

/// # Safety
///
/// `url` is NULL or a NUL-terminated string.
unsafe fn connect(socket: f64, url: *const c_char, port: f64, regular: bool, waits: bool) -> Result<f64> {
    let handle = arg::handle(socket)?;
    // SAFETY: the caller's promise.
    let url = unsafe { arg::string("the url", url)? };
    Ok(f64::from(host::connect(handle, url, arg::port(port)?, regular, waits)?.0))
}

/// Looks a name up and returns one of its addresses as text, IPv4 if there is one; "" on failure.
/// The string belongs to the library and is valid for this thread's next seven calls that return a
/// string. Any thread; blocks as long as the system's resolver does. Not from inside a callback.
///
/// # Safety
///
/// `url` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_resolve(url: *const c_char) -> *const c_char {
    text(|| {
        // SAFETY: the caller's promise.
        host::resolve(unsafe { arg::string("the name", url)? })
    })
}
