//! A child process whose lines are shown as they come and kept, and that never outlives us.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub struct Process {
    name: String,
    child: Child,
    incoming: Receiver<String>,
    lines: Vec<String>,
}

impl Process {
    /// Lines that are not `wanted` are neither shown nor kept.
    pub fn start(name: &str, program: &Path, arguments: &[&str], wanted: fn(&str) -> bool) -> Result<Self> {
        Self::start_as(name, program, arguments, wanted, true)
    }

    /// Nothing of its standard output is shown, all is kept.
    pub fn start_silent(name: &str, program: &Path, arguments: &[&str]) -> Result<Self> {
        Self::start_as(name, program, arguments, |_| true, false)
    }

    fn start_as(
        name: &str,
        program: &Path,
        arguments: &[&str],
        wanted: fn(&str) -> bool,
        shown: bool,
    ) -> Result<Self> {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let (sender, incoming) = channel();
        // The channel closes when both streams have ended.
        forward(name, child.stdout.take().ok_or("no standard output")?, wanted, shown, sender.clone());
        forward(name, child.stderr.take().ok_or("no standard error")?, |_| true, true, sender);
        Ok(Self { name: name.into(), child, incoming, lines: Vec::new() })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The first line from now on that begins like this.
    pub fn wait_for_line(&mut self, start: &str, patience: Duration) -> Result<String> {
        let deadline = Instant::now() + patience;
        loop {
            match self.incoming.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.lines.push(line.clone());
                    if line.starts_with(start) {
                        return Ok(line);
                    }
                }
                Err(_) => return Err(format!("{} never said \"{start}\"", self.name).into()),
            }
        }
    }

    /// Waits for an end with status 0; returns all that was printed.
    pub fn wait_for_end(&mut self, patience: Duration) -> Result<Vec<String>> {
        let deadline = Instant::now() + patience;
        loop {
            match self.incoming.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.lines.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    return Err(format!("{} did not end within {patience:?}", self.name).into());
                }
            }
        }
        let status = self.child.wait()?;
        if !status.success() {
            return Err(format!("{} failed: {status}", self.name).into());
        }
        Ok(std::mem::take(&mut self.lines))
    }

    /// Asks it to end, as a service manager does.
    pub fn terminate(&mut self) -> Result<()> {
        if cfg!(unix) {
            // The shell's own kill: the program of that name is not installed everywhere.
            let kill = format!("kill -TERM {}", self.child.id());
            if !Command::new("sh").args(["-c", &kill]).status()?.success() {
                return Err(format!("{} could not be told to end", self.name).into());
            }
        }
        // Elsewhere there is no such signal between processes; the program's own time limit ends it.
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn forward(
    name: &str,
    stream: impl std::io::Read + Send + 'static,
    wanted: fn(&str) -> bool,
    shown: bool,
    to: Sender<String>,
) {
    let name = name.to_owned();
    thread::spawn(move || {
        let lines = BufReader::new(stream).lines().map_while(std::result::Result::ok);
        for line in lines.filter(|line| wanted(line)) {
            // Maps of several players at once are no sight; they are only kept.
            if shown && !(line.starts_with("    ") && name != "server") {
                println!("{name:>7} | {line}");
            }
            if to.send(line).is_err() {
                break;
            }
        }
    });
}

/// The number that follows these words.
pub fn number_after(line: &str, words: &str) -> Result<f64> {
    let number =
        line.split_once(words).and_then(|(_, after)| after.trim_start().split([' ', ',', ';']).next());
    number
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| format!("no number after \"{words}\" in: {line}").into())
}
