//! How what an end of a connection says goes on the wire: GameMaker's packets and handshake, or bytes as
//! they are, over a stream as it is or in a WebSocket's frames. The host's sends and the reactor's
//! sessions both write through this.

use crate::protocol::packet;
use crate::websocket::frame::{MAX_HEADER, Opcode, write_frame};
use crate::websocket::mask::{self, Key};
use crate::websocket::{Side, close};

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One of GameMaker's packets.
    Packet,
    /// Bytes as they are.
    Binary,
    /// The same, marked as text where the connection knows such a thing. It must be UTF-8.
    Text,
}

/// The longest that headers make a message: a frame's, and a packet's.
pub const MOST_HEADERS: usize = MAX_HEADER + packet::HEADER_SIZE;

/// The writing side of a connection's end.
#[derive(Clone, Copy, Debug)]
pub enum Encoder {
    Stream,
    WebSocket(Frames),
}

impl Encoder {
    /// Appends a message to `out`. Returns how many bytes count as sent: of a WebSocket those of the
    /// payload, else those of the header too.
    // Inlined into callers that know the form.
    #[inline(always)]
    pub fn message(self, out: &mut Vec<u8>, form: Form, payload: &[u8]) -> usize {
        match form {
            // The size fits: no payload is larger than 64 MiB.
            Form::Packet => self.pieces(out, Opcode::Binary, &packet::header(payload.len() as u32), payload),
            Form::Binary => self.pieces(out, Opcode::Binary, &[], payload),
            Form::Text => self.pieces(out, Opcode::Text, &[], payload),
        }
    }

    #[inline(always)]
    fn pieces(self, out: &mut Vec<u8>, opcode: Opcode, header: &[u8], payload: &[u8]) -> usize {
        match self {
            Self::Stream => {
                out.reserve(header.len() + payload.len());
                out.extend_from_slice(header);
                out.extend_from_slice(payload);
                header.len() + payload.len()
            }
            Self::WebSocket(frames) => {
                frames.write(out, opcode, [header, payload]);
                payload.len()
            }
        }
    }
}

/// The frames that one side of a WebSocket writes: a client's are masked, each with a fresh key.
#[derive(Clone, Copy, Debug)]
pub struct Frames {
    side: Side,
}

impl Frames {
    #[inline(always)]
    #[must_use]
    pub fn of(side: Side) -> Self {
        Self { side }
    }

    #[must_use]
    pub fn side(self) -> Side {
        self.side
    }

    #[inline(always)]
    fn write<const N: usize>(self, out: &mut Vec<u8>, opcode: Opcode, payload: [&[u8]; N]) {
        match self.side {
            Side::Client => write_masked(out, opcode, payload),
            Side::Server => write_frame(out, opcode, payload, None),
        }
    }

    /// A step of GameMaker's handshake is a message of its own. There may be nothing to say in it.
    pub fn handshake_step(self, out: &mut Vec<u8>, step: &[u8]) {
        if !step.is_empty() {
            self.write(out, Opcode::Binary, [step]);
        }
    }

    pub fn ping(self, out: &mut Vec<u8>) {
        self.write(out, Opcode::Ping, []);
    }

    pub fn pong(self, out: &mut Vec<u8>, payload: &[u8]) {
        self.write(out, Opcode::Pong, [payload]);
    }

    /// Without a code there is no reason either.
    pub fn close(self, out: &mut Vec<u8>, code: Option<u16>, reason: &str) {
        close::write_close(out, code, reason, self.key());
    }

    fn key(self) -> Option<Key> {
        (self.side == Side::Client).then(mask::random_key)
    }
}

#[inline(never)]
fn write_masked<const N: usize>(out: &mut Vec<u8>, opcode: Opcode, payload: [&[u8]; N]) {
    write_frame(out, opcode, payload, Some(mask::random_key()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: &[u8] = b"\xde\xc0\xad\xde\x0c\0\0\0\x02\0\0\0hi";

    fn written(encoder: Encoder, form: Form, payload: &[u8]) -> (Vec<u8>, usize) {
        let mut out = Vec::new();
        let sent = encoder.message(&mut out, form, payload);
        (out, sent)
    }

    #[test]
    fn a_stream_carries_packets_and_bytes_as_they_are() {
        assert_eq!(written(Encoder::Stream, Form::Packet, b"hi"), (PACKET.to_vec(), 14));
        assert_eq!(written(Encoder::Stream, Form::Binary, b"hi"), (b"hi".to_vec(), 2));
        assert_eq!(written(Encoder::Stream, Form::Text, b"hi"), (b"hi".to_vec(), 2));
    }

    #[test]
    fn a_servers_frames_hold_the_same_unmasked() {
        let server = Encoder::WebSocket(Frames::of(Side::Server));
        assert_eq!(written(server, Form::Packet, b"hi"), ([b"\x82\x0e", PACKET].concat(), 2));
        assert_eq!(written(server, Form::Binary, b"hi"), (b"\x82\x02hi".to_vec(), 2));
        assert_eq!(written(server, Form::Text, b"hi"), (b"\x81\x02hi".to_vec(), 2));
    }

    #[test]
    fn a_clients_frames_are_masked_with_a_key_of_their_own() {
        let client = Encoder::WebSocket(Frames::of(Side::Client));
        let mut keys = std::collections::BTreeSet::new();
        for _ in 0..4 {
            let (mut frame, sent) = written(client, Form::Packet, b"hi");
            assert_eq!((frame[0], frame[1], sent), (0x82, 0x80 | 14, 2));
            let key = [frame[2], frame[3], frame[4], frame[5]];
            mask::apply(&mut frame[6..], key);
            assert_eq!(&frame[6..], PACKET);
            keys.insert(key);
        }
        assert!(keys.len() > 1);
    }

    #[test]
    fn no_headers_are_longer_than_those_of_a_clients_large_packet() {
        let client = Encoder::WebSocket(Frames::of(Side::Client));
        let payload = vec![0; 1 << 16];
        assert_eq!(written(client, Form::Packet, &payload).0.len(), payload.len() + MOST_HEADERS);
    }

    #[test]
    fn control_frames_are_masked_as_messages_are() {
        type Write = fn(&mut Vec<u8>, Frames);
        let written = |write: Write, side| {
            let mut frame = Vec::new();
            write(&mut frame, Frames::of(side));
            frame
        };
        let writers: [(Write, &[u8]); 4] = [
            (|out, frames| frames.ping(out), b"\x89\0"),
            (|out, frames| frames.pong(out, b"hi"), b"\x8a\x02hi"),
            (|out, frames| frames.close(out, None, ""), b"\x88\0"),
            (|out, frames| frames.close(out, Some(1000), "bye"), b"\x88\x05\x03\xe8bye"),
        ];
        for (write, plain) in writers {
            assert_eq!(written(write, Side::Server), plain);
            let mut keys = std::collections::BTreeSet::new();
            for _ in 0..4 {
                let mut masked = written(write, Side::Client);
                assert_eq!((masked[0], masked[1]), (plain[0], 0x80 | plain[1]));
                let key = [masked[2], masked[3], masked[4], masked[5]];
                mask::apply(&mut masked[6..], key);
                assert_eq!(masked[6..], plain[2..]);
                keys.insert(key);
            }
            assert!(keys.len() > 1);
        }
    }

    #[test]
    fn an_empty_step_of_the_handshake_is_no_message() {
        let mut out = Vec::new();
        Frames::of(Side::Server).handshake_step(&mut out, b"");
        assert!(out.is_empty());
        Frames::of(Side::Server).handshake_step(&mut out, b"step");
        assert_eq!(out, b"\x82\x04step");
    }
}
