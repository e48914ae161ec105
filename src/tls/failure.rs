//! What went wrong with TLS, in words.

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
    UnknownIssuer,
    /// The peer's bytes are no TLS.
    NotTls,
    OldVersion,
    NothingInCommon,
    /// The connection ended.
    Closed,
    Other,
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
        Cause::UnknownIssuer => format!(
            "the certificate of {server} is from an unknown issuer; if it is your own, set \
             network_config_tls_ca_file"
        ),
        Cause::NotTls => format!("{server} does not speak TLS at this port"),
        Cause::OldVersion => {
            format!("{server} speaks no version of TLS that is allowed: 1.2 at least is needed")
        }
        Cause::NothingInCommon => format!("{server} and this machine have no encryption in common"),
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
}
