//! `cargo xtask fuzz`: every fuzz target for a while, each beginning with its seeds and what earlier runs have found.

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

use crate::build;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: cargo xtask fuzz [SECONDS-PER-TARGET] [TARGET...]";
/// Enough to see that nothing near the seeds breaks.
const SMOKE_SECONDS: u32 = 4;
const SECONDS: u32 = 600;
/// A thread that has not begun to run looks like a leak, to the fuzzer and once more at the end.
const STARTS_THREADS: [&str; 2] = ["c_functions", "extension"];

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let mut seconds = SECONDS;
    let mut wanted = Vec::new();
    for argument in arguments {
        match argument.parse() {
            Ok(number) => seconds = number,
            Err(_) if argument.starts_with('-') => return Err(USAGE.into()),
            Err(_) => wanted.push(argument),
        }
    }
    if !is_here() {
        return Err("cargo-fuzz and a nightly toolchain are needed: cargo install cargo-fuzz".into());
    }
    let known = targets()?;
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(name)) {
        return Err(format!("there is no target {unknown}; there are {}", known.join(", ")).into());
    }
    println!("{}", play(if wanted.is_empty() { &known } else { &wanted }, seconds)?);
    Ok(())
}

/// A few seconds of each target.
pub fn smoke() -> Result<String> {
    play(&targets()?, SMOKE_SECONDS)
}

/// Whether there is what it takes.
pub fn is_here() -> bool {
    cargo_fuzz(&["--version"]).output().is_ok_and(|output| output.status.success())
}

fn folder() -> PathBuf {
    build::root().join("fuzz")
}

fn cargo_fuzz(arguments: &[&str]) -> Command {
    // Of rustup, which alone knows other toolchains. It must not be told of this command's own.
    let mut command = Command::new("cargo");
    command.current_dir(folder()).args(["+nightly", "fuzz"]).args(arguments);
    command.env_remove("RUSTC").env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    command
}

fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder().join("fuzz_targets"))? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// Runs targets one after the other, and says how many inputs there were.
fn play(targets: &[String], seconds: u32) -> Result<String> {
    if !cargo_fuzz(&["build"]).status()?.success() {
        return Err("the targets do not build".into());
    }
    let mut broken = Vec::new();
    let mut total = 0;
    println!("{:20} {:>12} {:>9}", "target", "executions", "coverage");
    for target in targets {
        let seeds = format!("seeds/{target}");
        let corpus = format!("corpus/{target}");
        std::fs::create_dir_all(folder().join(&corpus))?;
        let limit = format!("-max_total_time={seconds}");
        let arguments = ["run", target, &corpus, &seeds, "--", &limit, "-max_len=4096", "-timeout=60"];
        let mut fuzzer = cargo_fuzz(&arguments);
        fuzzer.args(["-rss_limit_mb=3000", "-print_final_stats=1"]);
        // Of those whose inputs have words.
        let dictionary = format!("dictionaries/{target}.dict");
        if folder().join(&dictionary).exists() {
            fuzzer.arg(format!("-dict={dictionary}"));
        }
        if STARTS_THREADS.contains(&target.as_str()) {
            fuzzer.env("ASAN_OPTIONS", "detect_leaks=0");
        }
        let output = fuzzer.output()?;
        let words = String::from_utf8_lossy(&output.stderr);
        let executions: u64 = number_behind(&words, "stat::number_of_executed_units:");
        let coverage = number_behind(&words, " cov:");
        total += executions;
        println!("{target:20} {executions:>12} {coverage:>9}");
        if !output.status.success() {
            eprintln!("{words}");
            broken.push(target.as_str());
        }
    }
    if broken.is_empty() {
        return Ok(format!("{total} executions"));
    }
    Err(format!("{} found something: see fuzz/artifacts", broken.join(", ")).into())
}

/// The last number that stands behind some words; 0 if there is none.
fn number_behind(text: &str, words: &str) -> u64 {
    let Some((_, behind)) = text.rsplit_once(words) else { return 0 };
    behind.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
