//! The handles of sockets and groups: one count for both, so that neither is taken for the other.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use hashbrown::HashTable;

use crate::error::{Code, Error, Result};
use crate::log::{self, Level};
use crate::socket::{Handle, Socket};
use crate::sys;

/// The handles of this process. They outlive `network_shutdown`, so that a stale handle never names a
/// stranger.
static HANDLES: Handles = Handles::starting_at(0);

pub(crate) fn next_handle() -> Result<Handle> {
    HANDLES.next()
}

/// Handles are given away once each, in turn.
struct Handles {
    next: AtomicU32,
}

impl Handles {
    const fn starting_at(first: u32) -> Self {
        Self { next: AtomicU32::new(first) }
    }

    fn next(&self) -> Result<Handle> {
        let taken = self.next.fetch_update(Relaxed, Relaxed, |next| (next < Handle::END).then_some(next + 1));
        let handle =
            taken.map_err(|_| Error::new(Code::Limit, "all 2^31 handles of this process have been used"))?;
        let left = Handle::END - handle;
        if is_worth_a_line(left) {
            log::write(
                Level::Warning,
                format_args!(
                    "{left} of the 2^31 handles of this process are left: start it anew before they are used up"
                ),
            );
        }
        Ok(Handle(handle))
    }
}

/// At the half, and whenever what is left has halved again, as long as that is many.
fn is_worth_a_line(left: u32) -> bool {
    left.is_power_of_two() && (1 << 16..1 << 31).contains(&left)
}

/// Handles are counted up by us, not chosen by peers: by their low bits, which choose the place, they lie side by side
/// in the order in which they were given away, and that is mostly the order in which a program goes through them. The
/// highest bits, which tell apart what has come to lie together, are those of a multiplication.
#[inline]
fn hash(handle: u32) -> u64 {
    const HIGH: u64 = !0 << u32::BITS;
    let handle = u64::from(handle);
    handle.wrapping_mul(0x9E37_79B9_7F4A_7C15) & HIGH | handle
}

#[derive(Default)]
pub(crate) struct HandleHasher(u64);

impl Hasher for HandleHasher {
    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("handles hash as one integer");
    }

    fn write_u32(&mut self, handle: u32) {
        self.0 = hash(handle);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

pub(crate) type ByHandle<T> = HashMap<Handle, T, BuildHasherDefault<HandleHasher>>;

pub(crate) const fn empty<T>() -> ByHandle<T> {
    HashMap::with_hasher(BuildHasherDefault::new())
}

/// All sockets by handle. The handle is in the socket, which whoever looks one up is about to look at: a word for each
/// place does.
pub(crate) struct Sockets(HashTable<Arc<Socket>>);

impl Sockets {
    pub(super) const fn new() -> Self {
        Self(HashTable::new())
    }

    #[inline]
    pub(crate) fn get(&self, handle: Handle) -> Option<&Arc<Socket>> {
        self.0.find(hash(handle.0), |socket| socket.handle == handle)
    }

    /// Has the processor fetch the socket meanwhile. It takes that at the handle's place for it, without the look into
    /// it that would have to wait for what is to be fetched; seldom it is another one.
    #[inline]
    pub(super) fn fetch_ahead(&self, handle: Handle) {
        if let Some(socket) = self.0.find(hash(handle.0), |_| true) {
            sys::prefetch(&**socket);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Socket>> {
        self.0.iter()
    }

    /// A socket whose handle nothing here has.
    pub(super) fn insert(&mut self, socket: Arc<Socket>) {
        self.0.insert_unique(hash(socket.handle.0), socket, |socket| hash(socket.handle.0));
    }

    pub(super) fn remove(&mut self, handle: Handle) -> Option<Arc<Socket>> {
        let entry = self.0.find_entry(hash(handle.0), |socket| socket.handle == handle).ok()?;
        Some(entry.remove().0)
    }

    pub(super) fn take_clients_of(&mut self, server: Handle) -> impl Iterator<Item = Arc<Socket>> {
        self.0.extract_if(move |socket| socket.server == server)
    }

    pub(super) fn take_all(&mut self) -> Vec<Arc<Socket>> {
        std::mem::take(&mut self.0).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_handle_is_given_away_once_and_no_other_after_it() {
        let handles = Handles::starting_at(Handle::END - 2);
        assert_eq!(handles.next().map(|handle| handle.0).ok(), Some(Handle::END - 2));
        assert_eq!(handles.next().map(|handle| handle.0).ok(), Some(Handle::END - 1));
        for _ in 0..3 {
            assert_eq!(handles.next().err().map(|error| error.code), Some(Code::Limit));
        }
    }

    #[test]
    fn the_log_tells_long_before() {
        let handles = Handles::starting_at(Handle::END / 2 - 1);
        let told = || {
            let lines = std::iter::from_fn(log::next).filter(|line| line.contains("handles of this process"));
            lines.collect::<Vec<_>>()
        };
        assert!(handles.next().is_ok());
        assert_eq!(told(), [""; 0]);
        assert!(handles.next().is_ok());
        let lines = told();
        assert!(lines.len() == 1 && lines[0].contains("1073741824 of the 2^31"), "{lines:?}");
        let many: Vec<u32> = (0..31).map(|power| 1 << power).filter(|&left| is_worth_a_line(left)).collect();
        assert_eq!(many.len(), 15);
    }
}
