// For targets that have no library: the extension's functions are the built-in ones. What these lack is
// answered with stepwire_error_not_supported (-14) and a reason in stepwire_last_error.

#define stepwire_init
/// stepwire_init()
return 0;

#define stepwire_final
/// stepwire_final()
return 0;

#define stepwire_interface
/// stepwire_interface()
// The built-in functions do it all, and post their events themselves.
return 0;

#define stepwire_collect
/// stepwire_collect()
return 0;

#define stepwire_create_socket
/// stepwire_create_socket(type)
return stepwire_result(script_execute(stepwire_builtin("network_create_socket"), argument0));

#define stepwire_create_socket_ext
/// stepwire_create_socket_ext(type, port)
return stepwire_result(script_execute(stepwire_builtin("network_create_socket_ext"), argument0, argument1));

#define stepwire_create_server
/// stepwire_create_server(type, port, max_client)
return stepwire_result(script_execute(stepwire_builtin("network_create_server"), argument0, argument1, argument2));

#define stepwire_create_server_raw
/// stepwire_create_server_raw(type, port, max_client)
return stepwire_result(script_execute(stepwire_builtin("network_create_server_raw"), argument0, argument1, argument2));

#define stepwire_connect
/// stepwire_connect(socket, url, port)
return stepwire_result(script_execute(stepwire_builtin("network_connect"), argument0, argument1, argument2));

#define stepwire_connect_raw
/// stepwire_connect_raw(socket, url, port)
return stepwire_result(script_execute(stepwire_builtin("network_connect_raw"), argument0, argument1, argument2));

#define stepwire_connect_async
/// stepwire_connect_async(socket, url, port)
return stepwire_result(script_execute(stepwire_builtin("network_connect_async"), argument0, argument1, argument2));

#define stepwire_connect_raw_async
/// stepwire_connect_raw_async(socket, url, port)
return stepwire_result(script_execute(stepwire_builtin("network_connect_raw_async"), argument0, argument1, argument2));

#define stepwire_resolve
/// stepwire_resolve(url)
return script_execute(stepwire_builtin("network_resolve"), argument0);

#define stepwire_set_config_real
/// stepwire_set_config_real(option, value1, value2)
// Options from 1000 up are the extension's own.
if (argument0 >= 1000) return stepwire_unsupported("the option " + string(argument0));
script_execute(stepwire_builtin("network_set_config"), argument0, argument1, argument2);
return 0;

#define stepwire_set_config_string
/// stepwire_set_config_string(option, socket, value)
if (argument0 != 5) return stepwire_unsupported("the option " + string(argument0));
script_execute(stepwire_builtin("network_set_config"), argument0, argument1, argument2);
return 0;

#define stepwire_set_timeout
/// stepwire_set_timeout(socket, read, write)
script_execute(stepwire_builtin("network_set_timeout"), argument0, argument1, argument2);
return 0;

#define stepwire_send_packet_buffer
/// stepwire_send_packet_buffer(socket, buffer, size)
return stepwire_result(script_execute(stepwire_builtin("network_send_packet"), argument0, argument1, argument2));

#define stepwire_send_raw_buffer
/// stepwire_send_raw_buffer(socket, buffer, size, options)
return stepwire_result(script_execute(stepwire_builtin("network_send_raw"), argument0, argument1, argument2, argument3));

#define stepwire_send_udp_buffer
/// stepwire_send_udp_buffer(socket, url, port, buffer, size)
return stepwire_result(script_execute(stepwire_builtin("network_send_udp"), argument0, argument1, argument2, argument3, argument4));

#define stepwire_send_udp_raw_buffer
/// stepwire_send_udp_raw_buffer(socket, url, port, buffer, size)
return stepwire_result(script_execute(stepwire_builtin("network_send_udp_raw"), argument0, argument1, argument2, argument3, argument4));

#define stepwire_send_broadcast_buffer
/// stepwire_send_broadcast_buffer(socket, port, buffer, size)
return stepwire_result(script_execute(stepwire_builtin("network_send_broadcast"), argument0, argument1, argument2, argument3));

#define stepwire_send_packet_bytes
/// stepwire_send_packet_bytes(socket, address, size)
return stepwire_unsupported("stepwire_send_packet_bytes");

