//! The sessions that an endpoint has, and those it had a while ago, by the token with which their peers address it:
//! one whose address has changed is known by it.

use std::collections::{HashSet, VecDeque};

use super::tokens::TableHash;
use super::units::Micros;

/// Refused tokens that are remembered: more than can be in use by accident.
const MOST_REFUSED: usize = 1024;

pub(crate) struct Sessions {
    tokens: HashSet<u64, TableHash>,
    /// Those that others have followed, the oldest first, and how long to remember them.
    followed: VecDeque<(Micros, u64)>,
    /// Those that were to begin from another address than they were granted to.
    refused: VecDeque<(Micros, u64)>,
}

impl Sessions {
    pub(crate) fn new(hash: TableHash) -> Self {
        Self { tokens: HashSet::with_hasher(hash), followed: VecDeque::new(), refused: VecDeque::new() }
    }

    pub(crate) fn knows(&self, token: u64) -> bool {
        self.tokens.contains(&token)
    }

    /// A peer has another session than before; 0 is none.
    pub(crate) fn replace(&mut self, before: u64, now: u64, until: Micros) {
        if before != 0 {
            self.followed.push_back((until, before));
        }
        self.tokens.insert(now);
    }

    /// A session must not begin any more: its peer was told that it is not known.
    pub(crate) fn refuse(&mut self, token: u64, now: Micros, until: Micros) {
        while self.refused.front().is_some_and(|&(until, _)| until <= now)
            || self.refused.len() >= MOST_REFUSED
        {
            if let Some((_, old)) = self.refused.pop_front() {
                self.tokens.remove(&old);
            }
        }
        if self.tokens.insert(token) {
            self.refused.push_back((until, token));
        }
    }

    /// Nothing is left of a peer and its last session.
    pub(crate) fn forget(&mut self, token: u64) {
        self.tokens.remove(&token);
    }

    /// Forgets what is old, and what is too much. Until when that should have been remembered, if it was too much.
    pub(crate) fn trim(&mut self, now: Micros, most: usize) -> Option<Micros> {
        let mut early = None;
        while let Some(&(until, token)) = self.followed.front()
            && (until <= now || self.followed.len() > most)
        {
            self.followed.pop_front();
            self.tokens.remove(&token);
            if until > now {
                early = Some(until);
            }
        }
        early
    }
}
