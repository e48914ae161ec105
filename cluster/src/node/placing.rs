//! Players: who is here, who asks for them, and who says that they are elsewhere.

use super::interest::Purpose;
use super::{Node, Now, reply_of};
use crate::error::{Error, Result};
use crate::event::{Event, Kind};
use crate::players::{Claim, Player};
use crate::protocol::parser::Message;
use crate::protocol::subject::{self, LONGEST_PLAYER};
use crate::wire::Say;

/// How long a player counts as one who has just entered, in ms: longer than answers take.
const FRESH: u64 = 2_000;

/// Where a player is asked for, below the prefix.
pub(super) fn subject_of(player: &str) -> String {
    format!("p.{}", subject::word_of(player))
}

pub(super) fn check_player(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > LONGEST_PLAYER {
        return Err(Error::bad_argument(format!("a player's name has 1 to {LONGEST_PLAYER} bytes")));
    }
    Ok(())
}

impl Node {
    pub(crate) fn player_enter(&mut self, now: Now, name: &str, socket: f64) -> Result<()> {
        check_player(name)?;
        let since = self.stamps.next(now.wall_ms);
        let fresh_until = now.ms + FRESH;
        if let Some(player) = self.players.get_mut(name) {
            let before = std::mem::replace(&mut player.socket, socket);
            player.since = since;
            player.fresh_until = fresh_until;
            if before != socket {
                self.push_elsewhere(name, before);
            }
        } else {
            let subscription = self.want(subject_of(name), Purpose::Player(name.to_owned()));
            self.players.insert(name, Player { socket, since, fresh_until, subscription });
        }
        if self.is_up() {
            self.say_entered(name, since, true);
            self.announcing.entered(now.ms, name, since);
        }
        Ok(())
    }

    /// Whether he was here.
    pub(crate) fn player_leave(&mut self, name: &str) -> Result<bool> {
        check_player(name)?;
        let player = self.players.remove(name);
        if let Some(player) = &player {
            self.give_up(player.subscription);
        }
        Ok(player.is_some())
    }

    fn push_elsewhere(&mut self, name: &str, socket: f64) {
        let player = name.to_owned();
        self.events.push(Event { kind: Kind::PlayerElsewhere, player, socket, ..Event::default() });
    }

    /// Gives a player who is here a message; None if he is not, or if there is no room for it.
    pub(super) fn deliver(&mut self, name: &str, from: String, payload: Vec<u8>) -> bool {
        let here = self.players.get(name).is_some();
        if here {
            let player = name.to_owned();
            self.events.push_message(Event {
                kind: Kind::Message,
                player,
                from,
                payload,
                ..Event::default()
            });
        }
        here
    }

    pub(super) fn asked_about_player(&mut self, now: Now, name: &str, message: &Message) -> bool {
        let Some(say) = Say::read(&message.payload) else { return false };
        match say {
            Say::Where => self.say_here(message),
            Say::Deliver { from, payload } => {
                if payload.len() > super::LARGEST_PAYLOAD {
                    return false;
                }
                // Who sends to a host that does not collect is told in time that it was for nothing.
                if self.events.is_full() {
                    self.events.drop_one();
                } else if self.deliver(name, from, payload) {
                    self.say_here(message);
                }
            }
            Say::Entered { server, since, entering } => {
                let Some(player) = self.players.get(name) else { return true };
                match player.entered_elsewhere(&self.id, &server, since) {
                    Claim::Hold => {
                        let say = Say::Held {
                            server: self.id.clone(),
                            since: player.since,
                            fresh: now.ms < player.fresh_until,
                            to: server,
                            entered: if entering { since } else { 0 },
                        };
                        self.tell(&subject_of(name), &say);
                    }
                    claim => self.settle_claim(name, claim),
                }
            }
            Say::Held { server, since, fresh, to, entered } => {
                let Some(player) = self.players.get(name) else { return true };
                let just_entered = to == self.id && entered == player.since;
                let claim = player.held_elsewhere(&self.id, &server, since, fresh, just_entered);
                self.settle_claim(name, claim);
            }
            _ => return false,
        }
        true
    }

    fn say_here(&mut self, message: &Message) {
        if let Some(reply) = reply_of(message) {
            let say = Say::Here { server: self.id.clone(), address: self.address.clone() };
            self.answer(reply, &say);
        }
    }

    fn settle_claim(&mut self, name: &str, claim: Claim) {
        match claim {
            // Whoever says so is told, or has been told already.
            Claim::Hold => {}
            Claim::Yield => {
                if let Some(player) = self.players.remove(name) {
                    self.give_up(player.subscription);
                    self.push_elsewhere(name, player.socket);
                }
            }
            Claim::Insist(since) => {
                if let Some(player) = self.players.get_mut(name) {
                    player.since = since;
                    self.say_entered(name, since, false);
                }
            }
        }
    }
}
