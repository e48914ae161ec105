//! The measurements as data: `docs/performance.json`.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Results {
    pub machine: Machine,
    /// What could not be measured here, and why.
    pub missing: Vec<Missing>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Machine {
    pub date: String,
    pub version: String,
    pub processor: String,
    pub processors: usize,
    pub system: String,
    /// How many threads wanted a processor before the first measurement, and after the last: without the benchmark none would.
    pub load_before: f64,
    pub load_after: f64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Missing {
    pub what: String,
    pub why: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Echo,
    FanOut,
    Frame,
    Growth,
    Lone,
    Accept,
    Idle,
    Reliable,
    ReliableOverLink,
    ReliableBesideLarge,
}

/// One load, and what each server made of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Row {
    pub kind: Kind,
    /// `TCP`, `WebSocket` or `UDP`.
    pub transport: String,
    pub connections: usize,
    /// Messages of each connection in flight; of messages at a rate, how many a second.
    pub depth: usize,
    pub size: usize,
    pub servers: Vec<Measured>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Measured {
    pub name: String,
    /// Processor time of the server for each message (of a fan-out: delivered message; of accepting: connection).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<Spread>,
    /// That beside the bare server's in the same round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Spread>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<Spread>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_us: Option<Spread>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<Spread>,
    /// Processor time of the server's first thread for each message, where another does the I/O.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game_thread_ns: Option<Spread>,
    /// Processor time of a frame's network calls on the thread that makes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_us: Option<Spread>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_p99_us: Option<Spread>,
    /// Resident memory for each connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Spread>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub lowest: f64,
    pub highest: f64,
}

impl Row {
    /// Whether both are of the same load.
    pub fn is_like(&self, other: &Self) -> bool {
        (self.kind, &self.transport, self.connections, self.depth, self.size)
            == (other.kind, &other.transport, other.connections, other.depth, other.size)
    }

    pub fn server(&self, name: &str) -> Option<&Measured> {
        self.servers.iter().find(|server| server.name == name)
    }
}

/// None of no values.
pub fn spread_of(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    let (lowest, highest) = (*values.first()?, *values.last()?);
    let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
    Some(Spread {
        median: rounded(values[values.len() / 2]),
        lowest: rounded(lowest),
        highest: rounded(highest),
    })
}

/// Of each round, not of the medians: less moved by what else the machine did.
pub fn ratios(own: &[f64], of: &[f64]) -> Vec<f64> {
    own.iter().zip(of).filter(|(_, of)| **of > 0.0).map(|(own, of)| own / of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_the_middle_and_both_ends() {
        let spread = spread_of(vec![3.0, 1.0, 2.0004]).unwrap();
        assert_eq!(spread, Spread { median: 2.0, lowest: 1.0, highest: 3.0 });
        assert_eq!(spread_of(Vec::new()), None);
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        assert_eq!(ratios(&[2.0, 6.0], &[1.0, 2.0]), [2.0, 3.0]);
    }
}
