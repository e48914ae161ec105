//! What the GML functions do: each calls its C function.

use std::ffi::{CStr, c_char, c_void};

use stepwire::abi::*;

use super::arguments::Arguments;
use super::call::Answer;
use super::errors::{self, Code};
use super::message::Message;
use super::{connections, options, pending};

pub(crate) fn r#final(_: &Arguments) -> Answer {
    let result = network_shutdown();
    connections::clear();
    pending::clear();
    options::forget();
    Answer::Real(result)
}

pub(crate) fn create_socket(arguments: &Arguments) -> Answer {
    created(arguments, network_create_socket(arguments.real(0)))
}

pub(crate) fn create_socket_ext(arguments: &Arguments) -> Answer {
    created(arguments, network_create_socket_ext(arguments.real(0), arguments.real(1)))
}

pub(crate) fn create_server(arguments: &Arguments) -> Answer {
    Answer::Real(network_create_server(arguments.real(0), arguments.real(1), arguments.real(2)))
}

pub(crate) fn create_server_raw(arguments: &Arguments) -> Answer {
    Answer::Real(network_create_server_raw(arguments.real(0), arguments.real(1), arguments.real(2)))
}

fn created(arguments: &Arguments, socket: f64) -> Answer {
    connections::created(socket, arguments.real(0));
    Answer::Real(socket)
}

pub(crate) fn connect(arguments: &Arguments) -> Answer {
    connect_by(arguments, network_connect)
}

pub(crate) fn connect_raw(arguments: &Arguments) -> Answer {
    connect_by(arguments, network_connect_raw)
}

pub(crate) fn connect_async(arguments: &Arguments) -> Answer {
    connect_by(arguments, network_connect_async)
}

pub(crate) fn connect_raw_async(arguments: &Arguments) -> Answer {
    connect_by(arguments, network_connect_raw_async)
}

type Connect = unsafe extern "C" fn(f64, *const c_char, f64) -> f64;

fn connect_by(arguments: &Arguments, connect: Connect) -> Answer {
    let (socket, url, port) = (arguments.real(0), arguments.text(1), arguments.real(2));
    // SAFETY: the runner's text, NUL-terminated.
    let result = unsafe { connect(socket, url, port) };
    if result >= 0.0 {
        // SAFETY: as above; the parameter is not optional, so it is not null.
        connections::connecting(socket, unsafe { CStr::from_ptr(url) }, port);
    }
    Answer::Real(result)
}

pub(crate) fn resolve(arguments: &Arguments) -> Answer {
    // SAFETY: the runner's text, NUL-terminated.
    found(unsafe { network_resolve(arguments.text(0)) })
}

/// A text of the library's; an empty one may mean that it failed.
fn found(text: *const c_char) -> Answer {
    // SAFETY: never null, and NUL-terminated.
    if unsafe { *text } == 0 {
        errors::library_failed();
    }
    Answer::Text(text)
}

pub(crate) fn set_config_real(arguments: &Arguments) -> Answer {
    Answer::Real(network_set_config(arguments.real(0), arguments.real(1), arguments.real(2)))
}

pub(crate) fn set_config_string(arguments: &Arguments) -> Answer {
    // SAFETY: the runner's text, NUL-terminated.
    Answer::Real(unsafe {
        network_set_config_string(arguments.real(0), arguments.real(1), arguments.text(2))
    })
}

pub(crate) fn set_timeout(arguments: &Arguments) -> Answer {
    Answer::Real(network_set_timeout(arguments.real(0), arguments.real(1), arguments.real(2)))
}

pub(crate) fn send_packet_buffer(arguments: &Arguments) -> Answer {
    with_payload(arguments, 1, |data, size| {
        // SAFETY: `with_payload` has checked that there are `size` bytes.
        unsafe { network_send_packet(arguments.real(0), data, size) }
    })
}

pub(crate) fn send_raw_buffer(arguments: &Arguments) -> Answer {
    with_payload(arguments, 1, |data, size| {
        // SAFETY: as above.
        unsafe { network_send_raw(arguments.real(0), data, size, arguments.real(3)) }
    })
}

pub(crate) fn send_udp_buffer(arguments: &Arguments) -> Answer {
    with_payload(arguments, 3, |data, size| {
        let (url, port) = (arguments.text(1), arguments.real(2));
        // SAFETY: as above; the url is the runner's text.
        unsafe { network_send_udp(arguments.real(0), url, port, data, size) }
    })
}

