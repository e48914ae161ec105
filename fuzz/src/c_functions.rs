//! The C functions against live sockets on the loopback interface.

use std::ffi::CStr;
use std::ptr;

use stepwire::abi::*;

use crate::script::{Script, check};

/// The longest that one call may wait, in ms.
const PATIENCE: f64 = 20.0;

/// Plays a script: nothing breaks, and whatever fails says so with a number that has a name.
pub fn play(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let flags = script.byte();
    network_set_config(1012.0, f64::from(flags & 1), 0.0);
    network_set_config(0.0, PATIENCE, 0.0);
    network_set_config(1016.0, 200.0, 0.0);
    for _ in 0..96 {
        let Some(call) = script.next() else { break };
        let (name, result) = unsafe { step(&mut script, call) };
        check(name, result);
        script.keep(result);
        if result < 0.0 {
            // SAFETY: what it returns is NUL-terminated.
            let sentence = unsafe { CStr::from_ptr(network_last_error()) };
            assert!(!sentence.is_empty(), "{name} returned {result} without a word");
            assert!(sentence.to_str().is_ok());
        }
    }
    assert_eq!(network_shutdown(), 0.0);
    let mut event = unsafe { std::mem::zeroed() };
    assert_eq!(unsafe { network_poll_event(&mut event) }, 0.0, "an event after the end");
}

unsafe extern "C-unwind" fn on_event(event: *const NetworkEvent, _: *mut std::ffi::c_void) {
    let event = unsafe { &*event };
    touch(event);
    if event.r#type == 1.0 {
        unsafe { network_send_packet(event.socket, c"welcome".as_ptr().cast(), 7.0) };
    }
    if event.r#type == 3.0 && event.size == 3.0 {
        network_destroy(event.id);
    }
}

/// Reads all that an event points to.
fn touch(event: &NetworkEvent) {
    assert!(!event.ip.is_null() && !event.reason.is_null());
    let texts = unsafe { [CStr::from_ptr(event.ip), CStr::from_ptr(event.reason)] };
    assert!(texts.iter().all(|text| text.to_str().is_ok()));
    if !event.buffer.is_null() {
        let bytes = unsafe { std::slice::from_raw_parts(event.buffer, event.size as usize) };
        std::hint::black_box(bytes.iter().fold(0u8, |sum, byte| sum ^ byte));
    }
}

