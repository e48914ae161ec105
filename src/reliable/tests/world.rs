//! Endpoints and the links between them, in virtual time.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use crate::conditioner::{Conditioner, Conditions, Random};
use crate::reliable::{Config, Endpoint, EventSink, Micros, PeerLost, SendError, Transmits, is_reliable};

pub(crate) const MS: Micros = 1_000;
pub(crate) const SECOND: Micros = 1_000_000;

/// Keeps everything that it is told.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    pub(crate) messages: Vec<(SocketAddr, Vec<u8>)>,
    pub(crate) lost: Vec<PeerLost>,
}

impl EventSink for Inbox {
    fn delivered(&mut self, peer: SocketAddr, payload: &[u8]) {
        self.messages.push((peer, payload.to_vec()));
    }

    fn peer_lost(&mut self, lost: PeerLost) {
        self.lost.push(lost);
    }
}

impl Inbox {
    /// The payloads of all messages.
    pub(crate) fn payloads(&self) -> Vec<&[u8]> {
        self.messages.iter().map(|(_, payload)| &payload[..]).collect()
    }
}

pub(crate) struct Node<S> {
    pub(crate) address: SocketAddr,
    pub(crate) endpoint: Endpoint,
    pub(crate) sink: S,
}

/// A queue before a slow line.
pub(crate) struct Bottleneck {
    /// Bytes per second.
    pub(crate) rate: u64,
    /// Bytes that may wait.
    pub(crate) room: u64,
    pub(crate) free_at: Micros,
    pub(crate) dropped: u64,
}

impl Bottleneck {
    /// When a datagram will have passed, if there is room for it.
    fn pass(&mut self, bytes: usize, now: Micros) -> Option<Micros> {
        let start = self.free_at.max(now);
        if (start - now) * self.rate / SECOND + bytes as u64 > self.room {
            self.dropped += 1;
            return None;
        }
        self.free_at = start + bytes as u64 * SECOND / self.rate;
        Some(self.free_at)
    }
}

/// A datagram that was sent, kept for those who look at the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

/// Decides by sender and bytes whether a datagram gets through.
type Filter = Box<dyn FnMut(usize, &[u8]) -> bool>;

pub(crate) struct World<S> {
    pub(crate) now: Micros,
    pub(crate) nodes: Vec<Node<S>>,
    links: BTreeMap<(usize, usize), Conditioner<()>>,
    conditions: Conditions,
    seed: u64,
    /// Everything for node 0 goes through it.
    pub(crate) bottleneck: Option<Bottleneck>,
    /// Datagrams that were sent, if they are to be kept.
    pub(crate) seen: Option<Vec<Seen>>,
    pub(crate) filter: Option<Filter>,
    pub(crate) datagrams: u64,
    pub(crate) bytes: u64,
    out: Transmits,
    arrived: VecDeque<Vec<u8>>,
}

pub(crate) fn address(index: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, (index >> 8) as u8, index as u8], 4000))
}

pub(crate) fn seed(number: u64) -> [u8; 32] {
    let mut random = Random::new(number);
    std::array::from_fn(|_| random.next() as u8)
}

impl<S: EventSink + Default> World<S> {
    /// `count` endpoints with the same settings; every link is conditioned alike.
    pub(crate) fn new(count: usize, config: &Config, conditions: Conditions, number: u64) -> Self {
        let nodes = (0..count)
            .map(|index| Node {
                address: address(index),
                endpoint: Endpoint::new(config.clone(), seed(number * 1000 + index as u64)),
                sink: S::default(),
            })
            .collect();
        Self {
            // Away from 0, and near where 32 bits wrap.
            now: (1 << 32) - SECOND,
            nodes,
            links: BTreeMap::new(),
            conditions,
            seed: number,
            bottleneck: None,
            seen: None,
            filter: None,
            datagrams: 0,
            bytes: 0,
            out: Transmits::new(64, config.datagram_size.clamp(256, 4096)),
            arrived: VecDeque::new(),
        }
    }

    /// Node `index` ends without a word and begins anew at the same address.
    pub(crate) fn restart(&mut self, index: usize, number: u64) {
        let config = self.nodes[index].endpoint.config().clone();
        self.nodes[index].endpoint = Endpoint::new(config, seed(number));
    }

    pub(crate) fn send(&mut self, from: usize, to: usize, payload: &[u8]) -> Result<(), SendError> {
        let to = self.nodes[to].address;
        self.nodes[from].endpoint.send(to, payload, || self.now)
    }

