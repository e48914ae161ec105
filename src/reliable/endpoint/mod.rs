//! All peers of one UDP socket.

mod places;
mod receive;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;

use slab::Slab;

use crate::backlog::Backlog;
use crate::quota::SharedQuota;
use crate::reliable::batch::Transmits;
use crate::reliable::config::Config;
use crate::reliable::displaced::{Displaced, Network};
use crate::reliable::event::{EventSink, LossReason, PeerInfo, SendError};
use crate::reliable::peer::{Due, Local, MEMORY_LASTS, Outcome, Peer};
use crate::reliable::reassembly::{Delivery, ReassemblyPool};
use crate::reliable::sessions::Sessions;
use crate::reliable::tokens::{Address, Secret, TableHash};
use crate::reliable::units::Micros;
use crate::reliable::wire::Control;
use crate::timers::Timers;

/// So late nothing is done while the process runs and its clock is right.
const JUMP: Micros = 5_000_000;

/// The reliable protocol on one UDP socket: every peer's state, by address.
pub struct Endpoint {
    local: Local,
    secret: Secret,
    peers: Slab<Box<Peer>>,
    by_address: HashMap<Address, usize, TableHash>,
    sessions: Sessions,
    /// How many of the peers are of one network.
    places_held: HashMap<Network, u32, TableHash>,
    displaced: Displaced,
    /// The peer that was looked up last; mostly it is the next one, too.
    last: Option<(SocketAddr, usize)>,
    /// Peers that may have something to send, or whose deadline may have changed.
    ready: VecDeque<usize>,
    answers: VecDeque<(SocketAddr, Control)>,
    /// What time it was last.
    now: Micros,
    timers: Timers,
    reassembly_pool: ReassemblyPool,
    /// Where what is not acknowledged counts together with what others send.
    sends_counted: Option<&'static SharedQuota>,
    reading: bool,
    stats: Stats,
}

/// What an endpoint has dropped, lost and sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Datagrams that are not laid out as the protocol says, or acknowledge what was never sent.
    pub malformed: u64,
    /// Datagrams of a version of the protocol that is not spoken here.
    pub other_version: u64,
    /// Datagrams of sessions that are not known, or over; forged and replayed ones are of these.
    pub unknown_session: u64,
    /// Answers to strangers that were not sent because too many waited.
    pub unanswered: u64,
    /// Datagrams with messages that were found lost.
    pub lost: u64,
    /// Messages and parts of messages that were sent again because they seemed lost.
    pub resent: u64,
}

impl Stats {
    /// Datagrams that were dropped: forged, replayed or of another time or version.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.malformed + self.other_version + self.unknown_session
    }
}

