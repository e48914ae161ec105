//! Messages that have not come whole, those that must wait, and those that nobody wants.

use super::super::frame::{MAX_HEADER, Opcode};
use super::{Event, LIMIT, Receiver, Recorder, Side, frame_for};

fn feed(receiver: &mut Receiver, bytes: &[u8], recorder: &mut Recorder) {
    assert_eq!(receiver.receive(&mut bytes.to_vec(), LIMIT, recorder), Ok(bytes.len()));
}

#[test]
fn a_message_that_has_begun_says_what_it_has_and_what_it_lacks() {
    for (length, header) in [(100, 6), (1000, 8), (70_000, 14)] {
        let (mut receiver, mut recorder) = (Receiver::new(Side::Server), Recorder::default());
        assert_eq!((receiver.partial(), receiver.missing(LIMIT)), (0, 0));
        let frame = frame_for(Side::Server, true, Opcode::Binary, &vec![7; length]);
        for has in 1..frame.len() {
            feed(&mut receiver, &frame[has - 1..has], &mut recorder);
            // A header counts byte by byte, and as one once its size is known.
            let expected =
                if has < header { (has, MAX_HEADER) } else { (1 + has - header, frame.len() - has) };
            assert_eq!((receiver.partial(), receiver.missing(LIMIT)), (expected.0, expected.1 as u64));
        }
        feed(&mut receiver, &frame[frame.len() - 1..], &mut recorder);
        assert_eq!((receiver.partial(), receiver.missing(LIMIT)), (0, 0));
        assert_eq!(recorder.events.len(), 1);
    }
}

#[test]
fn a_message_in_fragments_may_lack_all_that_the_limit_leaves() {
    let (mut receiver, mut recorder) = (Receiver::new(Side::Server), Recorder::default());
    feed(&mut receiver, &frame_for(Side::Server, false, Opcode::Binary, &[7; 50]), &mut recorder);
    assert_eq!((receiver.partial(), receiver.missing(100)), (51, 50));
    let next = frame_for(Side::Server, false, Opcode::Continuation, &[7; 50]);
    feed(&mut receiver, &next[..2], &mut recorder);
    assert_eq!((receiver.partial(), receiver.missing(100)), (53, 50));
    feed(&mut receiver, &next[2..16], &mut recorder);
    assert_eq!((receiver.partial(), receiver.missing(100)), (62, 40));
    // One more frame is to come at least.
    feed(&mut receiver, &next[16..], &mut recorder);
    assert_eq!((receiver.partial(), receiver.missing(100)), (101, 1));
    // What the last frame lacks is known.
    let last = frame_for(Side::Server, true, Opcode::Continuation, &[7; 50]);
    feed(&mut receiver, &last[..16], &mut recorder);
    assert_eq!(receiver.missing(100), 40);
    feed(&mut receiver, &last[16..], &mut recorder);
    assert_eq!((receiver.partial(), receiver.missing(100)), (0, 0));
    assert_eq!(recorder.events, [Event::binary(&[7; 150])]);
}

#[test]
fn after_the_end_nothing_is_missing() {
    let (mut receiver, mut recorder) = (Receiver::new(Side::Server), Recorder::default());
    feed(&mut receiver, &frame_for(Side::Server, false, Opcode::Binary, b"begun"), &mut recorder);
    feed(&mut receiver, &frame_for(Side::Server, true, Opcode::Close, b""), &mut recorder);
    assert_eq!((receiver.partial(), receiver.missing(LIMIT)), (0, 0));
}

