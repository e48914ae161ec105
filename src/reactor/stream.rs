//! One TCP connection: bytes in through the handshake and the framing to events, bytes out from
//! the host's queue.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use mio::net::TcpStream;
use socket2::SockRef;

use crate::address::PeerName;
use crate::error::{Code, Error, Result};
use crate::event::batch::{Happened, Origin};
use crate::protocol::framing::{Broken, Framer};
use crate::protocol::handshake::{self, Handshake, Progress};
use crate::socket::{Handle, Link, NO_TOKEN, Socket, count};
use crate::sys;
use crate::work::Dirty;

use super::dial::Opening;
use super::listener::Admission;
use super::timers::Millis;
use super::{Id, Turn};

/// Bytes one connection may read in one turn before the others have theirs.
const READ_BUDGET: usize = 256 << 10;

/// How long closing may take to flush what was accepted for sending.
pub(crate) const LINGER_MILLIS: Millis = 2_000;

pub(crate) struct Stream {
    io: TcpStream,
    /// `None` until a client of a server has finished its handshake.
    pub(crate) socket: Option<Arc<Socket>>,
    /// The server's side of a connection it accepted; `None` once it no longer counts as a client.
    admission: Option<Arc<Admission>>,
    /// A connect that is not yet reported to the host.
    pub(crate) opening: Option<Box<Opening>>,
    ip: PeerName,
    port: u16,
    phase: Phase,
    /// The peer has sent its last byte; reads go on until they say so.
    pub(crate) hung_up: bool,
    /// They have said so.
    ended: bool,
    /// Not read because the host does not collect its events.
    pub(crate) paused: bool,
    /// The last write did not take everything; the system tells when there is room again.
    blocked: bool,
    /// What a write failed with; told to the host after all that had arrived was read.
    write_error: Option<Box<Error>>,
    framer: Framer,
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

#[derive(Debug)]
enum Phase {
    Handshake(Box<Handshake>),
    Packets,
    Raw,
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
    /// The peer closed in an orderly way.
    Eof,
    Failed(Error),
    /// Nothing is left to do: close.
    Close,
}

impl Stream {
    /// The server's side of a connection.
    pub(crate) fn accepted(
        io: TcpStream,
        admission: Arc<Admission>,
        peer: &SocketAddr,
        now: Millis,
    ) -> Stream {
        let phase =
            if admission.regular { Phase::Handshake(Box::new(Handshake::server())) } else { Phase::Raw };
        let deadline = if admission.regular { now + admission.handshake_timeout() } else { 0 };
        Stream::new(io, Some(admission), None, peer, phase, deadline, now)
    }

    /// The client's side, as soon as TCP is connected.
    pub(crate) fn connected(io: TcpStream, opening: Box<Opening>, peer: &SocketAddr, now: Millis) -> Stream {
        let phase =
            if opening.regular { Phase::Handshake(Box::new(Handshake::client())) } else { Phase::Raw };
        let deadline = opening.deadline;
        Stream::new(io, None, Some(opening), peer, phase, deadline, now)
    }

