//! Events for runners that gave their callbacks and no interface table: they can make maps but no
//! buffers, so the payload is fetched by copy.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use parking_lot::Mutex;

use crate::abi::{network_get_port, network_get_stat, network_poll_event};
use crate::error::{Code, Error, set_last};
use crate::event::{NetworkEvent, kind};
use crate::gamemaker::event_keys::EventKeys;
use crate::gamemaker::step::ASYNC_NETWORKING;

/// In the order of `RegisterCallbacks`.
static CALLBACKS: [AtomicPtr<c_void>; 4] = [const { AtomicPtr::new(ptr::null_mut()) }; 4];

type PostEvent = unsafe extern "C" fn(map: c_int, event: c_int);
type CreateMap = unsafe extern "C" fn(count: c_int, ...) -> c_int;
type AddDouble = unsafe extern "C" fn(map: c_int, key: *const c_char, value: f64) -> bool;
type AddString = unsafe extern "C" fn(map: c_int, key: *const c_char, value: *const c_char) -> bool;

#[derive(Clone, Copy)]
struct Callbacks {
    post_event: PostEvent,
    create_map: CreateMap,
    add_double: AddDouble,
    add_string: AddString,
}

/// Payloads that the last `network_event_post` announced.
struct Posted {
    /// What the first of them was called.
    first: u64,
    payloads: Vec<Box<[u8]>>,
}

static POSTED: Mutex<Posted> = Mutex::new(Posted { first: 0, payloads: Vec::new() });

/// Takes a GameMaker runner's functions for making events. Old runners call it when an extension
/// declares a function of this name with four string arguments; programs have no use for it.
///
/// @param post_event, create_map, add_double, add_string  the runner's functions
/// @returns 0
///
/// # Safety
/// Only for runners: each argument is a function of the runner, or NULL.
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

/// Posts every waiting event to the GameMaker runner whose callbacks were registered, as an
/// Async - Networking event. Runners cannot be given bytes this way: the map of a data event has
/// the key "data" instead of "buffer", to be passed to `network_event_read_posted`.
///
/// @returns how many events were posted, or `network_error_not_supported` without callbacks
#[unsafe(no_mangle)]
pub extern "C" fn network_event_post() -> f64 {
    let Some(callbacks) = callbacks() else {
        let message = "no GameMaker runner has registered its callbacks";
        set_last(&Error::new(Code::NotSupported, message));
        return f64::from(Code::NotSupported as i8);
    };
    forget_payloads();
    let mut posted = 0.0;
    // Events that arrive meanwhile are for the next call, so that a flood cannot keep it here.
    let mut limit = f64::INFINITY;
    let mut event = MaybeUninit::<NetworkEvent>::uninit();
    // SAFETY: room for one event; it is filled when the result is 1. The key is a literal.
    unsafe {
        while posted < limit && network_poll_event(event.as_mut_ptr()) == 1.0 {
            if posted == 0.0 {
                limit = 1.0 + network_get_stat(-1.0, c"events".as_ptr()).max(0.0);
            }
            post(callbacks, event.assume_init_ref());
            posted += 1.0;
        }
    }
    posted
}

/// Copies bytes of a posted data event. They can be read until the next `network_event_post`.
///
/// @param data         the key "data" of the event's map
/// @param destination  room for `size` bytes, for example `buffer_get_address(buffer)`
/// @param offset       how many bytes of the payload to leave out
/// @param size         how many to copy at most
/// @returns how many bytes were copied, or a negative `network_error_*`
///
/// # Safety
/// `size` bytes are writable at `destination`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_event_read_posted(
    data: f64,
    destination: *mut c_void,
    offset: f64,
    size: f64,
) -> f64 {
    // SAFETY: passed on from the caller.
    match unsafe { read(data, destination, offset, size) } {
        Ok(copied) => copied as f64,
        Err(error) => {
            set_last(&error);
            f64::from(error.code as i8)
        }
    }
}

