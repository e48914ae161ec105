//! Telling all servers now and then which players are here. While the network was split a player may have entered on both
//! sides, and neither has heard of the other; brokers do not always say that they have found each other again. Whoever has
//! just entered is told of twice: brokers of one cluster take a moment to tell each other who wants what.

use std::collections::VecDeque;

use super::{Node, Now, WayOut};
use crate::wire::Say;

/// How long all players may stay untold, in ms.
const EVERY: u64 = 60_000;
/// When a player who has entered is told of again, in ms.
const AGAIN: u64 = 1_000;
/// So many are told in one step, and the next ones so many ms later.
const AT_ONCE: usize = 1_000;
const PAUSE: u64 = 10;

#[derive(Debug, Default)]
pub(crate) struct Announcing {
    next: u64,
    /// The last one who was told, while not all are.
    told: Option<String>,
    /// Who has entered lately: when he is to be told of again, who, since when he is here.
    entered: VecDeque<(u64, String, u64)>,
}

impl Announcing {
    pub(crate) fn begin(&mut self, at: u64) {
        self.next = at;
        self.told = None;
    }

    pub(crate) fn entered(&mut self, now: u64, name: &str, since: u64) {
        self.entered.push_back((now + AGAIN, name.to_owned(), since));
    }

    pub(crate) fn due(&self) -> u64 {
        self.entered.front().map_or(self.next, |&(due, ..)| due.min(self.next))
    }

    /// One who is to be told of again.
    fn pop_entered(&mut self, now: u64) -> Option<(String, u64)> {
        self.entered.front().filter(|(due, ..)| *due <= now)?;
        self.entered.pop_front().map(|(_, name, since)| (name, since))
    }
}

impl Node {
    pub(super) fn announce(&mut self, now: Now) {
        if !self.is_up() || self.way_out == WayOut::Full {
            return;
        }
        for _ in 0..AT_ONCE {
            let Some((name, since)) = self.announcing.pop_entered(now.ms) else { break };
            if self.players.get(&name).is_some_and(|player| player.since == since) {
                self.say_entered(&name, since, false);
            }
        }
        if now.ms < self.announcing.next {
            return;
        }
        let players = self.players.after(self.announcing.told.as_deref(), AT_ONCE);
        for (name, since) in &players {
            self.say_entered(name, *since, false);
        }
        let rest = if players.len() < AT_ONCE { EVERY } else { PAUSE };
        self.announcing.next = now.ms + rest;
        self.announcing.told =
            players.into_iter().next_back().map(|(name, _)| name).filter(|_| rest == PAUSE);
    }

    pub(super) fn say_entered(&mut self, player: &str, since: u64, entering: bool) {
        let say = Say::Entered { server: self.id.clone(), since, entering };
        self.tell(&super::placing::subject_of(player), &say);
    }
}