pub(crate) fn send_udp_raw_buffer(arguments: &Arguments) -> Answer {
    with_payload(arguments, 3, |data, size| {
        let (url, port) = (arguments.text(1), arguments.real(2));
        // SAFETY: as above; the url is the runner's text.
        unsafe { network_send_udp_raw(arguments.real(0), url, port, data, size) }
    })
}

pub(crate) fn send_broadcast_buffer(arguments: &Arguments) -> Answer {
    with_payload(arguments, 2, |data, size| {
        // SAFETY: as above.
        unsafe { network_send_broadcast(arguments.real(0), arguments.real(1), data, size) }
    })
}

/// Sends the beginning of the buffer at `index`; its size is the next argument.
fn with_payload(arguments: &Arguments, index: usize, send: impl FnOnce(*const c_void, f64) -> f64) -> Answer {
    let (data, held) = arguments.bytes(index);
    let size = arguments.real(index + 1);
    if size > held {
        return Answer::Failed(Code::BadArgument, too_few(size, held));
    }
    Answer::Real(send(data, size))
}

pub(crate) fn send_packet_bytes(arguments: &Arguments) -> Answer {
    // SAFETY: the game's bytes, as many as it says.
    Answer::Real(unsafe { network_send_packet(arguments.real(0), arguments.address(1), arguments.real(2)) })
}

pub(crate) fn send_raw_bytes(arguments: &Arguments) -> Answer {
    // SAFETY: as above.
    Answer::Real(unsafe {
        network_send_raw(arguments.real(0), arguments.address(1), arguments.real(2), arguments.real(3))
    })
}

pub(crate) fn set_udp_target(arguments: &Arguments) -> Answer {
    // SAFETY: the runner's text, NUL-terminated.
    Answer::Real(unsafe { network_set_udp_target(arguments.real(0), arguments.text(1), arguments.real(2)) })
}

pub(crate) fn send_udp_bytes(arguments: &Arguments) -> Answer {
    // SAFETY: as above.
    Answer::Real(unsafe {
        network_send_udp_to_target(arguments.real(0), arguments.address(1), arguments.real(2))
    })
}

pub(crate) fn send_udp_raw_bytes(arguments: &Arguments) -> Answer {
    // SAFETY: as above.
    Answer::Real(unsafe {
        network_send_udp_raw_to_target(arguments.real(0), arguments.address(1), arguments.real(2))
    })
}

pub(crate) fn send_broadcast_bytes(arguments: &Arguments) -> Answer {
    // SAFETY: as above.
    Answer::Real(unsafe {
        network_send_broadcast(arguments.real(0), arguments.real(1), arguments.address(2), arguments.real(3))
    })
}

/// Addresses do not tell how many bytes there are: the game asks before it passes one.
pub(crate) fn check_size(arguments: &Arguments) -> Answer {
    let (size, held) = (arguments.real(0), arguments.real(1));
    if size <= held { Answer::Real(0.0) } else { Answer::Failed(Code::BadArgument, too_few(size, held)) }
}

fn too_few(size: f64, held: f64) -> Message {
    Message::new(format_args!("the buffer holds {held} bytes, not {size}"))
}

/// How events and payload pass between the game and this library: by what the runner's interface
/// offers, or by addresses and asking.
pub(crate) fn interface(arguments: &Arguments) -> Answer {
    Answer::Real(if arguments.is_plain() { 2.0 } else { 1.0 })
}

pub(crate) fn destroy(arguments: &Arguments) -> Answer {
    let socket = arguments.real(0);
    let result = network_destroy(socket);
    if result >= 0.0 {
        connections::destroyed(socket);
        pending::drop_events_of(socket);
    }
    Answer::Real(result)
}

pub(crate) fn last_error(_: &Arguments) -> Answer {
    Answer::Text(errors::last())
}

pub(crate) fn error_name(arguments: &Arguments) -> Answer {
    Answer::Text(network_error_name(arguments.real(0)))
}

pub(crate) fn get_string(arguments: &Arguments) -> Answer {
    // SAFETY: the runner's text, NUL-terminated.
    found(unsafe { network_get_string(arguments.real(0), arguments.text(1)) })
}

pub(crate) fn get_port(arguments: &Arguments) -> Answer {
    Answer::Real(network_get_port(arguments.real(0)))
}

pub(crate) fn get_stat(arguments: &Arguments) -> Answer {
    // SAFETY: the runner's text, NUL-terminated.
    Answer::Real(unsafe { network_get_stat(arguments.real(0), arguments.text(1)) })
}

pub(crate) fn version(_: &Arguments) -> Answer {
    Answer::Text(network_version())
}
