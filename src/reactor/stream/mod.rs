//! The life of one connection: opening, reading within budgets, writing what the host has queued,
//! deadlines, closing. What the bytes mean is [`Session`]'s, what carries them [`Transport`]'s.

mod closing;
mod forwarded;
mod proxied;
mod reading;
mod throttle;
mod writing;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use mio::net::TcpStream;
use socket2::SockRef;

use crate::address::PeerName;
use crate::admission::{Admission, Arrival, Counted};
use crate::backlog::Share;
use crate::command::Id;
use crate::context::CONTEXT;
use crate::error::{Error, Result};
use crate::event::batch::{Happened, Origin};
use crate::newcomers::Newcomer;
use crate::socket::{Handle, Socket};
use crate::sys;

use super::session::Session;
use super::transport::Transport;
use super::turn::Turn;
use crate::clock::Millis;
use crate::outgoing::Outgoing;
use crate::proxy::Header;
use crate::quota::Quota;
use crate::reactor::connect::pending::PendingConnect;
use throttle::Throttle;

pub(crate) struct Stream {
    transport: Transport,
    /// `None` until a client of a server has finished its handshake.
    pub(crate) socket: Option<Arc<Socket>>,
    /// The server's side of a connection it accepted; `None` once it no longer counts as a client.
    admission: Option<Arc<Admission>>,
    /// Of such a connection until it has finished its handshake; of a refused one to its end.
    newcomer: Option<Box<Newcomer>>,
    counted: Counted,
    /// Its request is to say whom it is from; until then it counts for no address.
    forwarded: bool,
    /// A connect that is not yet reported to the host.
    pub(crate) opening: Option<Box<PendingConnect>>,
    ip: PeerName,
    port: u16,
    phase: StreamPhase,
    session: Session,
    /// The peer has sent its last byte; reads go on until they say so.
    pub(crate) hung_up: bool,
    /// Not read because the host does not collect its events.
    pub(crate) paused: bool,
    /// The last write did not take everything; the system tells when there is room again.
    blocked: bool,
    /// What a write failed with; told to the host after all that had arrived was read.
    write_error: Option<Box<Error>>,
    /// What is being written.
    writing: Outgoing,
    read_timeout: u32,
    write_timeout: u32,
    message_timeout: u32,
    /// What a proxy says first, until that has come whole.
    proxy: Option<Box<Header>>,
    /// How fast it is read, where the host limits that.
    throttle: Option<Box<Throttle>>,
    /// How much of a message has come, and since when it is that much.
    partial: u32,
    partial_since: Millis,
    /// Since when there is a message of which not all has come.
    begun_at: Millis,
    /// What that, or the handshake, takes of memory.
    share: Share,
    /// Cost of this connection's uncollected events.
    pub(crate) queued: Quota,
    /// When the handshake or the closing must be over; 0 if there is no such time.
    deadline: Millis,
    last_read: Millis,
    last_progress: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StreamPhase {
    /// The host does not know of it yet, or waits for it.
    Handshake,
    Open,
    /// The peer has closed; what the host sends before it learns of that still goes out.
    HalfClosed,
    /// The host is done with it: the queue is flushed, then it closes.
    Draining,
}

/// Whom events are about, for who has borrowed the rest of the stream.
#[inline]
fn origin_of<'a>(socket: Option<&Socket>, ip: &'a PeerName, port: u16, id: Id) -> Origin<'a> {
    let (socket, server) = match socket {
        Some(socket) => (socket.handle, socket.server),
        None => (Handle::NONE, Handle::NONE),
    };
    Origin { socket, server, token: id.token, serial: id.serial, ip: ip.as_str(), port }
}

impl Stream {
    /// The server's side of a connection.
    pub(crate) fn accepted(arrival: Arrival, now: Millis) -> Self {
        let Arrival { io, peer, admission, newcomer, counted, proxied, forwarded, handshake_timeout } =
            arrival;
        let session = if admission.server.family.is_websocket() {
            Session::websocket_server(admission.regular, &admission.server)
        } else {
            Session::tcp_server(admission.regular)
        };
        let deadline = if session.has_handshake() { now + handshake_timeout } else { 0 };
        let mut stream = Self::new(io, Some(admission), None, &peer, session, deadline, now);
        stream.newcomer = Some(newcomer);
        stream.counted = counted;
        stream.forwarded = forwarded;
        if proxied {
            stream.expect_proxy(now + handshake_timeout);
        }
        stream
    }

    /// The client's side, as soon as TCP is connected.
    pub(crate) fn connected(
        io: TcpStream,
        mut opening: Box<PendingConnect>,
        peer: &SocketAddr,
        now: Millis,
    ) -> Self {
        let (regular, game_id) = (opening.regular, opening.game_id);
        let session = match opening.websocket.take() {
            Some(request) => Session::websocket_client(regular, game_id, request),
            None => Session::tcp_client(regular, game_id),
        };
        let deadline = opening.deadline;
        Self::new(io, None, Some(opening), peer, session, deadline, now)
    }

