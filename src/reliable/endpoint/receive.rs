//! Datagrams that arrive, and answers to strangers.

use std::net::SocketAddr;

use super::Endpoint;
use crate::reliable::event::{EventSink, LossReason};
use crate::reliable::peer::{Confirm, Peer};
use crate::reliable::reassembly::Delivery;
use crate::reliable::units::Micros;
use crate::reliable::wire::{self, Body, Control, Datagram, Proof, Unreadable};

/// How long a granted token may be used to begin a session.
const GRANT_LASTS: u32 = 10_000_000;

/// Answers to strangers that may wait to be sent. Who gets none asks again.
const ANSWERS_MAX: usize = 1024;

impl Endpoint {
    /// Takes a datagram of which [`is_reliable`](crate::reliable::is_reliable) says true.
    pub fn receive<S: EventSink + ?Sized>(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        now: Micros,
        sink: &mut S,
    ) {
        self.now = now;
        match wire::parse(datagram) {
            Ok(Datagram::Data { token, body }) => self.on_data(from, token, &body, now, sink),
            Ok(Datagram::Hello { token }) => self.on_hello(from, token, now),
            // What we have sent comes back from a mirror; with itself an endpoint has no session.
            Ok(
                Datagram::Welcome { incarnation, .. }
                | Datagram::Confirm { proof: Proof { incarnation, .. }, .. }
                | Datagram::Reset { incarnation, .. },
            ) if incarnation == self.local.incarnation => self.stats.unknown_session += 1,
            Ok(Datagram::Welcome { token, grant, stamp, incarnation }) => {
                let slot = self.find(from);
                let welcomed =
                    slot.is_some_and(|slot| self.peers[slot].welcomed(token, grant, stamp, incarnation, now));
                match slot {
                    Some(slot) if welcomed => self.look_after(slot),
                    // Each hello has its welcome, of which the first was enough.
                    Some(slot) if self.peers[slot].is_addressed(token) => {}
                    _ => self.stats.unknown_session += 1,
                }
            }
            Ok(Datagram::Confirm { token, proof, body }) => {
                self.on_confirm(from, token, proof, &body, now, sink);
            }
            Ok(Datagram::Reset { token, incarnation, gave_up }) => {
                self.on_reset(from, token, incarnation, gave_up, now, sink)
            }
            Ok(Datagram::Close { token, code }) => {
                let slot = self.find(from);
                match slot.filter(|&slot| self.peers[slot].is_addressed(token)) {
                    Some(slot) => self.lose(slot, LossReason::from_code(code), now, sink),
                    None => self.stats.unknown_session += 1,
                }
            }
            Err(Unreadable::Version) => self.stats.other_version += 1,
            Err(Unreadable::Malformed) => self.stats.malformed += 1,
        }
    }

    /// Whether a datagram is for a session with that peer.
    #[must_use]
    pub fn has_session(&mut self, from: SocketAddr, datagram: &[u8]) -> bool {
        wire::token(datagram)
            .is_some_and(|token| self.find(from).is_some_and(|slot| self.peers[slot].owns(token)))
    }

    fn on_hello(&mut self, from: SocketAddr, token: u64, now: Micros) {
        if let Some(slot) = self.find(from) {
            let peer = &mut self.peers[slot];
            if peer.is_own_hello(token) {
                peer.mirrors = true;
                return;
            }
            if peer.prefers_own(token) {
                return;
            }
        }
        let welcome = Control::Welcome {
            token,
            grant: self.secret.cookie(from, token, now),
            stamp: now as u32,
            incarnation: self.local.incarnation,
        };
        self.answer(from, welcome);
    }

    fn on_data<S: EventSink + ?Sized>(
        &mut self,
        from: SocketAddr,
        token: u64,
        body: &Body<'_>,
        now: Micros,
        sink: &mut S,
    ) {
        match self.find(from) {
            Some(slot) if self.peers[slot].is_addressed(token) => {
                self.on_body(slot, body, now, sink);
            }
            slot => self.refuse(from, slot, token, now),
        }
    }

