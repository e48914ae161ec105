//! Garbage, forgeries, replays and floods.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::world::{Inbox, MS, SECOND, World, address};
use crate::conditioner::{Conditions, Random};
use crate::reliable::wire::{self, Ack, Control, Datagram, Part, Proof, Writer};
use crate::reliable::{Config, Endpoint, HEADER_LEN, LossReason, Transmits, is_reliable};

fn world(count: usize, config: &Config) -> World<Inbox> {
    let conditions = Conditions { latency: 5 * MS, ..Conditions::default() };
    // Idle peers are to be forgotten.
    World::new(count, &Config { keepalive: 0, ..config.clone() }, conditions, 1)
}

fn served(world: &mut World<Inbox>, from: usize, to: usize) {
    let count = world.nodes[to].sink.messages.len();
    world.send(from, to, b"still there?").unwrap();
    assert!(
        world.run_until(5 * SECOND, |w| w.nodes[to].sink.messages.len() > count),
        "not served: {:?}",
        world.nodes[to].endpoint
    );
    let last = world.nodes[to].sink.messages.last().unwrap();
    assert_eq!(last, &(address(from), b"still there?".to_vec()));
}

/// Some traffic of every kind, as it was on the wire.
fn recorded(world: &mut World<Inbox>) -> Vec<super::world::Seen> {
    world.seen = Some(Vec::new());
    for number in 0..50u32 {
        world.send(0, 1, &number.to_le_bytes()).unwrap();
        if number % 10 == 0 {
            world.send(1, 0, &[number as u8; 5000]).unwrap();
        }
        world.run(3 * MS);
    }
    world.run(SECOND);
    world.seen.take().unwrap()
}

#[test]
fn plain_datagrams_are_told_apart() {
    assert!(!is_reliable(b""));
    assert!(!is_reliable(b"\xd7SW\x14"));
    assert!(!is_reliable(b"hello, this is a plain datagram"));
    let gamemaker = [0xde, 0xc0, 0xad, 0xde, 12, 0, 0, 0, 5, 0, 0, 0, 1, 2, 3, 4, 5];
    assert!(!is_reliable(&gamemaker));
    let mut random = Random::new(1);
    for _ in 0..100_000 {
        let bytes: [u8; 40] = std::array::from_fn(|_| random.next() as u8);
        assert!(!is_reliable(&bytes));
    }
}

#[test]
fn garbage_and_truncated_and_altered_datagrams_do_no_harm() {
    let mut world = world(2, &Config::default());
    let seen = recorded(&mut world);
    let delivered = world.nodes[1].sink.messages.len();
    let mut random = Random::new(9);
    for datagram in &seen {
        let to = usize::from(datagram.to == address(1));
        for len in 0..datagram.bytes.len().min(80) {
            world.inject(datagram.from, to, &datagram.bytes[..len]);
        }
        for _ in 0..20 {
            let mut bytes = datagram.bytes.clone();
            // The token stays, as if somebody on the path had altered the rest.
            let at = HEADER_LEN as u64 + random.below((bytes.len() - HEADER_LEN) as u64);
            bytes[at as usize] ^= 1 << random.below(8);
            world.inject(datagram.from, to, &bytes);
            bytes[random.below(4) as usize] ^= 1 << random.below(8);
            world.inject(datagram.from, to, &bytes);
        }
    }
    for _ in 0..20_000 {
        let len = random.below(100) as usize;
        let mut bytes: Vec<u8> = (0..len).map(|_| random.next() as u8).collect();
        if len > 4 {
            bytes[..3].copy_from_slice(b"\xd7SW");
            bytes[3] = 0x10 | random.below(8) as u8;
        }
        world.inject(address(0), 1, &bytes);
    }
    assert!(world.nodes[1].endpoint.stats().malformed > 1000);
    assert!(world.nodes[1].sink.messages.len() >= delivered);
    // What was altered may have ended the session, as anybody on the path can.
    world.run(30 * SECOND);
    served(&mut world, 0, 1);
    served(&mut world, 1, 0);
}

#[test]
fn forged_acknowledgements_and_closes_are_of_no_effect() {
    let mut world = world(2, &Config::default());
    served(&mut world, 0, 1);
    world.run(SECOND);
    world.filter = Some(Box::new(|_, _| false));
    world.send(0, 1, b"waits").unwrap();
    world.run(50 * MS);
    let mut random = Random::new(3);
    for largest in 1..2000u32 {
        let mut bytes = [0; 64];
        let mut writer = Writer::data(&mut bytes, random.next());
        let ack = Ack { largest, delay: 0, bitmap: &[0xff; 8] };
        writer.ack(0, ack);
        let len = writer.len();
        world.inject(address(1), 0, &bytes[..len]);
        for control in [
            Control::Close { token: random.next(), code: 0 },
            Control::Reset { token: random.next(), incarnation: 0, gave_up: true },
            Control::Welcome { token: random.next(), grant: 1, stamp: 2, incarnation: 3 },
        ] {
            let len = control.write(&mut bytes);
            world.inject(address(1), 0, &bytes[..len]);
        }
    }
    assert_eq!(world.nodes[0].endpoint.stats().unknown_session, 4 * 1999);
    assert_eq!(world.nodes[0].endpoint.unacknowledged(address(1)), (1, 5));
    world.filter = None;
    world.run(SECOND);
    assert!(world.nodes[0].endpoint.is_flushed());
    assert_eq!(world.nodes[0].sink.lost, []);
}

