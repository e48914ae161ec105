//! What the broker is asked for: subjects by the numbers of their subscriptions.

use std::collections::BTreeMap;

/// What messages of a subscription are about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Purpose {
    Topic,
    /// Answers to questions of ours.
    Replies,
    /// Questions to this server.
    Server,
    /// Questions to all who have rooms of that kind.
    Rooms(String),
    /// Questions to all who would open rooms of that kind.
    Offers(String),
    /// Whatever is for that player.
    Player(String),
}

#[derive(Debug, Default)]
pub(crate) struct Interest {
    last: u64,
    wanted: BTreeMap<u64, (String, Purpose)>,
}

impl Interest {
    pub(crate) fn add(&mut self, subject: String, purpose: Purpose) -> u64 {
        self.last += 1;
        self.wanted.insert(self.last, (subject, purpose));
        self.last
    }

    pub(crate) fn remove(&mut self, subscription: u64) {
        self.wanted.remove(&subscription);
    }

    /// None if it was given up; messages may still come for a moment.
    pub(crate) fn purpose(&self, subscription: u64) -> Option<&Purpose> {
        self.wanted.get(&subscription).map(|(_, purpose)| purpose)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (u64, &str)> {
        self.wanted.iter().map(|(&subscription, (subject, _))| (subscription, subject.as_str()))
    }
}
