//! What carries a connection's bytes: TCP as it is, or TLS on top of it.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;

use crate::error::{Error, Result};
use crate::outgoing::Outgoing;
use crate::{sys, tls};

pub(crate) enum Transport {
    Plain(TcpStream),
    /// A client of a server of ours is to say the first word of TLS.
    AwaitsHello(TcpStream),
    /// TLS is being agreed on.
    Handshake(Box<Handshake>),
    Tls(Box<tls::Stream>),
    /// The handshake has failed, and with it went the descriptor.
    Gone,
}

pub(crate) struct Handshake {
    under_way: tls::Handshaking,
    /// The name the server must prove to have.
    name: Option<String>,
}

impl Transport {
    /// There will be TLS, as a server, once the client begins it.
    pub(crate) fn await_hello(&mut self) {
        *self = match std::mem::replace(self, Self::Gone) {
            Self::Plain(io) => Self::AwaitsHello(io),
            other => other,
        };
    }

    /// Begins TLS as a client.
    pub(crate) fn connect(&mut self, client: &tls::Client) -> Result<()> {
        match std::mem::replace(self, Self::Gone) {
            Self::Plain(io) => self.proceed(Some(client.name().to_owned()), client.connect(io)),
            other => {
                *self = other;
                Ok(())
            }
        }
    }

    fn proceed(&mut self, name: Option<String>, progress: tls::Progress) -> Result<()> {
        *self = match progress {
            tls::Progress::Done(stream) => Self::Tls(Box::new(stream)),
            tls::Progress::UnderWay(under_way) => Self::Handshake(Box::new(Handshake { under_way, name })),
            tls::Progress::Failed(failure) => return Err(tls::handshake_failed(&failure, name.as_deref())),
        };
        Ok(())
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        matches!(self, Self::AwaitsHello(_) | Self::Handshake(_) | Self::Gone)
    }

    /// Goes on with the handshake as far as possible; whether it is done. Servers begin it with `acceptor`.
    pub(crate) fn handshake(&mut self, acceptor: impl FnOnce() -> Option<tls::Acceptor>) -> Result<bool> {
        match std::mem::replace(self, Self::Gone) {
            Self::AwaitsHello(io) => match acceptor() {
                Some(acceptor) => self.proceed(None, acceptor.accept(io))?,
                None => *self = Self::Plain(io),
            },
            Self::Handshake(handshake) => {
                let Handshake { under_way, name } = *handshake;
                self.proceed(name, under_way.go_on())?;
            }
            other => *self = other,
        }
        Ok(!self.is_handshaking())
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        !matches!(self, Self::Plain(_))
    }

    /// Whether a read that returned less than it was offered has emptied the system's buffer.
    #[inline]
    pub(crate) fn is_drained_by_short_read(&self) -> bool {
        // TLS hands out record by record.
        sys::DRAINED_BY_SHORT_READ && matches!(self, Self::Plain(_))
    }

    pub(crate) fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(io) | Self::AwaitsHello(io) => Some(io),
            Self::Handshake(handshake) => Some(handshake.under_way.tcp()),
            Self::Tls(stream) => Some(stream.tcp()),
            Self::Gone => None,
        }
    }

    pub(crate) fn tcp_mut(&mut self) -> Option<&mut TcpStream> {
        match self {
            Self::Plain(io) | Self::AwaitsHello(io) => Some(io),
            Self::Handshake(handshake) => Some(handshake.under_way.tcp_mut()),
            Self::Tls(stream) => Some(stream.tcp_mut()),
            Self::Gone => None,
        }
    }

    #[inline]
    pub(crate) fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(io) => io.read(room),
            Self::Tls(stream) => match stream.read(room) {
                // TCP ended without TLS's own close. What protocols inside make of the end is
                // theirs; they do not trust it.
                Err(error) if is_unexpected_end(&error) => Ok(0),
                result => result,
            },
            Self::AwaitsHello(_) | Self::Handshake(_) => Err(io::ErrorKind::WouldBlock.into()),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    #[inline]
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(io) => io.write(sys::one_write(bytes)),
            Self::Tls(stream) => stream.write(sys::one_write(bytes)),
            Self::AwaitsHello(_) | Self::Handshake(_) => Err(io::ErrorKind::WouldBlock.into()),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Writes of what is left as much as goes at once; messages that others send too from where they are.
    #[inline]
    pub(crate) fn write_outgoing(&mut self, outgoing: &Outgoing) -> io::Result<usize> {
        match outgoing.single_piece() {
            Some(bytes) => self.write(bytes),
            None => self.write_pieces(outgoing),
        }
    }

    fn write_pieces(&mut self, outgoing: &Outgoing) -> io::Result<usize> {
        match self {
            Self::Plain(io) => {
                let mut pieces = [IoSlice::new(&[]); sys::MOST_PIECES];
                sys::write_pieces(io, outgoing.gather(&mut pieces))
            }
            // TLS takes one piece at a time.
            _ => self.write(outgoing.pieces().next().unwrap_or_default()),
        }
    }

    /// Says that nothing more will be written.
    pub(crate) fn shutdown_write(&mut self) -> io::Result<()> {
        if let Self::Tls(stream) = self {
            // Where its close finds no room, the end of TCP has to do.
            let _ = stream.shutdown();
        }
        match self.tcp() {
            Some(io) => io.shutdown(Shutdown::Write),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Why a read or a write failed.
    pub(crate) fn failure(&self, error: &io::Error) -> Error {
        match self {
            Self::Tls(stream) if error.raw_os_error().is_none() => tls::broken(stream, error),
            _ => Error::from_io("the connection broke", error),
        }
    }
}

fn is_unexpected_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
        || (error.raw_os_error().is_none() && error.to_string().contains("unexpected eof"))
}
