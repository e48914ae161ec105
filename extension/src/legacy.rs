//! Events for GameMaker runners that give extensions their callbacks and no interface table: they
//! can make maps but no buffers, so payload is fetched by copy.

use std::ffi::{c_char, c_int, c_void};
use std::mem::transmute;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use stepwire::abi::NetworkEvent;

use super::errors::{self, Code};
use super::networking_event::{self, ASYNC_NETWORKING, Listening, MapFunctions};
use super::step::is_data;
use super::{payload, pending};

/// The runner's functions, in the order of `RegisterCallbacks`.
static CALLBACKS: [AtomicPtr<c_void>; 4] = [const { AtomicPtr::new(ptr::null_mut()) }; 4];

#[derive(Clone, Copy)]
struct Callbacks {
    post_event: unsafe extern "C-unwind" fn(map: c_int, event: c_int),
    map: MapFunctions,
}

/// Takes the functions with which a GameMaker runner makes events. Runners call it by themselves
/// where an extension declares a function of this name with four strings; programs do not. Returns 0.
///
/// # Safety
///
/// The arguments are the runner's functions, or NULL.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "the name that runners look up")]
pub unsafe extern "C" fn RegisterCallbacks(
    post_event: *mut c_char,
    create_map: *mut c_char,
    add_double: *mut c_char,
    add_string: *mut c_char,
) -> f64 {
    let functions = [post_event, create_map, add_double, add_string];
    for (callback, function) in CALLBACKS.iter().zip(functions) {
        callback.store(function.cast(), Ordering::Release);
    }
    0.0
}

/// Posts every event that was waiting to the GameMaker runner that called [`RegisterCallbacks`], as
/// Async - Networking events. They have the keys of the built-in ones, and `error` and `reason`.
/// Runners cannot be given bytes this way: instead of `buffer`, data has the key `data`, for
/// [`stepwire_event_read_posted`].
///
/// Returns how many events there were, or `network_error_not_supported` if no runner has registered.
/// On the game's thread; does not block.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn stepwire_event_post() -> f64 {
    let Some(callbacks) = callbacks() else {
        errors::set_last(c"no GameMaker runner has registered its callbacks");
        return Code::NotSupported.number();
    };
    let waiting = pending::collect();
    let mut listening = Listening::none();
    while let Some(event) = pending::first() {
        pending::delivered();
        post(callbacks, &event, &mut listening);
    }
    waiting
}

/// Copies payload of a data event that [`stepwire_event_post`] has posted: up to `size` bytes from
/// `offset` on to `destination`, which has room for `size` bytes. `data` is that key of the event.
/// The payload stays until the next [`stepwire_event_post`].
///
/// Returns how many bytes were copied, 0 at the payload's end; or `network_error_bad_argument`, also
/// if there is no such payload (any more). Does not block.
///
/// # Safety
///
/// `destination` is NULL or has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stepwire_event_read_posted(
    data: f64,
    destination: *mut c_void,
    offset: f64,
    size: f64,
) -> f64 {
    let Some(event) = payload::whole(data).and_then(pending::posted) else {
        errors::set_last(c"no payload of that number is left from the last stepwire_event_post");
        return Code::BadArgument.number();
    };
    // SAFETY: the caller's promise, and the event is still there.
    match unsafe { payload::read(&event, destination, offset, size) } {
        Ok(copied) => copied,
        Err(why) => {
            errors::set_last(why);
            Code::BadArgument.number()
        }
    }
}

fn callbacks() -> Option<Callbacks> {
    let [post_event, create_map, add_double, add_string] =
        CALLBACKS.each_ref().map(|callback| callback.load(Ordering::Acquire));
    if post_event.is_null() || create_map.is_null() || add_double.is_null() || add_string.is_null() {
        return None;
    }
    // SAFETY: not NULL, so the runner's functions, which have these types.
    unsafe {
        Some(Callbacks {
            post_event: transmute::<*mut c_void, unsafe extern "C-unwind" fn(c_int, c_int)>(post_event),
            map: MapFunctions {
                create_map: transmute::<*mut c_void, unsafe extern "C-unwind" fn(c_int, ...) -> c_int>(
                    create_map,
                ),
                add_double: transmute::<
                    *mut c_void,
                    unsafe extern "C-unwind" fn(c_int, *const c_char, f64) -> bool,
                >(add_double),
                add_string: transmute::<
                    *mut c_void,
                    unsafe extern "C-unwind" fn(c_int, *const c_char, *const c_char) -> bool,
                >(add_string),
            },
        })
    }
}

/// Calls the runner's functions, with no lock held.
fn post(callbacks: Callbacks, event: &NetworkEvent, listening: &mut Listening) {
    let keys = networking_event::keys(event, listening);
    let payload = is_data(event).then(|| (c"data", pending::keep_posted(event)));
    // SAFETY: the runner's functions.
    unsafe {
        networking_event::post(&keys, callbacks.map, payload, |map| {
            (callbacks.post_event)(map, ASYNC_NETWORKING)
        });
    }
}
