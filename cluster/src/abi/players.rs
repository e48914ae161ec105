//! Players: who is on which server.

use std::ffi::{c_char, c_void};

use crate::engine::now;
use crate::error::Error;

use super::{arg, number, with_cluster};

/// A player is on this server now. If he was elsewhere, or here with another socket, that place gets a `player_elsewhere`
/// event. `player` is any text of 1 to 128 bytes, the same on all servers; `socket` is the program's own, given back in that
/// event: a socket's handle, or -1.
///
/// Returns 0, or `network_error_bad_argument`, `network_error_not_connected` (no cluster is open). Any thread; does not
/// block.
///
/// # Safety
///
/// `player` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_player_enter(player: *const c_char, socket: f64) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let player = unsafe { arg::string("the player", player)? };
        if socket != -1.0 {
            arg::integer("the socket", socket, 0, i32::MAX as u64)?;
        }
        with_cluster(|cluster| cluster.node.player_enter(now(), player, socket))?;
        Ok(0.0)
    })
}

/// A player is no longer on this server. Not to be called for a socket that a `player_elsewhere` event has named: he is no
/// longer here with that one, but may be with another.
///
/// Returns 1, or 0 if he was not here; `network_error_bad_argument`, `network_error_not_connected` (no cluster is open). Any
/// thread; does not block.
///
/// # Safety
///
/// `player` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_player_leave(player: *const c_char) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let player = unsafe { arg::string("the player", player)? };
        let was_here = with_cluster(|cluster| cluster.node.player_leave(player))?;
        Ok(if was_here { 1.0 } else { 0.0 })
    })
}

/// Asks where a player is.
///
/// Returns the request's number, and exactly one `found` (his server and its address) or `none` event with it comes; or a
/// negative error as `cluster_find`. Any thread; does not block.
///
/// # Safety
///
/// `player` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_player_find(player: *const c_char) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let player = unsafe { arg::string("the player", player)? };
        with_cluster(|cluster| cluster.node.player_find(now(), player)).map(|request| request as f64)
    })
}

/// Sends a message to the server that a player is on, where it is a `message` event; what that server does with it is its
/// program's business.
///
/// `buffer` has `size` bytes, 0 to 524288, copied before the call returns; it may be NULL only if `size` is 0.
///
/// Returns the request's number, and exactly one event with it comes: `found` when it was delivered, `none` when not, or
/// when it is not known (`error` timeout); or a negative error as `cluster_publish` and `cluster_find`. Any thread; does not
/// block.
///
/// # Safety
///
/// `player` is NULL or a NUL-terminated string; `buffer` is NULL or has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_player_send(player: *const c_char, buffer: *const c_void, size: f64) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let (player, bytes) = unsafe { (arg::string("the player", player)?, arg::bytes(buffer, size)?) };
        let request = with_cluster(|cluster| cluster.node.player_send(now(), player, bytes))?;
        Ok::<f64, Error>(request as f64)
    })
}
