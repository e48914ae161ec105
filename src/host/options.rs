//! Setting options: of the library, of one socket, and the defaults of sockets to come.
#![allow(non_upper_case_globals, reason = "the constants have their names in C")]

use std::fmt::Display;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::Mutex;

use crate::catalog::options::{self as catalog, Kind, Row, Scope, Sockets};
use crate::clock::Micros;
use crate::command::Command;
use crate::context::CONTEXT;
use crate::error::{Code, Error, Result};
use crate::options::{Settings, Value};
use crate::random;
use crate::reliable::{Config, Endpoint};
use crate::runtime;
use crate::socket::{Family, Handle, Socket, SocketRole, set_total_limit, total_to_send};
use crate::{log, sys, tls};

use super::ports::set_accepting;

/// One change of settings at a time, so that they can be made without a socket's lock.
static CHANGES: Mutex<()> = Mutex::new(());

/// `network_set_config` and `network_set_config_string`, once the value is known to be one the option
/// takes. Without a socket it is for the library, or for sockets to come.
pub(crate) fn set_option(row: &Row, socket: Option<Handle>, value: Value<'_>) -> Result<()> {
    if row.kind == Kind::File {
        check_file(row, value.text())?;
    }
    match socket {
        None if row.scope == Scope::Library => set_for_library(row.number, value),
        None => CONTEXT.with_options(|options| {
            let mut defaults = Settings::clone(&options.defaults);
            defaults.set(row.number, value)?;
            options.defaults = Arc::new(defaults);
            Ok(())
        }),
        Some(handle) if row.number == catalog::network_config_tls_reload => reload_certificate(row, handle),
        Some(handle) => change_settings(handle, |socket, settings| {
            check_fits(row, socket)?;
            if row.number == catalog::network_config_accepting {
                set_accepting(socket, value.flag())?;
            }
            settings.set(row.number, value)
        }),
    }
}

fn set_for_library(option: i32, value: Value<'_>) -> Result<()> {
    if option == catalog::network_config_manual_io {
        return runtime::set_manual_io(value.flag());
    }
    if option == catalog::network_config_io_threads {
        return runtime::set_io_threads(value.small() as usize);
    }
    if option == catalog::network_config_log_level {
        log::set_level(value.small() as u8);
        return Ok(());
    }
    if option == catalog::network_config_reuse_port && value.flag() && !sys::HAS_SHARED_PORTS {
        return Err(Error::new(Code::NotSupported, "this system does not share ports among servers"));
    }
    CONTEXT.with_options(|options| {
        options.set(option, value)?;
        set_total_limit(options.total_send_limit);
        Ok(())
    })?;
    CONTEXT.wake_waiting_for_all();
    Ok(())
}

/// A path that leads nowhere is told when it is set, not when the file is needed.
fn check_file(row: &Row, path: &str) -> Result<()> {
    if path.is_empty() {
        return Ok(());
    }
    let refused = |why: &dyn Display| Error::new(Code::Tls, format!("\"{path}\" for {} {why}", row.name));
    let closed = |error: io::Error| refused(&format_args!("cannot be opened: {error}"));
    let about = std::fs::metadata(path).map_err(closed)?;
    if about.is_dir() {
        return Err(refused(&"is a folder"));
    }
    // To open a pipe could take for ever.
    if about.is_file() { File::open(path).map(drop).map_err(closed) } else { Ok(()) }
}

/// `network_config_tls_reload`.
fn reload_certificate(row: &Row, server: Handle) -> Result<()> {
    let socket = CONTEXT.registry.get(server)?;
    check_fits(row, &socket)?;
    let texts = Arc::clone(&socket.host.lock().settings.texts);
    let acceptor = tls::acceptor(&texts)?;
    CONTEXT.command(socket.reactor(), Command::RenewAcceptor { socket, acceptor });
    Ok(())
}

/// `network_set_timeout`.
pub(crate) fn set_timeouts(handle: Handle, read_ms: u32, write_ms: u32) -> Result<()> {
    change_settings(handle, |socket, settings| {
        match socket.role {
            SocketRole::Server => {
                return Err(Error::wrong_kind("a server has no timeouts; its clients have"));
            }
            SocketRole::Datagrams | SocketRole::DatagramServer => {
                return Err(Error::wrong_kind("a UDP socket has no connection that could time out"));
            }
            SocketRole::Client | SocketRole::Accepted => {}
        }
        settings.read_timeout_ms = read_ms;
        settings.write_timeout_ms = write_ms;
        Ok(())
    })
}

