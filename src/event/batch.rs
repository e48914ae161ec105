//! The events of one or more turns with all the bytes they point at.
//!
//! Sockets are read straight into a batch's chunks, and an event is a range of them: between the
//! kernel and the host lies one copy. Messages that did not arrive whole are gathered by their
//! connection and moved in as vectors.

use std::ffi::{CString, c_char};

use crate::error::Error;
use crate::placement::ReactorIndex;
use crate::protocol::framing::PacketSink;
use crate::protocol::packet::HEADER_SIZE;
use crate::socket::Handle;

use super::{NetworkEvent, kind};

const CHUNK_BITS: u32 = 18;
/// Bytes a batch grows by.
pub(crate) const CHUNK: usize = 1 << CHUNK_BITS;
/// A read is offered at least this much room.
const LEAST_ROOM: usize = 64 << 10;
/// What an event costs besides its payload, so that a flood of empty packets is bounded too.
pub(crate) const EVENT_COST: u64 = 96;
/// Chunks an empty batch keeps for its next use.
const KEPT_CHUNKS: usize = 6;

#[derive(Default)]
pub(crate) struct Batch {
    chunks: Vec<Box<[u8]>>,
    /// Chunks in use, and how far the last of those is filled.
    used_chunks: usize,
    filled: usize,
    entries: Vec<Entry>,
    sources: Vec<Source>,
    /// Addresses as text, each with a NUL behind it.
    texts: Vec<u8>,
    large: Vec<Vec<u8>>,
    notes: Vec<Note>,
    /// Whose events these are; of several reactors if it is `mixed`.
    pub(crate) reactor: ReactorIndex,
    mixed: bool,
    load: Load,
    /// How many sockets the host had destroyed when the reactor began to fill this batch: events
    /// need a look at the registry only if there were more since.
    pub(crate) destroyed_before: u64,
}

/// What events weigh against the limits of all that the host has not collected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) cost: u64,
    /// Connects and disconnects.
    pub(crate) link_events: u32,
}

impl Load {
    pub(crate) fn add(&mut self, more: Self) {
        self.cost += more.cost;
        self.link_events += more.link_events;
    }

    pub(crate) fn remove(&mut self, gone: Self) {
        self.cost = self.cost.saturating_sub(gone.cost);
        self.link_events = self.link_events.saturating_sub(gone.link_events);
    }
}

/// Which connection some events come from, and what they cost there: once per read, not per event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) socket: Handle,
    pub(crate) server: Handle,
    pub(crate) reactor: ReactorIndex,
    pub(crate) token: u32,
    pub(crate) serial: u32,
    pub(crate) port: u16,
    /// Connects and disconnects among the events.
    pub(crate) link_events: u16,
    text: u32,
    pub(crate) events: u32,
    pub(crate) bytes: u64,
}

impl Source {
    /// What the events weigh against the limits of uncollected events.
    pub(crate) fn cost(&self) -> u64 {
        self.bytes + EVENT_COST * u64::from(self.events)
    }
}

/// What the host has collected of a batch: the reactors take the cost of the events back from their
/// connections.
#[derive(Debug)]
pub(crate) struct Collected {
    /// Whose sources these are; `None` if they are several reactors'.
    pub(crate) reactor: Option<ReactorIndex>,
    pub(crate) sources: Vec<Source>,
    pub(crate) load: Load,
}

/// The connection whose events are about to be pushed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) socket: Handle,
    pub(crate) server: Handle,
    pub(crate) token: u32,
    pub(crate) serial: u32,
    pub(crate) ip: &'a str,
    pub(crate) port: u16,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) source: u32,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    Data {
        message_type: u8,
        offset: u32,
        size: u32,
    },
    /// A message that was gathered in a vector of its own; the payload begins after `skip` bytes.
    Large {
        message_type: u8,
        skip: u8,
        index: u32,
    },
    Connect,
    /// `half_closed`: the connection is still there for what the host sends before it sees this.
    Disconnect {
        half_closed: bool,
        note: u32,
    },
    ConnectEnded {
        note: u32,
    },
    PeerLost {
        note: u32,
    },
    /// The socket has refused a message, and has room again.
    Writable,
}

/// Why a connection ended; the index `NO_NOTE` means in an orderly way, without words or a code.
struct Note {
    error: i32,
    /// The close code of a WebSocket.
    code: u16,
    reason: CString,
}

const NO_NOTE: u32 = u32::MAX;

