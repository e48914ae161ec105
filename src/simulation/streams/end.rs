//! One end of a connection: the library's session, and around it what `reactor::stream` does with a system's socket, in
//! the same steps, with a [`Pipe`] for each direction.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::pipe::{Pipe, Read};
use crate::command::WebSocketRequest;
use crate::conditioner::Random;
use crate::error::{Code, Error};
use crate::event::batch::{Batch, Happened, Origin};
use crate::outgoing::Outgoing;
use crate::placement::Seat;
use crate::reactor::{Session, SessionEnd};
use crate::registry::Registry;
use crate::reliable::Micros;
use crate::socket::{Handle, Socket};

/// As long as a handshake, and the end of a connection, may take.
const HANDSHAKE: Micros = 10_000_000;
const LINGER: Micros = 2_000_000;
/// The most that a session holds of a handshake, or of a message besides what its limit allows.
const SLACK: usize = 80 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Handshake,
    Open,
    /// The other end has said its last byte; what the host sends before it knows still goes out.
    HalfClosed,
    /// The host is done with it, or the peer: what is queued leaves, then it closes.
    Draining,
    Gone,
}

/// How looking at an end came out: as the reactor's `Next`.
enum Next {
    Sleep,
    Eof,
    ClosedByPeer(String),
    Failed(Error),
    Close,
}

impl From<SessionEnd> for Next {
    fn from(end: SessionEnd) -> Self {
        match end {
            SessionEnd::ClosedByPeer(words) => Self::ClosedByPeer(words),
            SessionEnd::Answered => Self::ClosedByPeer(String::new()),
            SessionEnd::Failed(error) => Self::Failed(error),
        }
    }
}

/// What an end needs of the world while it is looked at.
pub(super) struct Around<'a> {
    pub(super) now: Micros,
    pub(super) random: &'a mut Random,
    pub(super) batch: &'a mut Batch,
    pub(super) registry: &'a Registry,
    pub(super) incoming: &'a mut Pipe,
    pub(super) outgoing: &'a mut Pipe,
}

pub(super) struct End {
    /// By which events and the link name each other.
    pub(super) token: u32,
    pub(super) socket: Option<Arc<Socket>>,
    /// Of a server's side.
    server: Option<Arc<Socket>>,
    pub(super) phase: Phase,
    session: Session,
    writing: Outgoing,
    write_failed: bool,
    shut: bool,
    /// A client's connect of which the host was not told yet.
    opening: bool,
    deadline: Micros,
    /// It closed with something left to say, for want of time.
    pub(super) gave_up: bool,
}

fn origin(socket: Option<&Socket>, token: u32) -> Origin<'static> {
    let (socket, server) = socket.map_or((Handle::NONE, Handle::NONE), |own| (own.handle, own.server));
    Origin { socket, server, token, serial: 0, ip: "10.0.0.1", port: 1 }
}

impl End {
    pub(super) fn client(
        socket: &Arc<Socket>,
        regular: bool,
        websocket: Option<WebSocketRequest>,
        token: u32,
        now: Micros,
    ) -> Self {
        let game_id = socket.begin_connection();
        let session = match websocket {
            Some(request) => Session::websocket_client(regular, game_id, request),
            None => Session::tcp_client(regular, game_id),
        };
        let mut end = Self::new(session, token, now);
        end.socket = Some(Arc::clone(socket));
        end.opening = true;
        end
    }

    pub(super) fn server(server: &Arc<Socket>, regular: bool, token: u32, now: Micros) -> Self {
        let session = if server.family.is_websocket() {
            Session::websocket_server(regular, server)
        } else {
            Session::tcp_server(regular)
        };
        let mut end = Self::new(session, token, now);
        end.server = Some(Arc::clone(server));
        end
    }

    fn new(session: Session, token: u32, now: Micros) -> Self {
        Self {
            token,
            socket: None,
            server: None,
            phase: Phase::Handshake,
            session,
            writing: Outgoing::default(),
            write_failed: false,
            shut: false,
            opening: false,
            deadline: now + HANDSHAKE,
            gave_up: false,
        }
    }

    /// TCP is connected.
    pub(super) fn begin(&mut self, around: &mut Around<'_>) {
        if self.session.has_handshake() {
            self.session.begin(self.writing.own());
            return;
        }
        if let Err(error) = self.ready(around) {
            self.come_to(Next::Failed(error), around);
        }
    }

