//! What went wrong with TLS, in words.
#![cfg_attr(
    any(windows, target_vendor = "apple"),
    allow(dead_code, reason = "not every library tells alerts apart")
)]

use crate::error::{Code, Error};

/// Why a handshake failed or a connection broke.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) cause: Cause,
    /// What the TLS library says, each in its own words.
    pub(crate) said: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(any(feature = "tls", feature = "rustls")), allow(dead_code))]
pub(crate) enum Cause {
    Expired,
    NotYetValid,
    OtherName,
    /// The certificate has no alternative names.
    #[cfg_attr(feature = "rustls", allow(dead_code))]
    NoNames,
    UnknownIssuer,
    /// The peer's bytes are no TLS.
    NotTls,
    OldVersion,
    NothingInCommon,
    /// The peer wants a certificate of this end, which has none.
    CertificateWanted,
    /// The peer does not accept the certificate of this end.
    CertificateRefused,
    /// The connection ended.
    Closed,
    Other,
}

/// What is known when a peer ends TLS with an alert.
#[cfg_attr(not(any(feature = "tls", feature = "rustls")), allow(dead_code))]
pub(super) struct Alerted {
    /// This end has shown a certificate, or would have.
    pub(super) has_certificate: bool,
    /// The peer has shown its own: the encryption was agreed on before.
    pub(super) knows_peer: bool,
}

impl Alerted {
    /// What the alert with that number (RFC 8446, section 6) means.
    #[cfg_attr(not(any(feature = "tls", feature = "rustls")), allow(dead_code))]
    pub(super) fn by(&self, alert: u8) -> Cause {
        match alert {
            // handshake_failure: TLS 1.2 has no alert of its own for a certificate that was not shown.
            40 if self.knows_peer && !self.has_certificate => Cause::CertificateWanted,
            40 | 71 => Cause::NothingInCommon,
            // Those about a certificate: bad, unsupported, revoked, expired, unknown, of an unknown authority.
            42..=46 | 48 if self.has_certificate => Cause::CertificateRefused,
            41..=46 | 48 | 116 => Cause::CertificateWanted,
            70 => Cause::OldVersion,
            _ => Cause::Other,
        }
    }
}

/// A failed handshake. `name` is the one that the certificate had to be for, at clients.
pub(crate) fn handshake_failed(failure: &Failure, name: Option<&str>) -> Error {
    if failure.cause != Cause::Closed {
        return explain(failure, name);
    }
    let server = name.unwrap_or("the peer");
    Error::new(
        Code::Tls,
        format!("{server} ended the connection instead of agreeing on TLS; does it speak TLS at this port?"),
    )
}

/// A sentence that helps.
pub(super) fn explain(failure: &Failure, name: Option<&str>) -> Error {
    let server = name.unwrap_or("the peer");
    let why = match failure.cause {
        Cause::Expired => format!("the certificate of {server} has expired"),
        Cause::NotYetValid => {
            format!("the certificate of {server} is not valid yet; is this machine's clock right?")
        }
        Cause::OtherName => format!("the certificate of {server} is for another name"),
        Cause::NoNames => format!("the certificate of {server} has no alternative names (subjectAltName)"),
        Cause::UnknownIssuer => format!(
            "the certificate of {server} is from an unknown issuer; if it is your own, set \
             network_config_tls_ca_file"
        ),
        Cause::NotTls => format!("{server} does not speak TLS at this port"),
        Cause::OldVersion => {
            format!("{server} speaks no version of TLS that is allowed: 1.2 at least is needed")
        }
        Cause::NothingInCommon => format!("{server} and this machine have no encryption in common"),
        Cause::CertificateWanted => format!(
            "{server} demands a certificate of this client; set network_config_tls_certificate and \
             network_config_tls_private_key, or network_config_tls_identity"
        ),
        Cause::CertificateRefused => format!("{server} does not accept the certificate of this end"),
        Cause::Closed => {
            return Error::new(Code::Closed, format!("{server} closed the connection inside TLS"));
        }
        Cause::Other => format!("TLS with {server} failed"),
    };
    Error::new(Code::Tls, format!("{why} ({})", failure.said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_the_server() {
        for (cause, expected) in [
            (Cause::Expired, "has expired"),
            (Cause::OtherName, "for another name"),
            (Cause::UnknownIssuer, "unknown issuer"),
            (Cause::NotTls, "does not speak TLS"),
            (Cause::CertificateWanted, "demands a certificate"),
        ] {
            let error = explain(&Failure { cause, said: "words".into() }, Some("game.example"));
            assert_eq!(error.code, Code::Tls);
            for part in [expected, "game.example", "words"] {
                assert!(error.message.contains(part), "{error}");
            }
        }
    }

    #[test]
    fn an_end_is_a_failed_handshake_or_a_closed_connection() {
        let end = Failure { cause: Cause::Closed, said: "unexpected EOF".into() };
        assert_eq!(explain(&end, None).code, Code::Closed);
        assert_eq!(handshake_failed(&end, None).code, Code::Tls);
    }

    #[test]
    fn an_alert_means_what_could_have_brought_it_about() {
        let stranger = Alerted { has_certificate: false, knows_peer: false };
        let bare = Alerted { has_certificate: false, knows_peer: true };
        let dressed = Alerted { has_certificate: true, knows_peer: true };
        assert_eq!(stranger.by(40), Cause::NothingInCommon);
        assert_eq!(bare.by(40), Cause::CertificateWanted);
        assert_eq!(dressed.by(40), Cause::NothingInCommon);
        assert_eq!((bare.by(116), bare.by(42)), (Cause::CertificateWanted, Cause::CertificateWanted));
        assert_eq!((dressed.by(48), dressed.by(45)), (Cause::CertificateRefused, Cause::CertificateRefused));
        assert_eq!((stranger.by(70), stranger.by(80)), (Cause::OldVersion, Cause::Other));
    }
}
