//! What the host's calls do, in safe Rust: they check, change the host's side of a socket, and
//! leave the rest to the reactor. None of them makes a system call on a connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use mio::net::TcpListener;
use socket2::{Domain, Protocol, Socket as SystemSocket, Type};

use crate::engine::{self, SHARED};
use crate::error::{Code, Error, Result};
use crate::options::{MESSAGE_LIMIT, Settings};
use crate::protocol::packet::{self, HEADER_SIZE};
use crate::reactor::{Command, DialRequest, Listen, Local, Waiter};
use crate::socket::{Handle, Link, Role, Socket, Traffic, count};
use crate::{address, resolve, sys};

/// Connections the system may hold ready for a server to accept.
const BACKLOG: i32 = 4096;

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
    fn check_supported(self) -> Result<()> {
        let what = match self {
            Family::Tcp => return Ok(()),
            Family::Udp => "UDP sockets are not supported yet",
            Family::Bluetooth => "Bluetooth sockets are not supported",
            Family::WebSocket | Family::SecureWebSocket => "WebSockets are not supported yet",
        };
        Err(Error::new(Code::NotSupported, what))
    }
}

// ---- creating ------------------------------------------------------------------------------------

/// `network_create_socket` and, with a port, `network_create_socket_ext`.
pub(crate) fn create_socket(family: Family, port: Option<u16>) -> Result<Handle> {
    family.check_supported()?;
    engine::start()?;
    let options = SHARED.options();
    let local = Local { ip: options.bind_address, port: port.unwrap_or(0) };
    let reserved = match port {
        None => None,
        Some(port) => Some(bind_stream(options.bind_address, port, BindTo::Outgoing)?),
    };
    let socket = SHARED.registry.insert(Role::Client, true, options.defaults)?;
    let mut host = socket.host.lock();
    host.local = local;
    if let Some((reserved, port)) = reserved {
        host.local.port = port;
        host.reserved = Some(reserved);
        socket.local_port.store(port, Relaxed);
    }
    Ok(socket.handle)
}

