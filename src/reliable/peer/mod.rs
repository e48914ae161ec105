//! One peer: the session with it, if there is one, and what waits for it.

mod receive;
mod session;
mod timing;
mod transmit;

use std::net::SocketAddr;

use super::config::Config;
use super::congestion::Congestion;
use super::event::{LossReason, PeerLost, SendError, Sink};
use super::history::History;
use super::inbound::{Delivery, Inbound};
use super::outbox::Outbox;
use super::pacer::Pacer;
use super::rtt::Rtt;
use super::sent::Sent;
use super::wire::{ACK_LEN, BITMAP_MAX, CHUNK_LEN_MAX, HEADER_LEN, PROOF_LEN};
use super::{Micros, PeerInfo};

pub(super) use session::Confirm;
pub(super) use timing::Due;
pub(super) use transmit::Outcome;

/// What a datagram may carry besides one chunk.
const OVERHEAD: usize = HEADER_LEN + PROOF_LEN + ACK_LEN + BITMAP_MAX + CHUNK_LEN_MAX;

/// What is the same for all peers of an endpoint.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) config: Config,
    /// Different whenever an endpoint is created.
    pub(super) incarnation: u32,
}

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    /// Whether the endpoint has it in its queue of those to look after.
    pub(super) queued: bool,
    phase: Phase,
    /// The token by which the peer addresses this session.
    local_token: u64,
    /// The token by which we address it.
    remote_token: u64,
    remote_incarnation: u32,
    /// Confirms whose token was granted up to then belong to sessions that are over.
    newest: Option<Micros>,
    /// Whether an earlier session was given up, of which the peer may not know.
    gave_up: bool,
    outbox: Outbox,
    sent: Sent,
    history: History,
    inbound: Inbound,
    rtt: Rtt,
    congestion: Congestion,
    pacer: Pacer,
    /// When anything came from it last in this session.
    heard_at: Micros,
    /// When something was last sent to it or came from it.
    active_at: Micros,
    /// Since when something is unacknowledged.
    busy_since: Option<Micros>,
    /// From when the retransmission timeout counts; none if nothing is in flight.
    timeout_from: Option<Micros>,
    /// Retransmission timeouts since anything was acknowledged.
    backoff: u32,
    /// When the first of these began to count.
    stalled_since: Micros,
    /// Datagrams to be sent to find out what arrives.
    probes: u32,
    /// When pacing lets the next datagram go.
    paced_until: Option<Micros>,
    /// Whether the window or pacing held something back.
    held_back: bool,
    /// Whether the memory that only traffic needs was given back.
    trimmed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// We have said hello.
    Opening { began: Micros, last_hello: Micros, next_hello: Micros, hellos: u32 },
    /// We were welcomed, and have heard nothing since.
    Confirming { began: Micros, stamp: u32 },
    /// Both ends have proved their addresses.
    Open,
    /// The session is over; the peer is to be told why.
    Closing { code: u8 },
    /// The session is over. Remembered so that its datagrams cannot begin it again.
    Over { until: Micros },
}

impl Peer {
    fn new(address: SocketAddr, phase: Phase, config: &Config, now: Micros) -> Self {
        Self {
            address,
            queued: false,
            phase,
            local_token: 0,
            remote_token: 0,
            remote_incarnation: 0,
            newest: None,
            gave_up: false,
            outbox: Outbox::default(),
            sent: Sent::default(),
            history: History::default(),
            inbound: Inbound::default(),
            rtt: Rtt::default(),
            congestion: Congestion::new(config.datagram_size),
            pacer: Pacer::new(config.datagram_size, now),
            heard_at: now,
            active_at: now,
            busy_since: None,
            timeout_from: None,
            backoff: 0,
            stalled_since: now,
            probes: 0,
            paced_until: None,
            held_back: false,
            trimmed: false,
        }
    }

    /// A peer to whom something is to be sent.
    pub(super) fn opening(address: SocketAddr, token: u64, config: &Config, now: Micros) -> Self {
        let mut peer = Self::new(address, Phase::Over { until: now }, config, now);
        peer.open(token, now);
        peer
    }

    /// Takes a message. `token` is used if that begins a session.
    pub(super) fn send(
        &mut self,
        message: &[u8],
        token: impl FnOnce() -> u64,
        config: &Config,
        now: impl Fn() -> Micros,
    ) -> Result<(), SendError> {
        if self.outbox.is_full(config.send_limit) {
            return Err(SendError::QueueFull);
        }
        if self.busy_since.is_none() {
            let now = now();
            if matches!(self.phase, Phase::Over { .. } | Phase::Closing { .. }) {
                self.open(token(), now);
            }
            self.busy_since = Some(now);
            self.active_at = now;
            self.trimmed = false;
        }
        self.outbox.push(message, config.datagram_size - OVERHEAD);
        Ok(())
    }

    /// Gives the peer up.
    pub(super) fn lose<S: Sink + ?Sized>(
        &mut self,
        reason: LossReason,
        now: Micros,
        to: &mut Delivery<'_, S>,
    ) {
        let (messages, bytes) = self.outbox.unacknowledged();
        self.end(now, to);
        to.sink.peer_lost(PeerLost { peer: self.address, reason, messages, bytes });
    }

    /// Messages and bytes that the peer has not acknowledged.
    pub(super) fn unacknowledged(&self) -> (usize, usize) {
        self.outbox.unacknowledged()
    }

    /// Whether everything sent to it is acknowledged.
    pub(super) fn is_flushed(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Whether everything received from it is acknowledged, too.
    pub(super) fn is_settled(&self) -> bool {
        self.is_flushed() && self.history.due().is_none()
    }

    pub(super) fn info(&self) -> PeerInfo {
        PeerInfo {
            open: self.phase == Phase::Open,
            rtt: self.rtt.smoothed(),
            waiting: self.outbox.waiting(),
            in_flight: self.sent.in_flight(),
            window: self.congestion.window(),
        }
    }
}
