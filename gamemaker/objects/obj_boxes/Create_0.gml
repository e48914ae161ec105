/// @description The demo: moving boxes and chat

type = network_socket_tcp;
port = 6510;           // WebSockets: the next one
server = -1;           // while hosting
socket = -1;           // while playing elsewhere
own_id = -1;           // -1: in the menu
next_id = 0;
boxes = {};            // everybody's position, by id
ids = ds_map_create(); // while hosting: the id of each client's socket
lines = [];
typing = false;
buffer = buffer_create(64, buffer_grow, 1);

/// @description The port for the kind of socket.
port_of_type = function() {
    return type == network_socket_ws ? port + 1 : port;
};

/// @description Shows a line of chat.
/// @param {String} line
show = function(line) {
    array_push(lines, line);
    if (array_length(lines) > 12) {
        array_delete(lines, 0, 1);
    }
};

/// @description While hosting: sends what is in the buffer to every client.
send_to_all = function() {
    var sockets = ds_map_keys_to_array(ids);
    for (var i = 0; i < array_length(sockets); i++) {
        network_send_packet(sockets[i], buffer, buffer_tell(buffer));
    }
};

/// @description A player is somewhere: everybody is told.
/// @param {Real} player_id
/// @param {Real} at_x
/// @param {Real} at_y
moved = function(player_id, at_x, at_y) {
    boxes[$ string(player_id)] = { x: at_x, y: at_y };
    if (server >= 0) {
        boxes_begin_from_server(buffer, BOXES_FROM_SERVER.MOVED, player_id);
        boxes_write_position(buffer, at_x, at_y);
        send_to_all();
    }
};

/// @description A player said something: everybody is told.
/// @param {Real} player_id
/// @param {String} text
said = function(player_id, text) {
    show(string(player_id) + ": " + text);
    if (server >= 0) {
        boxes_begin_from_server(buffer, BOXES_FROM_SERVER.SAID, player_id);
        buffer_write(buffer, buffer_string, text);
        send_to_all();
    }
};

/// @description A player is gone: everybody is told.
/// @param {Real} player_id
left = function(player_id) {
    show(string(player_id) + " has left");
    variable_struct_remove(boxes, string(player_id));
    if (server >= 0) {
        boxes_begin_from_server(buffer, BOXES_FROM_SERVER.LEFT, player_id);
        send_to_all();
    }
};

/// @description Opens a server; the next port if this one is taken.
host = function() {
    repeat (10) {
        server = network_create_server(type, port_of_type(), 32);
        if (server >= 0) {
            own_id = next_id++;
            show("hosting on port " + string(port_of_type()));
            moved(own_id, 100, 100);
            return;
        }
        port += 2;
    }
    show("cannot host: " + stepwire_last_error());
};

/// @description Connects to a server; the game goes on meanwhile.
/// @param {String} address
join = function(address) {
    socket = network_create_socket(type);
    if (network_connect_async(socket, address, port_of_type()) < 0) {
        show("cannot connect: " + stepwire_last_error());
        leave();
    }
};

/// @description Back to the menu.
leave = function() {
    if (socket >= 0) {
        network_destroy(socket);
    }
    if (server >= 0) {
        network_destroy(server);
    }
    socket = -1;
    server = -1;
    own_id = -1;
    boxes = {};
    ds_map_clear(ids);
};

/// @description While hosting: what a client sent. It may be anything.
/// @param {Real} player_id
/// @param {Id.Buffer} data
/// @param {Real} size
hear_client = function(player_id, data, size) {
    if (size < 1) {
        return;
    }
    var kind = buffer_read(data, buffer_u8);
    if (kind == BOXES_TO_SERVER.MOVE && size == 9) {
        var at_x = buffer_read(data, buffer_f32);
        var at_y = buffer_read(data, buffer_f32);
        if (boxes_is_position(at_x, at_y)) {
            moved(player_id, at_x, at_y);
        }
    } else if (kind == BOXES_TO_SERVER.SAY && size <= 202 && buffer_peek(data, size - 1, buffer_u8) == 0) {
        said(player_id, buffer_read(data, buffer_string));
    }
};

/// @description While playing: what the server sent. It may be anything, too.
/// @param {Id.Buffer} data
/// @param {Real} size
hear_server = function(data, size) {
    if (size < 3) {
        return;
    }
    var kind = buffer_read(data, buffer_u8);
    var player_id = buffer_read(data, buffer_u16);
    switch (kind) {
        case BOXES_FROM_SERVER.YOU_ARE:
            own_id = player_id;
            moved(own_id, 100 + 40 * own_id, 100);
            break;
        case BOXES_FROM_SERVER.MOVED:
            if (size != 11) {
                break;
            }
            var at_x = buffer_read(data, buffer_f32);
            var at_y = buffer_read(data, buffer_f32);
            // One's own box is where the keys have moved it.
            if (player_id != own_id && boxes_is_position(at_x, at_y)) {
                moved(player_id, at_x, at_y);
            }
            break;
        case BOXES_FROM_SERVER.SAID:
            if (size > 3 && buffer_peek(data, size - 1, buffer_u8) == 0) {
                said(player_id, buffer_read(data, buffer_string));
            }
            break;
        case BOXES_FROM_SERVER.LEFT:
            left(player_id);
            break;
    }
};
