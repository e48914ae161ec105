//! How a UDP socket is bound, and how the next one gets its port when it was destroyed and still flushes.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use parking_lot::Mutex;
use socket2::Socket as SystemSocket;

use crate::address::AddressFamilies;

/// How a UDP socket is bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// The one address it is bound to; all if none.
    pub(crate) ip: Option<IpAddr>,
    /// Its own addresses are IPv6; with both families IPv4 is mapped into them.
    pub(crate) ipv6: bool,
    pub(crate) families: AddressFamilies,
}

/// Another descriptor of a UDP socket's system socket. Where two can have one port, the option that lets them is set by
/// it; elsewhere the next socket of ours goes on with the same system socket, and reads it from then on.
#[derive(Debug)]
pub(crate) struct PortHolder {
    pub(crate) port: u16,
    pub(crate) bound: Bound,
    /// The socket's own options let others have the port.
    pub(crate) is_shared: bool,
    /// Nothing once it was given away, or the reactor has closed the socket.
    system_socket: Mutex<Option<SystemSocket>>,
    handed_over: AtomicBool,
}

impl PortHolder {
    pub(crate) fn new(system_socket: SystemSocket, port: u16, bound: Bound, is_shared: bool) -> Self {
        Self {
            port,
            bound,
            is_shared,
            system_socket: Mutex::new(Some(system_socket)),
            handed_over: AtomicBool::new(false),
        }
    }

    pub(crate) fn take(&self) -> Option<SystemSocket> {
        self.system_socket.lock().take()
    }

    /// The reactor has closed the socket: the port is free when this returns.
    pub(crate) fn release(&self) {
        *self.system_socket.lock() = None;
    }

    /// The system's socket for the next one of ours, unless it was closed.
    pub(crate) fn hand_over(&self) -> Option<SystemSocket> {
        let system_socket = self.take()?;
        self.handed_over.store(true, SeqCst);
        Some(system_socket)
    }

    /// Whether another socket reads what arrives.
    pub(crate) fn is_handed_over(&self) -> bool {
        self.handed_over.load(SeqCst)
    }
}
