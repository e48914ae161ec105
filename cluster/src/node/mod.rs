//! One process of a cluster as a state machine: the host's calls, bytes from the broker and the time in; bytes, wishes and
//! events out. No sockets, no clocks, no threads.

mod announcing;
mod finding;
mod interest;
mod placing;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use crate::broker::url::{Transport, Url};
use crate::broker::{Broker, News, Wish};
use crate::error::{Code, Error, Result};
use crate::event::{Asker, Event, EventQueue, Kind};
use crate::players::{Players, Stamps};
use crate::protocol::parser::Message;
use crate::protocol::{subject, write};
use crate::rooms::Rooms;
use crate::topics::{self, Topics};
use crate::wire::Say;
use crate::{handle, random};
use announcing::Announcing;
use interest::{Interest, Purpose};
use requests::Requests;

/// The largest payload of `cluster_publish` and `cluster_player_send`, in bytes.
pub(crate) const LARGEST_PAYLOAD: usize = 512 * 1024;
/// The longest that a host may let pass between steps when nothing is due, in ms.
const LONGEST_REST: u64 = 1_000;
/// Letters in a server's id: of a million servers no two have the same.
const ID_LETTERS: usize = 12;

/// The moment of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// Of a clock that only goes forward.
    pub(crate) ms: u64,
    /// Since 1970.
    pub(crate) wall_ms: u64,
}

/// What becomes of what is written to the broker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum WayOut {
    Free,
    /// The broker does not keep up: it waits.
    Full,
    /// The connection has ended, and the news of it is on its way.
    Gone,
}

/// The options, in ms and bytes.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) request_timeout: u64,
    pub(crate) gather: u64,
    pub(crate) ping: u64,
    pub(crate) queue_limit: usize,
    pub(crate) ticket_time: u64,
}

impl Config {
    pub(crate) const DEFAULT: Self = Self {
        request_timeout: 250,
        gather: 30,
        ping: 2_000,
        queue_limit: 4 * 1024 * 1024,
        ticket_time: 10_000,
    };
}

#[derive(Debug)]
pub(crate) struct Node {
    id: String,
    /// Where players reach this process.
    address: String,
    /// What all subjects begin with.
    prefix: String,
    config: Config,
    /// None: this process is alone.
    broker: Option<Broker>,
    was_up: bool,
    interest: Interest,
    topics: Topics,
    rooms: Rooms,
    /// The broker's subscriptions for kinds of rooms that are here.
    kinds: HashMap<String, u64>,
    /// Kinds of rooms this server would open: load and subscription.
    offers: BTreeMap<String, (f64, u64)>,
    players: Players,
    stamps: Stamps,
    announcing: Announcing,
    requests: Requests,
    events: EventQueue,
    /// The `create` event that the host has in its hands.
    creating: Option<(String, Asker)>,
    malformed: u64,
    /// How the owner of the socket gets rid of what is written.
    way_out: WayOut,
}

