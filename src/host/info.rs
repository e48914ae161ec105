//! What the host can ask of a socket and of the library.

use std::sync::atomic::Ordering::Relaxed;

use crate::catalog::stats::Stat;
use crate::command::Command;
use crate::context::CONTEXT;
use crate::counters::{endpoint_of, not_kept, reliable_stat, send_queue, sockets, unfinished};
use crate::error::{Code, Error, Result};
use crate::interfaces;
use crate::socket::{About, Handle, SocketRole};
use crate::websocket::handshake::Fields;

/// `network_get_port`.
pub(crate) fn port(handle: Handle) -> Result<u16> {
    match CONTEXT.registry.get(handle)?.local_port.load(Relaxed) {
        0 => Err(Error::new(Code::NotConnected, "the socket has no local port yet")),
        port => Ok(port),
    }
}

/// `network_get_string`.
pub(crate) fn string(handle: Handle, key: &str) -> Result<String> {
    let socket = CONTEXT.registry.get(handle)?;
    let host = socket.host.lock();
    let peer = socket.peer.as_ref().or_else(|| host.kind()?.peer.as_ref());
    let about = |text: fn(&About) -> &str| match &host.about {
        Some(about) => Ok(text(about).to_owned()),
        None if socket.family.is_websocket() && peer.is_some() => Ok(text(&About::default()).to_owned()),
        None => Ok(String::new()),
    };
    match key {
        "ip" => Ok(peer.map(|peer| peer.as_str().to_owned()).unwrap_or_default()),
        "path" => about(|about| &about.path),
        "query" => about(|about| &about.query),
        "origin" => about(|about| &about.origin),
        "protocol" => about(|about| &about.protocol),
        "tls" => about(|about| if about.encrypted { "1" } else { "" }),
        _ => match key.strip_prefix("header:") {
            Some(name) => {
                let headers = host.about.as_ref().map(|about| &about.headers);
                headers.unwrap_or(&Fields::default()).get(name).ok_or_else(|| unknown_key(key))
            }
            None => Err(unknown_key(key)),
        },
    }
}

/// `network_get_stat` of a socket.
pub(crate) fn stat(handle: Handle, stat: Stat) -> Result<f64> {
    let socket = CONTEXT.registry.get(handle)?;
    if let (SocketRole::Server, Some(clients)) = (socket.role, &socket.clients)
        && let Some(count) = clients.stat(stat)
    {
        return Ok(count as f64);
    }
    if let Some(counter) = socket.traffic.counter(stat) {
        return Ok(counter.load(Relaxed) as f64);
    }
    match stat {
        Stat::SendQueue if socket.role == SocketRole::Server => {
            let sockets = sockets(|other| other.server == handle);
            Ok(sockets.iter().map(|socket| send_queue(socket)).sum::<u64>() as f64)
        }
        Stat::SendQueue => Ok(send_queue(&socket) as f64),
        Stat::ReceiveQueue => {
            let mut bytes = CONTEXT.events.waiting_bytes(Some(handle)) + unfinished(&socket);
            if socket.role == SocketRole::Server {
                let clients = sockets(|other| other.server == handle);
                bytes += clients.iter().map(|client| unfinished(client)).sum::<u64>();
            }
            Ok(bytes as f64)
        }
        Stat::RoundTrip | Stat::Jitter => {
            let (round_trip, jitter) = match endpoint_of(&socket) {
                Some(endpoint) => endpoint.lock().round_trip().unwrap_or_default(),
                None => {
                    let traffic = &socket.traffic;
                    let sampled =
                        [&traffic.round_trip, &traffic.jitter].map(|micros| micros.load(Relaxed).into());
                    CONTEXT.command(socket.reactor(), Command::SampleRoundTrip(socket));
                    sampled.into()
                }
            };
            let micros = if stat == Stat::RoundTrip { round_trip } else { jitter };
            Ok(micros as f64 / 1000.0)
        }
        Stat::Clients | Stat::Accepted | Stat::Refused | Stat::HandshakesFailed => {
            Err(Error::bad_argument("only a server of connections keeps such a counter"))
        }
        Stat::Peers | Stat::Resent | Stat::Lost => Ok(reliable_stat(&socket, stat) as f64),
        _ => Err(not_kept()),
    }
}

/// `network_get_address`.
pub(crate) fn local_address(index: u32) -> String {
    let address = interfaces::addresses().into_iter().nth(index as usize);
    address.map_or_else(String::new, |address| address.to_string())
}

fn unknown_key(key: &str) -> Error {
    Error::bad_argument(format!("unknown key \"{key}\""))
}
