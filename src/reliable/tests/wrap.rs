//! The two halves of a session without the session: where numbers wrap on the wire.

use super::world::{Inbox, MS, address};
use crate::conditioner::Random;
use crate::reliable::reassembly::{Delivery, Reassembly, ReassemblyPool};
use crate::reliable::received::Received;
use crate::reliable::rtt::Rtt;
use crate::reliable::send_buffer::{Repeat, SendBuffer};
use crate::reliable::sent::Sent;
use crate::reliable::wire::{self, BITMAP_MAX, Datagram, Writer};
use crate::reliable::{Config, Micros};

/// A sender and a receiver, of whose datagrams some are lost.
struct Halves {
    send_buffer: SendBuffer,
    sent: Sent,
    rtt: Rtt,
    received: Received,
    reassembly: Reassembly,
    reassembly_pool: ReassemblyPool,
    inbox: Inbox,
    now: Micros,
}

impl Halves {
    fn new(number: u64, sequence: u64) -> Self {
        let mut rtt = Rtt::default();
        rtt.sample(10 * MS, 0);
        Self {
            send_buffer: SendBuffer::starting_at(sequence),
            sent: Sent::starting_at(number),
            rtt,
            received: Received::ending_at(number - 1),
            reassembly: Reassembly::starting_at(sequence),
            reassembly_pool: ReassemblyPool::new(1 << 20),
            inbox: Inbox::default(),
            now: 0,
        }
    }

    /// Writes a datagram, and has it arrive unless it is lost.
    fn send(&mut self, lost: bool) {
        let mut bytes = [0; 300];
        let mut writer = Writer::data(&mut bytes, 1);
        let mut bitmap = [0; BITMAP_MAX];
        let (ack, told) = Received::default().acknowledge(self.now, &mut bitmap);
        writer.ack(self.sent.next() as u32, ack);
        let repeat = Repeat { budget: 100, before: self.now.saturating_sub(2 * MS), times: 2 };
        if self.send_buffer.has_pending() {
            self.send_buffer.write_pending(&mut writer, &mut self.sent, repeat);
        } else {
            self.send_buffer.write_oldest(&mut writer, &mut self.sent);
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
        let number = self.received.expand(body.number).unwrap();
        assert!(!self.received.contains(number));
        let config = Config { ordered: true, ..Config::default() };
        let mut to = Delivery::new(address(1), &config, &mut self.reassembly_pool, &mut self.inbox);
        for chunk in body.chunks() {
            assert_eq!(self.reassembly.take(&chunk, &mut to), Ok(true));
        }
        self.received.record(number, self.now);
    }

    /// Has an acknowledgement arrive.
    fn acknowledge(&mut self) {
        let mut bitmap = [0; BITMAP_MAX];
        let (ack, _) = self.received.acknowledge(self.now, &mut bitmap);
        let send_buffer = &mut self.send_buffer;
        self.sent.acknowledge(&ack, self.now, |first, count| send_buffer.acknowledge(first, count)).unwrap();
        self.sent.detect_losses(self.now, &self.rtt, |number, first, count| {
            send_buffer.lose(number, first, count)
        });
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
            halves.send_buffer.push(&bytes, 200);
            messages.push(bytes);
            halves.now += 3 * MS;
            halves.send(random.chance(0.3));
            if random.chance(0.3) {
                halves.acknowledge();
            }
        }
        while !halves.send_buffer.is_empty() {
            halves.now += 3 * MS;
            halves.send(random.chance(0.3));
            halves.acknowledge();
        }
        let arrived: Vec<Vec<u8>> = halves.inbox.messages.into_iter().map(|(_, m)| m).collect();
        assert!(arrived == messages, "seed {seed}");
        assert!(halves.sent.next() > WRAP);
        assert_eq!(halves.reassembly_pool.memory.used(), 0);
        halves.sent.forget();
        assert_eq!(halves.sent.in_flight(), 0);
    }
}

#[test]
fn no_round_trip_is_taken_from_a_delay_that_was_cut_off() {
    let mut halves = Halves::new(1, 0);
    halves.send_buffer.push(b"x", 200);
    halves.send(false);
    halves.now += 2_000 * MS;
    let mut bitmap = [0; BITMAP_MAX];
    let (ack, _) = halves.received.acknowledge(halves.now, &mut bitmap);
    assert_eq!(ack.delay, u16::MAX);
    let send_buffer = &mut halves.send_buffer;
    let arrived = |first, count| send_buffer.acknowledge(first, count);
    let progress = halves.sent.acknowledge(&ack, halves.now, arrived).unwrap();
    assert!(progress.bytes > 0);
    assert_eq!(progress.rtt, None);
}
