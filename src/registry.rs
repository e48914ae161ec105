//! All live sockets by handle.
//!
//! Lock order of the library: event queue, registry, one socket's host side, work lists. A later
//! one may be taken while an earlier one is held, never the other way round.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use parking_lot::{RwLock, RwLockReadGuard};

use crate::error::{Code, Error, Result};
use crate::host::Family;
use crate::options::Settings;
use crate::socket::{Handle, Role, Socket};

/// The next handle of this process. It outlives `network_shutdown`, so that a stale handle never
/// names a stranger.
static NEXT_HANDLE: AtomicU32 = AtomicU32::new(0);

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

pub(crate) type Sockets = HashMap<Handle, Arc<Socket>, BuildHasherDefault<HandleHasher>>;

pub(crate) struct Registry {
    sockets: RwLock<Sockets>,
}

impl Registry {
    pub(crate) const fn new() -> Registry {
        Registry { sockets: RwLock::new(HashMap::with_hasher(BuildHasherDefault::new())) }
    }

    /// Access for a look-up; the sockets cannot be removed while it is held.
    #[inline]
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Sockets> {
        self.sockets.read()
    }

    pub(crate) fn get(&self, handle: Handle) -> Result<Arc<Socket>> {
        self.read().get(&handle).cloned().ok_or_else(Error::bad_handle)
    }

    pub(crate) fn contains(&self, handle: Handle) -> bool {
        self.read().contains_key(&handle)
    }

    pub(crate) fn len(&self) -> usize {
        self.read().len()
    }

    /// A new socket under a handle of its own.
    pub(crate) fn insert(
        &self,
        role: Role,
        family: Family,
        regular: bool,
        settings: Arc<Settings>,
    ) -> Result<Arc<Socket>> {
        let mut sockets = self.sockets.write();
        insert(&mut sockets, role, family, Handle::NONE, regular, settings)
    }

    /// A new connection of `server`, unless the host has destroyed that in the meantime.
    pub(crate) fn insert_accepted(
        &self,
        server: Handle,
        regular: bool,
        settings: Arc<Settings>,
    ) -> Result<Arc<Socket>> {
        let mut sockets = self.sockets.write();
        let family = sockets.get(&server).ok_or_else(Error::bad_handle)?.family;
        insert(&mut sockets, Role::Accepted, family, server, regular, settings)
    }

    /// Takes a socket out, and a server's clients with it. Empty if the handle is not live.
    pub(crate) fn remove(&self, handle: Handle) -> Vec<Arc<Socket>> {
        let mut sockets = self.sockets.write();
        let Some(socket) = sockets.remove(&handle) else { return Vec::new() };
        let is_server = socket.role == Role::Server;
        let mut removed = vec![socket];
        if is_server {
            removed.extend(sockets.extract_if(|_, other| other.server == handle).map(|(_, client)| client));
        }
        removed
    }

    pub(crate) fn remove_all(&self) -> Vec<Arc<Socket>> {
        std::mem::take(&mut *self.sockets.write()).into_values().collect()
    }
}

fn insert(
    sockets: &mut Sockets,
    role: Role,
    family: Family,
    server: Handle,
    regular: bool,
    settings: Arc<Settings>,
) -> Result<Arc<Socket>> {
    let handle = NEXT_HANDLE
        .fetch_update(Relaxed, Relaxed, |next| (next < Handle::END).then_some(next + 1))
        .map_err(|_| Error::new(Code::Limit, "all 2^31 handles of this process have been used"))?;
    let socket = Arc::new(Socket::new(Handle(handle), role, family, server, regular, settings));
    sockets.insert(Handle(handle), Arc::clone(&socket));
    Ok(socket)
}
