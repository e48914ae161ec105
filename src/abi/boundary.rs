//! The way in and out of every C function: failures and panics become numbers, results strings.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{self, Code, Error, Result};

/// Runs the body of a function that returns a number: failures become their number and this
/// thread's last error, and so does a panic, which is a defect of ours.
#[inline]
pub(crate) fn number(body: impl FnOnce() -> Result<f64>) -> f64 {
    match guarded(body) {
        Ok(value) => value,
        Err(error) => failure(&error),
    }
}

pub(crate) fn guarded<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        Err(Error::new(Code::Internal, "a defect in stepwire was caught; please report what led to it"))
    })
}

#[cold]
pub(crate) fn failure(error: &Error) -> f64 {
    error::set_last(error);
    f64::from(error.code as i8)
}

/// A string that a function has handed out: it stays until the thread's next call of that function.
pub(crate) type Kept = RefCell<CString>;

/// Runs the body of a function that returns a string and keeps that; failures give "".
pub(crate) fn text(
    kept: &'static std::thread::LocalKey<Kept>,
    body: impl FnOnce() -> Result<String>,
) -> *const c_char {
    let text = guarded(body).unwrap_or_else(|error| {
        error::set_last(&error);
        String::new()
    });
    let text = CString::new(text.replace('\0', " ")).unwrap_or_default();
    // During the thread's end there is nowhere left to keep anything.
    kept.try_with(|kept| {
        *kept.borrow_mut() = text;
        kept.borrow().as_ptr()
    })
    .unwrap_or(c"".as_ptr())
}
