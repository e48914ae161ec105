//! The GameMaker extension: GML functions `stepwire_*` over the C functions `network_*`.
//!
//! A runner hands the library its interface table (`runner`), looks up one entry point per GML
//! function (`entry_points`, generated from `gamemaker/functions.json`) and calls it with RValues.
//! Each call is argument checks (`call`, `arguments`), one `network_*` call (`functions`), and an
//! answer. `step` turns waiting events into Async - Networking events.
//!
//! **A slot of the table may not return**: runners throw out of `YYError`, as a C++ exception or by
//! `longjmp`. So no slot is called while a lock is held or a value with a destructor is alive;
//! texts for the runner are built in `message::Message`, which lives on the stack alone.

#![allow(clippy::result_large_err, reason = "texts for the runner lie on the stack, see message")]

mod arguments;
mod call;
mod connections;
mod console;
mod entry_points;
pub(crate) mod event_keys;
mod functions;
pub mod legacy_events;
mod message;
mod options;
mod runner;
mod rvalue;
mod step;
