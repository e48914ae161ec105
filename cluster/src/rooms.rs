//! The rooms of this process, and the places in them that were promised.

use std::collections::{BTreeMap, VecDeque};

use crate::wire::Offered;

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) kind: String,
    pub(crate) places: u32,
    pub(crate) players: u32,
    pub(crate) data: String,
    /// Promised and not yet used, the oldest first.
    tickets: VecDeque<Ticket>,
}

#[derive(Debug)]
struct Ticket {
    text: String,
    ends: u64,
}

impl Room {
    pub(crate) fn new(kind: &str, places: u32, data: &str) -> Self {
        Self { kind: kind.to_owned(), places, players: 0, data: data.to_owned(), tickets: VecDeque::new() }
    }

    /// Players, and places that are promised.
    fn taken(&mut self, now: u64) -> u32 {
        self.tickets.retain(|ticket| now < ticket.ends);
        self.players.saturating_add(u32::try_from(self.tickets.len()).unwrap_or(u32::MAX))
    }

    /// Players that are new have come with the oldest tickets: their places are not promised any more, but taken.
    pub(crate) fn set_players(&mut self, now: u64, players: u32) {
        self.taken(now);
        let new = players.saturating_sub(self.players) as usize;
        self.tickets.drain(..new.min(self.tickets.len()));
        self.players = players;
    }

    /// Promises a place, if there is one.
    pub(crate) fn keep(&mut self, now: u64, ticket_time: u64, ticket: String) -> bool {
        let free = self.taken(now) < self.places;
        if free {
            self.tickets.push_back(Ticket { text: ticket, ends: now + ticket_time });
        }
        free
    }

    /// Somebody shows a ticket: he is a player now if it is good.
    pub(crate) fn redeem(&mut self, now: u64, ticket: &str) -> bool {
        self.taken(now);
        let good = self.release(ticket);
        if good {
            self.players = self.players.saturating_add(1);
        }
        good
    }

    /// The place is not needed.
    pub(crate) fn release(&mut self, ticket: &str) -> bool {
        let before = self.tickets.len();
        self.tickets.retain(|kept| kept.text != ticket);
        self.tickets.len() < before
    }
}

#[derive(Debug, Default)]
pub(crate) struct Rooms(BTreeMap<u64, Room>);

impl Rooms {
    pub(crate) fn insert(&mut self, number: u64, room: Room) {
        self.0.insert(number, room);
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Room> {
        self.0.get(&number)
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Room> {
        self.0.get_mut(&number)
    }

    pub(crate) fn remove(&mut self, number: u64) -> Option<Room> {
        self.0.remove(&number)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn has_kind(&self, kind: &str) -> bool {
        self.0.values().any(|room| room.kind == kind)
    }

    /// Those of a kind that have a place, the fullest first.
    pub(crate) fn with_a_place(&mut self, now: u64, kind: &str) -> Vec<Offered> {
        let mut found: Vec<_> = self
            .0
            .iter_mut()
            .filter(|(_, room)| room.kind == kind)
            .map(|(&number, room)| Offered { room: number, taken: room.taken(now), places: room.places })
            .filter(|room| room.taken < room.places)
            .collect();
        found.sort_by(|one, other| fuller(other, one).then(one.room.cmp(&other.room)));
        found
    }
}

/// Which of two rooms is the fuller one: by the share of its places, then by places left.
pub(crate) fn fuller(one: &Offered, other: &Offered) -> std::cmp::Ordering {
    let share = |room: &Offered, of: &Offered| u64::from(room.taken) * u64::from(of.places);
    let left = |room: &Offered| room.places.saturating_sub(room.taken);
    share(one, other).cmp(&share(other, one)).then(left(other).cmp(&left(one)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn promised_places_are_taken_until_their_time_is_over() {
        let mut room = Room::new("arena", 2, "");
        assert!(room.keep(0, 100, "a".into()) && room.keep(50, 100, "b".into()));
        assert!(!room.keep(99, 100, "c".into()));
        assert!(room.keep(100, 100, "c".into()));
        assert!(!room.redeem(100, "a") && room.redeem(149, "b") && !room.redeem(149, "b"));
        assert_eq!((room.players, room.taken(149)), (1, 2));
        assert!(room.release("c") && room.keep(149, 100, "d".into()));
    }

    #[test]
    fn new_players_have_come_with_tickets() {
        let mut room = Room::new("arena", 3, "");
        assert!(room.keep(0, 100, "a".into()) && room.keep(0, 100, "b".into()));
        room.set_players(1, 1);
        assert_eq!(room.taken(1), 2);
        room.set_players(1, 0);
        assert_eq!(room.taken(1), 1);
        room.set_players(1, 5);
        assert_eq!((room.taken(1), room.keep(1, 100, "c".into())), (5, false));
    }

    #[test]
    fn the_fullest_with_a_place_comes_first() {
        let mut rooms = Rooms::default();
        for (number, players, places) in [(1, 0, 4), (2, 3, 4), (3, 4, 4), (4, 12, 16), (5, 1, 2)] {
            rooms.insert(number, Room::new("arena", places, ""));
            rooms.get_mut(number).expect("it is there").set_players(0, players);
        }
        rooms.insert(6, Room::new("lobby", 9, ""));
        let order: Vec<_> = rooms.with_a_place(0, "arena").iter().map(|room| room.room).collect();
        assert_eq!(order, [2, 4, 5, 1]);
    }

    proptest! {
        #[test]
        fn no_more_is_promised_than_there_is(steps in proptest::collection::vec((0..4_u8, 0..60_u64), 1..80)) {
            let mut room = Room::new("arena", 4, "");
            // Tickets that are out, and when they end.
            let mut out: Vec<(String, u64)> = Vec::new();
            let mut now = 0;
            for (number, (step, passed)) in steps.into_iter().enumerate() {
                now += passed;
                out.retain(|(_, ends)| now < *ends);
                match step {
                    0 | 1 => {
                        let ticket = number.to_string();
                        if room.keep(now, 100, ticket.clone()) {
                            out.push((ticket, now + 100));
                        }
                    }
                    2 => {
                        if let Some((ticket, _)) = out.pop() {
                            prop_assert!(room.redeem(now, &ticket));
                        }
                    }
                    _ => room.set_players(now, room.players.saturating_sub(1)),
                }
                prop_assert!(room.players as usize + out.len() <= 4);
            }
        }
    }
}
