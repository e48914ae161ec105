//! How sessions begin, follow one another and end.

use std::net::SocketAddr;

use super::state::{Local, Peer, SessionState};
use crate::reliable::congestion::Congestion;
use crate::reliable::event::{EventSink, LossReason};
use crate::reliable::reassembly::Delivery;
use crate::reliable::received::Received;
use crate::reliable::rtt::Rtt;
use crate::reliable::send_buffer::SendBuffer;
use crate::reliable::sent::Sent;
use crate::reliable::units::Micros;
use crate::reliable::wire::{Control, Proof};

/// How long a peer that was given up is remembered. A peer that is merely idle is forgotten after
/// the same time, so whoever does not know a peer has heard nothing from it for so long.
pub(crate) const MEMORY_LASTS: Micros = 120_000_000;

/// What has waited for no longer than this when the other side turns out to have forgotten us
/// cannot have arrived there. Half of the above, to be on the safe side of clocks and delays.
const RESUME_LIMIT: Micros = MEMORY_LASTS / 2;

/// A confirm whose token checks out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Confirm {
    /// The token that we granted.
    pub(crate) token: u64,
    pub(crate) proof: Proof,
    /// When we granted it.
    pub(crate) granted: Micros,
}

impl Peer {
    /// A peer that began a session with us.
    pub(crate) fn confirmed(address: SocketAddr, confirm: &Confirm, local: &Local, now: Micros) -> Self {
        let mut peer = Self::new(address, SessionState::Open, &local.config, now);
        peer.join(confirm, now);
        peer
    }

    /// Says hello, and begins anew with everything that waits.
    pub(crate) fn open(&mut self, token: u64, now: Micros) {
        self.phase = SessionState::Opening { began: now, last_hello: now, next_hello: now, hellos: 0 };
        self.local_token = token;
        self.mirrors = false;
    }

    /// The answer to a hello came.
    pub(crate) fn welcomed(
        &mut self,
        token: u64,
        grant: u64,
        stamp: u32,
        incarnation: u32,
        now: Micros,
    ) -> bool {
        let SessionState::Opening { began, last_hello, hellos, .. } = self.phase else {
            return false;
        };
        if token != self.local_token {
            return false;
        }
        // With several hellos it is not known which of them was answered.
        if hellos == 1 && self.rtt.smoothed().is_none() {
            self.rtt.sample(now.saturating_sub(last_hello), 0);
        }
        self.phase = SessionState::Confirming { began, stamp };
        self.remote_token = grant;
        self.remote_incarnation = incarnation;
        true
    }

    /// Whether a session that we are about to begin goes before the one that the peer wants to
    /// begin with a hello of `token`. Both ends decide alike: the lower token wins.
    pub(crate) fn prefers_own(&self, token: u64) -> bool {
        matches!(self.phase, SessionState::Opening { .. } | SessionState::Confirming { .. })
            && self.local_token < token
    }

    /// Whether that confirm comes from the present session.
    pub(crate) fn is_session(&self, token: u64, proof: &Proof) -> bool {
        self.is_addressed(token) && self.remote_token == proof.token
    }

    /// Whether that is the token by which the peer addresses the present session.
    pub(crate) fn is_addressed(&self, token: u64) -> bool {
        matches!(self.phase, SessionState::Confirming { .. } | SessionState::Open)
            && self.local_token == token
    }

    /// Whether the peer uses that token for a session that is open or about to be.
    pub(crate) fn owns(&self, token: u64) -> bool {
        !matches!(self.phase, SessionState::Over { .. }) && self.local_token == token
    }

    /// What this side has closed the session with whose peer would use that token, if it did.
    pub(crate) fn closed_with(&self, token: u64) -> Option<u8> {
        match self.phase {
            SessionState::Closing { code } | SessionState::Over { closed: Some(code), .. } => {
                (self.local_token == token).then_some(code)
            }
            _ => None,
        }
    }

    /// Whether a hello with that token is our own, sent back.
    pub(crate) fn is_own_hello(&self, token: u64) -> bool {
        matches!(self.phase, SessionState::Opening { .. } | SessionState::Confirming { .. })
            && self.local_token == token
    }

    /// Whether that is the token by which we address the present session.
    pub(crate) fn addresses(&self, token: u64) -> bool {
        matches!(self.phase, SessionState::Confirming { .. } | SessionState::Open)
            && self.remote_token == token
    }

    /// Whether an earlier session was given up, of which the peer may not know.
    pub(crate) fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// Whether a confirm is of a session that is over, or never came to be.
    pub(crate) fn is_outdated(&self, confirm: &Confirm) -> bool {
        self.newest.is_some_and(|newest| confirm.granted <= newest)
    }

