//! TLS: what servers and clients are set up with, handshakes and encrypted streams, and failures in words.
//!
//! One of three modules does the work, all with the same items: `native` has the system's library do it, `rustls`
//! brings its own, which is the same on every system, and `absent` is for builds without TLS.

#[cfg(not(any(feature = "tls", feature = "rustls")))]
mod absent;
mod backend;
mod client;
mod failure;
mod identity;
#[cfg(all(feature = "tls", not(feature = "rustls")))]
mod native;
#[cfg(feature = "rustls")]
mod rustls;

pub(crate) use backend::{Acceptor, Handshaking, Progress, Stream};
pub(crate) use client::{Client, Prepared, Unbuilt};
pub(crate) use failure::handshake_failed;

use std::io;

use crate::error::{Error, Result};
use crate::options::Texts;

/// A server's side, from the files its options name.
pub(crate) fn acceptor(texts: &Texts) -> Result<Acceptor> {
    Acceptor::build(&identity::Identity::read(texts)?)
}

/// Why an encrypted connection broke.
pub(crate) fn broken(error: &io::Error) -> Error {
    failure::explain(&backend::failure(error), None)
}
