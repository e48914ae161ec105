//! UDP through the C functions, against plain sockets and itself.

mod host;
mod reliable;

use std::collections::HashMap;
use std::net::{Ipv6Addr, SocketAddr, UdpSocket};

use host::{Event, in_both_modes, last_error, ok, packet, peer};
use stepwire::abi::*;

const UDP: f64 = network_socket_udp as f64;

fn error(code: i32) -> f64 {
    f64::from(code)
}

#[test]
fn a_server_tells_who_sent_what_and_answers() {
    in_both_modes(|host| {
        let server = host.server();
        let peer = peer();
        let own = peer.local_addr().expect("an address");
        peer.send_to(&packet(b"hello"), host.address(server)).expect("sent");
        let event = host.event();
        let expected = Event {
            kind: network_type_data,
            id: server,
            socket: -1.0,
            server,
            port: own.port(),
            error: 0,
            bytes: b"hello".to_vec(),
            ip: "127.0.0.1".into(),
            reason: String::new(),
            message_type: 0,
        };
        assert_eq!(event, expected);
        assert_eq!(host.send(server, event.from(), b"hi"), 14.0);
        assert_eq!(host.receive(&peer), (packet(b"hi"), host.address(server)));
        assert_eq!(host.send_raw(server, event.from(), b"hi"), 2.0);
        assert_eq!(host.receive(&peer), (b"hi".to_vec(), host.address(server)));
        assert_eq!(host.stat(server, "packets_sent"), 2.0);
        assert_eq!(host.stat(server, "packets_received"), 1.0);
        assert_eq!(host.stat(server, "bytes_sent"), 16.0);
        assert_eq!(host.stat(server, "bytes_received"), 17.0);
        assert_eq!(host.stat(server, "send_queue"), 0.0);
    });
}

#[test]
fn only_what_is_exactly_a_packet_loses_its_header() {
    in_both_modes(|host| {
        let server = host.server();
        let raw = ok(network_create_server_raw(UDP, 0.0, 0.0));
        let peer = peer();
        let mut long = packet(b"hello");
        long.push(b'!');
        let short = packet(b"hello")[..15].to_vec();
        let mut other_magic = packet(b"hello");
        other_magic[0] ^= 1;
        let mut other_size = packet(b"hello");
        other_size[4] = 13;
        let header = packet(b"")[..11].to_vec();
        for datagram in [long, short, other_magic, other_size, header, b"x".to_vec(), Vec::new()] {
            peer.send_to(&datagram, host.address(server)).expect("sent");
            assert_eq!(host.event().bytes, datagram);
        }
        peer.send_to(&packet(b""), host.address(server)).expect("sent");
        assert_eq!(host.event().bytes, b"");
        peer.send_to(&packet(b"hello"), host.address(raw)).expect("sent");
        let event = host.event();
        assert_eq!((event.id, event.server, event.bytes), (raw, raw, packet(b"hello")));
    });
}

#[test]
fn a_socket_is_bound_by_its_first_send() {
    in_both_modes(|host| {
        let socket = host.socket();
        assert_eq!(network_get_port(socket), error(network_error_not_connected));
        let peer = peer();
        let to = peer.local_addr().expect("an address");
        assert_eq!(host.send(socket, to, b"one"), 15.0);
        let port = host.port(socket);
        assert_ne!(port, 0);
        let (bytes, from) = host.receive(&peer);
        assert_eq!((bytes, from.port()), (packet(b"one"), port));
        peer.send_to(b"two", from).expect("sent");
        let event = host.event();
        assert_eq!((event.id, event.server, event.bytes.clone()), (socket, -1.0, b"two".to_vec()));
        assert_eq!(event.from(), to);
    });
}

#[test]
fn a_port_is_taken_once() {
    in_both_modes(|host| {
        let server = host.server();
        let port = f64::from(host.port(server));
        assert_eq!(network_create_server(UDP, port, 0.0), error(network_error_address_in_use));
        assert_eq!(network_create_server_raw(UDP, port, 0.0), error(network_error_address_in_use));
        assert_eq!(network_create_socket_ext(UDP, port), error(network_error_address_in_use));
        assert!(last_error().contains("cannot use port"), "{}", last_error());
        ok(network_destroy(server));
        let mut again = -1.0;
        host.until(|| {
            again = network_create_socket_ext(UDP, port);
            again >= 0.0
        });
        assert_eq!(network_get_port(again), port);
    });
}