    fn index(&self, address: SocketAddr) -> Option<usize> {
        self.nodes.iter().position(|node| node.address == address)
    }

    /// Changes all links.
    pub(crate) fn set_conditions(&mut self, conditions: Conditions) {
        self.conditions = conditions;
        for link in self.links.values_mut() {
            link.set(conditions);
        }
    }

    /// The link from one node to another.
    fn link(&mut self, from: usize, to: usize) -> &mut Conditioner<()> {
        let seed = self.seed ^ (from as u64) << 32 ^ (to as u64) << 48;
        let conditions = self.conditions;
        self.links.entry((from, to)).or_insert_with(|| Conditioner::new(conditions, seed))
    }

    /// Sends what the nodes have to send now.
    pub(crate) fn flush(&mut self) {
        for from in 0..self.nodes.len() {
            let mut out = std::mem::replace(&mut self.out, Transmits::new(0, 0));
            loop {
                out.clear();
                self.nodes[from].endpoint.poll_transmit(self.now, &mut out);
                if out.is_empty() {
                    break;
                }
                for (to, bytes) in out.iter() {
                    self.put(from, to, bytes);
                }
            }
            self.out = out;
        }
    }

    fn put(&mut self, from: usize, to: SocketAddr, bytes: &[u8]) {
        assert!(is_reliable(bytes));
        self.datagrams += 1;
        self.bytes += bytes.len() as u64;
        if let Some(seen) = &mut self.seen {
            seen.push(Seen { from: self.nodes[from].address, to, bytes: bytes.to_vec() });
        }
        let Some(to) = self.index(to) else { return };
        if self.filter.as_mut().is_some_and(|passes| !passes(from, bytes)) {
            return;
        }
        let mut leaves = self.now;
        if let (0, Some(bottleneck)) = (to, &mut self.bottleneck) {
            match bottleneck.pass(bytes.len(), self.now) {
                Some(at) => leaves = at,
                None => return,
            }
        }
        self.link(from, to).push((), bytes, leaves);
    }

    /// When something will happen next.
    pub(crate) fn next_event(&self) -> Option<Micros> {
        let links = self.links.values().filter_map(Conditioner::next_timeout);
        let nodes = self.nodes.iter().filter_map(|n| n.endpoint.next_timeout());
        links.chain(nodes).min()
    }

    /// Does what is due now, until nothing is.
    pub(crate) fn settle(&mut self) {
        for _ in 0..100_000 {
            for node in &mut self.nodes {
                node.endpoint.handle_timeout(self.now, &mut node.sink);
            }
            self.flush();
            let mut delivered = false;
            let due: Vec<(usize, usize)> = self
                .links
                .iter()
                .filter(|(_, link)| link.next_timeout().is_some_and(|at| at <= self.now))
                .map(|(&pair, _)| pair)
                .collect();
            for (from, to) in due {
                delivered = true;
                let arrived = &mut self.arrived;
                let link = self.links.get_mut(&(from, to)).unwrap();
                while link.pop(self.now, |(), bytes| arrived.push_back(bytes.to_vec())) {}
                let from = self.nodes[from].address;
                while let Some(bytes) = self.arrived.pop_front() {
                    let node = &mut self.nodes[to];
                    node.endpoint.receive(from, &bytes, self.now, &mut node.sink);
                }
            }
            if !delivered && self.next_event().is_none_or(|at| at > self.now) {
                return;
            }
        }
        panic!("something is always due");
    }

    /// Hands a datagram to a node as if it came from that address.
    pub(crate) fn inject(&mut self, from: SocketAddr, to: usize, bytes: &[u8]) {
        let node = &mut self.nodes[to];
        node.endpoint.receive(from, bytes, self.now, &mut node.sink);
    }

    /// Goes on to the next event, but not beyond `until`. False once that is reached.
    pub(crate) fn step(&mut self, until: Micros) -> bool {
        let next = self.next_event().unwrap_or(until).min(until);
        self.now = self.now.max(next);
        self.settle();
        self.now < until
    }

    /// Lets that much time pass.
    pub(crate) fn run(&mut self, time: Micros) {
        let until = self.now + time;
        while self.step(until) {}
    }

    /// Goes on until `done`; false if it is not after `limit`.
    pub(crate) fn run_until(&mut self, limit: Micros, done: impl Fn(&Self) -> bool) -> bool {
        let until = self.now + limit;
        while !done(self) {
            if !self.step(until) {
                return done(self);
            }
        }
        true
    }
}
