//! What somebody who does not see our traffic cannot guess: tokens, cookies and the hash of the
//! peer table. All come from SipHash-2-4 under keys that only this endpoint knows.

use std::hash::{BuildHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

use siphasher::sip::SipHasher24;

use super::units::Micros;

/// A SipHash key.
#[derive(Clone, Copy)]
pub(crate) struct Key([u8; 16]);

impl Key {
    fn hash(self, bytes: &[u8]) -> u64 {
        SipHasher24::new_with_key(&self.0).hash(bytes)
    }
}

/// An endpoint's keys and the randomness drawn from its seed.
pub(crate) struct Secret {
    cookie: Key,
    random: Key,
    drawn: u64,
}

impl Secret {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        let half = |at: usize| Key(std::array::from_fn(|i| seed[at + i]));
        Self { cookie: half(0), random: half(16), drawn: 0 }
    }

    /// The next random number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.random.hash(&self.drawn.to_le_bytes())
    }

    /// The token that proves that whoever shows it received what we sent to `peer` at `stamp` in
    /// answer to a hello with `token`. Computed again when it is shown, so it costs no memory.
    pub(crate) fn cookie(&self, peer: SocketAddr, token: u64, stamp: Micros) -> u64 {
        let mut bytes = [0; ADDRESS_LEN + 16];
        bytes[..ADDRESS_LEN].copy_from_slice(&address_bytes(peer));
        bytes[ADDRESS_LEN..][..8].copy_from_slice(&token.to_le_bytes());
        bytes[ADDRESS_LEN + 8..].copy_from_slice(&stamp.to_le_bytes());
        self.cookie.hash(&bytes)
    }

    /// A hash for tables keyed by [`Address`]: peers choose their addresses, and must not be able
    /// to choose colliding ones.
    pub(crate) fn table_hash(&mut self) -> TableHash {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&self.draw().to_le_bytes());
        key[8..].copy_from_slice(&self.draw().to_le_bytes());
        TableHash(Key(key))
    }
}

const ADDRESS_LEN: usize = 24;

fn address_bytes(address: SocketAddr) -> [u8; ADDRESS_LEN] {
    let mut bytes = [0; ADDRESS_LEN];
    match address.ip() {
        IpAddr::V4(ip) => {
            bytes[0] = 4;
            bytes[1..5].copy_from_slice(&ip.octets());
        }
        IpAddr::V6(ip) => {
            bytes[0] = 6;
            bytes[1..17].copy_from_slice(&ip.octets());
        }
    }
    bytes[17..19].copy_from_slice(&address.port().to_le_bytes());
    if let SocketAddr::V6(v6) = address {
        bytes[19..23].copy_from_slice(&v6.scope_id().to_le_bytes());
    }
    bytes
}

/// A socket address that hashes in a single write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) SocketAddr);

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&address_bytes(self.0));
    }
}

/// Builds the hashers of a table keyed by what peers choose.
#[derive(Clone)]
pub(crate) struct TableHash(Key);

impl BuildHasher for TableHash {
    type Hasher = SipHasher24;

    fn build_hasher(&self) -> SipHasher24 {
        SipHasher24::new_with_key(&self.0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_differ_by_everything_they_bind() {
        let secret = Secret::new([7; 32]);
        let a: SocketAddr = "10.0.0.1:1000".parse().unwrap();
        let b: SocketAddr = "10.0.0.1:1001".parse().unwrap();
        let c: SocketAddr = "10.0.0.2:1000".parse().unwrap();
        let cookie = secret.cookie(a, 1, 5);
        assert_eq!(cookie, secret.cookie(a, 1, 5));
        assert_ne!(cookie, secret.cookie(b, 1, 5));
        assert_ne!(cookie, secret.cookie(c, 1, 5));
        assert_ne!(cookie, secret.cookie(a, 2, 5));
        assert_ne!(cookie, secret.cookie(a, 1, 5 + (1 << 32)));
        assert_ne!(cookie, Secret::new([8; 32]).cookie(a, 1, 5));
    }
}
