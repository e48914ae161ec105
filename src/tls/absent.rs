//! No TLS: what needs it fails with a clear error. The types have no values.

use std::convert::Infallible;
use std::io;

use mio::net::TcpStream;

use crate::error::{Code, Error, Result};

use super::failure::Failure;
use super::identity::Identity;

const REASON: &str = "this build of stepwire has no TLS";

#[derive(Default)]
pub(crate) struct Authorities;

impl Authorities {
    pub(crate) fn from_pem(_pem: &[u8]) -> std::result::Result<Self, &'static str> {
        Err(REASON)
    }
}

pub(crate) struct Connector(Infallible);

impl Connector {
    pub(crate) fn build(
        _verify: bool,
        _authorities: Authorities,
        _own: Option<&Identity<'_>>,
    ) -> Result<Self> {
        Err(Error::new(Code::Tls, REASON))
    }

    pub(crate) fn connect(&self, _name: &str, _io: TcpStream) -> Progress {
        match self.0 {}
    }
}

#[derive(Clone)]
pub(crate) struct Acceptor(Infallible);

impl Acceptor {
    pub(crate) fn build(_identity: &Identity<'_>) -> Result<Self> {
        Err(Error::new(Code::Tls, REASON))
    }

    pub(crate) fn accept(&self, _io: TcpStream) -> Progress {
        match self.0 {}
    }
}

#[expect(dead_code, reason = "the same three as where there is TLS")]
pub(crate) enum Progress {
    Done(Stream),
    UnderWay(Handshaking),
    Failed(Failure),
}

pub(crate) struct Handshaking(Infallible);

impl Handshaking {
    pub(crate) fn go_on(self) -> Progress {
        match self.0 {}
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        match self.0 {}
    }

    pub(crate) fn tcp_mut(&mut self) -> &mut TcpStream {
        match self.0 {}
    }
}

pub(crate) struct Stream(Infallible);

impl Stream {
    pub(crate) fn shutdown(&mut self) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        match self.0 {}
    }

    pub(crate) fn tcp_mut(&mut self) -> &mut TcpStream {
        match self.0 {}
    }

    pub(crate) fn read(&mut self, _room: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }

    pub(crate) fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    pub(crate) fn failure(&self, _error: &io::Error) -> Failure {
        match self.0 {}
    }
}
