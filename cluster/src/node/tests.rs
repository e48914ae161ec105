//! Several state machines and a broker that is only a few lines: what happens to them is chosen at random, and what they
//! tell their hosts is checked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;

use super::{Config, Node, Now};
use crate::broker::Wish;
use crate::broker::url::Url;
use crate::error::{Code, Error};
use crate::event::{Event, Kind};

const PLACES: u32 = 3;

/// One process, its connection, and what its host was told.
struct Member {
    node: Node,
    connection: Connection,
    events: Vec<Event>,
    requests: BTreeSet<u64>,
    room: u64,
    published: u32,
    /// It stands still: nothing reaches it.
    still: bool,
}

#[derive(Default)]
struct Connection {
    is_open: bool,
    /// What the broker knows it wants.
    subjects: BTreeMap<u64, String>,
    /// On its way to it, and on its way from it.
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

struct World {
    now: u64,
    /// Whether the broker can be reached.
    reachable: bool,
    members: Vec<Member>,
}

fn matches(pattern: &str, subject: &str) -> bool {
    let mut words = subject.split('.');
    for word in pattern.split('.') {
        match (word, words.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (word, Some(other)) if word == other => {}
            _ => return false,
        }
    }
    words.next().is_none()
}

impl World {
    fn new(count: usize) -> Self {
        let mut world = Self { now: 1, reachable: true, members: Vec::new() };
        for number in 0..count {
            let url = Url::parse("nats://broker/test").expect("a url");
            let node = Node::new(Some(url), &format!("member{number}:1"), Config::DEFAULT, world.moment());
            world.members.push(Member {
                node,
                connection: Connection::default(),
                events: Vec::new(),
                requests: BTreeSet::new(),
                room: 0,
                published: 0,
                still: false,
            });
        }
        world.run();
        for member in &mut world.members {
            member.node.subscribe("chat.>").expect("a topic");
            member.node.subscribe("chat.*").expect("a topic");
            member.node.offer("made", Some(0.5)).expect("a kind");
            let now = Now { ms: world.now, wall_ms: world.now };
            member.room = member.node.room_open(now, "arena", PLACES, "").expect("a room");
        }
        world.run();
        world
    }

    fn moment(&self) -> Now {
        Now { ms: self.now, wall_ms: self.now }
    }

    /// Until nothing is on its way any more.
    fn run(&mut self) {
        for _ in 0..1000 {
            let mut quiet = true;
            for index in 0..self.members.len() {
                quiet &= !self.turn(index);
            }
            if quiet {
                return;
            }
        }
        panic!("they do not come to rest");
    }

    /// Whether anything has happened.
    fn turn(&mut self, index: usize) -> bool {
        let now = self.moment();
        let reachable = self.reachable;
        let member = &mut self.members[index];
        if member.still {
            return false;
        }
        let mut busy = false;
        for wish in member.node.take_wishes() {
            busy = true;
            member.connection = Connection::default();
            match wish {
                Wish::Connect(_) if reachable => {
                    member.connection.is_open = true;
                    member.node.connected(now);
                    let info = b"INFO {\"headers\":true,\"max_payload\":1048576}\r\n";
                    member.connection.incoming.extend_from_slice(info);
                }
                Wish::Connect(_) => member.node.ended(now, Error::new(Code::TIMEOUT, "cut off")),
                Wish::Close | Wish::Secure(_) => {}
            }
        }
        let incoming = std::mem::take(&mut member.connection.incoming);
        if !incoming.is_empty() {
            busy = true;
            member.node.bytes(now, &incoming);
        }
        if let Some(out) = member.node.out() {
            member.connection.outgoing.append(out);
        }
        while let Some(event) = member.node.next_event(now) {
            busy = true;
            if event.kind == Kind::Create {
                member.node.room_open(now, &event.room_kind, PLACES, &event.data).expect("a room");
            }
            member.events.push(event);
        }
        let outgoing = std::mem::take(&mut self.members[index].connection.outgoing);
        busy |= !outgoing.is_empty();
        self.broker(index, &outgoing);
        busy
    }

    /// The broker's part. What members write is whole.
    fn broker(&mut self, from: usize, mut said: &[u8]) {
        while let Some(end) = said.windows(2).position(|pair| pair == b"\r\n") {
            let line = String::from_utf8(said[..end].to_vec()).expect("a line is text");
            said = &said[end + 2..];
            let words: Vec<&str> = line.split(' ').collect();
            let connection = &mut self.members[from].connection;
            match words[..] {
                ["SUB", subject, number] => {
                    connection.subjects.insert(number.parse().expect("a number"), subject.to_owned());
                }
                ["UNSUB", number] => {
                    connection.subjects.remove(&number.parse().expect("a number"));
                }
                ["PING"] => connection.incoming.extend_from_slice(b"PONG\r\n"),
                ["PUB" | "HPUB", subject, ref rest @ ..] => {
                    let total: usize = rest[rest.len() - 1].parse().expect("a size");
                    let payload = said[..total].to_vec();
                    said = &said[total + 2..];
                    let headers = (words[0] == "HPUB").then(|| rest[rest.len() - 2]);
                    let reply = (words[0] == "PUB" && rest.len() == 2).then(|| rest[0]);
                    self.route(from, subject, reply, headers, &payload);
                }
                _ => {}
            }
        }
    }

