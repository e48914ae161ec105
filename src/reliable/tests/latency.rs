//! How late messages are: exact in virtual time.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::world::{MS, SECOND, World, address, seed};
use crate::conditioner::{Conditioner, Conditions};
use crate::reliable::{Config, Endpoint, EventSink, Micros, PeerLost, Transmits};

/// Keeps messages for the program that looks at them after each step.
#[derive(Default)]
struct Mailbox(Vec<(SocketAddr, Vec<u8>)>);

impl EventSink for Mailbox {
    fn delivered(&mut self, peer: SocketAddr, payload: &[u8]) {
        self.0.push((peer, payload.to_vec()));
    }

    fn peer_lost(&mut self, lost: PeerLost) {
        panic!("{lost:?}");
    }
}

/// Clients that send 64 bytes to an echo at a steady rate.
struct Echo {
    world: World<Mailbox>,
    clients: usize,
    tick: Micros,
    start: Micros,
    /// Size of the large messages; 0 for none.
    large: usize,
    large_ones: u64,
}

impl Echo {
    fn new(clients: usize, hertz: u64, config: &Config, conditions: Conditions) -> Self {
        let world = World::<Mailbox>::new(clients + 1, config, conditions, 1);
        Self { start: world.now, world, clients, tick: SECOND / hertz, large: 0, large_ones: 0 }
    }

    /// When a client sends its message of that number: not all at once.
    fn due(&self, client: usize, number: u64) -> Micros {
        let offset = client as u64 * self.tick / self.clients as u64;
        self.start + number * self.tick + offset
    }

    /// The round trips of all messages but those of the first second, sorted.
    fn run(&mut self, time: Micros) -> Vec<Micros> {
        let until = self.start + time;
        let mut numbers = vec![0; self.clients];
        let mut under_way = BTreeMap::new();
        let mut round_trips = Vec::new();
        for client in 1..=self.clients {
            self.send_large(client);
        }
        loop {
            let mut next = Micros::MAX;
            for (client, number) in (1..).zip(&mut numbers) {
                if self.due(client, *number) <= self.world.now && self.world.now < until {
                    let mut payload = [0; 64];
                    payload[..8].copy_from_slice(&number.to_le_bytes());
                    self.world.send(client, 0, &payload).unwrap();
                    under_way.insert((client, *number), self.world.now);
                    *number += 1;
                }
                next = next.min(self.due(client, *number));
            }
            if self.world.now >= until {
                if under_way.is_empty() {
                    break;
                }
                assert!(self.world.now < until + 10 * SECOND, "{under_way:?}");
                next = self.world.now + SECOND;
            }
            self.world.step(next);
            self.answer();
            for client in 1..=self.clients {
                for (_, payload) in std::mem::take(&mut self.world.nodes[client].sink.0) {
                    if payload.len() > 64 {
                        assert_eq!(payload.len(), self.large);
                        self.large_ones += 1;
                        if self.world.now < until {
                            self.send_large(client);
                        }
                        continue;
                    }
                    let number = u64::from_le_bytes(*payload.first_chunk().unwrap());
                    let sent = under_way.remove(&(client, number)).unwrap();
                    if sent >= self.start + SECOND {
                        round_trips.push(self.world.now - sent);
                    }
                }
            }
        }
        round_trips.sort_unstable();
        round_trips
    }

    /// Each client has one message of that size on its way at any time, each answered by one; `run` with it.
    fn with_large(mut self, size: usize) -> Self {
        self.large = size;
        self
    }

    fn send_large(&mut self, client: usize) {
        if self.large > 0 {
            self.world.send(client, 0, &vec![7; self.large]).unwrap();
        }
    }

    fn answer(&mut self) {
        let now = self.world.now;
        let echo = &mut self.world.nodes[0];
        for (client, payload) in std::mem::take(&mut echo.sink.0) {
            echo.endpoint.send(client, &payload, || now).unwrap();
        }
    }
}

fn quantile(sorted: &[Micros], part: f64) -> Micros {
    sorted[((sorted.len() - 1) as f64 * part) as usize]
}

