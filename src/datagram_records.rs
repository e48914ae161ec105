//! Datagrams on the way from the host's calls to the reactor: records, back to back in one buffer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::ops::Range;

/// What a datagram can carry: an IPv4 packet's 65 535 bytes without its headers.
pub(crate) const LARGEST_DATAGRAM: usize = 65_507;

/// Where a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To<'a> {
    Address(SocketAddr),
    /// A name that is yet to be resolved, and a port.
    Name(&'a str, u16),
    /// Everybody on the networks around, at this port.
    Broadcast(u16),
}

/// One record of a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) to: To<'a>,
    /// A message of the reliable protocol, not a datagram.
    pub(crate) reliable: bool,
    pub(crate) bytes: &'a [u8],
    /// How many of the bytes are the host's own.
    pub(crate) payload: usize,
    /// Where in the buffer the record stands, and the record itself.
    pub(crate) place: Range<usize>,
    pub(crate) whole: &'a [u8],
}

/// What every record begins with: the datagram's size, what kind of destination follows, how many
/// of the bytes are header, the port.
const FIXED: usize = 4 + 1 + 1 + 2;

mod kind {
    pub(crate) const V4: u8 = 0;
    pub(crate) const V6: u8 = 1;
    pub(crate) const NAME: u8 = 2;
    pub(crate) const BROADCAST: u8 = 3;
    pub(crate) const MASK: u8 = 3;
    pub(crate) const RELIABLE: u8 = 4;
}

/// Adds a datagram of `header` and `payload`.
pub(crate) fn push(buffer: &mut Vec<u8>, to: To<'_>, reliable: bool, header: &[u8], payload: &[u8]) {
    let (what, port) = match to {
        To::Address(address) if address.is_ipv4() => (kind::V4, address.port()),
        To::Address(address) => (kind::V6, address.port()),
        To::Name(_, port) => (kind::NAME, port),
        To::Broadcast(port) => (kind::BROADCAST, port),
    };
    let flags = if reliable { kind::RELIABLE } else { 0 };
    buffer.reserve(FIXED + 20 + header.len() + payload.len());
    buffer.extend_from_slice(&((header.len() + payload.len()) as u32).to_ne_bytes());
    buffer.push(what | flags);
    buffer.push(header.len() as u8);
    buffer.extend_from_slice(&port.to_ne_bytes());
    match to {
        To::Address(SocketAddr::V4(v4)) => buffer.extend_from_slice(&v4.ip().octets()),
        To::Address(SocketAddr::V6(v6)) => {
            buffer.extend_from_slice(&v6.ip().octets());
            buffer.extend_from_slice(&v6.scope_id().to_ne_bytes());
        }
        To::Name(name, _) => {
            buffer.extend_from_slice(&(name.len() as u16).to_ne_bytes());
            buffer.extend_from_slice(name.as_bytes());
        }
        To::Broadcast(_) => {}
    }
    buffer.extend_from_slice(header);
    buffer.extend_from_slice(payload);
}

/// Records that leave one after the other.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// How far they have left.
    done: usize,
}

impl Buffer {
    /// Memory up to this size is used again.
    const KEPT: usize = 1 << 20;

    pub(crate) fn is_empty(&self) -> bool {
        self.done == self.bytes.len()
    }

    /// The records that are left.
    pub(crate) fn records(&self) -> Records<'_> {
        Records { buffer: &self.bytes, at: self.done }
    }

    pub(crate) fn push(&mut self, to: To<'_>, reliable: bool, header: &[u8], payload: &[u8]) {
        self.forget_done();
        push(&mut self.bytes, to, reliable, header, payload);
    }

    /// Everything before that place has left.
    pub(crate) fn advance(&mut self, to: usize) {
        self.done = to;
    }

    /// Takes records over from the end of another buffer, which is empty then.
    pub(crate) fn append(&mut self, bytes: &mut Vec<u8>) {
        self.forget_done();
        if self.bytes.is_empty() {
            std::mem::swap(&mut self.bytes, bytes);
        } else {
            self.bytes.append(bytes);
        }
    }

    fn forget_done(&mut self) {
        if !self.is_empty() || self.done == 0 {
            return;
        }
        self.done = 0;
        if self.bytes.capacity() > Self::KEPT {
            self.bytes = Vec::new();
        } else {
            self.bytes.clear();
        }
    }
}

