//! Bytes on their way out of one connection: its own in one buffer, and alone or between them messages that many
//! connections send, which are stored once for all of them.

use std::collections::VecDeque;
use std::io::IoSlice;

use triomphe::Arc;

use crate::sys;

/// Places for messages stored once that are kept for the next ones.
const KEPT_PLACES: usize = 16;
/// Among other bytes a message as long as this is stored once for all connections; a copy of a shorter one costs less
/// than a piece more.
const PLACED_FROM: usize = 1024;
/// Half a word counts what is written. One write takes less than 2 GiB, so it does not overflow as long as so many are
/// forgotten.
const FORGOTTEN_FROM: u32 = 1 << 30;

/// What a connection has to send, and how far it has come with that. Most have nothing, most of the time: a word does
/// for those. What is more goes round between connections, or is the same for many of them, who each get a copy of
/// their own only where it becomes different.
#[derive(Debug, Default)]
pub struct Outgoing(Option<Arc<Content>>);

/// A message as it goes on the wire, for any number of connections.
#[derive(Clone, Debug)]
pub struct SharedMessage(Arc<Content>);

#[derive(Debug, Default)]
struct Content {
    /// Its own bytes.
    own: Vec<u8>,
    /// Few connections have any: a word does for the others.
    shared: Option<Box<Shared>>,
    /// How many of its own bytes are written.
    written: u32,
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
    message: Arc<Content>,
}

impl SharedMessage {
    /// With so many bytes of the program's own.
    #[must_use]
    pub fn new(bytes: Vec<u8>, payload: usize) -> Self {
        Self(Arc::new(Content { own: bytes, payload: payload as u32, ..Content::default() }))
    }
}

impl Outgoing {
    /// To change it: from then on it is no longer what others have.
    #[inline]
    fn content(&mut self) -> &mut Content {
        let content = self.0.get_or_insert_default();
        if !content.is_unique() {
            Self::part(content);
        }
        Arc::get_mut(content).expect("it was made this connection's alone")
    }

    #[cold]
    fn part(content: &mut Arc<Content>) {
        let message = std::mem::take(content);
        Arc::get_mut(content).expect("nobody has what is new").push_shared(message);
    }

    /// Whether nothing is left to write.
    #[inline]
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.0.as_ref().is_none_or(|content| content.written() == content.own.len() && !content.has_shared())
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
    #[inline]
    pub fn push_shared(&mut self, SharedMessage(message): &SharedMessage) {
        match &self.0 {
            None => self.0 = Some(Arc::clone(message)),
            Some(_) => self.content().push_shared(Arc::clone(message)),
        }
    }

    /// Lets `write` append a message with so many bytes of the program's own.
    #[inline(always)]
    pub fn push<T>(&mut self, payload: usize, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let content = self.content();
        content.payload += payload as u32;
        write(&mut content.own)
    }

    #[inline]
    #[must_use]
    pub fn payload(&self) -> u32 {
        self.0.as_ref().map_or(0, |content| content.payload)
    }

    /// The count of payload begins anew.
    pub fn take_payload(&mut self) -> u32 {
        std::mem::take(&mut self.content().payload)
    }

    /// Appends all that another, of which nothing was written, has.
    pub fn append(&mut self, other: Self) {
        if self.is_written() {
            *self = other;
            return;
        }
        let Self(Some(other)) = other else { return };
        match Arc::try_unwrap(other) {
            Ok(own) => self.content().append(own),
            Err(message) => self.content().push_shared(message),
        }
    }

