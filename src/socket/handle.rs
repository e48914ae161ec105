//! How the host names sockets and groups.

/// The number by which the host names a socket or a group. Never used twice in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Handle(pub(crate) u32);

impl Handle {
    /// Handles are below this, so that they fit GameMaker's signed 32-bit integers.
    pub(crate) const END: u32 = 1 << 31;
    /// Stands for "no socket" in packed records.
    pub(crate) const NONE: Self = Self(u32::MAX);

    /// The one that was given away so many later, or one that never is.
    #[inline]
    pub(crate) fn later(self, count: u32) -> Self {
        Self(self.0.saturating_add(count))
    }
}