/// Walks over the records of a buffer from `at` on.
#[derive(Clone, Debug)]
pub(crate) struct Records<'a> {
    buffer: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn new(buffer: &'a [u8]) -> Self {
        Records { buffer, at: 0 }
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let bytes = *self.buffer.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(bytes)
    }

    fn slice(&mut self, size: usize) -> Option<&'a [u8]> {
        let bytes = self.buffer.get(self.at..self.at + size)?;
        self.at += size;
        Some(bytes)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    #[inline]
    fn next(&mut self) -> Option<Record<'a>> {
        let start = self.at;
        let size = u32::from_ne_bytes(self.take()?) as usize;
        let [what, header] = self.take()?;
        let port = u16::from_ne_bytes(self.take()?);
        let to = match what & kind::MASK {
            kind::V4 => {
                let ip = Ipv4Addr::from(self.take::<4>()?);
                To::Address(SocketAddr::new(IpAddr::V4(ip), port))
            }
            kind::V6 => {
                let ip = Ipv6Addr::from(self.take::<16>()?);
                let zone = u32::from_ne_bytes(self.take()?);
                To::Address(SocketAddrV6::new(ip, port, 0, zone).into())
            }
            kind::NAME => {
                let length = u16::from_ne_bytes(self.take()?);
                To::Name(std::str::from_utf8(self.slice(usize::from(length))?).ok()?, port)
            }
            _ => To::Broadcast(port),
        };
        let bytes = self.slice(size)?;
        Some(Record {
            to,
            reliable: what & kind::RELIABLE != 0,
            bytes,
            payload: size - usize::from(header),
            place: start..self.at,
            whole: &self.buffer[start..self.at],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_out_as_they_went_in() {
        let v4: SocketAddr = "192.0.2.1:7".parse().expect("an address");
        let v6 = SocketAddr::V6(SocketAddrV6::new("fe80::1".parse().expect("an address"), 65_535, 0, 3));
        let all = [To::Address(v4), To::Address(v6), To::Name("example.org", 80), To::Broadcast(6_510)];
        let mut buffer = Vec::new();
        for (index, &to) in all.iter().enumerate() {
            push(&mut buffer, to, index == 2, b"head", &vec![7; index * 1000]);
        }
        let records: Vec<Record<'_>> = Records::new(&buffer).collect();
        assert_eq!(records.len(), all.len());
        let mut end = 0;
        for (index, record) in records.iter().enumerate() {
            assert_eq!(record.to, all[index]);
            assert_eq!(record.reliable, index == 2);
            assert_eq!(&record.bytes[..4], b"head");
            assert_eq!(record.payload, index * 1000);
            assert_eq!(record.bytes.len(), index * 1000 + 4);
            assert_eq!(record.place.start, end);
            end = record.place.end;
        }
        assert_eq!(end, buffer.len());
    }

    fn broadcast(buffer: &mut Buffer, payload: &[u8]) {
        buffer.push(To::Broadcast(1), false, &[], payload);
    }

    fn left(buffer: &Buffer) -> Vec<&[u8]> {
        buffer.records().map(|record| record.bytes).collect()
    }

    #[test]
    fn records_leave_a_buffer_in_the_order_in_which_they_came() {
        let mut buffer = Buffer::default();
        assert!(buffer.is_empty());
        broadcast(&mut buffer, b"one");
        broadcast(&mut buffer, b"two");
        assert!(!buffer.is_empty());
        let end_of_first = buffer.records().next().expect("a record").place.end;
        buffer.advance(end_of_first);
        broadcast(&mut buffer, b"three");
        let mut more = Vec::new();
        push(&mut more, To::Broadcast(2), false, &[], b"four");
        buffer.append(&mut more);
        assert!(more.is_empty());
        assert_eq!(left(&buffer), [&b"two"[..], b"three", b"four"]);
        let end = buffer.records().last().expect("a record").place.end;
        buffer.advance(end);
        assert!(buffer.is_empty() && left(&buffer).is_empty());
    }

    #[test]
    fn room_of_what_has_left_is_used_again_unless_it_is_large() {
        let mut buffer = Buffer::default();
        for (size, is_kept) in [(1_000, true), (2 << 20, false)] {
            broadcast(&mut buffer, &vec![0; size]);
            let (end, room) = (buffer.bytes.len(), buffer.bytes.capacity());
            buffer.advance(end);
            broadcast(&mut buffer, b"next");
            assert_eq!(left(&buffer), [b"next"]);
            assert!(buffer.bytes.len() < 100);
            assert_eq!(buffer.bytes.capacity() == room, is_kept);
        }
    }

    #[test]
    fn an_empty_buffer_takes_another_over_whole() {
        let mut buffer = Buffer::default();
        broadcast(&mut buffer, b"gone");
        buffer.advance(buffer.bytes.len());
        let mut more = Vec::new();
        push(&mut more, To::Broadcast(2), false, &[], b"more");
        buffer.append(&mut more);
        assert!(more.is_empty());
        assert_eq!(left(&buffer), [b"more"]);
    }
}
