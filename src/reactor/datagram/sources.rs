//! Which of this machine's addresses each peer knows a socket by, so that answers come from there. Of
//! use only where there are several: what the system chooses by itself is the right one otherwise.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::interfaces::Interfaces;

/// Peers remembered; with more all are forgotten.
const MOST: usize = 65_536;

#[derive(Debug)]
pub(crate) struct Sources {
    by_peer: HashMap<SocketAddr, IpAddr>,
    /// The address asked for last, and whether answers from it have to say so.
    last: Ipv6Addr,
    matters: bool,
}

impl Default for Sources {
    fn default() -> Self {
        // Nobody is asked at that address.
        Self { by_peer: HashMap::new(), last: Ipv6Addr::UNSPECIFIED, matters: false }
    }
}

impl Sources {
    /// The address that answers to the peer come from, if the system might choose another.
    #[inline]
    pub(crate) fn of(&self, peer: SocketAddr) -> Option<IpAddr> {
        if self.by_peer.is_empty() { None } else { self.by_peer.get(&peer).copied() }
    }

    /// A datagram of the peer's has come to `local`, IPv4 inside IPv6.
    pub(crate) fn note<'a>(
        &mut self,
        peer: SocketAddr,
        local: Ipv6Addr,
        interfaces: impl FnOnce() -> &'a Interfaces,
    ) {
        if self.last != local {
            self.last = local;
            self.matters = is_one_of_several(local.to_canonical(), interfaces());
        }
        if !self.matters {
            if !self.by_peer.is_empty() {
                self.by_peer.remove(&peer);
            }
            return;
        }
        if self.by_peer.len() >= MOST && !self.by_peer.contains_key(&peer) {
            self.by_peer.clear();
        }
        self.by_peer.insert(peer, local.to_canonical());
    }
}

/// Loopback's network is the same everywhere.
const LOOPBACK_BROADCAST: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 255);

/// Whether the address is this machine's own, and the system might answer from another one.
fn is_one_of_several(local: IpAddr, interfaces: &Interfaces) -> bool {
    match local {
        IpAddr::V4(ip) if ip.is_loopback() => return ip != Ipv4Addr::LOCALHOST && ip != LOOPBACK_BROADCAST,
        IpAddr::V4(ip) if ip.is_broadcast() || interfaces.is_broadcast(ip) => return false,
        _ if local.is_loopback() || local.is_multicast() || local.is_unspecified() => return false,
        _ => {}
    }
    interfaces.own.iter().filter(|own| own.is_ipv4() == local.is_ipv4() && !own.is_loopback()).count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_system_might_choose_otherwise_is_remembered() {
        let interfaces = Interfaces::default();
        let peer = SocketAddr::from(([127, 0, 0, 1], 9));
        let mut sources = Sources::default();
        for (local, kept) in [("127.0.0.1", false), ("127.0.0.2", true), ("::1", false), ("224.0.0.1", false)]
        {
            let local: IpAddr = local.parse().expect("an address");
            let as_ipv6 = match local {
                IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                IpAddr::V6(ip) => ip,
            };
            sources.note(peer, as_ipv6, || &interfaces);
            assert_eq!(sources.of(peer), kept.then_some(local));
        }
    }
}
