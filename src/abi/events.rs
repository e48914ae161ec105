//! Collecting events: one at a time, all at once, or with numbers and strings alone.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use crate::catalog::event_keys::{REALS, Real, TEXTS, Text, find};
use crate::context::CONTEXT;
use crate::error::{Error, catch_defects};
use crate::event::NetworkEvent;
use crate::runtime;

use super::arg;
use super::boundary::{failure, number, result};

/// What `network_poll` calls for each event, with the `user` pointer it was given. The event and
/// what it points to are the library's. It may call any function that cannot block,
/// `network_destroy` of the event's own socket included.
///
/// It should return. An exception of C++ that leaves it comes out of `network_poll`, where it can be
/// caught: the event it was called with counts as delivered, those after it wait for the next poll.
/// `longjmp` out of it is not allowed: the library would believe for ever that the callback still
/// runs, and polls and waits of that thread would return `network_error_busy`, those of others
/// nothing. Languages whose exceptions are not C++'s (Python, C#, Lua, Rust's panics and others) should
/// not let them out either, and do best to collect with `network_poll_event`, which calls nobody back.
pub type NetworkCallback = Option<unsafe extern "C-unwind" fn(event: *const NetworkEvent, user: *mut c_void)>;

/// Takes the next event. What it points to stays valid until the next `network_poll`,
/// `network_poll_event` or `network_event_next` by any thread.
///
/// Returns 1 and fills `*event`, or 0 if nothing waits or another thread is inside `network_poll`;
/// `network_error_bad_argument` if `event` is NULL, `network_error_busy` inside a callback. Any
/// thread: threads that poll share one order of events. Does not block; with manual I/O it does a
/// turn of I/O when nothing waits.
///
/// # Safety
///
/// `event` is NULL or points to a `NetworkEvent` that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_poll_event(event: *mut NetworkEvent) -> f64 {
    number(|| {
        if event.is_null() {
            return Err(Error::bad_argument("the event is NULL"));
        }
        match runtime::next_event(|context| context.events.next(context))? {
            None => Ok(0.0),
            Some(next) => {
                // SAFETY: not NULL; the caller promises that it may be written.
                unsafe { event.write(next) };
                Ok(1.0)
            }
        }
    })
}

/// Calls `callback` for each event that was waiting, in order. What the events point to stays valid
/// until the next poll by any thread, also after this call, and so do the handles of a server's clients
/// that have left.
///
/// Returns how many there were, or `network_error_bad_argument` if `callback` is NULL,
/// `network_error_busy` inside a callback. Any thread; if another one is inside `network_poll`, it
/// returns 0. Does not block; with manual I/O it does a turn of I/O when nothing waits. What becomes
/// of an exception that leaves the callback stands with `NetworkCallback`.
///
/// # Safety
///
/// `callback` is NULL or a function that may be called with `user` on this thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn network_poll(callback: NetworkCallback, user: *mut c_void) -> f64 {
    let Some(callback) = callback else {
        return failure(&Error::bad_argument("the callback is NULL"));
    };
    // No panic of ours is caught here: whatever leaves the callback must pass.
    // SAFETY: the caller promises that it may be called; the event lives through the call.
    result(runtime::drain_events(|event| unsafe { callback(event, user) }).map(|delivered| delivered as f64))
}

/// Sleeps until an event waits or `timeout_ms`, 0 to 2147483647, is over. With manual I/O it does
/// the I/O meanwhile.
///
/// Returns 1 if an event waits, else 0; `network_error_bad_argument`, or `network_error_busy` inside
/// a callback. Any thread; blocks. What collected events point to stays valid.
#[unsafe(no_mangle)]
pub extern "C" fn network_wait(timeout_ms: f64) -> f64 {
    number(|| {
        let timeout = arg::integer("timeout_ms", timeout_ms, 0, i32::MAX as u64)?;
        runtime::wait(Duration::from_millis(timeout)).map(|waits| if waits { 1.0 } else { 0.0 })
    })
}

