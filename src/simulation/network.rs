//! What is between the endpoints.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;

use crate::conditioner::{Conditions, Random};
use crate::reliable::Micros;

/// Datagrams that may be under way; what comes beyond is dropped, as by routers.
const MOST_UNDER_WAY: usize = 200_000;

/// What is behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    Node(usize),
    /// Everything comes back.
    Mirror,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct UnderWay {
    due: Micros,
    number: u64,
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Network {
    pub(super) conditions: Conditions,
    /// Sides of a split network: nodes of different ones cannot reach each other.
    sides: HashMap<usize, u8>,
    behind: HashMap<SocketAddr, Behind>,
    under_way: BinaryHeap<Reverse<UnderWay>>,
    sent: u64,
    next_port: u16,
}

/// A datagram that has arrived.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) node: usize,
    pub(super) from: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

impl Network {
    pub(super) fn new() -> Self {
        Self {
            conditions: Conditions::default(),
            sides: HashMap::new(),
            behind: HashMap::new(),
            under_way: BinaryHeap::new(),
            sent: 0,
            next_port: 1,
        }
    }

    pub(super) fn mirror() -> SocketAddr {
        SocketAddr::from(([10, 255, 255, 1], 4000))
    }

    /// Gives a node an address, the one before leads nowhere from now on.
    pub(super) fn assign(&mut self, node: usize, before: Option<SocketAddr>) -> SocketAddr {
        self.next_port += 1;
        let address = SocketAddr::from(([10, 0, (node >> 8) as u8, node as u8], self.next_port));
        self.behind.insert(address, Behind::Node(node));
        self.behind.insert(Self::mirror(), Behind::Mirror);
        if let Some(before) = before {
            self.behind.remove(&before);
        }
        address
    }

    /// Splits the network at random, or joins it again.
    pub(super) fn split(&mut self, nodes: usize, random: &mut Random) {
        for node in 0..nodes {
            self.sides.insert(node, random.below(2) as u8);
        }
    }

    pub(super) fn join(&mut self) {
        self.sides.clear();
    }

    /// Takes a datagram of a node that the network knows by the address `from`.
    pub(super) fn put(
        &mut self,
        node: usize,
        from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
        now: Micros,
        random: &mut Random,
    ) {
        let conditions = self.conditions;
        let (to, from, target) = match self.behind.get(&to) {
            Some(&Behind::Node(target)) => (to, from, target),
            Some(Behind::Mirror) => (from, to, node),
            None => return,
        };
        let cut = self.sides.get(&node) != self.sides.get(&target);
        if cut || random.chance(conditions.loss) || self.under_way.len() >= MOST_UNDER_WAY {
            return;
        }
        let copies = 1 + u64::from(random.chance(conditions.duplicate));
        for _ in 0..copies {
            let mut due = now + conditions.latency + random.below(conditions.jitter + 1);
            if random.chance(conditions.reorder) {
                due += random.below(20_000 + 2 * conditions.latency);
            }
            self.sent += 1;
            let datagram = UnderWay { due, number: self.sent, from, to, bytes: bytes.to_vec() };
            self.under_way.push(Reverse(datagram));
        }
    }

    pub(super) fn next_arrival(&self) -> Option<Micros> {
        self.under_way.peek().map(|datagram| datagram.0.due)
    }

    /// The next datagram that is due. To an address that is no longer anybody's none arrives.
    pub(super) fn arrival(&mut self, now: Micros) -> Option<Arrival> {
        while self.next_arrival().is_some_and(|due| due <= now) {
            let Reverse(datagram) = self.under_way.pop()?;
            if let Some(&Behind::Node(node)) = self.behind.get(&datagram.to) {
                return Some(Arrival { node, from: datagram.from, bytes: datagram.bytes });
            }
        }
        None
    }
}