#[test]
fn acknowledging_what_was_never_sent_is_no_acknowledgement() {
    let mut world = world(2, &Config::default());
    world.seen = Some(Vec::new());
    served(&mut world, 0, 1);
    world.run(SECOND);
    let seen = world.seen.take().unwrap();
    let token = seen
        .iter()
        .find_map(|d| match wire::parse(&d.bytes) {
            Ok(Datagram::Data { token, .. }) if d.from == address(1) => Some(token),
            _ => None,
        })
        .unwrap();
    let mut bytes = [0; 64];
    let mut writer = Writer::data(&mut bytes, token);
    let ack = Ack { largest: 500, delay: 0, bitmap: &[0xff; 8] };
    writer.ack(0, ack);
    let len = writer.len();
    world.inject(address(1), 0, &bytes[..len]);
    assert_eq!(world.nodes[0].endpoint.stats().malformed, 1);
    served(&mut world, 0, 1);
}

#[test]
fn replays_bring_nothing_whoever_sends_them() {
    let mut world = world(2, &Config::default());
    let seen = recorded(&mut world);
    let counts = [0, 1].map(|node: usize| world.nodes[node].sink.messages.len());
    let elsewhere: SocketAddr = "10.66.0.1:666".parse().unwrap();
    let mut received = 0;
    let before = world.bytes;
    for datagram in &seen {
        let to = usize::from(datagram.to == address(1));
        received += datagram.bytes.len() as u64;
        world.inject(elsewhere, to, &datagram.bytes);
    }
    world.flush();
    assert!(world.bytes - before <= received);
    for _ in 0..2 {
        for datagram in seen.iter().rev() {
            let to = usize::from(datagram.to == address(1));
            world.inject(datagram.from, to, &datagram.bytes);
            world.run(MS);
        }
        // And again when both have forgotten each other.
        world.run(200 * SECOND);
    }
    for (node, count) in world.nodes.iter().zip(counts) {
        assert_eq!(node.sink.messages.len(), count);
        assert_eq!(node.sink.lost, []);
        assert_eq!(node.endpoint.peer_count(), 0);
    }
    served(&mut world, 0, 1);
}

#[test]
fn replays_bring_nothing_right_after_a_peer_was_given_up() {
    let config = Config { timeout: SECOND, ..Config::default() };
    let mut world = world(2, &config);
    let seen = recorded(&mut world);
    let count = world.nodes[1].sink.messages.len();
    world.filter = Some(Box::new(|_, _| false));
    world.send(1, 0, b"into the void").unwrap();
    world.run(2 * SECOND);
    assert_eq!(world.nodes[1].sink.lost.len(), 1);
    for datagram in seen.iter().filter(|d| d.to == address(1)) {
        world.inject(datagram.from, 1, &datagram.bytes);
    }
    world.run(SECOND);
    assert_eq!(world.nodes[1].sink.messages.len(), count);
    assert_eq!(world.nodes[1].sink.lost.len(), 1);
}

