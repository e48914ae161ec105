#include <stdio.h>

#include "crowd.h"
#include "failure.h"
#include "loads.h"
#include "usage.h"

enum { NEWCOMERS_AT_ONCE = 64 };

static unsigned long accepted;
static int running;

static void on_message(Connection *connection, const uint8_t *payload, size_t size) {
    (void)payload;
    (void)size;
    give_up("connection %u: nobody asked for a message", connection->index);
}

/* The next one takes its place. */
static void on_established(Connection *connection) {
    accepted++;
    abort_connection(connection);
    if (running)
        begin_connection(connection);
}

static void measure(const Load *load, unsigned target, unsigned round) {
    pid_t server = load->targets[target].process;
    Crowd crowd = {.protocol = load->protocol,
                   .port = load->targets[target].port,
                   .server = server,
                   .count = NEWCOMERS_AT_ONCE,
                   .on_message = on_message,
                   .on_established = on_established};
    uint64_t began = now(), took, end = began + (uint64_t)(load->seconds * 1e9), processor = process_time(server);
    unsigned index;
    prepare_crowd(&crowd);
    accepted = 0;
    running = 1;
    for (index = 0; index < crowd.count; index++)
        begin_connection(&crowd.connections[index]);
    while (now() < end)
        serve_crowd(&crowd, 10);
    running = 0;
    took = now() - began;
    printf("{\"target\":%u,\"round\":%u,\"messages\":%lu,\"seconds\":%.6f,\"cpu_ns\":%llu}\n", target, round, accepted,
           (double)took / 1e9, (unsigned long long)(process_time(server) - processor));
    fflush(stdout);
    disband_crowd(&crowd);
}

void load_accepts(const Load *load) {
    unsigned target, round;
    for (round = 0; round < load->rounds; round++)
        for (target = 0; target < load->target_count; target++)
            measure(load, target, round);
}
