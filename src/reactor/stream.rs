//! The life of one connection: opening, reading within budgets, writing what the host has queued,
//! deadlines, closing. What the bytes mean is [`Session`]'s, what carries them [`Transport`]'s.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use mio::net::TcpStream;
use socket2::SockRef;

use crate::address::PeerName;
use crate::error::{Code, Error, Result};
use crate::event::batch::{Happened, Origin};
use crate::socket::{Handle, Link, NO_TOKEN, Socket, count};
use crate::sys;
use crate::work::Dirty;

use super::dial::Opening;
use super::listener::Admission;
use super::session::{Session, Stop};
use super::timers::Millis;
use super::transport::Transport;
use super::{Id, Turn};

/// Bytes one connection may read in one turn before the others have theirs.
const READ_BUDGET: usize = 256 << 10;

/// How long closing may take to flush what was accepted for sending.
pub(crate) const LINGER_MILLIS: Millis = 2_000;

pub(crate) struct Stream {
    transport: Transport,
    /// `None` until a client of a server has finished its handshake.
    pub(crate) socket: Option<Arc<Socket>>,
    /// The server's side of a connection it accepted; `None` once it no longer counts as a client.
    admission: Option<Arc<Admission>>,
    /// A connect that is not yet reported to the host.
    pub(crate) opening: Option<Box<Opening>>,
    ip: PeerName,
    port: u16,
    phase: Phase,
    session: Session,
    /// The peer has sent its last byte; reads go on until they say so.
    pub(crate) hung_up: bool,
    /// Not read because the host does not collect its events.
    pub(crate) paused: bool,
    /// The last write did not take everything; the system tells when there is room again.
    blocked: bool,
    /// What a write failed with; told to the host after all that had arrived was read.
    write_error: Option<Box<Error>>,
    writing: Vec<u8>,
    written: usize,
    /// Payload bytes in `writing` when nothing of it was written.
    writing_payload: u32,
    read_timeout: u32,
    write_timeout: u32,
    /// Cost of this connection's uncollected events.
    pub(crate) queued: u64,
    /// When the handshake or the closing must be over; 0 if there is no such time.
    deadline: Millis,
    last_read: Millis,
    last_progress: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The host does not know of it yet, or waits for it.
    Handshake,
    Open,
    /// The peer has closed; what the host sends before it learns of that still goes out.
    HalfClosed,
    /// The host is done with it: the queue is flushed, then it closes.
    Draining,
}

/// What is to be done with a connection after it was looked at.
#[derive(Debug)]
pub(crate) enum Next {
    /// Nothing until the system says so.
    Sleep,
    /// There may be more to read; others first.
    Again,
    /// The host must collect events first.
    Pause,
    /// The peer closed its direction in an orderly way.
    Eof,
    /// The peer closed both in an orderly way, perhaps with some words.
    Goodbye(String),
    Failed(Error),
    /// Nothing is left to do: close.
    Close,
}

impl From<Stop> for Next {
    fn from(stop: Stop) -> Next {
        match stop {
            Stop::Goodbye(words) => Next::Goodbye(words),
            Stop::Failed(error) => Next::Failed(error),
        }
    }
}

impl Stream {
    /// The server's side of a connection.
    pub(crate) fn accepted(
        io: TcpStream,
        admission: Arc<Admission>,
        peer: &SocketAddr,
        now: Millis,
    ) -> Stream {
        let session = if admission.server.family.is_websocket() {
            let texts = Arc::clone(&admission.server.host.lock().settings.texts);
            Session::websocket_server(admission.regular, texts)
        } else {
            Session::tcp_server(admission.regular)
        };
        let deadline = if session.has_handshake() { now + admission.handshake_timeout() } else { 0 };
        Stream::new(io, Some(admission), None, peer, session, deadline, now)
    }

    /// The client's side, as soon as TCP is connected.
    pub(crate) fn connected(
        io: TcpStream,
        mut opening: Box<Opening>,
        peer: &SocketAddr,
        now: Millis,
    ) -> Stream {
        let (regular, game_id) = (opening.regular, opening.game_id);
        let session = match opening.websocket.take() {
            Some(request) => Session::websocket_client(regular, game_id, request),
            None => Session::tcp_client(regular, game_id),
        };
        let deadline = opening.deadline;
        Stream::new(io, None, Some(opening), peer, session, deadline, now)
    }

