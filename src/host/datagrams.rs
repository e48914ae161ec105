//! UDP: binding sockets, and queueing datagrams.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mio::net::UdpSocket;
use parking_lot::{Mutex, MutexGuard};
use socket2::{Domain, Protocol, Socket as SystemSocket, Type};

use crate::address::AddressFamilies;
use crate::clock;
use crate::command::{Command, OpenDatagrams};
use crate::context::CONTEXT;
use crate::datagram_records::{self, LARGEST_DATAGRAM, To};
use crate::dns::Known;
use crate::error::{Code, Error, Result};
use crate::options::Options;
use crate::protocol::packet::{self, HEADER_SIZE};
use crate::reliable::{Endpoint, SendError};
use crate::socket::{Bound, DatagramSide, Family, Handle, PortHolder, Socket, SocketRole, UdpTarget, count};
use crate::{address, sys};

use super::options::apply_reliability;
use super::registration::{bind_failed, bind_to_all, register};
use super::released_ports;

/// What the system is asked to hold of datagrams that have arrived.
const RECEIVE_BUFFER: usize = 4 << 20;

/// A UDP socket or server; bound to `port` if there is one.
pub(crate) fn create_datagrams(role: SocketRole, regular: bool, port: Option<u16>) -> Result<Handle> {
    let options = CONTEXT.options();
    let ip = options.bind_address;
    let bound = match port {
        None => None,
        Some(port) => Some(bind(ip, port, Sharing::of(&options))?),
    };
    let settings = options.defaults;
    let socket = register(role, Family::Udp, regular, Arc::clone(&settings))?;
    socket.host.lock().kind_mut().datagrams = Some(DatagramSide::new(ip));
    apply_reliability(&socket, &settings);
    if let Some(bound) = bound {
        open(&socket, bound)?;
    }
    Ok(socket.handle)
}

/// Hands a bound socket to the reactor, unless another thread was faster.
fn open(socket: &Arc<Socket>, (io, holder, bound, port): BoundSocket) -> Result<()> {
    let holder = holder.map(Arc::new);
    {
        let mut host = socket.host.lock();
        host.connection.check_not_destroyed()?;
        let own = host.datagrams_mut().ok_or_else(needs_udp)?;
        if own.bound.is_some() {
            return Ok(());
        }
        own.bound = Some(bound);
        own.holder = holder.clone();
        socket.local_port.store(port, Relaxed);
    }
    let predecessor = released_ports::succeed(port);
    let open = OpenDatagrams { socket: Arc::clone(socket), io, bound, holder, predecessor };
    CONTEXT.command(socket.reactor(), Command::OpenDatagrams(open));
    Ok(())
}

/// With whom a socket shares its port.
#[derive(Clone, Copy, Default)]
struct Sharing {
    /// Every one of this machine gets what is sent to all.
    on_machine: bool,
    /// Each datagram goes to one of them.
    load: bool,
}

impl Sharing {
    fn of(options: &Options) -> Self {
        Self { on_machine: options.reuse_address, load: options.reuse_port }
    }
}

/// A system's socket, what its port is given back by, how it is bound, and its port.
type BoundSocket = (UdpSocket, Option<PortHolder>, Bound, u16);

/// A system's socket bound to `port` on `ip`, or on all addresses of both families.
fn bind(ip: Option<IpAddr>, port: u16, sharing: Sharing) -> Result<BoundSocket> {
    let is_shared = sharing.on_machine || sharing.load;
    if !is_shared && let Some((socket, bound)) = released_ports::take_over(port, ip) {
        return Ok(with_holder(socket, port, bound, is_shared));
    }
    let bind = |ip: IpAddr, dual_stack: bool| -> std::io::Result<SystemSocket> {
        let address = SocketAddr::new(ip, port);
        let socket = SystemSocket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(!dual_stack)?;
        }
        socket.set_broadcast(true)?;
        sys::prepare_datagrams(&socket, address.is_ipv6());
        if ip.is_unspecified() {
            sys::tell_destinations(&socket, address.is_ipv6());
        }
        if sharing.on_machine {
            sys::share_datagram_port(&socket)?;
        } else if released_ports::lets_datagrams(port) {
            socket.set_reuse_address(true)?;
        } else {
            sys::keep_datagram_port(&socket)?;
        }
        if sharing.load {
            sys::share_port(&socket)?;
        }
        // The system gives what it allows.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        socket.bind(&address.into())?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    let (socket, families) = match ip {
        Some(ip) => {
            bind(ip, false).map(|socket| (socket, AddressFamilies { v4: ip.is_ipv4(), v6: ip.is_ipv6() }))
        }
        None => bind_to_all(port, bind).map(|(socket, v6)| (socket, AddressFamilies { v4: true, v6 })),
    }
    .map_err(|error| bind_failed(port, &error))?;
    let local = socket.local_addr().map_err(|error| bind_failed(port, &error))?;
    let port = local.as_socket().map_or(port, |address| address.port());
    let bound = Bound { ip, ipv6: families.v6, families };
    Ok(with_holder(socket, port, bound, is_shared))
}

