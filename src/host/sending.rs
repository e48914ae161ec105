//! Sending: bytes go into the socket's queue, and the reactor hears of the first of a burst.

use std::sync::atomic::Ordering::Relaxed;

use crate::context::CONTEXT;
use crate::error::{Code, Error, Result};
use crate::options::MESSAGE_LIMIT;
use crate::protocol::packet;
use crate::socket::{ConnectionState, Handle, Socket, SocketRole, count};
use crate::websocket::frame::{Opcode, write_frame};
use crate::websocket::mask;

/// `network_send_packet`: header and payload, on regular and raw connections. Returns the bytes
/// sent, of a WebSocket those of the payload.
#[inline]
pub(crate) fn send_packet(handle: Handle, payload: &[u8]) -> Result<usize> {
    // The size fits: `send` refuses more than MESSAGE_LIMIT before anything is written.
    let header = packet::header(payload.len() as u32);
    send(handle, &header, payload, Opcode::Binary)
}

/// `network_send_raw`: the payload alone.
#[inline]
pub(crate) fn send_raw(handle: Handle, payload: &[u8], text: bool) -> Result<usize> {
    send(handle, &[], payload, if text { Opcode::Text } else { Opcode::Binary })
}

// Inlined into both callers, each of which knows the size of its header.
#[inline(always)]
fn send(handle: Handle, header: &[u8], payload: &[u8], opcode: Opcode) -> Result<usize> {
    CONTEXT.registry.with(
        handle,
        #[inline(always)]
        |socket| enqueue(socket, header, payload, opcode),
    )
}

#[inline(always)]
fn enqueue(socket: &Socket, header: &[u8], payload: &[u8], opcode: Opcode) -> Result<usize> {
    let mut host = socket.host.lock();
    if host.state != ConnectionState::Open {
        return Err(cannot_send(host.state));
    }
    if header.is_empty() {
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
    let is_websocket = socket.family.is_websocket();
    if is_websocket && opcode == Opcode::Text && std::str::from_utf8(payload).is_err() {
        return Err(Error::bad_argument("a text message must be UTF-8"));
    }
    if host.is_full(socket.in_flight.load(Relaxed)) {
        return Err(queue_full());
    }
    let first = !host.dirty;
    if first {
        host.dirty = true;
        CONTEXT.mailbox.dirty(socket.token.load(Relaxed), &mut host.pending);
    }
    let sent = if is_websocket {
        let payload = [header, payload];
        match socket.role {
            SocketRole::Client => write_masked(&mut host.pending, opcode, payload),
            _ => write_frame(&mut host.pending, opcode, payload, None),
        }
        payload[1].len()
    } else {
        host.pending.reserve(header.len() + payload.len());
        host.pending.extend_from_slice(header);
        host.pending.extend_from_slice(payload);
        header.len() + payload.len()
    };
    host.pending_payload += payload.len() as u32;
    count(&socket.traffic.packets_sent, 1);
    drop(host);
    if first {
        CONTEXT.mailbox.sent(|| CONTEXT.events.waiting() > 0);
    }
    Ok(sent)
}

#[inline(never)]
fn write_masked(out: &mut Vec<u8>, opcode: Opcode, payload: [&[u8]; 2]) {
    write_frame(out, opcode, payload, Some(mask::random_key()));
}

#[cold]
fn too_big() -> Error {
    Error::new(Code::TooBig, "a message can be 64 MiB at the most")
}

#[cold]
fn queue_full() -> Error {
    Error::new(Code::QueueFull, "the peer does not keep up: its send queue is full")
}

#[cold]
fn cannot_send(state: ConnectionState) -> Error {
    match state {
        ConnectionState::Listening => {
            Error::wrong_kind("a server has nobody to send to; send to one of its clients")
        }
        ConnectionState::Connectionless => Error::wrong_kind("a UDP socket sends with network_send_udp"),
        ConnectionState::Destroyed => Error::bad_handle(),
        ConnectionState::Lost | ConnectionState::Closed => {
            Error::new(Code::Closed, "the connection is closed")
        }
        _ => Error::new(Code::NotConnected, "the socket is not connected"),
    }
}
