//! Options of one socket.
#![allow(non_upper_case_globals, reason = "the constants have their names in C")]

use std::sync::Arc;

use crate::catalog::options::*;
use crate::conditioner::Conditions;
use crate::error::{Error, Result};
use crate::reliable::Config;
use crate::websocket::handshake::{OptionError, Origins, Protocols, RequestHeaders};

use super::value::Value;
use crate::proxy::Trusted;

/// The largest message that can be sent, and the default limit of received ones for sockets that
/// the program creates (GameMaker's figure).
pub(crate) const MESSAGE_LIMIT: u32 = 64 << 20;

/// The default limit of received messages on connections that a server accepted (GameMaker's figure).
pub(crate) const ACCEPTED_MESSAGE_LIMIT: u32 = 4 << 20;

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
    /// How many clients a server takes at a time.
    pub(crate) max_clients: u32,
    /// The server's port is open.
    pub(crate) accepting: bool,
    /// Connections a server takes from one address at a time, and in ten seconds; 0 means any number.
    pub(crate) clients_per_address: u32,
    pub(crate) connects_per_address: u32,
    /// Connections begin with a header of the PROXY protocol.
    pub(crate) proxy_protocol: bool,
    /// Bytes a second a connection is read with at the most; 0 means as fast as they come.
    pub(crate) receive_rate: u32,
    /// How long a message that has begun may go without another byte; 0 means for ever.
    pub(crate) message_timeout_ms: u32,
    pub(crate) no_delay: bool,
    /// Closing resets the connection, so that no TIME_WAIT stays behind.
    pub(crate) avoid_time_wait: bool,
    pub(crate) read_timeout_ms: u32,
    pub(crate) write_timeout_ms: u32,
    /// How long a WebSocket may be idle before it is pinged; 0 means for ever.
    pub(crate) websocket_keepalive_ms: u32,
    /// The options few sockets have; context until one is changed.
    pub(crate) texts: Arc<Texts>,
    /// The options that only UDP sockets have; shared likewise.
    pub(crate) udp: Arc<Udp>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            game_id: 0,
            message_limit: None,
            send_queue_limit: 16 << 20,
            receive_queue_limit: None,
            max_clients: i32::MAX as u32,
            accepting: true,
            clients_per_address: 0,
            connects_per_address: 0,
            proxy_protocol: false,
            receive_rate: 0,
            message_timeout_ms: 30_000,
            no_delay: true,
            avoid_time_wait: false,
            read_timeout_ms: 0,
            write_timeout_ms: 0,
            websocket_keepalive_ms: 30_000,
            texts: Arc::default(),
            udp: Arc::default(),
        }
    }
}

impl Settings {
    /// Sets an option of a socket's scope. A value that makes no sense changes nothing.
    pub(crate) fn set(&mut self, option: i32, value: Value<'_>) -> Result<()> {
        match option {
            network_config_message_size_limit => self.message_limit = Some(value.small()),
            network_config_send_queue_limit => self.send_queue_limit = value.small(),
            network_config_receive_queue_limit => self.receive_queue_limit = Some(value.small()),
            network_config_game_id => self.game_id = value.small(),
            network_config_max_clients => self.max_clients = value.small(),
            network_config_accepting => self.accepting = value.flag(),
            network_config_clients_per_address => self.clients_per_address = value.small(),
            network_config_connects_per_address => self.connects_per_address = value.small(),
            network_config_proxy_protocol => self.proxy_protocol = value.flag(),
            network_config_receive_rate => self.receive_rate = value.small(),
            network_config_message_timeout => self.message_timeout_ms = value.small(),
            network_config_no_delay => self.no_delay = value.flag(),
            network_config_avoid_time_wait => self.avoid_time_wait = true,
            network_config_websocket_keepalive => self.websocket_keepalive_ms = value.small(),
            _ if Texts::has(option) => Arc::make_mut(&mut self.texts).set(option, value)?,
            _ => Arc::make_mut(&mut self.udp).set(option, value)?,
        }
        Ok(())
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
    /// Whose word about whom they speak for is believed.
    pub(crate) proxy_trusted: Trusted,
    /// Paths that a WebSocket server answers over HTTP; empty for none.
    pub(crate) http_health: String,
    pub(crate) http_metrics: String,
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
            proxy_trusted: Trusted::default(),
            http_health: String::new(),
            http_metrics: String::new(),
        }
    }
}

impl Texts {
    fn has(option: i32) -> bool {
        matches!(
            option,
            network_config_tls_verify
                | network_config_tls_ca_file
                | network_config_tls_certificate
                | network_config_tls_private_key
                | network_config_tls_identity
                | network_config_tls_identity_password
                | network_config_websocket_protocol
                | network_config_websocket_headers
                | network_config_websocket_origins
                | network_config_http_health
                | network_config_proxy_trusted
                | network_config_http_metrics
        )
    }

