//! The keys of an Async - Networking event, with GameMaker's meanings: they differ by role from
//! those of a C event.

use std::ffi::{CStr, c_char};

use stepwire::abi::*;

use super::connections::Known;

/// One key that has a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RealKey {
    pub(crate) name: &'static CStr,
    pub(crate) value: f64,
}

/// One key that has a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TextKey {
    pub(crate) name: &'static CStr,
    pub(crate) value: *const c_char,
}

/// Everything but the buffer. It points into the event and borrows nothing with a destructor.
#[derive(Clone, Copy)]
pub(crate) struct EventKeys {
    reals: [Option<RealKey>; REALS],
    texts: [Option<TextKey>; TEXTS],
}

const REALS: usize = 10;
const TEXTS: usize = 2;

/// How a socket came to its event.
enum Subject {
    /// A server and one of its clients.
    ServersClient,
    /// A client socket.
    Client,
    /// A UDP socket or UDP server.
    Udp,
}

impl EventKeys {
    /// `known` is of the socket that the event is about, `listening` the server's port.
    pub(crate) fn new(event: &NetworkEvent, known: Option<Known>, listening: f64) -> Self {
        let mut keys = Self { reals: [None; REALS], texts: [None; TEXTS] };
        let is_data = event.r#type == f64::from(network_type_data);
        let is_writable = event.r#type == f64::from(network_type_writable);
        let is_result = event.r#type == f64::from(network_type_non_blocking_connect);
        keys.real(c"type", event.r#type);
        keys.real(c"id", event.id);
        if !is_data && !is_writable {
            keys.real(c"socket", event.socket);
        }
        if event.server >= 0.0 {
            keys.real(c"server", event.server);
        }
        match role(event, known) {
            Subject::ServersClient => {
                keys.text(c"ip", event.ip);
                keys.real(c"port", listening);
                keys.real(c"other_port", event.port);
            }
            Subject::Udp => {
                keys.text(c"ip", event.ip);
                keys.real(c"port", event.port);
            }
            Subject::Client => {
                let (url, asked) = known.and_then(|known| known.target).unwrap_or((event.ip, event.port));
                // Port 0 leaves the choice to the url; then only the connection knows.
                let port = if asked > 0.0 { asked } else { event.port };
                keys.text(c"ip", url);
                keys.real(c"port", port);
                if !is_result {
                    keys.real(c"other_port", port);
                }
            }
        }
        if is_data {
            keys.real(c"size", event.size);
            if event.message_type > 0.0 {
                keys.real(c"message_type", event.message_type);
            }
        } else if !is_writable && event.r#type != f64::from(network_type_connect) {
            keys.real(c"error", event.error);
            keys.text(c"reason", event.reason);
        }
        if is_result {
            keys.real(c"succeeded", event.succeeded);
        }
        if event.code > 0.0 {
            keys.real(c"code", event.code);
        }
        keys
    }

    pub(crate) fn reals(&self) -> impl Iterator<Item = RealKey> + '_ {
        self.reals.iter().copied().flatten()
    }

    pub(crate) fn texts(&self) -> impl Iterator<Item = TextKey> + '_ {
        self.texts.iter().copied().flatten()
    }

    fn real(&mut self, name: &'static CStr, value: f64) {
        if let Some(free) = self.reals.iter_mut().find(|key| key.is_none()) {
            *free = Some(RealKey { name, value });
        }
    }

    fn text(&mut self, name: &'static CStr, value: *const c_char) {
        if let Some(free) = self.texts.iter_mut().find(|key| key.is_none()) {
            *free = Some(TextKey { name, value });
        }
    }
}

/// The socket whose connection the event is about. That a reliable UDP peer is gone is about the
/// socket it spoke with, which stands in `id`.
pub(crate) fn subject(event: &NetworkEvent) -> f64 {
    if event.socket < 0.0 { event.id } else { event.socket }
}

