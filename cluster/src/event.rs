//! What the host is told, and the queue in which it waits.

use std::collections::VecDeque;

/// What an event costs in the queue besides its payload, in bytes: about what it takes in memory.
const COST: usize = 400;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Kind {
    #[default]
    Up = 1,
    Down = 2,
    Message = 3,
    Found = 4,
    None = 5,
    Create = 6,
    Seat = 7,
    PlayerElsewhere = 8,
}

/// One event; what its kind does not have is empty or 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) kind: Kind,
    pub(crate) gap: bool,
    pub(crate) error: f64,
    pub(crate) request: u64,
    pub(crate) room: u64,
    pub(crate) players: u32,
    pub(crate) places: u32,
    pub(crate) socket: f64,
    pub(crate) reason: String,
    pub(crate) topic: String,
    pub(crate) player: String,
    pub(crate) from: String,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) server: String,
    pub(crate) ticket: String,
    pub(crate) data: String,
    pub(crate) room_kind: String,
    pub(crate) payload: Vec<u8>,
    /// Create: who is waiting for the room.
    pub(crate) asker: Option<Asker>,
}

/// Who has asked for a room to be made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asker {
    /// A request of this process.
    Own(u64),
    /// Another server, which waits for the answer there.
    Other(String),
}

impl Event {
    pub(crate) fn up(gap: bool) -> Self {
        Self { kind: Kind::Up, gap, ..Self::default() }
    }

    fn cost(&self) -> usize {
        COST + self.payload.len()
    }
}

/// What others send is bounded: beyond the limit it is dropped and counted, and the host is told of the gap as soon as
/// it has caught up.
#[derive(Debug)]
pub(crate) struct EventQueue {
    waiting: VecDeque<Event>,
    bytes: usize,
    limit: usize,
    dropped: u64,
    /// Messages are dropped until half of what waits has been collected.
    in_gap: bool,
}

impl EventQueue {
    pub(crate) fn new(limit: usize) -> Self {
        Self { waiting: VecDeque::new(), bytes: 0, limit, dropped: 0, in_gap: false }
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there is no room for what others ask.
    pub(crate) fn is_full(&self) -> bool {
        self.in_gap || self.bytes >= self.limit
    }

    /// An event that must not be lost.
    pub(crate) fn push(&mut self, event: Event) {
        self.bytes += event.cost();
        self.waiting.push_back(event);
    }

    /// A message, which is dropped if there is no room.
    pub(crate) fn push_message(&mut self, event: Event) {
        let fits = self.bytes == 0 || self.bytes + event.cost() <= self.limit;
        if self.in_gap || !fits {
            self.drop_one();
        } else {
            self.push(event);
        }
    }

    /// A message for which there is no room was not even looked at.
    pub(crate) fn drop_one(&mut self) {
        self.in_gap = true;
        self.dropped += 1;
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        let event = self.waiting.pop_front()?;
        self.bytes -= event.cost();
        if self.in_gap && self.bytes <= self.limit / 2 {
            self.in_gap = false;
            self.push(Event::up(true));
        }
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u8, size: usize) -> Event {
        Event { kind: Kind::Message, payload: vec![number; size], ..Event::default() }
    }

    #[test]
    fn what_does_not_fit_is_one_gap() {
        let mut queue = EventQueue::new(4 * (COST + 100));
        for number in 0..6 {
            queue.push_message(message(number, 100));
        }
        queue.push(Event { kind: Kind::Found, ..Event::default() });
        assert_eq!(queue.dropped(), 2);
        // There would be room for one, but the gap lasts until it is told.
        queue.pop();
        queue.push_message(message(6, 1));
        assert_eq!(queue.dropped(), 3);
        let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|event| (event.kind, event.gap)).collect();
        let expected = [
            (Kind::Message, false),
            (Kind::Message, false),
            (Kind::Message, false),
            (Kind::Found, false),
            (Kind::Up, true),
        ];
        assert_eq!(rest, expected);
        queue.push_message(message(7, 100));
        assert_eq!((queue.dropped(), queue.pop().map(|event| event.payload[0])), (3, Some(7)));
        assert_eq!((queue.bytes(), queue.is_empty()), (0, true));
    }

    #[test]
    fn one_message_always_fits() {
        let mut queue = EventQueue::new(1);
        queue.push_message(message(0, 1000));
        queue.push_message(message(1, 1000));
        assert_eq!(queue.dropped(), 1);
        assert_eq!(queue.pop().map(|event| event.kind), Some(Kind::Message));
        assert_eq!(queue.pop(), Some(Event::up(true)));
    }
}
