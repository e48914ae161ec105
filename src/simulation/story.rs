//! What happens to a network, chosen by its seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;

use super::label::{Label, MIRROR};
use super::ledger::Witness;
use super::network::Network;
use super::node::Node;
use super::trace::trace;
use crate::conditioner::{Conditions, Random};
use crate::reliable::{Config, Endpoint, Micros, SendError, Transmits};

const MS: Micros = 1_000;
const SECOND: Micros = 1_000_000;

pub(super) struct Story {
    now: Micros,
    random: Random,
    network: Network,
    nodes: Vec<Node>,
    first_addresses: Vec<SocketAddr>,
    /// Who wants to be looked at, and when. What became too early is looked at in vain.
    alarms: BinaryHeap<Reverse<(Micros, usize)>>,
    out: Transmits,
    sent: Vec<Label>,
    /// What earlier lives of nodes were told.
    past: Vec<(u32, u32, Witness)>,
    /// Whether an address has changed: what waits in order under the old one ends with it.
    readdressed: bool,
}

impl Story {
    pub(super) fn new(seed: u64, endpoints: usize) -> Self {
        let mut random = Random::new(seed);
        let config = Config {
            timeout: [1, 3, 10, 90][random.below(4) as usize] * SECOND,
            keepalive: [0, 1, 15][random.below(3) as usize] * SECOND,
            send_limit: 50_000,
            receive_limit: [20_000, 1 << 20][random.below(2) as usize],
            redundancy: [0, 100, 512][random.below(3) as usize],
            datagram_size: [256, 1200, 4096][random.below(3) as usize],
            max_peers: [3, 65_536][usize::from(random.chance(0.8))],
            ..Config::default()
        };
        let mut network = Network::new();
        let nodes = (0..endpoints).map(|index| {
            let address = network.assign(index, None);
            let config = Config { ordered: random.chance(0.5), ..config.clone() };
            Node::new(index, address, config, &mut random)
        });
        let nodes: Vec<Node> = nodes.collect();
        let out = Transmits::new(64, config.datagram_size);
        let mut story = Self {
            // Near where 32 bits wrap.
            now: (1 << 32) - SECOND,
            random,
            network,
            first_addresses: nodes.iter().map(|node| node.address).collect(),
            nodes,
            alarms: BinaryHeap::new(),
            out,
            sent: Vec::new(),
            past: Vec::new(),
            readdressed: false,
        };
        story.network.conditions = story.conditions();
        story
    }

    fn conditions(&mut self) -> Conditions {
        let random = &mut self.random;
        Conditions {
            latency: random.below(100) * MS,
            jitter: random.below(50) * MS,
            loss: [0.0, 0.0, 0.05, 0.2, 0.5, 1.0][random.below(6) as usize],
            duplicate: random.below(30) as f64 / 100.0,
            reorder: random.below(30) as f64 / 100.0,
        }
    }

    pub(super) fn play(mut self, steps: u64) {
        for _ in 0..steps {
            self.something_happens();
        }
        self.all_is_well();
        self.check();
    }

    fn something_happens(&mut self) {
        let count = self.nodes.len();
        let index = self.random.below(count as u64) as usize;
        let what = self.random.below(24);
        trace(format_args!("{} step {what}, node {index}", self.now));
        match what {
            0 => self.restart(index),
            1 => {
                let node = &mut self.nodes[index];
                let time = node.time(self.now);
                node.endpoint.close(time, &mut node.witness);
                self.look_after(index);
            }
            2 => self.network.conditions = self.conditions(),
            3 => self.network.split(count, &mut self.random),
            4 => self.network.join(),
            5 => self.nodes[index].endpoint.set_reading(self.random.chance(0.5)),
            6 => {
                let most = [SECOND, 40 * SECOND][self.random.below(2) as usize];
                self.nodes[index].stopped_until = self.now + self.random.below(most);
            }
            7 => {
                let most = [SECOND, 3600 * SECOND][self.random.below(2) as usize];
                self.nodes[index].ahead += self.random.below(most);
            }
            8 | 9 => {
                let before = self.nodes[index].address;
                self.nodes[index].address = self.network.assign(index, Some(before));
                self.readdressed = true;
            }
            10 => self.pass(150 * SECOND),
            11 | 12 => self.pass(3 * SECOND),
            13 | 14 => self.pass(100 * MS),
            _ => self.send(index),
        }
    }

    fn restart(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        let life = node.life;
        let witness = node.restart(&mut self.random);
        self.past.push((index as u32, life, witness));
    }

