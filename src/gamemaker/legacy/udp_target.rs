//! `network_send_udp` has five arguments, one more than such hosts can mix: here the receiver is
//! set first, and sends follow.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_void};

use parking_lot::Mutex;

use crate::abi::{network_get_port, network_send_udp, network_send_udp_raw};
use crate::error::{Code, Error, set_last};

struct Target {
    url: CString,
    port: f64,
}

struct Targets {
    by_socket: BTreeMap<u64, Target>,
    /// Above this many, those of destroyed sockets are looked for.
    sweep_above: usize,
}

const LEAST_SWEEP: usize = 64;

static TARGETS: Mutex<Targets> = Mutex::new(Targets { by_socket: BTreeMap::new(), sweep_above: LEAST_SWEEP });

/// Sets where `network_send_udp_to_target` sends to: for callers that cannot pass the five
/// arguments of `network_send_udp`. It holds until it is set again.
///
/// @param socket  a UDP socket or UDP server
/// @param url     host name or address of the receiver
/// @param port    its port
/// @returns 0, or a negative `network_error_*`; whether the url has an address shows when sending
///
/// # Safety
/// `url` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_set_udp_target(socket: f64, url: *const c_char, port: f64) -> f64 {
    let Some(key) = live(socket) else { return fail(Error::bad_handle()) };
    if url.is_null() {
        return fail(Error::bad_argument("the url is NULL"));
    }
    if !(1.0..=65_535.0).contains(&port) || port.fract() != 0.0 {
        return fail(Error::bad_argument("the port must be 1 to 65535"));
    }
    // SAFETY: not NULL, so NUL-terminated by contract.
    let url = unsafe { CStr::from_ptr(url) }.to_owned();
    let targets = &mut *TARGETS.lock();
    targets.by_socket.insert(key, Target { url, port });
    if targets.by_socket.len() > targets.sweep_above {
        targets.by_socket.retain(|key, _| live(*key as f64).is_some());
        targets.sweep_above = LEAST_SWEEP.max(2 * targets.by_socket.len());
    }
    0.0
}

/// Does what `network_send_udp` does, to the receiver set by `network_set_udp_target`.
///
/// @param socket  a UDP socket or UDP server with a target
/// @param buffer  `size` bytes; copied before returning; may be NULL if size is 0
/// @param size    bytes of payload
/// @returns what `network_send_udp` returns; `network_error_not_connected` without a target
///
/// # Safety
/// `size` bytes are readable at `buffer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_send_udp_to_target(socket: f64, buffer: *const c_void, size: f64) -> f64 {
    match target(socket) {
        // SAFETY: passed on from the caller.
        Ok(target) => unsafe { network_send_udp(socket, target.url.as_ptr(), target.port, buffer, size) },
        Err(error) => fail(error),
    }
}

/// Does what `network_send_udp_raw` does, to the receiver set by `network_set_udp_target`.
///
/// @param socket  a UDP socket or UDP server with a target
/// @param buffer  `size` bytes; copied before returning; may be NULL if size is 0
/// @param size    bytes of payload
/// @returns what `network_send_udp_raw` returns; `network_error_not_connected` without a target
///
/// # Safety
/// `size` bytes are readable at `buffer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_send_udp_raw_to_target(
    socket: f64,
    buffer: *const c_void,
    size: f64,
) -> f64 {
    match target(socket) {
        // SAFETY: passed on from the caller.
        Ok(target) => unsafe { network_send_udp_raw(socket, target.url.as_ptr(), target.port, buffer, size) },
        Err(error) => fail(error),
    }
}

fn target(socket: f64) -> Result<Target, Error> {
    let key = live(socket).ok_or_else(Error::bad_handle)?;
    let targets = TARGETS.lock();
    let target = targets.by_socket.get(&key).ok_or_else(|| {
        Error::new(Code::NotConnected, "the socket has no target: call network_set_udp_target first")
    })?;
    Ok(Target { url: target.url.clone(), port: target.port })
}

/// The socket's key if the handle is live, whatever its kind.
fn live(socket: f64) -> Option<u64> {
    let known = network_get_port(socket) != f64::from(Code::BadHandle as i8);
    known.then_some(socket as u64)
}

fn fail(error: Error) -> f64 {
    set_last(&error);
    f64::from(error.code as i8)
}
