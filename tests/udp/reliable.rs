//! Reliable UDP and the simulated network, through real sockets.

use std::collections::HashSet;
use std::net::UdpSocket;

use super::error;
use super::host::{Host, in_both_modes, packet, peer};
use stepwire::abi::*;

fn reliable_pair(host: &Host) -> (f64, f64) {
    let server = host.server();
    let client = host.socket();
    for socket in [server, client] {
        host.set(network_config_enable_reliable_udp, socket, 0.0);
    }
    (server, client)
}

/// A message of a size that depends on its number.
fn message(number: u32) -> Vec<u8> {
    let mut message = number.to_le_bytes().to_vec();
    message.resize(4 + (number as usize * 37) % 2_000, number as u8);
    message
}

fn number(bytes: &[u8]) -> u32 {
    let number = u32::from_le_bytes(bytes[..4].try_into().expect("four bytes"));
    assert_eq!(bytes, message(number));
    number
}

#[test]
fn messages_arrive_exactly_once_over_a_bad_network_both_ways() {
    in_both_modes(|host| {
        let (server, client) = reliable_pair(host);
        for (seed, socket) in [server, client].into_iter().enumerate() {
            host.set(network_config_simulate_seed, socket, seed as f64);
            // What both ends lose adds up to a third each way.
            host.set(network_config_simulate_loss, socket, 18.0);
            host.set(network_config_simulate_duplication, socket, 5.0);
            host.set(network_config_simulate_reordering, socket, 5.0);
            host.set(network_config_simulate_latency, socket, 1.0);
        }
        let total = 1_500;
        let to = host.address(server);
        for number in 0..total {
            let message = message(number);
            assert_eq!(host.send(client, to, &message), message.len() as f64 + 12.0);
        }
        let mut seen = [HashSet::new(), HashSet::new()];
        while seen[0].len() + seen[1].len() < 2 * total as usize {
            let event = host.event();
            assert_eq!(event.kind, network_type_data, "{event:?}");
            let at_server = event.id == server;
            assert_eq!(event.server, if at_server { server } else { -1.0 });
            assert!(seen[usize::from(at_server)].insert(number(&event.bytes)), "twice");
            if at_server {
                host.send(server, event.from(), &event.bytes);
            }
        }
        assert_eq!(host.poll(), None);
    });
}

#[test]
fn ordered_delivery_keeps_the_order() {
    in_both_modes(|host| {
        let (server, client) = reliable_pair(host);
        host.set(network_config_reliable_ordered, server, 1.0);
        host.set(network_config_simulate_loss, client, 20.0);
        host.set(network_config_simulate_reordering, client, 20.0);
        let to = host.address(server);
        for number in 0..500 {
            host.send(client, to, &message(number));
        }
        for expected in 0..500 {
            assert_eq!(number(&host.event().bytes), expected);
        }
    });
}

#[test]
fn messages_larger_than_datagrams_arrive_whole() {
    in_both_modes(|host| {
        let (server, client) = reliable_pair(host);
        for size in [0_usize, 1, 1_200, 65_508, 300_000, 3 << 20] {
            let message: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            assert_eq!(host.send(client, host.address(server), &message), size as f64 + 12.0);
            let event = host.event();
            assert!(event.bytes == message, "{size} bytes");
        }
    });
}

#[test]
fn a_name_is_as_good_as_an_address() {
    in_both_modes(|host| {
        let (server, client) = reliable_pair(host);
        host.set(network_config_reliable_ordered, server, 1.0);
        for number in 0..100_u8 {
            let name = if number % 2 == 0 { "localhost" } else { "127.0.0.1" };
            assert_eq!(host.send_to(client, name, host.port(server), &[number]), 13.0);
        }
        for number in 0..100_u8 {
            assert_eq!(host.event().bytes, [number]);
        }
    });
}

#[test]
fn plain_datagrams_share_the_socket() {
    in_both_modes(|host| {
        let (server, client) = reliable_pair(host);
        let peer = peer();
        peer.send_to(&packet(b"plain packet"), host.address(server)).expect("sent");
        let event = host.event();
        assert_eq!(event.bytes, b"plain packet");
        assert_eq!(host.send_raw(server, event.from(), b"plain"), 5.0);
        assert_eq!(host.receive(&peer).0, b"plain");
        assert_eq!(host.broadcast(client, host.port(server), b"discover"), 8.0);
        assert_eq!(host.event().bytes, b"discover");
    });
}

