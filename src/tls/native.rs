//! TLS by the system's library where that is schannel or Secure Transport.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};

use mio::net::TcpStream;
use native_tls::{
    Certificate, HandshakeError, MidHandshakeTlsStream, Protocol, TlsAcceptor, TlsConnector, TlsStream,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::error::Result;

use super::failure::{Cause, Failure};
use super::identity::{Files, Identity, refused};
use super::wire::Wire;

/// Certificates of authorities that are trusted besides the system's.
#[derive(Default)]
pub(crate) struct Authorities(Vec<Certificate>);

impl Authorities {
    pub(crate) fn from_pem(pem: &[u8]) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let mut found = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            found.push(Certificate::from_der(&certificate?)?);
        }
        Ok(Self(found))
    }
}

pub(crate) struct Connector {
    connector: TlsConnector,
    verify: bool,
}

impl Connector {
    pub(crate) fn build(verify: bool, authorities: Authorities, own: Option<&Identity<'_>>) -> Result<Self> {
        let mut builder = TlsConnector::builder();
        builder
            .min_protocol_version(Some(Protocol::Tlsv12))
            .danger_accept_invalid_certs(!verify)
            .danger_accept_invalid_hostnames(!verify);
        for authority in authorities.0 {
            builder.add_root_certificate(authority);
        }
        if let Some(identity) = own {
            builder.identity(understand(identity)?);
        }
        let connector = builder.build().map_err(|error| refused("TLS cannot be set up", &error))?;
        Ok(Self { connector, verify })
    }

    /// Begins a handshake with a server that must prove to have that name.
    pub(crate) fn connect(&self, name: &str, io: TcpStream) -> Progress {
        Progress::after(self.connector.connect(name, Wire::new(io)), self.verify)
    }
}

fn understand(identity: &Identity<'_>) -> Result<native_tls::Identity> {
    match &identity.files {
        Files::Pkcs12(file) => native_tls::Identity::from_pkcs12(file, identity.password())
            .map_err(|error| identity.unusable(&error)),
        Files::Pem { chain, key } => from_pem(identity, chain, key),
    }
}

#[cfg(any(windows, target_os = "macos"))]
fn from_pem(identity: &Identity<'_>, chain: &[u8], key: &[u8]) -> Result<native_tls::Identity> {
    native_tls::Identity::from_pkcs8(chain, key).map_err(|error| identity.unusable(&error))
}

/// iOS and its kin take keys as PKCS#12 alone.
#[cfg(not(any(windows, target_os = "macos")))]
fn from_pem(_: &Identity<'_>, _: &[u8], _: &[u8]) -> Result<native_tls::Identity> {
    let way_out = "set network_config_tls_identity to a PKCS#12 file";
    Err(refused("this system's TLS does not take a certificate and its key as PEM files", &way_out))
}

#[derive(Clone)]
pub(crate) struct Acceptor(TlsAcceptor);

impl Acceptor {
    pub(crate) fn build(identity: &Identity<'_>) -> Result<Self> {
        let acceptor =
            TlsAcceptor::builder(understand(identity)?).min_protocol_version(Some(Protocol::Tlsv12)).build();
        let acceptor = acceptor.map_err(|error| identity.unfit(&error))?;
        try_out(&acceptor).map_err(|error| identity.unfit(&error))?;
        Ok(Self(acceptor))
    }

    /// Begins a handshake with a client.
    pub(crate) fn accept(&self, io: TcpStream) -> Progress {
        Progress::after(self.0.accept(Wire::new(io)), false)
    }
}

/// How far a handshake has come.
pub(crate) enum Progress {
    Done(Stream),
    UnderWay(Handshaking),
    Failed(Failure),
}

impl Progress {
    fn after(result: std::result::Result<TlsStream<Wire>, HandshakeError<Wire>>, checks_names: bool) -> Self {
        match result {
            Ok(stream) if checks_names && has_no_names(&stream) => {
                let said = "its common name does not count".to_owned();
                Self::Failed(Failure { cause: Cause::NoNames, said })
            }
            Ok(stream) => Self::Done(Stream(stream)),
            Err(HandshakeError::WouldBlock(under_way)) => {
                Self::UnderWay(Handshaking { under_way, checks_names })
            }
            Err(HandshakeError::Failure(error)) => Self::Failed(failure_saying(error.to_string())),
        }
    }
}

/// Whether the server's certificate has no alternative names: some systems then take its common name for one.
fn has_no_names(stream: &TlsStream<Wire>) -> bool {
    /// How the extension is marked: an object identifier, 2.5.29.17.
    const ALTERNATIVE_NAMES: [u8; 5] = [6, 3, 0x55, 0x1D, 0x11];
    let certificate = stream.peer_certificate().ok().flatten().and_then(|found| found.to_der().ok());
    certificate.is_some_and(|bytes| !bytes.windows(5).any(|window| window == ALTERNATIVE_NAMES))
}

/// A handshake that waits for the peer, or for room.
pub(crate) struct Handshaking {
    under_way: MidHandshakeTlsStream<Wire>,
    checks_names: bool,
}

