//! Deadlines of thousands of endpoints without looking at all of them: a heap in which an endpoint
//! stands at most once in the usual case. Activity only moves the endpoint's own deadline; when
//! its heap entry comes up too early it is put back.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Milliseconds since the reactor began.
pub(crate) type Millis = u64;

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