    fn route(
        &mut self,
        from: usize,
        subject: &str,
        reply: Option<&str>,
        headers: Option<&str>,
        payload: &[u8],
    ) {
        let mut heard = false;
        for (index, member) in self.members.iter_mut().enumerate() {
            if index == from || !member.connection.is_open {
                continue;
            }
            let wanted = member.connection.subjects.iter().filter(|(_, pattern)| matches(pattern, subject));
            for number in wanted.map(|(&number, _)| number).collect::<Vec<_>>() {
                heard = true;
                let middle = reply.or(headers).map_or_else(String::new, |word| format!("{word} "));
                let name = if headers.is_some() { "HMSG" } else { "MSG" };
                let line = format!("{name} {subject} {number} {middle}{}\r\n", payload.len());
                member.connection.incoming.extend_from_slice(line.as_bytes());
                member.connection.incoming.extend_from_slice(payload);
                member.connection.incoming.extend_from_slice(b"\r\n");
            }
        }
        if let (false, Some(reply)) = (heard, reply) {
            let connection = &mut self.members[from].connection;
            let own = connection.subjects.iter().find(|(_, pattern)| matches(pattern, reply));
            let number = own.map(|(&number, _)| number).expect("who asks wants the answer");
            let line = format!("HMSG {reply} {number} 16 16\r\nNATS/1.0 503\r\n\r\n\r\n");
            connection.incoming.extend_from_slice(line.as_bytes());
        }
    }

    fn pass(&mut self, ms: u64) {
        self.now += ms;
        let now = self.moment();
        for member in self.members.iter_mut().filter(|member| !member.still) {
            member.node.step(now);
        }
        self.run();
    }

    /// The connection is lost, with whatever was on its way.
    fn lose(&mut self, index: usize) {
        let now = self.moment();
        let member = &mut self.members[index];
        if member.connection.is_open && !member.still {
            member.connection = Connection::default();
            member.node.ended(now, Error::new(Code::of(0.0), "lost"));
        }
    }

    /// All are connected again, and all that was due has come.
    fn settle(&mut self) {
        self.reachable = true;
        for member in &mut self.members {
            member.still = false;
        }
        for _ in 0..400 {
            self.pass(50);
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Find(usize),
    FindOrCreate(usize),
    FindRoom(usize, usize),
    Enter(usize, u8),
    Send(usize, u8),
    Publish(usize),
    Lose(usize),
    Reach(bool),
    Still(usize, bool),
    Leave(usize),
    Pass(u64),
}

fn step(count: usize) -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..count).prop_map(Step::Find),
        2 => (0..count).prop_map(Step::FindOrCreate),
        1 => (0..count, 0..count).prop_map(|(one, other)| Step::FindRoom(one, other)),
        3 => (0..count, 0..3_u8).prop_map(|(index, player)| Step::Enter(index, player)),
        2 => (0..count, 0..3_u8).prop_map(|(index, player)| Step::Send(index, player)),
        4 => (0..count).prop_map(Step::Publish),
        1 => (0..count).prop_map(Step::Lose),
        1 => any::<bool>().prop_map(Step::Reach),
        1 => (0..count, any::<bool>()).prop_map(|(index, still)| Step::Still(index, still)),
        1 => (0..count).prop_map(Step::Leave),
        5 => (0..400_u64).prop_map(Step::Pass),
    ]
}

fn apply(world: &mut World, step: Step) {
    let now = world.moment();
    let mut ask = |index: usize, ask: &mut dyn FnMut(&mut Node) -> crate::error::Result<u64>| {
        let member = &mut world.members[index];
        if !member.still {
            let request = ask(&mut member.node).expect("a request");
            member.requests.insert(request);
        }
    };
    match step {
        Step::Find(index) => ask(index, &mut |node| node.find(now, "arena")),
        Step::FindOrCreate(index) => ask(index, &mut |node| node.find_or_create(now, "made", "data")),
        Step::Send(index, player) => {
            ask(index, &mut |node| node.player_send(now, &player.to_string(), b"hi"))
        }
        Step::FindRoom(index, of) => {
            let name = crate::wire::room_name("arena", world.members[of].node.id(), world.members[of].room);
            let member = &mut world.members[index];
            if !member.still {
                member.requests.insert(member.node.find(now, &name).expect("a request"));
            }
        }
        Step::Enter(index, player) => {
            let member = &mut world.members[index];
            if !member.still {
                member.node.player_enter(now, &player.to_string(), f64::from(player)).expect("a player");
                // Two entries in the same moment have no order that could be checked.
                world.now += 1;
            }
        }
        Step::Publish(index) => {
            let member = &mut world.members[index];
            if !member.still {
                let _ = member.node.publish("chat.x", &member.published.to_le_bytes());
                member.published += 1;
            }
        }
        Step::Lose(index) => world.lose(index),
        Step::Reach(reachable) => {
            world.reachable = reachable;
            if !reachable {
                (0..world.members.len()).for_each(|index| world.lose(index));
            }
        }
        Step::Still(index, still) => world.members[index].still = still,
        Step::Leave(index) => {
            // A player of the room goes, or has never come: his place is free.
            let member = &mut world.members[index];
            let _ = member.node.room_set(now, member.room, 0, "");
        }
        Step::Pass(ms) => world.pass(ms),
    }
    world.run();
}