    #[allow(clippy::too_many_arguments, reason = "the two constructors above are its only callers")]
    fn new(
        io: TcpStream,
        admission: Option<Arc<Admission>>,
        opening: Option<Box<PendingConnect>>,
        peer: &SocketAddr,
        session: Session,
        deadline: Millis,
        now: Millis,
    ) -> Self {
        let mut stream = Self {
            transport: Transport::Plain(io),
            socket: opening.as_ref().map(|opening| Arc::clone(&opening.socket)),
            admission,
            newcomer: None,
            counted: Counted::default(),
            forwarded: false,
            opening,
            ip: PeerName::new(peer),
            port: peer.port(),
            phase: StreamPhase::Handshake,
            session,
            hung_up: false,
            paused: false,
            blocked: false,
            write_error: None,
            writing: Outgoing::default(),
            read_timeout: 0,
            write_timeout: 0,
            message_timeout: 0,
            proxy: None,
            throttle: None,
            partial: 0,
            partial_since: now,
            begun_at: now,
            share: Share::of(&CONTEXT.backlog),
            queued: Quota::default(),
            deadline,
            last_read: now,
            last_progress: now,
        };
        stream.apply_settings(now);
        stream
    }

    fn is_draining(&self) -> bool {
        matches!(self.phase, StreamPhase::Draining)
    }

    pub(crate) fn io_mut(&mut self) -> Option<&mut TcpStream> {
        self.transport.tcp_mut()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.transport.is_encrypted()
    }

    pub(crate) fn origin(&self, id: Id) -> Origin<'_> {
        origin_of(self.socket.as_deref(), &self.ip, self.port, id)
    }

    /// TCP is connected: TLS begins where there is to be any, else the session.
    pub(crate) fn begin(&mut self, id: Id, turn: &mut Turn) -> Result<()> {
        if self.proxy.is_some() {
            return Ok(());
        }
        if let Some(tls) = self.opening.as_ref().and_then(|opening| opening.tls.as_ref()) {
            self.transport.connect(tls)?;
        } else if self.admission.as_ref().is_some_and(|rules| rules.is_encrypted()) {
            self.transport.await_hello();
        }
        if self.transport.is_handshaking() { Ok(()) } else { self.begin_session(id, turn) }
    }

    fn begin_session(&mut self, id: Id, turn: &mut Turn) -> Result<()> {
        if !self.session.has_handshake() {
            return self.ready(id, turn);
        }
        self.session.begin(self.writing.own());
        self.flush_now(turn)
    }

    /// The handshake is done: the host learns of the connection.
    fn ready(&mut self, id: Id, turn: &mut Turn) -> Result<()> {
        let mut about = self.session.take_about();
        if let Some(about) = &mut about {
            about.encrypted = self.transport.is_encrypted();
        }
        if let Some(opening) = self.opening.take() {
            let origin = self.origin(id);
            let about = about.filter(|about| !about.is_usual());
            opening.succeeded(origin, &self.ip, about.map(Arc::from), turn);
        } else if let (Some(admission), Some(newcomer)) = (&self.admission, &self.newcomer) {
            let socket = admission.admit(&turn.context.registry, &self.ip, about, newcomer, id.token)?;
            self.socket = Some(socket);
            self.newcomer = None;
            let origin = self.origin(id);
            turn.happened(origin, Happened::Connect);
        }
        self.deadline = 0;
        self.phase = StreamPhase::Open;
        self.session.opened(self.writing.own());
        self.sample_round_trip();
        Ok(())
    }

    /// Takes over what the host may have changed of the socket's options.
    pub(crate) fn apply_settings(&mut self, now: Millis) {
        let settings = match (&self.socket, &self.admission) {
            (Some(socket), _) => Arc::clone(&socket.host.lock().settings),
            (None, Some(admission)) => Arc::clone(&admission.server.host.lock().settings),
            (None, None) => return,
        };
        self.read_timeout = settings.read_timeout_ms;
        self.write_timeout = settings.write_timeout_ms;
        self.message_timeout = settings.message_timeout_ms;
        self.throttle = Throttle::with(self.throttle.take(), settings.receive_rate, now);
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

    /// Samples the round trip for `network_get_stat`.
    pub(crate) fn sample_round_trip(&self) {
        if let (Some(socket), Some((micros, jitter))) =
            (&self.socket, self.transport.tcp().and_then(sys::round_trip_micros))
        {
            socket.traffic.round_trip.store(micros, Relaxed);
            socket.traffic.jitter.store(jitter, Relaxed);
        }
    }
}
