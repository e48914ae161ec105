/**
 * @file stepwire.h
 * @brief GameMaker's networking functions and wire protocol for everybody.
 *
 * Written by cbindgen from the Rust sources (`cargo xtask header`): do not edit.
 *
 * @verbatim
 * WHAT IT IS
 *   The calls GameMaker gives its games (network_create_server, network_connect,
 *   network_send_packet, ...) with the same names, numbers and bytes on the wire, as a C library.
 *   What GameMaker's asynchronous Networking event tells a game, a program collects here with
 *   network_poll or network_poll_event.
 *
 * LIFE OF A CONNECTION
 *   A server made with network_create_server gives a `connect` event for each client; event.socket
 *   is the client's handle from then on. `data` events of that client carry its handle in event.id
 *   and the server's in event.server. `disconnect` comes last, after all data; event.error and
 *   event.reason tell why. The client's handle is valid until network_destroy, or until the event
 *   after its disconnect is asked for.
 *   A client socket made with network_create_socket connects with network_connect, which blocks, or
 *   network_connect_async, which reports with one `non_blocking_connect` event. It too gets `data`
 *   and, when the server goes away, `disconnect`; then it may connect again.
 *
 * A COMPLETE PROGRAM: a server that sends back what it receives
 *
 *   #include <stdio.h>
 *   #include <stepwire.h>
 *
 *   static void on_event(const NetworkEvent *event, void *user) {
 *       (void)user;
 *       switch ((int)event->type) {
 *       case network_type_connect:
 *           printf("%s:%d is here\n", event->ip, (int)event->port);
 *           break;
 *       case network_type_data:
 *           if (network_send_packet(event->id, event->buffer, event->size) < 0)
 *               fprintf(stderr, "not sent: %s\n", network_last_error());
 *           break;
 *       case network_type_disconnect:
 *           printf("%s:%d left %s\n", event->ip, (int)event->port, event->reason);
 *           break;
 *       }
 *   }
 *
 *   int main(void) {
 *       if (network_create_server(network_socket_tcp, 6510, 100) < 0) {
 *           fprintf(stderr, "no server: %s\n", network_last_error());
 *           return 1;
 *       }
 *       for (;;) {
 *           network_wait(1000);
 *           network_poll(on_event, NULL);
 *       }
 *   }
 *
 * VALUES
 *   Handles, ports, sizes and flags are doubles, as in GameMaker. Numbers are checked, never cast:
 *   NaN, infinities, fractions and numbers out of range are errors. Handles are small whole numbers
 *   that are never used twice in a process: 2^31 of them, one for each socket, group and client of a
 *   server, none for connections that never became clients. At 1 000 new clients a second that is 24
 *   days; the log warns at the half, and whenever what is left has halved again, and with none left
 *   creating fails with network_error_limit and servers refuse clients. A process that shall live
 *   longer hands over to a new one (docs/dedicated-server.md). Strings are UTF-8 and end with NUL.
 *   What a function is given is copied before it returns; what it hands out is the library's, for as
 *   long as its description says. A string that a function returns stays for the thread's next seven calls that
 *   return one, so that several of them can stand in one printf; those of events stay with the event.
 *
 * CALLS AS IN GAMEMAKER
 *   Arguments that GameMaker lets games leave out may be left out in C99 and later and in C++:
 *   network_set_config(config, value), network_send_raw(socket, buffer, size). C89 gives them all.
 *
 * THREADS
 *   Every function may be called from any thread. Only network_connect, network_connect_raw,
 *   network_resolve, network_wait and network_shutdown may block; inside a callback of network_poll
 *   they, and polling, return network_error_busy. The library does its I/O in a thread of its own,
 *   which takes no signals, or in several (network_config_io_threads); with network_config_manual_io
 *   there is no such thread, and polls and waits do the I/O.
 *
 * EXCEPTIONS AND JUMPS
 *   An exception of C++ may leave a callback: it comes out of network_poll, and what was not yet
 *   delivered waits for the next poll. A callback must not be left by longjmp: the library would
 *   believe for ever that it still runs, and network_poll and network_wait would answer
 *   network_error_busy from then on. Languages with exceptions of their own (Python, C#, Lua, Java, ...)
 *   do best to collect with network_poll_event, which calls nobody back.
 *
 * ONE MESSAGE TO MANY
 *   network_group_send_packet(server, buffer, size, -1) sends to all clients of a server, and to the
 *   members of a group that network_create_group has made, at a fraction of what as many sends cost.
 *
 * ERRORS
 *   Success is >= 0. Failure is one of the network_error_* numbers, and network_last_error then has
 *   a sentence for the calling thread. What goes wrong later comes as an event with error and reason.
 *
 * LIMITS
 *   message to send            64 MiB
 *   message received           64 MiB on created sockets, 4 MiB on accepted ones (option)
 *   send queue of a socket     16 MiB of payload, then network_error_queue_full (option), and a
 *                              network_type_writable event when half of that is free again
 *   uncollected events         twice the message limit for a socket, 256 MiB in all, then TCP
 *                              slows the peers down (options)
 *   unfinished handshakes      4096 for a server, and no more than a quarter of the descriptors that the
 *                              process may have (but 16); 10 s each (the time is an option)
 *   sockets                    what the system allows
 * @endverbatim
 */


#ifndef STEPWIRE_H
#define STEPWIRE_H

#include <stdint.h>

/** @defgroup sockets Sockets and servers */
/** @defgroup connecting Connecting */
/** @defgroup sending Sending */
/** @defgroup groups One message to many */
/** @defgroup events Events */
/** @defgroup options Options */
/** @defgroup asking Asking */
/** @defgroup errors Errors */

/** The version of this header, as network_version() has it for the library. */
#define STEPWIRE_VERSION "0.2.0"
/** The first number of STEPWIRE_VERSION, for the preprocessor. */
#define STEPWIRE_VERSION_MAJOR 0
/** The second; while the first is 0, another one here is another ABI. */
#define STEPWIRE_VERSION_MINOR 2
/** The third. */
#define STEPWIRE_VERSION_PATCH 0

#ifdef __cplusplus
/** The value of an argument that is left out: C++ has that in the declaration, C in the macros at the end. */
#define STEPWIRE_DEFAULT(value) = value
#else
/** Nothing here. */
#define STEPWIRE_DEFAULT(value)
#endif

/**
 * @ingroup options
 * `network_set_config(.., 1 to 2147483647 ms, 0)`; default 10000.
 * How long a connect may take, for later connects. It is also the time for handshakes with a server
 * unless `network_config_handshake_timeout` is set.
 */
#define network_config_connect_timeout 0

/**
 * @ingroup options
 * `network_set_config(.., 0 or 1, 0)`; default 0.
 * `network_connect` and `network_connect_raw` return at once.
 */
