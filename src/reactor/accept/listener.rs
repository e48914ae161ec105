//! A listening socket.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use mio::net::TcpStream;

use crate::admission::Admission;
use crate::clock::Millis;
use crate::command::Listen;
use crate::listening::Listening;
use crate::newcomers;
use crate::socket::Socket;
use crate::sys;

/// Connections a listener takes in one turn before the others have theirs.
pub(crate) const ACCEPTS_PER_TURN: usize = 256;
/// Failures in one turn after which accepting waits for a moment: they may last.
pub(crate) const MOST_FAILURES: u32 = 16;

pub(crate) struct Listener {
    pub(crate) listening: Arc<Listening>,
    pub(crate) admission: Arc<Admission>,
    /// How many there may be who are no clients yet, of all servers.
    pub(crate) most_newcomers: usize,
    /// Accepting, or being watched, has failed, and is tried anew then; 0 if not.
    pub(crate) retry_at: Millis,
    /// Not accepting because the host does not collect its events.
    pub(crate) paused: bool,
}

/// What one try to accept brought.
pub(crate) enum Accepted {
    Connection(TcpStream, SocketAddr),
    /// Nobody waits.
    Nobody,
    /// This one was gone already: try the next.
    Skip,
    OutOfDescriptors,
    Failed(std::io::Error),
}

impl Listener {
    pub(crate) fn new(listen: Listen) -> Self {
        Self {
            listening: listen.listening,
            admission: Arc::new(Admission::new(listen.socket, listen.regular, listen.tls)),
            most_newcomers: newcomers::most(listen.descriptor_limit),
            retry_at: 0,
            paused: false,
        }
    }

    pub(crate) fn belongs_to(&self, socket: &Arc<Socket>) -> bool {
        Arc::ptr_eq(&self.admission.server, socket)
    }

    pub(crate) fn accept(&mut self) -> Accepted {
        match self.listening.accept() {
            Ok((stream, address)) => {
                if sys::prepare_stream(&stream).is_err() {
                    return Accepted::Skip;
                }
                Accepted::Connection(stream, address)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Accepted::Nobody,
            Err(error) if sys::is_descriptor_limit(&error) => Accepted::OutOfDescriptors,
            Err(error) => match error.kind() {
                // Strangers bring these about, and each costs them a connection.
                ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => Accepted::Skip,
                _ => Accepted::Failed(error),
            },
        }
    }
}
