//! The certificate of this end and its key, as the options name them.

use std::fmt::Display;

use crate::error::{Code, Error, Result};
use crate::options::Texts;

use super::pem::{self, Key};

/// The files, read but not understood: that is the TLS library's part.
#[cfg_attr(not(any(feature = "tls", feature = "rustls")), allow(dead_code))]
pub(crate) struct Identity<'a> {
    texts: &'a Texts,
    pub(crate) files: Files,
}

#[cfg_attr(not(any(feature = "tls", feature = "rustls")), allow(dead_code))]
pub(crate) enum Files {
    /// PEM: certificates, one's own first, and an unencrypted key in PKCS#8, PKCS#1 or SEC1 form.
    Pem {
        chain: Vec<u8>,
        key: Vec<u8>,
    },
    Pkcs12(Vec<u8>),
}

#[cfg_attr(not(any(feature = "tls", feature = "rustls")), allow(dead_code))]
impl Identity<'_> {
    /// None where no option names one.
    pub(crate) fn read(texts: &Texts) -> Result<Option<Identity<'_>>> {
        if !texts.tls_identity.is_empty() {
            let files = Files::Pkcs12(read("the identity", &texts.tls_identity)?);
            return Ok(Some(Identity { texts, files }));
        }
        if texts.tls_certificate.is_empty() {
            if texts.tls_private_key.is_empty() {
                return Ok(None);
            }
            return Err(Error::new(
                Code::Tls,
                "network_config_tls_private_key is set, but not network_config_tls_certificate",
            ));
        }
        let file = read("the certificate", &texts.tls_certificate)?;
        let chain = pem::certificates(&file);
        if chain.is_empty() {
            let words = format!("\"{}\" holds no PEM certificate", texts.tls_certificate);
            return Err(Error::new(Code::Tls, words));
        }
        let key = if texts.tls_private_key.is_empty() {
            key(&file, &texts.tls_certificate)?
        } else {
            key(&read("the private key", &texts.tls_private_key)?, &texts.tls_private_key)?
        };
        Ok(Some(Identity { texts, files: Files::Pem { chain, key } }))
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
            Files::Pem { .. } if tls_private_key.is_empty() => {
                refused(&format!("\"{tls_certificate}\" does not hold a PEM certificate and its key"), error)
            }
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

/// The key that a file holds.
fn key(file: &[u8], path: &str) -> Result<Vec<u8>> {
    let words = match pem::key(file) {
        Key::Plain(key) => return Ok(key),
        Key::Encrypted => format!(
            "the private key in \"{path}\" has a password, which openssl pkey -in old.pem -out new.pem takes off"
        ),
        Key::None => format!("\"{path}\" holds no PEM private key; set network_config_tls_private_key"),
    };
    Err(Error::new(Code::Tls, words))
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
        assert!(Identity::read(&Texts::default()).unwrap().is_none());
        let missing = Texts { tls_identity: "/no/such/file.p12".into(), ..Texts::default() };
        let error = Identity::read(&missing).map(drop).unwrap_err();
        assert_eq!(error.code, Code::Tls);
        assert!(error.message.contains("/no/such/file.p12"), "{error}");
        let lonely = Texts { tls_private_key: "key.pem".into(), ..Texts::default() };
        assert!(Identity::read(&lonely).map(drop).unwrap_err().message.contains("tls_certificate"));
    }
}
