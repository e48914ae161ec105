//! Telling all servers now and then which players are here. While the network was split a player may have entered on both
//! sides, and neither has heard of the other; brokers do not always say that they have found each other again.

use super::{Node, Now, WayOut};
use crate::wire::Say;

/// How long all players may stay untold, in ms.
const EVERY: u64 = 60_000;
/// So many are told in one step, and the next ones so many ms later.
const AT_ONCE: usize = 1_000;
const PAUSE: u64 = 10;

#[derive(Debug, Default)]
pub(crate) struct Announcing {
    next: u64,
    /// The last one who was told, while not all are.
    told: Option<String>,
}

impl Announcing {
    pub(crate) fn begin(&mut self, at: u64) {
        *self = Self { next: at, told: None };
    }

    pub(crate) fn due(&self) -> u64 {
        self.next
    }
}

impl Node {
    pub(super) fn announce(&mut self, now: Now) {
        if !self.is_up() || self.way_out == WayOut::Full || now.ms < self.announcing.next {
            return;
        }
        let players = self.players.after(self.announcing.told.as_deref(), AT_ONCE);
        for (name, since) in &players {
            self.say_entered(name, *since);
            // Whoever objects now may be right, although he has come here a moment ago.
            if let Some(player) = self.players.get_mut(name) {
                player.fresh_until = 0;
            }
        }
        let rest = if players.len() < AT_ONCE { EVERY } else { PAUSE };
        self.announcing.next = now.ms + rest;
        self.announcing.told =
            players.into_iter().next_back().map(|(name, _)| name).filter(|_| rest == PAUSE);
    }

    pub(super) fn say_entered(&mut self, player: &str, since: u64) {
        let say = Say::Entered { server: self.id.clone(), since };
        self.tell(&super::placing::subject_of(player), &say);
    }
}
