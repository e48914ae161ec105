//! What a proxy in front of a server says about whom it speaks for: the PROXY protocol, versions 1 and 2, and
//! which proxies are believed.

mod header;
mod trusted;

pub(crate) use header::{Header, Step};
pub(crate) use trusted::Trusted;
