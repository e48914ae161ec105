/* The host's own pointer of a socket, and the events that carry it. */
#include <stdio.h>
#include <string.h>

#include "harness.h"

static int of_server, of_client, of_accepted, other;

static void nothing_was_given(void) {
    Pair pair = connect_pair(0);
    CHECK(network_get_user(pair.client) == NULL);
    SUCCESS(network_send_packet(pair.client, "x", 1));
    CHECK(take_data(pair.accepted, "x", 1)->user == NULL);
    destroy_pair(&pair);
}

static void no_such_socket(void) {
    double socket = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_set_user(socket, &other));
    SUCCESS(network_destroy(socket));
    CHECK_ERROR(network_set_user(socket, &other), network_error_bad_handle);
    CHECK_ERROR(network_set_user(-1, &other), network_error_bad_handle);
    CHECK_ERROR(network_set_user(0.5, &other), network_error_bad_handle);
    CHECK(network_get_user(socket) == NULL);
    CHECK(network_get_user(-1) == NULL);
    CHECK(strlen(network_last_error()) > 5);
}

/* A client that was accepted before its server got the pointer has it too, if its event comes after. */
static void a_servers_clients_begin_with_their_servers(void) {
    double server = tcp_server(0, 4), accepted;
    double client = tcp_client(0, network_get_port(server));
    const NetworkEvent *event;
    SUCCESS(network_set_user(server, &of_server));
    SUCCESS(network_set_user(client, &of_client));
    event = take_connect(server);
    accepted = event->socket;
    CHECK(event->user == &of_server);
    CHECK(network_get_user(accepted) == &of_server);

    SUCCESS(network_set_user(accepted, &of_accepted));
    CHECK(network_get_user(server) == &of_server);
    SUCCESS(network_send_packet(client, "up", 2));
    CHECK(take_data(accepted, "up", 2)->user == &of_accepted);
    SUCCESS(network_send_packet(accepted, "down", 4));
    CHECK(take_data(client, "down", 4)->user == &of_client);

    SUCCESS(network_destroy(client));
    event = take_event(accepted, network_type_disconnect);
    CHECK_EQUAL(event->id, server);
    CHECK(event->user == &of_accepted);
}

static void datagrams_have_their_sockets(void) {
    double server = SUCCESS(network_create_server(network_socket_udp, 0, 0));
    double client = SUCCESS(network_create_socket(network_socket_udp));
    SUCCESS(network_set_user(server, &of_server));
    SUCCESS(network_send_udp(client, "127.0.0.1", network_get_port(server), "x", 1));
    CHECK(take_data(server, "x", 1)->user == &of_server);
}

typedef struct {
    double accepted;
    int data;
} Change;

/* Packets that arrived together are delivered in one go; what the callback changes holds at once. */
static void change(const NetworkEvent *event, void *user) {
    Change *change = (Change *)user;
    if (event->type == network_type_connect) {
        change->accepted = event->socket;
        CHECK(event->user == NULL);
    } else {
        CHECK(event->user == (change->data == 0 ? NULL : change->data % 2 ? (void *)&of_client : (void *)&other));
        change->data++;
        SUCCESS(network_set_user(event->id, change->data % 2 ? &of_client : &other));
    }
}

static void a_callback_changes_it(void) {
    double server = tcp_server(0, 4), deadline = now_ms() + patience_ms();
    double client = tcp_client(0, network_get_port(server));
    Change seen = {-1, 0};
    int i;
    for (i = 0; i < 20; i++)
        SUCCESS(network_send_packet(client, "x", 1));
    while (seen.data < 20) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
        SUCCESS(network_poll(change, &seen));
    }
}

static void events_have_a_reserve(void) {
    NetworkEvent event;
    double server = tcp_server(0, 4), deadline = now_ms() + patience_ms();
    double client = tcp_client(0, network_get_port(server));
    int i;
    (void)client;
    memset(&event, 0xff, sizeof event);
    while (network_poll_event(&event) == 0) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
    }
    CHECK_EQUAL(event.type, network_type_connect);
    CHECK(event.user == NULL);
    CHECK_EQUAL(event.code, 0);
    for (i = 0; i < 6; i++)
        CHECK_EQUAL(event.reserved[i], 0);
    CHECK_EQUAL(sizeof event, 9 * 8 + 4 * sizeof(void *) + 7 * 8);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"nothing_was_given", nothing_was_given},
        {"no_such_socket", no_such_socket},
        {"a_servers_clients_begin_with_their_servers", a_servers_clients_begin_with_their_servers},
        {"datagrams_have_their_sockets", datagrams_have_their_sockets},
        {"a_callback_changes_it", a_callback_changes_it},
        {"events_have_a_reserve", events_have_a_reserve},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
