//! What peers cost.

use super::world::{Inbox, MS, SECOND, World, address};
use crate::conditioner::Conditions;
use crate::reliable::Config;
use crate::reliable::peer::Peer;

#[test]
fn an_idle_peer_is_small() {
    assert!(size_of::<Peer>() <= 1024, "{}", size_of::<Peer>());
}

#[test]
fn thousands_of_peers_are_served_and_wake_the_host_only_when_due() {
    let conditions = Conditions { latency: 5 * MS, ..Conditions::default() };
    let peers = if cfg!(debug_assertions) { 300 } else { 1000 };
    let mut world =
        World::<Inbox>::new(peers + 1, &Config { keepalive: 0, ..Config::default() }, conditions, 1);
    for peer in 1..=peers {
        world.send(peer, 0, &(peer as u32).to_le_bytes()).unwrap();
    }
    world.run(SECOND);
    assert_eq!(world.nodes[0].sink.messages.len(), peers);
    assert_eq!(world.nodes[0].endpoint.peer_count(), peers);
    for peer in 1..=peers {
        let now = world.now;
        world.nodes[0].endpoint.send(address(peer), b"answer", || now).unwrap();
    }
    world.run(2 * SECOND);
    assert!(world.nodes[1..].iter().all(|n| n.sink.messages.len() == 1));
    world.run(125 * SECOND);
    assert_eq!(world.nodes[0].endpoint.peer_count(), 0);
    assert_eq!(world.nodes[0].endpoint.next_timeout(), None);
}
