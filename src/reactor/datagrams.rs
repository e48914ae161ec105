//! The reactor's part in UDP: opening, sending, reading and closing its sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::command::{Id, OpenDatagrams};
use crate::error::Result;

use super::Reactor;
use super::datagram::{Around, Datagrams};
use super::endpoints::Endpoint;
use super::turn::Next;

impl Reactor {
    pub(crate) fn open_datagrams(&mut self, open: OpenDatagrams) {
        let socket = Arc::clone(&open.socket);
        let id = self.endpoints.insert(Endpoint::Datagrams(Box::new(Datagrams::new(open))));
        {
            // From here on sends put the socket on the list of those to flush.
            let _host = socket.host.lock();
            socket.token.store(id.token, Relaxed);
        }
        let destroyed = !self.turn.context.registry.contains(socket.handle);
        self.attend(id, |reactor, id| {
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
        let Self { poll, endpoints, turn, datagram_tools: tools, .. } = self;
        let own = endpoints.datagrams(id)?;
        let mut around = Around { id, turn, tools };
        let result = with(own, &mut around);
        if own.is_drained(around.turn.now) {
            own.close_sessions(&mut around);
            self.endpoints.remove(id);
            return Some(result);
        }
        own.watch(poll.registry(), id, around.turn.now);
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
        let Some(own) = self.endpoints.datagrams(id) else { return };
        if own.is_over_limit() || self.turn.is_over_limit() {
            // What the host has collected since may have made room.
            let collected = self.turn.context.events.take_collected(self.turn.reactor);
            self.release_collected(collected);
        }
        if let Some(Next::Again) = self.with_datagrams(id, |own, around| own.read(around)) {
            self.endpoints.go_on_later(id);
        }
    }

    pub(crate) fn name_known(&mut self, name: &str, addresses: Result<Vec<SocketAddr>>) {
        for id in self.datagram_tools.lookups.answered(name, addresses) {
            self.attend(id, |reactor, id| {
                reactor.with_datagrams(id, |own, around| {
                    own.name_known(name, &around.tools.lookups);
                    own.flush(around);
                });
            });
        }
    }
}
