/* Groups: one message to many connections, of all kinds, while they come and go. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

enum { MIB = 1 << 20 };

/* Bytes in which a misplaced piece shows. */
static char *make_bytes(size_t size) {
    char *bytes = (char *)malloc(size + 1);
    size_t i;
    CHECK(bytes != NULL);
    for (i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    return bytes;
}

/* ---- membership ---- */

static void who_is_a_member(void) {
    Pair pair = connect_pair(0);
    double group = SUCCESS(network_create_group()), other = SUCCESS(network_create_group());
    CHECK(group != other && group != pair.client && other > group);
    CHECK_EQUAL(network_group_size(group), 0);
    CHECK_EQUAL(network_group_send_packet(group, "nobody", 6, -1), 0);
    CHECK_EQUAL(network_group_add(group, pair.client), 1);
    CHECK_EQUAL(network_group_add(group, pair.client), 0);
    CHECK_EQUAL(network_group_add(group, pair.accepted), 1);
    CHECK_EQUAL(network_group_add(other, pair.accepted), 1);
    CHECK_EQUAL(network_group_size(group), 2);
    CHECK_EQUAL(network_group_size(other), 1);
    CHECK_EQUAL(network_group_remove(group, pair.accepted), 1);
    CHECK_EQUAL(network_group_remove(group, pair.accepted), 0);
    CHECK_EQUAL(network_group_size(group), 1);
    CHECK_EQUAL(network_group_size(other), 1);
    CHECK_EQUAL(network_group_send_packet(group, "to the server", 13, -1), 1);
    CHECK_EQUAL(network_group_send_packet(other, "to the client", 13, -1), 1);
    take_data(pair.accepted, "to the server", 13);
    take_data(pair.client, "to the client", 13);
    check_no_events();

    /* The group ends, its members do not. */
    CHECK_EQUAL(network_destroy(group), 0);
    CHECK_ERROR(network_destroy(group), network_error_bad_handle);
    CHECK_ERROR(network_group_add(group, pair.client), network_error_bad_handle);
    CHECK_ERROR(network_group_size(group), network_error_bad_handle);
    CHECK_ERROR(network_group_send_packet(group, "x", 1, -1), network_error_bad_handle);
    SUCCESS(network_send_packet(pair.client, "on", 2));
    take_data(pair.accepted, "on", 2);
    CHECK_EQUAL(network_group_size(other), 1);
}

static void a_servers_clients(void) {
    Pair pair = connect_pair(0);
    double second, accepted;
    CHECK_EQUAL(network_group_size(pair.server), 1);
    second = tcp_client(0, pair.port);
    accepted = take_connect(pair.server)->socket;
    CHECK_EQUAL(network_group_size(pair.server), 2);
    CHECK_EQUAL(network_group_send_packet(pair.server, "all", 3, -1), 2);
    CHECK_EQUAL(network_group_send_packet(pair.server, "one", 3, accepted), 1);
    CHECK_EQUAL(network_group_send_packet(pair.server, "who is no member", 16, pair.client), 2);
    take_data(pair.client, "all", 3);
    take_data(pair.client, "one", 3);
    take_data(pair.client, "who is no member", 16);
    take_data(second, "all", 3);
    take_data(second, "who is no member", 16);
    CHECK_ERROR(network_group_add(pair.server, pair.client), network_error_wrong_kind);
    CHECK_ERROR(network_group_remove(pair.server, accepted), network_error_wrong_kind);
    network_destroy(second);
    take_event(accepted, network_type_disconnect);
    CHECK_EQUAL(network_group_size(pair.server), 1);
    network_destroy(pair.accepted);
    CHECK_EQUAL(network_group_size(pair.server), 0);
    CHECK_EQUAL(network_group_send_packet(pair.server, "nobody", 6, -1), 0);
    network_destroy(pair.server);
    CHECK_ERROR(network_group_size(pair.server), network_error_bad_handle);
}

/* A client of which the program does not know yet is none; it may not even have been let in. */
static void a_client_counts_from_its_connect_event_on(void) {
    double server = tcp_server(0, 4), port = SUCCESS(network_get_port(server));
    int peer = peer_connect(port);
    NetworkEvent event;
    /* By hand: nothing is collected before the check. */
    CHECK(write(peer, HELLO, HELLO_SIZE) == HELLO_SIZE);
    while (network_wait(50) == 0)
        CHECK_EQUAL(network_group_size(server), 0);
    CHECK_EQUAL(network_group_size(server), 0);
    CHECK_EQUAL(network_group_send_packet(server, "early", 5, -1), 0);
    CHECK_EQUAL(network_poll_event(&event), 1);
    CHECK_EQUAL(event.type, network_type_connect);
    CHECK_EQUAL(network_group_size(server), 1);
    CHECK_EQUAL(network_group_send_packet(server, "now", 3, -1), 1);
    peer_expect(peer, BANNER, BANNER_SIZE);
    peer_expect(peer, WELCOME, WELCOME_SIZE);
    peer_expect(peer, "\xde\xc0\xad\xde\x0c\0\0\0\x03\0\0\0now", 15);
    close(peer);
}

static void membership_survives_nothing(void) {
    Pair pair = connect_pair(0);
    double group = SUCCESS(network_create_group()), accepted;
    SUCCESS(network_group_add(group, pair.client));
    SUCCESS(network_group_add(group, pair.accepted));
    network_destroy(pair.accepted);
    CHECK_EQUAL(network_group_size(group), 1);
    /* The connection is over, but the program has not been told. */
    take_event(pair.client, network_type_disconnect);
    CHECK_EQUAL(network_group_size(group), 0);
    CHECK_ERROR(network_group_add(group, pair.client), network_error_closed);
    SUCCESS(network_connect(pair.client, "127.0.0.1", pair.port));
    accepted = take_connect(pair.server)->socket;
    CHECK_EQUAL(network_group_size(group), 0);
    CHECK_EQUAL(network_group_send_packet(group, "x", 1, -1), 0);
    CHECK_EQUAL(network_group_add(group, pair.client), 1);
    CHECK_EQUAL(network_group_add(group, accepted), 1);
    CHECK_EQUAL(network_shutdown(), 0);
    fresh_library();
    CHECK_ERROR(network_group_size(group), network_error_bad_handle);
}

/* ---- handles of the wrong kind ---- */

static void handles_mistaken_for_others(void) {
    Pair pair = connect_pair(0);
    double group = SUCCESS(network_create_group()), second = SUCCESS(network_create_group());
    double udp = SUCCESS(network_create_socket(network_socket_udp)), idle = SUCCESS(network_create_socket(network_socket_tcp));
    double udp_server = SUCCESS(network_create_server(network_socket_udp, 0, 1));
    const double no_handles[] = {-1, -2, 0.5, 1e9, 1e300, (double)NAN};
    size_t i;

    /* A group where a socket is due. */
    CHECK_ERROR(network_send_packet(group, "x", 1), network_error_wrong_kind);
    CHECK_ERROR(network_send_raw(group, "x", 1, 0), network_error_wrong_kind);
    CHECK_ERROR(network_send_udp(group, "127.0.0.1", 1, "x", 1), network_error_wrong_kind);
    CHECK_ERROR(network_connect_async(group, "127.0.0.1", 1), network_error_wrong_kind);
    CHECK_ERROR(network_get_port(group), network_error_wrong_kind);
    CHECK_ERROR(network_get_stat(group, "bytes_sent"), network_error_wrong_kind);
    CHECK_ERROR(network_set_timeout(group, 0, 0), network_error_wrong_kind);
    CHECK_ERROR(network_set_user(group, &pair), network_error_wrong_kind);
    CHECK_ERROR(network_set_config(network_config_no_delay, group, 1), network_error_wrong_kind);
    CHECK_ERROR(network_close(group, 1000, ""), network_error_wrong_kind);
    CHECK_ERROR(network_group_add(group, second), network_error_wrong_kind);
    CHECK_ERROR(network_group_remove(group, second), network_error_wrong_kind);
    CHECK_ERROR(network_group_send_packet(group, "x", 1, second), network_error_wrong_kind);

    /* A socket where a group is due. */
    CHECK_ERROR(network_group_add(pair.client, pair.accepted), network_error_wrong_kind);
    CHECK_ERROR(network_group_remove(pair.accepted, pair.client), network_error_wrong_kind);
    CHECK_ERROR(network_group_size(pair.accepted), network_error_wrong_kind);
    CHECK_ERROR(network_group_send_packet(pair.client, "x", 1, -1), network_error_wrong_kind);
    CHECK_ERROR(network_group_send_raw(udp_server, "x", 1, -1), network_error_wrong_kind);
    CHECK_ERROR(network_group_size(udp_server), network_error_wrong_kind);

    /* Sockets that cannot be members. */
    CHECK_ERROR(network_group_add(group, udp), network_error_wrong_kind);
    CHECK_ERROR(network_group_add(group, udp_server), network_error_wrong_kind);
    CHECK_ERROR(network_group_add(group, pair.server), network_error_wrong_kind);
    CHECK_ERROR(network_group_add(group, idle), network_error_not_connected);
    network_destroy(idle);
    CHECK_ERROR(network_group_add(group, idle), network_error_bad_handle);
    CHECK_ERROR(network_group_remove(group, idle), network_error_bad_handle);
    CHECK_ERROR(network_group_send_packet(group, "x", 1, idle), network_error_bad_handle);

    for (i = 0; i < sizeof no_handles / sizeof no_handles[0]; i++) {
        CHECK_ERROR(network_group_add(no_handles[i], pair.client), network_error_bad_handle);
        CHECK_ERROR(network_group_add(group, no_handles[i]), network_error_bad_handle);
        CHECK_ERROR(network_group_remove(group, no_handles[i]), network_error_bad_handle);
        CHECK_ERROR(network_group_size(no_handles[i]), network_error_bad_handle);
        CHECK_ERROR(network_group_send_packet(no_handles[i], "x", 1, -1), network_error_bad_handle);
        CHECK_ERROR(network_group_send_raw(no_handles[i], "x", 1, -1), network_error_bad_handle);
        if (no_handles[i] != -1)
            CHECK_ERROR(network_group_send_packet(group, "x", 1, no_handles[i]), network_error_bad_handle);
    }
    CHECK_ERROR(network_group_send_packet(group, NULL, 1, -1), network_error_bad_argument);
    CHECK_ERROR(network_group_send_packet(group, "x", -1, -1), network_error_bad_argument);
    CHECK_ERROR(network_group_send_packet(group, "x", 64 * MIB + 1, -1), network_error_too_big);
    CHECK_ERROR(network_group_send_raw(group, "x", 0.5, -1), network_error_bad_argument);
    CHECK_EQUAL(network_group_size(group), 0);
    check_no_events();
}

/* ---- what arrives ---- */

/* One of each kind: the group has the servers' ends, and a WebSocket's client end. */
typedef struct {
    Pair tcp, raw, ws, raw_ws;
    double group;
} Kinds;

static Pair websocket_pair(int raw) {
    Pair pair;
    char url[64];
    pair.server = SUCCESS(raw ? network_create_server_raw(network_socket_ws, 0, 4)
                              : network_create_server(network_socket_ws, 0, 4));
    pair.port = SUCCESS(network_get_port(pair.server));
    pair.client = SUCCESS(network_create_socket(network_socket_ws));
    sprintf(url, "ws://127.0.0.1:%d/", (int)pair.port);
    SUCCESS(raw ? network_connect_raw_async(pair.client, url, pair.port) : network_connect_async(pair.client, url, pair.port));
    pair.accepted = take_connect(pair.server)->socket;
    CHECK_EQUAL(take_event(pair.client, network_type_non_blocking_connect)->succeeded, 1);
    return pair;
}

static Kinds one_of_each(void) {
    Kinds kinds;
    kinds.tcp = connect_pair(0);
    kinds.raw = connect_pair(1);
    kinds.ws = websocket_pair(0);
    kinds.raw_ws = websocket_pair(1);
    kinds.group = SUCCESS(network_create_group());
    SUCCESS(network_group_add(kinds.group, kinds.tcp.accepted));
    SUCCESS(network_group_add(kinds.group, kinds.raw.accepted));
    SUCCESS(network_group_add(kinds.group, kinds.ws.accepted));
    SUCCESS(network_group_add(kinds.group, kinds.raw_ws.accepted));
    SUCCESS(network_group_add(kinds.group, kinds.ws.client)); /* masked */
    return kinds;
}

/* Bytes behind a packet's header, as raw connections get them. */
static char *with_header(const char *bytes, size_t size) {
    char *packet = (char *)malloc(size + HEADER_SIZE);
    CHECK(packet != NULL);
    packet_header((unsigned char *)packet, size);
    memcpy(packet + HEADER_SIZE, bytes, size);
    return packet;
}

static void expect_stream(double socket, const char *bytes, size_t size) {
    char *got = (char *)malloc(size + 1);
    CHECK(got != NULL);
    take_stream(socket, got, size);
    CHECK(memcmp(got, bytes, size) == 0);
    free(got);
}

static void every_kind_of_member(void) {
    /* Around where a message is stored once for all, and where a frame's length takes more bytes. */
    static const size_t sizes[] = {0, 1, 113, 114, 125, 126, 1000, 1011, 1012, 1013, 1024, 1025, 65523, 65524, 65536, MIB};
    Kinds kinds = one_of_each();
    size_t i;
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = sizes[i];
        char *bytes = make_bytes(size), *packet = with_header(bytes, size);
        CHECK_EQUAL(network_group_send_packet(kinds.group, bytes, (double)size, -1), 5);
        take_data(kinds.tcp.client, bytes, size);
        expect_stream(kinds.raw.client, packet, size + HEADER_SIZE);
        take_data(kinds.ws.client, bytes, size);
        take_data(kinds.ws.accepted, bytes, size);
        take_data(kinds.raw_ws.client, packet, size + HEADER_SIZE);
        CHECK_EQUAL(network_group_send_raw(kinds.group, bytes, (double)size, -1), 2);
        expect_stream(kinds.raw.client, bytes, size);
        CHECK_EQUAL(take_data(kinds.raw_ws.client, bytes, size)->message_type, network_send_binary);
        free(packet);
        free(bytes);
    }
    check_no_events();
}

