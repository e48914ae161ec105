//! What the host asks of the reactors, and they of each other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mio::net::UdpSocket;
use parking_lot::{Condvar, Mutex};

use crate::admission::{Admission, Arrival};
use crate::error::{Code, Error, Result};
use crate::listening::Listening;
use crate::options::Texts;
pub(crate) use crate::placement::Id;
use crate::reliable::Endpoint;
use crate::socket::{Bound, Local, PortHolder, Socket};
use crate::tls;
use crate::url::Url;
use crate::websocket::handshake::ClientHandshake;

/// Why a connection is to go before it has become a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dismissal {
    /// The host has destroyed the server.
    ServerGone,
    /// It makes room for another.
    Crowded,
    /// So does its descriptor.
    NoDescriptors,
}

/// What is asked of a reactor.
pub(crate) enum Command {
    Listen(Listen),
    Connect(ConnectRequest),
    Resolved {
        id: Id,
        addresses: Result<Vec<SocketAddr>>,
        port: u16,
    },
    /// A UDP socket was bound.
    OpenDatagrams(OpenDatagrams),
    /// A name that datagrams are sent to was looked up.
    NameKnown {
        name: Arc<str>,
        addresses: Result<Vec<SocketAddr>>,
    },
    /// The address of a name in use is old.
    RefreshName(Arc<str>),
    /// The host has destroyed these; WebSockets among them say `close_frame`.
    Destroy {
        sockets: Vec<Arc<Socket>>,
        close_frame: Option<Arc<CloseFrame>>,
    },
    /// The host has seen the disconnect event of a connection that still flushed.
    Finish {
        token: u32,
        serial: u32,
    },
    /// The socket's options have changed.
    Apply(Arc<Socket>),
    SampleRoundTrip(Arc<Socket>),
    /// A wss server's certificate was read again.
    RenewAcceptor {
        socket: Arc<Socket>,
        acceptor: tls::Acceptor,
    },
    /// A connection that another reactor has accepted.
    Adopt(Box<Arrival>),
    /// Connections accepted by a server that have not become clients are to go.
    Dismiss {
        ids: Vec<Id>,
        why: Dismissal,
    },
    /// A server has begun to count its connections by address.
    CountAddresses(Arc<Admission>),
    Stop(Stop),
}

/// What a WebSocket says when it closes, where that is not the usual.
#[derive(Debug)]
pub(crate) struct CloseFrame {
    pub(crate) code: u16,
    pub(crate) reason: Box<str>,
}

/// How the thread that runs the turns is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Now,
    /// When all connections have closed, or the time for that is over.
    WhenFlushed,
}

/// What the host asks for with `network_create_server`.
pub(crate) struct Listen {
    pub(crate) socket: Arc<Socket>,
    pub(crate) listening: Arc<Listening>,
    pub(crate) regular: bool,
    pub(crate) tls: Option<tls::Acceptor>,
    /// Descriptors the process may have open.
    pub(crate) descriptor_limit: u64,
}

/// What the host asks for with one of the connect functions.
pub(crate) struct ConnectRequest {
    pub(crate) socket: Arc<Socket>,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) regular: bool,
    pub(crate) tls: Option<Result<tls::Client>>,
    /// What to ask a WebSocket server for.
    pub(crate) websocket: Option<WebSocketRequest>,
    pub(crate) timeout: u32,
    /// Where to bind the connection, if the host asked for it.
    pub(crate) local: Local,
    /// A caller that blocks until the connect has ended; without one an event tells.
    pub(crate) waiter: Option<Arc<Waiter>>,
}

/// What a client asks a server for.
#[derive(Debug)]
pub(crate) struct WebSocketRequest {
    pub(crate) handshake: ClientHandshake,
    pub(crate) bytes: Vec<u8>,
    pub(crate) path: Box<str>,
    pub(crate) query: Box<str>,
}

impl WebSocketRequest {
    pub(crate) fn new(url: &Url, port: u16, encrypted: bool, texts: &Texts) -> Self {
        let mut bytes = Vec::new();
        let (protocols, headers) = (&texts.websocket_protocol, &texts.websocket_headers);
        let handshake = ClientHandshake::start(url, port, encrypted, protocols, headers, &mut bytes);
        let (path, query) = url.target().split_once('?').unwrap_or((url.target(), ""));
        Self { handshake, bytes, path: path.into(), query: query.into() }
    }
}

/// Where a blocking connect waits for its end.
#[derive(Default)]
pub(crate) struct Waiter {
    outcome: Mutex<Option<Result<()>>>,
    ended: Condvar,
}

impl Waiter {
    pub(crate) fn end(&self, outcome: Result<()>) {
        *self.outcome.lock() = Some(outcome);
        self.ended.notify_all();
    }

    /// Sleeps until the connect has ended, but not longer than `most`.
    pub(crate) fn wait(&self, most: Duration) {
        let mut outcome = self.outcome.lock();
        if outcome.is_none() {
            self.ended.wait_for(&mut outcome, most);
        }
    }

    pub(crate) fn destroyed() -> Error {
        Error::new(Code::Closed, "the socket was destroyed while it was connecting")
    }

    pub(crate) fn take(&self) -> Option<Result<()>> {
        self.outcome.lock().take()
    }
}

/// What the host asks for when a UDP socket is bound.
pub(crate) struct OpenDatagrams {
    pub(crate) socket: Arc<Socket>,
    pub(crate) io: UdpSocket,
    pub(crate) bound: Bound,
    pub(crate) holder: Option<Arc<PortHolder>>,
    /// The protocol of a destroyed socket that still flushes on the same port.
    pub(crate) predecessor: Option<Arc<Mutex<Endpoint>>>,
}
