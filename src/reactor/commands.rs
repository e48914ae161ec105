//! What the host and other reactors ask of the reactor: commands, and queues to write.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use crate::address;
use crate::command::{CloseFrame, Command, Id};
use crate::newcomers;
use crate::socket::Socket;

use super::datagram::Datagrams;
use super::endpoints::Endpoint;
use super::turn::Next;
use super::{BURST, Reactor};

impl Reactor {
    pub(crate) fn take_work(&mut self, before: Instant, host_waits: bool) {
        if !self.turn.mailbox.take_pending() && self.deferred.is_none() {
            return;
        }
        for command in self.turn.mailbox.take_commands() {
            self.handle(command);
        }
        let collected = self.turn.context.events.take_collected(self.turn.reactor);
        self.release_collected(collected);
        // While the host still has events to answer it is likely to send more; so that all of it
        // leaves in few writes, wait a moment for the end of the burst.
        let burst_goes_on = !host_waits && self.turn.context.events.waiting() > 0;
        let since = *self.deferred.get_or_insert(before);
        if burst_goes_on && before.duration_since(since) < BURST {
            return;
        }
        self.deferred = None;
        self.turn.mailbox.swap_dirty(&mut self.turn.spent);
        let mut tokens = std::mem::take(&mut self.turn.spent.tokens);
        for at in 0..tokens.len() {
            self.endpoints.fetch_ahead(tokens.get(at + 2).copied(), tokens.get(at + 1).copied());
            let token = tokens[at];
            let Some(id) = self.endpoints.at(token) else { continue };
            let Some(endpoint) = self.endpoints.get(id) else { continue };
            match endpoint {
                Endpoint::Stream(stream) => match stream.flush_or_fail(self.turn.now, &mut self.turn.spent) {
                    // Of its deadlines only that of writing can have changed.
                    Next::Sleep if !stream.is_blocked() => {
                        self.tell_of_room(id);
                        continue;
                    }
                    Next::Sleep => {}
                    next => self.end(id, next),
                },
                Endpoint::Datagrams(_) => {
                    self.with_datagrams(id, Datagrams::flush);
                }
                Endpoint::Listener(_)
                | Endpoint::Connect(_)
                | Endpoint::ConnectAttempt(_)
                | Endpoint::Gone => continue,
            }
            self.tell_of_room(id);
            self.endpoints.arm(id, self.turn.now);
        }
        tokens.clear();
        self.turn.spent.tokens = tokens;
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
            Command::RefreshName(name) => self.datagram_tools.lookups.refresh(name),
            Command::Destroy { sockets, close_frame } => {
                sockets.iter().for_each(|socket| self.destroy(socket, close_frame.as_deref()));
            }
            Command::Finish { token, serial } => {
                self.attend(Id { token, serial }, |reactor, id| reactor.drain(id));
            }
            Command::Apply(socket) => self.apply_settings(&socket),
            Command::SampleRoundTrip(socket) => {
                if let Some(id) = self.endpoints.at(socket.token.load(Relaxed))
                    && let Some(stream) = self.endpoints.stream(id)
                {
                    stream.sample_round_trip();
                }
            }
            Command::RenewAcceptor { socket, acceptor } => {
                if let Some(id) = self.endpoints.at(socket.token.load(Relaxed))
                    && let Some(listener) = self.endpoints.listener(id)
                    && listener.belongs_to(&socket)
                {
                    listener.admission.renew_acceptor(acceptor);
                }
            }
            Command::Adopt(arrival) => self.adopt(*arrival),
            Command::Dismiss { ids, why } => ids.into_iter().for_each(|id| self.dismiss(id, why)),
            Command::CountAddresses(admission) => self.count_addresses(&admission),
            Command::Stop(stop) => self.stop = Some(stop),
        }
    }

    /// The host has changed options of a socket.
    fn apply_settings(&mut self, socket: &Arc<Socket>) {
        let Some(id) = self.endpoints.at(socket.token.load(Relaxed)) else { return };
        let Some(endpoint) = self.endpoints.get(id) else { return };
        match endpoint {
            Endpoint::Stream(stream) => {
                stream.apply_settings(self.turn.now);
                self.endpoints.go_on_later(id);
                self.endpoints.arm(id, self.turn.now);
            }
            Endpoint::Datagrams(own) if own.belongs_to(socket) => self.attend(id, |reactor, id| {
                reactor.with_datagrams(id, |own, around| {
                    own.apply_settings(around);
                    own.flush(around);
                });
            }),
            Endpoint::Listener(listener) if listener.belongs_to(socket) => {
                self.attend(id, |reactor, id| reactor.apply_to_listener(id));
            }
            // What a connect needs of them it takes when a connection comes of it.
            Endpoint::Datagrams(_)
            | Endpoint::Listener(_)
            | Endpoint::Connect(_)
            | Endpoint::ConnectAttempt(_)
            | Endpoint::Gone => {}
        }
    }

    pub(crate) fn destroy(&mut self, socket: &Arc<Socket>, close_frame: Option<&CloseFrame>) {
        let Some(id) = self.endpoints.at(socket.token.load(Relaxed)) else { return };
        let Some(endpoint) = self.endpoints.get(id) else { return };
        match endpoint {
            Endpoint::Listener(listener) => {
                if listener.belongs_to(socket) {
                    let newcomers = newcomers::take_those_of(socket.handle);
                    self.endpoints.remove(id);
                    self.dismiss_all(newcomers);
                }
            }
            Endpoint::Connect(connect) => {
                if connect.belongs_to(socket) {
                    let attempts = std::mem::take(&mut connect.attempts);
                    if let Some(opening) = &connect.opening {
                        opening.abandoned();
                    }
                    self.remove_attempts(&attempts);
                    self.endpoints.remove(id);
                }
            }
            Endpoint::Datagrams(own) => {
                if own.belongs_to(socket) {
                    self.attend(id, |reactor, id| {
                        reactor.with_datagrams(id, |own, around| {
                            own.drain(around.turn.now);
                            own.flush(around);
                        });
                    });
                }
            }
            Endpoint::Stream(stream) => {
                if stream.belongs_to(socket) {
                    if let Some(opening) = stream.opening() {
                        opening.abandoned();
                    }
                    if let Some(frame) = close_frame {
                        stream.set_close_frame(frame);
                    }
                    self.attend(id, |reactor, id| reactor.drain(id));
                }
            }
            // The socket's endpoint is the connect that an attempt belongs to.
            Endpoint::ConnectAttempt(_) | Endpoint::Gone => {}
        }
    }
}
