#include "load.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport.h"

/* Messages of one peer between the oldest unanswered one and the newest; in a closed loop the newest are at most so
   many ahead of one that was lost. Powers of two. Small, so that it is not this program's cache misses that are measured. */
enum { OPEN_WINDOW = 4096, CLOSED_WINDOW = 1024 };

/* Not measured: sessions begin, round trips become known. */
static const double WARM_UP = 0.5;

/* How long what is still under way at the end may take. */
static const double DRAIN_LIMIT = 30;

typedef struct {
    uint64_t next;
    double due;    /* open loop: when the next one is to be sent */
    uint64_t large_ones; /* that came back */
    double *sent;  /* when each was sent, or should have been, at its number modulo the window; 0 once it was answered */
} Peer;

static const Load *load;
static Peer *peers;
static uint64_t window;
static double measure_from, measure_to;
static uint64_t sent_count, answered_count, measured_count;
static int large_under_way;
static float *latencies;
static size_t latencies_room;

/* The number, and words that all depend on the peer and the number, so that whatever goes astray or is damaged shows. */
static void write_message(uint8_t *message, uint32_t peer, uint64_t number) {
    uint64_t words[MESSAGE_SIZE / 8];
    size_t index;
    words[0] = number;
    for (index = 1; index < MESSAGE_SIZE / 8; index++)
        words[index] = ((number << 20) + peer + index) * UINT64_C(0x9E3779B97F4A7C15);
    memcpy(message, words, sizeof words);
}

/* The same for large ones; in memory of which there is one. */
static uint8_t *large_message(uint32_t peer, uint64_t number) {
    static uint8_t *message;
    size_t at;
    if (!message && !(message = (uint8_t *)malloc(load->large)))
        give_up("no memory");
    for (at = 0; at + MESSAGE_SIZE <= load->large; at += MESSAGE_SIZE)
        write_message(message + at, peer, (number << 20) + at);
    return message;
}

static void send_large(int index) {
    large_under_way++;
    transport_send(index, large_message((uint32_t)index, peers[index].large_ones), load->large);
}

static void received_large(int index, const void *message) {
    Peer *peer = &peers[index];
    if (memcmp(message, large_message((uint32_t)index, peer->large_ones), load->large) != 0)
        give_up("peer %d: a large message was changed on its way", index);
    peer->large_ones++;
    large_under_way--;
    if (now() < measure_to)
        send_large(index);
}

static void send_next(int index, double at) {
    uint8_t message[MESSAGE_SIZE];
    Peer *peer = &peers[index];
    double *slot = &peer->sent[peer->next & (window - 1)];
    if (*slot != 0)
        give_up("peer %d: message %" PRIu64 " is still unanswered", index, peer->next - window);
    *slot = at;
    write_message(message, (uint32_t)index, peer->next);
    peer->next++;
    sent_count++;
    transport_send(index, message, sizeof message);
}

static void record(double latency) {
    if (measured_count == latencies_room) {
        latencies_room = latencies_room ? 2 * latencies_room : 1 << 20;
        latencies = (float *)realloc(latencies, latencies_room * sizeof *latencies);
        if (!latencies)
            give_up("no memory");
    }
    latencies[measured_count++] = (float)latency;
}

void received(int index, const void *message, size_t size) {
    uint8_t expected[MESSAGE_SIZE];
    uint64_t number;
    double at = now(), *slot;
    Peer *peer = &peers[index];
    if (size == load->large) {
        received_large(index, message);
        return;
    }
    if (size != MESSAGE_SIZE)
        give_up("peer %d: a message of %zu bytes", index, size);
    memcpy(&number, message, 8);
    write_message(expected, (uint32_t)index, number);
    if (memcmp(message, expected, MESSAGE_SIZE) != 0)
        give_up("peer %d: a message was changed on its way", index);
    slot = &peer->sent[number & (window - 1)];
    if (number >= peer->next || peer->next - number > window || *slot == 0)
        give_up("peer %d: message %" PRIu64 " arrived twice", index, number);
    /* A closed loop counts what is answered in the measured time, an open one what is due in it. */
    if (load->in_flight ? at >= measure_from && at < measure_to : *slot >= measure_from)
        record(at - *slot);
    *slot = 0;
    answered_count++;
    if (load->in_flight && at < measure_to)
        send_next(index, at);
}

static void closed_loop(void) {
    int index, count;
    double start = now();
    for (index = 0; index < load->peers; index++)
        for (count = 0; count < load->in_flight; count++)
            send_next(index, start);
    while (now() < measure_to)
        transport_work(10);
}

static void open_loop(void) {
    double interval = 1 / load->rate, begin = now();
    int index;
    /* Peers do not send in step. */
    for (index = 0; index < load->peers; index++) {
        peers[index].due = begin + interval * index / load->peers;
        if (load->large)
            send_large(index);
    }
    for (;;) {
        double at = now(), next = measure_to;
        for (index = 0; index < load->peers; index++) {
            Peer *peer = &peers[index];
            for (; peer->due <= at && peer->due < measure_to; peer->due += interval)
                send_next(index, peer->due);
            if (peer->due < next)
                next = peer->due;
        }
        if (at >= measure_to)
            return;
        /* Waits have whole milliseconds: the rest is spent polling, or sends would be late. */
        transport_work((int)((next - at) * 1000));
    }
}

static int ascending(const void *left, const void *right) {
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

static double percentile(double share) {
    size_t index = (size_t)(share * (double)measured_count);
    return latencies[index < measured_count ? index : measured_count - 1] * 1e6;
}

void run_load(const Load *wanted) {
    double deadline;
    uint64_t large_ones = 0;
    int index;
    load = wanted;
    peers = (Peer *)calloc((size_t)load->peers, sizeof *peers);
    if (!peers)
        give_up("no memory");
    window = load->in_flight ? CLOSED_WINDOW : OPEN_WINDOW;
    if (load->in_flight > CLOSED_WINDOW / 2)
        give_up("at most %d in flight", CLOSED_WINDOW / 2);
    for (index = 0; index < load->peers; index++) {
        peers[index].sent = (double *)calloc(window, sizeof(double));
        if (!peers[index].sent)
            give_up("no memory");
    }
    transport_open(load->host, load->port, load->peers);
    measure_from = now() + WARM_UP;
    measure_to = measure_from + load->seconds;
    if (load->in_flight)
        closed_loop();
    else
        open_loop();
    deadline = now() + DRAIN_LIMIT;
    while (answered_count < sent_count || large_under_way > 0) {
        if (now() > deadline)
            give_up("%" PRIu64 " of %" PRIu64 " messages unanswered, and %d large ones", sent_count - answered_count,
                    sent_count, large_under_way);
        transport_work(10);
    }
    for (index = 0; index < load->peers; index++)
        large_ones += peers[index].large_ones;
    if (load->large && large_ones == 0)
        give_up("no large message came back");
    transport_close();
    if (measured_count == 0)
        give_up("nothing was answered in the measured time");
    qsort(latencies, measured_count, sizeof *latencies, ascending);
    printf("per_second %.0f p50_us %.1f p99_us %.1f p999_us %.1f max_us %.1f sent %" PRIu64 " answered %" PRIu64 " large %" PRIu64 "\n",
           (double)measured_count / load->seconds, percentile(0.5), percentile(0.99), percentile(0.999),
           percentile(1), sent_count, answered_count, large_ones);
    free(latencies);
    for (index = 0; index < load->peers; index++)
        free(peers[index].sent);
    free(peers);
}
