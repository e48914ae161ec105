//! Who does the work: one of four modules, all with the same items.

#[cfg(not(any(feature = "tls", feature = "rustls")))]
pub(super) use super::absent as chosen;
#[cfg(all(feature = "tls", not(feature = "rustls"), any(windows, target_vendor = "apple")))]
pub(super) use super::native as chosen;
#[cfg(all(feature = "tls", not(feature = "rustls"), not(any(windows, target_vendor = "apple"))))]
pub(super) use super::openssl as chosen;
#[cfg(feature = "rustls")]
pub(super) use super::rustls as chosen;

pub(crate) use chosen::{Acceptor, Authorities, Connector, Handshaking, Progress, Stream};
