//! Deadlines of thousands of endpoints without looking at all of them: a heap in which an endpoint
//! stands at most once in the usual case. Activity only moves the endpoint's own deadline; when
//! its heap entry comes up too early it is put back.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::clock::Millis;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timer {
    pub(crate) at: Millis,
    pub(crate) token: u32,
    pub(crate) serial: u32,
}

#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<Timer>>,
}

impl Timers {
    pub(crate) fn add(&mut self, timer: Timer) {
        self.heap.push(Reverse(timer));
    }

    pub(crate) fn next(&self) -> Option<Millis> {
        self.heap.peek().map(|Reverse(timer)| timer.at)
    }

    /// Drops the timers that are not wanted any more, if they have come to be many: endpoints that
    /// come and go leave theirs behind.
    pub(crate) fn tidy(&mut self, endpoints: usize, is_wanted: impl Fn(Timer) -> bool) {
        if self.heap.len() > 1024 + 4 * endpoints {
            self.heap.retain(|&Reverse(timer)| is_wanted(timer));
            self.heap.shrink_to(2048 + 4 * endpoints);
        }
    }

    /// Takes a timer whose time has come.
    pub(crate) fn pop_due(&mut self, now: Millis) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(timer)| timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_endpoints_left_behind_goes_when_it_has_become_much() {
        let mut timers = Timers::default();
        for token in 0..2_000 {
            timers.add(Timer { at: 5, token, serial: 0 });
            timers.tidy(10, |timer| timer.token % 100 == 0);
        }
        assert!(timers.heap.len() <= 1024 + 4 * 10);
        while let Some(timer) = timers.pop_due(5) {
            assert!(timer.token % 100 == 0 || timer.token > 1_000);
        }
    }

    #[test]
    fn timers_come_up_in_order_and_not_before_their_time() {
        let mut timers = Timers::default();
        for at in [30, 10, 20] {
            timers.add(Timer { at, token: at as u32, serial: 0 });
        }
        assert_eq!(timers.next(), Some(10));
        assert!(timers.pop_due(9).is_none());
        assert_eq!(timers.pop_due(25).map(|timer| timer.at), Some(10));
        assert_eq!(timers.pop_due(25).map(|timer| timer.at), Some(20));
        assert!(timers.pop_due(25).is_none());
    }
}
