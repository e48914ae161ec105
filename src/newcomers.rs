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
    pub(crate) seat: Seat,
}

/// Who has to make room for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowded {
    Nobody,
    /// One that has no endpoint yet, and will get none.
    Unseated,
    Endpoint(ReactorIndex, Id),
}

/// How many there may be, with so many descriptors: a quarter, so that idle connections leave room for players.
pub(crate) fn most(descriptor_limit: u64) -> usize {
    usize::try_from(descriptor_limit / 4).unwrap_or(usize::MAX).clamp(AT_LEAST, MOST)
}

impl Newcomer {
    /// A connection to `server` was accepted. If there are now more than `most`, the oldest must make room.
    pub(crate) fn enter(server: Handle, ip: IpAddr, seat: Seat, most: usize) -> (Box<Self>, Crowded) {
        let (ticket, crowded) = ALL.lock().enter(server, ip, most);
        (Box::new(Self { ticket, seat }), crowded)
    }

    /// It has an endpoint. False if it has had to make room already, or the server is gone.
    pub(crate) fn seated(&self, id: Id) -> bool {
        let mut all = ALL.lock();
        let Some(known) = all.known.get_mut(&self.ticket) else { return false };
        known.endpoint = Some((self.seat.reactor(), id));
        true
    }
}

impl Drop for Newcomer {
    fn drop(&mut self) {
        ALL.lock().known.remove(&self.ticket);
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
        Self { last: 0, known: BTreeMap::new() }
    }

    fn enter(&mut self, server: Handle, ip: IpAddr, most: usize) -> (u64, Crowded) {
        self.last += 1;
        self.known.insert(self.last, Known { server, network: Network::of(ip), endpoint: None });
        let oldest = if self.known.len() > most { self.known.pop_first() } else { None };
        let crowded = match oldest {
            None => Crowded::Nobody,
            Some((_, Known { endpoint: None, .. })) => Crowded::Unseated,
            Some((_, Known { endpoint: Some((reactor, id)), .. })) => Crowded::Endpoint(reactor, id),
        };
        (self.last, crowded)
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
        chosen.iter().filter_map(|ticket| self.known.remove(ticket)?.endpoint).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const SERVER: Handle = Handle(1);

    fn enter(newcomers: &mut Newcomers, last: u8, most: usize) -> Crowded {
        let (ticket, crowded) = newcomers.enter(SERVER, Ipv4Addr::new(10, 0, 0, last).into(), most);
        if let Some(known) = newcomers.known.get_mut(&ticket) {
            let id = Id { token: ticket as u32, serial: ticket as u32 };
            known.endpoint = Some((ReactorIndex::FIRST, id));
        }
        crowded
    }

    fn tokens(taken: &[(ReactorIndex, Id)]) -> Vec<u32> {
        taken.iter().map(|(_, id)| id.token).collect()
    }

    #[test]
    fn the_oldest_makes_room_whatever_server_it_came_to() {
        let mut newcomers = Newcomers::new();
        for number in 0..3 {
            assert_eq!(enter(&mut newcomers, number, 3), Crowded::Nobody);
        }
        let oldest = Id { token: 1, serial: 1 };
        assert_eq!(enter(&mut newcomers, 9, 3), Crowded::Endpoint(ReactorIndex::FIRST, oldest));
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