#[test]
fn a_flood_from_ten_thousand_addresses_costs_no_memory_and_is_not_amplified() {
    let mut world = world(2, &Config::default());
    served(&mut world, 0, 1);
    let mut random = Random::new(4);
    let mut received: HashMap<SocketAddr, usize> = HashMap::new();
    let mut answered: HashMap<SocketAddr, usize> = HashMap::new();
    let mut out = Transmits::new(64, 1200);
    for source in 0..10_000u32 {
        let ip = [172, 16, (source >> 8) as u8, source as u8];
        let from = SocketAddr::from((ip, random.next() as u16 | 1));
        let mut bytes = [0; 1200];
        let (token, second) = (random.next(), random.next());
        let hello = Control::Hello { token }.write(&mut bytes);
        let mut datagrams = vec![bytes[..hello].to_vec()];
        let mut writer = Writer::data(&mut bytes, second);
        writer.ack(1, Ack { largest: 0, delay: 0, bitmap: &[] });
        writer.chunk(0, Part::Whole, 3);
        let len = writer.len();
        datagrams.push(bytes[..len].to_vec());
        let proof = Proof { token, stamp: world.now as u32, incarnation: 1, gave_up: false };
        let mut writer = Writer::confirm(&mut bytes, second, proof);
        writer.ack(1, Ack { largest: 0, delay: 0, bitmap: &[] });
        writer.chunk(0, Part::First, 1000);
        let len = writer.len();
        datagrams.push(bytes[..len].to_vec());
        for datagram in datagrams {
            *received.entry(from).or_default() += datagram.len();
            world.inject(from, 1, &datagram);
        }
        if source % 100 == 0 {
            let now = world.now;
            let node = &mut world.nodes[1];
            loop {
                out.clear();
                node.endpoint.poll_transmit(now, &mut out);
                for (to, bytes) in out.iter() {
                    *answered.entry(to).or_default() += bytes.len();
                }
                if out.is_empty() {
                    break;
                }
            }
            served(&mut world, 0, 1);
        }
    }
    let node = &world.nodes[1];
    assert_eq!(node.endpoint.peer_count(), 1);
    assert_eq!(node.endpoint.receive_memory(), 0);
    assert_eq!(node.sink.messages.len(), 101);
    assert!(answered.len() > 5_000, "{}", answered.len());
    for (to, bytes) in answered {
        if to != address(0) {
            assert!(bytes < received[&to], "{to}: {bytes} for {}", received[&to]);
        }
    }
}

/// A peer that speaks the protocol but means ill.
pub(crate) struct Attacker {
    address: SocketAddr,
    token: u64,
    stamp: u32,
    number: u32,
}

impl Attacker {
    /// Proves the address of an attacker to node 0.
    pub(crate) fn new(world: &mut World<Inbox>, address: SocketAddr) -> Self {
        let mut bytes = [0; 64];
        let len = Control::Hello { token: 1 }.write(&mut bytes);
        world.inject(address, 0, &bytes[..len]);
        let mut out = Transmits::new(64, 1200);
        let now = world.now;
        world.nodes[0].endpoint.poll_transmit(now, &mut out);
        let welcome = out.iter().find(|&(to, _)| to == address).unwrap().1;
        let Ok(Datagram::Welcome { grant, stamp, .. }) = wire::parse(welcome) else {
            panic!("no welcome");
        };
        Self { address, token: grant, stamp, number: 0 }
    }

    pub(crate) fn send(&mut self, world: &mut World<Inbox>, sequence: u64, part: Part, size: usize) {
        let mut bytes = [0; 4096];
        let proof = Proof { token: 1, stamp: self.stamp, incarnation: 1, gave_up: false };
        let mut writer = Writer::confirm(&mut bytes, self.token, proof);
        self.number += 1;
        writer.ack(self.number, Ack { largest: 0, delay: 0, bitmap: &[] });
        writer.chunk(sequence, part, size);
        let len = writer.len();
        world.inject(self.address, 0, &bytes[..len]);
        let mut out = Transmits::new(64, 1200);
        let now = world.now;
        world.nodes[0].endpoint.poll_transmit(now, &mut out);
    }
}

#[test]
fn unfinished_messages_cannot_fill_the_memory() {
    let config = Config { receive_limit: 1 << 20, ..Config::default() };
    let mut world = world(2, &config);
    for source in 0..200u8 {
        let mut attacker = Attacker::new(&mut world, SocketAddr::from(([10, 6, 6, source], 6)));
        // Ends of messages that have no beginning.
        for sequence in (1..100).rev() {
            attacker.send(&mut world, sequence, Part::Middle, 1000);
        }
        // Far ahead, and beyond the window.
        attacker.send(&mut world, 4095, Part::Last, 0);
        attacker.send(&mut world, 4096, Part::Whole, 0);
        attacker.send(&mut world, 0x8000_0000, Part::Whole, 0);
    }
    let endpoint = &world.nodes[0].endpoint;
    assert!(endpoint.receive_memory() <= 1 << 20, "{}", endpoint.receive_memory());
    assert!(endpoint.receive_memory() > 1 << 19);
    assert_eq!(world.nodes[0].sink.messages, []);
    served(&mut world, 1, 0);
    // All that is given back once its owners are silent for long enough.
    world.run(11 * SECOND);
    assert_eq!(world.nodes[0].endpoint.receive_memory(), 0);
    assert_eq!(world.nodes[0].sink.lost, [], "the host had nothing to do with them");
    world.send(1, 0, &vec![7; 500_000]).unwrap();
    world.run(5 * SECOND);
    assert_eq!(world.nodes[0].sink.messages.last().unwrap().1, vec![7; 500_000]);
}

