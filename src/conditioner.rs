//! A bad network, on purpose: datagrams are delayed, lost, doubled and put out of order.
//!
//! A [`Conditioner`] takes datagrams and the time and gives the datagrams that are due. It sees
//! neither a socket nor a clock, and the same seed and input give the same output.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A point in time or a span of it in microseconds.
pub type Micros = u64;

/// Datagrams that may be under way. Like a router with full buffers, a conditioner drops what
/// comes beyond.
const UNDER_WAY_MAX: usize = 1 << 16;

/// Bytes that may be under way.
const BYTES_MAX: usize = 64 << 20;

/// A datagram chosen for reordering is held back by up to this much more, besides the jitter:
/// enough to fall behind those of the next tick of a game.
const HELD_BACK: Micros = 20_000;

/// Buffers that are kept to be used again.
const SPARE_MAX: usize = 256;

/// What happens to datagrams. Probabilities are from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Conditions {
    /// How long every datagram takes.
    pub latency: Micros,
    /// How much longer it may take, at random. The order is kept, as by a queue on the way.
    pub jitter: Micros,
    /// How many are lost.
    pub loss: f64,
    /// How many arrive twice.
    pub duplicate: f64,
    /// How many are held back, so that later ones overtake them.
    pub reorder: f64,
}

/// Datagrams on their way through a bad network, each with a tag of type `T` such as its address.
#[derive(Debug)]
pub struct Conditioner<T> {
    conditions: Conditions,
    random: Random,
    under_way: BinaryHeap<UnderWay<T>>,
    bytes: usize,
    pushed: u64,
    /// When the last one of those that keep their order is due.
    last_due: Micros,
    spare: Vec<Vec<u8>>,
    counts: Counts,
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Datagrams that were lost as [`Conditions::loss`] says.
    pub lost: u64,
    /// Datagrams that were doubled.
    pub duplicated: u64,
    /// Datagrams that were held back.
    pub reordered: u64,
    /// Datagrams that were dropped because too many were under way.
    pub overflowed: u64,
}

#[derive(Debug)]
struct UnderWay<T> {
    due: Micros,
    number: u64,
    tag: T,
    bytes: Vec<u8>,
}

impl<T: Clone> Conditioner<T> {
    /// A conditioner with nothing under way.
    #[must_use]
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            random: Random::new(seed),
            under_way: BinaryHeap::new(),
            bytes: 0,
            pushed: 0,
            last_due: 0,
            spare: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// What happens to datagrams from now on. Those under way stay as they are.
    pub fn set(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// What happens to datagrams.
    #[must_use]
    pub fn conditions(&self) -> Conditions {
        self.conditions
    }

    /// Sends a datagram on its way.
    pub fn push(&mut self, tag: T, datagram: &[u8], now: Micros) {
        // All dice are thrown for each datagram: with the same seed, one condition changed
        // changes nothing about the others.
        let lost = self.random.chance(self.conditions.loss);
        let doubled = self.random.chance(self.conditions.duplicate);
        let held_back = self.random.chance(self.conditions.reorder);
        let jitter = self.random.below(self.conditions.jitter + 1);
        let more = self.random.below(self.conditions.jitter + HELD_BACK) + 1;
        if lost {
            self.counts.lost += 1;
            return;
        }
        let mut due = now + self.conditions.latency + jitter;
        if held_back {
            self.counts.reordered += 1;
            due += more;
        } else {
            due = due.max(self.last_due);
            self.last_due = due;
        }
        if doubled {
            self.counts.duplicated += 1;
            self.add(due + more, tag.clone(), datagram);
        }
        self.add(due, tag, datagram);
    }

    fn add(&mut self, due: Micros, tag: T, datagram: &[u8]) {
        let bytes = self.bytes + datagram.len();
        if self.under_way.len() >= UNDER_WAY_MAX || bytes > BYTES_MAX {
            self.counts.overflowed += 1;
            return;
        }
        self.bytes = bytes;
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(datagram);
        self.under_way.push(UnderWay { due, number: self.pushed, tag, bytes: buffer });
        self.pushed += 1;
    }

    /// Shows the next datagram that is due to `arrive`; false if there is none.
    pub fn pop(&mut self, now: Micros, arrive: impl FnOnce(T, &[u8])) -> bool {
        if self.next_timeout().is_none_or(|due| due > now) {
            return false;
        }
        let Some(datagram) = self.under_way.pop() else {
            return false;
        };
        self.bytes -= datagram.bytes.len();
        arrive(datagram.tag, &datagram.bytes);
        if self.spare.len() < SPARE_MAX {
            self.spare.push(datagram.bytes);
        }
        true
    }

    /// When the next datagram is due.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Micros> {
        self.under_way.peek().map(|datagram| datagram.due)
    }

    /// How many are under way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.under_way.len()
    }

    /// Whether none is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// What happened so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }
}

impl<T> Ord for UnderWay<T> {
    /// The greatest in the heap is the one that is due first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.number).cmp(&(self.due, self.number))
    }
}

impl<T> PartialOrd for UnderWay<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for UnderWay<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for UnderWay<T> {}

