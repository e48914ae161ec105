//! The datagrams: how they are laid out, and nothing about what they mean.
//!
//! All integers are little-endian. `docs/reliable-udp.md` has the tables and the test vectors.

mod format;
mod read;
mod write;

pub(crate) use format::*;
pub use format::{HEADER_LEN, VERSION, is_reliable};
pub(crate) use read::parse;
pub(crate) use write::{Control, Writer};