/* Sends to one and to all in turn, small and large: to each peer all of it in order. */
static void the_order_of_sends(void) {
    enum { ROUNDS = 40 };
    static const size_t sizes[] = {10, 3000, 0, 1500, 100, 70000};
    Kinds kinds = one_of_each();
    char *bytes = make_bytes(70000);
    int i;
    for (i = 0; i < ROUNDS; i++) {
        size_t size = sizes[i % 6];
        bytes[0] = (char)i;
        SUCCESS(network_send_packet(kinds.tcp.accepted, bytes, 1 + (double)(i % 3)));
        CHECK_EQUAL(network_group_send_packet(kinds.group, bytes, (double)size, kinds.ws.client), 4);
        SUCCESS(network_send_packet(kinds.ws.accepted, bytes, 2000));
    }
    for (i = 0; i < ROUNDS; i++) {
        size_t size = sizes[i % 6];
        bytes[0] = (char)i;
        take_data(kinds.tcp.client, bytes, 1 + (size_t)(i % 3));
        take_data(kinds.tcp.client, bytes, size);
        take_data(kinds.ws.client, bytes, size);
        take_data(kinds.ws.client, bytes, 2000);
    }
    free(bytes);
}

/* What was sent before network_destroy still leaves, also if it is stored for all. */
static void shared_messages_leave_before_the_end(void) {
    enum { SIZE = 3 * MIB };
    Pair pair = connect_pair(0);
    char *bytes = make_bytes(SIZE);
    SUCCESS(network_send_packet(pair.accepted, "before", 6));
    CHECK_EQUAL(network_group_send_packet(pair.server, bytes, SIZE, -1), 1);
    SUCCESS(network_send_packet(pair.accepted, "between", 7));
    CHECK_EQUAL(network_group_send_packet(pair.server, bytes, 2000, -1), 1);
    network_destroy(pair.server);
    take_data(pair.client, "before", 6);
    take_data(pair.client, bytes, SIZE);
    take_data(pair.client, "between", 7);
    take_data(pair.client, bytes, 2000);
    CHECK_EQUAL(take_event(pair.client, network_type_disconnect)->error, 0);
    check_no_events();
    free(bytes);
}