    /// Goes over to the session that the peer began.
    pub(crate) fn adopt<S: EventSink + ?Sized>(
        &mut self,
        confirm: &Confirm,
        local: &Local,
        now: Micros,
        to: &mut Delivery<'_, S>,
    ) {
        let proof = &confirm.proof;
        let had_session = matches!(self.phase, SessionState::Confirming { .. } | SessionState::Open);
        let restarted = had_session && proof.incarnation != self.remote_incarnation;
        let resumes = !had_session || self.may_resume(proof.incarnation, proof.gave_up, now);
        if restarted || !resumes {
            self.lose(LossReason::Restarted, now, to);
            self.rtt = Rtt::default();
            self.congestion = Congestion::new(local.config.datagram_size);
        }
        self.restart(to);
        self.phase = SessionState::Open;
        self.join(confirm, now);
    }

    fn join(&mut self, confirm: &Confirm, now: Micros) {
        self.local_token = confirm.token;
        self.remote_token = confirm.proof.token;
        self.remote_incarnation = confirm.proof.incarnation;
        self.newest = Some(confirm.granted);
        self.gave_up = false;
        self.heard_at = now;
        self.active_at = now;
        self.sent_at = now;
        self.trimmed = false;
        if self.rtt.smoothed().is_none() {
            self.rtt.sample(now.saturating_sub(confirm.granted), 0);
        }
    }

    /// Something came in this session, so the peer has taken part in it.
    pub(crate) fn heard(&mut self, now: Micros) {
        self.heard_at = now;
        self.active_at = now;
        self.trimmed = false;
        if let SessionState::Confirming { began, .. } = self.phase {
            self.phase = SessionState::Open;
            self.newest = self.newest.max(Some(began));
            self.gave_up = false;
        }
    }

    /// The peer does not know the present session. True if a new one takes its place in silence.
    pub(crate) fn resume<S: EventSink + ?Sized>(
        &mut self,
        incarnation: u32,
        gave_up: bool,
        token: impl FnOnce() -> u64,
        now: Micros,
        to: &mut Delivery<'_, S>,
    ) -> bool {
        if !self.may_resume(incarnation, gave_up, now) || incarnation != self.remote_incarnation {
            return false;
        }
        if self.send_buffer.is_empty() {
            self.end(now, to);
            self.gave_up = false;
        } else {
            self.outdate_earlier();
            self.restart(to);
            self.open(token(), now);
        }
        true
    }

    /// Whether the peer, of which this is now known, cannot have received anything that waits.
    fn may_resume(&self, incarnation: u32, gave_up: bool, now: Micros) -> bool {
        let Some(since) = self.busy_since else {
            return true;
        };
        // Who was heard a moment ago has not forgotten the session: it knows us by another address.
        let was_heard =
            matches!(self.phase, SessionState::Open) && now.saturating_sub(self.heard_at) < RESUME_LIMIT;
        incarnation == self.remote_incarnation
            && !gave_up
            && !was_heard
            && now.saturating_sub(since) < RESUME_LIMIT
            && self.send_buffer.is_untouched()
    }

    /// Everything of a session but its tokens and the messages to send begins anew.
    fn restart<S: EventSink + ?Sized>(&mut self, to: &mut Delivery<'_, S>) {
        self.reassembly.flush(to);
        self.reassembly.clear(to.peer, to.memory);
        self.send_buffer.rewind();
        self.sent = Sent::default();
        self.received = Received::default();
        self.timeout_from = None;
        self.backoff = 0;
        self.probes = 0;
        self.paced_until = None;
    }

    /// Ends the session, with nothing left of it but that it was.
    pub(crate) fn end<S: EventSink + ?Sized>(&mut self, now: Micros, to: &mut Delivery<'_, S>) {
        self.outdate_earlier();
        self.send_buffer = SendBuffer::default();
        self.restart(to);
        self.busy_since = None;
        self.gave_up = true;
        self.phase = SessionState::Over { until: now + MEMORY_LASTS, closed: None };
    }

    /// What the peer began before the session that we began must not follow it, whether or not anything
    /// was heard in it: the peer may have taken from it what waits here.
    fn outdate_earlier(&mut self) {
        if let SessionState::Opening { began, .. } | SessionState::Confirming { began, .. } = self.phase {
            self.newest = self.newest.max(Some(began));
        }
    }

    /// The datagram by which the peer learns at once that the session is over.
    pub(crate) fn goodbye(&self, reason: LossReason) -> Option<Control> {
        let told = matches!(self.phase, SessionState::Confirming { .. } | SessionState::Open);
        told.then_some(Control::Close { token: self.remote_token, code: reason.code() })
    }

    /// Ends the session and has the peer told.
    pub(crate) fn close<S: EventSink + ?Sized>(
        &mut self,
        reason: LossReason,
        now: Micros,
        to: &mut Delivery<'_, S>,
    ) {
        let told = self.goodbye(reason).is_some();
        let unflushed = reason == LossReason::Closed && !self.is_flushed();
        let code = if unflushed { LossReason::ClosedEarly } else { reason }.code();
        // The host that closes needs no telling unless something is lost by it.
        if reason == LossReason::Closed && self.send_buffer.is_empty() {
            self.end(now, to);
        } else {
            self.lose(reason, now, to);
        }
        if told {
            self.phase = SessionState::Closing { code };
        }
    }
}
