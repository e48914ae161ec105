//! The fuzzers' seeds, and damaged ones, without a fuzzer.

use std::path::{Path, PathBuf};

use super::{TARGETS, run};
use crate::conditioner::Random;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds no seeds", folder.display());
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Changes, doubles, removes or inserts a few bytes.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        let length = random.below(16) as usize;
        match random.below(5) {
            0 => bytes.insert(at, random.next() as u8),
            1 => {
                let end = (at + length).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => {
                let end = (at + length).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
}

#[test]
fn seeds_and_what_is_near_them_break_nothing() {
    for (target, _) in TARGETS {
        let seeds = seeds(target);
        let mut random = Random::new(1);
        for seed in &seeds {
            run(target, seed);
        }
        for _ in 0..if cfg!(debug_assertions) { 2_000 } else { 100_000 } {
            let mut bytes = seeds[random.below(seeds.len() as u64) as usize].clone();
            damage(&mut bytes, &mut random);
            let outcome = std::panic::catch_unwind(|| run(target, &bytes));
            assert!(outcome.is_ok(), "{target} with {bytes:02x?}");
        }
    }
}
