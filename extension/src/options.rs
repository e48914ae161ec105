//! The extension's options, set in the IDE and read when the game starts.

use std::ffi::{CStr, c_char, c_int};
use std::sync::atomic::{AtomicBool, Ordering};

use stepwire::abi::*;

use super::arguments::Arguments;
use super::call::Answer;
use super::message::Message;
use super::{console, new_runtime, runner};

const EXTENSION: &CStr = c"stepwire";
/// For sockets created from now on.
const EVERY_SOCKET: f64 = -1.0;

static APPLIED: AtomicBool = AtomicBool::new(false);

/// Applies the options once. An option that cannot be applied is told in the output window and
/// does not keep the game from starting.
pub(crate) fn apply_plain(_: &Arguments) -> Answer {
    apply()
}

/// The same for a runner with an interface table.
pub(crate) fn apply() -> Answer {
    if APPLIED.swap(true, Ordering::Relaxed) {
        return Answer::Real(0.0);
    }
    if let Some(level) = option(c"logLevel").and_then(parsed::<u8>) {
        console::set_level(level);
    }
    if let Some(timeout) = option(c"connectTimeout").and_then(parsed::<f64>) {
        check("connectTimeout", network_set_config(f64::from(network_config_connect_timeout), timeout, 0.0));
    }
    if let Some(file) = option(c"caFile") {
        let mut name = [0; 1024];
        let file = bundled(file, &mut name);
        // SAFETY: NUL-terminated.
        check("caFile", unsafe {
            network_set_config_string(f64::from(network_config_tls_ca_file), EVERY_SOCKET, file)
        });
    }
    if option(c"verifyPeer").is_some_and(says_no) {
        check("verifyPeer", network_set_config(f64::from(network_config_tls_verify), EVERY_SOCKET, 0.0));
    }
    if let Some(address) = option(c"bindAddress") {
        // SAFETY: the runner's text, NUL-terminated.
        check("bindAddress", unsafe {
            network_set_config_string(f64::from(network_config_bind_address), EVERY_SOCKET, address)
        });
    }
    Answer::Real(0.0)
}

/// The library was shut down and has its defaults again.
pub(crate) fn forget() {
    APPLIED.store(false, Ordering::Relaxed);
}

/// An option's text; None if it is empty or the runner does not tell.
fn option(name: &CStr) -> Option<*const c_char> {
    let get = runner::option_string().or_else(new_runtime::option_string)?;
    // SAFETY: two NUL-terminated names.
    let text = unsafe { get(EXTENSION.as_ptr(), name.as_ptr()) };
    // SAFETY: the runner's text, NUL-terminated unless null.
    (!text.is_null() && unsafe { *text } != 0).then_some(text)
}

fn parsed<T: std::str::FromStr>(text: *const c_char) -> Option<T> {
    // SAFETY: from `option`.
    unsafe { CStr::from_ptr(text) }.to_str().ok()?.trim().parse().ok()
}

/// What the IDE calls "off" depends on the kind of option and its release.
fn says_no(text: *const c_char) -> bool {
    // SAFETY: from `option`.
    let text = unsafe { CStr::from_ptr(text) }.to_bytes();
    [&b"Disabled"[..], b"False", b"0"].iter().any(|no| text.eq_ignore_ascii_case(no))
}

/// Where an Included File really lies; other files are left as they are.
fn bundled(file: *const c_char, name: &mut [c_char; 1024]) -> *const c_char {
    let (Some(exists), Some(resolve)) = (runner::bundle_file_exists(), runner::bundle_file_name()) else {
        return file;
    };
    // SAFETY: NUL-terminated texts, and the array's size.
    if unsafe { exists(file) && resolve(name.as_mut_ptr(), name.len() as c_int, file) } {
        name.as_ptr()
    } else {
        file
    }
}

fn check(option: &str, result: f64) {
    if result < 0.0 {
        console::line(&Message::new(format_args!("the extension option {option} was not applied")));
        console::failure(option);
    }
}
