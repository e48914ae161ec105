//! What the host asks of the reactor: commands, and queues to write.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use crate::address;
use crate::command::{Command, Id};
use crate::socket::{Handle, Socket};

use super::datagram::Datagrams;
use super::turn::Next;
use super::{BURST, Endpoint, Reactor, Slot};

impl Reactor {
    pub(crate) fn take_work(&mut self, before: Instant, host_waits: bool) {
        if !self.context.mailbox.take_pending() && self.deferred.is_none() {
            return;
        }
        for command in self.context.mailbox.take_commands() {
            self.handle(command);
        }
        let collected = self.context.events.take_credits();
        self.take_credits(collected);
        // While the host still has events to answer it is likely to send more; so that all of it
        // leaves in few writes, wait a moment for the end of the burst.
        let burst_goes_on = !host_waits && self.context.events.waiting() > 0;
        let since = *self.deferred.get_or_insert(before);
        if burst_goes_on && before.duration_since(since) < BURST {
            return;
        }
        self.deferred = None;
        self.context.mailbox.swap_dirty(&mut self.dirty);
        let mut tokens = std::mem::take(&mut self.dirty.tokens);
        for token in tokens.drain(..) {
            let Some(slot) = self.endpoints.get_mut(token as usize) else { continue };
            let id = Id { token, serial: slot.serial };
            match &mut slot.endpoint {
                Endpoint::Stream(stream) => match stream.flush_or_fail(self.now, &mut self.dirty) {
                    Next::Sleep => {}
                    next => self.end(id, next),
                },
                Endpoint::Datagrams(_) => {
                    self.with_datagrams(id, Datagrams::flush);
                }
                _ => continue,
            }
            self.arm(id);
        }
        self.dirty.tokens = tokens;
    }

    pub(crate) fn handle(&mut self, command: Command) {
        match command {
            Command::Listen(listen) => self.listen(listen),
            Command::Connect(request) => self.connect(request),
            Command::Resolved { id, addresses, port } => self.attend(id, |reactor, id| {
                reactor.resolved(id, addresses.map(|found| address::interleave(found, port)));
            }),
            Command::OpenDatagrams(open) => self.open_datagrams(open),
            Command::NameKnown { name, addresses } => self.name_known(&name, addresses),
            Command::RefreshName(name) => self.lookups.refresh(name),
            Command::Destroy(sockets) => sockets.iter().for_each(|socket| self.destroy(socket)),
            Command::Finish { token, serial } => {
                self.attend(Id { token, serial }, |reactor, id| reactor.drain(id));
            }
            Command::Apply(socket) => {
                let token = socket.token.load(Relaxed);
                if let Some(Slot { endpoint: Endpoint::Stream(stream), serial, .. }) =
                    self.endpoints.get_mut(token as usize)
                {
                    stream.apply_settings();
                    let id = Id { token, serial: *serial };
                    self.arm(id);
                } else if let Some(Slot { endpoint: Endpoint::Datagrams(own), serial, .. }) =
                    self.endpoints.get(token as usize)
                    && own.belongs_to(&socket)
                {
                    let id = Id { token, serial: *serial };
                    self.attend(id, |reactor, id| {
                        reactor.with_datagrams(id, |own, around| {
                            own.apply_settings(around);
                            own.flush(around);
                        });
                    });
                }
            }
            Command::SampleRoundTrip(socket) => {
                let token = socket.token.load(Relaxed) as usize;
                if let Some(Slot { endpoint: Endpoint::Stream(stream), .. }) = self.endpoints.get(token) {
                    stream.sample_round_trip();
                }
            }
            Command::Stop(stop) => self.stop = Some(stop),
        }
    }

    pub(crate) fn destroy(&mut self, socket: &Arc<Socket>) {
        let token = socket.token.load(Relaxed);
        let Some(slot) = self.endpoints.get(token as usize) else { return };
        let id = Id { token, serial: slot.serial };
        match &slot.endpoint {
            Endpoint::Listener(listener) if listener.belongs_to(socket) => {
                self.drop_half_open(socket.handle);
                self.remove(id);
            }
            Endpoint::Connect(connect) if connect.belongs_to(socket) => {
                let attempts = connect.attempts.clone();
                if let Some(opening) = &connect.opening {
                    opening.abandoned();
                }
                self.remove_attempts(&attempts);
                self.remove(id);
            }
            Endpoint::Datagrams(own) if own.belongs_to(socket) => self.attend(id, |reactor, id| {
                reactor.with_datagrams(id, |own, around| {
                    own.drain(around.turn.now);
                    own.flush(around);
                });
            }),
            Endpoint::Stream(stream) if stream.belongs_to(socket) => {
                if let Some(opening) = &stream.opening {
                    opening.abandoned();
                }
                self.attend(id, |reactor, id| reactor.drain(id));
            }
            _ => {}
        }
    }

    /// Drops the connections of a destroyed server that have not finished their handshake.
    pub(crate) fn drop_half_open(&mut self, server: Handle) {
        let of_server = |slot: &Slot| match &slot.endpoint {
            Endpoint::Stream(stream) => stream.is_half_open_of(server),
            _ => false,
        };
        let abandoned: Vec<Id> = self
            .endpoints
            .iter()
            .filter(|(_, slot)| of_server(slot))
            .map(|(token, slot)| Id { token: token as u32, serial: slot.serial })
            .collect();
        for id in abandoned {
            self.close(id);
        }
    }
}
