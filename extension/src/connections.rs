//! What the runner's events tell of a socket and the C events do not: whether it is a UDP socket,
//! and where it was told to connect to.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};

use parking_lot::Mutex;

/// GameMaker's `network_socket_udp`.
const SOCKET_UDP: f64 = 1.0;

struct Connection {
    udp: bool,
    target: Option<Destination>,
}

struct Destination {
    url: CString,
    port: f64,
}

struct Connections {
    /// By handle.
    known: BTreeMap<u64, Connection>,
    /// Urls that an event being handed over may still point to; freed by the next step.
    retired: Vec<CString>,
}

static CONNECTIONS: Mutex<Connections> =
    Mutex::new(Connections { known: BTreeMap::new(), retired: Vec::new() });

/// What is known of a socket. The url stays until [`release_retired`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) udp: bool,
    pub(crate) target: Option<(*const c_char, f64)>,
}

/// A socket was created with this type; nothing if that failed.
pub(crate) fn created(socket: f64, socket_type: f64) {
    if let Some(key) = key(socket) {
        let connection = Connection { udp: socket_type == SOCKET_UDP, target: None };
        CONNECTIONS.lock().known.insert(key, connection);
    }
}

/// A socket was told to connect.
pub(crate) fn connecting(socket: f64, url: &CStr, port: f64) {
    let Some(key) = key(socket) else { return };
    let url = url.to_owned();
    let connections = &mut *CONNECTIONS.lock();
    let connection = connections.known.entry(key).or_insert(Connection { udp: false, target: None });
    if let Some(old) = connection.target.replace(Destination { url, port }) {
        connections.retired.push(old.url);
    }
}

/// A socket was destroyed.
pub(crate) fn destroyed(socket: f64) {
    let Some(key) = key(socket) else { return };
    let connections = &mut *CONNECTIONS.lock();
    if let Some(Connection { target: Some(target), .. }) = connections.known.remove(&key) {
        connections.retired.push(target.url);
    }
}

/// What the runner's events need to know of a socket, if it was made from GML and is a client or
/// UDP socket.
pub(crate) fn known(socket: f64) -> Option<Known> {
    let connections = CONNECTIONS.lock();
    let connection = connections.known.get(&key(socket)?)?;
    let target = connection.target.as_ref().map(|target| (target.url.as_ptr(), target.port));
    Some(Known { udp: connection.udp, target })
}

/// Frees the urls of destroyed sockets. No event is being handed over.
pub(crate) fn release_retired() {
    CONNECTIONS.lock().retired.clear();
}

/// Forgets everything.
pub(crate) fn clear() {
    let mut connections = CONNECTIONS.lock();
    connections.known.clear();
    connections.retired.clear();
}

/// A live handle is a small whole number; a failure is negative.
fn key(socket: f64) -> Option<u64> {
    (socket >= 0.0).then_some(socket as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Handles that no other test of this process uses.
    const SOCKET: f64 = 2_000_000_001.0;

    #[test]
    fn a_url_outlives_its_socket_until_released() {
        created(SOCKET, 0.0);
        assert_eq!(known(SOCKET), Some(Known { udp: false, target: None }));
        connecting(SOCKET, c"first", 1.0);
        let first = known(SOCKET).and_then(|known| known.target).unwrap();
        connecting(SOCKET, c"second", 2.0);
        let second = known(SOCKET).and_then(|known| known.target).unwrap();
        destroyed(SOCKET);
        assert_eq!(known(SOCKET), None);
        // SAFETY: nothing was released since.
        assert_eq!(unsafe { CStr::from_ptr(first.0) }, c"first");
        assert_eq!(unsafe { CStr::from_ptr(second.0) }, c"second");
        assert_eq!(second.1, 2.0);
        release_retired();
        assert!(CONNECTIONS.lock().retired.is_empty());
    }

    #[test]
    fn a_failed_create_is_not_remembered() {
        created(-9.0, 1.0);
        assert_eq!(known(-9.0), None);
    }
}