    /// Forgets all of it and returns its memory, if it has any of its own, empty, to be used again.
    #[inline]
    pub fn clear(&mut self) -> Self {
        let mut taken = std::mem::take(self);
        match taken.0.as_mut().and_then(Arc::get_mut) {
            Some(own) => own.clear(),
            None => taken.0 = None,
        }
        taken
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
            Some(content) => Some(&content.own[content.written()..]),
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
        let Some(content) = &mut self.0 else { return };
        if let Some(own) = Arc::get_mut(content) {
            own.advance(size);
        } else if size == content.own.len() {
            self.0 = None;
        } else if size > 0 {
            self.content().advance(size);
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

    /// A message of which nothing is written.
    fn push_shared(&mut self, message: Arc<Self>) {
        self.payload += message.payload;
        if message.own.len() < PLACED_FROM {
            self.own.extend_from_slice(&message.own);
            return;
        }
        let shared = self.shared.get_or_insert_default();
        shared.length += message.own.len();
        shared.messages.push_back(Placed { after: self.own.len(), message });
    }

    /// Appends all that another, of which nothing was written, has.
    fn append(&mut self, mut other: Self) {
        debug_assert_eq!(other.written, 0);
        if let Some(theirs) = other.shared.take() {
            let shared = self.shared.get_or_insert_default();
            shared.length += theirs.length;
            let before = self.own.len();
            let moved = theirs.messages.into_iter();
            shared.messages.extend(moved.map(|placed| Placed { after: before + placed.after, ..placed }));
        }
        self.own.append(&mut other.own);
        self.payload += other.payload;
    }

    #[inline]
    fn written(&self) -> usize {
        self.written as usize
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
        let gone = self.written() + self.shared.as_ref().map_or(0, |shared| shared.gone + shared.written);
        (u64::from(self.payload) * left as u64 / (left + gone) as u64) as u32
    }

    #[inline]
    fn left(&self) -> usize {
        let shared = self.shared.as_ref().map_or(0, |shared| shared.length - shared.written);
        self.own.len() - self.written() + shared
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let (mut at, mut skip) = (self.written(), 0);
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
            let placed = messages.next()?;
            Some(&placed.message.own[std::mem::take(&mut skip)..])
        })
    }

    #[inline]
    fn advance(&mut self, size: usize) {
        if self.has_shared() {
            self.advance_among_shared(size);
        } else {
            self.written += size as u32;
        }
        if self.written >= FORGOTTEN_FROM {
            self.forget_written();
        }
    }

    /// Begins anew with what is left.
    #[cold]
    fn forget_written(&mut self) {
        self.payload = self.payload_left();
        let written = self.written();
        self.own.drain(..written);
        self.written = 0;
        if let Some(shared) = &mut self.shared {
            shared.gone = 0;
            shared.messages.iter_mut().for_each(|placed| placed.after -= written);
        }
    }

