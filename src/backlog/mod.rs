//! All that peers have sent and the program has not collected: events that wait, whose cost the callers know, and
//! messages of which a part has come. One limit holds for both, of all connections together.
//!
//! Near the limit those go on that hold little, and of the others who is nearest to the end of a message:
//! what that still needs is set aside for it, so that many that have begun cannot keep each other from ending.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::quota::is_full;

/// Whoever holds less goes on also near the limit, and so much is read of it at a time.
const LITTLE: u64 = 16 << 10;

/// The sum, shared by all that read.
#[derive(Debug)]
pub struct Backlog {
    /// How much there may be.
    limit: AtomicU64,
    /// Memory of all unfinished messages, what is set aside for them included.
    unfinished: AtomicU64,
    /// How many hold some of that.
    holders: AtomicU32,
    /// What may be held beyond the limit: one message for which there was no room.
    exempt: AtomicU64,
    /// Bytes that have come of messages near the limit.
    progress: AtomicU64,
    /// Somebody waits, and nothing moves.
    is_stuck: AtomicBool,
    /// How many messages have begun to be held.
    begun: AtomicU64,
}

impl Backlog {
    #[must_use]
    pub const fn new() -> Self {
        Self {
            limit: AtomicU64::new(u64::MAX),
            unfinished: AtomicU64::new(0),
            holders: AtomicU32::new(0),
            exempt: AtomicU64::new(0),
            progress: AtomicU64::new(0),
            is_stuck: AtomicBool::new(false),
            begun: AtomicU64::new(0),
        }
    }

    /// The program sets how much there may be.
    pub fn set_limit(&self, limit: u64) {
        self.limit.store(limit, Relaxed);
    }

    fn limit(&self) -> u64 {
        self.limit.load(Relaxed)
    }

    // ---- what may be read --------------------------------------------------------------------

    /// Whether the program has to collect events, which cost so much, before anything is read.
    #[inline]
    pub fn awaits_collection(&self, events: u64) -> bool {
        is_full(events, self.limit())
    }

    /// Whether it is full with events of that cost.
    #[inline]
    pub fn is_full_with(&self, events: u64) -> bool {
        let used = events + self.unfinished.load(Relaxed);
        is_full(used, self.limit().saturating_add(self.exempt.load(Relaxed)))
    }

    /// Whether unfinished messages take so much of the limit that no more of them may grow.
    #[inline]
    pub fn is_crowded(&self) -> bool {
        let limit = self.limit();
        is_full(self.unfinished.load(Relaxed), limit - limit / 4)
    }

    /// How many bytes may be read of the connection that has that share. `missing` is what its message
    /// still lacks.
    #[inline]
    pub fn permits(&self, share: &Share, missing: impl FnOnce() -> u64, events: u64) -> u64 {
        if self.awaits_collection(events) {
            0
        } else if let Some(reservation) = share.reservation() {
            missing().clamp(1, reservation.granted)
        } else if self.is_full_with(events) {
            0
        } else if !self.is_crowded() {
            u64::MAX
        } else if share.held() < LITTLE {
            LITTLE
        } else {
            0
        }
    }

    /// Sets aside what a message needs to its end; false if there is no room for that. One message at a
    /// time is let in without.
    pub fn reserve(&'static self, share: &mut Share, missing: u64) -> bool {
        let limit = self.limit();
        let whole = share.held() + missing.max(1);
        let fits = self.unfinished.load(Relaxed) + (whole - share.held()) <= limit - limit / 8;
        if !fits && self.exempt.compare_exchange(0, whole, Relaxed, Relaxed).is_err() {
            return false;
        }
        share.reserve(self, missing.max(1), whole, !fits);
        true
    }

    fn next_number(&self) -> u64 {
        self.begun.fetch_add(1, Relaxed)
    }

    // ---- when nothing moves ------------------------------------------------------------------

    /// More of a message has come.
    #[inline]
    pub fn came(&self, share: &mut Share, size: usize) {
        share.use_up(size as u64);
        if share.held() >= LITTLE && self.is_crowded() {
            self.progress.fetch_add(size as u64, Relaxed);
        }
    }

    /// Bytes that have come near the limit, ever.
    pub fn progress(&self) -> u64 {
        self.progress.load(Relaxed)
    }

    /// Somebody has waited in vain: those that hold most are to give way.
    pub fn set_stuck(&self, is_stuck: bool) {
        self.is_stuck.store(is_stuck, Relaxed);
    }

    pub fn is_stuck(&self) -> bool {
        self.is_stuck.load(Relaxed)
    }

