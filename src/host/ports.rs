//! The ports of servers and of connections to come: taking them, giving them up for a while.

use std::net::{IpAddr, SocketAddr};

use mio::net::TcpListener;
use socket2::{Domain, Protocol, Socket as SystemSocket, Type};

use crate::error::{Code, Error, Result};
use crate::listening::Place;
use crate::socket::Socket;
use crate::sys;

use super::registration::{bind_failed, bind_to_all};
use super::released_ports;

/// Connections the system may hold ready for a server to accept.
const BACKLOG: i32 = 4096;

/// Listens there; the port too, which the system chooses for 0.
pub(super) fn listen_at(place: Place) -> Result<(TcpListener, u16)> {
    if place.inherited {
        return Err(Error::new(Code::AddressInUse, "the port is another process's, which had passed it on"));
    }
    let (socket, port) = bind_stream(place.ip, place.port, BindTo::Server { shared: place.shared })?;
    socket.listen(BACKLOG).map_err(|error| bind_failed(port, &error))?;
    Ok((TcpListener::from_std(socket.into()), port))
}

/// What systemd listens on there for this program, if it does.
pub(super) fn inherited_listener(ip: Option<IpAddr>, port: u16) -> Option<TcpListener> {
    #[cfg(target_os = "linux")]
    if port != 0 {
        let fits = |address: &SocketAddr| address.port() == port && ip.is_none_or(|ip| ip == address.ip());
        return sys::take_listener(fits).map(|socket| TcpListener::from_std(socket.into()));
    }
    let _ = (ip, port);
    None
}

/// `network_config_accepting`: closes a server's port, or opens it again.
pub(super) fn set_accepting(socket: &Socket, accepting: bool) -> Result<()> {
    let listening =
        socket.host.lock().kind().and_then(|own| own.listening.clone()).ok_or_else(Error::bad_handle)?;
    if !accepting {
        listening.pause();
    } else if !listening.is_open() && !listening.unpark() {
        listening.resume(listen_at(listening.place)?.0);
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BindTo {
    Server {
        /// Other sockets may listen there too.
        shared: bool,
    },
    /// The local port of connections to come.
    LocalEndpoint,
}

/// A TCP socket bound to `port` on `ip`, or on all addresses of both families. Returns the port too.
pub(super) fn bind_stream(ip: Option<IpAddr>, port: u16, to: BindTo) -> Result<(SystemSocket, u16)> {
    let bind = |ip: IpAddr, dual_stack: bool| -> std::io::Result<SystemSocket> {
        let address = SocketAddr::new(ip, port);
        let socket = SystemSocket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(!dual_stack)?;
        }
        if to == BindTo::LocalEndpoint {
            // From then on the connections made through it may bind to the same port, and only they.
            sys::reserve_port(&socket, &address.into(), released_ports::contains(port))?;
        } else {
            if to == (BindTo::Server { shared: true }) {
                sys::share_port(&socket)?;
            }
            sys::bind_listener(&socket, &address.into(), released_ports::was_servers(port))?;
        }
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    let socket = match ip {
        Some(ip) => bind(ip, false),
        None => bind_to_all(port, bind).map(|(socket, _)| socket),
    }
    .map_err(|error| bind_failed(port, &error))?;
    let bound = socket.local_addr().map_err(|error| bind_failed(port, &error))?;
    let port = bound.as_socket().map_or(port, |address| address.port());
    Ok((socket, port))
}