#define network_config_use_non_blocking_socket 1

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0)`; default off.
 * Reliable delivery on a UDP socket or server. From then on `network_send_udp` sends messages of up
 * to 64 MiB that arrive exactly once at a peer which has it enabled too; raw sends and broadcasts
 * stay plain datagrams. A peer that is given up brings a `network_type_disconnect` event. Nobody can
 * forge or replay such messages, or end a session, who does not read the traffic; who does can, for
 * nothing is encrypted. Plain datagrams, which anybody can send in anybody's name, arrive as well
 * unless `network_config_reliable_only` is set: `message_type` tells the two apart.
 */
#define network_config_enable_reliable_udp 2

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0)`.
 * Plain UDP again. What was sent before is still delivered, for at most 2 seconds; what peers go on
 * sending by the protocol is dropped.
 */
#define network_config_disable_reliable_udp 3

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0)`; default off.
 * Closing the TCP connection resets it (SO_LINGER 0), so that no TIME_WAIT stays behind. Cannot be
 * undone. On a server: its later connections.
 */
#define network_config_avoid_time_wait 4

/**
 * @ingroup options
 * `network_set_config_string(.., socket or -1, text)`; default "".
 * WebSocket subprotocols, comma-separated, the preferred first. A client offers them; a server
 * chooses one that the client offers, and takes clients that offer none. A server without any
 * answers without one, which browsers that offered some treat as a failure.
 */
#define network_config_websocket_protocol 5

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0)`; default off.
 * Broadcasts also go to ff02::1, and what is sent there is received.
 */
#define network_config_enable_multicast 6

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0)`.
 * The opposite.
 */
#define network_config_disable_multicast 7

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 1 to 2147483647 bytes)`; default 64 MiB for created sockets, 4 MiB for connections a server accepted.
 * The largest message accepted from peers. On a server it holds for the connections it accepts from
 * then on.
 */
#define network_config_message_size_limit 8

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 4294967295)`; default 0.
 * The fourth word of the client's handshake. No server checks it.
 */
#define network_config_game_id 1000

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 or 1)`; default 1.
 * TLS clients check the server's certificate and its name.
 */
#define network_config_tls_verify 1001

/**
 * @ingroup options
 * `network_set_config_string(.., socket or -1, path)`; default "".
 * The path of a PEM file of certificates trusted besides the system's authorities: an authority's,
 * one that an authority stands behind, or the server's own. It is read when a socket connects, not on
 * the thread that called `network_connect_async`.
 */
#define network_config_tls_ca_file 1002

/**
 * @ingroup options
 * `network_set_config_string(.., socket or -1, path)`; default "".
 * The path of a PEM file: the certificate of a wss server and the chain behind it, or of a client,
 * which shows it to servers that ask for one. Set it with -1 before `network_create_server`; on a
 * server that exists it holds from `network_config_tls_reload` on, on a client from its next connect.
 */
#define network_config_tls_certificate 1003

/**
 * @ingroup options
 * `network_set_config_string(.., socket or -1, path)`; default "".
 * The path of the certificate's key: PEM, PKCS#8, PKCS#1 or SEC1, without a password. It may be left
 * out where the file of the certificate holds the key too.
 */
#define network_config_tls_private_key 1004

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 1 to 2147483647 bytes)`; default 16 MiB.
 * Payload bytes in a send queue from which on sends return `network_error_queue_full`.
 */
#define network_config_send_queue_limit 1005

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 1 to 2147483647 bytes)`; default twice the message size limit.
 * Bytes of uncollected events from which on a socket is not read, so that TCP slows the peer down.
 */
#define network_config_receive_queue_limit 1006

/**
 * @ingroup options
 * `network_set_config_string(.., -1, text)`; default "".
 * The local address, IPv4 or IPv6, of sockets created later; "" means all. On Linux and other Unix
 * systems a UDP socket with a local address hears no broadcasts, on Windows it does.
 */
#define network_config_bind_address 1007

/**
 * @ingroup options
 * `network_set_config_string(.., socket or -1, text)`; default "".
 * Further headers of a client's request, as lines "Name: value".
 */
#define network_config_websocket_headers 1008

/**
 * @ingroup options
 * `network_set_config_string(.., socket or -1, text)`; default "".
 * The origins of web pages that a WebSocket server accepts, comma-separated, such as
 * `https://game.example`; "" means any. Clients that are no web page send no origin and always pass.
 */
#define network_config_websocket_origins 1009

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 or 1)`; default 0.
 * Reliable UDP delivers in order.
 */
#define network_config_reliable_ordered 1010

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 1 to 2147483647 ms)`; default 10000.
 * Reliable UDP gives a silent peer up.
 */
#define network_config_reliable_timeout 1011

/**
 * @ingroup options
 * `network_set_config(.., 0 or 1, 0)`; default 0.
 * No I/O thread; polls and waits do the I/O. Only while no socket exists, and with
 * `network_config_io_threads` at 1 (`network_error_not_supported`).
 */
#define network_config_manual_io 1012

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 or 1)`; default 1.
 * TCP_NODELAY.
 */
#define network_config_no_delay 1013

/**
 * @ingroup options
 * `network_set_config_string(.., socket or -1, path)`; default "".
 * The path of a PKCS#12 file instead of certificate and key.
 */
#define network_config_tls_identity 1014

/**
 * @ingroup options
 * `network_set_config_string(.., socket or -1, text)`; default "".
 * That file's password.
 */
#define network_config_tls_identity_password 1015

/**
 * @ingroup options
 * `network_set_config(.., 1 to 2147483647 ms, 0)`; default the connect timeout.
 * How long a client may take for the handshake with a server.
 */
#define network_config_handshake_timeout 1016

/**
 * @ingroup options
 * `network_set_config(.., 1 to 4503599627370496 bytes, 0)`; default 256 MiB.
 * Bytes of all that peers have sent and the program has not collected: waiting events and messages that
 * have arrived in part, of all sockets together. When the events alone reach it nothing is read; when
 * unfinished messages take three quarters of it, only connections that hold little are read, and those
 * to the end of a message that are nearest to it. If in five seconds somebody waits for room and hardly
 * anything comes, connections that hold most, of equals the oldest, end with `network_error_too_big`. A
 * single message goes beyond the limit if there is no other way.
 */
#define network_config_total_queue_limit 1017

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 2147483647 ms)`; default 30000.
 * How long a WebSocket may be silent before it is pinged; 0: never. A peer that has answered pings
 * before and does not answer one within the same time again is given up with
 * `network_error_timeout`.
 */
#define network_config_websocket_keepalive 1018

/**
 * @ingroup options
 * `network_set_config(.., 1 to 64, 0)`; default 1.
 * How many I/O threads share the connections: a new one goes to the thread that has the fewest, and stays
 * there. The program does not change: all events come through the one queue, and those of a socket in
 * their order. Only while no socket exists (`network_error_busy`); more than one only without manual I/O
 * (`network_error_not_supported`, also for setting that afterwards).
 */
#define network_config_io_threads 1019

/**
 * @ingroup options
 * `network_set_config(.., socket, 0 to 2147483647)`; default max_client of network_create_server.
 * How many clients a server takes at a time, instead of what `network_create_server` was told. Who
 * is there already stays.
 */
#define network_config_max_clients 1020

/**
 * @ingroup options
 * `network_set_config(.., socket, 0 or 1)`; default 1.
 * 0 closes a server's port while its clients play on: nobody new can connect, and another program may
 * take the port. Who had connected before is still let in. 1 listens there again, or fails with
 * `network_error_address_in_use` if the port is taken.
 */
