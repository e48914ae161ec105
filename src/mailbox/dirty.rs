//! The sockets with something to send, and the buffers that go round between sends and a reactor.

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
    /// Capacity of the buffers.
    bytes: usize,
}

impl Dirty {
    pub(super) const fn new() -> Self {
        Self { tokens: Vec::new(), buffers: Vec::new(), bytes: 0 }
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

    /// An empty buffer that was used before.
    #[inline]
    pub(super) fn lend(&mut self) -> Option<Outgoing> {
        let buffer = lend_from(&mut self.buffers)?;
        self.bytes -= buffer.own_capacity();
        Some(buffer)
    }

    /// Up to so many of them.
    pub(super) fn lend_many(&mut self, most: usize, to: &mut Vec<Outgoing>) {
        let kept = self.buffers.len().saturating_sub(most);
        *to = self.buffers.split_off(kept);
        self.bytes -= to.iter().map(Outgoing::own_capacity).sum::<usize>();
    }
}

/// The last of some empty buffers.
#[inline]
pub(super) fn lend_from(buffers: &mut Vec<Outgoing>) -> Option<Outgoing> {
    let buffer = buffers.pop()?;
    if let Some(later) = buffers.len().checked_sub(AHEAD) {
        buffers[later].fetch_ahead();
    }
    if let Some(sooner) = buffers.len().checked_sub(AHEAD / 2) {
        buffers[sooner].fetch_memory_ahead();
    }
    Some(buffer)
}
