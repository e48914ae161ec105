/* Reliable UDP of stepwire: one socket for each of the client's peers, I/O done by polls and waits. */
#include <stdlib.h>
#include <string.h>

#include <stepwire.h>

#include "transport.h"

static double server_port;
static char server_host[64];
static double *sockets;
static int socket_count;
/* Which peer a handle is, by handle less the first one. */
static int *peer_of_handle;
static double first_handle;

static double checked(double result) {
    if (result < 0)
        give_up("%s", network_last_error());
    return result;
}

static void make_reliable(double socket) {
    checked(network_set_config(network_config_enable_reliable_udp, socket, 0));
    checked(network_set_config(network_config_reliable_ordered, socket, wants_order));
}

static void on_server_event(const NetworkEvent *event, void *user) {
    (void)user;
    if (event->type == network_type_data) {
        /* Plain datagrams of strangers come here as well. */
        if (event->message_type != network_message_reliable)
            return;
        checked(network_send_udp(event->id, event->ip, event->port, event->buffer, event->size));
        served();
    } else if (event->error != 0) {
        give_up("the server lost a client: %s", event->reason);
    }
}

void transport_serve(int port) {
    double server;
    checked(network_set_config(network_config_manual_io, 1, 0));
    server = checked(network_create_server(network_socket_udp, port, 0));
    make_reliable(server);
    serving((int)checked(network_get_port(server)));
    while (!asked_to_end()) {
        network_wait(100);
        network_poll(on_server_event, NULL);
    }
    network_shutdown();
}

void transport_open(const char *host, int port, int peers) {
    int index;
    checked(network_set_config(network_config_manual_io, 1, 0));
    strncpy(server_host, host, sizeof server_host - 1);
    server_port = port;
    socket_count = peers;
    sockets = (double *)malloc((size_t)peers * sizeof *sockets);
    if (!sockets)
        give_up("no memory");
    for (index = 0; index < peers; index++) {
        sockets[index] = checked(network_create_socket(network_socket_udp));
        make_reliable(sockets[index]);
        checked(network_set_udp_target(sockets[index], server_host, server_port));
    }
    first_handle = sockets[0];
    peer_of_handle = (int *)malloc((size_t)(sockets[peers - 1] - first_handle + 1) * sizeof *peer_of_handle);
    if (!peer_of_handle)
        give_up("no memory");
    for (index = 0; index < peers; index++)
        peer_of_handle[(int)(sockets[index] - first_handle)] = index;
}

void transport_send(int peer, const void *message, size_t size) {
    checked(network_send_udp_to_target(sockets[peer], message, (double)size));
}

static void on_client_event(const NetworkEvent *event, void *user) {
    (void)user;
    if (event->type != network_type_data)
        give_up("the server was lost: %s", event->reason);
    received(peer_of_handle[(int)(event->id - first_handle)], event->buffer, (size_t)event->size);
}

void transport_work(int wait_ms) {
    checked(network_wait(wait_ms));
    checked(network_poll(on_client_event, NULL));
}

void transport_close(void) {
    network_shutdown();
    free(peer_of_handle);
    free(sockets);
}
