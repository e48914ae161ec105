//! Events for GameMaker runners that give extensions their callbacks and no interface table: they
//! can make maps but no buffers, so payload is fetched by copy.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::transmute;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use parking_lot::Mutex;

use crate::abi::boundary::number;
use crate::abi::{arg, network_get_port};
use crate::context::CONTEXT;
use crate::error::{Code, Error, Result};
use crate::event::{NetworkEvent, kind};
use crate::runtime;

use super::event_keys::EventKeys;

/// GameMaker's `ev_async_web_networking`.
const ASYNC_NETWORKING: c_int = 68;

/// The runner's functions, in the order of `RegisterCallbacks`.
static CALLBACKS: [AtomicPtr<c_void>; 4] = [const { AtomicPtr::new(ptr::null_mut()) }; 4];

#[derive(Clone, Copy)]
struct Callbacks {
    post_event: unsafe extern "C" fn(map: c_int, event: c_int),
    create_map: unsafe extern "C" fn(count: c_int, ...) -> c_int,
    add_double: unsafe extern "C" fn(map: c_int, key: *const c_char, value: f64) -> bool,
    add_string: unsafe extern "C" fn(map: c_int, key: *const c_char, value: *const c_char) -> bool,
}

/// Payloads that the last `network_event_post` has announced.
struct Posted {
    /// The number of the first of them.
    first: u64,
    payloads: Vec<Box<[u8]>>,
}

static POSTED: Mutex<Posted> = Mutex::new(Posted { first: 0, payloads: Vec::new() });

/// cbindgen:ignore
///
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

/// Posts every event that was waiting to the GameMaker runner that called `RegisterCallbacks`, as
/// Async - Networking events. They have the keys of the built-in ones, and `error` and `reason`.
/// Runners cannot be given bytes this way: instead of `buffer`, data has the key `data`, for
/// `network_event_read_posted`.
///
/// Returns how many events there were, or `network_error_not_supported` if no runner has registered,
/// `network_error_busy` inside a callback. On the game's thread; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn network_event_post() -> f64 {
    number(|| {
        let callbacks = callbacks().ok_or_else(|| {
            Error::new(Code::NotSupported, "no GameMaker runner has registered its callbacks")
        })?;
        forget_payloads();
        // Events that arrive meanwhile are for the next call, so that a flood cannot keep it here.
        let mut left = None;
        let mut posted = 0.0;
        while left != Some(0)
            && let Some(event) = runtime::next_event(|context| context.events.next(context))?
        {
            left = Some(left.map_or_else(|| CONTEXT.events.waiting(), |left| left - 1));
            post(callbacks, &event);
            posted += 1.0;
        }
        Ok(posted)
    })
}

/// Copies payload of a data event that `network_event_post` has posted: up to `size` bytes from
/// `offset` on to `destination`, which has room for `size` bytes. `data` is that key of the event.
/// The payload stays until the next `network_event_post`.
///
/// Returns how many bytes were copied, 0 at the payload's end; or `network_error_bad_argument`, also
/// if there is no such payload (any more). Any thread; does not block.
///
/// # Safety
///
/// `destination` is NULL or has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn network_event_read_posted(
    data: f64,
    destination: *mut c_void,
    offset: f64,
    size: f64,
) -> f64 {
    number(|| {
        let data = arg::size(data)? as u64;
        let offset = arg::size(offset)?;
        let size = arg::size(size)?;
        if destination.is_null() && size > 0 {
            return Err(Error::bad_argument("the destination is NULL"));
        }
        let posted = POSTED.lock();
        let payload = posted_payload(&posted, data)?;
        let copied = size.min(payload.len().saturating_sub(offset));
        if copied > 0 {
            // SAFETY: the payload has so many bytes behind the offset; the caller promises room for
            // `size` bytes, which do not overlap it.
            unsafe { ptr::copy_nonoverlapping(payload[offset..].as_ptr(), destination.cast(), copied) };
        }
        Ok(copied as f64)
    })
}

fn posted_payload(posted: &Posted, data: u64) -> Result<&[u8]> {
    data.checked_sub(posted.first)
        .and_then(|index| posted.payloads.get(usize::try_from(index).ok()?))
        .map(AsRef::as_ref)
        .ok_or_else(|| {
            Error::bad_argument("no payload of that number is left from the last network_event_post")
        })
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
            post_event: transmute::<*mut c_void, unsafe extern "C" fn(c_int, c_int)>(post_event),
            create_map: transmute::<*mut c_void, unsafe extern "C" fn(c_int, ...) -> c_int>(create_map),
            add_double: transmute::<*mut c_void, unsafe extern "C" fn(c_int, *const c_char, f64) -> bool>(
                add_double,
            ),
            add_string: transmute::<
                *mut c_void,
                unsafe extern "C" fn(c_int, *const c_char, *const c_char) -> bool,
            >(add_string),
        })
    }
}

fn forget_payloads() {
    let posted = &mut *POSTED.lock();
    posted.first += posted.payloads.len() as u64;
    posted.payloads.clear();
}

/// Keeps a payload and numbers it.
fn keep(payload: &[u8]) -> f64 {
    let posted = &mut *POSTED.lock();
    posted.payloads.push(payload.into());
    (posted.first + posted.payloads.len() as u64 - 1) as f64
}

/// Calls the runner's functions, with no lock held.
fn post(callbacks: Callbacks, event: &NetworkEvent) {
    // These sockets were made from C: what they connected to is what the event says.
    let listening = if event.server >= 0.0 { network_get_port(event.server) } else { 0.0 };
    let keys = EventKeys::new(event, None, listening);
    let data = (event.r#type == f64::from(kind::DATA)).then(|| {
        // SAFETY: a data event has `size` bytes at its buffer until the next event.
        keep(unsafe { std::slice::from_raw_parts(event.buffer, event.size as usize) })
    });
    let Callbacks { post_event, create_map, add_double, add_string } = callbacks;
    let put = |map: c_int, key: &CStr, value: f64| {
        // SAFETY: the runner's function, and a C string.
        unsafe { add_double(map, key.as_ptr(), value) };
    };
    // SAFETY: the runner's functions, and C strings that stay until the next event.
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
