//! What a socket has carried.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::catalog::stats::Stat;

/// Counters with one writer each, so that plain stores do.
#[derive(Debug)]
pub(crate) struct Traffic {
    pub(crate) bytes_sent: AtomicU64,
    pub(crate) bytes_received: AtomicU64,
    pub(crate) packets_sent: AtomicU64,
    pub(crate) packets_received: AtomicU64,
    pub(crate) dropped: AtomicU64,
    /// Smoothed round trip in microseconds; 0 while unknown.
    pub(crate) round_trip: AtomicU32,
    /// How far single ones are from it on average, likewise.
    pub(crate) jitter: AtomicU32,
}

/// Adds to a counter that only the calling thread writes: cheaper than an atomic addition.
#[inline]
pub(crate) fn count(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(more), Relaxed);
}

/// Who carries traffic.
pub(crate) trait Carrier {
    fn traffic(&self) -> &Traffic;
}

/// What sockets that no longer exist have carried.
static PAST: Traffic = Traffic::new();
/// What their reliable protocols have sent again, and found lost.
static PAST_RESENT: AtomicU64 = AtomicU64::new(0);
static PAST_LOST: AtomicU64 = AtomicU64::new(0);

impl Traffic {
    pub(crate) const fn new() -> Self {
        Self {
            bytes_sent: AtomicU64::new(0),
            bytes_received: AtomicU64::new(0),
            packets_sent: AtomicU64::new(0),
            packets_received: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            round_trip: AtomicU32::new(0),
            jitter: AtomicU32::new(0),
        }
    }

    /// The counters that add up over sockets.
    const SUMS: [Stat; 5] =
        [Stat::BytesSent, Stat::BytesReceived, Stat::PacketsSent, Stat::PacketsReceived, Stat::Dropped];

    /// The counter of a key, if it is one that adds up over sockets.
    pub(crate) fn counter(&self, stat: Stat) -> Option<&AtomicU64> {
        match stat {
            Stat::BytesSent => Some(&self.bytes_sent),
            Stat::BytesReceived => Some(&self.bytes_received),
            Stat::PacketsSent => Some(&self.packets_sent),
            Stat::PacketsReceived => Some(&self.packets_received),
            Stat::Dropped => Some(&self.dropped),
            _ => None,
        }
    }

    /// Adds what another has counted, which counts no more.
    pub(crate) fn add(&self, other: &Self) {
        for stat in Self::SUMS {
            if let (Some(sum), Some(more)) = (self.counter(stat), other.counter(stat)) {
                sum.fetch_add(more.load(Relaxed), Relaxed);
            }
        }
    }

    /// The traffic of sockets that no longer exist.
    pub(crate) fn past() -> &'static Self {
        &PAST
    }

    /// What the reliable protocols of those have sent again, and found lost.
    pub(crate) fn past_repairs() -> (u64, u64) {
        (PAST_RESENT.load(Relaxed), PAST_LOST.load(Relaxed))
    }

    pub(crate) fn add_past_repairs(resent: u64, lost: u64) {
        PAST_RESENT.fetch_add(resent, Relaxed);
        PAST_LOST.fetch_add(lost, Relaxed);
    }
}
