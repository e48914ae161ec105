//! Sending: bytes go into the socket's queue, and the reactor hears of the first of a burst.

use crate::context::CONTEXT;
use crate::encoder::Form;
use crate::error::{Code, Error, Result};
use crate::options::MESSAGE_LIMIT;
use crate::socket::{Handle, HostSide, Socket, count};

/// `network_send_packet`: header and payload, on regular and raw connections. Returns the bytes
/// sent, of a WebSocket those of the payload.
#[inline]
pub(crate) fn send_packet(handle: Handle, payload: &[u8]) -> Result<usize> {
    send(handle, Form::Packet, payload)
}

/// `network_send_raw`: the payload alone.
#[inline]
pub(crate) fn send_raw(handle: Handle, payload: &[u8], text: bool) -> Result<usize> {
    send(handle, if text { Form::Text } else { Form::Binary }, payload)
}

// Inlined into both callers, each of which knows the form.
#[inline(always)]
fn send(handle: Handle, form: Form, payload: &[u8]) -> Result<usize> {
    CONTEXT.registry.with(
        handle,
        #[inline(always)]
        |socket| enqueue(socket, form, payload),
    )
}

#[inline(always)]
fn enqueue(socket: &Socket, form: Form, payload: &[u8]) -> Result<usize> {
    let host = socket.host.lock();
    check_kind(&host, form)?;
    if sends_nothing(socket, form, payload) {
        return Ok(0);
    }
    check_message(socket, form, payload)?;
    host.check_room(socket, payload.len())?;
    let sent = CONTEXT.send(
        socket,
        host,
        #[inline(always)]
        |host| {
            count(&socket.traffic.packets_sent, 1);
            host.queue.push(
                payload.len(),
                #[inline(always)]
                |bytes| socket.encoder().message(bytes, form, payload),
            )
        },
    );
    Ok(sent)
}

/// Whether messages of that form can be sent over the connection as it is.
#[inline(always)]
pub(super) fn check_kind(host: &HostSide, form: Form) -> Result<()> {
    host.connection.check_can_send()?;
    if form != Form::Packet && host.regular {
        return Err(Error::wrong_kind(
            "network_send_raw would corrupt a regular connection; use network_send_packet",
        ));
    }
    Ok(())
}

/// A stream has no empty messages.
#[inline(always)]
pub(super) fn sends_nothing(socket: &Socket, form: Form, payload: &[u8]) -> bool {
    form != Form::Packet && payload.is_empty() && !socket.family.is_websocket()
}

#[inline(always)]
fn check_message(socket: &Socket, form: Form, payload: &[u8]) -> Result<()> {
    if payload.len() > MESSAGE_LIMIT as usize {
        return Err(too_big());
    }
    if socket.family.is_websocket() && form == Form::Text && std::str::from_utf8(payload).is_err() {
        return Err(Error::bad_argument("a text message must be UTF-8"));
    }
    Ok(())
}

#[cold]
fn too_big() -> Error {
    Error::new(Code::TooBig, "a message can be 64 MiB at the most")
}
