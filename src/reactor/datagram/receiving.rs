//! Reading a UDP socket.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::address;
use crate::clock::{self, Millis};
use crate::command::Id;
use crate::datagram_records::To;
use crate::event::batch::EVENT_COST;
use crate::protocol::packet::header_of;
use crate::socket::count;
use crate::sys::{Arrived, DatagramReader, kernel_drops};

use super::arrivals::{Arrivals, origin};
use super::reliability::Intake;
use super::socket::{Around, CachedInterfaces, DatagramTools, Datagrams};
use crate::reactor::turn::{Next, READ_BUDGET, RETRY_MILLIS, Turn};

/// What a datagram counts towards the budget of a turn besides its own bytes.
const DATAGRAM_COST: usize = 128;
/// And what one counts that the reliable protocol looks at, and that it may have to answer: some microseconds. A turn
/// takes half a millisecond of a flood.
const PROTOCOL_COST: usize = 3072;
/// Errors in a row after which reading waits for a moment. The system may say no more that there is something to
/// read: some take only "would block" for an end.
const MOST_ERRORS: u32 = 16;
/// Room for a batch of datagrams that do not go straight into events.
const SCRATCH: usize = 128 << 10;

impl Datagrams {
    /// Whether the host must collect events before more is kept.
    pub(crate) fn is_over_limit(&self) -> bool {
        self.queued.is_full(self.socket.receive_limit())
    }

    /// Reads what there is, within the budget of a turn. What the host has no room for is read and
    /// dropped, so that what it finds once it collects again is not stale.
    pub(crate) fn read(&mut self, around: &mut Around<'_>) -> Next {
        // The last one that knows of it is this: nothing flushes there any more.
        self.predecessor.take_if(|predecessor| Arc::strong_count(predecessor) == 1);
        let straight = self.reliability.is_none() && self.conditioned.is_none() && self.predecessor.is_none();
        if (straight && self.draining.is_some()) || self.held.is_handed_over() {
            return Next::Sleep;
        }
        if !straight {
            around.tools.scratch.resize(SCRATCH, 0);
        }
        let mut budget = READ_BUDGET;
        let mut errors = 0;
        let mut crowded = false;
        let next = loop {
            let room = if straight { around.turn.batch.room() } else { &mut around.tools.scratch[..] };
            let more = match around.tools.reader.receive(&self.io, room) {
                Ok(more) => more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Next::Sleep,
                // An earlier datagram was refused somewhere, or memory is short: that concerns no other.
                Err(_) => {
                    errors += 1;
                    if errors == MOST_ERRORS {
                        self.read_again_at = Some(around.turn.now + RETRY_MILLIS);
                        break Next::Sleep;
                    }
                    continue;
                }
            };
            self.note_sources(around.turn.now, &around.tools.reader, &mut around.tools.interfaces);
            let bytes = if straight {
                around.tools.reader.pack(room);
                self.take_in(around.id, around.turn, &around.tools.reader)
            } else {
                self.let_peers_wait(around);
                self.pass_on(around)
            };
            count(&self.socket.traffic.bytes_received, bytes as u64);
            let each = if self.reliability.is_some() { PROTOCOL_COST } else { DATAGRAM_COST };
            let read = bytes + each * around.tools.reader.arrived().len();
            around.turn.worked(read, 0);
            budget = budget.saturating_sub(read);
            crowded |= more;
            if !more {
                break Next::Sleep;
            }
            if budget == 0 {
                break Next::Again;
            }
        };
        if crowded {
            self.count_kernel_drops();
        }
        if !straight {
            // Acknowledgements, and what they made room for.
            self.flush(around);
        }
        next
    }