    /// What those hold on average who hold something.
    pub fn mean(&self) -> u64 {
        self.unfinished.load(Relaxed) / u64::from(self.holders.load(Relaxed).max(1))
    }
}

/// What one connection, or one socket, holds of unfinished messages. It is given back when this goes.
#[derive(Debug, Default)]
pub struct Share {
    /// Most have none, most of the time: a word does for those.
    holding: Option<Box<Holding>>,
}

#[derive(Debug)]
struct Holding {
    of: &'static Backlog,
    /// The message's number of all that have begun.
    number: u64,
    /// What the message takes.
    memory: u64,
    /// What is set aside for it.
    reservation: Option<Reservation>,
    /// What of all that is counted.
    counted: u64,
}

#[derive(Debug)]
struct Reservation {
    /// What the message may come to.
    whole: u64,
    /// How many bytes may still be read for that: the message may turn out to be larger than was known.
    granted: u64,
    /// It stands above the limit.
    is_exempt: bool,
}

impl Share {
    #[inline]
    #[must_use]
    pub fn held(&self) -> u64 {
        self.holding.as_ref().map_or(0, |holding| holding.counted)
    }

    /// The message's number of all that have begun, of any connection.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.holding.as_ref().map_or(0, |holding| holding.number)
    }

    #[inline]
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.reservation().is_some()
    }

    /// The message takes so much memory now.
    #[inline]
    pub fn set(&mut self, of: &'static Backlog, memory: u64) {
        if memory != self.memory() {
            if self.reservation().is_some_and(|reservation| memory > reservation.whole) {
                self.end_reservation();
            }
            self.hold(of, memory);
        }
    }

    #[inline]
    fn memory(&self) -> u64 {
        self.holding.as_ref().map_or(0, |holding| holding.memory)
    }

    /// The message has ended, and another may have begun, which takes so much.
    #[inline]
    pub fn begin_anew(&mut self, of: &'static Backlog, memory: u64) {
        if memory > 0 || self.holding.is_some() {
            self.end_reservation();
            if let Some(holding) = &mut self.holding {
                holding.number = of.next_number();
            }
            self.hold(of, memory);
        }
    }

    /// There is no message any more.
    pub fn give_back(&mut self) {
        if let Some(holding) = &self.holding {
            self.begin_anew(holding.of, 0);
        }
    }

    #[inline]
    fn reservation(&self) -> Option<&Reservation> {
        self.holding.as_ref()?.reservation.as_ref()
    }

    /// So much was read. With what was granted nothing is set aside any more.
    #[inline]
    fn use_up(&mut self, size: u64) {
        let Some(holding) = &mut self.holding else { return };
        let Some(reservation) = &mut holding.reservation else { return };
        reservation.granted = reservation.granted.saturating_sub(size);
        if reservation.granted == 0 {
            let (of, memory) = (holding.of, holding.memory);
            self.end_reservation();
            self.hold(of, memory);
        }
    }

    /// Sets so much aside for the message, beyond the limit if it is the one that may.
    fn reserve(&mut self, of: &'static Backlog, granted: u64, whole: u64, is_exempt: bool) {
        let holding = self.holding.get_or_insert_with(|| Holding::none(of));
        let was_exempt = holding.reservation.as_ref().is_some_and(|before| before.is_exempt);
        holding.reservation = Some(Reservation { whole, granted, is_exempt: is_exempt || was_exempt });
        let memory = holding.memory;
        self.hold(of, memory);
    }

    fn end_reservation(&mut self) {
        if let Some(holding) = &mut self.holding
            && holding.reservation.take().is_some_and(|reservation| reservation.is_exempt)
        {
            holding.of.exempt.store(0, Relaxed);
        }
    }

    fn hold(&mut self, of: &'static Backlog, memory: u64) {
        let holding = self.holding.get_or_insert_with(|| Holding::none(of));
        holding.memory = memory;
        let counted =
            holding.reservation.as_ref().map_or(memory, |reservation| memory.max(reservation.whole));
        let before = std::mem::replace(&mut holding.counted, counted);
        if counted >= before {
            of.unfinished.fetch_add(counted - before, Relaxed);
        } else {
            of.unfinished.fetch_sub(before - counted, Relaxed);
        }
        match (before, counted) {
            (0, 1..) => drop(of.holders.fetch_add(1, Relaxed)),
            (1.., 0) => drop(of.holders.fetch_sub(1, Relaxed)),
            _ => {}
        }
        if counted == 0 {
            self.holding = None;
        }
    }
}

impl Holding {
    fn none(of: &'static Backlog) -> Box<Self> {
        Box::new(Self { of, number: of.next_number(), memory: 0, reservation: None, counted: 0 })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests;
