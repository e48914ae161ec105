//! The reactor's part in connecting: names, attempts, and what becomes of them.

pub(crate) mod pending;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mio::{Interest, Token};

use crate::address;
use crate::command::{Command, ConnectRequest, Id};
use crate::dns::resolver;
use crate::error::{Error, Result};
use crate::event::batch::Origin;
use crate::log::{self, Level};
use crate::socket::{Handle, NO_TOKEN};

use crate::reactor::Reactor;
use crate::reactor::endpoints::Endpoint;
use crate::reactor::stream::Stream;
use crate::reactor::turn::Next;
use pending::{Connect, ConnectAttempt};

impl Reactor {
    pub(crate) fn connect(&mut self, request: ConnectRequest) {
        let socket = Arc::clone(&request.socket);
        let (host, port) = (request.host.clone(), request.port);
        let no_tls = match &request.tls {
            Some(Err(error)) => Some(error.clone()),
            _ => None,
        };
        let id = self.endpoints.insert(Endpoint::Connect(Box::new(Connect::new(request, self.turn.now))));
        socket.token.store(id.token, Relaxed);
        if !self.turn.context.registry.contains(socket.handle) {
            self.destroy(&socket, None);
            return;
        }
        self.endpoints.arm(id, self.turn.now);
        if let Some(error) = no_tls {
            self.connect_failed(id, error);
            return;
        }
        match address::literal(&host) {
            Some(mut literal) => {
                literal.set_port(port);
                self.attend(id, |reactor, id| reactor.resolved(id, Ok(vec![literal])));
            }
            None => {
                let mailbox = self.turn.mailbox;
                resolver::look_up(
                    &host,
                    Box::new(move |addresses| mailbox.command(Command::Resolved { id, addresses, port })),
                );
            }
        }
    }

    pub(crate) fn resolved(&mut self, id: Id, addresses: Result<Vec<SocketAddr>>) {
        let Some(connect) = self.endpoints.connect(id) else { return };
        match addresses {
            Err(error) => self.connect_failed(id, error),
            Ok(addresses) => {
                connect.addresses = Some(addresses.into());
                self.try_next(id);
            }
        }
    }

    pub(crate) fn try_next(&mut self, id: Id) {
        let now = self.turn.now;
        let Some(connect) = self.endpoints.connect(id) else { return };
        match connect.next_stream() {
            Some((io, address)) => {
                connect.stagger(now);
                let attempt = self.endpoints.insert(Endpoint::ConnectAttempt(Box::new(ConnectAttempt {
                    io,
                    address,
                    connect: id.token,
                })));
                if let Some(connect) = self.endpoints.connect(id) {
                    connect.attempts.push(attempt.token);
                }
                let Some(trying) = self.endpoints.attempt(attempt) else { return };
                let interest = Interest::READABLE | Interest::WRITABLE;
                let token = Token(attempt.token as usize);
                if let Err(error) = self.poll.registry().register(&mut trying.io, token, interest) {
                    self.attempt_failed(
                        attempt,
                        id.token,
                        Error::from_io("cannot watch the connection", &error),
                    );
                }
            }
            None if connect.attempts.is_empty() => {
                let error = connect.failure();
                self.connect_failed(id, error);
            }
            None => {}
        }
    }

    /// The system says that an attempt has got somewhere.
    pub(crate) fn attempted(&mut self, id: Id, hung_up: bool) {
        let Some(attempt) = self.endpoints.attempt(id) else { return };
        let connect = attempt.connect;
        match attempt.outcome() {
            None => {}
            Some(Err(error)) => self.attempt_failed(id, connect, error),
            Some(Ok(())) => self.attempt_won(id, connect, hung_up),
        }
    }

    pub(crate) fn attempt_failed(&mut self, id: Id, connect_token: u32, error: Error) {
        self.endpoints.remove(id);
        let Some(connect_id) = self.endpoints.at(connect_token) else { return };
        if let Some(connect) = self.endpoints.connect(connect_id) {
            connect.attempts.retain(|&token| token != id.token);
            if connect.addresses.as_ref().is_some_and(|addresses| !addresses.is_empty()) {
                log::write(Level::Connection, format_args!("{error}; the name's next address is tried"));
            }
            connect.last_error = Some(error);
            self.attend(connect_id, |reactor, id| reactor.try_next(id));
        }
    }

    pub(crate) fn attempt_won(&mut self, id: Id, connect_token: u32, hung_up: bool) {
        let now = self.turn.now;
        let Some(connect_id) = self.endpoints.at(connect_token) else { return };
        let Some(connect) = self.endpoints.connect(connect_id) else { return };
        let Some(opening) = connect.opening.take() else { return };
        let losers: Vec<u32> = connect.attempts.iter().copied().filter(|&token| token != id.token).collect();
        self.remove_attempts(&losers);
        self.endpoints.remove(connect_id);

        let became = self.endpoints.attempt_becomes(id, |attempt| {
            attempt.note_local_port(&opening.socket);
            opening.socket.token.store(id.token, Relaxed);
            let mut stream = Stream::connected(attempt.io, opening, &attempt.address, now);
            stream.hung_up = hung_up;
            stream
        });
        if became.is_none() {
            return;
        }
        if let Some(Err(error)) = self.with_stream(id, |stream, turn| stream.begin(id, turn)) {
            self.end(id, Next::Failed(error));
            return;
        }
        // The server's greeting may have come with the same readiness.
        self.read(id);
    }

    pub(crate) fn connect_failed(&mut self, id: Id, error: Error) {
        let Some(connect) = self.endpoints.connect(id) else { return };
        let attempts = std::mem::take(&mut connect.attempts);
        let tried = connect.tried;
        let Some(opening) = connect.opening.take() else { return };
        self.remove_attempts(&attempts);
        self.endpoints.remove(id);
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
        opening.failed(origin, &error, &mut self.turn);
    }

    pub(crate) fn remove_attempts(&mut self, attempts: &[u32]) {
        for &token in attempts {
            if let Some(id) = self.endpoints.at(token) {
                self.endpoints.remove(id);
            }
        }
    }
}
