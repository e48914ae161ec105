//! A stream of bytes, cut anywhere, to packets.

use super::packet::{self, HEADER_SIZE, Packet};

/// Takes the packets that a [`Framer`] finds.
pub trait PacketSink {
    /// A packet whose payload lies whole in the bytes passed to [`Framer::receive`].
    fn packet(&mut self, at: usize, size: usize);

    /// A packet that came in pieces: header and payload.
    fn gathered(&mut self, packet: Vec<u8>);
}

/// What makes a regular connection impossible to go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Where a packet had to begin stood something else.
    NotAPacket,
    /// The announced payload of this many bytes is over the limit.
    TooBig(usize),
}

/// The receiving half of a regular connection after the handshake.
///
/// Packets that lie whole in what was received are found there; only one that does not is put
/// together in memory of the framer's own, which grows with what arrives, never with the size that
/// was announced, and leaves with the packet.
#[derive(Debug, Default)]
pub struct Framer {
    /// Between packets there is none, and a word does.
    partial: Option<Box<Partial>>,
}

/// A packet that has not come whole.
#[derive(Debug, Default)]
struct Partial {
    bytes: Vec<u8>,
}

impl Framer {
    fn bytes(&self) -> &[u8] {
        self.partial.as_ref().map_or(&[], |partial| &partial.bytes)
    }

    /// Bytes of a packet that has not come whole; 0 between packets.
    #[inline]
    pub fn partial(&self) -> usize {
        self.bytes().len()
    }

    /// What the part of a packet that has come takes of memory.
    #[inline]
    pub fn memory(&self) -> usize {
        self.partial.as_ref().map_or(0, |partial| partial.bytes.capacity())
    }

    /// How many bytes the packet that has begun still lacks, as far as they are known.
    pub fn missing(&self) -> usize {
        match packet::parse(self.bytes(), usize::MAX) {
            Packet::Partial(size) => HEADER_SIZE + size - self.partial(),
            Packet::PartialHeader if !self.is_between_packets() => HEADER_SIZE - self.partial(),
            _ => 0,
        }
    }

    /// Whether the last byte received was the last of a packet.
    pub fn is_between_packets(&self) -> bool {
        self.partial.is_none()
    }

    /// Takes the bytes from `at` on. After an error nothing more can be received.
    #[inline]
    pub fn receive(
        &mut self,
        bytes: &[u8],
        mut at: usize,
        limit: usize,
        sink: &mut impl PacketSink,
    ) -> Result<(), Broken> {
        if self.partial.is_some() {
            at += self.gather(&bytes[at..], limit, sink)?;
        }
        while at < bytes.len() {
            match packet::parse(&bytes[at..], limit) {
                Packet::Whole(size) => {
                    sink.packet(at + HEADER_SIZE, size);
                    at += HEADER_SIZE + size;
                }
                Packet::Partial(size) => {
                    self.keep(&bytes[at..], HEADER_SIZE + size);
                    return Ok(());
                }
                Packet::PartialHeader => {
                    self.keep(&bytes[at..], HEADER_SIZE);
                    return Ok(());
                }
                Packet::Broken => return Err(Broken::NotAPacket),
                Packet::TooBig(size) => return Err(Broken::TooBig(size)),
            }
        }
        Ok(())
    }

    /// Goes on with a packet that began earlier; returns how many bytes that took.
    #[cold]
    fn gather(&mut self, bytes: &[u8], limit: usize, sink: &mut impl PacketSink) -> Result<usize, Broken> {
        let mut at = 0;
        loop {
            let missing = match packet::parse(self.bytes(), limit) {
                Packet::PartialHeader => HEADER_SIZE - self.partial(),
                Packet::Partial(size) => HEADER_SIZE + size - self.partial(),
                Packet::Whole(_) => {
                    sink.gathered(self.partial.take().map_or_else(Vec::new, |partial| partial.bytes));
                    return Ok(at);
                }
                Packet::Broken => return Err(Broken::NotAPacket),
                Packet::TooBig(size) => return Err(Broken::TooBig(size)),
            };
            if at == bytes.len() {
                return Ok(at);
            }
            let taken = missing.min(bytes.len() - at);
            self.keep(&bytes[at..at + taken], self.partial() + missing);
            at += taken;
        }
    }

