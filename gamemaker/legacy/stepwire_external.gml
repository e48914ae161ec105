// Generated from gamemaker/functions.json by cargo xtask package-gamemaker --generate.
// Call it once with the library's file name; then for example
// external_call(global.ext_stepwire_create_socket, network_socket_tcp).
// Bytes go in and out as buffer_get_address(buffer), which is a string to external_call.

/// @param {String} library stepwire_x64.dll, stepwire.so or libstepwire.dylib
function stepwire_external_define(library) {
    global.ext_stepwire_init = external_define(library, "stepwire_init", dll_cdecl, ty_real, 0);
    global.ext_stepwire_final = external_define(library, "stepwire_final", dll_cdecl, ty_real, 0);
    global.ext_stepwire_interface = external_define(library, "stepwire_interface", dll_cdecl, ty_real, 0);
    global.ext_stepwire_collect = external_define(library, "stepwire_collect", dll_cdecl, ty_real, 0);
    global.ext_stepwire_create_socket = external_define(library, "stepwire_create_socket", dll_cdecl, ty_real, 1, ty_real);
    global.ext_stepwire_create_socket_ext = external_define(library, "stepwire_create_socket_ext", dll_cdecl, ty_real, 2, ty_real, ty_real);
    global.ext_stepwire_create_server = external_define(library, "stepwire_create_server", dll_cdecl, ty_real, 3, ty_real, ty_real, ty_real);
    global.ext_stepwire_create_server_raw = external_define(library, "stepwire_create_server_raw", dll_cdecl, ty_real, 3, ty_real, ty_real, ty_real);
    global.ext_stepwire_connect = external_define(library, "stepwire_connect", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_stepwire_connect_raw = external_define(library, "stepwire_connect_raw", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_stepwire_connect_async = external_define(library, "stepwire_connect_async", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_stepwire_connect_raw_async = external_define(library, "stepwire_connect_raw_async", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_stepwire_resolve = external_define(library, "stepwire_resolve", dll_cdecl, ty_string, 1, ty_string);
    global.ext_stepwire_set_config_real = external_define(library, "stepwire_set_config_real", dll_cdecl, ty_real, 3, ty_real, ty_real, ty_real);
    global.ext_stepwire_set_config_string = external_define(library, "stepwire_set_config_string", dll_cdecl, ty_real, 3, ty_real, ty_real, ty_string);
    global.ext_stepwire_set_timeout = external_define(library, "stepwire_set_timeout", dll_cdecl, ty_real, 3, ty_real, ty_real, ty_real);
    global.ext_stepwire_send_packet_bytes = external_define(library, "stepwire_send_packet_bytes", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_stepwire_send_raw_bytes = external_define(library, "stepwire_send_raw_bytes", dll_cdecl, ty_real, 4, ty_real, ty_string, ty_real, ty_real);
    global.ext_stepwire_check_size = external_define(library, "stepwire_check_size", dll_cdecl, ty_real, 2, ty_real, ty_real);
    global.ext_stepwire_set_udp_target = external_define(library, "stepwire_set_udp_target", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_stepwire_send_udp_bytes = external_define(library, "stepwire_send_udp_bytes", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_stepwire_send_udp_raw_bytes = external_define(library, "stepwire_send_udp_raw_bytes", dll_cdecl, ty_real, 3, ty_real, ty_string, ty_real);
    global.ext_stepwire_send_broadcast_bytes = external_define(library, "stepwire_send_broadcast_bytes", dll_cdecl, ty_real, 4, ty_real, ty_real, ty_string, ty_real);
    global.ext_stepwire_destroy = external_define(library, "stepwire_destroy", dll_cdecl, ty_real, 1, ty_real);
    global.ext_stepwire_last_error = external_define(library, "stepwire_last_error", dll_cdecl, ty_string, 0);
    global.ext_stepwire_error_name = external_define(library, "stepwire_error_name", dll_cdecl, ty_string, 1, ty_real);
    global.ext_stepwire_get_string = external_define(library, "stepwire_get_string", dll_cdecl, ty_string, 2, ty_real, ty_string);
    global.ext_stepwire_get_port = external_define(library, "stepwire_get_port", dll_cdecl, ty_real, 1, ty_real);
    global.ext_stepwire_get_stat = external_define(library, "stepwire_get_stat", dll_cdecl, ty_real, 2, ty_real, ty_string);
    global.ext_stepwire_version = external_define(library, "stepwire_version", dll_cdecl, ty_string, 0);
    global.ext_stepwire_event_next = external_define(library, "stepwire_event_next", dll_cdecl, ty_real, 0);
    global.ext_stepwire_event_real_key = external_define(library, "stepwire_event_real_key", dll_cdecl, ty_string, 1, ty_real);
    global.ext_stepwire_event_string_key = external_define(library, "stepwire_event_string_key", dll_cdecl, ty_string, 1, ty_real);
    global.ext_stepwire_event_real = external_define(library, "stepwire_event_real", dll_cdecl, ty_real, 1, ty_string);
    global.ext_stepwire_event_string = external_define(library, "stepwire_event_string", dll_cdecl, ty_string, 1, ty_string);
    global.ext_stepwire_event_read = external_define(library, "stepwire_event_read", dll_cdecl, ty_real, 3, ty_string, ty_real, ty_real);
    global.ext_stepwire_console_line = external_define(library, "stepwire_console_line", dll_cdecl, ty_string, 0);
    global.ext_stepwire_event_post = external_define(library, "stepwire_event_post", dll_cdecl, ty_real, 0);
    global.ext_stepwire_event_read_posted = external_define(library, "stepwire_event_read_posted", dll_cdecl, ty_real, 4, ty_real, ty_string, ty_real, ty_real);
}