impl Batch {
    /// An empty one for the events of a reactor.
    pub(crate) fn of(reactor: ReactorIndex) -> Self {
        Self { reactor, ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn entry(&self, index: usize) -> Entry {
        self.entries[index]
    }

    pub(crate) fn source(&self, entry: Entry) -> &Source {
        &self.sources[entry.source as usize]
    }

    #[inline]
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Bytes of the chunks in use.
    pub(crate) fn bytes(&self) -> usize {
        (self.used_chunks.saturating_sub(1) << CHUNK_BITS) + self.filled
    }

    /// Room to read into: what is written there counts only after [`Batch::received`].
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.used_chunks == 0 || CHUNK - self.filled < LEAST_ROOM {
            if self.used_chunks == self.chunks.len() {
                self.chunks.push(vec![0; CHUNK].into_boxed_slice());
            }
            self.used_chunks += 1;
            self.filled = 0;
        }
        &mut self.chunks[self.used_chunks - 1][self.filled..]
    }

    /// The bytes a read left in the room, and what their events are pushed to.
    #[inline]
    pub(crate) fn received<'a>(
        &'a mut self,
        size: usize,
        origin: Origin<'a>,
    ) -> (&'a mut [u8], BatchWriter<'a>) {
        let base = ((self.used_chunks - 1) << CHUNK_BITS) + self.filled;
        let bytes = &mut self.chunks[self.used_chunks - 1][self.filled..self.filled + size];
        let sink = BatchWriter {
            entries: &mut self.entries,
            sources: &mut self.sources,
            texts: &mut self.texts,
            large: &mut self.large,
            filled: &mut self.filled,
            load: &mut self.load,
            reactor: self.reactor,
            base: base as u32,
            kept: 0,
            source: None,
            events: 0,
            payload: 0,
            origin,
        };
        (bytes, sink)
    }

    /// A source for events that are [copied](Batch::copied): at least one must follow.
    pub(crate) fn begin_source(&mut self, origin: &Origin<'_>) -> u32 {
        new_source(&mut self.sources, &mut self.texts, origin, self.reactor)
    }

    /// A data event of a payload that lies elsewhere and is copied.
    pub(crate) fn copied(&mut self, source: u32, message_type: u8, payload: &[u8]) {
        let what = if payload.len() > LEAST_ROOM {
            self.large.push(payload.to_vec());
            What::Large { message_type, skip: 0, index: (self.large.len() - 1) as u32 }
        } else {
            let offset = self.copy_in(payload);
            What::Data { message_type, offset, size: payload.len() as u32 }
        };
        let record = &mut self.sources[source as usize];
        record.events += 1;
        record.bytes += payload.len() as u64;
        self.load.cost += EVENT_COST + payload.len() as u64;
        self.entries.push(Entry { source, what });
    }

    /// An event without bytes.
    pub(crate) fn push(&mut self, origin: Origin<'_>, happened: Happened<'_>) {
        let mut note = |error: Option<&Error>, code: u16, words: &str| {
            let (error, words) = error.map_or((0, words), |error| (error.code as i32, &*error.message));
            if error == 0 && code == 0 && words.is_empty() {
                return NO_NOTE;
            }
            self.notes.push(Note { error, code, reason: sentence(words) });
            (self.notes.len() - 1) as u32
        };
        let what = match happened {
            Happened::Connect => What::Connect,
            Happened::Disconnect { half_closed, error, code } => {
                What::Disconnect { half_closed, note: note(error, code, "") }
            }
            Happened::ClosedByPeer { words, code } => {
                What::Disconnect { half_closed: false, note: note(None, code, words) }
            }
            Happened::PeerLost(error) => What::PeerLost { note: note(error, 0, "") },
            Happened::ConnectEnded(error) => What::ConnectEnded { note: note(error, 0, "") },
            Happened::Writable => What::Writable,
        };
        let source = new_source(&mut self.sources, &mut self.texts, &origin, self.reactor);
        let record = &mut self.sources[source as usize];
        record.events = 1;
        // Peers given up are as many as have delivered something, and count like that.
        record.link_events = u16::from(!matches!(what, What::PeerLost { .. } | What::Writable));
        self.load.add(Load { cost: record.cost(), link_events: record.link_events.into() });
        self.entries.push(Entry { source, what });
    }

    /// What all the events weigh.
    pub(crate) fn load(&self) -> Load {
        self.load
    }

