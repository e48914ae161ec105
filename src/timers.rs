//! Deadlines of many, one each, by the number of their place in a slab: a heap in which every entry knows
//! where it stands, so that it can be moved.

/// A time in any unit that only goes forward.
type Time = u64;

const NOWHERE: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(crate) struct Timers {
    /// A binary heap, by their deadlines, of the slots that have one.
    heap: Vec<u32>,
    /// By slot, how long it has; of no meaning where it has none.
    deadlines: Vec<Time>,
    /// Place in the heap, by slot.
    places: Vec<u32>,
}

impl Timers {
    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Time> {
        self.heap.first().map(|&slot| self.deadline(slot))
    }

    /// The deadline of a slot.
    #[inline]
    pub(crate) fn of(&self, slot: usize) -> Option<Time> {
        if self.places.get(slot).is_none_or(|&place| place == NOWHERE) {
            return None;
        }
        self.deadlines.get(slot).copied()
    }

    /// Sets or clears the deadline of a slot.
    pub(crate) fn set(&mut self, slot: usize, deadline: Option<Time>) {
        if slot >= self.places.len() {
            self.places.resize(slot + 1, NOWHERE);
            self.deadlines.resize(slot + 1, 0);
        }
        let place = self.places[slot];
        match (deadline, place) {
            (None, NOWHERE) => {}
            (None, place) => self.remove(place as usize),
            (Some(at), NOWHERE) => {
                self.deadlines[slot] = at;
                self.heap.push(slot as u32);
                self.rise(self.heap.len() - 1);
            }
            (Some(at), place) => {
                let place = place as usize;
                let before = std::mem::replace(&mut self.deadlines[slot], at);
                if at < before {
                    self.rise(place);
                } else if at > before {
                    self.sink(place);
                }
            }
        }
    }

    /// Takes out a slot whose deadline has come.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<usize> {
        let &slot = self.heap.first()?;
        if self.deadline(slot) > now {
            return None;
        }
        self.remove(0);
        Some(slot as usize)
    }

    fn deadline(&self, slot: u32) -> Time {
        self.deadlines[slot as usize]
    }

    fn remove(&mut self, place: usize) {
        let slot = self.heap.swap_remove(place);
        self.places[slot as usize] = NOWHERE;
        if place < self.heap.len() {
            // The entry that took the place may belong above or below it.
            self.rise(place);
            self.sink(place);
        }
    }

    fn rise(&mut self, mut place: usize) {
        let slot = self.heap[place];
        let at = self.deadline(slot);
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.deadline(self.heap[parent]) <= at {
                break;
            }
            self.put(place, self.heap[parent]);
            place = parent;
        }
        self.put(place, slot);
    }

    fn sink(&mut self, mut place: usize) {
        let slot = self.heap[place];
        let at = self.deadline(slot);
        loop {
            let mut child = 2 * place + 1;
            if child >= self.heap.len() {
                break;
            }
            let other = child + 1;
            if other < self.heap.len() && self.deadline(self.heap[other]) < self.deadline(self.heap[child]) {
                child = other;
            }
            if self.deadline(self.heap[child]) >= at {
                break;
            }
            self.put(place, self.heap[child]);
            place = child;
        }
        self.put(place, slot);
    }

    fn put(&mut self, place: usize, slot: u32) {
        self.heap[place] = slot;
        self.places[slot as usize] = place as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn come_up_in_order_and_not_before_their_time() {
        let mut timers = Timers::default();
        for at in [30, 10, 20] {
            timers.set(at as usize, Some(at));
        }
        assert_eq!(timers.next(), Some(10));
        assert_eq!(timers.pop_due(9), None);
        assert_eq!([timers.pop_due(25), timers.pop_due(25), timers.pop_due(25)], [Some(10), Some(20), None]);
    }

    #[test]
    fn agrees_with_a_sorted_map() {
        let mut timers = Timers::default();
        let mut model = BTreeMap::new();
        let mut random = 1u64;
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
            let slot = (random >> 33) as usize % 50;
            let at = (random >> 40) % 1000;
            match random >> 60 {
                0..=3 => {
                    timers.set(slot, None);
                    model.remove(&slot);
                }
                4..=5 => {
                    let now = timers.next().unwrap_or(0) + 20;
                    while let Some(slot) = timers.pop_due(now) {
                        assert!(model.remove(&slot).unwrap() <= now);
                    }
                    assert!(model.values().all(|&at| at > now));
                }
                _ => {
                    timers.set(slot, Some(at));
                    model.insert(slot, at);
                }
            }
            assert_eq!(timers.next(), model.values().min().copied());
            assert_eq!(timers.of(slot), model.get(&slot).copied());
        }
    }
}
