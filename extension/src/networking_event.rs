//! Posting an Async - Networking event to a runner.

use std::ffi::{CStr, c_char, c_int};

use stepwire::abi::{NetworkEvent, network_get_port};

use super::event_keys::EventKeys;
use super::{connections, event_keys};

/// GameMaker's `ev_async_web_networking`.
pub(crate) const ASYNC_NETWORKING: c_int = 68;

/// How a runner makes an event's map. `C-unwind`, since any of them may throw.
#[derive(Clone, Copy)]
pub(crate) struct MapFunctions {
    pub(crate) create_map: unsafe extern "C-unwind" fn(c_int, ...) -> c_int,
    pub(crate) add_double: unsafe extern "C-unwind" fn(c_int, *const c_char, f64) -> bool,
    pub(crate) add_string: unsafe extern "C-unwind" fn(c_int, *const c_char, *const c_char) -> bool,
}

/// The port of the server that an event was about last, since most events follow one of the same.
#[derive(Clone, Copy)]
pub(crate) struct Listening {
    server: f64,
    port: f64,
}

impl Listening {
    pub(crate) fn none() -> Self {
        Self { server: -1.0, port: 0.0 }
    }

    fn port_for(&mut self, event: &NetworkEvent) -> f64 {
        if event.server >= 0.0 && event.server != self.server {
            *self = Self { server: event.server, port: network_get_port(event.server) };
        }
        self.port
    }
}

/// The keys of an event, but for its payload.
pub(crate) fn keys(event: &NetworkEvent, listening: &mut Listening) -> EventKeys {
    EventKeys::new(event, connections::known(event_keys::subject(event)), listening.port_for(event))
}

/// Makes the event's map and hands it to `post`. `payload` is the key under which the game finds the
/// bytes, and its value.
///
/// # Safety
/// The functions are the runner's. Each may throw; nothing here has a destructor.
pub(crate) unsafe fn post(
    keys: &EventKeys,
    functions: MapFunctions,
    payload: Option<(&'static CStr, f64)>,
    post: impl FnOnce(c_int),
) {
    let MapFunctions { create_map, add_double, add_string } = functions;
    // SAFETY (all calls): the runner's functions; names and texts are NUL-terminated and stay valid
    // until the library is polled again, urls until the next step.
    unsafe {
        let map = create_map(0);
        for key in keys.reals() {
            add_double(map, key.name.as_ptr(), key.value);
        }
        for key in keys.texts() {
            add_string(map, key.name.as_ptr(), key.value);
        }
        if let Some((name, value)) = payload {
            add_double(map, name.as_ptr(), value);
        }
        post(map);
    }
}