#define network_config_accepting 1021

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 2147483647)`; default 0.
 * How many connections a server takes from one address at a time, unfinished handshakes included; an
 * IPv6 network of 64 bits counts as one address. 0: any number. More are closed at once and counted as
 * "refused".
 */
#define network_config_clients_per_address 1022

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 2147483647)`; default 0.
 * How many new connections a server takes from one address (as above) in ten seconds. 0: any number.
 */
#define network_config_connects_per_address 1023

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 2147483647 bytes per second)`; default 0.
 * Bytes a second with which a connection is read at the most, so that TCP slows the peer down; what a
 * peer sends after a pause may come at once, up to a second's worth. 0: as fast as they come.
 */
#define network_config_receive_rate 1024

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 or 1)`; default 0.
 * A server's connections must begin with a header of the PROXY protocol, version 1 or 2, from one of
 * `network_config_proxy_trusted`: a load balancer that passes connections on says with it who they are
 * from. That address is then the one in events, in `network_get_string` and for the limits per address;
 * where the proxy speaks for itself, such as in its own checks, it is the proxy's. A connection from
 * elsewhere, or without the header, is closed and counted as "refused". Holds for later connections.
 */
#define network_config_proxy_protocol 1025

/**
 * @ingroup options
 * `network_set_config_string(.., socket or -1, text)`; default "".
 * Addresses and CIDR blocks, comma-separated, such as `10.0.0.0/8,::1`, from which PROXY headers are
 * believed; "": none. Of WebSocket servers also the headers `Forwarded` and `X-Forwarded-For`: the client
 * is then the rightmost address in them that is not in this list (the leftmost, if all are), in events,
 * `network_get_string` and for the limits per address; its port is 0 where the proxy does not tell it. A
 * name that a proxy made up, or `unknown`, stands for that proxy. Where both headers are there and
 * disagree, or what a trusted proxy is said to have written is malformed, the request is refused with 400,
 * and over a limit with 429. Holds for later connections.
 */
#define network_config_proxy_trusted 1026

/**
 * @ingroup options
 * `network_set_config_string(.., socket or -1, text)`; default "".
 * A path, such as `/health`, where a WebSocket server answers GET and HEAD over HTTP with 200 while it
 * accepts clients, and with 503 on connections made before it stopped; pages of any origin may ask, and
 * may ask first whether they may (OPTIONS).
 * "": nowhere. Such requests are neither clients nor failed handshakes.
 */
#define network_config_http_health 1027

/**
 * @ingroup options
 * `network_set_config_string(.., socket or -1, text)`; default "".
 * The same for the text of `network_get_metrics`. Whoever can connect can read it: keep the path from
 * the public with a proxy, or the port.
 */
#define network_config_http_metrics 1028

/**
 * @ingroup options
 * `network_set_config(.., 0 or 1, 0)`; default 0.
 * Servers and UDP sockets created later share their port (SO_REUSEPORT) with those of other processes
 * of this user that do the same, and the system spreads who connects over them: a new version of a
 * server takes over while the old one drains. Where the system has no such thing
 * `network_error_not_supported`.
 */
#define network_config_reuse_port 1029

/**
 * @ingroup options
 * `network_set_config(.., 0 or 1, 0)`; default 0.
 * UDP sockets created later share their port with others on this machine that do the same: broadcasts
 * reach all of them, such as several copies of a game that look for servers in the local network.
 */
#define network_config_reuse_address 1030

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 2147483647 ms)`; default 15000.
 * Reliable UDP: a peer to which nothing was sent for so long is sent a few bytes, so that no router on
 * the way forgets the two; 0: never.
 */
#define network_config_reliable_keepalive 1031

/**
 * @ingroup options
 * `network_set_config(.., 0 to 4, 0)`; default 2.
 * How much the log tells: 0 nothing, 1 errors, 2 warnings (what is refused, given up, held back,
 * fallen back from), 3 what happens to connections, 4 details, such as every call that fails.
 * `network_next_log` has the lines; `STEPWIRE_LOG=3` in the environment writes those up to that level
 * to standard error, whatever this option says.
 */
#define network_config_log_level 1032

/**
 * @ingroup options
 * `network_set_config(.., socket, 0)`.
 * A wss server reads its certificate and key, or its identity, again. Handshakes from then on have the
 * new certificate, and nobody is disconnected. Files that cannot be used are `network_error_tls`, and
 * the old certificate stays. Reads files on the calling thread.
 */
#define network_config_tls_reload 1033

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 or 1)`; default 0.
 * While reliable UDP is enabled, plain datagrams that arrive are dropped and counted. Anybody can send
 * those in anybody's name; the protocol's messages only who reads the traffic.
 */
#define network_config_reliable_only 1034

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 1 to 16777216)`; default 65536.
 * Reliable UDP: the peers of a socket. When there are as many, the one that was of no use for longest
 * gives way to a newcomer, first of an address that has more than half of the places; it is told, and a
 * `network_type_disconnect` event with `network_error_limit` comes. A send to a new address never
 * drives anybody away: it fails with `network_error_limit`.
 */
#define network_config_reliable_max_peers 1035

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 2147483647 ms)`; default 30000.
 * A message of which a part has come must go on arriving: if no more of it comes for so long, the
 * connection ends with `network_error_timeout`. Not while the host does not collect its events. 0: never.
 */
#define network_config_message_timeout 1036

/**
 * @ingroup options
 * `network_set_config(.., 1 to 4503599627370496 bytes, 0)`; default 1 GiB.
 * Payload bytes of all send queues together, what reliable peers have not acknowledged included, from
 * which on sends return `network_error_queue_full`. A message to a group counts in each member's queue;
 * up to 4 KiB in the queue of a socket are not counted.
 */
#define network_config_total_send_limit 1037

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 60000 ms)`; default 0.
 * A bad network for tests: whatever the UDP socket sends and receives takes this much longer. Set
 * before the first send it holds from the first datagram on, like the five that follow.
 */
#define network_config_simulate_latency 1100

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 60000 ms)`; default 0.
 * And up to this much longer at random.
 */
#define network_config_simulate_jitter 1101

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 100)`; default 0.
 * So many datagrams are lost, each way.
 */
#define network_config_simulate_loss 1102

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 100)`; default 0.
 * So many datagrams arrive twice.
 */
#define network_config_simulate_duplication 1103

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 100)`; default 0.
 * So many datagrams are overtaken by later ones.
 */
#define network_config_simulate_reordering 1104

/**
 * @ingroup options
 * `network_set_config(.., socket or -1, 0 to 4294967295)`; default 0.
 * Where the randomness of those begins. The same seed and the same traffic give the same network.
 */
#define network_config_simulate_seed 1105


/**
 * @ingroup sockets
 * A TCP socket.
 */
#define network_socket_tcp 0

/**
 * @ingroup sockets
 * A UDP socket.
 */
#define network_socket_udp 1

/**
 * @ingroup sockets
 * A Bluetooth socket: GameMaker's number, never supported.
 */
#define network_socket_bluetooth 2

/**
 * @ingroup sockets
 * A WebSocket over TCP; over TLS where the URL begins with `wss://`.
 */
