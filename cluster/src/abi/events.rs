//! Collecting the cluster's events: as a struct, or with numbers and strings alone.

use std::ffi::{c_char, c_void};

use crate::engine::{self, Current, now};
use crate::error::{Error, Result};
use crate::event::Event;

use super::{arg, number};

/// One event of the cluster. What its type does not have is 0, respectively "". The pointers belong to the library and stay
/// valid until the next `cluster_poll_event`, `cluster_event_next` or `cluster_close` by any thread.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ClusterEvent {
    /// What happened: a `cluster_type_*`.
    pub r#type: f64,
    /// Found, none: the number that `cluster_find` and the like have returned.
    pub request: f64,
    /// Seat: the room's handle.
    pub room: f64,
    /// Found: players in the room when the place was kept.
    pub players: f64,
    /// Found: the room's places.
    pub places: f64,
    /// Player_elsewhere: the socket he had entered with.
    pub socket: f64,
    /// Up: 1 if messages may have been missed.
    pub gap: f64,
    /// Down, none: a `network_error_*`, or 0.
    pub error: f64,
    /// Message: how many bytes are at `buffer`.
    pub size: f64,
    /// Message: the payload, never NULL; else NULL.
    pub buffer: *const u8,
    /// Message to a topic: which.
    pub topic: *const c_char,
    /// Message to a player, player_elsewhere: who.
    pub player: *const c_char,
    /// Message: the id of the server that has sent it; "" if some other program has.
    pub from: *const c_char,
    /// Found: the room's or the player's name.
    pub name: *const c_char,
    /// Create, found: the room's kind.
    pub kind: *const c_char,
    /// Found: where players reach that server.
    pub address: *const c_char,
    /// Found: that server's id.
    pub server: *const c_char,
    /// Found, seat: what whoever has found the room shows there.
    pub ticket: *const c_char,
    /// Found, create: the room's data.
    pub data: *const c_char,
    /// Down: one sentence for a person.
    pub reason: *const c_char,
    /// 0.
    pub reserved: [f64; 8],
}

/// Takes the next event of the cluster. Returns 1 and fills `*event`, or 0 if none waits; `network_error_bad_argument` if
/// `event` is NULL. Any thread; does not block.
///
/// # Safety
///
/// `event` is NULL or points to a `ClusterEvent` that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_poll_event(event: *mut ClusterEvent) -> f64 {
    number(|| {
        if event.is_null() {
            return Err(Error::bad_argument("the event is NULL"));
        }
        with_next(|current| {
            // SAFETY: not NULL; the caller promises that it may be written.
            unsafe { event.write(as_c(current)) };
            1.0
        })
    })
}

/// Moves to the next event of the cluster, for hosts that know only numbers and strings: returns its type, a
/// `cluster_type_*`, or 0 if none waits. `cluster_event_real`, `cluster_event_string` and `cluster_event_read` then look at
/// it. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn cluster_event_next() -> f64 {
    number(|| with_next(|current| current.event.kind as i32 as f64))
}

/// A number of the current event: `key` is the name of one of the numbers of `ClusterEvent`. Returns it, or
/// `network_error_bad_argument` for another key or without a current event. Any thread; does not block.
///
/// # Safety
///
/// `key` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_event_real(key: *const c_char) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let key = unsafe { arg::string("the key", key)? };
        with_current(|current| {
            let event = as_c(current);
            Ok(match key {
                "type" => event.r#type,
                "request" => event.request,
                "room" => event.room,
                "players" => event.players,
                "places" => event.places,
                "socket" => event.socket,
                "gap" => event.gap,
                "error" => event.error,
                "size" => event.size,
                _ => return Err(Error::bad_argument(format!("unknown key \"{key}\""))),
            })
        })
    })
}

/// A string of the current event: `key` is the name of one of the strings of `ClusterEvent`. Returns it, valid as those are,
/// or "" for another key or without a current event. Any thread; does not block.
///
/// # Safety
///
/// `key` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_event_string(key: *const c_char) -> *const c_char {
    let found = super::guarded(|| {
        // SAFETY: the caller's promise.
        let key = unsafe { arg::string("the key", key)? };
        with_current(|current| {
            let which = Current::TEXTS.iter().position(|&text| text == key);
            which
                .map(|which| current.text(which))
                .ok_or_else(|| Error::bad_argument(format!("unknown key \"{key}\"")))
        })
    });
    found.unwrap_or_else(|error| {
        crate::error::set_last(&error);
        c"".as_ptr()
    })
}

/// Copies payload of the current message event: up to `size` bytes from `offset` on to `destination`, which has room for
/// `size` bytes and may be NULL only if that is 0.
///
/// Returns how many bytes were copied, 0 at the payload's end; or `network_error_bad_argument`, also without a current event.
/// Any thread; does not block.
///
/// # Safety
///
/// `destination` is NULL or has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_event_read(destination: *mut c_void, offset: f64, size: f64) -> f64 {
    number(|| {
        let (offset, size) = (arg::size(offset)?, arg::size(size)?);
        if destination.is_null() && size > 0 {
            return Err(Error::bad_argument("the destination is NULL"));
        }
        with_current(|current| {
            let rest = current.event.payload.get(offset..).unwrap_or_default();
            let piece = &rest[..size.min(rest.len())];
            if !piece.is_empty() {
                // SAFETY: the caller promises room for `size` bytes, which are none of ours.
                unsafe {
                    std::ptr::copy_nonoverlapping(piece.as_ptr(), destination.cast::<u8>(), piece.len());
                }
            }
            Ok(piece.len() as f64)
        })
    })
}

/// Moves to the next event; 0 if there is none, and no current one then.
fn with_next(look: impl FnOnce(&Current) -> f64) -> Result<f64> {
    let mut state = engine::lock();
    let Some(cluster) = &mut state.cluster else { return Ok(0.0) };
    cluster.current = cluster.node.next_event(now()).map(Current::new);
    cluster.settle();
    Ok(cluster.current.as_ref().map_or(0.0, look))
}

fn with_current<T>(look: impl FnOnce(&Current) -> Result<T>) -> Result<T> {
    let state = engine::lock();
    let current = state.cluster.as_ref().and_then(|cluster| cluster.current.as_ref());
    let none = || Error::bad_argument("there is no current event: cluster_event_next moves to one");
    look(current.ok_or_else(none)?)
}

fn as_c(current: &Current) -> ClusterEvent {
    let Event { kind, request, room, players, places, socket, gap, error, payload, .. } = &current.event;
    let is_message = *kind == crate::event::Kind::Message;
    ClusterEvent {
        r#type: f64::from(*kind as i32),
        request: *request as f64,
        room: *room as f64,
        players: f64::from(*players),
        places: f64::from(*places),
        socket: *socket,
        gap: f64::from(u8::from(*gap)),
        error: *error,
        size: payload.len() as f64,
        buffer: if is_message { payload.as_ptr() } else { std::ptr::null() },
        topic: current.text(0),
        player: current.text(1),
        from: current.text(2),
        name: current.text(3),
        kind: current.text(4),
        address: current.text(5),
        server: current.text(6),
        ticket: current.text(7),
        data: current.text(8),
        reason: current.text(9),
        reserved: [0.0; 8],
    }
}
