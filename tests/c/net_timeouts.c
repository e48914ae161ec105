/* network_set_timeout: connections that fall silent or do not drain. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "process.h"

static void a_silent_peer(void) {
    const NetworkEvent *event;
    Pair pair = connect_pair(0);
    CHECK_EQUAL(network_set_timeout(pair.accepted, 150, 0), 0);
    event = take_event(pair.accepted, network_type_disconnect);
    CHECK_EQUAL(event->error, network_error_timeout);
    CHECK_EQUAL(event->id, pair.server);
    take_event(pair.client, network_type_disconnect);
    destroy_pair(&pair);

    pair = connect_pair(1);
    CHECK_EQUAL(network_set_timeout(pair.client, 150, 0), 0);
    event = take_event(pair.client, network_type_disconnect);
    CHECK_EQUAL(event->error, network_error_timeout);
    CHECK_EQUAL(event->id, pair.client);
    take_event(pair.accepted, network_type_disconnect);
    check_no_events();
}

/* As long as something comes in time the connection lives: longer than the timeout. */
static void a_talking_peer(void) {
    double start = now_ms();
    Pair pair = connect_pair(0);
    CHECK_EQUAL(network_set_timeout(pair.accepted, 2000, 0), 0);
    while (now_ms() - start < 3000) {
        double next = now_ms() + 100;
        SUCCESS(network_send_packet(pair.client, "alive", 5));
        take_data(pair.accepted, "alive", 5);
        while (now_ms() < next)
            pump();
    }
    CHECK_EQUAL(untaken(pair.accepted), 0);
    /* Silence from then on. */
    CHECK_EQUAL(take_event(pair.accepted, network_type_disconnect)->error, network_error_timeout);
    take_event(pair.client, network_type_disconnect);
    check_no_events();
}

static void zero_turns_it_off(void) {
    double start;
    Pair pair = connect_pair(0);
    CHECK_EQUAL(network_set_timeout(pair.accepted, 200, 200), 0);
    CHECK_EQUAL(network_set_timeout(pair.accepted, 0, 0), 0);
    for (start = now_ms(); now_ms() - start < 500;)
        pump();
    SUCCESS(network_send_packet(pair.client, "still here", 10));
    take_data(pair.accepted, "still here", 10);
    check_no_events();
}

/* What is queued makes no progress, because the peer does not read. */
static void a_peer_that_does_not_read(void) {
    char *bytes = (char *)calloc(1, 8 << 20);
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int listener = peer_listen(&port), peer;
    CHECK(bytes != NULL);
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_welcome(listener);
    take_event(client, network_type_non_blocking_connect);
    CHECK_EQUAL(network_set_timeout(client, 0, 200), 0);
    SUCCESS(network_send_packet(client, bytes, 8 << 20));
    CHECK_EQUAL(take_event(client, network_type_disconnect)->error, network_error_timeout);
    check_no_events();
    close(peer);
    close(listener);
    free(bytes);
}

/* A slow peer is not a dead one: every piece it reads is progress. */
static void a_peer_that_reads_slowly(void) {
    enum { SIZE = 8 << 20, STEP = 256 * 1024 };
    char *bytes = (char *)calloc(1, SIZE), *got = (char *)malloc(SIZE);
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int listener = peer_listen(&port), peer, read;
    unsigned char header[HEADER_SIZE];
    CHECK(bytes != NULL && got != NULL);
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_welcome(listener);
    take_event(client, network_type_non_blocking_connect);
    CHECK_EQUAL(network_set_timeout(client, 0, 1500), 0);
    SUCCESS(network_send_packet(client, bytes, SIZE));
    packet_header(header, SIZE);
    peer_expect(peer, header, HEADER_SIZE);
    for (read = 0; read < SIZE; read += STEP) {
        double next = now_ms() + 60;
        peer_read(peer, got, STEP);
        while (now_ms() < next)
            pump();
    }
    CHECK_EQUAL(untaken(client), 0);
    close(peer);
    take_event(client, network_type_disconnect);
    check_no_events();
    close(listener);
    free(bytes);
    free(got);
}

