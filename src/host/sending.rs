//! Sending: bytes go into the socket's queue, and the reactor hears of the first of a burst.

use crate::context::CONTEXT;
use crate::error::{Code, Error, Result};
use crate::options::MESSAGE_LIMIT;
use crate::protocol::packet;
use crate::socket::{Handle, Socket, SocketRole, count};
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
    let host = socket.host.lock();
    host.connection.check_can_send()?;
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
    if socket.family.is_websocket() && opcode == Opcode::Text && std::str::from_utf8(payload).is_err() {
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
                |bytes| write(bytes, socket, header, payload, opcode),
            )
        },
    );
    Ok(sent)
}

/// Writes a message as the connection has them. Returns the bytes that count as sent.
#[inline(always)]
fn write(bytes: &mut Vec<u8>, socket: &Socket, header: &[u8], payload: &[u8], opcode: Opcode) -> usize {
    if socket.family.is_websocket() {
        match socket.role {
            SocketRole::Client => write_masked(bytes, opcode, [header, payload]),
            _ => write_frame(bytes, opcode, [header, payload], None),
        }
        payload.len()
    } else {
        bytes.reserve(header.len() + payload.len());
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(payload);
        header.len() + payload.len()
    }
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
