//! Spreads datagrams over the round trip instead of sending a window at once.

use super::units::Micros;

/// Datagrams that may leave at once however slow the path is.
const BURST: u64 = 10;

/// A faster path may get this much of its rate at once: a host that is called once a frame must
/// be able to use what it did not use in between.
const BURST_TIME: Micros = 20_000;

/// A bucket of bytes that fills at the rate of the path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pacer {
    tokens: i64,
    filled_at: Micros,
    datagram_size: u64,
}

impl Pacer {
    pub(crate) fn new(datagram_size: usize, now: Micros) -> Self {
        let datagram_size = datagram_size as u64;
        Self { tokens: (BURST * datagram_size) as i64, filled_at: now, datagram_size }
    }

    /// When the next datagram may leave: `now`, or later. `rate` is in bytes per second.
    pub(crate) fn next(&mut self, now: Micros, rate: u64) -> Micros {
        let elapsed = now.saturating_sub(self.filled_at);
        // Below a byte the time is kept, so that frequent calls lose nothing.
        let earned = rate.saturating_mul(elapsed) / 1_000_000;
        if earned > 0 {
            let capacity = rate.saturating_mul(BURST_TIME) / 1_000_000;
            let capacity = capacity.max(BURST * self.datagram_size);
            self.tokens = self.tokens.saturating_add_unsigned(earned).min(capacity as i64);
            self.filled_at = now;
        }
        if self.tokens > 0 {
            return now;
        }
        let missing = self.tokens.unsigned_abs() + self.datagram_size;
        now + missing.saturating_mul(1_000_000) / rate.max(1) + 1
    }

    /// Nothing is under way, so there is nothing to spread what leaves next over.
    pub(crate) fn refill(&mut self) {
        self.tokens = self.tokens.max((BURST * self.datagram_size) as i64);
    }

    /// A datagram of that size left.
    pub(crate) fn spend(&mut self, bytes: usize) {
        self.tokens -= bytes as i64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_a_burst_go_and_then_keeps_the_rate() {
        let mut pacer = Pacer::new(1000, 0);
        let mut sent = 0u64;
        let mut now = 0;
        while now < 1_000_000 {
            let at = pacer.next(now, 500_000);
            if at > now {
                now = at;
                continue;
            }
            pacer.spend(1000);
            sent += 1000;
        }
        assert!((500_000..=515_000).contains(&sent), "{sent}");
    }
}
