//! Reading datagrams.

use super::format::{
    Ack, BITMAP_MAX, Body, CHUNK_NUMBERED, CHUNK_PART_SHIFT, CHUNK_RESERVED, CHUNK_SIZE_MASK, CLOSE, CONFIRM,
    Chunk, DATA, Datagram, HELLO, PROOF_GAVE_UP, Part, Proof, RESET, Unreadable, VERSION, WELCOME,
    is_reliable,
};

/// Reads a datagram; the whole of it is checked before anything is returned.
pub(crate) fn parse(datagram: &[u8]) -> Result<Datagram<'_>, Unreadable> {
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
        DATA => Datagram::Data { token, body: Body::read(reader)? },
        RESET => {
            Datagram::Reset { token, incarnation: reader.u32()?, gave_up: reader.u8()? & PROOF_GAVE_UP != 0 }
        }
        CLOSE => Datagram::Close { token, code: reader.u8()? },
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
        let body = Self { number, ack: Ack { largest, delay, bitmap }, chunks: reader.0 };
        let mut chunks = body.chunks();
        while chunks.next().is_some() {}
        chunks.rest.0.is_empty().then_some(body)
    }

    /// Whether there is any chunk.
    pub(crate) fn has_chunks(&self) -> bool {
        !self.chunks.is_empty()
    }

    /// The chunks, in the order in which they stand.
    pub(crate) fn chunks(&self) -> Chunks<'a> {
        Chunks { rest: Reader(self.chunks), next: None }
    }
}

/// See [`Body::chunks`]. Ends at what it cannot read.
pub(crate) struct Chunks<'a> {
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
        let sequence = if head & CHUNK_NUMBERED != 0 { reader.u32()? } else { self.next? };
        let payload = reader.take(usize::from(head & CHUNK_SIZE_MASK))?;
        let part = Part::from_bits(head >> CHUNK_PART_SHIFT);
        let chunk = Chunk { sequence, part, payload };
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
