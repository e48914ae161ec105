/* Ports are free again when network_destroy returns; and nobody connects to himself. */
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

#define ROUNDS 49

static double server_of(double kind, double raw, double port) {
    return raw ? network_create_server_raw(kind, port, 8) : network_create_server(kind, port, 8);
}

/* The manual's idiom tries the next port when one is taken: it must not be by ourselves. */
static void servers_get_their_port_again(void) {
    static const double kinds[] = {network_socket_tcp, network_socket_ws};
    size_t kind;
    int raw, round;
    for (kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        for (raw = 0; raw < 2; raw++) {
            double server = SUCCESS(server_of(kinds[kind], raw, 0));
            double port = SUCCESS(network_get_port(server));
            for (round = 0; round < ROUNDS; round++) {
                CHECK_EQUAL(network_destroy(server), 0);
                server = SUCCESS(server_of(kinds[kind], raw, port));
                CHECK_EQUAL(network_get_port(server), port);
            }
            CHECK_EQUAL(network_destroy(server), 0);
        }
    }
}

/* Also while datagrams, or a message that nobody will acknowledge, are still flushed. */
static void udp_sockets_get_their_port_again(void) {
    double dead = SUCCESS(network_create_socket_ext(network_socket_udp, 0));
    double dead_port = SUCCESS(network_get_port(dead)), port = 0;
    int reliable, kind, round;
    CHECK_EQUAL(network_destroy(dead), 0);
    for (reliable = 0; reliable < 2; reliable++) {
        for (kind = 0; kind < 2; kind++) {
            port = 0;
            for (round = 0; round < ROUNDS; round++) {
                double own = kind ? network_create_server(network_socket_udp, port, 0)
                                  : network_create_socket_ext(network_socket_udp, port);
                SUCCESS(own);
                CHECK(port == 0 || network_get_port(own) == port);
                port = SUCCESS(network_get_port(own));
                /* While it is there, it is taken. */
                CHECK_ERROR(network_create_socket_ext(network_socket_udp, port), network_error_address_in_use);
                if (reliable)
                    SUCCESS(network_set_config(network_config_enable_reliable_udp, own, 0));
                SUCCESS(network_send_udp(own, "127.0.0.1", dead_port, "nobody", 6));
                CHECK_EQUAL(network_destroy(own), 0);
            }
        }
    }
    check_no_events();
}

/* What the destroyed socket still flushes arrives, though the port has another socket by then; that one
 * is asked by others, and hears none of the old one's traffic. */
static void what_is_flushed_arrives_beside_the_next_socket(int next_is_reliable) {
    enum { COUNT = 200, SIZE = 2000 };
    static unsigned char message[SIZE];
    double receiver = SUCCESS(network_create_server(network_socket_udp, 0, 0));
    double receiver_port = SUCCESS(network_get_port(receiver)), port = 0;
    double old, next, other;
    int i;
    SUCCESS(network_set_config(network_config_enable_reliable_udp, receiver, 0));
    SUCCESS(network_set_config(network_config_reliable_ordered, receiver, 1));
    old = SUCCESS(network_create_socket_ext(network_socket_udp, 0));
    port = SUCCESS(network_get_port(old));
    SUCCESS(network_set_config(network_config_enable_reliable_udp, old, 0));
    for (i = 0; i < COUNT; i++) {
        memset(message, i, SIZE);
        SUCCESS(network_send_udp(old, "127.0.0.1", receiver_port, message, SIZE));
    }
    CHECK_EQUAL(network_destroy(old), 0);
    next = SUCCESS(network_create_server(network_socket_udp, port, 0));
    if (next_is_reliable)
        SUCCESS(network_set_config(network_config_enable_reliable_udp, next, 0));
    for (i = 0; i < COUNT; i++) {
        memset(message, i, SIZE);
        take_data(receiver, message, SIZE);
    }
    other = SUCCESS(network_create_socket(network_socket_udp));
    SUCCESS(network_send_udp(other, "127.0.0.1", port, "for the next", 12));
    take_data(next, "for the next", 12);
    CHECK_EQUAL(untaken(next), 0);
    CHECK_EQUAL(network_destroy(next), 0);
    CHECK_EQUAL(network_destroy(receiver), 0);
    CHECK_EQUAL(network_destroy(other), 0);
    drop_events();
}

static void what_is_flushed_arrives_beside_a_plain_one(void) {
    what_is_flushed_arrives_beside_the_next_socket(0);
}

