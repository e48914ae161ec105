//! `cargo xtask demo`: three bots play on the dedicated server for a few seconds, each a process of its own; with
//! `--stay` until Ctrl-C, so that one can join them in a browser.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use crate::build::root;
use crate::examples;
use crate::process::{Process, number_after};

const BOTS: [&str; 3] = ["ada", "bob", "eve"];
const SECONDS: u64 = 6;
/// How much longer than planned anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than anybody stays.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let arguments: Vec<_> = arguments.collect();
    let stays = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--stay"] => true,
        _ => return Err("usage: cargo xtask demo [--stay]".into()),
    };
    let programs = examples::build()?;
    if stays {
        return stay(&programs);
    }
    println!("\nA dedicated server and three bots, as four processes, for {SECONDS} seconds:\n");
    let (server, bots) = play(&programs)?;
    println!();
    summary(&server, &bots)?;
    println!("\nTo play along in a browser: cargo xtask demo --stay");
    Ok(())
}

/// Everything the server and the bots printed.
fn play(programs: &Path) -> Result<(Vec<String>, Vec<Vec<String>>)> {
    // The limit is for the case that this program is killed: nobody would stop the server then.
    let limit = (SECONDS + PATIENCE.as_secs()).to_string();
    let arguments = ["0", "--bind", "127.0.0.1", "--seconds", &limit];
    let mut server = Process::start("server", &programs.join("arena_server"), &arguments, |_| true)?;
    let doors = Doors::wait_for(&mut server)?;
    println!("\nIn a browser: {}\n", doors.page());

    let seconds = SECONDS.to_string();
    let mut bots = Vec::new();
    for name in BOTS {
        let arguments = ["127.0.0.1", &doors.tcp, name, "--seconds", &seconds, "--map"];
        bots.push(Process::start(name, &programs.join("arena_bot"), &arguments, |_| true)?);
    }
    let mut seen = Vec::new();
    for bot in &mut bots {
        seen.push(bot.wait_for_end(Duration::from_secs(SECONDS) + PATIENCE)?);
    }
    server.terminate()?;
    Ok((server.wait_for_end(PATIENCE)?, seen))
}

/// Until Ctrl-C, which ends all the processes.
fn stay(programs: &Path) -> Result<()> {
    println!("\nA dedicated server and three bots, until Ctrl-C:\n");
    let news = |line: &str| ["+", "-", "listening", "refused"].iter().any(|start| line.starts_with(start));
    let mut server =
        Process::start("server", &programs.join("arena_server"), &["0", "--bind", "127.0.0.1"], news)?;
    let doors = Doors::wait_for(&mut server)?;
    let mut bots = Vec::new();
    for name in BOTS {
        let arguments = ["127.0.0.1", &doors.tcp, name];
        bots.push(Process::start(name, &programs.join("arena_bot"), &arguments, |_| false)?);
    }
    println!("\nPlay along, with the arrow keys or W A S D: open this in a browser on this machine\n");
    println!("  {}\n", doors.page());
    server.wait_for_end(FOREVER)?;
    Ok(())
}

/// The ports of the server.
struct Doors {
    tcp: String,
    ws: String,
}

impl Doors {
    fn wait_for(server: &mut Process) -> Result<Self> {
        let mut port = |door| {
            let announced = server.wait_for_line(&format!("listening: {door} port "), PATIENCE)?;
            Ok::<_, Box<dyn Error>>(announced.rsplit(' ').next().unwrap_or_default().to_owned())
        };
        Ok(Self { tcp: port("tcp")?, ws: port("ws")? })
    }

    /// The address of the web page that connects to this server.
    fn page(&self) -> String {
        let path = root().join("c_examples/arena.html").display().to_string().replace('\\', "/");
        // What would end the path of an address early, or be no part of any.
        let path = path.replace('%', "%25").replace(' ', "%20").replace('?', "%3F").replace('#', "%23");
        let slash = if path.starts_with('/') { "" } else { "/" };
        format!("file://{slash}{path}?server=ws://127.0.0.1:{}&name=me", self.ws)
    }
}

/// Says what was measured, and fails where the processes did not tell of a whole game.
fn summary(server: &[String], bots: &[Vec<String>]) -> Result<()> {
    for name in BOTS {
        line_with(server, &format!("+ {name} joined"))?;
        line_with(server, &format!("- {name} left: closed the connection"))?;
    }
    if let Some(map_start) = bots[0].iter().rposition(|line| line.starts_with("tick ")) {
        println!("What {} saw last (@ is {}, letters are the others, * are gems):", BOTS[0], BOTS[0]);
        for line in bots[0][map_start + 1..].iter().take_while(|line| line.starts_with("    ")) {
            println!("{line}");
        }
    }

    println!("\nMeasured:");
    for (name, lines) in BOTS.iter().zip(bots) {
        let last = line_with(lines, "left after ")?;
        let of = |words| number_after(last, words);
        if of("joins:")? != 1.0 {
            return Err(format!("{name} lost its connection: {last}").into());
        }
        let time = of("left after")?;
        println!(
            "  {name:7} {:6.1} snapshots/s, {:5.1} inputs/s, {:4.1} ms from an input to the snapshot with its effect",
            of("snapshots:")? / time,
            of("inputs:")? / time,
            of("input to snapshot:")?,
        );
    }
    let end = line_with(server, "ended after ")?;
    let time = number_after(end, "ended after")?;
    let rate = |words| number_after(end, words).map(|total| total / time);
    println!(
        "  server  {:6.1} ticks/s, {:.1} packets/s in, {:.1} packets/s out, {:.1} events/s; a clean end after {time:.1} s",
        rate("ticks:")?,
        rate("packets in:")?,
        rate("packets out:")?,
        rate("events:")?,
    );
    Ok(())
}

fn line_with<'a>(lines: &'a [String], start: &str) -> Result<&'a str> {
    let found = lines.iter().find(|line| line.starts_with(start)).map(String::as_str);
    found.ok_or_else(|| format!("nobody said \"{start}\"").into())
}