#define network_socket_ws 6

/**
 * @ingroup sockets
 * A WebSocket over TLS.
 */
#define network_socket_wss 7

/**
 * @ingroup events
 * A client has finished connecting to a server.
 */
#define network_type_connect 1

/**
 * @ingroup events
 * A connection has ended: a server's client's, or a client socket's own.
 */
#define network_type_disconnect 2

/**
 * @ingroup events
 * Data has arrived.
 */
#define network_type_data 3

/**
 * @ingroup events
 * A connect that did not block has ended, well or not.
 */
#define network_type_non_blocking_connect 4

/**
 * @ingroup events
 * Reserved, never sent today: the network is up.
 */
#define network_type_up 5

/**
 * @ingroup events
 * Reserved, never sent today: the network did not come up.
 */
#define network_type_up_failed 6

/**
 * @ingroup events
 * Reserved, never sent today: the network is down.
 */
#define network_type_down 7

/**
 * @ingroup events
 * A socket that had refused a message with `network_error_queue_full` has room again: half its limit or
 * less is queued, and all together are below `network_config_total_send_limit`. One event for all refusals before it is collected, and none after the disconnect. `id` is
 * the socket. Of a reliable UDP socket `ip` and `port` say which peer has room; 0 and "" stand for its
 * plain datagrams. GameMaker has no such event.
 */
#define network_type_writable 1001

/**
 * @ingroup connecting
 * Not connected: GameMaker's names for ways to connect, which no function here takes.
 */
#define network_connect_none 0

/**
 * @ingroup connecting
 * A connect that blocks.
 */
#define network_connect_blocking 1

/**
 * @ingroup connecting
 * A connect that does not block.
 */
#define network_connect_nonblocking 2

/**
 * @ingroup sending
 * WebSocket data: a binary message.
 */
#define network_send_binary 1

/**
 * @ingroup sending
 * WebSocket data: a text message.
 */
#define network_send_text 2

/**
 * @ingroup sending
 * Reliable UDP: a message that came by the protocol, from who proved its address.
 */
#define network_message_reliable 3

/**
 * @ingroup errors
 * The operating system refused; the message says what it said.
 */
#define network_error_failed -1

/**
 * @ingroup errors
 * No such socket, or destroyed.
 */
#define network_error_bad_handle -2

/**
 * @ingroup errors
 * An argument makes no sense: NULL, not a number, out of range, not UTF-8.
 */
#define network_error_bad_argument -3

/**
 * @ingroup errors
 * The call does not fit this kind of socket.
 */
#define network_error_wrong_kind -4

/**
 * @ingroup errors
 * The socket is not connected, or its connect event has not been collected yet.
 */
#define network_error_not_connected -5

/**
 * @ingroup errors
 * Time is over: a connect, a handshake, a read or write timeout.
 */
#define network_error_timeout -6

/**
 * @ingroup errors
 * Over the message size limit, or more than a datagram can carry.
 */
#define network_error_too_big -7

/**
 * @ingroup errors
 * The peer does not keep up; nothing of this message was queued.
 */
#define network_error_queue_full -8

/**
 * @ingroup errors
 * No more sockets or file descriptors.
 */
#define network_error_limit -9

/**
 * @ingroup errors
 * The name has no address.
 */
#define network_error_resolve -10

/**
 * @ingroup errors
 * TLS failed: a certificate that cannot be trusted, no common version.
 */
#define network_error_tls -11

/**
 * @ingroup errors
 * The peer does not speak the expected protocol.
 */
#define network_error_handshake -12

/**
 * @ingroup errors
 * The port is taken.
 */
#define network_error_address_in_use -13

/**
 * @ingroup errors
 * This build, system or version does not do that.
 */
#define network_error_not_supported -14

/**
 * @ingroup errors
 * Not now: already connecting or connected, or called from inside a callback.
 */
#define network_error_busy -15

/**
 * @ingroup errors
 * The peer closed or reset the connection.
 */
#define network_error_closed -16

/**
 * @ingroup errors
 * A defect of ours, caught; the socket it happened on is closed.
 */
#define network_error_internal -99

/**
 * @ingroup events
 * One event, as C sees it. The pointers belong to the library and stay valid until the next
 * `network_poll`, `network_poll_event` or `network_event_next` by any thread.
 */
typedef struct NetworkEvent {
    /**
     * What happened: a `network_type_*`.
     */
    double type;
    /**
     * Connect and disconnect of a server's client: the server. Data and writable of a server's client:
     * that client. Everything else: the socket itself.
     */
    double id;
    /**
     * Connect, disconnect, non_blocking_connect: the socket it is about; else -1.
     */
    double socket;
    /**
     * The server that a client's event belongs to; else -1.
     */
    double server;
    /**
     * The peer's port, 0 to 65535.
     */
    double port;
    /**
     * non_blocking_connect: 1 if the connection is ready, 0 if it failed; else 0.
     */
    double succeeded;
    /**
     * WebSocket data: `network_send_binary` or `network_send_text`. Data of a reliable UDP socket:
     * `network_message_reliable` for what came by the protocol, 0 for a plain datagram, which anybody
     * can send in anybody's name. Else 0.
     */
    double message_type;
    /**
     * Disconnect, failed connect: the `network_error_*` that caused it; 0 for an orderly close.
     */
    double error;
    /**
     * Data: how many bytes are at `buffer`; else 0.
     */
    double size;
    /**
     * Data: the payload, never NULL, also when it is empty; else NULL.
     */
    const uint8_t *buffer;
    /**
     * The peer's address as text, never NULL; empty where no address was reached.
     */
    const char *ip;
    /**
     * One sentence for a person where `error` is set, also the peer's own words; else "".
     */
    const char *reason;
    /**
     * What `network_set_user` gave the socket that `id` names, of a connect or disconnect at a
     * server the client that `socket` names; NULL if nothing.
     */
    void *user;
    /**
     * Disconnect of a WebSocket: the code of the close frame that came, 1000 to 4999; 1005 if it had
     * none, 1006 if no close frame came. Else 0.
     */
    double code;
    /**
     * 0: room for what later versions tell.
     */
    double reserved[6];
} NetworkEvent;

/**
 * @ingroup events
 * What `network_poll` calls for each event, with the `user` pointer it was given. The event and
 * what it points to are the library's. It may call any function that cannot block,
 * `network_destroy` of the event's own socket included.
 *
 * It should return. An exception of C++ that leaves it comes out of `network_poll`, where it can be
 * caught: the event it was called with counts as delivered, those after it wait for the next poll.
 * `longjmp` out of it is not allowed: the library would believe for ever that the callback still
 * runs, and polls and waits of that thread would return `network_error_busy`, those of others
 * nothing. Languages whose exceptions are not C++'s (Python, C#, Lua, Rust's panics and others) should
 * not let them out either, and do best to collect with `network_poll_event`, which calls nobody back.
 */
typedef void (*NetworkCallback)(const struct NetworkEvent *event, void *user);

