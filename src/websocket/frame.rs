//! Frames on the wire (RFC 6455, section 5.2): reading a header, writing a frame.

use super::kinds::{Kind, Side};
use super::mask::{self, Key};
use super::violation::Violation;

/// The longest header: two bytes, a 64-bit length, a masking key.
pub const MAX_HEADER: usize = 14;

/// The largest payload of a control frame (section 5.5).
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xa,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    #[must_use]
    pub fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

impl From<Kind> for Opcode {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::Binary => Self::Binary,
        }
    }
}

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The last (or only) frame of its message.
    pub fin: bool,
    pub opcode: Opcode,
    pub mask: Option<Key>,
    /// Payload bytes.
    pub length: u64,
}

impl Header {
    /// Reads the header at the start of `bytes` and says how long it is; `None` if it is not all
    /// there yet. Checks what can be checked without knowing the frames before.
    #[inline]
    pub fn parse(bytes: &[u8], receiver: Side) -> Result<Option<(Self, usize)>, Violation> {
        let [first, second, ..] = *bytes else {
            return Ok(None);
        };
        let fin = first & 0x80 != 0;
        let masked = second & 0x80 != 0;
        let short_length = second & 0x7f;

        if first & 0x70 != 0 {
            return Err(match first & 0x40 {
                0 => Violation::ReservedBit,
                _ => Violation::Compressed,
            });
        }
        let Some(opcode) = Opcode::from_bits(first & 0x0f) else {
            return Err(Violation::ReservedOpcode);
        };
        match receiver {
            Side::Server if !masked => return Err(Violation::ClientUnmasked),
            Side::Client if masked => return Err(Violation::ServerMasked),
            _ => {}
        }
        if opcode.is_control() {
            if !fin {
                return Err(Violation::ControlFragmented);
            }
            if usize::from(short_length) > MAX_CONTROL_PAYLOAD {
                return Err(Violation::ControlTooLong);
            }
        }

        let (length, mut at) = match short_length {
            126 => match bytes.get(2..4) {
                Some(&[a, b]) => (u64::from(u16::from_be_bytes([a, b])), 4),
                _ => return Ok(None),
            },
            127 => match bytes.get(2..10).map(<[u8; 8]>::try_from) {
                Some(Ok(long)) => (u64::from_be_bytes(long), 10),
                _ => return Ok(None),
            },
            short => (u64::from(short), 2),
        };
        if at > 2 && length < if at == 4 { 126 } else { 0x1_0000 } {
            return Err(Violation::LengthNotShortest);
        }
        if length >> 63 != 0 {
            return Err(Violation::LengthHighestBit);
        }

        let mask = if masked {
            let Some(&[a, b, c, d]) = bytes.get(at..at + 4) else {
                return Ok(None);
            };
            at += 4;
            Some([a, b, c, d])
        } else {
            None
        };
        let header = Self { fin, opcode, mask, length };
        Ok(Some((header, at)))
    }

    /// Appends the header's bytes.
    // Every length is written as a whole array: copies of constant length are single stores.
    #[inline(always)]
    pub fn write(&self, out: &mut Vec<u8>) {
        let first = u8::from(self.fin) << 7 | self.opcode as u8;
        let masked = u8::from(self.mask.is_some()) << 7;
        match self.length {
            short @ 0..=125 => out.extend_from_slice(&[first, masked | short as u8]),
            medium @ 126..=0xffff => {
                let [high, low] = (medium as u16).to_be_bytes();
                out.extend_from_slice(&[first, masked | 126, high, low]);
            }
            long => {
                out.extend_from_slice(&[first, masked | 127]);
                out.extend_from_slice(&long.to_be_bytes());
            }
        }
        if let Some(key) = self.mask {
            out.extend_from_slice(&key);
        }
    }
}

/// Appends a whole frame to `out`. The payload may be in pieces (a packet's header and its data),
/// so that they need not be joined first. Clients pass a fresh [`mask::random_key`] each time,
/// servers `None`.
// Inlined, so that a server's frames are written without a look at masks.
#[inline(always)]
pub fn write_frame<const N: usize>(
    out: &mut Vec<u8>,
    opcode: Opcode,
    payload: [&[u8]; N],
    mask: Option<Key>,
) {
    let length: usize = payload.iter().map(|piece| piece.len()).sum();
    debug_assert!(!opcode.is_control() || length <= MAX_CONTROL_PAYLOAD);
    let header = Header { fin: true, opcode, mask, length: length as u64 };
    out.reserve(MAX_HEADER + length);
    header.write(out);
    match mask {
        None => {
            for piece in payload {
                out.extend_from_slice(piece);
            }
        }
        Some(mut key) => {
            for piece in payload {
                mask::append(out, piece, key);
                key = mask::advance(key, piece.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(opcode: Opcode, length: u64, mask: Option<Key>) -> Header {
        Header { fin: true, opcode, mask, length }
    }

    #[test]
    fn headers_survive_the_round_trip_and_need_every_byte() {
        let lengths = [0, 1, 125, 126, 127, 0xffff, 0x1_0000, u64::MAX >> 1];
        for (receiver, mask) in [(Side::Client, None), (Side::Server, Some([1, 2, 3, 4]))] {
            for length in lengths {
                for fin in [false, true] {
                    let sent = Header { fin, ..header(Opcode::Binary, length, mask) };
                    let mut bytes = Vec::new();
                    sent.write(&mut bytes);
                    for part in 0..bytes.len() {
                        assert_eq!(Header::parse(&bytes[..part], receiver), Ok(None));
                    }
                    assert_eq!(Header::parse(&bytes, receiver), Ok(Some((sent, bytes.len()))));
                }
            }
        }
    }

    /// The examples of RFC 6455, section 5.7.
    #[test]
    fn the_examples_of_the_rfc() {
        let write = |opcode, payload: &[u8], mask| {
            let mut out = Vec::new();
            write_frame(&mut out, opcode, [payload], mask);
            out
        };
        let key = [0x37, 0xfa, 0x21, 0x3d];
        assert_eq!(write(Opcode::Text, b"Hello", None), [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
        assert_eq!(
            write(Opcode::Text, b"Hello", Some(key)),
            [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        );
        assert_eq!(
            write(Opcode::Pong, b"Hello", Some(key)),
            [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        );
        assert_eq!(write(Opcode::Binary, &[7; 256], None)[..5], [0x82, 0x7e, 0x01, 0x00, 7]);
        assert_eq!(
            write(Opcode::Binary, &vec![7; 65_536], None)[..11],
            [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0, 7]
        );
    }

    #[test]
    fn pieces_are_one_payload() {
        let payload: Vec<u8> = (0..=255).collect();
        for mask in [None, Some([9, 8, 7, 6])] {
            let mut whole = Vec::new();
            write_frame(&mut whole, Opcode::Binary, [&payload], mask);
            for split in 0..=payload.len() {
                let (left, right) = payload.split_at(split);
                let mut pieces = Vec::new();
                write_frame(&mut pieces, Opcode::Binary, [left, right], mask);
                assert_eq!(pieces, whole);
            }
        }
    }
}
