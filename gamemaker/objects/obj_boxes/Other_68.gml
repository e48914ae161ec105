/// @description Async - Networking: as with the built-in functions

switch (async_load[? "type"]) {
    case network_type_connect:
        var newcomer = async_load[? "socket"];
        var player_id = next_id++;
        boxes_begin_from_server(buffer, BOXES_FROM_SERVER.YOU_ARE, player_id);
        network_send_packet(newcomer, buffer, buffer_tell(buffer));
        // Where everybody is.
        var names = variable_struct_get_names(boxes);
        for (var i = 0; i < array_length(names); i++) {
            var box = boxes[$ names[i]];
            boxes_begin_from_server(buffer, BOXES_FROM_SERVER.MOVED, real(names[i]));
            boxes_write_position(buffer, box.x, box.y);
            network_send_packet(newcomer, buffer, buffer_tell(buffer));
        }
        ids[? newcomer] = player_id;
        show(string(player_id) + " enters from " + async_load[? "ip"]);
        break;

    case network_type_disconnect:
        // The built-in functions never tell a client of this.
        if (async_load[? "socket"] == socket) {
            show("the server is gone " + async_load[? "reason"]);
            leave();
        } else if (ds_map_exists(ids, async_load[? "socket"])) {
            var gone = ids[? async_load[? "socket"]];
            ds_map_delete(ids, async_load[? "socket"]);
            network_destroy(async_load[? "socket"]);
            left(gone);
        }
        break;

    case network_type_data:
        if (async_load[? "id"] == socket) {
            hear_server(async_load[? "buffer"], async_load[? "size"]);
        } else if (ds_map_exists(ids, async_load[? "id"])) {
            hear_client(ids[? async_load[? "id"]], async_load[? "buffer"], async_load[? "size"]);
        }
        break;

    case network_type_non_blocking_connect:
        if (async_load[? "id"] == socket && !async_load[? "succeeded"]) {
            show("cannot connect: " + async_load[? "reason"]);
            leave();
        }
        break;
}