/* ---- members that do not keep up ---- */

static void full_members_are_left_out(void) {
    enum { SIZE = 100000, LIMIT = 4 * SIZE, MOST = 10000, REFUSALS = 6 };
    static int taken_sizes[MOST];
    double server = tcp_server(0, 4), port = SUCCESS(network_get_port(server));
    double client = tcp_client(0, port), quick = take_connect(server)->socket, slow;
    static char got[SIZE + HEADER_SIZE];
    char *bytes = make_bytes(SIZE);
    int reader = peer_join(port), sent, took = 0, refused = 0, in_a_row = 0, i;
    slow = take_connect(server)->socket;
    SUCCESS(network_set_config(network_config_send_queue_limit, slow, LIMIT));
    /* Nobody reads: what it is sent fills the system's buffers, then the queue. */
    for (sent = 0; in_a_row < REFUSALS; sent++) {
        int size = sent % 2 ? 5 : SIZE, members;
        CHECK(sent < MOST);
        members = (int)network_group_send_packet(server, bytes, size, -1);
        take_data(client, bytes, (size_t)size);
        CHECK(members == 1 || members == 2);
        if (members == 2)
            taken_sizes[took++] = size;
        else
            refused++;
        in_a_row = members == 2 ? 0 : in_a_row + 1;
    }
    CHECK_ERROR(network_send_packet(slow, "x", 1), network_error_queue_full);
    CHECK_EQUAL(network_get_stat(slow, "dropped"), refused);
    CHECK_EQUAL(network_get_stat(quick, "dropped"), 0);
    CHECK_EQUAL(network_group_size(server), 2);
    /* It reads: all that it was sent is there, nothing that it was not. */
    for (i = 0; i < took; i++) {
        char *packet = with_header(bytes, (size_t)taken_sizes[i]);
        peer_read(reader, got, (size_t)taken_sizes[i] + HEADER_SIZE);
        CHECK(memcmp(got, packet, (size_t)taken_sizes[i] + HEADER_SIZE) == 0);
        free(packet);
    }
    WAIT_FOR(network_get_stat(slow, "send_queue") == 0);
    CHECK_EQUAL(network_group_send_packet(server, "again", 5, -1), 2);
    peer_expect(reader, "\xde\xc0\xad\xde\x0c\0\0\0\x05\0\0\0again", 17);
    close(reader);
    free(bytes);
}

