//! Every message arrives exactly once, and in order where that is asked for.

use std::net::SocketAddr;

use super::world::{MS, SECOND, World, address};
use crate::conditioner::{Conditions, Random};
use crate::reliable::{Config, EventSink, PeerLost, SendError};

/// The message of that number: 0 to 2000 bytes that tell which one it is, as far as they can.
fn message(number: u32) -> Vec<u8> {
    let mut random = Random::new(u64::from(number));
    let len = random.below(2001) as usize;
    let fill = random.next() as u8;
    let mut bytes = vec![fill; len];
    let number = number.to_le_bytes();
    let told = len.min(4);
    bytes[..told].copy_from_slice(&number[..told]);
    bytes
}

/// Checks messages as they arrive.
#[derive(Default)]
struct Tally {
    ordered: bool,
    seen: Vec<bool>,
    /// Messages that are too short to carry their number, by length.
    short: [u32; 4],
    count: u32,
}

impl EventSink for Tally {
    fn delivered(&mut self, _: SocketAddr, payload: &[u8]) {
        if self.ordered {
            assert_eq!(payload, message(self.count));
        } else if let Some(number) = payload.first_chunk() {
            let number = u32::from_le_bytes(*number);
            assert_eq!(payload, message(number));
            let number = number as usize;
            if self.seen.len() <= number {
                self.seen.resize(number + 1, false);
            }
            assert!(!self.seen[number], "{number} came twice");
            self.seen[number] = true;
        } else {
            self.short[payload.len()] += 1;
        }
        self.count += 1;
    }

    fn peer_lost(&mut self, lost: PeerLost) {
        panic!("{lost:?}");
    }
}

impl Tally {
    /// All of the first `count` messages have arrived, and no other.
    fn check(&self, count: u32) {
        assert_eq!(self.count, count);
        if self.ordered {
            return;
        }
        let mut short = [0; 4];
        for number in 0..count {
            let len = message(number).len();
            if len < 4 {
                short[len] += 1;
            } else {
                assert!(self.seen[number as usize], "{number} did not come");
            }
        }
        assert_eq!(self.short, short);
    }
}

/// Sends `count` messages both ways over a bad network.
fn exchange(count: u32, ordered: bool, conditions: Conditions, seed: u64) {
    let config = Config { ordered, timeout: 60 * SECOND, send_limit: 1 << 20, ..Config::default() };
    let mut world = World::<Tally>::new(2, &config, conditions, seed);
    for node in &mut world.nodes {
        node.sink.ordered = ordered;
    }
    let until = world.now + 3_600 * SECOND;
    let mut sent = [0; 2];
    loop {
        for (from, sent) in sent.iter_mut().enumerate() {
            while *sent < count {
                match world.send(from, 1 - from, &message(*sent)) {
                    Ok(()) => *sent += 1,
                    Err(SendError::QueueFull) => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        if world.nodes.iter().all(|n| n.sink.count >= count && n.endpoint.is_flushed()) {
            break;
        }
        assert!(world.step(until), "{sent:?} sent, not all arrived");
    }
    world.run(SECOND);
    for node in &world.nodes {
        node.sink.check(count);
        assert_eq!(node.endpoint.receive_memory(), 0);
        assert_eq!(node.endpoint.stats().malformed, 0);
    }
}

/// A million messages when built with optimisation, enough of them for every build otherwise.
#[test]
fn a_million_messages_arrive_exactly_once() {
    let count = if cfg!(debug_assertions) { 15_000 } else { 1_000_000 };
    const SCHEDULES: u32 = 22;
    let mut random = Random::new(7);
    for schedule in 0..SCHEDULES {
        let conditions = Conditions {
            latency: random.below(50) * MS,
            jitter: random.below(30) * MS,
            loss: f64::from(schedule / 2) * 0.05,
            duplicate: random.below(20) as f64 / 100.0,
            reorder: random.below(20) as f64 / 100.0,
        };
        let each = count / SCHEDULES / 2 + 1;
        exchange(each, schedule % 2 == 0, conditions, u64::from(schedule));
    }
}

#[test]
fn nothing_is_lost_over_a_good_network_and_little_is_sent() {
    let mut world = World::<Tally>::new(2, &Config::default(), Conditions::default(), 1);
    for number in 0..200 {
        world.send(0, 1, &message(number)).unwrap();
    }
    assert!(world.run_until(SECOND, |w| w.nodes[0].endpoint.is_flushed()));
    world.nodes[1].sink.check(200);
    let payload: usize = (0..200).map(|number| message(number).len()).sum();
    assert!(world.bytes < payload as u64 * 11 / 10, "{} for {payload}", world.bytes);
    let info = world.nodes[0].endpoint.peer_info(address(1)).unwrap();
    assert!(info.open);
    assert_eq!((info.waiting, info.in_flight), (0, 0));
}

#[test]
fn much_loss_takes_seconds_and_not_minutes() {
    let conditions = Conditions { latency: MS, loss: 0.3, ..Conditions::default() };
    let mut world = World::<Tally>::new(2, &Config::default(), conditions, 1);
    let start = world.now;
    for number in 0..1500 {
        world.send(0, 1, &message(number)).unwrap();
    }
    let arrived = |w: &World<Tally>| w.nodes[1].sink.count == 1500;
    assert!(world.run_until(60 * SECOND, arrived));
    world.nodes[1].sink.check(1500);
    let time = world.now - start;
    println!("{time}");
    assert!(time < 3 * SECOND, "{time}");
}
