//! Rooms: opening and finding them.

use std::ffi::c_char;

use crate::engine::now;
use crate::error::Error;

use super::{arg, number, text, with_cluster, with_handle};

/// The most places of a room, and players in it.
const MOST: u64 = i32::MAX as u64;

/// Opens a room that others can find until it is closed. `kind` is what they look for, 1 to 64 letters, digits, - and _;
/// `places` is 0 to 2147483647; `data` is any text of up to 1024 bytes, which is given to whoever finds it.
///
/// Returns the room's handle, or `network_error_bad_argument`, `network_error_too_big` (the data),
/// `network_error_not_connected` (no cluster is open). Any thread; does not block.
///
/// # Safety
///
/// `kind` and `data` are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_room_open(kind: *const c_char, places: f64, data: *const c_char) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let (kind, data) = unsafe { (arg::string("the kind", kind)?, arg::string("the data", data)?) };
        let places = arg::integer("places", places, 0, MOST)? as u32;
        with_cluster(|cluster| cluster.node.room_open(now(), kind, places, data)).map(|room| room as f64)
    })
}

/// Says how many players are in a room, 0 to 2147483647, and what its data is now. If there are more players than before,
/// they have come with the oldest tickets that are out, whose places are then no longer kept besides.
///
/// Returns 0, or `network_error_bad_handle`, `network_error_bad_argument`, `network_error_too_big`. Any thread; does not
/// block.
///
/// # Safety
///
/// `data` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_room_set(room: f64, players: f64, data: *const c_char) -> f64 {
    number(|| {
        with_handle("room", room, |cluster, room| {
            let players = arg::integer("players", players, 0, MOST)? as u32;
            // SAFETY: the caller's promise.
            let data = unsafe { arg::string("the data", data)? };
            cluster.node.room_set(now(), room, players, data)
        })?;
        Ok(0.0)
    })
}

/// Somebody shows a ticket for a room, which is used up by this: he counts as one of its players from now on, as after
/// `cluster_room_set` with one more.
///
/// Returns 1; 0 if there is no such ticket, if it was used, or if its time is over; `network_error_bad_handle`,
/// `network_error_bad_argument`. Any thread; does not block.
///
/// # Safety
///
/// `ticket` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_room_redeem(room: f64, ticket: *const c_char) -> f64 {
    number(|| {
        let good = with_handle("room", room, |cluster, room| {
            // SAFETY: the caller's promise.
            let ticket = unsafe { arg::string("the ticket", ticket)? };
            cluster.node.room_redeem(now(), room, ticket)
        })?;
        Ok(if good { 1.0 } else { 0.0 })
    })
}

/// Closes a room: it is not found any more. Who plays in it is the program's business. Returns 0, or
/// `network_error_bad_handle`. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn cluster_room_close(room: f64) -> f64 {
    number(|| {
        with_handle("room", room, |cluster, room| cluster.node.room_close(room))?;
        Ok(0.0)
    })
}

/// A room's name, such as "arena.x7f3-12", which no other room has: with it everybody finds just this one. "" if there is no
/// such room. Valid until this thread's next eight calls that return a string. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn cluster_room_name(room: f64) -> *const c_char {
    text(|| with_handle("room", room, |cluster, room| cluster.node.room_name(room)))
}

/// Says that this server would open rooms of a kind when somebody needs one, and how busy it is: `load` is 0 to 1, the least
/// busy one is asked first; -1: it would not (any more). A `create` event asks.
///
/// Returns 0, or `network_error_bad_argument`, `network_error_not_connected` (no cluster is open). Any thread; does not
/// block.
///
/// # Safety
///
/// `kind` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_offer(kind: *const c_char, load: f64) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let kind = unsafe { arg::string("the kind", kind)? };
        let load = match load {
            -1.0 => None,
            load if (0.0..=1.0).contains(&load) => Some(load),
            _ => return Err(Error::bad_argument(format!("a load is from 0 to 1, or -1, not {load}"))),
        };
        with_cluster(|cluster| cluster.node.offer(kind, load))?;
        Ok(0.0)
    })
}

/// Looks for a room of a kind, the fullest that has a place, or for the one of that name, and has a place in it kept for the
/// time of a ticket (`cluster_config_ticket_time` there).
///
/// Returns the request's number, and exactly one `found` or `none` event with it comes; or `network_error_bad_argument`,
/// `network_error_limit` (65536 requests have not ended), `network_error_not_connected` (no cluster is open). Any thread;
/// does not block.
///
/// # Safety
///
/// `kind_or_name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_find(kind_or_name: *const c_char) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let kind_or_name = unsafe { arg::string("the kind or name", kind_or_name)? };
        with_cluster(|cluster| cluster.node.find(now(), kind_or_name)).map(|request| request as f64)
    })
}

/// As `cluster_find` of a kind; if no room has a place, the least busy server that offers is asked to open one, with that
/// `data`, up to 1024 bytes.
///
/// # Safety
///
/// `kind` and `data` are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_find_or_create(kind: *const c_char, data: *const c_char) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let (kind, data) = unsafe { (arg::string("the kind", kind)?, arg::string("the data", data)?) };
        with_cluster(|cluster| cluster.node.find_or_create(now(), kind, data)).map(|request| request as f64)
    })
}
