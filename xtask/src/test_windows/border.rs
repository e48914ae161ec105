//! A server in one system and its clients in the other, both ways: the game of c_examples/.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::examples;
use crate::process::{Process, number_after};
use crate::wine::Wine;

const BOTS: [&str; 2] = ["ada", "bob"];
const SECONDS: u64 = 4;
/// How much longer than planned anything may take under Wine on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the bots must have seen, of 20 snapshots a second.
const FEWEST_SNAPSHOTS: f64 = 20.0;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub fn run(wine: &Wine, windows_programs: &Path) -> Result<String> {
    let linux_programs = examples::build()?;
    let windows = Side { launcher: wine.launcher(), programs: windows_programs, extension: "exe" };
    let linux = Side { launcher: &[], programs: &linux_programs, extension: "" };
    let there = play("Windows server, Linux bots", &windows, &linux)?;
    let back = play("Linux server, Windows bots", &linux, &windows)?;
    Ok(format!("{there}; {back}"))
}

/// Where programs run.
struct Side<'a> {
    launcher: &'a [String],
    programs: &'a Path,
    extension: &'a str,
}

impl Side<'_> {
    fn start(&self, name: &str, program: &str, arguments: &[&str]) -> Result<Process> {
        let program = self.programs.join(program).with_extension(self.extension);
        let Some((first, words)) = self.launcher.split_first() else {
            return Process::start(name, &program, arguments, |_| true);
        };
        let program = program.display().to_string();
        let mut all: Vec<&str> = words.iter().map(String::as_str).collect();
        all.push(&program);
        all.extend(arguments);
        Process::start(name, &PathBuf::from(first), &all, |_| true)
    }
}

fn play(title: &str, at: &Side<'_>, from: &Side<'_>) -> Result<String> {
    println!("\n{title}:");
    // No signal ends a program over there: its own limit does.
    let limit = (SECONDS + 8).to_string();
    let mut server =
        at.start("server", "arena_server", &["0", "--bind", "127.0.0.1", "--seconds", &limit])?;
    let announced = server.wait_for_line("listening: tcp port ", PATIENCE)?;
    let port = announced.trim().rsplit(' ').next().unwrap_or_default().to_owned();
    let seconds = SECONDS.to_string();
    let mut bots = Vec::new();
    for name in BOTS {
        bots.push(from.start(name, "arena_bot", &["127.0.0.1", &port, name, "--seconds", &seconds])?);
    }
    let mut snapshots = 0.0;
    for (name, bot) in BOTS.iter().zip(&mut bots) {
        let lines = bot.wait_for_end(PATIENCE)?;
        let last = lines
            .iter()
            .find(|line| line.starts_with("left after "))
            .ok_or("a bot did not tell how it went")?;
        let seen = number_after(last, "snapshots:")?;
        if number_after(last, "joins:")? != 1.0 || seen < FEWEST_SNAPSHOTS {
            return Err(format!("{title}: {name} did not play a whole game: {last}").into());
        }
        snapshots += seen;
    }
    let lines = server.wait_for_end(PATIENCE)?;
    for name in BOTS {
        let joined = format!("+ {name} joined");
        if !lines.iter().any(|line| line.starts_with(&joined)) {
            return Err(format!("{title}: the server did not see {name}").into());
        }
    }
    Ok(format!("{title}: {snapshots:.0} snapshots"))
}
