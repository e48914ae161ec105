// What the extension's functions need GML for: arguments that may be left out, and on runtimes whose
// extensions know neither buffers nor events (GameMaker's new one, HTML5) the bytes behind a buffer and
// the events themselves.

/// @description Hands every waiting event to the game as an Async - Networking event. Call it once per step; obj_stepwire does.
/// @returns {Real} how many events were handed over, or a negative stepwire_error_*
function stepwire_step() {
    var events = stepwire_collect();
    if (stepwire_takes_addresses()) {
        stepwire_raise_events();
    }
    return events;
}

/// @description Sets an option: network_config_* or stepwire_config_*.
/// @param {Real} option which option
/// @param {Real} value1 its value; for options of a socket, the socket, or -1 for sockets created later
/// @param {Real,String} [value2] the value of an option of a socket
/// @returns {Real} 0, or a negative stepwire_error_*
function stepwire_set_config(option, value1, value2 = 0) {
    return is_string(value2) ? stepwire_set_config_string(option, value1, value2)
                             : stepwire_set_config_real(option, value1, value2);
}

/// @description Sends the beginning of a buffer as one packet to a connected TCP or WebSocket socket.
/// @param {Id.Socket} socket a client, or a server's client
/// @param {Id.Buffer} buffer what to send; copied at once
/// @param {Real} size how many bytes of it
/// @returns {Real} bytes queued, or a negative stepwire_error_*
function stepwire_send_packet(socket, buffer, size) {
    if (!stepwire_takes_addresses()) {
        return stepwire_send_packet_buffer(socket, buffer, size);
    }
    var checked = stepwire_check_size(size, buffer_get_size(buffer));
    return checked < 0 ? checked : stepwire_send_packet_bytes(socket, buffer_get_address(buffer), size);
}

/// @description Sends the beginning of a buffer without GameMaker's header over a raw connection.
/// @param {Id.Socket} socket a client, or a server's client
/// @param {Id.Buffer} buffer what to send; copied at once
/// @param {Real} size how many bytes of it
/// @param {Real} [options] WebSocket: network_send_binary (the default) or network_send_text
/// @returns {Real} bytes queued, or a negative stepwire_error_*
function stepwire_send_raw(socket, buffer, size, options = network_send_binary) {
    if (!stepwire_takes_addresses()) {
        return stepwire_send_raw_buffer(socket, buffer, size, options);
    }
    var checked = stepwire_check_size(size, buffer_get_size(buffer));
    return checked < 0 ? checked : stepwire_send_raw_bytes(socket, buffer_get_address(buffer), size, options);
}

/// @description Sends one datagram with GameMaker's header.
/// @param {Id.Socket} socket a UDP socket or UDP server
/// @param {String} url host name or address
/// @param {Real} port the receiver's port
/// @param {Id.Buffer} buffer what to send; copied at once
/// @param {Real} size how many bytes of it
/// @returns {Real} bytes queued, or a negative stepwire_error_*
function stepwire_send_udp(socket, url, port, buffer, size) {
    if (!stepwire_takes_addresses()) {
        return stepwire_send_udp_buffer(socket, url, port, buffer, size);
    }
    var checked = stepwire_set_udp_target(socket, url, port);
    if (checked >= 0) {
        checked = stepwire_check_size(size, buffer_get_size(buffer));
    }
    return checked < 0 ? checked : stepwire_send_udp_bytes(socket, buffer_get_address(buffer), size);
}

/// @description Sends one datagram without header.
/// @param {Id.Socket} socket a UDP socket or UDP server
/// @param {String} url host name or address
/// @param {Real} port the receiver's port
/// @param {Id.Buffer} buffer what to send; copied at once
/// @param {Real} size how many bytes of it
/// @returns {Real} bytes queued, or a negative stepwire_error_*
function stepwire_send_udp_raw(socket, url, port, buffer, size) {
    if (!stepwire_takes_addresses()) {
        return stepwire_send_udp_raw_buffer(socket, url, port, buffer, size);
    }
    var checked = stepwire_set_udp_target(socket, url, port);
    if (checked >= 0) {
        checked = stepwire_check_size(size, buffer_get_size(buffer));
    }
    return checked < 0 ? checked : stepwire_send_udp_raw_bytes(socket, buffer_get_address(buffer), size);
}

/// @description Sends one datagram to everybody on the local networks.
/// @param {Id.Socket} socket a UDP socket or UDP server
/// @param {Real} port the receivers' port
/// @param {Id.Buffer} buffer what to send; copied at once
/// @param {Real} size how many bytes of it
/// @returns {Real} bytes queued, or a negative stepwire_error_*
function stepwire_send_broadcast(socket, port, buffer, size) {
    if (!stepwire_takes_addresses()) {
        return stepwire_send_broadcast_buffer(socket, port, buffer, size);
    }
    var checked = stepwire_check_size(size, buffer_get_size(buffer));
    return checked < 0 ? checked : stepwire_send_broadcast_bytes(socket, port, buffer_get_address(buffer), size);
}

/// @description Whether this runtime passes the extension addresses instead of buffers, and asks for its events.
/// @returns {Bool}
/// @ignore
function stepwire_takes_addresses() {
    static answer = stepwire_interface() == 2;
    return answer;
}

/// @description Raises what stepwire_collect has taken, one Async - Networking event after the other.
/// @ignore
function stepwire_raise_events() {
    while (stepwire_event_next() > 0) {
        var map = ds_map_create();
        var key = stepwire_event_real_key(0);
        for (var i = 1; key != ""; i++) {
            map[? key] = stepwire_event_real(key);
            key = stepwire_event_real_key(i);
        }
        key = stepwire_event_string_key(0);
        for (var i = 1; key != ""; i++) {
            map[? key] = stepwire_event_string(key);
            key = stepwire_event_string_key(i);
        }
        var buffer = -1;
        if (map[? "type"] == network_type_data) {
            // A buffer cannot be empty; the key "size" says how much counts.
            buffer = buffer_create(max(map[? "size"], 1), buffer_grow, 1);
            stepwire_event_read(buffer_get_address(buffer), 0, map[? "size"]);
            map[? "buffer"] = buffer;
        }
        try {
            // The map goes with the event.
            event_perform_async(ev_async_web_networking, map);
        } finally {
            if (buffer >= 0 && buffer_exists(buffer)) {
                buffer_delete(buffer);
            }
        }
    }
    stepwire_show_lines();
}

/// @description Writes to the output window what the library could not write there itself.
/// @ignore
function stepwire_show_lines() {
    for (var line = stepwire_console_line(); line != ""; line = stepwire_console_line()) {
        show_debug_message(line);
    }
}