impl Endpoint {
    /// An endpoint without peers. Everything that must not be guessed comes from `seed`, which
    /// must be random and new for every endpoint.
    #[must_use]
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        let mut secret = Secret::new(seed);
        let config = config.clamped();
        let incarnation = secret.draw() as u32;
        Self {
            by_address: HashMap::with_hasher(secret.table_hash()),
            sessions: Sessions::new(secret.table_hash()),
            places_held: HashMap::with_hasher(secret.table_hash()),
            displaced: Displaced::default(),
            reassembly_pool: ReassemblyPool::new(config.receive_limit),
            local: Local { config, incarnation },
            sends_counted: None,
            secret,
            peers: Slab::new(),
            last: None,
            ready: VecDeque::new(),
            answers: VecDeque::new(),
            now: 0,
            timers: Timers::default(),
            reading: true,
            stats: Stats::default(),
        }
    }

    /// Takes a message for a peer. It leaves with the next
    /// [`poll_transmit`](Self::poll_transmit), or as soon as the path bears it. What time it is
    /// matters for the first of several messages only, so only then `now` is asked.
    ///
    /// # Errors
    /// The message is larger than allowed, or too much waits already. Nothing of it is taken.
    pub fn send(
        &mut self,
        to: SocketAddr,
        payload: &[u8],
        now: impl Fn() -> Micros,
    ) -> Result<(), SendError> {
        let slot = self.find(to);
        let config = &self.local.config;
        if payload.len() > config.message_limit {
            return Err(SendError::TooBig);
        }
        let slot = match slot {
            Some(slot) => slot,
            None => {
                let now = now();
                if !self.make_room_unnoticed(now) {
                    return Err(SendError::TooManyPeers);
                }
                let mut peer = Peer::opening(to, self.secret.draw(), &self.local.config, now);
                peer.newest = self.displaced.newest;
                peer.gave_up = self.displaced.may_be_unknown(now);
                self.insert(peer)
            }
        };
        if let Some(all) = self.sends_counted {
            if !all.try_book(payload.len() as u64) {
                return Err(SendError::AllFull);
            }
            self.peers[slot].counted += payload.len();
        }
        let draw = || self.secret.draw();
        let sent = self.peers[slot].send(payload, draw, &self.local.config, now);
        match sent {
            Ok(()) => self.look_after(slot),
            // What was counted for it is given back; else nothing has changed.
            Err(_) => self.settle_sends(slot),
        }
        sent
    }

    /// Does what [`next_timeout`](Self::next_timeout) announced. All that has arrived must have been
    /// [received](Self::receive) before: peers are given up for their silence.
    pub fn handle_timeout<S: EventSink + ?Sized>(&mut self, now: Micros, sink: &mut S) {
        self.notice_jump(now);
        while let Some(slot) = self.timers.pop_due(now) {
            match self.on_timeout(slot, now) {
                Due::Transmit => self.look_after(slot),
                Due::Silent => {
                    let mirrors = self.peers[slot].mirrors;
                    let reason = if mirrors { LossReason::Mirror } else { LossReason::Timeout };
                    self.lose(slot, reason, now, sink);
                }
                Due::Forget => self.remove(slot),
            }
        }
    }

    /// Does of that what may be done before all that has arrived was received. True if somebody seems
    /// to be silent for too long: then the rest is to be received, and
    /// [`handle_timeout`](Self::handle_timeout) called.
    #[must_use]
    pub fn handle_timeout_before_reading(&mut self, now: Micros) -> bool {
        self.notice_jump(now);
        let mut silent = Vec::new();
        while let Some(slot) = self.timers.pop_due(now) {
            match self.on_timeout(slot, now) {
                Due::Transmit => self.look_after(slot),
                Due::Silent => silent.push(slot),
                Due::Forget => self.remove(slot),
            }
        }
        for &slot in &silent {
            self.timers.set(slot, Some(now));
        }
        !silent.is_empty()
    }

    /// If the time is much later than this was to be called, the clock has jumped, or the process stood still:
    /// for peers less time may have passed, so what is forgotten now may be forgotten too early.
    fn notice_jump(&mut self, now: Micros) {
        let due = self.next_due();
        self.now = now;
        if due.is_some_and(|due| now.saturating_sub(due) > JUMP) {
            self.displaced.until = self.displaced.until.max(now + MEMORY_LASTS);
        }
    }

    /// When there is something to do, or a memory of what was forgotten too early ends: a jump over that is noticed, too.
    fn next_due(&self) -> Option<Micros> {
        let until = Some(self.displaced.until).filter(|&until| until > self.now);
        [self.timers.next(), until].into_iter().flatten().min()
    }

    fn on_timeout(&mut self, slot: usize, now: Micros) -> Due {
        let due = self.peers[slot].on_timeout(now, &self.local.config);
        self.count(slot);
        due
    }

    /// Adds to the counters what a peer has counted.
    fn count(&mut self, slot: usize) {
        let (resent, lost) = self.peers[slot].take_counts();
        self.stats.resent += resent;
        self.stats.lost += lost;
    }

    /// Appends datagrams that are to leave now, as many as there is room for. To be called after
    /// anything else, until nothing more is appended.
    pub fn poll_transmit(&mut self, now: Micros, out: &mut Transmits) {
        while let Some(&(to, control)) = self.answers.front() {
            if !out.add(to, control) {
                return;
            }
            self.answers.pop_front();
        }
        while let Some(&slot) = self.ready.front() {
            let Some(peer) = self.peers.get_mut(slot) else {
                self.ready.pop_front();
                continue;
            };
            let outcome = peer.transmit(now, &self.local, out);
            let (resent, lost) = peer.take_counts();
            self.stats.resent += resent;
            self.stats.lost += lost;
            match outcome {
                Outcome::Full => return,
                Outcome::Again => self.ready.rotate_left(1),
                Outcome::Done => {
                    peer.queued = false;
                    self.timers.set(slot, peer.deadline(&self.local.config));
                    self.ready.pop_front();
                }
            }
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) and
    /// [`poll_transmit`](Self::poll_transmit) next, if nothing happens before.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Micros> {
        if self.ready.is_empty() && self.answers.is_empty() { self.next_due() } else { Some(0) }
    }

    /// Ends all sessions. The peers are told with the next
    /// [`poll_transmit`](Self::poll_transmit); what they have not acknowledged is reported lost.
    pub fn close<S: EventSink + ?Sized>(&mut self, now: Micros, sink: &mut S) {
        for (_, peer) in &mut self.peers {
            let config = &self.local.config;
            let mut to = Delivery::new(peer.address, config, &mut self.reassembly_pool, sink);
            peer.close(LossReason::Closed, now, &mut to);
        }
        self.look_after_all();
    }

    /// Whether every message sent was acknowledged.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        self.peers.iter().all(|(_, peer)| peer.is_flushed())
    }

    /// Whether also every message received was acknowledged, so that closing loses nothing.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.peers.iter().all(|(_, peer)| peer.is_settled())
    }

    /// Bytes that peers have not acknowledged, of all together.
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        self.peers.iter().map(|(_, peer)| peer.info().waiting).sum()
    }

    /// Messages and bytes that a peer has not acknowledged.
    #[must_use]
    pub fn unacknowledged(&self, peer: SocketAddr) -> (usize, usize) {
        self.peer(peer).map_or((0, 0), Peer::unacknowledged)
    }

    /// What is known of a peer.
    #[must_use]
    pub fn peer_info(&self, peer: SocketAddr) -> Option<PeerInfo> {
        self.peer(peer).map(Peer::info)
    }

    /// Peers that are known, those just given up included.
    #[must_use]
    pub fn peer_count(&self) -> usize {
        self.peers.len()
    }

    /// Peers with which there is a session, or one is about to begin.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.peers.iter().filter(|(_, peer)| peer.has_session()).count()
    }

    /// The round trip and how far single ones are from it, on average over all peers with which there is
    /// a session; none before any was measured.
    #[must_use]
    pub fn round_trip(&self) -> Option<(Micros, Micros)> {
        let infos = self.peers.iter().map(|(_, peer)| peer.info()).filter(|info| info.open);
        let mut sums = (0, 0);
        let mut count = 0;
        for (rtt, jitter) in infos.filter_map(|info| Some((info.rtt?, info.jitter))) {
            sums = (sums.0 + rtt, sums.1 + jitter);
            count += 1;
        }
        (count > 0).then(|| (sums.0 / count, sums.1 / count))
    }

    /// Bytes of incoming messages that are not complete, or wait for others.
    #[must_use]
    pub fn receive_memory(&self) -> usize {
        self.reassembly_pool.memory.used()
    }

    /// Counts what is held of unfinished messages together with what others hold.
    pub(crate) fn count_in(&mut self, backlog: &'static Backlog) {
        self.reassembly_pool.memory.count_in(backlog);
    }

    /// Counts what is sent, until it is acknowledged, together with what others send.
    pub(crate) fn count_sends_in(&mut self, all: &'static SharedQuota) {
        self.sends_counted = Some(all);
    }

    /// Gives back what a peer's acknowledged or lost messages were counted for.
    fn settle_sends(&mut self, slot: usize) {
        let peer = &mut self.peers[slot];
        let waiting = peer.send_buffer.waiting();
        if let Some(all) = self.sends_counted
            && waiting < peer.counted
        {
            all.release((peer.counted - waiting) as u64);
            peer.counted = waiting;
        }
    }

    /// Whether something was left to come again since this was last asked, because unfinished messages take
    /// most of the room that there is for all.
    pub(crate) fn take_refused(&mut self) -> bool {
        self.reassembly_pool.memory.take_refused()
    }

    /// Gives up the peer that holds most of that; false if none holds any.
    pub(crate) fn end_largest<S: EventSink + ?Sized>(&mut self, now: Micros, sink: &mut S) -> bool {
        let largest = self.peers.iter().max_by_key(|(_, peer)| peer.reassembly.cost());
        let Some((slot, peer)) = largest.filter(|(_, peer)| peer.reassembly.cost() > 0) else {
            return false;
        };
        let config = &self.local.config;
        let mut to = Delivery::new(peer.address, config, &mut self.reassembly_pool, sink);
        self.peers[slot].close(LossReason::MemoryLimit, now, &mut to);
        self.look_after(slot);
        true
    }

    /// What was dropped so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// The settings, with every value in range.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.local.config
    }

    /// Sets the largest message and how much may be unacknowledged, for messages from now on.
    pub fn set_limits(&mut self, message_limit: usize, send_limit: usize) {
        let config = &mut self.local.config;
        config.message_limit = message_limit;
        config.send_limit = send_limit;
        *config = config.clone().clamped();
    }

    /// Delivers in order from now on, or no longer. Messages that wait for others at the moment
    /// go on waiting.
    pub fn set_ordered(&mut self, ordered: bool) {
        self.local.config.ordered = ordered;
    }

    /// Sets how long a peer may be silent. Counts for a peer as soon as it is looked after again.
    pub fn set_timeout(&mut self, timeout: Micros) {
        self.local.config.timeout = timeout;
        self.look_after_all();
    }

    /// Sets after how long without a datagram one is sent to a peer; 0 sends none.
    pub fn set_keepalive(&mut self, keepalive: Micros) {
        self.local.config.keepalive = keepalive;
        self.look_after_all();
    }

    /// Sets how many peers may be known. Those there are too many give way to the next newcomer.
    pub fn set_max_peers(&mut self, max_peers: usize) {
        self.local.config.max_peers = max_peers.max(1);
    }

    /// Takes no messages for a while, if false: peers keep theirs and are told that we are alive.
    pub fn set_reading(&mut self, reading: bool) {
        self.reading = reading;
    }

    /// The token by which a peer is addressed, and the endpoint's incarnation.
    #[cfg(test)]
    pub(crate) fn names_for_tests(&self, peer: SocketAddr) -> (u64, u32) {
        (self.peer(peer).map_or(0, |peer| peer.remote_token), self.local.incarnation)
    }

    fn peer(&self, address: SocketAddr) -> Option<&Peer> {
        let slot = *self.by_address.get(&Address(address))?;
        self.peers.get(slot).map(|peer| &**peer)
    }

    fn find(&mut self, address: SocketAddr) -> Option<usize> {
        if let Some((_, slot)) = self.last.filter(|&(last, _)| last == address) {
            return Some(slot);
        }
        let slot = *self.by_address.get(&Address(address))?;
        self.last = Some((address, slot));
        Some(slot)
    }

    fn insert(&mut self, peer: Peer) -> usize {
        let address = peer.address;
        let slot = self.peers.insert(Box::new(peer));
        self.by_address.insert(Address(address), slot);
        self.take_place(address);
        slot
    }

    /// Removes a peer of which nothing is left to remember.
    fn remove(&mut self, slot: usize) {
        let peer = self.peers.remove(slot);
        if let Some(all) = self.sends_counted {
            all.release(peer.counted as u64);
        }
        self.by_address.remove(&Address(peer.address));
        self.sessions.forget(peer.known_token);
        self.leave_place(peer.address);
        self.timers.set(slot, None);
        self.last = None;
    }

    fn lose<S: EventSink + ?Sized>(&mut self, slot: usize, reason: LossReason, now: Micros, sink: &mut S) {
        let peer = &mut self.peers[slot];
        let config = &self.local.config;
        let mut to = Delivery::new(peer.address, config, &mut self.reassembly_pool, sink);
        peer.lose(reason, now, &mut to);
        self.look_after(slot);
    }

    fn look_after_all(&mut self) {
        let slots: Vec<usize> = self.peers.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.look_after(slot);
        }
    }

    /// Has a peer asked what it has to send, and its deadline noted.
    fn look_after(&mut self, slot: usize) {
        self.settle_sends(slot);
        let peer = &mut self.peers[slot];
        if peer.known_token != peer.local_token {
            let until = self.now + MEMORY_LASTS;
            self.sessions.replace(peer.known_token, peer.local_token, until);
            peer.known_token = peer.local_token;
            // Who forgets a session early must not say that it never was.
            if let Some(until) = self.sessions.trim(self.now, self.local.config.max_peers) {
                self.displaced.until = self.displaced.until.max(until);
            }
        }
        if !peer.queued {
            peer.queued = true;
            self.ready.push_back(slot);
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if let Some(all) = self.sends_counted {
            self.peers.iter().for_each(|(_, peer)| all.release(peer.counted as u64));
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("peers", &self.peers.len())
            .field("memory", &self.reassembly_pool.memory)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}
