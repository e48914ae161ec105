//! What goes out to a peer, and when.

use super::session::MEMORY_LASTS;
use super::state::{Local, Peer, SessionState};
use crate::reliable::batch::Transmits;
use crate::reliable::rtt::Rtt;
use crate::reliable::send_buffer::Repeat;
use crate::reliable::units::Micros;
use crate::reliable::wire::{BITMAP_MAX, Control, Proof, Writer};

/// Datagrams that one peer may send before the others have their turn.
const TURN: usize = 16;

/// Small messages are not repeated sooner than this, nor before an eighth of the round trip: a
/// burst of datagrams would carry the same again and again.
const REPEAT_AFTER: Micros = 2_000;

/// They are repeated no more often than this before it is known that they were lost.
const REPEATS: u8 = 2;

/// Datagrams by which the window may be exceeded for small messages that overtake a larger one, as RFC 3042 exceeds it.
const OVERTAKING: u64 = 2;

/// How a peer's turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has nothing more to send now.
    Done,
    /// It has, but it is the turn of others.
    Again,
    /// There is no room for more.
    Full,
}

/// What the next datagram is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Data,
    /// Small messages before a larger one, which has to wait.
    Overtake,
    Probe,
    Acknowledge,
}

impl Peer {
    /// Writes what may leave now.
    pub(crate) fn transmit(&mut self, now: Micros, local: &Local, out: &mut Transmits) -> Outcome {
        match self.phase {
            SessionState::Opening { .. } => return self.say_hello(now, out),
            SessionState::Closing { code } => return self.say_goodbye(code, now, out),
            SessionState::Over { .. } => return Outcome::Done,
            SessionState::Confirming { .. } | SessionState::Open => {}
        }
        for _ in 0..TURN {
            let Some(purpose) = self.purpose(now, local) else {
                return Outcome::Done;
            };
            let Some(buffer) = out.slot(local.config.datagram_size) else {
                return Outcome::Full;
            };
            let len = self.write(purpose, buffer, now, local);
            out.commit(self.address, len);
        }
        Outcome::Again
    }

    fn say_hello(&mut self, now: Micros, out: &mut Transmits) -> Outcome {
        let SessionState::Opening { last_hello, next_hello, hellos, .. } = &mut self.phase else {
            return Outcome::Done;
        };
        if now < *next_hello {
            return Outcome::Done;
        }
        let token = self.local_token;
        if !out.add(self.address, Control::Hello { token }) {
            return Outcome::Full;
        }
        *last_hello = now;
        *next_hello = now + Rtt::hello_timeout(*hellos);
        *hellos += 1;
        self.active_at = now;
        Outcome::Done
    }

    fn say_goodbye(&mut self, code: u8, now: Micros, out: &mut Transmits) -> Outcome {
        let token = self.remote_token;
        if !out.add(self.address, Control::Close { token, code }) {
            return Outcome::Full;
        }
        self.phase = SessionState::Over { until: now + MEMORY_LASTS, closed: Some(code) };
        Outcome::Done
    }

    /// Why a datagram has to leave now, if one has to.
    fn purpose(&mut self, now: Micros, local: &Local) -> Option<Purpose> {
        self.held_back = false;
        self.paced_until = None;
        if self.probes > 0 {
            if self.send_buffer.has_in_flight() {
                return Some(Purpose::Probe);
            }
            self.probes = 0;
        }
        if self.send_buffer.has_pending() {
            if self.sent.in_flight() == 0 {
                self.pacer.refill();
            }
            let (window, in_flight) = (self.congestion.window(), self.sent.in_flight());
            let excess = OVERTAKING * local.config.datagram_size as u64;
            if in_flight < window + excess && self.send_buffer.overtakes(window.saturating_sub(in_flight)) {
                return Some(Purpose::Overtake);
            }
            if in_flight < window {
                let at = self.pacer.next(now, self.congestion.rate(&self.rtt));
                if at <= now {
                    return Some(Purpose::Data);
                }
                self.paced_until = Some(at);
            }
            self.held_back = true;
        }
        let due = self.received.due().is_some_and(|at| at <= now);
        due.then_some(Purpose::Acknowledge)
    }

    fn write(&mut self, purpose: Purpose, buffer: &mut [u8], now: Micros, local: &Local) -> usize {
        let mut writer = match self.phase {
            SessionState::Confirming { stamp, .. } => {
                let proof = Proof {
                    token: self.local_token,
                    stamp,
                    incarnation: local.incarnation,
                    gave_up: self.gave_up,
                };
                Writer::confirm(buffer, self.remote_token, proof)
            }
            _ => Writer::data(buffer, self.remote_token),
        };
        let mut bitmap = [0; BITMAP_MAX];
        let (ack, told) = self.received.acknowledge(now, &mut bitmap);
        writer.ack(self.sent.next() as u32, ack);

        let repeat = self.repeat(purpose, now, local);
        let (send_buffer, sent) = (&mut self.send_buffer, &mut self.sent);
        match purpose {
            Purpose::Data => send_buffer.write_pending(&mut writer, sent, repeat),
            Purpose::Overtake => send_buffer.write_overtaking(&mut writer, sent, repeat),
            Purpose::Probe => {
                self.probes -= 1;
                send_buffer.write_oldest(&mut writer, sent);
            }
            Purpose::Acknowledge => send_buffer.write_repeats(&mut writer, sent, repeat),
        }
        let len = writer.len();
        self.sent_at = now;
        if self.sent.finish(len, told, now) {
            self.pacer.spend(len);
            self.timeout_from.get_or_insert(now);
            self.active_at = now;
        }
        len
    }

    fn repeat(&self, purpose: Purpose, now: Micros, local: &Local) -> Repeat {
        let round_trip = self.rtt.smoothed().unwrap_or(0);
        // Repeating spends bytes to save time; a path that has none to spare is spared, unless it is a message of
        // ours that fills it.
        let spare = 2 * self.sent.in_flight() < self.congestion.window()
            || purpose != Purpose::Acknowledge && self.send_buffer.has_parts();
        // An acknowledgement that carries a message is itself to be acknowledged; it does so only
        // for a message that no later data has repeated.
        let (wait, times) = match purpose {
            Purpose::Acknowledge => (round_trip / 2, 1),
            Purpose::Data | Purpose::Overtake | Purpose::Probe => (round_trip / 8, REPEATS),
        };
        Repeat {
            budget: if spare { local.config.redundancy } else { 0 },
            before: now.saturating_sub(wait.max(REPEAT_AFTER)),
            times,
        }
    }
}
