//! One endpoint with its host, as a process of its own.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::ledger::Witness;
use super::network::Network;
use super::trace::trace;
use crate::conditioner::Random;
use crate::reliable::{Config, Endpoint, Micros, Transmits, is_reliable};

/// Bytes that wait in the system while the process does not read; what comes beyond is lost.
const RECEIVE_BUFFER: usize = 200_000;

pub(super) struct Node {
    pub(super) index: usize,
    pub(super) address: SocketAddr,
    pub(super) endpoint: Endpoint,
    pub(super) witness: Witness,
    pub(super) life: u32,
    /// It is stopped until then.
    pub(super) stopped_until: Micros,
    /// How far its clock is ahead.
    pub(super) ahead: Micros,
    buffer: VecDeque<(SocketAddr, Vec<u8>)>,
    buffered: usize,
}

fn seed(random: &mut Random) -> [u8; 32] {
    std::array::from_fn(|_| random.next() as u8)
}

impl Node {
    pub(super) fn new(index: usize, address: SocketAddr, config: Config, random: &mut Random) -> Self {
        Self {
            index,
            address,
            witness: Witness::new(index, config.ordered),
            endpoint: Endpoint::new(config, seed(random)),
            life: 0,
            stopped_until: 0,
            ahead: 0,
            buffer: VecDeque::new(),
            buffered: 0,
        }
    }

    /// The process ends without a word, and another begins at the same address. Returns what the first was told.
    pub(super) fn restart(&mut self, random: &mut Random) -> Witness {
        let config = self.endpoint.config().clone();
        let witness = Witness::new(self.index, config.ordered);
        self.endpoint = Endpoint::new(config, seed(random));
        self.life += 1;
        self.buffer.clear();
        self.buffered = 0;
        std::mem::replace(&mut self.witness, witness)
    }

    /// Its own time.
    pub(super) fn time(&self, now: Micros) -> Micros {
        now + self.ahead
    }

    pub(super) fn arrive(&mut self, from: SocketAddr, bytes: Vec<u8>) {
        if self.buffered + bytes.len() <= RECEIVE_BUFFER {
            self.buffered += bytes.len();
            self.buffer.push_back((from, bytes));
        }
    }

    /// When it has something to do, by the world's time.
    pub(super) fn due(&self) -> Option<Micros> {
        let timeout = self.endpoint.next_timeout().map(|at| at.saturating_sub(self.ahead));
        let due = if self.buffer.is_empty() { timeout } else { Some(0) };
        due.map(|due| due.max(self.stopped_until))
    }

    /// A turn, as the library's own host does it.
    pub(super) fn turn(
        &mut self,
        now: Micros,
        network: &mut Network,
        random: &mut Random,
        out: &mut Transmits,
    ) {
        if now < self.stopped_until {
            return;
        }
        let time = self.time(now);
        let somebody_is_silent = self.endpoint.handle_timeout_before_reading(time);
        while let Some((from, bytes)) = self.buffer.pop_front() {
            self.endpoint.receive(from, &bytes, time, &mut self.witness);
        }
        self.buffered = 0;
        if somebody_is_silent {
            self.endpoint.handle_timeout(time, &mut self.witness);
        }
        let limit = self.endpoint.config().receive_limit;
        assert!(self.endpoint.receive_memory() <= 2 * limit, "{} bytes", self.endpoint.receive_memory());
        for _ in 0..10_000 {
            out.clear();
            self.endpoint.poll_transmit(time, out);
            if out.is_empty() {
                return;
            }
            for (to, bytes) in out.iter() {
                let (kind, token, length) = (bytes[3] & 15, &bytes[4..8], bytes.len());
                trace(format_args!(
                    "{now} {} to {to}: kind {kind}, token {token:02x?}, {length}",
                    self.address
                ));
                assert!(is_reliable(bytes));
                network.put(self.index, self.address, to, bytes, now, random);
            }
        }
        panic!("there is always something to send");
    }
}
