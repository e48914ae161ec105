//! Text for the runner, on the stack.

use std::ffi::{CStr, c_char};
use std::fmt;

const CAPACITY: usize = 512;

/// A NUL-terminated text of at most 511 bytes. It owns no heap, so a runner may jump over it.
#[derive(Clone, Copy)]
pub(crate) struct Message {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Message {
    pub(crate) fn new(text: fmt::Arguments<'_>) -> Self {
        let mut message = Self { bytes: [0; CAPACITY], length: 0 };
        // Writing never fails: what does not fit is cut off.
        let _ = fmt::Write::write_fmt(&mut message, text);
        message
    }

    pub(crate) fn as_ptr(&self) -> *const c_char {
        self.bytes.as_ptr().cast()
    }

    pub(crate) fn as_text(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }
}

impl fmt::Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = CAPACITY - 1 - self.length;
        let mut cut = text.len().min(room);
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        self.bytes[self.length..self.length + cut].copy_from_slice(&text.as_bytes()[..cut]);
        self.length += cut;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "ä".repeat(CAPACITY);
        let message = Message::new(format_args!("x{long}"));
        assert_eq!(message.as_text().to_str().unwrap().chars().count(), 1 + (CAPACITY - 2) / 2);
    }
}
