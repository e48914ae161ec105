//! Addresses as people write them, and in which order to try them.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use crate::sys;

/// Which families of addresses a socket can send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressFamilies {
    pub(crate) v4: bool,
    pub(crate) v6: bool,
}

impl AddressFamilies {
    pub(crate) fn includes(self, address: &SocketAddr) -> bool {
        if address.is_ipv4() { self.v4 } else { self.v6 }
    }
}

/// The address that `host` spells out, with port 0: IPv4, IPv6, IPv6 in brackets, IPv6 with a zone.
/// `None` if it is a name.
pub(crate) fn literal(host: &str) -> Option<SocketAddr> {
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip, 0));
    }
    let (address, zone) = host.split_once('%')?;
    let address: Ipv6Addr = address.parse().ok()?;
    let zone = zone.parse().ok().or_else(|| sys::interface_index(zone))?;
    Some(SocketAddr::V6(SocketAddrV6::new(address, 0, 0, zone)))
}

/// The address as text: IPv4 also where the system shows it inside IPv6, zones by name.
pub(crate) fn text(address: &SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(v4) => v4.to_string(),
            None if v6.scope_id() != 0 => {
                let zone = sys::interface_name(v6.scope_id()).unwrap_or_else(|| v6.scope_id().to_string());
                format!("{}%{zone}", v6.ip())
            }
            None => v6.ip().to_string(),
        },
    }
}

/// A peer's address as text, as each of its events carries it. IPv4 takes no memory of its own.
#[derive(Clone, Debug)]
pub(crate) enum PeerName {
    /// Filled up with NULs.
    Short([u8; 15]),
    Long(Box<Box<str>>),
}

impl PeerName {
    pub(crate) fn new(address: &SocketAddr) -> Self {
        let text = text(address);
        let mut short = [0; 15];
        match short.get_mut(..text.len()) {
            Some(start) => {
                start.copy_from_slice(text.as_bytes());
                Self::Short(short)
            }
            None => Self::Long(Box::new(text.into())),
        }
    }

    /// The address again.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        literal(self.as_str()).map(|address| address.ip())
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Short(text) => {
                let length = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
                std::str::from_utf8(&text[..length]).unwrap_or_default()
            }
            Self::Long(text) => text,
        }
    }
}

/// The order in which to try addresses: the system's, with the families in turn (RFC 8305,
/// section 4), so that a broken family costs one attempt and not all of its addresses.
pub(crate) fn interleave(addresses: Vec<SocketAddr>, port: u16) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().copied() else { return addresses };
    let total = addresses.len();
    let (preferred, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first.is_ipv6());
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let mut ordered = Vec::with_capacity(total);
    while ordered.len() < total {
        ordered.extend(preferred.next());
        ordered.extend(other.next());
    }
    for address in &mut ordered {
        address.set_port(port);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals() {
        for (host, shown) in
            [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("[::1]", "::1"), ("::ffff:10.0.0.1", "10.0.0.1")]
        {
            assert_eq!(literal(host).map(|address| text(&address)).as_deref(), Some(shown));
        }
        for name in ["localhost", "", "1.2.3", "fe80::1%no-such-interface", "[::1", "127.0.0.1:80"] {
            assert_eq!(literal(name), None, "{name}");
        }
    }

    #[test]
    fn zones_are_numbers_or_names() {
        let by_number = literal("fe80::1%1").expect("a number is always a zone");
        assert!(matches!(by_number, SocketAddr::V6(v6) if v6.scope_id() == 1));
        if let Some(name) = sys::interface_name(1) {
            assert_eq!(literal(&format!("fe80::1%{name}")), Some(by_number));
            assert_eq!(text(&by_number), format!("fe80::1%{name}"));
        }
    }

    #[test]
    fn peer_names_of_any_length() {
        for host in ["1.2.3.4", "255.255.255.255", "::1", "2001:db8:1:2:3:4:5:6"] {
            assert_eq!(PeerName::new(&literal(host).expect("a literal")).as_str(), host);
        }
        assert_eq!(size_of::<PeerName>(), 16);
    }

    #[test]
    fn families_take_turns() {
        let address = |host: &str| literal(host).expect("a literal");
        let given = ["::1", "::2", "::3", "10.0.0.1", "10.0.0.2"].map(address).to_vec();
        let tried: Vec<_> = interleave(given, 7).iter().map(text).collect();
        assert_eq!(tried, ["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"]);
    }
}