#ifdef __cplusplus
extern "C" {
#endif /* __cplusplus */

/**
 * @ingroup sockets
 * Makes a client socket. `type` is `network_socket_tcp`, `_udp`, `_ws` or `_wss`.
 *
 * Returns the socket's handle, a small whole number below 2^31 that this process never uses again
 * for another socket; or `network_error_not_supported`, `network_error_limit`,
 * `network_error_bad_argument`. Destroy it with `network_destroy`. Any thread; does not block.
 */
double network_create_socket(double type);

/**
 * @ingroup sockets
 * Makes a client socket that is bound to a local port, 0 to 65535; with 0 the system chooses one,
 * which `network_get_port` tells. TCP and WebSocket: connections go out from that port. UDP:
 * receives there from now on.
 *
 * Returns the handle, or `network_error_address_in_use` if the port is taken, or as
 * `network_create_socket`. Any thread; does not block.
 */
double network_create_socket_ext(double type, double port);

/**
 * @ingroup sockets
 * Makes a server that GameMaker clients connect to with `network_connect`. It listens on IPv4 and
 * IPv6 alike at `port`, 0 to 65535 (0: any, see `network_get_port`), for at most `max_client`
 * clients at a time, 0 to 2147483647 (`network_config_max_clients` changes it later); one more is
 * refused, over a WebSocket with the HTTP status 503, and a place is free again as soon as a client leaves. UDP servers ignore `max_client`. A wss server needs a certificate:
 * `network_config_tls_certificate` and `network_config_tls_private_key`, or
 * `network_config_tls_identity`, set with -1 before.
 *
 * Where systemd has opened the port for this program (socket activation, `LISTEN_FDS`), a server created on
 * it takes that socket over: who connects while the program is restarted waits instead of being refused.
 * Such a port stays open when the server is destroyed or stops accepting.
 *
 * The soft limit of file descriptors is raised to the hard one with the first server. Returns the
 * server's handle, or `network_error_address_in_use` (try the next port), `network_error_tls` (the
 * certificate or its key cannot be used: the message says why), or as
 * `network_create_socket`. Any thread; does not block.
 */
double network_create_server(double type,
                             double port,
                             double max_client);

/**
 * @ingroup sockets
 * As `network_create_server`, without GameMaker's handshake and headers: for clients of any kind.
 * Data events then carry what the stream brought, cut anywhere; of WebSockets whole messages.
 */
double network_create_server_raw(double type, double port, double max_client);

/**
 * @ingroup sockets
 * Destroys a socket, a server with all its clients, or one client of a server. What was accepted
 * for sending still leaves, in the background, for at most 2 seconds; then TCP closes in an orderly
 * way, a WebSocket with a close frame. No further event about the socket is delivered, also none that was waiting.
 * A group is destroyed as well, its members are not.
 *
 * Returns 0, or `network_error_bad_handle`, also for a second call. Any thread, callbacks
 * included; does not block.
 */
double network_destroy(double socket);

/**
 * @ingroup sockets
 * As `network_destroy`, and a WebSocket says why in its close frame: `code` is 1000, 1001, 1008 to
 * 1014 or 3000 to 4999, `reason` a text of at most 123 bytes (UTF-8, NUL-terminated, copied before the
 * call returns), "" for none. Of a WebSocket server all clients are told. Other sockets just close.
 *
 * Returns 0, or `network_error_bad_handle`, `network_error_bad_argument`. Any thread, callbacks
 * included; does not block.
 *
 * @par What the caller promises
 * `reason` is NULL or a NUL-terminated string.
 */
double network_close(double socket,
                     double code,
                     const char *reason);

/**
 * @ingroup sockets
 * Keeps a pointer of your own for a socket: its events carry it as `user`. The library never looks
 * into it. A server's clients begin with what their server has when their connect event is collected.
 *
 * Returns 0, or `network_error_bad_handle`. Any thread, callbacks included; does not block.
 */
double network_set_user(double socket,
                        void *user);

/**
 * @ingroup sockets
 * What `network_set_user` gave the socket; NULL if nothing, or if there is no such socket. Any
 * thread, callbacks included; does not block.
 */
void *network_get_user(double socket);

/**
 * @ingroup sockets
 * Destroys everything: flushes within the bound of `network_destroy`, stops the I/O threads, drops
 * all events, resets all options. The next call starts afresh; old handles stay invalid.
 *
 * Returns 0, or `network_error_busy` from inside a callback. Any thread, but no other thread may
 * use events it has collected any more; blocks for up to 2 seconds. A process may also end without
 * it; what was not yet sent may then be lost.
 */
double network_shutdown(void);

/**
 * @ingroup sockets
 * How long a connection may be silent. If nothing was received for `read_ms`, or queued bytes made
 * no progress for `write_ms`, the connection is closed and a disconnect event with
 * `network_error_timeout` comes. Both 0 to 2147483647 ms; 0, the default, means for ever.
 *
 * Returns 0, or `network_error_wrong_kind` for servers and UDP sockets,
 * `network_error_bad_handle`, `network_error_bad_argument`. Any thread; does not block.
 */
double network_set_timeout(double socket, double read_ms, double write_ms);

/**
 * @ingroup connecting
 * Connects a client socket to a GameMaker server and blocks until the handshake is done or the
 * connect timeout is over. With `network_config_use_non_blocking_socket` it does not block and is
 * `network_connect_async`.
 *
 * `url` is an address or a name (UTF-8, NUL-terminated, read before the call returns), for
 * WebSockets `[ws://|wss://]host[:port][/path][?query]`; `port` is 1 to 65535, or 0 for the one in
 * the url, for WebSockets also for the scheme's (80, 443). `wss://`, and a socket of kind wss
 * whatever the url says, mean TLS: the server's certificate must be trusted and for the url's host.
 *
 * Returns the socket's handle, or what went wrong: `network_error_timeout`, `_failed` (refused,
 * unreachable: the message says), `_resolve`, `_tls`, `_handshake`, `_closed`, `_busy` (connecting
 * or connected already, or called from inside a callback), `_wrong_kind`, `_bad_handle`,
 * `_bad_argument`. A failed call brings no event, and the socket may connect again. Any thread.
 *
 * @par What the caller promises
 * `url` is NULL or a NUL-terminated string.
 */
double network_connect(double socket, const char *url, double port);

/**
 * @ingroup connecting
 * As `network_connect`, without GameMaker's handshake and headers: to servers of any kind.
 *
 * @par What the caller promises
 * `url` is NULL or a NUL-terminated string.
 */
double network_connect_raw(double socket, const char *url, double port);

/**
 * @ingroup connecting
 * As `network_connect`, but returns the socket's handle at once. How it ended is told by exactly
 * one `network_type_non_blocking_connect` event, with `succeeded`, `error` and `reason`; until that
 * was collected, sends return `network_error_not_connected`. Any thread; never blocks.
 *
 * @par What the caller promises
 * `url` is NULL or a NUL-terminated string.
 */
double network_connect_async(double socket, const char *url, double port);

/**
 * @ingroup connecting
 * As `network_connect_async`, without GameMaker's handshake and headers.
 *
 * @par What the caller promises
 * `url` is NULL or a NUL-terminated string.
 */
double network_connect_raw_async(double socket, const char *url, double port);

/**
 * @ingroup connecting
 * Looks a name up and returns one of its addresses as text, IPv4 if there is one; "" on failure.
 * The string belongs to the library and is valid for this thread's next seven calls that return a
 * string. Any thread; blocks as long as the system's resolver does. Not from inside a callback.
 *
 * @par What the caller promises
 * `url` is NULL or a NUL-terminated string.
 */
const char *network_resolve(const char *url);

/**
 * @ingroup sending
 * Sends a packet with GameMaker's header over a connected TCP or WebSocket socket, a client's own
 * or a server's client. Over a raw connection header and payload are sent as well.
 *
 * `buffer` has `size` bytes, 0 to 67108864, copied before the call returns; it may be NULL only if
 * `size` is 0. An empty packet arrives as a data event of size 0.
 *
 * Returns the bytes sent, for TCP `size + 12`, for WebSockets `size`. Nothing was sent if it
 * returns `network_error_queue_full` (the peer does not keep up: a `network_type_writable` event
 * tells when to go on), `_not_connected`,
 * `_closed`, `_too_big`, `_wrong_kind` (a server, a UDP socket), `_bad_handle`, `_bad_argument`. Any
 * thread; packets of one socket arrive in the order sent.
 *
 * @par What the caller promises
 * `buffer` is NULL or has `size` readable bytes.
 */
double network_send_packet(double socket,
                           const void *buffer,
                           double size);

/**
 * @ingroup sending
 * Sends bytes as they are over a raw connection. `options` is 0 or `network_send_binary`, or
 * `network_send_text`: over a WebSocket that makes it a text message, which must be UTF-8; over TCP,
 * which knows no messages, it changes nothing. From C99 on and in C++ `options` may be left out. Over
 * TCP nothing is sent if `size` is 0.
 *
 * Returns `size`, or as `network_send_packet`; `network_error_wrong_kind` also for regular
 * connections, whose stream it would corrupt. Any thread; does not block.
 *
 * @par What the caller promises
 * `buffer` is NULL or has `size` readable bytes.
 */
double network_send_raw(double socket,
                        const void *buffer,
                        double size,
                        double options STEPWIRE_DEFAULT(0));

/**
 * @ingroup sending
 * Sends one datagram with GameMaker's header, or with reliable UDP enabled one message of up to 64
 * MiB without a header, from a UDP socket or server to `url` (an address or a
 * name, UTF-8, NUL-terminated) and `port`, 1 to 65535. `size` is 0 to 65495. A socket that has no
 * port yet gets one. A name is resolved in the background, IPv4 before IPv6, and what is sent to it
 * waits for that in order; datagrams for others wait for it for a fifth of a second at the most.
 *
 * Returns `size + 12`, or a negative error as `network_send_packet`, also `network_error_resolve`
 * if the name was found to have no address a moment ago. Any thread; does not block.
 *
 * @par What the caller promises
 * `url` is NULL or a NUL-terminated string; `buffer` is NULL or has `size` readable bytes.
 */
double network_send_udp(double socket,
                        const char *url,
                        double port,
                        const void *buffer,
                        double size);

/**
 * @ingroup sending
 * As `network_send_udp` without the header; `size` is 0 to 65507. Returns `size`.
 *
 * @par What the caller promises
 * `url` is NULL or a NUL-terminated string; `buffer` is NULL or has `size` readable bytes.
 */
double network_send_udp_raw(double socket,
                            const char *url,
                            double port,
                            const void *buffer,
                            double size);

/**
 * @ingroup sending
 * Sends one datagram without header to `port` at the broadcast address of every IPv4 interface,
 * and with multicast enabled to ff02::1 on every IPv6 interface. It may thus arrive more than
 * once. `size` is 0 to 65507.
 *
 * Returns `size`, or a negative error as `network_send_packet`. Any thread; does not block.
 *
 * @par What the caller promises
 * `buffer` is NULL or has `size` readable bytes.
 */
double network_send_broadcast(double socket, double port, const void *buffer, double size);

/**
 * @ingroup groups
 * Makes a group of connections, to send one message to all of them. A server's handle is a group as
 * well, without this: all clients whose connect event was collected and whose disconnect event was not.
 *
 * Returns the group's handle, from the same count as those of sockets and never the same as one; or
 * `network_error_limit`. Functions for sockets answer it with `network_error_wrong_kind`.
 * `network_destroy` ends the group, not its members. Any thread; does not block.
 */
double network_create_group(void);

/**
 * @ingroup groups
 * Makes a connected TCP or WebSocket socket, regular or raw, a client's own or a server's client, a
 * member of a group. A socket may be in any number of groups. It leaves all of them by itself when its
 * disconnect event is collected, or when it is destroyed; connecting anew does not bring it back.
 *
 * Returns 1, or 0 if it was a member, or `network_error_not_connected`, `_closed`, `_wrong_kind` (the
 * socket is a server or for UDP, or the group a server's, which changes with its clients alone),
 * `_bad_handle`. Any thread, callbacks included; does not block.
 */
double network_group_add(double group,
                         double socket);

/**
 * @ingroup groups
 * Takes a socket out of a group.
 *
 * Returns 1, or 0 if it was no member, or `network_error_wrong_kind` for a server's group,
 * `network_error_bad_handle`. Any thread, callbacks included; does not block.
 */
double network_group_remove(double group, double socket);

/**
 * @ingroup groups
 * How many members a group has, or clients a TCP or WebSocket server.
 *
 * Returns that, or `network_error_wrong_kind` for other sockets, `network_error_bad_handle`. Any
 * thread, callbacks included; does not block.
 */
double network_group_size(double group);

/**
 * @ingroup groups
 * Sends a packet as `network_send_packet` does to every member of a group, or every client of a server,
 * but `except`: a socket, member or not, or -1 for none. This costs a fraction of a loop of sends: the
 * packet is made ready once for each kind of connection, large ones are stored once for all, and the
 * library is told once.
 *
 * `buffer` has `size` bytes, 0 to 67108864, copied before the call returns; it may be NULL only if
 * `size` is 0.
 *
 * Returns how many members took the packet: 0 to `network_group_size`. It is not sent to those whose
 * send queue is full, which "dropped" of `network_get_stat` counts for each, nor to those that have
 * gone and whose disconnect event waits. Or nothing was sent and it returns `network_error_too_big`,
 * `_wrong_kind` (`group` is a socket), `_bad_handle` (of `group` or `except`), `_bad_argument`. Any
 * thread, callbacks included; packets to one socket arrive in the order sent. Does not block.
 *
 * @par What the caller promises
 * `buffer` is NULL or has `size` readable bytes.
 */
double network_group_send_packet(double group,
                                 const void *buffer,
                                 double size,
                                 double except);

/**
 * @ingroup groups
 * As `network_group_send_packet`, but bytes as they are, over WebSockets as a binary message. Regular
 * members, whose stream it would corrupt, are skipped and do not count.
 *
 * @par What the caller promises
 * `buffer` is NULL or has `size` readable bytes.
 */
double network_group_send_raw(double group,
                              const void *buffer,
                              double size,
                              double except);

/**
 * @ingroup groups
 * Sends a packet to `count` sockets in the order given, as cheaply as `network_group_send_packet`: for
 * those that are chosen anew each time. A socket that stands there twice gets it twice.
 *
 * `sockets` has `count` handles; it may be NULL only if `count` is 0. `results` is NULL or has room for
 * as many numbers: what `network_send_packet` would have returned for each. `buffer` as there.
 *
 * Returns how many took the packet. `network_last_error` is about the last one that did not. Or nothing
 * was sent, and `results` are as they were: `network_error_too_big`, `network_error_bad_argument`. Any
 * thread, callbacks included; does not block.
 *
 * @par What the caller promises
 * `sockets` is NULL or has `count` readable numbers, `results` is NULL or has room for as many, `buffer`
 * is NULL or has `size` readable bytes.
 */
double network_send_packet_many(const double *sockets,
                                double count,
                                const void *buffer,
                                double size,
                                double *results);

/**
 * @ingroup sending
 * Sets where `network_send_udp_to_target` sends to, for callers that cannot pass the five arguments
 * of `network_send_udp`: GameMaker extensions without the runner interface, for example. It holds
 * until it is set again.
 *
 * `url` is an address or a name (UTF-8, NUL-terminated, read before the call returns), `port` is 1
 * to 65535. Whether a name has an address shows when something is sent.
 *
 * Returns 0, or `network_error_bad_handle`, `network_error_bad_argument`, `network_error_wrong_kind`
 * (no UDP socket). Any thread; does not block.
 *
 * @par What the caller promises
 * `url` is NULL or a NUL-terminated string.
 */
double network_set_udp_target(double socket,
                              const char *url,
                              double port);

/**
 * @ingroup sending
 * As `network_send_udp`, to the receiver that `network_set_udp_target` has set for the socket;
 * `network_error_not_connected` if it has none.
 *
 * @par What the caller promises
 * `buffer` points to `size` bytes, or is NULL.
 */
double network_send_udp_to_target(double socket, const void *buffer, double size);

/**
 * @ingroup sending
 * As `network_send_udp_raw`, to the receiver that `network_set_udp_target` has set for the socket;
 * `network_error_not_connected` if it has none.
 *
 * @par What the caller promises
 * `buffer` points to `size` bytes, or is NULL.
 */
double network_send_udp_raw_to_target(double socket, const void *buffer, double size);

/**
 * @ingroup events
 * Takes the next event. What it points to stays valid until the next `network_poll`,
 * `network_poll_event` or `network_event_next` by any thread.
 *
 * Returns 1 and fills `*event`, or 0 if nothing waits or another thread is inside `network_poll`;
 * `network_error_bad_argument` if `event` is NULL, `network_error_busy` inside a callback. Any
 * thread: threads that poll share one order of events. Does not block; with manual I/O it does a
 * turn of I/O when nothing waits.
 *
 * @par What the caller promises
 * `event` is NULL or points to a `NetworkEvent` that may be written.
 */
double network_poll_event(struct NetworkEvent *event);

/**
 * @ingroup events
 * Calls `callback` for each event that was waiting, in order. What the events point to stays valid
 * until the next poll by any thread, also after this call, and so do the handles of a server's clients
 * that have left.
 *
 * Returns how many there were, or `network_error_bad_argument` if `callback` is NULL,
 * `network_error_busy` inside a callback. Any thread; if another one is inside `network_poll`, it
 * returns 0. Does not block; with manual I/O it does a turn of I/O when nothing waits. What becomes
 * of an exception that leaves the callback stands with `NetworkCallback`.
 *
 * @par What the caller promises
 * `callback` is NULL or a function that may be called with `user` on this thread.
 */
double network_poll(NetworkCallback callback,
                    void *user);

/**
 * @ingroup events
 * Sleeps until an event waits or `timeout_ms`, 0 to 2147483647, is over. With manual I/O it does
 * the I/O meanwhile.
 *
 * Returns 1 if an event waits, else 0; `network_error_bad_argument`, or `network_error_busy` inside
 * a callback. Any thread; blocks. What collected events point to stays valid.
 */
double network_wait(double timeout_ms);

/**
 * @ingroup events
 * Moves to the next event, for hosts that know only numbers and strings: returns its type, one of
 * `network_type_*`, or 0 if none waits. `network_event_real`, `network_event_string` and
 * `network_event_read` then look at it until the next poll of any kind by any thread.
 * `network_error_busy` inside a callback. Any thread; does not block.
 */
double network_event_next(void);

/**
 * @ingroup events
 * A number of the current event: `key` is the name of a member of `NetworkEvent`: "type", "id", "socket", "server", "port", "succeeded", "message_type", "error", "size", "code". Returns it, or
 * `network_error_bad_argument` for another key or without a current event. Any thread; does not
 * block.
 *
 * @par What the caller promises
 * `key` is NULL or a NUL-terminated string.
 */
double network_event_real(const char *key);

/**
 * @ingroup events
 * A string of the current event: `key` is "ip", "reason". Returns it, valid until the next poll
 * of any kind by any thread, or "" for another key or without a current event. Any thread; does not
 * block.
 *
 * @par What the caller promises
 * `key` is NULL or a NUL-terminated string.
 */
const char *network_event_string(const char *key);

/**
 * @ingroup events
 * Copies payload of the current data event: up to `size` bytes from `offset` on to `destination`,
 * which has room for `size` bytes and may be NULL only if that is 0.
 *
 * Returns how many bytes were copied, 0 at the payload's end; or `network_error_bad_argument`, also
 * without a current event. Any thread; does not block.
 *
 * @par What the caller promises
 * `destination` is NULL or has room for `size` bytes.
 */
double network_event_read(void *destination, double offset, double size);

/**
 * @ingroup events
 * Ends a `network_wait` that sleeps, or the next one at once; it then returns 0 unless events wait.
 *
 * Returns 0. Any thread, callbacks and (except on Windows) signal handlers included; does not block.
 */
double network_wake(void);

/**
 * @ingroup events
 * A descriptor that is readable while events wait: for programs that sleep in epoll, poll or an event loop
 * of their own. When it is, call `network_poll`, or `network_poll_event` until it returns 0. It belongs to
 * the library, is the same for the whole life of the process, and is not to be read or closed. With manual
 * I/O events come in turns alone, which it does not replace.
 *
 * Returns the descriptor, or `network_error_not_supported` on Windows, `network_error_limit`. Any
 * thread; does not block.
 */
double network_get_descriptor(void);

/**
 * @ingroup options
 * Sets an option: a `network_config_*` and its values. Which values an option takes stands with it;
 * `value2` is 0 where it takes one value, and may then be left out from C99 on and in C++. Where an option takes a socket, -1 means the default for
 * sockets created from then on.
 *
 * Returns 0, or `network_error_bad_argument`, `network_error_bad_handle`,
 * `network_error_wrong_kind` where the option does nothing for that socket, `network_error_busy`,
 * `network_error_tls` (`network_config_tls_reload`). Any thread; does not block.
 */
double network_set_config(double config,
                          double value1,
                          double value2 STEPWIRE_DEFAULT(0));

/**
 * @ingroup options
 * Sets an option whose value is text (UTF-8, NUL-terminated, copied before the call returns).
 * `socket` is a socket, or -1 for the default of sockets created from then on; for
 * `network_config_bind_address` always -1.
 *
 * Returns 0, or `network_error_bad_argument`, `network_error_bad_handle`,
 * `network_error_wrong_kind` where the option does nothing for that socket, `network_error_tls` if a
 * file that was named cannot be opened. Any thread; does not block.
 *
 * @par What the caller promises
 * `value` is NULL or a NUL-terminated string.
 */
double network_set_config_string(double config,
                                 double socket,
                                 const char *value);

/**
 * @ingroup asking
 * A string about a socket: `key` is "ip" (the peer's address), for WebSockets also "path" and
 * "query" of the request, "origin" (the page a server's client comes from; "" for programs),
 * "protocol" (the subprotocol agreed on), "tls" ("1" when encrypted), and of a server's client
 * "header:Name": the header field of that name, in whatever case, of its request, as received. Several of
 * one name are one list, separated by ", " (Cookie by "; "). Kept are whole fields up to 8 KiB in all, and not
 * Sec-WebSocket-Key; clients whose requests are the same share the memory. Bytes that are not UTF-8 are
 * replaced. "" if there is none, and on failure. The string belongs to the library and is valid for this thread's next seven calls that
 * return a string. Any thread; does not block.
 *
 * @par What the caller promises
 * `key` is NULL or a NUL-terminated string.
 */
const char *network_get_string(double socket,
                               const char *key);

/**
 * @ingroup asking
 * The local port a socket is bound to: of a server, of a socket of `network_create_socket_ext`, of
 * a connection. Returns 1 to 65535, or `network_error_not_connected` if it has none yet,
 * `network_error_bad_handle`. Any thread; does not block.
 */
double network_get_port(double socket);

/**
 * @ingroup asking
 * A counter of a socket, or of the whole library if `socket` is -1 (then sockets that no longer
 * exist are counted too). Asked of a server of connections it is the sum over its clients, those that
 * have left included.
 *
 * The keys:
 *
 * - "bytes_sent": bytes as they crossed the wire, headers included
 * - "bytes_received": the same of what came
 * - "packets_sent": messages; of raw TCP: sends
 * - "packets_received": messages; of raw TCP: data events
 * - "dropped": messages discarded because they made no sense or there was no room; reliable UDP: also forged and outdated datagrams
 * - "send_queue": payload bytes not yet taken by the system
 * - "receive_queue": payload bytes of events not yet collected, and bytes of messages of which only a part has come
 * - "rtt_ms" (not with -1): the smoothed round trip: of a connection the system's as last sampled, and asking samples it again; of a reliable UDP socket that of its peers on average; 0 while unknown
 * - "rtt_jitter_ms" (not with -1): how far single round trips are from that on average
 * - "clients" (of servers): a server's clients at the moment
 * - "accepted" (of servers): how many have become clients so far: their connect events
 * - "refused" (of servers): how many were turned away by a limit: the server was full, had too many handshakes under way, or too many connections of one address
 * - "handshakes_failed" (of servers): how many connections ended, or were ended, before their handshake was done
 * - "peers": reliable UDP: peers with which there is a session, or one is about to begin
 * - "resent": reliable UDP: messages and parts of messages sent again because they seemed lost
 * - "lost": reliable UDP: datagrams that were found lost
 * - "sockets" (with -1 only): sockets that exist
 * - "events" (with -1 only): events not yet collected
 *
 * Returns it, or `network_error_bad_argument` for another key, `network_error_bad_handle`. Any
 * thread; does not block.
 *
 * @par What the caller promises
 * `key` is NULL or a NUL-terminated string.
 */
double network_get_stat(double socket,
                        const char *key);

/**
 * @ingroup asking
 * This thread's last failure in one sentence; "" if there was none. The string belongs to the
 * library and is valid for this thread's next seven calls that return a string. Does not block.
 */
const char *network_last_error(void);

/**
 * @ingroup asking
 * The oldest line of the log that was not fetched yet, without a line's end, or "" if none is left:
 * level, time (UTC) and text, as "2 2026-11-25T12:00:00.000Z server 0 refused 192.0.2.7 port 50000: the
 * server is full". What the levels are and which are kept stands with `network_config_log_level`. At
 * most 1024 lines are kept; of more the oldest go, and a line of its own tells how many. The string
 * belongs to the library and is valid for this thread's next seven calls that return a string. Any
 * thread, callbacks included; does not block.
 */
const char *network_next_log(void);

/**
 * @ingroup asking
 * The name of an error number, such as "network_error_timeout"; "" if it is none. The string is
 * valid for ever. Any thread; does not block.
 */
const char *network_error_name(double error);

/**
 * @ingroup asking
 * The library's version, such as "0.2.0". The string is valid for ever. Any thread; does not block.
 */
const char *network_version(void);

/**
 * @ingroup asking
 * All counters as text in the format of Prometheus (0.0.4): of the library as a whole, and of each server
 * with the labels "server", its handle, and "port". The string belongs to the library and is valid for this thread's next seven calls that return
 * a string. Any thread; does not block.
 */
const char *network_get_metrics(void);

/**
 * @ingroup asking
 * This machine's addresses, one by one: what a player tells a friend to connect to. `index` is 0, 1, ...;
 * "" past the last, and on failure. IPv4 comes first; loopback and addresses that hold on one link
 * alone are left out. Behind a router others on the internet see another address. The string belongs to
 * the library and is valid for this thread's next seven calls that return a string. Any thread; does not
 * block.
 */
const char *network_get_address(double index);

#ifdef __cplusplus
}  /* extern "C" */
#endif  /* __cplusplus */


