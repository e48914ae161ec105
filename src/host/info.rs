//! What the host can ask of a socket and of the library.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::Mutex;

use crate::catalog::stats::Stat;
use crate::command::Command;
use crate::context::CONTEXT;
use crate::error::{Code, Error, Result};
use crate::reliable::Endpoint;
use crate::socket::{About, Handle, Socket, SocketRole, Traffic};

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
    let about = |text: fn(&About) -> &str| match &host.about {
        Some(about) => Ok(text(about).to_owned()),
        None if socket.family.is_websocket() && host.peer.is_some() => Ok(text(&About::default()).to_owned()),
        None => Ok(String::new()),
    };
    match key {
        "ip" => Ok(host.peer.as_ref().map(|peer| peer.as_str().to_owned()).unwrap_or_default()),
        "path" => about(|about| &about.path),
        "query" => about(|about| &about.query),
        "origin" => about(|about| &about.origin),
        "protocol" => about(|about| &about.protocol),
        "tls" => about(|about| if about.encrypted { "1" } else { "" }),
        _ => Err(unknown_key(key)),
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
        Stat::ReceiveQueue => Ok(CONTEXT.events.waiting_bytes(Some(handle)) as f64),
        Stat::RoundTrip | Stat::Jitter => {
            let (round_trip, jitter) = match endpoint_of(&socket) {
                Some(endpoint) => endpoint.lock().round_trip().unwrap_or_default(),
                None => {
                    let traffic = &socket.traffic;
                    let sampled =
                        [&traffic.round_trip, &traffic.jitter].map(|micros| micros.load(Relaxed).into());
                    CONTEXT.mailbox.command(Command::SampleRoundTrip(socket));
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

/// The sockets that `choose` picks, to be looked at without the registry's lock: the reliable protocol of
/// some socket may have to be waited for.
fn sockets(choose: impl Fn(&Socket) -> bool) -> Vec<Arc<Socket>> {
    CONTEXT.registry.read().values().filter(|socket| choose(socket)).cloned().collect()
}

/// `network_get_stat` of the whole library.
pub(crate) fn total_stat(stat: Stat) -> Result<f64> {
    if let Some(past) = Traffic::past().counter(stat) {
        let sockets = CONTEXT.registry.read();
        let counters = sockets.values().filter_map(|socket| socket.traffic.counter(stat));
        let live: u64 = counters.map(|counter| counter.load(Relaxed)).sum();
        return Ok((live + past.load(Relaxed)) as f64);
    }
    match stat {
        Stat::Sockets => Ok(CONTEXT.registry.len() as f64),
        Stat::Events => Ok(CONTEXT.events.waiting() as f64),
        Stat::SendQueue => Ok(sockets(|_| true).iter().map(|socket| send_queue(socket)).sum::<u64>() as f64),
        Stat::Peers | Stat::Resent | Stat::Lost => {
            let live: u64 = sockets(|_| true).iter().map(|socket| reliable_stat(socket, stat)).sum();
            Ok((live + past_reliable_stat(stat)) as f64)
        }
        Stat::ReceiveQueue => Ok(CONTEXT.events.waiting_bytes(None) as f64),
        _ => Err(not_kept()),
    }
}

fn not_kept() -> Error {
    Error::bad_argument("nobody keeps such a counter")
}

/// Payload that the system has not taken, and on reliable sockets what peers have not acknowledged.
fn send_queue(socket: &Socket) -> u64 {
    let queued = socket.host.lock().queue.payload_with(&socket.in_flight);
    u64::from(queued) + endpoint_of(socket).map_or(0, |endpoint| endpoint.lock().waiting_bytes() as u64)
}

/// The reliable protocol of a UDP socket, once that was enabled.
fn endpoint_of(socket: &Socket) -> Option<Arc<Mutex<Endpoint>>> {
    let host = socket.host.lock();
    host.datagrams.as_ref().and_then(|own| own.reliable.as_ref()).map(Arc::clone)
}

/// A counter of a socket's reliable protocol.
fn reliable_stat(socket: &Socket, stat: Stat) -> u64 {
    let Some(endpoint) = endpoint_of(socket) else { return 0 };
    let endpoint = endpoint.lock();
    match stat {
        Stat::Peers => endpoint.session_count() as u64,
        Stat::Resent => endpoint.stats().resent,
        Stat::Lost => endpoint.stats().lost,
        _ => 0,
    }
}

/// The same of sockets that no longer exist.
fn past_reliable_stat(stat: Stat) -> u64 {
    match stat {
        Stat::Resent => Traffic::past_repairs().0,
        Stat::Lost => Traffic::past_repairs().1,
        _ => 0,
    }
}

fn unknown_key(key: &str) -> Error {
    Error::bad_argument(format!("unknown key \"{key}\""))
}
