//! The life of one connection: opening, reading within budgets, writing what the host has queued,
//! deadlines, closing. What the bytes mean is [`Session`]'s, what carries them [`Transport`]'s.

mod aside;
mod closing;
mod forwarded;
mod looking_aside;
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
use crate::error::Result;
use crate::event::batch::{Happened, Origin};
use crate::socket::{Handle, Socket};
use crate::sys;

use super::session::Session;
use super::transport::Transport;
use super::turn::Turn;
use crate::clock::{Millis, Stamp};
use crate::outgoing::Outgoing;
use crate::quota::Quota;
use crate::reactor::connect::pending::PendingConnect;
use aside::Aside;
use throttle::Throttle;

pub(crate) struct Stream {
    transport: Transport,
    /// `None` until a client of a server has finished its handshake.
    pub(crate) socket: Option<Arc<Socket>>,
    /// The server's side of a connection it accepted; `None` once it no longer counts as a client.
    admission: Option<Arc<Admission>>,
    aside: Option<Box<Aside>>,
    session: Session,
    /// What is being written.
    writing: Outgoing,
    /// What a message that has not come whole, or the handshake, takes of memory.
    share: Share,
    /// Cost of this connection's uncollected events.
    pub(crate) queued: Quota,
    counted: Counted,
    /// Since when as much of a message has come as there is.
    partial_since: Stamp,
    last_read: Stamp,
    last_progress: Stamp,
    port: u16,
    phase: StreamPhase,
    /// Its request is to say whom it is from; until then it counts for no address.
    forwarded: bool,
    /// The peer has sent its last byte; reads go on until they say so.
    pub(crate) hung_up: bool,
    /// Not read because the host does not collect its events.
    pub(crate) paused: bool,
    /// The last write did not take everything; the system tells when there is room again.
    blocked: bool,
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
fn origin_of<'a>(socket: Option<&'a Arc<Socket>>, aside: Option<&'a Aside>, port: u16, id: Id) -> Origin<'a> {
    let socket = socket.map(|socket| &**socket);
    let ip = aside::ip_of(socket, aside).map_or("", PeerName::as_str);
    let (socket, server) = match socket {
        Some(socket) => (socket.handle, socket.server),
        None => (Handle::NONE, Handle::NONE),
    };
    Origin { socket, server, token: id.token, serial: id.serial, ip, port }
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
        let aside = Aside { newcomer: Some(newcomer), deadline, ..Aside::default() };
        let mut stream = Self::new(io, Some(admission), aside, &peer, session, now);
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
        let aside = Aside { deadline: opening.deadline, opening: Some(opening), ..Aside::default() };
        Self::new(io, None, aside, peer, session, now)
    }

    fn new(
        io: TcpStream,
        admission: Option<Arc<Admission>>,
        aside: Aside,
        peer: &SocketAddr,
        session: Session,
        now: Millis,
    ) -> Self {
        let began = Stamp::of(now);
        let mut stream = Self {
            transport: Transport::Plain(io),
            socket: aside.opening.as_ref().map(|opening| Arc::clone(&opening.socket)),
            admission,
            aside: Some(Box::new(Aside { ip: Some(PeerName::new(peer)), ..aside })),
            session,
            writing: Outgoing::default(),
            share: Share::default(),
            queued: Quota::default(),
            counted: Counted::default(),
            partial_since: began,
            last_read: began,
            last_progress: began,
            port: peer.port(),
            phase: StreamPhase::Handshake,
            forwarded: false,
            hung_up: false,
            paused: false,
            blocked: false,
        };
        stream.apply_settings(now);
        stream
    }

    /// Has the processor fetch what it points to and will be looked at.
    #[inline]
    pub(crate) fn fetch(&self) {
        if let Some(socket) = &self.socket {
            sys::prefetch(&**socket);
        }
        self.session.fetch();
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
        origin_of(self.socket.as_ref(), self.aside.as_deref(), self.port, id)
    }

    /// TCP is connected: TLS begins where there is to be any, else the session.
    pub(crate) fn begin(&mut self, id: Id, turn: &mut Turn) -> Result<()> {
        if self.expects_proxy() {
            return Ok(());
        }
        if let Some(tls) = self.aside.as_ref().and_then(|aside| aside.opening.as_ref()?.tls.as_ref()) {
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
        turn.spent.lend_to(&mut self.writing);
        self.session.begin(self.writing.own());
        self.flush_now(turn)
    }

    /// The handshake is done: the host learns of the connection.
    fn ready(&mut self, id: Id, turn: &mut Turn) -> Result<()> {
        let mut about = self.session.take_about();
        if let Some(about) = &mut about {
            about.encrypted = self.transport.is_encrypted();
        }
        if let Some(opening) = self.take_opening() {
            let about = about.filter(|about| !about.is_usual());
            opening.succeeded(self.origin(id), self.ip(), about.map(Arc::from), turn);
        } else if let (Some(admission), Some(newcomer), Some(ip)) =
            (&self.admission, self.newcomer(), self.ip())
        {
            let socket = admission.admit(&turn.context.registry, ip, about, newcomer, id.token)?;
            self.socket = Some(socket);
            let aside = self.aside();
            // The client's socket has it now.
            aside.ip = None;
            aside.newcomer = None;
            turn.happened(self.origin(id), Happened::Connect);
        }
        self.aside().deadline = 0;
        self.tidy_aside();
        self.phase = StreamPhase::Open;
        if self.session.has_handshake() {
            turn.spent.lend_to(&mut self.writing);
            self.session.opened(self.writing.own());
        }
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
        let aside = self.aside();
        aside.read_timeout = settings.read_timeout_ms;
        aside.write_timeout = settings.write_timeout_ms;
        aside.throttle = Throttle::with(aside.throttle.take(), settings.receive_rate, now);
        self.tidy_aside();
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
