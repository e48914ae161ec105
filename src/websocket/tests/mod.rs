//! Tests of the receiver as a whole; the smaller parts have theirs beside them.

mod differential;
mod flow;
mod memory;
mod rfc6455;
mod segmentation;

use super::frame::{Header, Opcode};
use super::mask::{self, Key};
use super::{Kind, MessageSink, Receiver, Side};
use std::ops::Range;

const KEY: Key = [0x37, 0xfa, 0x21, 0x3d];
const LIMIT: usize = 1 << 20;

/// What a receiver reported.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Message(Kind, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
    Violation { code: u16, section: &'static str },
}

impl Event {
    fn text(text: &str) -> Self {
        Self::Message(Kind::Text, text.into())
    }

    fn binary(bytes: &[u8]) -> Self {
        Self::Message(Kind::Binary, bytes.into())
    }

    fn violation(code: u16, section: &'static str) -> Self {
        Self::Violation { code, section }
    }
}

#[derive(Default)]
struct Recorder {
    events: Vec<Event>,
    /// For how many events there is room, if that is limited.
    most: Option<usize>,
    in_place: usize,
    /// Where the last message in place stood.
    range: Range<usize>,
    frames: usize,
}

impl Recorder {
    fn push(&mut self, event: Event) {
        assert!(!self.is_full());
        self.events.push(event);
    }
}

impl MessageSink for Recorder {
    fn message_in_place(&mut self, kind: Kind, range: Range<usize>, payload: &[u8]) {
        assert_eq!(range.len(), payload.len());
        self.in_place += 1;
        self.range = range;
        self.push(Event::Message(kind, payload.to_vec()));
    }

    fn message_owned(&mut self, kind: Kind, payload: Vec<u8>) {
        self.push(Event::Message(kind, payload));
    }

    fn ping(&mut self, payload: &[u8]) {
        self.push(Event::Ping(payload.to_vec()));
    }

    fn pong(&mut self, payload: &[u8]) {
        self.push(Event::Pong(payload.to_vec()));
    }

    fn close(&mut self, code: Option<u16>, reason: &str) {
        self.push(Event::Close(code, reason.to_owned()));
    }

    fn frame(&mut self) {
        self.frames += 1;
    }

    fn is_full(&self) -> bool {
        self.most.is_some_and(|most| self.events.len() >= most)
    }
}

/// Feeds the pieces to one receiver; a violation is the last event.
fn receive(role: Side, pieces: &[&[u8]], limit: usize) -> Vec<Event> {
    let mut receiver = Receiver::new(role);
    let mut recorder = Recorder::default();
    for piece in pieces {
        let mut bytes = piece.to_vec();
        if let Err(violation) = receiver.receive(&mut bytes, limit, &mut recorder) {
            let event = Event::violation(violation.code(), violation.section());
            recorder.events.push(event);
        }
    }
    recorder.events
}

/// A frame as the peer of `receiver` sends it.
fn frame_for(receiver: Side, fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let masked = receiver == Side::Server;
    let header = Header { fin, opcode, mask: masked.then_some(KEY), length: payload.len() as u64 };
    let mut frame = Vec::new();
    header.write(&mut frame);
    let length = frame.len();
    frame.extend_from_slice(payload);
    if masked {
        mask::apply(&mut frame[length..], KEY);
    }
    frame
}
