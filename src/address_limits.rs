//! How many connections one address has, and has begun of late.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;

use crate::clock::Millis;

/// What new connections are counted in.
const WINDOW_SECONDS: u64 = 10;
/// The second under way and those before it: never less than the window.
const SECONDS: usize = WINDOW_SECONDS as usize + 1;
/// Addresses without a connection that are remembered at the most.
const MOST_IDLE: usize = 65_536;

/// What one address may have; 0 means any number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    pub(crate) open: u32,
    /// New ones in ten seconds.
    pub(crate) new: u32,
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Open,
    New,
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "its address has as many connections as one address may have",
            Self::New => "its address has made as many connections as it may in ten seconds",
        })
    }
}

/// The connections of a server by the address they come from.
#[derive(Debug, Default)]
pub(crate) struct PerAddress {
    known: HashMap<Network, Known>,
    idle: usize,
}

/// An IPv4 address, or the 64 bits of an IPv6 address that a subscriber does not choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Network {
    V4(u32),
    V6(u64),
}

impl Network {
    pub(crate) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.to_bits()),
            IpAddr::V6(v6) => Self::V6((v6.to_bits() >> 64) as u64),
        }
    }
}

#[derive(Debug, Default)]
struct Known {
    open: u32,
    /// New connections in each of the last seconds, the current one at `second % SECONDS`.
    new: [u32; SECONDS],
    second: u64,
}

impl Known {
    fn advance(&mut self, second: u64) {
        let passed = second.saturating_sub(self.second);
        if passed >= SECONDS as u64 {
            self.new = [0; SECONDS];
        } else {
            for gone in 1..=passed {
                self.new[((self.second + gone) % SECONDS as u64) as usize] = 0;
            }
        }
        self.second = self.second.max(second);
    }

    fn is_forgotten(&self, second: u64) -> bool {
        self.open == 0 && second.saturating_sub(self.second) >= SECONDS as u64
    }
}

impl PerAddress {
    /// Counts a new connection, unless there are as many as there may be.
    pub(crate) fn take(&mut self, ip: IpAddr, most: Most, now: Millis) -> Result<(), Over> {
        let second = now / 1000;
        if self.idle > MOST_IDLE {
            self.tidy(second);
        }
        let mut is_idle = true;
        let known = self.known.entry(Network::of(ip)).or_insert_with(|| {
            is_idle = false;
            Known::default()
        });
        known.advance(second);
        if most.open != 0 && known.open >= most.open {
            return Err(Over::Open);
        }
        if most.new != 0 && known.new.iter().sum::<u32>() >= most.new {
            return Err(Over::New);
        }
        if is_idle && known.open == 0 {
            self.idle -= 1;
        }
        known.open += 1;
        known.new[(known.second % SECONDS as u64) as usize] += 1;
        Ok(())
    }

    /// Counts a connection that came before any were counted.
    pub(crate) fn count(&mut self, ip: IpAddr) {
        self.known.entry(Network::of(ip)).or_default().open += 1;
    }

    /// A connection has gone.
    pub(crate) fn leave(&mut self, ip: IpAddr) {
        if let Some(known) = self.known.get_mut(&Network::of(ip)) {
            known.open = known.open.saturating_sub(1);
            if known.open == 0 {
                self.idle += 1;
            }
        }
    }

