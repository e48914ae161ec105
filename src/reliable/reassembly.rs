//! Chunks that arrive: each one is taken once, and made whole messages of.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::backlog::{Backlog, Share};

use super::config::Config;
use super::event::{EventSink, LossReason};
use super::number::expand;
use super::units::WINDOW;
use super::wire::{Chunk, Part};

const WORDS: usize = WINDOW as usize / 64;

/// What keeping a chunk costs besides its bytes.
const HELD_COST: usize = 96;

/// A buffer larger than this is given back when its message was delivered.
const BUFFER_KEPT: usize = 64 << 10;

/// Bytes of unfinished messages of all peers.
#[derive(Debug)]
pub(crate) struct Memory {
    used: usize,
    limit: usize,
    /// Where they are counted with those of others.
    counted: Option<(&'static Backlog, Share)>,
    /// While others take most of the room together with these, the one whose message goes on.
    goes_on: Option<SocketAddr>,
    /// Something was refused for want of that room.
    refused: bool,
}

impl Memory {
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    pub(crate) fn count_in(&mut self, backlog: &'static Backlog) {
        let mut share = Share::default();
        share.set(backlog, self.used as u64);
        self.counted = Some((backlog, share));
    }

    /// Takes `bytes`, unless `times` the limit would be exceeded.
    fn take(&mut self, bytes: usize, times: usize) -> bool {
        let fits = self.used.saturating_add(bytes) <= self.limit.saturating_mul(times);
        if fits {
            self.used += bytes;
            if let Some((backlog, share)) = &mut self.counted {
                share.set(backlog, self.used as u64);
                backlog.came(share, bytes);
            }
        }
        fits
    }

    fn give_back(&mut self, bytes: usize) {
        self.used -= bytes;
        if let Some((backlog, share)) = &mut self.counted {
            share.set(backlog, self.used as u64);
        }
    }

    /// Whether there is room for more of what cannot be delivered yet. With hardly any left, one peer's message
    /// goes on to its end.
    fn has_room(&mut self, peer: SocketAddr, in_sequence: bool) -> bool {
        let is_crowded = self.counted.as_ref().is_some_and(|(backlog, _)| backlog.is_crowded());
        let fits = !is_crowded || (in_sequence && *self.goes_on.get_or_insert(peer) == peer);
        self.refused |= !fits;
        fits
    }

    /// A peer's message has come whole, or never will.
    fn has_ended(&mut self, peer: SocketAddr) {
        self.goes_on = self.goes_on.filter(|&other| other != peer);
    }

    /// Whether something was refused since this was last asked.
    pub(crate) fn take_refused(&mut self) -> bool {
        std::mem::take(&mut self.refused)
    }
}

/// What all sessions share for putting messages together.
#[derive(Debug)]
pub(crate) struct ReassemblyPool {
    pub(crate) memory: Memory,
    scratch: Vec<u8>,
}

impl ReassemblyPool {
    pub(crate) fn new(limit: usize) -> Self {
        let memory = Memory { used: 0, limit, counted: None, goes_on: None, refused: false };
        Self { memory, scratch: Vec::new() }
    }
}

/// What a session needs from its surroundings to take chunks.
pub(crate) struct Delivery<'a, S: ?Sized> {
    pub(crate) peer: SocketAddr,
    ordered: bool,
    message_limit: usize,
    pub(crate) memory: &'a mut Memory,
    scratch: &'a mut Vec<u8>,
    pub(crate) sink: &'a mut S,
    /// Whether a message was delivered.
    pub(crate) delivered: bool,
}

impl<'a, S: EventSink + ?Sized> Delivery<'a, S> {
    pub(crate) fn new(
        peer: SocketAddr,
        config: &Config,
        reassembly_pool: &'a mut ReassemblyPool,
        sink: &'a mut S,
    ) -> Self {
        Self {
            peer,
            ordered: config.ordered,
            message_limit: config.message_limit,
            memory: &mut reassembly_pool.memory,
            scratch: &mut reassembly_pool.scratch,
            sink,
            delivered: false,
        }
    }

    fn deliver(&mut self, message: &[u8]) {
        self.delivered = true;
        self.sink.delivered(self.peer, message);
    }
}

