//! Every option of `network_set_config` and `network_set_config_string`.

/// What an option is set for, and so what the first value of a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The whole library: `value1` is the option's value, `value2` is 0.
    Library,
    /// One socket.
    Socket,
    /// One socket, or with -1 the sockets created from then on.
    SocketOrDefault,
}

/// What an option's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 0 or 1.
    Flag,
    /// A whole number, both ends included.
    Integer {
        /// "ms", "bytes", or none.
        unit: &'static str,
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// 0 to 100.
    Percentage,
    /// No value: the call itself is it, and `value2` is 0.
    Action,
    /// For `network_set_config_string`.
    Text,
    /// Likewise: the path of a file that is there, or "".
    File,
}

impl Kind {
    /// Whether it is set with `network_set_config_string`.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::File)
    }
}

/// Kinds of sockets, one bit each.
pub type Sockets = u8;

/// A client over TCP.
pub const TCP_CLIENT: Sockets = 1;
/// A client over a WebSocket.
pub const WEBSOCKET_CLIENT: Sockets = 1 << 1;
/// A TCP server; the connections it accepts begin with what it has.
pub const TCP_SERVER: Sockets = 1 << 2;
/// A WebSocket server without TLS, likewise.
pub const WS_SERVER: Sockets = 1 << 3;
/// A TCP connection that a server accepted.
pub const TCP_ACCEPTED: Sockets = 1 << 4;
/// A WebSocket that a server accepted.
pub const WEBSOCKET_ACCEPTED: Sockets = 1 << 5;
/// A UDP socket, also one made as a server.
pub const UDP: Sockets = 1 << 6;

/// A WebSocket server with TLS.
pub const WSS_SERVER: Sockets = 1 << 7;

/// All WebSocket servers.
pub const WEBSOCKET_SERVER: Sockets = WS_SERVER | WSS_SERVER;
/// All servers of connections.
pub const SERVERS: Sockets = TCP_SERVER | WEBSOCKET_SERVER;
/// All WebSockets, and their servers.
pub const WEBSOCKETS: Sockets = WEBSOCKET_CLIENT | WEBSOCKET_SERVER | WEBSOCKET_ACCEPTED;
/// All connections, and their servers.
pub const STREAMS: Sockets = TCP_CLIENT | TCP_SERVER | TCP_ACCEPTED | WEBSOCKETS;
/// Whatever there is.
pub const ANY: Sockets = STREAMS | UDP;

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// As in the header.
    pub name: &'static str,
    /// Its number; numbers are never reused.
    pub number: i32,
    /// What it is set for.
    pub scope: Scope,
    /// Which sockets take it; on others it is `network_error_wrong_kind`.
    pub sockets: Sockets,
    /// What its value is.
    pub kind: Kind,
    /// The default, as a person reads it.
    pub default: &'static str,
    /// One line for GameMaker's function list; empty: not for games.
    pub summary: &'static str,
    /// What it does: the header's comment.
    pub doc: &'static str,
}

/// The row of an option's number.
pub fn find(number: i32) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.number == number)
}

/// The largest byte count or time an option takes.
const MOST: u64 = i32::MAX as u64;
/// The longest simulated delay in ms.
const MOST_SIMULATED: u64 = 60_000;

const fn ms(least: u64) -> Kind {
    Kind::Integer { unit: "ms", least, most: MOST }
}

const fn bytes(least: u64) -> Kind {
    Kind::Integer { unit: "bytes", least, most: MOST }
}

const fn simulated() -> Kind {
    Kind::Integer { unit: "ms", least: 0, most: MOST_SIMULATED }
}

const fn number(least: u64, most: u64) -> Kind {
    Kind::Integer { unit: "", least, most }
}

