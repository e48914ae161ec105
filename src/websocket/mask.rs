//! Masking (RFC 6455, section 5.3): every payload byte is XORed with one of four key bytes in turn.

/// A masking key.
pub type Key = [u8; 4];

/// A key that a page or a proxy cannot predict, as section 10.3 demands of clients.
#[must_use]
pub fn random_key() -> Key {
    crate::random::bytes()
}

/// Masks or unmasks `bytes`, whose first byte falls on the key's first.
#[inline]
pub fn apply(bytes: &mut [u8], key: Key) {
    let half = u64::from(u32::from_ne_bytes(key));
    let word_key = half << 32 | half;

    // The fixed inner length lets the compiler use the machine's widest vectors.
    let mut blocks = bytes.chunks_exact_mut(32);
    for block in &mut blocks {
        for word in block.chunks_exact_mut(8) {
            apply_to_word(word, word_key);
        }
    }
    let mut words = blocks.into_remainder().chunks_exact_mut(8);
    for word in &mut words {
        apply_to_word(word, word_key);
    }
    let tail = words.into_remainder();
    for (byte, key) in tail.iter_mut().zip([key, key].as_flattened()) {
        *byte ^= key;
    }
}

#[inline]
fn apply_to_word(word: &mut [u8], key: u64) {
    if let Ok(bytes) = <[u8; 8]>::try_from(&*word) {
        word.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ key).to_ne_bytes());
    }
}

/// Appends `payload` to `out`, masked.
pub fn append(out: &mut Vec<u8>, payload: &[u8], key: Key) {
    // Copied in pieces that are still in the cache when the key is applied.
    const PIECE: usize = 8 * 1024;
    out.reserve(payload.len());
    for piece in payload.chunks(PIECE) {
        let start = out.len();
        out.extend_from_slice(piece);
        apply(&mut out[start..], key);
    }
}

/// The key for what follows after `count` bytes were masked with `key`.
#[inline]
#[must_use]
pub fn advance(mut key: Key, count: usize) -> Key {
    key.rotate_left(count % size_of::<Key>());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = [0x37, 0xfa, 0x21, 0x3d];

    fn plainly(bytes: &[u8], key: Key) -> Vec<u8> {
        bytes.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
    }

    #[test]
    fn every_length_and_alignment_matches_the_definition() {
        let bytes: Vec<u8> = (0..200u8).collect();
        for start in 0..17 {
            for end in start..bytes.len() {
                let mut masked = bytes.clone();
                apply(&mut masked[start..end], KEY);
                assert_eq!(masked[start..end], plainly(&bytes[start..end], KEY));
                assert_eq!(masked[..start], bytes[..start]);
                assert_eq!(masked[end..], bytes[end..]);
            }
        }
    }

    #[test]
    fn pieces_continue_the_key() {
        let bytes: Vec<u8> = (0..=255u8).collect();
        for split in 0..=bytes.len() {
            let mut masked = bytes.clone();
            let (left, right) = masked.split_at_mut(split);
            apply(left, KEY);
            apply(right, advance(KEY, split));
            assert_eq!(masked, plainly(&bytes, KEY));
        }
    }

    #[test]
    fn appends_behind_what_is_there() {
        let payload: Vec<u8> = (0..20_001u32).map(|n| n as u8).collect();
        let mut out = vec![1, 2, 3];
        append(&mut out, &payload, KEY);
        assert_eq!(out[..3], [1, 2, 3]);
        assert_eq!(out[3..], plainly(&payload, KEY));
    }

    #[test]
    fn random_keys_differ() {
        let keys: std::collections::HashSet<Key> = (0..64).map(|_| random_key()).collect();
        assert!(keys.len() > 60);
    }
}