/* Games may leave the last argument of some functions out, and so may C from C99 on; C89 gives them all. Only a call is
 * a macro: with all arguments it is the plain function, and the name without a parenthesis always is. */
#if !defined(__cplusplus) && defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L
/** For the macros below: the sixth argument. */
#define STEPWIRE_SIXTH_(a, b, c, d, e, f, ...) f
/** For the macros below: calls the function with what there is. */
#define STEPWIRE_ALL_(function, ...) (function)(__VA_ARGS__)
/** For the macros below: and 0 at the end. */
#define STEPWIRE_ADD_0_(function, ...) (function)(__VA_ARGS__, 0)
/** `network_set_config`, whose last argument is 0 where it is left out. */
#define network_set_config(...) \
    STEPWIRE_SIXTH_(__VA_ARGS__, STEPWIRE_ALL_, STEPWIRE_ALL_, STEPWIRE_ALL_, STEPWIRE_ADD_0_, STEPWIRE_ALL_, 0)(network_set_config, __VA_ARGS__)
/** `network_send_raw`, whose last argument is 0 where it is left out. */
#define network_send_raw(...) \
    STEPWIRE_SIXTH_(__VA_ARGS__, STEPWIRE_ALL_, STEPWIRE_ALL_, STEPWIRE_ADD_0_, STEPWIRE_ALL_, STEPWIRE_ALL_, 0)(network_send_raw, __VA_ARGS__)
#endif
#endif  /* STEPWIRE_H */
