//! Setting options.

use std::ffi::c_char;

use crate::catalog::options::{Kind, Row, Scope, find};
use crate::error::{Error, Result};
use crate::host;
use crate::options::Value;

use super::arg;
use super::boundary::number;

/// Sets an option: a `network_config_*` and its values. Which values an option takes stands with it;
/// `value2` is 0 where it takes one value, and may then be left out from C99 on and in C++. Where an option takes a socket, -1 means the default for
/// sockets created from then on.
///
/// Returns 0, or `network_error_bad_argument`, `network_error_bad_handle`,
/// `network_error_wrong_kind` where the option does nothing for that socket, `network_error_busy`,
/// `network_error_tls` (`network_config_tls_reload`). Any thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_set_config(config: f64, value1: f64, value2: f64) -> f64 {
    number(|| {
        let row = row(config)?;
        if row.kind.is_text() {
            return Err(Error::bad_argument(
                "the value of this option is text: use network_set_config_string",
            ));
        }
        let (socket, value) = match row.scope {
            Scope::Library => (None, value1),
            Scope::Socket => (Some(arg::handle(value1)?), value2),
            Scope::SocketOrDefault => (arg::handle_or_default(value1)?, value2),
        };
        if row.scope == Scope::Library || row.kind == Kind::Action {
            arg::integer("value2 of an option with one value", value2, 0, 0)?;
        }
        host::set_option(row, socket, parse(row, value)?)?;
        Ok(0.0)
    })
}

/// Sets an option whose value is text (UTF-8, NUL-terminated, copied before the call returns).
/// `socket` is a socket, or -1 for the default of sockets created from then on; for
/// `network_config_bind_address` always -1.
///
/// Returns 0, or `network_error_bad_argument`, `network_error_bad_handle`,
/// `network_error_wrong_kind` where the option does nothing for that socket, `network_error_tls` if a
/// file that was named cannot be opened. Any thread; does not block.
///
/// # Safety
///
/// `value` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_set_config_string(config: f64, socket: f64, value: *const c_char) -> f64 {
    number(|| {
        let row = row(config)?;
        // SAFETY: the caller's promise.
        let value = unsafe { arg::string("the value", value)? };
        if !row.kind.is_text() {
            return Err(Error::bad_argument("the value of this option is a number: use network_set_config"));
        }
        let socket = match row.scope {
            Scope::Library if socket == -1.0 => None,
            Scope::Library => {
                return Err(Error::bad_argument(format!(
                    "{} is not set for one socket: it must be -1",
                    row.name
                )));
            }
            Scope::Socket => Some(arg::handle(socket)?),
            Scope::SocketOrDefault => arg::handle_or_default(socket)?,
        };
        host::set_option(row, socket, Value::Text(value))?;
        Ok(0.0)
    })
}

fn row(config: f64) -> Result<&'static Row> {
    let number = arg::integer("an option", config, 0, i32::MAX as u64)? as i32;
    find(number)
        .ok_or_else(|| Error::bad_argument(format!("{number} is not one of the network_config_* constants")))
}

fn parse(row: &Row, value: f64) -> Result<Value<'static>> {
    Ok(match row.kind {
        Kind::Flag => Value::Flag(arg::flag(row.name, value)?),
        Kind::Integer { least, most, .. } => Value::Integer(arg::integer(row.name, value, least, most)?),
        Kind::Percentage => Value::Share(arg::percentage(row.name, value)?),
        Kind::Action | Kind::Text | Kind::File => Value::Action,
    })
}
