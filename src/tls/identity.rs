//! A server's certificate and key, as its options name them.

use std::fmt::Display;

use crate::error::{Code, Error, Result};
use crate::options::Texts;

/// The files, read but not understood: that is the TLS library's part.
#[cfg_attr(not(any(feature = "tls", feature = "rustls")), allow(dead_code))]
pub(crate) struct Identity<'a> {
    texts: &'a Texts,
    pub(crate) files: Files,
}

#[cfg_attr(not(any(feature = "tls", feature = "rustls")), allow(dead_code))]
pub(crate) enum Files {
    /// PEM: certificates, the server's first, and an unencrypted PKCS#8 key.
    Pem {
        chain: Vec<u8>,
        key: Vec<u8>,
    },
    Pkcs12(Vec<u8>),
}

#[cfg_attr(not(any(feature = "tls", feature = "rustls")), allow(dead_code))]
impl Identity<'_> {
    pub(crate) fn read(texts: &Texts) -> Result<Identity<'_>> {
        if !texts.tls_identity.is_empty() {
            let files = Files::Pkcs12(read("the identity", &texts.tls_identity)?);
            return Ok(Identity { texts, files });
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
        let key = key.trim_ascii_start().to_owned();
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
        Ok(Identity { texts, files: Files::Pem { chain, key } })
    }

    /// The password of a PKCS#12 file.
    pub(crate) fn password(&self) -> &str {
        &self.texts.tls_identity_password
    }

    /// The files are not what their options say.
    pub(crate) fn unusable(&self, error: &dyn Display) -> Error {
        let Texts { tls_identity, tls_certificate, tls_private_key, .. } = self.texts;
        match self.files {
            Files::Pkcs12(_) => refused(
                &format!("\"{tls_identity}\" is not a PKCS#12 file that opens with the password set"),
                error,
            ),
            Files::Pem { .. } => refused(
                &format!(
                    "\"{tls_certificate}\" and \"{tls_private_key}\" are not a PEM certificate and its key"
                ),
                error,
            ),
        }
    }

    /// The key is not that of the certificate.
    pub(crate) fn unfit(&self, error: &dyn Display) -> Error {
        refused("the certificate and its key cannot be used together", error)
    }
}

pub(super) fn read(what: &str, path: &str) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| Error::new(Code::Tls, format!("{what} \"{path}\" cannot be read: {error}")))
}

pub(super) fn refused(what: &str, error: &dyn Display) -> Error {
    Error::new(Code::Tls, format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_of_another_form_is_named() {
        let none = Texts::default();
        assert_eq!(Identity::read(&none).map(drop).unwrap_err().code, Code::Tls);
        let missing = Texts { tls_identity: "/no/such/file.p12".into(), ..Texts::default() };
        let error = Identity::read(&missing).map(drop).unwrap_err();
        assert!(error.message.contains("/no/such/file.p12"), "{error}");
    }
}
