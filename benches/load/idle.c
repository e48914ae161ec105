#include <stdio.h>

#include "crowd.h"
#include "failure.h"
#include "loads.h"
#include "usage.h"

static void on_message(Connection *connection, const uint8_t *payload, size_t size) {
    (void)payload;
    (void)size;
    give_up("connection %u: nobody asked for a message", connection->index);
}

void load_idle(const Load *load) {
    unsigned target;
    for (target = 0; target < load->target_count; target++) {
        pid_t server = load->targets[target].process;
        double before = resident_memory(server), end;
        Crowd crowd = {.protocol = load->protocol,
                       .port = load->targets[target].port,
                       .server = server,
                       .count = load->connections,
                       .on_message = on_message};
        prepare_crowd(&crowd);
        connect_crowd(&crowd);
        end = (double)now() + load->seconds * 1e9;
        while ((double)now() < end)
            serve_crowd(&crowd, 10);
        printf("{\"target\":%u,\"connections\":%u,\"before\":%.0f,\"memory\":%.0f}\n", target, load->connections,
               before, resident_memory(server) - before);
        fflush(stdout);
        disband_crowd(&crowd);
    }
}
