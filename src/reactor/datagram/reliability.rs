//! The reliable protocol of a UDP socket: the state machine is context with the host's sends, which
//! go straight into it; this side runs it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::{Mutex, MutexGuard};

use crate::reliable::{Endpoint, Micros, Transmits, is_reliable};
use crate::socket::count;

use super::super::turn::LINGER_MILLIS;
use super::arrivals::Arrivals;
use super::{Around, Datagrams, millis, now};
use crate::clock::Millis;

/// Datagrams taken from the state machine at a time.
const TRANSMITS: usize = 64;

pub(crate) struct Reliability {
    endpoint: Arc<Mutex<Endpoint>>,
    stage: Stage,
    transmits: Transmits,
    /// How many of those have left.
    sent: usize,
    /// When the state machine wants to be called.
    pub(crate) due: Option<Millis>,
    reads: bool,
}

/// Whether the host has the protocol enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Enabled,
    /// No longer: it ends when all is acknowledged, or then.
    Ending(Millis),
    /// It has ended.
    Disabled,
}

impl Reliability {
    fn new(endpoint: Arc<Mutex<Endpoint>>) -> Self {
        let size = endpoint.lock().config().datagram_size;
        Self {
            endpoint,
            stage: Stage::Enabled,
            transmits: Transmits::new(TRANSMITS, size),
            sent: 0,
            due: None,
            reads: true,
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
        endpoint.send(to, payload, now)
    }

    fn set_reading(&mut self, reads: bool) {
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

/// Sorts what has arrived: the protocol's own datagrams, and others.
pub(crate) struct Intake<'a> {
    endpoint: Option<MutexGuard<'a, Endpoint>>,
    /// When it was opened; for all that has arrived by then the difference does not matter.
    now: Micros,
    strips: bool,
    /// Nobody is there for plain datagrams any more.
    discards: bool,
}

impl<'a> Intake<'a> {
    pub(crate) fn open(reliability: Option<&'a Reliability>, strips: bool, discards: bool) -> Self {
        let endpoint = reliability.filter(|own| own.is_active()).map(|own| own.endpoint.lock());
        // Not before the lock is held: the protocol's time must not go backwards.
        let now = if endpoint.is_some() { now() } else { 0 };
        Intake { endpoint, now, strips, discards }
    }

    pub(crate) fn take(&mut self, from: SocketAddr, datagram: &[u8], arrivals: &mut Arrivals<'_, '_>) {
        match &mut self.endpoint {
            Some(endpoint) if is_reliable(datagram) => endpoint.receive(from, datagram, self.now, arrivals),
            _ if self.discards => {}
            _ => arrivals.datagram(from, datagram, self.strips),
        }
    }
}

impl Datagrams {
    /// Takes over what the host has enabled or disabled, and its limits.
    pub(crate) fn set_reliability(
        &mut self,
        endpoint: Option<Arc<Mutex<Endpoint>>>,
        enabled: bool,
        send_limit: usize,
        now: Millis,
    ) {
        let Some(endpoint) = endpoint else { return };
        let message_limit = self.socket.message_limit.load(Relaxed) as usize;
        endpoint.lock().set_limits(message_limit, send_limit);
        let own = self.reliability.get_or_insert_with(|| Box::new(Reliability::new(endpoint)));
        match (own.stage, enabled) {
            (Stage::Enabled, false) => {
                own.stop_reading();
                own.stage = Stage::Ending(now + LINGER_MILLIS);
            }
            (Stage::Ending(_) | Stage::Disabled, true) => {
                own.set_reading(true);
                own.stage = Stage::Enabled;
            }
            _ => {}
        }
    }

    /// Lets peers keep their messages while the host collects none.
    pub(crate) fn let_peers_wait(&mut self, around: &mut Around<'_>) {
        let full = self.is_over_limit() || around.turn.is_over_limit();
        if let Some(reliability) = &mut self.reliability
            && reliability.stage == Stage::Enabled
            && self.draining.is_none()
        {
            reliability.set_reading(!full);
        }
    }

    /// Whether peers are kept waiting until the host collects events.
    pub(crate) fn keeps_peers_waiting(&self) -> bool {
        let waits = |own: &Reliability| own.stage == Stage::Enabled && !own.reads;
        self.draining.is_none() && self.reliability.as_ref().is_some_and(|own| waits(own))
    }

    /// Does what the state machine wanted to be called for.
    pub(crate) fn time_out(&mut self, around: &mut Around<'_>) {
        self.let_peers_wait(around);
        let server = self.server();
        let Some(reliability) = &mut self.reliability else { return };
        let mut arrivals = Arrivals::new(&mut around.turn, &self.socket, server, around.id, &mut self.queued);
        {
            let mut endpoint = reliability.endpoint.lock();
            let present = now();
            if endpoint.next_timeout().is_some_and(|at| at <= present) {
                endpoint.handle_timeout(present, &mut arrivals);
            }
        }
        if let Stage::Ending(until) = reliability.stage
            && (until <= around.turn.now || reliability.is_settled())
        {
            reliability.stage = Stage::Disabled;
            self.end_sessions(around);
        }
    }

    /// Sends what the state machine has to send.
    pub(crate) fn transmit(&mut self) {
        if let Some(mut reliability) = self.reliability.take() {
            self.transmit_of(&mut reliability);
            self.reliability = Some(reliability);
        }
    }

    fn transmit_of(&mut self, reliability: &mut Reliability) {
        let Reliability { endpoint, transmits, sent, due, .. } = reliability;
        while !self.blocked {
            if *sent == transmits.len() {
                transmits.clear();
                *sent = 0;
                let mut endpoint = endpoint.lock();
                endpoint.poll_transmit(now(), transmits);
                if transmits.is_empty() {
                    *due = endpoint.next_timeout().map(millis);
                    return;
                }
            }
            let left = (*sent..transmits.len()).map(|index| transmits.get(index));
            if let Some(conditioned) = &mut self.conditioned {
                let present = now();
                left.for_each(|(to, datagram)| conditioned.outward.push(to, datagram, present));
                *sent = transmits.len();
                continue;
            }
            let bytes = |count: usize| -> usize {
                (*sent..*sent + count).map(|index| transmits.get(index).1.len()).sum()
            };
            match self.writer.send(&self.io, self.bound.ipv6, left) {
                Ok(done) => {
                    count(&self.socket.traffic.bytes_sent, bytes(done) as u64);
                    *sent += done;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.blocked = true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Lost like any other on the way; the protocol sends it again.
                Err(_) => *sent += 1,
            }
        }
    }

    /// Ends all sessions and tells the peers.
    fn end_sessions(&mut self, around: &mut Around<'_>) {
        let server = self.server();
        let Some(reliability) = &self.reliability else { return };
        let mut arrivals = Arrivals::new(&mut around.turn, &self.socket, server, around.id, &mut self.queued);
        reliability.endpoint.lock().close(now(), &mut arrivals);
        self.transmit();
    }

    /// The socket is about to be closed: peers are told.
    pub(crate) fn close_sessions(&mut self, around: &mut Around<'_>) {
        // Nobody would be there to send it later.
        self.conditioned = None;
        self.end_sessions(around);
    }
}
