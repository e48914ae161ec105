//! `stepwire_step`: waiting events become Async - Networking events.

use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;

use parking_lot::Mutex;

use super::call::Answer;
use super::event_keys::{self, EventKeys};
use super::message::Message;
use super::runner::{self, Slot};
use super::{connections, console};
use crate::abi::{network_get_port, network_poll_event};
use crate::context::CONTEXT;
use crate::error::Code;
use crate::event::{NetworkEvent, kind};
use crate::socket::Handle;

/// GameMaker's `ev_async_web_networking`.
const ASYNC_NETWORKING: c_int = 68;
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

/// An event that was taken from the library and has not reached the runner yet: if a slot throws,
/// or cannot make a buffer, the next step tries again. What it points to stays until the next event
/// is asked for, and that happens only when this one was handed over.
static IN_HAND: Mutex<Option<NetworkEvent>> = Mutex::new(None);

/// Clients that have left: the runner runs their disconnect events after the step, and until the
/// next one their handles stay.
static LEFT: Mutex<Vec<Handle>> = Mutex::new(Vec::new());

/// The port of the server that an event of this step was about last.
#[derive(Clone, Copy)]
struct Listening {
    server: f64,
    port: f64,
}

/// Hands over every event that was waiting when the step began; how many there were.
pub(crate) fn step() -> Answer {
    connections::release_retired();
    release_left();
    let mut handed_over = 0.0;
    let mut left = None;
    let mut listening = Listening { server: -1.0, port: 0.0 };
    // Events that arrive meanwhile are for the next step, so that a flood cannot keep it here.
    while left != Some(0)
        && let Some(event) = next()
    {
        left = Some(left.map_or_else(|| CONTEXT.events.waiting(), |left| left - 1));
        if let Err(message) = hand_over(&event, &mut listening) {
            return Answer::Refused(Code::Failed, message);
        }
        handed_over += 1.0;
    }
    Answer::Real(handed_over)
}

/// Forgets what belongs to a library that was shut down.
pub(crate) fn forget() {
    *IN_HAND.lock() = None;
    LEFT.lock().clear();
}

fn release_left() {
    for socket in std::mem::take(&mut *LEFT.lock()) {
        CONTEXT.registry.remove(socket);
    }
}

fn next() -> Option<NetworkEvent> {
    let mut in_hand = IN_HAND.lock();
    if in_hand.is_some() {
        return *in_hand;
    }
    let mut event = MaybeUninit::<NetworkEvent>::uninit();
    // SAFETY: room for one event; it is filled when the result is 1.
    let event = unsafe {
        if network_poll_event(event.as_mut_ptr()) != 1.0 {
            return None;
        }
        event.assume_init()
    };
    *in_hand = Some(event);
    if event.r#type == f64::from(kind::DISCONNECT) {
        LEFT.lock().extend(CONTEXT.events.keep_leaving());
    }
    Some(event)
}

/// Calls slots, each of which may throw: the event then stays in hand.
fn hand_over(event: &NetworkEvent, listening: &mut Listening) -> Result<(), Message> {
    let missing = || Message::new(format_args!("the runner's table has changed"));
    let create_map = runner::create_map().ok_or_else(missing)?;
    let add_double = runner::map_add_double().ok_or_else(missing)?;
    let add_string = runner::map_add_string().ok_or_else(missing)?;
    let post = runner::post_event().ok_or_else(missing)?;
    let post_with_buffer = runner::post_event_and_buffer().ok_or_else(missing)?;

    let buffer = if event.r#type == f64::from(kind::DATA) { Some(filled_buffer(event)?) } else { None };
    if event.server >= 0.0 && event.server != listening.server {
        *listening = Listening { server: event.server, port: network_get_port(event.server) };
    }
    let known = connections::known(event_keys::subject(event));
    let keys = EventKeys::new(event, known, listening.port);
    // SAFETY (all calls): the slots' own types; names and texts are NUL-terminated and stay valid
    // until the next event is asked for, urls until the next step.
    unsafe {
        let map = create_map(0);
        for key in keys.reals() {
            add_double(map, key.name.as_ptr(), key.value);
        }
        for key in keys.texts() {
            add_string(map, key.name.as_ptr(), key.value);
        }
        if let Some(buffer) = buffer {
            add_double(map, c"buffer".as_ptr(), f64::from(buffer));
        }
        match buffer {
            Some(buffer) => post_with_buffer(map, buffer, ASYNC_NETWORKING),
            None => post(map, ASYNC_NETWORKING),
        }
    }
    *IN_HAND.lock() = None;
    report(event);
    Ok(())
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

/// One line in the output window, if it is to show this kind of event.
fn report(event: &NetworkEvent) {
    let is_data = event.r#type == f64::from(kind::DATA);
    if !console::shows(if is_data { console::EVENTS } else { console::CONNECTIONS }) {
        return;
    }
    // SAFETY: the event's texts are never null.
    let (ip, reason) = unsafe { (CStr::from_ptr(event.ip), CStr::from_ptr(event.reason)) };
    let (ip, reason) = (ip.to_str().unwrap_or_default(), reason.to_str().unwrap_or_default());
    let subject = event_keys::subject(event);
    let port = event.port;
    console::line(&if is_data {
        Message::new(format_args!("{} bytes for socket {subject} from {ip} port {port}", event.size))
    } else if event.r#type == f64::from(kind::CONNECT) {
        Message::new(format_args!("socket {subject} connected from {ip} port {port}"))
    } else if event.r#type == f64::from(kind::DISCONNECT) {
        Message::new(format_args!("socket {subject} disconnected: {}", or_orderly(reason)))
    } else if event.succeeded > 0.0 {
        Message::new(format_args!("socket {subject} is connected"))
    } else {
        Message::new(format_args!("socket {subject} could not connect: {reason}"))
    });
}

fn or_orderly(reason: &str) -> &str {
    if reason.is_empty() { "closed in order" } else { reason }
}
