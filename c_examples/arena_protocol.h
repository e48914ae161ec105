/* The packets of the arena, the game of arena_server.c and arena_bot.c.
 *
 * Little-endian, without padding: what GameMaker's buffer_write makes with the types named here, and what
 * JavaScript's DataView reads with its last argument true. A string is its bytes (UTF-8) and a NUL.
 *
 *   from a client
 *    1 join      buffer_u8 1, buffer_u8 version, buffer_string name     first of all; a name has 1 to 15 bytes
 *    2 input     buffer_u8 2, buffer_u16 sequence, buffer_f32 right, buffer_f32 down
 *                right and down are a direction, -1 to 1 each; it holds until the next input.
 *                sequence counts up by one and wraps; snapshots name the last one that took effect
 *
 *   from the server
 *   10 welcome   buffer_u8 10, buffer_u16 your player, buffer_u16 ticks per second, buffer_f32 width, buffer_f32 height
 *   11 player    buffer_u8 11, buffer_u16 player, buffer_string name    somebody is in the arena, you included
 *   12 left      buffer_u8 12, buffer_u16 player                        the number may later be somebody else's
 *   13 snapshot  buffer_u8 13, buffer_u32 tick, buffer_u8 gems, buffer_u8 players,
 *                then for each gem     buffer_f32 x, buffer_f32 y,
 *                then for each player  buffer_u16 player, buffer_u16 last input, buffer_u16 score, buffer_f32 x, buffer_f32 y
 *                every tick, the same for all; under load some are left out, never reordered
 *   14 refused   buffer_u8 14, buffer_string reason                     the server then closes the connection
 *   15 moving    buffer_u8 15, buffer_string reason                     the server will end: connect again, and then
 *                leave this connection, on which the game goes on until then
 *
 * Whoever sends anything else is cut off.
 */
#ifndef ARENA_PROTOCOL_H
#define ARENA_PROTOCOL_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    ARENA_JOIN = 1,
    ARENA_INPUT = 2,
    ARENA_WELCOME = 10,
    ARENA_PLAYER = 11,
    ARENA_LEFT = 12,
    ARENA_SNAPSHOT = 13,
    ARENA_REFUSED = 14,
    ARENA_MOVING = 15
};

enum {
    ARENA_VERSION = 3,
    ARENA_PORT = 6510,
    ARENA_MAX_PLAYERS = 64,
    ARENA_GEMS = 8,
    ARENA_NAME_SIZE = 16, /* with its NUL */
    ARENA_MAX_PACKET = 7 + 8 * ARENA_GEMS + 14 * ARENA_MAX_PLAYERS /* the fullest snapshot */
};

/* Writing: start with size 0. What is written always fits: the sizes above are the game's own limits. */
struct arena_packet {
    uint8_t bytes[ARENA_MAX_PACKET];
    size_t size;
};

static inline void arena_put_u8(struct arena_packet *packet, unsigned value) {
    assert(packet->size < sizeof packet->bytes);
    packet->bytes[packet->size++] = (uint8_t)value;
}

static inline void arena_put_u16(struct arena_packet *packet, unsigned value) {
    arena_put_u8(packet, value & 255);
    arena_put_u8(packet, value >> 8 & 255);
}

static inline void arena_put_u32(struct arena_packet *packet, uint32_t value) {
    arena_put_u16(packet, value & 65535);
    arena_put_u16(packet, value >> 16);
}

static inline void arena_put_f32(struct arena_packet *packet, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    arena_put_u32(packet, bits);
}

static inline void arena_put_string(struct arena_packet *packet, const char *text) {
    do {
        arena_put_u8(packet, (unsigned char)*text);
    } while (*text++ != '\0');
}

/* Reading what a stranger sent: past the end come zeros, and `bad` says so. */
struct arena_reader {
    const uint8_t *next, *end;
    int bad;
};

static inline struct arena_reader arena_read(const uint8_t *bytes, double size) {
    struct arena_reader reader;
    reader.next = bytes;
    reader.end = bytes + (size_t)size;
    reader.bad = 0;
    return reader;
}

static inline unsigned arena_get_u8(struct arena_reader *reader) {
    if (reader->next == reader->end) {
        reader->bad = 1;
        return 0;
    }
    return *reader->next++;
}

static inline unsigned arena_get_u16(struct arena_reader *reader) {
    unsigned low = arena_get_u8(reader);
    return low | arena_get_u8(reader) << 8;
}

static inline uint32_t arena_get_u32(struct arena_reader *reader) {
    uint32_t low = arena_get_u16(reader);
    return low | (uint32_t)arena_get_u16(reader) << 16;
}

static inline float arena_get_f32(struct arena_reader *reader) {
    uint32_t bits = arena_get_u32(reader);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Control characters are bad: names are shown on terminals. */
static inline void arena_get_string(struct arena_reader *reader, char *text, size_t room) {
    size_t length = 0;
    unsigned c;
    while ((c = arena_get_u8(reader)) != 0) {
        if (c < ' ' || c == 127 || length + 1 >= room) {
            reader->bad = 1;
            break;
        }
        text[length++] = (char)c;
    }
    text[length] = '\0';
}

/* 1 when everything was there and nothing is left over. */
static inline int arena_read_all(const struct arena_reader *reader) {
    return !reader->bad && reader->next == reader->end;
}

#endif
