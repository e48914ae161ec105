//! Counters of the whole library, and all of them as text for those who watch it.

pub(crate) mod prometheus;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::Mutex;

use crate::catalog::stats::Stat;
use crate::context::CONTEXT;
use crate::error::{Error, Result};
use crate::reliable::Endpoint;
use crate::socket::{Socket, Traffic};

/// The sockets that `choose` picks, to be looked at without the registry's lock: the reliable protocol of
/// some socket may have to be waited for.
pub(crate) fn sockets(choose: impl Fn(&Socket) -> bool) -> Vec<Arc<Socket>> {
    CONTEXT.registry.read().iter().filter(|socket| choose(socket)).cloned().collect()
}

/// `network_get_stat` of the whole library.
pub(crate) fn total_stat(stat: Stat) -> Result<f64> {
    if let Some(past) = Traffic::past().counter(stat) {
        let sockets = CONTEXT.registry.read();
        let counters = sockets.iter().filter_map(|socket| socket.traffic.counter(stat));
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
        Stat::ReceiveQueue => {
            let of_messages: u64 = sockets(|_| true).iter().map(|socket| unfinished(socket)).sum();
            Ok((CONTEXT.events.waiting_bytes(None) + of_messages) as f64)
        }
        _ => Err(not_kept()),
    }
}

pub(crate) fn not_kept() -> Error {
    Error::bad_argument("nobody keeps such a counter")
}

/// Payload that the system has not taken, and on reliable sockets what peers have not acknowledged.
pub(crate) fn send_queue(socket: &Socket) -> u64 {
    let queued = socket.host.lock().queue.payload_with(&socket.in_flight);
    u64::from(queued) + endpoint_of(socket).map_or(0, |endpoint| endpoint.lock().waiting_bytes() as u64)
}

/// Bytes of messages of which only a part has come.
pub(crate) fn unfinished(socket: &Socket) -> u64 {
    let of_stream = socket.unfinished.load(Relaxed);
    u64::from(of_stream) + endpoint_of(socket).map_or(0, |endpoint| endpoint.lock().receive_memory() as u64)
}

/// The reliable protocol of a UDP socket, once that was enabled.
pub(crate) fn endpoint_of(socket: &Socket) -> Option<Arc<Mutex<Endpoint>>> {
    let host = socket.host.lock();
    host.datagrams().and_then(|own| own.reliable.as_ref()).map(Arc::clone)
}

/// A counter of a socket's reliable protocol.
pub(crate) fn reliable_stat(socket: &Socket, stat: Stat) -> u64 {
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
