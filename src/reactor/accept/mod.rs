//! The reactor's part in serving: listening, accepting, making room.

pub(crate) mod listener;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mio::{Interest, Token};

use crate::command::{Id, Listen};
use crate::error::Error;

use crate::reactor::stream::Stream;
use crate::reactor::turn::Next;
use crate::reactor::{Endpoint, MOST_LINK_EVENTS, Reactor, Slot};
use listener::{ACCEPTS_PER_TURN, Accepted, Listener, RETRY_MILLIS};

impl Reactor {
    pub(crate) fn listen(&mut self, listen: Listen) {
        let socket = Arc::clone(&listen.socket);
        if !self.context.registry.contains(socket.handle) {
            return;
        }
        let id = self.insert(Endpoint::Listener(Box::new(Listener::new(listen))));
        socket.token.store(id.token, Relaxed);
        let Self { poll, endpoints, .. } = self;
        if let Endpoint::Listener(listener) = &mut endpoints[id.token as usize].endpoint {
            // Adding a descriptor to the poll fails only when the kernel is out of memory; then
            // accepting is tried by timer.
            if poll
                .registry()
                .register(&mut listener.io, Token(id.token as usize), Interest::READABLE)
                .is_err()
            {
                listener.retry_at = self.now + RETRY_MILLIS;
                self.arm(id);
            }
        }
    }

    pub(crate) fn accept(&mut self, id: Id) {
        for _ in 0..ACCEPTS_PER_TURN {
            let congested = self.link_events >= MOST_LINK_EVENTS || self.queued >= self.queued_limit;
            let now = self.now;
            let Some(Slot { endpoint: Endpoint::Listener(listener), .. }) = self.slot(id) else { return };
            if congested {
                listener.paused = true;
                self.pause(id);
                return;
            }
            match listener.accept() {
                Accepted::Connection(io, peer) => {
                    let admission = Arc::clone(&listener.admission);
                    self.greet(id, Stream::accepted(io, admission, &peer, now));
                }
                Accepted::Nobody => return,
                Accepted::Skip => {}
                Accepted::OutOfDescriptors => {
                    listener.retry_at = now + RETRY_MILLIS;
                    return;
                }
            }
        }
        self.go_on_later(id);
    }

    pub(crate) fn greet(&mut self, listener: Id, stream: Stream) {
        let id = self.insert(Endpoint::Stream(Box::new(stream)));
        let Some(Slot { endpoint: Endpoint::Listener(noting), .. }) = self.slot(listener) else { return };
        let crowded = noting.note_newcomer(id);
        while let Some(oldest) = self.oldest_newcomer(listener) {
            let unfinished = match self.slot(oldest) {
                Some(Slot { endpoint: Endpoint::Stream(stream), .. }) => stream.socket.is_none(),
                _ => false,
            };
            if unfinished && !crowded {
                break;
            }
            if let Some(Slot { endpoint: Endpoint::Listener(noting), .. }) = self.slot(listener) {
                noting.forget_oldest_newcomer();
            }
            if unfinished {
                self.close(oldest);
                break;
            }
        }
        self.attend(id, |reactor, id| reactor.begin(id));
    }

    pub(crate) fn oldest_newcomer(&mut self, listener: Id) -> Option<Id> {
        match self.slot(listener) {
            Some(Slot { endpoint: Endpoint::Listener(listener), .. }) => listener.oldest_newcomer(),
            _ => None,
        }
    }

    /// Registers a new stream with the poll and lets it begin.
    pub(crate) fn begin(&mut self, id: Id) {
        let Self { poll, endpoints, .. } = self;
        let Endpoint::Stream(stream) = &mut endpoints[id.token as usize].endpoint else { return };
        let interest = Interest::READABLE | Interest::WRITABLE;
        let Some(io) = stream.io_mut() else { return };
        if let Err(error) = poll.registry().register(io, Token(id.token as usize), interest) {
            self.end(id, Next::Failed(Error::from_io("cannot watch the connection", &error)));
            return;
        }
        if let Some(Err(error)) = self.with_stream(id, |stream, turn| stream.begin(id, turn)) {
            self.end(id, Next::Failed(error));
        }
    }
}
