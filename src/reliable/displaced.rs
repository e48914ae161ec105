//! Peers by the network they are of, and what is left of those that gave way before their time.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::units::Micros;

/// What one user of the network has for addresses: of IPv6 the first 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network(IpAddr);

impl From<SocketAddr> for Network {
    fn from(address: SocketAddr) -> Self {
        Self(match address.ip() {
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
            ip => ip,
        })
    }
}

/// What is left of peers that gave way before their time.
#[derive(Debug, Default)]
pub(crate) struct Displaced {
    /// Confirms whose token was granted up to then may belong to sessions of theirs.
    pub(crate) newest: Option<Micros>,
    /// Until when an address that is not known may be that of one.
    pub(crate) until: Micros,
}

impl Displaced {
    /// Whether the last session with an address that is not known may have been given up.
    pub(crate) fn may_be_unknown(&self, now: Micros) -> bool {
        now < self.until
    }
}
