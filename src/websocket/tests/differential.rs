//! The same streams through tungstenite's parser: the two must agree on every one.

use super::super::frame::Opcode;
use super::{Event, LIMIT, Side, frame_for, receive};
use proptest::prelude::*;
use std::io::{self, Cursor, Read, Write};
use tungstenite::protocol::{self, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message};

/// Reads from memory, writes to nowhere.
struct Stream(Cursor<Vec<u8>>);

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The stream ended, or the peer closed.
    Orderly,
    Violation,
}

fn ours(role: Side, stream: &[u8]) -> (Vec<Event>, End) {
    let mut events = receive(role, &[stream], LIMIT);
    let end = match events.last() {
        Some(Event::Violation { .. }) => {
            events.pop();
            End::Violation
        }
        _ => End::Orderly,
    };
    (events, end)
}

fn theirs(role: Side, stream: &[u8]) -> (Vec<Event>, End) {
    let role = match role {
        Side::Client => protocol::Role::Client,
        Side::Server => protocol::Role::Server,
    };
    let config = WebSocketConfig::default().max_message_size(Some(LIMIT)).max_frame_size(Some(LIMIT));
    let stream = Stream(Cursor::new(stream.to_vec()));
    let mut socket = WebSocket::from_raw_socket(stream, role, Some(config));
    let mut events = Vec::new();
    loop {
        events.push(match socket.read() {
            Ok(Message::Text(text)) => Event::text(text.as_str()),
            Ok(Message::Binary(bytes)) => Event::binary(&bytes),
            Ok(Message::Ping(payload)) => Event::Ping(payload.to_vec()),
            Ok(Message::Pong(payload)) => Event::Pong(payload.to_vec()),
            // So it reports a status code that may not be sent.
            Ok(Message::Close(Some(frame))) if frame.reason == "Protocol violation" => {
                return (events, End::Violation);
            }
            Ok(Message::Close(frame)) => {
                let code = frame.as_ref().map(|frame| frame.code.into());
                let reason = frame.map(|frame| frame.reason.to_string());
                events.push(Event::Close(code, reason.unwrap_or_default()));
                return (events, End::Orderly);
            }
            Ok(Message::Frame(_)) => unreachable!("reading yields messages"),
            Err(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => {
                return (events, End::Orderly);
            }
            Err(Error::Protocol(_) | Error::Utf8(_) | Error::Capacity(_)) => {
                return (events, End::Violation);
            }
            Err(other) => panic!("{other}"),
        });
    }
}

/// Frames of every kind and order, some of them wrong in one way.
fn frame(role: Side) -> impl Strategy<Value = Vec<u8>> {
    let opcode = prop_oneof![
        Just(Opcode::Text),
        Just(Opcode::Binary),
        Just(Opcode::Continuation),
        Just(Opcode::Ping),
        Just(Opcode::Pong),
    ];
    let payload = prop_oneof![
        8 => ".{0,16}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 1..6),
        1 => (100..300usize).prop_map(|length| vec![b'x'; length]),
    ];
    let data = (proptest::bool::weighted(0.7), opcode, payload)
        .prop_map(move |(fin, opcode, payload)| frame_for(role, fin, opcode, &payload));
    // tungstenite knows no 1014, which IANA registered later.
    let code = (990..1020u16).prop_filter("differs", |code| *code != 1014);
    let closing = (code, ".{0,8}").prop_map(move |(code, reason)| {
        let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
        frame_for(role, true, Opcode::Close, &payload)
    });
    let first_byte = (any::<u8>(), ".{0,8}").prop_map(move |(first, payload)| {
        let mut frame = frame_for(role, true, Opcode::Text, payload.as_bytes());
        frame[0] = first;
        frame
    });
    let wrong_side = ".{0,8}".prop_map(move |payload| {
        let other = match role {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        };
        frame_for(other, true, Opcode::Text, payload.as_bytes())
    });
    prop_oneof![
        20 => data,
        1 => closing,
        1 => first_byte,
        1 => wrong_side,
    ]
}

proptest! {
    #[test]
    fn agrees_with_tungstenite(
        (role, frames) in prop_oneof![Just(Side::Client), Just(Side::Server)].prop_flat_map(
            |role| (Just(role), proptest::collection::vec(frame(role), 1..10)),
        ),
    ) {
        let stream = frames.concat();
        prop_assert_eq!(ours(role, &stream), theirs(role, &stream));
    }
}
