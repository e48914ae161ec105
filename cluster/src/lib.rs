//! Rooms, topics and players over many server processes, on NATS.
//!
//! The library's face is its C ABI, `include/stepwire_cluster.h`, whose functions live in [`abi`]. It uses the program's own
//! stepwire by that library's public C functions. `docs/scaling.md` shows what it is for; everything between [`abi`] and
//! the sockets is a state machine without clocks and sockets.

#![deny(unsafe_op_in_unsafe_fn, missing_docs)]

// The tests' programs have no shared stepwire to find: they contain it.
#[cfg(test)]
use ::stepwire as _;

pub mod abi;
mod broker;
mod engine;
mod error;
mod event;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod handle;
mod node;
mod players;
mod protocol;
mod random;
mod rooms;
mod stepwire;
mod tls;
mod topics;
mod wire;
