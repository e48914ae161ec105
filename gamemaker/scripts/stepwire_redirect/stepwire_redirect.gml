// Generated from gamemaker/functions.json by cargo xtask package-gamemaker --generate.
// With this script in a project the built-in networking functions are the extension's.
// Delete it to have both side by side.

#macro network_create_socket stepwire_create_socket
#macro network_create_socket_ext stepwire_create_socket_ext
#macro network_create_server stepwire_create_server
#macro network_create_server_raw stepwire_create_server_raw
#macro network_connect stepwire_connect
#macro network_connect_raw stepwire_connect_raw
#macro network_connect_async stepwire_connect_async
#macro network_connect_raw_async stepwire_connect_raw_async
#macro network_resolve stepwire_resolve
#macro network_set_timeout stepwire_set_timeout
#macro network_destroy stepwire_destroy
#macro network_set_config stepwire_set_config
#macro network_send_packet stepwire_send_packet
#macro network_send_raw stepwire_send_raw
#macro network_send_udp stepwire_send_udp
#macro network_send_udp_raw stepwire_send_udp_raw
#macro network_send_broadcast stepwire_send_broadcast
