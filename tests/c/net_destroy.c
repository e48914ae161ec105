/* network_destroy: what was accepted for sending still leaves, within a bound. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "process.h"

enum { MIB = 1 << 20 };

static void fill(char *bytes, size_t size) {
    size_t i;
    for (i = 0; i < size; i++)
        bytes[i] = (char)(i * 31 + i / 251);
}

/* More than the system's buffers hold: most of it leaves after the call has returned. */
static void destroy_flushes(void) {
    enum { SIZE = 8 * MIB };
    char *bytes = (char *)malloc(SIZE), *got = (char *)malloc(SIZE);
    unsigned char header[HEADER_SIZE];
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int listener = peer_listen(&port), peer;
    CHECK(bytes != NULL && got != NULL);
    fill(bytes, SIZE);
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_welcome(listener);
    take_event(client, network_type_non_blocking_connect);
    CHECK_EQUAL(network_send_packet(client, bytes, SIZE), SIZE + 12);
    CHECK_EQUAL(network_destroy(client), 0);
    CHECK_ERROR(network_send_packet(client, bytes, 1), network_error_bad_handle);
    packet_header(header, SIZE);
    peer_expect(peer, header, HEADER_SIZE);
    peer_read(peer, got, SIZE);
    CHECK(memcmp(got, bytes, SIZE) == 0);
    CHECK_EQUAL(peer_ended(peer), 1); /* in good order, not with a reset */
    check_no_events();
    close(peer);
    close(listener);
    free(bytes);
    free(got);
}

/* A server is destroyed right after it has said goodbye to its clients: all of them hear it. */
static void a_server_says_goodbye(void) {
    enum { CLIENTS = 10 };
    static char goodbye[100000];
    double server = tcp_server(0, CLIENTS), port = network_get_port(server), clients[CLIENTS], accepted[CLIENTS];
    int i;
    fill(goodbye, sizeof goodbye);
    for (i = 0; i < CLIENTS; i++) {
        clients[i] = tcp_client(0, port);
        accepted[i] = take_connect(server)->socket;
    }
    for (i = 0; i < CLIENTS; i++)
        SUCCESS(network_send_packet(accepted[i], goodbye, sizeof goodbye));
    CHECK_EQUAL(network_destroy(server), 0);
    for (i = 0; i < CLIENTS; i++) {
        take_data(clients[i], goodbye, sizeof goodbye);
        CHECK_EQUAL(take_event(clients[i], network_type_disconnect)->error, 0);
    }
    check_no_events();
}

/* A peer that sends while we say goodbye must not lose our last words to a reset. */
static void goodbye_to_a_talking_peer(void) {
    static char words[50000];
    unsigned char header[HEADER_SIZE];
    int round;
    fill(words, sizeof words);
    for (round = 0; round < 10; round++) {
        double server = tcp_server(0, 1), accepted;
        int peer = peer_join(network_get_port(server));
        accepted = take_connect(server)->socket;
        packet_header(header, 5);
        peer_write(peer, header, HEADER_SIZE);
        peer_write(peer, "hello", 5);
        take_data(accepted, "hello", 5);
        /* Unread bytes lie in our receive buffer at the moment of the close. */
        peer_write(peer, header, HEADER_SIZE);
        peer_write(peer, "hello", 5);
        SUCCESS(network_send_packet(accepted, words, sizeof words));
        SUCCESS(network_destroy(server));
        packet_header(header, sizeof words);
        peer_expect(peer, header, HEADER_SIZE);
        {
            static char got[sizeof words];
            peer_read(peer, got, sizeof got);
            CHECK(memcmp(got, words, sizeof got) == 0);
        }
        peer_ended(peer);
        close(peer);
    }
    check_no_events();
}

