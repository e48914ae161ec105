//! Whatever happens: no message comes twice or out of order, and none is dropped in silence.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::world::{MS, SECOND, World, address};
use crate::conditioner::{Conditions, Random};
use crate::reliable::{Config, EventSink, PeerLost, SendError};
use crate::simulation::label::Label;

const NODES: usize = 3;

#[derive(Default)]
struct Witness {
    arrived: Vec<Label>,
    lost: BTreeMap<SocketAddr, usize>,
}

impl EventSink for Witness {
    fn delivered(&mut self, peer: SocketAddr, payload: &[u8]) {
        let label = Label::of(payload);
        assert_eq!(peer, address(label.from as usize));
        self.arrived.push(label);
    }

    fn peer_lost(&mut self, lost: PeerLost) {
        *self.lost.entry(lost.peer).or_default() += lost.messages;
    }
}

fn conditions(random: &mut Random) -> Conditions {
    Conditions {
        latency: random.below(100) * MS,
        jitter: random.below(50) * MS,
        loss: [0.0, 0.05, 0.2, 0.5, 0.9, 1.0][random.below(6) as usize],
        duplicate: random.below(30) as f64 / 100.0,
        reorder: random.below(30) as f64 / 100.0,
    }
}

fn chaos(seed: u64) {
    let mut random = Random::new(seed);
    let ordered = random.chance(0.5);
    let config = Config {
        ordered,
        timeout: [1, 3, 10, 90][random.below(4) as usize] * SECOND,
        send_limit: 50_000,
        receive_limit: [20_000, 1 << 20][random.below(2) as usize],
        redundancy: [0, 100, 512][random.below(3) as usize],
        datagram_size: [256, 1200, 4096][random.below(3) as usize],
        ..Config::default()
    };
    let first = conditions(&mut random);
    let mut world = World::<Witness>::new(NODES, &config, first, seed);
    let mut lives = [0u32; NODES];
    let mut number = 0;
    let mut sent: BTreeSet<Label> = BTreeSet::new();
    for _ in 0..random.below(120) {
        let node = random.below(NODES as u64) as usize;
        match random.below(20) {
            0 => {
                lives[node] += 1;
                world.restart(node, random.next());
                world.nodes[node].sink.lost.clear();
            }
            1 => {
                let now = world.now;
                let node = &mut world.nodes[node];
                node.endpoint.close(now, &mut node.sink);
            }
            2 => world.set_conditions(conditions(&mut random)),
            3 => world.nodes[node].endpoint.set_reading(random.chance(0.5)),
            4 => world.run(random.below(150) * SECOND),
            5..8 => world.run(random.below(3 * SECOND)),
            8..11 => world.run(random.below(100 * MS)),
            _ => {
                for _ in 0..random.below(20) {
                    let to = (node + 1 + random.below(NODES as u64 - 1) as usize) % NODES;
                    let label =
                        Label { from: node as u32, life: lives[node], to: to as u32, number: number as u32 };
                    number += 1;
                    let size = if random.chance(0.1) { 20_000 } else { 200 };
                    let len = 20 + random.below(size) as usize;
                    match world.send(node, to, &label.message(len)) {
                        Ok(()) => assert!(sent.insert(label)),
                        Err(SendError::QueueFull) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        }
    }
    world.set_conditions(Conditions { latency: 10 * MS, ..Conditions::default() });
    for node in &mut world.nodes {
        node.endpoint.set_reading(true);
    }
    let flushed = |w: &World<Witness>| w.nodes.iter().all(|n| n.endpoint.is_flushed());
    assert!(world.run_until(200 * SECOND, flushed), "seed {seed}");
    world.run(2 * SECOND);

    let mut arrived = BTreeSet::new();
    for node in &world.nodes {
        let mut last = BTreeMap::new();
        for &label in &node.sink.arrived {
            assert!(sent.contains(&label), "seed {seed}: {label:?} was never sent");
            assert!(arrived.insert(label), "seed {seed}: {label:?} came twice");
            if ordered {
                let before = last.insert((label.from, label.life), label.number);
                assert!(before < Some(label.number), "seed {seed}: {label:?} after {before:?}");
            }
        }
    }
    for (from, node) in world.nodes.iter().enumerate() {
        for to in 0..NODES {
            let missing = sent.iter().filter(|label| {
                (label.from, label.life, label.to) == (from as u32, lives[from], to as u32)
                    && !arrived.contains(label)
            });
            // What waited for its turn in a process that ended has ended with it.
            if ordered && lives[to] > 0 {
                continue;
            }
            let (missing, lost) = (missing.count(), node.sink.lost.get(&address(to)));
            assert!(
                missing <= lost.copied().unwrap_or(0),
                "seed {seed}: {missing} of {from} to {to} are missing, {lost:?} reported"
            );
        }
    }
}

#[test]
fn nothing_comes_twice_or_out_of_order_or_is_dropped_in_silence() {
    let seeds = if cfg!(debug_assertions) { 150 } else { 3000 };
    for seed in 0..seeds {
        chaos(seed);
    }
}
