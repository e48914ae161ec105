//! The sockets with something to send, and the buffers that go round between sends and a reactor.

use std::mem;

use crate::outgoing::Outgoing;

/// Buffers up to this size go round between sends and the reactor instead of being freed.
const REUSED_BUFFER: usize = 128 << 10;
/// How many of them are kept, and how many bytes.
const REUSED_BUFFERS: usize = 1024;
const REUSED_BYTES: usize = 1 << 20;
/// The buffer that is lent so many sends later is fetched meanwhile, and when it is half as many its memory.
const AHEAD: usize = 8;

/// The sockets with something to send, and empty buffers for the next ones.
#[derive(Default)]
pub(crate) struct Dirty {
    pub(crate) tokens: Vec<u32>,
    buffers: Vec<Outgoing>,
    /// An empty list for the next burst.
    spare: Vec<u32>,
    /// Capacity of the buffers.
    bytes: usize,
}

impl Dirty {
    pub(super) const fn new() -> Self {
        Self { tokens: Vec::new(), buffers: Vec::new(), spare: Vec::new(), bytes: 0 }
    }

    /// Takes back a buffer whose bytes were written, if it is worth keeping.
    pub(crate) fn keep(&mut self, buffer: Outgoing) {
        let bytes = buffer.own_capacity();
        if bytes <= REUSED_BUFFER
            && buffer.has_memory()
            && self.buffers.len() < REUSED_BUFFERS
            && self.bytes + bytes <= REUSED_BYTES
        {
            self.bytes += bytes;
            self.buffers.push(buffer);
        }
    }

    /// An empty list of sockets, to be [put on](Self::put_on) this one.
    pub(super) fn lend_list(&mut self) -> Vec<u32> {
        mem::take(&mut self.spare)
    }

    /// Adds what stands on a list, and keeps its memory for the next.
    pub(super) fn put_on(&mut self, mut list: Vec<u32>) {
        self.tokens.append(&mut list);
        self.spare = list;
    }

    /// Lends a buffer to what is about to be written to and has none: what was kept is used before there is more.
    #[inline]
    pub(crate) fn lend_to(&mut self, outgoing: &mut Outgoing) {
        if !outgoing.has_memory()
            && let Some(buffer) = self.lend()
        {
            debug_assert!(buffer.is_written());
            *outgoing = buffer;
        }
    }

    /// An empty buffer that was used before.
    #[inline]
    pub(super) fn lend(&mut self) -> Option<Outgoing> {
        let buffer = self.buffers.pop()?;
        self.bytes -= buffer.own_capacity();
        if let Some(later) = self.buffers.len().checked_sub(AHEAD) {
            self.buffers[later].fetch_ahead();
        }
        if let Some(sooner) = self.buffers.len().checked_sub(AHEAD / 2) {
            self.buffers[sooner].fetch_memory_ahead();
        }
        Some(buffer)
    }
}
