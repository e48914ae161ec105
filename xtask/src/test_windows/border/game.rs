//! The arena: its server here, players there.

use super::{PATIENCE, Result, Side, port_in};
use crate::process::number_after;

const BOTS: [&str; 2] = ["ada", "bob"];
const SECONDS: u64 = 4;
/// What the bots must have seen, of 20 snapshots a second.
const FEWEST_SNAPSHOTS: f64 = 20.0;

pub fn play(at: &Side<'_>, from: &Side<'_>) -> Result<String> {
    let title = format!("{} server, {} bots", at.name, from.name);
    println!("\n{title}:");
    let all = |_: &str| true;
    // No signal ends a program over there: its own limit does.
    let limit = (SECONDS + 8).to_string();
    let mut server =
        at.start("server", "arena_server", &["0", "--bind", "127.0.0.1", "--seconds", &limit], all)?;
    let port = port_in(&server.wait_for_line("listening: tcp port ", PATIENCE)?);
    let seconds = SECONDS.to_string();
    let mut bots = Vec::new();
    for name in BOTS {
        bots.push(from.start(name, "arena_bot", &["127.0.0.1", &port, name, "--seconds", &seconds], all)?);
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