#[test]
fn a_silent_peer_is_given_up_and_what_was_lost_is_told() {
    in_both_modes(|host| {
        let client = host.socket();
        host.set(network_config_enable_reliable_udp, client, 0.0);
        host.set(network_config_reliable_timeout, client, 300.0);
        let silent = peer();
        let to = silent.local_addr().expect("an address");
        host.send(client, to, b"anybody?");
        host.send(client, to, b"hello?");
        let event = host.event();
        assert_eq!(event.kind, network_type_disconnect);
        assert_eq!((event.id, event.socket, event.server), (client, -1.0, -1.0));
        assert_eq!(event.error, network_error_timeout);
        assert_eq!(event.from(), to);
        assert!(event.reason.contains("2 messages of 14 bytes"), "{}", event.reason);
        // The socket lives.
        let other = host.server();
        host.set(network_config_enable_reliable_udp, other, 0.0);
        host.send(client, host.address(other), b"you?");
        let event = host.event();
        assert_eq!((event.id, event.bytes), (other, b"you?".to_vec()));
    });
}

/// The next message; that there is room again may be told before it.
fn data(host: &Host) -> Vec<u8> {
    loop {
        let event = host.event();
        if event.kind == network_type_data {
            return event.bytes;
        }
        assert_eq!(event.kind, network_type_writable, "{event:?}");
    }
}

#[test]
fn a_full_window_refuses_and_loses_nothing() {
    in_both_modes(|host| {
        let server = host.server();
        let client = host.socket();
        host.set(network_config_send_queue_limit, client, 20_000.0);
        for socket in [server, client] {
            host.set(network_config_enable_reliable_udp, socket, 0.0);
        }
        host.set(network_config_simulate_latency, server, 20.0);
        let to = host.address(server);
        let mut taken = 0_u32;
        while host.send(client, to, &message(taken)) >= 0.0 {
            taken += 1;
        }
        assert_eq!(host.send(client, to, &message(taken)), error(network_error_queue_full));
        let mut seen = HashSet::new();
        while seen.len() < taken as usize {
            assert!(seen.insert(number(&data(host))));
        }
        host.until(|| host.send(client, to, &message(taken)) >= 0.0);
        assert_eq!(number(&data(host)), taken);
    });
}

#[test]
fn it_can_be_turned_off_and_on_again() {
    in_both_modes(|host| {
        let (server, client) = reliable_pair(host);
        let to = host.address(server);
        for round in 0..3_u8 {
            host.send(client, to, &[round, 1]);
            let event = loop {
                let event = host.event();
                if event.kind == network_type_data {
                    break event;
                }
                // One end learns that the other has ended the protocol in peace.
                assert_eq!((event.kind, event.error), (network_type_disconnect, 0), "{event:?}");
            };
            assert_eq!(event.bytes, [round, 1]);
            for socket in [client, server] {
                host.set(network_config_disable_reliable_udp, socket, 0.0);
            }
            // Plain now: a peer that knows nothing of the protocol understands it.
            let peer = peer();
            host.send(client, peer.local_addr().expect("an address"), &[round, 2]);
            assert_eq!(host.receive(&peer).0, packet(&[round, 2]));
            for socket in [client, server] {
                host.set(network_config_enable_reliable_udp, socket, 0.0);
            }
        }
    });
}

#[test]
fn destroying_delivers_what_was_sent_and_tells_the_peer() {
    in_both_modes(|host| {
        let (server, client) = reliable_pair(host);
        // Mild enough to be through in the two seconds that closing may take.
        host.set(network_config_simulate_loss, client, 5.0);
        let to = host.address(server);
        for number in 0..100 {
            host.send(client, to, &message(number));
        }
        super::ok(network_destroy(client));
        let mut seen = HashSet::new();
        while seen.len() < 100 {
            let event = host.event();
            assert_eq!(event.kind, network_type_data, "{event:?}");
            assert!(seen.insert(number(&event.bytes)));
        }
    });
}

#[test]
fn peers_keep_what_the_host_does_not_collect() {
    in_both_modes(|host| {
        let (server, client) = reliable_pair(host);
        host.set(network_config_receive_queue_limit, server, 10_000.0);
        let to = host.address(server);
        for number in 0..2_000 {
            assert!(host.send(client, to, &message(number)) > 0.0);
        }
        let mut seen = HashSet::new();
        while seen.len() < 2_000 {
            let waiting = host.stat(server, "receive_queue");
            // A datagram's worth beyond the limit, and a message that was nearly complete.
            assert!(waiting < 200_000.0, "{waiting}");
            assert!(seen.insert(number(&host.event().bytes)));
        }
        assert_eq!(host.stat(server, "dropped"), 0.0);
    });
}