    /// Reads and writes what it can.
    pub(super) fn look(&mut self, around: &mut Around<'_>) {
        if self.phase == Phase::Gone {
            return;
        }
        let next = match self.read(around) {
            Next::Sleep => self.flush_or_fail(around),
            next => next,
        };
        self.come_to(next, around);
        let memory = self.session.memory();
        let limit = self.socket.as_ref().map_or(0, |own| own.message_limit.load(Relaxed) as usize);
        assert!(memory <= 2 * limit + SLACK, "{memory} bytes of a message that has not come whole");
        if self.deadline != 0 && self.deadline <= around.now && self.phase != Phase::Gone {
            self.overdue(around);
        }
    }

    fn overdue(&mut self, around: &mut Around<'_>) {
        if self.phase == Phase::Draining {
            self.gave_up = !self.shut;
            return self.close(around);
        }
        self.session.cut_off();
        let why = Error::new(Code::Timeout, self.session.overdue());
        self.come_to(Next::Failed(why), around);
    }

    /// `Stream::read_on`.
    fn read(&mut self, around: &mut Around<'_>) -> Next {
        loop {
            let room = around.batch.room();
            let offered = [1, 7, 1_460, room.len()][around.random.below(4) as usize];
            let size = match around.incoming.read(&mut room[..offered], around.now) {
                Read::Bytes(size) => size,
                Read::Nothing if self.write_failed => return self.cut_off("a write has failed"),
                Read::Nothing => return Next::Sleep,
                Read::End => return self.end_of_stream(),
                Read::Reset => return self.cut_off("reset"),
            };
            if let Err(end) = self.take_in(size, around) {
                return end.into();
            }
            if self.phase == Phase::Draining
                && self.writing.is_written()
                && self.session.owes_close_frame()
                && !self.session.awaits_close_frame()
            {
                return self.close_after_flush(around);
            }
        }
    }

    fn take_in(&mut self, size: usize, around: &mut Around<'_>) -> Result<(), SessionEnd> {
        let mut at = 0;
        while at < size && self.phase == Phase::Handshake {
            let bytes = &mut around.batch.room()[at..size];
            let (taken, ready) = self.session.open(bytes, self.writing.own(), &mut |_| Ok(()))?;
            at += taken;
            if ready {
                self.ready(around)?;
            }
            self.flush(around);
        }
        if self.phase == Phase::Draining {
            self.session.ignore(&mut around.batch.room()[at..size]);
        }
        let Some(socket) = &self.socket else { return Ok(()) };
        if at == size || self.phase != Phase::Open {
            return Ok(());
        }
        let (bytes, mut sink) = around.batch.received(size, origin(Some(socket), self.token));
        let result = self.session.receive(bytes, at, socket, &mut sink, self.writing.own());
        sink.finish();
        result
    }

    fn ready(&mut self, around: &mut Around<'_>) -> Result<(), Error> {
        if std::mem::take(&mut self.opening) {
            if let Some(socket) = &self.socket {
                socket.host.lock().queue.forget_announcement();
            }
            around.batch.push(origin(self.socket.as_deref(), self.token), Happened::ConnectEnded(None));
        } else if let Some(server) = &self.server {
            let settings = Arc::clone(&server.host.lock().settings);
            let regular = server.host.lock().regular;
            let socket =
                around.registry.insert_accepted(server, regular, settings, Seat::choose(), |_| {})?;
            self.socket = Some(socket);
            around.batch.push(origin(self.socket.as_deref(), self.token), Happened::Connect);
        }
        self.deadline = 0;
        self.phase = Phase::Open;
        self.session.opened(self.writing.own());
        Ok(())
    }

    fn end_of_stream(&mut self) -> Next {
        if self.write_failed {
            return self.cut_off("a write has failed");
        }
        match self.phase {
            Phase::HalfClosed | Phase::Gone => Next::Sleep,
            Phase::Draining if !self.writing.is_written() => Next::Sleep,
            Phase::Draining => Next::Close,
            Phase::Handshake | Phase::Open => match self.session.end_of_stream() {
                Some(error) => {
                    self.session.cut_off();
                    Next::Failed(error)
                }
                None => Next::Eof,
            },
        }
    }

