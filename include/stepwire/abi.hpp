/** @file abi.hpp
 *  @brief The constants, options and functions of stepwire.h, without its macros. Part of stepwire.hpp.
 *
 *  Made from the same sources as stepwire.h (`cargo xtask header`): do not edit. */
#ifndef STEPWIRE_ABI_HPP
#define STEPWIRE_ABI_HPP

#include <cstdint>

/** stepwire.h describes it, and may be included as well. */
struct NetworkEvent;

namespace stepwire {

/** The version of this header, as stepwire::version() has it for the library. */
inline constexpr const char *header_version = "0.2.0";

/** stepwire.h's constants: network::socket_tcp is network_socket_tcp. */
namespace network {
inline constexpr int config_connect_timeout = 0;
inline constexpr int config_use_non_blocking_socket = 1;
inline constexpr int config_enable_reliable_udp = 2;
inline constexpr int config_disable_reliable_udp = 3;
inline constexpr int config_avoid_time_wait = 4;
inline constexpr int config_websocket_protocol = 5;
inline constexpr int config_enable_multicast = 6;
inline constexpr int config_disable_multicast = 7;
inline constexpr int config_message_size_limit = 8;
inline constexpr int config_game_id = 1000;
inline constexpr int config_tls_verify = 1001;
inline constexpr int config_tls_ca_file = 1002;
inline constexpr int config_tls_certificate = 1003;
inline constexpr int config_tls_private_key = 1004;
inline constexpr int config_send_queue_limit = 1005;
inline constexpr int config_receive_queue_limit = 1006;
inline constexpr int config_bind_address = 1007;
inline constexpr int config_websocket_headers = 1008;
inline constexpr int config_websocket_origins = 1009;
inline constexpr int config_reliable_ordered = 1010;
inline constexpr int config_reliable_timeout = 1011;
inline constexpr int config_manual_io = 1012;
inline constexpr int config_no_delay = 1013;
inline constexpr int config_tls_identity = 1014;
inline constexpr int config_tls_identity_password = 1015;
inline constexpr int config_handshake_timeout = 1016;
inline constexpr int config_total_queue_limit = 1017;
inline constexpr int config_websocket_keepalive = 1018;
inline constexpr int config_io_threads = 1019;
inline constexpr int config_max_clients = 1020;
inline constexpr int config_accepting = 1021;
inline constexpr int config_clients_per_address = 1022;
inline constexpr int config_connects_per_address = 1023;
inline constexpr int config_receive_rate = 1024;
inline constexpr int config_proxy_protocol = 1025;
inline constexpr int config_proxy_trusted = 1026;
inline constexpr int config_http_health = 1027;
inline constexpr int config_http_metrics = 1028;
inline constexpr int config_reuse_port = 1029;
inline constexpr int config_reuse_address = 1030;
inline constexpr int config_reliable_keepalive = 1031;
inline constexpr int config_log_level = 1032;
inline constexpr int config_tls_reload = 1033;
inline constexpr int config_reliable_only = 1034;
inline constexpr int config_reliable_max_peers = 1035;
inline constexpr int config_message_timeout = 1036;
inline constexpr int config_total_send_limit = 1037;
inline constexpr int config_simulate_latency = 1100;
inline constexpr int config_simulate_jitter = 1101;
inline constexpr int config_simulate_loss = 1102;
inline constexpr int config_simulate_duplication = 1103;
inline constexpr int config_simulate_reordering = 1104;
inline constexpr int config_simulate_seed = 1105;
/** A TCP socket. */
inline constexpr int socket_tcp = 0;
/** A UDP socket. */
inline constexpr int socket_udp = 1;
/** A Bluetooth socket: GameMaker's number, never supported. */
inline constexpr int socket_bluetooth = 2;
/** A WebSocket over TCP; over TLS where the URL begins with `wss://`. */
inline constexpr int socket_ws = 6;
/** A WebSocket over TLS. */
inline constexpr int socket_wss = 7;
/** A client has finished connecting to a server. */
inline constexpr int type_connect = 1;
/** A connection has ended: a server's client's, or a client socket's own. */
inline constexpr int type_disconnect = 2;
/** Data has arrived. */
inline constexpr int type_data = 3;
/** A connect that did not block has ended, well or not. */
inline constexpr int type_non_blocking_connect = 4;
/** Reserved, never sent today: the network is up. */
inline constexpr int type_up = 5;
/** Reserved, never sent today: the network did not come up. */
inline constexpr int type_up_failed = 6;
/** Reserved, never sent today: the network is down. */
inline constexpr int type_down = 7;
/** A socket that had refused a message with `network_error_queue_full` has room again: half its limit or
 *  less is queued, and all together are below `network_config_total_send_limit`. One event for all refusals before it is collected, and none after the disconnect. `id` is
 *  the socket. Of a reliable UDP socket `ip` and `port` say which peer has room; 0 and "" stand for its
 *  plain datagrams. GameMaker has no such event. */
inline constexpr int type_writable = 1001;
/** Not connected: GameMaker's names for ways to connect, which no function here takes. */
inline constexpr int connect_none = 0;
/** A connect that blocks. */
inline constexpr int connect_blocking = 1;
/** A connect that does not block. */
inline constexpr int connect_nonblocking = 2;
/** WebSocket data: a binary message. */
inline constexpr int send_binary = 1;
/** WebSocket data: a text message. */
inline constexpr int send_text = 2;
/** Reliable UDP: a message that came by the protocol, from who proved its address. */
inline constexpr int message_reliable = 3;
/** The operating system refused; the message says what it said. */
inline constexpr int error_failed = -1;
/** No such socket, or destroyed. */
inline constexpr int error_bad_handle = -2;
/** An argument makes no sense: NULL, not a number, out of range, not UTF-8. */
inline constexpr int error_bad_argument = -3;
/** The call does not fit this kind of socket. */
inline constexpr int error_wrong_kind = -4;
/** The socket is not connected, or its connect event has not been collected yet. */
inline constexpr int error_not_connected = -5;
/** Time is over: a connect, a handshake, a read or write timeout. */
inline constexpr int error_timeout = -6;
/** Over the message size limit, or more than a datagram can carry. */
inline constexpr int error_too_big = -7;
/** The peer does not keep up; nothing of this message was queued. */
inline constexpr int error_queue_full = -8;
/** No more sockets or file descriptors. */
inline constexpr int error_limit = -9;
/** The name has no address. */
inline constexpr int error_resolve = -10;
/** TLS failed: a certificate that cannot be trusted, no common version. */
inline constexpr int error_tls = -11;
/** The peer does not speak the expected protocol. */
inline constexpr int error_handshake = -12;
/** The port is taken. */
inline constexpr int error_address_in_use = -13;
/** This build, system or version does not do that. */
inline constexpr int error_not_supported = -14;
/** Not now: already connecting or connected, or called from inside a callback. */
inline constexpr int error_busy = -15;
/** The peer closed or reset the connection. */
inline constexpr int error_closed = -16;
/** A defect of ours, caught; the socket it happened on is closed. */
inline constexpr int error_internal = -99;
}  // namespace network

/** The numbers of errors. */
enum class error_code : int {
    /** No error; of disconnects: an orderly close. */
    none = 0,
    /** The operating system refused; the message says what it said. */
    failed = -1,
    /** No such socket, or destroyed. */
    bad_handle = -2,
    /** An argument makes no sense: NULL, not a number, out of range, not UTF-8. */
    bad_argument = -3,
    /** The call does not fit this kind of socket. */
    wrong_kind = -4,
    /** The socket is not connected, or its connect event has not been collected yet. */
    not_connected = -5,
    /** Time is over: a connect, a handshake, a read or write timeout. */
    timeout = -6,
    /** Over the message size limit, or more than a datagram can carry. */
    too_big = -7,
    /** The peer does not keep up; nothing of this message was queued. */
    queue_full = -8,
    /** No more sockets or file descriptors. */
    limit = -9,
    /** The name has no address. */
    resolve = -10,
    /** TLS failed: a certificate that cannot be trusted, no common version. */
    tls = -11,
    /** The peer does not speak the expected protocol. */
    handshake = -12,
    /** The port is taken. */
    address_in_use = -13,
    /** This build, system or version does not do that. */
    not_supported = -14,
    /** Not now: already connecting or connected, or called from inside a callback. */
    busy = -15,
    /** The peer closed or reset the connection. */
    closed = -16,
    /** A defect of ours, caught; the socket it happened on is closed. */
    internal = -99,
};

/** What an option belongs to: the library as a whole, one socket, or one socket and the default for later ones. */
enum class scope { library, socket, socket_or_default };

/** What an option takes: a number (0 or 1 for what is off or on), text, or nothing. */
enum class takes { number, text, nothing };

/** An option, by its number; its type says how it can be set. */
template <scope Scope, takes Takes>
struct option {
    int number;
};

/** The options: options::no_delay is network_config_no_delay. */
namespace options {
/** How long a connect may take, for later connects. It is also the time for handshakes with a server
 *  unless `network_config_handshake_timeout` is set.
 *  (1 to 2147483647 ms; default 10000) */
inline constexpr option<scope::library, takes::number> connect_timeout{0};
/** `network_connect` and `network_connect_raw` return at once.
 *  (0 or 1; default 0) */
inline constexpr option<scope::library, takes::number> use_non_blocking_socket{1};
/** Reliable delivery on a UDP socket or server. From then on `network_send_udp` sends messages of up
 *  to 64 MiB that arrive exactly once at a peer which has it enabled too; raw sends and broadcasts
 *  stay plain datagrams. A peer that is given up brings a `network_type_disconnect` event. Nobody can
 *  forge or replay such messages, or end a session, who does not read the traffic; who does can, for
 *  nothing is encrypted. Plain datagrams, which anybody can send in anybody's name, arrive as well
 *  unless `network_config_reliable_only` is set: `message_type` tells the two apart. */
inline constexpr option<scope::socket_or_default, takes::nothing> enable_reliable_udp{2};
/** Plain UDP again. What was sent before is still delivered, for at most 2 seconds; what peers go on
 *  sending by the protocol is dropped. */
inline constexpr option<scope::socket_or_default, takes::nothing> disable_reliable_udp{3};
/** Closing the TCP connection resets it (SO_LINGER 0), so that no TIME_WAIT stays behind. Cannot be
 *  undone. On a server: its later connections. */
inline constexpr option<scope::socket_or_default, takes::nothing> avoid_time_wait{4};
/** WebSocket subprotocols, comma-separated, the preferred first. A client offers them; a server
 *  chooses one that the client offers, and takes clients that offer none. A server without any
 *  answers without one, which browsers that offered some treat as a failure.
 *  (text; default "") */
inline constexpr option<scope::socket_or_default, takes::text> websocket_protocol{5};
/** Broadcasts also go to ff02::1, and what is sent there is received. */
inline constexpr option<scope::socket_or_default, takes::nothing> enable_multicast{6};
/** The opposite. */
inline constexpr option<scope::socket_or_default, takes::nothing> disable_multicast{7};
/** The largest message accepted from peers. On a server it holds for the connections it accepts from
 *  then on.
 *  (1 to 2147483647 bytes; default 64 MiB for created sockets, 4 MiB for connections a server accepted) */
inline constexpr option<scope::socket_or_default, takes::number> message_size_limit{8};
/** The fourth word of the client's handshake. No server checks it.
 *  (0 to 4294967295; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> game_id{1000};
/** TLS clients check the server's certificate and its name.
 *  (0 or 1; default 1) */
inline constexpr option<scope::socket_or_default, takes::number> tls_verify{1001};
/** The path of a PEM file of certificates trusted besides the system's authorities: an authority's,
 *  one that an authority stands behind, or the server's own. It is read when a socket connects, not on
 *  the thread that called `network_connect_async`.
 *  (a path; default "") */
inline constexpr option<scope::socket_or_default, takes::text> tls_ca_file{1002};
/** The path of a PEM file: the certificate of a wss server and the chain behind it, or of a client,
 *  which shows it to servers that ask for one. Set it with -1 before `network_create_server`; on a
 *  server that exists it holds from `network_config_tls_reload` on, on a client from its next connect.
 *  (a path; default "") */
inline constexpr option<scope::socket_or_default, takes::text> tls_certificate{1003};
/** The path of the certificate's key: PEM, PKCS#8, PKCS#1 or SEC1, without a password. It may be left
 *  out where the file of the certificate holds the key too.
 *  (a path; default "") */
inline constexpr option<scope::socket_or_default, takes::text> tls_private_key{1004};
/** Payload bytes in a send queue from which on sends return `network_error_queue_full`.
 *  (1 to 2147483647 bytes; default 16 MiB) */
inline constexpr option<scope::socket_or_default, takes::number> send_queue_limit{1005};
/** Bytes of uncollected events from which on a socket is not read, so that TCP slows the peer down.
 *  (1 to 2147483647 bytes; default twice the message size limit) */
inline constexpr option<scope::socket_or_default, takes::number> receive_queue_limit{1006};
/** The local address, IPv4 or IPv6, of sockets created later; "" means all. On Linux and other Unix
 *  systems a UDP socket with a local address hears no broadcasts, on Windows it does.
 *  (text; default "") */
inline constexpr option<scope::library, takes::text> bind_address{1007};
/** Further headers of a client's request, as lines "Name: value".
 *  (text; default "") */
inline constexpr option<scope::socket_or_default, takes::text> websocket_headers{1008};
/** The origins of web pages that a WebSocket server accepts, comma-separated, such as
 *  `https://game.example`; "" means any. Clients that are no web page send no origin and always pass.
 *  (text; default "") */
inline constexpr option<scope::socket_or_default, takes::text> websocket_origins{1009};
/** Reliable UDP delivers in order.
 *  (0 or 1; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> reliable_ordered{1010};
/** Reliable UDP gives a silent peer up.
 *  (1 to 2147483647 ms; default 10000) */
inline constexpr option<scope::socket_or_default, takes::number> reliable_timeout{1011};
/** No I/O thread; polls and waits do the I/O. Only while no socket exists, and with
 *  `network_config_io_threads` at 1 (`network_error_not_supported`).
 *  (0 or 1; default 0) */
inline constexpr option<scope::library, takes::number> manual_io{1012};
/** TCP_NODELAY.
 *  (0 or 1; default 1) */
inline constexpr option<scope::socket_or_default, takes::number> no_delay{1013};
/** The path of a PKCS#12 file instead of certificate and key.
 *  (a path; default "") */
inline constexpr option<scope::socket_or_default, takes::text> tls_identity{1014};
/** That file's password.
 *  (text; default "") */
inline constexpr option<scope::socket_or_default, takes::text> tls_identity_password{1015};
/** How long a client may take for the handshake with a server.
 *  (1 to 2147483647 ms; default the connect timeout) */
inline constexpr option<scope::library, takes::number> handshake_timeout{1016};
/** Bytes of all that peers have sent and the program has not collected: waiting events and messages that
 *  have arrived in part, of all sockets together. When the events alone reach it nothing is read; when
 *  unfinished messages take three quarters of it, only connections that hold little are read, and those
 *  to the end of a message that are nearest to it. If in five seconds somebody waits for room and hardly
 *  anything comes, connections that hold most, of equals the oldest, end with `network_error_too_big`. A
 *  single message goes beyond the limit if there is no other way.
 *  (1 to 4503599627370496 bytes; default 256 MiB) */
inline constexpr option<scope::library, takes::number> total_queue_limit{1017};
/** How long a WebSocket may be silent before it is pinged; 0: never. A peer that has answered pings
 *  before and does not answer one within the same time again is given up with
 *  `network_error_timeout`.
 *  (0 to 2147483647 ms; default 30000) */
inline constexpr option<scope::socket_or_default, takes::number> websocket_keepalive{1018};
/** How many I/O threads share the connections: a new one goes to the thread that has the fewest, and stays
 *  there. The program does not change: all events come through the one queue, and those of a socket in
 *  their order. Only while no socket exists (`network_error_busy`); more than one only without manual I/O
 *  (`network_error_not_supported`, also for setting that afterwards).
 *  (1 to 64; default 1) */
inline constexpr option<scope::library, takes::number> io_threads{1019};
/** How many clients a server takes at a time, instead of what `network_create_server` was told. Who
 *  is there already stays.
 *  (0 to 2147483647; default max_client of network_create_server) */
inline constexpr option<scope::socket, takes::number> max_clients{1020};
/** 0 closes a server's port while its clients play on: nobody new can connect, and another program may
 *  take the port. Who had connected before is still let in. 1 listens there again, or fails with
 *  `network_error_address_in_use` if the port is taken.
 *  (0 or 1; default 1) */
inline constexpr option<scope::socket, takes::number> accepting{1021};
/** How many connections a server takes from one address at a time, unfinished handshakes included; an
 *  IPv6 network of 64 bits counts as one address. 0: any number. More are closed at once and counted as
 *  "refused".
 *  (0 to 2147483647; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> clients_per_address{1022};
/** How many new connections a server takes from one address (as above) in ten seconds. 0: any number.
 *  (0 to 2147483647; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> connects_per_address{1023};
/** Bytes a second with which a connection is read at the most, so that TCP slows the peer down; what a
 *  peer sends after a pause may come at once, up to a second's worth. 0: as fast as they come.
 *  (0 to 2147483647 bytes per second; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> receive_rate{1024};
/** A server's connections must begin with a header of the PROXY protocol, version 1 or 2, from one of
 *  `network_config_proxy_trusted`: a load balancer that passes connections on says with it who they are
 *  from. That address is then the one in events, in `network_get_string` and for the limits per address;
 *  where the proxy speaks for itself, such as in its own checks, it is the proxy's. A connection from
 *  elsewhere, or without the header, is closed and counted as "refused". Holds for later connections.
 *  (0 or 1; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> proxy_protocol{1025};
/** Addresses and CIDR blocks, comma-separated, such as `10.0.0.0/8,::1`, from which PROXY headers are
 *  believed; "": none. Of WebSocket servers also the headers `Forwarded` and `X-Forwarded-For`: the client
 *  is then the rightmost address in them that is not in this list (the leftmost, if all are), in events,
 *  `network_get_string` and for the limits per address; its port is 0 where the proxy does not tell it. A
 *  name that a proxy made up, or `unknown`, stands for that proxy. Where both headers are there and
 *  disagree, or what a trusted proxy is said to have written is malformed, the request is refused with 400,
 *  and over a limit with 429. Holds for later connections.
 *  (text; default "") */
inline constexpr option<scope::socket_or_default, takes::text> proxy_trusted{1026};
/** A path, such as `/health`, where a WebSocket server answers GET and HEAD over HTTP with 200 while it
 *  accepts clients, and with 503 on connections made before it stopped; pages of any origin may ask, and
 *  may ask first whether they may (OPTIONS).
 *  "": nowhere. Such requests are neither clients nor failed handshakes.
 *  (text; default "") */
inline constexpr option<scope::socket_or_default, takes::text> http_health{1027};
/** The same for the text of `network_get_metrics`. Whoever can connect can read it: keep the path from
 *  the public with a proxy, or the port.
 *  (text; default "") */
inline constexpr option<scope::socket_or_default, takes::text> http_metrics{1028};
/** Servers and UDP sockets created later share their port (SO_REUSEPORT) with those of other processes
 *  of this user that do the same, and the system spreads who connects over them: a new version of a
 *  server takes over while the old one drains. Where the system has no such thing
 *  `network_error_not_supported`.
 *  (0 or 1; default 0) */
inline constexpr option<scope::library, takes::number> reuse_port{1029};
/** UDP sockets created later share their port with others on this machine that do the same: broadcasts
 *  reach all of them, such as several copies of a game that look for servers in the local network.
 *  (0 or 1; default 0) */
inline constexpr option<scope::library, takes::number> reuse_address{1030};
/** Reliable UDP: a peer to which nothing was sent for so long is sent a few bytes, so that no router on
 *  the way forgets the two; 0: never.
 *  (0 to 2147483647 ms; default 15000) */
inline constexpr option<scope::socket_or_default, takes::number> reliable_keepalive{1031};
/** How much the log tells: 0 nothing, 1 errors, 2 warnings (what is refused, given up, held back,
 *  fallen back from), 3 what happens to connections, 4 details, such as every call that fails.
 *  `network_next_log` has the lines; `STEPWIRE_LOG=3` in the environment writes those up to that level
 *  to standard error, whatever this option says.
 *  (0 to 4; default 2) */
inline constexpr option<scope::library, takes::number> log_level{1032};
/** A wss server reads its certificate and key, or its identity, again. Handshakes from then on have the
 *  new certificate, and nobody is disconnected. Files that cannot be used are `network_error_tls`, and
 *  the old certificate stays. Reads files on the calling thread. */
inline constexpr option<scope::socket, takes::nothing> tls_reload{1033};
/** While reliable UDP is enabled, plain datagrams that arrive are dropped and counted. Anybody can send
 *  those in anybody's name; the protocol's messages only who reads the traffic.
 *  (0 or 1; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> reliable_only{1034};
/** Reliable UDP: the peers of a socket. When there are as many, the one that was of no use for longest
 *  gives way to a newcomer, first of an address that has more than half of the places; it is told, and a
 *  `network_type_disconnect` event with `network_error_limit` comes. A send to a new address never
 *  drives anybody away: it fails with `network_error_limit`.
 *  (1 to 16777216; default 65536) */
inline constexpr option<scope::socket_or_default, takes::number> reliable_max_peers{1035};
/** A message of which a part has come must go on arriving: if no more of it comes for so long, the
 *  connection ends with `network_error_timeout`. Not while the host does not collect its events. 0: never.
 *  (0 to 2147483647 ms; default 30000) */
inline constexpr option<scope::socket_or_default, takes::number> message_timeout{1036};
/** Payload bytes of all send queues together, what reliable peers have not acknowledged included, from
 *  which on sends return `network_error_queue_full`. A message to a group counts in each member's queue;
 *  up to 4 KiB in the queue of a socket are not counted.
 *  (1 to 4503599627370496 bytes; default 1 GiB) */
inline constexpr option<scope::library, takes::number> total_send_limit{1037};
/** A bad network for tests: whatever the UDP socket sends and receives takes this much longer. Set
 *  before the first send it holds from the first datagram on, like the five that follow.
 *  (0 to 60000 ms; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> simulate_latency{1100};
/** And up to this much longer at random.
 *  (0 to 60000 ms; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> simulate_jitter{1101};
/** So many datagrams are lost, each way.
 *  (0 to 100; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> simulate_loss{1102};
/** So many datagrams arrive twice.
 *  (0 to 100; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> simulate_duplication{1103};
/** So many datagrams are overtaken by later ones.
 *  (0 to 100; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> simulate_reordering{1104};
/** Where the randomness of those begins. The same seed and the same traffic give the same network.
 *  (0 to 4294967295; default 0) */
inline constexpr option<scope::socket_or_default, takes::number> simulate_seed{1105};
}  // namespace options

/** The functions of stepwire.h, which are the global ones of the same names. */
namespace c {

/** NetworkEvent, member for member. */
struct network_event {
    double type;
    double id;
    double socket;
    double server;
    double port;
    double succeeded;
    double message_type;
    double error;
    double size;
    const std::uint8_t *buffer;
    const char *ip;
    const char *reason;
    void *user;
    double code;
    double reserved[6];
};

extern "C" {
double network_create_socket(double type);
double network_create_socket_ext(double type, double port);
double network_create_server(double type, double port, double max_client);
double network_create_server_raw(double type, double port, double max_client);
double network_destroy(double socket);
double network_close(double socket, double code, const char *reason);
double network_set_user(double socket, void *user);
void *network_get_user(double socket);
double network_shutdown();
double network_set_timeout(double socket, double read_ms, double write_ms);
double network_connect(double socket, const char *url, double port);
double network_connect_raw(double socket, const char *url, double port);
double network_connect_async(double socket, const char *url, double port);
double network_connect_raw_async(double socket, const char *url, double port);
const char *network_resolve(const char *url);
double network_send_packet(double socket, const void *buffer, double size);
double network_send_raw(double socket, const void *buffer, double size, double options);
double network_send_udp(double socket, const char *url, double port, const void *buffer, double size);
double network_send_udp_raw(double socket, const char *url, double port, const void *buffer, double size);
double network_send_broadcast(double socket, double port, const void *buffer, double size);
double network_create_group();
double network_group_add(double group, double socket);
double network_group_remove(double group, double socket);
double network_group_size(double group);
double network_group_send_packet(double group, const void *buffer, double size, double except);
double network_group_send_raw(double group, const void *buffer, double size, double except);
double network_send_packet_many(const double *sockets, double count, const void *buffer, double size, double *results);
double network_set_udp_target(double socket, const char *url, double port);
double network_send_udp_to_target(double socket, const void *buffer, double size);
double network_send_udp_raw_to_target(double socket, const void *buffer, double size);
double network_poll_event(::NetworkEvent *event);
double network_wait(double timeout_ms);
double network_event_next();
double network_event_real(const char *key);
const char *network_event_string(const char *key);
double network_event_read(void *destination, double offset, double size);
double network_wake();
double network_get_descriptor();
double network_set_config(double config, double value1, double value2);
double network_set_config_string(double config, double socket, const char *value);
const char *network_get_string(double socket, const char *key);
double network_get_port(double socket);
double network_get_stat(double socket, const char *key);
const char *network_last_error();
const char *network_next_log();
const char *network_error_name(double error);
const char *network_version();
const char *network_get_metrics();
const char *network_get_address(double index);
}

}  // namespace c
}  // namespace stepwire

#endif
