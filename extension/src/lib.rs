//! The GameMaker extension: GML functions `stepwire_*` over the C functions `network_*`.
//!
//! Every GML function has two entry points (`entry_points`, generated from `gamemaker/functions.json`).
//! The classic runner hands over its interface table (`runner`), looks the functions up by their C++
//! names and calls them with RValues. The new runtime has hardly a table (`new_runtime`): it looks them
//! up by their own names and calls them by C types, as older runners do (`legacy`). Each call is
//! argument checks (`call`, `arguments`), one `network_*` call (`functions`), and an answer.
//!
//! Events are collected a whole poll at a time (`pending`). `step` and `legacy` post them as
//! Async - Networking events (`networking_event`), each with what its runner offers; where none can be
//! posted, the game asks for them (`polled`) and raises them itself.
//!
//! Of the library the extension knows the C functions alone (`stepwire::abi`). It is a library of its
//! own, so that programs of other kinds do not carry the names that runners look up.
//!
//! **A slot of the table may not return**: runners throw out of `YYError`, as a C++ exception or by
//! `longjmp`. So no slot is called while a lock is held or a value with a destructor is alive;
//! texts for the runner are built in `message::Message`, which lives on the stack alone.

#![deny(unsafe_op_in_unsafe_fn, missing_docs)]
#![allow(clippy::result_large_err, reason = "texts for the runner lie on the stack, see message")]

mod arguments;
mod call;
mod connections;
mod console;
mod entry_points;
mod errors;
mod event_keys;
mod functions;
pub mod legacy;
mod message;
mod networking_event;
pub mod new_runtime;
mod options;
mod payload;
mod pending;
mod polled;
mod runner;
mod rvalue;
mod step;
