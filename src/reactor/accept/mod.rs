//! The reactor's part in serving: listening, accepting, making room.

pub(crate) mod listener;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mio::{Interest, Token};

use crate::address;
use crate::clock::Millis;
use crate::command::{Id, Listen};
use crate::error::{Code, Error};
use crate::log::{Level, Seldom};

use crate::reactor::Reactor;
use crate::reactor::endpoints::Endpoint;
use crate::reactor::stream::Stream;
use crate::reactor::turn::{Next, RETRY_MILLIS};
use listener::{ACCEPTS_PER_TURN, Accepted, Listener};

static OUT_OF_DESCRIPTORS: Seldom = Seldom::new();

impl Reactor {
    pub(crate) fn listen(&mut self, listen: Listen) {
        let socket = Arc::clone(&listen.socket);
        if !self.turn.context.registry.contains(socket.handle) {
            return;
        }
        let id = self.endpoints.insert(Endpoint::Listener(Box::new(Listener::new(listen))));
        socket.token.store(id.token, Relaxed);
        self.watch_listener(id);
        self.apply_address_limits(id);
    }

    /// Sees to it that the poll watches what the server listens on.
    fn watch_listener(&mut self, id: Id) {
        let Some(listener) = self.endpoints.listener(id) else { return };
        let token = Token(id.token as usize);
        // Adding a descriptor to the poll fails only when the kernel is out of memory; then
        // accepting is tried by timer.
        if listener.listening.register(self.poll.registry(), token).is_err() {
            listener.retry_at = self.turn.now + RETRY_MILLIS;
            self.endpoints.arm(id);
        }
    }

    /// The host has changed a server's options: its port may be open again or closed, with some who came
    /// before, and other limits may hold.
    pub(crate) fn apply_to_listener(&mut self, id: Id) {
        self.watch_listener(id);
        self.apply_address_limits(id);
        if self.endpoints.listener(id).is_some_and(|listener| !listener.paused) {
            self.accept(id);
        }
    }

    /// Begins to count connections by address, those there are included, or stops that.
    fn apply_address_limits(&mut self, id: Id) {
        let Some(listener) = self.endpoints.listener(id) else { return };
        let admission = Arc::clone(&listener.admission);
        if admission.begin_or_stop_counting() {
            for (_, stream) in self.endpoints.streams_mut() {
                stream.count_address(&admission);
            }
        }
    }

    pub(crate) fn accept(&mut self, id: Id) {
        for _ in 0..ACCEPTS_PER_TURN {
            let congested = self.turn.has_too_many_link_events() || self.turn.is_over_limit();
            let now = self.turn.now;
            let Some(listener) = self.endpoints.listener(id) else { return };
            if congested {
                listener.paused = true;
                self.pause(id);
                return;
            }
            match listener.accept() {
                Accepted::Connection(io, peer) => {
                    let admission = Arc::clone(&listener.admission);
                    let proxied = admission.expects_proxy();
                    let allowed = match proxied {
                        true => admission.check_proxy(peer.ip()),
                        false => admission.take_address(peer.ip(), now),
                    };
                    if let Err(error) = allowed {
                        admission.turn_away(&address::text(&peer), peer.port(), &error);
                        continue;
                    }
                    // The timeout in force now, also for servers made before it was set.
                    let timeout = self.turn.context.with_options(|options| options.handshake_timeout_ms());
                    let mut stream = Stream::accepted(io, admission, &peer, now, Millis::from(timeout));
                    if proxied {
                        stream.expect_proxy(now + Millis::from(timeout));
                    }
                    self.greet(id, stream);
                }
                Accepted::Nobody => return,
                Accepted::Skip => {}
                Accepted::OutOfDescriptors => {
                    listener.retry_at = now + RETRY_MILLIS;
                    OUT_OF_DESCRIPTORS.write(
                        Level::Error,
                        format_args!(
                            "server {} accepts nobody: the process has no file descriptors left",
                            listener.admission.server.handle.0
                        ),
                    );
                    return;
                }
            }
        }
        self.endpoints.go_on_later(id);
    }

    fn greet(&mut self, listener: Id, stream: Stream) {
        let id = self.endpoints.insert(Endpoint::Stream(Box::new(stream)));
        let Some(noting) = self.endpoints.listener(listener) else { return };
        let crowded = noting.note_newcomer(id);
        while let Some(oldest) = self.oldest_newcomer(listener) {
            let unfinished = self.endpoints.stream(oldest).is_some_and(|stream| stream.socket.is_none());
            if unfinished && !crowded {
                break;
            }
            if let Some(noting) = self.endpoints.listener(listener) {
                noting.forget_oldest_newcomer();
            }
            if unfinished {
                if let Some(stream) = self.endpoints.stream(oldest) {
                    stream.turned_away(&Error::new(Code::Limit, "too many others are in their handshake"));
                }
                self.close(oldest);
                break;
            }
        }
        self.attend(id, |reactor, id| reactor.begin(id));
    }

    fn oldest_newcomer(&mut self, listener: Id) -> Option<Id> {
        self.endpoints.listener(listener)?.oldest_newcomer()
    }

    /// Registers a new stream with the poll and lets it begin.
    pub(crate) fn begin(&mut self, id: Id) {
        let Some(stream) = self.endpoints.stream(id) else { return };
        let interest = Interest::READABLE | Interest::WRITABLE;
        let Some(io) = stream.io_mut() else { return };
        if let Err(error) = self.poll.registry().register(io, Token(id.token as usize), interest) {
            self.end(id, Next::Failed(Error::from_io("cannot watch the connection", &error)));
            return;
        }
        if let Some(Err(error)) = self.with_stream(id, |stream, turn| stream.begin(id, turn)) {
            self.end(id, Next::Failed(error));
        }
    }
}
