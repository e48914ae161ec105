//! How fast something may go on: so much a second, and what was not used for a second at the most.

use crate::clock::Millis;

/// Waits are at least this long, so that a slow rate does not cost a turn per byte.
const LEAST_WAIT: Millis = 20;

/// What may go at once, in thousandths, as it was at some time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    thousandths: u64,
    at: Millis,
}

impl Rate {
    /// A second's worth is free.
    pub(crate) fn new(per_second: u32, now: Millis) -> Self {
        Self { thousandths: u64::from(per_second) * 1000, at: now }
    }

    /// How much may go now.
    pub(crate) fn allowance(&mut self, per_second: u32, now: Millis) -> usize {
        let per_second = u64::from(per_second);
        let gained = per_second.saturating_mul(now.saturating_sub(self.at));
        self.thousandths = self.thousandths.saturating_add(gained).min(per_second * 1000);
        self.at = now;
        (self.thousandths / 1000) as usize
    }

    pub(crate) fn use_up(&mut self, amount: usize) {
        self.thousandths = self.thousandths.saturating_sub(amount as u64 * 1000);
    }

    /// When there is something again, after nothing was left.
    pub(crate) fn next(&self, per_second: u32) -> Millis {
        let missing = 1000 - self.thousandths.min(1000);
        self.at + missing.div_ceil(u64::from(per_second.max(1))).max(LEAST_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much goes in so many milliseconds when as much as possible does.
    fn gone(rate: &mut Rate, per_second: u32, from: Millis, until: Millis) -> usize {
        let (mut now, mut sum) = (from, 0);
        while now < until {
            let amount = rate.allowance(per_second, now);
            rate.use_up(amount);
            sum += amount;
            let next = rate.next(per_second);
            assert!(next > now);
            now = next;
        }
        sum
    }

    #[test]
    fn a_second_is_free_and_then_the_rate_holds() {
        for per_second in [1, 7, 1000, 123_456, i32::MAX as u32] {
            let sum = gone(&mut Rate::new(per_second, 5), per_second, 5, 10_005) as u64;
            let rate = u64::from(per_second);
            assert!((rate * 10..=rate * 11).contains(&sum), "{sum} at {per_second}");
        }
    }

    #[test]
    fn the_wait_is_for_what_is_missing_of_the_next() {
        let mut rate = Rate::new(2, 0);
        assert_eq!(rate.allowance(2, 0), 2);
        rate.use_up(2);
        assert_eq!(rate.next(2), 500);
        assert_eq!(rate.allowance(2, 200), 0);
        assert_eq!(rate.next(2), 500);
    }

    #[test]
    fn what_a_pause_saves_is_a_second_at_the_most() {
        let mut rate = Rate::new(100, 0);
        assert_eq!(gone(&mut rate, 100, 0, 20), 100);
        assert_eq!(rate.allowance(100, 1_000_000), 100);
    }
}
