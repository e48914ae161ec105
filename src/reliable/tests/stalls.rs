//! Processes that stand still for a while, and connections that do nothing for long.

use super::world::{Inbox, MS, Node, SECOND, World, address};
use crate::conditioner::Conditions;
use crate::reliable::wire::{self, Ack, Datagram, Writer};
use crate::reliable::{Config, Micros, Transmits};

fn world(config: &Config, latency: Micros) -> World<Inbox> {
    World::new(2, config, Conditions { latency, ..Conditions::default() }, 1)
}

fn acquainted(config: &Config) -> World<Inbox> {
    let mut world = world(config, 10 * MS);
    world.send(0, 1, b"hello").unwrap();
    world.run(100 * MS);
    world.send(1, 0, b"hello").unwrap();
    world.run(2 * SECOND);
    world
}

#[test]
fn a_peer_is_not_given_up_for_what_was_not_read() {
    let mut world = acquainted(&Config::default());
    world.send(0, 1, b"waits").unwrap();
    world.seen = Some(Vec::new());
    world.filter = Some(Box::new(|from, _| from == 0));
    world.run(50 * MS);
    let answers = world.seen.take().unwrap();
    // The answers wait in the system while the process stands still.
    let now = world.now + 20 * SECOND;
    let node = &mut world.nodes[0];
    assert!(node.endpoint.handle_timeout_before_reading(now), "somebody seems to be silent");
    assert_eq!(node.sink.lost, []);
    for datagram in answers.iter().filter(|datagram| datagram.to == address(0)) {
        node.endpoint.receive(datagram.from, &datagram.bytes, now, &mut node.sink);
    }
    node.endpoint.handle_timeout(now, &mut node.sink);
    assert_eq!(node.sink.lost, []);
    assert!(node.endpoint.is_flushed());
    // Who says nothing is given up as ever.
    let node = &mut world.nodes[0];
    node.endpoint.send(address(1), b"waits", || now).unwrap();
    world.flush();
    let node = &mut world.nodes[0];
    let now = now + 11 * SECOND;
    assert!(node.endpoint.handle_timeout_before_reading(now));
    node.endpoint.handle_timeout(now, &mut node.sink);
    assert_eq!(node.sink.lost.len(), 1);
    assert!(!node.endpoint.handle_timeout_before_reading(now));
}

#[test]
fn a_stall_of_seconds_is_made_up_for_at_once() {
    // All that is known of the path is that it took seconds, and that little came through.
    let mut world = world(&Config::default(), 2 * SECOND);
    world.send(0, 1, b"hello").unwrap();
    world.run(6 * SECOND);
    world.send(1, 0, b"hello").unwrap();
    world.run(500 * MS);
    world.set_conditions(Conditions { latency: MS, ..Conditions::default() });
    world.run(4 * SECOND);
    let began = world.now;
    for number in 0..300u32 {
        let mut message = [7; 1000];
        message[..4].copy_from_slice(&number.to_le_bytes());
        world.send(0, 1, &message).unwrap();
        world.send(1, 0, &message).unwrap();
    }
    let all = |w: &World<Inbox>| w.nodes.iter().all(|node| node.sink.messages.len() == 301);
    assert!(world.run_until(60 * SECOND, all));
    let took = world.now - began;
    assert!(took < SECOND, "{} ms", took / MS);
}

#[test]
fn an_idle_session_is_kept_alive_by_either_side_as_long_as_it_wants_that() {
    let config = Config { keepalive: 10 * SECOND, ..Config::default() };
    let mut world = acquainted(&config);
    world.seen = Some(Vec::new());
    world.run(600 * SECOND);
    for node in &world.nodes {
        assert_eq!(node.endpoint.session_count(), 1);
        assert_eq!(node.sink.messages.len(), 1);
        assert_eq!(node.sink.lost, []);
    }
    let seen = world.seen.take().unwrap();
    for from in [address(0), address(1)] {
        let own: Vec<_> = seen.iter().filter(|datagram| datagram.from == from).collect();
        assert!((58..=62).contains(&own.len()), "{}", own.len());
        for datagram in own {
            let Ok(Datagram::Data { body, .. }) = wire::parse(&datagram.bytes) else { panic!("no data") };
            assert!(!body.has_chunks());
        }
    }
    // Nobody is kept alive who is not there.
    world.filter = Some(Box::new(|_, _| false));
    world.run(130 * SECOND);
    for node in &mut world.nodes {
        assert_eq!(node.endpoint.peer_count(), 0);
        assert_eq!(node.sink.lost, []);
    }
    let mut world = acquainted(&Config { keepalive: 0, ..Config::default() });
    world.seen = Some(Vec::new());
    world.run(130 * SECOND);
    assert_eq!(world.seen.take().unwrap(), []);
}

#[test]
fn every_jump_of_the_clock_is_noticed_also_with_nothing_to_do() {
    let mut world = acquainted(&Config { keepalive: 0, ..Config::default() });
    let node = &mut world.nodes[1];
    let mut now = world.now;
    // All is forgotten with the first.
    for _ in 0..3 {
        now += 3600 * SECOND;
        while node.endpoint.next_timeout().is_some_and(|due| due <= now) {
            node.endpoint.handle_timeout(now, &mut node.sink);
            node.endpoint.poll_transmit(now, &mut Transmits::new(64, 1200));
        }
    }
    assert_eq!(node.endpoint.peer_count(), 0);
    // For the peer a moment has passed: what it has sent may have arrived.
    let mut bytes = [0; 64];
    let mut writer = Writer::data(&mut bytes, 7);
    writer.ack(1, Ack { largest: 0, delay: 0, bitmap: &[] });
    let len = writer.len();
    let answer = |node: &mut Node<Inbox>, now| {
        node.endpoint.receive(address(0), &bytes[..len], now, &mut node.sink);
        let mut out = Transmits::new(64, 1200);
        node.endpoint.poll_transmit(now, &mut out);
        let Ok(Datagram::Reset { gave_up, .. }) = wire::parse(out.iter().next().unwrap().1) else {
            panic!("no reset");
        };
        gave_up
    };
    assert!(answer(node, now));
    // And that is over when it was called in time.
    let due = node.endpoint.next_timeout().unwrap();
    node.endpoint.handle_timeout(due, &mut node.sink);
    assert_eq!(node.endpoint.next_timeout(), None);
    assert!(!answer(node, due));
}
