//! GameMaker's networking functions and wire protocol for everybody.
//!
//! The library's face is its C ABI, `include/stepwire.h`, whose functions live in [`abi`]. Rust
//! programs can call the same functions. `docs/architecture.md` shows how the rooms fit together.

#![deny(unsafe_code, unsafe_op_in_unsafe_fn, missing_docs)]

#[allow(unsafe_code, reason = "the C ABI")]
pub mod abi;
mod address;
mod address_limits;
mod admission;
mod backlog;
pub mod catalog;
mod clock;
mod command;
pub mod conditioner;
mod context;
mod counters;
mod datagram_records;
mod dns;
mod encoder;
mod error;
#[allow(unsafe_code, reason = "events cross threads with pointers in them")]
mod event;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod host;
mod interfaces;
mod listening;
mod log;
mod mailbox;
#[cfg(all(test, shuttle))]
mod models;
mod newcomers;
mod options;
mod outgoing;
mod placement;
pub mod protocol;
mod proxy;
mod quota;
mod random;
mod rate;
mod reactor;
mod registry;
pub mod reliable;
mod runtime;
#[cfg(test)]
mod simulation;
mod socket;
#[allow(unsafe_code, reason = "a lock is made of a cell")]
mod spin_lock;
mod sync;
#[allow(unsafe_code, reason = "system calls")]
mod sys;
mod timers;
mod tls;
mod url;
mod wake;
mod websocket;
