//! One socket as the host sees it: its queue of bytes to send, the state of its connection, its counters.
//! The file descriptor is not here; that belongs to the reactor's endpoint.

mod about;
mod bound;
mod clients;
mod connection;
mod handle;
mod memberships;
mod send_queue;
mod traffic;
mod waiting_for_all;

use std::ffi::c_void;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU16, AtomicU32, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::address::PeerName;
use crate::encoder::{Encoder, Frames};
use crate::error::{Code, Error, Result};
use crate::listening::Listening;
use crate::options::{ACCEPTED_MESSAGE_LIMIT, MESSAGE_LIMIT, Settings};
use crate::placement::{ReactorIndex, Seat};
use crate::reliable::Endpoint;
use crate::spin_lock::{SpinLock, SpinLockGuard};
use crate::websocket::Side;

use clients::Enrolment;
use connection::Connection;
use memberships::Memberships;
use send_queue::{InFlight, Refused, SendQueue};
use traffic::Carrier;
use waiting_for_all::Listed;

pub(crate) use about::{About, Abouts};
pub(crate) use bound::{Bound, PortHolder};
pub(crate) use send_queue::{set_total_limit, total as total_to_send};
pub(crate) use traffic::{Traffic, count};
pub(crate) use waiting_for_all::take_waiting;

pub(crate) use handle::Handle;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SocketRole {
    Client,
    Server,
    /// A client's connection at a server.
    Accepted,
    /// A UDP socket, and one made as a server.
    Datagrams,
    DatagramServer,
}

/// What a server knows of its clients.
pub(crate) type Clients = clients::Clients<Socket>;

/// A kind of transport, by its `network_socket_*` constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Tcp,
    Udp,
    Bluetooth,
    WebSocket,
    SecureWebSocket,
}

impl Family {
    pub(crate) fn check_supported(self) -> Result<()> {
        let what = match self {
            Self::Tcp | Self::Udp | Self::WebSocket | Self::SecureWebSocket => return Ok(()),
            Self::Bluetooth => "Bluetooth sockets are not supported",
        };
        Err(Error::new(Code::NotSupported, what))
    }

    pub(crate) fn is_websocket(self) -> bool {
        matches!(self, Self::WebSocket | Self::SecureWebSocket)
    }
}

/// No endpoint of the reactor belongs to the socket.
pub(crate) const NO_TOKEN: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) handle: Handle,
    /// The server that accepted the connection.
    pub(crate) server: Handle,
    pub(crate) role: SocketRole,
    pub(crate) family: Family,
    /// Whose connection a server has accepted.
    pub(crate) peer: Option<PeerName>,
    /// At the reactor that looks after it.
    seat: Seat,
    /// Index of the reactor's endpoint; written by the reactor alone.
    pub(crate) token: AtomicU32,
    pub(crate) message_limit: AtomicU32,
    /// 0 stands for twice the message limit.
    pub(crate) receive_limit: AtomicU32,
    /// How long a message that has begun may go without another byte; 0 means for ever.
    pub(crate) message_timeout: AtomicU32,
    pub(crate) local_port: AtomicU16,
    /// The host's own pointer, which nobody here looks into.
    pub(crate) user: AtomicPtr<c_void>,
    pub(crate) in_flight: InFlight,
    pub(crate) refused: Refused,
    pub(crate) waits_for_all: Listed,
    /// Bytes of a message that has not come whole.
    pub(crate) unfinished: AtomicU32,
    pub(crate) traffic: Traffic,
    /// Of a server, and of the connections it has accepted: what it knows of those in all.
    pub(crate) clients: Option<Arc<Clients>>,
    enrolment: Enrolment,
    pub(crate) host: SpinLock<HostSide>,
}

/// The host's side of a socket, locked.
pub(crate) type HostGuard<'a> = SpinLockGuard<'a, HostSide>;

#[derive(Debug)]
pub(crate) struct HostSide {
    pub(crate) connection: Connection,
    /// The connection has GameMaker's handshake and headers.
    pub(crate) regular: bool,
    pub(crate) queue: SendQueue,
    pub(crate) memberships: Memberships,
    /// What the opening of a WebSocket has brought to light, if it was not the usual.
    pub(crate) about: Option<Arc<About>>,
    /// A server's are context with its clients until one has its own.
    pub(crate) settings: Arc<Settings>,
    kind: Option<Box<OfKind>>,
}

/// What sockets of one kind have. The connections that a server accepted, of which there are most, have none of it.
#[derive(Debug, Default)]
pub(crate) struct OfKind {
    /// Whom a client is connected to, or was.
    pub(crate) peer: Option<PeerName>,
    /// Where a client's connections are bound, if the host asked for it.
    pub(crate) local_endpoint: Option<LocalEndpoint>,
    /// What a server listens on.
    pub(crate) listening: Option<Arc<Listening>>,
    /// What only UDP sockets have.
    pub(crate) datagrams: Option<DatagramSide>,
}

