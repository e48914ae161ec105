//! The header that a proxy sends before anything else. Nothing behind it may be read: that is TLS's, or the
//! session's. So the machine says how many bytes are certain to belong to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The binary version begins with this, which is no text, no TLS and no HTTP.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// What comes before the part whose length it tells.
const FIXED: usize = 16;
/// The longest line of the text version, its end included.
const LONGEST_LINE: usize = 107;
/// Addresses and what proxies add to them; no proxy needs as much.
const LONGEST_REST: usize = 4096;

/// A header as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct Header {
    bytes: Vec<u8>,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// At most so many bytes can be read, and at least one.
    Read(usize),
    /// The header is whole. `None`: the proxy speaks for itself, or does not say for whom.
    Done(Option<SocketAddr>),
}

/// It is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAHeader;

impl Header {
    /// Adds what was read.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What the part of it that has come takes of memory.
    pub(crate) fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    pub(crate) fn step(&self) -> Result<Step, NotAHeader> {
        let bytes = &self.bytes[..];
        let start = bytes.len().min(SIGNATURE.len());
        if bytes[..start] == SIGNATURE[..start] {
            return self.binary();
        }
        const WORD: &[u8] = b"PROXY ";
        let start = bytes.len().min(WORD.len());
        if bytes[..start] != WORD[..start] {
            return Err(NotAHeader);
        }
        self.line()
    }

    fn binary(&self) -> Result<Step, NotAHeader> {
        let bytes = &self.bytes[..];
        if bytes.len() < SIGNATURE.len() {
            return Ok(Step::Read(SIGNATURE.len() - bytes.len()));
        }
        let &[version_and_command, family, high, low] = bytes.get(SIGNATURE.len()..FIXED).unwrap_or_default()
        else {
            return Ok(Step::Read(FIXED - bytes.len()));
        };
        let rest = usize::from(u16::from_be_bytes([high, low]));
        if version_and_command >> 4 != 2 || version_and_command & 15 > 1 || rest > LONGEST_REST {
            return Err(NotAHeader);
        }
        let missing = FIXED + rest - bytes.len();
        if missing > 0 {
            return Ok(Step::Read(missing));
        }
        let is_local = version_and_command & 15 == 0;
        let port = |bytes: &[u8]| u16::from_be_bytes([bytes[0], bytes[1]]);
        let rest = &bytes[FIXED..];
        Ok(Step::Done(match family >> 4 {
            _ if is_local => None,
            1 => {
                let rest: &[u8; 12] = rest.first_chunk().ok_or(NotAHeader)?;
                let ip = Ipv4Addr::new(rest[0], rest[1], rest[2], rest[3]);
                Some(SocketAddr::new(ip.into(), port(&rest[8..])))
            }
            2 => {
                let rest: &[u8; 36] = rest.first_chunk().ok_or(NotAHeader)?;
                let ip: &[u8; 16] = rest.first_chunk().ok_or(NotAHeader)?;
                Some(SocketAddr::new(Ipv6Addr::from(*ip).into(), port(&rest[32..])))
            }
            // Of a socket without an address, or of a family that is none of ours.
            0 | 3 => None,
            _ => return Err(NotAHeader),
        }))
    }

    fn line(&self) -> Result<Step, NotAHeader> {
        let bytes = &self.bytes[..];
        let Some(line) = bytes.strip_suffix(b"\r\n") else {
            let is_printable = |byte: &u8| (b' '..=b'~').contains(byte);
            let body = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            if bytes.len() >= LONGEST_LINE || !body.iter().all(is_printable) {
                return Err(NotAHeader);
            }
            // The signature of the other version is no beginning of this one, so it may be read up to there.
            let least = SIGNATURE.len().saturating_sub(bytes.len());
            let end = if bytes.ends_with(b"\r") { 1 } else { 2 };
            return Ok(Step::Read(least.max(end).min(LONGEST_LINE - bytes.len())));
        };
        let line = std::str::from_utf8(line).map_err(|_| NotAHeader)?;
        let mut words = line.split(' ').skip(1);
        let mut word = || words.next().ok_or(NotAHeader);
        let family = word()?;
        if family == "UNKNOWN" {
            return Ok(Step::Done(None));
        }
        let (from, to): (IpAddr, IpAddr) = (ip(word()?)?, ip(word()?)?);
        let (from_port, _) = (port(word()?)?, port(word()?)?);
        let fits = match family {
            "TCP4" => from.is_ipv4() && to.is_ipv4(),
            "TCP6" => from.is_ipv6() && to.is_ipv6(),
            _ => false,
        };
        if !fits || words.next().is_some() {
            return Err(NotAHeader);
        }
        Ok(Step::Done(Some(SocketAddr::new(from, from_port))))
    }
}

fn ip(text: &str) -> Result<IpAddr, NotAHeader> {
    text.parse().map_err(|_| NotAHeader)
}