#[test]
fn a_lost_message_comes_with_the_next_tick() {
    let conditions = Conditions { latency: 20 * MS, loss: 0.05, ..Conditions::default() };
    let time = if cfg!(debug_assertions) { 30 } else { 200 } * SECOND;
    let mut echo = Echo::new(10, 60, &Config::default(), conditions);
    let sorted = echo.run(time);
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|part| quantile(&sorted, part));
    println!("{} round trips: {p50} {p99} {p999}", sorted.len());
    assert!(p50 <= 40_500, "{p50}");
    assert!(p99 <= 75_000, "{p99}");
    assert!(p999 <= 110_000, "{p999}");
    // A tick is three datagrams: a message, its echo, and the acknowledgement of that.
    let ticks = sorted.len() as u64;
    assert!(echo.world.datagrams < ticks * 7 / 2, "{}", echo.world.datagrams);
}

/// A message of a mebibyte takes many round trips over such a link; those of two streams beside it do not wait for it.
#[test]
fn a_large_message_does_not_hold_small_ones_up() {
    let conditions = Conditions { latency: 20 * MS, loss: 0.05, ..Conditions::default() };
    let time = if cfg!(debug_assertions) { 20 } else { 200 } * SECOND;
    let mut echo = Echo::new(2, 120, &Config::default(), conditions).with_large(1 << 20);
    let sorted = echo.run(time);
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|part| quantile(&sorted, part));
    println!("{} round trips: {p50} {p99} {p999}; {} large ones", sorted.len(), echo.large_ones);
    assert!(p50 <= 40_500, "{p50}");
    assert!(p99 <= 58_000, "{p99}");
    assert!(echo.large_ones > 0);
}

#[test]
fn nothing_is_repeated_where_acknowledgements_come_before_the_next_tick() {
    let conditions = Conditions { latency: 4 * MS, ..Conditions::default() };
    let mut echo = Echo::new(2, 60, &Config::default(), conditions);
    let sorted = echo.run(5 * SECOND);
    assert_eq!(sorted.last(), Some(&(8 * MS)));
    let once = echo.world.bytes;
    let config = Config { redundancy: 0, ..Config::default() };
    let mut echo = Echo::new(2, 60, &config, conditions);
    echo.run(5 * SECOND);
    assert_eq!(echo.world.bytes, once);
}

#[test]
fn hosts_that_are_called_once_a_frame_send_one_datagram_a_frame() {
    const FRAME: Micros = SECOND / 60;
    let conditions = Conditions { latency: 20 * MS, ..Conditions::default() };
    let mut endpoints = [1, 2].map(|s| Endpoint::new(Config::default(), seed(s)));
    let mut links = [1, 2].map(|s| Conditioner::new(conditions, s));
    let mut out = Transmits::new(64, 1200);
    let mut datagrams = 0;
    let mut latest = 0;
    for frame in 0..600u64 {
        for at in 0..2 {
            // The second host's frames begin in the middle of the first one's.
            let now = SECOND + frame * FRAME + at as u64 * FRAME / 2;
            let endpoint = &mut endpoints[at];
            let mut mailbox = Mailbox::default();
            while links[1 - at].pop(now, |(), bytes| {
                endpoint.receive(address(1 - at), bytes, now, &mut mailbox);
            }) {}
            for (_, payload) in mailbox.0 {
                let sent = u64::from_le_bytes(*payload.first_chunk().unwrap());
                if frame > 60 {
                    latest = latest.max(now - sent);
                }
            }
            endpoint.handle_timeout(now, &mut Mailbox::default());
            endpoint.send(address(1 - at), &now.to_le_bytes(), || now).unwrap();
            out.clear();
            endpoint.poll_transmit(now, &mut out);
            datagrams += out.len();
            for (_, bytes) in out.iter() {
                links[at].push((), bytes, now);
            }
        }
    }
    assert!(datagrams <= 2 * 600 + 10, "{datagrams}");
    assert!(latest <= 20 * MS + FRAME, "{latest}");
}
