//! Options of the whole library.
#![allow(non_upper_case_globals, reason = "the constants have their names in C")]

use std::net::IpAddr;
use std::sync::Arc;

use crate::catalog::options::*;
use crate::error::{Error, Result};

use super::settings::Settings;
use super::value::Value;

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
    /// Servers and UDP sockets created later share their ports with others that do the same.
    pub(crate) reuse_port: bool,
    /// UDP sockets created later do, on this machine.
    pub(crate) reuse_address: bool,
    /// Bytes of events not yet collected, of all sockets together, above which nothing is read.
    pub(crate) total_queue_limit: u64,
    /// Payload bytes of all send queues together from which on nothing more is taken.
    pub(crate) total_send_limit: u64,
    /// What sockets created later begin with.
    pub(crate) defaults: Arc<Settings>,
}

impl Options {
    /// Sets an option of the library's scope. False if its value is kept elsewhere.
    pub(crate) fn set(&mut self, option: i32, value: Value<'_>) -> Result<bool> {
        match option {
            network_config_connect_timeout => self.connect_timeout_ms = value.small(),
            network_config_use_non_blocking_socket => self.non_blocking = value.flag(),
            network_config_handshake_timeout => self.handshake_timeout_ms = Some(value.small()),
            network_config_total_queue_limit => self.total_queue_limit = value.integer(),
            network_config_total_send_limit => self.total_send_limit = value.integer(),
            network_config_reuse_port => self.reuse_port = value.flag(),
            network_config_reuse_address => self.reuse_address = value.flag(),
            network_config_bind_address => self.bind_address = address(value.text())?,
            _ => return Ok(false),
        }
        Ok(true)
    }

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
            reuse_port: false,
            reuse_address: false,
            total_queue_limit: 256 << 20,
            total_send_limit: 1 << 30,
            defaults: Arc::default(),
        }
    }
}

fn address(text: &str) -> Result<Option<IpAddr>> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        Error::bad_argument(format!("the bind address must be an IPv4 or IPv6 address, not \"{text}\""))
    })
}