#[test]
fn the_bind_address_is_honoured() {
    in_both_modes(|host| {
        // SAFETY: a string.
        unsafe {
            let bind = network_config_bind_address.into();
            ok(network_set_config_string(bind, -1.0, c"127.0.0.1".as_ptr()));
        }
        let server = host.server();
        let six: SocketAddr = (Ipv6Addr::LOCALHOST, 9).into();
        assert_eq!(host.send(server, six, b""), error(network_error_failed));
        let peer = peer();
        peer.send_to(b"four", host.address(server)).expect("sent");
        assert_eq!(host.event().bytes, b"four");
        let multicast = network_config_enable_multicast.into();
        assert_eq!(network_set_config(multicast, server, 0.0), error(network_error_not_supported));
    });
}

#[test]
fn both_families_on_one_socket() {
    in_both_modes(|host| {
        let Ok(six) = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)) else {
            eprintln!("skipped: no IPv6 here");
            return;
        };
        six.set_nonblocking(true).expect("non-blocking");
        let server = host.server();
        let four = peer();
        for (peer, to) in
            [(&four, host.address(server)), (&six, (Ipv6Addr::LOCALHOST, host.port(server)).into())]
        {
            peer.send_to(b"hello", to).expect("sent");
            let event = host.event();
            assert_eq!(event.from(), peer.local_addr().expect("an address"));
            assert_eq!(host.send(server, event.from(), b"hi"), 14.0);
            assert_eq!(host.receive(peer), (packet(b"hi"), to));
        }
    });
}

#[test]
fn datagrams_of_all_sizes_arrive_whole() {
    in_both_modes(|host| {
        let server = host.server();
        let socket = host.socket();
        let to = host.address(server);
        // Small ones before and behind, so that the largest meet narrow and wide slots.
        let sizes =
            [0, 1, 64, 1_200, 511, 65_495, 2_048, 2_049, 3, 9_000, 40_000, 65_495, 65_494, 5, 512, 513];
        for round in 0..3_u8 {
            for size in sizes {
                let payload: Vec<u8> = (0..size).map(|at| (at as u8).wrapping_mul(31) ^ round).collect();
                assert_eq!(host.send(socket, to, &payload), size as f64 + 12.0);
                assert_eq!(host.event().bytes, payload);
            }
        }
        let largest = vec![7; 65_507];
        assert_eq!(host.send_raw(socket, to, &largest), 65_507.0);
        assert_eq!(host.event().bytes, largest);
        let too_big = vec![7; 65_508];
        assert_eq!(host.send_raw(socket, to, &too_big), error(network_error_too_big));
        assert_eq!(host.send(socket, to, &largest[..65_496]), error(network_error_too_big));
        assert_eq!(host.broadcast(socket, 9, &too_big), error(network_error_too_big));
    });
}

#[test]
fn many_peers_at_once_are_told_apart() {
    in_both_modes(|host| {
        let server = host.server();
        let to = host.address(server);
        let peers: Vec<UdpSocket> = (0..50).map(|_| peer()).collect();
        let sizes = [3_usize, 200, 7, 1_400, 40];
        for round in 0..20_u32 {
            for (index, peer) in peers.iter().enumerate() {
                let mut payload = vec![index as u8; sizes[(index + round as usize) % sizes.len()]];
                payload.extend_from_slice(&round.to_le_bytes());
                peer.send_to(&packet(&payload), to).expect("sent");
            }
        }
        let mut next: HashMap<u16, u32> = HashMap::new();
        for _ in 0..20 * peers.len() {
            let event = host.event();
            let round = next.entry(event.port).or_default();
            let index = usize::from(event.bytes[0]);
            assert_eq!(peers[index].local_addr().expect("an address").port(), event.port);
            let (filling, number) = event.bytes.split_at(event.bytes.len() - 4);
            assert_eq!(filling, vec![index as u8; sizes[(index + *round as usize) % sizes.len()]]);
            assert_eq!(number, round.to_le_bytes());
            *round += 1;
            ok(host.send(server, event.from(), &event.bytes));
        }
        for (index, peer) in peers.iter().enumerate() {
            for round in 0..20_usize {
                let (bytes, _) = host.receive(peer);
                assert_eq!(bytes.len(), 12 + sizes[(index + round) % sizes.len()] + 4);
                assert_eq!(bytes[12], index as u8);
                assert_eq!(bytes[bytes.len() - 4..], (round as u32).to_le_bytes());
            }
        }
        assert_eq!(host.stat(server, "dropped"), 0.0);
    });
}