    /// Memory doubles as it grows, but not past the packet's end.
    fn keep(&mut self, bytes: &[u8], end: usize) {
        let partial = &mut self.partial.get_or_insert_default().bytes;
        let length = partial.len();
        let needed = length + bytes.len();
        if needed > partial.capacity() {
            partial.reserve_exact(needed.max(2 * length).min(end) - length);
        }
        partial.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Receives a stream piece by piece, as a connection would.
    fn receive(stream: &[u8], pieces: &[usize], limit: usize) -> (Vec<Vec<u8>>, Result<(), Broken>) {
        struct Packets<'a>(Vec<Vec<u8>>, &'a [u8]);
        impl PacketSink for Packets<'_> {
            fn packet(&mut self, at: usize, size: usize) {
                self.0.push(self.1[at..at + size].to_vec());
            }
            fn gathered(&mut self, packet: Vec<u8>) {
                self.0.push(packet[HEADER_SIZE..].to_vec());
            }
        }
        let mut framer = Framer::default();
        let mut packets = Vec::new();
        let mut rest = stream;
        let mut sizes = pieces.iter().copied().chain(std::iter::repeat(usize::MAX));
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(sizes.next().unwrap_or(usize::MAX).clamp(1, rest.len()));
            rest = after;
            let mut sink = Packets(Vec::new(), piece);
            let result = framer.receive(piece, 0, limit, &mut sink);
            packets.append(&mut sink.0);
            if result.is_err() {
                return (packets, result);
            }
        }
        (packets, Ok(()))
    }

    fn stream_of(payloads: &[Vec<u8>]) -> Vec<u8> {
        let packet = |payload: &Vec<u8>| [&packet::header(payload.len() as u32)[..], payload].concat();
        payloads.iter().flat_map(packet).collect()
    }

    proptest! {
        #[test]
        fn any_segmentation_gives_the_same_packets(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
            pieces in prop::collection::vec(1..100_usize, 0..200),
        ) {
            let (packets, result) = receive(&stream_of(&payloads), &pieces, 200);
            prop_assert_eq!(packets, payloads);
            prop_assert_eq!(result, Ok(()));
        }

        #[test]
        fn packets_before_broken_input_are_delivered_and_nothing_after(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..10),
            pieces in prop::collection::vec(1..60_usize, 0..100),
            broken in 0..3_usize,
        ) {
            let (header, expected) = match broken {
                0 => (b"not a packet".to_vec(), Broken::NotAPacket),
                1 => (packet::header(51).to_vec(), Broken::TooBig(51)),
                _ => (vec![0xDE, 0xC0, 0xAD, 0xDE, 13, 0, 0, 0], Broken::NotAPacket),
            };
            let mut stream = stream_of(&payloads);
            stream.extend(header);
            stream.extend(stream_of(&[b"after".to_vec()]));
            let (packets, result) = receive(&stream, &pieces, 50);
            prop_assert_eq!(packets, payloads);
            prop_assert_eq!(result, Err(expected));
        }

        #[test]
        fn random_bytes_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..500),
            pieces in prop::collection::vec(1..50_usize, 0..50),
        ) {
            let _ = receive(&bytes, &pieces, 100);
        }
    }

    /// For as long as no packet is whole.
    struct Nothing;

    impl PacketSink for Nothing {
        fn packet(&mut self, _at: usize, _size: usize) {
            panic!("no packet is whole");
        }
        fn gathered(&mut self, _packet: Vec<u8>) {
            panic!("no packet is whole");
        }
    }

    #[test]
    fn nothing_is_kept_behind_a_packet_that_came_whole() {
        struct Count(usize);
        impl PacketSink for Count {
            fn packet(&mut self, _at: usize, _size: usize) {
                self.0 += 1;
            }
            fn gathered(&mut self, _packet: Vec<u8>) {
                self.0 += 1;
            }
        }
        let (mut framer, mut count) = (Framer::default(), Count(0));
        let stream = stream_of(&[vec![7; 5], vec![7; 5]]);
        for piece in [&stream[..], &stream[..20], &stream[20..]] {
            framer.receive(piece, 0, 5, &mut count).expect("packets");
        }
        assert_eq!(count.0, 4);
        assert!(framer.is_between_packets());
        assert_eq!((framer.partial(), framer.missing(), framer.memory()), (0, 0, 0));
    }

    #[test]
    fn memory_grows_with_what_arrives_not_with_what_is_announced() {
        let mut framer = Framer::default();
        let announced = 1 << 30;
        framer.receive(&packet::header(announced), 0, announced as usize, &mut Nothing).expect("a header");
        framer.receive(&[7; 1000], 0, announced as usize, &mut Nothing).expect("some payload");
        assert!(framer.memory() < 10_000);
    }

    #[test]
    fn a_packet_that_has_begun_says_what_it_has_and_what_it_lacks() {
        let stream = stream_of(&[vec![7; 1000]]);
        let mut framer = Framer::default();
        assert_eq!((framer.partial(), framer.missing(), framer.memory()), (0, 0, 0));
        assert!(framer.is_between_packets());
        let mut growths = 0;
        for has in 1..stream.len() {
            let before = framer.memory();
            framer.receive(&stream[has - 1..has], 0, 1000, &mut Nothing).expect("a part of a packet");
            let end = if has < HEADER_SIZE { HEADER_SIZE } else { stream.len() };
            assert_eq!((framer.partial(), framer.missing()), (has, end - has));
            assert!(!framer.is_between_packets());
            assert!((has..=2 * has).contains(&framer.memory()) && framer.memory() <= end);
            growths += usize::from(framer.memory() != before);
        }
        assert!(growths < 15, "{growths} times for {} bytes", stream.len());
    }
}