    /// What came of the batch for the reactors. The events can no longer be delivered after this.
    pub(crate) fn take_collected(&mut self) -> Collected {
        Collected {
            reactor: (!self.mixed).then_some(self.reactor),
            sources: std::mem::take(&mut self.sources),
            load: std::mem::take(&mut self.load),
        }
    }

    /// Forgets the events and keeps some memory for the next ones.
    pub(crate) fn clear(&mut self) {
        self.chunks.retain(|chunk| chunk.len() == CHUNK);
        self.chunks.truncate(KEPT_CHUNKS);
        self.used_chunks = 0;
        self.filled = 0;
        self.entries.clear();
        self.sources.clear();
        self.texts.clear();
        self.large.clear();
        self.notes.clear();
        self.mixed = false;
        self.load = Load::default();
    }

    /// Moves the events of `other` behind these, packing their bytes: for a host that lags behind,
    /// so that many small turns do not each hold a chunk.
    pub(crate) fn append(&mut self, other: &mut Self) {
        let first_source = self.sources.len() as u32;
        let first_text = self.texts.len() as u32;
        let first_large = self.large.len() as u32;
        let first_note = self.notes.len() as u32;
        let shifted = |note: u32| if note == NO_NOTE { NO_NOTE } else { note + first_note };
        for entry in &other.entries {
            let what = match entry.what {
                What::Data { message_type, size, .. } => {
                    let offset = self.copy_in(other.payload(*entry));
                    What::Data { message_type, offset, size }
                }
                What::Large { message_type, skip, index } => {
                    What::Large { message_type, skip, index: index + first_large }
                }
                What::Connect => What::Connect,
                What::Disconnect { half_closed, note } => {
                    What::Disconnect { half_closed, note: shifted(note) }
                }
                What::ConnectEnded { note } => What::ConnectEnded { note: shifted(note) },
                What::PeerLost { note } => What::PeerLost { note: shifted(note) },
                What::Writable => What::Writable,
            };
            self.entries.push(Entry { source: entry.source + first_source, what });
        }
        self.sources
            .extend(other.sources.iter().map(|source| Source { text: source.text + first_text, ..*source }));
        self.texts.append(&mut other.texts);
        self.large.append(&mut other.large);
        self.notes.append(&mut other.notes);
        self.destroyed_before = self.destroyed_before.min(other.destroyed_before);
        self.mixed |= other.mixed || other.reactor != self.reactor;
        self.load.add(other.load);
        other.clear();
    }

    fn copy_in(&mut self, payload: &[u8]) -> u32 {
        if payload.is_empty() {
            return 0;
        }
        let left = match self.used_chunks {
            0 => 0,
            used => self.chunks[used - 1].len() - self.filled,
        };
        if left < payload.len() || self.used_chunks == 0 {
            if self.used_chunks == self.chunks.len() {
                self.chunks.push(vec![0; CHUNK].into_boxed_slice());
            }
            self.used_chunks += 1;
            self.filled = 0;
        }
        let chunk = self.used_chunks - 1;
        self.chunks[chunk][self.filled..self.filled + payload.len()].copy_from_slice(payload);
        let offset = (chunk << CHUNK_BITS) + self.filled;
        self.filled += payload.len();
        offset as u32
    }

    /// Takes over the room of a batch that no event points into.
    pub(crate) fn take_unused_room(&mut self, other: &mut Self) {
        if other.bytes() == 0 {
            std::mem::swap(&mut self.chunks, &mut other.chunks);
            other.used_chunks = 0;
        }
    }

    /// Gives back the memory that a batch which will wait for long does not need. Nothing can be
    /// read into it afterwards.
    pub(crate) fn shrink(&mut self) {
        self.chunks.truncate(self.used_chunks);
        if let Some(last) = self.chunks.last_mut() {
            *last = last[..self.filled].into();
        }
        self.entries.shrink_to_fit();
        self.sources.shrink_to_fit();
    }