    /// Sends some messages to one of the others.
    fn send(&mut self, from: usize) {
        let others = self.nodes.len() as u64 - 1;
        let to = (from + 1 + self.random.below(others) as usize) % self.nodes.len();
        let mirrored = self.random.chance(0.02);
        // Those who have moved are known to have when they were heard of.
        let known = self.nodes[from].witness.address_of(to).unwrap_or(self.first_addresses[to]);
        let address = if mirrored { Network::mirror() } else { known };
        for _ in 0..=self.random.below(12) {
            let label = Label {
                from: from as u32,
                life: self.nodes[from].life,
                to: if mirrored { MIRROR } else { to as u32 },
                number: self.sent.len() as u32,
            };
            let most = if self.random.chance(0.1) { 20_000 } else { 200 };
            let message = label.message(self.random.below(most) as usize);
            let node = &mut self.nodes[from];
            let time = node.time(self.now);
            trace(format_args!("{label:?} to {address}"));
            match node.endpoint.send(address, &message, || time) {
                Ok(()) => self.sent.push(label),
                Err(SendError::QueueFull | SendError::TooManyPeers) => {}
                Err(error) => panic!("{error}"),
            }
        }
        self.look_after(from);
        let least = [0, 0, 5 * MS][self.random.below(3) as usize];
        self.pass(least);
    }

    fn look_after(&mut self, index: usize) {
        self.nodes[index].turn(self.now, &mut self.network, &mut self.random, &mut self.out);
        if let Some(due) = self.nodes[index].due() {
            self.alarms.push(Reverse((due.max(self.now), index)));
        }
    }

    /// Lets up to so much time pass, with all that is due in it.
    fn pass(&mut self, most: Micros) {
        let until = self.now + self.random.below(most + 1);
        self.run(until);
    }

    fn run(&mut self, until: Micros) {
        for index in 0..self.nodes.len() {
            self.look_after(index);
        }
        let mut busy = 0;
        loop {
            let alarm = self.alarms.peek().map(|alarm| alarm.0.0);
            let Some(next) = [alarm, self.network.next_arrival()].into_iter().flatten().min() else { break };
            if next > until {
                break;
            }
            busy = if next > self.now { 0 } else { busy + 1 };
            assert!(busy < 1_000_000, "something is always due");
            self.now = self.now.max(next);
            while let Some(arrival) = self.network.arrival(self.now) {
                let node = &mut self.nodes[arrival.node];
                node.arrive(arrival.from, arrival.bytes);
                self.alarms.push(Reverse((node.stopped_until.max(self.now), arrival.node)));
            }
            while self.alarms.peek().is_some_and(|alarm| alarm.0.0 <= self.now) {
                let Some(Reverse((_, index))) = self.alarms.pop() else { break };
                if self.nodes[index].due().is_some_and(|due| due <= self.now) {
                    self.look_after(index);
                }
            }
        }
        self.now = until;
    }

    /// Nothing goes wrong any more, until everything has its end.
    fn all_is_well(&mut self) {
        self.network.join();
        self.network.conditions = Conditions { latency: 10 * MS, ..Conditions::default() };
        for node in &mut self.nodes {
            node.stopped_until = node.stopped_until.min(self.now);
            node.endpoint.set_reading(true);
        }
        for _ in 0..400 {
            self.run(self.now + SECOND);
            if self.nodes.iter().map(|node| &node.endpoint).all(Endpoint::is_flushed) {
                break;
            }
        }
        for node in &self.nodes {
            let others =
                self.nodes.iter().map(|other| (other.address, node.endpoint.peer_info(other.address)));
            let others: Vec<_> = others.collect();
            assert!(
                node.endpoint.is_flushed(),
                "{} has something for ever on its way: {others:?}",
                node.index
            );
        }
        // Whose goodbye was lost is missed by others when they next look for it.
        self.run(self.now + 150 * SECOND);
    }

    fn check(&self) {
        let lives = |node: u32| {
            let past =
                self.past.iter().filter(move |(other, ..)| *other == node).map(|(.., witness)| witness);
            past.chain([&self.nodes[node as usize].witness])
        };
        let mut arrived = BTreeMap::new();
        for node in 0..self.nodes.len() as u32 {
            for witness in lives(node) {
                for label in witness.arrived() {
                    assert!(arrived.insert(*label, ()).is_none(), "{label:?} came to two lives");
                    assert!(self.sent.binary_search_by_key(&label.number, |sent| sent.number).is_ok());
                }
            }
        }
        // What waited for its turn has ended with the process, or with the address, that it waited in.
        let gaps = |to: u32| {
            let node = &self.nodes[to as usize];
            node.endpoint.config().ordered && (node.life > 0 || self.readdressed)
        };
        for node in &self.nodes {
            let from = node.index as u32;
            let own = self.sent.iter().filter(|label| label.from == from && label.life == node.life);
            let missing = own.filter(|label| label.to != MIRROR && !gaps(label.to));
            let missing = missing.filter(|label| !lives(label.to).any(|witness| witness.has(label)));
            let missing: Vec<_> = missing.collect();
            assert!(
                missing.len() <= node.witness.lost,
                "{} of node {from} are missing, {} were reported: {:?}",
                missing.len(),
                node.witness.lost,
                &missing[..missing.len().min(4)]
            );
        }
    }
}