fn with_holder(socket: SystemSocket, port: u16, bound: Bound, is_shared: bool) -> BoundSocket {
    // Where descriptors are short the port is given back when all was flushed.
    let holder = socket.try_clone().ok().map(|holder| PortHolder::new(holder, port, bound, is_shared));
    (UdpSocket::from_std(socket.into()), holder, bound, port)
}

/// `network_send_udp`: with GameMaker's header, or on a reliable socket by the protocol. Returns the
/// bytes of payload and header.
pub(crate) fn send_udp(handle: Handle, to: Receiver<'_>, payload: &[u8]) -> Result<usize> {
    send(handle, Form::Packet, payload, to)
}

/// `network_send_udp_raw`: without. Returns the bytes sent.
pub(crate) fn send_udp_raw(handle: Handle, to: Receiver<'_>, payload: &[u8]) -> Result<usize> {
    send(handle, Form::Plain, payload, to)
}

/// `network_send_broadcast`.
pub(crate) fn send_broadcast(handle: Handle, port: u16, payload: &[u8]) -> Result<usize> {
    send(handle, Form::Plain, payload, Receiver::Everybody(port))
}

/// `network_set_udp_target`.
pub(crate) fn set_target(handle: Handle, url: &str, port: u16) -> Result<()> {
    let socket = CONTEXT.registry.get(handle)?;
    let mut host = socket.host.lock();
    let own = host.datagrams_mut().ok_or_else(needs_udp)?;
    // The number behind a zone's name may change.
    let address = literal(url, port).filter(|_| !url.contains('%'));
    own.target = Some(UdpTarget { address, url: url.into(), port });
    Ok(())
}

/// Who is to get a datagram.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Receiver<'a> {
    /// An address or a name, and a port.
    Url(&'a str, u16),
    /// Whom the host has set for the socket.
    Target,
    /// All networks around, at this port.
    Everybody(u16),
}

/// How a payload travels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Behind a packet header; reliably where the host wants that.
    Packet,
    Plain,
}

/// How far a send has come.
enum Step {
    /// All the way: so many bytes of payload and header.
    Queued(usize),
    /// The socket has to be bound first, to this address if there is one.
    Unbound(Option<IpAddr>),
    /// Another thread is in the protocol.
    EndpointBusy(Arc<Mutex<Endpoint>>),
}

fn send(handle: Handle, form: Form, payload: &[u8], receiver: Receiver<'_>) -> Result<usize> {
    match CONTEXT.registry.with(handle, |socket| enqueue(socket, form, payload, receiver, None))? {
        Step::Queued(size) => Ok(size),
        step => send_from(&CONTEXT.registry.get(handle)?, step, form, payload, receiver),
    }
}

/// Goes on with a send that is held up. What takes long is done without the lock of the socket, so that
/// whoever uses it at the same time does not wait for it too.
#[cold]
fn send_from(
    socket: &Arc<Socket>,
    mut step: Step,
    form: Form,
    payload: &[u8],
    receiver: Receiver<'_>,
) -> Result<usize> {
    loop {
        step = match step {
            Step::Queued(size) => return Ok(size),
            Step::Unbound(ip) => {
                open(socket, bind(ip, 0, Sharing::default())?)?;
                enqueue(socket, form, payload, receiver, None)?
            }
            // Before the socket's own lock: nobody who has that waits for this one.
            Step::EndpointBusy(endpoint) => {
                let held = endpoint.lock();
                enqueue(socket, form, payload, receiver, Some(held))?
            }
        }
    }
}

