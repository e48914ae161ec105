//! Time as the state machines want it: counted from one start for the whole process.

use std::sync::OnceLock;
use std::time::Instant;

/// Microseconds since time began.
pub(crate) type Micros = u64;

/// Milliseconds since the reactor began.
pub(crate) type Millis = u64;

/// When time began.
pub(crate) fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

/// Microseconds since then.
pub(crate) fn micros() -> Micros {
    epoch().elapsed().as_micros() as Micros
}

/// The millisecond by which that point in time has come.
pub(crate) fn millis_after(micros: Micros) -> Millis {
    micros.div_ceil(1_000)
}
