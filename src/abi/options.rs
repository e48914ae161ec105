//! Setting options.
#![allow(non_upper_case_globals, reason = "the constants have their names in C")]

use std::ffi::c_char;
use std::net::IpAddr;
use std::sync::Arc;

use crate::context::CONTEXT;
use crate::error::{Error, Result};
use crate::options::Texts;
use crate::websocket::handshake::{OptionError, Origins, Protocols, RequestHeaders};
use crate::{host, runtime};

use super::arg;
use super::boundary::number;
use super::constants::*;

/// The largest byte count or time an option takes.
const MOST: u64 = i32::MAX as u64;
/// The longest simulated delay in ms.
const MOST_SIMULATED: u64 = 60_000;

/// Sets an option: a `network_config_*` and its values. What `value1` and `value2` mean stands with
/// each option; `value2` is 0 where the option takes one value. Where an option takes a socket, -1
/// means the default for sockets created from then on.
///
/// Returns 0, or `network_error_bad_argument`, `network_error_bad_handle`,
/// `network_error_wrong_kind`, `network_error_busy`. Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_set_config(config: f64, value1: f64, value2: f64) -> f64 {
    number(|| set(config, value1, value2).map(|()| 0.0))
}

fn set(config: f64, value1: f64, value2: f64) -> Result<()> {
    let config = arg::integer("an option", config, 0, MOST)? as i32;
    let single = || arg::integer("value2 of an option with one value", value2, 0, 0).map(drop);
    let milliseconds = || arg::integer("a time in ms", value1, 1, MOST).map(|ms| ms as u32);
    let bytes = || arg::integer("a number of bytes", value2, 1, MOST).map(|bytes| bytes as u32);
    match config {
        network_config_connect_timeout => {
            single()?;
            let ms = milliseconds()?;
            CONTEXT.with_options(|options| options.connect_timeout_ms = ms);
        }
        network_config_handshake_timeout => {
            single()?;
            let ms = milliseconds()?;
            CONTEXT.with_options(|options| options.handshake_timeout_ms = Some(ms));
        }
        network_config_use_non_blocking_socket => {
            single()?;
            let on = arg::flag("value1", value1)?;
            CONTEXT.with_options(|options| options.non_blocking = on);
        }
        network_config_manual_io => {
            single()?;
            runtime::set_manual_io(arg::flag("value1", value1)?)?;
        }
        network_config_total_queue_limit => {
            single()?;
            let limit = arg::integer("a number of bytes", value1, 1, 1 << 52)?;
            CONTEXT.with_options(|options| options.total_queue_limit = limit);
        }
        network_config_avoid_time_wait => {
            single()?;
            host::change_settings(arg::handle(value1)?, |_, settings| {
                settings.avoid_time_wait = true;
                Ok(())
            })?;
        }
        network_config_enable_reliable_udp | network_config_disable_reliable_udp => {
            single()?;
            host::set_reliable(arg::handle(value1)?, config == network_config_enable_reliable_udp)?;
        }
        network_config_enable_multicast | network_config_disable_multicast => {
            single()?;
            host::set_multicast(arg::handle(value1)?, config == network_config_enable_multicast)?;
        }
        network_config_reliable_ordered => {
            let on = arg::flag("value2", value2)?;
            host::set_reliable_ordered(arg::handle(value1)?, on)?;
        }
        network_config_reliable_timeout => {
            let ms = arg::integer("a time in ms", value2, 1, MOST)? as u32;
            host::set_reliable_timeout(arg::handle(value1)?, ms)?;
        }
        network_config_simulate_latency | network_config_simulate_jitter => {
            let micros = arg::integer("a time in ms", value2, 0, MOST_SIMULATED)? * 1_000;
            host::set_conditions(arg::handle(value1)?, |conditions, _| match config {
                network_config_simulate_latency => conditions.latency = micros,
                _ => conditions.jitter = micros,
            })?;
        }
        network_config_simulate_loss
        | network_config_simulate_duplication
        | network_config_simulate_reordering => {
            let share = arg::percentage("value2", value2)?;
            host::set_conditions(arg::handle(value1)?, |conditions, _| match config {
                network_config_simulate_loss => conditions.loss = share,
                network_config_simulate_duplication => conditions.duplicate = share,
                _ => conditions.reorder = share,
            })?;
        }
        network_config_simulate_seed => {
            let new = arg::integer("a seed", value2, 0, u64::from(u32::MAX))?;
            host::set_conditions(arg::handle(value1)?, |_, seed| *seed = new)?;
        }
        network_config_message_size_limit => {
            let limit = bytes()?;
            change(value1, |settings| settings.message_limit = Some(limit))?;
        }
        network_config_send_queue_limit => {
            let limit = bytes()?;
            change(value1, |settings| settings.send_queue_limit = limit)?;
        }
        network_config_receive_queue_limit => {
            let limit = bytes()?;
            change(value1, |settings| settings.receive_queue_limit = Some(limit))?;
        }
        network_config_game_id => {
            let id = arg::integer("a game id", value2, 0, u64::from(u32::MAX))? as u32;
            change(value1, |settings| settings.game_id = id)?;
        }
        network_config_no_delay => {
            let on = arg::flag("value2", value2)?;
            change(value1, |settings| settings.no_delay = on)?;
        }
        network_config_tls_verify => {
            let on = arg::flag("value2", value2)?;
            change(value1, |settings| Arc::make_mut(&mut settings.texts).tls_verify = on)?;
        }
        network_config_websocket_keepalive => {
            let ms = arg::integer("a time in ms", value2, 0, MOST)? as u32;
            change(value1, |settings| settings.websocket_keepalive_ms = ms)?;
        }
        _ if text_of(config).is_some() || config == network_config_bind_address => {
            return Err(Error::bad_argument(
                "the value of this option is text: use network_set_config_string",
            ));
        }
        _ => return Err(unknown(config)),
    }
    Ok(())
}

