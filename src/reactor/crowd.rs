//! What a reactor remembers while unfinished messages take most of the room that there is for what the host
//! has not collected.

use crate::clock::Millis;

/// How often it is looked who may go on.
const LOOK_MILLIS: Millis = 10;
/// After this time in which somebody waited and hardly anything came, those that hold most give way.
const PATIENCE_MILLIS: Millis = 5_000;
/// Bytes that have to come in that time, or nothing moves.
const LEAST_PROGRESS: u64 = 64 << 10;

#[derive(Default)]
pub(crate) struct Crowd {
    /// When to look again; none if there is no reason to.
    look_at: Option<Millis>,
    /// Since when somebody waits, and how much had come then.
    waits: Option<(Millis, u64)>,
}

impl Crowd {
    pub(crate) fn look_at(&self) -> Option<Millis> {
        self.look_at
    }

    pub(crate) fn is_there(&self) -> bool {
        self.look_at.is_some()
    }

    pub(crate) fn is_due(&self, now: Millis) -> bool {
        self.look_at.is_some_and(|at| at <= now)
    }

    pub(crate) fn look_again(&mut self, is_there: bool, now: Millis) {
        self.look_at = is_there.then_some(now + LOOK_MILLIS);
    }

    pub(crate) fn nobody_waits(&mut self) {
        self.waits = None;
    }

    /// Somebody does; so much has come of all messages so far.
    pub(crate) fn somebody_waits(&mut self, now: Millis, progress: u64) {
        match self.waits {
            Some((_, before)) if progress - before < LEAST_PROGRESS => {}
            _ => self.waits = Some((now, progress)),
        }
    }

    pub(crate) fn has_waited_in_vain(&self, now: Millis) -> bool {
        self.waits.is_some_and(|(since, _)| now >= since + PATIENCE_MILLIS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_hold_most_give_way_only_when_nothing_moves() {
        let mut crowd = Crowd::default();
        crowd.somebody_waits(1_000, 7);
        crowd.somebody_waits(5_000, 7 + LEAST_PROGRESS - 1);
        assert!(!crowd.has_waited_in_vain(5_999));
        assert!(crowd.has_waited_in_vain(6_000));
        // Something moved meanwhile.
        crowd.somebody_waits(6_000, 7 + LEAST_PROGRESS);
        assert!(!crowd.has_waited_in_vain(10_999));
        crowd.nobody_waits();
        assert!(!crowd.has_waited_in_vain(20_000));
    }
}
