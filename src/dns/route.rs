//! Which addresses of a name datagrams can go to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The addresses in the order in which to take them for datagrams: the system's, but those that the
/// machine has a route to come first. Of loopback's the IPv4 one comes first, which any server hears.
pub(crate) fn routable_first(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    addresses.sort_by_cached_key(|address| match address.ip() {
        IpAddr::V4(ip) if ip.is_loopback() => 0,
        IpAddr::V6(ip) if ip.is_loopback() && has_route(address) => 1,
        _ if has_route(address) => 0,
        _ => 2,
    });
    addresses
}

/// Asks the system without sending anything.
fn has_route(to: &SocketAddr) -> bool {
    /// Any port that can be named; nothing is sent there.
    const DISCARD: u16 = 9;
    let any: IpAddr = if to.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    let mut to = *to;
    to.set_port(DISCARD);
    UdpSocket::bind((any, 0)).and_then(|socket| socket.connect(to)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_ipv4_first_and_what_has_no_route_is_last() {
        let addresses = ["[::1]:0", "127.0.0.1:0"].map(|text| text.parse().expect("an address"));
        assert_eq!(routable_first(addresses.to_vec()), [addresses[1], addresses[0]]);
        // Without its zone a link-local address is on no link.
        let with_dead = ["[fe80::1]:0", "127.0.0.1:0"].map(|text| text.parse().expect("an address"));
        assert_eq!(routable_first(with_dead.to_vec())[0], with_dead[1]);
    }
}
