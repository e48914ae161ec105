//! Messages from the time they are taken until all of them is acknowledged.

use std::collections::VecDeque;

use super::byte_ring::ByteRing;
use super::sent::Sent;
use super::units::{Micros, WINDOW};
use super::wire::{CHUNK_LEN, CHUNK_LEN_MAX, Part, Writer};

/// Unacknowledged chunks for one peer at which further messages are refused: empty messages
/// cost memory too.
const CHUNKS_MAX: usize = 1 << 18;

/// Messages up to this size overtake one of several chunks that has not left whole; and they fill no more of a
/// datagram with that, however many there are.
const OVERTAKING: usize = 512;

/// So many bytes more than the larger one has sent since may overtake it: of a path that both would fill each gets
/// a half.
const AHEAD_OF_LARGE: i64 = 4096;

/// Chunks that are looked at for one that is worth repeating.
const REPEAT_SEARCH: usize = 32;

/// Which messages are worth repeating before it is known whether they arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeat {
    /// Bytes that may be spent on it in one datagram.
    pub(crate) budget: usize,
    /// Those last sent before this.
    pub(crate) before: Micros,
    /// Those repeated less often than this.
    pub(crate) times: u8,
}

/// The unacknowledged chunks of one session, in sequence, and where each of them stands.
#[derive(Debug, Default)]
pub(crate) struct SendBuffer {
    chunks: VecDeque<Chunk>,
    payload: ByteRing,
    /// Sequence number of the first chunk in the queue, the lowest unacknowledged one.
    first: u64,
    /// Sequence number of the first chunk that was never sent.
    unsent: u64,
    /// That after the last chunk that was ever sent: others before it may not have been.
    sent_end: u64,
    /// Bytes that all unsent chunks together need in a datagram.
    unsent_size: usize,
    /// Chunks of large messages that are not acknowledged, and those of them that were never sent.
    parts: usize,
    unsent_parts: usize,
    /// Small messages that were taken while some of those waited, and some that have left since.
    overtaking: VecDeque<u64>,
    /// What may overtake them now.
    allowance: i64,
    /// Unacknowledged payload bytes.
    waiting: usize,
    /// Chunks that were lost, and some that were acknowledged since.
    lost: VecDeque<u64>,
    /// Chunks that were sent again because they seemed lost, and not counted yet.
    resent: u64,
}

#[derive(Clone, Copy, Debug)]
struct Chunk {
    at: u32,
    /// Low bits of the number of the last datagram that carried it.
    sent_in: u32,
    size: u16,
    part: Part,
    state: State,
    repeats: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unsent,
    InFlight,
    Lost,
    Acknowledged,
}

impl Chunk {
    /// Whether it was sent, and not acknowledged.
    fn is_under_way(&self) -> bool {
        matches!(self.state, State::InFlight | State::Lost)
    }
}

impl SendBuffer {
    /// A queue whose first chunk has that sequence number.
    #[cfg(test)]
    pub(crate) fn starting_at(sequence: u64) -> Self {
        Self { first: sequence, unsent: sequence, sent_end: sequence, ..Self::default() }
    }

    /// Whether everything is acknowledged.
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Whether a further message would exceed `limit` bytes or the queue's own limits.
    pub(crate) fn is_full(&self, limit: usize) -> bool {
        !self.is_empty() && (self.waiting >= limit || self.chunks.len() >= CHUNKS_MAX)
    }

    /// Whether no more than half of that waits.
    pub(crate) fn is_half_free(&self, limit: usize) -> bool {
        self.is_empty() || (self.waiting <= limit / 2 && self.chunks.len() <= CHUNKS_MAX / 2)
    }

    /// Unacknowledged payload bytes.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Takes a message and cuts it into chunks of at most `size` bytes.
    pub(crate) fn push(&mut self, message: &[u8], size: usize) {
        let at = self.payload.push(message);
        self.waiting += message.len();
        if message.len() <= size {
            self.push_chunk(at, message.len(), Part::Whole);
            return;
        }
        let mut done = 0;
        while done < message.len() {
            let len = size.min(message.len() - done);
            let part = if done == 0 {
                Part::First
            } else if done + len < message.len() {
                Part::Middle
            } else {
                Part::Last
            };
            self.push_chunk(at.wrapping_add(done as u32), len, part);
            done += len;
        }
    }

    fn push_chunk(&mut self, at: u32, size: usize, part: Part) {
        self.unsent_size += size + CHUNK_LEN;
        if part != Part::Whole {
            self.parts += 1;
            self.unsent_parts += 1;
        } else if self.unsent_parts > 0 && size <= OVERTAKING {
            self.overtaking.push_back(self.first + self.chunks.len() as u64);
        }
        self.chunks.push_back(Chunk {
            at,
            sent_in: 0,
            size: size as u16,
            part,
            state: State::Unsent,
            repeats: 0,
        });
    }

