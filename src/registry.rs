//! All live sockets by handle.
//!
//! Lock order of the library: event queue, registry, one socket's host side, work lists. A later
//! one may be taken while an earlier one is held, never the other way round.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};

use parking_lot::{RwLock, RwLockReadGuard};

use crate::error::{Code, Error, Result};
use crate::options::Settings;
use crate::socket::{Family, Handle, Socket, SocketRole};

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
    /// How often sockets were taken out.
    removals: AtomicU64,
}

/// A socket that a thread has looked up once for many calls.
struct AtHand {
    socket: Arc<Socket>,
    /// The number of removals at that time: while it stands, the socket is still in the registry.
    removals: u64,
}

impl AtHand {
    #[inline]
    fn is(&self, handle: Handle, registry: &Registry) -> bool {
        self.socket.handle == handle && self.removals == registry.removals.load(SeqCst)
    }
}

thread_local! {
    // Without a destructor it can be looked at to a thread's very end.
    static AT_HAND: RefCell<Option<ManuallyDrop<AtHand>>> = const { RefCell::new(None) };
}

impl Registry {
    pub(crate) const fn new() -> Self {
        Self {
            sockets: RwLock::new(HashMap::with_hasher(BuildHasherDefault::new())),
            removals: AtomicU64::new(0),
        }
    }

    /// Access for a look-up; the sockets cannot be removed while it is held.
    #[inline]
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Sockets> {
        self.sockets.read()
    }

    /// Looks a socket up for `act`, without a lock if this thread has it at hand. It may be removed
    /// meanwhile.
    // Inlined as far as `act`, the body of a send.
    #[inline(always)]
    pub(crate) fn with<T>(&self, handle: Handle, act: impl FnOnce(&Arc<Socket>) -> Result<T>) -> Result<T> {
        AT_HAND.with_borrow(
            #[inline(always)]
            |at_hand| {
                let sockets;
                let socket = match at_hand {
                    Some(own) if own.is(handle, self) => &own.socket,
                    _ => {
                        sockets = self.read();
                        sockets.get(&handle).ok_or_else(Error::bad_handle)?
                    }
                };
                act(socket)
            },
        )
    }

    /// Several events of a socket are about to be delivered to this thread's callback, which will
    /// probably answer each of them. To be followed by [`Registry::put_down`] when that is over, since
    /// what is at hand is kept alive.
    pub(crate) fn take_at_hand(&self, handle: Handle) {
        if AT_HAND.with_borrow(|at_hand| at_hand.as_ref().is_some_and(|own| own.is(handle, self))) {
            return;
        }
        let at_hand = {
            let sockets = self.read();
            // Under the lock, so that no removal lies between this and the look-up.
            let removals = self.removals.load(SeqCst);
            sockets.get(&handle).map(|socket| AtHand { socket: Arc::clone(socket), removals })
        };
        replace_at_hand(at_hand);
    }

    /// Nothing is at hand any more.
    pub(crate) fn put_down(&self) {
        replace_at_hand(None);
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
        role: SocketRole,
        family: Family,
        regular: bool,
        settings: Arc<Settings>,
    ) -> Result<Arc<Socket>> {
        let mut sockets = self.sockets.write();
        insert(&mut sockets, role, family, None, regular, settings)
    }

    /// A new connection of `server`, unless the host has destroyed that in the meantime.
    pub(crate) fn insert_accepted(
        &self,
        server: &Socket,
        regular: bool,
        settings: Arc<Settings>,
    ) -> Result<Arc<Socket>> {
        let mut sockets = self.sockets.write();
        if !sockets.contains_key(&server.handle) {
            return Err(Error::bad_handle());
        }
        insert(&mut sockets, SocketRole::Accepted, server.family, Some(server), regular, settings)
    }

    /// Takes a socket out, and a server's clients with it. Empty if the handle is not live.
    pub(crate) fn remove(&self, handle: Handle) -> Vec<Arc<Socket>> {
        let mut sockets = self.sockets.write();
        self.removals.fetch_add(1, SeqCst);
        let Some(socket) = sockets.remove(&handle) else { return Vec::new() };
        let is_server = socket.role == SocketRole::Server;
        let mut removed = vec![socket];
        if is_server {
            removed.extend(sockets.extract_if(|_, other| other.server == handle).map(|(_, client)| client));
        }
        removed
    }

    pub(crate) fn remove_all(&self) -> Vec<Arc<Socket>> {
        let mut sockets = self.sockets.write();
        self.removals.fetch_add(1, SeqCst);
        std::mem::take(&mut *sockets).into_values().collect()
    }
}

fn replace_at_hand(at_hand: Option<AtHand>) {
    let before = AT_HAND.replace(at_hand.map(ManuallyDrop::new));
    drop(before.map(ManuallyDrop::into_inner));
}

fn insert(
    sockets: &mut Sockets,
    role: SocketRole,
    family: Family,
    server: Option<&Socket>,
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
