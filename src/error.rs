//! The one table of error numbers, and the last error of each thread.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a call or a connection failed. The numbers are part of the C ABI and are never reused.
// As wide as a word: with padding beside it a `Result` that a send passes on would be copied in pieces which
// overlap, and on x86 such a copy waits until all stores before it have reached the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub(crate) enum Code {
    Failed = -1,
    BadHandle = -2,
    BadArgument = -3,
    WrongKind = -4,
    NotConnected = -5,
    Timeout = -6,
    TooBig = -7,
    QueueFull = -8,
    Limit = -9,
    Resolve = -10,
    Tls = -11,
    Handshake = -12,
    AddressInUse = -13,
    NotSupported = -14,
    Busy = -15,
    Closed = -16,
    Internal = -99,
}

impl Code {
    /// All codes with their names in C; `network_error_name` and the header's test read it.
    pub(crate) const TABLE: [(Self, &'static str); 17] = [
        (Self::Failed, "network_error_failed\0"),
        (Self::BadHandle, "network_error_bad_handle\0"),
        (Self::BadArgument, "network_error_bad_argument\0"),
        (Self::WrongKind, "network_error_wrong_kind\0"),
        (Self::NotConnected, "network_error_not_connected\0"),
        (Self::Timeout, "network_error_timeout\0"),
        (Self::TooBig, "network_error_too_big\0"),
        (Self::QueueFull, "network_error_queue_full\0"),
        (Self::Limit, "network_error_limit\0"),
        (Self::Resolve, "network_error_resolve\0"),
        (Self::Tls, "network_error_tls\0"),
        (Self::Handshake, "network_error_handshake\0"),
        (Self::AddressInUse, "network_error_address_in_use\0"),
        (Self::NotSupported, "network_error_not_supported\0"),
        (Self::Busy, "network_error_busy\0"),
        (Self::Closed, "network_error_closed\0"),
        (Self::Internal, "network_error_internal\0"),
    ];
}

/// A failure: its number, and one sentence for a person.
#[derive(Clone, Debug)]
pub(crate) struct Error {
    pub(crate) code: Code,
    pub(crate) message: Cow<'static, str>,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn bad_argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadArgument, message)
    }

    pub(crate) fn wrong_kind(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::WrongKind, message)
    }

    pub(crate) fn bad_handle() -> Self {
        Self::new(Code::BadHandle, "no such socket: the handle was never valid or has been destroyed")
    }

    pub(crate) fn bad_group() -> Self {
        Self::new(Code::BadHandle, "no such group: the handle was never valid or has been destroyed")
    }

    /// What the operating system said while we were `doing` something.
    pub(crate) fn from_io(doing: &str, error: &io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::AddrInUse => Code::AddressInUse,
            io::ErrorKind::TimedOut => Code::Timeout,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Code::Closed,
            io::ErrorKind::OutOfMemory => Code::Limit,
            _ if crate::sys::is_descriptor_limit(error) => Code::Limit,
            _ => Code::Failed,
        };
        Self::new(code, format!("{doing}: {error}"))
    }
}

/// Runs `body`; a panic in it, which is a defect of ours, becomes an error.
#[inline]
pub(crate) fn catch_defects<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        Err(Error::new(Code::Internal, "a defect in stepwire was caught; please report what led to it"))
    })
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

thread_local! {
    static LAST: RefCell<Cow<'static, str>> = const { RefCell::new(Cow::Borrowed("")) };
}

/// Remembers `error` as this thread's last one. Destructors and exit handlers of the host also call
/// us, when the thread no longer has a place for it.
pub(crate) fn set_last(error: &Error) {
    let _ = LAST.try_with(|last| *last.borrow_mut() = error.message.clone());
}

/// This thread's last error message; empty if nothing has failed.
pub(crate) fn last() -> Cow<'static, str> {
    LAST.try_with(|last| last.borrow().clone()).unwrap_or_default()
}
