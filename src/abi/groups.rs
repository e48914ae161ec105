//! Groups: one message to many connections.

use std::ffi::c_void;

use crate::error::{Error, Result};
use crate::host;

use super::arg;
use super::boundary::{number, result};
use super::sending::{count, message};

/// Makes a group of connections, to send one message to all of them. A server's handle is a group as
/// well, without this: all clients whose connect event was collected and whose disconnect event was not.
///
/// Returns the group's handle, from the same count as those of sockets and never the same as one; or
/// `network_error_limit`. Functions for sockets answer it with `network_error_wrong_kind`.
/// `network_destroy` ends the group, not its members. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_create_group() -> f64 {
    number(|| Ok(f64::from(host::create_group()?.0)))
}

/// Makes a connected TCP or WebSocket socket, regular or raw, a client's own or a server's client, a
/// member of a group. A socket may be in any number of groups. It leaves all of them by itself when its
/// disconnect event is collected, or when it is destroyed; connecting anew does not bring it back.
///
/// Returns 1, or 0 if it was a member, or `network_error_not_connected`, `_closed`, `_wrong_kind` (the
/// socket is a server or for UDP, or the group a server's, which changes with its clients alone),
/// `_bad_handle`. Any thread, callbacks included; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_group_add(group: f64, socket: f64) -> f64 {
    number(|| {
        host::group_add(arg::handle(group)?, arg::handle(socket)?).map(|added| f64::from(u8::from(added)))
    })
}

/// Takes a socket out of a group.
///
/// Returns 1, or 0 if it was no member, or `network_error_wrong_kind` for a server's group,
/// `network_error_bad_handle`. Any thread, callbacks included; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_group_remove(group: f64, socket: f64) -> f64 {
    number(|| {
        host::group_remove(arg::handle(group)?, arg::handle(socket)?)
            .map(|removed| f64::from(u8::from(removed)))
    })
}

/// How many members a group has, or clients a TCP or WebSocket server.
///
/// Returns that, or `network_error_wrong_kind` for other sockets, `network_error_bad_handle`. Any
/// thread, callbacks included; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_group_size(group: f64) -> f64 {
    number(|| host::group_size(arg::handle(group)?).map(count))
}

/// Sends a packet as `network_send_packet` does to every member of a group, or every client of a server,
/// but `except`: a socket, member or not, or -1 for none. This costs a fraction of a loop of sends: the
/// packet is made ready once for each kind of connection, large ones are stored once for all, and the
/// library is told once.
///
/// `buffer` has `size` bytes, 0 to 67108864, copied before the call returns; it may be NULL only if
/// `size` is 0.
///
/// Returns how many members took the packet: 0 to `network_group_size`. It is not sent to those whose
/// send queue is full, which "dropped" of `network_get_stat` counts for each, nor to those that have
/// gone and whose disconnect event waits. Or nothing was sent and it returns `network_error_too_big`,
/// `_wrong_kind` (`group` is a socket), `_bad_handle` (of `group` or `except`), `_bad_argument`. Any
/// thread, callbacks included; packets to one socket arrive in the order sent. Does not block.
///
/// # Safety
///
/// `buffer` is NULL or has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_group_send_packet(
    group: f64,
    buffer: *const c_void,
    size: f64,
    except: f64,
) -> f64 {
    // SAFETY: this function's caller promises what that one asks.
    number(|| unsafe { send(group, false, buffer, size, except) })
}

/// As `network_group_send_packet`, but bytes as they are, over WebSockets as a binary message. Regular
/// members, whose stream it would corrupt, are skipped and do not count.
///
/// # Safety
///
/// `buffer` is NULL or has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_group_send_raw(
    group: f64,
    buffer: *const c_void,
    size: f64,
    except: f64,
) -> f64 {
    // SAFETY: this function's caller promises what that one asks.
    number(|| unsafe { send(group, true, buffer, size, except) })
}

/// # Safety
///
/// `buffer` is NULL or has `size` readable bytes.
unsafe fn send(group: f64, raw: bool, buffer: *const c_void, size: f64, except: f64) -> Result<f64> {
    let group = arg::handle(group)?;
    let except = arg::handle_or_default(except)?;
    // SAFETY: the caller's promise.
    let bytes = unsafe { message(buffer, size)? };
    host::group_send(group, raw, bytes, except).map(count)
}

/// Sends a packet to `count` sockets in the order given, as cheaply as `network_group_send_packet`: for
/// those that are chosen anew each time. A socket that stands there twice gets it twice.
///
/// `sockets` has `count` handles; it may be NULL only if `count` is 0. `results` is NULL or has room for
/// as many numbers: what `network_send_packet` would have returned for each. `buffer` as there.
///
/// Returns how many took the packet. `network_last_error` is about the last one that did not. Or nothing
/// was sent, and `results` are as they were: `network_error_too_big`, `network_error_bad_argument`. Any
/// thread, callbacks included; does not block.
///
/// # Safety
///
/// `sockets` is NULL or has `count` readable numbers, `results` is NULL or has room for as many, `buffer`
/// is NULL or has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_send_packet_many(
    sockets: *const f64,
    count: f64,
    buffer: *const c_void,
    size: f64,
    results: *mut f64,
) -> f64 {
    number(|| {
        // So many handles there are at the most.
        let length = arg::integer("count", count, 0, i32::MAX as u64)? as usize;
        if sockets.is_null() && length > 0 {
            return Err(Error::bad_argument("the sockets are NULL"));
        }
        // SAFETY: the caller's promise.
        let bytes = unsafe { message(buffer, size)? };
        let mut at = 0;
        let handles = (0..length).map(|index| {
            // SAFETY: below `count`.
            arg::handle(unsafe { sockets.add(index).read() })
        });
        let took = host::send_packet_many(handles, bytes, |sent| {
            let returned = result(sent.map(super::sending::count));
            if !results.is_null() {
                // SAFETY: the caller's promise; it is called once for each socket.
                unsafe { results.add(at).write(returned) };
            }
            at += 1;
        });
        Ok(super::sending::count(took))
    })
}
