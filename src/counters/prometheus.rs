//! The counters in Prometheus' text format.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::catalog::stats::Stat;
use crate::socket::{Socket, SocketRole};

/// A metric: of the library as a whole, and where `of_servers` says so of each server too.
struct Metric {
    stat: Stat,
    /// Behind "stepwire_" or "stepwire_server_".
    name: &'static str,
    counts_up: bool,
    of: Of,
    help: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Library,
    Servers,
    Both,
}

macro_rules! metrics {
    ($($stat:ident, $name:literal, $counts_up:literal, $of:ident, $help:literal;)*) => {
        static METRICS: &[Metric] =
            &[$(Metric { stat: Stat::$stat, name: $name, counts_up: $counts_up, of: Of::$of, help: $help }),*];
    };
}

metrics! {
    Sockets, "sockets", false, Library, "Sockets that exist.";
    Events, "events_waiting", false, Library, "Events that the program has not collected.";
    SendQueue, "send_queue_bytes", false, Library, "Payload that the system has not taken.";
    ReceiveQueue, "receive_queue_bytes", false, Library, "Payload of events that the program has not collected.";
    BytesSent, "sent_bytes_total", true, Both, "Bytes sent, headers included.";
    BytesReceived, "received_bytes_total", true, Both, "Bytes received, headers included.";
    PacketsSent, "sent_messages_total", true, Both, "Messages sent.";
    PacketsReceived, "received_messages_total", true, Both, "Messages received.";
    Dropped, "dropped_messages_total", true, Both, "Messages discarded.";
    Resent, "reliable_resent_total", true, Library, "Messages of reliable UDP sent again.";
    Lost, "reliable_lost_total", true, Library, "Datagrams of reliable UDP found lost.";
    Clients, "clients", false, Servers, "Clients at the moment.";
    Accepted, "accepted_total", true, Servers, "Connections that have become clients.";
    Refused, "refused_total", true, Servers, "Connections turned away by a limit.";
    HandshakesFailed, "handshakes_failed_total", true, Servers, "Connections that ended before their handshake was done.";
}

/// `network_get_metrics`.
pub(crate) fn text() -> String {
    let mut servers = super::sockets(|socket| socket.role == SocketRole::Server);
    servers.sort_by_key(|server| server.handle.0);
    let mut out = String::with_capacity(4096);
    let version = env!("CARGO_PKG_VERSION");
    describe(&mut out, "stepwire_build_info", false, "The version of the library.");
    let _ = writeln!(out, "stepwire_build_info{{version=\"{version}\"}} 1");
    for metric in METRICS {
        if metric.of != Of::Servers
            && let Ok(value) = super::total_stat(metric.stat)
        {
            let name = format!("stepwire_{}", metric.name);
            describe(&mut out, &name, metric.counts_up, metric.help);
            let _ = writeln!(out, "{name} {value}");
        }
        if metric.of != Of::Library && !servers.is_empty() {
            of_servers(&mut out, metric, &servers);
        }
    }
    out
}

fn of_servers(out: &mut String, metric: &Metric, servers: &[Arc<Socket>]) {
    let name = format!("stepwire_server_{}", metric.name);
    describe(out, &name, metric.counts_up, metric.help);
    for server in servers {
        let value = server.clients.as_ref().and_then(|clients| clients.stat(metric.stat)).unwrap_or(0);
        let (handle, port) = (server.handle.0, server.local_port.load(Relaxed));
        let _ = writeln!(out, "{name}{{server=\"{handle}\",port=\"{port}\"}} {value}");
    }
}

fn describe(out: &mut String, name: &str, counts_up: bool, help: &str) {
    let kind = if counts_up { "counter" } else { "gauge" };
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}
