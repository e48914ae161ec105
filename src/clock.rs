//! Time as the state machines want it: counted from one start for the whole process.

use std::sync::OnceLock;
use std::time::Instant;

use crate::reliable::Micros;

/// When time began.
pub(crate) fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

/// Microseconds since then.
pub(crate) fn micros() -> Micros {
    epoch().elapsed().as_micros() as Micros
}
