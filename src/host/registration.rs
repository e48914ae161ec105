//! What making a socket of any kind comes to.

use std::sync::Arc;

use crate::context::CONTEXT;
use crate::error::{Error, Result};
use crate::log::{self, Level};
use crate::options::Settings;
use crate::runtime;
use crate::socket::{Family, Socket, SocketRole};

/// A new socket, and a reactor for it.
pub(crate) fn register(
    role: SocketRole,
    family: Family,
    regular: bool,
    settings: Arc<Settings>,
) -> Result<Arc<Socket>> {
    let socket = CONTEXT.registry.insert(role, family, regular, settings)?;
    runtime::start().inspect_err(|_| drop(CONTEXT.registry.remove(socket.handle)))?;
    Ok(socket)
}

pub(crate) fn bind_failed(port: u16, error: &std::io::Error) -> Error {
    Error::from_io(&format!("cannot use port {port}"), error)
}

/// A line about a socket that has IPv4 alone, though it was meant to have both.
pub(crate) fn log_no_ipv6(port: u16, error: &std::io::Error) {
    log::write(Level::Warning, format_args!("port {port} is bound for IPv4 alone: no IPv6 here ({error})"));
}
