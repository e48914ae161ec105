/* network_type_writable: a socket that has refused a message says when it has room again. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

enum { MESSAGE = 16 * 1024, LIMIT = 256 * 1024, MOST = 20000 };

static const char payload[MESSAGE] = "a message";

/* Sends until the system takes no more either, and the message after that; returns how many were taken. */
static int fill(double socket) {
    double deadline = now_ms() + patience_ms();
    int taken = 0;
    for (;;) {
        double sent = network_send_packet(socket, payload, MESSAGE);
        CHECK(now_ms() < deadline && taken < MOST);
        if (sent >= 0) {
            taken++;
            continue;
        }
        CHECK_EQUAL(sent, network_error_queue_full);
        /* What the system still takes is room again, of which an event tells; it may be about an earlier refusal. */
        pump();
        if (network_get_stat(socket, "send_queue") >= LIMIT && untaken(socket) == 0)
            return taken;
        drop_events();
    }
}

/* The event about it, after which half of the queue is free; sends nothing meanwhile. */
static const NetworkEvent *take_writable(double socket) {
    const NetworkEvent *event = take_event(socket, network_type_writable);
    CHECK_EQUAL(event->id, socket);
    CHECK_EQUAL(event->socket, -1);
    CHECK_EQUAL(event->error, 0);
    CHECK_STRING(event->reason, "");
    CHECK(network_get_stat(socket, "send_queue") <= LIMIT / 2);
    return event;
}

static void read_packets(int peer, int count) {
    static char packet[MESSAGE + HEADER_SIZE];
    while (count-- > 0)
        peer_read(peer, packet, sizeof packet);
}

/* A client of the library whose peer reads when the test says so. */
static double slow_server(int *listener, int *peer) {
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    *listener = peer_listen(&port);
    peer_small_buffer(*listener);
    SUCCESS(network_set_config(network_config_send_queue_limit, client, LIMIT));
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    *peer = peer_welcome(*listener);
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    return client;
}

static void of_a_client(void) {
    int listener, peer, taken;
    double client = slow_server(&listener, &peer);
    const NetworkEvent *event;
    taken = fill(client);
    read_packets(peer, taken);
    event = take_writable(client);
    CHECK_STRING(event->ip, "127.0.0.1");
    CHECK(event->port > 0);
    CHECK_EQUAL(event->server, -1);
    CHECK_EQUAL(network_send_packet(client, payload, MESSAGE), MESSAGE + 12);
    read_packets(peer, 1);
    check_no_events(); /* once for all refusals */
    close(peer);
    close(listener);
}

static void of_a_servers_client(void) {
    static int mine;
    double server = tcp_server(0, 4), client;
    int peer = peer_join(network_get_port(server)), taken;
    const NetworkEvent *event;
    client = take_connect(server)->socket;
    SUCCESS(network_set_config(network_config_send_queue_limit, client, LIMIT));
    SUCCESS(network_set_user(client, &mine));
    taken = fill(client);
    read_packets(peer, taken);
    event = take_writable(client);
    CHECK_EQUAL(event->server, server);
    CHECK(event->user == &mine);
    check_no_events();
    close(peer);
}

/* The server reads slowly until it is told not to. */
static void of_a_websocket(void) {
    double server = SUCCESS(network_create_server(network_socket_ws, 0, 4)), client, accepted;
    double port = SUCCESS(network_get_port(server));
    char url[64];
    int taken, i;
    client = SUCCESS(network_create_socket(network_socket_ws));
    SUCCESS(network_set_config(network_config_send_queue_limit, client, LIMIT));
    SUCCESS(network_set_config(network_config_receive_rate, server, 1000));
    sprintf(url, "ws://127.0.0.1:%d/", (int)port);
    SUCCESS(network_connect_async(client, url, 0));
    accepted = take_connect(server)->socket;
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    /* The other way round as well: a WebSocket of a server, whose client reads slowly. */
    taken = fill(client);
    SUCCESS(network_set_config(network_config_receive_rate, accepted, 0));
    take_writable(client);
    for (i = untaken(accepted); i < taken; i = untaken(accepted))
        pump();
    drop_events();

    SUCCESS(network_set_config(network_config_send_queue_limit, accepted, LIMIT));
    SUCCESS(network_set_config(network_config_receive_rate, client, 1000));
    taken = fill(accepted);
    SUCCESS(network_set_config(network_config_receive_rate, client, 0));
    CHECK_EQUAL(take_writable(accepted)->server, server);
    WAIT_FOR(network_get_stat(accepted, "send_queue") == 0);
    CHECK_EQUAL(untaken(accepted), 0);
}

/* What a group's message, or one of a list, could not be given is a refusal, too. */
static void after_a_group(void) {
    int listener, peer, taken, more;
    double client = slow_server(&listener, &peer), group = SUCCESS(network_create_group()), result;
    SUCCESS(network_group_add(group, client));
    taken = fill(client);
    read_packets(peer, taken);
    take_writable(client);
    check_no_events();
    for (more = 0; network_group_send_packet(group, payload, MESSAGE, -1) == 1; more++)
        CHECK(more < MOST);
    read_packets(peer, more);
    take_writable(client);
    for (more = 0; network_send_packet_many(&client, 1, payload, MESSAGE, &result) == 1; more++)
        CHECK(more < MOST);
    CHECK_EQUAL(result, network_error_queue_full);
    read_packets(peer, more);
    take_writable(client);
    check_no_events();
    close(peer);
    close(listener);
}

