//! TLS by the system's library: what servers and clients are set up with, and failures in words.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use native_tls::{
    Certificate, HandshakeError, Identity, MidHandshakeTlsStream, Protocol, TlsAcceptor, TlsConnector,
    TlsStream,
};
use parking_lot::Mutex;

use crate::error::{Code, Error, Result};
use crate::options::Texts;

/// What an outgoing connection is encrypted with.
#[derive(Clone)]
pub(crate) struct Client {
    connector: Arc<TlsConnector>,
    /// The name that the server's certificate must be for.
    name: String,
}

/// A client's side as far as it is at once there.
pub(crate) enum Prepared {
    Ready(Client),
    /// Reading the system's authorities takes a while.
    Unbuilt(Unbuilt),
}

pub(crate) struct Unbuilt {
    trust: Trust,
    authorities: Vec<Certificate>,
    name: String,
}

impl Client {
    /// `host` is that of the URL: an IPv6 address without brackets.
    pub(crate) fn prepare(texts: &Texts, host: &str) -> Result<Prepared> {
        // A name's dot at the end means the root of all names, which no certificate mentions.
        let name = host.strip_suffix('.').unwrap_or(host).to_owned();
        let trust = Trust::new(texts);
        if let Some((_, connector)) = CONNECTORS.lock().iter().find(|(known, _)| *known == trust) {
            return Ok(Prepared::Ready(Self { connector: Arc::clone(connector), name }));
        }
        let path = &texts.tls_ca_file;
        let authorities = if path.is_empty() { Vec::new() } else { authorities(path)? };
        Ok(Prepared::Unbuilt(Unbuilt { trust, authorities, name }))
    }

    pub(crate) fn connector(&self) -> &TlsConnector {
        &self.connector
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// A server's side, from the files its options name.
pub(crate) fn acceptor(texts: &Texts) -> Result<TlsAcceptor> {
    let failed = |error| refused("the certificate and its key cannot be used together", &error);
    let acceptor = TlsAcceptor::builder(identity(texts)?)
        .min_protocol_version(Some(Protocol::Tlsv12))
        .build()
        .map_err(failed)?;
    try_out(&acceptor).map_err(failed)?;
    Ok(acceptor)
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
            Ok(_) => Side::Done,
            Err(HandshakeError::WouldBlock(under_way)) => Side::UnderWay(Box::new(under_way)),
            Err(HandshakeError::Failure(error)) => Side::Failed(error),
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

fn identity(texts: &Texts) -> Result<Identity> {
    if !texts.tls_identity.is_empty() {
        let path = &texts.tls_identity;
        let file = read("the identity", path)?;
        return Identity::from_pkcs12(&file, &texts.tls_identity_password).map_err(|error| {
            refused(&format!("\"{path}\" is not a PKCS#12 file that opens with the password set"), &error)
        });
    }
    if texts.tls_certificate.is_empty() || texts.tls_private_key.is_empty() {
        return Err(Error::new(
            Code::Tls,
            "a wss server needs a certificate: set network_config_tls_certificate and \
             network_config_tls_private_key, or network_config_tls_identity, before creating it",
        ));
    }
    let chain = read("the certificate", &texts.tls_certificate)?;
    let key = read("the private key", &texts.tls_private_key)?;
    let key = key.trim_ascii_start();
    if key.starts_with(b"-----BEGIN") && !key.starts_with(b"-----BEGIN PRIVATE KEY-----") {
        return Err(Error::new(
            Code::Tls,
            format!(
                "the private key \"{}\" is not in unencrypted PKCS#8 form; convert it with \
                 openssl pkcs8 -topk8 -nocrypt",
                texts.tls_private_key
            ),
        ));
    }
    Identity::from_pkcs8(&chain, key).map_err(|error| {
        let (certificate, key) = (&texts.tls_certificate, &texts.tls_private_key);
        refused(&format!("\"{certificate}\" and \"{key}\" are not a PEM certificate and its key"), &error)
    })
}

/// Clients with the same options share a connector.
static CONNECTORS: Mutex<Vec<(Trust, Arc<TlsConnector>)>> = Mutex::new(Vec::new());
/// How many are kept.
const MOST_CONNECTORS: usize = 8;

/// Whom a client trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Trust {
    verify: bool,
    /// The file of further authorities, and when it was last changed.
    ca_file: Option<(PathBuf, Option<SystemTime>)>,
}

impl Trust {
    fn new(texts: &Texts) -> Self {
        let path = &texts.tls_ca_file;
        let ca_file = (!path.is_empty()).then(|| {
            let changed = std::fs::metadata(path).and_then(|file| file.modified()).ok();
            (PathBuf::from(path), changed)
        });
        Self { verify: texts.tls_verify, ca_file }
    }
}

impl Unbuilt {
    pub(crate) fn build(self) -> Result<Client> {
        let mut builder = TlsConnector::builder();
        builder
            .min_protocol_version(Some(Protocol::Tlsv12))
            .danger_accept_invalid_certs(!self.trust.verify)
            .danger_accept_invalid_hostnames(!self.trust.verify);
        for authority in self.authorities {
            builder.add_root_certificate(authority);
        }
        let connector = builder.build().map_err(|error| refused("TLS cannot be set up", &error))?;
        let connector = Arc::new(connector);
        let mut connectors = CONNECTORS.lock();
        if connectors.len() == MOST_CONNECTORS {
            connectors.remove(0);
        }
        connectors.push((self.trust, Arc::clone(&connector)));
        Ok(Client { connector, name: self.name })
    }
}

fn authorities(path: &str) -> Result<Vec<Certificate>> {
    let file = read("the file of certificate authorities", path)?;
    let none = || Error::new(Code::Tls, format!("\"{path}\" holds no PEM certificate"));
    let found = Certificate::stack_from_pem(&file)
        .map_err(|error| refused(&format!("\"{path}\" is not a file of PEM certificates"), &error))?;
    if found.is_empty() { Err(none()) } else { Ok(found) }
}

fn read(what: &str, path: &str) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| Error::new(Code::Tls, format!("{what} \"{path}\" cannot be read: {error}")))
}

