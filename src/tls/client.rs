//! A client's side of TLS: whom it trusts, and the name it wants to see.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use mio::net::TcpStream;
use parking_lot::Mutex;

use crate::error::{Code, Error, Result};
use crate::options::Texts;

use super::backend::{Authorities, Connector, Progress};
use super::identity::{Identity, read, refused};
use super::pem;

/// What an outgoing connection is encrypted with.
#[derive(Clone)]
pub(crate) struct Client {
    connector: Arc<Connector>,
    /// The name that the server's certificate must be for.
    name: String,
}

/// A client's side as far as it is at once there.
pub(crate) enum Prepared {
    Ready(Client),
    /// Files have to be read, those of the system's authorities among them, which takes a while.
    Unbuilt(Unbuilt),
}

pub(crate) struct Unbuilt {
    inputs: Inputs,
    texts: Arc<Texts>,
    name: String,
}

impl Client {
    /// `host` is that of the URL: an IPv6 address without brackets. Reads no file.
    pub(crate) fn prepare(texts: &Arc<Texts>, host: &str) -> Prepared {
        // A name's dot at the end means the root of all names, which no certificate mentions.
        let name = host.strip_suffix('.').unwrap_or(host).to_owned();
        let inputs = Inputs::new(texts);
        if let Some((_, connector)) = CONNECTORS.lock().iter().find(|(known, _)| *known == inputs) {
            return Prepared::Ready(Self { connector: Arc::clone(connector), name });
        }
        Prepared::Unbuilt(Unbuilt { inputs, texts: Arc::clone(texts), name })
    }

    /// Begins a handshake.
    pub(crate) fn connect(&self, io: TcpStream) -> Progress {
        self.connector.connect(&self.name, io)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// Clients with the same options share a connector.
static CONNECTORS: Mutex<Vec<(Inputs, Arc<Connector>)>> = Mutex::new(Vec::new());
/// How many are kept.
const MOST_CONNECTORS: usize = 8;

/// What a connector is made of.
#[derive(Clone, PartialEq, Eq)]
struct Inputs {
    verify: bool,
    /// The files of further authorities and of the client's own certificate, and when they were last changed.
    files: [Option<(PathBuf, Option<SystemTime>)>; 4],
    password: String,
}

impl Inputs {
    fn new(texts: &Texts) -> Self {
        let paths = [&texts.tls_ca_file, &texts.tls_certificate, &texts.tls_private_key, &texts.tls_identity];
        let files = paths.map(|path| {
            (!path.is_empty()).then(|| {
                let changed = std::fs::metadata(path).and_then(|file| file.modified()).ok();
                (PathBuf::from(path), changed)
            })
        });
        Self { verify: texts.tls_verify, files, password: texts.tls_identity_password.clone() }
    }
}

impl Unbuilt {
    pub(crate) fn build(self) -> Result<Client> {
        let authorities = authorities(&self.texts.tls_ca_file)?;
        let own = Identity::read(&self.texts)?;
        let connector = Arc::new(Connector::build(self.inputs.verify, authorities, own.as_ref())?);
        let mut connectors = CONNECTORS.lock();
        if connectors.len() == MOST_CONNECTORS {
            connectors.remove(0);
        }
        connectors.push((self.inputs, Arc::clone(&connector)));
        Ok(Client { connector, name: self.name })
    }
}

fn authorities(path: &str) -> Result<Authorities> {
    if path.is_empty() {
        return Ok(Authorities::default());
    }
    let found = pem::certificates(&read("the file of certificate authorities", path)?);
    if found.is_empty() {
        return Err(Error::new(Code::Tls, format!("\"{path}\" holds no PEM certificate")));
    }
    Authorities::from_pem(&found)
        .map_err(|error| refused(&format!("\"{path}\" is not a file of PEM certificates"), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_named() {
        let missing = Arc::new(Texts { tls_ca_file: "/no/such/file.pem".into(), ..Texts::default() });
        let Prepared::Unbuilt(unbuilt) = Client::prepare(&missing, "localhost") else {
            panic!("built from nothing");
        };
        let error = unbuilt.build().map(drop).unwrap_err();
        assert_eq!(error.code, Code::Tls);
        assert!(error.message.contains("/no/such/file.pem"), "{error}");
    }

    #[cfg(any(feature = "tls", feature = "rustls"))]
    #[test]
    fn connectors_are_shared() {
        let texts = Arc::new(Texts { tls_verify: false, ..Texts::default() });
        let first = match Client::prepare(&texts, "a") {
            Prepared::Ready(client) => client,
            Prepared::Unbuilt(unbuilt) => unbuilt.build().unwrap(),
        };
        let Prepared::Ready(second) = Client::prepare(&texts, "b.") else {
            panic!("built a moment ago");
        };
        assert!(Arc::ptr_eq(&first.connector, &second.connector));
        assert_eq!(second.name(), "b");
    }
}
