//! What GameMaker's runners call, by C types and with values of their own, without the runner's own functions.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

// Its entry points are found by their names.
use stepwire_extension as _;

use crate::script::Script;

/// A runner's value: a number, or a kind that is none.
#[repr(C, packed(4))]
#[derive(Clone, Copy)]
struct Value {
    payload: u64,
    flags: u32,
    kind: u32,
}

type Entry = unsafe extern "C" fn(*mut Value, *mut c_void, *mut c_void, c_int, *const Value);

unsafe extern "C" {
    fn stepwire_create_socket(kind: f64) -> f64;
    fn stepwire_create_server(kind: f64, port: f64, clients: f64) -> f64;
    fn stepwire_connect_async(socket: f64, url: *const c_char, port: f64) -> f64;
    fn stepwire_set_config_real(option: f64, value: f64, other: f64) -> f64;
    fn stepwire_destroy(socket: f64) -> f64;
    fn stepwire_get_stat(socket: f64, key: *const c_char) -> f64;
    fn stepwire_get_string(socket: f64, key: *const c_char) -> *const c_char;
    fn stepwire_event_next() -> f64;
    fn stepwire_event_real(key: *const c_char) -> f64;
    fn stepwire_event_string(key: *const c_char) -> *const c_char;
    fn stepwire_final() -> f64;

    #[link_name = "_Z22stepwire_create_socketR6RValueP9CInstanceS2_iPS_"]
    fn value_create_socket(_: *mut Value, _: *mut c_void, _: *mut c_void, _: c_int, _: *const Value);
    #[link_name = "_Z22stepwire_create_serverR6RValueP9CInstanceS2_iPS_"]
    fn value_create_server(_: *mut Value, _: *mut c_void, _: *mut c_void, _: c_int, _: *const Value);
    #[link_name = "_Z16stepwire_destroyR6RValueP9CInstanceS2_iPS_"]
    fn value_destroy(_: *mut Value, _: *mut c_void, _: *mut c_void, _: c_int, _: *const Value);
    #[link_name = "_Z22stepwire_connect_asyncR6RValueP9CInstanceS2_iPS_"]
    fn value_connect_async(_: *mut Value, _: *mut c_void, _: *mut c_void, _: c_int, _: *const Value);
    #[link_name = "_Z27stepwire_send_packet_bufferR6RValueP9CInstanceS2_iPS_"]
    fn value_send_packet(_: *mut Value, _: *mut c_void, _: *mut c_void, _: c_int, _: *const Value);
    #[link_name = "_Z20stepwire_set_timeoutR6RValueP9CInstanceS2_iPS_"]
    fn value_set_timeout(_: *mut Value, _: *mut c_void, _: *mut c_void, _: c_int, _: *const Value);
}

const ENTRIES: [Entry; 6] = [
    value_create_socket,
    value_create_server,
    value_destroy,
    value_connect_async,
    value_send_packet,
    value_set_timeout,
];

fn value(script: &mut Script<'_>) -> Value {
    let number = if script.byte() % 2 == 0 { script.result() } else { script.number() };
    let kind = [0, 0, 0, 1, 2, 3, 5, 6, 7, 10, 12, 13, 15, 0xff_ffff, 77, 0x0100_0000];
    let kind = kind[usize::from(script.byte()) % kind.len()];
    let payload = if kind == 0 { number.to_bits() } else { number as i64 as u64 };
    Value { payload, flags: 0, kind }
}

/// Plays a script: nothing breaks.
pub fn play(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    for _ in 0..64 {
        let Some(call) = script.next() else { break };
        let result = unsafe { step(&mut script, call) };
        script.keep(result);
    }
    unsafe { stepwire_final() };
}

unsafe fn step(s: &mut Script<'_>, call: u8) -> f64 {
    unsafe {
        match call % 12 {
            0 => stepwire_create_socket(s.number()),
            1 => stepwire_create_server(s.number(), 0.0, s.number()),
            2 => stepwire_connect_async(s.result(), s.text().as_ptr(), s.result()),
            // Not the log's level.
            3 => stepwire_set_config_real(1000.0 + f64::from(s.byte() % 32), s.result(), s.number()),
            4 => stepwire_destroy(s.result()),
            5 => stepwire_get_stat(s.result(), s.text().as_ptr()),
            6 => {
                assert!(!stepwire_get_string(s.result(), s.text().as_ptr()).is_null());
                0.0
            }
            7 => stepwire_event_next(),
            8 => {
                assert!(!stepwire_event_string(s.text().as_ptr()).is_null());
                stepwire_event_real(s.text().as_ptr()).min(0.0)
            }
            _ => {
                let entry = ENTRIES[usize::from(s.byte()) % ENTRIES.len()];
                let values: [Value; 6] = std::array::from_fn(|_| value(s));
                let count = [0, 1, 2, 3, 3, 5, 6, -1][usize::from(s.byte()) % 8];
                let mut result = Value { payload: 0, flags: 0, kind: 0xff_ffff };
                entry(&mut result, ptr::null_mut(), ptr::null_mut(), count, values.as_ptr());
                if result.kind == 0 { f64::from_bits(result.payload) } else { 0.0 }
            }
        }
    }
}
