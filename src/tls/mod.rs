//! TLS: what servers and clients are set up with, handshakes and encrypted streams, and failures in words.
//!
//! One of four modules does the work, all with the same items: `openssl` and `native` have the system's library do it,
//! `rustls` brings its own, which is the same on every system, and `absent` is for builds without TLS.

#[cfg(not(any(feature = "tls", feature = "rustls")))]
mod absent;
mod backend;
mod client;
mod failure;
mod identity;
#[cfg(all(feature = "tls", not(feature = "rustls"), any(windows, target_vendor = "apple")))]
mod native;
#[cfg(all(feature = "tls", not(feature = "rustls"), not(any(windows, target_vendor = "apple"))))]
mod openssl;
mod pem;
#[cfg(feature = "rustls")]
mod rustls;
#[cfg(any(feature = "tls", feature = "rustls"))]
mod wire;

pub(crate) use backend::{Acceptor, Handshaking, Progress, Stream};
pub(crate) use client::{Client, Prepared, Unbuilt};
pub(crate) use failure::handshake_failed;

use std::io;

use crate::error::{Code, Error, Result};
use crate::options::Texts;

use identity::Identity;

/// A server's side, from the files its options name.
pub(crate) fn acceptor(texts: &Texts) -> Result<Acceptor> {
    let Some(identity) = Identity::read(texts)? else {
        return Err(Error::new(
            Code::Tls,
            "a wss server needs a certificate: set network_config_tls_certificate and \
             network_config_tls_private_key, or network_config_tls_identity, before creating it",
        ));
    };
    Acceptor::build(&identity)
}

/// Why an encrypted connection broke.
pub(crate) fn broken(stream: &Stream, error: &io::Error) -> Error {
    failure::explain(&stream.failure(error), None)
}