    #[allow(clippy::too_many_arguments, reason = "the two constructors above are its only callers")]
    fn new(
        io: TcpStream,
        admission: Option<Arc<Admission>>,
        opening: Option<Box<Opening>>,
        peer: &SocketAddr,
        session: Session,
        deadline: Millis,
        now: Millis,
    ) -> Stream {
        let mut stream = Stream {
            transport: Transport::Plain(io),
            socket: opening.as_ref().map(|opening| Arc::clone(&opening.socket)),
            admission,
            opening,
            ip: PeerName::new(peer),
            port: peer.port(),
            phase: Phase::Handshake,
            session,
            hung_up: false,
            paused: false,
            blocked: false,
            write_error: None,
            writing: Vec::new(),
            written: 0,
            writing_payload: 0,
            read_timeout: 0,
            write_timeout: 0,
            queued: 0,
            deadline,
            last_read: now,
            last_progress: now,
        };
        stream.apply_settings();
        stream
    }

    fn is_draining(&self) -> bool {
        matches!(self.phase, Phase::Draining)
    }

    pub(crate) fn io_mut(&mut self) -> Option<&mut TcpStream> {
        self.transport.tcp_mut()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.transport.is_encrypted()
    }

    pub(crate) fn origin(&self, id: Id) -> Origin<'_> {
        let (socket, server) = match &self.socket {
            Some(socket) => (socket.handle, socket.server),
            None => (Handle::NONE, Handle::NONE),
        };
        Origin { socket, server, token: id.token, serial: id.serial, ip: self.ip.as_str(), port: self.port }
    }

    /// TCP is connected: TLS begins where there is to be any, else the session.
    pub(crate) fn begin(&mut self, id: Id, turn: &mut Turn<'_>) -> Result<()> {
        if let Some(tls) = self.opening.as_ref().and_then(|opening| opening.tls.as_ref()) {
            self.transport.connect(tls)?;
        } else if let Some(acceptor) = self.admission.as_ref().and_then(|rules| rules.tls.as_ref()) {
            self.transport.accept(acceptor)?;
        }
        if self.transport.is_handshaking() { Ok(()) } else { self.begin_session(id, turn) }
    }

    fn begin_session(&mut self, id: Id, turn: &mut Turn<'_>) -> Result<()> {
        if !self.session.has_handshake() {
            return self.ready(id, turn);
        }
        self.session.begin(&mut self.writing);
        self.flush_now(turn)
    }

    /// The handshake is done: the host learns of the connection.
    fn ready(&mut self, id: Id, turn: &mut Turn<'_>) -> Result<()> {
        let mut about = self.session.take_about();
        if let Some(about) = &mut about {
            about.encrypted = self.transport.is_encrypted();
        }
        if let Some(opening) = self.opening.take() {
            let origin = self.origin(id);
            opening.succeeded(origin, &self.ip, about, turn);
        } else if let Some(admission) = &self.admission {
            let socket = admission.admit(turn.shared, &self.ip, about)?;
            socket.token.store(id.token, Relaxed);
            self.socket = Some(socket);
            let origin = self.origin(id);
            turn.happened(origin, Happened::Connect);
        }
        self.deadline = 0;
        self.phase = Phase::Open;
        self.session.opened(&mut self.writing);
        self.sample_round_trip();
        Ok(())
    }

    /// Takes over what the host may have changed of the socket's options.
    pub(crate) fn apply_settings(&mut self) {
        let settings = match (&self.socket, &self.admission) {
            (Some(socket), _) => Arc::clone(&socket.host.lock().settings),
            (None, Some(admission)) => Arc::clone(&admission.server.host.lock().settings),
            (None, None) => return,
        };
        self.read_timeout = settings.read_timeout_ms;
        self.write_timeout = settings.write_timeout_ms;
        self.session.set_keepalive(settings.websocket_keepalive_ms);
        // Options that the system refuses change nothing that was promised.
        let Some(io) = self.transport.tcp() else { return };
        let _ = io.set_nodelay(settings.no_delay);
        if settings.avoid_time_wait {
            let _ = SockRef::from(io).set_linger(Some(Duration::ZERO));
        }
        if self.session.is_websocket() {
            sys::set_keepalive(io, settings.websocket_keepalive_ms);
        }
    }

    // ---- in ----------------------------------------------------------------------------------

    /// Reads what there is, within the budget of a turn.
    pub(crate) fn read(&mut self, id: Id, turn: &mut Turn<'_>) -> Next {
        if self.transport.is_handshaking() {
            match self.transport.handshake().and_then(|done| {
                if done {
                    self.begin_session(id, turn)?;
                }
                Ok(done)
            }) {
                Ok(true) => {}
                Ok(false) => return Next::Sleep,
                Err(error) => return self.cut_off(error),
            }
        }
        let mut budget = READ_BUDGET;
        loop {
            if !self.is_draining() && (self.is_over_limit() || turn.is_over_limit()) {
                self.paused = true;
                return Next::Pause;
            }
            let room = turn.batch.room();
            let offered = room.len();
            let size = match self.transport.read(room) {
                Ok(0) => return self.end_of_stream(),
                Ok(size) => size,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return match self.write_error.take() {
                        Some(error) => self.cut_off(*error),
                        None => Next::Sleep,
                    };
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let error = self.transport.failure(&error);
                    return self.cut_off(error);
                }
            };
            self.last_read = turn.now;
            if let Err(stop) = self.take_in(size, id, turn) {
                return stop.into();
            }
            if self.is_draining()
                && !self.blocked
                && self.session.owes_farewell()
                && !self.session.awaits_farewell()
            {
                return self.close_after_flush();
            }
            let drained = size < offered && self.transport.is_drained_by_short_read();
            if drained && !self.hung_up && self.write_error.is_none() {
                return Next::Sleep;
            }
            budget = budget.saturating_sub(size);
            if budget == 0 {
                return Next::Again;
            }
        }
    }

    fn is_over_limit(&self) -> bool {
        self.queued > 0 && self.socket.as_ref().is_some_and(|socket| self.queued >= socket.receive_limit())
    }

    /// Whether collected events have made it worth reading again.
    pub(crate) fn may_resume(&self) -> bool {
        !self.is_over_limit()
    }

    fn end_of_stream(&mut self) -> Next {
        if let Some(error) = self.write_error.take() {
            return self.cut_off(*error);
        }
        match self.phase {
            // Every later readiness reads the end again; the way out stays open.
            Phase::HalfClosed => Next::Sleep,
            Phase::Draining if self.written < self.writing.len() => {
                self.hung_up = true;
                Next::Sleep
            }
            Phase::Draining => Next::Close,
            Phase::Handshake | Phase::Open => match self.session.end_of_stream() {
                Some(error) => self.cut_off(error),
                None => Next::Eof,
            },
        }
    }

    /// Nothing more is said over this connection.
    pub(crate) fn abandon(&mut self) {
        self.session.cut_off();
    }

    /// The connection itself has failed: there are no last words.
    fn cut_off(&mut self, error: Error) -> Next {
        self.session.cut_off();
        Next::Failed(error)
    }

    /// Passes freshly read bytes on to the session.
    fn take_in(&mut self, size: usize, id: Id, turn: &mut Turn<'_>) -> std::result::Result<(), Stop> {
        let mut at = 0;
        while at < size && self.phase == Phase::Handshake {
            let (taken, ready) = self.session.open(&mut turn.batch.room()[at..size], &mut self.writing)?;
            at += taken;
            if ready {
                self.ready(id, turn)?;
            }
            self.flush_now(turn)?;
        }
        if self.phase == Phase::Draining {
            self.session.ignore(&mut turn.batch.room()[at..size]);
        }
        let Some(socket) = &self.socket else { return Ok(()) };
        count(&socket.traffic.bytes_received, size as u64);
        if at == size || matches!(self.phase, Phase::HalfClosed | Phase::Draining) {
            return Ok(());
        }
        let origin = Origin {
            socket: socket.handle,
            server: socket.server,
            token: id.token,
            serial: id.serial,
            ip: self.ip.as_str(),
            port: self.port,
        };
        let unwritten = self.writing.len();
        let (bytes, mut sink) = turn.batch.received(size, origin);
        let result = self.session.receive(bytes, at, socket, &mut sink, &mut self.writing);
        let (events, cost) = sink.finish();
        self.queued += cost;
        *turn.queued += cost;
        count(&socket.traffic.packets_received, u64::from(events));
        result?;
        if self.writing.len() > unwritten {
            self.flush_now(turn)?;
        }
        Ok(())
    }

    // ---- out ---------------------------------------------------------------------------------

    /// Writes what the session has to say.
    fn flush_now(&mut self, turn: &mut Turn<'_>) -> Result<()> {
        self.flush(turn.now, turn.spent).map_err(|error| {
            self.session.cut_off();
            self.transport.failure(&error)
        })
    }

    /// Writes what is queued until all is gone or the system takes no more.
    pub(crate) fn flush(&mut self, now: Millis, spent: &mut Dirty) -> io::Result<()> {
        // A send after the queue was taken puts the socket on the list again, so once is enough.
        let mut taken = false;
        loop {
            if self.written == self.writing.len() {
                if taken || !self.take_pending(spent) {
                    spent.keep(std::mem::take(&mut self.writing));
                    self.written = 0;
                    self.blocked = false;
                    return Ok(());
                }
                taken = true;
            }
            match self.transport.write(&self.writing[self.written..]) {
                Ok(size) => {
                    self.written += size;
                    self.last_progress = now;
                    if let Some(socket) = &self.socket {
                        count(&socket.traffic.bytes_sent, size as u64);
                        let left = self.writing.len() - self.written;
                        let payload = if left == 0 {
                            0
                        } else {
                            u64::from(self.writing_payload) * left as u64 / self.writing.len() as u64
                        };
                        // A client socket may have connected anew while its old connection closes.
                        if !self.is_draining() {
                            socket.in_flight.store(payload as u32, Relaxed);
                        }
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.blocked = true;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Exchanges the written buffer for what the host has queued since. False if that is nothing.
    fn take_pending(&mut self, spent: &mut Dirty) -> bool {
        spent.keep(std::mem::take(&mut self.writing));
        self.written = 0;
        self.writing_payload = 0;
        self.blocked = false;
        self.session.flushed();
        let Some(socket) = self.socket.as_ref().filter(|_| !self.is_draining()) else {
            return false;
        };
        let mut host = socket.host.lock();
        host.dirty = false;
        if host.pending.is_empty() {
            return false;
        }
        std::mem::swap(&mut host.pending, &mut self.writing);
        self.writing_payload = std::mem::take(&mut host.pending_payload);
        socket.in_flight.store(self.writing_payload, Relaxed);
        true
    }

    /// The system has room again.
    pub(crate) fn writable(&mut self, now: Millis, spent: &mut Dirty) -> Next {
        if self.blocked { self.flush_or_fail(now, spent) } else { Next::Sleep }
    }

    /// Flushes; a failure is told to the host only after all that had arrived was read.
    pub(crate) fn flush_or_fail(&mut self, now: Millis, spent: &mut Dirty) -> Next {
        match self.flush(now, spent) {
            Ok(()) if self.is_draining() && !self.blocked => self.close_after_flush(),
            Ok(()) => Next::Sleep,
            Err(_) if matches!(self.phase, Phase::Draining | Phase::HalfClosed) => Next::Close,
            Err(error) => {
                self.write_error = Some(Box::new(self.transport.failure(&error)));
                self.session.cut_off();
                self.discard_queue();
                Next::Again
            }
        }
    }

    fn discard_queue(&mut self) {
        self.writing = Vec::new();
        self.written = 0;
        self.blocked = false;
        if let Some(socket) = &self.socket {
            let mut host = socket.host.lock();
            if host.link == Link::Open {
                host.link = Link::Lost;
            }
            host.pending = Vec::new();
            host.pending_payload = 0;
            socket.in_flight.store(0, Relaxed);
        }
    }

    // ---- the end -----------------------------------------------------------------------------

    /// The peer has closed. The connection stays for what the host sends before it sees the event.
    pub(crate) fn half_close(&mut self) {
        self.phase = Phase::HalfClosed;
        self.leave_server();
    }

    /// The connection is broken: nothing more can be sent.
    pub(crate) fn lose(&mut self) {
        if !self.is_draining() {
            self.discard_queue();
            if let Some(socket) = &self.socket {
                socket.token.store(NO_TOKEN, Relaxed);
            }
        }
        self.leave_server();
    }

    /// Whether the host learns of the end of this connection: it knew of it, and has neither been
    /// told already nor ended it itself.
    pub(crate) fn tells_of_end(&self) -> bool {
        self.socket.is_some() && self.phase == Phase::Open
    }

    /// Whether the peer is to hear last words before the connection closes.
    pub(crate) fn owes_farewell(&self) -> bool {
        self.session.owes_farewell()
    }

    /// From now on the host's sends fail, though the connection still has something to say.
    pub(crate) fn refuse_sends(&mut self) {
        if let Some(socket) = &self.socket {
            let mut host = socket.host.lock();
            if host.link == Link::Open {
                host.link = Link::Lost;
            }
        }
    }

    pub(crate) fn belongs_to(&self, socket: &Arc<Socket>) -> bool {
        self.socket.as_ref().is_some_and(|own| Arc::ptr_eq(own, socket))
    }

    /// Whether this is a connection to `server` that has not finished its handshake.
    pub(crate) fn is_newcomer_of(&self, server: Handle) -> bool {
        self.socket.is_none()
            && self.admission.as_ref().is_some_and(|admission| admission.server.handle == server)
    }

    /// The host is done with the connection: what it sent is flushed, then it closes.
    pub(crate) fn drain(&mut self, now: Millis, spent: &mut Dirty) -> Next {
        self.leave_server();
        let peer_closed = matches!(self.phase, Phase::HalfClosed);
        if let Some(socket) = &self.socket {
            let mut host = socket.host.lock();
            let pending = std::mem::take(&mut host.pending);
            host.pending_payload = 0;
            drop(host);
            if self.written == self.writing.len() {
                self.writing = pending;
                self.written = 0;
            } else {
                self.writing.extend_from_slice(&pending);
            }
            socket.token.store(NO_TOKEN, Relaxed);
        }
        self.session.farewell(&mut self.writing);
        let unfinished = self.phase == Phase::Handshake && !self.session.owes_farewell();
        self.hung_up |= peer_closed;
        self.paused = false;
        self.phase = Phase::Draining;
        if unfinished {
            return Next::Close;
        }
        self.deadline = now + LINGER_MILLIS;
        match self.flush_or_fail(now, spent) {
            // What arrives now is read and dropped: unread bytes would turn the close into a reset,
            // and the peer might lose what was just sent.
            Next::Sleep => Next::Again,
            next => next,
        }
    }

    fn close_after_flush(&mut self) -> Next {
        if self.session.awaits_farewell() {
            return Next::Again;
        }
        let resets = self
            .transport
            .tcp()
            .is_none_or(|io| SockRef::from(io).linger().is_ok_and(|linger| linger == Some(Duration::ZERO)));
        // Closing with unread bytes would reset the connection, and what was just flushed might be
        // lost: the end of the stream has to be read first.
        if resets || self.transport.shutdown_write().is_err() { Next::Close } else { Next::Again }
    }

    /// Makes room for another client of the server.
    pub(crate) fn leave_server(&mut self) {
        if let Some(admission) = self.admission.take() {
            admission.leave(self.socket.is_some());
        }
    }

    // ---- time --------------------------------------------------------------------------------

    pub(crate) fn next_deadline(&self) -> Option<Millis> {
        let handshake_or_closing = (self.deadline != 0).then_some(self.deadline);
        if self.phase != Phase::Open {
            return handshake_or_closing;
        }
        [handshake_or_closing, self.read_deadline(), self.write_deadline(), self.next_probe()]
            .into_iter()
            .flatten()
            .min()
    }

    fn read_deadline(&self) -> Option<Millis> {
        (self.read_timeout != 0 && !self.paused).then(|| self.last_read + Millis::from(self.read_timeout))
    }

    fn write_deadline(&self) -> Option<Millis> {
        (self.write_timeout != 0 && self.blocked)
            .then(|| self.last_progress + Millis::from(self.write_timeout))
    }

    fn next_probe(&self) -> Option<Millis> {
        if self.paused { None } else { self.session.next_probe(self.last_read) }
    }

    /// A deadline is over.
    pub(crate) fn timed_out(&mut self, turn: &mut Turn<'_>) -> Next {
        let is_over = |deadline: Option<Millis>| deadline.is_some_and(|at| at <= turn.now);
        let why = match self.phase {
            Phase::Draining => return Next::Close,
            Phase::Handshake => "the peer did not finish the handshake in time",
            _ if is_over(self.write_deadline()) => {
                "the peer took none of the queued bytes for the time set as write timeout"
            }
            _ if is_over(self.read_deadline()) => "nothing was received for the time set as read timeout",
            _ => return self.probe(turn),
        };
        self.cut_off(Error::new(Code::Timeout, why))
    }

    fn probe(&mut self, turn: &mut Turn<'_>) -> Next {
        match self.session.probe(turn.now, &mut self.writing) {
            Ok(()) => self.flush_or_fail(turn.now, turn.spent),
            Err(error) => self.cut_off(error),
        }
    }

    /// Samples the round trip for `network_get_stat`.
    pub(crate) fn sample_round_trip(&self) {
        if let (Some(socket), Some(micros)) =
            (&self.socket, self.transport.tcp().and_then(sys::round_trip_micros))
        {
            socket.traffic.round_trip.store(micros, Relaxed);
        }
    }
}
