//! More peers than there are places for.

use std::net::SocketAddr;

use super::hostile::Attacker;
use super::world::{Inbox, MS, SECOND, World, address};
use crate::conditioner::Conditions;
use crate::reliable::wire::Part;
use crate::reliable::{Config, LossReason, SendError};

fn world(count: usize, max_peers: usize) -> World<Inbox> {
    let conditions = Conditions { latency: 5 * MS, ..Conditions::default() };
    let mut world = World::new(count, &Config::default(), conditions, 1);
    world.nodes[0].endpoint.set_max_peers(max_peers);
    world
}

/// Sessions of one host's ports, which deliver one message each if they are to be of use.
fn crowd(world: &mut World<Inbox>, ports: std::ops::Range<u16>, useful: bool) {
    for port in ports {
        let mut attacker = Attacker::new(world, SocketAddr::from(([10, 6, 6, 6], port)));
        let part = if useful { Part::Whole } else { Part::First };
        attacker.send(world, 0, part, 100);
        world.run(MS);
    }
}

fn served(world: &mut World<Inbox>, from: usize) {
    let count = world.nodes[0].sink.messages.len();
    world.send(from, 0, b"me").unwrap();
    assert!(world.run_until(5 * SECOND, |w| w.nodes[0].sink.messages.len() > count));
    assert_eq!(world.nodes[0].sink.messages.last().unwrap().0, address(from));
}

#[test]
fn the_peer_that_was_of_no_use_for_longest_gives_way() {
    let mut world = world(6, 4);
    for peer in 1..=4 {
        served(&mut world, peer);
    }
    // The first has just spoken, the second has just been spoken to.
    served(&mut world, 1);
    world.send(0, 2, b"you").unwrap();
    world.run(SECOND);
    served(&mut world, 5);
    let node = &world.nodes[0];
    assert_eq!(node.endpoint.peer_count(), 4);
    assert_eq!(node.sink.lost.len(), 1);
    assert_eq!((node.sink.lost[0].peer, node.sink.lost[0].reason), (address(3), LossReason::Displaced));
    world.run(SECOND);
    assert_eq!(world.nodes[3].sink.lost[0].reason, LossReason::Closed, "it is told");
    // It is welcome again, and takes the place of the next.
    served(&mut world, 3);
    assert_eq!(world.nodes[0].sink.lost[1].peer, address(4));
}

#[test]
fn one_host_cannot_keep_newcomers_out() {
    for useful in [false, true] {
        let mut world = world(4, 100);
        served(&mut world, 1);
        crowd(&mut world, 1..400, useful);
        for peer in 1..4 {
            served(&mut world, peer);
        }
        let node = &world.nodes[0];
        assert_eq!(node.endpoint.peer_count(), 100);
        // Who was there before, idle, was not displaced by those of the one host.
        assert!(node.sink.lost.iter().all(|lost| lost.peer != address(1)));
        if !useful {
            assert_eq!(node.sink.lost, [], "the host had nothing to do with them");
        }
    }
}

#[test]
fn peers_that_are_over_give_way_first() {
    let mut world = world(7, 4);
    for peer in 1..=4 {
        served(&mut world, peer);
    }
    let now = world.now;
    for peer in [2, 4] {
        let node = &mut world.nodes[peer];
        node.endpoint.close(now, &mut node.sink);
    }
    world.run(SECOND);
    assert_eq!(world.nodes[0].sink.lost.len(), 2);
    served(&mut world, 5);
    served(&mut world, 6);
    assert_eq!(world.nodes[0].sink.lost.len(), 2);
    for peer in [1, 3] {
        served(&mut world, peer);
    }
    assert_eq!(world.nodes[0].sink.lost.len(), 2);
}

#[test]
fn a_send_displaces_only_whom_nobody_misses() {
    let mut world = world(3, 2);
    for peer in 1..=2 {
        served(&mut world, peer);
    }
    let (now, nobody) = (world.now, "10.9.9.9:9".parse().unwrap());
    let send = |w: &mut World<Inbox>| w.nodes[0].endpoint.send(nobody, b"x", || now);
    assert_eq!(send(&mut world), Err(SendError::TooManyPeers));
    let node = &mut world.nodes[2];
    node.endpoint.close(now, &mut node.sink);
    world.run(SECOND);
    assert_eq!(send(&mut world), Ok(()));
}

#[test]
fn a_send_displaces_nobody_whose_messages_wait_for_their_turn() {
    let mut world = world(3, 2);
    let (now, nobody) = (world.now, "10.9.9.9:9".parse().unwrap());
    world.nodes[0].endpoint.set_ordered(true);
    let ahead = SocketAddr::from(([10, 6, 6, 6], 1));
    let mut strangers =
        [ahead, SocketAddr::from(([10, 6, 6, 7], 1))].map(|address| Attacker::new(&mut world, address));
    for (sequence, part) in [(1, Part::Whole), (3, Part::First), (4, Part::Last)] {
        strangers[0].send(&mut world, sequence, part, 10);
        world.run(MS);
    }
    // Later, and thus more useful, but nothing of it is whole.
    strangers[1].send(&mut world, 1, Part::First, 10);
    assert_eq!(world.nodes[0].sink.messages, []);
    assert_eq!(world.nodes[0].endpoint.send(nobody, b"x", || now), Ok(()));
    let another = "10.9.9.9:10".parse().unwrap();
    assert_eq!(world.nodes[0].endpoint.send(another, b"x", || now), Err(SendError::TooManyPeers));
    // In a call that can deliver them it gives way.
    served(&mut world, 1);
    let sink = &world.nodes[0].sink;
    let of_it = |from: &SocketAddr| sink.messages.iter().filter(|(other, _)| other == from).count();
    assert_eq!(of_it(&ahead), 2);
    assert_eq!((sink.lost[0].peer, sink.lost[0].reason), (ahead, LossReason::Displaced));
}

#[test]
fn what_a_displaced_peer_had_sent_cannot_be_replayed() {
    let mut world = world(8, 2);
    world.seen = Some(Vec::new());
    served(&mut world, 1);
    let recorded = world.seen.take().unwrap();
    for peer in 2..8 {
        served(&mut world, peer);
    }
    let count = world.nodes[0].sink.messages.len();
    for datagram in recorded.iter().filter(|datagram| datagram.to == address(0)) {
        world.inject(datagram.from, 0, &datagram.bytes);
        world.run(10 * MS);
    }
    assert_eq!(world.nodes[0].sink.messages.len(), count);
}

#[test]
fn a_table_too_large_to_compare_all_of_it_serves_newcomers_as_well() {
    let mut world = world(2, 1_000);
    crowd(&mut world, 1..1_200, true);
    served(&mut world, 1);
    assert_eq!(world.nodes[0].endpoint.peer_count(), 1_000);
}

#[test]
fn strangers_bring_no_events() {
    let mut world = world(2, 65_536);
    for port in 1..200 {
        let mut attacker = Attacker::new(&mut world, SocketAddr::from(([10, 6, 6, 6], port)));
        attacker.send(&mut world, 0, Part::Middle, 100);
        let mut silent = Attacker::new(&mut world, SocketAddr::from(([10, 6, 6, 7], port)));
        silent.send(&mut world, 0, Part::First, 100);
    }
    world.run(30 * SECOND);
    assert_eq!(world.nodes[0].sink.lost, []);
    assert_eq!(world.nodes[0].endpoint.session_count(), 0);
    served(&mut world, 1);
}
