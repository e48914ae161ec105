//! The packets of regular connections: 12 bytes of header, then the payload.

/// Bytes in front of each payload: magic, header size, payload size, little-endian.
pub const HEADER_SIZE: usize = 12;

const MAGIC: u32 = 0xDEAD_C0DE;

/// What stands at the beginning of some bytes of a regular connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A whole packet: its payload has this size and begins after the header.
    Whole(usize),
    /// A packet whose payload has this size, of which not all is there yet.
    Partial(usize),
    /// Not even a whole header, and nothing wrong so far.
    PartialHeader,
    /// Not a packet: the magic or the header size is wrong.
    Broken,
    /// A packet whose announced payload, of this size, is larger than allowed.
    TooBig(usize),
}

/// The header of a packet with a payload of `size` bytes.
#[inline]
pub fn header(size: u32) -> [u8; HEADER_SIZE] {
    let mut header = [0; HEADER_SIZE];
    header[0..4].copy_from_slice(&MAGIC.to_le_bytes());
    header[4..8].copy_from_slice(&(HEADER_SIZE as u32).to_le_bytes());
    header[8..12].copy_from_slice(&size.to_le_bytes());
    header
}

/// Looks at the packet that `bytes` begin with; `limit` is the largest payload accepted.
#[inline]
pub fn parse(bytes: &[u8], limit: usize) -> Packet {
    let Some(&header) = bytes.first_chunk::<HEADER_SIZE>() else {
        return parse_short(bytes);
    };
    let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if word(0) != MAGIC || word(4) != HEADER_SIZE as u32 {
        return Packet::Broken;
    }
    let size = word(8) as usize;
    if size > limit {
        Packet::TooBig(size)
    } else if bytes.len() - HEADER_SIZE < size {
        Packet::Partial(size)
    } else {
        Packet::Whole(size)
    }
}

/// A wrong magic is noticed with its first byte, not when the twelfth arrives.
#[cold]
fn parse_short(bytes: &[u8]) -> Packet {
    let known = bytes.len().min(8);
    if bytes[..known] == header(0)[..known] { Packet::PartialHeader } else { Packet::Broken }
}

/// The size of the packet header at the beginning of a datagram: 0 if that is not exactly a packet.
#[inline]
pub fn header_of(datagram: &[u8], size: usize) -> usize {
    let is_packet = size >= HEADER_SIZE && datagram.starts_with(&header((size - HEADER_SIZE) as u32));
    if is_packet { HEADER_SIZE } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_the_wire_document() {
        let hello = b"\xde\xc0\xad\xde\x0c\0\0\0\x05\0\0\0hello";
        assert_eq!(&hello[..12], &header(5));
        assert_eq!(parse(hello, 100), Packet::Whole(5));
        assert_eq!(parse(&header(0), 100), Packet::Whole(0));
    }

    #[test]
    fn every_prefix_of_a_packet_is_partial() {
        let mut packet = header(3).to_vec();
        packet.extend(b"abc");
        for cut in 0..packet.len() {
            let expected = if cut < HEADER_SIZE { Packet::PartialHeader } else { Packet::Partial(3) };
            assert_eq!(parse(&packet[..cut], 3), expected, "cut at {cut}");
        }
    }

    #[test]
    fn wrong_words_are_broken_as_soon_as_they_can_be_seen() {
        assert_eq!(parse(b"G", 100), Packet::Broken);
        assert_eq!(parse(b"\xde\xc0\xad\xde\x0d", 100), Packet::Broken);
        let mut wrong = header(1);
        wrong[4] = 13;
        assert_eq!(parse(&wrong, 100), Packet::Broken);
    }

    #[test]
    fn the_limit_counts_the_payload() {
        assert_eq!(parse(&header(101), 100), Packet::TooBig(101));
        assert_eq!(parse(&header(100), 100), Packet::Partial(100));
        assert_eq!(parse(&header(u32::MAX), 100), Packet::TooBig(u32::MAX as usize));
    }

    #[test]
    fn a_datagram_is_a_packet_only_if_its_size_is_exact() {
        let size = |datagram: &[u8]| header_of(datagram, datagram.len());
        assert_eq!(size(b"\xde\xc0\xad\xde\x0c\0\0\0\x02\0\0\0hi"), HEADER_SIZE);
        assert_eq!(size(b"\xde\xc0\xad\xde\x0c\0\0\0\x02\0\0\0hi!"), 0);
        assert_eq!(size(b"\xde\xc0\xad\xde\x0c\0\0\0\x03\0\0\0hi"), 0);
        assert_eq!(size(b"hi"), 0);
    }
}
