//! Connections that servers have accepted and that are no clients yet, or were refused and have not closed: those
//! of all servers together, since they use up the same descriptors.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use parking_lot::Mutex;

use crate::address_limits::Network;
use crate::placement::{Id, ReactorIndex, Seat};
use crate::socket::Handle;

/// How many there may be; the oldest makes room for a new one.
const MOST: usize = 4_096;
/// And however few descriptors the process may have, so many.
const AT_LEAST: usize = 16;
/// How many give way when there is no descriptor left.
const GIVE_WAY: usize = 16;

static ALL: Mutex<Newcomers> = Mutex::new(Newcomers::new());

/// By their tickets: the oldest first.
struct Newcomers {
    last: u64,
    known: BTreeMap<u64, Known>,
    /// How many have an endpoint. The others are on their way to their reactor, and make room for nobody.
    seated: usize,
}

struct Known {
    server: Handle,
    network: Network,
    /// Where it is looked after, once it is.
    endpoint: Option<(ReactorIndex, Id)>,
}

/// One of them; it counts until this goes.
pub(crate) struct Newcomer {
    ticket: u64,
    most: usize,
    pub(crate) seat: Seat,
}

/// Who has to make room for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowded {
    Nobody,
    Endpoint(ReactorIndex, Id),
}

/// How many there may be, with so many descriptors: a quarter, so that idle connections leave room for players.
pub(crate) fn most(descriptor_limit: u64) -> usize {
    usize::try_from(descriptor_limit / 4).unwrap_or(usize::MAX).clamp(AT_LEAST, MOST)
}

impl Newcomer {
    /// A connection to `server` was accepted, of which there may be `most`.
    pub(crate) fn enter(server: Handle, ip: IpAddr, seat: Seat, most: usize) -> Box<Self> {
        let ticket = ALL.lock().enter(server, ip);
        Box::new(Self { ticket, most, seat })
    }

    /// It has an endpoint: if there are too many now, the oldest must make room. None if the server is gone.
    pub(crate) fn seated(&self, id: Id) -> Option<Crowded> {
        ALL.lock().sit(self.ticket, (self.seat.reactor(), id), self.most)
    }
}

impl Drop for Newcomer {
    fn drop(&mut self) {
        ALL.lock().remove(self.ticket);
    }
}

/// A server is destroyed: those that were on their way to it.
pub(crate) fn take_those_of(server: Handle) -> Vec<(ReactorIndex, Id)> {
    ALL.lock().take(usize::MAX, |known| known.server == server)
}

/// There are no descriptors left: those that are to give theirs back.
pub(crate) fn take_for_descriptors() -> Vec<(ReactorIndex, Id)> {
    ALL.lock().take_for_descriptors()
}

#[cfg(test)]
pub(crate) fn has_any_of(server: Handle) -> bool {
    ALL.lock().known.values().any(|known| known.server == server)
}

impl Newcomers {
    const fn new() -> Self {
        Self { last: 0, known: BTreeMap::new(), seated: 0 }
    }

    fn enter(&mut self, server: Handle, ip: IpAddr) -> u64 {
        self.last += 1;
        self.known.insert(self.last, Known { server, network: Network::of(ip), endpoint: None });
        self.last
    }

    fn sit(&mut self, ticket: u64, endpoint: (ReactorIndex, Id), most: usize) -> Option<Crowded> {
        self.known.get_mut(&ticket)?.endpoint = Some(endpoint);
        self.seated += 1;
        if self.seated <= most {
            return Some(Crowded::Nobody);
        }
        let mut oldest =
            self.known.iter().filter(|(_, known)| known.endpoint.is_some()).map(|(&ticket, _)| ticket);
        let (reactor, id) = oldest.next().and_then(|oldest| self.remove(oldest))?;
        Some(Crowded::Endpoint(reactor, id))
    }

    fn remove(&mut self, ticket: u64) -> Option<(ReactorIndex, Id)> {
        let endpoint = self.known.remove(&ticket)?.endpoint;
        self.seated -= usize::from(endpoint.is_some());
        endpoint
    }

