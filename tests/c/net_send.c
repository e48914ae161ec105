/* Sending: sizes, order, and what happens when the peer does not keep up. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

enum { MIB = 1 << 20 };

/* Bytes that repeat only after a long while, so that a misplaced piece shows. */
static char *make_bytes(size_t size) {
    char *bytes = (char *)malloc(size + 1);
    unsigned state = (unsigned)size + 1;
    size_t i;
    CHECK(bytes != NULL);
    for (i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (char)(state >> 24);
    }
    return bytes;
}

static void both_ways(const Pair *pair, const char *bytes, size_t size) {
    CHECK_EQUAL(network_send_packet(pair->client, bytes, (double)size), (double)size + 12);
    take_data(pair->accepted, bytes, size);
    CHECK_EQUAL(network_send_packet(pair->accepted, bytes, (double)size), (double)size + 12);
    take_data(pair->client, bytes, size);
}

static void all_sizes(void) {
    static const size_t sizes[] = {0, 1, 2, 11, 12, 13, 255, 256, 1447, 1448, 4095, 4096, 16383, 16384, 65535, 65536, 65537,
                                   262144, 1000003};
    Pair pair = connect_pair(0);
    size_t i;
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *bytes = make_bytes(sizes[i]);
        both_ways(&pair, bytes, sizes[i]);
        free(bytes);
    }
    check_no_events();
}

static void empty_packets(void) {
    Pair pair = connect_pair(0);
    int i;
    for (i = 0; i < 100; i++)
        CHECK_EQUAL(network_send_packet(pair.client, i % 2 ? NULL : "ignored", 0), 12);
    for (i = 0; i < 100; i++)
        take_data(pair.accepted, "", 0);
    check_no_events();
}

/* Larger than an accepted socket takes by default, so the limit is raised first. */
static void sixteen_mebibytes(void) {
    char *bytes = make_bytes(16 * MIB);
    Pair pair = connect_pair(0);
    CHECK_EQUAL(network_set_config(network_config_message_size_limit, pair.accepted, 16 * MIB), 0);
    both_ways(&pair, bytes, 16 * MIB);
    check_no_events();
    free(bytes);
}

/* The default limits: 4 MiB into an accepted socket, 64 MiB into a created one. */
static void the_default_limits(void) {
    char *bytes = make_bytes(64 * MIB + 1);
    double error;
    Pair pair = connect_pair(0);
    SUCCESS(network_send_packet(pair.client, bytes, 4 * MIB));
    take_data(pair.accepted, bytes, 4 * MIB);
    SUCCESS(network_send_packet(pair.accepted, bytes, 64 * MIB));
    take_data(pair.client, bytes, 64 * MIB);
    drop_events();
    CHECK_ERROR(network_send_packet(pair.client, bytes, 64 * MIB + 1), network_error_too_big);
    SUCCESS(network_send_packet(pair.client, bytes, 4 * MIB + 1));
    CHECK_EQUAL(take_event(pair.accepted, network_type_disconnect)->error, network_error_too_big);
    error = take_event(pair.client, network_type_disconnect)->error;
    CHECK(error == 0 || error == network_error_closed);
    check_no_events();
    free(bytes);
}

static void many_small_packets(void) {
    enum { COUNT = 20000 };
    Pair pair = connect_pair(0);
    int i;
    for (i = 0; i < COUNT; i++) {
        CHECK_EQUAL(network_send_packet(pair.client, &i, sizeof i), sizeof i + 12);
        CHECK_EQUAL(network_send_packet(pair.accepted, &i, i % sizeof i), i % sizeof i + 12);
    }
    for (i = 0; i < COUNT; i++) {
        take_data(pair.accepted, &i, sizeof i);
        take_data(pair.client, &i, i % sizeof i);
    }
    check_no_events();
}

static void a_raw_stream(void) {
    enum { SIZE = 3 * MIB };
    char *bytes = make_bytes(SIZE), *got = (char *)malloc(SIZE);
    Pair pair = connect_pair(1);
    size_t sent = 0, size = 1;
    CHECK(got != NULL);
    while (sent < SIZE) {
        if (size > SIZE - sent)
            size = SIZE - sent;
        CHECK_EQUAL(network_send_raw(pair.client, bytes + sent, (double)size, 0), (double)size);
        sent += size;
        size = size * 3 % 70001 + 1;
    }
    take_stream(pair.accepted, got, SIZE);
    CHECK(memcmp(got, bytes, SIZE) == 0);
    check_no_events();
    free(bytes);
    free(got);
}

/* The buffer belongs to the caller again as soon as the call has returned. */
static void the_buffer_is_copied(void) {
    char bytes[1000];
    Pair pair = connect_pair(0);
    int i;
    for (i = 0; i < 100; i++) {
        memset(bytes, i, sizeof bytes);
        SUCCESS(network_send_packet(pair.client, bytes, sizeof bytes));
    }
    memset(bytes, 'x', sizeof bytes);
    for (i = 0; i < 100; i++) {
        memset(bytes, i, sizeof bytes);
        take_data(pair.accepted, bytes, sizeof bytes);
    }
    check_no_events();
}

/* ---- a peer that does not read ---- */

/* A client of the library whose peer has a small buffer and reads when the test says so. */
static double slow_peer(int *listener, int *peer) {
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    *listener = peer_listen(&port);
    peer_small_buffer(*listener);
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    *peer = peer_welcome(*listener);
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    return client;
}

