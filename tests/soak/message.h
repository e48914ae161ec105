/* What the soak's clients say and its server sends back, and the pages that both write about it. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TCP, WS, WSS, RELIABLE, UDP, KINDS };
enum { HEAD = 16, LARGEST = 20000, LARGEST_DATAGRAM = 1000 };

/* Message NUMBER, of SIZE bytes with this head, of a client's SESSION-th connection. */
typedef struct {
    uint32_t client, session, number, size;
} Head;

static inline const uint8_t *message_bytes(const Head *head) {
    static uint8_t bytes[256 + LARGEST];
    size_t at;
    if (bytes[1] == 0)
        for (at = 0; at < sizeof bytes; at++)
            bytes[at] = (uint8_t)at;
    return bytes + ((head->client * 31 + head->session * 17 + head->number * 7) & 255);
}

static inline void write_message(uint8_t *to, const Head *head) {
    memcpy(to, head, HEAD);
    memcpy(to + HEAD, message_bytes(head), head->size - HEAD);
}

/* Whether these are the bytes of a message, each of them. */
static inline int read_message(const void *bytes, double size, Head *head) {
    if (size < HEAD || size > LARGEST)
        return 0;
    memcpy(head, bytes, HEAD);
    return head->size == size && memcmp((const uint8_t *)bytes + HEAD, message_bytes(head), head->size - HEAD) == 0;
}

static inline double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Says what must not be and ends. */
static inline void broken(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "broken: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    fflush(NULL);
    _exit(1);
}

#endif
