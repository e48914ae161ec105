//! Time as the state machines want it: counted from one start for the whole process.

use std::sync::OnceLock;
use std::time::Instant;

/// Microseconds since time began.
pub(crate) type Micros = u64;

/// Milliseconds since the reactor began.
pub(crate) type Millis = u64;

/// A moment in the past, in half the room. It is right for as long as 2^32 milliseconds, 49 days.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stamp(u32);

impl Stamp {
    #[inline]
    pub(crate) fn of(moment: Millis) -> Self {
        Self(moment as u32)
    }

    /// The moment, asked at the time `now`.
    #[inline]
    pub(crate) fn moment(self, now: Millis) -> Millis {
        now - Millis::from((now as u32).wrapping_sub(self.0))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_right_also_when_its_room_has_run_over() {
        for moment in [0, 7, u64::from(u32::MAX), (3 << 32) + 5] {
            for later in [0, 1, u64::from(u32::MAX)] {
                assert_eq!(Stamp::of(moment).moment(moment + later), moment);
            }
        }
    }
}
