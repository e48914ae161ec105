//! What happened, from the reactor to the host: events are gathered in a [`batch::Batch`] per turn,
//! handed over whole, and delivered one by one from there without another copy.

pub(crate) mod batch;
pub(crate) mod queue;

use std::ffi::{c_char, c_void};

/// One event, as C sees it. The pointers belong to the library and stay valid until the next
/// `network_poll`, `network_poll_event` or `network_event_next` by any thread.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct NetworkEvent {
    /// What happened: a `network_type_*`.
    pub r#type: f64,
    /// Connect and disconnect of a server's client: the server. Data and writable of a server's client:
    /// that client. Everything else: the socket itself.
    pub id: f64,
    /// Connect, disconnect, non_blocking_connect: the socket it is about; else -1.
    pub socket: f64,
    /// The server that a client's event belongs to; else -1.
    pub server: f64,
    /// The peer's port, 0 to 65535.
    pub port: f64,
    /// non_blocking_connect: 1 if the connection is ready, 0 if it failed; else 0.
    pub succeeded: f64,
    /// WebSocket data: `network_send_binary` or `network_send_text`. Data of a reliable UDP socket:
    /// `network_message_reliable` for what came by the protocol, 0 for a plain datagram, which anybody
    /// can send in anybody's name. Else 0.
    pub message_type: f64,
    /// Disconnect, failed connect: the `network_error_*` that caused it; 0 for an orderly close.
    pub error: f64,
    /// Data: how many bytes are at `buffer`; else 0.
    pub size: f64,
    /// Data: the payload, never NULL, also when it is empty; else NULL.
    pub buffer: *const u8,
    /// The peer's address as text, never NULL; empty where no address was reached.
    pub ip: *const c_char,
    /// One sentence for a person where `error` is set, also the peer's own words; else "".
    pub reason: *const c_char,
    /// What `network_set_user` gave the socket that `id` names, of a connect or disconnect at a
    /// server the client that `socket` names; NULL if nothing.
    pub user: *mut c_void,
    /// Disconnect of a WebSocket: the code of the close frame that came, 1000 to 4999; 1005 if it had
    /// none, 1006 if no close frame came. Else 0.
    pub code: f64,
    /// 0: room for what later versions tell.
    pub reserved: [f64; 6],
}

// SAFETY: the pointers are to memory of the event queue that no thread writes while an event is
// valid; who may read it when is the documented contract of the functions that hand events out.
// `user` is never looked into.
unsafe impl Send for NetworkEvent {}

impl NetworkEvent {
    /// No event.
    pub(crate) const EMPTY: Self = Self {
        r#type: 0.0,
        id: -1.0,
        socket: -1.0,
        server: -1.0,
        port: 0.0,
        succeeded: 0.0,
        message_type: 0.0,
        error: 0.0,
        size: 0.0,
        buffer: std::ptr::null(),
        ip: c"".as_ptr(),
        reason: c"".as_ptr(),
        user: std::ptr::null_mut(),
        code: 0.0,
        reserved: [0.0; 6],
    };
}

/// `network_type_*` as they stand in [`NetworkEvent`].
pub(crate) mod kind {
    pub(crate) const CONNECT: u8 = 1;
    pub(crate) const DISCONNECT: u8 = 2;
    pub(crate) const DATA: u8 = 3;
    pub(crate) const NON_BLOCKING_CONNECT: u8 = 4;
    pub(crate) const WRITABLE: u16 = 1001;
}