#define stepwire_send_raw_bytes
/// stepwire_send_raw_bytes(socket, address, size, options)
return stepwire_unsupported("stepwire_send_raw_bytes");

#define stepwire_check_size
/// stepwire_check_size(size, held)
return stepwire_unsupported("stepwire_check_size");

#define stepwire_set_udp_target
/// stepwire_set_udp_target(socket, url, port)
return stepwire_unsupported("stepwire_set_udp_target");

#define stepwire_send_udp_bytes
/// stepwire_send_udp_bytes(socket, address, size)
return stepwire_unsupported("stepwire_send_udp_bytes");

#define stepwire_send_udp_raw_bytes
/// stepwire_send_udp_raw_bytes(socket, address, size)
return stepwire_unsupported("stepwire_send_udp_raw_bytes");

#define stepwire_send_broadcast_bytes
/// stepwire_send_broadcast_bytes(socket, port, address, size)
return stepwire_unsupported("stepwire_send_broadcast_bytes");

#define stepwire_destroy
/// stepwire_destroy(socket)
script_execute(stepwire_builtin("network_destroy"), argument0);
return 0;

#define stepwire_last_error
/// stepwire_last_error()
return variable_global_exists("stepwire_error") ? global.stepwire_error : "";

#define stepwire_error_name
/// stepwire_error_name(error)
switch (argument0) {
    case -1: return "network_error_failed";
    case -2: return "network_error_bad_handle";
    case -3: return "network_error_bad_argument";
    case -4: return "network_error_wrong_kind";
    case -5: return "network_error_not_connected";
    case -6: return "network_error_timeout";
    case -7: return "network_error_too_big";
    case -8: return "network_error_queue_full";
    case -9: return "network_error_limit";
    case -10: return "network_error_resolve";
    case -11: return "network_error_tls";
    case -12: return "network_error_handshake";
    case -13: return "network_error_address_in_use";
    case -14: return "network_error_not_supported";
    case -15: return "network_error_busy";
    case -16: return "network_error_closed";
    case -99: return "network_error_internal";
}
return "";

#define stepwire_get_string
/// stepwire_get_string(socket, key)
return "";

#define stepwire_get_port
/// stepwire_get_port(socket)
return stepwire_unsupported("stepwire_get_port");

#define stepwire_get_stat
/// stepwire_get_stat(socket, key)
return stepwire_unsupported("stepwire_get_stat");

#define stepwire_version
/// stepwire_version()
return "built-in";

#define stepwire_event_next
/// stepwire_event_next()
return 0;

#define stepwire_event_real_key
/// stepwire_event_real_key(index)
return "";

#define stepwire_event_string_key
/// stepwire_event_string_key(index)
return "";

#define stepwire_event_real
/// stepwire_event_real(key)
return stepwire_unsupported("stepwire_event_real");

#define stepwire_event_string
/// stepwire_event_string(key)
return "";

#define stepwire_event_read
/// stepwire_event_read(address, offset, size)
return stepwire_unsupported("stepwire_event_read");

#define stepwire_console_line
/// stepwire_console_line()
return "";

#define stepwire_result
/// stepwire_result(result): a failure of the built-in functions has one number, and no reason
if (is_real(argument0) && argument0 < 0) {
    global.stepwire_error = "the built-in function failed, and does not say why";
    return -1;
}
return argument0;

#define stepwire_unsupported
/// stepwire_unsupported(what)
global.stepwire_error = argument0 + " is not supported on this target: the built-in functions lack it";
return -14;

#define stepwire_builtin
/// stepwire_builtin(name): a built-in function, by its name as a text: the script stepwire_redirect gives the
/// names themselves to the extension, so that calling them here would call this file again
if (!variable_global_exists("stepwire_builtins")) {
    global.stepwire_builtins = ds_map_create();
    for (var i = 0; i < 10000; i++) {
        var name = script_get_name(i);
        if (is_string(name) && string_copy(name, 1, 8) == "network_") {
            global.stepwire_builtins[? name] = i;
        }
    }
}
if (!ds_map_exists(global.stepwire_builtins, argument0)) {
    show_error("stepwire: this target has no " + argument0, true);
}
return global.stepwire_builtins[? argument0];
