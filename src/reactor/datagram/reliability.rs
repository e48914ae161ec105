//! The reliable protocol of a UDP socket: the state machine is shared with the host's sends, which
//! go straight into it; this side runs it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::reliable::{Endpoint, Transmits, is_reliable};
use crate::socket::count;

use super::super::stream::LINGER_MILLIS;
use super::super::timers::Millis;
use super::arrivals::Arrivals;
use super::{Around, Datagrams, millis, now};

/// Datagrams taken from the state machine at a time.
const TRANSMITS: usize = 64;

pub(super) struct Reliability {
    endpoint: Arc<Mutex<Endpoint>>,
    transmits: Transmits,
    /// How many of those have left.
    sent: usize,
    /// When the state machine wants to be called.
    pub(super) due: Option<Millis>,
    /// Disabled by the host: it ends when all is acknowledged, or then.
    pub(super) retired_until: Option<Millis>,
    reads: bool,
}

impl Reliability {
    fn new(endpoint: Arc<Mutex<Endpoint>>) -> Reliability {
        let size = endpoint.lock().config().datagram_size;
        Reliability {
            endpoint,
            transmits: Transmits::new(TRANSMITS, size),
            sent: 0,
            due: None,
            retired_until: None,
            reads: true,
        }
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.endpoint.lock().is_flushed()
    }

    pub(super) fn send(&self, to: SocketAddr, payload: &[u8]) -> Result<(), crate::reliable::SendError> {
        let mut endpoint = self.endpoint.lock();
        endpoint.send(to, payload, now())
    }

    fn set_reading(&mut self, reads: bool) {
        if self.reads != reads {
            self.reads = reads;
            self.endpoint.lock().set_reading(reads);
        }
    }

    /// Peers keep what they have for us.
    pub(super) fn stop_reading(&mut self) {
        self.set_reading(false);
    }
}

/// Sorts what has arrived: the protocol's own datagrams, and others.
pub(super) struct Inbox<'a> {
    endpoint: Option<MutexGuard<'a, Endpoint>>,
    strips: bool,
    /// Nobody is there for plain datagrams any more.
    discards: bool,
}

impl<'a> Inbox<'a> {
    pub(super) fn open(reliability: Option<&'a Reliability>, strips: bool, discards: bool) -> Inbox<'a> {
        Inbox { endpoint: reliability.map(|reliability| reliability.endpoint.lock()), strips, discards }
    }

    pub(super) fn take(&mut self, from: SocketAddr, datagram: &[u8], arrivals: &mut Arrivals<'_, '_>) {
        match &mut self.endpoint {
            Some(endpoint) if is_reliable(datagram) => endpoint.receive(from, datagram, now(), arrivals),
            _ if self.discards => {}
            _ => arrivals.datagram(from, datagram, self.strips),
        }
    }
}

impl Datagrams {
    /// Takes over what the host has enabled or disabled.
    pub(super) fn set_reliability(
        &mut self,
        endpoint: Option<Arc<Mutex<Endpoint>>>,
        around: &mut Around<'_>,
    ) {
        let same = match (&self.reliability, &endpoint) {
            (Some(own), Some(endpoint)) => Arc::ptr_eq(&own.endpoint, endpoint),
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        if let Some(mut old) = self.reliability.take() {
            self.end_retired(around);
            old.stop_reading();
            old.retired_until = Some(around.turn.now + LINGER_MILLIS);
            self.retired = Some(old);
        }
        if let Some(endpoint) = endpoint {
            // Its peers would take the datagrams of both for one endpoint's.
            self.end_retired(around);
            self.reliability = Some(Box::new(Reliability::new(endpoint)));
        }
    }

    /// Lets peers keep their messages while the host collects none.
    pub(super) fn let_peers_wait(&mut self, around: &mut Around<'_>) {
        let full = self.is_over_limit() || around.turn.is_over_limit();
        if let Some(reliability) = &mut self.reliability
            && self.draining.is_none()
        {
            reliability.set_reading(!full);
        }
    }

    /// Whether peers are kept waiting until the host collects events.
    pub(crate) fn keeps_peers_waiting(&self) -> bool {
        self.draining.is_none() && self.reliability.as_ref().is_some_and(|reliability| !reliability.reads)
    }

    /// Does what the state machine wanted to be called for.
    pub(super) fn time_out(&mut self, around: &mut Around<'_>) {
        self.let_peers_wait(around);
        let server = self.server();
        let mut arrivals = Arrivals::new(&mut around.turn, &self.socket, server, around.id, &mut self.queued);
        for reliability in [&self.reliability, &self.retired].into_iter().flatten() {
            let mut endpoint = reliability.endpoint.lock();
            let present = now();
            if endpoint.next_timeout().is_some_and(|at| at <= present) {
                endpoint.handle_timeout(present, &mut arrivals);
            }
        }
        let over = |retired: &Reliability| {
            retired.retired_until.is_some_and(|until| until <= around.turn.now) || retired.is_flushed()
        };
        if self.retired.as_ref().is_some_and(|retired| over(retired)) {
            self.end_retired(around);
        }
    }

    /// Sends what the state machine has to send.
    pub(super) fn transmit(&mut self) {
        let mut reliability = self.reliability.take();
        let mut retired = self.retired.take();
        for reliability in [&mut reliability, &mut retired].into_iter().flatten() {
            self.transmit_of(reliability);
        }
        self.reliability = reliability;
        self.retired = retired;
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

    /// Ends the protocol that the host has disabled, and tells its peers.
    fn end_retired(&mut self, around: &mut Around<'_>) {
        if let Some(retired) = self.retired.take() {
            self.end(retired, around);
        }
    }

    fn end(&mut self, mut reliability: Box<Reliability>, around: &mut Around<'_>) {
        let server = self.server();
        let mut arrivals = Arrivals::new(&mut around.turn, &self.socket, server, around.id, &mut self.queued);
        reliability.endpoint.lock().close(now(), &mut arrivals);
        self.transmit_of(&mut reliability);
    }

    /// The socket is about to be closed: peers are told.
    pub(crate) fn say_goodbye(&mut self, around: &mut Around<'_>) {
        for reliability in [self.reliability.take(), self.retired.take()].into_iter().flatten() {
            self.end(reliability, around);
        }
    }
}
