//! `cargo xtask bench-reliable`: reliable UDP against ENet and TCP, all in turn on the same machine.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::available_parallelism;
use std::time::Duration;

use xtask::performance::{Kind, Measured, Row, spread_of, terminal_table};

use crate::process::{Process, number_after};
use crate::{build, machine};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Times that every protocol is measured; what is compared are the medians.
const ROUNDS: usize = 3;
/// Runs in which the link itself had more of the packets late, in percent, tell about the machine alone:
/// they are repeated, but not without end.
const MOST_LATE: f64 = 0.3;
const ATTEMPTS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(90);

struct Protocol {
    name: &'static str,
    program: &'static str,
    option: Option<&'static str>,
}

const STEPWIRE: Protocol = Protocol { name: "stepwire", program: "reliable_stepwire", option: None };
const ORDERED: Protocol =
    Protocol { name: "stepwire, in order", program: "reliable_stepwire", option: Some("ordered") };
const ENET: Protocol = Protocol { name: "ENet", program: "reliable_enet", option: None };
const TCP: Protocol = Protocol { name: "TCP", program: "reliable_tcp", option: None };

struct Scenario {
    title: &'static str,
    /// What the programs call it, peers, and messages in flight or per second.
    load: [&'static str; 3],
    seconds: &'static str,
    /// None: loopback. Else milliseconds and percentage of losses, each way.
    link: Option<[&'static str; 2]>,
    /// Bytes of a message that each peer has on its way beside those.
    large: Option<&'static str>,
    protocols: &'static [Protocol],
}

const SCENARIOS: [Scenario; 5] = [
    Scenario {
        title: "loopback, 10 peers x 16 in flight",
        load: ["closed", "10", "16"],
        seconds: "3",
        link: None,
        large: None,
        protocols: &[STEPWIRE, ENET],
    },
    Scenario {
        title: "loopback, 100 peers x 16 in flight",
        load: ["closed", "100", "16"],
        seconds: "3",
        link: None,
        large: None,
        protocols: &[STEPWIRE, ENET],
    },
    Scenario {
        title: "loopback, 10 peers x 60 messages/s",
        load: ["open", "10", "60"],
        seconds: "3",
        link: None,
        large: None,
        protocols: &[STEPWIRE, ENET, TCP],
    },
    Scenario {
        title: "20 ms and 5 % loss each way, 10 peers x 60 messages/s",
        load: ["open", "10", "60"],
        seconds: "10",
        link: Some(["20", "5"]),
        large: None,
        protocols: &[STEPWIRE, ORDERED, ENET, TCP],
    },
    // Two streams of 60 a second of each peer.
    Scenario {
        title: "20 ms and 5 % loss each way, 4 peers x 120 messages/s, each beside messages of 1 MiB",
        load: ["open", "4", "120"],
        seconds: "10",
        link: Some(["20", "5"]),
        large: Some("1048576"),
        protocols: &[STEPWIRE, ENET],
    },
];

/// What one run of one protocol gave.
struct Run {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    /// The server's processor time for each message.
    cpu_ns: f64,
    /// Percentage of packets that the link had late; 0 without one.
    late: f64,
}

pub fn run() -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Err("the benchmark needs Linux".into());
    }
    provide_enet()?;
    build_programs()?;
    let link_refusal = link_refusal()?;
    let mut report = Vec::new();
    for scenario in &SCENARIOS {
        match &link_refusal {
            Some(reason) if scenario.link.is_some() => {
                report.push(format!("{}: {reason}\n", scenario.title));
            }
            _ => {
                println!("==> {}", scenario.title);
                report.push(scenario.measure()?);
            }
        }
    }
    println!("\n64-byte messages, medians of {ROUNDS} rounds (lowest-highest)\n\n{}", report.join("\n"));
    Ok(())
}

