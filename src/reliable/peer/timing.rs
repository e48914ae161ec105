//! When a peer has to be looked after though nothing came from it.

use super::session::MEMORY_LASTS;
use super::state::{Peer, SessionState};
use crate::reliable::config::Config;
use crate::reliable::units::Micros;

/// After this long without traffic the memory that only traffic needs is given back.
const IDLE: Micros = 1_000_000;

/// After this many timeouts in a row, and this long, the path counts as closed, not as lossy.
const COLLAPSE: u32 = 3;
const COLLAPSE_AFTER: Micros = 200_000;

/// What has become of a peer whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// It may have something to send.
    Transmit,
    /// It has been silent for too long.
    Silent,
    /// There is nothing left to remember.
    Forget,
}

impl Peer {
    /// When to look after the peer again, provided that it has just been asked to transmit.
    pub(crate) fn deadline(&self, config: &Config) -> Option<Micros> {
        match self.phase {
            SessionState::Opening { next_hello, .. } => {
                Some(earliest([Some(next_hello), self.silent_at(config)]))
            }
            SessionState::Confirming { .. } | SessionState::Open => Some(earliest([
                self.silent_at(config).or(Some(self.idle_at())),
                self.received.due(),
                self.sent.loss_at(),
                self.timeout_at(),
                self.paced_until,
                self.keepalive_at(config),
            ])),
            SessionState::Closing { .. } => None,
            SessionState::Over { until, .. } => Some(until),
        }
    }

    /// Does what is due.
    pub(crate) fn on_timeout(&mut self, now: Micros, config: &Config) -> Due {
        let due = |at: Option<Micros>| at.is_some_and(|at| at <= now);
        match self.phase {
            SessionState::Over { until, .. } if until <= now => return Due::Forget,
            SessionState::Over { .. } | SessionState::Closing { .. } => return Due::Transmit,
            _ if due(self.silent_at(config)) => return Due::Silent,
            SessionState::Opening { .. } => return Due::Transmit,
            SessionState::Confirming { .. } | SessionState::Open => {}
        }
        if due(self.sent.loss_at()) {
            self.detect_losses(now);
        }
        if due(self.timeout_at()) {
            self.hear_nothing(now);
        }
        if !self.owes() && self.idle_at() <= now {
            if self.trimmed {
                return Due::Forget;
            }
            self.rest();
        }
        if due(self.keepalive_at(config)) {
            self.received.acknowledge_now(now);
        }
        Due::Transmit
    }

    /// No acknowledgement came for a while.
    fn hear_nothing(&mut self, now: Micros) {
        if !self.send_buffer.has_in_flight() {
            // All that was under way has arrived by other datagrams. Those that are left would fill
            // the window for ever.
            self.sent.give_up_in_flight();
            self.timeout_from = None;
            return;
        }
        if self.backoff == 0 {
            self.stalled_since = self.timeout_from.unwrap_or(now);
        }
        self.backoff += 1;
        self.probes = self.backoff.min(2);
        self.timeout_from = Some(now);
        if self.backoff >= COLLAPSE && now >= self.stalled_since + COLLAPSE_AFTER {
            self.congestion.collapse(now);
        }
    }

    /// Whether the peer owes an acknowledgement, or the rest of a message.
    fn owes(&self) -> bool {
        self.busy_since.is_some() || self.reassembly.is_unfinished()
    }

    /// When the peer will have been silent for too long.
    fn silent_at(&self, config: &Config) -> Option<Micros> {
        let since = match self.busy_since {
            Some(since) => since.max(self.heard_at),
            None if self.reassembly.is_unfinished() => self.heard_at,
            None => return None,
        };
        Some(since + config.timeout)
    }

    /// When a peer that owes nothing is made smaller, and later forgotten.
    fn idle_at(&self) -> Micros {
        if self.trimmed { self.heard_at + MEMORY_LASTS } else { self.active_at + IDLE }
    }

    /// When something has to be sent so that the way to the peer stays open.
    fn keepalive_at(&self, config: &Config) -> Option<Micros> {
        let keeps = self.phase == SessionState::Open && config.keepalive > 0;
        keeps.then_some(self.sent_at + config.keepalive)
    }

    fn timeout_at(&self) -> Option<Micros> {
        Some(self.timeout_from? + self.rtt.timeout(self.backoff))
    }

    fn rest(&mut self) {
        self.trimmed = true;
        self.send_buffer.trim();
        self.sent.forget();
        self.reassembly.trim();
        self.congestion.rest();
    }
}

fn earliest<const N: usize>(times: [Option<Micros>; N]) -> Micros {
    times.into_iter().flatten().min().unwrap_or(Micros::MAX)
}
