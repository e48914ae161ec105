//! A connect under way: the name is resolved, its addresses are tried in turn, a quarter of a
//! second apart (RFC 8305), and the first that answers wins. All within one deadline.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use mio::net::TcpStream;
use socket2::{Domain, Protocol, SockRef, Socket as SystemSocket, Type};

use crate::address::PeerName;
use crate::command::{ConnectRequest, Waiter, WebSocketRequest};
use crate::error::{Code, Error, Result};
use crate::event::batch::{Happened, Origin};
use crate::socket::{About, Local, Socket};
use crate::{sys, tls};

use crate::clock::Millis;
use crate::reactor::turn::{Turn, log_failed_connect};

/// How long an attempt has before the next address is tried beside it (RFC 8305, section 5).
const ATTEMPT_DELAY_MILLIS: Millis = 250;

/// The part of a connect that lives until the host knows how it ended.
pub(crate) struct PendingConnect {
    pub(crate) socket: Arc<Socket>,
    pub(crate) regular: bool,
    pub(crate) game_id: u32,
    pub(crate) tls: Option<tls::Client>,
    /// Taken when TCP is connected.
    pub(crate) websocket: Option<WebSocketRequest>,
    pub(crate) deadline: Millis,
    port: u16,
    waiter: Option<Arc<Waiter>>,
}

impl PendingConnect {
    pub(crate) fn succeeded(
        &self,
        origin: Origin<'_>,
        peer: Option<&PeerName>,
        about: Option<Arc<About>>,
        turn: &mut Turn,
    ) {
        {
            let mut host = self.socket.host.lock();
            host.about = about;
            // The last connection may have ended before it was asked to write.
            host.queue.forget_announcement();
            host.regular = self.regular;
            host.kind_mut().peer = peer.cloned();
            if self.waiter.is_some() {
                host.connection.connect_succeeded();
            }
        }
        match &self.waiter {
            Some(waiter) => waiter.end(Ok(())),
            None => turn.happened(origin, Happened::ConnectEnded(None)),
        }
    }

    pub(crate) fn failed(&self, origin: Origin<'_>, error: &Error, turn: &mut Turn) {
        match &self.waiter {
            Some(waiter) => {
                self.socket.host.lock().connection.connect_failed();
                log_failed_connect(self.socket.handle, error);
                waiter.end(Err(error.clone()));
            }
            None => {
                let origin = Origin { port: self.port, ..origin };
                turn.happened(origin, Happened::ConnectEnded(Some(error)));
            }
        }
    }

    /// The host destroyed the socket meanwhile: only a caller that blocks is told.
    pub(crate) fn abandoned(&self) {
        if let Some(waiter) = &self.waiter {
            waiter.end(Err(Waiter::destroyed()));
        }
    }
}

pub(crate) struct Connect {
    /// Taken by the attempt that wins.
    pub(crate) opening: Option<Box<PendingConnect>>,
    local: Local,
    /// `None` while the name is being resolved.
    pub(crate) addresses: Option<VecDeque<SocketAddr>>,
    /// Tokens of the attempts under way.
    pub(crate) attempts: Vec<u32>,
    /// When the next address is tried if nothing happens before.
    pub(crate) next_attempt: Millis,
    pub(crate) last_error: Option<Error>,
    /// The address tried last, for the event that tells of a failure.
    pub(crate) tried: Option<SocketAddr>,
}

impl Connect {
    pub(crate) fn new(request: ConnectRequest, now: Millis) -> Self {
        let game_id = request.socket.begin_connection();
        Self {
            opening: Some(Box::new(PendingConnect {
                socket: request.socket,
                regular: request.regular,
                game_id,
                tls: request.tls.and_then(Result::ok),
                websocket: request.websocket,
                deadline: now + Millis::from(request.timeout),
                port: request.port,
                waiter: request.waiter,
            })),
            local: request.local,
            addresses: None,
            attempts: Vec::new(),
            next_attempt: 0,
            last_error: None,
            tried: None,
        }
    }

    pub(crate) fn belongs_to(&self, socket: &Arc<Socket>) -> bool {
        self.opening.as_ref().is_some_and(|opening| Arc::ptr_eq(&opening.socket, socket))
    }

    pub(crate) fn deadline(&self) -> Millis {
        self.opening.as_ref().map_or(0, |opening| opening.deadline)
    }

