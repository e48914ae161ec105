//! Flows that share a link, and large messages.

use super::world::{Bottleneck, Inbox, MS, SECOND, World};
use crate::conditioner::Conditions;
use crate::reliable::{Config, Micros};

fn slow_link(flows: usize, rate: u64, room: u64, seed: u64) -> World<Inbox> {
    let conditions = Conditions { latency: 20 * MS, ..Conditions::default() };
    let config = Config { send_limit: 1 << 20, ..Config::default() };
    let mut world = World::new(flows + 1, &config, conditions, seed);
    world.bottleneck = Some(Bottleneck { rate, room, free_at: 0, dropped: 0 });
    world
}

/// Bytes that arrived from each of the first `flows` senders while all of them send what they
/// can, `time` long.
fn bulk(world: &mut World<Inbox>, flows: usize, time: Micros) -> Vec<u64> {
    let until = world.now + time;
    let mut bytes = vec![0; flows];
    loop {
        for flow in 0..flows {
            while world.send(flow + 1, 0, &[1; 1100]).is_ok() {}
        }
        let more = world.step(until);
        for (from, payload) in std::mem::take(&mut world.nodes[0].sink.messages) {
            if let Some(flow) = (0..flows).find(|&f| world.nodes[f + 1].address == from) {
                bytes[flow] += payload.len() as u64;
            }
        }
        if !more {
            return bytes;
        }
    }
}

#[test]
fn two_flows_share_a_link() {
    const RATE: u64 = 1_000_000;
    for (seed, room) in [(1, 20_000), (2, 40_000), (3, 100_000)] {
        let mut world = slow_link(2, RATE, room, seed);
        bulk(&mut world, 1, 5 * SECOND);
        bulk(&mut world, 2, 15 * SECOND);
        let shares = bulk(&mut world, 2, 30 * SECOND);
        println!("room {room}: {shares:?} of {}", 30 * RATE);
        let sum: u64 = shares.iter().sum();
        assert!(sum * 10 > 30 * RATE * 8, "the link is not used: {shares:?}");
        let least = *shares.iter().min().unwrap();
        assert!(least * 100 > sum * 35, "not fair: {shares:?}");
    }
}

#[test]
fn a_game_beside_a_download_still_gets_through() {
    let mut world = slow_link(2, 1_000_000, 40_000, 4);
    bulk(&mut world, 1, 5 * SECOND);
    let mut waits = Vec::new();
    for _ in 0..300 {
        let sent = world.now;
        world.send(2, 0, b"the state of the game").unwrap();
        let mut arrived = None;
        for _ in 0..2 {
            while world.send(1, 0, &[1; 1100]).is_ok() {}
            let until = sent + 16 * MS;
            while world.step(until) {
                while world.send(1, 0, &[1; 1100]).is_ok() {}
            }
        }
        while arrived.is_none() {
            let messages = std::mem::take(&mut world.nodes[0].sink.messages);
            arrived = messages.iter().any(|(_, p)| p.len() == 21).then_some(world.now);
            if arrived.is_none() {
                while world.send(1, 0, &[1; 1100]).is_ok() {}
                world.step(world.now + 10 * SECOND);
            }
        }
        waits.push(arrived.unwrap() - sent);
    }
    waits.sort_unstable();
    println!("{:?}", [waits[150], waits[290], waits[299]]);
    // 20 ms on the way, at most 40 ms in the queue; a loss is repaired by the next tick.
    assert!(waits[150] <= 65 * MS, "{}", waits[150]);
    assert!(waits[290] <= 150 * MS, "{}", waits[290]);
}

#[test]
fn a_small_flow_is_not_slowed_by_losses() {
    let conditions = Conditions { latency: 100 * MS, loss: 0.05, ..Conditions::default() };
    let mut world = World::<Inbox>::new(2, &Config::default(), conditions, 1);
    let mut most = 0;
    for tick in 0..1200 {
        world.send(0, 1, &[0; 200]).unwrap();
        world.run(16 * MS);
        if tick > 60 {
            let waiting = world.nodes[0].endpoint.unacknowledged(world.nodes[1].address);
            most = most.max(waiting.0);
        }
    }
    world.run(5 * SECOND);
    assert_eq!(world.nodes[1].sink.messages.len(), 1200);
    // 13 ticks are under way in a round trip; more wait only for repair.
    assert!(most <= 40, "{most}");
}

#[test]
fn large_messages_cross_a_bad_link() {
    let conditions =
        Conditions { latency: 10 * MS, jitter: 5 * MS, loss: 0.02, duplicate: 0.02, reorder: 0.02 };
    let mut world = World::<Inbox>::new(2, &Config::default(), conditions, 1);
    let size = if cfg!(debug_assertions) { 2 << 20 } else { 16 << 20 };
    let large: Vec<u8> = (0..size as u32).map(|i| (i / 1000) as u8).collect();
    let sizes = [0, 1, 1121, 1122, 1123, 1200, 2244, 2245, 65_507, 300_000];
    for size in sizes {
        world.send(0, 1, &large[..size]).unwrap();
    }
    world.send(0, 1, &large).unwrap();
    assert!(world.run_until(300 * SECOND, |w| w.nodes[0].endpoint.is_flushed()));
    let mut arrived = world.nodes[1].sink.payloads();
    arrived.sort_unstable_by_key(|payload| payload.len());
    assert_eq!(arrived.len(), sizes.len() + 1);
    for (payload, size) in arrived.iter().zip(sizes) {
        assert!(*payload == &large[..size], "{size}");
    }
    assert!(arrived[sizes.len()] == large);
    assert_eq!(world.nodes[1].endpoint.receive_memory(), 0);
}

#[test]
fn a_wide_reordering_is_not_mistaken_for_loss_for_ever() {
    let conditions = Conditions { latency: 20 * MS, reorder: 0.1, ..Conditions::default() };
    let mut world = World::<Inbox>::new(2, &Config::default(), conditions, 1);
    let total = 4_000_000;
    world.send(0, 1, &vec![3; total]).unwrap();
    assert!(world.run_until(60 * SECOND, |w| w.nodes[0].endpoint.is_flushed()));
    println!("{} bytes for {total}", world.bytes);
    assert!(world.bytes < total as u64 * 13 / 10);
}
