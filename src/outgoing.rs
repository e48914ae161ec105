//! Bytes on their way out of one connection: its own in one buffer, and between them messages that many
//! connections send, which are stored once for all of them.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

use crate::sys;

/// Places for messages stored once that are kept for the next ones.
const KEPT_PLACES: usize = 16;

/// A message as it goes on the wire, for any number of connections.
#[derive(Clone, Debug)]
pub struct SharedBytes(Arc<Vec<u8>>);

impl SharedBytes {
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }

    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

/// What a connection has to send, and how far it has come with that. Most have nothing, most of the time: a word does
/// for those, and what is more goes round between connections.
#[derive(Debug, Default)]
pub struct Outgoing(Option<Box<Content>>);

#[derive(Debug, Default)]
struct Content {
    /// Its own bytes.
    own: Vec<u8>,
    /// How many of them are written.
    written: usize,
    /// Few connections have any: a word does for the others.
    shared: Option<Box<Shared>>,
    /// How many bytes of all that is here, written or not, are the program's own: no headers.
    payload: u32,
}

/// Messages in the order to send them.
#[derive(Debug, Default)]
struct Shared {
    messages: VecDeque<Placed>,
    /// How many bytes of the first are written.
    written: usize,
    /// Bytes in all of them, the written ones of the first included.
    length: usize,
    /// Bytes of those that have left.
    gone: usize,
}

#[derive(Debug)]
struct Placed {
    /// So many of the connection's own bytes come before it.
    after: usize,
    bytes: SharedBytes,
}

impl Outgoing {
    #[inline]
    fn content(&mut self) -> &mut Content {
        self.0.get_or_insert_default()
    }

