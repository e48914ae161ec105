//! However a stream is cut into pieces, the events are the same.

use super::super::frame::Opcode;
use super::{Event, LIMIT, Side, frame_for, receive};
use proptest::prelude::*;
use proptest::sample::Index;

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..40),
        4 => ".{0,20}".prop_map(String::into_bytes),
        1 => (120..135usize).prop_map(|length| vec![b'm'; length]),
        1 => (65_530..65_540usize).prop_map(|length| vec![b'l'; length]),
    ]
}

fn opcode() -> impl Strategy<Value = Opcode> {
    prop_oneof![
        3 => Just(Opcode::Text),
        3 => Just(Opcode::Binary),
        3 => Just(Opcode::Continuation),
        1 => Just(Opcode::Ping),
        1 => Just(Opcode::Pong),
    ]
}

/// Mostly right streams: frames in any order, sometimes a damaged byte near a frame's start.
fn stream(role: Side) -> impl Strategy<Value = Vec<u8>> {
    let frame = (any::<bool>(), opcode(), payload()).prop_map(move |(fin, opcode, payload)| {
        frame_for(role, fin || opcode.is_control(), opcode, &payload)
    });
    let damage = proptest::option::weighted(0.05, (0..14usize, any::<u8>()));
    proptest::collection::vec((frame, damage), 1..8).prop_map(|frames| {
        let damaged = frames.into_iter().map(|(mut frame, damage)| {
            if let Some((at, byte)) = damage
                && let Some(place) = frame.get_mut(at)
            {
                *place = byte;
            }
            frame
        });
        damaged.collect::<Vec<_>>().concat()
    })
}

/// A stream that is right from end to end.
fn messages(role: Side) -> impl Strategy<Value = (Vec<u8>, Vec<Event>)> {
    let message = (".{0,60}", any::<bool>(), any::<Index>(), any::<bool>()).prop_map(
        move |(text, binary, cut, ping_between)| {
            let (kind, event) = if binary {
                (Opcode::Binary, Event::binary(text.as_bytes()))
            } else {
                (Opcode::Text, Event::text(&text))
            };
            let (left, right) = text.as_bytes().split_at(cut.index(text.len() + 1));
            let mut events = vec![event];
            let mut bytes = frame_for(role, false, kind, left);
            if ping_between {
                bytes.extend(frame_for(role, true, Opcode::Ping, b"between"));
                events.insert(0, Event::Ping(b"between".into()));
            }
            bytes.extend(frame_for(role, true, Opcode::Continuation, right));
            (bytes, events)
        },
    );
    proptest::collection::vec(message, 1..6).prop_map(|messages| {
        let (bytes, events): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        (bytes.concat(), events.concat())
    })
}

fn cut<'a>(stream: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect()
}

fn role() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Client), Just(Side::Server)]
}

proptest! {
    #[test]
    fn any_cuts_give_the_same_events(
        (role, stream) in role().prop_flat_map(|role| (Just(role), stream(role))),
        cuts in proptest::collection::vec(any::<Index>(), 0..12),
    ) {
        let whole = receive(role, &[&stream], LIMIT);
        prop_assert_eq!(receive(role, &cut(&stream, &cuts), LIMIT), whole);
    }

    #[test]
    fn messages_arrive_as_sent(
        (role, (stream, events)) in role().prop_flat_map(|role| (Just(role), messages(role))),
        cuts in proptest::collection::vec(any::<Index>(), 0..12),
    ) {
        prop_assert_eq!(receive(role, &cut(&stream, &cuts), LIMIT), events);
    }

    #[test]
    fn noise_is_survived_the_same_way_however_it_is_cut(
        role in role(),
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        cuts in proptest::collection::vec(any::<Index>(), 0..12),
    ) {
        let whole = receive(role, &[&noise], LIMIT);
        prop_assert_eq!(receive(role, &cut(&noise, &cuts), LIMIT), whole);
    }
}
