//! Datagrams that carried chunks: what was in them, and whether they arrived.

use std::collections::VecDeque;

use super::number::expand;
use super::rtt::Rtt;
use super::units::Micros;
use super::wire::{Ack, BITMAP_MAX, DELAY_UNIT};

/// A datagram is lost when one was acknowledged that was sent this many later.
const REORDER: u64 = 2;

/// Losses that turned out to be none double the tolerance, at most so often.
const TOLERANCE_MAX: u32 = 6;

/// After this long without such a mistake the tolerance is as before.
const TOLERANCE_LASTS: Micros = 10_000_000;

/// A datagram that is further behind than a bitmap reaches can no longer be acknowledged.
const REACH: u64 = 8 * BITMAP_MAX as u64 + 1;

/// Record of the datagrams of one session, by number. Numbers begin with 1, and none has 32 zero
/// bits at its end, which on the wire mean "none".
#[derive(Debug)]
pub(crate) struct Sent {
    datagrams: VecDeque<Record>,
    /// Number of the first record.
    first: u64,
    runs: VecDeque<Run>,
    /// Index of the first run, counted from the beginning of the session.
    first_run: u64,
    /// Runs noted for the datagram that is being written.
    noted: u32,
    largest_acknowledged: u64,
    in_flight: u64,
    loss_at: Option<Micros>,
    tolerance: u32,
    mistaken_at: Micros,
    /// Datagrams that were lost, and not counted yet.
    lost: u64,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    sent_at: Micros,
    /// The highest number of the peer's of which this datagram told the peer.
    told: u64,
    first_run: u64,
    runs: u32,
    size: u32,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    InFlight,
    Lost,
    Arrived,
}

/// Consecutive chunks in a datagram.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: u64,
    count: u64,
}

/// What an acknowledgement brought.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Bytes of datagrams that are newly known to have arrived.
    pub(crate) bytes: u64,
    /// When the latest of these was sent.
    pub(crate) sent_at: Micros,
    /// The round trip, if the newest datagram is one of them, and the delay within it.
    pub(crate) rtt: Option<(Micros, Micros)>,
    /// The highest number of the peer's of which it has been told.
    pub(crate) told: u64,
    /// Whether one of them had been given up for lost.
    pub(crate) mistaken: bool,
}

/// An acknowledgement of a datagram that was never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NeverSent;

impl Default for Sent {
    fn default() -> Self {
        Self {
            datagrams: VecDeque::new(),
            first: 1,
            runs: VecDeque::new(),
            first_run: 0,
            noted: 0,
            largest_acknowledged: 0,
            in_flight: 0,
            loss_at: None,
            tolerance: 0,
            mistaken_at: 0,
            lost: 0,
        }
    }
}

impl Sent {
    /// A record whose next number is `number`.
    #[cfg(test)]
    pub(crate) fn starting_at(number: u64) -> Self {
        Self { first: number, ..Self::default() }
    }

