//! TCP as the TLS libraries see it.

use std::io::{self, Read, Write};

use mio::net::TcpStream;

/// Until the peer has said something inside TLS, a write that fails is not told at once: what it said before it
/// closed, an alert most likely, tells more, and the libraries would not read it any more.
pub(super) struct Wire {
    pub(super) io: TcpStream,
    /// What a write failed with.
    lost: Option<io::Error>,
    settled: bool,
}

impl Wire {
    pub(super) fn new(io: TcpStream) -> Self {
        Self { io, lost: None, settled: false }
    }

    /// The peer has said something inside TLS.
    #[inline]
    pub(super) fn settle(&mut self) {
        self.settled = true;
    }
}

impl Read for Wire {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self.io.read(room) {
            Ok(size) if size > 0 => Ok(size),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            end_or_error => self.lost.take().map_or(end_or_error, Err),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        use io::ErrorKind::{Interrupted, WouldBlock};
        match self.io.write(bytes) {
            Err(error) if !self.settled && !matches!(error.kind(), WouldBlock | Interrupted) => {
                self.lost.get_or_insert(error);
                Ok(bytes.len())
            }
            result => result,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
