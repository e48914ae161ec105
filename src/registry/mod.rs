//! All live sockets and groups of them by handle.
//!
//! Lock order of the library: event queue, registry, a group's members, one socket's host side, work
//! lists. A later one may be taken while an earlier one is held, never the other way round.

mod groups;
mod handles;

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::options::Settings;
use crate::placement::Seat;
use crate::socket::{Family, Handle, Socket, SocketRole};
use crate::sync::atomic::{AtomicU64, Ordering::SeqCst};
use crate::sync::{RwLock, RwLockReadGuard};

use groups::Groups;
use handles::next_handle;

pub(crate) use groups::Group;

pub(crate) use handles::Sockets;

pub(crate) struct Registry {
    sockets: RwLock<Sockets>,
    pub(crate) groups: Groups,
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
    static AT_HAND: Cell<Option<ManuallyDrop<AtHand>>> = const { Cell::new(None) };
}

/// What this thread has at hand, while a call looks at it.
struct Lent(Option<ManuallyDrop<AtHand>>);

impl Lent {
    #[inline(always)]
    fn take() -> Self {
        Self(AT_HAND.take())
    }
}

impl Drop for Lent {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0.is_some() {
            AT_HAND.set(self.0.take());
        }
    }
}

/// Of sockets that calls are about one after the other, the one so many calls later is fetched meanwhile.
const AHEAD: u32 = 4;

impl Registry {
    pub(crate) const fn new() -> Self {
        Self { sockets: RwLock::new(Sockets::new()), groups: Groups::new(), removals: AtomicU64::new(0) }
    }

    /// Access for a look-up; the sockets cannot be removed while it is held.
    #[inline]
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Sockets> {
        self.sockets.read()
    }

    /// Looks a socket up for `act`, without a lock if this thread has it at hand. It may be removed
    /// meanwhile.
    // Inlined as far as `act`, the body of a send. Were that called from within a thread-local's function, its
    // result would go through memory in pieces, and wait there until the message has reached the cache.
    #[inline(always)]
    pub(crate) fn with<T>(&self, handle: Handle, act: impl FnOnce(&Arc<Socket>) -> Result<T>) -> Result<T> {
        let at_hand = Lent::take();
        let sockets;
        let socket = match &at_hand.0 {
            Some(own) if own.is(handle, self) => &own.socket,
            _ => {
                sockets = self.read();
                let socket = sockets.get(handle).ok_or_else(|| self.no_socket(handle))?;
                // Programs mostly go through their connections in the order in which these came.
                sockets.fetch_ahead(handle.later(AHEAD));
                socket
            }
        };
        act(socket)
    }

    /// Several events of a socket are about to be delivered to this thread's callback, which will
    /// probably answer each of them. To be followed by [`Registry::put_down`] when that is over, since
    /// what is at hand is kept alive.
    pub(crate) fn take_at_hand(&self, handle: Handle) {
        if Lent::take().0.as_ref().is_some_and(|own| own.is(handle, self)) {
            return;
        }
        let at_hand = {
            let sockets = self.read();
            // Under the lock, so that no removal lies between this and the look-up.
            let removals = self.removals.load(SeqCst);
            sockets.get(handle).map(|socket| AtHand { socket: Arc::clone(socket), removals })
        };
        replace_at_hand(at_hand);
    }

    /// Nothing is at hand any more.
    pub(crate) fn put_down(&self) {
        replace_at_hand(None);
    }

    /// Calls about these are likely to come soon: has the processor fetch meanwhile what they will look at. Of
    /// many sockets that somebody works through, each is somewhere else in memory.
    pub(crate) fn fetch_ahead(&self, handles: impl Iterator<Item = Handle>) {
        let sockets = self.read();
        for handle in handles {
            sockets.fetch_ahead(handle);
        }
    }

    pub(crate) fn get(&self, handle: Handle) -> Result<Arc<Socket>> {
        self.read().get(handle).cloned().ok_or_else(|| self.no_socket(handle))
    }

    /// A group that was made as one, or a server's clients.
    pub(crate) fn group(&self, handle: Handle) -> Result<Arc<Group>> {
        self.groups.get(handle).ok_or_else(|| {
            if self.contains(handle) {
                Error::wrong_kind(
                    "the handle is that of a socket, not of a group or a TCP or WebSocket server",
                )
            } else {
                Error::bad_group()
            }
        })
    }

    /// Why a handle is not that of a socket.
    #[cold]
    pub(crate) fn no_socket(&self, handle: Handle) -> Error {
        match self.groups.get(handle) {
            Some(_) => Error::wrong_kind("the handle is that of a group, not of a socket"),
            None => Error::bad_handle(),
        }
    }

    pub(crate) fn contains(&self, handle: Handle) -> bool {
        self.read().get(handle).is_some()
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
        let socket = {
            let mut sockets = self.sockets.write();
            // Under the lock: the number of reactors does not change meanwhile.
            let seat = Seat::choose();
            let socket = Socket::new(next_handle()?, role, family, None, regular, settings, seat);
            insert(&mut sockets, socket)
        };
        if role == SocketRole::Server {
            self.groups.insert_clients(socket.handle);
        }
        Ok(socket)
    }

    /// A new connection of `server`, unless the host has destroyed that in the meantime. `complete` gets it
    /// ready for use: the host may use any number as a handle, and must not find it before.
    pub(crate) fn insert_accepted(
        &self,
        server: &Socket,
        regular: bool,
        settings: Arc<Settings>,
        seat: Seat,
        complete: impl FnOnce(&mut Socket),
    ) -> Result<Arc<Socket>> {
        let mut sockets = self.sockets.write();
        if sockets.get(server.handle).is_none() {
            return Err(Error::bad_handle());
        }
        let (handle, role) = (next_handle()?, SocketRole::Accepted);
        let mut socket = Socket::new(handle, role, server.family, Some(server), regular, settings, seat);
        complete(&mut socket);
        Ok(insert(&mut sockets, socket))
    }

    /// Takes a socket out, and a server's clients with it. Empty if the handle is not live.
    pub(crate) fn remove(&self, handle: Handle) -> Vec<Arc<Socket>> {
        let mut sockets = self.sockets.write();
        self.removals.fetch_add(1, SeqCst);
        let Some(socket) = sockets.remove(handle) else { return Vec::new() };
        let is_server = socket.role == SocketRole::Server;
        let mut removed = vec![socket];
        if is_server {
            self.groups.end(handle);
            removed.extend(sockets.take_clients_of(handle));
        }
        removed
    }

    /// Changes something while there is no socket and none comes. False if there is one.
    pub(crate) fn while_empty(&self, change: impl FnOnce()) -> bool {
        let sockets = self.sockets.write();
        if sockets.is_empty() {
            change();
        }
        sockets.is_empty()
    }

    /// Takes all sockets out, and changes something before there can be others.
    pub(crate) fn remove_all(&self, change: impl FnOnce()) -> Vec<Arc<Socket>> {
        let mut sockets = self.sockets.write();
        change();
        self.removals.fetch_add(1, SeqCst);
        self.groups.end_all();
        sockets.take_all()
    }
}

fn replace_at_hand(at_hand: Option<AtHand>) {
    let before = AT_HAND.replace(at_hand.map(ManuallyDrop::new));
    drop(before.map(ManuallyDrop::into_inner));
}

fn insert(sockets: &mut Sockets, socket: Socket) -> Arc<Socket> {
    let socket = Arc::new(socket);
    sockets.insert(Arc::clone(&socket));
    socket
}