/// Messages of every kind, a control frame inside one of them and one behind, in pieces of every size.
#[test]
fn messages_that_nobody_wants_are_skipped_and_control_frames_are_not() {
    for role in [Side::Client, Side::Server] {
        let frames = [
            frame_for(role, true, Opcode::Text, b"wanted"),
            frame_for(role, false, Opcode::Text, b"half of \xc3"),
            frame_for(role, true, Opcode::Ping, b"inside"),
            frame_for(role, true, Opcode::Continuation, b"\xb6 it"),
            frame_for(role, true, Opcode::Binary, &[7; 300]),
            frame_for(role, true, Opcode::Text, b"short"),
            frame_for(role, false, Opcode::Binary, b"in"),
            frame_for(role, true, Opcode::Continuation, b" two"),
            frame_for(role, true, Opcode::Pong, b"behind"),
            frame_for(role, true, Opcode::Close, b""),
        ];
        let stream = frames.concat();
        let wanted = frames[0].len();
        let inside = frames[..3].concat().len();
        for forget_at in wanted..inside {
            for size in [1, 2, 3, 7, 100, stream.len()] {
                let (mut receiver, mut recorder) = (Receiver::new(role), Recorder::default());
                let (before, after) = stream.split_at(forget_at);
                before.chunks(size).for_each(|piece| feed(&mut receiver, piece, &mut recorder));
                receiver.forget_messages();
                // Of a control frame that has come in part, that part is kept.
                assert!(receiver.memory() < 16, "{}", receiver.memory());
                after.chunks(size).for_each(|piece| feed(&mut receiver, piece, &mut recorder));
                let events = [
                    Event::text("wanted"),
                    Event::Ping(b"inside".into()),
                    Event::Pong(b"behind".into()),
                    Event::Close(None, String::new()),
                ];
                assert_eq!(recorder.events, events, "{forget_at}, in pieces of {size}");
                assert_eq!(receiver.memory(), 0);
            }
        }
    }
}

#[test]
fn between_messages_that_are_skipped_nothing_is_missing() {
    let (mut receiver, mut recorder) = (Receiver::new(Side::Server), Recorder::default());
    receiver.forget_messages();
    assert_eq!((receiver.partial(), receiver.missing(LIMIT)), (0, 0));
    let frame = frame_for(Side::Server, true, Opcode::Binary, &[7; 300]);
    feed(&mut receiver, &frame[..4], &mut recorder);
    assert_eq!((receiver.partial(), receiver.missing(LIMIT)), (4, MAX_HEADER as u64));
    feed(&mut receiver, &frame[4..], &mut recorder);
    assert_eq!((receiver.partial(), receiver.missing(LIMIT)), (0, 0));
    assert_eq!(recorder.events, []);
}

#[test]
fn that_a_frame_begins_is_told_of_longer_messages_alone() {
    for role in [Side::Client, Side::Server] {
        for (length, limit, told) in [(0, 0, 0), (10, 10, 0), (125, LIMIT, 0), (126, LIMIT, 1)] {
            for opcode in [Opcode::Text, Opcode::Binary] {
                let (mut receiver, mut recorder) = (Receiver::new(role), Recorder::default());
                let mut frame = frame_for(role, true, opcode, &vec![b'x'; length]);
                receiver.receive(&mut frame, limit, &mut recorder).expect("a message");
                assert_eq!((recorder.events.len(), recorder.frames), (1, told), "{length} bytes");
            }
        }
    }
}

#[test]
fn what_a_full_sink_has_no_room_for_waits_untouched() {
    for role in [Side::Client, Side::Server] {
        let frames = [
            frame_for(role, true, Opcode::Text, b"short"),
            frame_for(role, true, Opcode::Binary, b"too"),
            frame_for(role, true, Opcode::Binary, &[7; 300]),
            frame_for(role, true, Opcode::Ping, b"ping"),
            frame_for(role, false, Opcode::Text, b"in "),
            frame_for(role, true, Opcode::Pong, b"pong"),
            frame_for(role, true, Opcode::Continuation, b"two"),
            frame_for(role, true, Opcode::Text, b"last"),
        ];
        let events = [
            Event::text("short"),
            Event::binary(b"too"),
            Event::binary(&[7; 300]),
            Event::Ping(b"ping".into()),
            Event::Pong(b"pong".into()),
            Event::text("in two"),
            Event::text("last"),
        ];
        let ends = [1, 2, 3, 4, 6, 7, 8].map(|count| frames[..count].concat().len());
        let (mut stream, mut at) = (frames.concat(), 0);
        let (mut receiver, mut sink) = (Receiver::new(role), Recorder::default());
        for (count, end) in ends.into_iter().enumerate() {
            sink.most = Some(count + 1);
            at += receiver.receive(&mut stream[at..], LIMIT, &mut sink).expect("messages");
            assert_eq!(sink.events, events[..=count]);
            assert_eq!(at, end);
            // As long as it is full nothing is taken.
            assert_eq!(receiver.receive(&mut stream[at..], LIMIT, &mut sink), Ok(0));
        }
        // Short messages are too many to be told of each.
        assert_eq!(sink.frames, 5);
    }
}
