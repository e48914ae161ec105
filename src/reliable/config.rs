//! What a host may choose.

use super::units::Micros;

/// Smallest and largest size of the datagrams that an endpoint sends. A chunk's length field has
/// twelve bits, which sets the upper end.
const DATAGRAM_SIZES: std::ops::RangeInclusive<usize> = 256..=4096;

/// Queue positions are 32 bits wide and the queue's capacity a power of two.
const MESSAGE_LIMIT_MAX: usize = 1 << 29;

/// Settings of an [`Endpoint`](super::Endpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Deliver each peer's messages in the order in which it sent them. A matter of the
    /// receiver alone: what is sent does not depend on it.
    pub ordered: bool,
    /// How long a peer that owes an acknowledgement may stay silent before it is given up.
    pub timeout: Micros,
    /// After this long without a datagram to a peer one is sent, so that no address translation on the way
    /// forgets the session; 0 sends none.
    pub keepalive: Micros,
    /// Largest message in either direction, in bytes. Sending a larger one is refused; a peer
    /// that sends a larger one is given up.
    pub message_limit: usize,
    /// Unacknowledged payload bytes for one peer at which further messages are refused. A
    /// message to a peer that has nothing unacknowledged is always taken.
    pub send_limit: usize,
    /// Bytes of unfinished or waiting incoming messages of all peers together. Beyond it, what
    /// arrives out of order is refused (and sent again later); a peer whose message would need
    /// twice that is given up.
    pub receive_limit: usize,
    /// Peers that may be known at a time, at least 1, those just given up included. Beyond it the one
    /// that has been of no use for longest gives way, of the address that has most of the places if one
    /// has.
    pub max_peers: usize,
    /// Largest datagram sent, in bytes of UDP payload.
    pub datagram_size: usize,
    /// Bytes of unacknowledged small messages repeated in a later datagram; 0 repeats nothing.
    pub redundancy: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ordered: false,
            timeout: 10_000_000,
            keepalive: 15_000_000,
            message_limit: 64 << 20,
            send_limit: 16 << 20,
            receive_limit: 256 << 20,
            max_peers: 65_536,
            datagram_size: 1200,
            redundancy: 512,
        }
    }
}

impl Config {
    /// The same with every value in the range that the protocol can serve.
    pub(crate) fn clamped(mut self) -> Self {
        self.datagram_size = self.datagram_size.clamp(*DATAGRAM_SIZES.start(), *DATAGRAM_SIZES.end());
        self.message_limit = self.message_limit.min(MESSAGE_LIMIT_MAX);
        self.send_limit = self.send_limit.min(MESSAGE_LIMIT_MAX);
        self.max_peers = self.max_peers.max(1);
        self
    }
}
