//! The descriptor a server listens on, which the host's call closes while the reactor may be accepting.

use std::io;
use std::net::{Shutdown, SocketAddr};

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use parking_lot::Mutex;
use socket2::SockRef;

use crate::sys;

/// A listening socket that either side may close.
#[derive(Debug)]
pub(crate) struct Listening {
    io: Mutex<Option<TcpListener>>,
}

impl Listening {
    pub(crate) fn new(io: TcpListener) -> Self {
        Self { io: Mutex::new(Some(io)) }
    }

    pub(crate) fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        match self.io.lock().as_mut() {
            Some(io) => registry.register(io, token, Interest::READABLE),
            None => Ok(()),
        }
    }

    /// Once it is closed nobody waits there any more.
    pub(crate) fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        match self.io.lock().as_ref() {
            Some(io) => sys::accept(io),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Gives the port back, now.
    pub(crate) fn close(&self) {
        if let Some(io) = self.io.lock().take() {
            // Also where a forked process holds the descriptor, too.
            let _ = SockRef::from(&io).shutdown(Shutdown::Both);
        }
    }
}
