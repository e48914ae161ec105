//! How much may be in flight: CUBIC (RFC 9438), as TCP does, so that links are shared fairly with
//! TCP and with each other.

use super::rtt::Rtt;
use super::units::Micros;

/// Datagrams in the window at the start. A loss alone does not take it below that: a game's few
/// datagrams per round trip are no cause of congestion and must not starve from losses.
const FLOOR: u64 = 10;

/// Datagrams in the window when nothing gets through at all.
const COLLAPSED: u64 = 2;

/// What remains of the window after a loss.
const BETA: f64 = 0.7;

/// How fast the window grows, in datagrams per cubic second.
const C: f64 = 0.4;

/// Growth of the window per round trip that is as fair as TCP Reno's with this `BETA`.
const ALPHA: f64 = 3.0 * (1.0 - BETA) / (1.0 + BETA);

/// So many round trips in a row that are longer than usual end the first, exponential growth.
const SLOW_SAMPLES: u32 = 8;

#[derive(Clone, Debug)]
pub(crate) struct Congestion {
    datagram_size: u64,
    state: State,
    /// The state before the last loss, should that turn out to be none.
    before_loss: Option<State>,
    /// Losses of datagrams sent before this were answered already.
    recovery_since: Option<Micros>,
    slow_samples: u32,
}

#[derive(Clone, Copy, Debug)]
struct State {
    window: f64,
    threshold: f64,
    /// The window at the last loss.
    peak: f64,
    /// What Reno's window would be.
    reno: f64,
    /// The growth towards and past the peak, if it has begun.
    epoch: Option<Epoch>,
}

#[derive(Clone, Copy, Debug)]
struct Epoch {
    since: Micros,
    /// Seconds from then until the window is at the peak again.
    k: f64,
}

impl Congestion {
    pub(crate) fn new(datagram_size: usize) -> Self {
        let datagram_size = datagram_size as u64;
        Self {
            datagram_size,
            state: State {
                window: (FLOOR * datagram_size) as f64,
                threshold: f64::INFINITY,
                peak: 0.0,
                reno: 0.0,
                epoch: None,
            },
            before_loss: None,
            recovery_since: None,
            slow_samples: 0,
        }
    }

    /// Bytes that may be in flight.
    pub(crate) fn window(&self) -> u64 {
        self.state.window as u64
    }

    /// Bytes per second at which they should leave.
    pub(crate) fn rate(&self, rtt: &Rtt) -> u64 {
        let smoothed = rtt.smoothed().unwrap_or(0).max(50) as f64;
        let gain = if self.is_starting() { 2.0 } else { 1.25 };
        (gain * self.state.window * 1e6 / smoothed) as u64
    }

    fn is_starting(&self) -> bool {
        self.state.window < self.state.threshold
    }

    /// Datagrams of `bytes` arrived, the latest of them sent at `sent_at`. The window grows only
    /// if it is what `limited` the sender.
    pub(crate) fn acknowledged(
        &mut self,
        bytes: u64,
        sent_at: Micros,
        now: Micros,
        rtt: &Rtt,
        limited: bool,
    ) {
        if !limited {
            self.state.epoch = None;
            return;
        }
        if self.recovery_since.is_some_and(|since| sent_at <= since) {
            return;
        }
        if self.is_starting() {
            self.state.window += bytes as f64;
            self.leave_start_when_slow(rtt);
        } else {
            self.grow(bytes as f64, now, rtt);
        }
    }

    /// A queue that builds up shows in the round trip before it overflows (as in HyStart).
    fn leave_start_when_slow(&mut self, rtt: &Rtt) {
        let usual = rtt.minimum() + (rtt.minimum() / 8).clamp(4_000, 16_000);
        if rtt.latest() <= usual {
            self.slow_samples = 0;
            return;
        }
        self.slow_samples += 1;
        if self.slow_samples >= SLOW_SAMPLES {
            self.state.threshold = self.state.window;
        }
    }

    fn grow(&mut self, bytes: f64, now: Micros, rtt: &Rtt) {
        let size = self.datagram_size as f64;
        let state = &mut self.state;
        let epoch = *state.epoch.get_or_insert_with(|| {
            state.reno = state.window;
            state.peak = state.peak.max(state.window);
            Epoch { since: now, k: ((state.peak - state.window) / size / C).cbrt() }
        });
        let ahead = now.saturating_sub(epoch.since) + rtt.smoothed().unwrap_or(0);
        let t = ahead as f64 / 1e6 - epoch.k;
        let target = (state.peak + C * t * t * t * size).min(1.5 * state.window);
        let alpha = if state.reno < state.peak { ALPHA } else { 1.0 };
        state.reno += alpha * size * bytes / state.window;
        let cubic = state.window + (target - state.window).max(0.0) * bytes / state.window;
        state.window = cubic.max(state.reno);
    }