/// The receiving half of a session.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    /// All chunks below this sequence number were taken.
    next: u64,
    /// Which chunks were taken from there on: one bit for each, at its sequence number modulo
    /// the window. Allocated when something first arrives out of order.
    taken: Option<Box<[u64; WORDS]>>,
    /// How many bits are set.
    ahead: usize,
    /// Chunks from there on that could not be delivered yet.
    held: BTreeMap<u64, Held>,
    /// Whether there were whole messages among them since there was last none.
    whole_waits: bool,
    /// The beginning of the message to which chunk `next` belongs.
    begun: Option<Vec<u8>>,
    /// What all this takes of the shared memory.
    cost: usize,
}

#[derive(Debug)]
struct Held {
    part: Part,
    payload: Box<[u8]>,
    /// For the first and the last of consecutive held chunks of a message: the sequence number of
    /// the other one.
    other_end: u64,
}

impl Reassembly {
    /// A receiver that waits for that sequence number.
    #[cfg(test)]
    pub(crate) fn starting_at(sequence: u64) -> Self {
        Self { next: sequence, ..Self::default() }
    }

    /// Whether the peer owes something: the rest of a message, or one before those that wait.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.begun.is_some() || self.ahead > 0
    }

    /// Whether messages may have come whole, and were acknowledged, that wait for those before them.
    pub(crate) fn holds_messages(&self) -> bool {
        self.whole_waits
    }

    /// What all that has come and could not be delivered yet takes of the memory.
    pub(crate) fn cost(&self) -> usize {
        self.cost
    }

    /// Takes a chunk. False if there is no room for it now, so that it has to come again.
    pub(crate) fn take<S: EventSink + ?Sized>(
        &mut self,
        chunk: &Chunk<'_>,
        to: &mut Delivery<'_, S>,
    ) -> Result<bool, LossReason> {
        let Some(sequence) = expand(chunk.sequence, self.next) else {
            return Ok(false);
        };
        if sequence < self.next || self.is_taken(sequence) {
            return Ok(true);
        }
        if sequence == self.next {
            if chunk.part != Part::Whole && !to.memory.has_room(to.peer, true) {
                return Ok(false);
            }
            self.take_next(chunk.part, chunk.payload, to)?;
            self.next += 1;
            if self.ahead > 0 {
                self.take_held(to)?;
            }
            return Ok(true);
        }
        if sequence >= self.next + WINDOW {
            return Ok(false);
        }
        if chunk.part == Part::Whole && !to.ordered {
            deliver(chunk.payload, to)?;
        } else if !self.hold(sequence, chunk, to)? {
            return Ok(false);
        }
        self.set_taken(sequence);
        Ok(true)
    }

    /// Takes the chunk that is next in sequence.
    fn take_next<S: EventSink + ?Sized>(
        &mut self,
        part: Part,
        payload: &[u8],
        to: &mut Delivery<'_, S>,
    ) -> Result<(), LossReason> {
        if part.continues() != self.begun.is_some() {
            return Err(LossReason::ProtocolError);
        }
        if part == Part::Whole {
            return deliver(payload, to);
        }
        let begun = self.begun.get_or_insert_default();
        if begun.len() + payload.len() > to.message_limit {
            return Err(LossReason::MessageTooBig);
        }
        // What is in sequence may go beyond the limit, or peers that fill it together with
        // unfinished messages could wait for each other for ever.
        if !to.memory.take(payload.len(), 2) {
            return Err(LossReason::MemoryLimit);
        }
        self.cost += payload.len();
        begun.extend_from_slice(payload);
        if part == Part::Last {
            let message = self.begun.take().unwrap_or_default();
            self.give_back(message.len(), to.memory);
            to.memory.has_ended(to.peer);
            to.deliver(&message);
        }
        Ok(())
    }

    /// Goes on to the first chunk that is missing.
    fn take_held<S: EventSink + ?Sized>(&mut self, to: &mut Delivery<'_, S>) -> Result<(), LossReason> {
        while self.ahead > 0 && self.is_taken(self.next) {
            if let Some(held) = self.held.remove(&self.next) {
                self.give_back(held.payload.len() + HELD_COST, to.memory);
                self.take_next(held.part, &held.payload, to)?;
            } else if self.begun.is_some() {
                return Err(LossReason::ProtocolError);
            }
            self.clear_taken(self.next);
            self.next += 1;
        }
        self.whole_waits &= !self.held.is_empty();
        Ok(())
    }

    /// Keeps a chunk, and delivers its message if it is complete and need not wait.
    fn hold<S: EventSink + ?Sized>(
        &mut self,
        sequence: u64,
        chunk: &Chunk<'_>,
        to: &mut Delivery<'_, S>,
    ) -> Result<bool, LossReason> {
        let cost = chunk.payload.len() + HELD_COST;
        if !to.memory.has_room(to.peer, false) || !to.memory.take(cost, 1) {
            return Ok(false);
        }
        self.cost += cost;
        let (mut first, mut last) = (sequence, sequence);
        if chunk.part.continues()
            && let Some(before) = self.held.get(&(sequence - 1))
            && before.part.is_continued()
        {
            first = before.other_end;
        }
        if chunk.part.is_continued()
            && let Some(after) = self.held.get(&(sequence + 1))
            && after.part.continues()
        {
            last = after.other_end;
        }
        let held = Held { part: chunk.part, payload: chunk.payload.into(), other_end: sequence };
        self.held.insert(sequence, held);
        let mut complete = true;
        if let Some(held) = self.held.get_mut(&first) {
            held.other_end = last;
            complete &= !held.part.continues();
        }
        if let Some(held) = self.held.get_mut(&last) {
            held.other_end = first;
            complete &= !held.part.is_continued();
        }
        if complete && to.ordered {
            self.whole_waits = true;
        } else if complete {
            self.deliver_held(first, last, to)?;
        }
        Ok(true)
    }

    /// Delivers a message of which all chunks are held.
    fn deliver_held<S: EventSink + ?Sized>(
        &mut self,
        first: u64,
        last: u64,
        to: &mut Delivery<'_, S>,
    ) -> Result<(), LossReason> {
        let mut message = std::mem::take(to.scratch);
        message.clear();
        for sequence in first..=last {
            if let Some(held) = self.held.remove(&sequence) {
                self.give_back(held.payload.len() + HELD_COST, to.memory);
                message.extend_from_slice(&held.payload);
            }
        }
        let result = deliver(&message, to);
        if message.capacity() <= BUFFER_KEPT {
            *to.scratch = message;
        }
        result
    }

    fn give_back(&mut self, cost: usize, memory: &mut Memory) {
        self.cost -= cost;
        memory.give_back(cost);
    }

    /// Delivers what is complete and still waits for something before it, which will not come:
    /// all of it was acknowledged.
    pub(crate) fn flush<S: EventSink + ?Sized>(&mut self, to: &mut Delivery<'_, S>) {
        let complete = |(&first, held): (&u64, &Held)| {
            let last = self.held.get(&held.other_end)?;
            let whole = !held.part.continues() && !last.part.is_continued();
            whole.then_some((first, held.other_end))
        };
        let complete: Vec<(u64, u64)> = self.held.iter().filter_map(complete).collect();
        for (first, last) in complete {
            // One that is too big counts as lost, and the session has ended anyway.
            let _ = self.deliver_held(first, last, to);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self, peer: SocketAddr, memory: &mut Memory) {
        memory.give_back(self.cost);
        memory.has_ended(peer);
        *self = Self::default();
    }

    /// Gives back memory that nothing waits in.
    pub(crate) fn trim(&mut self) {
        if self.ahead == 0 {
            self.taken = None;
        }
    }

    fn is_taken(&self, sequence: u64) -> bool {
        self.ahead > 0
            && sequence < self.next + WINDOW
            && self.taken.as_ref().is_some_and(|taken| {
                let (word, bit) = position(sequence);
                taken[word] & bit != 0
            })
    }

    fn set_taken(&mut self, sequence: u64) {
        let (word, bit) = position(sequence);
        let taken = self.taken.get_or_insert_with(|| Box::new([0; WORDS]));
        taken[word] |= bit;
        self.ahead += 1;
    }

    fn clear_taken(&mut self, sequence: u64) {
        let (word, bit) = position(sequence);
        if let Some(taken) = &mut self.taken {
            taken[word] &= !bit;
        }
        self.ahead -= 1;
    }
}

fn position(sequence: u64) -> (usize, u64) {
    let index = (sequence % WINDOW) as usize;
    (index / 64, 1 << (index % 64))
}

fn deliver<S: EventSink + ?Sized>(message: &[u8], to: &mut Delivery<'_, S>) -> Result<(), LossReason> {
    if message.len() > to.message_limit {
        return Err(LossReason::MessageTooBig);
    }
    to.deliver(message);
    Ok(())
}