#[test]
fn options_of_udp_are_checked() {
    in_both_modes(|host| {
        let tcp = super::ok(network_create_socket(network_socket_tcp.into()));
        let udp = host.socket();
        let bad = error(network_error_bad_argument);
        let set = |config: i32, value: f64| network_set_config(config.into(), udp, value);
        for config in [network_config_enable_reliable_udp, network_config_disable_reliable_udp] {
            assert_eq!(network_set_config(config.into(), tcp, 0.0), error(network_error_wrong_kind));
            assert_eq!(network_set_config(config.into(), 4e9, 0.0), error(network_error_bad_handle));
            assert_eq!(set(config, 1.0), bad);
        }
        for config in network_config_simulate_latency..=network_config_simulate_seed {
            assert_eq!(network_set_config(config.into(), tcp, 1.0), error(network_error_wrong_kind));
            assert_eq!(set(config, 1.0), 0.0);
            for wrong in [-1.0, f64::NAN, f64::INFINITY, 1e12] {
                assert_eq!(set(config, wrong), bad, "{config} {wrong}");
            }
        }
        assert_eq!(set(network_config_reliable_timeout, 0.0), bad);
        assert_eq!(set(network_config_reliable_ordered, 2.0), bad);
    });
}

#[test]
fn a_simulated_network_delays_and_loses_plain_datagrams_too() {
    in_both_modes(|host| {
        let server = host.server();
        host.set(network_config_simulate_latency, server, 50.0);
        let peer = peer();
        let began = std::time::Instant::now();
        peer.send_to(b"ping", host.address(server)).expect("sent");
        let event = host.event();
        assert!(began.elapsed().as_millis() >= 50);
        host.send(server, event.from(), b"pong");
        host.receive(&peer);
        assert!(began.elapsed().as_millis() >= 100);
        host.set(network_config_simulate_latency, server, 0.0);
        host.set(network_config_simulate_loss, server, 50.0);
        for number in 0..200_u8 {
            peer.send_to(&[number], host.address(server)).expect("sent");
        }
        host.set(network_config_simulate_loss, server, 50.0);
        host.until(|| host.stat(server, "bytes_received") == 204.0);
        let mut seen = 0;
        host.until(|| {
            while let Some(event) = host.poll() {
                assert_eq!(event.bytes.len(), 1);
                seen += 1;
            }
            seen > 60
        });
        assert!(seen < 140, "{seen}");
    });
}

#[test]
fn an_address_that_leads_back_is_given_up_once() {
    in_both_modes(|host| {
        let socket = super::ok(network_create_socket_ext(network_socket_udp.into(), 0.0));
        host.set(network_config_enable_reliable_udp, socket, 0.0);
        host.set(network_config_reliable_timeout, socket, 500.0);
        // Its own port, and a service that sends back whatever comes.
        let mirror = peer();
        let addresses = [host.address(socket), mirror.local_addr().expect("an address")];
        for to in addresses {
            host.send(socket, to, b"who is there?");
        }
        let mut room = [0; 2_000];
        let mut lost = Vec::new();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(2);
        while std::time::Instant::now() < deadline {
            while let Ok((size, from)) = mirror.recv_from(&mut room) {
                let _ = mirror.send_to(&room[..size], from);
            }
            while let Some(event) = host.poll() {
                assert_eq!(event.kind, network_type_disconnect, "{event:?}");
                assert_eq!(event.error, network_error_timeout);
                assert!(event.reason.contains("comes back"), "{}", event.reason);
                lost.push(event.from());
            }
            super::ok(network_wait(1.0));
        }
        lost.sort();
        let mut expected = addresses;
        expected.sort();
        assert_eq!(lost, expected);
    });
}

#[test]
fn nothing_is_said_of_a_destroyed_socket() {
    in_both_modes(|host| {
        for round in 0..10 {
            let (server, client) = reliable_pair(host);
            let silent = peer();
            host.send(client, host.address(server), &[round; 300_000]);
            host.send(client, silent.local_addr().expect("an address"), b"unacknowledged");
            if round % 2 == 0 {
                assert_eq!(host.event().bytes, [round; 300_000]);
                host.send(server, host.address(client), &[round; 300_000]);
            }
            super::ok(network_destroy(client));
            super::ok(network_destroy(server));
            let other = host.server();
            for number in 0..3_u8 {
                // All that is under way has time to end.
                host.until(|| {
                    host.stat(other, "packets_received") == f64::from(number) || host.poll().is_some()
                });
                silent.send_to(&[number], host.address(other)).expect("sent");
                let event = host.event();
                assert_eq!((event.id, event.bytes), (other, vec![number]), "round {round}");
                super::ok(network_wait(20.0));
            }
            super::ok(network_destroy(other));
        }
        let deadline = std::time::Instant::now() + std::time::Duration::from_millis(2_500);
        while std::time::Instant::now() < deadline {
            assert_eq!(host.poll(), None);
            super::ok(network_wait(20.0));
        }
    });
}

