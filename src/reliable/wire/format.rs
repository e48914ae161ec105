//! The layout: kinds of datagrams, lengths, flags.
//!
//! All integers are little-endian. `docs/reliable-udp.md` has the tables and the test vectors.

/// Bytes with which every datagram begins: magic, version and kind, token.
pub const HEADER_LEN: usize = 12;

/// The version of the protocol that is spoken here.
pub const VERSION: u8 = 1;

/// No text, no `DEADC0DE`: a byte that begins no ASCII, then "SW".
pub(crate) const MAGIC: [u8; 3] = [0xd7, 0x53, 0x57];

/// Later versions that are recognised as this protocol, so that they are counted and dropped
/// rather than shown to the program as data.
pub(crate) const RECOGNISED_VERSIONS: std::ops::RangeInclusive<u8> = 1..=3;

pub(crate) const HELLO: u8 = 1;
pub(crate) const WELCOME: u8 = 2;
pub(crate) const CONFIRM: u8 = 3;
pub(crate) const DATA: u8 = 4;
pub(crate) const RESET: u8 = 5;
pub(crate) const CLOSE: u8 = 6;

/// A hello is padded, to more than the welcome that answers it.
pub(crate) const HELLO_LEN: usize = WELCOME_LEN + 4;
pub(crate) const WELCOME_LEN: usize = HEADER_LEN + 16;
pub(crate) const RESET_LEN: usize = HEADER_LEN + 5;
pub(crate) const CLOSE_LEN: usize = HEADER_LEN + 1;

/// Longest of the datagrams that have a fixed length.
pub(crate) const CONTROL_LEN: usize = HELLO_LEN;

/// Bytes that a confirm has between its header and its body.
pub(crate) const PROOF_LEN: usize = 17;

/// Bytes with which a body begins, before the bitmap of acknowledged datagrams.
pub(crate) const ACK_LEN: usize = 11;

/// Longest bitmap of acknowledged datagrams.
pub(crate) const BITMAP_MAX: usize = 32;

/// Bytes before a chunk that follows on the one before it, and before any other.
pub(crate) const CHUNK_LEN: usize = 2;
pub(crate) const CHUNK_LEN_MAX: usize = 6;

/// One unit of the acknowledgement delay, in microseconds.
pub(crate) const DELAY_UNIT: u64 = 16;

pub(crate) const PROOF_GAVE_UP: u8 = 1;

pub(crate) const CHUNK_SIZE_MASK: u16 = 0x0fff;
pub(crate) const CHUNK_NUMBERED: u16 = 0x1000;
pub(crate) const CHUNK_PART_SHIFT: u32 = 13;
pub(crate) const CHUNK_RESERVED: u16 = 0x8000;

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

/// The token by which a datagram addresses its receiver.
pub(crate) fn token(datagram: &[u8]) -> Option<u64> {
    let bytes = datagram.get(4..HEADER_LEN)?;
    bytes.try_into().ok().map(u64::from_le_bytes)
}

/// A datagram of the protocol.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Datagram<'a> {
    /// Asks for a token. `token` is the one by which the sender wants to be addressed.
    Hello { token: u64 },
    /// Answers a hello: `grant` is the token by which the answerer wants to be addressed.
    Welcome { token: u64, grant: u64, stamp: u32, incarnation: u32 },
    /// Data of an initiator who has not heard the answerer's data yet.
    Confirm { token: u64, proof: Proof, body: Body<'a> },
    /// Acknowledgements, and chunks of messages.
    Data { token: u64, body: Body<'a> },
    /// Answers data with an unknown `token`.
    Reset { token: u64, incarnation: u32, gave_up: bool },
    /// The sender ends the session.
    Close { token: u64, code: u8 },
}

/// With this an answerer that kept nothing recomputes the token that it granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    /// The token of the hello.
    pub(crate) token: u64,
    /// The stamp of the welcome.
    pub(crate) stamp: u32,
    /// The initiator's incarnation.
    pub(crate) incarnation: u32,
    /// Whether the initiator gave up an earlier session between the two.
    pub(crate) gave_up: bool,
}

/// What data carries behind its token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Body<'a> {
    /// Number of the datagram; without meaning if it carries no chunk.
    pub(crate) number: u32,
    /// Acknowledgements.
    pub(crate) ack: Ack<'a>,
    pub(crate) chunks: &'a [u8],
}

/// Which datagrams have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ack<'a> {
    /// The highest number that has arrived; 0 if none has.
    pub(crate) largest: u32,
    /// How long ago it did, in units of [`DELAY_UNIT`].
    pub(crate) delay: u16,
    /// Bit i of byte j: whether number `largest - 1 - (8 j + i)` has arrived.
    pub(crate) bitmap: &'a [u8],
}

/// Where in its message a chunk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    First,
    Middle,
    Last,
}

impl Part {
    /// Whether the chunk before this one belongs to the same message.
    pub(crate) fn continues(self) -> bool {
        matches!(self, Self::Middle | Self::Last)
    }

    /// Whether the chunk after this one belongs to the same message.
    pub(crate) fn is_continued(self) -> bool {
        matches!(self, Self::First | Self::Middle)
    }

    pub(crate) fn from_bits(bits: u16) -> Self {
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
pub(crate) struct Chunk<'a> {
    pub(crate) sequence: u32,
    pub(crate) part: Part,
    pub(crate) payload: &'a [u8],
}

/// Why a datagram could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is of a version that is not spoken here.
    Version,
    /// It is not laid out as the protocol says.
    Malformed,
}