    /// Forgets who has no connection and made none of late; if those who did are too many, them as well.
    fn tidy(&mut self, second: u64) {
        self.known.retain(|_, known| !known.is_forgotten(second));
        let idle = |known: &Known| known.open == 0;
        self.idle = self.known.values().filter(|known| idle(known)).count();
        if self.idle > MOST_IDLE / 2 {
            self.known.retain(|_, known| !idle(known));
            self.idle = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    const ANY: Most = Most { open: 0, new: 0 };

    #[test]
    fn open_connections_of_one_address_are_limited_and_others_are_not() {
        let mut addresses = PerAddress::default();
        let most = Most { open: 2, new: 0 };
        assert_eq!(addresses.take(ip("10.0.0.1"), most, 0), Ok(()));
        assert_eq!(addresses.take(ip("::ffff:10.0.0.1"), most, 0), Ok(()));
        assert_eq!(addresses.take(ip("10.0.0.1"), most, 0), Err(Over::Open));
        assert_eq!(addresses.take(ip("10.0.0.2"), most, 0), Ok(()));
        addresses.leave(ip("10.0.0.1"));
        assert_eq!(addresses.take(ip("10.0.0.1"), most, 0), Ok(()));
    }

    #[test]
    fn who_is_turned_away_is_told_by_which_limit() {
        assert!(Over::Open.to_string().contains("one address may have"));
        assert!(Over::New.to_string().contains("in ten seconds"));
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let mut addresses = PerAddress::default();
        let most = Most { open: 1, new: 0 };
        assert_eq!(addresses.take(ip("2001:db8:0:1::1"), most, 0), Ok(()));
        assert_eq!(addresses.take(ip("2001:db8:0:1:ffff::2"), most, 0), Err(Over::Open));
        assert_eq!(addresses.take(ip("2001:db8:0:2::1"), most, 0), Ok(()));
    }

    #[test]
    fn never_more_new_ones_in_any_ten_seconds() {
        let most = Most { open: 0, new: 3 };
        for first in (0..1000).step_by(50) {
            let mut addresses = PerAddress::default();
            let mut taken: Vec<Millis> = Vec::new();
            for now in (first..60_000).step_by(137) {
                if addresses.take(ip("10.0.0.1"), most, now).is_ok() {
                    addresses.leave(ip("10.0.0.1"));
                    taken.push(now);
                }
            }
            assert!(taken.windows(4).all(|four| four[3] - four[0] >= 10_000), "{taken:?}");
            assert!(taken.len() >= 15, "{taken:?}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut addresses = PerAddress::default();
        for number in 0..4 * MOST_IDLE as u32 {
            let ip = IpAddr::V4(number.into());
            assert_eq!(addresses.take(ip, ANY, u64::from(number) / 1000), Ok(()));
            addresses.leave(ip);
            assert!(addresses.known.len() <= MOST_IDLE + 2);
        }
    }

    #[test]
    fn many_may_leave_before_the_next_comes() {
        let mut addresses = PerAddress::default();
        let ips = || (0..2 * MOST_IDLE as u32).map(|number| IpAddr::V4(number.into()));
        ips().for_each(|ip| assert_eq!(addresses.take(ip, ANY, 0), Ok(())));
        ips().for_each(|ip| addresses.leave(ip));
        assert_eq!(addresses.take(ip("::1"), ANY, 0), Ok(()));
        assert_eq!(addresses.known.len(), 1);
    }

    #[test]
    fn who_was_here_of_late_is_remembered_longer_than_others() {
        let mut addresses = PerAddress::default();
        let most = Most { open: 1, new: 1 };
        assert_eq!(addresses.take(ip("192.0.2.1"), most, 0), Ok(()));
        let mut come_and_go = |numbers: std::ops::Range<u32>, now| {
            for ip in numbers.map(|number| IpAddr::V4(number.into())) {
                assert_eq!(addresses.take(ip, most, now), Ok(()));
                addresses.leave(ip);
            }
        };
        come_and_go(0..MOST_IDLE as u32 - 100, 0);
        // These are the last for which there is room, so that all but they are forgotten for the next.
        come_and_go(1 << 20..(1 << 20) + 101, 100_000);
        assert_eq!(addresses.take(ip("::1"), most, 100_000), Ok(()));
        assert_eq!(addresses.known.len(), 1 + 101 + 1);
        assert_eq!(addresses.take(IpAddr::V4((1 << 20).into()), most, 100_000), Err(Over::New));
        assert_eq!(addresses.take(ip("192.0.2.1"), most, 100_000), Err(Over::Open));
    }

    #[test]
    fn who_comes_and_goes_takes_one_place() {
        let mut addresses = PerAddress::default();
        let most = Most { open: 0, new: 1 };
        let many = MOST_IDLE as u32 * 3 / 4;
        for ip in (0..many).map(|number| IpAddr::V4(number.into())) {
            assert_eq!(addresses.take(ip, most, 0), Ok(()));
            addresses.leave(ip);
        }
        for _ in 0..many {
            assert_eq!(addresses.take(ip("0.0.0.0"), ANY, 0), Ok(()));
            addresses.leave(ip("0.0.0.0"));
        }
        assert_eq!(addresses.take(ip("0.0.0.1"), most, 0), Err(Over::New));
    }

    #[test]
    fn those_with_connections_are_not_forgotten() {
        let mut addresses = PerAddress::default();
        let most = Most { open: 1, new: 0 };
        assert_eq!(addresses.take(ip("192.0.2.1"), most, 0), Ok(()));
        addresses.count(ip("192.0.2.2"));
        for number in 0..2 * MOST_IDLE as u32 {
            let ip = IpAddr::V4(number.into());
            assert_eq!(addresses.take(ip, most, 5), Ok(()));
            addresses.leave(ip);
        }
        for text in ["192.0.2.1", "192.0.2.2"] {
            assert_eq!(addresses.take(ip(text), most, 100_000), Err(Over::Open));
        }
    }
}