    /// Whether something was sent that is not acknowledged.
    pub(crate) fn has_in_flight(&self) -> bool {
        if self.unsent == self.sent_end {
            return self.first < self.unsent;
        }
        // Something has overtaken what is unsent, and may have arrived before it.
        self.chunks.iter().take((self.sent_end - self.first) as usize).any(|chunk| chunk.is_under_way())
    }

    /// Whether a small message is to overtake a larger one, as there is room for so many bytes now: where it need not
    /// wait for others to be acknowledged the order stays as it is.
    pub(crate) fn overtakes(&mut self, room: u64) -> bool {
        self.allowance > 0 && self.unsent_size as u64 > room && self.next_overtaking().is_some()
    }

    /// Whether a larger message is on its way, which may fill the window.
    pub(crate) fn has_parts(&self) -> bool {
        self.parts > 0
    }

    fn next_overtaking(&mut self) -> Option<u64> {
        while let Some(&sequence) = self.overtaking.front() {
            if self.get(sequence).is_some_and(|chunk| chunk.state == State::Unsent) {
                return (sequence < self.first + WINDOW).then_some(sequence);
            }
            self.overtaking.pop_front();
        }
        None
    }

    /// Whether a chunk is to be sent that was lost or never sent.
    pub(crate) fn has_pending(&mut self) -> bool {
        self.next_lost().is_some() || self.next_unsent().is_some()
    }

    fn next_lost(&mut self) -> Option<u64> {
        while let Some(&sequence) = self.lost.front() {
            if self.get(sequence).is_some_and(|c| c.state == State::Lost) {
                return Some(sequence);
            }
            self.lost.pop_front();
        }
        None
    }

    fn next_unsent(&self) -> Option<u64> {
        let end = self.first + (self.chunks.len() as u64).min(WINDOW);
        (self.unsent < end).then_some(self.unsent)
    }

    fn get(&self, sequence: u64) -> Option<&Chunk> {
        self.chunks.get(sequence.checked_sub(self.first)? as usize)
    }

    /// Writes as much as fits: what was lost, then small messages again that are still under way,
    /// then what is new.
    pub(crate) fn write_pending(&mut self, writer: &mut Writer<'_>, sent: &mut Sent, repeat: Repeat) {
        while let Some(sequence) = self.next_lost() {
            if !self.write(sequence, writer, sent) {
                return;
            }
            self.lost.pop_front();
            self.resent += 1;
        }
        // In this order the repeated and the new ones are mostly consecutive, which saves bytes.
        let spare = writer.room().saturating_sub(self.unsent_size + CHUNK_LEN_MAX);
        let repeat = Repeat { budget: repeat.budget.min(spare), ..repeat };
        self.write_repeats(writer, sent, repeat);
        while let Some(sequence) = self.next_unsent() {
            if !self.write(sequence, writer, sent) {
                return;
            }
        }
    }

    /// Writes small messages that overtake a larger one, and before them some again that are still under way.
    pub(crate) fn write_overtaking(&mut self, writer: &mut Writer<'_>, sent: &mut Sent, repeat: Repeat) {
        let before = writer.len();
        self.write_repeats(writer, sent, Repeat { budget: repeat.budget.min(OVERTAKING), ..repeat });
        while let Some(sequence) = self.next_overtaking()
            && writer.len() < before + 2 * OVERTAKING
        {
            if !self.write(sequence, writer, sent) {
                break;
            }
            self.overtaking.pop_front();
        }
        self.allowance -= (writer.len() - before) as i64;
    }

    /// Writes small messages again that are under way, the latest of those worth it.
    pub(crate) fn write_repeats(&mut self, writer: &mut Writer<'_>, sent: &mut Sent, repeat: Repeat) {
        if repeat.budget < CHUNK_LEN_MAX || !self.has_in_flight() {
            return;
        }
        let mut chosen = [0; REPEAT_SEARCH];
        let mut count = 0;
        let mut left = repeat.budget;
        let oldest = self.first.max(self.sent_end.saturating_sub(REPEAT_SEARCH as u64));
        for sequence in (oldest..self.sent_end).rev() {
            let Some(chunk) = self.get(sequence) else {
                break;
            };
            let cost = usize::from(chunk.size) + CHUNK_LEN_MAX;
            let worth = chunk.state == State::InFlight
                && chunk.part == Part::Whole
                && chunk.repeats < repeat.times
                && sent.sent_at(chunk.sent_in).is_some_and(|at| at < repeat.before);
            if !worth {
                continue;
            }
            if cost > left {
                break;
            }
            left -= cost;
            chosen[count] = sequence;
            count += 1;
        }
        for &sequence in chosen[..count].iter().rev() {
            if !self.write(sequence, writer, sent) {
                return;
            }
        }
    }

