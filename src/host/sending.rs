//! Sending: bytes go into the socket's queue, and the reactor hears of the first of a burst.

use crate::context::CONTEXT;
use crate::encoder::Form;
use crate::error::{Code, Error, Result};
use crate::options::MESSAGE_LIMIT;
use crate::socket::{Handle, Socket, count};

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
    host.connection.check_can_send()?;
    if form != Form::Packet {
        if host.regular {
            return Err(Error::wrong_kind(
                "network_send_raw would corrupt a regular connection; use network_send_packet",
            ));
        }
        if payload.is_empty() && !socket.family.is_websocket() {
            return Ok(0);
        }
    }
    if payload.len() > MESSAGE_LIMIT as usize {
        return Err(too_big());
    }
    if socket.family.is_websocket() && form == Form::Text && std::str::from_utf8(payload).is_err() {
        return Err(Error::bad_argument("a text message must be UTF-8"));
    }
    if host.is_full(&socket.in_flight) {
        return Err(queue_full());
    }
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

#[cold]
fn too_big() -> Error {
    Error::new(Code::TooBig, "a message can be 64 MiB at the most")
}

#[cold]
fn queue_full() -> Error {
    Error::new(Code::QueueFull, "the peer does not keep up: its send queue is full")
}
