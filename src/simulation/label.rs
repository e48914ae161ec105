//! Messages that say which they are.

/// Which message this is; it stands at the beginning of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Label {
    pub(crate) from: u32,
    /// How often the sender was restarted before.
    pub(crate) life: u32,
    /// The receiver; none is the mirror.
    pub(crate) to: u32,
    pub(crate) number: u32,
}

pub(crate) const MIRROR: u32 = u32::MAX;
const WORDS: usize = 5;

impl Label {
    pub(crate) fn message(self, length: usize) -> Vec<u8> {
        let length = length.max(4 * WORDS);
        let mut bytes = vec![self.number as u8; length];
        let words = [self.from, self.life, self.to, self.number, length as u32];
        for (bytes, word) in bytes.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    pub(crate) fn of(message: &[u8]) -> Self {
        let word = |at: usize| {
            let bytes = message[4 * at..].first_chunk().expect("a message has its label");
            u32::from_le_bytes(*bytes)
        };
        let label = Self { from: word(0), life: word(1), to: word(2), number: word(3) };
        assert!(message == label.message(word(4) as usize), "{label:?} is not what was sent");
        label
    }
}