/// Reproducible randomness (SplitMix64), of no use where somebody must not guess it.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// True with that probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        let unit = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        unit < probability
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Sends `count` datagrams, one each millisecond, and returns what arrived and when.
    fn run(conditions: Conditions, seed: u64, count: u32) -> (Vec<(Micros, u32)>, Counts) {
        let mut conditioner = Conditioner::new(conditions, seed);
        for number in 0..count {
            conditioner.push(number, &number.to_le_bytes(), u64::from(number) * 1_000);
        }
        let mut arrived = Vec::new();
        while let Some(due) = conditioner.next_timeout() {
            assert!(!conditioner.is_empty());
            assert!(!conditioner.pop(due - 1, |_, _| ()));
            assert!(conditioner.pop(due, |number, bytes| {
                assert_eq!(bytes, number.to_le_bytes());
                arrived.push((due, number));
            }));
        }
        assert!(conditioner.is_empty());
        (arrived, conditioner.counts())
    }

    #[test]
    fn the_same_seed_gives_the_same_network() {
        let conditions =
            Conditions { latency: 5_000, jitter: 3_000, loss: 0.2, duplicate: 0.1, reorder: 0.1 };
        assert_eq!(run(conditions, 1, 1000), run(conditions, 1, 1000));
        assert_ne!(run(conditions, 1, 1000).0, run(conditions, 2, 1000).0);
    }

    #[test]
    fn a_good_network_only_takes_its_time() {
        let conditions = Conditions { latency: 7_000, ..Conditions::default() };
        let (arrived, counts) = run(conditions, 1, 100);
        let expected: Vec<_> = (0..100).map(|n| (u64::from(n) * 1_000 + 7_000, n)).collect();
        assert_eq!(arrived, expected);
        assert_eq!(counts, Counts::default());
    }

    #[test]
    fn jitter_keeps_the_order_and_its_bounds() {
        let conditions = Conditions { latency: 10_000, jitter: 5_000, ..Conditions::default() };
        let (arrived, _) = run(conditions, 3, 1000);
        assert_eq!(arrived.len(), 1000);
        for (at, (due, number)) in arrived.into_iter().enumerate() {
            assert_eq!(at, number as usize);
            let delay = due - u64::from(number) * 1_000;
            assert!((10_000..=15_000).contains(&delay), "{delay}");
        }
        // All there is between them occurs.
        let (arrived, _) = run(Conditions { latency: 1_000, jitter: 3, ..Conditions::default() }, 3, 100);
        let delays: BTreeSet<Micros> = arrived.iter().map(|(due, _)| due % 1_000).collect();
        assert_eq!(delays, (0..=3).collect());
    }

    #[test]
    fn rates_are_what_was_asked_for() {
        let conditions =
            Conditions { latency: 1_000, loss: 0.25, duplicate: 0.1, reorder: 0.2, ..Conditions::default() };
        let (arrived, counts) = run(conditions, 4, 40_000);
        assert!((9_500..10_500).contains(&counts.lost), "{counts:?}");
        assert!((2_800..3_200).contains(&counts.duplicated), "{counts:?}");
        assert!((5_700..6_300).contains(&counts.reordered), "{counts:?}");
        assert_eq!(arrived.len() as u64, 40_000 - counts.lost + counts.duplicated);
        let overtaken = arrived.windows(2).filter(|w| w[1].1 < w[0].1).count();
        assert!(overtaken > 3_000, "{overtaken}");
    }

    #[test]
    fn what_is_held_back_or_doubled_is_not_late_for_long() {
        let conditions = Conditions { latency: 1_000, jitter: 500, ..Conditions::default() };
        for conditions in
            [Conditions { reorder: 1.0, ..conditions }, Conditions { duplicate: 1.0, ..conditions }]
        {
            let (arrived, _) = run(conditions, 5, 1_000);
            let delays: Vec<Micros> = arrived.iter().map(|(due, n)| due - u64::from(*n) * 1_000).collect();
            assert!(delays.iter().all(|delay| (1_000..=22_000).contains(delay)), "{delays:?}");
            assert!(delays.iter().any(|&delay| delay > 20_000), "{delays:?}");
        }
    }

    #[test]
    fn changed_conditions_hold_for_what_is_sent_from_then_on() {
        let mut conditioner = Conditioner::new(Conditions { latency: 10, ..Conditions::default() }, 1);
        conditioner.push(1, b"", 0);
        let lossy = Conditions { loss: 1.0, ..Conditions::default() };
        conditioner.set(lossy);
        assert_eq!(conditioner.conditions(), lossy);
        conditioner.push(2, b"", 0);
        assert!(conditioner.pop(10, |number, _| assert_eq!(number, 1)));
        assert!(conditioner.is_empty());
    }

    /// The first numbers of SplitMix64 for the seed 1234567, as its author's code gives them.
    #[test]
    fn numbers_are_those_of_splitmix64() {
        let mut random = Random::new(1_234_567);
        assert_eq!(
            [(); 5].map(|()| random.next()),
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
    }

    #[test]
    fn what_is_under_way_is_bounded() {
        let mut conditioner = Conditioner::new(Conditions::default(), 1);
        for _ in 0..UNDER_WAY_MAX + 10 {
            conditioner.push((), &[0], 0);
        }
        assert_eq!(conditioner.len(), UNDER_WAY_MAX);
        assert_eq!(conditioner.counts().overflowed, 10);
        // So is what is left of a burst.
        while conditioner.pop(0, |(), _| ()) {}
        assert_eq!(conditioner.spare.len(), SPARE_MAX);
    }

    #[test]
    fn bytes_under_way_are_bounded_and_leave_room_when_they_arrive() {
        let mut conditioner = Conditioner::new(Conditions::default(), 1);
        let datagram = vec![0; 1 << 20];
        for (sent, overflowed) in [(BYTES_MAX >> 20, 0), (1, 1)] {
            (0..sent).for_each(|_| conditioner.push((), &datagram, 0));
            assert_eq!(conditioner.counts().overflowed, overflowed);
        }
        assert!(conditioner.pop(0, |(), _| ()));
        for overflowed in [1, 2] {
            conditioner.push((), &datagram, 0);
            assert_eq!(conditioner.counts().overflowed, overflowed);
        }
    }
}
