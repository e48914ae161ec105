//! Reliable UDP: what strangers may send to an endpoint, and a session on a bad network.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use super::input::Input;
use crate::reliable::{
    Config, Endpoint, EventSink, HEADER_LEN, Micros, PeerLost, SendError, Transmits, VERSION, is_reliable,
};

const SECOND: Micros = 1_000_000;

fn address(index: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, index as u8], 4000))
}

fn config(input: &mut Input<'_>) -> Config {
    Config {
        ordered: input.flag(),
        message_limit: 40_000,
        send_limit: 50_000,
        receive_limit: [20_000, 1 << 20][input.below(2)],
        datagram_size: [256, 1200, 4096][input.below(3)],
        redundancy: [0, 100, 512][input.below(3)],
        max_peers: 4,
        ..Config::default()
    }
}

#[derive(Default)]
struct Inbox {
    messages: Vec<Vec<u8>>,
    lost: usize,
}

impl EventSink for Inbox {
    fn delivered(&mut self, _: SocketAddr, payload: &[u8]) {
        self.messages.push(payload.to_vec());
    }

    fn peer_lost(&mut self, lost: PeerLost) {
        self.lost += lost.messages;
    }
}

/// Hands on what an endpoint has to send now.
fn transmit(endpoint: &mut Endpoint, now: Micros, mut put: impl FnMut(SocketAddr, &[u8])) {
    let mut out = Transmits::new(8, endpoint.config().datagram_size);
    for _ in 0..10_000 {
        out.clear();
        endpoint.poll_transmit(now, &mut out);
        if out.is_empty() {
            return;
        }
        for (to, bytes) in out.iter() {
            assert!(is_reliable(bytes) && bytes.len() <= endpoint.config().datagram_size);
            put(to, bytes);
        }
    }
    panic!("there is always something to send");
}

/// Datagrams of strangers: nothing breaks, memory stays bounded, and no address that has not proved itself gets
/// as much as was sent in its name.
pub(super) fn datagrams(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let config = config(&mut input);
    let receive_limit = config.receive_limit;
    let mut endpoint = Endpoint::new(config, [input.byte(); 32]);
    let mut inbox = Inbox::default();
    let mut now: Micros = SECOND;
    let mut taken: BTreeMap<SocketAddr, usize> = BTreeMap::new();
    let mut given: BTreeMap<SocketAddr, usize> = BTreeMap::new();
    while !input.is_over() {
        let from = address(input.below(6));
        now += Micros::from(input.byte()).pow(3);
        let mut datagram = Vec::new();
        let form = input.byte();
        if form & 1 == 1 {
            // What a fuzzer finds late: the beginning of a datagram of the protocol.
            datagram.extend_from_slice(&[0xd7, 0x53, 0x57, VERSION << 4 | form >> 1 & 7]);
        }
        let length = usize::from(input.byte());
        datagram.extend_from_slice(input.bytes(length));
        if is_reliable(&datagram) {
            assert!(datagram.len() >= HEADER_LEN);
            *taken.entry(from).or_default() += datagram.len();
            endpoint.receive(from, &datagram, now, &mut inbox);
        }
        endpoint.handle_timeout(now, &mut inbox);
        transmit(&mut endpoint, now, |to, bytes| *given.entry(to).or_default() += bytes.len());
        for (to, &bytes) in &given {
            if endpoint.peer_info(*to).is_none_or(|info| !info.open) {
                assert!(bytes < taken.get(to).copied().unwrap_or(0), "{to} got {bytes} bytes");
            }
        }
        assert!(endpoint.peer_count() <= 4);
        assert!(endpoint.receive_memory() <= 2 * receive_limit);
    }
}

/// Two endpoints, and everything between them.
struct Pair {
    ends: [Endpoint; 2],
    inboxes: [Inbox; 2],
    under_way: VecDeque<(usize, Vec<u8>)>,
    now: Micros,
}

impl Pair {
    fn transmit(&mut self) {
        for (from, end) in self.ends.iter_mut().enumerate() {
            transmit(end, self.now, |to, bytes| {
                assert_eq!(to, address(1 - from));
                if self.under_way.len() < 4096 {
                    self.under_way.push_back((1 - from, bytes.to_vec()));
                }
            });
        }
    }

    fn receive(&mut self, to: usize, bytes: &[u8]) {
        if is_reliable(bytes) {
            self.ends[to].receive(address(1 - to), bytes, self.now, &mut self.inboxes[to]);
        }
    }

