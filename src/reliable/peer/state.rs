//! What is known of one peer, and what is done to it that is not the protocol's doing.

use std::net::SocketAddr;

use crate::reliable::config::Config;
use crate::reliable::congestion::Congestion;
use crate::reliable::event::{EventSink, LossReason, PeerInfo, PeerLost, SendError};
use crate::reliable::pacer::Pacer;
use crate::reliable::reassembly::{Delivery, Reassembly};
use crate::reliable::received::Received;
use crate::reliable::rtt::Rtt;
use crate::reliable::send_buffer::SendBuffer;
use crate::reliable::sent::Sent;
use crate::reliable::units::Micros;
use crate::reliable::wire::{ACK_LEN, BITMAP_MAX, CHUNK_LEN_MAX, HEADER_LEN, PROOF_LEN};

/// What a datagram may carry besides one chunk.
pub(crate) const OVERHEAD: usize = HEADER_LEN + PROOF_LEN + ACK_LEN + BITMAP_MAX + CHUNK_LEN_MAX;

/// What is the same for all peers of an endpoint.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) config: Config,
    /// Different whenever an endpoint is created.
    pub(crate) incarnation: u32,
}

#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// Whether the endpoint has it in its queue of those to look after.
    pub(crate) queued: bool,
    pub(crate) phase: SessionState,
    /// The token by which the peer addresses this session.
    pub(crate) local_token: u64,
    /// The one by which the endpoint finds the peer.
    pub(crate) known_token: u64,
    /// The token by which we address it.
    pub(crate) remote_token: u64,
    pub(crate) remote_incarnation: u32,
    /// Confirms whose token was granted up to then belong to sessions that are over.
    pub(crate) newest: Option<Micros>,
    /// Whether an earlier session was given up, of which the peer may not know.
    pub(crate) gave_up: bool,
    pub(crate) send_buffer: SendBuffer,
    /// What of that is counted together with what others send.
    pub(crate) counted: usize,
    pub(crate) sent: Sent,
    pub(crate) received: Received,
    pub(crate) reassembly: Reassembly,
    pub(crate) rtt: Rtt,
    pub(crate) congestion: Congestion,
    pub(crate) pacer: Pacer,
    /// When anything came from it last in this session.
    pub(crate) heard_at: Micros,
    /// When something was last sent to it or came from it.
    pub(crate) active_at: Micros,
    /// Since when something is unacknowledged.
    pub(crate) busy_since: Option<Micros>,
    /// From when the retransmission timeout counts; none if nothing is in flight.
    pub(crate) timeout_from: Option<Micros>,
    /// Retransmission timeouts since anything was acknowledged.
    pub(crate) backoff: u32,
    /// When the first of these began to count.
    pub(crate) stalled_since: Micros,
    /// Datagrams to be sent to find out what arrives.
    pub(crate) probes: u32,
    /// When pacing lets the next datagram go.
    pub(crate) paced_until: Option<Micros>,
    /// Whether the window or pacing held something back.
    pub(crate) held_back: bool,
    /// Whether the memory that only traffic needs was given back.
    pub(crate) trimmed: bool,
    /// When anything was last sent to it in this session.
    pub(crate) sent_at: Micros,
    /// Whether the host has to do with it: something was sent to it, or it delivered something.
    pub(crate) known: bool,
    /// When that was last, or it acknowledged something.
    pub(crate) useful_at: Micros,
    /// Its hello was our own.
    pub(crate) mirrors: bool,
    /// A message was refused, and the host was not yet told that there is room again.
    pub(crate) refused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionState {
    /// We have said hello.
    Opening { began: Micros, last_hello: Micros, next_hello: Micros, hellos: u32 },
    /// We were welcomed, and have heard nothing since.
    Confirming { began: Micros, stamp: u32 },
    /// Both ends have proved their addresses.
    Open,
    /// The session is over; the peer is to be told why.
    Closing { code: u8 },
    /// The session is over. Remembered so that its datagrams cannot begin it again. If this side closed it,
    /// `closed` is the code of that.
    Over { until: Micros, closed: Option<u8> },
}