fn role(event: &NetworkEvent, known: Option<Known>) -> Subject {
    if event.server >= 0.0 {
        // A TCP or WebSocket server shares its events with a client, a UDP server does not.
        if subject(event) == event.server { Subject::Udp } else { Subject::ServersClient }
    } else if known.is_some_and(|known| known.udp) {
        Subject::Udp
    } else {
        Subject::Client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &CStr = c"192.0.2.7";
    const URL: &CStr = c"ws://example.test/game";
    const WHY: &CStr = c"the peer closed the connection";
    const LISTENING: f64 = 6510.0;

    fn event(kind: i32) -> NetworkEvent {
        // SAFETY: numbers and pointers, all of which may be zero.
        let zero: NetworkEvent = unsafe { std::mem::zeroed() };
        NetworkEvent {
            r#type: f64::from(kind),
            id: 3.0,
            socket: -1.0,
            server: -1.0,
            port: 50_000.0,
            ip: PEER.as_ptr(),
            reason: c"".as_ptr(),
            ..zero
        }
    }

    /// The keys as sorted "name=value" words.
    fn words(event: &NetworkEvent, known: Option<Known>) -> Vec<String> {
        let keys = EventKeys::new(event, known, LISTENING);
        let reals = keys.reals().map(|key| (key.name, key.value.to_string()));
        let texts = keys.texts().map(|key| {
            // SAFETY: all texts of these tests are literals.
            (key.name, unsafe { CStr::from_ptr(key.value) }.to_str().unwrap().to_owned())
        });
        let mut words: Vec<String> =
            reals.chain(texts).map(|(name, value)| format!("{}={value}", name.to_str().unwrap())).collect();
        words.sort();
        words
    }

    fn client(port: f64) -> Option<Known> {
        Some(Known { udp: false, target: Some((URL.as_ptr(), port)) })
    }

    const UDP: Option<Known> = Some(Known { udp: true, target: None });

    #[test]
    fn connect_on_a_server() {
        let event = NetworkEvent { id: 1.0, socket: 3.0, server: 1.0, ..event(network_type_connect) };
        assert_eq!(
            words(&event, None),
            ["id=1", "ip=192.0.2.7", "other_port=50000", "port=6510", "server=1", "socket=3", "type=1"]
        );
    }

    #[test]
    fn disconnect_on_a_server() {
        let event = NetworkEvent {
            id: 1.0,
            socket: 3.0,
            server: 1.0,
            error: -16.0,
            reason: WHY.as_ptr(),
            ..event(network_type_disconnect)
        };
        assert_eq!(
            words(&event, None),
            [
                "error=-16",
                "id=1",
                "ip=192.0.2.7",
                "other_port=50000",
                "port=6510",
                "reason=the peer closed the connection",
                "server=1",
                "socket=3",
                "type=2"
            ]
        );
    }

    #[test]
    fn data_from_a_servers_client() {
        let event = NetworkEvent { server: 1.0, size: 5.0, message_type: 2.0, ..event(network_type_data) };
        assert_eq!(
            words(&event, None),
            [
                "id=3",
                "ip=192.0.2.7",
                "message_type=2",
                "other_port=50000",
                "port=6510",
                "server=1",
                "size=5",
                "type=3"
            ]
        );
    }

    #[test]
    fn data_on_a_client_socket() {
        let event = NetworkEvent { size: 0.0, ..event(network_type_data) };
        assert_eq!(
            words(&event, client(8080.0)),
            ["id=3", "ip=ws://example.test/game", "other_port=8080", "port=8080", "size=0", "type=3"]
        );
    }

    #[test]
    fn a_port_from_the_url_is_the_connections() {
        let event = NetworkEvent { port: 80.0, ..event(network_type_data) };
        let words = words(&event, client(0.0));
        assert!(words.contains(&"port=80".to_owned()), "{words:?}");
    }

    #[test]
    fn result_of_a_connect() {
        let event = NetworkEvent {
            socket: 3.0,
            error: -6.0,
            reason: WHY.as_ptr(),
            ..event(network_type_non_blocking_connect)
        };
        assert_eq!(
            words(&event, client(8080.0)),
            [
                "error=-6",
                "id=3",
                "ip=ws://example.test/game",
                "port=8080",
                "reason=the peer closed the connection",
                "socket=3",
                "succeeded=0",
                "type=4"
            ]
        );
    }

    #[test]
    fn disconnect_on_a_client_socket() {
        let event = NetworkEvent { socket: 3.0, ..event(network_type_disconnect) };
        assert_eq!(
            words(&event, client(8080.0)),
            [
                "error=0",
                "id=3",
                "ip=ws://example.test/game",
                "other_port=8080",
                "port=8080",
                "reason=",
                "socket=3",
                "type=2"
            ]
        );
    }

    #[test]
    fn the_close_code_of_a_websocket() {
        let event = NetworkEvent { socket: 3.0, code: 4001.0, ..event(network_type_disconnect) };
        let words = words(&event, client(8080.0));
        assert!(words.contains(&"code=4001".to_owned()), "{words:?}");
    }

    #[test]
    fn a_datagram_says_whom_to_answer() {
        let expected = ["id=3", "ip=192.0.2.7", "port=50000", "size=4", "type=3"];
        let event = NetworkEvent { size: 4.0, ..event(network_type_data) };
        assert_eq!(words(&event, UDP), expected);
        let on_server = NetworkEvent { server: 3.0, ..event };
        let mut with_server = expected.to_vec();
        with_server.insert(3, "server=3");
        assert_eq!(words(&on_server, None), with_server);
    }

    #[test]
    fn a_socket_that_has_room_again() {
        let event = event(network_type_writable);
        let of_client = ["id=3", "ip=ws://example.test/game", "other_port=8080", "port=8080", "type=1001"];
        assert_eq!(words(&event, client(8080.0)), of_client);
        let of_servers = NetworkEvent { server: 1.0, ..event };
        assert_eq!(
            words(&of_servers, None),
            ["id=3", "ip=192.0.2.7", "other_port=50000", "port=6510", "server=1", "type=1001"]
        );
        assert_eq!(words(&event, UDP), ["id=3", "ip=192.0.2.7", "port=50000", "type=1001"]);
    }

    #[test]
    fn a_reliable_peer_that_was_given_up() {
        let event = NetworkEvent {
            socket: -1.0,
            server: 3.0,
            error: -6.0,
            reason: WHY.as_ptr(),
            ..event(network_type_disconnect)
        };
        let words = words(&event, None);
        assert!(words.contains(&"port=50000".to_owned()), "{words:?}");
        assert!(words.contains(&"ip=192.0.2.7".to_owned()), "{words:?}");
        assert!(words.contains(&"error=-6".to_owned()), "{words:?}");
    }
}
