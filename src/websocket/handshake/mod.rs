//! The opening handshake (RFC 6455, section 4), without I/O: an HTTP request and its answer.
//!
//! Both machines take what was received, say once the peer's head is complete how many of those
//! bytes belonged to it, and leave the rest, which is frames already, to the caller. Time limits
//! are the caller's as well.

mod client;
mod fields;
mod head;
mod headers;
mod limits;
mod options;
mod plain;
mod server;

pub use client::ClientHandshake;
pub use fields::Fields;
pub use limits::Limits;
pub use options::{OptionError, Origins, Protocols, RequestHeaders};
pub use plain::{Method, allow_pages};
pub use server::{Refusal, ServerHandshake};
pub use tungstenite::http::StatusCode;
