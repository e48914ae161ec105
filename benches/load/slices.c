#include "slices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"
#include "usage.h"

/* The caches are the last server's when a slice begins. */
static const double WARM_UP = 0.05;
static const uint64_t ANSWER_PATIENCE = 20000000000ull;

Contender *contender_of(Connection *connection) {
    /* The crowd is the first member. */
    return (Contender *)connection->crowd;
}

/* From rest to rest: every message that is counted was sent and answered within. */
static void run(Contender *contender, const Kind *kind, double seconds) {
    uint64_t end = now() + (uint64_t)(seconds * 1e9), deadline = end + ANSWER_PATIENCE;
    contender->messages = 0;
    forget_latencies(&contender->latencies);
    contender->running = 1;
    kind->begin(contender);
    while (now() < end)
        serve_crowd(&contender->crowd, 10);
    contender->running = 0;
    while (contender->in_flight > 0) {
        serve_crowd(&contender->crowd, 10);
        if (now() > deadline)
            give_up("%lu messages never came back", contender->in_flight);
    }
}

static void measure(Contender *contender, const Kind *kind, double seconds, unsigned target, unsigned round) {
    pid_t server = contender->crowd.server;
    uint64_t began, took, processor, first_thread;
    run(contender, kind, WARM_UP);
    processor = process_time(server);
    first_thread = first_thread_time(server);
    began = now();
    run(contender, kind, seconds);
    took = now() - began;
    processor = process_time(server) - processor;
    first_thread = first_thread_time(server) - first_thread;
    printf("{\"target\":%u,\"round\":%u,\"messages\":%lu,\"seconds\":%.6f,\"cpu_ns\":%llu,\"first_thread_ns\":%llu,"
           "\"p50_us\":%.1f,\"p99_us\":%.1f,\"memory\":%.0f}\n",
           target, round, contender->messages, (double)took / 1e9, (unsigned long long)processor,
           (unsigned long long)first_thread, latency_us(&contender->latencies, 0.5),
           latency_us(&contender->latencies, 0.99), resident_memory(server) - contender->memory_before);
    fflush(stdout);
}

void run_slices(const Load *load, const Kind *kind) {
    Contender *contenders = allocate(load->target_count * sizeof *contenders);
    unsigned target, round;
    for (target = 0; target < load->target_count; target++) {
        Contender *contender = &contenders[target];
        memset(contender, 0, sizeof *contender);
        contender->crowd = (Crowd){.protocol = load->protocol,
                                   .port = load->targets[target].port,
                                   .server = load->targets[target].process,
                                   .count = load->connections,
                                   .depth = load->depth,
                                   .message_size = load->size,
                                   .on_message = kind->on_message,
                                   .on_read = kind->on_read};
        contender->memory_before = resident_memory(contender->crowd.server);
        prepare_crowd(&contender->crowd);
        connect_crowd(&contender->crowd);
    }
    for (round = 0; round < load->rounds; round++)
        for (target = 0; target < load->target_count; target++) {
            /* Each round begins with another one: nobody always follows the same. */
            unsigned turn = (target + round) % load->target_count;
            measure(&contenders[turn], kind, load->seconds, turn, round);
        }
    for (target = 0; target < load->target_count; target++)
        disband_crowd(&contenders[target].crowd);
    free(contenders);
}