/// What `cargo xtask bench` shows of it, in so many rounds at most: the load of 100 peers, and unless it is `quick`
/// that over a bad link.
pub fn rows(quick: bool, rounds: usize) -> Result<Vec<Row>> {
    if let Err(reason) = provide_enet() {
        println!("reliable UDP is left out: {reason}");
        return Ok(Vec::new());
    }
    build_programs()?;
    let mut rows = vec![SCENARIOS[1].row(Kind::Reliable, 100, 16, rounds)?];
    if !quick {
        match link_refusal()? {
            None => {
                rows.push(SCENARIOS[3].row(Kind::ReliableOverLink, 10, 60, rounds)?);
                rows.push(SCENARIOS[4].row(Kind::ReliableBesideLarge, 4, 120, rounds)?);
            }
            Some(reason) => println!("the bad link is left out: {reason}"),
        }
    }
    Ok(rows)
}

fn provide_enet() -> Result<()> {
    let is_here =
        || ["/usr", "/usr/local"].iter().any(|prefix| Path::new(prefix).join("include/enet/enet.h").exists());
    build::provide_tools(&[])?;
    if !is_here() {
        machine::install(&["libenet-dev"]);
    }
    if is_here() { Ok(()) } else { Err("please install ENet (Debian: apt-get install libenet-dev)".into()) }
}

fn build_programs() -> Result<()> {
    let mut build = build::cmake_build(&build::cmake_dir());
    build.args(["--target", "lossy_link", STEPWIRE.program, ENET.program, TCP.program]);
    for command in [&mut build::cmake_configure(), &mut build] {
        if !command.status()?.success() {
            return Err("the programs could not be built".into());
        }
    }
    Ok(())
}

fn program(name: &str) -> PathBuf {
    build::cmake_dir().join("benches/reliable").join(name)
}

/// Why there can be no link between two network namespaces here.
fn link_refusal() -> Result<Option<String>> {
    let probe =
        Command::new(program("lossy_link")).args("0 0 0 -- echo ready -- true".split(' ')).output()?;
    match probe.status.code() {
        Some(0) => Ok(None),
        Some(77) => Ok(Some(String::from_utf8_lossy(&probe.stdout).trim().to_owned())),
        _ => Err(format!("lossy_link failed: {}", String::from_utf8_lossy(&probe.stderr)).into()),
    }
}

impl Scenario {
    fn measure(&self) -> Result<String> {
        Ok(self.table(&self.runs(ROUNDS)?))
    }

    fn row(&self, kind: Kind, connections: usize, depth: usize, rounds: usize) -> Result<Row> {
        let of = |runs: &[Run], value: fn(&Run) -> f64| spread_of(runs.iter().map(value).collect());
        let servers =
            self.protocols.iter().zip(self.runs(rounds.min(ROUNDS))?).map(|(protocol, runs)| Measured {
                name: protocol.name.into(),
                cpu_ns: of(&runs, |run| run.cpu_ns),
                per_second: of(&runs, |run| run.per_second),
                p50_us: of(&runs, |run| run.p50_ms * 1e3),
                p99_us: of(&runs, |run| run.p99_ms * 1e3),
                ..Measured::default()
            });
        let row =
            Row { kind, transport: "UDP".into(), connections, depth, size: 64, servers: servers.collect() };
        println!("\n{kind:?}\n\n{}", terminal_table(&row));
        Ok(row)
    }

    /// All protocols in turn, and that several times: what else the machine does meets all of them.
    fn runs(&self, rounds: usize) -> Result<Vec<Vec<Run>>> {
        let mut runs: Vec<Vec<Run>> = self.protocols.iter().map(|_| Vec::new()).collect();
        for round in 1..=rounds {
            for (protocol, runs) in self.protocols.iter().zip(&mut runs) {
                runs.push(match self.link {
                    None => self.over_loopback(protocol)?,
                    Some(link) => self.undisturbed(protocol, link, round)?,
                });
            }
        }
        Ok(runs)
    }

    fn over_loopback(&self, protocol: &Protocol) -> Result<Run> {
        let program = program(protocol.program);
        let mut serve = vec!["serve", "0"];
        serve.extend(protocol.option);
        serve.extend(processor("0"));
        let mut server = Process::start("server", &program, &serve, |_| true)?;
        let port = number_after(&server.wait_for_line("port", PATIENCE)?, "port")?.to_string();
        let mut arguments = self.client_arguments(protocol, "127.0.0.1", &port);
        arguments.extend(processor("1"));
        let mut lines =
            Process::start(protocol.program, &program, &arguments, |_| true)?.wait_for_end(PATIENCE)?;
        server.terminate()?;
        lines.extend(server.wait_for_end(PATIENCE)?);
        Run::read(&lines)
    }