#[test]
fn a_message_over_the_receivers_limit_is_told_as_that_to_both() {
    in_both_modes(|host| {
        let (server, client) = reliable_pair(host);
        host.set(network_config_message_size_limit, server, 10_000.0);
        let to = host.address(server);
        host.send(client, to, b"small");
        assert_eq!(host.event().bytes, b"small");
        host.send(client, to, &[1; 500_000]);
        let mut told = [host.event(), host.event()];
        told.sort_by(|a, b| a.id.total_cmp(&b.id));
        for (event, id) in told.iter().zip([server, client]) {
            assert_eq!(
                (event.kind, event.id, event.error),
                (network_type_disconnect, id, network_error_too_big)
            );
        }
        host.send(client, to, b"goes on");
        assert_eq!(host.event().bytes, b"goes on");
        assert_eq!(host.poll(), None);
    });
}

#[test]
fn idle_peers_hear_of_each_other() {
    in_both_modes(|host| {
        let (server, client) = reliable_pair(host);
        host.set(network_config_reliable_keepalive, client, 50.0);
        host.set(network_config_reliable_keepalive, server, 0.0);
        host.send(client, host.address(server), b"hello");
        assert_eq!(host.event().bytes, b"hello");
        host.until(|| host.stat(client, "send_queue") == 0.0);
        let (before, silent) = (host.stat(server, "bytes_received"), host.stat(client, "bytes_received"));
        // A datagram without a message has 23 bytes.
        host.until(|| host.stat(server, "bytes_received") >= before + 4.0 * 23.0);
        assert!(host.stat(client, "bytes_received") <= silent + 60.0, "the server sends none");
        assert_eq!(host.poll(), None);
        assert_eq!((host.stat(client, "peers"), host.stat(server, "peers")), (1.0, 1.0));
    });
}

#[test]
fn what_came_by_the_protocol_is_told_from_what_anybody_could_have_sent() {
    in_both_modes(|host| {
        let (server, client) = reliable_pair(host);
        let to = host.address(server);
        let stranger = peer();
        host.send(client, to, b"by the protocol");
        assert_eq!(host.event().message_type, network_message_reliable);
        stranger.send_to(&packet(b"by anybody"), to).expect("sent");
        let event = host.event();
        assert_eq!((event.bytes, event.message_type), (b"by anybody".to_vec(), 0));

        host.set(network_config_reliable_only, server, 1.0);
        let dropped = host.stat(server, "dropped");
        for _ in 0..3 {
            stranger.send_to(&packet(b"by anybody"), to).expect("sent");
        }
        host.until(|| host.stat(server, "dropped") == dropped + 3.0);
        host.send(client, to, b"still");
        let event = host.event();
        assert_eq!((event.bytes, event.message_type), (b"still".to_vec(), network_message_reliable));
        // Without the protocol there is nothing else.
        host.set(network_config_disable_reliable_udp, server, 0.0);
        let arrives = || {
            stranger.send_to(&packet(b"plain"), to).expect("sent");
            super::ok(network_wait(5.0));
            host.poll().is_some_and(|event| event.bytes == b"plain" && event.message_type == 0)
        };
        host.until(arrives);
        // What is still sent by the protocol is no data either.
        let dropped = host.stat(server, "dropped");
        stranger.send_to(b"\xd7SW\x16\x01\x02\x03\x04\x05\x06\x07\x08\x00", to).expect("sent");
        host.until(|| host.stat(server, "dropped") == dropped + 1.0);
        while let Some(event) = host.poll() {
            assert_ne!(event.bytes.len(), 13);
        }
    });
}