fn refused(what: &str, error: &native_tls::Error) -> Error {
    Error::new(Code::Tls, format!("{what}: {error}"))
}

/// A failed handshake. `name` is the one that the certificate had to be for, at clients.
pub(crate) fn handshake_failed(error: &native_tls::Error, name: Option<&str>) -> Error {
    let error = explain(&error.to_string(), name);
    if error.code != Code::Closed {
        return error;
    }
    let server = name.unwrap_or("the peer");
    Error::new(
        Code::Tls,
        format!("{server} ended the connection instead of agreeing on TLS; does it speak TLS at this port?"),
    )
}

/// A connection that broke inside TLS.
pub(crate) fn broken(error: &io::Error) -> Error {
    explain(&error.to_string(), None)
}

/// Turns what the TLS library says, each system's in its own words, into a sentence that helps.
fn explain(said: &str, name: Option<&str>) -> Error {
    let has = |words: &[&str]| {
        let said = said.to_ascii_lowercase();
        words.iter().any(|word| said.contains(word))
    };
    let server = name.unwrap_or("the peer");
    // The numbers are Windows' CERT_E_EXPIRED, CERT_E_CN_NO_MATCH, CERT_E_UNTRUSTEDROOT.
    let why = if has(&["certificate has expired", "cert_has_expired", "expired", "-2146762495"]) {
        format!("the certificate of {server} has expired")
    } else if has(&["not yet valid"]) {
        format!("the certificate of {server} is not valid yet; is this machine's clock right?")
    } else if has(&["hostname mismatch", "ip address mismatch", "host name", "-2146762481"]) {
        format!("the certificate of {server} is for another name")
    } else if has(&["self-signed", "self signed", "issuer certificate", "first certificate", "unknown ca"])
        || has(&["not trusted", "-2146762487", "unable to verify"])
    {
        format!(
            "the certificate of {server} is from an unknown issuer; if it is your own, set \
             network_config_tls_ca_file"
        )
    } else if has(&["wrong version number", "packet length too long", "http request", "unknown protocol"]) {
        format!("{server} does not speak TLS at this port")
    } else if has(&["unsupported protocol", "protocol version", "no protocols available"]) {
        format!("{server} speaks no version of TLS that is allowed: 1.2 at least is needed")
    } else if has(&["no context cipher", "handshake failure"]) {
        format!("{server} and this machine have no encryption in common")
    } else if has(&["unexpected eof", "connection reset", "broken pipe"]) {
        return Error::new(Code::Closed, format!("{server} closed the connection inside TLS"));
    } else {
        format!("TLS with {server} failed")
    };
    Error::new(Code::Tls, format!("{why} ({said})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_explained() {
        for (said, expected) in [
            ("certificate verify failed:... (certificate has expired)", "has expired"),
            ("certificate verify failed:... (Hostname mismatch)", "for another name"),
            ("certificate verify failed:... (IP address mismatch)", "for another name"),
            ("certificate verify failed:... (self-signed certificate)", "unknown issuer"),
            ("certificate verify failed:... (unable to get local issuer certificate)", "unknown issuer"),
            ("error:0A00010B:SSL routines:ssl3_get_record:wrong version number", "does not speak TLS"),
        ] {
            let error = explain(said, Some("game.example"));
            assert_eq!(error.code, Code::Tls);
            assert!(error.message.contains(expected), "{error}");
            assert!(error.message.contains("game.example"), "{error}");
        }
        assert_eq!(explain("unexpected EOF", None).code, Code::Closed);
    }

    #[test]
    fn files_that_are_missing_or_wrong_are_named() {
        let missing = Texts { tls_ca_file: "/no/such/file.pem".into(), ..Texts::default() };
        let error = Client::prepare(&missing, "localhost").map(drop).unwrap_err();
        assert_eq!(error.code, Code::Tls);
        assert!(error.message.contains("/no/such/file.pem"), "{error}");
        assert_eq!(acceptor(&Texts::default()).map(drop).unwrap_err().code, Code::Tls);
    }

    #[test]
    fn connectors_are_shared() {
        let texts = Texts { tls_verify: false, ..Texts::default() };
        let first = match Client::prepare(&texts, "a").unwrap() {
            Prepared::Ready(client) => client,
            Prepared::Unbuilt(unbuilt) => unbuilt.build().unwrap(),
        };
        let Prepared::Ready(second) = Client::prepare(&texts, "b.").unwrap() else {
            panic!("built a moment ago");
        };
        assert!(Arc::ptr_eq(&first.connector, &second.connector));
        assert_eq!(second.name(), "b");
    }
}
