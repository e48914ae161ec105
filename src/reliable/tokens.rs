//! What somebody who does not see our traffic cannot guess: tokens, cookies and the hash of the
//! peer table. All come from SipHash-2-4 under keys that only this endpoint knows.

use std::hash::{BuildHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

use super::units::Micros;

/// A SipHash key.
#[derive(Clone, Copy)]
pub(crate) struct Key(u64, u64);

impl Key {
    fn new(bytes: [u8; 16]) -> Self {
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        Self(word(0), word(8))
    }

    /// SipHash-2-4 of `bytes`.
    fn hash(self, bytes: &[u8]) -> u64 {
        let mut v = [
            self.0 ^ 0x736f_6d65_7073_6575,
            self.1 ^ 0x646f_7261_6e64_6f6d,
            self.0 ^ 0x6c79_6765_6e65_7261,
            self.1 ^ 0x7465_6462_7974_6573,
        ];
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            let mut block = [0; 8];
            block.copy_from_slice(word);
            absorb(&mut v, u64::from_le_bytes(block));
        }
        let mut last = [0; 8];
        last[..words.remainder().len()].copy_from_slice(words.remainder());
        last[7] = bytes.len() as u8;
        absorb(&mut v, u64::from_le_bytes(last));
        v[2] ^= 0xff;
        for _ in 0..4 {
            round(&mut v);
        }
        v[0] ^ v[1] ^ v[2] ^ v[3]
    }
}

fn absorb(v: &mut [u64; 4], word: u64) {
    v[3] ^= word;
    round(v);
    round(v);
    v[0] ^= word;
}

fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}

/// An endpoint's keys and the randomness drawn from its seed.
pub(crate) struct Secret {
    cookie: Key,
    random: Key,
    drawn: u64,
}

impl Secret {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        let half = |at: usize| Key::new(std::array::from_fn(|i| seed[at + i]));
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
        TableHash(Key(self.draw(), self.draw()))
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

/// Builds the hashers of a table keyed by [`Address`].
#[derive(Clone)]
pub(crate) struct TableHash(Key);

impl BuildHasher for TableHash {
    type Hasher = AddressHasher;

    fn build_hasher(&self) -> AddressHasher {
        AddressHasher { key: self.0, hash: 0 }
    }
}

/// See [`TableHash`].
pub(crate) struct AddressHasher {
    key: Key,
    hash: u64,
}

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.hash = self.hash.wrapping_add(self.key.hash(bytes));
    }

    fn finish(&self) -> u64 {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siphash_matches_the_reference_vectors() {
        let key = Key::new(std::array::from_fn(|i| i as u8));
        let input: Vec<u8> = (0..15).collect();
        assert_eq!(key.hash(&[]), 0x726f_db47_dd0e_0e31);
        assert_eq!(key.hash(&input[..8]), 0x93f5_f579_9a93_2462);
        assert_eq!(key.hash(&input), 0xa129_ca61_49be_45e5);
    }

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
