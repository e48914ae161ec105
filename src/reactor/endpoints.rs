//! All endpoints of the reactor: their places, their timers, and the lists of those to go on with.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use slab::Slab;

use crate::clock::Millis;
use crate::command::Id;
use crate::socket::Handle;
use crate::sys;
use crate::timers::Timers;

use super::accept::listener::Listener;
use super::connect::pending::{Connect, ConnectAttempt};
use super::datagram::Datagrams;
use super::stream::Stream;

/// The next endpoint's number. It outlives the reactor, so that what was under way at a shutdown (a
/// name being looked up) never reaches an endpoint of the next one.
static NEXT_SERIAL: AtomicU32 = AtomicU32::new(0);

/// What a descriptor is to the reactor. Matches over the kinds name all of them, so that the compiler
/// tells where a new one is missing.
pub(crate) enum Endpoint {
    Listener(Box<Listener>),
    Connect(Box<Connect>),
    ConnectAttempt(Box<ConnectAttempt>),
    /// Where the place itself is: of these there are many, and all of them are looked at.
    Stream(Stream),
    Datagrams(Box<Datagrams>),
    /// Removed in this turn; the place is given away again when the turn is over, so that late
    /// readiness of the old endpoint cannot reach a new one.
    Gone,
}

impl Endpoint {
    /// The socket that the host knows it as; a connection has none before its handshake is done.
    pub(crate) fn handle(&self) -> Option<Handle> {
        match self {
            Self::Stream(stream) => stream.socket.as_ref().map(|socket| socket.handle),
            Self::Datagrams(own) => Some(own.socket.handle),
            Self::Listener(listener) => Some(listener.admission.server.handle),
            Self::Connect(_) | Self::ConnectAttempt(_) | Self::Gone => None,
        }
    }

    fn next_deadline(&self, now: Millis) -> Option<Millis> {
        match self {
            Self::Stream(stream) => stream.next_deadline(now),
            Self::Datagrams(own) => own.next_deadline(),
            Self::Connect(connect) => connect.next_deadline(),
            Self::Listener(listener) => (listener.retry_at != 0).then_some(listener.retry_at),
            Self::ConnectAttempt(_) | Self::Gone => None,
        }
    }
}

struct Slot {
    endpoint: Endpoint,
    serial: u32,
    /// Stands on one of the lists of those to go on with.
    listed: bool,
}

#[derive(Default)]
pub(crate) struct Endpoints {
    slots: Slab<Slot>,
    gone: Vec<usize>,
    timers: Timers,
    /// Endpoints that have more to do without the system saying so again.
    again: Vec<Id>,
    /// Endpoints that had no part in this turn because it was full: they come first in the next.
    postponed: Vec<Id>,
    /// Those that wait for the host to collect events.
    pub(crate) paused: Vec<Id>,
}

impl Endpoints {
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(crate) fn insert(&mut self, endpoint: Endpoint) -> Id {
        let serial = NEXT_SERIAL.fetch_add(1, Relaxed);
        let slot = Slot { endpoint, serial, listed: false };
        Id { token: self.slots.insert(slot) as u32, serial }
    }

    /// Has the processor fetch what will be looked at of the connection whose turn is the one after the next, and of the
    /// next, whose own part is there by now, what that points to: with many connections none of it is in the cache.
    #[inline]
    pub(crate) fn fetch_ahead(&self, soon: Option<u32>, next: Option<u32>) {
        if let Some(slot) = soon.and_then(|token| self.slots.get(token as usize)) {
            sys::prefetch(slot);
        }
        if let Some(Slot { endpoint: Endpoint::Stream(stream), .. }) =
            next.and_then(|token| self.slots.get(token as usize))
        {
            stream.fetch();
        }
    }

    /// Whoever has this place now.
    #[inline]
    pub(crate) fn at(&self, token: u32) -> Option<Id> {
        self.slots.get(token as usize).map(|slot| Id { token, serial: slot.serial })
    }

    #[inline]
    fn slot(&mut self, id: Id) -> Option<&mut Slot> {
        self.slots
            .get_mut(id.token as usize)
            .filter(|slot| slot.serial == id.serial && !matches!(slot.endpoint, Endpoint::Gone))
    }

    #[inline]
    pub(crate) fn get(&mut self, id: Id) -> Option<&mut Endpoint> {
        self.slot(id).map(|slot| &mut slot.endpoint)
    }

    pub(crate) fn contains(&mut self, id: Id) -> bool {
        self.slot(id).is_some()
    }

    #[inline]
    pub(crate) fn stream(&mut self, id: Id) -> Option<&mut Stream> {
        let Endpoint::Stream(stream) = self.get(id)? else { return None };
        Some(stream)
    }

    #[inline]
    pub(crate) fn datagrams(&mut self, id: Id) -> Option<&mut Datagrams> {
        let Endpoint::Datagrams(own) = self.get(id)? else { return None };
        Some(own)
    }

    pub(crate) fn listener(&mut self, id: Id) -> Option<&mut Listener> {
        let Endpoint::Listener(listener) = self.get(id)? else { return None };
        Some(listener)
    }

    pub(crate) fn connect(&mut self, id: Id) -> Option<&mut Connect> {
        let Endpoint::Connect(connect) = self.get(id)? else { return None };
        Some(connect)
    }

