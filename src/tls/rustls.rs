//! TLS by rustls, linked in: the same on every system. The authorities trusted are still the system's.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use mio::net::TcpStream;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WantsClientCert, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, ConfigBuilder, Connection, DigitallySignedStruct,
    InvalidMessage, RootCertStore, ServerConfig, ServerConnection, SignatureScheme,
};

use crate::error::Result;

use super::failure::{Alerted, Cause, Failure};
use super::identity::{Files, Identity, refused};
use super::wire::Wire;

/// As much as is encrypted before it is written.
const MOST_IN_FLIGHT: usize = 64 << 10;

/// Certificates of authorities that are trusted besides the system's.
#[derive(Default)]
pub(crate) struct Authorities(Vec<CertificateDer<'static>>);

impl Authorities {
    pub(crate) fn from_pem(pem: &[u8]) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let found = CertificateDer::pem_slice_iter(pem).collect::<std::result::Result<Vec<_>, _>>()?;
        for one in &found {
            RootCertStore::empty().add(one.clone())?;
        }
        Ok(Self(found))
    }
}

pub(crate) struct Connector(Arc<ClientConfig>);

impl Connector {
    pub(crate) fn build(verify: bool, authorities: Authorities, own: Option<&Identity<'_>>) -> Result<Self> {
        let builder =
            trusting(verify, authorities).map_err(|error| refused("TLS cannot be set up", &error))?;
        let config = match own {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = understand(identity)?;
                builder.with_client_auth_cert(chain, key).map_err(|error| identity.unfit(&error))?
            }
        };
        Ok(Self(Arc::new(config)))
    }

    /// Begins a handshake with a server that must prove to have that name.
    pub(crate) fn connect(&self, name: &str, io: TcpStream) -> Progress {
        let Ok(name) = ServerName::try_from(name.to_owned()) else {
            let said = format!("\"{name}\" is no name that a certificate could be for");
            return Progress::Failed(Failure { cause: Cause::OtherName, said });
        };
        match ClientConnection::new(Arc::clone(&self.0), name) {
            Ok(connection) => {
                Progress::begin(connection.into(), self.0.client_auth_cert_resolver.has_certs(), io)
            }
            Err(error) => Progress::Failed(failed(&error)),
        }
    }
}

fn trusting(
    verify: bool,
    authorities: Authorities,
) -> std::result::Result<ConfigBuilder<ClientConfig, WantsClientCert>, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = if verify {
        Arc::new(Verifier::new(authorities, &provider)?)
    } else {
        Arc::new(AnyCertificate(Arc::clone(&provider)))
    };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier))
}

#[derive(Clone)]
pub(crate) struct Acceptor(Arc<ServerConfig>);

impl Acceptor {
    pub(crate) fn build(identity: &Identity<'_>) -> Result<Self> {
        let (chain, key) = understand(identity)?;
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = builder
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| identity.unfit(&error))?;
        Ok(Self(Arc::new(config)))
    }

    /// Begins a handshake with a client.
    pub(crate) fn accept(&self, io: TcpStream) -> Progress {
        match ServerConnection::new(Arc::clone(&self.0)) {
            Ok(connection) => Progress::begin(connection.into(), true, io),
            Err(error) => Progress::Failed(failed(&error)),
        }
    }
}

type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn understand(identity: &Identity<'_>) -> Result<Own> {
    match &identity.files {
        Files::Pkcs12(file) => from_pkcs12(file, identity.password()),
        Files::Pem { chain, key } => from_pem(chain, key),
    }
    .map_err(|error| identity.unusable(&error))
}

fn from_pem(chain: &[u8], key: &[u8]) -> std::result::Result<Own, Box<dyn std::error::Error>> {
    let chain = CertificateDer::pem_slice_iter(chain).collect::<std::result::Result<Vec<_>, _>>()?;
    if chain.is_empty() {
        return Err("there is no certificate in it".into());
    }
    Ok((chain, PrivateKeyDer::from_pem_slice(key)?))
}

fn from_pkcs12(file: &[u8], password: &str) -> std::result::Result<Own, Box<dyn std::error::Error>> {
    let store = KeyStore::from_pkcs12(file, password, Pkcs12ImportPolicy::Strict)?;
    let (_, own) = store.private_key_chain().ok_or("there is no key with its certificate in it")?;
    let chain = own.certs().iter().map(|one| CertificateDer::from(one.as_der().to_vec())).collect();
    Ok((chain, PrivatePkcs8KeyDer::from(own.key().as_der().to_vec()).into()))
}

/// How far a handshake has come.
pub(crate) enum Progress {
    Done(Stream),
    UnderWay(Handshaking),
    Failed(Failure),
}

impl Progress {
    fn begin(connection: Connection, has_certificate: bool, io: TcpStream) -> Self {
        Handshaking(Stream { connection, wire: Wire::new(io), has_certificate, in_flight: 0 }).go_on()
    }
}

/// A handshake that waits for the peer, or for room.
pub(crate) struct Handshaking(Stream);

impl Handshaking {
    pub(crate) fn go_on(mut self) -> Progress {
        match self.0.shake_hands() {
            Ok(()) => Progress::Done(self.0),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Progress::UnderWay(self),
            Err(error) => Progress::Failed(self.0.failure(&error)),
        }
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        &self.0.wire.io
    }

    pub(crate) fn tcp_mut(&mut self) -> &mut TcpStream {
        &mut self.0.wire.io
    }
}

