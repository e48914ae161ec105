//! Places for peers: who gives way to a new one when all are taken.

use std::net::SocketAddr;

use super::Endpoint;
use crate::reliable::displaced::Network;
use crate::reliable::event::{EventSink, LossReason};
use crate::reliable::peer::{MEMORY_LASTS, Peer};
use crate::reliable::reassembly::Delivery;
use crate::reliable::units::Micros;

/// Of more peers than this not all are compared, but as many of them taken at random: looking at all
/// would be what a flood of newcomers could cost.
const COMPARED: usize = 256;

impl Endpoint {
    /// Sees to it that there is a place for a new peer.
    pub(super) fn make_room<S: EventSink + ?Sized>(&mut self, now: Micros, sink: &mut S) {
        while self.peers.len() >= self.local.config.max_peers
            && let Some(slot) = self.least_useful()
        {
            self.displace(slot, now, sink);
        }
    }

    /// The same for a call in which the host cannot be told of anybody; false if nobody can give way
    /// unnoticed.
    pub(super) fn make_room_unnoticed(&mut self, now: Micros) -> bool {
        /// Is told nothing.
        struct Nobody;
        impl EventSink for Nobody {
            fn delivered(&mut self, _: SocketAddr, _: &[u8]) {}
            fn peer_lost(&mut self, _: crate::reliable::event::PeerLost) {}
        }
        while self.peers.len() >= self.local.config.max_peers {
            let Some(slot) = self.least_useful().filter(|&slot| self.peers[slot].is_expendable()) else {
                return false;
            };
            self.displace(slot, now, &mut Nobody);
        }
        true
    }

    fn least_useful(&mut self) -> Option<usize> {
        let rank = |peer: &Peer| {
            let held = self.places_held.get(&Network::from(peer.address)).copied().unwrap_or(0);
            let holds_most = 2 * held as usize > self.peers.len();
            (!holds_most, peer.usefulness())
        };
        if self.peers.len() <= COMPARED {
            return self.peers.iter().min_by_key(|(_, peer)| rank(peer)).map(|(slot, _)| slot);
        }
        let places = self.peers.capacity() as u64;
        let mut least = None;
        for _ in 0..COMPARED {
            let slot = (self.secret.draw() % places) as usize;
            if let Some(peer) = self.peers.get(slot) {
                let candidate = (rank(peer), slot);
                least = Some(least.map_or(candidate, |least: (_, usize)| least.min(candidate)));
            }
        }
        // Where hardly any place is taken any more, all of them are looked at.
        least.map(|(_, slot)| slot).or_else(|| self.peers.iter().next().map(|(slot, _)| slot))
    }

    /// Ends what there is with a peer, so that its place is free.
    fn displace<S: EventSink + ?Sized>(&mut self, slot: usize, now: Micros, sink: &mut S) {
        let peer = &mut self.peers[slot];
        let (address, close) = (peer.address, peer.goodbye(LossReason::Displaced));
        if peer.has_session() {
            let mut to = Delivery::new(peer.address, &self.local.config, &mut self.reassembly_pool, sink);
            peer.lose(LossReason::Displaced, now, &mut to);
        }
        self.displaced.newest = self.displaced.newest.max(peer.newest);
        self.displaced.until = now + MEMORY_LASTS;
        self.remove(slot);
        if let Some(close) = close {
            self.answer(address, close);
        }
    }

    pub(super) fn take_place(&mut self, address: SocketAddr) {
        *self.places_held.entry(address.into()).or_default() += 1;
    }

    pub(super) fn leave_place(&mut self, address: SocketAddr) {
        let network = address.into();
        if let Some(held) = self.places_held.get_mut(&network) {
            *held -= 1;
            if *held == 0 {
                self.places_held.remove(&network);
            }
        }
    }
}
