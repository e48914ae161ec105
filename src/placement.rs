//! Which reactor looks after a socket: the one that has the fewest, chosen once and kept. And where the
//! reactor keeps it.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Reactors there can be.
pub(crate) const MOST_REACTORS: usize = 64;

/// How many reactors sockets are placed on. Changes only while no socket exists.
static REACTORS: AtomicUsize = AtomicUsize::new(1);
/// What each of them looks after.
static LOADS: [AtomicU32; MOST_REACTORS] = [const { AtomicU32::new(0) }; MOST_REACTORS];

/// How many reactors sockets are placed on.
#[inline]
pub(crate) fn reactors() -> usize {
    REACTORS.load(Relaxed)
}

/// For whoever sees to it that no socket exists meanwhile.
pub(crate) fn set_reactors(count: usize) {
    REACTORS.store(count.clamp(1, MOST_REACTORS), Relaxed);
}

/// One of the reactors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReactorIndex(u8);

impl ReactorIndex {
    /// The one that is always there: the only one with manual I/O.
    pub(crate) const FIRST: Self = Self(0);

    /// The first `count` of them.
    pub(crate) fn first(count: usize) -> impl DoubleEndedIterator<Item = Self> {
        (0..count.min(MOST_REACTORS) as u8).map(Self)
    }

    #[inline]
    pub(crate) fn get(self) -> usize {
        usize::from(self.0)
    }

    /// A set of it alone, as bits.
    pub(crate) fn bit(self) -> u64 {
        1 << self.0
    }

    /// All in a set.
    pub(crate) fn in_set(bits: u64) -> impl Iterator<Item = Self> {
        Self::first(MOST_REACTORS).filter(move |reactor| bits & reactor.bit() != 0)
    }
}

/// Names an endpoint of a reactor: its place, and a number that tells it from earlier ones there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) token: u32,
    pub(crate) serial: u32,
}

/// A place at a reactor; free again when it goes.
#[derive(Debug)]
pub(crate) struct Seat(ReactorIndex);

impl Seat {
    /// At the reactor that has the fewest.
    pub(crate) fn choose() -> Self {
        Self::beside(ReactorIndex::FIRST)
    }

    /// The same; `own` if no other has fewer.
    pub(crate) fn beside(own: ReactorIndex) -> Self {
        let load = |reactor: ReactorIndex| LOADS[reactor.get()].load(Relaxed);
        let mut chosen = own;
        for other in ReactorIndex::first(reactors()) {
            if load(other) < load(chosen) {
                chosen = other;
            }
        }
        LOADS[chosen.get()].fetch_add(1, Relaxed);
        Self(chosen)
    }

    #[inline]
    pub(crate) fn reactor(&self) -> ReactorIndex {
        self.0
    }
}

/// Another one at the same reactor.
impl Clone for Seat {
    fn clone(&self) -> Self {
        LOADS[self.0.get()].fetch_add(1, Relaxed);
        Self(self.0)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        LOADS[self.0.get()].fetch_sub(1, Relaxed);
    }
}
