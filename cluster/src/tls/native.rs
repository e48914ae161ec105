//! TLS by the system's library.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use native_tls::{Certificate, HandshakeError, MidHandshakeTlsStream, Protocol, TlsStream};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::Trust;
use crate::error::{Code, Error, Result};

pub(crate) use native_tls::TlsConnector as Connector;

/// Plain bytes are read in pieces of this size.
const PIECE: usize = 16 * 1024;

/// What connections are made with; a file that cannot be used is noticed here.
pub(crate) fn connector(trust: &Trust) -> Result<Connector> {
    let mut builder = Connector::builder();
    builder.min_protocol_version(Some(Protocol::Tlsv12));
    builder.danger_accept_invalid_certs(!trust.verify).danger_accept_invalid_hostnames(!trust.verify);
    if !trust.ca_file.is_empty() {
        let failed = |error: &dyn std::fmt::Display| {
            Error::new(Code::TLS, format!("the authorities in {} cannot be used: {error}", trust.ca_file))
        };
        let pem = std::fs::read(&trust.ca_file).map_err(|error| failed(&error))?;
        let mut found = 0;
        for authority in CertificateDer::pem_slice_iter(&pem) {
            let authority = authority.map_err(|error| failed(&error))?;
            builder.add_root_certificate(Certificate::from_der(&authority).map_err(|error| failed(&error))?);
            found += 1;
        }
        if found == 0 {
            return Err(failed(&"there are none"));
        }
    }
    builder.build().map_err(|error| refused(&error))
}

fn refused(error: &dyn std::fmt::Display) -> Error {
    Error::new(Code::TLS, format!("TLS with the broker failed: {error}"))
}

/// The connection as the TLS library sees it.
#[derive(Debug, Default)]
struct Wire {
    incoming: VecDeque<u8>,
    outgoing: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.incoming.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.incoming.read(into)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct Tls(State);

#[derive(Debug)]
enum State {
    Shaking(MidHandshakeTlsStream<Wire>),
    Ready(TlsStream<Wire>),
    Broken,
}

impl Tls {
    /// `name` is the host that the certificate must be for.
    pub(crate) fn begin(connector: &Connector, name: &str) -> Result<Self> {
        // A name's dot at the end means the root of all names, which no certificate mentions.
        let name = name.strip_suffix('.').unwrap_or(name);
        let mut tls = Self(State::Broken);
        tls.proceed(connector.connect(name, Wire::default()))?;
        Ok(tls)
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.0, State::Ready(_))
    }

    /// Takes bytes of the connection; plain ones are added to `plain`.
    pub(crate) fn receive(&mut self, bytes: &[u8], plain: &mut Vec<u8>) -> Result<()> {
        match &mut self.0 {
            State::Shaking(middle) => middle.get_mut().incoming.extend(bytes),
            State::Ready(stream) => stream.get_mut().incoming.extend(bytes),
            State::Broken => return Ok(()),
        }
        if let State::Shaking(_) = self.0
            && let State::Shaking(middle) = std::mem::replace(&mut self.0, State::Broken)
        {
            self.proceed(middle.handshake())?;
        }
        let State::Ready(stream) = &mut self.0 else { return Ok(()) };
        let mut piece = [0; PIECE];
        loop {
            match stream.read(&mut piece) {
                // Its orderly end; the connection's own end follows.
                Ok(0) => return Ok(()),
                Ok(count) => plain.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(refused(&error)),
            }
        }
    }

    /// Encrypts; only once it is ready.
    pub(crate) fn send(&mut self, plain: &[u8]) -> Result<()> {
        let State::Ready(stream) = &mut self.0 else { return Ok(()) };
        stream.write_all(plain).map_err(|error| refused(&error))
    }

    /// What the connection has to carry now.
    pub(crate) fn take_outgoing(&mut self) -> Vec<u8> {
        match &mut self.0 {
            State::Shaking(middle) => std::mem::take(&mut middle.get_mut().outgoing),
            State::Ready(stream) => std::mem::take(&mut stream.get_mut().outgoing),
            State::Broken => Vec::new(),
        }
    }

    fn proceed(&mut self, step: std::result::Result<TlsStream<Wire>, HandshakeError<Wire>>) -> Result<()> {
        self.0 = match step {
            Ok(stream) => State::Ready(stream),
            Err(HandshakeError::WouldBlock(middle)) => State::Shaking(middle),
            Err(HandshakeError::Failure(error)) => return Err(refused(&error)),
        };
        Ok(())
    }
}
