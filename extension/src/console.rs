//! The runner's output window.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::{CStr, CString, c_char};
use std::sync::atomic::{AtomicU8, Ordering};

use parking_lot::Mutex;
use stepwire::abi::*;

use super::message::Message;
use super::{errors, runner};

/// Failed calls.
const FAILURES: u8 = 1;
/// Data, too.
pub(crate) const EVENTS: u8 = 3;

static LEVEL: AtomicU8 = AtomicU8::new(FAILURES);

/// Sets how much is written: 0 nothing, up to 3 everything.
pub(crate) fn set_level(level: u8) {
    LEVEL.store(level, Ordering::Relaxed);
    // The library's own levels: nothing, errors, warnings, connections.
    let log_level = match level {
        0 => 0.0,
        FAILURES => 2.0,
        _ => 3.0,
    };
    network_set_config(f64::from(network_config_log_level), log_level, 0.0);
}

/// Writes what the library's log has: what was refused, given up, held back, and with the level for it
/// connections. Once per step.
pub(crate) fn show_log() {
    loop {
        // SAFETY: never null, NUL-terminated, and valid for the next few calls.
        let line = unsafe { CStr::from_ptr(network_next_log()) };
        if line.is_empty() {
            return;
        }
        // Level and time stand before the text.
        let text = line.to_bytes().splitn(3, |byte| *byte == b' ').nth(2).unwrap_or_default();
        match runner::console() {
            // SAFETY: a format and its one text, which ends where the line does.
            Some(print) => unsafe { print(c"stepwire: %s\n".as_ptr(), text.as_ptr().cast::<c_char>()) },
            None => keep(&Message::new(format_args!("stepwire: {}", String::from_utf8_lossy(text)))),
        }
    }
}

/// Whether lines of this level are written.
pub(crate) fn shows(level: u8) -> bool {
    LEVEL.load(Ordering::Relaxed) >= level
}

/// Lines for runners that cannot be written to: the game fetches them. The newest few.
static KEPT: Mutex<VecDeque<CString>> = Mutex::new(VecDeque::new());
const MOST_KEPT: usize = 64;

thread_local! {
    /// The line that was fetched last.
    static FETCHED: RefCell<CString> = RefCell::default();
}

/// Writes a line whatever the level.
pub(crate) fn line(message: &Message) {
    match runner::console() {
        // SAFETY: a format and its one text.
        Some(print) => unsafe { print(c"stepwire: %s\n".as_ptr(), message.as_ptr()) },
        None => keep(&Message::new(format_args!("stepwire: {}", shown(message.as_text())))),
    }
}

/// Writes why the last call failed.
pub(crate) fn failure(function: &str) {
    if !shows(FAILURES) {
        return;
    }
    let reason = errors::last();
    match runner::console() {
        Some(print) => {
            let name = Message::new(format_args!("{function}"));
            // SAFETY: a format and its two texts; the second stays until this thread's next call.
            unsafe { print(c"%s: %s\n".as_ptr(), name.as_ptr(), reason) };
        }
        None => {
            // SAFETY: as above.
            let reason = unsafe { CStr::from_ptr(reason) };
            keep(&Message::new(format_args!("{function}: {}", shown(reason))));
        }
    }
}

fn keep(message: &Message) {
    let mut kept = KEPT.lock();
    if kept.len() == MOST_KEPT {
        kept.pop_front();
    }
    kept.push_back(message.as_text().to_owned());
}

/// The oldest line that was kept, or ""; it stays until this thread's next call.
pub(crate) fn next_kept() -> *const c_char {
    let line = KEPT.lock().pop_front().unwrap_or_default();
    let fetched = FETCHED.try_with(|fetched| {
        *fetched.borrow_mut() = line;
        fetched.borrow().as_ptr()
    });
    fetched.unwrap_or(c"".as_ptr())
}

fn shown(text: &CStr) -> &str {
    text.to_str().unwrap_or_default()
}
