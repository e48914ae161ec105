// The messages of the demo. gamemaker/server/boxes_server.c, a dedicated server in C, has the same.

/// What a player sends.
enum BOXES_TO_SERVER {
    MOVE = 1, // f32 x, f32 y
    SAY = 2,  // string
}

/// What a server sends; each begins with a u16, the id of the player it is about.
enum BOXES_FROM_SERVER {
    YOU_ARE = 1,
    MOVED = 2, // f32 x, f32 y
    SAID = 3,  // string
    LEFT = 4,
}

/// @description Begins a message to the server.
/// @param {Id.Buffer} buffer where it is written
/// @param {Real} kind one of BOXES_TO_SERVER
function boxes_begin_to_server(buffer, kind) {
    buffer_seek(buffer, buffer_seek_start, 0);
    buffer_write(buffer, buffer_u8, kind);
}

/// @description Begins a message from the server.
/// @param {Id.Buffer} buffer where it is written
/// @param {Real} kind one of BOXES_FROM_SERVER
/// @param {Real} player_id whom it is about
function boxes_begin_from_server(buffer, kind, player_id) {
    buffer_seek(buffer, buffer_seek_start, 0);
    buffer_write(buffer, buffer_u8, kind);
    buffer_write(buffer, buffer_u16, player_id);
}

/// @description Writes a position behind what is there.
/// @param {Id.Buffer} buffer where it is written
/// @param {Real} at_x
/// @param {Real} at_y
function boxes_write_position(buffer, at_x, at_y) {
    buffer_write(buffer, buffer_f32, at_x);
    buffer_write(buffer, buffer_f32, at_y);
}

/// @description Whether a position that was received can be one: anybody can send any bits.
/// @param {Real} at_x
/// @param {Real} at_y
/// @returns {Bool}
function boxes_is_position(at_x, at_y) {
    return !is_nan(at_x) && !is_infinity(at_x) && !is_nan(at_y) && !is_infinity(at_y);
}
