//! The datagrams: how they are laid out, and nothing about what they mean.
//!
//! All integers are little-endian. `docs/reliable-udp.md` has the tables and the test vectors.

/// Bytes with which every datagram begins: magic, version and kind, token.
pub const HEADER_LEN: usize = 12;

/// The version of the protocol that is spoken here.
pub const VERSION: u8 = 1;

/// No text, no `DEADC0DE`: a byte that begins no ASCII, then "SW".
const MAGIC: [u8; 3] = [0xd7, 0x53, 0x57];

/// Later versions that are recognised as this protocol, so that they are counted and dropped
/// rather than shown to the program as data.
const RECOGNISED_VERSIONS: std::ops::RangeInclusive<u8> = 1..=3;

const HELLO: u8 = 1;
const WELCOME: u8 = 2;
const CONFIRM: u8 = 3;
const DATA: u8 = 4;
const RESET: u8 = 5;
const CLOSE: u8 = 6;

/// A hello is padded to the length of the welcome that answers it.
const HELLO_LEN: usize = WELCOME_LEN;
const WELCOME_LEN: usize = HEADER_LEN + 16;
const RESET_LEN: usize = HEADER_LEN + 5;
const CLOSE_LEN: usize = HEADER_LEN + 1;

/// Longest of the datagrams that have a fixed length.
pub(super) const CONTROL_LEN: usize = WELCOME_LEN;

/// Bytes that a confirm has between its header and its body.
pub(super) const PROOF_LEN: usize = 17;

/// Bytes with which a body begins, before the bitmap of acknowledged datagrams.
pub(super) const ACK_LEN: usize = 11;

/// Longest bitmap of acknowledged datagrams.
pub(super) const BITMAP_MAX: usize = 32;

/// Bytes before a chunk that follows on the one before it, and before any other.
pub(super) const CHUNK_LEN: usize = 2;
pub(super) const CHUNK_LEN_MAX: usize = 6;

/// One unit of the acknowledgement delay, in microseconds.
pub(super) const DELAY_UNIT: u64 = 16;

const PROOF_GAVE_UP: u8 = 1;

const CHUNK_SIZE_MASK: u16 = 0x0fff;
const CHUNK_NUMBERED: u16 = 0x1000;
const CHUNK_PART_SHIFT: u32 = 13;
const CHUNK_RESERVED: u16 = 0x8000;

/// Whether a datagram belongs to this protocol rather than being plain data. A random datagram
/// passes with a chance of about 1 in 100 million, text and GameMaker's packets never.
#[must_use]
pub fn is_reliable(datagram: &[u8]) -> bool {
    if datagram.len() < HEADER_LEN || datagram[..3] != MAGIC {
        return false;
    }
    let (version, kind, len) = (datagram[3] >> 4, datagram[3] & 0x0f, datagram.len());
    if version != VERSION {
        return RECOGNISED_VERSIONS.contains(&version);
    }
    match kind {
        HELLO => len == HELLO_LEN,
        WELCOME => len == WELCOME_LEN,
        CONFIRM => len >= HEADER_LEN + PROOF_LEN + ACK_LEN,
        DATA => len >= HEADER_LEN + ACK_LEN,
        RESET => len == RESET_LEN,
        CLOSE => len == CLOSE_LEN,
        _ => false,
    }
}

/// A datagram of the protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Datagram<'a> {
    /// Asks for a token. `token` is the one by which the sender wants to be addressed.
    Hello { token: u64 },
    /// Answers a hello: `grant` is the token by which the answerer wants to be addressed.
    Welcome {
        token: u64,
        grant: u64,
        stamp: u32,
        incarnation: u32,
    },
    /// Data of an initiator who has not heard the answerer's data yet.
    Confirm {
        token: u64,
        proof: Proof,
        body: Body<'a>,
    },
    /// Acknowledgements, and chunks of messages.
    Data { token: u64, body: Body<'a> },
    /// Answers data with an unknown `token`.
    Reset {
        token: u64,
        incarnation: u32,
        gave_up: bool,
    },
    /// The sender ends the session.
    Close { token: u64, code: u8 },
}

/// With this an answerer that kept nothing recomputes the token that it granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// The token of the hello.
    pub(super) token: u64,
    /// The stamp of the welcome.
    pub(super) stamp: u32,
    /// The initiator's incarnation.
    pub(super) incarnation: u32,
    /// Whether the initiator gave up an earlier session between the two.
    pub(super) gave_up: bool,
}