/* ---- a list at hand ---- */

static void a_list_of_sockets(void) {
    Pair pair = connect_pair(0);
    Pair ws = websocket_pair(0);
    double group = SUCCESS(network_create_group()), gone = SUCCESS(network_create_socket(network_socket_tcp));
    double idle = SUCCESS(network_create_socket(network_socket_tcp)), results[10];
    double sockets[10];
    char *bytes = make_bytes(5000);
    int i;
    network_destroy(gone);
    sockets[0] = pair.accepted;
    sockets[1] = gone;
    sockets[2] = pair.server;
    sockets[3] = ws.accepted;
    sockets[4] = idle;
    sockets[5] = (double)NAN;
    sockets[6] = group;
    sockets[7] = pair.accepted; /* twice */
    sockets[8] = -1;
    sockets[9] = ws.client;
    CHECK_EQUAL(network_send_packet_many(sockets, 10, bytes, 5000, results), 4);
    CHECK_EQUAL(results[0], 5012);
    CHECK_EQUAL(results[1], network_error_bad_handle);
    CHECK_EQUAL(results[2], network_error_wrong_kind);
    CHECK_EQUAL(results[3], 5000);
    CHECK_EQUAL(results[4], network_error_not_connected);
    CHECK_EQUAL(results[5], network_error_bad_handle);
    CHECK_EQUAL(results[6], network_error_wrong_kind);
    CHECK_EQUAL(results[7], 5012);
    CHECK_EQUAL(results[8], network_error_bad_handle);
    CHECK_EQUAL(results[9], 5000);
    take_data(pair.client, bytes, 5000);
    take_data(pair.client, bytes, 5000);
    take_data(ws.client, bytes, 5000);
    take_data(ws.accepted, bytes, 5000);
    CHECK_EQUAL(network_send_packet_many(sockets, 1, "", 0, NULL), 1);
    take_data(pair.client, "", 0);

    for (i = 0; i < 10; i++)
        results[i] = 7;
    CHECK_EQUAL(network_send_packet_many(NULL, 0, "x", 1, NULL), 0);
    CHECK_ERROR(network_send_packet_many(NULL, 1, "x", 1, results), network_error_bad_argument);
    CHECK_ERROR(network_send_packet_many(sockets, -1, "x", 1, results), network_error_bad_argument);
    CHECK_ERROR(network_send_packet_many(sockets, 0.5, "x", 1, results), network_error_bad_argument);
    CHECK_ERROR(network_send_packet_many(sockets, 10, NULL, 1, results), network_error_bad_argument);
    CHECK_ERROR(network_send_packet_many(sockets, 10, "x", 64 * MIB + 1, results), network_error_too_big);
    for (i = 0; i < 10; i++)
        CHECK_EQUAL(results[i], 7);
    check_no_events();
    free(bytes);
}

