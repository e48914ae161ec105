//! Topics: messages to whoever wants them.

use std::ffi::{c_char, c_void};

use super::{arg, number, with_cluster, with_handle};

/// Wants the messages of a topic: words between dots, such as "chat.global", 1 to 256 bytes. `*` stands for one word
/// ("zone.7.*"), `>` at the end for one or more ("zone.>"). A message comes once, as a `message` event, however many
/// subscriptions of this process match.
///
/// Returns the subscription's handle, or `network_error_bad_argument`, `network_error_not_connected` (no cluster is open).
/// Any thread; does not block.
///
/// # Safety
///
/// `topic` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_subscribe(topic: *const c_char) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let topic = unsafe { arg::string("the topic", topic)? };
        with_cluster(|cluster| cluster.node.subscribe(topic)).map(|handle| handle as f64)
    })
}

/// Ends a subscription. Messages that wait to be collected still come. Returns 0, or `network_error_bad_handle`. Any
/// thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn cluster_unsubscribe(subscription: f64) -> f64 {
    number(|| {
        with_handle("subscription", subscription, |cluster, handle| cluster.node.unsubscribe(handle))?;
        Ok(0.0)
    })
}

/// Sends a message to every process that has subscribed to the topic, this one included: at most once to each, in the order
/// sent by this process. Whoever is not there now does not get it later.
///
/// `buffer` has `size` bytes, 0 to 524288, copied before the call returns; it may be NULL only if `size` is 0.
///
/// Returns `size`; `network_error_not_connected` if there is no broker now (the message went to this process's own
/// subscriptions, and is not kept for later), or, when nothing was sent to anybody, `network_error_queue_full` (the broker
/// does not keep up), `_too_big`, `_bad_argument`. Any thread; does not block.
///
/// # Safety
///
/// `topic` is NULL or a NUL-terminated string; `buffer` is NULL or has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cluster_publish(topic: *const c_char, buffer: *const c_void, size: f64) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let (topic, bytes) = unsafe { (arg::string("the topic", topic)?, arg::bytes(buffer, size)?) };
        with_cluster(|cluster| cluster.node.publish(topic, bytes))?;
        Ok(size)
    })
}
