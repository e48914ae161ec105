//! The way in and out of every C function: failures and panics become numbers, results strings.

use std::cell::RefCell;
use std::ffi::{CString, c_char};

use crate::error::{self, Code, Error, Result, catch_defects};
use crate::log::{self, Level, Seldom};
use crate::runtime;

/// Runs the body of a function that returns a number: failures become their number and this
/// thread's last error, and so does a panic, which is a defect of ours.
#[inline]
pub(crate) fn number(body: impl FnOnce() -> Result<f64>) -> f64 {
    result(catch_defects(|| {
        runtime::check_not_forked()?;
        body()
    }))
}

/// The number that a result is for C.
#[inline]
pub(crate) fn result(result: Result<f64>) -> f64 {
    match result {
        Ok(value) => value,
        Err(error) => failure(&error),
    }
}

#[cold]
pub(crate) fn failure(error: &Error) -> f64 {
    static QUEUE_FULL: Seldom = Seldom::new();
    if error.code == Code::QueueFull {
        QUEUE_FULL.write(Level::Warning, format_args!("a message was not taken: {error}"));
    } else {
        log::write(Level::Detail, format_args!("a call failed: {error}"));
    }
    error::set_last(error);
    f64::from(error.code as i8)
}

/// How many of a thread's strings stay: that of the call and of the seven before it.
const KEPT_STRINGS: usize = 8;

/// The strings that were handed out to a thread last.
struct Kept {
    texts: [CString; KEPT_STRINGS],
    next: usize,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::new(Kept { texts: Default::default(), next: 0 });
}

/// Runs the body of a function that returns a string; failures give "".
pub(crate) fn text(body: impl FnOnce() -> Result<String>) -> *const c_char {
    let body = || {
        runtime::check_not_forked()?;
        body()
    };
    match catch_defects(body) {
        Ok(text) => keep(&text),
        Err(error) => {
            failure(&error);
            c"".as_ptr()
        }
    }
}

/// Keeps a string for the host until this thread's eighth such call from now on.
pub(crate) fn keep(text: &str) -> *const c_char {
    let text = CString::new(text.replace('\0', " ")).unwrap_or_default();
    // During the thread's end there is nowhere left to keep anything.
    KEPT.try_with(|kept| {
        let Kept { texts, next } = &mut *kept.borrow_mut();
        let place = &mut texts[*next];
        *next = (*next + 1) % KEPT_STRINGS;
        *place = text;
        place.as_ptr()
    })
    .unwrap_or(c"".as_ptr())
}
