//! Connecting clients, and looking names up.

use std::sync::Arc;

use crate::engine::{self, SHARED};
use crate::error::{Code, Error, Result};
use crate::reactor::{Command, DialRequest, Waiter};
use crate::socket::{Handle, Link, Role};
use crate::{address, resolve};

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
        host.outgoing.as_ref().map(|outgoing| outgoing.local).unwrap_or_default()
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
        engine::await_connect(&waiter, handle)?;
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
