/* What room_server.c and room_bots.c say to each other, in packets of stepwire: a letter, and text behind it. Fields are
 * separated by a line feed. */
#ifndef ROOM_PROTOCOL_H
#define ROOM_PROTOCOL_H

enum {
    ROOM_FIND = 'f',    /* bot: a room, please */
    ROOM_FOUND = 'r',   /* server: address, ticket, room's name */
    ROOM_NONE = 'n',    /* server: there is none; the error's name */
    ROOM_SHOW = 't',    /* bot: ticket, room's name, own name */
    ROOM_WELCOME = 'w', /* server: come in; the room's name */
    ROOM_REFUSED = 'x', /* server: that is no (longer a) good ticket */
    ROOM_LEAVE = 'd',   /* server: it is about to end, look for another room */
    ROOM_TICK = 'p'     /* server: the game goes on; how many are in the room */
};

enum { ROOM_TEXT_SIZE = 512 };

#endif
