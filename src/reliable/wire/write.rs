//! Writing datagrams.

use super::format::{
    Ack, CHUNK_LEN, CHUNK_LEN_MAX, CHUNK_NUMBERED, CHUNK_PART_SHIFT, CLOSE, CONFIRM, DATA, HEADER_LEN, HELLO,
    HELLO_LEN, MAGIC, PROOF_GAVE_UP, Part, Proof, RESET, VERSION, WELCOME,
};

/// Writes one datagram into a buffer that is long enough for it.
pub(crate) struct Writer<'a> {
    buffer: &'a mut [u8],
    len: usize,
    next_sequence: Option<u32>,
}

impl<'a> Writer<'a> {
    fn start(buffer: &'a mut [u8], kind: u8, token: u64) -> Self {
        let mut writer = Self { buffer, len: 0, next_sequence: None };
        writer.put(&MAGIC);
        writer.put(&[VERSION << 4 | kind]);
        writer.put(&token.to_le_bytes());
        writer
    }

    /// Begins data; acknowledgements and chunks are to follow.
    pub(crate) fn data(buffer: &'a mut [u8], token: u64) -> Self {
        Self::start(buffer, DATA, token)
    }

    /// Begins a confirm; acknowledgements and chunks are to follow.
    pub(crate) fn confirm(buffer: &'a mut [u8], token: u64, proof: Proof) -> Self {
        let mut writer = Self::start(buffer, CONFIRM, token);
        writer.put(&proof.token.to_le_bytes());
        writer.put(&proof.stamp.to_le_bytes());
        writer.put(&proof.incarnation.to_le_bytes());
        writer.put(&[if proof.gave_up { PROOF_GAVE_UP } else { 0 }]);
        writer
    }

    /// The part of a body that stands before its chunks.
    pub(crate) fn ack(&mut self, number: u32, ack: Ack<'_>) {
        self.put(&number.to_le_bytes());
        self.put(&ack.largest.to_le_bytes());
        self.put(&ack.delay.to_le_bytes());
        self.put(&[ack.bitmap.len() as u8]);
        self.put(ack.bitmap);
    }

    /// Whether a chunk of `size` bytes still fits.
    pub(crate) fn fits(&self, sequence: u64, size: usize) -> bool {
        let head = if self.next_sequence == Some(sequence as u32) { CHUNK_LEN } else { CHUNK_LEN_MAX };
        self.len + head + size <= self.buffer.len()
    }

    /// Adds a chunk that [fits](Self::fits); the caller fills in the bytes that are returned.
    pub(crate) fn chunk(&mut self, sequence: u64, part: Part, size: usize) -> &mut [u8] {
        let sequence = sequence as u32;
        let head = size as u16 | (part as u16) << CHUNK_PART_SHIFT;
        if self.next_sequence == Some(sequence) {
            self.put(&head.to_le_bytes());
        } else {
            self.put(&(head | CHUNK_NUMBERED).to_le_bytes());
            self.put(&sequence.to_le_bytes());
        }
        self.next_sequence = Some(sequence.wrapping_add(1));
        let at = self.len;
        self.len += size;
        &mut self.buffer[at..][..size]
    }

    /// Bytes that are left.
    pub(crate) fn room(&self) -> usize {
        self.buffer.len() - self.len
    }

    /// Length of the datagram so far.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn put(&mut self, bytes: &[u8]) {
        self.buffer[self.len..][..bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

/// A datagram of fixed length, to be written out of turn.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Control {
    Hello { token: u64 },
    Welcome { token: u64, grant: u64, stamp: u32, incarnation: u32 },
    Reset { token: u64, incarnation: u32, gave_up: bool },
    Close { token: u64, code: u8 },
}

impl Control {
    /// Writes the datagram and returns its length, at most [`CONTROL_LEN`](super::CONTROL_LEN).
    pub(crate) fn write(self, buffer: &mut [u8]) -> usize {
        match self {
            Self::Hello { token } => {
                let mut writer = Writer::start(buffer, HELLO, token);
                writer.put(&[0; HELLO_LEN - HEADER_LEN]);
                writer.len
            }
            Self::Welcome { token, grant, stamp, incarnation } => {
                let mut writer = Writer::start(buffer, WELCOME, token);
                writer.put(&grant.to_le_bytes());
                writer.put(&stamp.to_le_bytes());
                writer.put(&incarnation.to_le_bytes());
                writer.len
            }
            Self::Reset { token, incarnation, gave_up } => {
                let mut writer = Writer::start(buffer, RESET, token);
                writer.put(&incarnation.to_le_bytes());
                writer.put(&[if gave_up { PROOF_GAVE_UP } else { 0 }]);
                writer.len
            }
            Self::Close { token, code } => {
                let mut writer = Writer::start(buffer, CLOSE, token);
                writer.put(&[code]);
                writer.len
            }
        }
    }
}