impl Peer {
    pub(crate) fn new(address: SocketAddr, phase: SessionState, config: &Config, now: Micros) -> Self {
        Self {
            address,
            queued: false,
            phase,
            local_token: 0,
            known_token: 0,
            remote_token: 0,
            remote_incarnation: 0,
            newest: None,
            gave_up: false,
            send_buffer: SendBuffer::default(),
            counted: 0,
            sent: Sent::default(),
            received: Received::default(),
            reassembly: Reassembly::default(),
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
            sent_at: now,
            known: false,
            useful_at: now,
            mirrors: false,
            refused: false,
        }
    }

    /// A peer to whom something is to be sent.
    pub(crate) fn opening(address: SocketAddr, token: u64, config: &Config, now: Micros) -> Self {
        let mut peer = Self::new(address, SessionState::Over { until: now, closed: None }, config, now);
        peer.open(token, now);
        peer
    }

    /// Takes a message. `token` is used if that begins a session.
    pub(crate) fn send(
        &mut self,
        message: &[u8],
        token: impl FnOnce() -> u64,
        config: &Config,
        now: impl Fn() -> Micros,
    ) -> Result<(), SendError> {
        if self.send_buffer.is_full(config.send_limit) {
            self.refused = true;
            return Err(SendError::QueueFull);
        }
        if self.busy_since.is_none() {
            let now = now();
            if matches!(self.phase, SessionState::Over { .. } | SessionState::Closing { .. }) {
                self.open(token(), now);
            }
            self.busy_since = Some(now);
            self.active_at = now;
            self.useful_at = now;
            self.known = true;
            self.trimmed = false;
        }
        self.send_buffer.push(message, config.datagram_size - OVERHEAD);
        Ok(())
    }

    /// Tells the host, once, if half of the limit is free after a message was refused.
    pub(crate) fn tell_of_room<S: EventSink + ?Sized>(&mut self, send_limit: usize, sink: &mut S) {
        if self.refused && self.send_buffer.is_half_free(send_limit) {
            self.refused = false;
            sink.has_room(self.address);
        }
    }

    /// Gives the peer up. The host is told if it has to do with it: strangers could otherwise tell it
    /// things without end.
    pub(crate) fn lose<S: EventSink + ?Sized>(
        &mut self,
        reason: LossReason,
        now: Micros,
        to: &mut Delivery<'_, S>,
    ) {
        let (messages, bytes) = self.send_buffer.unacknowledged();
        self.refused = false;
        self.end(now, to);
        if std::mem::take(&mut self.known) || to.delivered {
            to.sink.peer_lost(PeerLost { peer: self.address, reason, messages, bytes });
        }
    }

    /// Messages and bytes that the peer has not acknowledged.
    pub(crate) fn unacknowledged(&self) -> (usize, usize) {
        self.send_buffer.unacknowledged()
    }

    /// Whether everything sent to it is acknowledged.
    pub(crate) fn is_flushed(&self) -> bool {
        self.send_buffer.is_empty()
    }

    /// Whether everything received from it is acknowledged, too.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_flushed() && self.received.due().is_none()
    }

    /// Whether there is a session with it, or one is about to begin.
    pub(crate) fn has_session(&self) -> bool {
        !matches!(self.phase, SessionState::Closing { .. } | SessionState::Over { .. })
    }

    /// How much would be missed with it: more is to be kept. What is over is not missed, then come peers
    /// that the host has nothing to do with, and of the others those that were of no use for long.
    pub(crate) fn usefulness(&self) -> (bool, bool, Micros) {
        (self.has_session(), self.concerns_host(), self.useful_at)
    }

    /// Whether the host misses nothing if it goes.
    pub(crate) fn is_expendable(&self) -> bool {
        !(self.has_session() && self.concerns_host())
    }

    /// Whether the host has to do with it, or will have when what it sent is delivered.
    fn concerns_host(&self) -> bool {
        self.known || self.reassembly.holds_messages()
    }

    /// Chunks sent again and datagrams lost since the last call.
    pub(crate) fn take_counts(&mut self) -> (u64, u64) {
        (self.send_buffer.take_resent(), self.sent.take_lost())
    }

    pub(crate) fn info(&self) -> PeerInfo {
        PeerInfo {
            open: self.phase == SessionState::Open,
            rtt: self.rtt.smoothed(),
            jitter: self.rtt.variation(),
            waiting: self.send_buffer.waiting(),
            in_flight: self.sent.in_flight(),
            window: self.congestion.window(),
        }
    }
}