/* A raised limit is room, though nothing has left. */
static void after_a_raised_limit(void) {
    int listener, peer, taken;
    double client = slow_server(&listener, &peer);
    taken = fill(client);
    SUCCESS(network_set_config(network_config_send_queue_limit, client, 100 * LIMIT));
    take_event(client, network_type_writable);
    SUCCESS(network_send_packet(client, payload, MESSAGE));
    read_packets(peer, taken + 1);
    check_no_events();
    close(peer);
    close(listener);
}

/* The end is the last that is said, and says it all. */
static void not_after_the_end(void) {
    int listener, peer, ended = 0;
    double client = slow_server(&listener, &peer), deadline = now_ms() + patience_ms();
    NetworkEvent event;
    fill(client);
    peer_reset(peer);
    while (!ended) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(10));
        /* The system may have taken some more before. */
        while (!ended && network_poll_event(&event) > 0)
            ended = event.type == network_type_disconnect;
    }
    check_no_events();
    close(listener);
    client = slow_server(&listener, &peer);
    fill(client);
    SUCCESS(network_destroy(client));
    check_no_events();
    close(peer);
    close(listener);
}

/* Games that send what they have when they may, and nothing else, get all of it across. */
static void by_events_alone(void) {
    enum { COUNT = 2000 };
    Pair pair = connect_pair(0);
    double deadline = now_ms() + patience_ms();
    int sent = 0, arrived = 0, refusals = 0, told = 0;
    NetworkEvent event;
    SUCCESS(network_set_config(network_config_send_queue_limit, pair.client, LIMIT));
    while (arrived < COUNT) {
        CHECK(now_ms() < deadline);
        while (sent < COUNT && refusals == told) {
            double result = network_send_packet(pair.client, payload, MESSAGE);
            if (result == network_error_queue_full)
                refusals++;
            else
                SUCCESS(result), sent++;
        }
        SUCCESS(network_wait(100));
        while (network_poll_event(&event) > 0) {
            if (event.type == network_type_writable) {
                CHECK_EQUAL(event.id, pair.client);
                told++;
            } else {
                CHECK_EQUAL(event.type, network_type_data);
                arrived++;
            }
        }
    }
    CHECK(refusals > 0);
    CHECK_EQUAL(told, refusals);
}

static void of_a_udp_socket(void) {
    double socket = SUCCESS(network_create_socket(network_socket_udp)), sent = 0;
    double port, receiver = SUCCESS(network_create_server(network_socket_udp, 0, 1));
    const NetworkEvent *event;
    int i;
    port = SUCCESS(network_get_port(receiver));
    SUCCESS(network_set_config(network_config_send_queue_limit, socket, 1000));
    for (i = 0; sent >= 0 && i < 1000000; i++)
        sent = network_send_udp(socket, "127.0.0.1", port, payload, 900);
    CHECK_EQUAL(sent, network_error_queue_full);
    do /* some of them arrive */
        pump();
    while (untaken(socket) == 0);
    event = take_event(socket, network_type_writable);
    CHECK_EQUAL(event->socket, -1);
    CHECK_EQUAL(event->server, -1);
    CHECK_STRING(event->ip, "");
    SUCCESS(network_send_udp(socket, "127.0.0.1", port, payload, 900));
}

static void of_a_reliable_peer(void) {
    double socket = SUCCESS(network_create_socket(network_socket_udp)), sent = 0;
    double port, receiver = SUCCESS(network_create_server(network_socket_udp, 0, 1));
    const NetworkEvent *event;
    int i;
    port = SUCCESS(network_get_port(receiver));
    SUCCESS(network_set_config(network_config_enable_reliable_udp, socket, 0));
    SUCCESS(network_set_config(network_config_enable_reliable_udp, receiver, 0));
    SUCCESS(network_set_config(network_config_send_queue_limit, socket, LIMIT));
    for (i = 0; sent >= 0 && i < MOST; i++)
        sent = network_send_udp(socket, "127.0.0.1", port, payload, MESSAGE);
    CHECK_EQUAL(sent, network_error_queue_full);
    event = take_event(socket, network_type_writable);
    /* The peer that has room, for each has a queue of its own. */
    CHECK_STRING(event->ip, "127.0.0.1");
    CHECK_EQUAL(event->port, port);
    SUCCESS(network_send_udp(socket, "127.0.0.1", port, payload, MESSAGE));
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"of_a_client", of_a_client},
        {"of_a_servers_client", of_a_servers_client},
        {"of_a_websocket", of_a_websocket},
        {"after_a_group", after_a_group},
        {"after_a_raised_limit", after_a_raised_limit},
        {"not_after_the_end", not_after_the_end},
        {"by_events_alone", by_events_alone},
        {"of_a_udp_socket", of_a_udp_socket},
        {"of_a_reliable_peer", of_a_reliable_peer},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