    pub(crate) fn attempt(&mut self, id: Id) -> Option<&mut ConnectAttempt> {
        let Endpoint::ConnectAttempt(attempt) = self.get(id)? else { return None };
        Some(attempt)
    }

    /// Turns a connect attempt into the connection that came of it, at the same place.
    pub(crate) fn attempt_becomes(
        &mut self,
        id: Id,
        stream: impl FnOnce(ConnectAttempt) -> Stream,
    ) -> Option<()> {
        let endpoint = self.get(id)?;
        match std::mem::replace(endpoint, Endpoint::Gone) {
            Endpoint::ConnectAttempt(attempt) => *endpoint = Endpoint::Stream(stream(*attempt)),
            other => {
                *endpoint = other;
                return None;
            }
        }
        Some(())
    }

    /// Whatever there is.
    pub(crate) fn all(&self) -> Vec<Id> {
        let id = |(token, slot): (usize, &Slot)| Id { token: token as u32, serial: slot.serial };
        self.slots.iter().filter(|(_, slot)| !matches!(slot.endpoint, Endpoint::Gone)).map(id).collect()
    }

    pub(crate) fn streams(&self) -> impl Iterator<Item = (Id, &Stream)> {
        self.slots.iter().filter_map(|(token, slot)| {
            let Endpoint::Stream(stream) = &slot.endpoint else { return None };
            Some((Id { token: token as u32, serial: slot.serial }, stream))
        })
    }

    pub(crate) fn streams_mut(&mut self) -> impl Iterator<Item = (Id, &mut Stream)> {
        self.slots.iter_mut().filter_map(|(token, slot)| {
            let Endpoint::Stream(stream) = &mut slot.endpoint else { return None };
            Some((Id { token: token as u32, serial: slot.serial }, stream))
        })
    }

    pub(crate) fn datagram_sockets(&self) -> impl Iterator<Item = (Id, &Datagrams)> {
        self.slots.iter().filter_map(|(token, slot)| {
            let Endpoint::Datagrams(own) = &slot.endpoint else { return None };
            Some((Id { token: token as u32, serial: slot.serial }, &**own))
        })
    }

    pub(crate) fn remove(&mut self, id: Id) {
        if let Some(slot) = self.slot(id) {
            // Dropping the endpoint closes its descriptor, which takes it off the poll as well.
            slot.endpoint = Endpoint::Gone;
            self.timers.set(id.token as usize, None);
            self.gone.push(id.token as usize);
        }
    }

    /// The turn is over: the places of those removed in it are free.
    pub(crate) fn free_gone(&mut self) {
        for token in self.gone.drain(..) {
            self.slots.remove(token);
        }
    }

    // ---- to go on with -----------------------------------------------------------------------

    pub(crate) fn go_on_later(&mut self, id: Id) {
        if self.enlist(id) {
            self.again.push(id);
        }
    }

    pub(crate) fn postpone(&mut self, id: Id) {
        if self.enlist(id) {
            self.postponed.push(id);
        }
    }

    /// Whether the endpoint may be put on a list of those to go on with: it stands on none.
    fn enlist(&mut self, id: Id) -> bool {
        self.slot(id).is_some_and(|slot| !std::mem::replace(&mut slot.listed, true))
    }

    pub(crate) fn any_to_go_on(&self) -> bool {
        !(self.again.is_empty() && self.postponed.is_empty())
    }

    /// Those that had no part in the last turn. Each is to be [taken off the list](Self::unlist) before it is
    /// looked at.
    pub(crate) fn take_postponed(&mut self) -> Vec<Id> {
        std::mem::take(&mut self.postponed)
    }

    /// Those that have had their part and have more to do, likewise.
    pub(crate) fn take_again(&mut self) -> Vec<Id> {
        std::mem::take(&mut self.again)
    }

    /// To these it has not come: they are the first of those that go on in the next turn.
    pub(crate) fn put_back(&mut self, again: &[Id]) {
        self.again.splice(0..0, again.iter().copied());
    }

    /// Whether it stands on one of the lists.
    pub(crate) fn is_listed(&mut self, id: Id) -> bool {
        self.slot(id).is_some_and(|slot| slot.listed)
    }

    pub(crate) fn unlist(&mut self, id: Id) {
        if let Some(slot) = self.slot(id) {
            slot.listed = false;
        }
    }

    // ---- timers ------------------------------------------------------------------------------

    /// Sees to it that a timer comes up for the endpoint's next deadline. Activity only moves the endpoint's
    /// own deadline; a timer that comes up too early is armed again.
    pub(crate) fn arm(&mut self, id: Id, now: Millis) {
        let Some(at) = self.get(id).and_then(|endpoint| endpoint.next_deadline(now)) else { return };
        let slot = id.token as usize;
        if self.timers.of(slot).is_none_or(|armed| at < armed) {
            self.timers.set(slot, Some(at));
        }
    }

    pub(crate) fn next_timer(&self) -> Option<Millis> {
        self.timers.next()
    }

    /// All whose timers have come up.
    pub(crate) fn take_due(&mut self, now: Millis) -> Vec<Id> {
        let mut due = Vec::new();
        while let Some(token) = self.timers.pop_due(now) {
            due.push(Id { token: token as u32, serial: self.slots[token].serial });
        }
        due
    }
}
