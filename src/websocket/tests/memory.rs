//! What a connection costs, and where messages are put.

use super::super::frame::{MAX_HEADER, Opcode};
use super::{KEY, LIMIT, Receiver, Recorder, Side, frame_for};

#[test]
fn an_idle_connection_costs_little() {
    assert!(size_of::<Receiver>() <= 16, "{}", size_of::<Receiver>());
}

#[test]
fn a_message_that_came_whole_stays_where_it_is() {
    for length in [0, 64, 200, 16 * 1024, 70_000] {
        let payload: Vec<u8> = (0..length).map(|n| n as u8).collect();
        let frame = frame_for(Side::Server, true, Opcode::Binary, &payload);
        let mut stream = [&frame[..], &frame, &frame].concat();

        let mut recorder = Recorder::default();
        let mut receiver = Receiver::new(Side::Server);
        receiver.receive(&mut stream, LIMIT, &mut recorder).unwrap();

        assert_eq!(recorder.in_place, 3);
        assert_eq!(recorder.range, stream.len() - length..stream.len());
        assert_eq!(stream[recorder.range], payload);
        assert_eq!(receiver.memory(), 0);
    }
}

/// The usual cut of large messages: the header ends one piece, the payload is the next.
#[test]
fn a_payload_behind_a_cut_header_stays_where_it_is() {
    let mut stream = frame_for(Side::Server, true, Opcode::Text, &[b'x'; 5000]);
    for split in 1..=8 {
        let mut stream = stream.clone();
        let (header, payload) = stream.split_at_mut(split);
        let mut recorder = Recorder::default();
        let mut receiver = Receiver::new(Side::Server);
        receiver.receive(header, LIMIT, &mut recorder).unwrap();
        receiver.receive(payload, LIMIT, &mut recorder).unwrap();
        assert_eq!(recorder.in_place, 1, "cut at {split}");
    }
    let mut recorder = Recorder::default();
    let mut receiver = Receiver::new(Side::Server);
    let (start, rest) = stream.split_at_mut(9);
    receiver.receive(start, LIMIT, &mut recorder).unwrap();
    receiver.receive(rest, LIMIT, &mut recorder).unwrap();
    assert_eq!(recorder.in_place, 0);
}

#[test]
fn an_announced_size_is_not_allocated() {
    let announced = 64 << 20;
    let mut header = vec![0x82, 0xff];
    header.extend_from_slice(&(announced as u64).to_be_bytes());
    header.extend_from_slice(&KEY);
    assert_eq!(header.len(), MAX_HEADER);

    let mut receiver = Receiver::new(Side::Server);
    let mut recorder = Recorder::default();
    receiver.receive(&mut header, announced, &mut recorder).unwrap();
    assert_eq!(receiver.memory(), 0);
    let mut received = 0;
    for _ in 0..200 {
        receiver.receive(&mut [7; 1000], announced, &mut recorder).unwrap();
        received += 1000;
        assert!((received..=2 * received).contains(&receiver.memory()));
    }
}

#[test]
fn no_more_is_allocated_than_a_message_needs_whose_size_is_known() {
    let mut receiver = Receiver::new(Side::Server);
    let mut recorder = Recorder::default();
    let mut stream = frame_for(Side::Server, true, Opcode::Binary, &[7; 1000]);
    let (header, payload) = stream.split_at_mut(8);
    receiver.receive(header, LIMIT, &mut recorder).unwrap();
    for (count, piece) in payload[..900].chunks_mut(300).enumerate() {
        receiver.receive(piece, LIMIT, &mut recorder).unwrap();
        let received = 300 * (count + 1);
        assert!((received..=1000).contains(&receiver.memory()), "{received}: {}", receiver.memory());
    }
}

#[test]
fn nothing_is_kept_between_messages() {
    let stream = [
        frame_for(Side::Server, true, Opcode::Ping, b"interrupted"),
        frame_for(Side::Server, false, Opcode::Text, b"in two "),
        frame_for(Side::Server, true, Opcode::Pong, b"interrupted"),
        frame_for(Side::Server, true, Opcode::Continuation, b"fragments"),
        frame_for(Side::Server, true, Opcode::Ping, b"in pieces"),
    ]
    .concat();
    let mut receiver = Receiver::new(Side::Server);
    let mut recorder = Recorder::default();
    for byte in &stream {
        receiver.receive(&mut [*byte], LIMIT, &mut recorder).unwrap();
    }
    assert_eq!(recorder.events.len(), 4);
    assert_eq!(receiver.memory(), 0);
}

#[test]
fn nothing_is_kept_after_the_end() {
    let fragment = frame_for(Side::Server, false, Opcode::Binary, &[1; 1000]);
    for last in [
        frame_for(Side::Server, true, Opcode::Close, b""),
        frame_for(Side::Server, true, Opcode::Binary, b"no continuation"),
    ] {
        let mut receiver = Receiver::new(Side::Server);
        let mut recorder = Recorder::default();
        let mut stream = fragment.clone();
        receiver.receive(&mut stream, LIMIT, &mut recorder).unwrap();
        assert_eq!(receiver.memory(), 1000);
        _ = receiver.receive(&mut last.clone(), LIMIT, &mut recorder);
        assert_eq!(receiver.memory(), 0);
    }
}

/// Many small fragments must not cost a reallocation each, whatever control frames come between.
#[test]
fn fragments_grow_the_buffer_in_doublings() {
    for with_pings in [false, true] {
        let mut receiver = Receiver::new(Side::Server);
        let mut recorder = Recorder::default();
        let mut capacities = std::collections::HashSet::new();
        let mut opcode = Opcode::Binary;
        for _ in 0..5000 {
            let mut fragment = frame_for(Side::Server, false, opcode, b"x");
            receiver.receive(&mut fragment, LIMIT, &mut recorder).unwrap();
            if with_pings {
                let mut ping = frame_for(Side::Server, true, Opcode::Ping, &[0; 125]);
                let (start, rest) = ping.split_at_mut(100);
                receiver.receive(start, LIMIT, &mut recorder).unwrap();
                receiver.receive(rest, LIMIT, &mut recorder).unwrap();
            }
            capacities.insert(receiver.memory());
            opcode = Opcode::Continuation;
        }
        assert!(receiver.memory() >= 5000);
        assert!(capacities.len() < 20, "{}", capacities.len());
    }
}
