//! The addresses of names that datagrams are sent to: remembered, so that only the first ones wait.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::address::AddressFamilies;
use crate::error::Result;

/// How long an answer is good; then it is asked for again, and used until the new one is there.
const FRESH: Duration = Duration::from_secs(60);
/// How long a name is known not to have an address.
const UNKNOWN: Duration = Duration::from_secs(2);
/// NameCache remembered; with more all are forgotten.
const MOST: usize = 4_096;

/// What is known of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing yet.
    Nothing,
    /// It has this address; `stale`: and should be asked for again.
    Address { ip: IpAddr, zone: u32, stale: bool },
    /// It has none that the socket can send to.
    Unreachable,
}

pub(crate) struct NameCache {
    known: Mutex<Option<HashMap<Box<str>, Entry>>>,
}

struct Entry {
    /// Empty if the name has none.
    addresses: Vec<SocketAddr>,
    /// Those of them that sending has found no route to.
    no_route: Vec<IpAddr>,
    until: Instant,
}

impl Entry {
    /// The address to send to.
    fn choose(&self, families: AddressFamilies) -> Option<&SocketAddr> {
        let mut usable = self.addresses.iter().filter(|address| families.includes(address));
        let first = usable.clone().next();
        usable.find(|address| !self.no_route.contains(&address.ip())).or(first)
    }
}

impl NameCache {
    pub(crate) const fn new() -> Self {
        Self { known: Mutex::new(None) }
    }

    /// The first address of a name that the socket can send to.
    pub(crate) fn find(&self, name: &str, families: AddressFamilies) -> Known {
        let mut guard = self.known.lock();
        let Some(entry) = guard.as_mut().and_then(|known| known.get_mut(name)) else {
            return Known::Nothing;
        };
        let late = entry.until <= Instant::now();
        if entry.addresses.is_empty() && late {
            return Known::Nothing;
        }
        match entry.choose(families) {
            None => Known::Unreachable,
            Some(address) => {
                let zone = match address {
                    SocketAddr::V6(v6) => v6.scope_id(),
                    SocketAddr::V4(_) => 0,
                };
                let ip = address.ip();
                if late {
                    // One who asks again is enough.
                    entry.until = Instant::now() + FRESH;
                }
                Known::Address { ip, zone, stale: late }
            }
        }
    }

    /// There is no route to that address: the next one of a name that it is the chosen one of.
    pub(crate) fn instead_of(&self, address: SocketAddr, families: AddressFamilies) -> Option<SocketAddr> {
        let mut guard = self.known.lock();
        let entries = guard.as_mut()?.values_mut();
        let ip = address.ip();
        let mut next = None;
        for entry in entries {
            if entry.choose(families).is_some_and(|chosen| chosen.ip() == ip) && !entry.no_route.contains(&ip)
            {
                entry.no_route.push(ip);
                let other =
                    entry.choose(families).filter(|other| !entry.no_route.contains(&other.ip())).copied();
                next = next.or(other);
            }
        }
        next.map(|mut next: SocketAddr| {
            next.set_port(address.port());
            next
        })
    }

    /// Remembers an answer. A name that had an address keeps it if it cannot be resolved again.
    pub(crate) fn learn(&self, name: &str, answer: Result<Vec<SocketAddr>>) {
        let mut guard = self.known.lock();
        let known = guard.get_or_insert_default();
        let (addresses, lasts) = match answer {
            Ok(addresses) => (addresses, FRESH),
            Err(_) if known.get(name).is_some_and(|entry| !entry.addresses.is_empty()) => return,
            Err(_) => (Vec::new(), UNKNOWN),
        };
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(name.into(), Entry { addresses, no_route: Vec::new(), until: Instant::now() + lasts });
    }

    /// Forgets everything; for the end of the library's life.
    pub(crate) fn clear(&self) {
        *self.known.lock() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, Error};

    #[test]
    fn the_first_address_that_the_socket_can_send_to() {
        let names = NameCache::new();
        let both = AddressFamilies { v4: true, v6: true };
        assert_eq!(names.find("both.test", both), Known::Nothing);
        let addresses = ["[2001:db8::1]:0", "192.0.2.1:0"].map(|text| text.parse().expect("an address"));
        names.learn("both.test", Ok(addresses.to_vec()));
        let ip = |families| match names.find("both.test", families) {
            Known::Address { ip, stale: false, .. } => ip.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(ip(both), "2001:db8::1");
        assert_eq!(ip(AddressFamilies { v4: true, v6: false }), "192.0.2.1");
        // Sending says that there is no route: the next one, and no other after that.
        assert_eq!(
            names.instead_of("[2001:db8::1]:5".parse().expect("an address"), both),
            "192.0.2.1:5".parse().ok()
        );
        assert_eq!(ip(both), "192.0.2.1");
        assert_eq!(names.instead_of("192.0.2.1:5".parse().expect("an address"), both), None);
        names.learn("six.test", Ok(vec![addresses[0]]));
        assert_eq!(names.find("six.test", AddressFamilies { v4: true, v6: false }), Known::Unreachable);
    }

    #[test]
    fn a_failure_is_remembered_but_never_replaces_an_address() {
        let names = NameCache::new();
        let both = AddressFamilies { v4: true, v6: true };
        let failure = || Err(Error::new(Code::Resolve, "no"));
        names.learn("none.test", failure());
        assert_eq!(names.find("none.test", both), Known::Unreachable);
        let address: SocketAddr = "192.0.2.1:0".parse().expect("an address");
        names.learn("some.test", Ok(vec![address]));
        names.learn("some.test", failure());
        assert!(matches!(names.find("some.test", both), Known::Address { .. }));
    }
}
