//! stepwire's public C functions, as far as they are used here. The program has the library; this crate has no copy of
//! it, so that both work on the same sockets.

use std::ffi::{CStr, CString, c_char, c_void};

use crate::error::{Code, Error, Result};

pub(crate) const SOCKET_TCP: f64 = 0.0;
pub(crate) const SOCKET_WS: f64 = 6.0;
pub(crate) const SOCKET_WSS: f64 = 7.0;

const TYPE_DISCONNECT: f64 = 2.0;
const TYPE_DATA: f64 = 3.0;
const TYPE_NON_BLOCKING_CONNECT: f64 = 4.0;

/// The beginning of `NetworkEvent`, field for field up to the last one that is read here. What stepwire's header has
/// behind it is not looked at, so it may grow.
#[repr(C)]
#[allow(missing_debug_implementations)]
pub struct NetworkEvent {
    r#type: f64,
    id: f64,
    _socket: f64,
    _server: f64,
    _port: f64,
    succeeded: f64,
    _message_type: f64,
    error: f64,
    size: f64,
    buffer: *const u8,
    _ip: *const c_char,
    reason: *const c_char,
}

#[cfg_attr(windows, link(name = "stepwire", kind = "raw-dylib"))]
unsafe extern "C" {
    fn network_create_socket(kind: f64) -> f64;
    fn network_connect_raw_async(socket: f64, url: *const c_char, port: f64) -> f64;
    fn network_send_raw(socket: f64, buffer: *const c_void, size: f64, options: f64) -> f64;
    fn network_destroy(socket: f64) -> f64;
    fn network_last_error() -> *const c_char;
}

/// What an event says about the socket it belongs to.
pub(crate) enum Happened<'a> {
    Connected,
    NotConnected {
        error: f64,
        reason: String,
    },
    Data(&'a [u8]),
    Disconnected {
        error: f64,
        reason: String,
    },
    /// Something that is of no interest here.
    Other,
}

/// A socket of stepwire's that connects to somebody, destroyed with this.
#[derive(Debug)]
pub(crate) struct Socket(f64);

impl Socket {
    /// A socket of that kind, on its way to `url`.
    pub(crate) fn connect(kind: f64, url: &str, port: u16) -> Result<Self> {
        let url = CString::new(url).map_err(|_| Error::bad_argument("the url has a NUL in it"))?;
        // SAFETY: it takes any number.
        let socket = Self(checked(unsafe { network_create_socket(kind) })?);
        // SAFETY: the string lives through the call.
        checked(unsafe { network_connect_raw_async(socket.0, url.as_ptr(), f64::from(port)) })?;
        Ok(socket)
    }

    /// Queues the bytes; all of them or, with an error, none.
    pub(crate) fn send(&self, bytes: &[u8]) -> Result<()> {
        // SAFETY: the slice is what it says.
        let sent = unsafe { network_send_raw(self.0, bytes.as_ptr().cast(), bytes.len() as f64, 0.0) };
        checked(sent).map(drop)
    }

    /// What the event says about this socket; None if it is about another one.
    ///
    /// # Safety
    ///
    /// The event's pointers are as stepwire handed them out, and still valid.
    pub(crate) unsafe fn happened<'a>(&self, event: &'a NetworkEvent) -> Option<Happened<'a>> {
        if event.id != self.0 {
            return None;
        }
        // SAFETY: stepwire's strings are never NULL and end with NUL.
        let reason = || unsafe { CStr::from_ptr(event.reason) }.to_string_lossy().into_owned();
        let error = event.error;
        Some(match event.r#type {
            TYPE_NON_BLOCKING_CONNECT if event.succeeded == 1.0 => Happened::Connected,
            TYPE_NON_BLOCKING_CONNECT => Happened::NotConnected { error, reason: reason() },
            TYPE_DISCONNECT => Happened::Disconnected { error, reason: reason() },
            // SAFETY: the buffer of a data event is not NULL and has that size.
            TYPE_DATA => {
                Happened::Data(unsafe { std::slice::from_raw_parts(event.buffer, event.size as usize) })
            }
            _ => Happened::Other,
        })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // What was accepted is still sent. A failure means that the socket is gone already.
        // SAFETY: it takes any number.
        unsafe { network_destroy(self.0) };
    }
}

fn checked(value: f64) -> Result<f64> {
    if value >= 0.0 {
        return Ok(value);
    }
    // SAFETY: it returns a string that is valid until this thread's next calls.
    let reason = unsafe { CStr::from_ptr(network_last_error()) }.to_string_lossy().into_owned();
    Err(Error::new(Code::of(value), reason))
}