    fn advance_among_shared(&mut self, mut size: usize) {
        while let Some(shared) = &mut self.shared
            && let Some(first) = shared.messages.front()
        {
            let before = size.min(first.after - self.written as usize);
            self.written += before as u32;
            size -= before;
            let length = first.message.own.len();
            let of_it = size.min(length - shared.written);
            if (self.written as usize) < first.after || shared.written + of_it < length {
                shared.written += of_it;
                return;
            }
            size -= of_it;
            shared.written = 0;
            shared.length -= length;
            shared.gone += length;
            shared.messages.pop_front();
        }
        self.written += size as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of it the program's own.
    fn shared(bytes: &[u8]) -> SharedMessage {
        SharedMessage::new(bytes.to_vec(), bytes.len())
    }

    /// A message that is stored once among others.
    fn long(byte: u8) -> Vec<u8> {
        vec![byte; PLACED_FROM]
    }

    /// Own bytes and shared messages, long and short, in turn.
    const PARTS: usize = 7;

    fn part(number: usize) -> Vec<u8> {
        match number {
            0 => b"one".to_vec(),
            1 | 2 | 5 => long(number as u8),
            3 => b"three".to_vec(),
            4 => b"four".to_vec(),
            _ => b"six".to_vec(),
        }
    }

    fn push(outgoing: &mut Outgoing, number: usize) {
        let bytes = part(number);
        if matches!(number, 0 | 4) {
            outgoing.push(bytes.len(), |own| own.extend_from_slice(&bytes));
        } else {
            outgoing.push_shared(&shared(&bytes));
        }
    }

    fn mixed(first: usize) -> (Outgoing, Vec<u8>) {
        let mut outgoing = Outgoing::default();
        (first..PARTS).for_each(|number| push(&mut outgoing, number));
        (outgoing, (first..PARTS).flat_map(part).collect())
    }

    /// Where a write may end: at the ends of the parts, and a byte before and after.
    fn cuts(first: usize) -> Vec<usize> {
        let mut ends = vec![0];
        (first..PARTS).for_each(|number| ends.push(ends[ends.len() - 1] + part(number).len()));
        let all = ends[ends.len() - 1];
        ends.iter().flat_map(|&end| [end.saturating_sub(1), end, end + 1]).filter(|&cut| cut <= all).collect()
    }

    fn left(outgoing: &Outgoing) -> Vec<u8> {
        outgoing.pieces().flatten().copied().collect()
    }

    #[test]
    fn what_is_left_stays_in_order_wherever_a_write_ends() {
        for first in 0..PARTS {
            for cut in cuts(first) {
                for second in cuts(first).into_iter().filter(|&second| second >= cut) {
                    let (mut outgoing, all) = mixed(first);
                    outgoing.advance(cut);
                    outgoing.advance(second - cut);
                    let rest = &all[second..];
                    assert_eq!(left(&outgoing), rest, "from part {first}, after {cut} and {second}");
                    assert_eq!(outgoing.payload_left() as usize, rest.len());
                    assert_eq!(outgoing.is_written(), rest.is_empty());
                }
            }
        }
    }

    #[test]
    fn what_is_appended_comes_last_wherever_a_write_ended() {
        for (first, theirs) in (0..PARTS).flat_map(|first| (0..PARTS).map(move |theirs| (first, theirs))) {
            for cut in cuts(first) {
                let (mut outgoing, all) = mixed(first);
                let (other, more) = mixed(theirs);
                outgoing.advance(cut);
                outgoing.append(other);
                assert_eq!(left(&outgoing), [&all[cut..], &more].concat(), "after {cut}");
                outgoing.own().extend_from_slice(b"!");
                outgoing.push_shared(&shared(b"?"));
                assert_eq!(left(&outgoing), [&all[cut..], &more, b"!?"].concat(), "after {cut}");
            }
        }
    }

    #[test]
    fn a_message_that_all_have_takes_no_memory_of_each() {
        let message = SharedMessage::new(b"message".to_vec(), 4);
        let mut outgoing = Outgoing::default();
        outgoing.push_shared(&message);
        assert!(std::ptr::eq(outgoing.single_piece().unwrap(), &raw const *message.0.own));
        assert_eq!(outgoing.single_piece(), Some(&b"message"[..]));
        assert_eq!((outgoing.payload(), outgoing.payload_left()), (4, 4));
        outgoing.advance(7);
        assert!(!outgoing.has_memory());
        assert_eq!(Arc::count(&message.0), 1);
    }

    #[test]
    fn short_messages_behind_one_another_are_one_piece() {
        let mut outgoing = Outgoing::default();
        for message in [&b"one"[..], b"two", b"three"] {
            outgoing.push_shared(&shared(message));
        }
        assert_eq!(outgoing.single_piece(), Some(&b"onetwothree"[..]));
        assert_eq!(outgoing.payload(), 11);
    }

    #[test]
    fn an_empty_message_leaves_nothing_to_write() {
        let mut outgoing = Outgoing::default();
        outgoing.push_shared(&shared(b""));
        assert!(outgoing.is_written());
    }

    #[test]
    fn pieces_are_gathered_as_far_as_there_is_room() {
        let (outgoing, _) = mixed(0);
        let mut pieces = [IoSlice::new(&[]); 2];
        let gathered: Vec<&[u8]> = outgoing.gather(&mut pieces).iter().map(|piece| &**piece).collect();
        assert_eq!(gathered, [&part(0)[..], &part(1)]);
        assert_eq!(outgoing.single_piece(), None);
        let mut pieces = [IoSlice::new(&[]); 9];
        assert_eq!(outgoing.gather(&mut pieces).len(), 6);
    }

    #[test]
    fn a_written_message_is_let_go() {
        let message = shared(&long(1));
        let mut outgoing = Outgoing::default();
        push(&mut outgoing, 0);
        outgoing.push_shared(&message);
        assert_eq!(Arc::count(&message.0), 2);
        outgoing.advance(3 + PLACED_FROM);
        assert_eq!(Arc::count(&message.0), 1);
    }

    #[test]
    fn more_is_written_than_half_a_word_counts() {
        let mut outgoing = Outgoing::default();
        let first = FORGOTTEN_FROM as usize;
        let rest = [&b"rest"[..], &long(1), b"last"].concat();
        outgoing.push(first + 4, |own| *own = vec![0; first]);
        outgoing.own().extend_from_slice(b"rest");
        outgoing.push_shared(&shared(&long(1)));
        outgoing.push(4, |own| own.extend_from_slice(b"last"));
        outgoing.advance(first - 1);
        outgoing.advance(1);
        assert_eq!(left(&outgoing), rest);
        assert_eq!(outgoing.own_len(), 8);
        assert_eq!(outgoing.payload_left() as usize, rest.len());
        outgoing.advance(rest.len());
        assert!(outgoing.is_written());
    }
}
