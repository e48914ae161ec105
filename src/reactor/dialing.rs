//! The reactor's part in connecting: names, attempts, and what becomes of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mio::{Interest, Token};

use crate::command::{Command, DialRequest, Id};
use crate::error::{Error, Result};
use crate::event::batch::Origin;
use crate::socket::{Handle, NO_TOKEN};
use crate::{address, resolve};

use super::dial::{ATTEMPT_DELAY_MILLIS, Attempt, Dial};
use super::stream::Stream;
use super::turn::Next;
use super::{Endpoint, Reactor, Slot, Turn};

impl Reactor {
    pub(super) fn dial(&mut self, request: DialRequest) {
        let socket = Arc::clone(&request.socket);
        let (host, port) = (request.host.clone(), request.port);
        let no_tls = match &request.tls {
            Some(Err(error)) => Some(error.clone()),
            _ => None,
        };
        let id = self.insert(Endpoint::Dial(Box::new(Dial::new(request, self.now))));
        socket.token.store(id.token, Relaxed);
        if !self.shared.registry.contains(socket.handle) {
            self.destroy(&socket);
            return;
        }
        self.arm(id);
        if let Some(error) = no_tls {
            self.dial_failed(id, error);
            return;
        }
        match address::literal(&host) {
            Some(mut literal) => {
                literal.set_port(port);
                self.attend(id, |reactor, id| reactor.resolved(id, Ok(vec![literal])));
            }
            None => {
                let shared = self.shared;
                resolve::look_up(
                    &host,
                    Box::new(move |addresses| shared.work.command(Command::Resolved { id, addresses, port })),
                );
            }
        }
    }

    pub(super) fn resolved(&mut self, id: Id, addresses: Result<Vec<SocketAddr>>) {
        let Some(Slot { endpoint: Endpoint::Dial(dial), .. }) = self.slot(id) else { return };
        match addresses {
            Err(error) => self.dial_failed(id, error),
            Ok(addresses) => {
                dial.addresses = Some(addresses.into());
                self.try_next(id);
            }
        }
    }

    pub(super) fn try_next(&mut self, id: Id) {
        let now = self.now;
        let Some(Slot { endpoint: Endpoint::Dial(dial), .. }) = self.slot(id) else { return };
        match dial.next_stream() {
            Some((io, address)) => {
                dial.next_attempt = now + ATTEMPT_DELAY_MILLIS;
                let attempt =
                    self.insert(Endpoint::Attempt(Box::new(Attempt { io, address, dial: id.token })));
                if let Endpoint::Dial(dial) = &mut self.endpoints[id.token as usize].endpoint {
                    dial.attempts.push(attempt.token);
                }
                let Reactor { poll, endpoints, .. } = self;
                let Endpoint::Attempt(trying) = &mut endpoints[attempt.token as usize].endpoint else {
                    return;
                };
                let interest = Interest::READABLE | Interest::WRITABLE;
                let token = Token(attempt.token as usize);
                if let Err(error) = poll.registry().register(&mut trying.io, token, interest) {
                    self.attempt_failed(
                        attempt,
                        id.token,
                        Error::from_io("cannot watch the connection", &error),
                    );
                }
            }
            None if dial.attempts.is_empty() => {
                let error = dial.failure();
                self.dial_failed(id, error);
            }
            None => {}
        }
    }

    /// The system says that an attempt has got somewhere.
    pub(super) fn attempted(&mut self, id: Id, hung_up: bool) {
        let Some(Slot { endpoint: Endpoint::Attempt(attempt), .. }) = self.slot(id) else { return };
        let dial = attempt.dial;
        match attempt.outcome() {
            None => {}
            Some(Err(error)) => self.attempt_failed(id, dial, error),
            Some(Ok(())) => self.attempt_won(id, dial, hung_up),
        }
    }

    pub(super) fn attempt_failed(&mut self, id: Id, dial_token: u32, error: Error) {
        self.remove(id);
        let slot = &mut self.endpoints[dial_token as usize];
        let dial_id = Id { token: dial_token, serial: slot.serial };
        if let Endpoint::Dial(dial) = &mut slot.endpoint {
            dial.attempts.retain(|&token| token != id.token);
            dial.last_error = Some(error);
            self.attend(dial_id, |reactor, id| reactor.try_next(id));
        }
    }

    pub(super) fn attempt_won(&mut self, id: Id, dial_token: u32, hung_up: bool) {
        let now = self.now;
        let slot = &mut self.endpoints[dial_token as usize];
        let dial_id = Id { token: dial_token, serial: slot.serial };
        let Endpoint::Dial(dial) = &mut slot.endpoint else { return };
        let Some(opening) = dial.opening.take() else { return };
        let losers: Vec<u32> = dial.attempts.iter().copied().filter(|&token| token != id.token).collect();
        self.remove_attempts(&losers);
        self.remove(dial_id);

        let slot = &mut self.endpoints[id.token as usize];
        let Endpoint::Attempt(attempt) = std::mem::replace(&mut slot.endpoint, Endpoint::Gone) else {
            return;
        };
        attempt.note_local_port(&opening.socket);
        opening.socket.token.store(id.token, Relaxed);
        let mut stream = Stream::connected(attempt.io, opening, &attempt.address, now);
        stream.hung_up = hung_up;
        slot.endpoint = Endpoint::Stream(Box::new(stream));
        if let Some(Err(error)) = self.with_stream(id, |stream, turn| stream.begin(id, turn)) {
            self.end(id, Next::Failed(error));
            return;
        }
        // The server's greeting may have come with the same readiness.
        self.read(id);
    }

    pub(super) fn dial_failed(&mut self, id: Id, error: Error) {
        let Some(Slot { endpoint: Endpoint::Dial(dial), .. }) = self.slot(id) else { return };
        let attempts = std::mem::take(&mut dial.attempts);
        let tried = dial.tried;
        let Some(opening) = dial.opening.take() else { return };
        self.remove_attempts(&attempts);
        self.remove(id);
        opening.socket.token.store(NO_TOKEN, Relaxed);
        let ip = tried.map(|address| address::text(&address)).unwrap_or_default();
        let origin = Origin {
            socket: opening.socket.handle,
            server: Handle::NONE,
            token: id.token,
            serial: id.serial,
            ip: &ip,
            port: 0,
        };
        let Reactor { shared, batch, now, dirty, queued, queued_limit, links, .. } = self;
        let mut turn =
            Turn { shared, batch, now: *now, spent: dirty, queued, queued_limit: *queued_limit, links };
        opening.failed(origin, &error, &mut turn);
    }

    pub(super) fn remove_attempts(&mut self, attempts: &[u32]) {
        for &token in attempts {
            let serial = self.endpoints[token as usize].serial;
            self.remove(Id { token, serial });
        }
    }
}