/* ---- many ---- */

static void a_thousand_members(void) {
    enum { COUNT = 1000 };
    static int peers[COUNT];
    static char got[64 + 2000 + 2 * HEADER_SIZE];
    double server = tcp_server(0, COUNT), port = SUCCESS(network_get_port(server));
    char *bytes = make_bytes(2000), *small = with_header(bytes, 64), *large = with_header(bytes, 2000);
    int i, round;
    for (i = 0; i < COUNT; i++) {
        peers[i] = peer_join(port);
        pump();
    }
    WAIT_FOR(network_group_size(server) == COUNT);
    for (round = 0; round < 3; round++) {
        CHECK_EQUAL(network_group_send_packet(server, bytes, 64, -1), COUNT);
        CHECK_EQUAL(network_group_send_packet(server, bytes, 2000, -1), COUNT);
    }
    for (i = 0; i < COUNT; i++)
        for (round = 0; round < 3; round++) {
            peer_read(peers[i], got, sizeof got);
            CHECK(memcmp(got, small, 64 + HEADER_SIZE) == 0);
            CHECK(memcmp(got + 64 + HEADER_SIZE, large, 2000 + HEADER_SIZE) == 0);
        }
    for (i = 0; i < COUNT; i++)
        close(peers[i]);
    WAIT_FOR(network_group_size(server) == 0);
    drop_events();
    free(small);
    free(large);
    free(bytes);
}

