//! Requests: finding a room and a place in it, having one made, finding players and sending to them. Each ends with
//! exactly one event, found or none.

use super::interest::Purpose;
use super::placing::{check_player, subject_of};
use super::requests::{MOST_ANSWERS, MOST_REQUESTS, Place, Request, Stage};
use super::{Node, Now, reply_of};
use crate::error::{Code, Error, Result};
use crate::event::{Asker, Event, Kind};
use crate::protocol::parser::Message;
use crate::protocol::subject::{LONGEST_WORD, is_word};
use crate::rooms::{Room, fuller};
use crate::wire::{LONGEST_DATA, MOST_ROOMS, Say, Seat, parse_room_name, room_name};
use crate::{handle, random};

/// What a broker says in the place of an answer when nobody listens to a question.
const NOBODY: u16 = 503;
/// Letters in a ticket: too many to guess.
const TICKET_LETTERS: usize = 24;

fn check_kind(kind: &str) -> Result<()> {
    if is_word(kind) {
        return Ok(());
    }
    Err(Error::bad_argument(format!("a room's kind must be 1 to {LONGEST_WORD} letters, digits, - or _")))
}

fn check_data(data: &str) -> Result<()> {
    if data.len() <= LONGEST_DATA {
        return Ok(());
    }
    Err(Error::new(Code::TOO_BIG, format!("a room's data has at most {LONGEST_DATA} bytes")))
}

// Rooms of this process.
impl Node {
    pub(crate) fn room_open(&mut self, now: Now, kind: &str, places: u32, data: &str) -> Result<u64> {
        check_kind(kind)?;
        check_data(data)?;
        let number = handle::next();
        self.rooms.insert(number, Room::new(kind, places, data));
        if !self.kinds.contains_key(kind) {
            let subscription = self.want(format!("k.{kind}"), Purpose::Rooms(kind.to_owned()));
            self.kinds.insert(kind.to_owned(), subscription);
        }
        if self.creating.as_ref().is_some_and(|(wanted, _)| wanted == kind) {
            let (_, asker) = self.creating.take().expect("it was looked at");
            if !self.answer_with_place_in(now, number, &asker) {
                self.refuse(now, &asker);
            }
        }
        Ok(number)
    }

    pub(crate) fn room_set(&mut self, now: Now, number: u64, players: u32, data: &str) -> Result<()> {
        check_data(data)?;
        let room = self.rooms.get_mut(number).ok_or_else(|| Error::bad_handle("room"))?;
        room.set_players(now.ms, players);
        room.data = data.to_owned();
        Ok(())
    }

    /// Whether the ticket is good; its bearer is a player then.
    pub(crate) fn room_redeem(&mut self, now: Now, number: u64, ticket: &str) -> Result<bool> {
        let room = self.rooms.get_mut(number).ok_or_else(|| Error::bad_handle("room"))?;
        Ok(room.redeem(now.ms, ticket))
    }

    pub(crate) fn room_close(&mut self, number: u64) -> Result<()> {
        let room = self.rooms.remove(number).ok_or_else(|| Error::bad_handle("room"))?;
        if !self.rooms.has_kind(&room.kind)
            && let Some(subscription) = self.kinds.remove(&room.kind)
        {
            self.give_up(subscription);
        }
        Ok(())
    }

    pub(crate) fn room_name(&self, number: u64) -> Result<String> {
        let room = self.rooms.get(number).ok_or_else(|| Error::bad_handle("room"))?;
        Ok(room_name(&room.kind, &self.id, number))
    }

