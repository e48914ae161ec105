//! Every option with its default: the process-wide ones, and those each socket has its own copy of.

use std::net::IpAddr;
use std::sync::Arc;

use crate::websocket::handshake::{Origins, Protocols, RequestHeaders};

/// The largest message that can be sent, and the default limit of received ones for sockets that
/// the program creates (GameMaker's figure).
pub(crate) const MESSAGE_LIMIT: u32 = 64 << 20;

/// The default limit of received messages on connections that a server accepted (GameMaker's figure).
pub(crate) const ACCEPTED_MESSAGE_LIMIT: u32 = 4 << 20;

/// Options of the whole library.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// How long a connect may take, from the call to the end of the handshake.
    pub(crate) connect_timeout_ms: u32,
    /// How long a peer may take for the handshake with a server; the connect timeout if not set.
    pub(crate) handshake_timeout_ms: Option<u32>,
    /// `network_connect` and `network_connect_raw` return at once.
    pub(crate) non_blocking: bool,
    /// The local address for sockets created later; all if not set.
    pub(crate) bind_address: Option<IpAddr>,
    /// Bytes of events not yet collected, of all sockets together, above which nothing is read.
    pub(crate) total_queue_limit: u64,
    /// What sockets created later begin with.
    pub(crate) defaults: Arc<Settings>,
}

impl Options {
    pub(crate) fn handshake_timeout_ms(&self) -> u32 {
        self.handshake_timeout_ms.unwrap_or(self.connect_timeout_ms)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 10_000,
            handshake_timeout_ms: None,
            non_blocking: false,
            bind_address: None,
            total_queue_limit: 256 << 20,
            defaults: Arc::default(),
        }
    }
}

/// Options of one socket. A server's are inherited by the connections it accepts.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) game_id: u32,
    /// Payload of one received message; `None` means the default of the socket's role.
    pub(crate) message_limit: Option<u32>,
    /// Payload bytes in the send queue from which on nothing more is taken.
    pub(crate) send_queue_limit: u32,
    /// Bytes of uncollected events from which on the socket is not read; `None` means twice the
    /// message limit.
    pub(crate) receive_queue_limit: Option<u32>,
    pub(crate) no_delay: bool,
    /// Closing resets the connection, so that no TIME_WAIT stays behind.
    pub(crate) avoid_time_wait: bool,
    pub(crate) read_timeout_ms: u32,
    pub(crate) write_timeout_ms: u32,
    /// How long a WebSocket may be idle before it is pinged; 0 means for ever.
    pub(crate) websocket_keepalive_ms: u32,
    /// The options few sockets have; context until one is changed.
    pub(crate) texts: Arc<Texts>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            game_id: 0,
            message_limit: None,
            send_queue_limit: 16 << 20,
            receive_queue_limit: None,
            no_delay: true,
            avoid_time_wait: false,
            read_timeout_ms: 0,
            write_timeout_ms: 0,
            websocket_keepalive_ms: 30_000,
            texts: Arc::default(),
        }
    }
}

/// Options of TLS and WebSocket connections.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    pub(crate) tls_verify: bool,
    pub(crate) tls_ca_file: String,
    pub(crate) tls_certificate: String,
    pub(crate) tls_private_key: String,
    pub(crate) tls_identity: String,
    pub(crate) tls_identity_password: String,
    pub(crate) websocket_protocol: Protocols,
    pub(crate) websocket_headers: RequestHeaders,
    pub(crate) websocket_origins: Origins,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            tls_verify: true,
            tls_ca_file: String::new(),
            tls_certificate: String::new(),
            tls_private_key: String::new(),
            tls_identity: String::new(),
            tls_identity_password: String::new(),
            websocket_protocol: Protocols::default(),
            websocket_headers: RequestHeaders::default(),
            websocket_origins: Origins::default(),
        }
    }
}
