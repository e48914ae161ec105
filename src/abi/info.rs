//! Asking: addresses, ports, counters, errors, the version.

use std::ffi::c_char;

use crate::catalog::stats::{Scope, find};
use crate::error::{self, Code, Error};
use crate::{host, log};

use super::arg;
use super::boundary::{keep, number, text};

/// A string about a socket: `key` is "ip" (the peer's address), for WebSockets also "path" and
/// "query" of the request, "origin" (the page a server's client comes from; "" for programs),
/// "protocol" (the subprotocol agreed on), "tls" ("1" when encrypted), and of a server's client
/// "header:Name": the header field of that name, in whatever case, of its request, as received. Several of
/// one name are one list, separated by ", " (Cookie by "; "). Kept are whole fields up to 8 KiB in all, and not
/// Sec-WebSocket-Key; clients whose requests are the same share the memory. Bytes that are not UTF-8 are
/// replaced. "" if there is none, and on failure. The string belongs to the library and is valid for this thread's next seven calls that
/// return a string. Any thread; does not block.
///
/// # Safety
///
/// `key` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_get_string(socket: f64, key: *const c_char) -> *const c_char {
    text(|| {
        let handle = arg::handle(socket)?;
        // SAFETY: the caller's promise.
        host::string(handle, unsafe { arg::string("the key", key)? })
    })
}

/// The local port a socket is bound to: of a server, of a socket of `network_create_socket_ext`, of
/// a connection. Returns 1 to 65535, or `network_error_not_connected` if it has none yet,
/// `network_error_bad_handle`. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_get_port(socket: f64) -> f64 {
    number(|| host::port(arg::handle(socket)?).map(f64::from))
}

/// A counter of a socket, or of the whole library if `socket` is -1 (then sockets that no longer
/// exist are counted too). Asked of a server of connections it is the sum over its clients, those that
/// have left included.
///
/// The keys:
///
/// @STATS@
///
/// Returns it, or `network_error_bad_argument` for another key, `network_error_bad_handle`. Any
/// thread; does not block.
///
/// # Safety
///
/// `key` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_get_stat(socket: f64, key: *const c_char) -> f64 {
    number(|| {
        let handle = arg::handle_or_default(socket)?;
        // SAFETY: the caller's promise.
        let key = unsafe { arg::string("the key", key)? };
        let row = find(key).ok_or_else(|| Error::bad_argument(format!("unknown key \"{key}\"")))?;
        match handle {
            Some(_) if row.scope == Scope::Library => {
                Err(Error::bad_argument(format!("\"{key}\" is of the whole library: ask with -1")))
            }
            None if matches!(row.scope, Scope::Socket | Scope::Server) => {
                Err(Error::bad_argument(format!("\"{key}\" is of one socket: ask with it")))
            }
            Some(handle) => host::stat(handle, row.stat),
            None => host::total_stat(row.stat),
        }
    })
}

/// This thread's last failure in one sentence; "" if there was none. The string belongs to the
/// library and is valid for this thread's next seven calls that return a string. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_last_error() -> *const c_char {
    keep(&error::last())
}

/// The oldest line of the log that was not fetched yet, without a line's end, or "" if none is left:
/// level, time (UTC) and text, as "2 2026-11-25T12:00:00.000Z server 0 refused 192.0.2.7 port 50000: the
/// server is full". What the levels are and which are kept stands with `network_config_log_level`. At
/// most 1024 lines are kept; of more the oldest go, and a line of its own tells how many. The string
/// belongs to the library and is valid for this thread's next seven calls that return a string. Any
/// thread, callbacks included; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_next_log() -> *const c_char {
    text(|| Ok(log::next().unwrap_or_default()))
}

/// The name of an error number, such as "network_error_timeout"; "" if it is none. The string is
/// valid for ever. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_error_name(error: f64) -> *const c_char {
    let found = Code::TABLE.iter().find(|(code, _)| f64::from(*code as i8) == error);
    // The names in the table end with a NUL.
    found.map_or(c"".as_ptr(), |(_, name)| name.as_ptr().cast())
}

/// The library's version, such as "0.2.0". The string is valid for ever. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// All counters as text in the format of Prometheus (0.0.4): of the library as a whole, and of each server
/// with the labels "server", its handle, and "port". The string belongs to the library and is valid for this thread's next seven calls that return
/// a string. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_get_metrics() -> *const c_char {
    text(|| Ok(host::prometheus::text()))
}

/// This machine's addresses, one by one: what a player tells a friend to connect to. `index` is 0, 1, ...;
/// "" past the last, and on failure. IPv4 comes first; loopback and addresses that hold on one link
/// alone are left out. Behind a router others on the internet see another address. The string belongs to
/// the library and is valid for this thread's next seven calls that return a string. Any thread; does not
/// block.
#[unsafe(no_mangle)]
pub extern "C" fn network_get_address(index: f64) -> *const c_char {
    text(|| Ok(host::local_address(arg::integer("index", index, 0, i32::MAX as u64)? as u32)))
}
