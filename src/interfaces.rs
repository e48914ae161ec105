//! The network interfaces of this machine, as far as broadcasts and multicasts need them.

use std::net::{IpAddr, Ipv4Addr};

use if_addrs::{IfAddr, IfOperStatus, Ifv4Addr, Interface};

/// The addresses under which others reach this machine, IPv4 first: no loopback, none that hold on one link
/// alone.
pub(crate) fn addresses() -> Vec<IpAddr> {
    let mut found = Vec::new();
    for interface in if_addrs::get_if_addrs().unwrap_or_default() {
        let ip = interface.addr.ip();
        let link_local = match ip {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        };
        if !(is_down(&interface) || ip.is_loopback() || link_local || found.contains(&ip)) {
            found.push(ip);
        }
    }
    found.sort_by_key(IpAddr::is_ipv6);
    found
}

fn is_down(interface: &Interface) -> bool {
    matches!(
        interface.oper_status,
        IfOperStatus::Down | IfOperStatus::NotPresent | IfOperStatus::LowerLayerDown
    )
}

/// Where datagrams for everybody go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interfaces {
    /// Local addresses with the broadcast addresses of their networks.
    broadcasts: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// The numbers of interfaces that have IPv6.
    pub(crate) ipv6: Vec<u32>,
    /// The addresses of this machine.
    pub(crate) own: Vec<IpAddr>,
    /// The system does not tell.
    unknown: bool,
}

impl Interfaces {
    /// What there is at the moment. If the system does not tell, broadcasts go where it sends those to everybody.
    pub(crate) fn list() -> Self {
        match if_addrs::get_if_addrs() {
            Ok(list) => Self::of(&list),
            Err(_) => Self::unknown(),
        }
    }

    fn unknown() -> Self {
        Self { unknown: true, ..Self::default() }
    }

    fn of(list: &[Interface]) -> Self {
        let mut found = Self::default();
        for interface in list {
            if is_down(interface) {
                continue;
            }
            found.own.push(interface.ip());
            match (&interface.addr, interface.index) {
                (IfAddr::V4(address), _) => {
                    if let Some(broadcast) = broadcast_address(address, interface.is_p2p) {
                        found.broadcasts.push((address.ip, broadcast));
                    }
                }
                (IfAddr::V6(_), Some(index)) if !found.ipv6.contains(&index) => found.ipv6.push(index),
                _ => {}
            }
        }
        found
    }

    /// Whether datagrams for everybody go to that address.
    pub(crate) fn is_broadcast(&self, ip: Ipv4Addr) -> bool {
        self.broadcasts.iter().any(|&(_, broadcast)| broadcast == ip)
    }

    /// The broadcast addresses to send to from a socket bound to `local`, each once.
    pub(crate) fn broadcasts(&self, local: Option<IpAddr>) -> Vec<Ipv4Addr> {
        if self.unknown {
            return vec![Ipv4Addr::BROADCAST];
        }
        let mut chosen = Vec::new();
        for &(ip, broadcast) in &self.broadcasts {
            if local.is_none_or(|local| local == IpAddr::V4(ip)) && !chosen.contains(&broadcast) {
                chosen.push(broadcast);
            }
        }
        chosen
    }
}

/// The broadcast address of an interface's network. Loopback counts as if it had one, since it
/// does carry broadcasts.
fn broadcast_address(address: &Ifv4Addr, point_to_point: bool) -> Option<Ipv4Addr> {
    // The netmask is not what every system fills in.
    let prefix = u32::from(address.prefixlen);
    if point_to_point || prefix == 0 || prefix > 30 {
        return None;
    }
    let given = address.broadcast.filter(|broadcast| !broadcast.is_unspecified());
    Some(given.unwrap_or_else(|| Ipv4Addr::from(u32::from(address.ip) | (u32::MAX >> prefix))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(ip: [u8; 4], prefix: u32, broadcast: Option<[u8; 4]>) -> Interface {
        let netmask = Ipv4Addr::from(u32::MAX << (32 - prefix));
        let addr = IfAddr::V4(Ifv4Addr {
            ip: ip.into(),
            netmask,
            prefixlen: prefix as u8,
            broadcast: broadcast.map(Ipv4Addr::from),
        });
        Interface {
            name: "test0".into(),
            addr,
            index: Some(7),
            oper_status: IfOperStatus::Up,
            is_p2p: false,
            #[cfg(windows)]
            adapter_name: String::new(),
        }
    }

    #[test]
    fn broadcast_addresses_follow_the_real_netmask() {
        let list = [
            interface([127, 0, 0, 1], 8, None),
            interface([10, 1, 2, 3], 20, None),
            interface([192, 168, 7, 9], 24, Some([192, 168, 7, 255])),
            interface([192, 168, 7, 10], 24, Some([192, 168, 7, 255])),
            interface([203, 0, 113, 1], 32, None),
        ];
        let found = Interfaces::of(&list);
        let all: Vec<String> = found.broadcasts(None).iter().map(ToString::to_string).collect();
        assert_eq!(all, ["127.255.255.255", "10.1.15.255", "192.168.7.255"]);
        let local = Some(IpAddr::V4([10, 1, 2, 3].into()));
        assert_eq!(found.broadcasts(local), [Ipv4Addr::new(10, 1, 15, 255)]);
    }

    #[test]
    fn interfaces_that_are_down_or_lead_to_one_peer_get_none() {
        let mut down = interface([10, 0, 0, 1], 24, None);
        down.oper_status = IfOperStatus::Down;
        let mut tunnel = interface([10, 0, 1, 1], 24, None);
        tunnel.is_p2p = true;
        let found = Interfaces::of(&[down, tunnel]);
        assert!(found.broadcasts(None).is_empty());
        // The end of the tunnel is this machine's all the same.
        assert_eq!(found.own, [IpAddr::from([10, 0, 1, 1])]);
    }

    #[test]
    fn where_interfaces_are_unknown_broadcasts_go_to_everybody() {
        let unknown = Interfaces::unknown();
        assert_eq!(unknown.broadcasts(None), [Ipv4Addr::BROADCAST]);
        assert_eq!(unknown.broadcasts(Some(Ipv4Addr::LOCALHOST.into())), [Ipv4Addr::BROADCAST]);
        assert!(Interfaces::of(&[]).broadcasts(None).is_empty());
    }

    #[test]
    fn this_machine_has_a_loopback_that_carries_broadcasts() {
        let found = Interfaces::list().broadcasts(Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(found, [Ipv4Addr::new(127, 255, 255, 255)]);
    }
}
