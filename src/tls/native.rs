//! TLS by the system's library: OpenSSL, schannel or Secure Transport.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};

use mio::net::TcpStream;
use native_tls::{
    Certificate, HandshakeError, MidHandshakeTlsStream, Protocol, TlsAcceptor, TlsConnector, TlsStream,
};

use crate::error::Result;

use super::failure::{Cause, Failure};
use super::identity::{Files, Identity};

/// Certificates of authorities that are trusted besides the system's.
#[derive(Default)]
pub(crate) struct Authorities(Vec<Certificate>);

impl Authorities {
    pub(crate) fn from_pem(pem: &[u8]) -> std::result::Result<Self, native_tls::Error> {
        Certificate::stack_from_pem(pem).map(Self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub(crate) struct Connector(TlsConnector);

impl Connector {
    pub(crate) fn build(
        verify: bool,
        authorities: Authorities,
    ) -> std::result::Result<Self, native_tls::Error> {
        let mut builder = TlsConnector::builder();
        builder
            .min_protocol_version(Some(Protocol::Tlsv12))
            .danger_accept_invalid_certs(!verify)
            .danger_accept_invalid_hostnames(!verify);
        for authority in authorities.0 {
            builder.add_root_certificate(authority);
        }
        builder.build().map(Self)
    }

    /// Begins a handshake with a server that must prove to have that name.
    pub(crate) fn connect(&self, name: &str, io: TcpStream) -> Progress {
        self.0.connect(name, io).into()
    }
}

#[derive(Clone)]
pub(crate) struct Acceptor(TlsAcceptor);

impl Acceptor {
    pub(crate) fn build(identity: &Identity<'_>) -> Result<Self> {
        let own = match &identity.files {
            Files::Pkcs12(file) => native_tls::Identity::from_pkcs12(file, identity.password()),
            Files::Pem { chain, key } => native_tls::Identity::from_pkcs8(chain, key),
        }
        .map_err(|error| identity.unusable(&error))?;
        let acceptor = TlsAcceptor::builder(own).min_protocol_version(Some(Protocol::Tlsv12)).build();
        let acceptor = acceptor.map_err(|error| identity.unfit(&error))?;
        try_out(&acceptor).map_err(|error| identity.unfit(&error))?;
        Ok(Self(acceptor))
    }

    /// Begins a handshake with a client.
    pub(crate) fn accept(&self, io: TcpStream) -> Progress {
        self.0.accept(io).into()
    }
}

/// How far a handshake has come.
pub(crate) enum Progress {
    Done(Stream),
    UnderWay(Handshaking),
    Failed(Failure),
}

type HandshakeResult = std::result::Result<TlsStream<TcpStream>, HandshakeError<TcpStream>>;

impl From<HandshakeResult> for Progress {
    fn from(result: HandshakeResult) -> Self {
        match result {
            Ok(stream) => Self::Done(Stream(stream)),
            Err(HandshakeError::WouldBlock(under_way)) => Self::UnderWay(Handshaking(under_way)),
            Err(HandshakeError::Failure(error)) => Self::Failed(failure_saying(error.to_string())),
        }
    }
}

/// A handshake that waits for the peer, or for room.
pub(crate) struct Handshaking(MidHandshakeTlsStream<TcpStream>);

impl Handshaking {
    pub(crate) fn go_on(self) -> Progress {
        self.0.handshake().into()
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        self.0.get_ref()
    }

    pub(crate) fn tcp_mut(&mut self) -> &mut TcpStream {
        self.0.get_mut()
    }
}

/// An encrypted connection. A write that would block has to be repeated with the same bytes at the front.
pub(crate) struct Stream(TlsStream<TcpStream>);

impl Stream {
    /// Says goodbye, as far as there is room for it.
    pub(crate) fn shutdown(&mut self) -> io::Result<()> {
        self.0.shutdown()
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        self.0.get_ref()
    }

    pub(crate) fn tcp_mut(&mut self) -> &mut TcpStream {
        self.0.get_mut()
    }

    pub(crate) fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.0.read(room)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
}

/// Why an encrypted connection broke.
pub(crate) fn failure(error: &io::Error) -> Failure {
    failure_saying(error.to_string())
}

fn failure_saying(said: String) -> Failure {
    Failure { cause: cause(&said), said }
}

/// Makes sense of what the TLS library says, each system's in its own words. The numbers are Windows'.
fn cause(said: &str) -> Cause {
    let said = said.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    // CERT_E_EXPIRED, SEC_E_CERT_EXPIRED
    if has(&["certificate has expired", "cert_has_expired", "expired", "-2146762495", "-2146893016"]) {
        Cause::Expired
    } else if has(&["not yet valid"]) {
        Cause::NotYetValid
    // CERT_E_CN_NO_MATCH, SEC_E_WRONG_PRINCIPAL
    } else if has(&["hostname mismatch", "ip address mismatch", "host name", "-2146762481", "-2146893022"]) {
        Cause::OtherName
    // CERT_E_UNTRUSTEDROOT, CERT_E_CHAINING, SEC_E_UNTRUSTED_ROOT
    } else if has(&["self-signed", "self signed", "issuer certificate", "first certificate", "unknown ca"])
        || has(&["not trusted", "unable to verify", "-2146762487", "-2146762486", "-2146893019"])
    {
        Cause::UnknownIssuer
    // SEC_E_INVALID_TOKEN
    } else if has(&["wrong version number", "packet length too long", "http request", "unknown protocol"])
        || has(&["-2146893048"])
    {
        Cause::NotTls
    } else if has(&["unsupported protocol", "protocol version", "no protocols available"]) {
        Cause::OldVersion
    } else if has(&["no shared cipher", "handshake failure"]) {
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
            ("certificate verify failed:... (certificate has expired)", Cause::Expired),
            ("certificate verify failed:... (Hostname mismatch)", Cause::OtherName),
            ("certificate verify failed:... (IP address mismatch)", Cause::OtherName),
            ("certificate verify failed:... (self-signed certificate)", Cause::UnknownIssuer),
            ("certificate verify failed:... (unable to get local issuer certificate)", Cause::UnknownIssuer),
            ("... (os error -2146762486)", Cause::UnknownIssuer),
            ("error:0A00010B:SSL routines:ssl3_get_record:wrong version number", Cause::NotTls),
            ("unexpected EOF", Cause::Closed),
        ] {
            assert_eq!(cause(said), expected, "{said}");
        }
    }
}