    /// Makes events of what was just received into the batch. Returns how many bytes that was.
    fn take_in(&mut self, id: Id, turn: &mut Turn, reader: &DatagramReader) -> usize {
        let limit = self.socket.receive_limit();
        let backlog = &turn.context.backlog;
        let (mut bytes, mut dropped, mut received) = (0, 0_u64, 0_u64);
        // Bytes of the room that earlier events point at.
        let mut kept = 0;
        let mut arrived = reader.arrived();
        while let Some(first) = arrived.first() {
            let same = arrived.iter().take_while(|datagram| datagram.from == first.from).count();
            let (run, rest) = arrived.split_at(same);
            arrived = rest;
            let ip = address::text(&first.from);
            let origin = origin(&self.socket, self.server(), id, &ip, first.from.port());
            let end = run.last().map_or(0, |last| last.start + last.kept);
            let queued = turn.queued();
            let (room, mut sink) = turn.batch.received(end - kept, origin);
            let mut cost = 0;
            let mut last_kept = kept;
            for datagram in run {
                bytes += datagram.size;
                if self.queued.is_full_with(cost, limit) || backlog.is_full_with(queued + cost) {
                    dropped += 1;
                    continue;
                }
                let start = datagram.start - kept;
                let whole = &room[start..start + datagram.kept];
                let skip = if self.strips { header_of(whole, datagram.size) } else { 0 };
                cost += (datagram.size - skip) as u64 + EVENT_COST;
                if datagram.kept == datagram.size {
                    sink.data(0, start + skip, datagram.size - skip);
                    last_kept = datagram.start + datagram.kept;
                } else {
                    sink.large(0, join(whole, datagram, reader), skip as u8);
                }
            }
            let (events, cost) = sink.finish();
            kept = last_kept;
            received += u64::from(events);
            self.queued.book(cost);
        }
        count(&self.socket.traffic.packets_received, received);
        if dropped > 0 {
            count(&self.socket.traffic.dropped, dropped);
        }
        bytes
    }

    /// Passes what was just received on to the simulated network, or the protocol. Returns how many
    /// bytes that was.
    fn pass_on(&mut self, around: &mut Around<'_>) -> usize {
        let (server, silent) = (self.server(), self.draining.is_some());
        let Around { id, turn, tools: DatagramTools { reader, scratch, .. } } = around;
        match &mut self.conditioned {
            Some(conditioned) => {
                let now = clock::micros();
                each(reader, scratch, |from, datagram| conditioned.inward.push(from, datagram, now))
            }
            None => {
                let mut arrivals = Arrivals::new(turn, &self.socket, server, *id, &mut self.queued, silent);
                let mut intake =
                    Intake::open(self.reliability.as_deref(), self.predecessor.as_deref(), self.strips);
                each(reader, scratch, |from, datagram| intake.take(from, datagram, &mut arrivals))
            }
        }
    }

    /// Passes datagrams on whose time has come in the simulated network.
    pub(crate) fn let_through(&mut self, around: &mut Around<'_>) {
        let (server, silent) = (self.server(), self.draining.is_some());
        let Some(conditioned) = &mut self.conditioned else { return };
        let now = clock::micros();
        let mut arrivals =
            Arrivals::new(around.turn, &self.socket, server, around.id, &mut self.queued, silent);
        let mut intake = Intake::open(self.reliability.as_deref(), self.predecessor.as_deref(), self.strips);
        while conditioned.inward.pop(now, |from, datagram| intake.take(from, datagram, &mut arrivals)) {}
        let ahead = &mut self.ahead;
        while conditioned.outward.pop(now, |to, datagram| ahead.push(To::Address(to), false, &[], datagram)) {
        }
        if conditioned.is_idle() {
            self.conditioned = None;
        }
    }

    /// Remembers which of this machine's addresses the peers have asked.
    fn note_sources(&mut self, now: Millis, reader: &DatagramReader, interfaces: &mut CachedInterfaces) {
        for datagram in reader.arrived() {
            if let Some(local) = datagram.to {
                self.sources.note(datagram.from, local, || interfaces.get(now));
            }
        }
    }

    /// The kernel has dropped what did not fit into the socket's buffer, if anything.
    fn count_kernel_drops(&mut self) {
        if let Some(drops) = kernel_drops(&self.io) {
            count(&self.socket.traffic.dropped, u64::from(drops.wrapping_sub(self.kernel_drops)));
            self.kernel_drops = drops;
        }
    }
}

/// Shows what the reader has received, each as a whole. Returns how many bytes that was.
fn each(reader: &DatagramReader, room: &[u8], mut take: impl FnMut(SocketAddr, &[u8])) -> usize {
    let mut bytes = 0;
    for datagram in reader.arrived() {
        bytes += datagram.size;
        let beginning = &room[datagram.start..datagram.start + datagram.kept];
        if datagram.kept == datagram.size {
            take(datagram.from, beginning);
        } else {
            take(datagram.from, &join(beginning, datagram, reader));
        }
    }
    bytes
}

/// A datagram that did not fit into its slot as a whole.
#[cold]
fn join(beginning: &[u8], datagram: &Arrived, reader: &DatagramReader) -> Vec<u8> {
    let mut whole = Vec::with_capacity(datagram.size);
    whole.extend_from_slice(beginning);
    whole.extend_from_slice(reader.overflow(datagram));
    whole
}
