//! Local ports that this process has had and given back. What still closes or flushes holds such a port
//! towards its peers; for us it is free again at once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use socket2::Socket as SystemSocket;

use crate::reliable::Endpoint;
use crate::socket::{Bound, PortHolder, Socket, SocketRole};
use crate::sys;

/// Ports of clients' connections.
static CONNECTIONS: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
/// Ports that servers have or had.
static SERVERS: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
/// Ports of UDP sockets.
static DATAGRAMS: Mutex<BTreeMap<u16, Released>> = Mutex::new(BTreeMap::new());

/// Somewhat longer than a destroyed socket flushes.
const FLUSHING: Duration = Duration::from_secs(3);

/// A UDP socket that was destroyed a moment ago.
struct Released {
    at: Instant,
    holder: Arc<PortHolder>,
    /// Its reliable protocol, as long as that still flushes.
    endpoint: Weak<Mutex<Endpoint>>,
}

/// A socket is about to be destroyed: notes the local port it was given, if it was given one.
pub(crate) fn note(socket: &Socket) {
    let mut host = socket.host.lock();
    if socket.role == SocketRole::Client {
        let port =
            host.kind().and_then(|own| own.local_endpoint.as_ref()).map_or(0, |endpoint| endpoint.local.port);
        drop(host);
        if port != 0 {
            CONNECTIONS.lock().insert(port);
        }
    } else if let Some(own) = host.datagrams_mut()
        && let Some(holder) = own.holder.take()
    {
        let endpoint = own.reliable.as_ref().map(Arc::downgrade).unwrap_or_default();
        drop(host);
        if sys::DATAGRAM_PORTS_OVERLAP {
            // From now on the next one may bind beside it.
            let _ = holder.take().map(|system_socket| system_socket.set_reuse_address(true));
        }
        DATAGRAMS.lock().insert(holder.port, Released { at: Instant::now(), holder, endpoint });
    }
}

/// Whether the port was a connection's of ours, and no socket of ours has it now.
pub(crate) fn contains(port: u16) -> bool {
    CONNECTIONS.lock().contains(&port)
}

/// A socket has the port.
pub(crate) fn remove(port: u16) {
    CONNECTIONS.lock().remove(&port);
}

/// A server listens at the port.
pub(crate) fn note_server(port: u16) {
    SERVERS.lock().insert(port);
}

/// Whether a server of ours has listened at the port, whose clients may still be there.
pub(crate) fn was_servers(port: u16) -> bool {
    SERVERS.lock().contains(&port)
}

/// Whether a UDP socket of ours had the port a moment ago, none has it now, and the next one can have it beside that.
pub(crate) fn lets_datagrams(port: u16) -> bool {
    sys::DATAGRAM_PORTS_OVERLAP
        && DATAGRAMS.lock().get(&port).is_some_and(|released| released.at.elapsed() < FLUSHING)
}

/// Where two sockets cannot have one port: the system's socket of the one destroyed a moment ago, which still has it.
pub(crate) fn take_over(port: u16, ip: Option<IpAddr>) -> Option<(SystemSocket, Bound)> {
    if sys::DATAGRAM_PORTS_OVERLAP {
        return None;
    }
    let released = DATAGRAMS.lock();
    let holder = &released.get(&port)?.holder;
    if holder.is_shared || holder.bound.ip != ip {
        return None;
    }
    holder.hand_over().map(|system_socket| (system_socket, holder.bound))
}

/// A UDP socket has the port. Returns the protocol of the one before it, which still flushes there.
pub(crate) fn succeed(port: u16) -> Option<Arc<Mutex<Endpoint>>> {
    DATAGRAMS.lock().remove(&port)?.endpoint.upgrade()
}
