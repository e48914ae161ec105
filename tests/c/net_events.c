/* TCP's events: their fields, their order, and the reasons at both ends. */
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

static void check_disconnect(const NetworkEvent *event, double id, double socket, double server, double error) {
    CHECK_EQUAL(event->id, id);
    CHECK_EQUAL(event->socket, socket);
    CHECK_EQUAL(event->server, server);
    CHECK_EQUAL(event->error, error);
    if (error == 0)
        CHECK_STRING(event->reason, "");
}

static void a_connection(int raw) {
    const NetworkEvent *event;
    double server = tcp_server(raw, 4), port = network_get_port(server), client, accepted;
    client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_EQUAL(raw ? network_connect_raw_async(client, "127.0.0.1", port)
                    : network_connect_async(client, "127.0.0.1", port),
                client);

    event = take_event(client, network_type_non_blocking_connect);
    CHECK_EQUAL(event->id, client);
    CHECK_EQUAL(event->socket, client);
    CHECK_EQUAL(event->server, -1);
    CHECK_EQUAL(event->succeeded, 1);
    CHECK_EQUAL(event->error, 0);
    CHECK_EQUAL(event->port, port);
    CHECK_STRING(event->ip, "127.0.0.1");
    CHECK_STRING(event->reason, "");

    event = take_connect(server);
    accepted = event->socket;
    CHECK(accepted != client && accepted != server);
    CHECK_EQUAL(event->port, network_get_port(client));
    CHECK_STRING(event->ip, "127.0.0.1");

    SUCCESS(raw ? network_send_raw(client, "to the server", 13, 0) : network_send_packet(client, "to the server", 13));
    event = take_data(accepted, "to the server", 13);
    CHECK_EQUAL(event->server, server);
    CHECK_EQUAL(event->port, network_get_port(client));
    CHECK_STRING(event->ip, "127.0.0.1");
    CHECK_EQUAL(event->message_type, 0);

    SUCCESS(raw ? network_send_raw(accepted, "to the client", 13, 0)
                : network_send_packet(accepted, "to the client", 13));
    event = take_data(client, "to the client", 13);
    CHECK_EQUAL(event->server, -1);
    CHECK_EQUAL(event->port, port);
    CHECK_STRING(event->ip, "127.0.0.1");

    SUCCESS(network_destroy(client));
    event = take_event(accepted, network_type_disconnect);
    check_disconnect(event, server, accepted, server, 0);
    CHECK_STRING(event->ip, "127.0.0.1");
    check_no_events();
}

static void a_regular_connection(void) { a_connection(0); }
static void a_raw_connection(void) { a_connection(1); }

static void the_server_closes_a_client(void) {
    Pair pair = connect_pair(0);
    SUCCESS(network_destroy(pair.accepted));
    check_disconnect(take_event(pair.client, network_type_disconnect), pair.client, pair.client, -1, 0);
    /* One's own destroy brings no event, at the server too. */
    check_no_events();
    destroy_pair(&pair);
}

static void destroying_the_server_ends_its_clients(void) {
    enum { CLIENTS = 5 };
    double server = tcp_server(0, CLIENTS), port = network_get_port(server), clients[CLIENTS], accepted[CLIENTS];
    int i;
    for (i = 0; i < CLIENTS; i++) {
        clients[i] = tcp_client(0, port);
        accepted[i] = take_connect(server)->socket;
    }
    SUCCESS(network_destroy(server));
    for (i = 0; i < CLIENTS; i++) {
        CHECK_ERROR(network_send_packet(accepted[i], "x", 1), network_error_bad_handle);
        CHECK_ERROR(network_destroy(accepted[i]), network_error_bad_handle);
        check_disconnect(take_event(clients[i], network_type_disconnect), clients[i], clients[i], -1, 0);
    }
    check_no_events();
}

static void a_reset_has_a_reason(void) {
    double port, client, accepted, server = tcp_server(0, 4);
    int peer = peer_join(network_get_port(server)), listener;
    accepted = take_connect(server)->socket;
    peer_reset(peer);
    check_disconnect(take_event(accepted, network_type_disconnect), server, accepted, server, network_error_closed);

    listener = peer_listen(&port);
    client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_welcome(listener);
    take_event(client, network_type_non_blocking_connect);
    peer_reset(peer);
    check_disconnect(take_event(client, network_type_disconnect), client, client, -1, network_error_closed);
    check_no_events();
    close(listener);
}

