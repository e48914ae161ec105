/// @description Boxes and chat

var names = variable_struct_get_names(boxes);
for (var i = 0; i < array_length(names); i++) {
    var box = boxes[$ names[i]];
    var shade = make_colour_hsv((real(names[i]) * 67) mod 256, 180, 230);
    draw_rectangle_colour(box.x, box.y, box.x + 32, box.y + 32, shade, shade, shade, shade, false);
    draw_text(box.x, box.y - 20, names[i]);
}

for (var i = 0; i < array_length(lines); i++) {
    draw_text(20, 20 + 20 * i, lines[i]);
}

var help = "H: host   J: join this machine   W: " + (type == network_socket_ws ? "WebSockets" : "TCP");
if (own_id >= 0) {
    help = typing ? "> " + keyboard_string : "arrows: move   Enter: talk   Esc: leave";
} else if (socket >= 0) {
    help = "connecting ...   Esc: give up";
}
draw_text(20, room_height - 40, help);