    /// A datagram sent at `sent_at` was lost.
    pub(crate) fn lost(&mut self, sent_at: Micros, now: Micros) {
        if self.recovery_since.is_some_and(|since| sent_at <= since) {
            return;
        }
        self.before_loss = Some(self.state);
        self.recovery_since = Some(now);
        let floor = (FLOOR * self.datagram_size) as f64;
        let state = &mut self.state;
        // A flow that did not reach its last peak leaves room to others.
        state.peak = if state.window < state.peak { state.window * (1.0 + BETA) / 2.0 } else { state.window };
        state.window = (state.window * BETA).max(floor.min(state.window));
        state.threshold = state.window;
        state.epoch = None;
    }

    /// The last loss was none.
    pub(crate) fn mistaken(&mut self) {
        if let Some(before) = self.before_loss.take()
            && before.window > self.state.window
        {
            self.state = before;
            self.recovery_since = None;
        }
    }

    /// Nothing comes back any more.
    pub(crate) fn collapse(&mut self, now: Micros) {
        let least = (COLLAPSED * self.datagram_size) as f64;
        if self.state.window <= least {
            return;
        }
        self.before_loss = None;
        self.recovery_since = Some(now);
        let floor = (FLOOR * self.datagram_size) as f64;
        self.state.threshold = (self.state.window * BETA).max(floor);
        self.state.window = least;
        self.state.epoch = None;
    }

    /// Nothing was sent for long: what the path bears has to be found anew.
    pub(crate) fn rest(&mut self) {
        let floor = (FLOOR * self.datagram_size) as f64;
        self.state.threshold = self.state.threshold.min(self.state.window.max(floor));
        self.state.window = self.state.window.min(floor);
        self.state.epoch = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 1200;

    fn rtt() -> Rtt {
        let mut rtt = Rtt::default();
        rtt.sample(40_000, 0);
        rtt
    }

    #[test]
    fn doubles_in_a_round_trip_at_the_start() {
        let mut congestion = Congestion::new(SIZE as usize);
        let before = congestion.window();
        congestion.acknowledged(before, 1, 40_000, &rtt(), true);
        assert_eq!(congestion.window(), 2 * before);
        congestion.acknowledged(before, 1, 40_000, &rtt(), false);
        assert_eq!(congestion.window(), 2 * before);
    }

    #[test]
    fn answers_a_round_of_losses_once_and_comes_back() {
        let mut congestion = Congestion::new(SIZE as usize);
        let rtt = rtt();
        while congestion.window() < 100 * SIZE {
            congestion.acknowledged(congestion.window(), 1, 40_000, &rtt, true);
        }
        let peak = congestion.window();
        congestion.lost(50_000, 100_000);
        let after = congestion.window();
        assert_eq!(after, (peak as f64 * BETA) as u64);
        congestion.lost(60_000, 110_000);
        assert_eq!(congestion.window(), after);
        let mut now = 140_000;
        while congestion.window() < peak {
            congestion.acknowledged(congestion.window(), now, now + 40_000, &rtt, true);
            now += 40_000;
            assert!(now < 30_000_000, "stuck at {}", congestion.window());
        }
    }

    #[test]
    fn takes_a_mistake_back() {
        let mut congestion = Congestion::new(SIZE as usize);
        congestion.acknowledged(congestion.window(), 1, 40_000, &rtt(), true);
        let before = congestion.window();
        congestion.lost(50_000, 90_000);
        assert!(congestion.window() < before);
        congestion.mistaken();
        assert_eq!(congestion.window(), before);
    }

    #[test]
    fn losses_alone_leave_a_floor_and_silence_does_not() {
        let mut congestion = Congestion::new(SIZE as usize);
        for round in 1..50 {
            congestion.lost(round * 100_000, round * 100_000 + 50_000);
        }
        assert_eq!(congestion.window(), FLOOR * SIZE);
        congestion.collapse(9_000_000);
        assert_eq!(congestion.window(), COLLAPSED * SIZE);
    }
}
