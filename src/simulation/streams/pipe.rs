//! One direction of a connection, as TCP has it: bytes that come in the order in which they were written, in any pieces,
//! after any time, as long as there is room where they wait.

use std::collections::VecDeque;

use crate::conditioner::Random;
use crate::reliable::Micros;

#[derive(Debug, Default)]
pub(super) struct Pipe {
    under_way: VecDeque<(Micros, Vec<u8>)>,
    held: usize,
    capacity: usize,
    /// When the end of the stream comes, once it was written.
    end: Option<Micros>,
    last_due: Micros,
    /// How long bytes take at most.
    slowest: Micros,
    /// The connection was reset: nothing comes any more, not even what was under way.
    reset: bool,
    /// Nobody reads any more; from then on whoever writes knows.
    abandoned: Option<Micros>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    Bytes(usize),
    Nothing,
    End,
    Reset,
}

impl Pipe {
    pub(super) fn new(random: &mut Random) -> Self {
        Self {
            capacity: [1, 30, 1_000, 100_000][random.below(4) as usize],
            slowest: [0, 1_000, 100_000][random.below(3) as usize],
            ..Self::default()
        }
    }

    fn due(&mut self, now: Micros, random: &mut Random) -> Micros {
        self.last_due = self.last_due.max(now + random.below(self.slowest + 1));
        self.last_due
    }

    /// Takes as many bytes as there is room for; none if the connection is no more.
    pub(super) fn write(&mut self, bytes: &[u8], now: Micros, random: &mut Random) -> Option<usize> {
        if self.reset || self.end.is_some() || self.abandoned.is_some_and(|known| known < now) {
            return None;
        }
        if self.abandoned.is_some() {
            return Some(bytes.len());
        }
        let taken = bytes.len().min(self.capacity.saturating_sub(self.held));
        let mut left = &bytes[..taken];
        while !left.is_empty() {
            let most = [1, 8, 4_096][random.below(3) as usize].min(left.len());
            let (piece, rest) = left.split_at(1 + random.below(most as u64) as usize);
            let due = self.due(now, random);
            self.under_way.push_back((due, piece.to_vec()));
            left = rest;
        }
        self.held += taken;
        Some(taken)
    }

    pub(super) fn finish(&mut self, now: Micros, random: &mut Random) {
        if self.end.is_none() {
            self.end = Some(self.due(now, random));
        }
    }

    pub(super) fn reset(&mut self) {
        self.reset = true;
        self.under_way.clear();
    }

    /// Nobody reads any more: what comes from now on is answered with a reset, which comes behind what `answers` has
    /// under way.
    pub(super) fn abandon(&mut self, answers: &Self) {
        self.abandoned = Some(answers.last_due);
        self.under_way.clear();
    }

    /// Whoever reads gets what has come by now, as far as there is room for it.
    pub(super) fn read(&mut self, room: &mut [u8], now: Micros) -> Read {
        if self.reset {
            return Read::Reset;
        }
        let mut size = 0;
        while let Some((due, piece)) = self.under_way.front_mut() {
            let part = piece.len().min(room.len() - size);
            if *due > now || part == 0 {
                break;
            }
            room[size..size + part].copy_from_slice(&piece[..part]);
            size += part;
            if part < piece.len() {
                piece.drain(..part);
                break;
            }
            self.under_way.pop_front();
        }
        self.held -= size;
        match size {
            0 if self.under_way.is_empty() && self.end.is_some_and(|end| end <= now) => Read::End,
            0 => Read::Nothing,
            size => Read::Bytes(size),
        }
    }
}