    /// None: no more.
    pub(crate) fn offer(&mut self, kind: &str, load: Option<f64>) -> Result<()> {
        check_kind(kind)?;
        let known = self.offers.get(kind).map(|&(_, subscription)| subscription);
        match (load, known) {
            (Some(load), Some(subscription)) => {
                self.offers.insert(kind.to_owned(), (load, subscription));
            }
            (Some(load), None) => {
                let subscription = self.want(format!("o.{kind}"), Purpose::Offers(kind.to_owned()));
                self.offers.insert(kind.to_owned(), (load, subscription));
            }
            (None, Some(subscription)) => {
                self.offers.remove(kind);
                self.give_up(subscription);
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Promises a place in a room of ours and tells the host.
    fn keep(&mut self, now: Now, number: u64) -> Option<Seat> {
        let ticket = random::word(TICKET_LETTERS);
        let room = self.rooms.get_mut(number)?;
        if !room.keep(now.ms, self.config.ticket_time, ticket.clone()) {
            return None;
        }
        let seat = Seat {
            server: self.id.clone(),
            room: number,
            kind: room.kind.clone(),
            address: self.address.clone(),
            ticket: ticket.clone(),
            players: room.players,
            places: room.places,
            data: room.data.clone(),
        };
        self.events.push(Event { kind: Kind::Seat, room: number, ticket, ..Event::default() });
        Some(seat)
    }
}

// Requests of this process.
impl Node {
    pub(crate) fn find(&mut self, now: Now, kind_or_name: &str) -> Result<u64> {
        if !kind_or_name.contains('.') {
            check_kind(kind_or_name)?;
            return self.find_kind(now, kind_or_name, None);
        }
        let (_, server, room) = parse_room_name(kind_or_name)
            .ok_or_else(|| Error::bad_argument("that is neither a kind nor the name of a room"))?;
        let place = if server == self.id { Place::Here } else { Place::At(server.to_owned()) };
        let offered = crate::wire::Offered { room, taken: 0, places: 1 };
        let number = self.begin(Stage::Keeping { others: vec![(place, offered)] }, None)?;
        self.keep_next(now, number);
        Ok(number)
    }

    pub(crate) fn find_or_create(&mut self, now: Now, kind: &str, data: &str) -> Result<u64> {
        check_kind(kind)?;
        check_data(data)?;
        self.find_kind(now, kind, Some((kind.to_owned(), data.to_owned())))
    }

    pub(crate) fn player_find(&mut self, now: Now, name: &str) -> Result<u64> {
        check_player(name)?;
        let number = self.begin(Stage::Player { name: name.to_owned() }, None)?;
        if self.players.get(name).is_some() {
            self.player_is_here(number);
        } else {
            self.ask_player(now, number, name, &Say::Where);
        }
        Ok(number)
    }

    pub(crate) fn player_send(&mut self, now: Now, name: &str, payload: &[u8]) -> Result<u64> {
        check_player(name)?;
        self.check_payload(payload)?;
        let number = self.begin(Stage::Player { name: name.to_owned() }, None)?;
        if self.deliver(name, self.id.clone(), payload.to_vec()) {
            self.player_is_here(number);
        } else {
            let say = Say::Deliver { from: self.id.clone(), payload: payload.to_vec() };
            self.ask_player(now, number, name, &say);
        }
        Ok(number)
    }

    fn begin(&mut self, stage: Stage, create: Option<(String, String)>) -> Result<u64> {
        if self.requests.len() >= MOST_REQUESTS {
            return Err(Error::new(Code::LIMIT, format!("{MOST_REQUESTS} requests wait already")));
        }
        let number = handle::next();
        self.requests.begin(number, stage, create);
        Ok(number)
    }

    fn player_is_here(&mut self, number: u64) {
        let (server, address) = (self.id.clone(), self.address.clone());
        self.player_found(number, server, address);
    }

    fn player_found(&mut self, number: u64, server: String, address: String) {
        let Some(Request { stage: Stage::Player { name }, .. }) = self.requests.end(number) else { return };
        self.events.push(Event {
            kind: Kind::Found,
            request: number,
            name: name.clone(),
            player: name,
            address,
            server,
            ..Event::default()
        });
    }

    fn ask_player(&mut self, now: Now, number: u64, name: &str, say: &Say) {
        if !self.is_up() {
            self.nobody(number);
            return;
        }
        let question = self.requests.ask(number, now.ms + self.config.request_timeout);
        self.ask(&subject_of(name), question, say);
    }

    /// The request has found nothing.
    fn nobody(&mut self, number: u64) {
        let Some(request) = self.requests.end(number) else { return };
        let error = if self.broker.is_some() && !self.is_up() {
            Code::NOT_CONNECTED.number()
        } else if request.timed_out {
            Code::TIMEOUT.number()
        } else {
            0.0
        };
        self.events.push(Event { kind: Kind::None, request: number, error, ..Event::default() });
    }

    fn seat_found(&mut self, number: u64, seat: Seat) {
        if self.requests.end(number).is_none() {
            return;
        }
        self.events.push(Event {
            kind: Kind::Found,
            request: number,
            name: room_name(&seat.kind, &seat.server, seat.room),
            server: seat.server,
            address: seat.address,
            ticket: seat.ticket,
            players: seat.players,
            places: seat.places,
            data: seat.data,
            room_kind: seat.kind,
            ..Event::default()
        });
    }

    // First question: who has rooms of the kind?

    fn find_kind(&mut self, now: Now, kind: &str, create: Option<(String, String)>) -> Result<u64> {
        let ends = now.ms + self.config.request_timeout;
        let gathered = ends.min(now.ms + self.config.gather);
        let stage =
            Stage::Rooms { kind: kind.to_owned(), found: Vec::new(), answered: false, gathered, ends };
        let number = self.begin(stage, create)?;
        if self.is_up() {
            let question = self.requests.ask(number, gathered);
            self.ask(&format!("k.{kind}"), question, &Say::AskRooms);
        } else {
            self.choose_room(now, number);
        }
        Ok(number)
    }

    /// The answers are there; ours is added now, because it is only true now.
    fn choose_room(&mut self, now: Now, number: u64) {
        let Some(Request { stage: Stage::Rooms { kind, found, .. }, .. }) = self.requests.get_mut(number)
        else {
            return;
        };
        let kind = std::mem::take(kind);
        let mut others = std::mem::take(found);
        others.extend(self.rooms.with_a_place(now.ms, &kind).into_iter().map(|room| (Place::Here, room)));
        others.sort_by(|(_, one), (_, other)| fuller(one, other));
        self.requests.enter(number, Stage::Keeping { others });
        self.keep_next(now, number);
    }

    // Second question, to one room's server after the other: keep me a place.

    fn keep_next(&mut self, now: Now, number: u64) {
        loop {
            let Some(Request { stage: Stage::Keeping { others }, create, .. }) =
                self.requests.get_mut(number)
            else {
                return;
            };
            let Some((place, room)) = others.pop() else {
                match create.clone() {
                    Some((kind, _)) => self.ask_for_offers(now, number, &kind),
                    None => self.nobody(number),
                }
                return;
            };
            match place {
                Place::Here => {
                    if let Some(seat) = self.keep(now, room.room) {
                        self.seat_found(number, seat);
                        return;
                    }
                }
                Place::At(server) if self.is_up() => {
                    let question = self.requests.ask(number, now.ms + self.config.request_timeout);
                    self.ask(&format!("s.{server}"), question, &Say::Keep { room: room.room });
                    return;
                }
                Place::At(_) => {}
            }
        }
    }

    // Nobody has a room with a place: who would open one?

    fn ask_for_offers(&mut self, now: Now, number: u64, kind: &str) {
        let ends = now.ms + self.config.request_timeout;
        let gathered = ends.min(now.ms + self.config.gather);
        self.requests.enter(number, Stage::Offers { found: Vec::new(), answered: false, gathered, ends });
        if self.is_up() {
            let question = self.requests.ask(number, gathered);
            self.ask(&format!("o.{kind}"), question, &Say::AskOffers);
        } else {
            self.choose_offer(now, number);
        }
    }

    fn choose_offer(&mut self, now: Now, number: u64) {
        let Some(Request { stage: Stage::Offers { found, .. }, create, .. }) = self.requests.get_mut(number)
        else {
            return;
        };
        let mut others = std::mem::take(found);
        let own = create.as_ref().and_then(|(kind, _)| self.offers.get(kind));
        others.extend(own.map(|&(load, _)| (Place::Here, load)));
        // The best one last; of equals not all ask the same one.
        let mut drawn: Vec<_> =
            others.into_iter().map(|(place, load)| (load, random::number(), place)).collect();
        drawn.sort_by(|one, other| other.0.total_cmp(&one.0).then(other.1.cmp(&one.1)));
        let others = drawn.into_iter().map(|(load, _, place)| (place, load)).collect();
        self.requests.enter(number, Stage::Creating { others });
        self.create_next(now, number);
    }

    fn create_next(&mut self, now: Now, number: u64) {
        loop {
            let Some(Request { stage: Stage::Creating { others }, create: Some((kind, data)), .. }) =
                self.requests.get_mut(number)
            else {
                return;
            };
            let (kind, data) = (kind.clone(), data.clone());
            match others.pop() {
                None => {
                    self.nobody(number);
                    return;
                }
                Some((Place::Here, _)) => {
                    let asker = Asker::Own(number);
                    if !self.answer_with_a_room(now, &kind, &asker) {
                        self.push_create(kind, data, asker);
                    }
                    return;
                }
                Some((Place::At(server), _)) if self.is_up() => {
                    let question = self.requests.ask(number, now.ms + self.config.request_timeout);
                    self.ask(&format!("s.{server}"), question, &Say::Create { kind, data });
                    return;
                }
                Some(_) => {}
            }
        }
    }

    fn push_create(&mut self, room_kind: String, data: String, asker: Asker) {
        let asker = Some(asker);
        self.events.push(Event { kind: Kind::Create, room_kind, data, asker, ..Event::default() });
    }

    // What becomes of questions.

    /// An answer to a question of ours, or the broker's word that nobody heard it.
    pub(super) fn take_reply(&mut self, now: Now, message: &Message) -> bool {
        let Some(question) = message.subject.rsplit('.').next().and_then(|number| number.parse().ok()) else {
            return false;
        };
        let Some(number) = self.requests.asker_of(question) else {
            if self.requests.was_abandoned(question)
                && let Some(Say::Kept(seat)) = Say::read(&message.payload)
            {
                let say = Say::Release { room: seat.room, ticket: seat.ticket };
                self.tell(&format!("s.{}", seat.server), &say);
            }
            return true;
        };
        if message.status == Some(NOBODY) {
            self.go_on(now, number);
            return true;
        }
        let Some(say) = Say::read(&message.payload) else { return false };
        let Some(request) = self.requests.get_mut(number) else { return true };
        match (&mut request.stage, say) {
            (Stage::Rooms { found, answered, gathered, .. }, Say::Rooms { server, rooms }) => {
                *answered = true;
                let room = MOST_ANSWERS.saturating_sub(found.len());
                found.extend(rooms.into_iter().take(room).map(|room| (Place::At(server.clone()), room)));
                if now.ms >= *gathered {
                    self.choose_room(now, number);
                }
            }
            (Stage::Offers { found, answered, gathered, .. }, Say::Offer { server, load }) => {
                *answered = true;
                if found.len() < MOST_ANSWERS {
                    found.push((Place::At(server), load));
                }
                if now.ms >= *gathered {
                    self.choose_offer(now, number);
                }
            }
            (Stage::Keeping { .. } | Stage::Creating { .. }, Say::Kept(seat)) => {
                self.seat_found(number, seat)
            }
            (Stage::Keeping { .. }, Say::Refused) => self.keep_next(now, number),
            (Stage::Creating { .. }, Say::Refused) => self.create_next(now, number),
            (Stage::Player { .. }, Say::Here { server, address }) => {
                self.player_found(number, server, address)
            }
            _ => return false,
        }
        true
    }

    /// There will be no (more) answers.
    fn go_on(&mut self, now: Now, number: u64) {
        match self.requests.get_mut(number).map(|request| &request.stage) {
            Some(Stage::Rooms { .. }) => self.choose_room(now, number),
            Some(Stage::Keeping { .. }) => self.keep_next(now, number),
            Some(Stage::Offers { .. }) => self.choose_offer(now, number),
            Some(Stage::Creating { .. }) => self.create_next(now, number),
            Some(Stage::Player { .. }) => self.nobody(number),
            None => {}
        }
    }

    pub(super) fn request_is_overdue(&mut self, now: Now, number: u64) {
        let Some(request) = self.requests.get_mut(number) else { return };
        let (answered, ends) = match &request.stage {
            Stage::Rooms { answered, ends, .. } | Stage::Offers { answered, ends, .. } => (*answered, *ends),
            _ => {
                request.timed_out = true;
                self.requests.abandon(number);
                self.go_on(now, number);
                return;
            }
        };
        // Nobody has answered in the time for gathering: the first who does will do.
        let own_will_do = self.has_an_answer_of_its_own(now, number);
        if !answered && now.ms < ends && !own_will_do {
            self.requests.set_deadline(number, Some(ends));
            return;
        }
        if let Some(request) = self.requests.get_mut(number) {
            request.timed_out |= !answered;
        }
        self.go_on(now, number);
    }

    fn has_an_answer_of_its_own(&mut self, now: Now, number: u64) -> bool {
        match self.requests.get_mut(number) {
            Some(Request { stage: Stage::Rooms { kind, .. }, .. }) => {
                !self.rooms.with_a_place(now.ms, kind).is_empty()
            }
            Some(Request { stage: Stage::Offers { .. }, create: Some((kind, _)), .. }) => {
                self.offers.contains_key(kind)
            }
            _ => false,
        }
    }

    /// The connection is gone, and with it all answers: what this process has itself must do.
    pub(super) fn lose_questions(&mut self, now: Now) {
        for number in self.requests.numbers() {
            let Some(request) = self.requests.get_mut(number) else { continue };
            // The others wait for this process's own host, who may still make the room.
            if request.waits_for_others() {
                self.requests.abandon(number);
                self.go_on(now, number);
            }
        }
    }
}

// What other servers ask.
impl Node {
    pub(super) fn asked_for_rooms(&mut self, now: Now, kind: &str, message: &Message) -> bool {
        if Say::read(&message.payload) != Some(Say::AskRooms) {
            return false;
        }
        let mut rooms = self.rooms.with_a_place(now.ms, kind);
        rooms.truncate(MOST_ROOMS);
        if let Some(reply) = reply_of(message) {
            let say = Say::Rooms { server: self.id.clone(), rooms };
            self.answer(reply, &say);
        }
        true
    }

    pub(super) fn asked_for_offers(&mut self, kind: &str, message: &Message) -> bool {
        if Say::read(&message.payload) != Some(Say::AskOffers) {
            return false;
        }
        if let (Some(&(load, _)), Some(reply)) = (self.offers.get(kind), reply_of(message)) {
            let say = Say::Offer { server: self.id.clone(), load };
            self.answer(reply, &say);
        }
        true
    }

    pub(super) fn asked(&mut self, now: Now, message: &Message) -> bool {
        let Some(say) = Say::read(&message.payload) else { return false };
        match say {
            Say::Keep { room } => {
                let Some(reply) = reply_of(message) else { return false };
                let seat = if self.events.is_full() { None } else { self.keep(now, room) };
                let say = seat.map_or(Say::Refused, Say::Kept);
                self.answer(reply, &say);
            }
            Say::Create { kind, data } => {
                let Some(reply) = reply_of(message) else { return false };
                let asker = Asker::Other(reply.to_owned());
                if self.events.is_full() || !self.offers.contains_key(&kind) {
                    self.refuse(now, &asker);
                } else if !self.answer_with_a_room(now, &kind, &asker) {
                    self.push_create(kind, data, asker);
                }
            }
            Say::Release { room, ticket } => {
                if let Some(room) = self.rooms.get_mut(room) {
                    room.release(&ticket);
                }
            }
            _ => return false,
        }
        true
    }

    /// Whoever wants a room to be made is as well served by one that has a place.
    pub(super) fn answer_with_a_room(&mut self, now: Now, kind: &str, asker: &Asker) -> bool {
        let rooms = self.rooms.with_a_place(now.ms, kind);
        rooms.into_iter().any(|room| self.answer_with_place_in(now, room.room, asker))
    }

    fn answer_with_place_in(&mut self, now: Now, room: u64, asker: &Asker) -> bool {
        let Some(seat) = self.keep(now, room) else { return false };
        match asker {
            Asker::Own(number) => self.seat_found(*number, seat),
            Asker::Other(reply) => self.answer(reply, &Say::Kept(seat)),
        }
        true
    }

    /// The host has not made the room it was asked for.
    pub(super) fn refuse_to_create(&mut self, now: Now) {
        if let Some((_, asker)) = self.creating.take() {
            self.refuse(now, &asker);
        }
    }

    fn refuse(&mut self, now: Now, asker: &Asker) {
        match asker {
            Asker::Own(number) => self.create_next(now, *number),
            Asker::Other(reply) => self.answer(reply, &Say::Refused),
        }
    }
}