/// What data carries behind its token.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Body<'a> {
    /// Number of the datagram; without meaning if it carries no chunk.
    pub(super) number: u32,
    /// Acknowledgements.
    pub(super) ack: Ack<'a>,
    chunks: &'a [u8],
}

/// Which datagrams have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ack<'a> {
    /// The highest number that has arrived; 0 if none has.
    pub(super) largest: u32,
    /// How long ago it did, in units of [`DELAY_UNIT`].
    pub(super) delay: u16,
    /// Bit i of byte j: whether number `largest - 1 - (8 j + i)` has arrived.
    pub(super) bitmap: &'a [u8],
}

/// Where in its message a chunk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    First,
    Middle,
    Last,
}

impl Part {
    /// Whether the chunk before this one belongs to the same message.
    pub(super) fn continues(self) -> bool {
        matches!(self, Self::Middle | Self::Last)
    }

    /// Whether the chunk after this one belongs to the same message.
    pub(super) fn is_continued(self) -> bool {
        matches!(self, Self::First | Self::Middle)
    }

    fn from_bits(bits: u16) -> Self {
        match bits & 3 {
            0 => Self::Whole,
            1 => Self::First,
            2 => Self::Middle,
            _ => Self::Last,
        }
    }
}

/// A message, or a part of one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chunk<'a> {
    pub(super) sequence: u32,
    pub(super) part: Part,
    pub(super) payload: &'a [u8],
}

/// Why a datagram could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is of a version that is not spoken here.
    Version,
    /// It is not laid out as the protocol says.
    Malformed,
}

/// Reads a datagram; the whole of it is checked before anything is returned.
pub(super) fn parse(datagram: &[u8]) -> Result<Datagram<'_>, Unreadable> {
    if !is_reliable(datagram) {
        return Err(Unreadable::Malformed);
    }
    if datagram[3] >> 4 != VERSION {
        return Err(Unreadable::Version);
    }
    let mut reader = Reader(&datagram[4..]);
    read(datagram[3] & 0x0f, &mut reader).ok_or(Unreadable::Malformed)
}

fn read<'a>(kind: u8, reader: &mut Reader<'a>) -> Option<Datagram<'a>> {
    let token = reader.u64()?;
    Some(match kind {
        HELLO => Datagram::Hello { token },
        WELCOME => Datagram::Welcome {
            token,
            grant: reader.u64()?,
            stamp: reader.u32()?,
            incarnation: reader.u32()?,
        },
        CONFIRM => Datagram::Confirm {
            token,
            proof: Proof {
                token: reader.u64()?,
                stamp: reader.u32()?,
                incarnation: reader.u32()?,
                gave_up: reader.u8()? & PROOF_GAVE_UP != 0,
            },
            body: Body::read(reader)?,
        },
        DATA => Datagram::Data {
            token,
            body: Body::read(reader)?,
        },
        RESET => Datagram::Reset {
            token,
            incarnation: reader.u32()?,
            gave_up: reader.u8()? & PROOF_GAVE_UP != 0,
        },
        CLOSE => Datagram::Close {
            token,
            code: reader.u8()?,
        },
        _ => return None,
    })
}

impl<'a> Body<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let number = reader.u32()?;
        let largest = reader.u32()?;
        let delay = reader.u16()?;
        let bitmap_len = usize::from(reader.u8()?);
        if bitmap_len > BITMAP_MAX {
            return None;
        }
        let bitmap = reader.take(bitmap_len)?;
        let body = Self {
            number,
            ack: Ack {
                largest,
                delay,
                bitmap,
            },
            chunks: reader.0,
        };
        let mut chunks = body.chunks();
        while chunks.next().is_some() {}
        chunks.rest.0.is_empty().then_some(body)
    }

    /// Whether there is any chunk.
    pub(super) fn has_chunks(&self) -> bool {
        !self.chunks.is_empty()
    }

    /// The chunks, in the order in which they stand.
    pub(super) fn chunks(&self) -> Chunks<'a> {
        Chunks {
            rest: Reader(self.chunks),
            next: None,
        }
    }
}

/// See [`Body::chunks`]. Ends at what it cannot read.
pub(super) struct Chunks<'a> {
    rest: Reader<'a>,
    next: Option<u32>,
}

