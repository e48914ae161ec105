//! What happens, step by step, for who wants to read it.

use std::fmt::Arguments;
use std::sync::LazyLock;

/// Set to anything, everything that happens is printed.
const TRACE: &str = "STEPWIRE_TRACE";

pub(super) fn trace(line: Arguments<'_>) {
    static IS_ON: LazyLock<bool> = LazyLock::new(|| std::env::var_os(TRACE).is_some());
    if *IS_ON {
        eprintln!("{line}");
    }
}
