//! What an endpoint tells its host.

use std::fmt;
use std::net::SocketAddr;

use super::units::Micros;

/// Takes what an [`Endpoint`](super::Endpoint) has for its host.
pub trait EventSink {
    /// A message arrived: each one exactly once.
    fn delivered(&mut self, peer: SocketAddr, payload: &[u8]);

    /// A peer was given up that had delivered something, or to which something was sent. Messages sent to
    /// it later open a new session.
    fn peer_lost(&mut self, lost: PeerLost);

    /// A message to the peer was refused with [`SendError::QueueFull`], and now no more than half of what
    /// may wait does. Once for any number of such messages.
    fn has_room(&mut self, _peer: SocketAddr) {}
}

/// A peer that was given up, and what it never acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerLost {
    /// Its address.
    pub peer: SocketAddr,
    /// Why.
    pub reason: LossReason,
    /// Messages that were not acknowledged whole. They may or may not have arrived.
    pub messages: usize,
    /// Unacknowledged bytes of those messages.
    pub bytes: usize,
}

/// Why a peer was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossReason {
    /// It was silent for the configured time while it owed an acknowledgement or the rest of a
    /// message.
    Timeout,
    /// It no longer knows the session: it was restarted, or had given up on us.
    Restarted,
    /// It closed its endpoint.
    Closed,
    /// It closed its endpoint, and does not know whether all that it sent has arrived.
    ClosedEarly,
    /// A message was larger than the receiving side allows.
    MessageTooBig,
    /// The receiving side's memory for unfinished messages is used up.
    MemoryLimit,
    /// The receiving side found the sender to break the protocol.
    ProtocolError,
    /// It sends back what it is sent: the address leads here.
    Mirror,
    /// Its place was given to another peer.
    Displaced,
}

impl LossReason {
    /// The code that a close datagram carries.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Closed | Self::Timeout | Self::Restarted | Self::Mirror | Self::Displaced => 0,
            Self::ProtocolError => 1,
            Self::MessageTooBig => 2,
            Self::MemoryLimit => 3,
            Self::ClosedEarly => 4,
        }
    }

    /// What a peer's close datagram means. Codes of later versions count as an orderly close.
    pub(crate) fn from_code(code: u8) -> Self {
        match code {
            1 => Self::ProtocolError,
            2 => Self::MessageTooBig,
            3 => Self::MemoryLimit,
            4 => Self::ClosedEarly,
            _ => Self::Closed,
        }
    }
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "the peer was silent for too long",
            Self::Restarted => "the peer was restarted or had given up",
            Self::Closed => "the peer closed its socket",
            Self::ClosedEarly => "the peer closed its socket before all that it sent was acknowledged",
            Self::MessageTooBig => "a message was larger than its receiver allows",
            Self::MemoryLimit => "the receiver's memory for unfinished messages is used up",
            Self::ProtocolError => "the protocol was broken",
            Self::Mirror => "what is sent to the peer comes back: its address leads to this socket",
            Self::Displaced => "its place was needed for another peer",
        })
    }
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// It is larger than the message limit.
    TooBig,
    /// The peer has as much unacknowledged as the send limit allows.
    QueueFull,
    /// All that waits to be sent, to whomever, is as much as is allowed together.
    AllFull,
    /// The peer is new and no further one may be known.
    TooManyPeers,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooBig => "the message is larger than the message limit",
            Self::QueueFull => "too much is waiting for the peer's acknowledgement",
            Self::AllFull => "all send queues together hold network_config_total_send_limit",
            Self::TooManyPeers => "too many peers are known",
        })
    }
}

impl std::error::Error for SendError {}

/// What is known of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerInfo {
    /// Whether both ends have proved their addresses.
    pub open: bool,
    /// The smoothed round trip time, once measured.
    pub rtt: Option<Micros>,
    /// How far round trips are from that on average.
    pub jitter: Micros,
    /// Payload bytes that it has not acknowledged.
    pub waiting: usize,
    /// Bytes on their way to it.
    pub in_flight: u64,
    /// How many may be.
    pub window: u64,
}
