//! Connecting clients, and looking names up.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::command::{Command, ConnectRequest, Waiter, WebSocketRequest};
use crate::dns::{resolver, routable_first};
use crate::error::{Code, Error, Result};
use crate::socket::{Family, Handle, Socket, SocketRole};
use crate::tls::{self, Prepared, Unbuilt};
use crate::url::{Url, parse_host};
use crate::{address, sys};
use crate::{context::CONTEXT, runtime};

/// No server takes a request as long as this.
const LONGEST_URL: usize = 8 << 10;

/// The four connect functions. `waits` is how those without `_async` in their name behave unless
/// non-blocking sockets are configured.
pub(crate) fn connect(handle: Handle, url: &str, port: u16, regular: bool, waits: bool) -> Result<Handle> {
    let socket = CONTEXT.registry.get(handle)?;
    match socket.role {
        SocketRole::Client => {}
        SocketRole::Datagrams | SocketRole::DatagramServer => {
            return Err(Error::wrong_kind("a UDP socket does not connect: network_send_udp sends from it"));
        }
        SocketRole::Server => return Err(Error::wrong_kind("a server does not connect")),
        SocketRole::Accepted => {
            return Err(Error::wrong_kind("a server's client is connected by the client alone"));
        }
    }
    let options = CONTEXT.options();
    let waiter = (waits && !options.non_blocking).then(|| Arc::new(Waiter::default()));
    if waiter.is_some() {
        runtime::check_may_block()?;
    }
    let mut target = ConnectTarget::parse(&socket, url, port)?;
    let tls = match target.tls.take() {
        Some(Prepared::Unbuilt(unbuilt)) if waiter.is_some() => Some(Prepared::Ready(unbuilt.build()?)),
        tls => tls,
    };
    let local = {
        let mut host = socket.host.lock();
        host.connection.begin_connect()?;
        let bound = host.kind().and_then(|own| own.local_endpoint.as_ref());
        bound.map(|local_endpoint| local_endpoint.local).unwrap_or_default()
    };
    let mut request = ConnectRequest {
        socket,
        host: target.host,
        port: target.port,
        tls: None,
        websocket: target.websocket,
        regular,
        timeout: options.connect_timeout_ms,
        local,
        waiter: waiter.clone(),
    };
    match tls {
        None => begin(request),
        Some(Prepared::Ready(client)) => {
            request.tls = Some(Ok(client));
            begin(request);
        }
        Some(Prepared::Unbuilt(unbuilt)) => connect_when_built(request, unbuilt),
    }
    if let Some(waiter) = waiter {
        runtime::await_connect(&waiter, handle, options.connect_timeout_ms)?;
    }
    Ok(handle)
}

fn begin(request: ConnectRequest) {
    CONTEXT.command(request.socket.reactor(), Command::Connect(request));
}

/// Nobody who did not ask to block waits for the system's certificate authorities.
fn connect_when_built(mut request: ConnectRequest, unbuilt: Unbuilt) {
    let build = move || {
        request.tls = Some(unbuilt.build());
        begin(request);
    };
    let build = Arc::new(Mutex::new(Some(build)));
    let on_thread = Arc::clone(&build);
    let run = move || {
        let build = on_thread.lock().take();
        if let Some(build) = build {
            build();
        }
    };
    let started = sys::start_thread(|| std::thread::Builder::new().name("stepwire-tls".into()).spawn(run));
    // Without a thread it takes place here after all.
    if started.is_err()
        && let Some(build) = build.lock().take()
    {
        build();
    }
}

/// What a url and a port come to for a socket.
struct ConnectTarget {
    host: String,
    port: u16,
    tls: Option<Prepared>,
    websocket: Option<WebSocketRequest>,
}

impl ConnectTarget {
    fn parse(socket: &Socket, url: &str, port: u16) -> Result<Self> {
        if socket.family.is_websocket() {
            return Self::parse_websocket(socket, url, port);
        }
        let (host, port_in_url) = parse_host(url).map_err(|wrong| Error::bad_argument(wrong.to_string()))?;
        let port = if port == 0 { port_in_url.unwrap_or(0) } else { port };
        if port == 0 {
            return Err(Error::bad_argument("the port to connect to must be 1 to 65535"));
        }
        Ok(Self { host: host.to_string(), port, tls: None, websocket: None })
    }

    fn parse_websocket(socket: &Socket, url: &str, port: u16) -> Result<Self> {
        if url.len() > LONGEST_URL {
            return Err(Error::bad_argument("the url is too long"));
        }
        let url = Url::parse(url).map_err(|wrong| Error::bad_argument(wrong.to_string()))?;
        let encrypted = url.is_encrypted(socket.family == Family::SecureWebSocket);
        let port = url.port(port, encrypted);
        let host = url.host().to_string();
        let texts = Arc::clone(&socket.host.lock().settings.texts);
        // Certificates know nothing of zones.
        let name = host.split_once('%').map_or(host.as_str(), |(address, _)| address);
        let tls = if encrypted { Some(tls::Client::prepare(&texts, name)) } else { None };
        let request = WebSocketRequest::new(&url, port, encrypted, &texts);
        Ok(Self { host, port, tls, websocket: Some(request) })
    }
}

/// `network_resolve`: blocks. Answers with the address that datagrams to the name go to.
pub(crate) fn resolve(name: &str) -> Result<String> {
    runtime::check_may_block()?;
    if name.is_empty() {
        return Err(Error::bad_argument("an empty name has no address"));
    }
    if let Some(literal) = address::literal(name) {
        return Ok(address::text(&literal));
    }
    let found = routable_first(resolver::look_up_now(name)?);
    found.first().map(address::text).ok_or_else(|| Error::new(Code::Resolve, "the name has no address"))
}
