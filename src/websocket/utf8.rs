//! UTF-8 validation of text that arrives in pieces.

/// The text cannot become valid UTF-8 any more, whatever follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invalid;

/// Where validation stands: the bytes of a character that is not complete yet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Utf8 {
    pending: [u8; 3],
    length: u8,
}

impl Utf8 {
    /// Checks the next piece, and fails at the first byte that cannot be right.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Invalid> {
        while self.length > 0 {
            let Some((&next, rest)) = bytes.split_first() else {
                return Ok(());
            };
            self.extend_pending(next)?;
            bytes = rest;
        }
        let Err(error) = std::str::from_utf8(bytes) else {
            return Ok(());
        };
        if error.error_len().is_some() {
            return Err(Invalid);
        }
        let tail = &bytes[error.valid_up_to()..];
        self.pending[..tail.len()].copy_from_slice(tail);
        self.length = tail.len() as u8;
        Ok(())
    }

    fn extend_pending(&mut self, next: u8) -> Result<(), Invalid> {
        let length = usize::from(self.length);
        let mut character = [0; 4];
        character[..length].copy_from_slice(&self.pending[..length]);
        character[length] = next;
        match std::str::from_utf8(&character[..=length]) {
            Ok(_) => self.length = 0,
            Err(error) if error.error_len().is_none() => {
                self.pending[length] = next;
                self.length += 1;
            }
            Err(_) => return Err(Invalid),
        }
        Ok(())
    }

    /// The text ends here: fails if a character is cut off. Ready for the next text afterwards.
    pub(crate) fn finish(&mut self) -> Result<(), Invalid> {
        let complete = self.length == 0;
        self.length = 0;
        if complete { Ok(()) } else { Err(Invalid) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(pieces: &[&[u8]]) -> Result<(), Invalid> {
        let mut utf8 = Utf8::default();
        for piece in pieces {
            utf8.push(piece)?;
        }
        utf8.finish()
    }

    #[test]
    fn characters_may_be_cut_anywhere() {
        let text = "κόσμε — 😀 ö".as_bytes();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(check(&pieces), Ok(()));
            }
        }
    }

    #[test]
    fn fails_at_the_first_impossible_byte() {
        // A lead byte, then the byte that makes it an overlong form, a surrogate, or too large.
        for wrong in [
            [0xc0, 0xaf],
            [0xe0, 0x80],
            [0xed, 0xa0],
            [0xf0, 0x80],
            [0xf4, 0x90],
            [0xf5, 0x80],
            [0xce, b'a'],
            [b'a', 0x80],
        ] {
            let mut utf8 = Utf8::default();
            let result = utf8.push(&wrong[..1]).and_then(|()| utf8.push(&wrong[1..]));
            assert_eq!(result, Err(Invalid), "{wrong:02x?} in two pieces");
            assert_eq!(Utf8::default().push(&wrong), Err(Invalid), "{wrong:02x?}");
        }
    }

    #[test]
    fn a_cut_character_at_the_end_is_invalid() {
        assert_eq!(check(&["😀".as_bytes().split_at(3).0]), Err(Invalid));
        assert_eq!(check(&[&[0xf0], &[0x9f]]), Err(Invalid));
    }

    proptest! {
        #[test]
        fn pieces_agree_with_the_whole(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..24),
                ".{0,12}".prop_map(String::into_bytes),
            ],
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..4),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(check(&pieces).is_ok(), std::str::from_utf8(&bytes).is_ok());
        }
    }
}
