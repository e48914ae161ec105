//! Events for GameMaker runners that give extensions their callbacks and no interface table: they
//! can make maps but no buffers, so payload is fetched by copy.

use std::ffi::{c_char, c_int, c_void};
use std::mem::transmute;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use parking_lot::Mutex;
use stepwire::abi::NetworkEvent;

use super::errors::{self, Code};
use super::networking_event::{self, ASYNC_NETWORKING, Listening, MapFunctions};
use super::pending;
use super::step::is_data;

/// The runner's functions, in the order of `RegisterCallbacks`.
static CALLBACKS: [AtomicPtr<c_void>; 4] = [const { AtomicPtr::new(ptr::null_mut()) }; 4];

#[derive(Clone, Copy)]
struct Callbacks {
    post_event: unsafe extern "C-unwind" fn(map: c_int, event: c_int),
    map: MapFunctions,
}

/// Data events that the last [`stepwire_event_post`] has announced.
struct Posted {
    /// The number of the first of them.
    first: u64,
    events: Vec<NetworkEvent>,
}

static POSTED: Mutex<Posted> = Mutex::new(Posted { first: 0, events: Vec::new() });

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
    forget_posted();
    let waiting = pending::collect();
    let mut listening = Listening::NONE;
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
    let posted = POSTED.lock();
    let event = whole(data)
        .and_then(|data| data.checked_sub(posted.first))
        .and_then(|index| posted.events.get(usize::try_from(index).ok()?));
    let Some(event) = event else {
        errors::set_last(c"no payload of that number is left from the last stepwire_event_post");
        return Code::BadArgument.number();
    };
    // SAFETY: the caller's promise; the event's payload stays until the library is polled again, which
    // forgets the event first.
    unsafe { read(event, destination, offset, size) }
}

/// Copies payload of a data event; of other events there is none.
///
/// # Safety
/// `destination` is NULL or has room for `size` bytes, and the event's payload is still there.
pub(crate) unsafe fn read(event: &NetworkEvent, destination: *mut c_void, offset: f64, size: f64) -> f64 {
    let (Some(offset), Some(size)) = (whole(offset), whole(size)) else {
        errors::set_last(c"offset and size must be whole numbers from 0 on");
        return Code::BadArgument.number();
    };
    if destination.is_null() && size > 0 {
        errors::set_last(c"the destination is NULL");
        return Code::BadArgument.number();
    }
    let available = event.size as u64;
    let copied = size.min(available.saturating_sub(offset));
    if copied > 0 {
        // SAFETY: the payload has so many bytes behind the offset; the caller promises room for `size`
        // bytes, which do not overlap it.
        unsafe {
            let from = event.buffer.add(offset as usize);
            ptr::copy_nonoverlapping(from, destination.cast::<u8>(), copied as usize);
        }
    }
    copied as f64
}

/// A number that can count bytes: whole, and where doubles have no gaps.
fn whole(value: f64) -> Option<u64> {
    const MOST: f64 = ((1_u64 << 53) - 1) as f64;
    ((0.0..=MOST).contains(&value) && value.fract() == 0.0).then_some(value as u64)
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

/// Before the library is polled: with that the payloads go.
fn forget_posted() {
    let posted = &mut *POSTED.lock();
    posted.first += posted.events.len() as u64;
    posted.events.clear();
}

/// Keeps a data event and numbers it.
fn keep(event: &NetworkEvent) -> f64 {
    let posted = &mut *POSTED.lock();
    posted.events.push(*event);
    (posted.first + posted.events.len() as u64 - 1) as f64
}

/// Calls the runner's functions, with no lock held.
fn post(callbacks: Callbacks, event: &NetworkEvent, listening: &mut Listening) {
    let keys = networking_event::keys(event, listening);
    let payload = is_data(event).then(|| (c"data", keep(event)));
    // SAFETY: the runner's functions.
    unsafe {
        networking_event::post(&keys, callbacks.map, payload, |map| {
            (callbacks.post_event)(map, ASYNC_NETWORKING)
        });
    }
}
