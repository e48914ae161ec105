//! What the host's calls do, in safe Rust: they check, change the host's side of a socket, and
//! leave the rest to the reactor. None of them makes a system call on a connection.

mod asking;
mod connecting;
mod datagrams;
mod delivery;
mod sending;
mod sockets;

pub(crate) use asking::*;
pub(crate) use connecting::*;
pub(crate) use datagrams::*;
pub(crate) use sending::*;
pub(crate) use sockets::*;
