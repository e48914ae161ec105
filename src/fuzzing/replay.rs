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

/// A fuzzer does not start with one that it cannot read; here it is noticed without one.
#[test]
fn dictionaries_are_of_targets_and_can_be_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut words = 0;
    for entry in std::fs::read_dir(folder.join("dictionaries")).unwrap() {
        let path = entry.unwrap().path();
        let target = path.file_stem().unwrap();
        assert!(folder.join("seeds").join(target).exists(), "{target:?} is no target");
        for line in std::fs::read_to_string(&path).unwrap().lines().filter(|line| !line.starts_with('#')) {
            assert!(is_word(line), "{}: {line}", path.display());
            words += 1;
        }
    }
    assert!(words > 0);
}

/// Something between quotes, in which \\, \" and \x with two digits stand for bytes.
fn is_word(line: &str) -> bool {
    let Some(mut rest) = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')) else { return false };
    if rest.is_empty() {
        return false;
    }
    while let Some((before, behind)) = rest.split_once('\\') {
        let hex = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let length = match behind.as_bytes().first() {
            Some(b'\\' | b'"') => 1,
            Some(b'x') if behind.get(1..3).is_some_and(hex) => 3,
            _ => return false,
        };
        if before.contains('"') {
            return false;
        }
        rest = &behind[length..];
    }
    !rest.contains('"') && line.bytes().all(|byte| (b' '..0x7f).contains(&byte))
}