    /// The oldest of the address that has most; of addresses with as many, that whose connection is oldest.
    fn take_for_descriptors(&mut self) -> Vec<(ReactorIndex, Id)> {
        let mut counts: HashMap<Network, u32> = HashMap::new();
        for known in self.known.values() {
            *counts.entry(known.network).or_default() += 1;
        }
        let most = counts.values().copied().max().unwrap_or(0);
        let Some(network) = self.known.values().map(|known| known.network).find(|one| counts[one] == most)
        else {
            return Vec::new();
        };
        self.take(GIVE_WAY, |known| known.network == network && known.endpoint.is_some())
    }

    /// Takes out up to so many of those, the oldest first.
    fn take(&mut self, most: usize, which: impl Fn(&Known) -> bool) -> Vec<(ReactorIndex, Id)> {
        let chosen = self.known.iter().filter(|(_, known)| which(known)).map(|(&ticket, _)| ticket);
        let chosen: Vec<u64> = chosen.take(most).collect();
        chosen.into_iter().filter_map(|ticket| self.remove(ticket)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const SERVER: Handle = Handle(1);

    fn enter(newcomers: &mut Newcomers, last: u8, most: usize) -> Option<Crowded> {
        let ticket = newcomers.enter(SERVER, Ipv4Addr::new(10, 0, 0, last).into());
        let id = Id { token: ticket as u32, serial: ticket as u32 };
        newcomers.sit(ticket, (ReactorIndex::FIRST, id), most)
    }

    fn tokens(taken: &[(ReactorIndex, Id)]) -> Vec<u32> {
        taken.iter().map(|(_, id)| id.token).collect()
    }

    #[test]
    fn the_oldest_makes_room_whatever_server_it_came_to() {
        let mut newcomers = Newcomers::new();
        for number in 0..3 {
            assert_eq!(enter(&mut newcomers, number, 3), Some(Crowded::Nobody));
        }
        let oldest = Id { token: 1, serial: 1 };
        assert_eq!(enter(&mut newcomers, 9, 3), Some(Crowded::Endpoint(ReactorIndex::FIRST, oldest)));
    }

    #[test]
    fn who_is_on_the_way_to_a_reactor_makes_room_for_nobody() {
        let mut newcomers = Newcomers::new();
        for last in 0..9 {
            newcomers.enter(SERVER, Ipv4Addr::new(10, 0, 0, last).into());
        }
        assert_eq!(enter(&mut newcomers, 9, 1), Some(Crowded::Nobody));
        let oldest = Id { token: 10, serial: 10 };
        assert_eq!(enter(&mut newcomers, 9, 1), Some(Crowded::Endpoint(ReactorIndex::FIRST, oldest)));
        // And who is gone sits down nowhere.
        newcomers.take(usize::MAX, |known| known.server == SERVER);
        assert_eq!(newcomers.sit(3, (ReactorIndex::FIRST, oldest), 1), None);
        assert_eq!(newcomers.seated, 0);
    }

    #[test]
    fn when_descriptors_run_out_the_address_with_most_gives_way_first() {
        let mut newcomers = Newcomers::new();
        // Every third is of an address of its own.
        for number in 1..=30 {
            enter(&mut newcomers, if number % 3 == 0 { number } else { 255 }, usize::MAX);
        }
        let crowd: Vec<u32> = (1..=30).filter(|number| number % 3 != 0).collect();
        assert_eq!(tokens(&newcomers.take_for_descriptors()), crowd[..GIVE_WAY]);
        assert_eq!(tokens(&newcomers.take_for_descriptors()), crowd[GIVE_WAY..]);
        // With one of each address left the oldest goes.
        assert_eq!(tokens(&newcomers.take_for_descriptors()), [3]);
    }

    #[test]
    fn a_quarter_of_the_descriptors_is_for_newcomers() {
        assert_eq!([most(0), most(256), most(1 << 20)], [AT_LEAST, 64, MOST]);
    }
}
