//! The handles of sockets and groups: one count for both, so that neither is taken for the other.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::error::{Code, Error, Result};
use crate::socket::Handle;

/// The next handle of this process. It outlives `network_shutdown`, so that a stale handle never
/// names a stranger.
static NEXT_HANDLE: AtomicU32 = AtomicU32::new(0);

pub(crate) fn next_handle() -> Result<Handle> {
    NEXT_HANDLE
        .fetch_update(Relaxed, Relaxed, |next| (next < Handle::END).then_some(next + 1))
        .map(Handle)
        .map_err(|_| Error::new(Code::Limit, "all 2^31 handles of this process have been used"))
}

/// Handles are counted up by us, not chosen by peers: a multiplication spreads them well enough.
#[derive(Default)]
pub(crate) struct HandleHasher(u64);

impl Hasher for HandleHasher {
    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("handles hash as one integer");
    }

    #[inline]
    fn write_u32(&mut self, handle: u32) {
        self.0 = u64::from(handle).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

pub(crate) type ByHandle<T> = HashMap<Handle, T, BuildHasherDefault<HandleHasher>>;

pub(crate) const fn empty<T>() -> ByHandle<T> {
    HashMap::with_hasher(BuildHasherDefault::new())
}