    /// The number of the datagram that is being written.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.datagrams.len() as u64
    }

    /// Bytes of datagrams that have neither arrived nor been lost.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Datagrams that were found lost since the last call.
    pub(crate) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// When some datagram is to be considered lost unless it is acknowledged before.
    pub(crate) fn loss_at(&self) -> Option<Micros> {
        self.loss_at
    }

    /// Puts a chunk into the datagram that is being written and returns the low bits of its
    /// number.
    pub(crate) fn note(&mut self, sequence: u64) -> u32 {
        match self.runs.back_mut() {
            Some(run) if self.noted > 0 && run.first + run.count == sequence => run.count += 1,
            _ => {
                self.runs.push_back(Run { first: sequence, count: 1 });
                self.noted += 1;
            }
        }
        self.next() as u32
    }

    /// Finishes the datagram that is being written. Without chunks it is not recorded, and false
    /// is returned.
    pub(crate) fn finish(&mut self, size: usize, told: u64, now: Micros) -> bool {
        if self.noted == 0 {
            return false;
        }
        let runs = std::mem::take(&mut self.noted);
        self.datagrams.push_back(Record {
            sent_at: now,
            told,
            first_run: self.first_run + self.runs.len() as u64 - u64::from(runs),
            runs,
            size: size as u32,
            fate: Fate::InFlight,
        });
        self.in_flight += size as u64;
        if self.next() as u32 == 0 {
            self.skip();
        }
        true
    }

    /// Leaves a number out.
    fn skip(&mut self) {
        self.datagrams.push_back(Record {
            sent_at: 0,
            told: 0,
            first_run: self.first_run + self.runs.len() as u64,
            runs: 0,
            size: 0,
            fate: Fate::Arrived,
        });
    }

    /// When the datagram with these low bits was sent, if it is still on record.
    pub(crate) fn sent_at(&self, number: u32) -> Option<Micros> {
        let number = expand(number, self.next())?;
        let index = number.checked_sub(self.first)?;
        self.datagrams.get(index as usize).map(|d| d.sent_at)
    }

    /// Takes an acknowledgement. `arrived` is told each run of chunks that has arrived.
    pub(crate) fn acknowledge(
        &mut self,
        ack: &Ack<'_>,
        now: Micros,
        mut arrived: impl FnMut(u64, u64),
    ) -> Result<Progress, NeverSent> {
        let mut progress = Progress::default();
        if ack.largest == 0 {
            return Ok(progress);
        }
        let largest =
            expand(ack.largest, self.next()).filter(|&number| number < self.next()).ok_or(NeverSent)?;
        let newest = self.arrived(largest, &mut arrived, &mut progress);
        for (at, &byte) in ack.bitmap.iter().enumerate() {
            let mut bits = byte;
            while bits != 0 {
                let behind = 8 * at as u64 + u64::from(bits.trailing_zeros()) + 1;
                bits &= bits - 1;
                if let Some(number) = largest.checked_sub(behind) {
                    self.arrived(number, &mut arrived, &mut progress);
                }
            }
        }
        // The longest delay that can be told may have been longer.
        if newest && ack.delay < u16::MAX {
            let delay = u64::from(ack.delay) * DELAY_UNIT;
            let sent_at = self.datagrams[(largest - self.first) as usize].sent_at;
            progress.rtt = Some((now.saturating_sub(sent_at), delay));
        }
        self.largest_acknowledged = self.largest_acknowledged.max(largest);
        if progress.mistaken {
            self.tolerance = (self.tolerance + 1).min(TOLERANCE_MAX);
            self.mistaken_at = now;
        }
        self.retire();
        Ok(progress)
    }

    /// Marks one datagram; whether it was in flight until now.
    fn arrived(&mut self, number: u64, arrived: &mut impl FnMut(u64, u64), progress: &mut Progress) -> bool {
        let Some(index) = number.checked_sub(self.first) else {
            return false;
        };
        let Some(record) = self.datagrams.get_mut(index as usize) else {
            return false;
        };
        let fate = std::mem::replace(&mut record.fate, Fate::Arrived);
        if fate == Fate::Arrived {
            return false;
        }
        let record = *record;
        if fate == Fate::InFlight {
            self.in_flight -= u64::from(record.size);
        } else {
            progress.mistaken = true;
        }
        progress.bytes += u64::from(record.size);
        progress.sent_at = progress.sent_at.max(record.sent_at);
        progress.told = progress.told.max(record.told);
        for run in self.runs_of(record) {
            arrived(run.first, run.count);
        }
        fate == Fate::InFlight
    }

    fn runs_of(&self, record: Record) -> impl Iterator<Item = Run> {
        let start = (record.first_run - self.first_run) as usize;
        self.runs.range(start..start + record.runs as usize).copied()
    }

    /// Finds the datagrams that must be lost because later ones arrived, and passes that on to
    /// the chunks. Returns when the latest of them was sent, if there is any.
    pub(crate) fn detect_losses(
        &mut self,
        now: Micros,
        rtt: &Rtt,
        mut lost: impl FnMut(u64, u64, u64),
    ) -> Option<Micros> {
        self.loss_at = None;
        if now.saturating_sub(self.mistaken_at) > TOLERANCE_LASTS {
            self.tolerance = 0;
        }
        let round_trip = rtt.latest().max(rtt.smoothed().unwrap_or(0));
        let slack = (round_trip / 8).max(1_000) << self.tolerance;
        let patience = round_trip + slack.min(round_trip.max(1_000));
        let mut latest = None;
        for index in 0..self.datagrams.len() {
            let number = self.first + index as u64;
            if number >= self.largest_acknowledged {
                break;
            }
            let record = self.datagrams[index];
            if record.fate != Fate::InFlight {
                continue;
            }
            let late_at = record.sent_at + patience;
            let overtaken = number + (REORDER << self.tolerance) <= self.largest_acknowledged;
            if overtaken || late_at <= now {
                self.datagrams[index].fate = Fate::Lost;
                self.lost += 1;
                self.in_flight -= u64::from(record.size);
                latest = latest.max(Some(record.sent_at));
                for run in self.runs_of(record) {
                    lost(number, run.first, run.count);
                }
            } else {
                self.loss_at = Some(self.loss_at.map_or(late_at, |at| at.min(late_at)));
            }
        }
        self.retire();
        latest
    }

    /// Nothing under way is waited for any more.
    pub(crate) fn give_up_in_flight(&mut self) {
        for record in self.datagrams.iter_mut().filter(|record| record.fate == Fate::InFlight) {
            record.fate = Fate::Lost;
            self.lost += 1;
        }
        self.in_flight = 0;
        self.loss_at = None;
        self.retire();
    }

    /// Forgets the oldest datagrams of which nothing more is to be learnt.
    fn retire(&mut self) {
        while let Some(record) = self.datagrams.front() {
            let settled = match record.fate {
                Fate::Arrived => true,
                Fate::Lost => self.first + REACH < self.largest_acknowledged,
                Fate::InFlight => false,
            };
            if !settled {
                break;
            }
            let runs = record.runs;
            self.runs.drain(..runs as usize);
            self.first_run += u64::from(runs);
            self.datagrams.pop_front();
            self.first += 1;
        }
    }

    /// Forgets all datagrams, of which none has anything that is still to arrive.
    pub(crate) fn forget(&mut self) {
        *self =
            Self { first: self.next(), largest_acknowledged: self.largest_acknowledged, ..Self::default() };
    }
}
