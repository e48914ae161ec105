//! Making, changing and destroying sockets.

use std::ffi::c_void;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Arc, OnceLock};

use crate::command::{CloseFrame, Command, Listen};
use crate::context::CONTEXT;
use crate::error::{Error, Result};
use crate::listening::{Listening, Place};
use crate::options::Settings;
use crate::socket::{Family, Handle, Local, LocalEndpoint, SocketRole};
use crate::websocket::close::MAX_CLOSE_REASON;
use crate::{sys, tls};

use super::datagrams::create_datagrams;
use super::ports::{BindTo, bind_stream, inherited_listener, listen_at};
use super::registration::register;
use super::released_ports;

/// `network_create_socket` and, with a port, `network_create_socket_ext`.
pub(crate) fn create_socket(family: Family, port: Option<u16>) -> Result<Handle> {
    family.check_supported()?;
    if family == Family::Udp {
        return create_datagrams(SocketRole::Datagrams, true, port);
    }
    let options = CONTEXT.options();
    let mut local = Local { ip: options.bind_address, port: port.unwrap_or(0) };
    let reserved = match port {
        None => None,
        Some(port) => Some(bind_stream(options.bind_address, port, BindTo::LocalEndpoint)?),
    };
    let socket = register(SocketRole::Client, family, true, options.defaults)?;
    if let Some((_, port)) = reserved {
        released_ports::remove(port);
        local.port = port;
        socket.local_port.store(port, Relaxed);
    }
    if local.ip.is_some() || reserved.is_some() {
        let reserved = reserved.map(|(holder, _)| holder);
        socket.host.lock().kind_mut().local_endpoint = Some(LocalEndpoint { local, _reserved: reserved });
    }
    Ok(socket.handle)
}

/// `network_create_server` and `network_create_server_raw`.
pub(crate) fn create_server(family: Family, port: u16, max_clients: u32, regular: bool) -> Result<Handle> {
    static DESCRIPTOR_LIMIT: OnceLock<u64> = OnceLock::new();
    family.check_supported()?;
    let descriptor_limit = *DESCRIPTOR_LIMIT.get_or_init(sys::raise_descriptor_limit);
    if family == Family::Udp {
        return create_datagrams(SocketRole::DatagramServer, regular, Some(port));
    }
    let options = CONTEXT.options();
    let settings = Settings { max_clients, ..Settings::clone(&options.defaults) };
    let tls = match family {
        Family::SecureWebSocket => Some(tls::acceptor(&options.defaults.texts)?),
        _ => None,
    };
    let inherited = inherited_listener(options.bind_address, port);
    let place =
        Place { ip: options.bind_address, port, shared: options.reuse_port, inherited: inherited.is_some() };
    let (listening, port) = match inherited {
        Some(listening) => (listening, port),
        None => listen_at(place)?,
    };
    let socket = register(SocketRole::Server, family, regular, Arc::new(settings))?;
    socket.local_port.store(port, Relaxed);
    released_ports::note_server(port);
    let handle = socket.handle;
    let listening = Arc::new(Listening::new(listening, Place { port, ..place }));
    socket.host.lock().kind_mut().listening = Some(Arc::clone(&listening));
    CONTEXT.command(
        socket.reactor(),
        Command::Listen(Listen { socket, listening, regular, tls, descriptor_limit }),
    );
    Ok(handle)
}

/// `network_destroy`.
pub(crate) fn destroy(handle: Handle) -> Result<()> {
    end(handle, None).or_else(|error| if CONTEXT.registry.groups.end(handle) { Ok(()) } else { Err(error) })
}

/// `network_close`.
pub(crate) fn close(handle: Handle, code: u16, reason: &str) -> Result<()> {
    CONTEXT.registry.get(handle)?;
    if !matches!(code, 1000 | 1001 | 1008..=1014 | 3000..=4999) {
        return Err(Error::bad_argument(format!(
            "a close code must be 1000, 1001, 1008 to 1014 or 3000 to 4999, not {code}"
        )));
    }
    if reason.len() > MAX_CLOSE_REASON {
        return Err(Error::bad_argument(format!(
            "the reason must be at most {MAX_CLOSE_REASON} bytes, not {}",
            reason.len()
        )));
    }
    end(handle, Some(CloseFrame { code, reason: reason.into() }))
}

fn end(handle: Handle, close_frame: Option<CloseFrame>) -> Result<()> {
    let removed = CONTEXT.registry.remove(handle);
    if removed.is_empty() {
        return Err(Error::bad_handle());
    }
    removed.iter().for_each(|socket| released_ports::note(socket));
    for socket in &removed {
        socket.retire();
        drop(CONTEXT.registry.groups.leave(socket));
    }
    // The command first: a batch that counts this destroy must be begun by a reactor that has
    // also received it.
    CONTEXT.command_destroy(removed, close_frame);
    CONTEXT.destroyed.fetch_add(1, SeqCst);
    Ok(())
}

/// `network_set_user`.
pub(crate) fn set_user(handle: Handle, user: *mut c_void) -> Result<()> {
    CONTEXT.registry.get(handle)?.user.store(user, SeqCst);
    CONTEXT.users.fetch_add(1, SeqCst);
    Ok(())
}

/// `network_get_user`.
pub(crate) fn user(handle: Handle) -> Result<*mut c_void> {
    Ok(CONTEXT.registry.get(handle)?.user.load(SeqCst))
}