impl<'a> Chunks<'a> {
    fn read(&self) -> Option<(Chunk<'a>, Reader<'a>)> {
        let mut reader = Reader(self.rest.0);
        let head = reader.u16()?;
        if head & CHUNK_RESERVED != 0 {
            return None;
        }
        let sequence = if head & CHUNK_NUMBERED != 0 {
            reader.u32()?
        } else {
            self.next?
        };
        let payload = reader.take(usize::from(head & CHUNK_SIZE_MASK))?;
        let part = Part::from_bits(head >> CHUNK_PART_SHIFT);
        let chunk = Chunk {
            sequence,
            part,
            payload,
        };
        Some((chunk, reader))
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let (chunk, rest) = self.read()?;
        self.rest = rest;
        self.next = Some(chunk.sequence.wrapping_add(1));
        Some(chunk)
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

/// Writes one datagram into a buffer that is long enough for it.
pub(super) struct Writer<'a> {
    buffer: &'a mut [u8],
    len: usize,
    next_sequence: Option<u32>,
}

impl<'a> Writer<'a> {
    fn start(buffer: &'a mut [u8], kind: u8, token: u64) -> Self {
        let mut writer = Self {
            buffer,
            len: 0,
            next_sequence: None,
        };
        writer.put(&MAGIC);
        writer.put(&[VERSION << 4 | kind]);
        writer.put(&token.to_le_bytes());
        writer
    }

    /// Begins data; acknowledgements and chunks are to follow.
    pub(super) fn data(buffer: &'a mut [u8], token: u64) -> Self {
        Self::start(buffer, DATA, token)
    }

    /// Begins a confirm; acknowledgements and chunks are to follow.
    pub(super) fn confirm(buffer: &'a mut [u8], token: u64, proof: Proof) -> Self {
        let mut writer = Self::start(buffer, CONFIRM, token);
        writer.put(&proof.token.to_le_bytes());
        writer.put(&proof.stamp.to_le_bytes());
        writer.put(&proof.incarnation.to_le_bytes());
        writer.put(&[if proof.gave_up { PROOF_GAVE_UP } else { 0 }]);
        writer
    }

    /// The part of a body that stands before its chunks.
    pub(super) fn ack(&mut self, number: u32, ack: Ack<'_>) {
        self.put(&number.to_le_bytes());
        self.put(&ack.largest.to_le_bytes());
        self.put(&ack.delay.to_le_bytes());
        self.put(&[ack.bitmap.len() as u8]);
        self.put(ack.bitmap);
    }

    /// Whether a chunk of `size` bytes still fits.
    pub(super) fn fits(&self, sequence: u64, size: usize) -> bool {
        let head = if self.next_sequence == Some(sequence as u32) {
            CHUNK_LEN
        } else {
            CHUNK_LEN_MAX
        };
        self.len + head + size <= self.buffer.len()
    }

    /// Adds a chunk that [fits](Self::fits); the caller fills in the bytes that are returned.
    pub(super) fn chunk(&mut self, sequence: u64, part: Part, size: usize) -> &mut [u8] {
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
    pub(super) fn room(&self) -> usize {
        self.buffer.len() - self.len
    }

    /// Length of the datagram so far.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn put(&mut self, bytes: &[u8]) {
        self.buffer[self.len..][..bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

/// A datagram of fixed length, to be written out of turn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Control {
    Hello {
        token: u64,
    },
    Welcome {
        token: u64,
        grant: u64,
        stamp: u32,
        incarnation: u32,
    },
    Reset {
        token: u64,
        incarnation: u32,
        gave_up: bool,
    },
    Close {
        token: u64,
        code: u8,
    },
}

impl Control {
    /// Writes the datagram and returns its length, at most [`CONTROL_LEN`].
    pub(super) fn write(self, buffer: &mut [u8]) -> usize {
        match self {
            Self::Hello { token } => {
                let mut writer = Writer::start(buffer, HELLO, token);
                writer.put(&[0; HELLO_LEN - HEADER_LEN]);
                writer.len
            }
            Self::Welcome {
                token,
                grant,
                stamp,
                incarnation,
            } => {
                let mut writer = Writer::start(buffer, WELCOME, token);
                writer.put(&grant.to_le_bytes());
                writer.put(&stamp.to_le_bytes());
                writer.put(&incarnation.to_le_bytes());
                writer.len
            }
            Self::Reset {
                token,
                incarnation,
                gave_up,
            } => {
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