    /// Writes the oldest chunks that are not acknowledged, wherever they are.
    pub(crate) fn write_oldest(&mut self, writer: &mut Writer<'_>, sent: &mut Sent) {
        for sequence in self.first..self.sent_end {
            if !self.get(sequence).is_some_and(|chunk| chunk.is_under_way()) {
                continue;
            }
            if !self.write(sequence, writer, sent) {
                return;
            }
            self.resent += 1;
        }
    }

    /// Writes one chunk if it fits.
    fn write(&mut self, sequence: u64, writer: &mut Writer<'_>, sent: &mut Sent) -> bool {
        let chunk = &mut self.chunks[(sequence - self.first) as usize];
        let size = usize::from(chunk.size);
        if !writer.fits(sequence, size) {
            return false;
        }
        self.payload.read(chunk.at, writer.chunk(sequence, chunk.part, size));
        match chunk.state {
            State::Unsent => {
                self.unsent_size -= size + CHUNK_LEN;
                if chunk.part != Part::Whole {
                    self.unsent_parts -= 1;
                    self.allowance = (self.allowance + size as i64).min(AHEAD_OF_LARGE);
                }
                self.sent_end = self.sent_end.max(sequence + 1);
            }
            State::Lost => chunk.repeats = 0,
            State::InFlight | State::Acknowledged => chunk.repeats = chunk.repeats.saturating_add(1),
        }
        chunk.state = State::InFlight;
        chunk.sent_in = sent.note(sequence);
        // What has overtaken the chunk after it has left before.
        while self.get(self.unsent).is_some_and(|chunk| chunk.state != State::Unsent) {
            self.unsent += 1;
        }
        true
    }

    /// Chunks that were sent again since the last call because they seemed lost.
    pub(crate) fn take_resent(&mut self) -> u64 {
        std::mem::take(&mut self.resent)
    }

    /// A datagram that carried these chunks arrived.
    pub(crate) fn acknowledge(&mut self, first: u64, count: u64) {
        for sequence in first.max(self.first)..first + count {
            let Some(chunk) = self.chunks.get_mut((sequence - self.first) as usize) else {
                return;
            };
            if chunk.state != State::Acknowledged {
                chunk.state = State::Acknowledged;
                self.parts -= usize::from(chunk.part != Part::Whole);
                self.waiting -= usize::from(chunk.size);
            }
        }
        let mut released = 0;
        while let Some(chunk) = self.chunks.front() {
            if chunk.state != State::Acknowledged {
                break;
            }
            released += usize::from(chunk.size);
            self.chunks.pop_front();
            self.first += 1;
        }
        self.payload.release(released);
    }

    /// The datagram `number`, which carried these chunks, was lost: those of them that were not
    /// sent again in a later one are to be sent again.
    pub(crate) fn lose(&mut self, number: u64, first: u64, count: u64) {
        for sequence in first.max(self.first)..first + count {
            let Some(chunk) = self.chunks.get_mut((sequence - self.first) as usize) else {
                return;
            };
            if chunk.state == State::InFlight && chunk.sent_in == number as u32 {
                chunk.state = State::Lost;
                self.lost.push_back(sequence);
            }
        }
    }

    /// Whether no part of what waits was acknowledged, so that all of it may be sent to a new
    /// session from its beginning.
    pub(crate) fn is_untouched(&self) -> bool {
        let begins = self.chunks.front().is_none_or(|c| !c.part.continues());
        begins && self.chunks.iter().all(|c| c.state != State::Acknowledged)
    }

    /// Starts again in a new session: everything counts as never sent.
    pub(crate) fn rewind(&mut self) {
        let Self { chunks, payload, waiting, resent, .. } = std::mem::take(self);
        *self = Self { payload, waiting, resent, ..Self::default() };
        for chunk in chunks {
            self.push_chunk(chunk.at, chunk.size.into(), chunk.part);
        }
    }

    /// Messages of which some part is not acknowledged, and those parts' bytes.
    pub(crate) fn unacknowledged(&self) -> (usize, usize) {
        let mut messages = 0;
        let mut counted = false;
        for chunk in &self.chunks {
            if !chunk.part.continues() {
                counted = false;
            }
            if chunk.state != State::Acknowledged && !counted {
                messages += 1;
                counted = true;
            }
        }
        (messages, self.waiting)
    }

    /// Gives back the memory of an empty queue.
    pub(crate) fn trim(&mut self) {
        if self.is_empty() {
            self.chunks = VecDeque::new();
            self.lost = VecDeque::new();
            self.payload.trim();
        }
    }
}
