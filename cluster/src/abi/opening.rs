//! Opening and closing the cluster, giving it events and time, its options.

use std::ffi::c_char;

use crate::broker::url::Url;
use crate::engine::{self, Cluster};
use crate::error::{self, Code, Error, Result};
use crate::stepwire::NetworkEvent;
use crate::wire::LONGEST_ADDRESS;

use super::{arg, not_open, number, text, with_cluster};

/// What `cluster_step` returns while there is nothing to do for it, in ms.
const REST: f64 = 1_000.0;
const MOST_MS: u64 = i32::MAX as u64;

/// Makes this process one of a cluster. Returns at once, whether a broker is there or not; an `up` or a `down` event tells.
///
/// `url` is "" for this process alone, or where the brokers are:
/// `nats://[user:password@|token@]host[:port][,host[:port]...][/app]`. Of several hosts one is used and the next one when it
/// is lost; an IPv6 address stands in brackets; user, password and token may have escapes such as %40. Only processes with
/// the same `app` (letters, digits, - and _; "game" if there is none) know of each other. `tls://` instead of `nats://`: the
/// connection is encrypted, as the options `cluster_config_tls_*` say. `ws://` and `wss://`: over the broker's WebSocket
/// port, with stepwire's options for TLS.
///
/// `address` is where players reach this process, such as "eu3.example:6510", at most 256 bytes; whoever finds a room or a
/// player here is given it.
///
/// Returns 0, or `network_error_bad_argument`, `network_error_busy` (one is open), `network_error_tls` (the file of
/// authorities cannot be used), `network_error_not_supported` (`tls://` in a build without TLS of the system). Any thread; does not block.
///
/// # Safety
///
/// `url` and `address` are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_open(url: *const c_char, address: *const c_char) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let (url, address) = unsafe { (arg::string("the url", url)?, arg::string("the address", address)?) };
        if address.len() > LONGEST_ADDRESS {
            return Err(Error::bad_argument(format!("the address has more than {LONGEST_ADDRESS} bytes")));
        }
        let url = if url.is_empty() { None } else { Some(Url::parse(url)?) };
        let mut state = engine::lock();
        if state.cluster.is_some() {
            return Err(Error::new(Code::BUSY, "a cluster is open: cluster_close closes it"));
        }
        let cluster = Cluster::open(url, address, &state)?;
        state.cluster = Some(cluster);
        Ok(0.0)
    })
}

/// Leaves the cluster: rooms, players, subscriptions and requests of this process are given up, and events that wait are
/// gone. What was accepted for sending is still sent, by stepwire, for at most 2 s. Options stay.
///
/// Returns 0, or `network_error_not_connected` if none is open. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn cluster_close() -> f64 {
    number(|| {
        let mut state = engine::lock();
        let mut cluster = state.cluster.take().ok_or_else(not_open)?;
        cluster.settle();
        Ok(0.0)
    })
}

/// Is to be called with every event of `network_poll` or `network_poll_event`, before the program looks at it itself.
///
/// Returns 1 if it was about the connection to the broker, and the program need not look at it; 0 if not, also while no
/// cluster is open; `network_error_bad_argument` if `event` is NULL. Any thread, also inside a callback of `network_poll`;
/// does not block.
///
/// # Safety
///
/// `event` is NULL or an event as stepwire has given it, and what it points to is still valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_event(event: *const NetworkEvent) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let event = unsafe { event.as_ref() }.ok_or_else(|| Error::bad_argument("the event is NULL"))?;
        let mut state = engine::lock();
        let Some(cluster) = &mut state.cluster else { return Ok(0.0) };
        // SAFETY: the caller's promise.
        Ok(if unsafe { cluster.event(event) } { 1.0 } else { 0.0 })
    })
}

/// Time passes: to be called once per frame, or after each `network_wait`.
///
/// Returns in how many ms it is needed again, 0 if events of the cluster wait, never more than 1000:
/// `network_wait(cluster_step())` is right for a server without frames. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn cluster_step() -> f64 {
    number(|| {
        let mut state = engine::lock();
        Ok(state.cluster.as_mut().map_or(REST, |cluster| cluster.step() as f64))
    })
}

/// Sets an option, a `cluster_config_*`; they also hold for clusters that are opened later.
///
/// Returns 0, or `network_error_bad_argument`. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn cluster_set_config(config: f64, value: f64) -> f64 {
    number(|| {
        let mut state = engine::lock();
        match config {
            0.0 => state.config.request_timeout = arg::integer("the timeout", value, 1, MOST_MS)?,
            1.0 => state.config.gather = arg::integer("the time for gathering", value, 0, MOST_MS)?,
            2.0 => state.config.ping = arg::integer("the time between pings", value, 10, MOST_MS)?,
            3.0 => state.config.queue_limit = arg::integer("the limit", value, 1, MOST_MS)? as usize,
            4.0 => state.config.ticket_time = arg::integer("a ticket's time", value, 1, MOST_MS)?,
            5.0 => state.trust.verify = arg::integer("tls_verify", value, 0, 1)? == 1,
            _ => return Err(unknown_option(config)),
        }
        let config = state.config.clone();
        if let Some(cluster) = &mut state.cluster {
            cluster.node.set_config(config);
        }
        Ok(0.0)
    })
}

/// Sets an option whose value is text: `cluster_config_tls_ca_file`.
///
/// Returns 0, or `network_error_bad_argument`. Any thread; does not block.
///
/// # Safety
///
/// `value` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_set_config_string(config: f64, value: *const c_char) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let value = unsafe { arg::string("the value", value)? };
        if config != f64::from(super::cluster_config_tls_ca_file) {
            return Err(unknown_option(config));
        }
        engine::lock().trust.ca_file = value.to_owned();
        Ok(0.0)
    })
}

fn unknown_option(config: f64) -> Error {
    Error::bad_argument(format!(
        "{config} is not one of the cluster_config_* constants for this kind of value"
    ))
}

/// A number about this process's part of the cluster: `key` is "up" (1 while the broker is there), "dropped" (messages that
/// there was no room for), "malformed" (messages of others that made no sense or were too large), "events_bytes" (what the
/// events that wait take), "requests" (those that have not ended), "rooms", "players".
///
/// Returns it, or `network_error_bad_argument` for another key, `network_error_not_connected` if no cluster is open. Any
/// thread; does not block.
///
/// # Safety
///
/// `key` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_get_stat(key: *const c_char) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let key = unsafe { arg::string("the key", key)? };
        let value = with_cluster(|cluster| Ok(cluster.node.stat(key)))?;
        value.map(|value| value as f64).ok_or_else(|| Error::bad_argument(format!("unknown key \"{key}\"")))
    })
}

/// This process's id, which others see as "from" and "server": random, and another one after each `cluster_open`. "" if no
/// cluster is open. Valid until this thread's next eight calls that return a string. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn cluster_server_id() -> *const c_char {
    text(|| with_cluster(|cluster| Ok(cluster.node.id().to_owned())))
}

/// This thread's last failure of a `cluster_*` function in one sentence; "" if there was none. (`network_last_error` has
/// those of `network_*` functions.) Valid until this thread's next eight calls that return a string. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn cluster_last_error() -> *const c_char {
    text(|| -> Result<String> { Ok(error::last().into_owned()) })
}
