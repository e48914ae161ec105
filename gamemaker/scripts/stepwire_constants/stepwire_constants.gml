// Generated from gamemaker/functions.json by cargo xtask package-gamemaker --generate.

/// twin of network_config_websocket_protocol for releases that lack it
#macro stepwire_config_websocket_protocol 5

/// twin of network_config_enable_multicast for releases that lack it
#macro stepwire_config_enable_multicast 6

/// twin of network_config_disable_multicast for releases that lack it
#macro stepwire_config_disable_multicast 7

/// twin of network_config_message_size_limit for releases that lack it
#macro stepwire_config_message_size_limit 8

/// (socket or -1, id) the number a client tells the server in its handshake
#macro stepwire_config_game_id 1000

/// (socket or -1, 0 or 1) whether clients check the server's certificate and name; 1
#macro stepwire_config_tls_verify 1001

/// (socket or -1, file) PEM file of certificates trusted besides the system's authorities
#macro stepwire_config_tls_ca_file 1002

/// (socket or -1, file) PEM certificate chain of a wss server or a client
#macro stepwire_config_tls_certificate 1003

/// (socket or -1, file) PEM key of that certificate
#macro stepwire_config_tls_private_key 1004

/// (socket or -1, bytes) what may wait to be sent; 16 MiB
#macro stepwire_config_send_queue_limit 1005

/// (socket or -1, bytes) what may wait for stepwire_step
#macro stepwire_config_receive_queue_limit 1006

/// (-1, address) local address of sockets created later; empty for all
#macro stepwire_config_bind_address 1007

/// (socket or -1, lines) further request headers of a client
#macro stepwire_config_websocket_headers 1008

/// (socket or -1, list) origins a server accepts, comma-separated; empty for any
#macro stepwire_config_websocket_origins 1009

/// (socket or -1, 0 or 1) reliable UDP delivers in order; 0
#macro stepwire_config_reliable_ordered 1010

/// (socket or -1, milliseconds) gives up on a silent peer; 10 000
#macro stepwire_config_reliable_timeout 1011

/// (socket or -1, 0 or 1) TCP_NODELAY; 1
#macro stepwire_config_no_delay 1013

/// (socket or -1, file) PKCS#12 file instead of certificate and key
#macro stepwire_config_tls_identity 1014

/// (socket or -1, text) password of that file
#macro stepwire_config_tls_identity_password 1015

/// (milliseconds) how long a server waits for a client's handshake; 10 000
#macro stepwire_config_handshake_timeout 1016

/// (bytes) what may wait for stepwire_step in all; 256 MiB
#macro stepwire_config_total_queue_limit 1017

/// (socket or -1, milliseconds) idle time after which a WebSocket is pinged, 0 for never; 30 000
#macro stepwire_config_websocket_keepalive 1018

/// (server, count) how many clients a server takes at a time
#macro stepwire_config_max_clients 1020

/// (server, 0 or 1) 0 closes the port while the clients play on; 1
#macro stepwire_config_accepting 1021

/// (server or -1, count) connections a server takes from one address, 0 for any number; 0
#macro stepwire_config_clients_per_address 1022

/// (server or -1, count) new connections a server takes from one address in ten seconds, 0 for any number; 0
#macro stepwire_config_connects_per_address 1023

/// (socket or -1, bytes per second) how fast a connection is read, 0 for any; 0
#macro stepwire_config_receive_rate 1024

/// (0 or 1) UDP sockets share their port with others on this machine; 0
#macro stepwire_config_reuse_address 1030

/// (socket or -1, milliseconds) idle time after which a reliable peer is sent a few bytes, 0 for never; 15 000
#macro stepwire_config_reliable_keepalive 1031

/// (server, 0) a wss server reads its certificate and key again
#macro stepwire_config_tls_reload 1033

/// (socket or -1, 0 or 1) a reliable socket drops plain datagrams; 0
#macro stepwire_config_reliable_only 1034

/// (socket or -1, number) peers of a reliable socket; 65 536
#macro stepwire_config_reliable_max_peers 1035

/// (socket or -1, milliseconds) how long a message may stop half-way, 0 for ever; 30 000
#macro stepwire_config_message_timeout 1036

/// (bytes) what may wait to be sent in all; 1 GiB
#macro stepwire_config_total_send_limit 1037

/// the operating system refused
#macro stepwire_error_failed -1

/// no such socket, or destroyed
#macro stepwire_error_bad_handle -2

/// a value out of range
#macro stepwire_error_bad_argument -3

/// the call does not fit this kind of socket
#macro stepwire_error_wrong_kind -4

/// not connected
#macro stepwire_error_not_connected -5

/// timed out
#macro stepwire_error_timeout -6

/// over the message size limit, or what a datagram can carry
#macro stepwire_error_too_big -7

/// the peer does not keep up; nothing of this message was queued
#macro stepwire_error_queue_full -8

/// no more sockets
#macro stepwire_error_limit -9

/// the name has no address
#macro stepwire_error_resolve -10

/// the secure connection failed
#macro stepwire_error_tls -11

/// the peer does not speak the expected protocol
#macro stepwire_error_handshake -12

/// the port is taken
#macro stepwire_error_address_in_use -13

/// not supported here
#macro stepwire_error_not_supported -14

/// already connecting or connected, or called where it cannot wait
#macro stepwire_error_busy -15

/// the peer closed or reset the connection
#macro stepwire_error_closed -16

/// a defect of the library
#macro stepwire_error_internal -99

/// an event's type: a socket that had refused a message with stepwire_error_queue_full has room again
#macro stepwire_type_writable 1001