static void send_numbered(double socket, int number, size_t size, double *result) {
    static char packet[65536];
    CHECK(size <= sizeof packet);
    memset(packet, number & 0xff, size);
    memcpy(packet, &number, sizeof number);
    *result = network_send_packet(socket, packet, (double)size);
}

static void expect_numbered(int peer, int number, size_t size) {
    static char packet[65536];
    unsigned char header[HEADER_SIZE];
    size_t i;
    packet_header(header, size);
    peer_expect(peer, header, HEADER_SIZE);
    peer_read(peer, packet, size);
    CHECK(memcmp(packet, &number, sizeof number) == 0);
    for (i = sizeof number; i < size; i++)
        CHECK((packet[i] & 0xff) == (number & 0xff));
}

/* The queue fills, nothing of a refused message is taken, and afterwards everything accepted arrives. */
static void the_queue_is_bounded(void) {
    enum { SIZE = 1000, LIMIT = 64 * 1024 };
    int listener, peer, accepted = 0, i;
    double client, result = 0, deadline = now_ms() + patience_ms();
    SUCCESS(network_set_config(network_config_send_queue_limit, -1, LIMIT));
    client = slow_peer(&listener, &peer);
    for (;;) {
        send_numbered(client, accepted, SIZE, &result);
        if (result < 0) {
            CHECK_ERROR(result, network_error_queue_full);
            /* Full for good only when the system takes no more either. */
            SUCCESS(network_wait(50));
            send_numbered(client, accepted, SIZE, &result);
            if (result == network_error_queue_full)
                break;
        }
        CHECK_EQUAL(result, SIZE + 12);
        accepted++;
        CHECK(now_ms() < deadline);
    }
    CHECK(network_get_stat(client, "send_queue") >= LIMIT);
    CHECK(network_get_stat(client, "send_queue") <= LIMIT + SIZE + 12);
    CHECK(strlen(network_last_error()) > 5);
    drop_events();
    for (i = 0; i < accepted; i++)
        expect_numbered(peer, i, SIZE);
    WAIT_FOR(network_get_stat(client, "send_queue") == 0);
    take_event(client, network_type_writable);
    send_numbered(client, accepted, SIZE, &result);
    CHECK_EQUAL(result, SIZE + 12);
    expect_numbered(peer, accepted, SIZE);
    check_no_events();
    close(peer);
    close(listener);
}

/* The option may change on a live socket, for one socket alone. */
static void the_queue_limit_of_one_socket(void) {
    int listener, peer, i;
    double client = slow_peer(&listener, &peer), result;
    Pair pair = connect_pair(0);
    CHECK_EQUAL(network_set_config(network_config_send_queue_limit, client, 1000), 0);
    for (i = 0;; i++) {
        send_numbered(client, i, 60000, &result);
        if (result < 0)
            break;
        CHECK(i < 10000);
    }
    CHECK_ERROR(result, network_error_queue_full);
    for (i = 0; i < 100; i++)
        send_numbered(pair.client, i, 60000, &result), SUCCESS(result);
    for (i = 0; i < 100; i++)
        CHECK_EQUAL(take_event(pair.accepted, network_type_data)->size, 60000);
    settle();
    /* The other may have room again by now. */
    CHECK_EQUAL(untaken(-1), untaken(client));
    close(peer);
    close(listener);
}

/* A message of any legal size goes into an empty queue. */
static void one_message_beyond_the_limit(void) {
    char *bytes = make_bytes(4 * MIB);
    Pair pair = connect_pair(0);
    CHECK_EQUAL(network_set_config(network_config_send_queue_limit, pair.client, 1), 0);
    CHECK_EQUAL(network_send_packet(pair.client, bytes, 4 * MIB), 4 * MIB + 12);
    take_data(pair.accepted, bytes, 4 * MIB);
    WAIT_FOR(network_get_stat(pair.client, "send_queue") == 0);
    CHECK_EQUAL(network_send_packet(pair.client, bytes, 4 * MIB), 4 * MIB + 12);
    take_data(pair.accepted, bytes, 4 * MIB);
    check_no_events();
    free(bytes);
}

/* One peer that never reads disturbs no other. */
static void the_others_are_served(void) {
    enum { OTHERS = 10 };
    int listener, peer, i;
    double client = slow_peer(&listener, &peer), result = 0;
    Pair others[OTHERS];
    for (i = 0; result >= 0; i++)
        send_numbered(client, i, 65536, &result);
    CHECK_ERROR(result, network_error_queue_full);
    for (i = 0; i < OTHERS; i++)
        others[i] = connect_pair(0);
    for (i = 0; i < OTHERS; i++) {
        SUCCESS(network_send_packet(others[i].client, "served", 6));
        take_data(others[i].accepted, "served", 6);
    }
    settle();
    /* The slow one may have room again by now. */
    CHECK_EQUAL(untaken(-1), untaken(client));
    close(peer);
    close(listener);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"all_sizes", all_sizes},
        {"empty_packets", empty_packets},
        {"sixteen_mebibytes", sixteen_mebibytes},
        {"the_default_limits", the_default_limits},
        {"many_small_packets", many_small_packets},
        {"a_raw_stream", a_raw_stream},
        {"the_buffer_is_copied", the_buffer_is_copied},
        {"the_queue_is_bounded", the_queue_is_bounded},
        {"the_queue_limit_of_one_socket", the_queue_limit_of_one_socket},
        {"one_message_beyond_the_limit", one_message_beyond_the_limit},
        {"the_others_are_served", the_others_are_served},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
