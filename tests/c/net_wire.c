/* The bytes on the network, written and read by hand, in every segmentation. */
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

static const char hello_packet[] = "\xde\xc0\xad\xde\x0c\x00\x00\x00\x05\x00\x00\x00hello";
static const char empty_packet[] = "\xde\xc0\xad\xde\x0c\x00\x00\x00\x00\x00\x00\x00";

/* One byte after the other, each of its own segment if the library is quick enough to see it so. */
static void trickle(int peer, const char *bytes, size_t size) {
    size_t i;
    for (i = 0; i < size; i++) {
        peer_write(peer, bytes + i, 1);
        pump();
    }
}

/* ---- the library as server ---- */

static void a_client_byte_by_byte(void) {
    double server = tcp_server(0, 4), accepted;
    int peer = peer_connect(network_get_port(server));
    peer_expect(peer, BANNER, BANNER_SIZE);
    trickle(peer, HELLO, HELLO_SIZE);
    peer_expect(peer, WELCOME, WELCOME_SIZE);
    accepted = take_connect(server)->socket;
    trickle(peer, hello_packet, 17);
    take_data(accepted, "hello", 5);
    trickle(peer, empty_packet, 12);
    take_data(accepted, "", 0);
    SUCCESS(network_send_packet(accepted, "hello", 5));
    peer_expect(peer, hello_packet, 17);
    SUCCESS(network_send_packet(accepted, NULL, 0));
    peer_expect(peer, empty_packet, 12);
    check_no_events();
    close(peer);
}

/* The client does not wait for step 3, nor even for step 1. */
static void a_client_that_glues(void) {
    char glued[HELLO_SIZE + 17 + 12 + 17];
    double server = tcp_server(0, 4), accepted;
    size_t first;
    memcpy(glued, HELLO, HELLO_SIZE);
    memcpy(glued + HELLO_SIZE, hello_packet, 17);
    memcpy(glued + HELLO_SIZE + 17, empty_packet, 12);
    memcpy(glued + HELLO_SIZE + 17 + 12, hello_packet, 17);
    for (first = 1; first <= sizeof glued; first += 4) {
        int peer = peer_connect(network_get_port(server));
        peer_write(peer, glued, first);
        pump();
        peer_write(peer, glued + first, sizeof glued - first);
        peer_expect(peer, BANNER, BANNER_SIZE);
        peer_expect(peer, WELCOME, WELCOME_SIZE);
        accepted = take_connect(server)->socket;
        take_data(accepted, "hello", 5);
        take_data(accepted, "", 0);
        take_data(accepted, "hello", 5);
        close(peer);
        take_event(accepted, network_type_disconnect);
    }
    check_no_events();
}

/* ---- the library as client ---- */

static void a_server_byte_by_byte(void) {
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int listener = peer_listen(&port), peer;
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_accept(listener);
    trickle(peer, BANNER, BANNER_SIZE);
    peer_expect(peer, HELLO, HELLO_SIZE);
    trickle(peer, WELCOME, WELCOME_SIZE);
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    trickle(peer, hello_packet, 17);
    take_data(client, "hello", 5);
    check_no_events();
    close(peer);
    close(listener);
}

/* Packets right behind step 3; and steps 1 and 3 in one go from a server that does not wait. */
static void a_server_that_glues(void) {
    char glued[BANNER_SIZE + WELCOME_SIZE + 17 + 12];
    double port, client;
    int listener = peer_listen(&port), peer;
    size_t first;
    memcpy(glued, BANNER, BANNER_SIZE);
    memcpy(glued + BANNER_SIZE, WELCOME, WELCOME_SIZE);
    memcpy(glued + BANNER_SIZE + WELCOME_SIZE, hello_packet, 17);
    memcpy(glued + BANNER_SIZE + WELCOME_SIZE + 17, empty_packet, 12);
    for (first = 1; first <= sizeof glued; first += 4) {
        client = SUCCESS(network_create_socket(network_socket_tcp));
        SUCCESS(network_connect_async(client, "127.0.0.1", port));
        peer = peer_accept(listener);
        peer_write(peer, glued, first);
        pump();
        peer_write(peer, glued + first, sizeof glued - first);
        peer_expect(peer, HELLO, HELLO_SIZE);
        CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
        take_data(client, "hello", 5);
        take_data(client, "", 0);
        close(peer);
        take_event(client, network_type_disconnect);
        SUCCESS(network_destroy(client));
    }
    check_no_events();
    close(listener);
}

/* ---- input that is none ---- */

