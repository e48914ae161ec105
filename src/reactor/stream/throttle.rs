//! A connection that is read no faster than the host wants.

use crate::clock::Millis;
use crate::rate::Rate;

pub(crate) struct Throttle {
    per_second: u32,
    rate: Rate,
    /// Nothing is read before; 0 if it may be.
    until: Millis,
}

impl Throttle {
    /// What `before` becomes when the host sets the rate; 0 means none.
    pub(crate) fn with(before: Option<Self>, per_second: u32, now: Millis) -> Option<Self> {
        match before {
            _ if per_second == 0 => None,
            Some(before) if before.per_second == per_second => Some(before),
            _ => Some(Self { per_second, rate: Rate::new(per_second, now), until: 0 }),
        }
    }

    /// How much may be read now. If it is nothing, there is a time until which that is so.
    pub(crate) fn allowance(&mut self, now: Millis) -> usize {
        if self.until > now {
            return 0;
        }
        let allowance = self.rate.allowance(self.per_second, now);
        self.until = if allowance == 0 { self.rate.next(self.per_second) } else { 0 };
        allowance
    }

    pub(crate) fn read(&mut self, size: usize) {
        self.rate.use_up(size);
    }

    /// When reading goes on, if it waits.
    pub(crate) fn until(&self) -> Option<Millis> {
        (self.until != 0).then_some(self.until)
    }
}
