//! How late messages are: exact in virtual time.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::world::{MS, SECOND, World, address};
use crate::conditioner::Conditions;
use crate::reliable::{Config, Micros, PeerLost, Sink};

/// Keeps messages for the program that looks at them after each step.
#[derive(Default)]
struct Mailbox(Vec<(SocketAddr, Vec<u8>)>);

impl Sink for Mailbox {
    fn delivered(&mut self, peer: SocketAddr, payload: &[u8]) {
        self.0.push((peer, payload.to_vec()));
    }

    fn peer_lost(&mut self, lost: PeerLost) {
        panic!("{lost:?}");
    }
}

/// Round trips of an echo, sorted: `clients` send 64 bytes `hertz` times a second.
fn echo(clients: usize, hertz: u64, time: Micros, conditions: Conditions, seed: u64) -> Vec<Micros> {
    let mut world = World::<Mailbox>::new(clients + 1, &Config::default(), conditions, seed);
    let start = world.now;
    let until = start + time;
    let mut ticks = vec![0; clients + 1];
    let mut under_way = BTreeMap::new();
    let mut round_trips = Vec::new();
    let tick_at = |client: usize, tick: u64| {
        start + tick * SECOND / hertz + client as u64 * SECOND / hertz / clients as u64
    };
    loop {
        let mut next = Micros::MAX;
        for client in 1..=clients {
            while tick_at(client, ticks[client]) <= world.now && world.now < until {
                let mut payload = [0; 64];
                payload[..8].copy_from_slice(&ticks[client].to_le_bytes());
                world.send(client, 0, &payload).unwrap();
                under_way.insert((client, ticks[client]), world.now);
                ticks[client] += 1;
            }
            next = next.min(tick_at(client, ticks[client]));
        }
        if world.now >= until {
            if under_way.is_empty() {
                break;
            }
            assert!(world.now < until + 10 * SECOND, "{under_way:?}");
            next = world.now + SECOND;
        }
        world.step(next);
        for (client, payload) in std::mem::take(&mut world.nodes[0].sink.0) {
            world.nodes[0].endpoint.send(client, &payload, world.now).unwrap();
        }
        for client in 1..=clients {
            for (_, payload) in std::mem::take(&mut world.nodes[client].sink.0) {
                let tick = u64::from_le_bytes(*payload.first_chunk().unwrap());
                let sent = under_way.remove(&(client, tick)).unwrap();
                round_trips.push(world.now - sent);
            }
        }
    }
    assert_eq!(address(0), world.nodes[0].address);
    println!("{} datagrams, {} bytes", world.datagrams, world.bytes);
    round_trips.sort_unstable();
    round_trips
}

fn quantile(sorted: &[Micros], part: f64) -> Micros {
    sorted[((sorted.len() - 1) as f64 * part) as usize]
}

#[test]
fn a_lost_message_comes_with_the_next_tick() {
    let conditions = Conditions {
        latency: 20 * MS,
        loss: 0.05,
        ..Conditions::default()
    };
    let time = if cfg!(debug_assertions) { 20 } else { 200 } * SECOND;
    let sorted = echo(10, 60, time, conditions, 1);
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|part| quantile(&sorted, part));
    println!("{} {p50} {p99} {p999} {:?}", sorted.len(), sorted.last());
    assert!(p50 <= 40_500, "{p50}");
    assert!(p99 <= 75_000, "{p99}");
    assert!(p999 <= 110_000, "{p999}");
}
