//! GameMaker's networking functions and wire protocol for everybody.
//!
//! The library's face is its C ABI, `include/stepwire.h`, whose functions live in [`abi`]. Rust
//! programs can call the same functions. `docs/architecture.md` shows how the rooms fit together.

#![deny(unsafe_op_in_unsafe_fn, missing_docs)]

pub mod abi;
mod address;
pub mod conditioner;
mod engine;
mod error;
mod event;
mod host;
mod options;
pub mod protocol;
mod reactor;
mod registry;
pub mod reliable;
mod resolve;
mod shared;
mod socket;
mod sys;
#[allow(dead_code, unused_imports)]
mod url;
#[allow(dead_code, unused_imports)]
mod websocket;
mod work;