    /// Makes `event`, which holds another or none, this one in C's form. The pointers stay valid until the
    /// batch is cleared or dropped.
    #[inline]
    pub(crate) fn describe(&self, entry: Entry, event: &mut NetworkEvent) {
        // What the fields are that data does not have they still are after data.
        if event.r#type != f64::from(kind::DATA) {
            *event = NetworkEvent::EMPTY;
        }
        let source = &self.sources[entry.source as usize];
        let number = |handle: Handle| if handle == Handle::NONE { -1.0 } else { f64::from(handle.0) };
        let socket = number(source.socket);
        let server = number(source.server);
        event.r#type = f64::from(kind::DATA);
        event.id = socket;
        event.server = server;
        event.port = f64::from(source.port);
        event.ip = self.texts[source.text as usize..].as_ptr().cast::<c_char>();
        event.user = std::ptr::null_mut();
        if let What::Data { message_type, .. } | What::Large { message_type, .. } = entry.what {
            self.describe_next(event, entry, message_type);
            return;
        }
        event.message_type = 0.0;
        event.size = 0.0;
        event.buffer = std::ptr::null();
        let mut explain = |note: u32| {
            if let Some(note) = self.notes.get(note as usize) {
                event.error = f64::from(note.error);
                event.code = f64::from(note.code);
                event.reason = note.reason.as_ptr();
            }
        };
        match entry.what {
            What::Data { .. } | What::Large { .. } => {}
            What::Connect => {
                event.r#type = f64::from(kind::CONNECT);
                event.id = server;
                event.socket = socket;
            }
            What::Disconnect { note, .. } => {
                explain(note);
                event.r#type = f64::from(kind::DISCONNECT);
                event.id = if source.server == Handle::NONE { socket } else { server };
                event.socket = socket;
            }
            What::PeerLost { note } => {
                explain(note);
                event.r#type = f64::from(kind::DISCONNECT);
            }
            What::Writable => event.r#type = f64::from(kind::WRITABLE),
            What::ConnectEnded { note } => {
                explain(note);
                event.r#type = f64::from(kind::NON_BLOCKING_CONNECT);
                event.socket = socket;
                event.succeeded = if note == NO_NOTE { 1.0 } else { 0.0 };
            }
        }
    }

    /// Turns the description of a data event into that of `entry`, another one of the same source.
    #[inline]
    pub(crate) fn describe_next(&self, event: &mut NetworkEvent, entry: Entry, message_type: u8) {
        let payload = self.payload(entry);
        event.message_type = f64::from(message_type);
        event.buffer = payload.as_ptr();
        event.size = payload.len() as f64;
    }

    /// The bytes of a data event; empty for others.
    #[inline]
    pub(crate) fn payload(&self, entry: Entry) -> &[u8] {
        match entry.what {
            // Its offset may be the end of the last chunk.
            What::Data { size: 0, .. } => c"".to_bytes(),
            What::Data { offset, size, .. } => {
                let (chunk, at) = split_offset(offset);
                &self.chunks[chunk][at..at + size as usize]
            }
            What::Large { skip, index, .. } => &self.large[index as usize][usize::from(skip)..],
            _ => &[],
        }
    }
}

impl What {
    /// How a connect that the host did not wait for ended.
    pub(crate) fn is_failed_connect(self) -> bool {
        matches!(self, Self::ConnectEnded { note } if note != NO_NOTE)
    }
}

/// An event without bytes, before its words are stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happened<'a> {
    Connect,
    /// `code` is the close code of a WebSocket, else 0.
    Disconnect {
        half_closed: bool,
        error: Option<&'a Error>,
        code: u16,
    },
    /// An orderly disconnect with the peer's words, if it had any.
    ClosedByPeer {
        words: &'a str,
        code: u16,
    },
    ConnectEnded(Option<&'a Error>),
    /// A peer of a reliable UDP socket was given up.
    PeerLost(Option<&'a Error>),
    /// The socket has refused a message, and has room again.
    Writable,
}

/// A peer's words may hold a NUL; the sentence goes on without it.
fn sentence(words: &str) -> CString {
    CString::new(words.replace('\0', " ")).unwrap_or_default()
}

fn split_offset(offset: u32) -> (usize, usize) {
    ((offset >> CHUNK_BITS) as usize, offset as usize & (CHUNK - 1))
}

fn new_source(
    sources: &mut Vec<Source>,
    texts: &mut Vec<u8>,
    origin: &Origin<'_>,
    reactor: ReactorIndex,
) -> u32 {
    let text = texts.len() as u32;
    texts.extend_from_slice(origin.ip.as_bytes());
    texts.push(0);
    sources.push(Source {
        socket: origin.socket,
        server: origin.server,
        reactor,
        token: origin.token,
        serial: origin.serial,
        port: origin.port,
        link_events: 0,
        text,
        events: 0,
        bytes: 0,
    });
    (sources.len() - 1) as u32
}

/// Takes the data events found in freshly received bytes.
pub(crate) struct BatchWriter<'a> {
    entries: &'a mut Vec<Entry>,
    sources: &'a mut Vec<Source>,
    texts: &'a mut Vec<u8>,
    large: &'a mut Vec<Vec<u8>>,
    filled: &'a mut usize,
    load: &'a mut Load,
    reactor: ReactorIndex,
    base: u32,
    /// How many of the fresh bytes an event points at.
    kept: usize,
    source: Option<u32>,
    events: u32,
    payload: u64,
    origin: Origin<'a>,
}

