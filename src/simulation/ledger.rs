//! What was sent, what has arrived, what was reported lost: the books that have to balance.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use super::label::Label;
use super::network::Network;
use super::trace::trace;
use crate::reliable::{EventSink, PeerLost};

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
