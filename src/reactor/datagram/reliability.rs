//! The reliable protocol of a UDP socket: the state machine is shared with the host's sends, which
//! go straight into it; this side runs it.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::arrivals::Arrivals;
use crate::clock::{self, Micros, Millis};
use crate::reliable::{Endpoint, EventSink, PeerLost, Stats, Transmits, is_reliable};

/// Datagrams taken from the state machine at a time.
const TRANSMITS: usize = 64;

pub(crate) struct Reliability {
    pub(crate) endpoint: Arc<Mutex<Endpoint>>,
    pub(crate) stage: Stage,
    pub(crate) transmits: Transmits,
    /// How many of those have left.
    pub(crate) sent: usize,
    /// When the state machine wants to be called.
    pub(crate) due: Option<Millis>,
    pub(crate) reads: bool,
    /// Plain datagrams are not wanted.
    pub(crate) only: bool,
    /// What of the protocol's counters has gone into those of the socket.
    pub(crate) counted: Stats,
}

/// Whether the host has the protocol enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Enabled,
    /// No longer: it ends when all is acknowledged, or then.
    Ending(Millis),
    /// It has ended.
    Disabled,
}

impl Reliability {
    pub(crate) fn new(endpoint: Arc<Mutex<Endpoint>>) -> Self {
        let size = endpoint.lock().config().datagram_size;
        Self {
            endpoint,
            stage: Stage::Enabled,
            transmits: Transmits::new(TRANSMITS, size),
            sent: 0,
            due: None,
            reads: true,
            only: false,
            counted: Stats::default(),
        }
    }

    /// Whether it takes part in what is received.
    pub(crate) fn is_active(&self) -> bool {
        self.stage != Stage::Disabled
    }

    pub(crate) fn deadline(&self) -> Option<Millis> {
        match self.stage {
            Stage::Ending(until) => Some(self.due.map_or(until, |due| due.min(until))),
            _ => self.due,
        }
    }

    /// Whether nothing is lost by ending now.
    pub(crate) fn is_settled(&self) -> bool {
        self.endpoint.lock().is_settled()
    }

    pub(crate) fn send(&self, to: SocketAddr, payload: &[u8]) -> Result<(), crate::reliable::SendError> {
        let mut endpoint = self.endpoint.lock();
        endpoint.send(to, payload, clock::micros)
    }

    pub(crate) fn set_reading(&mut self, reads: bool) {
        if self.reads != reads {
            self.reads = reads;
            self.endpoint.lock().set_reading(reads);
        }
    }

    /// Peers keep what they have for us.
    pub(crate) fn stop_reading(&mut self) {
        self.set_reading(false);
    }
}

/// Takes what a destroyed socket's protocol has to say.
struct Nobody;

impl EventSink for Nobody {
    fn delivered(&mut self, _peer: SocketAddr, _payload: &[u8]) {}
    fn peer_lost(&mut self, _lost: PeerLost) {}
}

/// Sorts what has arrived: the protocol's own datagrams, and others.
pub(crate) struct Intake<'a> {
    predecessor: Option<&'a Mutex<Endpoint>>,
    endpoint: Option<MutexGuard<'a, Endpoint>>,
    /// When it was opened; for all that has arrived by then the difference does not matter.
    now: Micros,
    strips: bool,
    /// Nobody wants plain datagrams.
    only: bool,
    /// The protocol has ended here; what is still under way of it is no data.
    ended: bool,
}

impl<'a> Intake<'a> {
    pub(crate) fn open(
        reliability: Option<&'a Reliability>,
        predecessor: Option<&'a Mutex<Endpoint>>,
        strips: bool,
    ) -> Self {
        let active = reliability.filter(|own| own.is_active());
        let only = active.is_some_and(|own| own.only && own.stage == Stage::Enabled);
        let endpoint = active.map(|own| own.endpoint.lock());
        // Not before the lock is held: the protocol's time must not go backwards.
        let now = if endpoint.is_some() { clock::micros() } else { 0 };
        Intake {
            predecessor,
            endpoint,
            now,
            strips,
            only,
            ended: reliability.is_some_and(|own| !own.is_active()),
        }
    }

    pub(crate) fn take(&mut self, from: SocketAddr, datagram: &[u8], arrivals: &mut Arrivals<'_>) {
        if let Some(predecessor) = self.predecessor
            && is_reliable(datagram)
        {
            let mut predecessor = predecessor.lock();
            if predecessor.has_session(from, datagram) {
                // Its socket was destroyed: the host hears nothing of it any more.
                return predecessor.receive(from, datagram, clock::micros(), &mut Nobody);
            }
        }
        match &mut self.endpoint {
            Some(endpoint) if is_reliable(datagram) => endpoint.receive(from, datagram, self.now, arrivals),
            _ if self.only || (self.ended && is_reliable(datagram)) => arrivals.unwanted(),
            _ => arrivals.datagram(from, datagram, self.strips),
        }
    }
}