#[test]
fn a_newcomer_takes_the_place_of_who_was_of_no_use_for_longest() {
    in_both_modes(|host| {
        let server = host.server();
        host.set(network_config_enable_reliable_udp, server, 0.0);
        host.set(network_config_reliable_max_peers, server, 3.0);
        let to = host.address(server);
        let clients: Vec<f64> = (0..4).map(|_| host.socket()).collect();
        for &client in &clients[..3] {
            host.set(network_config_enable_reliable_udp, client, 0.0);
            host.send(client, to, b"here");
            assert_eq!(host.event().bytes, b"here");
            host.until(|| host.stat(client, "send_queue") == 0.0);
        }
        host.send(clients[0], to, b"still here");
        assert_eq!(host.event().bytes, b"still here");
        host.set(network_config_enable_reliable_udp, clients[3], 0.0);
        host.send(clients[3], to, b"new");
        let mut events = [host.event(), host.event(), host.event()];
        events.sort_by(|a, b| (a.kind, a.id).partial_cmp(&(b.kind, b.id)).expect("numbers"));
        let [lost, told, new] = events;
        assert_eq!((lost.id, lost.error), (server, network_error_limit), "{lost:?}");
        assert_eq!(lost.port, host.port(clients[1]));
        assert_eq!((told.id, told.error), (clients[1], 0), "{told:?}");
        assert_eq!(new.bytes, b"new");
        assert_eq!(host.stat(server, "peers"), 3.0);
        let full = host.send(server, "127.0.0.1:9".parse().expect("an address"), b"more");
        assert_eq!(full, error(network_error_limit));
    });
}

#[test]
fn what_had_to_be_repaired_is_counted() {
    in_both_modes(|host| {
        let (server, client) = reliable_pair(host);
        host.set(network_config_simulate_loss, client, 20.0);
        host.set(network_config_simulate_latency, client, 5.0);
        for number in 0..300 {
            host.send(client, host.address(server), &message(number));
        }
        for _ in 0..300 {
            host.event();
        }
        host.until(|| host.stat(client, "send_queue") == 0.0);
        let (lost, resent) = (host.stat(client, "lost"), host.stat(client, "resent"));
        assert!(lost > 5.0 && resent > 5.0, "{lost} {resent}");
        assert!(host.stat(-1.0, "lost") >= lost && host.stat(-1.0, "resent") >= resent);
        assert_eq!((host.stat(client, "peers"), host.stat(server, "peers")), (1.0, 1.0));
        assert!(host.stat(client, "rtt_ms") >= 10.0);
        assert!(host.stat(client, "rtt_jitter_ms") < 1_000.0);

        // What makes no sense in the protocol counts as dropped.
        let before = host.stat(server, "dropped");
        let mut forged = b"\xd7SW\x16\x01\x02\x03\x04\x05\x06\x07\x08\x00".to_vec();
        let stranger = peer();
        stranger.send_to(&forged, host.address(server)).expect("sent");
        forged[3] = 0x25;
        stranger.send_to(&forged, host.address(server)).expect("sent");
        host.until(|| host.stat(server, "dropped") == before + 2.0);
        super::ok(network_destroy(client));
        host.until(|| host.stat(-1.0, "sockets") == 1.0);
        assert!(host.stat(-1.0, "lost") >= lost);
        while host.poll().is_some() {}
    });
}

/// The first datagram of a session, as a stranger could have recorded it.
fn recorded_hello(host: &Host) -> Vec<u8> {
    let client = host.socket();
    host.set(network_config_enable_reliable_udp, client, 0.0);
    let recorder = peer();
    host.send(client, recorder.local_addr().expect("an address"), b"hello");
    let (hello, _) = host.receive(&recorder);
    super::ok(network_destroy(client));
    hello
}

#[test]
fn a_flood_from_ten_thousand_sources_does_not_stop_real_peers() {
    in_both_modes(|host| {
        let hello = recorded_hello(host);
        let (server, client) = reliable_pair(host);
        let to = host.address(server);
        let before = memory();
        let mut expected = 0;
        for source in 0..10_000_u32 {
            let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
            let mut datagram = hello.clone();
            match source % 4 {
                0 => {}
                1 => datagram.truncate(source as usize / 4 % hello.len()),
                2 => datagram[4 + source as usize % (hello.len() - 4)] ^= 1 << (source % 8),
                _ => datagram.resize(1_200, source as u8),
            }
            // The system may have no room for it; that is a network as good as any.
            let _ = stranger.send_to(&datagram, to);
            if source % 1_000 == 0 {
                let number = source / 1_000;
                host.send(client, to, &message(number));
                expected += 1;
            }
        }
        let mut seen = HashSet::new();
        while seen.len() < expected {
            let event = host.event();
            // What is not of the protocol is a plain datagram of a stranger.
            if event.port == host.port(client) {
                assert_eq!(event.kind, network_type_data, "{event:?}");
                assert!(seen.insert(number(&event.bytes)));
            }
        }
        // A session would take kilobytes.
        let grown = memory().saturating_sub(before);
        assert!(grown < 32 << 20, "{grown} bytes");
    });
}

/// Bytes of this process in memory, where the system tells.
fn memory() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
