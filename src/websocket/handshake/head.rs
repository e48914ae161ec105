//! The head of an HTTP message, collected until its empty line.

/// Why a head cannot be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadError {
    TooLarge,
    /// A byte that no head can hold: the peer speaks something else.
    NotText,
}

#[derive(Debug, Default)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    line_is_empty: bool,
}

impl Head {
    /// Takes bytes up to the end of the head. When it is complete, says how many those were.
    pub(crate) fn receive(&mut self, bytes: &[u8], limit: usize) -> Result<Option<usize>, HeadError> {
        let room = limit - self.bytes.len().min(limit);
        let end = bytes.iter().take(room).position(|&byte| {
            let ends = byte == b'\n' && self.line_is_empty || is_foreign(byte);
            self.line_is_empty = byte == b'\n' || byte == b'\r' && self.line_is_empty;
            ends
        });
        let count = end.map_or(room.min(bytes.len()), |end| end + 1);
        self.bytes.extend_from_slice(&bytes[..count]);
        match end {
            Some(end) if is_foreign(bytes[end]) => Err(HeadError::NotText),
            Some(_) => Ok(Some(count)),
            None if bytes.len() > room => Err(HeadError::TooLarge),
            None => Ok(None),
        }
    }

    pub(crate) fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn is_foreign(byte: u8) -> bool {
    byte.is_ascii_control() && !b"\t\r\n".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_at_the_empty_line_wherever_it_is_cut() {
        for text in
            ["GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\nHost: h\n\n", "\r\nGET / HTTP/1.1\r\n\r\n"]
        {
            let stream = format!("{text}rest\r\n\r\n");
            for split in 0..text.len() {
                let (left, right) = stream.as_bytes().split_at(split);
                let mut head = Head::default();
                assert_eq!(head.receive(left, 1000), Ok(None));
                assert_eq!(head.receive(right, 1000), Ok(Some(text.len() - split)));
                assert_eq!(head.bytes(), text.as_bytes());
            }
        }
    }

    #[test]
    fn the_limit_is_exact() {
        let text = b"abc\r\n\r\n";
        assert_eq!(Head::default().receive(text, 7), Ok(Some(7)));
        assert_eq!(Head::default().receive(text, 6), Err(HeadError::TooLarge));
        let mut head = Head::default();
        for byte in &text[..6] {
            assert_eq!(head.receive(&[*byte], 6), Ok(None));
        }
        assert_eq!(head.receive(&text[6..], 6), Err(HeadError::TooLarge));
        assert_eq!(head.bytes().len(), 6);
    }

    #[test]
    fn binary_is_noticed_at_once_and_kept_to_be_named() {
        let mut head = Head::default();
        assert_eq!(head.receive(b"GM\0..", 99), Err(HeadError::NotText));
        assert_eq!(head.bytes(), b"GM\0");
    }
}
