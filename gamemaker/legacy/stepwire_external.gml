// Generated from gamemaker/functions.json by cargo xtask package-gamemaker --generate.
// Call it once with the library's file name; then for example
// external_call(global.ext_network_create_socket, network_socket_tcp).
// Bytes go in and out as buffer_get_address(buffer), which is a string to external_call.

/// @param {String} library stepwire_x64.dll, stepwire.so or libstepwire.dylib
function stepwire_external_define(library) {
    global.ext_network_create_socket = external_define(library, "network_create_socket", dll_cdecl, ty_real, 1, ty_real);
    global.ext_network_create_socket_ext = external_define(library, "network_create_socket_ext", dll_cdecl, ty_real, 2, ty_real, ty_real);
    global.ext_network_create_server = external_define(library, "network_create_server", dll_cdecl, ty_real, 3, ty_real, ty_real, ty_real);
    global.ext_network_create_server_raw = external_define(library, "network_create_server_raw", dll_cdecl, ty_real, 3, ty_real, ty_real, ty_real);
    global.ext_network_connect = external_define(library, "network_connect", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_network_connect_raw = external_define(library, "network_connect_raw", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_network_connect_async = external_define(library, "network_connect_async", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_network_connect_raw_async = external_define(library, "network_connect_raw_async", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_network_resolve = external_define(library, "network_resolve", dll_cdecl, ty_string, 1, ty_string);
    global.ext_network_set_config = external_define(library, "network_set_config", dll_cdecl, ty_real, 3, ty_real, ty_real, ty_real);
    global.ext_network_set_config_string = external_define(library, "network_set_config_string", dll_cdecl, ty_real, 3, ty_real, ty_real, ty_string);
    global.ext_network_set_timeout = external_define(library, "network_set_timeout", dll_cdecl, ty_real, 3, ty_real, ty_real, ty_real);
    global.ext_network_send_packet = external_define(library, "network_send_packet", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_network_send_raw = external_define(library, "network_send_raw", dll_cdecl, ty_real, 4, ty_real, ty_string, ty_real, ty_real);
    global.ext_network_set_udp_target = external_define(library, "network_set_udp_target", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_network_send_udp_to_target = external_define(library, "network_send_udp_to_target", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_network_send_udp_raw_to_target = external_define(library, "network_send_udp_raw_to_target", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_network_send_broadcast = external_define(library, "network_send_broadcast", dll_cdecl, ty_real, 4, ty_real, ty_real, ty_string, ty_real);
    global.ext_network_destroy = external_define(library, "network_destroy", dll_cdecl, ty_real, 1, ty_real);
    global.ext_network_event_next = external_define(library, "network_event_next", dll_cdecl, ty_real, 0);
    global.ext_network_event_real = external_define(library, "network_event_real", dll_cdecl, ty_real, 1, ty_string);
    global.ext_network_event_string = external_define(library, "network_event_string", dll_cdecl, ty_string, 1, ty_string);
    global.ext_network_event_read = external_define(library, "network_event_read", dll_cdecl, ty_real, 3, ty_string, ty_real, ty_real);
    global.ext_stepwire_event_post = external_define(library, "stepwire_event_post", dll_cdecl, ty_real, 0);
    global.ext_stepwire_event_read_posted = external_define(library, "stepwire_event_read_posted", dll_cdecl, ty_real, 4, ty_real, ty_string, ty_real, ty_real);
    global.ext_network_get_string = external_define(library, "network_get_string", dll_cdecl, ty_string, 2, ty_real, ty_string);
    global.ext_network_get_port = external_define(library, "network_get_port", dll_cdecl, ty_real, 1, ty_real);
    global.ext_network_get_stat = external_define(library, "network_get_stat", dll_cdecl, ty_real, 2, ty_real, ty_string);
    global.ext_network_last_error = external_define(library, "network_last_error", dll_cdecl, ty_string, 0);
    global.ext_network_error_name = external_define(library, "network_error_name", dll_cdecl, ty_string, 1, ty_real);
    global.ext_network_version = external_define(library, "network_version", dll_cdecl, ty_string, 0);
    global.ext_network_shutdown = external_define(library, "network_shutdown", dll_cdecl, ty_real, 0);
}
