//! A listening socket, and who may come in.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use mio::net::TcpStream;
use parking_lot::Mutex;

use crate::address::PeerName;
use crate::address_limits::{self, PerAddress};
use crate::command::{Id, Listen};
use crate::context::Context;
use crate::error::{Code, Error, Result};
use crate::listening::Listening;
use crate::log::{self, Level};
use crate::socket::{About, Clients, Socket};
use crate::{sys, tls};

use crate::clock::Millis;

/// Connections a listener takes in one turn before the others have theirs.
pub(crate) const ACCEPTS_PER_TURN: usize = 256;
/// Unfinished handshakes a server holds; the oldest makes room for a new one.
const MOST_UNFINISHED: u32 = 4_096;

/// The rules of one server, shared with the connections it accepted.
pub(crate) struct Admission {
    pub(crate) server: Arc<Socket>,
    pub(crate) regular: bool,
    /// Connections are encrypted with what this has when their handshake begins.
    tls: Option<Mutex<tls::Acceptor>>,
    clients: Arc<Clients>,
    unfinished: AtomicU32,
    /// While the host limits the connections of one address.
    addresses: Mutex<Option<PerAddress>>,
}

impl Admission {
    /// A connection has finished its handshake: gives it a handle if there is a place.
    pub(crate) fn admit(
        &self,
        context: &Context,
        peer: &PeerName,
        about: Option<Box<About>>,
    ) -> Result<Arc<Socket>> {
        if self.clients.is_full() {
            return Err(full());
        }
        let settings = self.server.host.lock().settings.clone();
        let socket = context.registry.insert_accepted(&self.server, self.regular, settings)?;
        {
            let mut host = socket.host.lock();
            host.peer = Some(peer.clone());
            host.about = about;
        }
        socket.local_port.store(self.server.local_port.load(Relaxed), Relaxed);
        let client: Weak<Socket> = Arc::downgrade(&socket);
        self.clients.joined(socket.handle.0, client);
        self.unfinished.fetch_sub(1, Relaxed);
        Ok(socket)
    }

    /// A connection did not become a client: counts it, and writes a line.
    pub(crate) fn turn_away(&self, ip: &str, port: u16, why: &Error) {
        self.clients.turned_away(why);
        let server = self.server.handle.0;
        log::write(Level::Warning, format_args!("server {server} refused {ip} port {port}: {why}"));
    }

    /// Follows the host's options: true if connections are counted by address from now on, those there are
    /// to be [counted](Self::count_address) by the caller.
    pub(crate) fn begin_or_stop_counting(&self) -> bool {
        let limited = self.address_limits().is_some();
        let mut addresses = self.addresses.lock();
        let begins = limited && addresses.is_none();
        if begins {
            *addresses = Some(PerAddress::default());
        } else if !limited {
            *addresses = None;
        }
        begins
    }

    fn address_limits(&self) -> Option<address_limits::Most> {
        let host = self.server.host.lock();
        let (open, new) = (host.settings.clients_per_address, host.settings.connects_per_address);
        (open != 0 || new != 0).then_some(address_limits::Most { open, new })
    }

    /// A connection from there is about to be served: counts it, or says why it may not be.
    pub(crate) fn take_address(&self, ip: IpAddr, now: Millis) -> Result<()> {
        let mut addresses = self.addresses.lock();
        let Some(addresses) = addresses.as_mut() else { return Ok(()) };
        let Some(most) = self.address_limits() else { return Ok(()) };
        addresses.take(ip, most, now).map_err(|over| Error::new(Code::Limit, over.to_string()))
    }

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

    /// A connection that came before connections were counted.
    pub(crate) fn count_address(&self, ip: IpAddr) {
        if let Some(addresses) = self.addresses.lock().as_mut() {
            addresses.count(ip);
        }
    }

    /// A connection from there is gone.
    pub(crate) fn leave_address(&self, ip: impl FnOnce() -> Option<IpAddr>) {
        if let Some(addresses) = self.addresses.lock().as_mut()
            && let Some(ip) = ip()
        {
            addresses.leave(ip);
        }
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

    /// A connection is gone; `finished` tells whether it had been admitted.
    pub(crate) fn leave(&self, finished: bool) {
        if finished {
            self.clients.left();
        } else {
            self.unfinished.fetch_sub(1, Relaxed);
        }
    }
}

/// No place is free at a server.
pub(crate) fn full() -> Error {
    Error::new(Code::Limit, "the server is full")
}

pub(crate) struct Listener {
    pub(crate) listening: Arc<Listening>,
    pub(crate) admission: Arc<Admission>,
    most_unfinished: u32,
    /// Connections that began a handshake, oldest first; some of them have finished or gone since.
    half_open: VecDeque<Id>,
    /// Out of descriptors until then; 0 if not.
    pub(crate) retry_at: Millis,
    /// Not accepting because the host does not collect its events.
    pub(crate) paused: bool,
}

/// What one try to accept brought.
pub(crate) enum Accepted {
    Connection(TcpStream, SocketAddr),
    /// Nobody waits.
    Nobody,
    /// This one was gone already, or nothing to worry about: try the next.
    Skip,
    OutOfDescriptors,
}

impl Listener {
    pub(crate) fn new(listen: Listen) -> Self {
        // A quarter of the descriptors at the most, so that idle connections leave room for players.
        let share = u32::try_from(listen.descriptor_limit / 4).unwrap_or(u32::MAX);
        Self {
            listening: listen.listening,
            admission: Arc::new(Admission {
                clients: listen.socket.clients.clone().unwrap_or_default(),
                server: listen.socket,
                regular: listen.regular,
                tls: listen.tls.map(Mutex::new),
                unfinished: AtomicU32::new(0),
                addresses: Mutex::default(),
            }),
            most_unfinished: MOST_UNFINISHED.min(share.max(16)),
            half_open: VecDeque::new(),
            retry_at: 0,
            paused: false,
        }
    }

    pub(crate) fn belongs_to(&self, socket: &Arc<Socket>) -> bool {
        Arc::ptr_eq(&self.admission.server, socket)
    }

    pub(crate) fn accept(&mut self) -> Accepted {
        match self.listening.accept() {
            Ok((stream, address)) => {
                if sys::prepare_stream(&stream).is_err() {
                    return Accepted::Skip;
                }
                Accepted::Connection(stream, address)
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Accepted::Nobody,
            Err(error) if sys::is_descriptor_limit(&error) => Accepted::OutOfDescriptors,
            Err(_) => Accepted::Skip,
        }
    }

    /// Notes a connection that is about to begin its handshake. True if there are now so many that
    /// the oldest unfinished one must make room.
    pub(crate) fn note_newcomer(&mut self, id: Id) -> bool {
        self.half_open.push_back(id);
        self.admission.unfinished.fetch_add(1, Relaxed) + 1 > self.most_unfinished
    }

    pub(crate) fn oldest_newcomer(&self) -> Option<Id> {
        self.half_open.front().copied()
    }

    pub(crate) fn forget_oldest_newcomer(&mut self) {
        self.half_open.pop_front();
    }
}
