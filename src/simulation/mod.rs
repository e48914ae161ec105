//! Whole networks in virtual time, from one seed each: endpoints of reliable UDP that are restarted, stopped and
//! continued, behind address translation that changes its mind, on links that lose, double, delay and reorder, cut off
//! from each other and joined again. And connections over streams, in `streams`.
//!
//! `cargo xtask simulate 100000` plays that many seeds; `cargo xtask simulate 1 4711` plays seed 4711 again, and says all that
//! happens if `STEPWIRE_TRACE` is set.

pub(crate) mod label;
mod ledger;
mod network;
mod node;
mod story;
mod streams;
mod trace;

use story::Story;

/// The variables by which the command says how many seeds to play, and which is the first.
const SEEDS: &str = "STEPWIRE_SEEDS";
const FIRST_SEED: &str = "STEPWIRE_FIRST_SEED";

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Plays one seed; what goes wrong names it.
fn play(seed: u64, endpoints: usize, steps: u64) {
    let outcome = std::panic::catch_unwind(|| Story::new(seed, endpoints).play(steps));
    if outcome.is_err() {
        panic!("seed {seed} with {endpoints} endpoints: cargo xtask simulate 1 {seed} plays it again");
    }
}

#[test]
fn small_networks_from_many_seeds() {
    let first = number(FIRST_SEED).unwrap_or(0);
    let count = number(SEEDS).unwrap_or(2_000);
    for seed in first..first + count {
        play(seed, 2 + seed as usize % 5, 40);
    }
}

#[test]
fn a_network_of_thousands() {
    if number(SEEDS).is_some_and(|count| count < 1_000) {
        return;
    }
    play(1, if cfg!(debug_assertions) { 300 } else { 5_000 }, 300);
}
