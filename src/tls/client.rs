//! A client's side of TLS: whom it trusts, and the name it wants to see.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use mio::net::TcpStream;
use parking_lot::Mutex;

use crate::error::{Code, Error, Result};
use crate::options::Texts;

use super::backend::{Authorities, Connector, Progress};
use super::identity::{read, refused};

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
    /// Reading the system's authorities takes a while.
    Unbuilt(Unbuilt),
}

pub(crate) struct Unbuilt {
    trust: Trust,
    authorities: Authorities,
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
        let authorities = if path.is_empty() { Authorities::default() } else { authorities(path)? };
        Ok(Prepared::Unbuilt(Unbuilt { trust, authorities, name }))
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
static CONNECTORS: Mutex<Vec<(Trust, Arc<Connector>)>> = Mutex::new(Vec::new());
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
        let connector = Connector::build(self.trust.verify, self.authorities)
            .map_err(|error| refused("TLS cannot be set up", &error))?;
        let connector = Arc::new(connector);
        let mut connectors = CONNECTORS.lock();
        if connectors.len() == MOST_CONNECTORS {
            connectors.remove(0);
        }
        connectors.push((self.trust, Arc::clone(&connector)));
        Ok(Client { connector, name: self.name })
    }
}

fn authorities(path: &str) -> Result<Authorities> {
    let file = read("the file of certificate authorities", path)?;
    let none = || Error::new(Code::Tls, format!("\"{path}\" holds no PEM certificate"));
    let found = Authorities::from_pem(&file)
        .map_err(|error| refused(&format!("\"{path}\" is not a file of PEM certificates"), &error))?;
    if found.is_empty() { Err(none()) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_named() {
        let missing = Texts { tls_ca_file: "/no/such/file.pem".into(), ..Texts::default() };
        let error = Client::prepare(&missing, "localhost").map(drop).unwrap_err();
        assert_eq!(error.code, Code::Tls);
        assert!(error.message.contains("/no/such/file.pem"), "{error}");
    }

    #[cfg(any(feature = "tls", feature = "rustls"))]
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