    fn undisturbed(&self, protocol: &Protocol, link: [&str; 2], round: usize) -> Result<Run> {
        let mut best = self.over_link(protocol, link, round)?;
        for _ in 1..ATTEMPTS {
            if best.late <= MOST_LATE {
                break;
            }
            println!("the machine was busy: once more");
            let run = self.over_link(protocol, link, round)?;
            if run.late < best.late {
                best = run;
            }
        }
        Ok(best)
    }

    /// The same round loses the same packets of every protocol, as far as they send the same.
    fn over_link(&self, protocol: &Protocol, link: [&str; 2], round: usize) -> Result<Run> {
        let lossy_link = program("lossy_link");
        let program = program(protocol.program);
        let program = program.to_str().ok_or("the target directory's name is not UTF-8")?;
        let seed = round.to_string();
        let mut arguments = vec![link[0], link[1], &seed, "--", program, "serve", "9000"];
        arguments.extend(protocol.option);
        arguments.extend(["--", program]);
        arguments.extend(self.client_arguments(protocol, "10.77.0.1", "9000"));
        let mut process = Process::start(protocol.program, &lossy_link, &arguments, |_| true)?;
        Run::read(&process.wait_for_end(PATIENCE)?)
    }

    fn client_arguments<'a>(&'a self, protocol: &Protocol, host: &'a str, port: &'a str) -> Vec<&'a str> {
        let [mode, peers, amount] = self.load;
        let mut arguments = vec![mode, host, port, peers, amount, self.seconds];
        arguments.extend(protocol.option);
        if let Some(bytes) = self.large {
            arguments.extend(["large", bytes]);
        }
        arguments
    }

    fn table(&self, runs: &[Vec<Run>]) -> String {
        let enet = self.protocols.iter().position(|protocol| protocol.name == ENET.name).unwrap_or(0);
        let mut lines = vec![
            format!(
                "| {} | messages/s | to ENet | p50 ms | p99 ms | p99.9 ms | server ns/message | late % |",
                self.title
            ),
            "|---|---|---|---|---|---|---|---|".into(),
        ];
        for (protocol, own) in self.protocols.iter().zip(runs) {
            // The ratio of each round, not of the medians: it is less moved by what else went on.
            let ratios = own.iter().zip(&runs[enet]).map(|(own, enet)| own.per_second / enet.per_second);
            lines.push(format!(
                "| {} | {} | {:.2} | {} | {} | {} | {:.0} | {:.2} |",
                protocol.name,
                spread(own, 0, |run| run.per_second),
                median(ratios.collect()),
                spread(own, 2, |run| run.p50_ms),
                spread(own, 2, |run| run.p99_ms),
                spread(own, 2, |run| run.p999_ms),
                median(own.iter().map(|run| run.cpu_ns).collect()),
                own.iter().map(|run| run.late).fold(0.0, f64::max),
            ));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

impl Run {
    fn read(lines: &[String]) -> Result<Self> {
        let text = lines.join(" ");
        let milliseconds = |words| number_after(&text, words).map(|microseconds| microseconds / 1e3);
        Ok(Self {
            per_second: number_after(&text, "per_second")?,
            p50_ms: milliseconds("p50_us")?,
            p99_ms: milliseconds("p99_us")?,
            p999_ms: milliseconds("p999_us")?,
            cpu_ns: number_after(&text, "cpu_ns")?,
            late: number_after(&text, "late_percent").unwrap_or(0.0),
        })
    }
}

/// Server and client do not share a processor where there are two.
fn processor(number: &'static str) -> Vec<&'static str> {
    if available_parallelism().map_or(1, usize::from) > 1 { vec!["cpu", number] } else { Vec::new() }
}

fn spread(runs: &[Run], decimals: usize, value: fn(&Run) -> f64) -> String {
    let values: Vec<f64> = runs.iter().map(value).collect();
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(0.0, f64::max);
    format!("{:.decimals$} ({lowest:.decimals$}-{highest:.decimals$})", median(values))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
