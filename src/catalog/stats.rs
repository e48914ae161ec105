//! Every key of `network_get_stat`.

/// Whom a key can be asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A socket, and with -1 the whole library.
    SocketAndLibrary,
    /// A socket only.
    Socket,
    /// A server only.
    Server,
    /// The library only.
    Library,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// As it is asked for.
    pub key: &'static str,
    /// What it is to the code.
    pub stat: Stat,
    /// Whom it can be asked of.
    pub scope: Scope,
    /// What it counts: in the header's comment.
    pub doc: &'static str,
}

/// The row of a key.
pub fn find(key: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.key == key)
}

/// Writes the names for code and the table from one list.
macro_rules! stats {
    ($($name:ident = $key:literal, $scope:ident, $doc:literal;)*) => {
        /// The keys, for matches that the compiler checks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Stat { $(#[doc = $doc] $name,)* }

        /// Every key.
        pub static TABLE: &[Row] = &[$(Row { key: $key, stat: Stat::$name, scope: Scope::$scope, doc: $doc }),*];
    };
}

stats! {
    BytesSent = "bytes_sent", SocketAndLibrary, "bytes as they crossed the wire, headers included";
    BytesReceived = "bytes_received", SocketAndLibrary, "the same of what came";
    PacketsSent = "packets_sent", SocketAndLibrary, "messages; of raw TCP: sends";
    PacketsReceived = "packets_received", SocketAndLibrary, "messages; of raw TCP: data events";
    Dropped = "dropped", SocketAndLibrary, "messages discarded because they made no sense or there was no room; reliable UDP: also forged and outdated datagrams";
    SendQueue = "send_queue", SocketAndLibrary, "payload bytes not yet taken by the system";
    ReceiveQueue = "receive_queue", SocketAndLibrary, "payload bytes of events not yet collected, and bytes of messages of which only a part has come";
    RoundTrip = "rtt_ms", Socket, "the smoothed round trip: of a connection the system's as last sampled, and asking samples it again; of a reliable UDP socket that of its peers on average; 0 while unknown";
    Jitter = "rtt_jitter_ms", Socket, "how far single round trips are from that on average";
    Clients = "clients", Server, "a server's clients at the moment";
    Accepted = "accepted", Server, "how many have become clients so far: their connect events";
    Refused = "refused", Server, "how many were turned away by a limit: the server was full, had too many handshakes under way, or too many connections of one address";
    HandshakesFailed = "handshakes_failed", Server, "how many connections ended, or were ended, before their handshake was done";
    Peers = "peers", SocketAndLibrary, "reliable UDP: peers with which there is a session, or one is about to begin";
    Resent = "resent", SocketAndLibrary, "reliable UDP: messages and parts of messages sent again because they seemed lost";
    Lost = "lost", SocketAndLibrary, "reliable UDP: datagrams that were found lost";
    Sockets = "sockets", Library, "sockets that exist";
    Events = "events", Library, "events not yet collected";
}
