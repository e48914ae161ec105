//! TLS by OpenSSL itself: where it is the system's library, what wraps the systems' libraries has no switch for TLS 1.3
//! at servers, for the encryption they accept, nor for whose word counts about a certificate.

use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::sync::OnceLock;

use mio::net::TcpStream;
use openssl::error::ErrorStack;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    ErrorCode, Ssl, SslAcceptor, SslConnector, SslContextBuilder, SslMethod, SslRef, SslStream,
    SslVerifyMode, SslVersion,
};
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags};
use openssl::x509::{X509, X509StoreContextRef, X509VerifyResult};
use openssl_probe::ProbeResult;

use crate::error::Result;

use super::failure::{Alerted, Cause, Failure};
use super::identity::{Files, Identity, refused};
use super::wire::Wire;

/// OpenSSL's number of "certificate verify failed".
const VERIFY_FAILED: i32 = 134;
/// Its numbers of alerts begin here.
const ALERTS: i32 = 1_000;
/// What a certificate is wrong with, as OpenSSL numbers it.
mod wrong {
    pub(super) const NOT_YET_VALID: i32 = 9;
    pub(super) const EXPIRED: i32 = 10;
    pub(super) const ISSUER: [i32; 5] = [2, 18, 19, 20, 21];
    pub(super) const NAME: i32 = 62;
    pub(super) const ADDRESS: i32 = 64;
}

/// Certificates that are trusted besides the system's authorities.
#[derive(Default)]
pub(crate) struct Authorities(Vec<X509>);

impl Authorities {
    pub(crate) fn from_pem(pem: &[u8]) -> std::result::Result<Self, ErrorStack> {
        X509::stack_from_pem(pem).map(Self)
    }
}

pub(crate) struct Connector {
    connector: SslConnector,
    verify: bool,
}

impl Connector {
    pub(crate) fn build(verify: bool, authorities: Authorities, own: Option<&Identity<'_>>) -> Result<Self> {
        let own = own.map(|identity| Ok((identity, Own::understand(identity)?))).transpose()?;
        let mut builder =
            client_builder(verify, authorities).map_err(|error| refused("TLS cannot be set up", &error))?;
        if let Some((identity, own)) = own {
            own.give_to(&mut builder).map_err(|error| identity.unfit(&error))?;
        }
        Ok(Self { connector: builder.build(), verify })
    }

    /// Begins a handshake with a server that must prove to have that name.
    pub(crate) fn connect(&self, name: &str, io: TcpStream) -> Progress {
        // No name at all, or one that begins with a dot, would be taken for one that any, or any below it, may have.
        if name.is_empty() || name.starts_with('.') {
            let said = format!("\"{name}\" is no name that a certificate could be for");
            return Progress::Failed(Failure { cause: Cause::OtherName, said });
        }
        Handshaking::begin(self.client(name), io)
    }

    fn client(&self, name: &str) -> std::result::Result<Ssl, ErrorStack> {
        let mut ssl = self.connector.configure()?.verify_hostname(false).into_ssl(name)?;
        if self.verify {
            let checks = ssl.param_mut();
            checks.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT);
            match name.parse::<IpAddr>() {
                Ok(ip) => checks.set_ip(ip)?,
                Err(_) => checks.set_host(name)?,
            }
        }
        ssl.set_connect_state();
        Ok(ssl)
    }
}

fn client_builder(
    verify: bool,
    authorities: Authorities,
) -> std::result::Result<openssl::ssl::SslConnectorBuilder, ErrorStack> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    if !verify {
        builder.set_verify(SslVerifyMode::NONE);
        return Ok(builder);
    }
    builder.set_verify_callback(SslVerifyMode::PEER, |good, chain| {
        note_missing_names(chain);
        good
    });
    // An OpenSSL that was linked in does not know where this system keeps its authorities. What cannot be read is
    // not trusted.
    static SYSTEM: OnceLock<ProbeResult> = OnceLock::new();
    let system = SYSTEM.get_or_init(openssl_probe::probe);
    if let Some(file) = &system.cert_file {
        let _ = builder.load_verify_locations(Some(file), None);
    }
    for folder in &system.cert_dir {
        let _ = builder.load_verify_locations(None, Some(folder));
    }
    // Who is named is trusted, be it an authority, one that an authority stands behind, or the server itself.
    builder.verify_param_mut().set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
    for authority in authorities.0 {
        builder.cert_store_mut().add_cert(authority)?;
    }
    Ok(builder)
}

/// A certificate without any alternative names is told from one that has others.
fn note_missing_names(chain: &mut X509StoreContextRef) {
    if matches!(chain.error().as_raw(), wrong::NAME | wrong::ADDRESS)
        && chain.current_cert().is_some_and(|certificate| certificate.subject_alt_names().is_none())
    {
        chain.set_error(X509VerifyResult::APPLICATION_VERIFICATION);
    }
}

/// A certificate with its key and what stands behind it.
struct Own {
    certificate: X509,
    key: PKey<Private>,
    chain: Vec<X509>,
}

impl Own {
    fn understand(identity: &Identity<'_>) -> Result<Self> {
        match &identity.files {
            Files::Pkcs12(file) => Self::from_pkcs12(file, identity.password()),
            Files::Pem { chain, key } => Self::from_pem(chain, key),
        }
        .map_err(|error| identity.unusable(&error))
    }

