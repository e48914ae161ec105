//! What a proxy in front of a server says about whom it speaks for: the PROXY protocol, versions 1 and 2, the
//! headers of HTTP, and which proxies are believed.

mod forwarded;
mod header;
mod trusted;

pub(crate) use forwarded::{Client, Unreliable, client};
pub(crate) use header::{Header, Step};
pub(crate) use trusted::Trusted;
