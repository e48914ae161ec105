//! How long a datagram and its acknowledgement take (RFC 6298, with the sample of RFC 9002).

use super::units::Micros;

/// Before anything was measured.
const INITIAL_RTO: Micros = 250_000;

/// A hello is a few bytes, and costs a player nothing that comes of waiting for it.
const INITIAL_HELLO: Micros = 100_000;

/// A retransmission timer waits longer than the round trip by half of it at least, but within
/// these bounds: the coarseness of timers, and a tick of the other side.
const SLACK: std::ops::RangeInclusive<Micros> = 5_000..=20_000;

/// However often nothing came back, the wait grows no further than to this, or to twice the
/// unscaled timeout where that is longer.
const BACKOFF_LIMIT: Micros = 500_000;

/// No path is longer. What was under way while a process stood still, or a clock jumped, says nothing of the path.
const LONGEST_SAMPLE: Micros = 10_000_000;

/// The first wait is no longer, whatever was measured.
const LONGEST_RTO: Micros = 3_000_000;

/// A round trip that is this much shorter than the smoothed one halves it at once.
const STALL_FACTOR: u64 = 8;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rtt {
    smoothed: Option<Micros>,
    variation: Micros,
    minimum: Micros,
    latest: Micros,
}

impl Rtt {
    /// Takes a measured round trip, of which the other side says that it spent `delay` waiting.
    pub(crate) fn sample(&mut self, rtt: Micros, delay: Micros) {
        let rtt = rtt.min(LONGEST_SAMPLE);
        let Some(smoothed) = self.smoothed else {
            self.latest = rtt;
            self.smoothed = Some(rtt);
            self.variation = rtt / 2;
            self.minimum = rtt;
            return;
        };
        self.minimum = self.minimum.min(rtt);
        let rtt = if rtt >= self.minimum + delay { rtt - delay } else { rtt };
        self.latest = rtt;
        if rtt * STALL_FACTOR < smoothed {
            // What was measured before was a stall, not the path.
            self.variation = self.variation.min(smoothed) / 2;
            self.smoothed = Some(smoothed.midpoint(rtt));
            return;
        }
        self.variation = (3 * self.variation + smoothed.abs_diff(rtt)) / 4;
        self.smoothed = Some((7 * smoothed + rtt) / 8);
    }

    /// The smoothed round trip, if any was measured.
    pub(crate) fn smoothed(&self) -> Option<Micros> {
        self.smoothed
    }

    /// How far round trips are from the smoothed one on average.
    pub(crate) fn variation(&self) -> Micros {
        self.variation
    }

    /// The last round trip that was measured.
    pub(crate) fn latest(&self) -> Micros {
        self.latest
    }

    /// The shortest round trip that was measured.
    pub(crate) fn minimum(&self) -> Micros {
        self.minimum
    }

    /// The retransmission timeout after `backoff` timeouts in a row.
    pub(crate) fn timeout(&self, backoff: u32) -> Micros {
        let base = match self.smoothed {
            Some(smoothed) => {
                let slack = (smoothed / 2).clamp(*SLACK.start(), *SLACK.end());
                (smoothed + (4 * self.variation).max(slack)).min(LONGEST_RTO)
            }
            None => INITIAL_RTO,
        };
        scaled(base, backoff)
    }

    /// How long to wait for the answer to a hello when `sent` were sent before.
    pub(crate) fn hello_timeout(sent: u32) -> Micros {
        scaled(INITIAL_HELLO, sent)
    }
}

/// `base` times 1.5 to the `backoff`, within the limit.
fn scaled(base: Micros, backoff: u32) -> Micros {
    let limit = BACKOFF_LIMIT.max(2 * base);
    let mut wait = base;
    for _ in 0..backoff {
        wait += wait / 2;
        if wait >= limit {
            return limit;
        }
    }
    wait
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_samples() {
        let mut rtt = Rtt::default();
        assert_eq!(rtt.timeout(0), INITIAL_RTO);
        for _ in 0..50 {
            rtt.sample(40_000, 0);
        }
        assert_eq!(rtt.smoothed(), Some(40_000));
        assert_eq!(rtt.timeout(0), 60_000);
        assert_eq!(rtt.timeout(1), 90_000);
        assert_eq!(rtt.timeout(100), BACKOFF_LIMIT);
    }

    #[test]
    fn a_stall_of_minutes_is_not_waited_for_again() {
        let mut rtt = Rtt::default();
        rtt.sample(40_000, 0);
        rtt.sample(2_000_000_000, 0);
        assert_eq!(rtt.timeout(0), LONGEST_RTO);
        assert!(rtt.timeout(100) <= 2 * LONGEST_RTO);
        assert!(rtt.smoothed().unwrap() < LONGEST_SAMPLE);
    }

    #[test]
    fn takes_the_delay_off_but_never_below_the_minimum() {
        let mut rtt = Rtt::default();
        rtt.sample(40_000, 0);
        for _ in 0..100 {
            rtt.sample(50_000, 10_000);
        }
        assert_eq!(rtt.smoothed(), Some(40_000));
        for _ in 0..100 {
            rtt.sample(41_000, 10_000);
        }
        assert!(rtt.smoothed().unwrap() > 40_900);
    }
}
