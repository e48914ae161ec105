//! The proxies that are believed.

use std::net::IpAddr;

/// Addresses and blocks of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trusted(Vec<Block>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    /// As IPv6, into which IPv4 is mapped.
    bits: u128,
    mask: u128,
}

impl Trusted {
    /// Takes addresses and CIDR blocks separated by commas; "" is nobody. Else the element that is neither.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let elements = text.split(',').map(str::trim).filter(|element| !element.is_empty());
        elements
            .map(|element| Block::parse(element).ok_or_else(|| element.to_owned()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn contains(&self, ip: IpAddr) -> bool {
        let bits = bits(ip);
        self.0.iter().any(|block| bits & block.mask == block.bits)
    }
}

impl Block {
    fn parse(text: &str) -> Option<Self> {
        let (ip, length) = match text.split_once('/') {
            Some((ip, length)) => (ip, Some(length)),
            None => (text, None),
        };
        let ip: IpAddr = ip.parse().ok()?;
        let whole = if ip.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => whole,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
        };
        if length > whole {
            return None;
        }
        let mask = u128::MAX.checked_shl(whole - length).unwrap_or(0);
        Some(Self { bits: bits(ip) & mask, mask })
    }
}

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_blocks_of_both_families() {
        let trusted = Trusted::parse("10.0.0.0/8, 192.0.2.7,2001:db8::/32,::1").expect("a list");
        for inside in ["10.255.0.1", "192.0.2.7", "2001:db8:ffff::1", "::1", "::ffff:10.1.2.3"] {
            assert!(trusted.contains(inside.parse().expect("an address")), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::2", "::", "::ffff:11.0.0.1"] {
            assert!(!trusted.contains(outside.parse().expect("an address")), "{outside}");
        }
        assert!(!Trusted::default().contains(IpAddr::from([127, 0, 0, 1])));
        assert!(Trusted::parse("0.0.0.0/0").expect("all").contains(IpAddr::from([1, 2, 3, 4])));
        let everybody = Trusted::parse("::/0").expect("all");
        assert!(everybody.contains(IpAddr::from([1, 2, 3, 4])));
        for wrong in [
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "localhost",
            "10.0.0",
            "1.2.3.4/8/8",
        ] {
            assert_eq!(Trusted::parse(wrong), Err(wrong.to_owned()));
        }
    }
}
