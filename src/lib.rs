//! GameMaker's networking functions and wire protocol for everybody.
//!
//! The library's face is its C ABI, `include/stepwire.h`, whose functions live in [`abi`]. Rust
//! programs can call the same functions. `docs/architecture.md` shows how the rooms fit together.

#![deny(unsafe_op_in_unsafe_fn, missing_docs)]

pub mod abi;
mod address;
pub mod catalog;
mod clock;
mod command;
pub mod conditioner;
mod context;
mod datagram_records;
mod dns;
mod encoder;
mod error;
mod event;
mod host;
mod interfaces;
mod listening;
mod log;
mod mailbox;
mod options;
pub mod protocol;
mod quota;
mod random;
mod reactor;
mod registry;
pub mod reliable;
mod runtime;
mod socket;
mod spin_lock;
mod sys;
mod timers;
mod tls;
mod url;
mod websocket;
