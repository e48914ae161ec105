//! Where to connect to: WebSocket URLs, and the plain hosts of TCP and UDP.
//!
//! A WebSocket URL is `[ws://|wss://]host[:port][/path][?query]`; a fragment is dropped, as
//! section 3 of RFC 6455 has it. An IPv6 address stands in brackets, for TCP and UDP also alone,
//! and may carry its zone: `fe80::1%eth0`.

mod error;
mod host;
#[cfg(test)]
mod tests;
mod websocket;

#[cfg(test)]
pub use host::Host;
pub use host::parse_host;
pub use websocket::Url;