/* ---- several threads ---- */

static volatile int over;

static void *send_on(void *argument) {
    const double *handles = (const double *)argument;
    char *bytes = make_bytes(3000);
    int i;
    for (i = 0; !over; i++) {
        double size = i % 2 ? 3000 : 30, sent;
        sent = network_group_send_packet(handles[i % 2], bytes, size, -1);
        CHECK(sent >= 0 && sent <= 20);
        if (network_group_size(handles[0]) > 10)
            fail(__FILE__, __LINE__, "more members than there were");
        usleep(200);
    }
    free(bytes);
    return NULL;
}

/* The library's own clients come and go, added and taken out, destroyed and disconnected, while two
   threads send to them. */
static void members_that_leave_while_others_send(void) {
    enum { ROUNDS = 60, MEMBERS = 4 };
    double server = tcp_server(0, 100), port = SUCCESS(network_get_port(server)), handles[2];
    pthread_t threads[2];
    int round, i;
    handles[0] = SUCCESS(network_create_group());
    handles[1] = server;
    over = 0;
    for (i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, send_on, handles) == 0);
    for (round = 0; round < ROUNDS; round++) {
        int peers[MEMBERS];
        double accepted[MEMBERS];
        for (i = 0; i < MEMBERS; i++) {
            peers[i] = peer_join(port);
            accepted[i] = take_connect(server)->socket;
            CHECK_EQUAL(network_group_add(handles[0], accepted[i]), 1);
        }
        CHECK_EQUAL(network_group_size(handles[0]), MEMBERS);
        CHECK_EQUAL(network_group_remove(handles[0], accepted[0]), 1);
        network_destroy(accepted[0]);
        network_destroy(accepted[1]);
        CHECK_EQUAL(network_group_size(handles[0]), 2);
        peer_reset(peers[2]);
        close(peers[3]);
        take_event(accepted[2], network_type_disconnect);
        take_event(accepted[3], network_type_disconnect);
        close(peers[0]);
        close(peers[1]);
        CHECK_EQUAL(network_group_size(handles[0]), 0);
        CHECK_EQUAL(network_group_size(server), 0);
    }
    over = 1;
    for (i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

/* A group that ends under those who send to it and add to it. */
static void *use_groups(void *argument) {
    volatile double *group = (volatile double *)argument;
    double socket = group[1];
    while (!over) {
        double now = group[0], sent = network_group_send_packet(now, "x", 1, -1), added;
        CHECK(sent == 0 || sent == 1 || sent == network_error_bad_handle);
        added = network_group_add(now, socket);
        CHECK(added == 0 || added == 1 || added == network_error_bad_handle);
    }
    return NULL;
}

static void groups_that_end_while_others_use_them(void) {
    enum { ROUNDS = 2000 };
    Pair pair = connect_pair(0);
    pthread_t thread;
    double shared[2];
    int round;
    shared[0] = SUCCESS(network_create_group());
    shared[1] = pair.accepted;
    /* Most sends find the queue full: what is looked at is the groups, and nobody keeps up with a thread that only sends. */
    SUCCESS(network_set_config(network_config_send_queue_limit, pair.accepted, 1000));
    SUCCESS(network_set_config(network_config_receive_queue_limit, pair.client, 1000));
    over = 0;
    CHECK(pthread_create(&thread, NULL, use_groups, shared) == 0);
    for (round = 0; round < ROUNDS; round++) {
        double old = shared[0], next = SUCCESS(network_create_group());
        *(volatile double *)&shared[0] = next;
        SUCCESS(network_destroy(old));
        if (round % 50 == 0)
            pump();
    }
    over = 1;
    CHECK(pthread_join(thread, NULL) == 0);
    /* It left the groups that are gone, and is in the last one alone. */
    network_group_add(shared[0], pair.accepted);
    CHECK_EQUAL(network_group_size(shared[0]), 1);
    network_destroy(pair.accepted);
    CHECK_EQUAL(network_group_size(shared[0]), 0);
    drop_events();
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"who_is_a_member", who_is_a_member},
        {"a_servers_clients", a_servers_clients},
        {"a_client_counts_from_its_connect_event_on", a_client_counts_from_its_connect_event_on},
        {"membership_survives_nothing", membership_survives_nothing},
        {"handles_mistaken_for_others", handles_mistaken_for_others},
        {"every_kind_of_member", every_kind_of_member},
        {"the_order_of_sends", the_order_of_sends},
        {"shared_messages_leave_before_the_end", shared_messages_leave_before_the_end},
        {"full_members_are_left_out", full_members_are_left_out},
        {"a_list_of_sockets", a_list_of_sockets},
        {"a_thousand_members", a_thousand_members},
        {"members_that_leave_while_others_send", members_that_leave_while_others_send},
        {"groups_that_end_while_others_use_them", groups_that_end_while_others_use_them},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