    /// Whether nothing is left to write.
    #[inline]
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.0.as_ref().is_none_or(|content| content.written == content.own.len() && !content.has_shared())
    }

    /// The connection's own bytes, to append to.
    #[inline]
    pub fn own(&mut self) -> &mut Vec<u8> {
        &mut self.content().own
    }

    /// It will be written to soon.
    #[inline]
    pub(crate) fn fetch_ahead(&self) {
        if let Some(content) = &self.0 {
            sys::prefetch(&**content);
        }
    }

    /// The same of the memory for its own bytes.
    #[inline]
    pub(crate) fn fetch_memory_ahead(&self) {
        if let Some(content) = &self.0 {
            sys::prefetch_memory(&content.own);
        }
    }

    /// Whether it has memory, whether or not anything is there.
    #[inline]
    #[must_use]
    pub fn has_memory(&self) -> bool {
        self.0.is_some()
    }

    /// Of what it has that for the connection's own bytes.
    #[inline]
    #[must_use]
    pub fn own_capacity(&self) -> usize {
        self.0.as_ref().map_or(0, |content| content.own.capacity())
    }

    /// The length of the connection's own bytes.
    #[inline]
    #[must_use]
    pub fn own_len(&self) -> usize {
        self.0.as_ref().map_or(0, |content| content.own.len())
    }

    /// Appends a message that others send too.
    pub fn push_shared(&mut self, bytes: SharedBytes) {
        let content = self.content();
        let shared = content.shared.get_or_insert_default();
        shared.length += bytes.as_slice().len();
        shared.messages.push_back(Placed { after: content.own.len(), bytes });
    }

    /// Notes that so many of the bytes appended are the program's own.
    #[inline]
    pub fn add_payload(&mut self, payload: usize) {
        self.content().payload += payload as u32;
    }

    #[inline]
    #[must_use]
    pub fn payload(&self) -> u32 {
        self.0.as_ref().map_or(0, |content| content.payload)
    }

    /// The count of payload begins anew.
    pub fn take_payload(&mut self) -> u32 {
        self.0.as_mut().map_or(0, |content| std::mem::take(&mut content.payload))
    }

    /// Appends all that another, of which nothing was written, has.
    pub fn append(&mut self, other: Self) {
        let Self(Some(mut other)) = other else { return };
        debug_assert_eq!(other.written, 0);
        if self.is_written() {
            self.0 = Some(other);
            return;
        }
        let content = self.content();
        if let Some(theirs) = other.shared.take() {
            let shared = content.shared.get_or_insert_default();
            shared.length += theirs.length;
            let before = content.own.len();
            let moved = theirs.messages.into_iter();
            shared.messages.extend(moved.map(|placed| Placed { after: before + placed.after, ..placed }));
        }
        content.own.append(&mut other.own);
        content.payload += other.payload;
    }

    /// Forgets all of it and returns its memory, empty, to be used again.
    #[inline]
    pub fn clear(&mut self) -> Self {
        if let Some(content) = &mut self.0 {
            content.clear();
        }
        std::mem::take(self)
    }

    /// Payload that is not written, as if it were spread evenly.
    #[inline]
    #[must_use]
    pub fn payload_left(&self) -> u32 {
        self.0.as_ref().map_or(0, |content| content.payload_left())
    }

    /// All that is left, if it lies in one piece; else the pieces are to be [gathered](Self::gather).
    #[inline]
    #[must_use]
    pub fn single_piece(&self) -> Option<&[u8]> {
        match &self.0 {
            None => Some(&[]),
            Some(content) if content.has_shared() => None,
            Some(content) => Some(&content.own[content.written..]),
        }
    }

    /// What is left, piece by piece.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().flat_map(|content| content.pieces())
    }

    /// Fills `pieces` with what is to be written next, and returns the part that is filled.
    pub fn gather<'a, 'p>(&'a self, pieces: &'p mut [IoSlice<'a>]) -> &'p [IoSlice<'a>] {
        let mut filled = 0;
        for (place, piece) in pieces.iter_mut().zip(self.pieces()) {
            *place = IoSlice::new(piece);
            filled += 1;
        }
        &pieces[..filled]
    }

    /// So many bytes more are written.
    #[inline]
    pub fn advance(&mut self, size: usize) {
        if let Some(content) = &mut self.0 {
            content.advance(size);
        }
    }
}

impl Content {
    #[inline]
    fn clear(&mut self) {
        self.own.clear();
        self.written = 0;
        self.payload = 0;
        if let Some(shared) = &mut self.shared {
            shared.messages.clear();
            if shared.messages.capacity() > KEPT_PLACES {
                self.shared = None;
            } else {
                (shared.written, shared.length, shared.gone) = (0, 0, 0);
            }
        }
    }

    #[inline]
    fn has_shared(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| !shared.messages.is_empty())
    }

    #[inline]
    fn payload_left(&self) -> u32 {
        let left = self.left();
        if left == 0 {
            return 0;
        }
        let gone = self.written + self.shared.as_ref().map_or(0, |shared| shared.gone + shared.written);
        (u64::from(self.payload) * left as u64 / (left + gone) as u64) as u32
    }

    #[inline]
    fn left(&self) -> usize {
        let shared = self.shared.as_ref().map_or(0, |shared| shared.length - shared.written);
        self.own.len() - self.written + shared
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let (mut at, mut skip) = (self.written, 0);
        let messages = self.shared.as_ref().map(|shared| {
            skip = shared.written;
            shared.messages.iter()
        });
        let mut messages = messages.into_iter().flatten().peekable();
        std::iter::from_fn(move || {
            let end = messages.peek().map_or(self.own.len(), |placed| placed.after);
            if at < end {
                let piece = &self.own[at..end];
                at = end;
                return Some(piece);
            }
            let message = messages.next()?;
            Some(&message.bytes.as_slice()[std::mem::take(&mut skip)..])
        })
    }

    #[inline]
    fn advance(&mut self, size: usize) {
        if self.has_shared() {
            self.advance_among_shared(size);
        } else {
            self.written += size;
        }
    }

    fn advance_among_shared(&mut self, mut size: usize) {
        while let Some(shared) = &mut self.shared
            && let Some(first) = shared.messages.front()
        {
            let before = size.min(first.after - self.written);
            self.written += before;
            size -= before;
            let length = first.bytes.as_slice().len();
            let of_it = size.min(length - shared.written);
            if self.written < first.after || shared.written + of_it < length {
                shared.written += of_it;
                return;
            }
            size -= of_it;
            shared.written = 0;
            shared.length -= length;
            shared.gone += length;
            shared.messages.pop_front();
        }
        self.written += size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(bytes: &[u8]) -> SharedBytes {
        SharedBytes::new(bytes.to_vec())
    }

    /// Own bytes and shared messages in turn.
    fn mixed() -> Outgoing {
        let mut outgoing = Outgoing::default();
        outgoing.own().extend_from_slice(b"one ");
        outgoing.push_shared(shared(b"two "));
        outgoing.push_shared(shared(b"three "));
        outgoing.own().extend_from_slice(b"four ");
        outgoing.push_shared(shared(b"five"));
        outgoing.add_payload(23);
        outgoing
    }

    fn left(outgoing: &Outgoing) -> Vec<u8> {
        outgoing.pieces().flatten().copied().collect()
    }

    const ALL: &[u8] = b"one two three four five";

    #[test]
    fn what_is_left_stays_in_order_wherever_a_write_ends() {
        for first in 0..=ALL.len() {
            for second in 0..=ALL.len() - first {
                let mut outgoing = mixed();
                outgoing.advance(first);
                outgoing.advance(second);
                let rest = &ALL[first + second..];
                assert_eq!(left(&outgoing), rest, "after {first} and {second}");
                assert_eq!(outgoing.payload_left() as usize, rest.len());
                assert_eq!(outgoing.is_written(), rest.is_empty());
            }
        }
    }

    #[test]
    fn what_is_appended_comes_last_wherever_a_write_ended() {
        for written in 0..=ALL.len() {
            let mut outgoing = mixed();
            outgoing.advance(written);
            outgoing.append(mixed());
            assert_eq!(left(&outgoing), [&ALL[written..], ALL].concat(), "after {written}");
            outgoing.own().extend_from_slice(b"!");
            outgoing.push_shared(shared(b"?"));
            assert_eq!(left(&outgoing), [&ALL[written..], ALL, b"!?"].concat(), "after {written}");
        }
    }

    #[test]
    fn a_single_piece_is_the_connections_own() {
        let mut outgoing = Outgoing::default();
        assert_eq!(outgoing.single_piece(), Some(&b""[..]));
        outgoing.own().extend_from_slice(b"own");
        outgoing.advance(1);
        assert_eq!(outgoing.single_piece(), Some(&b"wn"[..]));
        outgoing.push_shared(shared(b"shared"));
        assert_eq!(outgoing.single_piece(), None);
        outgoing.advance(8);
        outgoing.own().extend_from_slice(b" more");
        assert_eq!(outgoing.single_piece(), Some(&b" more"[..]));
    }

    #[test]
    fn pieces_are_gathered_as_far_as_there_is_room() {
        let outgoing = mixed();
        let mut pieces = [IoSlice::new(&[]); 2];
        let gathered: Vec<&[u8]> = outgoing.gather(&mut pieces).iter().map(|piece| &**piece).collect();
        assert_eq!(gathered, [b"one ", b"two "]);
        let mut pieces = [IoSlice::new(&[]); 9];
        assert_eq!(outgoing.gather(&mut pieces).len(), 5);
    }

    #[test]
    fn a_written_message_is_let_go() {
        let message = shared(b"message");
        let mut outgoing = Outgoing::default();
        outgoing.push_shared(message.clone());
        assert_eq!(Arc::strong_count(&message.0), 2);
        outgoing.advance(7);
        assert_eq!(Arc::strong_count(&message.0), 1);
    }
}
