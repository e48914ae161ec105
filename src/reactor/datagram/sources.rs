//! Which of this machine's addresses each peer knows a socket by, so that answers come from there. Of
//! use only where there are several: what the system chooses by itself is the right one otherwise.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::interfaces::Interfaces;

/// Peers remembered; with more all are forgotten.
const MOST: usize = 65_536;

#[derive(Debug, Default)]
pub(crate) struct Sources {
    by_peer: HashMap<SocketAddr, IpAddr>,
    /// The address asked for last, and whether answers from it have to say so.
    last: Option<(IpAddr, bool)>,
}

impl Sources {
    /// The address that answers to the peer come from, if the system might choose another.
    #[inline]
    pub(crate) fn of(&self, peer: SocketAddr) -> Option<IpAddr> {
        if self.by_peer.is_empty() { None } else { self.by_peer.get(&peer).copied() }
    }

    /// A datagram of the peer's has come to `local`.
    pub(crate) fn note<'a>(
        &mut self,
        peer: SocketAddr,
        local: IpAddr,
        interfaces: impl FnOnce() -> &'a Interfaces,
    ) {
        let matters = match self.last {
            Some((last, matters)) if last == local => matters,
            _ => is_one_of_several(local, interfaces()),
        };
        self.last = Some((local, matters));
        if !matters {
            if !self.by_peer.is_empty() {
                self.by_peer.remove(&peer);
            }
            return;
        }
        if self.by_peer.len() >= MOST && !self.by_peer.contains_key(&peer) {
            self.by_peer.clear();
        }
        self.by_peer.insert(peer, local);
    }
}

/// Whether the address is this machine's own, and the system might answer from another one.
fn is_one_of_several(local: IpAddr, interfaces: &Interfaces) -> bool {
    let is_shared = match local {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast() || interfaces.is_broadcast(ip),
        IpAddr::V6(ip) => ip.is_multicast(),
    };
    if is_shared || local.is_unspecified() {
        return false;
    }
    if local.is_loopback() {
        return local != IpAddr::V4(Ipv4Addr::LOCALHOST) && local != IpAddr::V6(Ipv6Addr::LOCALHOST);
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
            sources.note(peer, local, || &interfaces);
            assert_eq!(sources.of(peer), kept.then_some(local));
        }
    }
}