/* Nor may one that has said all it had to say, as long as we have not read it. */
static void goodbye_to_a_peer_that_has_finished(void) {
    static char words[300000], unread[20000], got[sizeof words];
    double port, client = SUCCESS(network_create_socket(network_socket_tcp)), other;
    int listener = peer_listen(&port), peer;
    fill(words, sizeof words);
    SUCCESS(network_set_config(network_config_receive_queue_limit, client, 1));
    SUCCESS(network_connect_raw_async(client, "127.0.0.1", port));
    peer = peer_accept(listener);
    peer_small_buffer(peer);
    take_event(client, network_type_non_blocking_connect);
    peer_write(peer, "hello", 5);
    take_data(client, "hello", 5);
    peer_write(peer, "hello", 5);
    CHECK_EQUAL(network_wait(patience_ms()), 1); /* uncollected: the rest is not read */
    peer_write(peer, unread, sizeof unread);
    peer_half_close(peer);
    /* When this connect is done, the end of the other has been noticed. */
    other = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_raw(other, "127.0.0.1", port));
    CHECK_EQUAL(network_send_raw(client, words, sizeof words, 0), sizeof words);
    SUCCESS(network_destroy(client));
    peer_read(peer, got, sizeof got);
    CHECK(memcmp(got, words, sizeof got) == 0);
    CHECK_EQUAL(peer_ended(peer), 1);
    check_no_events();
    close(peer);
    close(listener);
}

/* A peer that does not read cannot hold the socket for longer than the bound. */
static void the_flush_is_bounded(void) {
    enum { SIZE = 8 * MIB };
    char *bytes = (char *)calloc(1, SIZE);
    double port, client = SUCCESS(network_create_socket(network_socket_tcp)), local;
    int listener = peer_listen(&port), peer;
    CHECK(bytes != NULL);
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_welcome(listener);
    take_event(client, network_type_non_blocking_connect);
    local = network_get_port(client);
    SUCCESS(network_send_packet(client, bytes, SIZE));
    pump();
    SUCCESS(network_destroy(client));
    CHECK_ERROR(network_destroy(client), network_error_bad_handle);
    CHECK(find_descriptor(local, port) >= 0); /* still flushing */
    WAIT_FOR(find_descriptor(local, port) < 0);
    check_no_events();
    close(peer);
    close(listener);
    free(bytes);
}

/* network_shutdown waits for the same bound and no longer. */
static void shutdown_is_bounded(void) {
    enum { SIZE = 8 * MIB };
    char *bytes = (char *)calloc(1, SIZE);
    double port, client = SUCCESS(network_create_socket(network_socket_tcp)), start;
    int listener = peer_listen(&port), peer;
    CHECK(bytes != NULL);
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_welcome(listener);
    take_event(client, network_type_non_blocking_connect);
    SUCCESS(network_send_packet(client, bytes, SIZE));
    start = now_ms();
    CHECK_EQUAL(network_shutdown(), 0);
    CHECK(now_ms() - start < patience_ms());
    close(peer);
    close(listener);
    free(bytes);
}

static void double_destroy(void) {
    Pair pair = connect_pair(0);
    CHECK_EQUAL(network_destroy(pair.client), 0);
    CHECK_ERROR(network_destroy(pair.client), network_error_bad_handle);
    CHECK_EQUAL(network_destroy(pair.server), 0);
    CHECK_ERROR(network_destroy(pair.server), network_error_bad_handle);
    CHECK_ERROR(network_destroy(pair.accepted), network_error_bad_handle);
}

/* Every socket that is gone gives its memory and descriptor back, however it went. */
static void descriptors_come_back(void) {
    enum { ROUNDS = 30 };
    int before, round;
    settle();
    before = count_descriptors();
    for (round = 0; round < ROUNDS; round++) {
        Pair pair = connect_pair(round % 2);
        switch (round % 3) {
        case 0: SUCCESS(network_destroy(pair.client)); break;
        case 1: SUCCESS(network_destroy(pair.accepted)); break;
        case 2: break;
        }
        SUCCESS(network_destroy(pair.server));
        if (round % 3 != 0)
            SUCCESS(network_destroy(pair.client));
    }
    WAIT_FOR(count_descriptors() <= before);
    WAIT_FOR(network_get_stat(-1, "sockets") == 0);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"destroy_flushes", destroy_flushes},
        {"a_server_says_goodbye", a_server_says_goodbye},
        {"goodbye_to_a_talking_peer", goodbye_to_a_talking_peer},
        {"goodbye_to_a_peer_that_has_finished", goodbye_to_a_peer_that_has_finished},
        {"the_flush_is_bounded", the_flush_is_bounded},
        {"shutdown_is_bounded", shutdown_is_bounded},
        {"double_destroy", double_destroy},
        {"descriptors_come_back", descriptors_come_back},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
