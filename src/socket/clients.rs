//! What a server knows of its clients in all: how many there are and may be, how many came and were turned
//! away, and what they have carried, those that have left included.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::catalog::stats::Stat;
use crate::error::{Code, Error};

use super::traffic::{Carrier, Traffic};

pub(crate) struct Clients<C> {
    /// Connections whose handshake is done, and how many of them there may be.
    now: AtomicU32,
    most: AtomicU32,
    /// How many have become clients so far.
    accepted: AtomicU64,
    /// How many were turned away by a limit.
    refused: AtomicU64,
    /// How many were lost before their handshake was done.
    handshakes_failed: AtomicU64,
    roll: Mutex<Roll<C>>,
}

/// Who carries traffic for the server.
struct Roll<C> {
    /// Whoever is here has not been added to `past`.
    live: Vec<Option<Weak<C>>>,
    /// The places where nobody is.
    free: Vec<u32>,
    past: Traffic,
}

/// A client's place on its server's roll; it is set once.
#[derive(Debug)]
pub(super) struct Enrolment(AtomicU32);

impl Default for Enrolment {
    fn default() -> Self {
        Self(AtomicU32::new(Self::NONE))
    }
}

impl Enrolment {
    const NONE: u32 = u32::MAX;
}

impl<C> Default for Clients<C> {
    fn default() -> Self {
        Self {
            now: AtomicU32::default(),
            most: AtomicU32::default(),
            accepted: AtomicU64::default(),
            refused: AtomicU64::default(),
            handshakes_failed: AtomicU64::default(),
            roll: Mutex::default(),
        }
    }
}

impl<C> Default for Roll<C> {
    fn default() -> Self {
        Self { live: Vec::new(), free: Vec::new(), past: Traffic::new() }
    }
}

impl<C> Roll<C> {
    /// Returns the place.
    fn enter(&mut self, client: Weak<C>) -> u32 {
        match self.free.pop() {
            Some(place) => {
                self.live[place as usize] = Some(client);
                place
            }
            None => {
                self.live.push(Some(client));
                (self.live.len() - 1) as u32
            }
        }
    }

    fn strike_off(&mut self, place: u32) {
        self.live[place as usize] = None;
        self.free.push(place);
    }
}

impl<C> fmt::Debug for Clients<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("now", &self.now).finish_non_exhaustive()
    }
}

impl<C: Carrier> Clients<C> {
    pub(crate) fn set_most(&self, most: u32) {
        self.most.store(most, Relaxed);
    }

    /// Takes a place for a connection that is about to become a client; false if none is free.
    pub(crate) fn take_place(&self) -> bool {
        let most = self.most.load(Relaxed);
        self.now.fetch_update(Relaxed, Relaxed, |now| (now < most).then_some(now + 1)).is_ok()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.now.load(Relaxed) >= self.most.load(Relaxed)
    }

    /// A connection that has a place has become a client.
    pub(super) fn joined(&self, enrolment: &Enrolment, client: Weak<C>) {
        self.accepted.fetch_add(1, Relaxed);
        enrolment.0.store(self.roll.lock().enter(client), Relaxed);
    }

    /// Whoever had a place has left it to another. What such a client still sends counts until it is struck off.
    pub(crate) fn left(&self) {
        self.now.fetch_sub(1, Relaxed);
    }

    /// A client's socket is no more.
    pub(super) fn strike_off(&self, enrolment: &Enrolment, traffic: &Traffic) {
        let place = enrolment.0.load(Relaxed);
        let mut roll = self.roll.lock();
        // What was never enrolled, such as one that was refused, is added as well.
        if place != Enrolment::NONE {
            roll.strike_off(place);
        }
        roll.past.add(traffic);
    }

    /// A connection has not become a client.
    pub(crate) fn turned_away(&self, why: &Error) {
        let counter = if why.code == Code::Limit { &self.refused } else { &self.handshakes_failed };
        counter.fetch_add(1, Relaxed);
    }

    /// The counter of a key, if there is one here.
    pub(crate) fn stat(&self, stat: Stat) -> Option<u64> {
        match stat {
            Stat::Clients => Some(self.now.load(Relaxed).into()),
            Stat::Accepted => Some(self.accepted.load(Relaxed)),
            Stat::Refused => Some(self.refused.load(Relaxed)),
            Stat::HandshakesFailed => Some(self.handshakes_failed.load(Relaxed)),
            _ => self.sum(stat),
        }
    }

    /// What all clients have carried.
    fn sum(&self, stat: Stat) -> Option<u64> {
        loop {
            // Dropped after the lock: to drop a socket takes it.
            let mut live: Vec<Option<Arc<C>>> = Vec::new();
            let roll = self.roll.lock();
            let mut sum = roll.past.counter(stat)?.load(Relaxed);
            live.extend(roll.live.iter().flatten().map(Weak::upgrade));
            // One that is about to be struck off would count nowhere: a moment later it is.
            if live.iter().all(Option::is_some) {
                let counters = live.iter().flatten().filter_map(|client| client.traffic().counter(stat));
                sum += counters.map(|counter| counter.load(Relaxed)).sum::<u64>();
                return Some(sum);
            }
            drop(roll);
            std::thread::yield_now();
        }
    }
}
