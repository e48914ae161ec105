//! The WebSocket protocol (RFC 6455) without any I/O: bytes in, events and bytes out.
//!
//! A connection first goes through one of the two machines in [`handshake`]; what it leaves over
//! of the bytes received, and everything after, goes through a [`Receiver`]. Frames to send are
//! appended to a buffer by [`frame::write_frame`] and [`close::write_close`].

pub mod close;
pub mod frame;

pub mod mask;
mod receiver;
#[cfg(test)]
mod tests;
mod utf8;

pub use receiver::{Receiver, Sink};

/// Which end of the connection we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We connected: we mask what we send, the peer must not.
    Client,
    /// We accepted: the peer masks, we must not.
    Server,
}

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Binary,
}

/// How a peer broke the protocol. Nothing more can be received from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The status code for our close frame.
    pub code: u16,
    /// One sentence for a person.
    pub reason: &'static str,
    /// The section of RFC 6455 that was broken.
    pub section: &'static str,
}

impl Violation {
    pub(crate) const fn protocol(reason: &'static str, section: &'static str) -> Self {
        Self {
            code: close::code::PROTOCOL_ERROR,
            reason,
            section,
        }
    }

    pub(crate) const fn not_utf8(reason: &'static str, section: &'static str) -> Self {
        Self {
            code: close::code::INVALID_DATA,
            reason,
            section,
        }
    }

    pub(crate) const TOO_BIG: Self = Self {
        code: close::code::TOO_BIG,
        reason: "the message is larger than the message size limit",
        section: "7.4.1",
    };
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (RFC 6455, section {})", self.reason, self.section)
    }
}

impl std::error::Error for Violation {}
