//! Groups of connections: those that the host makes, and of each server its clients.
//!
//! A connection's host side names the groups it is in, so that it leaves them where its life ends. Both
//! lists change while the group and then the host side are locked.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::socket::{Handle, HostGuard, Socket};
use crate::sync::{RwLock, RwLockReadGuard};

use super::handles::{self, ByHandle, next_handle};

pub(crate) struct Groups {
    groups: RwLock<ByHandle<Arc<Group>>>,
}

pub(crate) struct Group {
    handle: Handle,
    /// A server's clients, who come and go with their connections alone.
    is_clients: bool,
    members: RwLock<Members>,
}

pub(crate) struct Members {
    /// Each knows its place here, so that it is taken out without a search.
    sockets: Vec<Arc<Socket>>,
    /// The host has destroyed the group. Who had looked it up before must not add to it.
    ended: bool,
}

impl Members {
    pub(crate) fn len(&self) -> usize {
        self.sockets.len()
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[Arc<Socket>] {
        &self.sockets
    }

    /// Takes a member out: the last one gets its place. `socket`'s host side must not be locked.
    fn take_out(&mut self, group: Handle, socket: &Socket) -> bool {
        let Some(place) = socket.host.lock().memberships.remove(group) else { return false };
        if self.ended {
            return false;
        }
        self.sockets.swap_remove(place);
        if let Some(moved) = self.sockets.get(place) {
            moved.host.lock().memberships.moved(group, place);
        }
        true
    }
}

impl Groups {
    pub(crate) const fn new() -> Self {
        Self { groups: RwLock::new(handles::empty()) }
    }

    /// A group without members.
    pub(crate) fn create(&self) -> Result<Handle> {
        let handle = next_handle()?;
        self.insert(handle, false);
        Ok(handle)
    }

    /// The group of a new server's clients.
    pub(crate) fn insert_clients(&self, server: Handle) {
        self.insert(server, true);
    }

    fn insert(&self, handle: Handle, is_clients: bool) {
        let members = RwLock::new(Members { sockets: Vec::new(), ended: false });
        self.groups.write().insert(handle, Arc::new(Group { handle, is_clients, members }));
    }

    pub(crate) fn get(&self, handle: Handle) -> Option<Arc<Group>> {
        self.groups.read().get(&handle).cloned()
    }

    /// Ends a group, not its members. False if there is none.
    pub(crate) fn end(&self, handle: Handle) -> bool {
        let group = self.groups.write().remove(&handle);
        group.inspect(|group| group.end()).is_some()
    }

    pub(crate) fn end_all(&self) {
        let all = std::mem::take(&mut *self.groups.write());
        all.values().for_each(|group| group.end());
    }

    /// The host learns of a server's client.
    pub(crate) fn client_came(&self, client: &Arc<Socket>) {
        if let Some(clients) = self.get(client.server) {
            clients.client_came(client);
        }
    }

    /// Takes a socket out of all its groups. Returns its host side, from which nobody can have added it
    /// again so far.
    pub(crate) fn leave<'a>(&self, socket: &'a Socket) -> HostGuard<'a> {
        loop {
            let mut host = socket.host.lock();
            let Some(handle) = host.memberships.any() else { return host };
            match self.get(handle) {
                Some(group) => {
                    drop(host);
                    group.members.write().take_out(handle, socket);
                }
                // It has just been destroyed and is about to forget its members.
                None => drop(host.memberships.remove(handle)),
            }
        }
    }
}

impl Group {
    pub(crate) fn members(&self) -> RwLockReadGuard<'_, Members> {
        self.members.read()
    }

    /// Adds a connection; false if it was a member.
    pub(crate) fn add(&self, socket: &Arc<Socket>) -> Result<bool> {
        self.check_is_the_hosts()?;
        let mut members = self.members.write();
        if members.ended {
            return Err(Error::bad_group());
        }
        let mut host = socket.host.lock();
        host.connection.check_can_send()?;
        if host.memberships.contains(self.handle) {
            return Ok(false);
        }
        host.memberships.add(self.handle, members.len());
        members.sockets.push(Arc::clone(socket));
        Ok(true)
    }

    /// Takes a connection out; false if it was none of the members.
    pub(crate) fn remove(&self, socket: &Socket) -> Result<bool> {
        self.check_is_the_hosts()?;
        Ok(self.members.write().take_out(self.handle, socket))
    }

    fn client_came(&self, client: &Arc<Socket>) {
        let mut members = self.members.write();
        let mut host = client.host.lock();
        if !members.ended && host.connection.check_not_destroyed().is_ok() {
            host.memberships.is_client_of(self.handle, members.len());
            members.sockets.push(Arc::clone(client));
        }
    }

    fn check_is_the_hosts(&self) -> Result<()> {
        if self.is_clients {
            return Err(Error::wrong_kind(
                "a server's group is that of its clients: it changes with them alone",
            ));
        }
        Ok(())
    }

    fn end(&self) {
        let sockets = {
            let mut members = self.members.write();
            members.ended = true;
            std::mem::take(&mut members.sockets)
        };
        for socket in &sockets {
            socket.host.lock().memberships.remove(self.handle);
        }
    }
}
