/* ENet's reliable channel: one host for all of the client's peers, which is how it works fastest. */
#include <stdint.h>
#include <stdlib.h>

#include <enet/enet.h>

#include "transport.h"

enum { MOST_PEERS = 1000, CHANNELS = 2 };

static ENetHost *client;
static ENetPeer **peers;
static int peer_count;

static ENetHost *make_host(const ENetAddress *address, size_t count) {
    ENetHost *host;
    if (enet_initialize() != 0)
        give_up("ENet does not start");
    host = enet_host_create(address, count, CHANNELS, 0, 0);
    if (!host)
        give_up("ENet could not make a host");
    return host;
}

/* Large messages go by a channel of their own, beside which the others need not wait for them. */
static enet_uint8 channel_of(size_t size) {
    return size != MESSAGE_SIZE;
}

/* A packet that was received can be sent as it is, without a copy. */
static void echo(ENetEvent *event) {
    if (event->type != ENET_EVENT_TYPE_RECEIVE)
        return;
    if (enet_peer_send(event->peer, channel_of(event->packet->dataLength), event->packet) != 0)
        give_up("ENet does not send");
    served();
}

void transport_serve(int port) {
    ENetAddress address;
    ENetEvent event;
    ENetHost *host;
    address.host = ENET_HOST_ANY;
    address.port = (enet_uint16)port;
    host = make_host(&address, MOST_PEERS);
    if (enet_socket_get_address(host->socket, &address) != 0)
        give_up("ENet does not know its port");
    serving(address.port);
    while (!asked_to_end()) {
        if (enet_host_service(host, &event, 100) <= 0)
            continue;
        do
            echo(&event);
        while (enet_host_check_events(host, &event) > 0);
    }
    enet_host_destroy(host);
}

void transport_open(const char *name, int port, int count) {
    ENetAddress address;
    ENetEvent event;
    int index, connected = 0;
    double deadline = now() + 10;
    peer_count = count;
    peers = (ENetPeer **)malloc((size_t)count * sizeof *peers);
    client = make_host(NULL, (size_t)count);
    if (!peers || enet_address_set_host(&address, name) != 0)
        give_up("no address for %s", name);
    address.port = (enet_uint16)port;
    for (index = 0; index < count; index++) {
        peers[index] = enet_host_connect(client, &address, CHANNELS, 0);
        if (!peers[index])
            give_up("ENet does not connect");
        peers[index]->data = (void *)(intptr_t)index;
    }
    while (connected < count) {
        if (now() > deadline)
            give_up("ENet connected %d of %d peers", connected, count);
        if (enet_host_service(client, &event, 10) > 0 && event.type == ENET_EVENT_TYPE_CONNECT)
            connected++;
    }
}

void transport_send(int peer, const void *message, size_t size) {
    ENetPacket *packet = enet_packet_create(message, size, ENET_PACKET_FLAG_RELIABLE);
    if (!packet || enet_peer_send(peers[peer], channel_of(size), packet) != 0)
        give_up("ENet does not send");
}

void transport_work(int wait_ms) {
    ENetEvent event;
    if (enet_host_service(client, &event, (enet_uint32)wait_ms) <= 0)
        return;
    do {
        if (event.type != ENET_EVENT_TYPE_RECEIVE)
            give_up("ENet lost the server");
        received((int)(intptr_t)event.peer->data, event.packet->data, event.packet->dataLength);
        enet_packet_destroy(event.packet);
    } while (enet_host_check_events(client, &event) > 0);
}

void transport_close(void) {
    int index;
    for (index = 0; index < peer_count; index++)
        enet_peer_disconnect_now(peers[index], 0);
    enet_host_destroy(client);
    free(peers);
}