    fn on_confirm<S: EventSink + ?Sized>(
        &mut self,
        from: SocketAddr,
        token: u64,
        proof: Proof,
        body: &Body<'_>,
        now: Micros,
        sink: &mut S,
    ) {
        let slot = self.find(from);
        if let Some(slot) = slot.filter(|&slot| self.peers[slot].is_session(token, &proof)) {
            return self.on_body(slot, body, now, sink);
        }
        let age = (now as u32).wrapping_sub(proof.stamp);
        let granted = now.checked_sub(Micros::from(age));
        let genuine = granted
            .filter(|&granted| age <= GRANT_LASTS && self.secret.cookie(from, proof.token, granted) == token);
        let Some(granted) = genuine else {
            self.refuse(from, slot, token, now);
            // What was sent from the address that it was granted to may be under way still.
            return self.sessions.refuse(token, now, now + Micros::from(GRANT_LASTS));
        };
        if self.sessions.knows(token) {
            return self.refuse(from, slot, token, now);
        }
        let confirm = Confirm { token, proof, granted };
        let slot = match slot {
            Some(slot) => {
                let peer = &mut self.peers[slot];
                if peer.prefers_own(proof.token) {
                    return;
                }
                if peer.is_outdated(&confirm) {
                    return self.refuse(from, Some(slot), token, now);
                }
                let mut to = Delivery::new(from, &self.local.config, &mut self.reassembly_pool, sink);
                peer.adopt(&confirm, &self.local, now, &mut to);
                slot
            }
            None if self.displaced.newest.is_some_and(|newest| granted <= newest) => {
                return self.refuse(from, None, token, now);
            }
            None => {
                self.make_room(now, sink);
                self.insert(Peer::confirmed(from, &confirm, &self.local, now))
            }
        };
        self.on_body(slot, body, now, sink);
    }

    fn on_body<S: EventSink + ?Sized>(&mut self, slot: usize, body: &Body<'_>, now: Micros, sink: &mut S) {
        let peer = &mut self.peers[slot];
        let config = &self.local.config;
        let mut to = Delivery::new(peer.address, config, &mut self.reassembly_pool, sink);
        match peer.receive(body, now, self.reading, &mut to) {
            Ok(true) => peer.tell_of_room(config.send_limit, to.sink),
            Ok(false) => self.stats.malformed += 1,
            Err(reason) => peer.close(reason, now, &mut to),
        }
        self.count(slot);
        self.look_after(slot);
    }

    fn on_reset<S: EventSink + ?Sized>(
        &mut self,
        from: SocketAddr,
        token: u64,
        incarnation: u32,
        gave_up: bool,
        now: Micros,
        sink: &mut S,
    ) {
        let slot = self.find(from);
        let Some(slot) = slot.filter(|&slot| self.peers[slot].addresses(token)) else {
            self.stats.unknown_session += 1;
            return;
        };
        let draw = || self.secret.draw();
        let peer = &mut self.peers[slot];
        let mut to = Delivery::new(from, &self.local.config, &mut self.reassembly_pool, sink);
        if !peer.resume(incarnation, gave_up, draw, now, &mut to) {
            peer.lose(LossReason::Restarted, now, &mut to);
        }
        self.look_after(slot);
    }

    /// Tells a peer that the session it means is not known, or why it is over. Only who sent that datagram
    /// can know its token, so nobody else can do this in our name.
    fn refuse(&mut self, from: SocketAddr, slot: Option<usize>, token: u64, now: Micros) {
        self.stats.unknown_session += 1;
        let peer = slot.map(|slot| &self.peers[slot]);
        // Our own datagram, sent back.
        if peer.is_some_and(|peer| peer.addresses(token)) {
            return;
        }
        let closed = peer.and_then(|peer| Some((peer.remote_token, peer.closed_with(token)?)));
        let answer = match closed {
            // The close may have been lost, or this was under way before it.
            Some((token, code)) => Control::Close { token, code },
            None => {
                // Its peer's address has changed: what was sent from the old one may have arrived.
                let is_of_another =
                    self.sessions.knows(token) && peer.is_none_or(|peer| peer.known_token != token);
                let gave_up = peer.map_or(self.displaced.may_be_unknown(now), |peer| peer.gave_up());
                Control::Reset {
                    token,
                    incarnation: self.local.incarnation,
                    gave_up: gave_up || is_of_another,
                }
            }
        };
        self.answer(from, answer);
    }

    pub(super) fn answer(&mut self, to: SocketAddr, control: Control) {
        if self.answers.len() < ANSWERS_MAX {
            self.answers.push_back((to, control));
        } else {
            self.stats.unanswered += 1;
        }
    }
}
