//! Sending. No send blocks, and none makes a system call on the connection: the bytes are copied
//! into the socket's queue and leave together with what else is sent in the same moment.

use std::ffi::{c_char, c_void};

use crate::error::{Code, Error, Result};
use crate::host::{self, Receiver};
use crate::options::MESSAGE_LIMIT;
use crate::socket::Handle;

use super::arg;
use super::boundary::number;
use super::constants::network_send_text;

/// Sends a packet with GameMaker's header over a connected TCP or WebSocket socket, a client's own
/// or a server's client. Over a raw connection header and payload are sent as well.
///
/// `buffer` has `size` bytes, 0 to 67108864, copied before the call returns; it may be NULL only if
/// `size` is 0. An empty packet arrives as a data event of size 0.
///
/// Returns the bytes sent, for TCP `size + 12`, for WebSockets `size`. Nothing was sent if it
/// returns `network_error_queue_full` (the peer does not keep up: a `network_type_writable` event
/// tells when to go on), `_not_connected`,
/// `_closed`, `_too_big`, `_wrong_kind` (a server, a UDP socket), `_bad_handle`, `_bad_argument`. Any
/// thread; packets of one socket arrive in the order sent.
///
/// # Safety
///
/// `buffer` is NULL or has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_send_packet(socket: f64, buffer: *const c_void, size: f64) -> f64 {
    number(|| {
        let handle = arg::handle(socket)?;
        // SAFETY: the caller's promise.
        let bytes = unsafe { message(buffer, size)? };
        host::send_packet(handle, bytes).map(count)
    })
}

/// Sends bytes as they are over a raw connection. `options` is 0 or `network_send_binary`, or
/// `network_send_text`: over a WebSocket that makes it a text message, which must be UTF-8; over TCP,
/// which knows no messages, it changes nothing. From C99 on and in C++ `options` may be left out. Over
/// TCP nothing is sent if `size` is 0.
///
/// Returns `size`, or as `network_send_packet`; `network_error_wrong_kind` also for regular
/// connections, whose stream it would corrupt. Any thread; does not block.
///
/// # Safety
///
/// `buffer` is NULL or has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_send_raw(
    socket: f64,
    buffer: *const c_void,
    size: f64,
    options: f64,
) -> f64 {
    number(|| {
        let handle = arg::handle(socket)?;
        let text = arg::integer("options", options, 0, 2)? == network_send_text as u64;
        // SAFETY: the caller's promise.
        let bytes = unsafe { message(buffer, size)? };
        host::send_raw(handle, bytes, text).map(count)
    })
}

/// Sends one datagram with GameMaker's header, or with reliable UDP enabled one message of up to 64
/// MiB without a header, from a UDP socket or server to `url` (an address or a
/// name, UTF-8, NUL-terminated) and `port`, 1 to 65535. `size` is 0 to 65495. A socket that has no
/// port yet gets one. A name is resolved in the background, IPv4 before IPv6, and what is sent to it
/// waits for that in order; datagrams for others wait for it for a fifth of a second at the most.
///
/// Returns `size + 12`, or a negative error as `network_send_packet`, also `network_error_resolve`
/// if the name was found to have no address a moment ago. Any thread; does not block.
///
/// # Safety
///
/// `url` is NULL or a NUL-terminated string; `buffer` is NULL or has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_send_udp(
    socket: f64,
    url: *const c_char,
    port: f64,
    buffer: *const c_void,
    size: f64,
) -> f64 {
    // SAFETY: this function's caller promises what that one asks.
    number(|| unsafe { send_datagram(socket, url, port, buffer, size, host::send_udp) })
}

/// As `network_send_udp` without the header; `size` is 0 to 65507. Returns `size`.
///
/// # Safety
///
/// `url` is NULL or a NUL-terminated string; `buffer` is NULL or has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_send_udp_raw(
    socket: f64,
    url: *const c_char,
    port: f64,
    buffer: *const c_void,
    size: f64,
) -> f64 {
    // SAFETY: this function's caller promises what that one asks.
    number(|| unsafe { send_datagram(socket, url, port, buffer, size, host::send_udp_raw) })
}

/// Sends one datagram without header to `port` at the broadcast address of every IPv4 interface,
/// and with multicast enabled to ff02::1 on every IPv6 interface. It may thus arrive more than
/// once. `size` is 0 to 65507.
///
/// Returns `size`, or a negative error as `network_send_packet`. Any thread; does not block.
///
/// # Safety
///
/// `buffer` is NULL or has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_send_broadcast(
    socket: f64,
    port: f64,
    buffer: *const c_void,
    size: f64,
) -> f64 {
    number(|| {
        let handle = arg::handle(socket)?;
        let port = destination_port(port)?;
        // SAFETY: the caller's promise.
        let bytes = unsafe { message(buffer, size)? };
        host::send_broadcast(handle, port, bytes).map(count)
    })
}

/// # Safety
///
/// `url` is NULL or a NUL-terminated string; `buffer` is NULL or has `size` readable bytes.
unsafe fn send_datagram(
    socket: f64,
    url: *const c_char,
    port: f64,
    buffer: *const c_void,
    size: f64,
    send: impl FnOnce(Handle, Receiver<'_>, &[u8]) -> Result<usize>,
) -> Result<f64> {
    let handle = arg::handle(socket)?;
    // SAFETY: the caller's promise.
    let url = unsafe { receiver(url)? };
    let port = destination_port(port)?;
    // SAFETY: the caller's promise.
    let bytes = unsafe { message(buffer, size)? };
    send(handle, Receiver::Url(url, port), bytes).map(count)
}

/// What was sent, as C is told: far below where the conversion of an unsigned number costs more.
#[inline]
pub(crate) fn count(sent: usize) -> f64 {
    sent as i64 as f64
}

/// What names a receiver.
///
/// # Safety
///
/// `url` is NULL or a NUL-terminated string.
pub(crate) unsafe fn receiver<'a>(url: *const c_char) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    match unsafe { arg::string("the url", url)? } {
        "" => Err(Error::bad_argument("the url is empty")),
        url => Ok(url),
    }
}

pub(crate) fn destination_port(port: f64) -> Result<u16> {
    arg::integer("the port to send to", port, 1, u64::from(u16::MAX)).map(|port| port as u16)
}

/// The bytes of a message; refused unread if there are too many.
///
/// # Safety
///
/// `buffer` is NULL or has `size` readable bytes.
#[inline]
pub(crate) unsafe fn message<'a>(buffer: *const c_void, size: f64) -> Result<&'a [u8]> {
    let size = arg::size(size)?;
    if size > MESSAGE_LIMIT as usize {
        return Err(Error::new(Code::TooBig, "a message can be 64 MiB at the most"));
    }
    // SAFETY: the caller's promise, and the size is far below isize::MAX.
    unsafe { arg::bytes(buffer, size) }
}
