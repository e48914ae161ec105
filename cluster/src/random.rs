//! Randomness of the operating system's: names that nobody else has, tickets that nobody guesses.

use std::hash::{BuildHasher, RandomState};

/// Letters and digits that are not mistaken for each other.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

pub(crate) fn number() -> u64 {
    // The system's generator does not fail once it has begun; the hasher was seeded by it before that.
    getrandom::u64().unwrap_or_else(|_| RandomState::new().hash_one(std::time::Instant::now()))
}

/// So many letters, of 5 bits each.
pub(crate) fn word(length: usize) -> String {
    (0..length).map(|_| char::from(LETTERS[(number() % 32) as usize])).collect()
}