/// `endpoint` is that of the socket's reliable protocol, if the caller has locked it already.
fn enqueue(
    socket: &Socket,
    form: Form,
    payload: &[u8],
    receiver: Receiver<'_>,
    endpoint: Option<MutexGuard<'_, Endpoint>>,
) -> Result<Step> {
    let host = socket.host.lock();
    host.connection.check_not_destroyed()?;
    let own = host.datagrams().ok_or_else(needs_udp)?;
    if matches!(receiver, Receiver::Target) && own.target.is_none() {
        return Err(needs_target());
    }
    let reliable = host.settings.udp.reliable && form == Form::Packet;
    let protocol = own.reliable.as_ref().filter(|_| reliable);
    let is_reliable = protocol.is_some();
    let header_size = if form == Form::Packet { HEADER_SIZE } else { 0 };
    let size = header_size + payload.len();
    if size > LARGEST_DATAGRAM && !is_reliable {
        return Err(Error::new(
            Code::TooBig,
            format!("a datagram can carry {LARGEST_DATAGRAM} bytes at the most, not {size}"),
        ));
    }
    let Some(Bound { families, .. }) = own.bound else { return Ok(Step::Unbound(own.ip)) };
    let name;
    let to = match receiver {
        Receiver::Url(url, port) => destination(socket, url, port, literal(url, port), families)?,
        Receiver::Target => match own.target.as_ref().ok_or_else(needs_target)? {
            UdpTarget { address: Some(address), .. } => within(*address, families)?,
            UdpTarget { url, port, address: None } => {
                name = Arc::clone(url);
                destination(socket, &name, *port, literal(&name, *port), families)?
            }
        },
        Receiver::Everybody(port) => To::Broadcast(port),
    };
    let queues = match (protocol, to) {
        // At once, so that the protocol can say whether the peer keeps up.
        (Some(protocol), To::Address(address)) if !own.reliable_queued => {
            let Some(mut endpoint) = endpoint.or_else(|| protocol.try_lock()) else {
                return Ok(Step::EndpointBusy(Arc::clone(protocol)));
            };
            // Not the time before the lock is held: the protocol's must not go backwards.
            endpoint.send(address, payload, clock::micros).map_err(|error| {
                if matches!(error, SendError::AllFull) {
                    host.wait_for_all(socket);
                }
                refused(&error)
            })?;
            false
        }
        // A datagram; or its name is not known, or such messages are queued already.
        _ => true,
    };
    if queues {
        host.check_room(socket, payload.len())?;
    }
    CONTEXT.send(socket, host, |host| {
        if queues {
            // The size fits: no datagram is larger than 64 KiB. The protocol has headers of its own.
            let header = packet::header(payload.len() as u32);
            let header = if is_reliable { &[] } else { &header[..header_size] };
            host.queue.push(payload.len(), |records| {
                datagram_records::push(records, to, is_reliable, header, payload);
            });
            if let Some(own) = host.datagrams_mut() {
                own.reliable_queued |= is_reliable;
            }
        }
        count(&socket.traffic.packets_sent, 1);
    });
    Ok(Step::Queued(size))
}

fn refused(error: &SendError) -> Error {
    let code = match error {
        SendError::TooBig => Code::TooBig,
        SendError::QueueFull | SendError::AllFull => Code::QueueFull,
        SendError::TooManyPeers => Code::Limit,
    };
    Error::new(code, error.to_string())
}

/// The address that a url spells out, if it does.
fn literal(url: &str, port: u16) -> Option<SocketAddr> {
    let mut literal = address::literal(url)?;
    literal.set_port(port);
    Some(sys::canonical(literal))
}

/// Where a datagram for `url` goes, as far as that is known without asking anybody. `literal` is the
/// address that it spells out.
fn destination<'a>(
    socket: &Socket,
    url: &'a str,
    port: u16,
    literal: Option<SocketAddr>,
    families: AddressFamilies,
) -> Result<To<'a>> {
    if let Some(literal) = literal {
        return within(literal, families);
    }
    if url.len() > 255 || url.contains(['/', ' ']) {
        return Err(Error::bad_argument("the url of a datagram is an address or a name"));
    }
    match CONTEXT.names.find(url, families) {
        Known::Nothing => Ok(To::Name(url, port)),
        Known::Unreachable => Err(Error::new(
            Code::Resolve,
            format!("the name \"{url}\" has no address that the socket can send to"),
        )),
        Known::Address { ip, zone, stale } => {
            if stale {
                CONTEXT.command(socket.reactor(), Command::RefreshName(url.into()));
            }
            Ok(To::Address(match ip {
                IpAddr::V4(ip) => (ip, port).into(),
                IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, zone).into(),
            }))
        }
    }
}

/// An address, if the socket's own has that family.
fn within(address: SocketAddr, families: AddressFamilies) -> Result<To<'static>> {
    if !families.includes(&address) {
        let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
        return Err(Error::new(Code::Failed, format!("the socket's own address has no {family}")));
    }
    Ok(To::Address(address))
}

fn needs_udp() -> Error {
    Error::wrong_kind("this call needs a UDP socket")
}

fn needs_target() -> Error {
    Error::new(Code::NotConnected, "the socket has no target: network_set_udp_target sets it")
}
