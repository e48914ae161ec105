//! Running the load, on the second processor.

use std::time::Duration;

use serde::Deserialize;

use super::Result;
use super::programs::Programs;
use super::servers::Server;
use crate::process::Process;

const PATIENCE: Duration = Duration::from_secs(300);

/// One measurement of one server: a line that the load prints.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sample {
    pub target: usize,
    pub messages: f64,
    pub seconds: f64,
    pub cpu_ns: f64,
    pub first_thread_ns: f64,
    pub p50_us: f64,
    pub p99_us: f64,
    /// What the server has taken since its first connection of this load.
    pub memory: f64,
}

pub struct Load<'a> {
    pub kind: &'a str,
    /// `gm` or `ws`.
    pub protocol: &'a str,
    pub connections: usize,
    pub depth: usize,
    pub size: usize,
    pub rounds: usize,
    pub seconds: f64,
}

impl Load<'_> {
    /// The samples of each server.
    pub fn run(&self, programs: &Programs, servers: &[&Server]) -> Result<Vec<Vec<Sample>>> {
        let load = programs.load.to_str().ok_or("the target directory's name is not UTF-8")?;
        let mut arguments: Vec<String> = ["-c", "1", load, self.kind].map(Into::into).into();
        arguments.push(format!("protocol={}", self.protocol));
        arguments.push(format!("seconds={}", self.seconds));
        for (name, value) in [
            ("connections", self.connections),
            ("depth", self.depth),
            ("size", self.size),
            ("rounds", self.rounds),
        ] {
            arguments.push(format!("{name}={value}"));
        }
        arguments.extend(servers.iter().map(|server| server.target()));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut process = Process::start_silent("load", "taskset".as_ref(), &arguments)?;
        let mut samples: Vec<Vec<Sample>> = servers.iter().map(|_| Vec::new()).collect();
        for line in process.wait_for_end(PATIENCE)? {
            let sample: Sample = serde_json::from_str(&line).map_err(|_| format!("the load says: {line}"))?;
            let target = sample.target;
            samples.get_mut(target).ok_or("a sample of no server")?.push(sample);
        }
        Ok(samples)
    }
}
