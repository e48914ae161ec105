//! What is measured, row by row.

use xtask::performance::{BARE, IO_THREAD, Kind, MANUAL, Measured, Row, ratios, spread_of, terminal_table};

use super::Result;
use super::loads::{Load, Sample};
use super::programs::{NODE_WS, Programs, TCP_PEERS, UWEBSOCKETS, WEBSOCKET_PEERS};
use super::servers::{Program, Server};
use crate::bench_reliable;
use crate::process::number_after;

/// Pairs of ours with the bare server; what is compared are medians.
pub const ROUNDS: usize = 15;
/// Those of peers, and of whatever is no echo.
const FEWER_ROUNDS: usize = 7;
const SLICE: f64 = 0.15;
/// Connections that the load may have at once.
const DESCRIPTORS: usize = 19_000;
/// Players, and frames a second in which each sends one message and gets one: so many that no server is at its end,
/// or each frame would have what came during the last, longer one.
const FRAMES: [(usize, usize); 3] = [(100, 60), (1000, 60), (5000, 15)];
const OURS: [&str; 3] = [BARE, IO_THREAD, MANUAL];

/// With so many rounds of our echoes, and no more of anything else.
pub fn all(programs: &Programs, rounds: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for transport in [TCP, WEBSOCKET] {
        for (connections, depth, size) in
            [(100, 1, 64), (1000, 1, 64), (100, 16, 64), (1000, 16, 64), (100, 1, 16384), (1000, 1, 16384)]
        {
            let load = transport.load(Kind::Echo, connections, depth, size);
            rows.push(compared(programs, &load, transport.peers, rounds)?);
        }
    }
    for transport in [TCP, WEBSOCKET] {
        let publishers: &[&str] =
            if transport.name == WEBSOCKET.name { &[UWEBSOCKETS, NODE_WS] } else { &[] };
        for size in [64, 512] {
            for connections in [100, 1000, 5000] {
                let load = transport.load(Kind::FanOut, connections, 1, size);
                rows.push(compared(programs, &load, publishers, rounds)?);
            }
        }
    }
    for (players, rate) in FRAMES {
        rows.push(frames(programs, players, rate, rounds.min(3))?);
    }
    for connections in [10, 100, 1000, 10_000] {
        let load = TCP.load(Kind::Growth, connections, 1, 64);
        rows.push(alone(programs, &load, &[&OURS[..], &TCP_PEERS].concat(), rounds.min(2))?);
    }
    for transport in [TCP, WEBSOCKET] {
        let names = [&OURS[..], transport.peers].concat();
        rows.push(compared(programs, &transport.load(Kind::Lone, 1, 1, 64), transport.peers, rounds)?);
        rows.push(compared(programs, &transport.load(Kind::Accept, 1, 1, 64), transport.peers, rounds)?);
        rows.push(alone(programs, &transport.load(Kind::Idle, 10_000, 1, 64), &names, 1)?);
    }
    rows.extend(bench_reliable::rows(false, rounds)?);
    Ok(rows)
}

/// What tells most, in two minutes.
pub fn quickly(programs: &Programs) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (transport, connections, depth, size) in
        [(TCP, 100, 1, 64), (TCP, 1000, 16, 64), (WEBSOCKET, 100, 1, 64), (WEBSOCKET, 1000, 1, 16384)]
    {
        rows.push(compared(programs, &transport.load(Kind::Echo, connections, depth, size), &[], ROUNDS)?);
    }
    rows.push(compared(programs, &TCP.load(Kind::FanOut, 1000, 1, 64), &[], ROUNDS)?);
    let (players, rate) = FRAMES[1];
    rows.push(frames(programs, players, rate, 1)?);
    for transport in [TCP, WEBSOCKET] {
        rows.push(alone(programs, &transport.load(Kind::Idle, 10_000, 1, 64), &OURS, 1)?);
    }
    rows.extend(bench_reliable::rows(true, ROUNDS)?);
    Ok(rows)
}