/* Data that arrived before the end comes before the disconnect, even when both arrive at once. */
static void disconnect_comes_last(void) {
    unsigned char header[HEADER_SIZE];
    int round, i;
    for (round = 0; round < 20; round++) {
        double server = tcp_server(0, 4), accepted;
        int peer = peer_join(network_get_port(server));
        packet_header(header, 4);
        for (i = 0; i < 50; i++) {
            peer_write(peer, header, HEADER_SIZE);
            peer_write(peer, &i, 4);
        }
        close(peer);
        accepted = take_connect(server)->socket;
        for (i = 0; i < 50; i++)
            take_data(accepted, &i, 4);
        take_event(accepted, network_type_disconnect);
        CHECK_EQUAL(untaken(accepted), 0);
        SUCCESS(network_destroy(server));
    }
    check_no_events();
}

/* The peer goes in the middle of a packet: nothing of it is delivered, one disconnect comes. */
static void an_end_inside_a_packet(void) {
    unsigned char header[HEADER_SIZE];
    size_t cut;
    for (cut = 1; cut < HEADER_SIZE + 8; cut += 3) {
        double server = tcp_server(0, 4), accepted;
        int peer = peer_join(network_get_port(server));
        packet_header(header, 8);
        peer_write(peer, header, cut < HEADER_SIZE ? cut : (size_t)HEADER_SIZE);
        if (cut > HEADER_SIZE)
            peer_write(peer, "payload!", cut - HEADER_SIZE);
        accepted = take_connect(server)->socket;
        close(peer);
        take_event(accepted, network_type_disconnect);
        SUCCESS(network_destroy(server));
    }
    check_no_events();
}

/* The other end stops sending, but still reads: the connection ends for us, what we sent is delivered. */
static void a_half_closed_connection(void) {
    double server = tcp_server(0, 4), accepted;
    unsigned char header[HEADER_SIZE];
    int peer = peer_join(network_get_port(server));
    accepted = take_connect(server)->socket;
    SUCCESS(network_send_packet(accepted, "farewell", 8));
    peer_half_close(peer);
    check_disconnect(take_event(accepted, network_type_disconnect), server, accepted, server, 0);
    packet_header(header, 8);
    peer_expect(peer, header, HEADER_SIZE);
    peer_expect(peer, "farewell", 8);
    close(peer);
    check_no_events();
}

/* ---- the handle of a client that has left ---- */

static double next_event(NetworkEvent *event) {
    double deadline = now_ms() + patience_ms();
    while (network_poll_event(event) == 0) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
    }
    return event->type;
}

static void a_clients_handle_outlives_its_disconnect_event(void) {
    NetworkEvent event;
    Pair pair = connect_pair(0);
    SUCCESS(network_destroy(pair.client));
    CHECK_EQUAL(next_event(&event), network_type_disconnect);
    CHECK_ERROR(network_send_packet(pair.accepted, "late", 4), network_error_closed);
    CHECK_STRING(network_get_string(pair.accepted, "ip"), "127.0.0.1");
    SUCCESS(network_get_stat(pair.accepted, "bytes_sent"));
    CHECK_EQUAL(network_poll_event(&event), 0);
    CHECK_ERROR(network_send_packet(pair.accepted, "late", 4), network_error_bad_handle);
    CHECK_ERROR(network_destroy(pair.accepted), network_error_bad_handle);
}

static void a_client_that_left_can_be_destroyed_at_once(void) {
    NetworkEvent event;
    Pair pair = connect_pair(0);
    SUCCESS(network_destroy(pair.client));
    CHECK_EQUAL(next_event(&event), network_type_disconnect);
    CHECK_EQUAL(network_destroy(pair.accepted), 0);
    CHECK_ERROR(network_destroy(pair.accepted), network_error_bad_handle);
    CHECK_EQUAL(network_poll_event(&event), 0);
}

