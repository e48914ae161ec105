//! Sending datagrams with at most four arguments of two kinds, for hosts that cannot mix more.

use std::ffi::{c_char, c_void};

use crate::host::{self, Receiver};

use super::arg;
use super::boundary::number;
use super::sending::{count, destination_port, message, receiver};

/// Sets where `network_send_udp_to_target` sends to, for callers that cannot pass the five arguments
/// of `network_send_udp`: GameMaker extensions without the runner interface, for example. It holds
/// until it is set again.
///
/// `url` is an address or a name (UTF-8, NUL-terminated, read before the call returns), `port` is 1
/// to 65535. Whether a name has an address shows when something is sent.
///
/// Returns 0, or `network_error_bad_handle`, `network_error_bad_argument`, `network_error_wrong_kind`
/// (no UDP socket). Any thread; does not block.
///
/// # Safety
///
/// `url` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_set_udp_target(socket: f64, url: *const c_char, port: f64) -> f64 {
    number(|| {
        let handle = arg::handle(socket)?;
        // SAFETY: the caller's promise.
        let url = unsafe { receiver(url)? };
        let port = destination_port(port)?;
        host::set_target(handle, url, port).map(|()| 0.0)
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
        let handle = arg::handle(socket)?;
        // SAFETY: the caller's promise.
        let bytes = unsafe { message(buffer, size)? };
        host::send_udp(handle, Receiver::Target, bytes).map(count)
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
        let handle = arg::handle(socket)?;
        // SAFETY: the caller's promise.
        let bytes = unsafe { message(buffer, size)? };
        host::send_udp_raw(handle, Receiver::Target, bytes).map(count)
    })
}
