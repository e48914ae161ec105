//! Bounds of what is read before a handshake is done.

/// Header lines a head may have: cookies, and what proxies add, make many.
pub(crate) const MOST_HEADERS: usize = 200;

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
        Self { bytes: 32 * 1024, headers: MOST_HEADERS }
    }
}