static void the_next_event_of_any_kind_frees_the_handle(void) {
    Pair pair = connect_pair(0), other = connect_pair(0);
    double type = 0, deadline = now_ms() + patience_ms();
    SUCCESS(network_destroy(pair.client));
    while ((type = network_event_next()) == 0) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
    }
    CHECK_EQUAL(type, network_type_disconnect);
    CHECK_ERROR(network_send_packet(pair.accepted, "late", 4), network_error_closed);
    SUCCESS(network_send_packet(other.client, "next", 4));
    while ((type = network_event_next()) == 0) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
    }
    CHECK_EQUAL(type, network_type_data);
    CHECK_ERROR(network_send_packet(pair.accepted, "late", 4), network_error_bad_handle);
}

/* A client socket keeps its handle: it may connect again. */
static void a_client_socket_outlives_its_disconnect(void) {
    Pair pair = connect_pair(0);
    double sent;
    SUCCESS(network_destroy(pair.accepted));
    take_event(pair.client, network_type_disconnect);
    pump();
    sent = network_send_packet(pair.client, "late", 4);
    CHECK(sent == network_error_not_connected || sent == network_error_closed);
    CHECK_EQUAL(network_connect(pair.client, "127.0.0.1", pair.port), pair.client);
    pair.accepted = take_connect(pair.server)->socket;
    SUCCESS(network_send_packet(pair.client, "again", 5));
    take_data(pair.accepted, "again", 5);
    check_no_events();
}

/* ---- nothing comes after one's own destroy ---- */

static void no_event_after_destroy(void) {
    NetworkEvent event;
    int i;
    Pair pair = connect_pair(0), marker = connect_pair(0);
    for (i = 0; i < 100; i++)
        SUCCESS(network_send_packet(pair.client, "waiting", 7));
    SUCCESS(network_send_packet(pair.accepted, "waiting", 7));
    SUCCESS(network_wait(patience_ms())); /* some of it waits now */
    SUCCESS(network_destroy(pair.accepted));
    SUCCESS(network_destroy(pair.client));
    SUCCESS(network_send_packet(marker.client, "marker", 6));
    CHECK_EQUAL(next_event(&event), network_type_data);
    CHECK_EQUAL(event.id, marker.accepted);
    check_no_events();
}

static void no_event_after_the_server_is_destroyed(void) {
    NetworkEvent event;
    Pair pair = connect_pair(0), marker = connect_pair(0);
    double late = tcp_client(0, pair.port);
    SUCCESS(network_send_packet(pair.client, "waiting", 7));
    SUCCESS(network_wait(patience_ms()));
    SUCCESS(network_destroy(pair.server));
    SUCCESS(network_destroy(pair.client));
    SUCCESS(network_destroy(late));
    SUCCESS(network_send_packet(marker.client, "marker", 6));
    CHECK_EQUAL(next_event(&event), network_type_data);
    CHECK_EQUAL(event.id, marker.accepted);
    check_no_events();
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"a_regular_connection", a_regular_connection},
        {"a_raw_connection", a_raw_connection},
        {"the_server_closes_a_client", the_server_closes_a_client},
        {"destroying_the_server_ends_its_clients", destroying_the_server_ends_its_clients},
        {"a_reset_has_a_reason", a_reset_has_a_reason},
        {"disconnect_comes_last", disconnect_comes_last},
        {"an_end_inside_a_packet", an_end_inside_a_packet},
        {"a_half_closed_connection", a_half_closed_connection},
        {"a_clients_handle_outlives_its_disconnect_event", a_clients_handle_outlives_its_disconnect_event},
        {"a_client_that_left_can_be_destroyed_at_once", a_client_that_left_can_be_destroyed_at_once},
        {"the_next_event_of_any_kind_frees_the_handle", the_next_event_of_any_kind_frees_the_handle},
        {"a_client_socket_outlives_its_disconnect", a_client_socket_outlives_its_disconnect},
        {"no_event_after_destroy", no_event_after_destroy},
        {"no_event_after_the_server_is_destroyed", no_event_after_the_server_is_destroyed},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