#[derive(Clone, Copy)]
struct Transport {
    name: &'static str,
    /// What the programs call it.
    protocol: &'static str,
    peers: &'static [&'static str],
}

const TCP: Transport = Transport { name: "TCP", protocol: "gm", peers: &TCP_PEERS };
const WEBSOCKET: Transport = Transport { name: "WebSocket", protocol: "ws", peers: &WEBSOCKET_PEERS };

/// A row to be.
struct Planned {
    kind: Kind,
    transport: Transport,
    connections: usize,
    depth: usize,
    size: usize,
}

impl Transport {
    fn load(self, kind: Kind, connections: usize, depth: usize, size: usize) -> Planned {
        Planned { kind, transport: self, connections, depth, size }
    }
}

impl Planned {
    fn load(&self, rounds: usize) -> Load<'static> {
        Load {
            kind: match self.kind {
                Kind::FanOut => "fan-out",
                Kind::Frame => "frames",
                Kind::Accept => "accepts",
                Kind::Idle => "idle",
                _ => "echo",
            },
            protocol: self.transport.protocol,
            connections: self.connections,
            depth: self.depth,
            size: self.size,
            rounds,
            seconds: SLICE,
        }
    }

    /// For messages about what went wrong.
    fn words(&self, group: &[&Program]) -> String {
        let names: Vec<&str> = group.iter().map(|program| program.name.as_str()).collect();
        let Self { kind, transport, connections, depth, size } = self;
        format!("{kind:?} {} {size} B {connections}x{depth} of {}", transport.name, names.join(", "))
    }

    fn role(&self) -> [&'static str; 2] {
        [if self.kind == Kind::FanOut { "all" } else { "echo" }, self.transport.protocol]
    }

    fn done(&self, servers: Vec<Measured>) -> Row {
        let row = Row {
            kind: self.kind,
            transport: self.transport.name.into(),
            connections: self.connections,
            depth: self.depth,
            size: self.size,
            servers,
        };
        println!("\n{:?}\n\n{}", row.kind, terminal_table(&row));
        row
    }
}

/// Ours and the bare server in turn, in slices; then the peers and the bare one. In several groups where the load
/// cannot hold all connections at once.
fn compared(programs: &Programs, planned: &Planned, peers: &[&str], most: usize) -> Result<Row> {
    let others_at_once = (DESCRIPTORS / planned.connections).clamp(2, 20) - 1;
    let bare = programs.named(&[BARE]);
    let mut measured = Vec::new();
    for (names, rounds) in [(&[IO_THREAD, MANUAL][..], ROUNDS), (peers, FEWER_ROUNDS)] {
        let rounds = if planned.kind == Kind::Echo { rounds } else { FEWER_ROUNDS };
        for others in programs.named(names).chunks(others_at_once) {
            let group = [&bare, others].concat();
            match side_by_side(programs, planned, &group, rounds.min(most)) {
                Ok(servers) => {
                    let known = usize::from(!measured.is_empty());
                    measured.extend(servers.into_iter().skip(known));
                }
                Err(error) => programs.lack(&planned.words(&group), &error.to_string()),
            }
        }
    }
    Ok(planned.done(measured))
}

/// The first of the group is the one that the others are compared with.
fn side_by_side(
    programs: &Programs,
    planned: &Planned,
    group: &[&Program],
    rounds: usize,
) -> Result<Vec<Measured>> {
    let servers = group.iter().map(|program| program.start(&planned.role())).collect::<Result<Vec<_>>>()?;
    let samples = planned.load(rounds).run(programs, &servers.iter().collect::<Vec<&Server>>())?;
    let costs: Vec<Vec<f64>> = samples.iter().map(|samples| costs(samples)).collect();
    let measured = group.iter().zip(&samples).zip(&costs).map(|((program, samples), own)| Measured {
        ratio: spread_of(ratios(own, &costs[0])),
        ..measured_of(program, planned, samples)
    });
    Ok(measured.collect())
}