impl Handshaking {
    pub(crate) fn go_on(self) -> Progress {
        Progress::after(self.under_way.handshake(), self.checks_names)
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        &self.under_way.get_ref().io
    }

    pub(crate) fn tcp_mut(&mut self) -> &mut TcpStream {
        &mut self.under_way.get_mut().io
    }
}

/// An encrypted connection. A write that would block has to be repeated with the same bytes at the front.
pub(crate) struct Stream(TlsStream<Wire>);

impl Stream {
    /// Says goodbye, as far as there is room for it.
    pub(crate) fn shutdown(&mut self) -> io::Result<()> {
        self.0.shutdown()
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        &self.0.get_ref().io
    }

    pub(crate) fn tcp_mut(&mut self) -> &mut TcpStream {
        &mut self.0.get_mut().io
    }

    pub(crate) fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let size = self.0.read(room)?;
        self.0.get_mut().settle();
        Ok(size)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    /// Why the connection broke.
    pub(crate) fn failure(&self, error: &io::Error) -> Failure {
        failure_saying(error.to_string())
    }
}

fn failure_saying(said: String) -> Failure {
    Failure { cause: cause(&said), said }
}

/// Makes sense of what the TLS library says, each system's in its own words. The numbers are Windows'.
fn cause(said: &str) -> Cause {
    let said = said.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    // CERT_E_EXPIRED, SEC_E_CERT_EXPIRED
    if has(&["expired", "-2146762495", "-2146893016"]) {
        Cause::Expired
    } else if has(&["not yet valid"]) {
        Cause::NotYetValid
    // CERT_E_CN_NO_MATCH, SEC_E_WRONG_PRINCIPAL
    } else if has(&["host name", "-2146762481", "-2146893022"]) {
        Cause::OtherName
    // CERT_E_UNTRUSTEDROOT, CERT_E_CHAINING, SEC_E_UNTRUSTED_ROOT
    } else if has(&["not trusted", "unable to verify", "-2146762487", "-2146762486", "-2146893019"]) {
        Cause::UnknownIssuer
    // SEC_E_INVALID_TOKEN
    } else if has(&["-2146893048"]) {
        Cause::NotTls
    } else if has(&["protocol version"]) {
        Cause::OldVersion
    } else if has(&["handshake failure"]) {
        Cause::NothingInCommon
    } else if has(&["unexpected eof", "connection reset", "broken pipe"]) {
        Cause::Closed
    } else {
        Cause::Other
    }
}

/// Shakes hands with ourselves: a key that belongs to another certificate is noticed by some TLS
/// libraries only when the first client comes.
fn try_out(acceptor: &TlsAcceptor) -> std::result::Result<(), native_tls::Error> {
    let connector = TlsConnector::builder()
        .disable_built_in_roots(true)
        .danger_accept_invalid_certs(true)
        .danger_accept_invalid_hostnames(true)
        .build()?;
    let (to_server, to_client) = (RefCell::default(), RefCell::default());
    let mut client = Side::from(connector.connect("localhost", Memory { from: &to_client, to: &to_server }));
    let mut server = Side::from(acceptor.accept(Memory { from: &to_server, to: &to_client }));
    // Each round is a flight; there are fewer in any version of TLS.
    for _ in 0..10 {
        match (client, server) {
            (Side::Done, Side::Done) => return Ok(()),
            // The server's failure explains the client's.
            (_, Side::Failed(error)) | (Side::Failed(error), _) => return Err(error),
            (mine, theirs) => (client, server) = (mine.go_on(), theirs.go_on()),
        }
    }
    Ok(())
}

/// One end of a handshake in memory.
enum Side<'a> {
    UnderWay(Box<MidHandshakeTlsStream<Memory<'a>>>),
    Done,
    Failed(native_tls::Error),
}

impl<'a> From<std::result::Result<TlsStream<Memory<'a>>, HandshakeError<Memory<'a>>>> for Side<'a> {
    fn from(result: std::result::Result<TlsStream<Memory<'a>>, HandshakeError<Memory<'a>>>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(HandshakeError::WouldBlock(under_way)) => Self::UnderWay(Box::new(under_way)),
            Err(HandshakeError::Failure(error)) => Self::Failed(error),
        }
    }
}

impl Side<'_> {
    fn go_on(self) -> Self {
        match self {
            Side::UnderWay(handshake) => handshake.handshake().into(),
            ended => ended,
        }
    }
}

struct Memory<'a> {
    from: &'a RefCell<VecDeque<u8>>,
    to: &'a RefCell<VecDeque<u8>>,
}

impl Read for Memory<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self.from.borrow_mut().read(room)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            size => Ok(size),
        }
    }
}

impl Write for Memory<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libraries_say_is_understood() {
        for (said, expected) in [
            ("... (os error -2146762495)", Cause::Expired),
            ("... (os error -2146762481)", Cause::OtherName),
            ("... (os error -2146762486)", Cause::UnknownIssuer),
            ("... (os error -2146893048)", Cause::NotTls),
            ("unexpected EOF", Cause::Closed),
        ] {
            assert_eq!(cause(said), expected, "{said}");
        }
    }
}
