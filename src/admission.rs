//! Who may come in: the rules of a server, and the connections on their way to being its clients. Any
//! reactor may look after those; what they count against is here, for all of them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mio::net::TcpStream;
use parking_lot::Mutex;

use crate::address::PeerName;
use crate::address_limits::{self, PerAddress};
use crate::clock::Millis;
use crate::error::{Code, Error, Result};
use crate::log::{self, Level};
use crate::newcomers::Newcomer;
use crate::proxy::Trusted;
use crate::registry::Registry;
use crate::socket::{About, Abouts, Clients, Socket};
use crate::tls;

/// The rules of one server, shared with the connections it accepted.
pub(crate) struct Admission {
    pub(crate) server: Arc<Socket>,
    pub(crate) regular: bool,
    /// Connections are encrypted with what this has when their handshake begins.
    tls: Option<Mutex<tls::Acceptor>>,
    clients: Arc<Clients>,
    addresses: Mutex<Addresses>,
    abouts: Mutex<Abouts>,
}

/// The connections of each address.
#[derive(Default)]
struct Addresses {
    /// While the host limits them.
    counts: Option<PerAddress>,
    /// How often the host has begun to.
    times: u32,
}

/// That a connection counts among those of its address: since which time that they are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted(u32);

/// A connection that was just accepted, on its way to the reactor that is to look after it.
pub(crate) struct Arrival {
    pub(crate) io: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) admission: Arc<Admission>,
    pub(crate) newcomer: Box<Newcomer>,
    pub(crate) counted: Counted,
    /// It is to begin with a header of the PROXY protocol.
    pub(crate) proxied: bool,
    /// A trusted proxy has passed it on: its request says whom it is from.
    pub(crate) forwarded: bool,
    pub(crate) handshake_timeout: Millis,
}

impl Admission {
    pub(crate) fn new(server: Arc<Socket>, regular: bool, tls: Option<tls::Acceptor>) -> Self {
        Self {
            clients: server.clients.clone().unwrap_or_default(),
            server,
            regular,
            tls: tls.map(Mutex::new),
            addresses: Mutex::default(),
            abouts: Mutex::default(),
        }
    }

    // ---- clients -----------------------------------------------------------------------------

    /// A connection has finished its handshake: gives it a handle if there is a place. `token` is that of its
    /// endpoint.
    pub(crate) fn admit(
        &self,
        registry: &Registry,
        peer: &PeerName,
        about: Option<Box<About>>,
        newcomer: &Newcomer,
        token: u32,
    ) -> Result<Arc<Socket>> {
        if !self.clients.take_place() {
            return Err(full());
        }
        let settings = self.server.host.lock().settings.clone();
        let about = about.map(|about| self.abouts.lock().share(*about));
        let socket = registry
            .insert_accepted(&self.server, self.regular, settings, newcomer.seat.clone(), |socket| {
                socket.peer = Some(peer.clone());
                socket.host.get_mut().about = about;
                socket.local_port.store(self.server.local_port.load(Relaxed), Relaxed);
                socket.token.store(token, Relaxed);
            })
            .inspect_err(|_| self.clients.left())?;
        socket.joined_clients();
        Ok(socket)
    }

    /// A connection did not become a client: counts it, and writes a line.
    pub(crate) fn turn_away(&self, ip: &str, port: u16, why: &Error) {
        self.clients.turned_away(why);
        let server = self.server.handle.0;
        log::write(Level::Warning, format_args!("server {server} refused {ip} port {port}: {why}"));
    }

    /// A client is gone.
    pub(crate) fn leave(&self) {
        self.clients.left();
    }

    // ---- addresses ---------------------------------------------------------------------------

    /// Follows the host's options: true if connections are counted by address from now on, those there are
    /// to be [counted](Self::count_address) by the caller.
    pub(crate) fn begin_or_stop_counting(&self) -> bool {
        let limited = self.address_limits().is_some();
        let mut addresses = self.addresses.lock();
        let begins = limited && addresses.counts.is_none();
        if begins {
            addresses.counts = Some(PerAddress::default());
            addresses.times += 1;
        } else if !limited {
            addresses.counts = None;
        }
        begins
    }

    fn address_limits(&self) -> Option<address_limits::Most> {
        let host = self.server.host.lock();
        let (open, new) = (host.settings.clients_per_address, host.settings.connects_per_address);
        (open != 0 || new != 0).then_some(address_limits::Most { open, new })
    }

    /// A connection from there is about to be served: counts it, or says why it may not be.
    pub(crate) fn take_address(&self, ip: IpAddr, now: Millis) -> Result<Counted> {
        let mut addresses = self.addresses.lock();
        let Addresses { counts: Some(counts), times } = &mut *addresses else {
            return Ok(Counted::default());
        };
        let Some(most) = self.address_limits() else { return Ok(Counted::default()) };
        counts.take(ip, most, now).map_err(|over| Error::new(Code::Limit, over.to_string()))?;
        Ok(Counted(*times))
    }

    /// A connection that came before connections were counted.
    pub(crate) fn count_address(&self, ip: IpAddr, counted: &mut Counted) {
        let mut addresses = self.addresses.lock();
        if let Addresses { counts: Some(counts), times } = &mut *addresses
            && counted.0 != *times
        {
            counts.count(ip);
            *counted = Counted(*times);
        }
    }

    /// A connection from there is gone.
    pub(crate) fn leave_address(&self, ip: impl FnOnce() -> Option<IpAddr>, counted: Counted) {
        if counted == Counted::default() {
            return;
        }
        let mut addresses = self.addresses.lock();
        if let Addresses { counts: Some(counts), times } = &mut *addresses
            && counted.0 == *times
            && let Some(ip) = ip()
        {
            counts.leave(ip);
        }
    }

    // ---- the rest ----------------------------------------------------------------------------

    /// Whether connections are to begin with a header of the PROXY protocol.
    pub(crate) fn expects_proxy(&self) -> bool {
        self.server.host.lock().settings.proxy_protocol
    }

    /// Whether that header would be believed from there.
    pub(crate) fn check_proxy(&self, ip: IpAddr) -> Result<()> {
        let texts = Arc::clone(&self.server.host.lock().settings.texts);
        if texts.proxy_trusted.contains(ip) {
            return Ok(());
        }
        Err(Error::new(
            Code::Limit,
            "it is no trusted proxy, and the server takes connections from those alone",
        ))
    }

    /// Who is believed about whom a connection is from.
    pub(crate) fn proxies(&self) -> Trusted {
        self.server.host.lock().settings.texts.proxy_trusted.clone()
    }

    /// Whether the request of a connection from there may say whom it is from: it counts for that address,
    /// once that is known.
    pub(crate) fn believes_headers_of(&self, ip: IpAddr) -> bool {
        self.server.family.is_websocket() && self.server.host.lock().settings.texts.proxy_trusted.contains(ip)
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// What TLS with a client begins with.
    pub(crate) fn acceptor(&self) -> Option<tls::Acceptor> {
        self.tls.as_ref().map(|acceptor| acceptor.lock().clone())
    }

    /// Handshakes from now on have another certificate.
    pub(crate) fn renew_acceptor(&self, acceptor: tls::Acceptor) {
        if let Some(old) = &self.tls {
            *old.lock() = acceptor;
        }
    }
}

/// No place is free at a server.
pub(crate) fn full() -> Error {
    Error::new(Code::Limit, "the server is full")
}
