//! What carries a connection's bytes: TCP as it is, or TLS on top of it.

use std::io::{self, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;

use crate::error::{Error, Result};
use crate::{sys, tls};

pub(crate) enum Transport {
    Plain(TcpStream),
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
    /// Begins TLS as a server.
    pub(crate) fn accept(&mut self, acceptor: &tls::Acceptor) -> Result<()> {
        self.encrypt(None, |io| acceptor.accept(io))
    }

    /// Begins TLS as a client.
    pub(crate) fn connect(&mut self, client: &tls::Client) -> Result<()> {
        self.encrypt(Some(client.name().to_owned()), |io| client.connect(io))
    }

    fn encrypt(
        &mut self,
        name: Option<String>,
        begin: impl FnOnce(TcpStream) -> tls::Progress,
    ) -> Result<()> {
        match std::mem::replace(self, Self::Gone) {
            Self::Plain(io) => self.proceed(name, begin(io)),
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
        matches!(self, Self::Handshake(_) | Self::Gone)
    }

    /// Goes on with the handshake as far as possible; whether it is done.
    pub(crate) fn handshake(&mut self) -> Result<bool> {
        match std::mem::replace(self, Self::Gone) {
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
            Self::Plain(io) => Some(io),
            Self::Handshake(handshake) => Some(handshake.under_way.tcp()),
            Self::Tls(stream) => Some(stream.tcp()),
            Self::Gone => None,
        }
    }

    pub(crate) fn tcp_mut(&mut self) -> Option<&mut TcpStream> {
        match self {
            Self::Plain(io) => Some(io),
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
            Self::Handshake(_) => Err(io::ErrorKind::WouldBlock.into()),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    #[inline]
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(io) => io.write(sys::one_write(bytes)),
            Self::Tls(stream) => stream.write(sys::one_write(bytes)),
            Self::Handshake(_) => Err(io::ErrorKind::WouldBlock.into()),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
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
        if self.is_encrypted() && error.raw_os_error().is_none() {
            tls::broken(error)
        } else {
            Error::from_io("the connection broke", error)
        }
    }
}

fn is_unexpected_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
        || (error.raw_os_error().is_none() && error.to_string().contains("unexpected eof"))
}
