//! How much of a limit is used up. The program may change the limit at any time.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Whether nothing more is let in. At least one always is, however small the limit.
#[inline]
pub fn is_full(used: u64, limit: u64) -> bool {
    used >= limit && used > 0
}

/// The cost of what was let in and has not gone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quota {
    used: u64,
}

impl Quota {
    #[inline]
    pub fn is_full(self, limit: u64) -> bool {
        is_full(self.used, limit)
    }

    /// Whether it would be full with so much more.
    #[inline]
    pub fn is_full_with(self, more: u64, limit: u64) -> bool {
        is_full(self.used + more, limit)
    }

    #[inline]
    pub fn book(&mut self, cost: u64) {
        self.used += cost;
    }

    /// What was booked has gone.
    #[inline]
    pub fn release(&mut self, cost: u64) {
        self.used = self.used.saturating_sub(cost);
    }
}

/// The cost of what many let in, and the limit of all together.
#[derive(Debug)]
pub struct SharedQuota {
    used: AtomicU64,
    limit: AtomicU64,
}

impl SharedQuota {
    #[must_use]
    pub const fn new(limit: u64) -> Self {
        Self { used: AtomicU64::new(0), limit: AtomicU64::new(limit) }
    }

    pub fn set_limit(&self, limit: u64) {
        self.limit.store(limit, Relaxed);
    }

    pub fn is_full(&self) -> bool {
        is_full(self.used.load(Relaxed), self.limit.load(Relaxed))
    }

    /// Books the cost of one more, unless it is full.
    pub fn try_book(&self, cost: u64) -> bool {
        let fits = !self.is_full();
        if fits {
            self.used.fetch_add(cost, Relaxed);
        }
        fits
    }

    /// What was booked has gone.
    pub fn release(&self, cost: u64) {
        self.used.fetch_sub(cost, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_one_is_let_in_whatever_the_limit() {
        let mut quota = Quota::default();
        assert!(!quota.is_full(0));
        quota.book(100);
        assert!(quota.is_full(0));
        assert!(quota.is_full(100));
        assert!(!quota.is_full(101));
    }

    #[test]
    fn what_is_yet_to_be_booked_counts_like_what_is() {
        let mut quota = Quota::default();
        assert!(!quota.is_full_with(0, 1));
        assert!(quota.is_full_with(1, 1));
        quota.book(5);
        assert!(!quota.is_full_with(4, 10));
        assert!(quota.is_full_with(5, 10));
    }

    #[test]
    fn many_share_one_limit() {
        let quota = SharedQuota::new(10);
        assert!(quota.try_book(9));
        assert!(quota.try_book(9));
        assert!(!quota.try_book(1));
        quota.release(9);
        assert!(quota.try_book(1));
        assert!(!quota.try_book(1));
        quota.set_limit(11);
        assert!(quota.try_book(1));
    }

    #[test]
    fn released_cost_makes_room() {
        let mut quota = Quota::default();
        quota.book(10);
        assert!(quota.is_full(10));
        quota.release(1);
        assert!(!quota.is_full(10));
        quota.release(100);
        assert!(!quota.is_full(0));
    }
}
