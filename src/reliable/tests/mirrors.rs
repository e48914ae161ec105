//! Endpoints that meet themselves, and paths that send back what was sent.

use std::net::SocketAddr;

use super::world::{Inbox, MS, SECOND, World, address};
use crate::conditioner::Conditions;
use crate::reliable::wire::Control;
use crate::reliable::{Config, LossReason, Transmits};

fn world(count: usize) -> World<Inbox> {
    let conditions = Conditions { latency: 5 * MS, ..Conditions::default() };
    World::new(count, &Config::default(), conditions, 1)
}

/// Sends whatever node 0 sends to `mirror` back to it, for so long.
fn reflect(world: &mut World<Inbox>, mirror: SocketAddr, delay: u64, time: u64) {
    let mut out = Transmits::new(64, 1200);
    let mut under_way = std::collections::VecDeque::new();
    let until = world.now + time;
    while world.now < until {
        let node = &mut world.nodes[0];
        node.endpoint.handle_timeout(world.now, &mut node.sink);
        out.clear();
        node.endpoint.poll_transmit(world.now, &mut out);
        for (to, bytes) in out.iter().filter(|(to, _)| *to == mirror) {
            under_way.push_back((world.now + delay, to, bytes.to_vec()));
        }
        while under_way.front().is_some_and(|(at, ..)| *at <= world.now) {
            let (_, from, bytes) = under_way.pop_front().unwrap();
            node.endpoint.receive(from, &bytes, world.now, &mut node.sink);
        }
        world.now += MS;
    }
}

#[test]
fn a_mirror_is_given_up_once_and_delivers_nothing() {
    let mirror = "10.9.9.9:9".parse().unwrap();
    for delay in [0, 20 * MS, 700 * MS, 15 * SECOND] {
        let mut world = world(1);
        let now = world.now;
        world.nodes[0].endpoint.send(mirror, b"who is there?", || now).unwrap();
        reflect(&mut world, mirror, delay, 40 * SECOND);
        let sink = &world.nodes[0].sink;
        assert_eq!(sink.messages, []);
        assert_eq!(sink.lost.len(), 1, "{delay}");
        let reason = if delay < 10 * SECOND { LossReason::Mirror } else { LossReason::Timeout };
        assert_eq!((sink.lost[0].reason, sink.lost[0].messages), (reason, 1));
    }
}

#[test]
fn an_own_address_that_one_is_not_known_by_is_given_up_too() {
    let mut world = world(1);
    let (other, own) = ("127.0.0.2:4".parse().unwrap(), address(0));
    let now = world.now;
    world.nodes[0].endpoint.send(other, b"who is there?", || now).unwrap();
    let until = world.now + 40 * SECOND;
    let mut out = Transmits::new(64, 1200);
    let mut datagrams = 0;
    while world.now < until {
        let node = &mut world.nodes[0];
        node.endpoint.handle_timeout(world.now, &mut node.sink);
        out.clear();
        node.endpoint.poll_transmit(world.now, &mut out);
        for (_, bytes) in out.iter() {
            datagrams += 1;
            node.endpoint.receive(own, bytes, world.now, &mut node.sink);
        }
        world.now += MS;
    }
    assert_eq!(world.nodes[0].sink.messages, []);
    assert_eq!(world.nodes[0].sink.lost.len(), 1);
    assert!(datagrams < 100, "{datagrams}");
}

#[test]
fn what_comes_back_besides_a_peer_does_no_harm() {
    let mut world = world(2);
    world.send(0, 1, b"hello").unwrap();
    world.run(SECOND);
    world.send(1, 0, b"hello").unwrap();
    world.run(SECOND);
    for round in 0..20u8 {
        world.seen = Some(Vec::new());
        world.send(0, 1, &[round; 3000]).unwrap();
        world.run(30 * MS);
        for datagram in world.seen.take().unwrap() {
            let sender = usize::from(datagram.from == address(1));
            world.inject(datagram.to, sender, &datagram.bytes);
            world.flush();
        }
        // And as if a reset of ours came back.
        let mut bytes = [0; 64];
        let (remote, incarnation) = world.nodes[0].endpoint.names_for_tests(address(1));
        let len = Control::Reset { token: remote, incarnation, gave_up: true }.write(&mut bytes);
        world.inject(address(1), 0, &bytes[..len]);
    }
    world.run(SECOND);
    assert_eq!(world.nodes[1].sink.messages.len(), 21);
    assert_eq!(world.nodes[0].sink.messages.len(), 1);
    for node in &world.nodes {
        assert_eq!(node.sink.lost, []);
        assert_eq!(node.endpoint.session_count(), 1);
    }
}