/// # Safety
/// As for `network_event_read_posted`.
unsafe fn read(data: f64, destination: *mut c_void, offset: f64, size: f64) -> Result<usize, Error> {
    let offset = whole(offset).ok_or_else(|| Error::bad_argument("the offset must be a whole number"))?;
    let size = whole(size).ok_or_else(|| Error::bad_argument("the size must be a whole number"))?;
    let posted = POSTED.lock();
    let payload = whole(data)
        .and_then(|data| (data as u64).checked_sub(posted.first))
        .and_then(|index| posted.payloads.get(index as usize))
        .ok_or_else(|| Error::bad_argument("no such data: it was posted before the last network_event_post"))?;
    let wanted = payload.get(offset..).unwrap_or_default();
    let wanted = &wanted[..wanted.len().min(size)];
    if wanted.is_empty() {
        return Ok(0);
    }
    if destination.is_null() {
        return Err(Error::bad_argument("the destination is NULL"));
    }
    // SAFETY: at most `size` bytes, for which there is room; the payload is ours.
    unsafe { ptr::copy_nonoverlapping(wanted.as_ptr(), destination.cast(), wanted.len()) };
    Ok(wanted.len())
}

fn whole(number: f64) -> Option<usize> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    ((0.0..EXACT).contains(&number) && number.fract() == 0.0).then_some(number as usize)
}

fn callbacks() -> Option<Callbacks> {
    let [post_event, create_map, add_double, add_string] =
        [0, 1, 2, 3].map(|index: usize| CALLBACKS[index].load(Ordering::Acquire));
    // SAFETY (all four): the runner's functions of these types, or NULL, which is None.
    unsafe {
        Some(Callbacks {
            post_event: std::mem::transmute::<*mut c_void, Option<PostEvent>>(post_event)?,
            create_map: std::mem::transmute::<*mut c_void, Option<CreateMap>>(create_map)?,
            add_double: std::mem::transmute::<*mut c_void, Option<AddDouble>>(add_double)?,
            add_string: std::mem::transmute::<*mut c_void, Option<AddString>>(add_string)?,
        })
    }
}

fn forget_payloads() {
    let posted = &mut *POSTED.lock();
    posted.first += posted.payloads.len() as u64;
    posted.payloads.clear();
}

/// Keeps the payload for `network_event_read_posted`; the number to ask for it.
fn keep(payload: &[u8]) -> f64 {
    let posted = &mut *POSTED.lock();
    posted.payloads.push(payload.into());
    (posted.first + posted.payloads.len() as u64 - 1) as f64
}

/// No lock is held while the runner's functions are called.
fn post(callbacks: Callbacks, event: &NetworkEvent) {
    // These sockets were made from C: what they connected to is what the event says.
    let listening = if event.server >= 0.0 { network_get_port(event.server) } else { 0.0 };
    let keys = EventKeys::new(event, None, listening);
    let data = (event.r#type == f64::from(kind::DATA)).then(|| {
        // SAFETY: a data event has `size` bytes at its buffer.
        keep(unsafe { std::slice::from_raw_parts(event.buffer, event.size as usize) })
    });
    let Callbacks { post_event, create_map, add_double, add_string } = callbacks;
    let put = |map: c_int, key: &CStr, value: f64| {
        // SAFETY: the runner's function; the key is NUL-terminated.
        unsafe { add_double(map, key.as_ptr(), value) };
    };
    // SAFETY: the runner's functions; texts are NUL-terminated and stay until the next event.
    unsafe {
        let map = create_map(0);
        keys.reals().for_each(|key| put(map, key.name, key.value));
        for key in keys.texts() {
            add_string(map, key.name.as_ptr(), key.value);
        }
        if let Some(data) = data {
            put(map, c"data", data);
        }
        post_event(map, ASYNC_NETWORKING);
    }
}
