//! `stepwire_step`: waiting events become Async - Networking events.

use std::ffi::{CStr, c_int};

use stepwire::abi::*;

use super::call::Answer;
use super::errors::Code;
use super::event_keys;
use super::message::Message;
use super::networking_event::{self, ASYNC_NETWORKING, Listening, MapFunctions};
use super::runner::{self, Slot};
use super::{console, pending};

/// The manual: a grow buffer with an alignment of 1.
const BUFFER_GROW: c_int = 1;
const ALIGNMENT: c_int = 1;

/// What a step cannot do without.
pub(crate) const NEEDS: &[Slot] = &[
    runner::CREATE_BUFFER,
    runner::BUFFER_WRITE,
    runner::CREATE_MAP,
    runner::MAP_ADD_DOUBLE,
    runner::MAP_ADD_STRING,
    runner::POST_EVENT,
    runner::POST_EVENT_AND_BUFFER,
];

/// Hands over every event that was waiting when the step began, or when one before it could not hand
/// them over; how many there were.
pub(crate) fn step() -> Answer {
    console::show_log();
    let waiting = pending::collect();
    let mut listening = Listening::none();
    while let Some(event) = pending::first() {
        if let Err(message) = hand_over(&event, &mut listening) {
            return Answer::Refused(Code::Failed, message);
        }
        pending::delivered();
        report(&event);
    }
    Answer::Real(waiting)
}

/// Calls slots, each of which may throw: the event then stays the first one.
fn hand_over(event: &NetworkEvent, listening: &mut Listening) -> Result<(), Message> {
    let missing = || Message::new(format_args!("the runner's table has changed"));
    let functions = MapFunctions {
        create_map: runner::create_map().ok_or_else(missing)?,
        add_double: runner::map_add_double().ok_or_else(missing)?,
        add_string: runner::map_add_string().ok_or_else(missing)?,
    };
    let post = runner::post_event().ok_or_else(missing)?;
    let post_with_buffer = runner::post_event_and_buffer().ok_or_else(missing)?;

    let buffer = if is_data(event) { Some(filled_buffer(event)?) } else { None };
    let keys = networking_event::keys(event, listening);
    let payload = buffer.map(|buffer| (c"buffer", f64::from(buffer)));
    // SAFETY: the slots' own types, and the runner's map and buffer.
    unsafe {
        networking_event::post(&keys, functions, payload, |map| match buffer {
            Some(buffer) => post_with_buffer(map, buffer, ASYNC_NETWORKING),
            None => post(map, ASYNC_NETWORKING),
        });
    }
    Ok(())
}

pub(crate) fn is_data(event: &NetworkEvent) -> bool {
    event.r#type == f64::from(network_type_data)
}

fn filled_buffer(event: &NetworkEvent) -> Result<c_int, Message> {
    // No message is larger: the largest message size limit is the largest c_int.
    let size = event.size as c_int;
    let (Some(create), Some(write)) = (runner::create_buffer(), runner::buffer_write()) else {
        return Err(Message::new(format_args!("the runner's table has changed")));
    };
    // SAFETY: plain numbers. A buffer cannot be empty; the key "size" says how much counts.
    let buffer = unsafe { create(size.max(1), BUFFER_GROW, ALIGNMENT) };
    if buffer < 0 {
        return Err(Message::new(format_args!(
            "stepwire_step: the runner has no buffer of {size} bytes; the packet waits for the next step"
        )));
    }
    if size > 0 {
        // SAFETY: `size` bytes are readable at the event's buffer.
        unsafe { write(buffer, 0, event.buffer.cast(), size, true, false) };
    }
    Ok(buffer)
}

/// One line in the output window about data, if it is to show that; of connections the library's log tells.
pub(crate) fn report(event: &NetworkEvent) {
    if !is_data(event) || !console::shows(console::EVENTS) {
        return;
    }
    // SAFETY: the event's texts are never null.
    let ip = unsafe { CStr::from_ptr(event.ip) }.to_str().unwrap_or_default();
    let (size, socket, port) = (event.size, event_keys::subject(event), event.port);
    console::line(&Message::new(format_args!("{size} bytes for socket {socket} from {ip} port {port}")));
}