/// Each server alone, since it or the load can have no more connections, and all of that several times.
fn alone(programs: &Programs, planned: &Planned, names: &[&str], times: usize) -> Result<Row> {
    let here = programs.named(names);
    let mut samples: Vec<Vec<Sample>> = here.iter().map(|_| Vec::new()).collect();
    for _ in 0..times {
        for (program, samples) in here.iter().zip(&mut samples) {
            let measure = || planned.load(3).run(programs, &[&program.start(&planned.role())?]);
            match measure() {
                Ok(more) => samples.extend(more.into_iter().flatten()),
                Err(error) => programs.lack(&planned.words(&[*program]), &error.to_string()),
            }
        }
    }
    let servers = here.iter().zip(&samples).map(|(program, samples)| measured_of(program, planned, samples));
    Ok(planned.done(servers.collect()))
}

/// Processor time for each message.
fn costs(samples: &[Sample]) -> Vec<f64> {
    samples.iter().map(|sample| sample.cpu_ns / sample.messages.max(1.0)).collect()
}

fn measured_of(program: &Program, planned: &Planned, samples: &[Sample]) -> Measured {
    let of = |value: &dyn Fn(&Sample) -> f64| spread_of(samples.iter().map(value).collect());
    let mut measured = Measured { name: program.name.clone(), ..Measured::default() };
    if matches!(planned.kind, Kind::Growth | Kind::Idle) {
        measured.memory = of(&|sample| sample.memory / planned.connections as f64);
    }
    if planned.kind == Kind::Idle {
        return measured;
    }
    measured.cpu_ns = spread_of(costs(samples));
    measured.per_second = of(&|sample| sample.messages / sample.seconds);
    if planned.kind != Kind::Accept {
        measured.p50_us = of(&|sample| sample.p50_us);
        measured.p99_us = of(&|sample| sample.p99_us);
    }
    if planned.kind == Kind::FanOut && program.name == IO_THREAD {
        measured.game_thread_ns = of(&|sample| sample.first_thread_ns / sample.messages.max(1.0));
    }
    measured
}

/// A server that lives in frames; what they cost it says itself.
fn frames(programs: &Programs, players: usize, rate: usize, rounds: usize) -> Result<Row> {
    let planned = TCP.load(Kind::Frame, players, rate, 64);
    let here = programs.named(&OURS);
    let mut bills: Vec<[Vec<f64>; 2]> = here.iter().map(|_| Default::default()).collect();
    for _ in 0..rounds {
        for (program, bills) in here.iter().zip(&mut bills) {
            match bill(programs, &planned, program) {
                Ok([median, p99]) => {
                    bills[0].push(median);
                    bills[1].push(p99);
                }
                Err(error) => programs.lack(&planned.words(&[*program]), &error.to_string()),
            }
        }
    }
    let servers = here.iter().zip(bills).map(|(program, [medians, p99s])| Measured {
        name: program.name.clone(),
        frame_us: spread_of(medians),
        frame_p99_us: spread_of(p99s),
        ..Measured::default()
    });
    Ok(planned.done(servers.collect()))
}

/// The median of a run's frames, and their 99th percentile.
fn bill(programs: &Programs, planned: &Planned, program: &Program) -> Result<[f64; 2]> {
    let (players, rate) = (planned.connections.to_string(), planned.depth.to_string());
    let server = program.start(&["frames", planned.transport.protocol, &players, &rate])?;
    Load { seconds: 3.0, ..planned.load(1) }.run(programs, &[&server])?;
    let words = server.last_words("frames")?;
    if number_after(&words, "frames")? == 0.0 {
        return Err("there was no frame with all players".into());
    }
    Ok([number_after(&words, "median_us")?, number_after(&words, "p99_us")?])
}