#[test]
fn names_are_resolved_and_keep_the_order() {
    in_both_modes(|host| {
        let server = host.server();
        let port = host.port(server);
        let socket = host.socket();
        for number in 0..200_u8 {
            let name = if number % 3 == 2 { "127.0.0.1" } else { "localhost" };
            assert_eq!(host.send_to(socket, name, port, &[number]), 13.0);
        }
        for number in 0..200_u8 {
            assert_eq!(host.event().bytes, [number]);
        }
    });
}

#[test]
fn a_name_without_address_concerns_nobody_else() {
    in_both_modes(|host| {
        let server = host.server();
        let socket = host.socket();
        let nowhere = "no-such-host.invalid";
        assert_eq!(host.send_to(socket, nowhere, 9, b"lost"), 16.0);
        assert_eq!(host.send(socket, host.address(server), b"kept"), 16.0);
        assert_eq!(host.event().bytes, b"kept");
        host.until(|| host.stat(socket, "dropped") == 1.0);
        assert_eq!(host.stat(socket, "send_queue"), 0.0);
        assert_eq!(host.send_to(socket, nowhere, 9, b"lost"), error(network_error_resolve));
        for wrong in ["", "a b", "http://localhost", &"a".repeat(300)] {
            assert_eq!(host.send_to(socket, wrong, 9, b""), error(network_error_bad_argument), "{wrong:?}");
        }
    });
}

#[test]
fn a_refusal_kills_nothing() {
    in_both_modes(|host| {
        let socket = host.socket();
        let gone = peer().local_addr().expect("an address");
        for _ in 0..20 {
            assert_eq!(host.send(socket, gone, b"anybody?"), 20.0);
            ok(network_wait(1.0));
        }
        let peer = peer();
        assert_eq!(host.send(socket, peer.local_addr().expect("an address"), b"you"), 15.0);
        let (bytes, from) = host.receive(&peer);
        assert_eq!(bytes, packet(b"you"));
        peer.send_to(b"me", from).expect("sent");
        assert_eq!(host.event().bytes, b"me");
        assert_eq!(host.poll(), None);
    });
}

#[test]
fn calls_for_connections_are_refused() {
    in_both_modes(|host| {
        let wrong = error(network_error_wrong_kind);
        let tcp = ok(network_create_socket(network_socket_tcp.into()));
        for socket in [host.socket(), host.server()] {
            // SAFETY: strings, and buffers of no size.
            unsafe {
                assert_eq!(network_connect(socket, c"127.0.0.1".as_ptr(), 9.0), wrong);
                assert_eq!(network_send_packet(socket, std::ptr::null(), 0.0), wrong);
                assert_eq!(network_send_raw(socket, std::ptr::null(), 0.0, 0.0), wrong);
            }
            assert_eq!(network_set_timeout(socket, 1.0, 1.0), wrong);
        }
        let to = peer().local_addr().expect("an address");
        assert_eq!(host.send(tcp, to, b""), wrong);
        assert_eq!(host.send_raw(tcp, to, b""), wrong);
        assert_eq!(host.broadcast(tcp, 9, b""), wrong);
        assert_eq!(network_set_config(network_config_enable_multicast.into(), tcp, 0.0), wrong);
        assert_eq!(host.send(4e9, to, b""), error(network_error_bad_handle));
        assert_eq!(host.broadcast(tcp, 0, b""), error(network_error_bad_argument));
    });
}

#[test]
fn what_the_host_does_not_collect_is_dropped_newest_first_and_counted() {
    in_both_modes(|host| {
        let server = host.server();
        host.set(network_config_receive_queue_limit, server, 5_000.0);
        let to = host.address(server);
        let peer = peer();
        let sent = 300_u32;
        for number in 0..sent {
            peer.send_to(&number.to_le_bytes(), to).expect("sent");
        }
        // With manual I/O a wait does no turn while events wait, so the rest is read later.
        let mut kept = Vec::new();
        host.until(|| {
            let handled = host.stat(server, "packets_received") + host.stat(server, "dropped");
            if handled < f64::from(sent) && kept.is_empty() && host.stat(-1.0, "events") == 0.0 {
                return false;
            }
            handled == f64::from(sent) || {
                while let Some(event) = host.poll() {
                    kept.push(u32::from_le_bytes(event.bytes.try_into().expect("four bytes")));
                }
                false
            }
        });
        while let Some(event) = host.poll() {
            kept.push(u32::from_le_bytes(event.bytes.try_into().expect("four bytes")));
        }
        let dropped = host.stat(server, "dropped");
        assert!(dropped > 0.0 && kept.len() as f64 + dropped == f64::from(sent), "{kept:?} {dropped}");
        assert!(kept.is_sorted(), "{kept:?}");
        assert_eq!(kept[0], 0);
        // There is room again.
        peer.send_to(b"now", to).expect("sent");
        assert_eq!(host.event().bytes, b"now");
    });
}

