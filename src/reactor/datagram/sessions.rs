//! What a UDP socket does with its reliable protocol: enabling and ending it, running its timers, sending
//! what it has to send.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::Mutex;

use crate::clock::{self, Millis};
use crate::options::Udp;
use crate::reactor::turn::{LINGER_MILLIS, Next};
use crate::reliable::Endpoint;
use crate::socket::count;

use super::arrivals::Arrivals;
use super::reliability::{Reliability, Stage};
use super::socket::{Around, Datagrams};

impl Datagrams {
    /// Takes over what the host has enabled or disabled, and its limits.
    pub(crate) fn set_reliability(
        &mut self,
        endpoint: Option<Arc<Mutex<Endpoint>>>,
        udp: &Udp,
        send_limit: usize,
        now: Millis,
    ) {
        let Some(endpoint) = endpoint else { return };
        let message_limit = self.socket.message_limit.load(Relaxed) as usize;
        endpoint.lock().set_limits(message_limit, send_limit);
        let own = self.reliability.get_or_insert_with(|| Box::new(Reliability::new(endpoint)));
        own.only = udp.reliable_only;
        match (own.stage, udp.reliable) {
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
        // For the rest of their messages there is a limit in the protocol.
        let full = self.is_over_limit() || around.turn.awaits_collection();
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

    /// Whether messages of peers were refused lately because unfinished ones take most of the room.
    pub(crate) fn has_refused(&self) -> bool {
        self.reliability.as_ref().is_some_and(|own| own.endpoint.lock().take_refused())
    }

    /// Gives up those peers that hold most of unfinished messages, until there is room again.
    pub(crate) fn make_way(&mut self, around: &mut Around<'_>) {
        let backlog = &around.turn.context.backlog;
        let (server, silent) = (self.server(), self.draining.is_some());
        let Some(reliability) = &self.reliability else { return };
        let mut endpoint = reliability.endpoint.lock();
        if (endpoint.receive_memory() as u64) < backlog.mean() {
            return;
        }
        let mut arrivals =
            Arrivals::new(around.turn, &self.socket, server, around.id, &mut self.queued, silent);
        while backlog.is_crowded() && endpoint.end_largest(clock::micros(), &mut arrivals) {}
        drop(endpoint);
        self.flush(around);
    }

    /// Does what the state machine wanted to be called for. [`Next::Again`] if the rest of what has arrived
    /// is to be read before somebody is given up for being silent.
    pub(crate) fn time_out(&mut self, around: &mut Around<'_>) -> Next {
        self.let_peers_wait(around);
        let silent = self.draining.is_some();
        let due = |endpoint: &Endpoint, present| endpoint.next_timeout().is_some_and(|at| at <= present);
        let someone_seems_silent = self.reliability.as_ref().is_some_and(|reliability| {
            let mut endpoint = reliability.endpoint.lock();
            let present = clock::micros();
            due(&endpoint, present) && endpoint.handle_timeout_before_reading(present)
        });
        if someone_seems_silent {
            // The process may have stood still, and what peers said meanwhile waits in the system.
            if let Next::Again = self.read(around) {
                return Next::Again;
            }
        }
        let server = self.server();
        let Some(reliability) = &mut self.reliability else { return Next::Sleep };
        let mut arrivals =
            Arrivals::new(around.turn, &self.socket, server, around.id, &mut self.queued, silent);
        if someone_seems_silent {
            reliability.endpoint.lock().handle_timeout(clock::micros(), &mut arrivals);
        }
        if let Stage::Ending(until) = reliability.stage
            && (until <= around.turn.now || reliability.is_settled())
        {
            reliability.stage = Stage::Disabled;
            self.end_sessions(around);
        }
        Next::Sleep
    }

    /// Sends what the state machine has to send.
    pub(crate) fn transmit(&mut self) {
        if let Some(mut reliability) = self.reliability.take() {
            self.transmit_of(&mut reliability);
            self.reliability = Some(reliability);
        }
    }

    fn transmit_of(&mut self, reliability: &mut Reliability) {
        let Reliability { endpoint, transmits, sent, due, counted, .. } = reliability;
        while !self.blocked {
            if *sent == transmits.len() {
                transmits.clear();
                *sent = 0;
                let mut endpoint = endpoint.lock();
                endpoint.poll_transmit(clock::micros(), transmits);
                let stats = endpoint.stats();
                count(&self.socket.traffic.dropped, stats.dropped() - counted.dropped());
                *counted = stats;
                if transmits.is_empty() {
                    *due = endpoint.next_timeout().map(clock::millis_after);
                    return;
                }
            }
            let left = (*sent..transmits.len()).map(|index| transmits.get(index));
            if let Some(conditioned) = &mut self.conditioned {
                let present = clock::micros();
                left.for_each(|(to, datagram)| conditioned.outward.push(to, datagram, present));
                *sent = transmits.len();
                continue;
            }
            let bytes = |count: usize| -> usize {
                (*sent..*sent + count).map(|index| transmits.get(index).1.len()).sum()
            };
            match self.writer.send(&self.io, self.bound.ipv6, |to| self.sources.of(to), left) {
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
        // The system tells when it takes more: until then there is nothing to wake up for.
        *due = None;
    }

    /// Ends all sessions and tells the peers.
    fn end_sessions(&mut self, around: &mut Around<'_>) {
        let (server, silent) = (self.server(), self.draining.is_some());
        let Some(reliability) = &self.reliability else { return };
        let mut arrivals =
            Arrivals::new(around.turn, &self.socket, server, around.id, &mut self.queued, silent);
        reliability.endpoint.lock().close(clock::micros(), &mut arrivals);
        self.transmit();
    }

    /// The socket is about to be closed: peers are told.
    pub(crate) fn close_sessions(&mut self, around: &mut Around<'_>) {
        // Nobody would be there to send it later.
        self.conditioned = None;
        self.end_sessions(around);
    }
}
