//! A queue of bytes that can be read anywhere.

/// Smallest allocation.
const CAPACITY_MIN: usize = 1024;

/// An empty queue that is larger than this is given back at once.
const CAPACITY_KEPT: usize = 256 << 10;

/// Bytes are put in at the end and released at the front; in between they stay where they are,
/// at positions that count up and wrap at 32 bits.
#[derive(Debug, Default)]
pub(crate) struct ByteRing {
    /// Empty or of a power of two.
    buffer: Box<[u8]>,
    front: u32,
    len: usize,
}

impl ByteRing {
    /// Appends bytes and returns the position of the first of them.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> u32 {
        let len = self.len + bytes.len();
        if len > self.buffer.len() {
            self.grow(len);
        }
        let at = self.front.wrapping_add(self.len as u32);
        self.write(at, bytes);
        self.len = len;
        at
    }

    /// Copies the bytes at a position that was not released yet.
    pub(crate) fn read(&self, at: u32, out: &mut [u8]) {
        if out.is_empty() {
            return;
        }
        let start = self.index(at);
        let whole = out.len().min(self.buffer.len() - start);
        let (head, tail) = out.split_at_mut(whole);
        head.copy_from_slice(&self.buffer[start..][..head.len()]);
        tail.copy_from_slice(&self.buffer[..tail.len()]);
    }

    /// Releases bytes at the front.
    pub(crate) fn release(&mut self, bytes: usize) {
        self.front = self.front.wrapping_add(bytes as u32);
        self.len -= bytes;
        if self.len == 0 && self.buffer.len() > CAPACITY_KEPT {
            self.trim();
        }
    }

    /// Gives an empty queue's memory back.
    pub(crate) fn trim(&mut self) {
        if self.len == 0 {
            self.buffer = Box::default();
        }
    }

    fn index(&self, at: u32) -> usize {
        at as usize & (self.buffer.len() - 1)
    }

    fn write(&mut self, at: u32, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let start = self.index(at);
        let (head, tail) = bytes.split_at(bytes.len().min(self.buffer.len() - start));
        self.buffer[start..][..head.len()].copy_from_slice(head);
        self.buffer[..tail.len()].copy_from_slice(tail);
    }

    fn grow(&mut self, len: usize) {
        let capacity = len.next_power_of_two().max(CAPACITY_MIN);
        let old = std::mem::replace(&mut self.buffer, vec![0; capacity].into_boxed_slice());
        if self.len == 0 {
            return;
        }
        let start = self.front as usize & (old.len() - 1);
        let whole = self.len.min(old.len() - start);
        self.write(self.front, &old[start..][..whole]);
        let rest = self.len - whole;
        self.write(self.front.wrapping_add(whole as u32), &old[..rest]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_put_in() {
        let mut ring = ByteRing { front: u32::MAX - 700, ..ByteRing::default() };
        let mut kept = std::collections::VecDeque::new();
        let mut next = 0u8;
        for round in 0..2000usize {
            let bytes: Vec<u8> = (0..round * 7 % 193)
                .map(|_| {
                    next = next.wrapping_add(1);
                    next
                })
                .collect();
            kept.push_back((ring.push(&bytes), bytes));
            if round % 40 >= 10 {
                let (at, bytes) = kept.pop_front().unwrap();
                let mut out = vec![0; bytes.len()];
                ring.read(at, &mut out);
                assert_eq!(out, bytes);
                ring.release(bytes.len());
            }
        }
        for (at, bytes) in kept {
            let mut out = vec![0; bytes.len()];
            ring.read(at, &mut out);
            assert_eq!(out, bytes);
            ring.release(bytes.len());
        }
        ring.trim();
        assert_eq!(ring.buffer.len(), 0);
        ring.push(&[]);
        ring.read(ring.front, &mut []);
    }
}