static void what_is_flushed_arrives_beside_a_reliable_one(void) {
    what_is_flushed_arrives_beside_the_next_socket(1);
}

/* While what was sent to a client that does not read is still flushed. */
static void a_server_with_clients_gets_its_port_again(void) {
    Pair pair = connect_pair(0);
    double port = SUCCESS(network_get_port(pair.server)), server;
    SUCCESS(network_send_packet(pair.accepted, "last words", 10));
    CHECK_EQUAL(network_destroy(pair.server), 0);
    server = SUCCESS(network_create_server(network_socket_tcp, port, 8));
    take_data(pair.client, "last words", 10);
    take_event(pair.client, network_type_disconnect);
    SUCCESS(network_connect_async(pair.client, "127.0.0.1", port));
    CHECK_EQUAL(take_event(pair.client, network_type_non_blocking_connect)->succeeded, 1);
    CHECK_EQUAL(network_destroy(server), 0);
}

static void local_ports_of_clients_are_given_again(void) {
    double first = SUCCESS(network_create_server(network_socket_tcp, 0, 8));
    double port = 0;
    int round;
    for (round = 0; round < 8; round++) {
        /* Another server each time: towards the last one the port has to wait for TCP's own time. */
        double server = SUCCESS(network_create_server(network_socket_tcp, 0, 8));
        double client = SUCCESS(network_create_socket_ext(network_socket_tcp, port));
        port = SUCCESS(network_get_port(client));
        CHECK_ERROR(network_create_socket_ext(network_socket_tcp, port), network_error_address_in_use);
        SUCCESS(network_connect_async(client, "127.0.0.1", network_get_port(server)));
        CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
        CHECK_EQUAL(network_destroy(client), 0);
    }
    CHECK_EQUAL(network_destroy(first), 0);
}

/* TCP's simultaneous open: a local port that connects to itself. */
static void nobody_connects_to_himself(void) {
    const NetworkEvent *event;
    double client = SUCCESS(network_create_socket_ext(network_socket_tcp, 0));
    double port = SUCCESS(network_get_port(client)), server;
    CHECK(network_connect(client, "127.0.0.1", port) < 0);
    SUCCESS(network_connect_raw_async(client, "127.0.0.1", port));
    event = take_event(client, network_type_non_blocking_connect);
    CHECK_EQUAL(event->succeeded, 0);
    CHECK_EQUAL(event->error, network_error_failed);
    CHECK(strstr(event->reason, "efused") != NULL);
    CHECK_EQUAL(network_destroy(client), 0);
    /* The server that was to be there can start. */
    server = SUCCESS(network_create_server(network_socket_tcp, port, 8));
    CHECK_EQUAL(network_destroy(server), 0);
}

/* The timeout in force when a connection is accepted, also of servers made before. */
static void handshake_timeouts_hold_from_then_on(void) {
    double server = SUCCESS(network_create_server(network_socket_tcp, 0, 8));
    double port = SUCCESS(network_get_port(server));
    int patient, silent;
    CHECK_EQUAL(network_set_config(network_config_handshake_timeout, 60000, 0), 0);
    patient = peer_connect(port);
    peer_expect(patient, BANNER, BANNER_SIZE);
    CHECK_EQUAL(network_set_config(network_config_handshake_timeout, 100, 0), 0);
    silent = peer_connect(port);
    peer_expect(silent, BANNER, BANNER_SIZE);
    peer_ended(silent);
    /* The first one may still go on. */
    peer_write(patient, HELLO, HELLO_SIZE);
    peer_expect(patient, WELCOME, WELCOME_SIZE);
    take_connect(server);
    close(silent);
    close(patient);
    CHECK_EQUAL(network_destroy(server), 0);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"servers_get_their_port_again", servers_get_their_port_again},
        {"udp_sockets_get_their_port_again", udp_sockets_get_their_port_again},
        {"what_is_flushed_arrives_beside_a_plain_one", what_is_flushed_arrives_beside_a_plain_one},
        {"what_is_flushed_arrives_beside_a_reliable_one", what_is_flushed_arrives_beside_a_reliable_one},
        {"a_server_with_clients_gets_its_port_again", a_server_with_clients_gets_its_port_again},
        {"local_ports_of_clients_are_given_again", local_ports_of_clients_are_given_again},
        {"nobody_connects_to_himself", nobody_connects_to_himself},
        {"handshake_timeouts_hold_from_then_on", handshake_timeouts_hold_from_then_on},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