    /// Lets time pass, with all that is due in it.
    fn pass(&mut self, time: Micros) {
        let until = self.now + time;
        for _ in 0..100_000 {
            let due = self.ends.iter().filter_map(Endpoint::next_timeout).min();
            self.now = self.now.max(due.unwrap_or(until).min(until));
            for (end, inbox) in self.ends.iter_mut().zip(&mut self.inboxes) {
                end.handle_timeout(self.now, inbox);
            }
            self.transmit();
            if due.is_none_or(|due| due > until) {
                self.now = until;
                return;
            }
        }
        panic!("something is always due");
    }
}

fn message(from: usize, number: u32, length: usize) -> Vec<u8> {
    let mut message = vec![number as u8; length.max(5)];
    message[0] = from as u8;
    message[1..5].copy_from_slice(&number.to_le_bytes());
    message
}

fn number(message: &[u8]) -> u32 {
    u32::from_le_bytes([message[1], message[2], message[3], message[4]])
}

/// A session while datagrams are lost, doubled, put out of order: every message arrives once, in order where that is
/// asked, or is reported. If datagrams are forged too, by somebody who sees the traffic, nothing breaks.
pub(super) fn session(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let forges = input.flag();
    let config = config(&mut input);
    let seed = input.byte();
    let ends = [seed, seed.wrapping_add(1)].map(|seed| Endpoint::new(config.clone(), [seed; 32]));
    let mut pair = Pair { ends, inboxes: Default::default(), under_way: VecDeque::new(), now: SECOND };
    let mut sent = [0u32; 2];
    while !input.is_over() {
        let at = input.below(pair.under_way.len());
        match input.below(8) {
            0 | 1 => {
                let from = input.below(2);
                let length = usize::from(input.byte()) * [1, 1, 10, 150][input.below(4)];
                let message = message(from, sent[from], length);
                match pair.ends[from].send(address(1 - from), &message, || pair.now) {
                    Ok(()) => sent[from] += 1,
                    Err(SendError::QueueFull) => {}
                    Err(error) => panic!("{error}"),
                }
                pair.transmit();
            }
            2 | 3 => {
                if let Some((to, bytes)) = pair.under_way.remove(at) {
                    pair.receive(to, &bytes);
                    pair.transmit();
                }
            }
            4 => {
                pair.under_way.remove(at);
            }
            5 => {
                if let Some((to, bytes)) = pair.under_way.get(at).cloned() {
                    pair.receive(to, &bytes);
                    pair.transmit();
                }
            }
            6 => {
                let scale = [10, 1_000, 50_000][input.below(3)];
                pair.pass(Micros::from(input.byte()) * scale);
            }
            _ => {
                let copy = pair.under_way.get(at).cloned();
                let (position, bits) = (usize::from(input.word()), input.byte());
                if let Some((to, mut bytes)) = copy.filter(|_| forges) {
                    let length = bytes.len();
                    bytes[position % length] ^= bits;
                    bytes.truncate(length - usize::from(bits & 3).min(length));
                    pair.receive(to, &bytes);
                    pair.transmit();
                }
            }
        }
        for end in &pair.ends {
            assert!(end.receive_memory() <= 2 * config.receive_limit);
        }
    }
    if forges {
        return;
    }
    // From here on the network is good.
    for _ in 0..20_000 {
        while let Some((to, bytes)) = pair.under_way.pop_front() {
            pair.receive(to, &bytes);
        }
        pair.transmit();
        if pair.under_way.is_empty() {
            if pair.ends.iter().all(Endpoint::is_settled) {
                break;
            }
            pair.pass(10_000);
        }
    }
    for (from, &sent) in sent.iter().enumerate() {
        assert!(
            pair.ends[from].is_flushed(),
            "what was sent from {from} is neither acknowledged nor given up"
        );
        let arrived: Vec<u32> =
            pair.inboxes[1 - from].messages.iter().map(|message| number(message)).collect();
        let mut once = arrived.clone();
        once.sort_unstable();
        if config.ordered {
            assert_eq!(once, arrived, "out of order");
        }
        once.dedup();
        assert_eq!(once.len(), arrived.len(), "a message came twice");
        let missing = sent as usize - once.len();
        assert!(missing <= pair.inboxes[from].lost, "{missing} messages are missing without a word");
    }
}
