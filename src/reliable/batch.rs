//! Datagrams on their way out.

use std::net::SocketAddr;

use super::wire::{CONTROL_LEN, Control};

/// Datagrams to send, packed back to back into one buffer that is used again and again. Several
/// for the same address stand next to each other, so a host may send them as one segmented
/// datagram where its system can.
#[derive(Debug)]
pub struct Transmits {
    bytes: Box<[u8]>,
    used: usize,
    datagram_size: usize,
    list: Vec<Transmit>,
}

#[derive(Clone, Copy, Debug)]
struct Transmit {
    to: SocketAddr,
    start: usize,
    end: usize,
}

impl Transmits {
    /// Room for `datagrams` of at most `datagram_size` bytes, which is that of the
    /// [`Config`](super::Config).
    #[must_use]
    pub fn new(datagrams: usize, datagram_size: usize) -> Self {
        Self {
            bytes: vec![0; datagrams * datagram_size].into_boxed_slice(),
            used: 0,
            datagram_size,
            list: Vec::with_capacity(datagrams),
        }
    }

    /// Forgets all datagrams.
    pub fn clear(&mut self) {
        self.list.clear();
        self.used = 0;
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether there is no room for another one of full size.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.bytes.len() - self.used < self.datagram_size
    }

    /// Where datagram `index` goes, and its bytes.
    ///
    /// # Panics
    /// If there are not that many.
    #[must_use]
    pub fn get(&self, index: usize) -> (SocketAddr, &[u8]) {
        let Transmit { to, start, end } = self.list[index];
        (to, &self.bytes[start..end])
    }

    /// All of them, in the order in which they should leave.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (SocketAddr, &[u8])> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Room for a datagram of at most `size` bytes, if there is.
    pub(crate) fn slot(&mut self, size: usize) -> Option<&mut [u8]> {
        self.bytes[self.used..].get_mut(..size)
    }

    /// Adds a datagram of fixed length; false if there is no room.
    pub(crate) fn add(&mut self, to: SocketAddr, control: Control) -> bool {
        let Some(buffer) = self.slot(CONTROL_LEN) else {
            return false;
        };
        let len = control.write(buffer);
        self.commit(to, len);
        true
    }

    /// Takes the first `len` bytes of the slot as a datagram.
    pub(crate) fn commit(&mut self, to: SocketAddr, len: usize) {
        let start = self.used;
        self.used += len;
        self.list.push(Transmit { to, start, end: self.used });
    }
}
