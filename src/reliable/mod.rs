//! Reliable messages over UDP, as a state machine.
//!
//! An [`Endpoint`] stands for one UDP socket and keeps the state of every peer, by address. It
//! takes datagrams, messages and the time, and gives datagrams, messages and the next time at
//! which it wants to be called; it never sees a socket or a clock, and all its randomness comes
//! from a seed. The protocol is written down in `docs/reliable-udp.md`.
//!
//! A host does this in turns:
//!
//! 1. [`Endpoint::receive`] for every datagram of which [`is_reliable`] says true, and
//!    [`Endpoint::send`] for every message of its own;
//! 2. [`Endpoint::handle_timeout`], if [`Endpoint::next_timeout`] has come;
//! 3. [`Endpoint::poll_transmit`] until it gives nothing more, sending what it gives.

mod batch;
mod byte_ring;
mod config;
mod congestion;
mod displaced;
mod endpoint;
mod event;
mod number;
mod pacer;
mod peer;
mod reassembly;
mod received;
mod rtt;
mod send_buffer;
mod sent;
mod sessions;
mod tokens;
mod units;
mod wire;

#[cfg(test)]
mod tests;

pub use batch::Transmits;
pub use config::Config;
pub use endpoint::{Endpoint, Stats};
pub use event::{EventSink, LossReason, PeerInfo, PeerLost, SendError};
pub use units::Micros;
pub use wire::{HEADER_LEN, VERSION, is_reliable};