#[test]
fn a_full_queue_takes_nothing_more() {
    in_both_modes(|host| {
        let socket = host.socket();
        let peer = peer();
        let to = peer.local_addr().expect("an address");
        host.set(network_config_send_queue_limit, socket, 1_000.0);
        // Nothing leaves while the name is looked up, and whatever left cannot be counted on.
        let mut full = false;
        for _ in 0..100_000 {
            let result = host.send(socket, to, &[0; 700]);
            if result < 0.0 {
                assert_eq!(result, error(network_error_queue_full));
                full = true;
                break;
            }
        }
        assert!(full, "a thread that sends all day gets ahead of the one that writes");
        let _ = host.receive(&peer);
        host.until(|| host.stat(socket, "send_queue") == 0.0);
        assert_eq!(host.send(socket, to, &[0; 700]), 712.0);
    });
}

#[test]
fn destroying_flushes() {
    in_both_modes(|host| {
        let peer = peer();
        let to = peer.local_addr().expect("an address");
        let socket = host.socket();
        for number in 0..100_u8 {
            ok(host.send_to(socket, "localhost", to.port(), &[number]));
        }
        ok(network_destroy(socket));
        assert_eq!(host.send(socket, to, b""), error(network_error_bad_handle));
        for number in 0..100_u8 {
            assert_eq!(host.receive(&peer).0, packet(&[number]));
        }
        // What arrives afterwards is nobody's.
        assert_eq!(host.poll(), None);
    });
}

#[test]
fn broadcasts_reach_loopback() {
    in_both_modes(|host| {
        let server = host.server();
        let socket = host.socket();
        assert_eq!(host.broadcast(socket, host.port(server), b"anybody?"), 8.0);
        let event = host.event();
        assert_eq!((event.id, event.bytes.clone()), (server, b"anybody?".to_vec()));
        assert_eq!(event.port, host.port(socket));
        assert_eq!(host.send(server, event.from(), b"me"), 14.0);
        // Other interfaces may have brought the same datagram.
        let answer = loop {
            let event = host.event();
            if event.id == socket {
                break event;
            }
        };
        assert_eq!(answer.bytes, b"me");
    });
}

#[test]
fn multicast_can_be_turned_on_and_off() {
    in_both_modes(|host| {
        let server = host.server();
        if network_set_config(network_config_enable_multicast.into(), server, 0.0) != 0.0 {
            eprintln!("skipped: {}", last_error());
            return;
        }
        let socket = host.socket();
        host.set(network_config_enable_multicast, socket, 0.0);
        assert_eq!(host.broadcast(socket, host.port(server), b"all nodes"), 9.0);
        assert_eq!(host.event().bytes, b"all nodes");
        host.set(network_config_disable_multicast, socket, 0.0);
        host.set(network_config_disable_multicast, server, 0.0);
        assert_eq!(host.broadcast(socket, host.port(server), b"IPv4 alone"), 10.0);
        loop {
            let event = host.event();
            if event.bytes == b"IPv4 alone" {
                assert!(event.from().is_ipv4());
                break;
            }
        }
    });
}

#[test]
fn threads_send_at_once_and_each_keeps_its_order() {
    in_both_modes(|host| {
        let server = host.server();
        let to = host.address(server);
        let socket = host.socket();
        let mut next = [0_u32; 4];
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                scope.spawn(move || {
                    let ip = std::ffi::CString::new(to.ip().to_string()).expect("no NUL");
                    for number in 0..500_u32 {
                        let mut payload = vec![thread];
                        payload.extend_from_slice(&number.to_le_bytes());
                        // SAFETY: a string and a buffer of that size.
                        let sent = unsafe {
                            network_send_udp(
                                socket,
                                ip.as_ptr(),
                                to.port().into(),
                                payload.as_ptr().cast(),
                                5.0,
                            )
                        };
                        assert_eq!(sent, 17.0);
                    }
                });
            }
            for _ in 0..4 * 500 {
                let event = host.event();
                let next = &mut next[usize::from(event.bytes[0])];
                assert_eq!(event.bytes[1..], next.to_le_bytes());
                *next += 1;
            }
        });
    });
}