fn port(text: &str) -> Result<u16, NotAHeader> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number).ok_or(NotAHeader)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads as a connection would, `most` bytes at a time. How many bytes that took, and what came of it.
    fn read(stream: &[u8], most: usize) -> (usize, Option<Result<Option<SocketAddr>, NotAHeader>>) {
        let (mut header, mut at) = (Header::default(), 0);
        loop {
            match header.step() {
                Err(wrong) => return (at, Some(Err(wrong))),
                Ok(Step::Done(from)) => return (at, Some(Ok(from))),
                Ok(Step::Read(count)) => {
                    assert!(count > 0);
                    let end = stream.len().min(at + count.min(most));
                    if end == at {
                        return (at, None);
                    }
                    header.push(&stream[at..end]);
                    at = end;
                    assert!(header.memory() >= at);
                }
            }
        }
    }

    fn binary(version_and_command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([version_and_command, family]);
        bytes.extend((rest.len() as u16).to_be_bytes());
        bytes.extend(rest);
        bytes
    }

    fn headers() -> Vec<(Vec<u8>, Option<&'static str>)> {
        let v4 = [192, 0, 2, 7, 10, 0, 0, 1, 0xC3, 0x50, 0x19, 0x6E];
        let mut v6 = [0; 36];
        v6[..2].copy_from_slice(&[0x20, 0x01]);
        v6[15] = 1;
        v6[33] = 80;
        let with_more = [&v4[..], &[4, 0, 1, 0]].concat();
        vec![
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 50000 6510\r\n".to_vec(), Some("192.0.2.7:50000")),
            (b"PROXY TCP6 2001:db8::1 ::1 1 2\r\n".to_vec(), Some("[2001:db8::1]:1")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN whatever it likes to say\r\n".to_vec(), None),
            (binary(0x21, 0x11, &v4), Some("192.0.2.7:50000")),
            (binary(0x21, 0x11, &with_more), Some("192.0.2.7:50000")),
            (binary(0x21, 0x21, &v6), Some("[2001::1]:80")),
            (binary(0x20, 0x00, &[]), None),
            (binary(0x20, 0x11, &v4), None),
            (binary(0x21, 0x31, &[0; 216]), None),
        ]
    }

    #[test]
    fn the_longest_line_is_the_longest_however_it_comes() {
        for (length, fits) in [(LONGEST_LINE, true), (LONGEST_LINE + 1, false)] {
            let line = format!("PROXY UNKNOWN {}\r\n", "x".repeat(length - 16));
            for most in [1, 2, 7, usize::MAX] {
                let expected = if fits { Ok(None) } else { Err(NotAHeader) };
                // Of one that is too long no more is read than of one that fits.
                assert_eq!(read(line.as_bytes(), most), (LONGEST_LINE, Some(expected)), "{length}, {most}");
            }
        }
    }

    #[test]
    fn headers_of_both_versions_end_where_they_end() {
        for (bytes, from) in headers() {
            let from: Option<SocketAddr> = from.map(|text| text.parse().expect("an address"));
            let stream = [&bytes[..], b"GM:what follows"].concat();
            for most in 1..stream.len() {
                assert_eq!(read(&stream, most), (bytes.len(), Some(Ok(from))), "{bytes:?}");
            }
            for end in 0..bytes.len() {
                assert_eq!(read(&bytes[..end], usize::MAX), (end, None), "{end} of {bytes:?}");
            }
        }
    }

    #[test]
    fn what_proxies_add_may_be_as_long_as_it_may_be() {
        let longest = binary(0x21, 0x31, &[0; LONGEST_REST]);
        assert_eq!(read(&longest, usize::MAX), (longest.len(), Some(Ok(None))));
    }

    #[test]
    fn what_is_no_header_is_noticed() {
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(100));
        let texts: [&[u8]; 16] = [
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01\x02\x00",
            b"proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
            b"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
            b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
            b"PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
            b"PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
            b"PROXY TCP4 ::1 ::1 1 2\r\n",
            b"PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
            b"PROXY TCP4 1.2.3.4 ::1 1 2\r\n",
            b"PROXY TCP6 ::1 1.2.3.4 1 2\r\n",
            b"PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
            b"PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n",
            b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n\r\n",
            b"PROXY TCP4 \xff\r\n",
            long.as_bytes(),
        ];
        for text in texts {
            let (taken, result) = read(text, usize::MAX);
            assert_eq!(result, Some(Err(NotAHeader)), "{}", String::from_utf8_lossy(text));
            assert!(taken <= LONGEST_LINE + 1);
        }
        for bytes in [
            binary(0x11, 0x11, &[0; 12]),
            binary(0x22, 0x11, &[0; 12]),
            binary(0x21, 0x11, &[0; 11]),
            binary(0x21, 0x21, &[0; 35]),
            binary(0x21, 0x41, &[0; 36]),
            binary(0x21, 0x11, &[0; LONGEST_REST + 1]),
        ] {
            assert_eq!(read(&bytes, usize::MAX).1, Some(Err(NotAHeader)), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_to_an_end(head in 0usize..10, cut in 0usize..64, tail in proptest::collection::vec(any::<u8>(), 0..200), most in 1usize..20) {
            let (bytes, _) = &headers()[head];
            let stream = [&bytes[..cut.min(bytes.len())], &tail[..]].concat();
            let (taken, result) = read(&stream, most);
            prop_assert!(taken <= stream.len());
            // The pieces in which it came make no difference.
            prop_assert_eq!(read(&stream, usize::MAX).1, result);
        }
    }
}
