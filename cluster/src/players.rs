//! The players of this process, and the rule that says which of two places is a player's later one.

use std::collections::BTreeMap;
use std::ops::Bound;

#[derive(Clone, Debug)]
pub(crate) struct Player {
    pub(crate) socket: f64,
    /// When he entered, as a stamp of `Stamps`.
    pub(crate) since: u64,
    /// Until then he counts as one who has just entered.
    pub(crate) fresh_until: u64,
    /// The broker's subscription for him.
    pub(crate) subscription: u64,
}

/// What somebody else's claim to a player leads to.
#[derive(Debug, PartialEq)]
pub(crate) enum Claim {
    /// He is there now.
    Yield,
    /// He is here since later: they should know.
    Hold,
    /// He has just entered here: he is here since then.
    Insist(u64),
}

impl Player {
    /// Another server says that he has entered there.
    pub(crate) fn entered_elsewhere(&self, own: &str, server: &str, since: u64) -> Claim {
        if (since, server) > (self.since, own) { Claim::Yield } else { Claim::Hold }
    }

    /// Another server says that he is there since later. If that is its answer to our word that he has `just_entered` here,
    /// and he is there for a while, its clock is ahead of ours. If he has come to both in the same moments (`fresh`), the
    /// clocks decide.
    pub(crate) fn held_elsewhere(
        &self,
        own: &str,
        server: &str,
        since: u64,
        fresh: bool,
        just_entered: bool,
    ) -> Claim {
        match self.entered_elsewhere(own, server, since) {
            Claim::Yield if just_entered && !fresh => Claim::Insist(since.saturating_add(1)),
            claim => claim,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Players(BTreeMap<String, Player>);

impl Players {
    pub(crate) fn get(&self, name: &str) -> Option<&Player> {
        self.0.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Player> {
        self.0.get_mut(name)
    }

    pub(crate) fn insert(&mut self, name: &str, player: Player) {
        self.0.insert(name.to_owned(), player);
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Player> {
        self.0.remove(name)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Up to `count` players whose names come after that one.
    pub(crate) fn after(&self, name: Option<&str>, count: usize) -> Vec<(String, u64)> {
        let from = name.map_or(Bound::Unbounded, Bound::Excluded);
        let range = self.0.range::<str, _>((from, Bound::Unbounded));
        range.take(count).map(|(name, player)| (name.clone(), player.since)).collect()
    }
}

/// Moments that only grow, in the order of the machine's clock: ms since 1970, and a count below.
#[derive(Debug, Default)]
pub(crate) struct Stamps(u64);

impl Stamps {
    pub(crate) fn next(&mut self, wall_ms: u64) -> u64 {
        self.0 = (wall_ms << 10).max(self.0 + 1);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn player(since: u64) -> Player {
        Player { socket: 1.0, since, fresh_until: 100, subscription: 1 }
    }

    #[test]
    fn one_of_two_places_wins_whoever_hears_first() {
        for (one, other) in [(5, 7), (7, 5), (5, 5)] {
            let (a, b) = (player(one), player(other));
            let claims = (a.entered_elsewhere("a", "b", other), b.entered_elsewhere("b", "a", one));
            assert!(
                matches!(claims, (Claim::Yield, Claim::Hold) | (Claim::Hold, Claim::Yield)),
                "{claims:?}"
            );
        }
    }

    #[test]
    fn who_has_just_entered_insists_against_a_clock_that_is_ahead() {
        let entering = player(5);
        assert_eq!(entering.held_elsewhere("a", "b", 900, false, true), Claim::Insist(901));
        assert_eq!(entering.held_elsewhere("a", "b", 900, false, false), Claim::Yield);
        assert_eq!(entering.held_elsewhere("a", "b", 4, false, true), Claim::Hold);
        assert_eq!(entering.held_elsewhere("a", "b", 900, true, true), Claim::Yield);
        assert_eq!(player(900).entered_elsewhere("b", "a", 901), Claim::Yield);
    }

    #[test]
    fn stamps_only_grow() {
        let mut stamps = Stamps::default();
        let first = stamps.next(1000);
        assert!(stamps.next(1000) > first && stamps.next(5) > first && stamps.next(1001) > first);
    }

    #[test]
    fn players_are_walked_through_by_name() {
        let mut players = Players::default();
        for name in ["c", "a", "b"] {
            players.insert(name, player(1));
        }
        let names = |after, count| -> Vec<String> {
            players.after(after, count).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(None, 2), ["a", "b"]);
        assert_eq!(names(Some("b"), 2), ["c"]);
        assert!(names(Some("c"), 2).is_empty());
    }
}
