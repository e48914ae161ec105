//! The C functions. Each parses its arguments and calls the safe Rust behind it; no panic leaves
//! through any of them.

pub(crate) mod arg;
pub(crate) mod boundary;
mod connect;
mod constants;
mod events;
mod groups;
mod info;
mod options;
mod sending;
mod sockets;
mod udp_target;

pub use crate::event::NetworkEvent;
pub use connect::*;
pub use constants::*;
pub use events::*;
pub use groups::*;
pub use info::*;
pub use options::*;
pub use sending::*;
pub use sockets::*;
pub use udp_target::*;
