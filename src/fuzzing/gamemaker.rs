//! GameMaker's handshake and framing.

use super::input::Input;
use crate::protocol::framing::{Broken, Framer, PacketSink};
use crate::protocol::handshake::{Handshake, Progress};
use crate::protocol::packet::HEADER_SIZE;

/// What a connection has made of a stream.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    answers: usize,
    refused: bool,
    packets: Vec<Vec<u8>>,
    broken: Option<Broken>,
}

struct Packets<'a> {
    bytes: &'a [u8],
    found: &'a mut Vec<Vec<u8>>,
}

impl PacketSink for Packets<'_> {
    fn packet(&mut self, at: usize, size: usize) {
        self.found.push(self.bytes[at..at + size].to_vec());
    }

    fn gathered(&mut self, packet: Vec<u8>) {
        self.found.push(packet[HEADER_SIZE..].to_vec());
    }
}

fn receive(mut handshake: Handshake, skip: bool, limit: usize, pieces: &[&[u8]]) -> Outcome {
    let mut outcome = Outcome { answers: 0, refused: false, packets: Vec::new(), broken: None };
    let mut framer = Framer::default();
    let mut open = skip;
    let mut came = 0;
    for piece in pieces {
        let mut rest = *piece;
        while !open && !rest.is_empty() {
            let Ok((taken, progress)) = handshake.receive(rest) else {
                outcome.refused = true;
                return outcome;
            };
            assert!(taken > 0, "a handshake that goes on takes something");
            rest = &rest[taken..];
            match progress {
                Progress::Wait => {}
                Progress::Answer => outcome.answers += 1,
                Progress::Ready => open = true,
            }
        }
        came += rest.len();
        let mut sink = Packets { bytes: rest, found: &mut outcome.packets };
        if let Err(broken) = framer.receive(rest, 0, limit, &mut sink) {
            outcome.broken = Some(broken);
            return outcome;
        }
        let held: usize = outcome.packets.iter().map(|packet| packet.len() + HEADER_SIZE).sum();
        assert_eq!(held + framer.partial(), came, "every byte is a packet's or of one that is not whole");
        assert!(framer.partial() < HEADER_SIZE + limit.max(1));
    }
    outcome
}

/// However a stream is cut, it means the same; nothing in it is larger than the limit.
pub(super) fn stream(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (server, skip) = (input.flag(), input.flag());
    let limit = usize::from(input.word());
    let handshake = || if server { Handshake::server() } else { Handshake::client() };
    let pieces = input.pieces();
    let whole = pieces.concat();
    let outcome = receive(handshake(), skip, limit, &pieces);
    assert!(outcome.packets.iter().all(|packet| packet.len() <= limit));
    assert_eq!(outcome, receive(handshake(), skip, limit, &[&whole]));
    let single: Vec<&[u8]> = whole.chunks(1).collect();
    assert_eq!(outcome, receive(handshake(), skip, limit, &single));
}
