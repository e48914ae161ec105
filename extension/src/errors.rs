//! Error numbers, and why the last call failed where the library was not to blame.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};

use stepwire::abi::*;

/// What can go wrong before and after a C function was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Failed,
    BadArgument,
    NotSupported,
    Internal,
}

impl Code {
    pub(crate) fn number(self) -> f64 {
        f64::from(match self {
            Self::Failed => network_error_failed,
            Self::BadArgument => network_error_bad_argument,
            Self::NotSupported => network_error_not_supported,
            Self::Internal => network_error_internal,
        })
    }
}

thread_local! {
    /// Newer than the library's own, if there is one.
    static OWN: RefCell<Option<CString>> = const { RefCell::new(None) };
}

/// A call failed here.
pub(crate) fn set_last(message: &CStr) {
    let _ = OWN.try_with(|own| *own.borrow_mut() = Some(message.to_owned()));
}

/// A call failed in the library, which has the reason.
pub(crate) fn library_failed() {
    let _ = OWN.try_with(|own| *own.borrow_mut() = None);
}

/// Why this thread's last call failed; "" if none did. Valid until its next call.
pub(crate) fn last() -> *const c_char {
    let own = OWN.try_with(|own| own.borrow().as_ref().map(|message| message.as_ptr()));
    own.ok().flatten().unwrap_or_else(|| network_last_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_text() -> String {
        // SAFETY: valid until the next call.
        unsafe { CStr::from_ptr(last()) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn the_newest_failure_is_the_last_one() {
        set_last(c"ours");
        assert_eq!(last_text(), "ours");
        assert!(network_get_port(-5.0) < 0.0);
        library_failed();
        assert!(last_text().contains("handle"), "{}", last_text());
        set_last(c"ours again");
        assert_eq!(last_text(), "ours again");
    }
}