/* The time of a send that stalls at once begins with it, not with the last that did not. */
static void a_late_send_has_its_time(void) {
    static char filling[64 * 1024];
    double port, client = SUCCESS(network_create_socket(network_socket_tcp)), start;
    int listener = peer_listen(&port), peer, descriptor;
    SUCCESS(network_connect_raw_async(client, "127.0.0.1", port));
    peer = peer_accept(listener);
    take_event(client, network_type_non_blocking_connect);
    CHECK_EQUAL(network_set_timeout(client, 0, 400), 0);
    /* Behind the library's back, so that its own first write finds no room. */
    descriptor = find_descriptor(network_get_port(client), port);
    CHECK(descriptor >= 0);
    for (start = now_ms(); now_ms() - start < 800; pump())
        while (send(descriptor, filling, sizeof filling, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {}
    start = now_ms();
    SUCCESS(network_send_raw(client, "late", 4, 0));
    CHECK_EQUAL(take_event(client, network_type_disconnect)->error, network_error_timeout);
    CHECK(now_ms() - start > 390);
    check_no_events();
    close(peer);
    close(listener);
}

/* An empty queue cannot stall. */
static void nothing_to_write(void) {
    double start;
    Pair pair = connect_pair(0);
    CHECK_EQUAL(network_set_timeout(pair.client, 0, 100), 0);
    SUCCESS(network_send_packet(pair.client, "one", 3));
    take_data(pair.accepted, "one", 3);
    for (start = now_ms(); now_ms() - start < 400;)
        pump();
    SUCCESS(network_send_packet(pair.client, "two", 3));
    take_data(pair.accepted, "two", 3);
    check_no_events();
}

/* What arrived before the time was over counts, though there is too much of it for one look. */
static void many_that_just_made_it(void) {
    enum { PEERS = 300 };
    int peers[PEERS], i;
    unsigned char packet[HEADER_SIZE + 5];
    double server = tcp_server(0, PEERS), accepted[PEERS];
    packet_header(packet, 5);
    memcpy(packet + HEADER_SIZE, "here!", 5);
    for (i = 0; i < PEERS; i++) {
        peers[i] = peer_join(network_get_port(server));
        accepted[i] = take_connect(server)->socket;
    }
    for (i = 0; i < PEERS; i++)
        peer_write(peers[i], packet, sizeof packet);
    for (i = 0; i < PEERS; i++)
        SUCCESS(network_set_timeout(accepted[i], 1, 0));
    for (i = 0; i < PEERS; i++) {
        take_data(accepted[i], "here!", 5);
        CHECK_EQUAL(take_event(accepted[i], network_type_disconnect)->error, network_error_timeout);
        close(peers[i]);
    }
    check_no_events();
}

static void many_timeouts_at_once(void) {
    enum { CLIENTS = 200 };
    double server = tcp_server(0, CLIENTS), port = network_get_port(server), clients[CLIENTS], accepted[CLIENTS];
    int i;
    for (i = 0; i < CLIENTS; i++) {
        clients[i] = tcp_client(0, port);
        accepted[i] = take_connect(server)->socket;
    }
    for (i = 0; i < CLIENTS; i++)
        SUCCESS(network_set_timeout(accepted[i], 100 + i, 0));
    for (i = 0; i < CLIENTS; i++) {
        CHECK_EQUAL(take_event(accepted[i], network_type_disconnect)->error, network_error_timeout);
        take_event(clients[i], network_type_disconnect);
    }
    check_no_events();
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"a_silent_peer", a_silent_peer},
        {"a_talking_peer", a_talking_peer},
        {"zero_turns_it_off", zero_turns_it_off},
        {"a_peer_that_does_not_read", a_peer_that_does_not_read},
        {"a_peer_that_reads_slowly", a_peer_that_reads_slowly},
        {"a_late_send_has_its_time", a_late_send_has_its_time},
        {"nothing_to_write", nothing_to_write},
        {"many_that_just_made_it", many_that_just_made_it},
        {"many_timeouts_at_once", many_timeouts_at_once},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
