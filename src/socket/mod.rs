//! One socket as the host sees it: its queue of bytes to send, the state of its connection, its counters.
//! The file descriptor is not here; that belongs to the reactor's endpoint.

mod connection;
mod send_queue;

use std::ffi::c_void;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::address::AddressFamilies;
use crate::address::PeerName;
use crate::catalog::stats::Stat;
use crate::encoder::{Encoder, Frames};
use crate::error::{Code, Error, Result};
use crate::listening::Listening;
use crate::options::{ACCEPTED_MESSAGE_LIMIT, MESSAGE_LIMIT, Settings};
use crate::reliable::Endpoint;
use crate::spin_lock::{SpinLock, SpinLockGuard};
use crate::websocket::Side;

use connection::Connection;
use send_queue::{InFlight, SendQueue};

/// The number by which the host names a socket. Never used twice in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Handle(pub(crate) u32);

impl Handle {
    /// Handles are below this, so that they fit GameMaker's signed 32-bit integers.
    pub(crate) const END: u32 = 1 << 31;
    /// Stands for "no socket" in packed records.
    pub(crate) const NONE: Self = Self(u32::MAX);
}

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
    /// Index of the reactor's endpoint; written by the reactor alone.
    pub(crate) token: AtomicU32,
    pub(crate) message_limit: AtomicU32,
    /// 0 stands for twice the message limit.
    pub(crate) receive_limit: AtomicU32,
    pub(crate) local_port: AtomicU16,
    /// The host's own pointer, which nobody here looks into.
    pub(crate) user: AtomicPtr<c_void>,
    pub(crate) in_flight: InFlight,
    pub(crate) traffic: Traffic,
    pub(crate) host: SpinLock<HostSide>,
}

/// Counters with one writer each, so that plain stores do.
#[derive(Debug)]
pub(crate) struct Traffic {
    pub(crate) bytes_sent: AtomicU64,
    pub(crate) bytes_received: AtomicU64,
    pub(crate) packets_sent: AtomicU64,
    pub(crate) packets_received: AtomicU64,
    pub(crate) dropped: AtomicU64,
    /// Smoothed round trip in microseconds; 0 while unknown.
    pub(crate) round_trip: AtomicU32,
}

/// Adds to a counter that only the calling thread writes: cheaper than an atomic addition.
#[inline]
pub(crate) fn count(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(more), Relaxed);
}

/// The host's side of a socket, locked.
pub(crate) type HostGuard<'a> = SpinLockGuard<'a, HostSide>;

#[derive(Debug)]
pub(crate) struct HostSide {
    pub(crate) connection: Connection,
    /// The connection has GameMaker's handshake and headers.
    pub(crate) regular: bool,
    pub(crate) queue: SendQueue,
    pub(crate) peer: Option<PeerName>,
    /// What the opening of a WebSocket has brought to light, if it was not the usual.
    pub(crate) about: Option<Box<About>>,
    /// A server's are context with its clients until one has its own.
    pub(crate) settings: Arc<Settings>,
    /// Where a client's connections are bound, if the host asked for it.
    pub(crate) local_endpoint: Option<Box<LocalEndpoint>>,
    /// What a server listens on.
    pub(crate) listening: Option<Arc<Listening>>,
    /// What only UDP sockets have.
    pub(crate) datagrams: Option<Box<DatagramSide>>,
}

/// What `network_get_string` tells. Each is empty where there is none.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) path: Box<str>,
    /// Without the '?'.
    pub(crate) query: Box<str>,
    /// The page that the client comes from.
    pub(crate) origin: Box<str>,
    /// The subprotocol agreed on.
    pub(crate) protocol: Box<str>,
    pub(crate) encrypted: bool,
}

impl About {
    /// Nothing but the usual: this needs no memory.
    pub(crate) fn is_usual(&self) -> bool {
        let texts = [&self.query, &self.origin, &self.protocol];
        &*self.path == "/" && texts.iter().all(|text| text.is_empty()) && !self.encrypted
    }
}

/// The usual.
impl Default for About {
    fn default() -> Self {
        Self {
            path: "/".into(),
            query: Box::default(),
            origin: Box::default(),
            protocol: Box::default(),
            encrypted: false,
        }
    }
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

/// How a UDP socket is bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// The one address it is bound to; all if none.
    pub(crate) ip: Option<IpAddr>,
    /// Its own addresses are IPv6; with both families IPv4 is mapped into them.
    pub(crate) ipv6: bool,
    pub(crate) families: AddressFamilies,
}