    #[allow(clippy::too_many_arguments, reason = "the two constructors above are its only callers")]
    fn new(
        io: TcpStream,
        admission: Option<Arc<Admission>>,
        opening: Option<Box<Opening>>,
        peer: &SocketAddr,
        phase: Phase,
        deadline: Millis,
        now: Millis,
    ) -> Stream {
        let mut stream = Stream {
            io,
            socket: opening.as_ref().map(|opening| Arc::clone(&opening.socket)),
            admission,
            opening,
            ip: PeerName::new(peer),
            port: peer.port(),
            phase,
            hung_up: false,
            ended: false,
            paused: false,
            blocked: false,
            write_error: None,
            framer: Framer::default(),
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

    pub(crate) fn io_mut(&mut self) -> &mut TcpStream {
        &mut self.io
    }

    pub(crate) fn origin(&self, id: Id) -> Origin<'_> {
        let (socket, server) = match &self.socket {
            Some(socket) => (socket.handle, socket.server),
            None => (Handle::NONE, Handle::NONE),
        };
        Origin { socket, server, token: id.token, serial: id.serial, ip: self.ip.as_str(), port: self.port }
    }

    /// A server that speaks GameMaker's protocol greets first; a raw connection is ready at once.
    pub(crate) fn begin(&mut self, id: Id, turn: &mut Turn<'_>) -> Result<()> {
        match self.phase {
            Phase::Handshake(ref handshake) if handshake.is_server() => {
                self.write_now(&handshake::GREETING, turn)
            }
            Phase::Raw => self.ready(id, turn),
            _ => Ok(()),
        }
    }

    /// The handshake is done: the host learns of the connection.
    fn ready(&mut self, id: Id, turn: &mut Turn<'_>) -> Result<()> {
        self.deadline = 0;
        if let Some(opening) = self.opening.take() {
            let origin = self.origin(id);
            opening.succeeded(origin, &self.ip, turn);
        } else if let Some(admission) = &self.admission {
            let socket = admission.admit(turn.shared, &self.ip)?;
            socket.token.store(id.token, Relaxed);
            self.socket = Some(socket);
            let origin = self.origin(id);
            turn.happened(origin, Happened::Connect);
        }
        if let (Some(socket), Some(micros)) = (&self.socket, sys::round_trip_micros(&self.io)) {
            socket.traffic.round_trip.store(micros, Relaxed);
        }
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
        // Options that the system refuses change nothing that was promised.
        let _ = self.io.set_nodelay(settings.no_delay);
        if settings.avoid_time_wait {
            let _ = SockRef::from(&self.io).set_linger(Some(Duration::ZERO));
        }
    }

    // ---- in ----------------------------------------------------------------------------------

    /// Reads what there is, within the budget of a turn.
    pub(crate) fn read(&mut self, id: Id, turn: &mut Turn<'_>) -> Next {
        let mut budget = READ_BUDGET;
        loop {
            // A connect of the host's goes on: it may be what the host waits for instead of collecting.
            let limited = !self.is_draining() && self.opening.is_none();
            if limited && (self.is_over_limit() || turn.is_over_limit()) {
                self.paused = true;
                return Next::Pause;
            }
            let room = turn.batch.room();
            let offered = room.len();
            let size = match self.io.read(room) {
                Ok(0) => return self.end_of_stream(),
                Ok(size) => size,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return match self.write_error.take() {
                        Some(error) => Next::Failed(*error),
                        None => Next::Sleep,
                    };
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Next::Failed(Error::from_io("the connection broke", &error)),
            };
            self.last_read = turn.now;
            if let Err(error) = self.take_in(size, id, turn) {
                return Next::Failed(error);
            }
            let drained = size < offered && sys::DRAINED_BY_SHORT_READ;
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
        self.ended = true;
        if let Some(error) = self.write_error.take() {
            return Next::Failed(*error);
        }
        match self.phase {
            // Every later readiness reads the end again; the way out stays open.
            Phase::HalfClosed => Next::Sleep,
            Phase::Draining if self.written < self.writing.len() => Next::Sleep,
            Phase::Draining => Next::Close,
            Phase::Packets if !self.framer.is_between_packets() => Next::Failed(Error::new(
                Code::Closed,
                "the peer closed the connection in the middle of a packet",
            )),
            Phase::Handshake(_) => {
                Next::Failed(Error::new(Code::Closed, "the peer closed the connection during the handshake"))
            }
            _ => Next::Eof,
        }
    }

    /// Passes freshly read bytes on to the handshake or the framing.
    fn take_in(&mut self, size: usize, id: Id, turn: &mut Turn<'_>) -> Result<()> {
        let mut at = 0;
        while at < size && matches!(self.phase, Phase::Handshake(_)) {
            at += self.shake_hands(at, size, id, turn)?;
        }
        let Some(socket) = &self.socket else { return Ok(()) };
        count(&socket.traffic.bytes_received, size as u64);
        if at == size || matches!(self.phase, Phase::HalfClosed | Phase::Draining) {
            return Ok(());
        }
        let limit = socket.message_limit.load(Relaxed) as usize;
        let origin = Origin {
            socket: socket.handle,
            server: socket.server,
            token: id.token,
            serial: id.serial,
            ip: self.ip.as_str(),
            port: self.port,
        };
        let (bytes, mut sink) = turn.batch.received(size, origin);
        let result = match self.phase {
            Phase::Packets => {
                self.framer.receive(bytes, at, limit, &mut sink).map_err(|wrong| broken(wrong, limit))
            }
            _ => {
                sink.data(0, at, size - at);
                Ok(())
            }
        };
        let (events, cost) = sink.finish();
        self.queued += cost;
        *turn.queued += cost;
        count(&socket.traffic.packets_received, u64::from(events));
        result
    }

    /// Passes fresh bytes from `at` on to the handshake; returns how many it took.
    fn shake_hands(&mut self, at: usize, size: usize, id: Id, turn: &mut Turn<'_>) -> Result<usize> {
        let Phase::Handshake(handshake) = &mut self.phase else { return Ok(0) };
        let is_server = handshake.is_server();
        let (taken, progress) = handshake
            .receive(&turn.batch.room()[at..size])
            .map_err(|_| Error::new(Code::Handshake, "the peer does not speak GameMaker's protocol"))?;
        match progress {
            Progress::Wait => {}
            Progress::Answer => {
                let game_id = self.opening.as_ref().map_or(0, |opening| opening.game_id);
                self.write_now(&handshake::answer(game_id), turn)?;
            }
            Progress::Ready => {
                self.phase = Phase::Packets;
                self.ready(id, turn)?;
                if is_server {
                    self.write_now(&handshake::CONFIRMATION, turn)?;
                }
            }
        }
        Ok(taken)
    }

    // ---- out ---------------------------------------------------------------------------------

    /// Writes bytes of our own, ahead of anything the host sends.
    fn write_now(&mut self, bytes: &[u8], turn: &mut Turn<'_>) -> Result<()> {
        self.writing.extend_from_slice(bytes);
        self.flush(turn.now, turn.spent).map_err(|error| Error::from_io("the connection broke", &error))
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
            match self.io.write(&self.writing[self.written..]) {
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
                    if !self.blocked {
                        self.blocked = true;
                        self.last_progress = now;
                    }
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
                self.write_error = Some(Box::new(Error::from_io("the connection broke", &error)));
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
        self.socket.is_some() && matches!(self.phase, Phase::Packets | Phase::Raw)
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
        let unfinished = matches!(self.phase, Phase::Handshake(_));
        self.paused = false;
        self.phase = Phase::Draining;
        self.framer = Framer::default();
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
        let resets = SockRef::from(&self.io).linger().is_ok_and(|linger| linger == Some(Duration::ZERO));
        // Only what is read to its end may be closed: the rest would turn the close into a reset.
        if self.ended || resets || self.io.shutdown(Shutdown::Write).is_err() {
            Next::Close
        } else {
            Next::Again
        }
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
        let (read, write) = match self.phase {
            Phase::Packets | Phase::Raw => (
                (self.read_timeout != 0 && !self.paused)
                    .then(|| self.last_read + Millis::from(self.read_timeout)),
                (self.write_timeout != 0 && self.blocked)
                    .then(|| self.last_progress + Millis::from(self.write_timeout)),
            ),
            _ => (None, None),
        };
        [handshake_or_closing, read, write].into_iter().flatten().min()
    }

    pub(crate) fn is_overdue(&self, now: Millis) -> bool {
        self.next_deadline().is_some_and(|at| at <= now)
    }

    /// A deadline is over.
    pub(crate) fn timed_out(&self) -> Next {
        let why = match self.phase {
            Phase::Draining => return Next::Close,
            Phase::Handshake(_) => "the peer did not finish the handshake in time",
            _ if self.blocked => "the peer took none of the queued bytes for the time set as write timeout",
            _ => "nothing was received for the time set as read timeout",
        };
        Next::Failed(Error::new(Code::Timeout, why))
    }

    /// Samples the round trip for `network_get_stat`.
    pub(crate) fn sample_round_trip(&self) {
        if let (Some(socket), Some(micros)) = (&self.socket, sys::round_trip_micros(&self.io)) {
            socket.traffic.round_trip.store(micros, Relaxed);
        }
    }
}

#[cold]
fn broken(broken: Broken, limit: usize) -> Error {
    match broken {
        Broken::TooBig(size) => Error::new(
            Code::TooBig,
            format!("the peer announced a packet of {size} bytes; the limit is {limit}"),
        ),
        Broken::NotAPacket => {
            Error::new(Code::Handshake, "the peer sent something that is not a GameMaker packet")
        }
    }
}
