//! Error numbers, which are stepwire's, and the last error of each thread.

use std::borrow::Cow;
use std::cell::RefCell;

/// Why a call failed: stepwire's `network_error_*` numbers, as far as this library gives them itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Code(f64);

impl Code {
    pub(crate) const BAD_HANDLE: Self = Self(-2.0);
    pub(crate) const BAD_ARGUMENT: Self = Self(-3.0);
    pub(crate) const NOT_CONNECTED: Self = Self(-5.0);
    pub(crate) const TIMEOUT: Self = Self(-6.0);
    pub(crate) const TOO_BIG: Self = Self(-7.0);
    pub(crate) const QUEUE_FULL: Self = Self(-8.0);
    pub(crate) const LIMIT: Self = Self(-9.0);
    #[cfg_attr(feature = "tls", allow(dead_code))]
    pub(crate) const NOT_SUPPORTED: Self = Self(-14.0);
    pub(crate) const TLS: Self = Self(-11.0);
    pub(crate) const HANDSHAKE: Self = Self(-12.0);
    pub(crate) const BUSY: Self = Self(-15.0);
    pub(crate) const INTERNAL: Self = Self(-99.0);

    /// One that stepwire has given.
    pub(crate) fn of(number: f64) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> f64 {
        self.0
    }
}

/// A failure: its number, and one sentence for a person.
#[derive(Clone, Debug, PartialEq)]
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
        Self::new(Code::BAD_ARGUMENT, message)
    }

    pub(crate) fn bad_handle(what: &str) -> Self {
        Self::new(Code::BAD_HANDLE, format!("no such {what}: the handle was never valid or is no longer"))
    }
}

thread_local! {
    static LAST: RefCell<Cow<'static, str>> = const { RefCell::new(Cow::Borrowed("")) };
}

/// Remembers `error` as this thread's last one. At a thread's end there is no place left for it.
pub(crate) fn set_last(error: &Error) {
    let _ = LAST.try_with(|last| *last.borrow_mut() = error.message.clone());
}

/// This thread's last error message; empty if nothing has failed.
pub(crate) fn last() -> Cow<'static, str> {
    LAST.try_with(|last| last.borrow().clone()).unwrap_or_default()
}