/// The host's side of a UDP socket.
#[derive(Debug)]
pub(crate) struct DatagramSide {
    /// Where it is to be bound.
    pub(crate) ip: Option<IpAddr>,
    /// How it is bound; not before its first send, unless the host chose a port.
    pub(crate) bound: Option<Bound>,
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
    /// Whether nothing more is taken for sending.
    #[inline]
    pub(crate) fn is_full(&self, in_flight: &InFlight) -> bool {
        self.queue.is_full(in_flight, self.settings.send_queue_limit)
    }
}

impl DatagramSide {
    pub(crate) fn new(ip: Option<IpAddr>) -> Self {
        Self { ip, bound: None, target: None, reliable: None, reliable_queued: false }
    }
}

impl Socket {
    pub(crate) fn new(
        handle: Handle,
        role: SocketRole,
        family: Family,
        server: Handle,
        regular: bool,
        settings: Arc<Settings>,
    ) -> Self {
        let socket = Self {
            handle,
            server,
            role,
            family,
            token: AtomicU32::new(NO_TOKEN),
            message_limit: AtomicU32::new(0),
            receive_limit: AtomicU32::new(0),
            local_port: AtomicU16::new(0),
            user: AtomicPtr::default(),
            in_flight: InFlight::default(),
            traffic: Traffic::new(),
            host: SpinLock::new(HostSide {
                connection: match role {
                    SocketRole::Client => Connection::IDLE,
                    SocketRole::Server => Connection::LISTENING,
                    SocketRole::Accepted => Connection::ACCEPTED,
                    SocketRole::Datagrams | SocketRole::DatagramServer => Connection::NONE,
                },
                regular,
                queue: SendQueue::default(),
                peer: None,
                about: None,
                settings,
                local_endpoint: None,
                listening: None,
                datagrams: None,
            }),
        };
        socket.refresh_limits(&socket.host.lock().settings);
        socket
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

    /// Copies the limits that the reactor reads on its hot path out of the settings.
    pub(crate) fn refresh_limits(&self, settings: &Settings) {
        let default = if self.role == SocketRole::Accepted { ACCEPTED_MESSAGE_LIMIT } else { MESSAGE_LIMIT };
        self.message_limit.store(settings.message_limit.unwrap_or(default), Relaxed);
        self.receive_limit.store(settings.receive_queue_limit.unwrap_or(0), Relaxed);
    }

    /// A new connection begins: what an earlier one left behind is not meant for its peer. Returns the
    /// game's id.
    pub(crate) fn begin_connection(&self) -> u32 {
        let mut host = self.host.lock();
        host.queue.discard();
        host.queue.forget_announcement();
        self.in_flight.set(0);
        host.settings.game_id
    }

    /// The host has destroyed it, and the reactor will hear of that after this.
    pub(crate) fn retire(&self) {
        let (reserved, listening) = {
            let mut host = self.host.lock();
            host.connection.destroyed();
            (host.local_endpoint.take(), host.listening.take())
        };
        // Here and now, so that the port is free when the host's call returns.
        drop(reserved);
        if let Some(listening) = listening {
            listening.close();
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

/// What sockets that no longer exist have carried.
static PAST: Traffic = Traffic::new();

impl Traffic {
    const fn new() -> Self {
        Self {
            bytes_sent: AtomicU64::new(0),
            bytes_received: AtomicU64::new(0),
            packets_sent: AtomicU64::new(0),
            packets_received: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            round_trip: AtomicU32::new(0),
        }
    }

    /// The counters that add up over sockets.
    const SUMS: [Stat; 5] =
        [Stat::BytesSent, Stat::BytesReceived, Stat::PacketsSent, Stat::PacketsReceived, Stat::Dropped];

    /// The counter of a key, if it is one that adds up over sockets.
    pub(crate) fn counter(&self, stat: Stat) -> Option<&AtomicU64> {
        match stat {
            Stat::BytesSent => Some(&self.bytes_sent),
            Stat::BytesReceived => Some(&self.bytes_received),
            Stat::PacketsSent => Some(&self.packets_sent),
            Stat::PacketsReceived => Some(&self.packets_received),
            Stat::Dropped => Some(&self.dropped),
            _ => None,
        }
    }

    /// The traffic of sockets that no longer exist.
    pub(crate) fn past() -> &'static Self {
        &PAST
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        for stat in Traffic::SUMS {
            if let (Some(past), Some(own)) = (PAST.counter(stat), self.traffic.counter(stat)) {
                past.fetch_add(own.load(Relaxed), Relaxed);
            }
        }
    }
}
