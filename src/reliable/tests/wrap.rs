//! The two halves of a session without the session: where numbers wrap on the wire.

use super::world::{Inbox, MS, address};
use crate::conditioner::Random;
use crate::reliable::history::History;
use crate::reliable::inbound::{Delivery, Inbound, Workshop};
use crate::reliable::outbox::{Outbox, Repeat};
use crate::reliable::rtt::Rtt;
use crate::reliable::sent::Sent;
use crate::reliable::wire::{self, BITMAP_MAX, Datagram, Writer};
use crate::reliable::{Config, Micros};

/// A sender and a receiver, of whose datagrams some are lost.
struct Halves {
    outbox: Outbox,
    sent: Sent,
    rtt: Rtt,
    history: History,
    inbound: Inbound,
    workshop: Workshop,
    inbox: Inbox,
    now: Micros,
}

impl Halves {
    fn new(number: u64, sequence: u64) -> Self {
        let mut rtt = Rtt::default();
        rtt.sample(10 * MS, 0);
        Self {
            outbox: Outbox::starting_at(sequence),
            sent: Sent::starting_at(number),
            rtt,
            history: History::ending_at(number - 1),
            inbound: Inbound::starting_at(sequence),
            workshop: Workshop::new(1 << 20),
            inbox: Inbox::default(),
            now: 0,
        }
    }

    /// Writes a datagram, and has it arrive unless it is lost.
    fn send(&mut self, lost: bool) {
        let mut bytes = [0; 300];
        let mut writer = Writer::data(&mut bytes, 1);
        let mut bitmap = [0; BITMAP_MAX];
        let (ack, told) = History::default().acknowledge(self.now, &mut bitmap);
        writer.ack(self.sent.next() as u32, ack);
        let repeat = Repeat { budget: 100, before: self.now.saturating_sub(2 * MS), times: 2 };
        if self.outbox.has_pending() {
            self.outbox.write_pending(&mut writer, &mut self.sent, repeat);
        } else {
            self.outbox.write_oldest(&mut writer, &mut self.sent);
        }
        let len = writer.len();
        self.sent.finish(len, told, self.now);
        if lost {
            return;
        }
        let Ok(Datagram::Data { body, .. }) = wire::parse(&bytes[..len]) else {
            panic!("not what was written");
        };
        if !body.has_chunks() {
            return;
        }
        let number = self.history.expand(body.number).unwrap();
        assert!(!self.history.contains(number));
        let config = Config { ordered: true, ..Config::default() };
        let mut to = Delivery::new(address(1), &config, &mut self.workshop, &mut self.inbox);
        for chunk in body.chunks() {
            assert_eq!(self.inbound.take(&chunk, &mut to), Ok(true));
        }
        self.history.record(number, self.now);
    }

    /// Has an acknowledgement arrive.
    fn acknowledge(&mut self) {
        let mut bitmap = [0; BITMAP_MAX];
        let (ack, _) = self.history.acknowledge(self.now, &mut bitmap);
        let outbox = &mut self.outbox;
        self.sent.acknowledge(&ack, self.now, |first, count| outbox.acknowledge(first, count)).unwrap();
        self.sent
            .detect_losses(self.now, &self.rtt, |number, first, count| outbox.lose(number, first, count));
    }
}

#[test]
fn sessions_outlive_the_numbers_on_the_wire() {
    const WRAP: u64 = 1 << 32;
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let (number, sequence) = (WRAP - random.below(200) - 1, WRAP - random.below(200) - 1);
        let mut halves = Halves::new(number, sequence);
        let mut messages = Vec::new();
        for message in 0..400u32 {
            let mut bytes = vec![message as u8; random.below(700) as usize];
            bytes.extend_from_slice(&message.to_le_bytes());
            halves.outbox.push(&bytes, 200);
            messages.push(bytes);
            halves.now += 3 * MS;
            halves.send(random.chance(0.3));
            if random.chance(0.3) {
                halves.acknowledge();
            }
        }
        while !halves.outbox.is_empty() {
            halves.now += 3 * MS;
            halves.send(random.chance(0.3));
            halves.acknowledge();
        }
        let arrived: Vec<Vec<u8>> = halves.inbox.messages.into_iter().map(|(_, m)| m).collect();
        assert!(arrived == messages, "seed {seed}");
        assert!(halves.sent.next() > WRAP);
        assert_eq!(halves.workshop.memory.used(), 0);
        halves.sent.forget();
        assert_eq!(halves.sent.in_flight(), 0);
    }
}

#[test]
fn no_round_trip_is_taken_from_a_delay_that_was_cut_off() {
    let mut halves = Halves::new(1, 0);
    halves.outbox.push(b"x", 200);
    halves.send(false);
    halves.now += 2_000 * MS;
    let mut bitmap = [0; BITMAP_MAX];
    let (ack, _) = halves.history.acknowledge(halves.now, &mut bitmap);
    assert_eq!(ack.delay, u16::MAX);
    let outbox = &mut halves.outbox;
    let arrived = |first, count| outbox.acknowledge(first, count);
    let progress = halves.sent.acknowledge(&ack, halves.now, arrived).unwrap();
    assert!(progress.bytes > 0);
    assert_eq!(progress.rtt, None);
}
