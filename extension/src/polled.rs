//! Events for runners that cannot be given any: the game asks for one after the other.

use std::ffi::{CStr, c_char};

use super::arguments::Arguments;
use super::call::Answer;
use super::errors::Code;
use super::event_keys::EventKeys;
use super::message::Message;
use super::networking_event::{self, Listening};
use super::{console, payload, pending, step};

/// `stepwire_collect`: events wait for [`event_next`].
pub(crate) fn collect(_: &Arguments) -> Answer {
    console::show_log();
    Answer::Real(pending::collect())
}

pub(crate) fn event_next(_: &Arguments) -> Answer {
    let Some(event) = pending::advance() else { return Answer::Real(0.0) };
    step::report(&event);
    Answer::Real(event.r#type)
}

pub(crate) fn event_real_key(arguments: &Arguments) -> Answer {
    let index = arguments.real(0);
    name(current().and_then(|keys| keys.reals().nth(position(index)?).map(|key| key.name)))
}

pub(crate) fn event_string_key(arguments: &Arguments) -> Answer {
    let index = arguments.real(0);
    name(current().and_then(|keys| keys.texts().nth(position(index)?).map(|key| key.name)))
}

pub(crate) fn event_real(arguments: &Arguments) -> Answer {
    let Some(keys) = current() else { return no_event() };
    let asked = asked(arguments);
    let found = keys.reals().find(|key| asked == Some(key.name));
    found.map_or_else(|| no_key(asked), |key| Answer::Value(key.value))
}

pub(crate) fn event_string(arguments: &Arguments) -> Answer {
    let Some(keys) = current() else { return no_event() };
    let asked = asked(arguments);
    let found = keys.texts().find(|key| asked == Some(key.name));
    found.map_or_else(|| no_key(asked), |key| Answer::Text(key.value))
}

pub(crate) fn event_read(arguments: &Arguments) -> Answer {
    let Some(event) = pending::current() else { return no_event() };
    let (destination, offset, size) = (arguments.address(0), arguments.real(1), arguments.real(2));
    // SAFETY: the game promises the room; the current event goes before the library is polled.
    match unsafe { payload::read(&event, destination, offset, size) } {
        Ok(copied) => Answer::Real(copied),
        Err(why) => Answer::Failed(Code::BadArgument, text(why)),
    }
}

pub(crate) fn console_line(_: &Arguments) -> Answer {
    Answer::Text(console::next_kept())
}

fn current() -> Option<EventKeys> {
    pending::current().map(|event| networking_event::keys(&event, &mut Listening::none()))
}

fn asked(arguments: &Arguments) -> Option<&CStr> {
    let key = arguments.text(0);
    // SAFETY: the runner's text, NUL-terminated unless null.
    (!key.is_null()).then(|| unsafe { CStr::from_ptr(key) })
}

/// A list has no more than a few entries.
fn position(index: f64) -> Option<usize> {
    payload::whole(index).and_then(|index| usize::try_from(index).ok())
}

fn name(found: Option<&'static CStr>) -> Answer {
    const NONE: *const c_char = c"".as_ptr();
    Answer::Text(found.map_or(NONE, CStr::as_ptr))
}

fn no_event() -> Answer {
    Answer::Failed(Code::BadArgument, text(c"there is no current event: stepwire_event_next moves to one"))
}

fn no_key(asked: Option<&CStr>) -> Answer {
    let asked = asked.and_then(|asked| asked.to_str().ok()).unwrap_or("?");
    Answer::Failed(Code::BadArgument, Message::new(format_args!("the event has no key \"{asked}\"")))
}

fn text(why: &CStr) -> Message {
    Message::new(format_args!("{}", why.to_str().unwrap_or_default()))
}