/// The local address of an outgoing connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Local {
    pub(crate) ip: Option<IpAddr>,
    pub(crate) port: u16,
}

/// The local end of a client's connections.
#[derive(Debug)]
pub(crate) struct LocalEndpoint {
    pub(crate) local: Local,
    /// Holds the port for them.
    pub(crate) _reserved: Option<socket2::Socket>,
}

/// The host's side of a UDP socket.
#[derive(Debug)]
pub(crate) struct DatagramSide {
    /// Where it is to be bound.
    pub(crate) ip: Option<IpAddr>,
    /// How it is bound; not before its first send, unless the host chose a port.
    pub(crate) bound: Option<Bound>,
    /// By which the port is given back.
    pub(crate) holder: Option<Arc<PortHolder>>,
    /// Where what names no receiver goes.
    pub(crate) target: Option<UdpTarget>,
    /// The reliable protocol, once the host has enabled it. Its lock comes after all others.
    pub(crate) reliable: Option<Arc<Mutex<Endpoint>>>,
    /// Messages of the protocol wait in the queue for a name: later ones must not overtake them.
    pub(crate) reliable_queued: bool,
}

/// A receiver that the host has set once for many sends.
#[derive(Debug)]
pub(crate) struct UdpTarget {
    pub(crate) url: Arc<str>,
    pub(crate) port: u16,
    /// What the url always spells out; neither names nor zones do.
    pub(crate) address: Option<SocketAddr>,
}

impl HostSide {
    /// What it has as one of its kind, if it has any of that.
    pub(crate) fn kind(&self) -> Option<&OfKind> {
        self.kind.as_deref()
    }

    /// To set something of that.
    pub(crate) fn kind_mut(&mut self) -> &mut OfKind {
        self.kind.get_or_insert_default()
    }

    pub(crate) fn datagrams(&self) -> Option<&DatagramSide> {
        self.kind()?.datagrams.as_ref()
    }

    pub(crate) fn datagrams_mut(&mut self) -> Option<&mut DatagramSide> {
        self.kind.as_mut()?.datagrams.as_mut()
    }

    /// Fails if no message with so many bytes is taken for sending. Then the host is told when the socket has
    /// room again.
    #[inline]
    pub(crate) fn check_room(&self, socket: &Socket, payload: usize) -> Result<()> {
        let (in_flight, limit) = (&socket.in_flight, self.settings.send_queue_limit);
        if self.queue.is_full(in_flight, limit) && self.queue.refuse(&socket.refused, in_flight, limit) {
            return Err(queue_full());
        }
        if self.queue.book(in_flight, payload) || self.waits_for_all(socket, payload) {
            return Ok(());
        }
        Err(all_queues_full())
    }

    /// All have too much to send: has the host told when that is over. True if it is over already, and the
    /// message was booked.
    #[cold]
    fn waits_for_all(&self, socket: &Socket, payload: usize) -> bool {
        let noted = self.queue.note_refused(&socket.refused);
        socket.waits_for_all.enlist(socket.handle);
        let booked = self.queue.book(&socket.in_flight, payload);
        if booked && noted {
            socket.refused.forget();
        }
        booked
    }

    /// The protocol has refused a message for the same reason.
    #[cold]
    pub(crate) fn wait_for_all(&self, socket: &Socket) {
        self.queue.note_refused(&socket.refused);
        socket.waits_for_all.enlist(socket.handle);
    }
}

#[cold]
fn queue_full() -> Error {
    Error::new(Code::QueueFull, "the peer does not keep up: the send queue is full")
}

#[cold]
fn all_queues_full() -> Error {
    Error::new(Code::QueueFull, "all send queues together hold network_config_total_send_limit")
}

impl DatagramSide {
    pub(crate) fn new(ip: Option<IpAddr>) -> Self {
        Self { ip, bound: None, holder: None, target: None, reliable: None, reliable_queued: false }
    }
}

impl Socket {
    pub(crate) fn new(
        handle: Handle,
        role: SocketRole,
        family: Family,
        server: Option<&Self>,
        regular: bool,
        settings: Arc<Settings>,
        seat: Seat,
    ) -> Self {
        let clients = match role {
            SocketRole::Server => Some(Arc::default()),
            _ => server.and_then(|server| server.clients.clone()),
        };
        let socket = Self {
            handle,
            server: server.map_or(Handle::NONE, |server| server.handle),
            role,
            family,
            peer: None,
            seat,
            token: AtomicU32::new(NO_TOKEN),
            message_limit: AtomicU32::new(0),
            receive_limit: AtomicU32::new(0),
            message_timeout: AtomicU32::new(0),
            local_port: AtomicU16::new(0),
            user: AtomicPtr::default(),
            in_flight: InFlight::default(),
            refused: Refused::default(),
            waits_for_all: Listed::default(),
            unfinished: AtomicU32::new(0),
            traffic: Traffic::new(),
            clients,
            enrolment: Enrolment::default(),
            host: SpinLock::new(HostSide {
                connection: match role {
                    SocketRole::Client => Connection::IDLE,
                    SocketRole::Server => Connection::LISTENING,
                    SocketRole::Accepted => Connection::ACCEPTED,
                    SocketRole::Datagrams | SocketRole::DatagramServer => Connection::NONE,
                },
                regular,
                queue: SendQueue::default(),
                memberships: Memberships::default(),
                about: None,
                settings,
                kind: None,
            }),
        };
        socket.refresh_limits(&socket.host.lock().settings);
        socket
    }

