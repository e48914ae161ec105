//! WebSocket messages to events, with GameMaker's packets inside them or without.

use std::ops::Range;

use crate::error::Error;
use crate::event::batch::BatchWriter;
use crate::protocol::framing::{Broken, Framer, PacketSink};
use crate::protocol::packet::{self, HEADER_SIZE, Packet};
use crate::websocket::Kind;

use super::end::broken;

/// `network_send_binary` and `network_send_text`, as events have them.
const BINARY: u8 = 1;
const TEXT: u8 = 2;

/// Where the events of received messages go.
pub(crate) struct Events<'a, 'b> {
    pub(crate) sink: &'a mut BatchWriter<'b>,
    /// Where in the bytes of the read the messages' own begin.
    pub(crate) base: usize,
    /// The largest payload of a packet.
    pub(crate) limit: usize,
}

impl Events<'_, '_> {
    /// A message of a raw connection.
    #[inline]
    pub(crate) fn whole(&mut self, kind: Kind, range: Range<usize>) {
        self.sink.data(message_type(kind), self.base + range.start, range.len());
    }

    /// The same, gathered.
    pub(crate) fn gathered(&mut self, kind: Kind, message: Vec<u8>) {
        self.sink.large(message_type(kind), message, 0);
    }

    /// Takes a message that is one packet, the usual case; false if it is something else.
    #[inline]
    pub(crate) fn one_packet(
        &mut self,
        kind: Kind,
        range: &Range<usize>,
        payload: &[u8],
        framer: &Framer,
    ) -> bool {
        let is_one = is_one_packet(kind, payload, self.limit, framer);
        if is_one {
            self.sink.data(BINARY, self.base + range.start + HEADER_SIZE, payload.len() - HEADER_SIZE);
        }
        is_one
    }

    /// Takes the packets of a message that begins at `at`. False if it was none, or ended in
    /// something that is none.
    #[cold]
    pub(crate) fn packets(
        &mut self,
        kind: Kind,
        at: usize,
        payload: &[u8],
        framer: &mut Framer,
    ) -> Result<bool, Error> {
        let at = self.base + at;
        take_packets(kind, payload, self.limit, framer, &mut InPlace { sink: self.sink, at })
    }

    /// The same for a message that was gathered.
    pub(crate) fn gathered_packets(
        &mut self,
        kind: Kind,
        message: Vec<u8>,
        framer: &mut Framer,
    ) -> Result<bool, Error> {
        if is_one_packet(kind, &message, self.limit, framer) {
            self.sink.large(BINARY, message, HEADER_SIZE as u8);
            return Ok(true);
        }
        take_packets(kind, &message, self.limit, framer, &mut Copied { sink: self.sink, message: &message })
    }
}

fn message_type(kind: Kind) -> u8 {
    match kind {
        Kind::Binary => BINARY,
        Kind::Text => TEXT,
    }
}

#[inline]
fn is_one_packet(kind: Kind, message: &[u8], limit: usize, framer: &Framer) -> bool {
    kind == Kind::Binary
        && framer.is_between_packets()
        && packet::parse(message, limit) == Packet::Whole(message.len().wrapping_sub(HEADER_SIZE))
}

fn take_packets(
    kind: Kind,
    message: &[u8],
    limit: usize,
    framer: &mut Framer,
    sink: &mut impl PacketSink,
) -> Result<bool, Error> {
    if kind == Kind::Text || (message.is_empty() && framer.is_between_packets()) {
        return Ok(false);
    }
    match framer.receive(message, 0, limit, sink) {
        Ok(()) => Ok(true),
        Err(Broken::NotAPacket) => {
            // The next message begins anew.
            *framer = Framer::default();
            Ok(false)
        }
        Err(too_big) => Err(broken(too_big, limit)),
    }
}

/// Packets that lie in the bytes of the read.
struct InPlace<'a, 'b> {
    sink: &'a mut BatchWriter<'b>,
    at: usize,
}

impl PacketSink for InPlace<'_, '_> {
    fn packet(&mut self, at: usize, size: usize) {
        self.sink.data(BINARY, self.at + at, size);
    }

    fn gathered(&mut self, packet: Vec<u8>) {
        self.sink.large(BINARY, packet, HEADER_SIZE as u8);
    }
}

/// Packets of a gathered message that holds several.
struct Copied<'a, 'b> {
    sink: &'a mut BatchWriter<'b>,
    message: &'a [u8],
}

impl PacketSink for Copied<'_, '_> {
    fn packet(&mut self, at: usize, size: usize) {
        self.sink.large(BINARY, self.message[at..at + size].to_vec(), 0);
    }

    fn gathered(&mut self, packet: Vec<u8>) {
        self.sink.large(BINARY, packet, HEADER_SIZE as u8);
    }
}
