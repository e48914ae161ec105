/// @description Keys

if (own_id < 0) {
    if (keyboard_check_pressed(vk_escape)) {
        leave();
    } else if (socket < 0) {
        if (keyboard_check_pressed(ord("W"))) {
            type = type == network_socket_tcp ? network_socket_ws : network_socket_tcp;
        }
        if (keyboard_check_pressed(ord("H"))) {
            host();
        } else if (keyboard_check_pressed(ord("J"))) {
            join("127.0.0.1");
        }
    }
    exit;
}

if (keyboard_check_pressed(vk_escape)) {
    leave();
    exit;
}

if (keyboard_check_pressed(vk_enter)) {
    var text = string_copy(keyboard_string, 1, 50);
    if (typing && text != "") {
        if (server >= 0) {
            said(own_id, text);
        } else {
            boxes_begin_to_server(buffer, BOXES_TO_SERVER.SAY);
            buffer_write(buffer, buffer_string, text);
            network_send_packet(socket, buffer, buffer_tell(buffer));
        }
    }
    typing = !typing;
    keyboard_string = "";
}

var across = keyboard_check(vk_right) - keyboard_check(vk_left);
var down = keyboard_check(vk_down) - keyboard_check(vk_up);
if (across != 0 || down != 0) {
    var box = boxes[$ string(own_id)];
    moved(own_id, box.x + 4 * across, box.y + 4 * down);
    if (socket >= 0) {
        box = boxes[$ string(own_id)];
        boxes_begin_to_server(buffer, BOXES_TO_SERVER.MOVE);
        boxes_write_position(buffer, box.x, box.y);
        network_send_packet(socket, buffer, buffer_tell(buffer));
    }
}