impl BatchWriter<'_> {
    #[inline]
    fn entry(&mut self, what: What, size: usize) {
        let source = *self
            .source
            .get_or_insert_with(|| new_source(self.sources, self.texts, &self.origin, self.reactor));
        self.events += 1;
        self.payload += size as u64;
        self.entries.push(Entry { source, what });
    }

    /// A message that lies in the fresh bytes.
    #[inline]
    pub(crate) fn data(&mut self, message_type: u8, at: usize, size: usize) {
        self.kept = at + size;
        self.entry(What::Data { message_type, offset: self.base + at as u32, size: size as u32 }, size);
    }

    /// A message that was gathered elsewhere and begins after `skip` bytes.
    pub(crate) fn large(&mut self, message_type: u8, message: Vec<u8>, skip: u8) {
        let size = message.len() - usize::from(skip);
        self.large.push(message);
        let index = (self.large.len() - 1) as u32;
        self.entry(What::Large { message_type, skip, index }, size);
    }

    /// Keeps the bytes that events point at; returns how many events there were and their cost.
    #[inline]
    pub(crate) fn finish(self) -> (u32, u64) {
        *self.filled += self.kept;
        match self.source {
            None => (0, 0),
            Some(source) => {
                let record = &mut self.sources[source as usize];
                record.events = self.events;
                record.bytes = self.payload;
                self.load.cost += record.cost();
                (record.events, record.cost())
            }
        }
    }
}

impl PacketSink for BatchWriter<'_> {
    #[inline]
    fn packet(&mut self, at: usize, size: usize) {
        self.data(0, at, size);
    }

    fn gathered(&mut self, packet: Vec<u8>) {
        self.large(0, packet, HEADER_SIZE as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin<'static> {
        Origin { socket: Handle(1), server: Handle::NONE, token: 0, serial: 1, ip: "127.0.0.1", port: 1 }
    }

    /// What reading `size` bytes leaves that end with an empty packet.
    fn read_ending_with_an_empty_packet(batch: &mut Batch, size: usize) {
        batch.room();
        let (_, mut sink) = batch.received(size, origin());
        sink.data(0, size, 0);
        sink.finish();
    }

    fn described(batch: &Batch, index: usize) -> NetworkEvent {
        let mut event = NetworkEvent::EMPTY;
        batch.describe(batch.entry(index), &mut event);
        event
    }

    #[test]
    fn nothing_of_an_event_shows_in_the_next() {
        let mut batch = Batch::default();
        let error = Error::new(crate::error::Code::Timeout, "time is over");
        read_ending_with_an_empty_packet(&mut batch, HEADER_SIZE);
        batch.push(origin(), Happened::Disconnect { half_closed: false, error: Some(&error), code: 1006 });
        read_ending_with_an_empty_packet(&mut batch, HEADER_SIZE);
        batch.push(origin(), Happened::ConnectEnded(None));
        let mut event = NetworkEvent::EMPTY;
        for index in 0..batch.len() {
            batch.describe(batch.entry(index), &mut event);
            assert_eq!(format!("{event:?}"), format!("{:?}", described(&batch, index)));
        }
    }

    #[test]
    fn an_empty_packet_may_end_where_a_chunk_ends() {
        let mut batch = Batch::default();
        read_ending_with_an_empty_packet(&mut batch, CHUNK);
        let event = described(&batch, 0);
        assert_eq!(event.size, 0.0);
        assert!(!event.buffer.is_null());
    }

    #[test]
    fn empty_packets_are_packed_behind_anything() {
        let mut connects = Batch::default();
        connects.push(origin(), Happened::Connect);
        let mut full = Batch::default();
        read_ending_with_an_empty_packet(&mut full, CHUNK);
        for mut last in [connects, full] {
            let mut next = Batch::default();
            read_ending_with_an_empty_packet(&mut next, HEADER_SIZE);
            last.append(&mut next);
            let event = described(&last, 1);
            assert_eq!(event.size, 0.0);
            assert!(!event.buffer.is_null());
        }
    }
}
