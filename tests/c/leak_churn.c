/* 20 000 connections come and go in every way they can: descriptors, threads and memory stay flat. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "process.h"

#ifdef _WIN32
/* An emulated Windows takes ten times as long for each. */
enum { CONNECTIONS = 2000, WARM_UP = 400, BATCH = 20 };
#else
enum { CONNECTIONS = 20000, WARM_UP = 4000, BATCH = 20 };
#endif

/* One batch: connects, exchanges a packet, and ends each connection in one of five ways. */
static void one_batch(double server, double port) {
    double clients[BATCH], accepted[BATCH];
    int i;
    for (i = 0; i < BATCH; i++) {
        clients[i] = SUCCESS(network_create_socket(network_socket_tcp));
        /* Half of them reset: the machine has only so many ports for connections in TIME_WAIT. */
        if (i % 2)
            SUCCESS(network_set_config(network_config_avoid_time_wait, clients[i], 0));
        SUCCESS(network_connect_async(clients[i], "127.0.0.1", port));
        CHECK_EQUAL(take_event(clients[i], network_type_non_blocking_connect)->succeeded, 1);
        accepted[i] = take_connect(server)->socket;
        SUCCESS(network_send_packet(clients[i], "a packet", 8));
        SUCCESS(network_set_timeout(accepted[i], 100000, 100000));
    }
    for (i = 0; i < BATCH; i++)
        take_data(accepted[i], "a packet", 8);
    for (i = 0; i < BATCH; i++)
        switch (i % 5) {
        case 0: /* the client leaves */
        case 1:
            SUCCESS(network_destroy(clients[i]));
            take_event(accepted[i], network_type_disconnect);
            break;
        case 2: /* the client leaves, and what it left waits unseen when the server destroys it */
            SUCCESS(network_send_packet(clients[i], "unseen", 6));
            SUCCESS(network_destroy(clients[i]));
            SUCCESS(network_destroy(accepted[i]));
            break;
        case 3: /* the server ends it */
            SUCCESS(network_destroy(accepted[i]));
            take_event(clients[i], network_type_disconnect);
            SUCCESS(network_destroy(clients[i]));
            break;
        default: /* both at once */
            SUCCESS(network_destroy(accepted[i]));
            SUCCESS(network_destroy(clients[i]));
            break;
        }
    drop_events();
}

/* Connects that fail leave nothing behind either. */
static void some_failures(double port) {
    int i;
    for (i = 0; i < 5; i++) {
        double client = SUCCESS(network_create_socket(network_socket_tcp));
        SUCCESS(network_connect_async(client, i == 4 ? UNKNOWN_NAME : "127.0.0.1", port));
        CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 0);
        SUCCESS(network_destroy(client));
    }
    drop_events();
}

typedef struct {
    int descriptors, threads;
    long memory;
} Footprint;

static Footprint measure(void) {
    Footprint now;
    WAIT_FOR(network_get_stat(-1, "sockets") == 1);
    drop_events();
    settle();
    drop_events();
    now.descriptors = count_descriptors();
    now.threads = count_threads();
    now.memory = resident_kb();
    return now;
}

static void connections_come_and_go(void) {
    double server = tcp_server(0, 2 * BATCH), port = network_get_port(server), refused;
    int refusing = peer_refusing(&refused), i;
    Footprint before = {0, 0, 0}, after;
    for (i = 0; i < WARM_UP + CONNECTIONS; i += BATCH) {
        if (i == WARM_UP)
            before = measure();
        one_batch(server, port);
        if (i % (BATCH * 10) == 0)
            some_failures(refused);
    }
    after = measure();
    printf("before: %d descriptors, %d threads, %ld KiB; after: %d, %d, %ld\n", before.descriptors, before.threads,
           before.memory, after.descriptors, after.threads, after.memory);
    WAIT_FOR(count_descriptors() <= before.descriptors);
    WAIT_FOR(count_threads() <= before.threads); /* those that look up names go after a while */
    CHECK(after.memory - before.memory < 2048); /* 100 bytes for each connection would show */
    close(refusing);
}

/* The library itself comes and goes. */
static void starts_and_shutdowns(void) {
    enum { ROUNDS = 300 };
    long before = 0;
    int round, threads = 0, descriptors = 0;
    for (round = 0; round < ROUNDS; round++) {
        Pair pair = connect_pair(0);
        SUCCESS(network_send_packet(pair.client, "x", 1));
        CHECK_EQUAL(network_shutdown(), 0);
        drop_events();
        if (round == ROUNDS / 3) {
            before = resident_kb();
            threads = count_threads();
            descriptors = count_descriptors();
        }
        if (round < ROUNDS - 1)
            fresh_library();
    }
    CHECK_EQUAL(count_threads(), threads);
    CHECK_EQUAL(count_descriptors(), descriptors);
    CHECK(resident_kb() - before < 2048);
    fresh_library();
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"connections_come_and_go", connections_come_and_go},
        {"starts_and_shutdowns", starts_and_shutdowns},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