static void broken_packets(void) {
    static const struct {
        const char *header;
        double error;
    } broken[] = {
        {"\xdf\xc0\xad\xde\x0c\x00\x00\x00\x05\x00\x00\x00", network_error_handshake},
        {"\xde\xc0\xad\xde\x0d\x00\x00\x00\x05\x00\x00\x00", network_error_handshake},
        {"\xde\xc0\xad\xde\x00\x00\x00\x00\x05\x00\x00\x00", network_error_handshake},
        {"\xde\xc0\xad\xde\x0c\x00\x00\x00\xff\xff\xff\xff", network_error_too_big},
        {"\xde\xc0\xad\xde\x0c\x00\x00\x00\x01\x00\x40\x00", network_error_too_big}, /* 4 MiB and one byte */
        {"GET / HTTP/1", network_error_handshake},
    };
    double server = tcp_server(0, 4), accepted;
    size_t i;
    for (i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const NetworkEvent *event;
        int peer = peer_join(network_get_port(server));
        accepted = take_connect(server)->socket;
        peer_write(peer, hello_packet, 17);
        peer_write(peer, broken[i].header, HEADER_SIZE);
        take_data(accepted, "hello", 5); /* what was right before it counts */
        event = take_event(accepted, network_type_disconnect);
        CHECK_EQUAL(event->error, broken[i].error);
        CHECK_EQUAL(event->id, server);
        CHECK_EQUAL(event->server, server);
        peer_ended(peer);
        close(peer);
    }
    check_no_events();
}

/* The same at a client. */
static void broken_packets_from_a_server(void) {
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int listener = peer_listen(&port), peer;
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_welcome(listener);
    take_event(client, network_type_non_blocking_connect);
    peer_write(peer, "\xde\xc0\xad\xde\x0c\x00\x00\x00\x01\x00\x00\x04", HEADER_SIZE); /* 64 MiB and one byte */
    CHECK_EQUAL(take_event(client, network_type_disconnect)->error, network_error_too_big);
    close(peer);

    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_welcome(listener);
    take_event(client, network_type_non_blocking_connect);
    peer_write(peer, "\xde\xc0\xad\xde\x0b\x00\x00\x00\x01\x00\x00\x00", HEADER_SIZE);
    CHECK_EQUAL(take_event(client, network_type_disconnect)->error, network_error_handshake);
    close(peer);
    check_no_events();
    close(listener);
}

/* ---- limits on incoming messages ---- */

static void a_limit_of_ones_own(void) {
    char payload[101] = {0};
    double error;
    Pair pair = connect_pair(0);
    CHECK_EQUAL(network_set_config(network_config_message_size_limit, pair.accepted, 100), 0);
    SUCCESS(network_send_packet(pair.client, payload, 100));
    take_data(pair.accepted, payload, 100);
    SUCCESS(network_send_packet(pair.client, payload, 101));
    CHECK_EQUAL(take_event(pair.accepted, network_type_disconnect)->error, network_error_too_big);
    error = take_event(pair.client, network_type_disconnect)->error;
    CHECK(error == 0 || error == network_error_closed);
    destroy_pair(&pair);

    pair = connect_pair(0);
    CHECK_EQUAL(network_set_config(network_config_message_size_limit, pair.client, 100), 0);
    SUCCESS(network_send_packet(pair.accepted, payload, 100));
    take_data(pair.client, payload, 100);
    SUCCESS(network_send_packet(pair.accepted, payload, 101));
    CHECK_EQUAL(take_event(pair.client, network_type_disconnect)->error, network_error_too_big);
    take_event(pair.accepted, network_type_disconnect);
    check_no_events();
}

/* ---- raw connections ---- */

static void a_raw_connection_has_no_bytes_of_ours(void) {
    char got[17];
    double port, client, accepted, server = tcp_server(1, 4);
    int peer = peer_connect(network_get_port(server)), listener;
    accepted = take_connect(server)->socket; /* at once, the peer has said nothing */
    SUCCESS(network_send_raw(accepted, "first", 5, network_send_binary));
    peer_expect(peer, "first", 5);
    peer_write(peer, "answer", 6);
    take_stream(accepted, got, 6);
    CHECK(memcmp(got, "answer", 6) == 0);
    SUCCESS(network_send_packet(accepted, "hello", 5));
    peer_expect(peer, hello_packet, 17);
    /* A packet's header is payload here like anything else. */
    peer_write(peer, hello_packet, 17);
    take_stream(accepted, got, 17);
    CHECK(memcmp(got, hello_packet, 17) == 0);
    /* Nothing is sent for nothing. */
    CHECK_EQUAL(network_send_raw(accepted, NULL, 0, 0), 0);
    SUCCESS(network_send_raw(accepted, "next", 4, 0));
    peer_expect(peer, "next", 4);
    close(peer);
    take_event(accepted, network_type_disconnect);

    listener = peer_listen(&port);
    client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_raw_async(client, "127.0.0.1", port));
    peer = peer_accept(listener);
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    SUCCESS(network_send_raw(client, "first", 5, 0));
    peer_expect(peer, "first", 5);
    close(peer);
    take_event(client, network_type_disconnect);
    check_no_events();
    close(listener);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"a_client_byte_by_byte", a_client_byte_by_byte},
        {"a_client_that_glues", a_client_that_glues},
        {"a_server_byte_by_byte", a_server_byte_by_byte},
        {"a_server_that_glues", a_server_that_glues},
        {"broken_packets", broken_packets},
        {"broken_packets_from_a_server", broken_packets_from_a_server},
        {"a_limit_of_ones_own", a_limit_of_ones_own},
        {"a_raw_connection_has_no_bytes_of_ours", a_raw_connection_has_no_bytes_of_ours},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