    fn from_pem(chain: &[u8], key: &[u8]) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let mut chain = X509::stack_from_pem(chain)?;
        if chain.is_empty() {
            return Err("there is no certificate in it".into());
        }
        Ok(Self { certificate: chain.remove(0), key: PKey::private_key_from_pem(key)?, chain })
    }

    fn from_pkcs12(file: &[u8], password: &str) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let parsed = Pkcs12::from_der(file)?.parse2(password)?;
        let (Some(certificate), Some(key)) = (parsed.cert, parsed.pkey) else {
            return Err("there is no key with its certificate in it".into());
        };
        // The last of the chain comes first.
        let chain = parsed.ca.into_iter().flatten().rev().collect();
        Ok(Self { certificate, key, chain })
    }

    fn give_to(self, builder: &mut SslContextBuilder) -> std::result::Result<(), ErrorStack> {
        builder.set_certificate(&self.certificate)?;
        builder.set_private_key(&self.key)?;
        builder.check_private_key()?;
        for one in self.chain {
            builder.add_extra_chain_cert(one)?;
        }
        Ok(())
    }
}

#[derive(Clone)]
pub(crate) struct Acceptor(SslAcceptor);

impl Acceptor {
    pub(crate) fn build(identity: &Identity<'_>) -> Result<Self> {
        let own = Own::understand(identity)?;
        // TLS 1.2 and 1.3, and only encryption that a key stolen later does not open.
        let builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server());
        let built = builder.and_then(|mut builder| {
            builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
            own.give_to(&mut builder)?;
            Ok(builder.build())
        });
        built.map(Self).map_err(|error| identity.unfit(&error))
    }

    /// Begins a handshake with a client.
    pub(crate) fn accept(&self, io: TcpStream) -> Progress {
        let ssl = Ssl::new(self.0.context()).map(|mut ssl| {
            ssl.set_accept_state();
            ssl
        });
        Handshaking::begin(ssl, io)
    }
}

/// How far a handshake has come.
pub(crate) enum Progress {
    Done(Stream),
    UnderWay(Handshaking),
    Failed(Failure),
}

/// A handshake that waits for the peer, or for room.
pub(crate) struct Handshaking(SslStream<Wire>);

impl Handshaking {
    fn begin(ssl: std::result::Result<Ssl, ErrorStack>, io: TcpStream) -> Progress {
        match ssl.and_then(|ssl| SslStream::new(ssl, Wire::new(io))) {
            Ok(stream) => Self(stream).go_on(),
            Err(error) => Progress::Failed(Failure { cause: Cause::Other, said: error.to_string() }),
        }
    }

    pub(crate) fn go_on(mut self) -> Progress {
        match self.0.do_handshake() {
            Ok(()) => Progress::Done(Stream(self.0)),
            Err(error) if matches!(error.code(), ErrorCode::WANT_READ | ErrorCode::WANT_WRITE) => {
                Progress::UnderWay(self)
            }
            Err(error) => Progress::Failed(failed(&error, self.0.ssl())),
        }
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        &self.0.get_ref().io
    }

    pub(crate) fn tcp_mut(&mut self) -> &mut TcpStream {
        &mut self.0.get_mut().io
    }
}

/// An encrypted connection. A write that would block has to be repeated with the same bytes at the front.
pub(crate) struct Stream(SslStream<Wire>);

impl Stream {
    /// Says goodbye, as far as there is room for it.
    pub(crate) fn shutdown(&mut self) -> io::Result<()> {
        self.0.shutdown().map(drop).map_err(io::Error::other)
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
        match error.get_ref().and_then(|inner| inner.downcast_ref::<openssl::ssl::Error>()) {
            Some(error) => failed(error, self.0.ssl()),
            None => lost(error),
        }
    }
}

fn failed(error: &openssl::ssl::Error, ssl: &SslRef) -> Failure {
    if let Some(error) = error.io_error() {
        return lost(error);
    }
    let reason = error.ssl_error().and_then(|stack| stack.errors().first());
    let number = reason.map_or(0, |reason| reason.reason_code());
    let words = reason.and_then(|reason| reason.reason()).unwrap_or_default();
    if number == VERIFY_FAILED {
        let result = ssl.verify_result();
        let said = match result {
            X509VerifyResult::APPLICATION_VERIFICATION => "its common name does not count".to_owned(),
            result => format!("{error} ({result})"),
        };
        return Failure { cause: wrong_certificate(result), said };
    }
    let cause = if let Ok(alert @ 1..) = u8::try_from(number - ALERTS) {
        let has_certificate = ssl.is_server() || ssl.certificate().is_some();
        Alerted { has_certificate, knows_peer: ssl.peer_certificate().is_some() }.by(alert)
    } else if reason.is_none() || words.starts_with("unexpected eof") {
        Cause::Closed
    } else {
        cause(words)
    };
    Failure { cause, said: error.to_string() }
}

/// TCP itself has failed.
fn lost(error: &io::Error) -> Failure {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let is_end = matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe);
    Failure { cause: if is_end { Cause::Closed } else { Cause::Other }, said: error.to_string() }
}

fn wrong_certificate(result: X509VerifyResult) -> Cause {
    if result == X509VerifyResult::APPLICATION_VERIFICATION {
        return Cause::NoNames;
    }
    match result.as_raw() {
        wrong::NOT_YET_VALID => Cause::NotYetValid,
        wrong::EXPIRED => Cause::Expired,
        wrong::NAME | wrong::ADDRESS => Cause::OtherName,
        number if wrong::ISSUER.contains(&number) => Cause::UnknownIssuer,
        _ => Cause::Other,
    }
}

/// Makes sense of what OpenSSL says of its own: the numbers of these have changed between its versions.
fn cause(words: &str) -> Cause {
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if has(&["wrong version number", "packet length too long", "http request", "unknown protocol"])
        || has(&["bad record type", "https proxy request"])
    {
        Cause::NotTls
    } else if has(&["unsupported protocol", "no protocols available"]) {
        Cause::OldVersion
    } else if has(&["no shared cipher", "no suitable signature algorithm", "no suitable key share"]) {
        Cause::NothingInCommon
    } else {
        Cause::Other
    }
}
