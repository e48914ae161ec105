//! What the ways of receiving datagrams have in common.

use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};

/// A datagram that a [`DatagramReader`](super::DatagramReader) has received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(crate) from: SocketAddr,
    /// The address it came to, where the system tells; IPv4 inside IPv6.
    pub(crate) to: Option<Ipv6Addr>,
    /// Where it lies in the room.
    pub(crate) start: usize,
    pub(crate) size: usize,
    /// How much of it lies there; the rest is in the reader's overflow.
    pub(crate) kept: usize,
    #[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code))]
    pub(crate) overflow: usize,
}

/// One form for each address: IPv4 as such also where the system shows it inside IPv6.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(_) => address,
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(v4) => (v4, v6.port()).into(),
            None => SocketAddrV6::new(*v6.ip(), v6.port(), 0, v6.scope_id()).into(),
        },
    }
}
