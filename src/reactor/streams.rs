//! The reactor's part in connections: reading them, and what looking at one came to.

use crate::command::Id;
use crate::error::{Code, Error};
use crate::event::batch::Happened;

use super::endpoints::Endpoint;
use super::stream::Stream;
use super::turn::Next;
use super::{Reactor, Turn};

/// How a connection came to its end without the host.
enum End {
    /// The peer has closed its direction.
    Eof,
    ClosedByPeer(String),
    Failed(Error),
}

/// What becomes of a connection that has ended.
enum After {
    /// It stays for what the host still sends.
    Stay,
    /// The peer is to hear the last words.
    Drain,
    Close,
}

impl Reactor {
    /// Runs `with` on a stream with what it needs of the reactor.
    pub(crate) fn with_stream<T>(
        &mut self,
        id: Id,
        with: impl FnOnce(&mut Stream, &mut Turn) -> T,
    ) -> Option<T> {
        let stream = self.endpoints.stream(id)?;
        Some(with(stream, &mut self.turn))
    }

    pub(crate) fn read(&mut self, id: Id) {
        if !self.postpone_if_full(id) {
            self.read_now(id);
        }
    }

    pub(crate) fn read_now(&mut self, id: Id) {
        match self.with_stream(id, |stream, turn| stream.read(id, turn)) {
            None | Some(Next::Sleep) => {}
            Some(next) => self.end(id, next),
        }
    }

    /// A deadline of a stream is over.
    pub(crate) fn stream_overdue(&mut self, id: Id) {
        // What has arrived counts, also if this turn has not come to it.
        if self.endpoints.stream(id).is_some_and(|stream| !stream.paused) {
            self.read_now(id);
        }
        let now = self.turn.now;
        if self.endpoints.stream(id).is_some_and(|stream| stream.is_overdue(now)) {
            let next = self.with_stream(id, |stream, turn| stream.timed_out(turn));
            self.end(id, next.unwrap_or(Next::Sleep));
        }
    }

    /// Does what looking at a stream came to.
    pub(crate) fn end(&mut self, id: Id, next: Next) {
        match next {
            Next::Sleep => {}
            Next::Again => self.endpoints.go_on_later(id),
            Next::Pause => self.pause(id),
            Next::Close => self.close(id),
            Next::Eof => self.disconnected(id, End::Eof),
            Next::ClosedByPeer(words) => self.disconnected(id, End::ClosedByPeer(words)),
            Next::Failed(error) => self.failed(id, error),
        }
    }

    fn failed(&mut self, id: Id, error: Error) {
        let Some(endpoint) = self.endpoints.get(id) else { return };
        match endpoint {
            Endpoint::Connect(_) => self.connect_failed(id, error),
            Endpoint::ConnectAttempt(attempt) => {
                let connect = attempt.connect;
                self.attempt_failed(id, connect, error);
            }
            Endpoint::Stream(_) => self.disconnected(id, End::Failed(error)),
            Endpoint::Listener(_) | Endpoint::Datagrams(_) => self.close(id),
            Endpoint::Gone => {}
        }
    }

    /// Closes without an event.
    pub(crate) fn close(&mut self, id: Id) {
        if let Some(stream) = self.endpoints.stream(id) {
            stream.lose();
        }
        self.endpoints.remove(id);
    }

    /// A connection has ended by itself: tells the host if it knew of it.
    fn disconnected(&mut self, id: Id, end: End) {
        let after = self.with_stream(id, |stream, turn| {
            let write_close_frame = if stream.owes_close_frame() { After::Drain } else { After::Close };
            if let Some(opening) = stream.take_opening() {
                let early = Error::new(Code::Closed, "the server closed the connection before it was ready");
                let error = if let End::Failed(error) = end { error } else { early };
                opening.failed(stream.origin(id), &error, turn);
                return write_close_frame;
            }
            if !stream.tells_of_end() {
                if let End::Failed(error) = &end {
                    stream.turned_away(error);
                }
                return write_close_frame;
            }
            let code = stream.received_close_code();
            let happened = match &end {
                End::Eof => Happened::Disconnect { half_closed: true, error: None, code },
                End::ClosedByPeer(words) => Happened::ClosedByPeer { words, code },
                End::Failed(error) => Happened::Disconnect { half_closed: false, error: Some(error), code },
            };
            turn.happened(stream.origin(id), happened);
            if matches!(end, End::Eof) {
                stream.half_close();
                return After::Stay;
            }
            write_close_frame
        });
        match after {
            Some(After::Stay) => {}
            Some(After::Drain) => {
                if let Some(stream) = self.endpoints.stream(id) {
                    stream.refuse_sends();
                }
                self.drain(id);
            }
            Some(After::Close) | None => self.close(id),
        }
    }

    pub(crate) fn drain(&mut self, id: Id) {
        let next = self.with_stream(id, |stream, turn| stream.drain(turn.now, &mut turn.spent));
        self.end(id, next.unwrap_or(Next::Sleep));
    }
}
