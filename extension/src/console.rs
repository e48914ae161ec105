//! The runner's output window.

use std::sync::atomic::{AtomicU8, Ordering};

use super::message::Message;
use super::{errors, runner};

/// Failed calls.
const FAILURES: u8 = 1;
/// Connections that come, go or fail.
pub(crate) const CONNECTIONS: u8 = 2;
/// Every event.
pub(crate) const EVENTS: u8 = 3;

static LEVEL: AtomicU8 = AtomicU8::new(FAILURES);

/// Sets how much is written: 0 nothing, up to 3 everything.
pub(crate) fn set_level(level: u8) {
    LEVEL.store(level, Ordering::Relaxed);
}

/// Whether lines of this level are written.
pub(crate) fn shows(level: u8) -> bool {
    LEVEL.load(Ordering::Relaxed) >= level
}

/// Writes a line whatever the level.
pub(crate) fn line(message: &Message) {
    if let Some(print) = runner::console() {
        // SAFETY: a format and its one text.
        unsafe { print(c"stepwire: %s\n".as_ptr(), message.as_ptr()) };
    }
}

/// Writes why the last call failed.
pub(crate) fn failure(function: &str) {
    if shows(FAILURES) {
        let name = Message::new(format_args!("{function}"));
        if let Some(print) = runner::console() {
            // SAFETY: a format and its two texts; the second stays until this thread's next call.
            unsafe { print(c"%s: %s\n".as_ptr(), name.as_ptr(), errors::last()) };
        }
    }
}
