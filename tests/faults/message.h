/*
 * What the session's clients say: message NUMBER of a connection that link LINK has made as its ATTEMPT-th, as a head
 * and as many bytes as the number asks for. The server sends each back as it came.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES = 6, HEAD = 12, LARGEST = 60000, ATTEMPTS = 1000 };

typedef struct {
    uint32_t link, attempt, number;
} Head;

/* One is large enough to come in several pieces, unless it has to fit a datagram. */
static inline size_t message_size(uint32_t number, int is_datagram) {
    static const size_t sizes[MESSAGES] = {0, 1, 700, LARGEST - HEAD, 0, 3000};
    size_t size = sizes[number];
    return HEAD + (is_datagram && size > 1000 ? 1000 : size);
}

static inline uint8_t message_byte(Head head, size_t at) {
    return (uint8_t)(head.link * 31 + head.attempt * 7 + head.number * 3 + at);
}

static inline size_t write_message(uint8_t *to, Head head, int is_datagram) {
    size_t size = message_size(head.number, is_datagram), at;
    memcpy(to, &head, HEAD);
    for (at = HEAD; at < size; at++)
        to[at] = message_byte(head, at);
    return size;
}

/* Bytes that have come, of which the first may be a part of a message. */
typedef struct {
    uint8_t bytes[2 * LARGEST];
    size_t size;
} Stream;

/* Takes a whole message off the front of what has come. 1 if there was one, 0 if not, -1 if it is none of ours. */
static inline int take_message(Stream *stream, int is_datagram, Head *head) {
    size_t size, at;
    if (stream->size < HEAD)
        return 0;
    memcpy(head, stream->bytes, HEAD);
    if (head->number >= MESSAGES)
        return -1;
    size = message_size(head->number, is_datagram);
    if (stream->size < size)
        return 0;
    for (at = HEAD; at < size; at++)
        if (stream->bytes[at] != message_byte(*head, at))
            return -1;
    stream->size -= size;
    memmove(stream->bytes, stream->bytes + size, stream->size);
    return 1;
}

static inline int add_bytes(Stream *stream, const void *bytes, size_t size) {
    if (size > sizeof stream->bytes - stream->size)
        return 0;
    memcpy(stream->bytes + stream->size, bytes, size);
    stream->size += size;
    return 1;
}

#endif
