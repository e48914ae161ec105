//! What the fuzzers in `fuzz/` feed of the cluster: what a broker may send, and through it anybody who may publish.

use std::collections::{BTreeMap, BTreeSet};

use crate::broker::url::Url;
use crate::event::Kind;
use crate::node::{Config, Node, Now};
use crate::protocol::parser::{Operation, Parser, Violation};
use crate::wire::Say;

/// What a broker's bytes mean, however they are cut, and what servers say to each other, written out again.
pub fn protocol(bytes: &[u8]) {
    let read = |most: usize| -> (Vec<Operation>, Result<(), Violation>) {
        let mut parser = Parser::default();
        let mut operations = Vec::new();
        let outcome = bytes
            .chunks(most)
            .try_for_each(|piece| parser.feed(piece, |operation| operations.push(operation)));
        (operations, outcome)
    };
    let whole = read(bytes.len().max(1));
    assert_eq!(whole, read(1));
    assert_eq!(whole, read(7));
    if let Some(say) = Say::read(bytes) {
        assert_eq!(Say::read(&say.write()), Some(say));
    }
}

/// A process of a cluster whose broker says anything: nothing breaks, and every request ends exactly once.
pub fn node(bytes: &[u8]) {
    let mut bytes = bytes.iter().copied();
    let Ok(url) = Url::parse("nats://broker/test") else { unreachable!("this is a URL") };
    let mut ms = 1_000;
    let now = |ms| Now { ms, wall_ms: ms };
    let mut node = Node::new(Some(url), "here:1", Config::DEFAULT, now(ms));
    let mut asked = BTreeSet::new();
    let mut ended: BTreeMap<u64, usize> = BTreeMap::new();
    let connect = |node: &mut Node, ms| {
        if !node.take_wishes().is_empty() {
            node.connected(now(ms));
            node.bytes(now(ms), b"INFO {\"headers\":true,\"max_payload\":1048576}\r\nPONG\r\n");
        }
    };
    let names = ["arena", "chat", "ann", "", "a b", "made"];
    while let Some(action) = bytes.next() {
        connect(&mut node, ms);
        let name = names[usize::from(bytes.next().unwrap_or(0)) % names.len()];
        match action % 12 {
            0 => drop(node.subscribe(name)),
            1 => drop(node.publish(name, b"hello")),
            2 => drop(node.room_open(now(ms), name, 3, "")),
            3 => drop(node.offer(name, Some(0.5))),
            4 => asked.extend(node.find(now(ms), name)),
            5 => asked.extend(node.find_or_create(now(ms), name, "data")),
            6 => asked.extend(node.player_find(now(ms), name)),
            7 => asked.extend(node.player_send(now(ms), name, b"psst")),
            8 => drop(node.player_enter(now(ms), name, 1.0)),
            9 => ms += u64::from(bytes.next().unwrap_or(0)) * 20,
            10 => {
                // A message that came the right way, with anything in it.
                let subscription = bytes.next().unwrap_or(0) % 12;
                let subject = match bytes.next().unwrap_or(0) {
                    question @ 0..8 => format!("sw.test.r.{}.{question}", node.id()),
                    _ => format!("sw.test.t.{name}"),
                };
                let length = usize::from(bytes.next().unwrap_or(0) % 64);
                let payload: Vec<u8> = bytes.by_ref().take(length).collect();
                let line = format!("MSG {subject} {subscription} to.me {}\r\n", payload.len());
                node.bytes(now(ms), &[line.as_bytes(), &payload, b"\r\n"].concat());
            }
            _ => {
                let length = usize::from(bytes.next().unwrap_or(0));
                let anything: Vec<u8> = bytes.by_ref().take(length).collect();
                node.bytes(now(ms), &anything);
            }
        }
        node.step(now(ms));
        collect(&mut node, now(ms), &mut ended);
    }
    for _ in 0..20 {
        ms += 1_000;
        node.step(now(ms));
        collect(&mut node, now(ms), &mut ended);
    }
    let ended_once: BTreeSet<u64> = ended.keys().copied().collect();
    assert_eq!(ended_once, asked, "requests end");
    assert!(ended.values().all(|&times| times == 1), "requests end once");
}

fn collect(node: &mut Node, now: Now, ended: &mut BTreeMap<u64, usize>) {
    while let Some(event) = node.next_event(now) {
        if matches!(event.kind, Kind::Found | Kind::None | Kind::Seat) && event.request > 0 {
            *ended.entry(event.request).or_default() += 1;
        }
    }
    if let Some(out) = node.out() {
        out.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_broker_may_say_anything(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            super::protocol(&bytes);
            super::node(&bytes);
        }
    }
}