    fn set(&mut self, option: i32, value: Value<'_>) -> Result<()> {
        let text = value.text();
        match option {
            network_config_tls_verify => self.tls_verify = value.flag(),
            network_config_tls_ca_file => text.clone_into(&mut self.tls_ca_file),
            network_config_tls_certificate => text.clone_into(&mut self.tls_certificate),
            network_config_tls_private_key => text.clone_into(&mut self.tls_private_key),
            network_config_tls_identity => text.clone_into(&mut self.tls_identity),
            network_config_tls_identity_password => text.clone_into(&mut self.tls_identity_password),
            network_config_websocket_protocol => self.websocket_protocol = checked(Protocols::parse(text))?,
            network_config_websocket_headers => {
                self.websocket_headers = checked(RequestHeaders::parse(text))?
            }
            network_config_proxy_trusted => {
                self.proxy_trusted = Trusted::parse(text).map_err(|wrong| {
                    Error::bad_argument(format!(
                        "'{wrong}' is neither an address nor a block such as 10.0.0.0/8"
                    ))
                })?;
            }
            network_config_http_health => self.http_health = http_path(text)?,
            network_config_http_metrics => self.http_metrics = http_path(text)?,
            network_config_websocket_origins => self.websocket_origins = checked(Origins::parse(text))?,
            _ => return Err(no_such_option(option)),
        }
        Ok(())
    }
}

fn http_path(text: &str) -> Result<String> {
    let is_path = |byte: u8| byte.is_ascii_graphic() && !b"?#".contains(&byte);
    if text.is_empty() || text.starts_with('/') && text.bytes().all(is_path) {
        return Ok(text.to_owned());
    }
    Err(Error::bad_argument(format!("'{text}' is not a path, which is written like /health")))
}

fn checked<T>(parsed: std::result::Result<T, OptionError>) -> Result<T> {
    parsed.map_err(|wrong| Error::bad_argument(wrong.to_string()))
}

fn no_such_option(option: i32) -> Error {
    Error::bad_argument(format!("{option} is not one of the network_config_* constants"))
}

/// Options of UDP sockets.
#[derive(Clone, Debug)]
pub(crate) struct Udp {
    pub(crate) multicast: bool,
    /// `network_send_udp` sends by the reliable protocol.
    pub(crate) reliable: bool,
    pub(crate) reliable_ordered: bool,
    pub(crate) reliable_timeout_ms: u32,
    /// How long nothing may be sent to an idle peer; 0 means for ever.
    pub(crate) reliable_keepalive_ms: u32,
    /// Plain datagrams are dropped while the protocol is enabled.
    pub(crate) reliable_only: bool,
    pub(crate) reliable_max_peers: u32,
    /// What the simulated network is like, and where its randomness begins.
    pub(crate) conditions: Conditions,
    pub(crate) conditions_seed: u64,
}

impl Default for Udp {
    fn default() -> Self {
        let protocol = Config::default();
        Self {
            multicast: false,
            reliable: false,
            reliable_ordered: false,
            reliable_timeout_ms: (protocol.timeout / 1_000) as u32,
            reliable_keepalive_ms: (protocol.keepalive / 1_000) as u32,
            reliable_only: false,
            reliable_max_peers: protocol.max_peers as u32,
            conditions: Conditions::default(),
            conditions_seed: 0,
        }
    }
}

impl Udp {
    fn set(&mut self, option: i32, value: Value<'_>) -> Result<()> {
        let micros = value.integer() * 1_000;
        match option {
            network_config_enable_multicast => self.multicast = true,
            network_config_disable_multicast => self.multicast = false,
            network_config_enable_reliable_udp => self.reliable = true,
            network_config_disable_reliable_udp => self.reliable = false,
            network_config_reliable_ordered => self.reliable_ordered = value.flag(),
            network_config_reliable_timeout => self.reliable_timeout_ms = value.small(),
            network_config_reliable_keepalive => self.reliable_keepalive_ms = value.small(),
            network_config_reliable_only => self.reliable_only = value.flag(),
            network_config_reliable_max_peers => self.reliable_max_peers = value.small(),
            network_config_simulate_latency => self.conditions.latency = micros,
            network_config_simulate_jitter => self.conditions.jitter = micros,
            network_config_simulate_loss => self.conditions.loss = value.share(),
            network_config_simulate_duplication => self.conditions.duplicate = value.share(),
            network_config_simulate_reordering => self.conditions.reorder = value.share(),
            network_config_simulate_seed => self.conditions_seed = value.integer(),
            _ => return Err(no_such_option(option)),
        }
        Ok(())
    }
}