    pub(crate) fn next_deadline(&self) -> Option<Millis> {
        let more = self.addresses.as_ref().is_some_and(|addresses| !addresses.is_empty());
        if more { Some(self.deadline().min(self.next_attempt)) } else { Some(self.deadline()) }
    }

    /// An attempt has begun: when the next one does, if nothing happens before. With little time left
    /// none takes more than its share of it.
    pub(crate) fn stagger(&mut self, now: Millis) {
        let shares = 1 + self.addresses.as_ref().map_or(0, |addresses| addresses.len() as u64);
        let share = self.deadline().saturating_sub(now) / shares;
        self.next_attempt = now + share.min(ATTEMPT_DELAY_MILLIS);
    }

    /// Begins to connect to the next address; `None` when all were tried.
    pub(crate) fn next_stream(&mut self) -> Option<(TcpStream, SocketAddr)> {
        loop {
            let address = self.addresses.as_mut()?.pop_front()?;
            self.tried = Some(address);
            match begin_connect(address, self.local) {
                Ok(stream) => return Some((stream, address)),
                Err(error) => self.last_error = Some(error),
            }
        }
    }

    /// Why all attempts together failed.
    pub(crate) fn failure(&mut self) -> Error {
        self.last_error.take().unwrap_or_else(|| {
            Error::new(Code::Failed, "no address of this name can be reached from the bound address")
        })
    }
}

fn begin_connect(address: SocketAddr, local: Local) -> Result<TcpStream> {
    let failed = |error: std::io::Error| Error::from_io(&format!("cannot connect to {address}"), &error);
    let socket =
        SystemSocket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP)).map_err(failed)?;
    socket.set_nonblocking(true).map_err(failed)?;
    if local.ip.is_some() || local.port != 0 {
        let any: IpAddr =
            if address.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
        let ip = local.ip.unwrap_or(any);
        if ip.is_ipv6() != address.is_ipv6() {
            return Err(Error::new(
                Code::Failed,
                format!("cannot connect to {address} from the bound address {ip}: another address family"),
            ));
        }
        if address.is_ipv6() {
            socket.set_only_v6(true).map_err(failed)?;
        }
        if local.port == 0 {
            sys::choose_port_on_connect(&socket);
        }
        // The port is also held by the reservation that network_create_socket_ext made.
        sys::share_outgoing_port(&socket).map_err(failed)?;
        socket.bind(&SocketAddr::new(ip, local.port).into()).map_err(failed)?;
    }
    match socket.connect(&address.into()) {
        Ok(()) => {}
        Err(error) if sys::is_connect_pending(&error) => {}
        Err(error) => return Err(failed(error)),
    }
    let stream = TcpStream::from_std(socket.into());
    sys::prepare_stream(&stream).map_err(failed)?;
    Ok(stream)
}

/// One address of a [`Connect`] being tried.
pub(crate) struct ConnectAttempt {
    pub(crate) io: TcpStream,
    pub(crate) address: SocketAddr,
    /// The connect it belongs to; both are removed together.
    pub(crate) connect: u32,
}

impl ConnectAttempt {
    /// Whether the connect has ended, and how.
    pub(crate) fn outcome(&self) -> Option<Result<()>> {
        let failed =
            |error: std::io::Error| Error::from_io(&format!("cannot connect to {}", self.address), &error);
        match SockRef::from(&self.io).take_error() {
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => return Some(Err(failed(error))),
        }
        match self.io.peer_addr() {
            Ok(peer) if self.io.local_addr().is_ok_and(|local| local == peer) => {
                // Reset, so that the port does not stay taken from the server that is to listen there.
                let _ = SockRef::from(&self.io).set_linger(Some(Duration::ZERO));
                let refused = std::io::Error::from_raw_os_error(sys::CONNECTION_REFUSED);
                Some(Err(failed(refused)))
            }
            Ok(_) => Some(Ok(())),
            // Readiness can be reported before the connect is through.
            Err(error) if error.kind() == std::io::ErrorKind::NotConnected => None,
            Err(error) => Some(Err(failed(error))),
        }
    }

    /// The local port of the connection, for `network_get_port`.
    pub(crate) fn note_local_port(&self, socket: &Socket) {
        if let Ok(local) = self.io.local_addr() {
            socket.local_port.store(local.port(), Relaxed);
        }
    }
}
