//! What the host's calls do, in safe Rust: they check, change the host's side of a socket, and
//! leave the rest to the reactor. None of them makes a system call on a connection.

mod connect;
mod datagrams;
mod delivery;
mod groups;
mod info;
mod options;
mod ports;
mod registration;
mod released_ports;
mod sending;
mod sockets;

pub(crate) use crate::counters::{prometheus, total_stat};
pub(crate) use connect::*;
pub(crate) use datagrams::*;
pub(crate) use groups::*;
pub(crate) use info::*;
pub(crate) use options::*;
pub(crate) use sending::*;
pub(crate) use sockets::*;