/// `network_create_server` and `network_create_server_raw`.
pub(crate) fn create_server(family: Family, port: u16, max_clients: u32, regular: bool) -> Result<Handle> {
    static DESCRIPTOR_LIMIT: OnceLock<u64> = OnceLock::new();
    family.check_supported()?;
    engine::start()?;
    let descriptor_limit = *DESCRIPTOR_LIMIT.get_or_init(sys::raise_descriptor_limit);
    let options = SHARED.options();
    let (listening, port) = bind_stream(options.bind_address, port, BindTo::Server)?;
    listening.listen(BACKLOG).map_err(|error| bind_failed(port, &error))?;
    let handshake_timeout = options.handshake_timeout_ms();
    let socket = SHARED.registry.insert(Role::Server, regular, options.defaults)?;
    socket.local_port.store(port, Relaxed);
    let handle = socket.handle;
    SHARED.work.command(Command::Listen(Listen {
        socket,
        listener: TcpListener::from_std(listening.into()),
        regular,
        max_clients,
        handshake_timeout,
        descriptor_limit,
    }));
    Ok(handle)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BindTo {
    Server,
    /// The local port of connections to come.
    Outgoing,
}

/// A TCP socket bound to `port` on `ip`, or on all addresses of both families. Returns the port too.
fn bind_stream(ip: Option<IpAddr>, port: u16, to: BindTo) -> Result<(SystemSocket, u16)> {
    let bind = |ip: IpAddr, dual_stack: bool| -> std::io::Result<SystemSocket> {
        let address = SocketAddr::new(ip, port);
        let socket = SystemSocket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(!dual_stack)?;
        }
        if to == BindTo::Server {
            sys::share_listening_port(&socket)?;
        }
        socket.bind(&address.into())?;
        if to == BindTo::Outgoing {
            // From now on the connections made through it may bind to the same port, and only they.
            sys::share_listening_port(&socket)?;
        }
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    let socket = match ip {
        Some(ip) => bind(ip, false),
        None => bind(Ipv6Addr::UNSPECIFIED.into(), true).or_else(|error| {
            // IPv4 alone where IPv6 is missing; a port that is taken stays taken.
            if error.kind() == std::io::ErrorKind::AddrInUse {
                Err(error)
            } else {
                bind(Ipv4Addr::UNSPECIFIED.into(), false)
            }
        }),
    }
    .map_err(|error| bind_failed(port, &error))?;
    let bound = socket.local_addr().map_err(|error| bind_failed(port, &error))?;
    let port = bound.as_socket().map_or(port, |address| address.port());
    Ok((socket, port))
}

fn bind_failed(port: u16, error: &std::io::Error) -> Error {
    Error::from_io(&format!("cannot use port {port}"), error)
}

// ---- connecting ----------------------------------------------------------------------------------

/// The four connect functions. `waits` is how those without `_async` in their name behave unless
/// non-blocking sockets are configured.
pub(crate) fn connect(handle: Handle, url: &str, port: u16, regular: bool, waits: bool) -> Result<Handle> {
    let socket = SHARED.registry.get(handle)?;
    if socket.role != Role::Client {
        return Err(Error::wrong_kind("only a socket of network_create_socket can connect"));
    }
    if port == 0 {
        return Err(Error::bad_argument("the port to connect to must be 1 to 65535"));
    }
    if url.is_empty() || url.len() > 1024 || url.contains(['/', ' ']) {
        return Err(Error::bad_argument("the url of a TCP connection is an address or a name"));
    }
    let options = SHARED.options();
    let waiter = (waits && !options.non_blocking).then(|| Arc::new(Waiter::default()));
    if waiter.is_some() {
        engine::check_may_block()?;
    }
    let local = {
        let mut host = socket.host.lock();
        match host.link {
            Link::Idle | Link::Closed => host.link = Link::Connecting,
            Link::Connecting => return Err(Error::new(Code::Busy, "the socket is already connecting")),
            Link::Open | Link::Lost => {
                return Err(Error::new(Code::Busy, "the socket is already connected"));
            }
            Link::Listening => return Err(Error::wrong_kind("a server cannot connect")),
        }
        host.local
    };
    SHARED.work.command(Command::Dial(DialRequest {
        socket,
        host: url.to_owned(),
        port,
        regular,
        timeout: options.connect_timeout_ms,
        local,
        waiter: waiter.clone(),
    }));
    if let Some(waiter) = waiter {
        engine::await_connect(&waiter)?;
    }
    Ok(handle)
}

/// `network_resolve`: blocks, and prefers IPv4 as GameMaker does.
pub(crate) fn resolve(name: &str) -> Result<String> {
    engine::check_may_block()?;
    if name.is_empty() {
        return Err(Error::bad_argument("an empty name has no address"));
    }
    if let Some(literal) = address::literal(name) {
        return Ok(address::text(&literal));
    }
    let found = resolve::look_up_now(name)?;
    let chosen = found.iter().find(|address| address.is_ipv4()).or(found.first());
    chosen.map(address::text).ok_or_else(|| Error::new(Code::Resolve, "the name has no address"))
}

// ---- sending -------------------------------------------------------------------------------------

/// `network_send_packet`: header and payload, on regular and raw connections. Returns the bytes sent.
pub(crate) fn send_packet(handle: Handle, payload: &[u8]) -> Result<usize> {
    // The size fits: `send` refuses more than MESSAGE_LIMIT before anything is written.
    let header = packet::header(payload.len() as u32);
    send(handle, &header, payload)?;
    Ok(HEADER_SIZE + payload.len())
}

/// `network_send_raw`: the payload alone.
pub(crate) fn send_raw(handle: Handle, payload: &[u8]) -> Result<usize> {
    send(handle, &[], payload)?;
    Ok(payload.len())
}

#[inline]
fn send(handle: Handle, header: &[u8], payload: &[u8]) -> Result<()> {
    let sockets = SHARED.registry.read();
    let socket = sockets.get(&handle).ok_or_else(Error::bad_handle)?;
    let mut host = socket.host.lock();
    if host.link != Link::Open {
        return Err(cannot_send(host.link));
    }
    if header.is_empty() {
        if host.regular {
            return Err(Error::wrong_kind(
                "network_send_raw would corrupt a regular connection; use network_send_packet",
            ));
        }
        if payload.is_empty() {
            return Ok(());
        }
    }
    if payload.len() > MESSAGE_LIMIT as usize {
        return Err(Error::new(Code::TooBig, "a message can be 64 MiB at the most"));
    }
    let limit = host.settings.send_queue_limit;
    let queued = host.pending_payload + socket.in_flight.load(Relaxed);
    // The second condition bounds what headers cost when the payloads are tiny.
    if (queued >= limit && queued > 0) || host.pending.len() > 2 * limit as usize + (64 << 10) {
        return Err(Error::new(Code::QueueFull, "the peer does not keep up: its send queue is full"));
    }
    let first = !host.dirty;
    if first {
        host.dirty = true;
        SHARED.work.dirty(socket.token.load(Relaxed), &mut host.pending);
    }
    host.pending.reserve(header.len() + payload.len());
    host.pending.extend_from_slice(header);
    host.pending.extend_from_slice(payload);
    host.pending_payload += payload.len() as u32;
    count(&socket.traffic.packets_sent, 1);
    drop(host);
    if first {
        SHARED.work.sent(|| SHARED.events.waiting() > 0);
    }
    Ok(())
}

#[cold]
fn cannot_send(link: Link) -> Error {
    match link {
        Link::Listening => Error::wrong_kind("a server has nobody to send to; send to one of its clients"),
        Link::Lost | Link::Closed => Error::new(Code::Closed, "the connection is closed"),
        _ => Error::new(Code::NotConnected, "the socket is not connected"),
    }
}

// ---- the end of a socket -------------------------------------------------------------------------

/// `network_destroy`.
pub(crate) fn destroy(handle: Handle) -> Result<()> {
    let removed = SHARED.registry.remove(handle);
    if removed.is_empty() {
        return Err(Error::bad_handle());
    }
    for socket in &removed {
        socket.host.lock().reserved = None;
    }
    // The command first: a batch that counts this destroy must be begun by a reactor that has
    // also received it.
    SHARED.work.command(Command::Destroy(removed));
    SHARED.destroyed.fetch_add(1, SeqCst);
    Ok(())
}

// ---- options -------------------------------------------------------------------------------------

/// Changes a socket's options; what is connected takes them over.
pub(crate) fn change_settings(
    handle: Handle,
    change: impl FnOnce(&Socket, &mut Settings) -> Result<()>,
) -> Result<()> {
    let socket = SHARED.registry.get(handle)?;
    {
        let mut host = socket.host.lock();
        change(&socket, &mut host.settings)?;
        socket.refresh_limits(&host.settings);
    }
    SHARED.work.command(Command::Apply(socket));
    Ok(())
}

/// For calls that need a UDP socket, which none is yet.
pub(crate) fn check_datagram_socket(handle: Handle) -> Result<()> {
    SHARED.registry.get(handle)?;
    Err(Error::wrong_kind("this call needs a UDP socket"))
}

// ---- asking --------------------------------------------------------------------------------------

/// Fails unless the handle names a socket.
pub(crate) fn check_live(handle: Handle) -> Result<()> {
    if SHARED.registry.contains(handle) { Ok(()) } else { Err(Error::bad_handle()) }
}

/// `network_get_port`.
pub(crate) fn port(handle: Handle) -> Result<u16> {
    match SHARED.registry.get(handle)?.local_port.load(Relaxed) {
        0 => Err(Error::new(Code::NotConnected, "the socket has no local port yet")),
        port => Ok(port),
    }
}

/// `network_get_string`.
pub(crate) fn string(handle: Handle, key: &str) -> Result<String> {
    let socket = SHARED.registry.get(handle)?;
    let host = socket.host.lock();
    match key {
        "ip" => Ok(host.peer.as_deref().unwrap_or("").to_owned()),
        "path" | "query" | "origin" | "protocol" | "tls" => Ok(String::new()),
        _ => Err(unknown_key(key)),
    }
}

/// `network_get_stat` of a socket.
pub(crate) fn stat(handle: Handle, key: &str) -> Result<f64> {
    let socket = SHARED.registry.get(handle)?;
    if let Some((_, counter)) = socket.traffic.sums().iter().find(|(name, _)| *name == key) {
        return Ok(counter.load(Relaxed) as f64);
    }
    match key {
        "send_queue" => Ok(f64::from(send_queue(&socket))),
        "receive_queue" => Ok(SHARED.events.waiting_bytes(Some(handle)) as f64),
        "rtt_ms" => {
            let micros = socket.traffic.round_trip.load(Relaxed);
            SHARED.work.command(Command::SampleRoundTrip(socket));
            Ok(f64::from(micros) / 1000.0)
        }
        _ => Err(unknown_key(key)),
    }
}

/// `network_get_stat` of the whole library.
pub(crate) fn total_stat(key: &str) -> Result<f64> {
    let sockets = SHARED.registry.read();
    let past = Traffic::past().sums();
    if let Some(index) = past.iter().position(|(name, _)| *name == key) {
        let live: u64 = sockets.values().map(|socket| socket.traffic.sums()[index].1.load(Relaxed)).sum();
        return Ok((live + past[index].1.load(Relaxed)) as f64);
    }
    match key {
        "sockets" => Ok(sockets.len() as f64),
        "events" => Ok(SHARED.events.waiting() as f64),
        "send_queue" => Ok(sockets.values().map(|socket| u64::from(send_queue(socket))).sum::<u64>() as f64),
        "receive_queue" => {
            drop(sockets);
            Ok(SHARED.events.waiting_bytes(None) as f64)
        }
        "rtt_ms" => Err(Error::bad_argument("a round trip is that of one connection: ask with its socket")),
        _ => Err(unknown_key(key)),
    }
}

fn send_queue(socket: &Socket) -> u32 {
    socket.host.lock().pending_payload + socket.in_flight.load(Relaxed)
}

fn unknown_key(key: &str) -> Error {
    Error::bad_argument(format!("unknown key \"{key}\""))
}
