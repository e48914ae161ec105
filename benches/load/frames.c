#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "crowd.h"
#include "failure.h"
#include "loads.h"
#include "usage.h"

static unsigned long received;

/* A player's own last message, which may come again while the next is on its way. */
static void on_message(Connection *connection, const uint8_t *payload, size_t size) {
    uint64_t number = size == connection->crowd->message_size ? number_in(payload) : UINT64_MAX;
    if (number >= connection->next_sent || number + 1 < connection->next_awaited ||
        !is_payload(payload, size, connection->index, number))
        give_up("connection %u: what came is none of its messages", connection->index);
    connection->next_awaited = number + 1;
    received++;
}

/* Each connection's message within the tick, spread over it as players' packets are. */
static void play(Crowd *crowd, uint64_t length, double seconds) {
    uint64_t begin = now(), end = begin + (uint64_t)(seconds * 1e9), tick = begin;
    unsigned index = 0;
    while (now() < end) {
        unsigned due = (unsigned)((double)(now() - tick) / (double)length * crowd->count);
        for (; index < due && index < crowd->count; index++)
            send_messages(&crowd->connections[index], 1);
        if (index == crowd->count) {
            tick += length;
            index = 0;
        }
        serve_crowd(crowd, 1);
    }
}

void load_frames(const Load *load) {
    Crowd crowd = {.protocol = load->protocol,
                   .port = load->targets[0].port,
                   .server = load->targets[0].process,
                   .count = load->connections,
                   .message_size = load->size,
                   .on_message = on_message};
    prepare_crowd(&crowd);
    connect_crowd(&crowd);
    play(&crowd, 1000000000 / load->depth, load->seconds);
    printf("{\"messages\":%lu,\"seconds\":%.3f}\n", received, load->seconds);
    fflush(stdout);
    disband_crowd(&crowd);
}
