//! The C functions. Each parses its arguments and calls the safe Rust behind it; no panic leaves through any of them.

mod arg;
mod constants;
mod events;
mod opening;
mod players;
mod rooms;
mod topics;

use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::engine::{self, Cluster};
use crate::error::{self, Code, Error, Result};

pub use crate::stepwire::NetworkEvent;
pub use constants::*;
pub use events::*;
pub use opening::*;
pub use players::*;
pub use rooms::*;
pub use topics::*;

/// Runs the body of a function that returns a number: failures become their number and this thread's last error, and so
/// does a panic, which is a defect of ours.
fn number(body: impl FnOnce() -> Result<f64>) -> f64 {
    guarded(body).unwrap_or_else(|error| {
        error::set_last(&error);
        error.code.number()
    })
}

fn guarded<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        let reason = "a defect in stepwire-cluster was caught, and the cluster is closed; please report what led to it";
        Err(Error::new(Code::INTERNAL, reason))
    })
}

/// With the cluster that is open; what it wishes afterwards is done.
fn with_cluster<T>(body: impl FnOnce(&mut Cluster) -> Result<T>) -> Result<T> {
    let mut state = engine::lock();
    let cluster = state.cluster.as_mut().ok_or_else(not_open)?;
    let result = body(cluster);
    cluster.settle();
    result
}

fn not_open() -> Error {
    Error::new(Code::NOT_CONNECTED, "no cluster is open: cluster_open opens one")
}

/// The same where a handle is expected: while no cluster is open there are none.
fn with_handle<T>(what: &str, handle: f64, body: impl FnOnce(&mut Cluster, u64) -> Result<T>) -> Result<T> {
    let handle = arg::handle(what, handle)?;
    if engine::lock().cluster.is_none() {
        return Err(Error::bad_handle(what));
    }
    with_cluster(|cluster| body(cluster, handle))
}

/// How many strings of a thread stay valid.
const KEPT: usize = 8;

thread_local! {
    static TEXTS: RefCell<[CString; KEPT]> = RefCell::default();
    static NEXT_TEXT: Cell<usize> = const { Cell::new(0) };
}

/// Runs the body of a function that returns a string, and keeps that; failures give "".
fn text(body: impl FnOnce() -> Result<String>) -> *const c_char {
    let text = guarded(body).unwrap_or_else(|error| {
        error::set_last(&error);
        String::new()
    });
    let text = CString::new(text.replace('\0', " ")).unwrap_or_default();
    // During the thread's end there is nowhere left to keep anything.
    let kept = NEXT_TEXT.try_with(|next| next.replace((next.get() + 1) % KEPT)).and_then(|place| {
        TEXTS.try_with(|texts| {
            let mut texts = texts.borrow_mut();
            texts[place] = text;
            texts[place].as_ptr()
        })
    });
    kept.unwrap_or(c"".as_ptr())
}
