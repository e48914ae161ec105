//! Which of a peer's datagrams have arrived, and when to tell it.

use super::number::expand;
use super::units::Micros;
use super::wire::{Ack, BITMAP_MAX, DELAY_UNIT};

/// Acknowledgements wait this long for data to ride with.
const DELAY: Micros = 1_000;

/// So many datagrams are not left waiting.
const PATIENCE: u32 = 8;

const WORDS: usize = BITMAP_MAX / 8;

/// The last datagrams that arrived. Numbers begin with 1.
#[derive(Debug, Default)]
pub(crate) struct Received {
    largest: u64,
    largest_at: Micros,
    /// Bit i: whether `largest - 1 - i` has arrived.
    before: [u64; WORDS],
    /// The peer is known to know all that can be said about numbers up to this one.
    told: u64,
    waiting: u32,
    due: Option<Micros>,
}

impl Received {
    /// A received in which that number was the last.
    #[cfg(test)]
    pub(crate) fn ending_at(number: u64) -> Self {
        Self { largest: number, told: number, ..Self::default() }
    }

    /// The number that a datagram carries in short form.
    pub(crate) fn expand(&self, number: u32) -> Option<u64> {
        expand(number, self.largest)
    }

    /// Whether that datagram is known to have arrived.
    pub(crate) fn contains(&self, number: u64) -> bool {
        match self.largest.checked_sub(number) {
            Some(0) => true,
            Some(behind) => self.bit(behind - 1),
            None => false,
        }
    }

    /// Takes note of a datagram that arrived.
    pub(crate) fn record(&mut self, number: u64, now: Micros) {
        let in_sequence = number == self.largest + 1;
        if number > self.largest {
            let step = number - self.largest;
            self.shift(step);
            if self.largest > 0 {
                self.set(step - 1);
            }
            self.largest = number;
            self.largest_at = now;
        } else if number < self.largest {
            self.set(self.largest - number - 1);
            self.told = self.told.min(number.saturating_sub(1));
        }
        self.waiting += 1;
        // A gap is reported at once: the sender repairs it the sooner.
        if !in_sequence || self.waiting >= PATIENCE {
            self.due = Some(now);
        } else {
            self.acknowledge_soon(now);
        }
    }

    /// Wants an acknowledgement sent within the usual delay.
    pub(crate) fn acknowledge_soon(&mut self, now: Micros) {
        self.due.get_or_insert(now + DELAY);
    }

    /// Wants one sent now, though there may be nothing new to tell.
    pub(crate) fn acknowledge_now(&mut self, now: Micros) {
        self.due = Some(now);
    }

    /// When an acknowledgement has to leave, data or not.
    pub(crate) fn due(&self) -> Option<Micros> {
        self.due
    }

    /// The acknowledgement to send now, and the highest number of which it tells.
    pub(crate) fn acknowledge<'a>(
        &mut self,
        now: Micros,
        bitmap: &'a mut [u8; BITMAP_MAX],
    ) -> (Ack<'a>, u64) {
        self.waiting = 0;
        self.due = None;
        for (bytes, word) in bitmap.chunks_exact_mut(8).zip(self.before) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        let untold = self.largest.saturating_sub(self.told + 1).div_ceil(8);
        let mut len = BITMAP_MAX.min(untold as usize);
        while len > 0 && bitmap[len - 1] == 0 {
            len -= 1;
        }
        let delay = now.saturating_sub(self.largest_at) / DELAY_UNIT;
        let ack = Ack {
            largest: self.largest as u32,
            delay: delay.min(u64::from(u16::MAX)) as u16,
            bitmap: &bitmap[..len],
        };
        (ack, self.largest)
    }

    /// The peer has an acknowledgement that told of numbers up to this one.
    pub(crate) fn told(&mut self, number: u64) {
        self.told = self.told.max(number);
    }

    fn bit(&self, index: u64) -> bool {
        let word = self.before.get((index / 64) as usize);
        word.is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    fn set(&mut self, index: u64) {
        if let Some(word) = self.before.get_mut((index / 64) as usize) {
            *word |= 1 << (index % 64);
        }
    }

    /// Makes room for `step` newer numbers.
    fn shift(&mut self, step: u64) {
        let (words, bits) = ((step / 64) as usize, step % 64);
        for at in (0..WORDS).rev() {
            let whole = |back: usize| at.checked_sub(back).map_or(0, |from| self.before[from]);
            self.before[at] = if words >= WORDS {
                0
            } else if bits == 0 {
                whole(words)
            } else {
                whole(words) << bits | whole(words + 1) >> (64 - bits)
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledged(received: &mut Received) -> Vec<u64> {
        let mut bitmap = [0; BITMAP_MAX];
        let (ack, largest) = received.acknowledge(0, &mut bitmap);
        let mut numbers = vec![largest];
        for (byte, bits) in ack.bitmap.iter().enumerate() {
            for bit in 0..8 {
                if bits >> bit & 1 == 1 {
                    numbers.push(largest - 1 - (8 * byte + bit) as u64);
                }
            }
        }
        numbers
    }

    #[test]
    fn knows_what_arrived_in_any_order() {
        let mut received = Received::default();
        for number in [3, 1, 5, 200, 190, 2] {
            assert!(!received.contains(number));
            received.record(number, 0);
            assert!(received.contains(number));
        }
        assert!(!received.contains(4));
        assert_eq!(acknowledged(&mut received), [200, 190, 5, 3, 2, 1]);
        received.record(1000, 0);
        assert_eq!(acknowledged(&mut received), [1000]);
        assert!(!received.contains(200));
    }

    #[test]
    fn every_shift_keeps_every_bit() {
        for step in 1..=300 {
            let mut received = Received::default();
            for number in [1, 2, 60, 64, 65, 128, 129, 250] {
                received.record(number, 0);
            }
            received.record(250 + step, 0);
            let expected: Vec<u64> = [250 + step, 250, 129, 128, 65, 64, 60, 2, 1]
                .into_iter()
                .filter(|number| number + 256 >= 250 + step)
                .collect();
            assert_eq!(acknowledged(&mut received), expected, "step {step}");
        }
    }

    #[test]
    fn says_nothing_twice_unless_something_old_arrives() {
        let mut received = Received::default();
        for number in [1, 2, 3, 5, 6] {
            received.record(number, 0);
        }
        received.told(6);
        received.record(7, 0);
        assert_eq!(acknowledged(&mut received), [7]);
        received.record(4, 0);
        assert_eq!(acknowledged(&mut received), [7, 6, 5, 4, 3, 2, 1][..]);
    }

    #[test]
    fn waits_a_little_but_not_with_many_or_with_a_gap() {
        let mut received = Received::default();
        received.record(1, 100);
        assert_eq!(received.due(), Some(100 + DELAY));
        received.record(3, 200);
        assert_eq!(received.due(), Some(200));
        acknowledged(&mut received);
        assert_eq!(received.due(), None);
        for number in 4..4 + u64::from(PATIENCE) {
            received.record(number, 300);
        }
        assert_eq!(received.due(), Some(300));
    }
}
