//! The numbers of options and events. Macros in C, so that `switch` works.

use std::ffi::c_int;

/// `cluster_set_config(.., ms)`: how long another server may take to answer, 1 to 2147483647 ms; default 250.
#[allow(non_upper_case_globals)]
pub const cluster_config_request_timeout: c_int = 0;
/// `cluster_set_config(.., ms)`: how long a find gathers answers before it takes the best, 0 to 2147483647 ms; default 30.
#[allow(non_upper_case_globals)]
pub const cluster_config_gather: c_int = 1;
/// `cluster_set_config(.., ms)`: the broker is pinged so often, 10 to 2147483647 ms; default 2000. When two pings are not
/// answered, the connection is given up; connecting may take as long.
#[allow(non_upper_case_globals)]
pub const cluster_config_ping: c_int = 2;
/// `cluster_set_config(.., bytes)`: messages that wait to be collected, 1 to 2147483647; default 4 MiB. Beyond it they are
/// dropped and counted, and when half of them are collected an `up` event with gap 1 comes.
#[allow(non_upper_case_globals)]
pub const cluster_config_queue_limit: c_int = 3;
/// `cluster_set_config(.., ms)`: how long a place is kept for somebody who has found a room here, 1 to 2147483647 ms;
/// default 10000.
#[allow(non_upper_case_globals)]
pub const cluster_config_ticket_time: c_int = 4;
/// `cluster_set_config(.., 0 or 1)`: with `tls://`, the broker's certificate and name are checked; default 1. Holds from
/// the next `cluster_open` on. `wss://` obeys stepwire's `network_config_tls_verify`.
#[allow(non_upper_case_globals)]
pub const cluster_config_tls_verify: c_int = 5;
/// `cluster_set_config_string(.., path)`: with `tls://`, a PEM file of certificate authorities that are trusted besides
/// the system's; "" for none, the default. Holds from the next `cluster_open` on. `wss://` obeys stepwire's
/// `network_config_tls_ca_file`.
#[allow(non_upper_case_globals)]
pub const cluster_config_tls_ca_file: c_int = 6;

/// The broker is there, and knows all subscriptions. `gap` 1: messages may have been missed since the last one.
#[allow(non_upper_case_globals)]
pub const cluster_type_up: c_int = 1;
/// The broker is not there, or not any more: `error`, `reason`. It is looked for until it is back; meanwhile everything
/// works inside this process.
#[allow(non_upper_case_globals)]
pub const cluster_type_down: c_int = 2;
/// A message: to a `topic`, or to a `player` who is here; `from` is the sending server's id.
#[allow(non_upper_case_globals)]
pub const cluster_type_message: c_int = 3;
/// A `request` has found something. A room: `name`, `kind`, `address`, `server`, `ticket`, `players`, `places`, `data`. A
/// player, found or sent to: `name`, `address`, `server`.
#[allow(non_upper_case_globals)]
pub const cluster_type_found: c_int = 4;
/// A `request` has found nothing: `error` is 0 if there is nobody, else `network_error_timeout` (somebody has not
/// answered) or `network_error_not_connected` (there is no broker, and nobody in this process).
#[allow(non_upper_case_globals)]
pub const cluster_type_none: c_int = 5;
/// Somebody needs a room of that `kind` with that `data`, which this server offers to open: answer with
/// `cluster_room_open` before the next event, or not at all.
#[allow(non_upper_case_globals)]
pub const cluster_type_create: c_int = 6;
/// Somebody has found this `room` and was promised a place: who shows the `ticket` within its time is to be let in.
#[allow(non_upper_case_globals)]
pub const cluster_type_seat: c_int = 7;
/// The `player` has entered elsewhere, later than here, where his `socket` was; he is no longer here.
#[allow(non_upper_case_globals)]
pub const cluster_type_player_elsewhere: c_int = 8;
