//! Bounds of what is read before a handshake is done.

/// How much a peer may send before its handshake is done.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the whole head.
    pub bytes: usize,
    /// Header lines.
    pub headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 8 * 1024, headers: 100 }
    }
}