/// An encrypted connection. A write that would block has to be repeated with the same bytes at the front.
pub(crate) struct Stream {
    connection: Connection,
    wire: Wire,
    /// This end has one to show.
    has_certificate: bool,
    /// So many bytes of the host's are encrypted but not all written.
    in_flight: usize,
}

impl Stream {
    fn shake_hands(&mut self) -> io::Result<()> {
        loop {
            self.flush()?;
            if !self.connection.is_handshaking() {
                return Ok(());
            }
            if self.receive()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Takes what the system has; 0 at the end.
    fn receive(&mut self) -> io::Result<usize> {
        let size = self.connection.read_tls(&mut self.wire)?;
        if let Err(error) = self.connection.process_new_packets() {
            // The peer is told why.
            let _ = self.flush();
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        Ok(size)
    }

    /// Gives the system what is encrypted.
    fn flush(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut self.wire)? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// Says goodbye, as far as there is room for it.
    pub(crate) fn shutdown(&mut self) -> io::Result<()> {
        self.connection.send_close_notify();
        self.flush()
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        &self.wire.io
    }

    pub(crate) fn tcp_mut(&mut self) -> &mut TcpStream {
        &mut self.wire.io
    }

    pub(crate) fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(room) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => {
                    self.wire.settle();
                    return result;
                }
            }
            self.receive()?;
            // What TLS itself has to answer; where there is no room it goes with the next write.
            let _ = self.flush();
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.in_flight == 0 {
            self.flush()?;
            let part = &bytes[..bytes.len().min(MOST_IN_FLIGHT)];
            self.in_flight = self.connection.writer().write(part)?;
        }
        // Until all of it is written the bytes count as not taken: so the caller comes back for the rest.
        self.flush()?;
        Ok(std::mem::take(&mut self.in_flight))
    }

    /// Why the connection broke.
    pub(crate) fn failure(&self, error: &io::Error) -> Failure {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::AlertReceived(alert)) => {
                let alerted = Alerted {
                    has_certificate: self.has_certificate,
                    knows_peer: self.connection.peer_certificates().is_some(),
                };
                let said = format!("{alert:?}");
                Failure { cause: alerted.by((*alert).into()), said }
            }
            Some(error) => failed(error),
            None => lost(error),
        }
    }
}

/// Checks a server's certificate against the authorities of the system and of the host.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// None where nobody is trusted: there are systems without a single authority.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    /// The host's own.
    named: Vec<CertificateDer<'static>>,
}

impl Verifier {
    fn new(
        authorities: Authorities,
        provider: &Arc<CryptoProvider>,
    ) -> std::result::Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        // Of the system's, those that can be used; the host's own were looked at when they were read.
        roots.add_parsable_certificates(authorities_of_the_system());
        roots.add_parsable_certificates(authorities.0.iter().cloned());
        let verifier = if roots.is_empty() {
            None
        } else {
            let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
            Some(builder.build().map_err(|error| rustls::Error::General(error.to_string()))?)
        };
        Ok(Self { provider: Arc::clone(provider), authorities: verifier, named: authorities.0 })
    }
}

#[cfg(not(target_os = "android"))]
fn authorities_of_the_system() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// Where Android has them, from its version 14 on and before, nobody looks but itself.
#[cfg(target_os = "android")]
fn authorities_of_the_system() -> Vec<CertificateDer<'static>> {
    let mut found = rustls_native_certs::load_native_certs().certs;
    for folder in ["/apex/com.android.conscrypt/cacerts", "/system/etc/security/cacerts"] {
        if found.is_empty() {
            let folder = Some(std::path::Path::new(folder));
            found = rustls_native_certs::load_certs_from_paths(None, folder).certs;
        }
    }
    found
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        // A certificate that signs itself is its own authority, for which WebPKI has no place.
        if self.named.iter().any(|named| named == certificate) {
            check_validity(certificate, now)?;
            verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
            return Ok(ServerCertVerified::assertion());
        }
        match &self.authorities {
            Some(verifier) => verifier.verify_server_cert(certificate, intermediates, name, ocsp, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn check_validity(certificate: &CertificateDer<'_>, now: UnixTime) -> std::result::Result<(), rustls::Error> {
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else {
        return Err(CertificateError::BadEncoding.into());
    };
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < parsed.validity().not_before.timestamp() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > parsed.validity().not_after.timestamp() {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

/// For `network_config_tls_verify` 0: whoever it is, as long as the key is that of the certificate.
struct AnyCertificate(Arc<CryptoProvider>);

impl fmt::Debug for AnyCertificate {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("AnyCertificate")
    }
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// TCP itself has failed.
fn lost(error: &io::Error) -> Failure {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let is_end = matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe);
    Failure { cause: if is_end { Cause::Closed } else { Cause::Other }, said: error.to_string() }
}

fn failed(error: &rustls::Error) -> Failure {
    use rustls::Error::{InvalidCertificate, InvalidMessage as Invalid, PeerIncompatible};
    let cause = match error {
        InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            Cause::Expired
        }
        InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            Cause::NotYetValid
        }
        InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Cause::OtherName,
        InvalidCertificate(CertificateError::UnknownIssuer) => Cause::UnknownIssuer,
        Invalid(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload,
        ) => Cause::NotTls,
        PeerIncompatible(why) if format!("{why:?}").contains("Version") => Cause::OldVersion,
        PeerIncompatible(_) => Cause::NothingInCommon,
        _ => Cause::Other,
    };
    Failure { cause, said: error.to_string() }
}
