//! The WebSocket protocol (RFC 6455) without any I/O: bytes in, events and bytes out.
//!
//! A connection first goes through one of the two machines in [`handshake`]; what it leaves over
//! of the bytes received, and everything after, goes through a [`Receiver`]. Frames to send are
//! appended to a buffer by [`frame::write_frame`] and [`close::write_close`].

pub mod close;
pub mod close_code;
pub mod frame;
pub mod handshake;

mod kinds;
pub mod mask;
mod receiver;
#[cfg(test)]
mod tests;
mod utf8;
mod violation;

pub use kinds::{Kind, Side};
pub use receiver::{MessageSink, Receiver};
pub use violation::Violation;
