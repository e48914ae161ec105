/* A server straight on epoll, one thread: what the system itself takes for the same work. */
#ifndef SERVER_H
#define SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

typedef struct Client {
    int descriptor;
    uint8_t established;
    uint32_t partial_size;
    uint32_t place; /* among the clients */
    uint8_t *partial;
    uint8_t *unsent;
    uint32_t unsent_size, unsent_from;
    void *data; /* the role's */
} Client;

typedef struct {
    /* Called for each message; what it writes to this client with `answer` leaves with one send. */
    void (*on_message)(Client *client, const uint8_t *payload, size_t size);
    /* A client that will not be heard of again; NULL if nobody wants to know. */
    void (*on_end)(Client *client);
} Role;

/* Listens on a free port of 127.0.0.1 and prints it. */
void open_server(Wire wire, const Role *role);
/* Handles what is ready; waits for it up to so long, -1 without end. Whether there may be more. */
int serve(int milliseconds);

/* Adds a message to what the client whose bytes are looked at is sent afterwards. */
void answer(Client *client, const uint8_t *payload, size_t size);
/* Sends bytes, keeping those that the system does not take yet. */
void send_bytes(Client *client, const uint8_t *bytes, size_t size);

/* Those whose handshake is done. */
extern Client **clients;
extern uint32_t client_count;

#endif