/// Moves to the next event, for hosts that know only numbers and strings: returns its type, one of
/// `network_type_*`, or 0 if none waits. `network_event_real`, `network_event_string` and
/// `network_event_read` then look at it until the next poll of any kind by any thread.
/// `network_error_busy` inside a callback. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_event_next() -> f64 {
    number(|| {
        let event = runtime::next_event(|context| context.events.next_current(context))?;
        Ok(event.map_or(0.0, |event| event.r#type))
    })
}

/// A number of the current event: `key` is the name of a member of `NetworkEvent`: @REALS@. Returns it, or
/// `network_error_bad_argument` for another key or without a current event. Any thread; does not
/// block.
///
/// # Safety
///
/// `key` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_event_real(key: *const c_char) -> f64 {
    number(|| {
        // SAFETY: the caller's promise.
        let key = unsafe { arg::string("the key", key)? };
        CONTEXT.events.with_current(|event| {
            let event = event.ok_or_else(no_current_event)?;
            let key = find(REALS, key).ok_or_else(|| unknown_key(key))?;
            Ok(match key {
                Real::Type => event.r#type,
                Real::Id => event.id,
                Real::Socket => event.socket,
                Real::Server => event.server,
                Real::Port => event.port,
                Real::Succeeded => event.succeeded,
                Real::MessageType => event.message_type,
                Real::Error => event.error,
                Real::Size => event.size,
                Real::Code => event.code,
            })
        })
    })
}

/// A string of the current event: `key` is @TEXTS@. Returns it, valid until the next poll
/// of any kind by any thread, or "" for another key or without a current event. Any thread; does not
/// block.
///
/// # Safety
///
/// `key` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_event_string(key: *const c_char) -> *const c_char {
    let found = catch_defects(|| {
        // SAFETY: the caller's promise.
        let key = unsafe { arg::string("the key", key)? };
        CONTEXT.events.with_current(|event| {
            let event = event.ok_or_else(no_current_event)?;
            let key = find(TEXTS, key).ok_or_else(|| unknown_key(key))?;
            Ok(match key {
                Text::Ip => event.ip,
                Text::Reason => event.reason,
            })
        })
    });
    found.unwrap_or_else(|error| {
        failure(&error);
        c"".as_ptr()
    })
}

/// Copies payload of the current data event: up to `size` bytes from `offset` on to `destination`,
/// which has room for `size` bytes and may be NULL only if that is 0.
///
/// Returns how many bytes were copied, 0 at the payload's end; or `network_error_bad_argument`, also
/// without a current event. Any thread; does not block.
///
/// # Safety
///
/// `destination` is NULL or has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_event_read(destination: *mut c_void, offset: f64, size: f64) -> f64 {
    number(|| {
        let offset = arg::size(offset)?;
        let size = arg::size(size)?;
        if destination.is_null() && size > 0 {
            return Err(Error::bad_argument("the destination is NULL"));
        }
        CONTEXT.events.with_current(|event| {
            let event = event.ok_or_else(no_current_event)?;
            // Zero for all events but data.
            let available = event.size as usize;
            let copied = size.min(available.saturating_sub(offset));
            if copied > 0 {
                // SAFETY: the payload has `available` bytes and stays while the queue is locked, as
                // it is here; the caller promises room for `size` bytes, which do not overlap it.
                unsafe {
                    let from = event.buffer.add(offset);
                    std::ptr::copy_nonoverlapping(from, destination.cast::<u8>(), copied);
                }
            }
            Ok(copied as f64)
        })
    })
}

fn no_current_event() -> Error {
    Error::bad_argument("there is no current event: network_event_next moves to one")
}

fn unknown_key(key: &str) -> Error {
    Error::bad_argument(format!("unknown key \"{key}\""))
}

/// Ends a `network_wait` that sleeps, or the next one at once; it then returns 0 unless events wait.
///
/// Returns 0. Any thread, callbacks and (except on Windows) signal handlers included; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_wake() -> f64 {
    number(|| {
        runtime::wake();
        Ok(0.0)
    })
}

/// A descriptor that is readable while events wait: for programs that sleep in epoll, poll or an event loop
/// of their own. When it is, call `network_poll`, or `network_poll_event` until it returns 0. It belongs to
/// the library, is the same for the whole life of the process, and is not to be read or closed. With manual
/// I/O events come in turns alone, which it does not replace.
///
/// Returns the descriptor, or `network_error_not_supported` on Windows, `network_error_limit`. Any
/// thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_get_descriptor() -> f64 {
    number(|| runtime::descriptor().map(f64::from))
}