#[test]
fn endless_messages_in_sequence_end_the_session() {
    let config = Config { receive_limit: 1 << 20, ..Config::default() };
    let mut world = world(2, &config);
    let mut attacker = Attacker::new(&mut world, SocketAddr::from(([10, 6, 6, 6], 6)));
    attacker.send(&mut world, 0, Part::Whole, 0);
    attacker.send(&mut world, 1, Part::First, 1000);
    for sequence in 2..3000 {
        attacker.send(&mut world, sequence, Part::Middle, 1000);
        assert!(world.nodes[0].endpoint.receive_memory() <= 2 << 20);
    }
    let lost = &world.nodes[0].sink.lost;
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].reason, LossReason::MemoryLimit);
    assert_eq!(world.nodes[0].endpoint.receive_memory(), 0);
}

#[test]
fn broken_sequences_of_parts_end_the_session() {
    use Part::{First, Last, Middle, Whole};
    for parts in [
        &[Middle][..],
        &[Last],
        &[First, Whole],
        &[First, First],
        &[First, Middle, First],
        &[First, Last, Middle],
        &[Whole, Last],
    ] {
        for backwards in [false, true] {
            let mut world = world(2, &Config::default());
            let from = SocketAddr::from(([10, 6, 6, 6], 6));
            let mut attacker = Attacker::new(&mut world, from);
            attacker.send(&mut world, 0, Whole, 0);
            let mut parts: Vec<(u64, Part)> = (1..).zip(parts.iter().copied()).collect();
            if backwards {
                parts.reverse();
            }
            for &(sequence, part) in &parts {
                attacker.send(&mut world, sequence, part, 10);
            }
            let lost = &world.nodes[0].sink.lost;
            assert_eq!(lost.len(), 1, "{parts:?}");
            assert_eq!(lost[0].reason, LossReason::ProtocolError);
            assert_eq!(world.nodes[0].endpoint.receive_memory(), 0);
        }
    }
}

#[test]
fn no_more_peers_than_allowed_are_known() {
    let config = Config { max_peers: 10, ..Config::default() };
    let mut world = world(12, &config);
    for peer in 1..12 {
        world.send(peer, 0, b"x").unwrap();
    }
    world.run(SECOND);
    assert_eq!(world.nodes[0].endpoint.peer_count(), 10);
    assert_eq!(world.nodes[0].sink.messages.len(), 11);
    assert_eq!(world.nodes[0].sink.lost.len(), 1);
    assert_eq!(world.nodes[0].sink.lost[0].reason, LossReason::Displaced);
    let now = world.now;
    let full = world.nodes[0].endpoint.send(address(200), b"x", || now);
    assert_eq!(full, Err(crate::reliable::SendError::TooManyPeers));
}

#[test]
fn other_versions_are_dropped_and_counted() {
    let mut endpoint = Endpoint::new(Config::default(), [1; 32]);
    let mut bytes = [0; 64];
    let len = Control::Hello { token: 1 }.write(&mut bytes);
    bytes[3] = 0x21;
    assert!(is_reliable(&bytes[..len]));
    endpoint.receive(address(0), &bytes[..len], 0, &mut Inbox::default());
    assert_eq!(endpoint.stats().other_version, 1);
    assert_eq!(endpoint.next_timeout(), None);
}

#[test]
fn a_peer_that_acknowledged_a_part_cannot_claim_to_have_forgotten() {
    let mut world = world(1, &Config::default());
    let peer = address(9);
    let now = world.now;
    let node = &mut world.nodes[0];
    let mut out = Transmits::new(64, 1200);
    node.endpoint.send(peer, &[1; 5000], || now).unwrap();
    node.endpoint.poll_transmit(now, &mut out);
    let Ok(Datagram::Hello { token }) = wire::parse(out.get(0).1) else {
        panic!("no hello");
    };
    let mut bytes = [0; 64];
    let welcome = Control::Welcome { token, grant: 7, stamp: 0, incarnation: 8 };
    let len = welcome.write(&mut bytes);
    node.endpoint.receive(peer, &bytes[..len], now, &mut node.sink);
    out.clear();
    node.endpoint.poll_transmit(now, &mut out);
    assert_eq!(out.len(), 5);
    let mut writer = Writer::data(&mut bytes, token);
    let ack = Ack { largest: 1, delay: 0, bitmap: &[] };
    writer.ack(0, ack);
    let len = writer.len();
    node.endpoint.receive(peer, &bytes[..len], now, &mut node.sink);
    let reset = Control::Reset { token: 7, incarnation: 8, gave_up: false };
    let len = reset.write(&mut bytes);
    node.endpoint.receive(peer, &bytes[..len], now, &mut node.sink);
    assert_eq!(node.sink.lost.len(), 1);
    assert_eq!(node.sink.lost[0].reason, LossReason::Restarted);
    assert_eq!(node.sink.lost[0].messages, 1);
}