impl Node {
    pub(crate) fn new(url: Option<Url>, address: &str, config: Config, now: Now) -> Self {
        let id = random::word(ID_LETTERS);
        let app = url.as_ref().map_or("game", |url| &url.app);
        let prefix = format!("sw.{app}.");
        let mut interest = Interest::default();
        interest.add(format!("{prefix}r.{id}.*"), Purpose::Replies);
        interest.add(format!("{prefix}s.{id}"), Purpose::Server);
        Self {
            broker: url.map(|url| Broker::new(url, &id, config.ping, now.ms)),
            address: address.to_owned(),
            events: EventQueue::new(config.queue_limit),
            id,
            prefix,
            config,
            interest,
            was_up: false,
            topics: Topics::default(),
            rooms: Rooms::default(),
            kinds: HashMap::new(),
            offers: BTreeMap::new(),
            players: Players::default(),
            stamps: Stamps::default(),
            announcing: Announcing::default(),
            requests: Requests::default(),
            creating: None,
            malformed: 0,
            way_out: WayOut::Free,
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn set_config(&mut self, config: Config) {
        self.events.set_limit(config.queue_limit);
        if let Some(broker) = &mut self.broker {
            broker.set_ping(config.ping);
        }
        self.config = config;
    }

    pub(crate) fn stat(&self, key: &str) -> Option<u64> {
        Some(match key {
            "dropped" => self.events.dropped(),
            "malformed" => self.malformed,
            "events_bytes" => self.events.bytes() as u64,
            "requests" => self.requests.len() as u64,
            "rooms" => self.rooms.len() as u64,
            "players" => self.players.len() as u64,
            "up" => u64::from(self.is_up()),
            _ => return None,
        })
    }

    // The connection, as its owner tells of it and is told.

    pub(crate) fn transport(&self) -> Option<Transport> {
        self.broker.as_ref().map(Broker::transport)
    }

    pub(crate) fn take_wishes(&mut self) -> Vec<Wish> {
        self.broker.as_mut().map(Broker::take_wishes).unwrap_or_default()
    }

    /// What is to be sent; the owner takes it out.
    pub(crate) fn out(&mut self) -> Option<&mut Vec<u8>> {
        self.broker.as_mut().map(|broker| &mut broker.out)
    }

    pub(crate) fn set_way_out(&mut self, way_out: WayOut) {
        self.way_out = way_out;
    }

    pub(crate) fn connected(&mut self, now: Now) {
        if let Some(broker) = &mut self.broker {
            broker.connected(now.ms);
        }
    }

    pub(crate) fn secured(&mut self, now: Now) {
        self.with_broker(now, Broker::secured);
    }

    pub(crate) fn ended(&mut self, now: Now, error: Error) {
        self.with_broker(now, |broker, now, news| broker.ended(now, error, news));
    }

    pub(crate) fn bytes(&mut self, now: Now, bytes: &[u8]) {
        self.with_broker(now, |broker, now, news| broker.bytes(now, bytes, news));
    }

    /// Time has passed. Returns in how many ms it is needed again.
    pub(crate) fn step(&mut self, now: Now) -> u64 {
        self.with_broker(now, Broker::step);
        while let Some(request) = self.requests.overdue(now.ms) {
            self.request_is_overdue(now, request);
        }
        self.announce(now);
        if !self.events.is_empty() {
            return 0;
        }
        let dues = [
            self.broker.as_ref().map(Broker::due),
            self.requests.next_deadline(),
            self.is_up().then(|| self.announcing.due()),
        ];
        let due = dues.into_iter().flatten().min().unwrap_or(u64::MAX);
        due.saturating_sub(now.ms).min(LONGEST_REST)
    }

    fn with_broker(&mut self, now: Now, action: impl FnOnce(&mut Broker, u64, &mut Vec<News>)) {
        let mut news = Vec::new();
        if let Some(broker) = &mut self.broker {
            action(broker, now.ms, &mut news);
        }
        for piece in news {
            self.take_news(now, piece);
        }
    }

    fn take_news(&mut self, now: Now, news: News) {
        match news {
            News::Greeted => self.renew(),
            News::Up => {
                self.events.push(Event::up(self.was_up));
                self.was_up = true;
                self.announcing.begin(now.ms);
            }
            News::Down(error) => {
                let Error { code, message } = error;
                self.events.push(Event {
                    kind: Kind::Down,
                    error: code.number(),
                    reason: message.into_owned(),
                    ..Event::default()
                });
                self.lose_questions(now);
            }
            News::Message(message) => self.take_message(now, message),
            News::Oversized => self.malformed += 1,
            // The broker's own cluster takes a moment to know who wants what.
            News::TopologyChanged => self.announcing.begin(now.ms + LONGEST_REST),
        }
    }

    /// A new connection knows nothing of what we want.
    fn renew(&mut self) {
        let Some(broker) = &mut self.broker else { return };
        for (subscription, subject) in self.interest.all() {
            write::subscribe(&mut broker.out, subject, subscription);
        }
        broker.confirm();
    }

    fn is_up(&self) -> bool {
        self.way_out != WayOut::Gone && self.broker.as_ref().is_some_and(Broker::is_up)
    }

    /// What others ask, answer and send.
    fn take_message(&mut self, now: Now, message: Message) {
        let Some(purpose) = self.interest.purpose(message.subscription).cloned() else { return };
        let understood = match purpose {
            Purpose::Topic => self.take_topic(message),
            Purpose::Replies => self.take_reply(now, &message),
            Purpose::Rooms(kind) => self.asked_for_rooms(now, &kind, &message),
            Purpose::Offers(kind) => self.asked_for_offers(&kind, &message),
            Purpose::Server => self.asked(now, &message),
            Purpose::Player(name) => self.asked_about_player(now, &name, &message),
        };
        if !understood {
            self.malformed += 1;
        }
    }

    fn take_topic(&mut self, message: Message) -> bool {
        let topic = message.subject.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix("t."));
        let Some(topic) = topic.filter(|topic| topics::is_sound(topic)) else { return false };
        let sender_is_sound = message.from.is_empty() || subject::is_word(&message.from);
        if !sender_is_sound || message.payload.len() > LARGEST_PAYLOAD {
            return false;
        }
        if self.topics.first_match(topic) == Some(message.subscription) {
            self.events.push_message(Event {
                kind: Kind::Message,
                topic: topic.to_owned(),
                from: message.from,
                payload: message.payload,
                ..Event::default()
            });
        }
        true
    }

    // Topics, as the host calls.

    pub(crate) fn subscribe(&mut self, pattern: &str) -> Result<u64> {
        if !subject::is_pattern(pattern) {
            return Err(Error::bad_argument(format!(
                "a topic must be words without white space between dots, 1 to {} bytes; * stands for a word, > for the rest",
                subject::LONGEST_TOPIC
            )));
        }
        let handle = handle::next();
        let known = self.topics.has(pattern);
        let number = if known { 0 } else { self.want(format!("t.{pattern}"), Purpose::Topic) };
        self.topics.add(handle, pattern, number);
        Ok(handle)
    }

    pub(crate) fn unsubscribe(&mut self, handle: u64) -> Result<()> {
        let ended = self.topics.remove(handle).map_err(|()| Error::bad_handle("subscription"))?;
        if let Some(number) = ended {
            self.give_up(number);
        }
        Ok(())
    }

    pub(crate) fn publish(&mut self, topic: &str, payload: &[u8]) -> Result<()> {
        if !subject::is_topic(topic) {
            return Err(Error::bad_argument(format!(
                "a topic to publish to must be words without white space and wildcards between dots, 1 to {} bytes",
                subject::LONGEST_TOPIC
            )));
        }
        self.check_payload(payload)?;
        if self.topics.first_match(topic).is_some() {
            self.events.push_message(Event {
                kind: Kind::Message,
                topic: topic.to_owned(),
                from: self.id.clone(),
                payload: payload.to_vec(),
                ..Event::default()
            });
        }
        let subject = format!("{}t.{topic}", self.prefix);
        let is_up = self.is_up();
        match &mut self.broker {
            None => Ok(()),
            Some(broker) if is_up => {
                write::publish_from(&mut broker.out, &subject, &self.id, payload);
                Ok(())
            }
            Some(_) => Err(Error::new(
                Code::NOT_CONNECTED,
                "there is no broker now: the message went to this process's own subscriptions only",
            )),
        }
    }

    /// Nothing has happened yet when this fails.
    fn check_payload(&self, payload: &[u8]) -> Result<()> {
        // The broker counts headers as well.
        let most = self.broker.as_ref().filter(|broker| broker.is_up()).map(Broker::most_payload);
        if most.is_some_and(|most| payload.len() + 256 > most) {
            return Err(Error::new(Code::TOO_BIG, "the message is larger than the broker takes"));
        }
        if self.way_out == WayOut::Full {
            return Err(Error::new(Code::QUEUE_FULL, "the broker does not keep up; nothing was sent"));
        }
        Ok(())
    }

    // Events.

    pub(crate) fn next_event(&mut self, now: Now) -> Option<Event> {
        self.refuse_to_create(now);
        loop {
            let event = self.events.pop()?;
            let Some(asker) = event.asker.clone() else { return Some(event) };
            // A room that was opened meanwhile serves as well.
            if self.answer_with_a_room(now, &event.room_kind, &asker) {
                continue;
            }
            self.creating = Some((event.room_kind.clone(), asker));
            return Some(event);
        }
    }

    // What is said to the broker.

    fn want(&mut self, subject: String, purpose: Purpose) -> u64 {
        let subject = format!("{}{subject}", self.prefix);
        let number = self.interest.add(subject.clone(), purpose);
        if let Some(broker) = self.broker.as_mut().filter(|broker| broker.listens()) {
            write::subscribe(&mut broker.out, &subject, number);
        }
        number
    }

    fn give_up(&mut self, number: u64) {
        self.interest.remove(number);
        if let Some(broker) = self.broker.as_mut().filter(|broker| broker.listens()) {
            write::unsubscribe(&mut broker.out, number);
        }
    }

    /// To a subject below the prefix.
    fn tell(&mut self, subject: &str, say: &Say) {
        let subject = format!("{}{subject}", self.prefix);
        self.answer(&subject, say);
    }

    fn ask(&mut self, subject: &str, question: u64, say: &Say) {
        let subject = format!("{}{subject}", self.prefix);
        let reply = format!("{}r.{}.{question}", self.prefix, self.id);
        if let Some(broker) = self.broker.as_mut().filter(|broker| broker.is_up()) {
            write::publish(&mut broker.out, &subject, Some(&reply), &say.write());
        }
    }

    /// To the subject that a question names.
    fn answer(&mut self, subject: &str, say: &Say) {
        if let Some(broker) = self.broker.as_mut().filter(|broker| broker.is_up()) {
            write::publish(&mut broker.out, subject, None, &say.write());
        }
    }
}

/// Where the answer to a question goes: nowhere if what it names is no subject.
fn reply_of(message: &Message) -> Option<&str> {
    message.reply.as_deref().filter(|reply| subject::is_topic(reply))
}
