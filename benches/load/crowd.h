/* Many connections to one server: connecting, the handshake, reading whole messages, writing. */
#ifndef CROWD_H
#define CROWD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "framing.h"

typedef struct Crowd Crowd;

typedef struct {
    Crowd *crowd;
    int descriptor;
    unsigned index;
    enum { CONNECTING, HELLO_AWAITED, WELCOME_AWAITED, ESTABLISHED } state;
    uint64_t next_sent, next_awaited; /* numbers of messages */
    uint64_t *sent_at;                /* of the messages in flight, by number modulo depth */
    uint8_t *partial;                 /* what was read of an unfinished frame */
    uint32_t partial_size;
    uint8_t *unsent; /* what the system did not take yet */
    size_t unsent_size, unsent_from;
} Connection;

struct Crowd {
    /* Set by whoever makes it. */
    Protocol protocol;
    int port;
    pid_t server;
    unsigned count, depth;
    size_t message_size;
    /* Called for each message, and when all that was read of a connection has been looked at. */
    void (*on_message)(Connection *connection, const uint8_t *payload, size_t size);
    void (*on_read)(Connection *connection);
    void (*on_established)(Connection *connection);
    /* The rest is its own. */
    Connection *connections;
    int poll;
    unsigned established;
    uint64_t read_at; /* when the bytes being looked at were read */
};

/* Makes the crowd, without a connection. */
void prepare_crowd(Crowd *crowd);
/* Connects all; returns when all handshakes are done. */
void connect_crowd(Crowd *crowd);
/* Handles what there is to read and write, and waits for it up to so long. */
void serve_crowd(Crowd *crowd, int milliseconds);
void disband_crowd(Crowd *crowd);

/* Begins to connect one. */
void begin_connection(Connection *connection);
/* Ends one at once: the system remembers nothing about it. */
void abort_connection(Connection *connection);
/* Sends as many messages at once. */
void send_messages(Connection *connection, unsigned count);

#endif