    fn cut_off(&mut self, why: &'static str) -> Next {
        self.session.cut_off();
        Next::Failed(Error::new(Code::Closed, why))
    }

    /// `Stream::flush`; false if the connection takes nothing any more.
    fn flush(&mut self, around: &mut Around<'_>) -> bool {
        loop {
            if self.writing.is_written() && !self.take_pending() {
                return true;
            }
            let piece = self.writing.pieces().next().unwrap_or_default();
            match around.outgoing.write(piece, around.now, around.random) {
                Some(0) => return true,
                Some(size) => self.writing.advance(size),
                None => return false,
            }
        }
    }

    fn take_pending(&mut self) -> bool {
        drop(self.writing.clear());
        self.session.flushed();
        let Some(socket) = self.socket.as_ref().filter(|_| self.phase != Phase::Draining) else {
            return false;
        };
        socket.host.lock().queue.exchange(&mut self.writing)
    }

    fn flush_or_fail(&mut self, around: &mut Around<'_>) -> Next {
        match self.flush(around) {
            true if self.phase == Phase::Draining && self.writing.is_written() => {
                self.close_after_flush(around)
            }
            true => Next::Sleep,
            false if matches!(self.phase, Phase::Draining | Phase::HalfClosed) => Next::Close,
            false => {
                self.write_failed = true;
                self.session.cut_off();
                self.discard();
                Next::Sleep
            }
        }
    }

    fn discard(&mut self) {
        self.writing = Outgoing::default();
        if let Some(socket) = &self.socket {
            let mut host = socket.host.lock();
            host.connection.lost();
            host.queue.discard();
        }
    }

    fn close_after_flush(&mut self, around: &mut Around<'_>) -> Next {
        if !self.session.awaits_close_frame() && !std::mem::replace(&mut self.shut, true) {
            around.outgoing.finish(around.now, around.random);
        }
        Next::Sleep
    }

    /// `Reactor::end` and `Reactor::disconnected`.
    fn come_to(&mut self, next: Next, around: &mut Around<'_>) {
        let happened = match &next {
            Next::Sleep => return,
            Next::Close => return self.close(around),
            Next::Eof => Happened::Disconnect { half_closed: true, error: None, code: 0 },
            Next::ClosedByPeer(words) => {
                Happened::ClosedByPeer { words, code: self.session.received_close_code() }
            }
            Next::Failed(error) => Happened::Disconnect { half_closed: false, error: Some(error), code: 0 },
        };
        let own = origin(self.socket.as_deref(), self.token);
        if std::mem::take(&mut self.opening) {
            let early = Error::new(Code::Closed, "closed before it was ready");
            around.batch.push(own, Happened::ConnectEnded(Some(&early)));
        } else if self.socket.is_some() && self.phase == Phase::Open {
            around.batch.push(own, happened);
            if matches!(next, Next::Eof) {
                self.phase = Phase::HalfClosed;
                return;
            }
        }
        if !self.session.owes_close_frame() {
            return self.close(around);
        }
        if let Some(socket) = &self.socket {
            socket.host.lock().connection.lost();
        }
        self.drain(around);
    }

    /// The host is done with it, or was told of its end.
    pub(super) fn drain(&mut self, around: &mut Around<'_>) {
        if self.phase == Phase::Gone {
            return;
        }
        if let Some(socket) = &self.socket {
            let mut rest = Outgoing::default();
            socket.host.lock().queue.exchange(&mut rest);
            self.writing.append(rest);
        }
        self.opening = false;
        self.session.forget_unfinished();
        self.session.write_close_frame(self.writing.own());
        let unfinished = self.phase == Phase::Handshake && !self.session.owes_close_frame();
        self.phase = Phase::Draining;
        self.deadline = around.now + LINGER;
        if unfinished {
            return self.close(around);
        }
        if let Next::Close = self.flush_or_fail(around) {
            self.close(around);
        }
    }

    /// As a system closes a socket: what was written still leaves; whoever writes to it from now on hears of a reset.
    fn close(&mut self, around: &mut Around<'_>) {
        if self.phase != Phase::Draining {
            self.discard();
        }
        self.phase = Phase::Gone;
        around.outgoing.finish(around.now, around.random);
        around.incoming.abandon(around.outgoing);
    }
}