/// Each request has ended once.
fn check_requests(world: &World) {
    for member in &world.members {
        let mut ends: Vec<_> = member
            .events
            .iter()
            .filter(|event| matches!(event.kind, Kind::Found | Kind::None))
            .map(|event| event.request)
            .collect();
        ends.sort_unstable();
        assert_eq!(ends, member.requests.iter().copied().collect::<Vec<_>>());
    }
}

/// No ticket was found twice, and each was promised by somebody; never more at a time than there are places.
fn check_seats(world: &World) {
    let events = || world.members.iter().flat_map(|member| &member.events);
    let promised: Vec<_> =
        events().filter(|event| event.kind == Kind::Seat).map(|event| &event.ticket).collect();
    let known: BTreeSet<_> = promised.iter().collect();
    assert_eq!(known.len(), promised.len());
    let mut found = BTreeSet::new();
    for event in events().filter(|event| event.kind == Kind::Found && !event.ticket.is_empty()) {
        assert!(found.insert(&event.ticket), "{event:?}");
        assert!(known.contains(&&event.ticket), "{event:?}");
    }
}

/// Everybody got each sender's messages at most once and in order, and all of his own.
fn check_messages(world: &World) {
    for member in &world.members {
        let mut last: HashMap<&str, (u32, u32)> = HashMap::new();
        for event in member.events.iter().filter(|event| event.topic == "chat.x") {
            let number = u32::from_le_bytes(event.payload[..].try_into().expect("a number"));
            if let Some((before, count)) = last.get(event.from.as_str()).copied() {
                assert!(number > before, "{number} after {before}");
                last.insert(&event.from, (number, count + 1));
            } else {
                last.insert(&event.from, (number, 1));
            }
        }
        let own = last.get(member.node.id()).map_or(0, |&(_, count)| count);
        assert_eq!(own, member.published);
    }
}

/// Each player is in one place, the last he has entered, and the others know.
fn check_players(world: &World, last_place: &HashMap<u8, usize>) {
    for (player, &place) in last_place {
        let name = player.to_string();
        let places: Vec<_> = (0..world.members.len())
            .filter(|&index| world.members[index].node.players.get(&name).is_some())
            .collect();
        assert_eq!(places, [place], "player {player}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_happens_the_promises_are_kept(steps in proptest::collection::vec(step(3), 1..60)) {
        let mut world = World::new(3);
        let mut last_place = HashMap::new();
        for step in steps {
            if let Step::Enter(index, player) = step
                && !world.members[index].still
            {
                last_place.insert(player, index);
            }
            apply(&mut world, step);
        }
        world.settle();
        check_requests(&world);
        check_seats(&world);
        check_messages(&world);
        check_players(&world, &last_place);
    }
}

#[test]
fn the_whole_way_of_a_find() {
    let mut world = World::new(2);
    let now = world.moment();
    let request = world.members[0].node.find(now, "arena").expect("a request");
    world.run();
    // Answers are gathered, also from the own room, before one is taken.
    assert!(!world.members[0].events.iter().any(|event| event.request == request));
    world.pass(30);
    let found = world.members[0].events.iter().find(|event| event.request == request).expect("an end");
    assert_eq!((found.kind, found.places, found.players), (Kind::Found, PLACES, 0));
}

#[test]
fn a_late_answer_gives_its_place_back() {
    let mut world = World::new(2);
    let now = world.moment();
    let far = world.members[1].room;
    let name = crate::wire::room_name("arena", world.members[1].node.id(), far);
    world.members[1].still = true;
    for _ in 0..PLACES {
        world.members[0].node.find(now, &name).expect("a request");
    }
    world.run();
    world.pass(250);
    let ends: Vec<_> = world.members[0].events.iter().filter(|event| event.kind == Kind::None).collect();
    assert_eq!(ends.len(), PLACES as usize);
    assert!(ends.iter().all(|end| end.error == Code::TIMEOUT.number()));
    world.members[1].still = false;
    world.run();
    // It has promised them all, too late, and has them back.
    let now = world.moment();
    let request = world.members[0].node.find(now, &name).expect("a request");
    world.run();
    assert!(world.members[0].events.iter().any(|end| end.kind == Kind::Found && end.request == request));
}
