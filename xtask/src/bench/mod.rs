//! `cargo xtask bench`: what the library costs beside a bare server and beside its peers, all in turn on the same
//! machine. `--quick` measures the most telling part and compares it with what is committed.

mod loads;
mod machine_facts;
mod measure;
mod programs;
mod servers;

use std::error::Error;
use std::fs;
use std::time::Instant;

use xtask::performance::{self, Results};

use crate::build::root;
use programs::Programs;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What was asked for.
enum Extent {
    /// With so many rounds of ours at most.
    Full(usize),
    Quick,
}

impl Extent {
    fn of(arguments: &[String]) -> Result<Self> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match words[..] {
            [] => Ok(Self::Full(measure::ROUNDS)),
            ["--quick"] => Ok(Self::Quick),
            ["--rounds", rounds] => Ok(Self::Full(rounds.parse::<usize>()?.max(1))),
            _ => Err("usage: cargo xtask bench [--quick | --rounds NUMBER]".into()),
        }
    }
}

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let extent = Extent::of(&arguments.collect::<Vec<_>>())?;
    let quick = matches!(extent, Extent::Quick);
    if !cfg!(target_os = "linux") {
        return Err("the benchmark needs Linux".into());
    }
    if std::thread::available_parallelism()?.get() < 2 {
        return Err("the benchmark needs two processors: one for the server, one for the load".into());
    }
    let programs = Programs::build(quick)?;
    let start = Instant::now();
    let machine = machine_facts::read()?;
    println!(
        "{}, {} processors, {}; load average {:.2}",
        machine.processor, machine.processors, machine.system, machine.load_before
    );
    let rows = match extent {
        Extent::Quick => measure::quickly(&programs)?,
        Extent::Full(rounds) => measure::all(&programs, rounds)?,
    };
    let mut results = Results { machine, missing: programs.into_missing(), rows };
    results.machine.load_after = machine_facts::load_average()?;
    println!("measured in {:.0} s", start.elapsed().as_secs_f64());
    if quick { judge(&results) } else { publish(&results) }?;
    match results.missing.iter().find(|missing| missing.what.contains("stepwire")) {
        Some(missing) => Err(format!("{}: {}", missing.what, missing.why).into()),
        None => Ok(()),
    }
}

/// Fails if something of ours is clearly slower or larger than in the committed results.
fn judge(results: &Results) -> Result<()> {
    let committed: Results = serde_json::from_str(&fs::read_to_string(root().join(performance::RESULTS))?)?;
    let worse = performance::compare(&committed, results);
    if worse.is_empty() {
        println!("nothing is worse than in {} of {}", performance::RESULTS, committed.machine.date);
        return Ok(());
    }
    Err(format!(
        "worse than in {} of {}:\n{}",
        performance::RESULTS,
        committed.machine.date,
        worse.join("\n")
    )
    .into())
}

fn publish(results: &Results) -> Result<()> {
    fs::write(root().join(performance::RESULTS), serde_json::to_string_pretty(results)? + "\n")?;
    for (file, plot) in performance::plots(results) {
        fs::write(root().join("docs").join(file), plot)?;
    }
    for (page, place, made) in [
        ("docs/performance.md", "tables", performance::page_tables(results)),
        ("README.md", "performance", performance::readme_table(results)),
    ] {
        let path = root().join(page);
        fs::write(&path, performance::insert(&fs::read_to_string(&path)?, place, &made)?)?;
    }
    println!("written: {}, the plots beside it, docs/performance.md, README.md", performance::RESULTS);
    Ok(())
}
