//! A host of the library: what a game does with the C functions, with deadlines.

use std::ffi::{CStr, CString};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use stepwire::abi::*;

/// Nothing in a test takes longer than this.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The library is one per process, so tests take turns.
static TURN: Mutex<()> = Mutex::new(());

/// The library from its first call to its shutdown.
pub struct Host {
    _turn: MutexGuard<'static, ()>,
}

/// An event with its own memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub kind: i32,
    pub id: f64,
    pub socket: f64,
    pub server: f64,
    pub port: u16,
    pub error: i32,
    pub bytes: Vec<u8>,
    pub ip: String,
    pub reason: String,
    pub message_type: i32,
}

impl Event {
    /// Where an answer goes.
    pub fn from(&self) -> SocketAddr {
        SocketAddr::new(self.ip.parse().expect("an address"), self.port)
    }
}

/// Runs a test with an I/O thread, and again with the I/O done by the test's own polls.
pub fn in_both_modes(test: impl Fn(&Host)) {
    for manual in [false, true] {
        let host = Host::begin();
        assert_eq!(
            network_set_config(network_config_manual_io.into(), f64::from(u8::from(manual)), 0.0),
            0.0
        );
        test(&host);
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        assert_eq!(network_shutdown(), 0.0);
    }
}

/// A number that is no error.
#[track_caller]
pub fn ok(result: f64) -> f64 {
    assert!(result >= 0.0, "{result}: {}", last_error());
    result
}

pub fn last_error() -> String {
    // SAFETY: the library returns a NUL-terminated string.
    unsafe { CStr::from_ptr(network_last_error()) }.to_string_lossy().into_owned()
}

impl Host {
    pub fn begin() -> Self {
        Self { _turn: TURN.lock() }
    }

    pub fn socket(&self) -> f64 {
        ok(network_create_socket(network_socket_udp.into()))
    }

    pub fn server(&self) -> f64 {
        ok(network_create_server(network_socket_udp.into(), 0.0, 1.0))
    }

    pub fn port(&self, socket: f64) -> u16 {
        ok(network_get_port(socket)) as u16
    }

    /// The socket's address on this machine.
    pub fn address(&self, socket: f64) -> SocketAddr {
        SocketAddr::new([127, 0, 0, 1].into(), self.port(socket))
    }

    pub fn set(&self, config: i32, value1: f64, value2: f64) {
        ok(network_set_config(config.into(), value1, value2));
    }

    pub fn send_to(&self, socket: f64, name: &str, port: u16, bytes: &[u8]) -> f64 {
        let name = CString::new(name).expect("no NUL");
        // SAFETY: a string and a buffer of that size.
        unsafe {
            network_send_udp(socket, name.as_ptr(), port.into(), bytes.as_ptr().cast(), bytes.len() as f64)
        }
    }

    pub fn send(&self, socket: f64, to: SocketAddr, bytes: &[u8]) -> f64 {
        self.send_to(socket, &to.ip().to_string(), to.port(), bytes)
    }

    pub fn send_raw(&self, socket: f64, to: SocketAddr, bytes: &[u8]) -> f64 {
        let name = CString::new(to.ip().to_string()).expect("no NUL");
        // SAFETY: a string and a buffer of that size.
        unsafe {
            network_send_udp_raw(
                socket,
                name.as_ptr(),
                to.port().into(),
                bytes.as_ptr().cast(),
                bytes.len() as f64,
            )
        }
    }

    pub fn broadcast(&self, socket: f64, port: u16, bytes: &[u8]) -> f64 {
        // SAFETY: a buffer of that size.
        unsafe { network_send_broadcast(socket, port.into(), bytes.as_ptr().cast(), bytes.len() as f64) }
    }

    pub fn stat(&self, socket: f64, key: &str) -> f64 {
        let key = CString::new(key).expect("no NUL");
        // SAFETY: a string.
        ok(unsafe { network_get_stat(socket, key.as_ptr()) })
    }

    /// The next event, if one waits.
    pub fn poll(&self) -> Option<Event> {
        let mut event = std::mem::MaybeUninit::<NetworkEvent>::uninit();
        // SAFETY: an event that may be written.
        if ok(unsafe { network_poll_event(event.as_mut_ptr()) }) == 0.0 {
            return None;
        }
        // SAFETY: filled in, and nobody polls before the event is copied.
        let (event, bytes, ip, reason) = unsafe {
            let event = event.assume_init();
            let bytes = match event.buffer.is_null() {
                true => Vec::new(),
                false => std::slice::from_raw_parts(event.buffer, event.size as usize).to_vec(),
            };
            let text = |text| CStr::from_ptr(text).to_str().expect("UTF-8").to_owned();
            (event, bytes, text(event.ip), text(event.reason))
        };
        Some(Event {
            kind: event.r#type as i32,
            id: event.id,
            socket: event.socket,
            server: event.server,
            port: event.port as u16,
            error: event.error as i32,
            bytes,
            ip,
            reason,
            message_type: event.message_type as i32,
        })
    }

    /// The next event, which must come.
    #[track_caller]
    pub fn event(&self) -> Event {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(event) = self.poll() {
                return event;
            }
            assert!(Instant::now() < deadline, "no event");
            ok(network_wait(100.0));
        }
    }

    /// Lets the library work until `done`.
    #[track_caller]
    pub fn until(&self, mut done: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done() {
            assert!(Instant::now() < deadline, "it does not come to that");
            ok(network_wait(1.0));
        }
    }

    /// What a plain socket receives next, while the library works.
    #[track_caller]
    pub fn receive(&self, peer: &UdpSocket) -> (Vec<u8>, SocketAddr) {
        let mut room = vec![0; 1 << 16];
        let mut received = None;
        self.until(|| {
            received = peer.recv_from(&mut room).ok();
            received.is_some()
        });
        let (size, from) = received.expect("the condition");
        room.truncate(size);
        (room, from)
    }
}

/// A plain socket that is not of the library.
pub fn peer() -> UdpSocket {
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    peer.set_nonblocking(true).expect("non-blocking");
    peer
}

/// A payload with GameMaker's header.
pub fn packet(payload: &[u8]) -> Vec<u8> {
    let mut packet = stepwire::protocol::packet::header(payload.len() as u32).to_vec();
    packet.extend_from_slice(payload);
    packet
}
