//! What was sent, what has arrived, what was reported lost: the books that have to balance.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use super::network::Network;
use super::trace::trace;
use crate::reliable::{EventSink, PeerLost};

/// Which message this is; it stands at the beginning of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Label {
    pub(super) from: u32,
    /// How often the sender was restarted before.
    pub(super) life: u32,
    /// The receiver; none is the mirror.
    pub(super) to: u32,
    pub(super) number: u32,
}

pub(super) const MIRROR: u32 = u32::MAX;
const WORDS: usize = 5;

impl Label {
    pub(super) fn message(self, length: usize) -> Vec<u8> {
        let length = length.max(4 * WORDS);
        let mut bytes = vec![self.number as u8; length];
        let words = [self.from, self.life, self.to, self.number, length as u32];
        for (bytes, word) in bytes.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    fn of(message: &[u8]) -> Self {
        let word = |at: usize| {
            let bytes = message[4 * at..].first_chunk().expect("a message has its label");
            u32::from_le_bytes(*bytes)
        };
        let label = Self { from: word(0), life: word(1), to: word(2), number: word(3) };
        assert!(message == label.message(word(4) as usize), "{label:?} is not what was sent");
        label
    }
}

/// What one life of one endpoint was told.
#[derive(Debug)]
pub(super) struct Witness {
    node: u32,
    ordered: bool,
    arrived: HashSet<Label>,
    /// The last number of each sender, in each of its lives and by each of its addresses: what waited for others
    /// under an old one is delivered when that session ends.
    last: HashMap<(u32, u32, SocketAddr), u32>,
    /// Where others were heard of last.
    addresses: HashMap<u32, SocketAddr>,
    pub(super) lost: usize,
    pub(super) lost_at_mirror: usize,
}

impl Witness {
    pub(super) fn new(node: usize, ordered: bool) -> Self {
        Self {
            node: node as u32,
            ordered,
            arrived: HashSet::new(),
            last: HashMap::new(),
            addresses: HashMap::new(),
            lost: 0,
            lost_at_mirror: 0,
        }
    }

    pub(super) fn address_of(&self, node: usize) -> Option<SocketAddr> {
        self.addresses.get(&(node as u32)).copied()
    }

    pub(super) fn has(&self, label: &Label) -> bool {
        self.arrived.contains(label)
    }

    pub(super) fn arrived(&self) -> impl Iterator<Item = &Label> {
        self.arrived.iter()
    }
}

impl EventSink for Witness {
    fn delivered(&mut self, from: SocketAddr, payload: &[u8]) {
        let label = Label::of(payload);
        self.addresses.insert(label.from, from);
        trace(format_args!("{label:?} has come from {from}"));
        assert_eq!(label.to, self.node, "{label:?} came to the wrong one");
        assert!(self.arrived.insert(label), "{label:?} came twice");
        if self.ordered {
            let before = self.last.insert((label.from, label.life, from), label.number);
            assert!(before < Some(label.number), "{label:?} came after {before:?}");
        }
    }

    fn peer_lost(&mut self, lost: PeerLost) {
        trace(format_args!("{} has {lost:?}", self.node));
        if lost.peer == Network::mirror() {
            self.lost_at_mirror += lost.messages;
        } else {
            self.lost += lost.messages;
        }
    }
}
