//! Connections in virtual time, from one seed each: GameMaker's packets, WebSockets and bytes as they are, of clients that
//! connect, send, stall, leave and come back, over a TCP that hands over what it carries in any pieces, takes as much as it
//! has room for, and is reset at any moment.

mod end;
mod ledger;
mod pipe;
mod world;

use world::World;

use super::{FIRST_SEED, SEEDS, number};

#[test]
fn connections_from_many_seeds() {
    let first = number(FIRST_SEED).unwrap_or(0);
    let count = number(SEEDS).unwrap_or(2_000);
    let mut messages = 0;
    for seed in first..first + count {
        let clients = 1 + seed as usize % 4;
        match std::panic::catch_unwind(|| World::new(seed, clients).play(80)) {
            Ok(came) => messages += came,
            Err(_) => panic!("seed {seed}: cargo xtask simulate 1 {seed} plays it again"),
        }
    }
    assert!(count < 100 || messages > 8 * count, "hardly anything was sent: {messages}");
}
