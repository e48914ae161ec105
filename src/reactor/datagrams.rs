//! The reactor's part in UDP: opening, sending, reading and closing its sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mio::{Interest, Token};

use crate::command::{Id, OpenDatagrams};
use crate::error::Result;

use super::datagram::{Around, Datagrams};
use super::{Endpoint, Next, Reactor, Slot, Turn};

impl Reactor {
    pub(crate) fn open_datagrams(&mut self, open: OpenDatagrams) {
        let socket = Arc::clone(&open.socket);
        let id = self.insert(Endpoint::Datagrams(Box::new(Datagrams::new(open))));
        {
            // From here on sends put the socket on the list of those to flush.
            let _host = socket.host.lock();
            socket.token.store(id.token, Relaxed);
        }
        let destroyed = !self.context.registry.contains(socket.handle);
        self.attend(id, |reactor, id| {
            let Self { poll, endpoints, .. } = &mut *reactor;
            if let Endpoint::Datagrams(own) = &mut endpoints[id.token as usize].endpoint {
                // It fails only when the kernel is out of memory; sending still works.
                let _ = poll.registry().register(&mut own.io, Token(id.token as usize), Interest::READABLE);
            }
            reactor.with_datagrams(id, |own, around| {
                if destroyed {
                    own.drain(around.turn.now);
                }
                own.apply_settings(around);
                own.flush(around);
            });
        });
    }

    /// Runs `with` on a UDP socket with what it needs of the reactor, and does what that led to.
    pub(crate) fn with_datagrams<T>(
        &mut self,
        id: Id,
        with: impl FnOnce(&mut Datagrams, &mut Around<'_>) -> T,
    ) -> Option<T> {
        let Self {
            context,
            poll,
            endpoints,
            batch,
            now,
            dirty,
            queued,
            queued_limit,
            link_events,
            lookups,
            interfaces,
            datagram_reader,
            scratch,
            ..
        } = self;
        let slot = endpoints.get_mut(id.token as usize).filter(|slot| slot.serial == id.serial)?;
        let Endpoint::Datagrams(own) = &mut slot.endpoint else { return None };
        let turn = Turn {
            context,
            batch,
            now: *now,
            spent: dirty,
            queued,
            queued_limit: *queued_limit,
            link_events,
        };
        let mut around = Around { id, turn, lookups, interfaces, reader: datagram_reader, scratch };
        let result = with(own, &mut around);
        if own.is_drained(*now) {
            own.close_sessions(&mut around);
            self.remove(id);
            return Some(result);
        }
        if own.blocked != own.watches_writable {
            own.watches_writable = own.blocked;
            // Only while it is of interest: the system would tell of every datagram that has left.
            let interest =
                if own.blocked { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
            let _ = poll.registry().reregister(&mut own.io, Token(id.token as usize), interest);
        }
        let pauses = own.keeps_peers_waiting() && !std::mem::replace(&mut own.paused, true);
        if pauses {
            self.pause(id);
        }
        Some(result)
    }

    pub(crate) fn read_datagrams(&mut self, id: Id) {
        if self.postpone_if_full(id) {
            return;
        }
        let Some(Slot { endpoint: Endpoint::Datagrams(own), .. }) = self.slot(id) else { return };
        if own.is_over_limit() || self.queued >= self.queued_limit {
            // What the host has collected since may have made room.
            let collected = self.context.events.take_credits();
            self.take_credits(collected);
        }
        if let Some(Next::Again) = self.with_datagrams(id, |own, around| own.read(around)) {
            self.go_on_later(id);
        }
    }

    pub(crate) fn name_known(&mut self, name: &str, addresses: Result<Vec<SocketAddr>>) {
        for id in self.lookups.answered(name, addresses) {
            self.attend(id, |reactor, id| {
                reactor.with_datagrams(id, |own, around| {
                    own.name_known(name, around.lookups);
                    own.flush(around);
                });
            });
        }
    }
}