/// Sets an option whose value is text (UTF-8, NUL-terminated, copied before the call returns).
/// `socket` is a socket, or -1 for the default of sockets created from then on; for
/// `network_config_bind_address` always -1.
///
/// Returns 0, or `network_error_bad_argument`, `network_error_bad_handle`. Any thread; does not
/// block.
///
/// # Safety
///
/// `value` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_set_config_string(config: f64, socket: f64, value: *const c_char) -> f64 {
    number(|| {
        let config = arg::integer("an option", config, 0, MOST)? as i32;
        // SAFETY: the caller's promise.
        let value = unsafe { arg::string("the value", value)? };
        if config == network_config_bind_address {
            set_bind_address(socket, value)?;
        } else if let Some(set) = text_of(config) {
            // Tried on a copy, so that a wrong text changes nothing.
            set(&mut Texts::default(), value)?;
            change(socket, |settings| {
                let _ = set(Arc::make_mut(&mut settings.texts), value);
            })?;
        } else if (0..=network_config_message_size_limit).contains(&config)
            || (network_config_game_id..=network_config_websocket_keepalive).contains(&config)
            || (network_config_simulate_latency..=network_config_simulate_seed).contains(&config)
        {
            return Err(Error::bad_argument("the value of this option is a number: use network_set_config"));
        } else {
            return Err(unknown(config));
        }
        Ok(0.0)
    })
}

fn set_bind_address(socket: f64, value: &str) -> Result<()> {
    if socket != -1.0 {
        return Err(Error::bad_argument(
            "the bind address is set for sockets created later: socket must be -1",
        ));
    }
    let address = match value {
        "" => None,
        _ => Some(value.parse::<IpAddr>().map_err(|_| {
            Error::bad_argument(format!("the bind address must be an IPv4 or IPv6 address, not \"{value}\""))
        })?),
    };
    CONTEXT.with_options(|options| options.bind_address = address);
    Ok(())
}

fn change(socket: f64, change: impl FnOnce(&mut crate::options::Settings)) -> Result<()> {
    match arg::handle_or_default(socket)? {
        Some(handle) => host::change_settings(handle, |_, settings| {
            change(settings);
            Ok(())
        }),
        None => {
            CONTEXT.with_options(|options| change(Arc::make_mut(&mut options.defaults)));
            Ok(())
        }
    }
}

/// How the text of an option is checked and kept.
fn text_of(config: i32) -> Option<fn(&mut Texts, &str) -> Result<()>> {
    fn keep(place: &mut String, value: &str) -> Result<()> {
        *place = value.to_owned();
        Ok(())
    }
    fn parsed<T>(place: &mut T, value: std::result::Result<T, OptionError>) -> Result<()> {
        *place = value.map_err(|wrong| Error::bad_argument(wrong.to_string()))?;
        Ok(())
    }
    Some(match config {
        network_config_websocket_protocol => {
            |texts, value| parsed(&mut texts.websocket_protocol, Protocols::parse(value))
        }
        network_config_websocket_headers => {
            |texts, value| parsed(&mut texts.websocket_headers, RequestHeaders::parse(value))
        }
        network_config_websocket_origins => {
            |texts, value| parsed(&mut texts.websocket_origins, Origins::parse(value))
        }
        network_config_tls_ca_file => |texts, value| keep(&mut texts.tls_ca_file, value),
        network_config_tls_certificate => |texts, value| keep(&mut texts.tls_certificate, value),
        network_config_tls_private_key => |texts, value| keep(&mut texts.tls_private_key, value),
        network_config_tls_identity => |texts, value| keep(&mut texts.tls_identity, value),
        network_config_tls_identity_password => |texts, value| keep(&mut texts.tls_identity_password, value),
        _ => return None,
    })
}

fn unknown(config: i32) -> Error {
    Error::bad_argument(format!("{config} is not one of the network_config_* constants"))
}
