//! What the host's calls do, in safe Rust: they check, change the host's side of a socket, and
//! leave the rest to the reactor. None of them makes a system call on a connection.

mod asking;
mod connecting;
mod datagrams;
mod sending;
mod sockets;

use crate::error::{Code, Error, Result};

pub(crate) use asking::*;
pub(crate) use connecting::*;
pub(crate) use datagrams::*;
pub(crate) use sending::*;
pub(crate) use sockets::*;

/// A kind of transport, by its `network_socket_*` constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Tcp,
    Udp,
    Bluetooth,
    WebSocket,
    SecureWebSocket,
}

impl Family {
    fn check_supported(self) -> Result<()> {
        let what = match self {
            Family::Tcp | Family::Udp | Family::WebSocket | Family::SecureWebSocket => return Ok(()),
            Family::Bluetooth => "Bluetooth sockets are not supported",
        };
        Err(Error::new(Code::NotSupported, what))
    }

    pub(crate) fn is_websocket(self) -> bool {
        matches!(self, Family::WebSocket | Family::SecureWebSocket)
    }
}
