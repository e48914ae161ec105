//! TLS over a connection that somebody else carries: bytes in, bytes out. A broker speaks first and asks for TLS then,
//! which stepwire's own sockets, that begin with it, cannot do.

#[cfg(not(feature = "tls"))]
mod absent;
#[cfg(feature = "tls")]
mod native;

#[cfg(not(feature = "tls"))]
use absent as backend;
#[cfg(feature = "tls")]
use native as backend;

pub(crate) use backend::{Connector, Tls, connector};

/// Whose certificates are good.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trust {
    pub(crate) verify: bool,
    /// A PEM file of authorities besides the system's, or "".
    pub(crate) ca_file: String,
}

impl Trust {
    pub(crate) const DEFAULT: Self = Self { verify: true, ca_file: String::new() };
}