    /// The reactor that looks after it; always the same one.
    #[inline(always)]
    pub(crate) fn reactor(&self) -> ReactorIndex {
        self.seat.reactor()
    }

    /// How what is sent over the connection is written.
    #[inline(always)]
    pub(crate) fn encoder(&self) -> Encoder {
        if !self.family.is_websocket() {
            return Encoder::Stream;
        }
        let side = if self.role == SocketRole::Client { Side::Client } else { Side::Server };
        Encoder::WebSocket(Frames::of(side))
    }

    /// An accepted connection that has a place has become a client of its server.
    pub(crate) fn joined_clients(self: &Arc<Self>) {
        if let Some(clients) = &self.clients {
            clients.joined(&self.enrolment, Arc::downgrade(self));
        }
    }

    /// Copies the limits that the reactor reads on its hot path out of the settings.
    pub(crate) fn refresh_limits(&self, settings: &Settings) {
        let default = if self.role == SocketRole::Accepted { ACCEPTED_MESSAGE_LIMIT } else { MESSAGE_LIMIT };
        self.message_limit.store(settings.message_limit.unwrap_or(default), Relaxed);
        self.receive_limit.store(settings.receive_queue_limit.unwrap_or(0), Relaxed);
        self.message_timeout.store(settings.message_timeout_ms, Relaxed);
        if let (SocketRole::Server, Some(clients)) = (self.role, &self.clients) {
            clients.set_most(settings.max_clients);
        }
    }

    /// A new connection begins: what an earlier one left behind is not meant for its peer. Returns the
    /// game's id.
    pub(crate) fn begin_connection(&self) -> u32 {
        let mut host = self.host.lock();
        host.queue.discard();
        host.queue.forget_announcement();
        self.in_flight.set(0);
        self.refused.forget();
        host.queue.settle(&self.in_flight);
        host.settings.game_id
    }

    /// Whether the host is to be told that a socket which has refused a message has room again. True once.
    #[inline]
    pub(crate) fn has_room_again(&self) -> bool {
        self.refused.is_noted() && self.may_have_room_again()
    }

    #[cold]
    fn may_have_room_again(&self) -> bool {
        let host = &mut *self.host.lock();
        if host.connection.is_of_use() && total_to_send().is_full() {
            self.waits_for_all.enlist(self.handle);
            if total_to_send().is_full() {
                return false;
            }
        }
        host.connection.is_of_use()
            && host.queue.has_room_again(&self.refused, &self.in_flight, host.settings.send_queue_limit)
    }

    /// The host has destroyed it, and the reactor will hear of that after this.
    pub(crate) fn retire(&self) {
        let (reserved, listening) = {
            let mut host = self.host.lock();
            host.connection.destroyed();
            host.kind
                .as_mut()
                .map(|own| (own.local_endpoint.take(), own.listening.take()))
                .unwrap_or_default()
        };
        // Here and now, so that the port is free when the host's call returns.
        drop(reserved);
        if let Some(listening) = listening {
            listening.close();
        }
    }

    /// Something has left: it counts no longer in what all sockets have to send.
    #[inline]
    pub(crate) fn settle_sent(&self) {
        if self.in_flight.is_overbooked() {
            self.host.lock().queue.settle(&self.in_flight);
        }
    }

    /// Bytes of uncollected events from which on the socket is not read.
    pub(crate) fn receive_limit(&self) -> u64 {
        match self.receive_limit.load(Relaxed) {
            0 => 2 * u64::from(self.message_limit.load(Relaxed)),
            limit => u64::from(limit),
        }
    }
}

impl Carrier for Socket {
    fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        Traffic::past().add(&self.traffic);
        if let (SocketRole::Accepted, Some(clients)) = (self.role, &self.clients) {
            clients.strike_off(&self.enrolment, &self.traffic);
        }
        if let Some(endpoint) = self.host.lock().datagrams().and_then(|own| own.reliable.as_ref()) {
            let stats = endpoint.lock().stats();
            Traffic::add_past_repairs(stats.resent, stats.lost);
        }
    }
}