/// Changes a socket's options; what is connected takes them over.
fn change_settings(handle: Handle, change: impl FnOnce(&Socket, &mut Settings) -> Result<()>) -> Result<()> {
    let socket = CONTEXT.registry.get(handle)?;
    {
        let _alone = CHANGES.lock();
        let mut settings = Settings::clone(&Arc::clone(&socket.host.lock().settings));
        change(&socket, &mut settings)?;
        let settings = Arc::new(settings);
        socket.refresh_limits(&settings);
        apply_reliability(&socket, &settings);
        socket.host.lock().settings = settings;
    }
    CONTEXT.command(socket.reactor(), Command::Apply(socket));
    Ok(())
}

fn check_fits(row: &Row, socket: &Socket) -> Result<()> {
    let kind = kind_of(socket);
    if row.sockets & kind == 0 {
        return Err(Error::wrong_kind(format!("{} does nothing for {}", row.name, words_for(kind))));
    }
    if row.number == catalog::network_config_enable_multicast && !has_ipv6(socket) {
        return Err(Error::new(Code::NotSupported, "the socket has no IPv6, which multicast needs"));
    }
    Ok(())
}

fn kind_of(socket: &Socket) -> Sockets {
    let websocket = socket.family.is_websocket();
    match socket.role {
        SocketRole::Client if websocket => catalog::WEBSOCKET_CLIENT,
        SocketRole::Client => catalog::TCP_CLIENT,
        SocketRole::Server if socket.family == Family::SecureWebSocket => catalog::WSS_SERVER,
        SocketRole::Server if websocket => catalog::WS_SERVER,
        SocketRole::Server => catalog::TCP_SERVER,
        SocketRole::Accepted if websocket => catalog::WEBSOCKET_ACCEPTED,
        SocketRole::Accepted => catalog::TCP_ACCEPTED,
        SocketRole::Datagrams | SocketRole::DatagramServer => catalog::UDP,
    }
}

fn words_for(kind: Sockets) -> &'static str {
    match kind {
        catalog::TCP_CLIENT => "a TCP socket",
        catalog::WEBSOCKET_CLIENT => "a WebSocket",
        catalog::TCP_SERVER => "a TCP server",
        catalog::WS_SERVER => "a WebSocket server without TLS",
        catalog::WSS_SERVER => "a WebSocket server with TLS",
        catalog::TCP_ACCEPTED | catalog::WEBSOCKET_ACCEPTED => "a connection that a server accepted",
        _ => "a UDP socket",
    }
}

fn has_ipv6(socket: &Socket) -> bool {
    let host = socket.host.lock();
    match host.datagrams().map(|own| (own.bound, own.ip)) {
        Some((Some(bound), _)) => bound.families.v6,
        Some((None, ip)) => ip.is_none_or(|ip| ip.is_ipv6()),
        None => false,
    }
}

/// Gives a UDP socket its reliable protocol, if it is to have it, and the protocol its settings.
pub(crate) fn apply_reliability(socket: &Socket, settings: &Settings) {
    let udp = &settings.udp;
    let timeout = Micros::from(udp.reliable_timeout_ms) * 1_000;
    let keepalive = Micros::from(udp.reliable_keepalive_ms) * 1_000;
    let max_peers = udp.reliable_max_peers as usize;
    let endpoint = match socket.host.lock().datagrams() {
        None => return,
        Some(own) => own.reliable.as_ref().map(Arc::clone),
    };
    if let Some(endpoint) = endpoint {
        let mut endpoint = endpoint.lock();
        endpoint.set_ordered(udp.reliable_ordered);
        endpoint.set_timeout(timeout);
        endpoint.set_keepalive(keepalive);
        endpoint.set_max_peers(max_peers);
        return;
    }
    if !udp.reliable {
        return;
    }
    let config = Config {
        ordered: udp.reliable_ordered,
        timeout,
        keepalive,
        max_peers,
        message_limit: socket.message_limit.load(Relaxed) as usize,
        send_limit: settings.send_queue_limit as usize,
        ..Config::default()
    };
    let mut endpoint = Endpoint::new(config, random::bytes());
    endpoint.count_in(&CONTEXT.backlog);
    endpoint.count_sends_in(total_to_send());
    let endpoint = Arc::new(Mutex::new(endpoint));
    if let Some(own) = socket.host.lock().datagrams_mut() {
        own.reliable.get_or_insert(endpoint);
    }
}
