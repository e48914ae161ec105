//! Sending datagrams with at most four arguments of two kinds, for hosts that cannot mix more.

use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_void};

use parking_lot::Mutex;

use crate::error::{Code, Error, Result};
use crate::host;
use crate::socket::Handle;

use super::{arg, network_send_udp, network_send_udp_raw, number};

#[derive(Clone)]
struct Target {
    url: CString,
    port: f64,
}

struct Targets {
    by_socket: BTreeMap<u32, Target>,
    /// Above this many, those of destroyed sockets are looked for.
    sweep_above: usize,
}

const LEAST_SWEEP: usize = 64;

static TARGETS: Mutex<Targets> = Mutex::new(Targets { by_socket: BTreeMap::new(), sweep_above: LEAST_SWEEP });

/// Sets where `network_send_udp_to_target` sends to, for callers that cannot pass the five arguments
/// of `network_send_udp`: GameMaker extensions without the runner interface, for example. It holds
/// until it is set again.
///
/// `url` is an address or a name (UTF-8, NUL-terminated, read before the call returns), `port` is 1
/// to 65535. Whether a name has an address shows when something is sent.
///
/// Returns 0, or `network_error_bad_handle`, `network_error_bad_argument`. Any thread; does not
/// block.
///
/// # Safety
///
/// `url` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_set_udp_target(socket: f64, url: *const c_char, port: f64) -> f64 {
    number(|| {
        let handle = arg::handle(socket)?;
        host::check_live(handle)?;
        // SAFETY: the caller's promise.
        let url = unsafe { arg::string("the url", url)? };
        arg::integer("the port", port, 1, u64::from(u16::MAX))?;
        // What was a C string has no NUL in it.
        let url = CString::new(url).unwrap_or_default();
        let targets = &mut *TARGETS.lock();
        targets.by_socket.insert(handle.0, Target { url, port });
        if targets.by_socket.len() > targets.sweep_above {
            targets.by_socket.retain(|socket, _| host::check_live(Handle(*socket)).is_ok());
            targets.sweep_above = LEAST_SWEEP.max(2 * targets.by_socket.len());
        }
        Ok(0.0)
    })
}

/// As `network_send_udp`, to the receiver that `network_set_udp_target` has set for the socket;
/// `network_error_not_connected` if it has none.
///
/// # Safety
///
/// `buffer` points to `size` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_send_udp_to_target(socket: f64, buffer: *const c_void, size: f64) -> f64 {
    number(|| {
        let Target { url, port } = target(socket)?;
        // SAFETY: the caller's promise; the url is a C string.
        Ok(unsafe { network_send_udp(socket, url.as_ptr(), port, buffer, size) })
    })
}

/// As `network_send_udp_raw`, to the receiver that `network_set_udp_target` has set for the socket;
/// `network_error_not_connected` if it has none.
///
/// # Safety
///
/// `buffer` points to `size` bytes, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_send_udp_raw_to_target(
    socket: f64,
    buffer: *const c_void,
    size: f64,
) -> f64 {
    number(|| {
        let Target { url, port } = target(socket)?;
        // SAFETY: the caller's promise; the url is a C string.
        Ok(unsafe { network_send_udp_raw(socket, url.as_ptr(), port, buffer, size) })
    })
}

fn target(socket: f64) -> Result<Target> {
    let handle = arg::handle(socket)?;
    host::check_live(handle)?;
    TARGETS.lock().by_socket.get(&handle.0).cloned().ok_or_else(|| {
        Error::new(Code::NotConnected, "the socket has no target: network_set_udp_target sets it")
    })
}
