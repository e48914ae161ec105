//! `cargo xtask simulate`: networks in virtual time, each from a seed.

use std::error::Error;
use std::time::Instant;

use crate::build;

const USAGE: &str = "usage: cargo xtask simulate [SEEDS [FIRST-SEED]]";
const SEEDS: u64 = 100_000;

pub fn run(arguments: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u64> =
        arguments.map(|argument| argument.parse()).collect::<Result<_, _>>().map_err(|_| USAGE)?;
    let (seeds, first) = match numbers[..] {
        [] => (SEEDS, 0),
        [seeds] => (seeds, 0),
        [seeds, first] => (seeds, first),
        _ => return Err(USAGE.into()),
    };
    println!("{}", play(seeds, first)?);
    Ok(())
}

fn play(seeds: u64, first: u64) -> Result<String, Box<dyn Error>> {
    let mut command = build::cargo();
    command.args(["test", "--locked", "--lib", "simulation::"]);
    command.env("STEPWIRE_SEEDS", seeds.to_string()).env("STEPWIRE_FIRST_SEED", first.to_string());
    let began = Instant::now();
    if !command.status()?.success() {
        return Err("a seed failed: see above".into());
    }
    Ok(format!("{seeds} seeds from {first} on, {:.0} s with the build", began.elapsed().as_secs_f64()))
}