/// Writes constants and table from one list, so that neither can say what the other does not.
macro_rules! options {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $scope:ident, $sockets:expr, $kind:expr, $default:literal, $summary:literal;)*) => {
        $($(#[doc = $doc])+ #[allow(non_upper_case_globals, reason = "the name in C")] pub const $name: i32 = $number;)*

        /// Every option, by number.
        pub static TABLE: &[Row] = &[$(Row {
            name: stringify!($name),
            number: $number,
            scope: Scope::$scope,
            sockets: $sockets,
            kind: $kind,
            default: $default,
            summary: $summary,
            doc: concat!($($doc, "\n"),+),
        }),*];
    };
}

options! {
    /// How long a connect may take, for later connects. It is also the time for handshakes with a server
    /// unless `network_config_handshake_timeout` is set.
    network_config_connect_timeout = 0, Library, 0, ms(1), "10000", "";
    /// `network_connect` and `network_connect_raw` return at once.
    network_config_use_non_blocking_socket = 1, Library, 0, Kind::Flag, "0", "";
    /// Reliable delivery on a UDP socket or server. From then on `network_send_udp` sends messages of up
    /// to 64 MiB that arrive exactly once at a peer which has it enabled too; raw sends and broadcasts
    /// stay plain datagrams. A peer that is given up brings a `network_type_disconnect` event. Nobody can
    /// forge or replay such messages, or end a session, who does not read the traffic; who does can, for
    /// nothing is encrypted. Plain datagrams, which anybody can send in anybody's name, arrive as well
    /// unless `network_config_reliable_only` is set: `message_type` tells the two apart.
    network_config_enable_reliable_udp = 2, SocketOrDefault, UDP, Kind::Action, "off", "";
    /// Plain UDP again. What was sent before is still delivered, for at most 2 seconds; what peers go on
    /// sending by the protocol is dropped.
    network_config_disable_reliable_udp = 3, SocketOrDefault, UDP, Kind::Action, "", "";
    /// Closing the TCP connection resets it (SO_LINGER 0), so that no TIME_WAIT stays behind. Cannot be
    /// undone. On a server: its later connections.
    network_config_avoid_time_wait = 4, SocketOrDefault, STREAMS, Kind::Action, "off", "";
    /// WebSocket subprotocols, comma-separated, the preferred first. A client offers them; a server
    /// chooses one that the client offers, and takes clients that offer none. A server without any
    /// answers without one, which browsers that offered some treat as a failure.
    network_config_websocket_protocol = 5, SocketOrDefault, WEBSOCKET_CLIENT | WEBSOCKET_SERVER, Kind::Text, "\"\"", "twin of network_config_websocket_protocol for releases that lack it";
    /// Broadcasts also go to ff02::1, and what is sent there is received.
    network_config_enable_multicast = 6, SocketOrDefault, UDP, Kind::Action, "off", "twin of network_config_enable_multicast for releases that lack it";
    /// The opposite.
    network_config_disable_multicast = 7, SocketOrDefault, UDP, Kind::Action, "", "twin of network_config_disable_multicast for releases that lack it";
    /// The largest message accepted from peers. On a server it holds for the connections it accepts from
    /// then on.
    network_config_message_size_limit = 8, SocketOrDefault, ANY, bytes(1), "64 MiB for created sockets, 4 MiB for connections a server accepted", "twin of network_config_message_size_limit for releases that lack it";

    /// The fourth word of the client's handshake. No server checks it.
    network_config_game_id = 1000, SocketOrDefault, TCP_CLIENT | WEBSOCKET_CLIENT, number(0, u32::MAX as u64), "0", "(socket or -1, id) the number a client tells the server in its handshake";
    /// TLS clients check the server's certificate and its name.
    network_config_tls_verify = 1001, SocketOrDefault, WEBSOCKET_CLIENT, Kind::Flag, "1", "(socket or -1, 0 or 1) whether clients check the server's certificate and name; 1";
    /// The path of a PEM file of certificates trusted besides the system's authorities: an authority's,
    /// one that an authority stands behind, or the server's own. It is read when a socket connects, not on
    /// the thread that called `network_connect_async`.
    network_config_tls_ca_file = 1002, SocketOrDefault, WEBSOCKET_CLIENT, Kind::File, "\"\"", "(socket or -1, file) PEM file of certificates trusted besides the system's authorities";
    /// The path of a PEM file: the certificate of a wss server and the chain behind it, or of a client,
    /// which shows it to servers that ask for one. Set it with -1 before `network_create_server`; on a
    /// server that exists it holds from `network_config_tls_reload` on, on a client from its next connect.
    network_config_tls_certificate = 1003, SocketOrDefault, WEBSOCKET_CLIENT | WSS_SERVER, Kind::File, "\"\"", "(socket or -1, file) PEM certificate chain of a wss server or a client";
    /// The path of the certificate's key: PEM, PKCS#8, PKCS#1 or SEC1, without a password. It may be left
    /// out where the file of the certificate holds the key too.
    network_config_tls_private_key = 1004, SocketOrDefault, WEBSOCKET_CLIENT | WSS_SERVER, Kind::File, "\"\"", "(socket or -1, file) PEM key of that certificate";
    /// Payload bytes in a send queue from which on sends return `network_error_queue_full`.
    network_config_send_queue_limit = 1005, SocketOrDefault, ANY, bytes(1), "16 MiB", "(socket or -1, bytes) what may wait to be sent; 16 MiB";
    /// Bytes of uncollected events from which on a socket is not read, so that TCP slows the peer down.
    network_config_receive_queue_limit = 1006, SocketOrDefault, ANY, bytes(1), "twice the message size limit", "(socket or -1, bytes) what may wait for stepwire_step";
    /// The local address, IPv4 or IPv6, of sockets created later; "" means all. On Linux and other Unix
    /// systems a UDP socket with a local address hears no broadcasts, on Windows it does.
    network_config_bind_address = 1007, Library, 0, Kind::Text, "\"\"", "(-1, address) local address of sockets created later; empty for all";
    /// Further headers of a client's request, as lines "Name: value".
    network_config_websocket_headers = 1008, SocketOrDefault, WEBSOCKET_CLIENT, Kind::Text, "\"\"", "(socket or -1, lines) further request headers of a client";
    /// The origins of web pages that a WebSocket server accepts, comma-separated, such as
    /// `https://game.example`; "" means any. Clients that are no web page send no origin and always pass.
    network_config_websocket_origins = 1009, SocketOrDefault, WEBSOCKET_SERVER, Kind::Text, "\"\"", "(socket or -1, list) origins a server accepts, comma-separated; empty for any";
    /// Reliable UDP delivers in order.
    network_config_reliable_ordered = 1010, SocketOrDefault, UDP, Kind::Flag, "0", "(socket or -1, 0 or 1) reliable UDP delivers in order; 0";
    /// Reliable UDP gives a silent peer up.
    network_config_reliable_timeout = 1011, SocketOrDefault, UDP, ms(1), "10000", "(socket or -1, milliseconds) gives up on a silent peer; 10 000";
    /// No I/O thread; polls and waits do the I/O. Only while no socket exists, and with
    /// `network_config_io_threads` at 1 (`network_error_not_supported`).
    network_config_manual_io = 1012, Library, 0, Kind::Flag, "0", "";
    /// TCP_NODELAY.
    network_config_no_delay = 1013, SocketOrDefault, STREAMS, Kind::Flag, "1", "(socket or -1, 0 or 1) TCP_NODELAY; 1";
    /// The path of a PKCS#12 file instead of certificate and key.
    network_config_tls_identity = 1014, SocketOrDefault, WEBSOCKET_CLIENT | WSS_SERVER, Kind::File, "\"\"", "(socket or -1, file) PKCS#12 file instead of certificate and key";
    /// That file's password.
    network_config_tls_identity_password = 1015, SocketOrDefault, WEBSOCKET_CLIENT | WSS_SERVER, Kind::Text, "\"\"", "(socket or -1, text) password of that file";
    /// How long a client may take for the handshake with a server.
    network_config_handshake_timeout = 1016, Library, 0, ms(1), "the connect timeout", "(milliseconds) how long a server waits for a client's handshake; 10 000";
    /// Bytes of all that peers have sent and the program has not collected: waiting events and messages that
    /// have arrived in part, of all sockets together. When the events alone reach it nothing is read; when
    /// unfinished messages take three quarters of it, only connections that hold little are read, and those
    /// to the end of a message that are nearest to it. If in five seconds somebody waits for room and hardly
    /// anything comes, connections that hold most, of equals the oldest, end with `network_error_too_big`. A
    /// single message goes beyond the limit if there is no other way.
    network_config_total_queue_limit = 1017, Library, 0, Kind::Integer { unit: "bytes", least: 1, most: 1 << 52 }, "256 MiB", "(bytes) what may wait for stepwire_step in all; 256 MiB";
    /// How long a WebSocket may be silent before it is pinged; 0: never. A peer that has answered pings
    /// before and does not answer one within the same time again is given up with
    /// `network_error_timeout`.
    network_config_websocket_keepalive = 1018, SocketOrDefault, WEBSOCKETS, ms(0), "30000", "(socket or -1, milliseconds) idle time after which a WebSocket is pinged, 0 for never; 30 000";
    /// How many I/O threads share the connections: a new one goes to the thread that has the fewest, and stays
    /// there. The program does not change: all events come through the one queue, and those of a socket in
    /// their order. Only while no socket exists (`network_error_busy`); more than one only without manual I/O
    /// (`network_error_not_supported`, also for setting that afterwards).
    network_config_io_threads = 1019, Library, 0, number(1, 64), "1", "";
    /// How many clients a server takes at a time, instead of what `network_create_server` was told. Who
    /// is there already stays.
    network_config_max_clients = 1020, Socket, SERVERS, number(0, i32::MAX as u64), "max_client of network_create_server", "(server, count) how many clients a server takes at a time";
    /// 0 closes a server's port while its clients play on: nobody new can connect, and another program may
    /// take the port. Who had connected before is still let in. 1 listens there again, or fails with
    /// `network_error_address_in_use` if the port is taken.
    network_config_accepting = 1021, Socket, SERVERS, Kind::Flag, "1", "(server, 0 or 1) 0 closes the port while the clients play on; 1";
    /// How many connections a server takes from one address at a time, unfinished handshakes included; an
    /// IPv6 network of 64 bits counts as one address. 0: any number. More are closed at once and counted as
    /// "refused".
    network_config_clients_per_address = 1022, SocketOrDefault, SERVERS, number(0, i32::MAX as u64), "0", "(server or -1, count) connections a server takes from one address, 0 for any number; 0";
    /// How many new connections a server takes from one address (as above) in ten seconds. 0: any number.
    network_config_connects_per_address = 1023, SocketOrDefault, SERVERS, number(0, i32::MAX as u64), "0", "(server or -1, count) new connections a server takes from one address in ten seconds, 0 for any number; 0";
    /// Bytes a second with which a connection is read at the most, so that TCP slows the peer down; what a
    /// peer sends after a pause may come at once, up to a second's worth. 0: as fast as they come.
    network_config_receive_rate = 1024, SocketOrDefault, STREAMS, Kind::Integer { unit: "bytes per second", least: 0, most: MOST }, "0", "(socket or -1, bytes per second) how fast a connection is read, 0 for any; 0";
    /// A server's connections must begin with a header of the PROXY protocol, version 1 or 2, from one of
    /// `network_config_proxy_trusted`: a load balancer that passes connections on says with it who they are
    /// from. That address is then the one in events, in `network_get_string` and for the limits per address;
    /// where the proxy speaks for itself, such as in its own checks, it is the proxy's. A connection from
    /// elsewhere, or without the header, is closed and counted as "refused". Holds for later connections.
    network_config_proxy_protocol = 1025, SocketOrDefault, SERVERS, Kind::Flag, "0", "";
    /// Addresses and CIDR blocks, comma-separated, such as `10.0.0.0/8,::1`, from which PROXY headers are
    /// believed; "": none. Of WebSocket servers also the headers `Forwarded` and `X-Forwarded-For`: the client
    /// is then the rightmost address in them that is not in this list (the leftmost, if all are), in events,
    /// `network_get_string` and for the limits per address; its port is 0 where the proxy does not tell it. A
    /// name that a proxy made up, or `unknown`, stands for that proxy. Where both headers are there and
    /// disagree, or what a trusted proxy is said to have written is malformed, the request is refused with 400,
    /// and over a limit with 429. Holds for later connections.
    network_config_proxy_trusted = 1026, SocketOrDefault, SERVERS, Kind::Text, "\"\"", "";
    /// A path, such as `/health`, where a WebSocket server answers GET and HEAD over HTTP with 200 while it
    /// accepts clients, and with 503 on connections made before it stopped; pages of any origin may ask, and
    /// may ask first whether they may (OPTIONS).
    /// "": nowhere. Such requests are neither clients nor failed handshakes.
    network_config_http_health = 1027, SocketOrDefault, WEBSOCKET_SERVER, Kind::Text, "\"\"", "";
    /// The same for the text of `network_get_metrics`. Whoever can connect can read it: keep the path from
    /// the public with a proxy, or the port.
    network_config_http_metrics = 1028, SocketOrDefault, WEBSOCKET_SERVER, Kind::Text, "\"\"", "";
    /// Servers and UDP sockets created later share their port (SO_REUSEPORT) with those of other processes
    /// of this user that do the same, and the system spreads who connects over them: a new version of a
    /// server takes over while the old one drains. Where the system has no such thing
    /// `network_error_not_supported`.
    network_config_reuse_port = 1029, Library, 0, Kind::Flag, "0", "";
    /// UDP sockets created later share their port with others on this machine that do the same: broadcasts
    /// reach all of them, such as several copies of a game that look for servers in the local network.
    network_config_reuse_address = 1030, Library, 0, Kind::Flag, "0", "(0 or 1) UDP sockets share their port with others on this machine; 0";
    /// Reliable UDP: a peer to which nothing was sent for so long is sent a few bytes, so that no router on
    /// the way forgets the two; 0: never.
    network_config_reliable_keepalive = 1031, SocketOrDefault, UDP, ms(0), "15000", "(socket or -1, milliseconds) idle time after which a reliable peer is sent a few bytes, 0 for never; 15 000";
    /// How much the log tells: 0 nothing, 1 errors, 2 warnings (what is refused, given up, held back,
    /// fallen back from), 3 what happens to connections, 4 details, such as every call that fails.
    /// `network_next_log` has the lines; `STEPWIRE_LOG=3` in the environment writes those up to that level
    /// to standard error, whatever this option says.
    network_config_log_level = 1032, Library, 0, number(0, 4), "2", "";
    /// A wss server reads its certificate and key, or its identity, again. Handshakes from then on have the
    /// new certificate, and nobody is disconnected. Files that cannot be used are `network_error_tls`, and
    /// the old certificate stays. Reads files on the calling thread.
    network_config_tls_reload = 1033, Socket, WSS_SERVER, Kind::Action, "", "(server, 0) a wss server reads its certificate and key again";
    /// While reliable UDP is enabled, plain datagrams that arrive are dropped and counted. Anybody can send
    /// those in anybody's name; the protocol's messages only who reads the traffic.
    network_config_reliable_only = 1034, SocketOrDefault, UDP, Kind::Flag, "0", "(socket or -1, 0 or 1) a reliable socket drops plain datagrams; 0";
    /// Reliable UDP: the peers of a socket. When there are as many, the one that was of no use for longest
    /// gives way to a newcomer, first of an address that has more than half of the places; it is told, and a
    /// `network_type_disconnect` event with `network_error_limit` comes. A send to a new address never
    /// drives anybody away: it fails with `network_error_limit`.
    network_config_reliable_max_peers = 1035, SocketOrDefault, UDP, number(1, 1 << 24), "65536", "(socket or -1, number) peers of a reliable socket; 65 536";
    /// A message of which a part has come must go on arriving: if no more of it comes for so long, the
    /// connection ends with `network_error_timeout`. Not while the host does not collect its events. 0: never.
    network_config_message_timeout = 1036, SocketOrDefault, STREAMS, ms(0), "30000", "(socket or -1, milliseconds) how long a message may stop half-way, 0 for ever; 30 000";
    /// Payload bytes of all send queues together, what reliable peers have not acknowledged included, from
    /// which on sends return `network_error_queue_full`. A message to a group counts in each member's queue;
    /// up to 4 KiB in the queue of a socket are not counted.
    network_config_total_send_limit = 1037, Library, 0, Kind::Integer { unit: "bytes", least: 1, most: 1 << 52 }, "1 GiB", "(bytes) what may wait to be sent in all; 1 GiB";

    /// A bad network for tests: whatever the UDP socket sends and receives takes this much longer. Set
    /// before the first send it holds from the first datagram on, like the five that follow.
    network_config_simulate_latency = 1100, SocketOrDefault, UDP, simulated(), "0", "";
    /// And up to this much longer at random.
    network_config_simulate_jitter = 1101, SocketOrDefault, UDP, simulated(), "0", "";
    /// So many datagrams are lost, each way.
    network_config_simulate_loss = 1102, SocketOrDefault, UDP, Kind::Percentage, "0", "";
    /// So many datagrams arrive twice.
    network_config_simulate_duplication = 1103, SocketOrDefault, UDP, Kind::Percentage, "0", "";
    /// So many datagrams are overtaken by later ones.
    network_config_simulate_reordering = 1104, SocketOrDefault, UDP, Kind::Percentage, "0", "";
    /// Where the randomness of those begins. The same seed and the same traffic give the same network.
    network_config_simulate_seed = 1105, SocketOrDefault, UDP, number(0, u32::MAX as u64), "0", "";
}