unsafe fn step(s: &mut Script<'_>, call: u8) -> (&'static str, f64) {
    let user = ptr::null_mut();
    unsafe {
        match call % 40 {
            0 => ("create_socket", network_create_socket(s.number())),
            1 => ("create_socket_ext", network_create_socket_ext(s.number(), 0.0)),
            2 => ("create_server", network_create_server(s.number(), 0.0, s.number())),
            3 => ("create_server_raw", network_create_server_raw(s.number(), 0.0, s.number())),
            4 => ("get_port", network_get_port(s.result())),
            5 => ("connect_async", network_connect_async(s.result(), s.text().as_ptr(), s.result())),
            6 => ("connect_raw_async", network_connect_raw_async(s.result(), s.text().as_ptr(), s.result())),
            7 => {
                network_set_config(0.0, PATIENCE, 0.0);
                ("connect", network_connect(s.result(), c"127.0.0.1".as_ptr(), s.result()))
            }
            8 => {
                network_set_config(0.0, PATIENCE, 0.0);
                ("connect_raw", network_connect_raw(s.result(), c"127.0.0.1".as_ptr(), s.result()))
            }
            9 | 10 => {
                let (bytes, size) = s.buffer();
                ("send_packet", network_send_packet(s.result(), bytes.as_ptr().cast(), size))
            }
            11 => {
                let (bytes, size) = s.buffer();
                ("send_raw", network_send_raw(s.result(), bytes.as_ptr().cast(), size, s.number()))
            }
            12 => {
                let (bytes, size) = s.buffer();
                let (socket, host) = (s.result(), s.text().as_ptr());
                ("send_udp", network_send_udp(socket, host, s.result(), bytes.as_ptr().cast(), size))
            }
            13 => {
                let (bytes, size) = s.buffer();
                let (socket, host) = (s.result(), s.text().as_ptr());
                ("send_udp_raw", network_send_udp_raw(socket, host, s.result(), bytes.as_ptr().cast(), size))
            }
            14 => ("set_udp_target", network_set_udp_target(s.result(), s.text().as_ptr(), s.result())),
            15 => {
                let (bytes, size) = s.buffer();
                ("send_udp_to_target", network_send_udp_to_target(s.result(), bytes.as_ptr().cast(), size))
            }
            16 => ("destroy", network_destroy(s.result())),
            17 => ("close", network_close(s.result(), s.number(), s.text().as_ptr())),
            18 => ("set_timeout", network_set_timeout(s.result(), s.number(), s.number())),
            19 => {
                // Waits are bounded elsewhere, and the log goes to standard error.
                let option = 1000.0 + f64::from(s.byte() % 40);
                ("set_config", network_set_config(option, s.result(), s.number()))
            }
            20 => {
                let option = 1.0 + f64::from(s.byte() % 8);
                ("set_config", network_set_config(option, s.result(), s.number()))
            }
            21 => {
                let option = [1007.0, 1008.0, 1009.0, 5.0, 1026.0, 1027.0, 1028.0][usize::from(s.byte()) % 7];
                ("set_config_string", network_set_config_string(option, s.result(), s.text().as_ptr()))
            }
            22 | 23 => {
                let mut event = std::mem::zeroed();
                let result = network_poll_event(&mut event);
                if result == 1.0 {
                    touch(&event);
                    s.keep(event.socket);
                    if event.id >= 0.0 {
                        s.keep(event.id);
                    }
                }
                ("poll_event", result)
            }
            24 => ("poll", network_poll(Some(on_event), user)),
            25 | 26 => ("wait", network_wait([0.0, 1.0, 5.0, -1.0, f64::NAN][usize::from(s.byte()) % 5])),
            27 => ("event_next", network_event_next()),
            28 => ("event_real", network_event_real(s.text().as_ptr()).max(-1.0).min(0.0)),
            29 => {
                let mut room = [0u8; 64];
                let size = [0.0, 64.0, -1.0, f64::NAN][usize::from(s.byte()) % 4];
                ("event_read", network_event_read(room.as_mut_ptr().cast(), s.number(), size))
            }
            30 => ("create_group", network_create_group()),
            31 => ("group_add", network_group_add(s.result(), s.result())),
            32 => ("group_remove", network_group_remove(s.result(), s.result())),
            33 => {
                let (bytes, size) = s.buffer();
                let group = s.result();
                ("group_send", network_group_send_packet(group, bytes.as_ptr().cast(), size, s.result()))
            }
            34 => {
                let (bytes, size) = s.buffer();
                let sockets = [s.result(), s.result(), s.number()];
                let mut results = [0.0; 3];
                let count = [0.0, 1.0, 3.0, -1.0, f64::NAN][usize::from(s.byte()) % 5];
                let (sockets, results) = (sockets.as_ptr(), results.as_mut_ptr());
                ("send_many", network_send_packet_many(sockets, count, bytes.as_ptr().cast(), size, results))
            }
            35 => {
                let text = CStr::from_ptr(network_get_string(s.result(), s.text().as_ptr()));
                assert!(text.to_str().is_ok());
                ("get_string", 0.0)
            }
            36 => ("get_stat", network_get_stat(s.result(), s.text().as_ptr())),
            37 => {
                assert!(CStr::from_ptr(network_get_metrics()).to_str().is_ok());
                assert!(CStr::from_ptr(network_next_log()).to_str().is_ok());
                assert!(CStr::from_ptr(network_get_address(s.number())).to_str().is_ok());
                ("texts", 0.0)
            }
            38 => ("wake", network_wake()),
            _ => ("shutdown", if s.byte() % 8 == 0 { network_shutdown() } else { 0.0 }),
        }
    }
}
