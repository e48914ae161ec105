#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 512 << 10, WRITE_SIZE = 2 << 20, READY_AT_ONCE = 1024, QUEUE = 4096 };

Client **clients;
uint32_t client_count;

static uint8_t read_buffer[READ_SIZE], write_buffer[WRITE_SIZE];
static size_t write_size;
static int poll_descriptor, listener;
static uint32_t client_room;
static Wire wire;
static const Role *role;

static _Noreturn void fail(const char *what) {
    perror(what);
    exit(1);
}

static void watch(Client *client, int descriptor, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(poll_descriptor, operation, descriptor, &event) != 0)
        fail("epoll_ctl");
}

static void end_client(Client *client) {
    if (client->established) {
        Client *last = clients[--client_count];
        clients[client->place] = last;
        last->place = client->place;
        if (role->on_end != NULL)
            role->on_end(client);
    }
    close(client->descriptor);
    free(client->partial);
    free(client->unsent);
    free(client);
}

void send_bytes(Client *client, const uint8_t *bytes, size_t size) {
    if (client->unsent_size == 0) {
        ssize_t sent = send(client->descriptor, bytes, size, MSG_NOSIGNAL);
        if (sent == (ssize_t)size)
            return;
        if (sent < 0) {
            if (errno != EAGAIN)
                return; /* its end is read soon */
            sent = 0;
        }
        bytes += sent;
        size -= (size_t)sent;
        watch(client, client->descriptor, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
    client->unsent = realloc(client->unsent, client->unsent_size + size);
    if (client->unsent == NULL)
        fail("realloc");
    memcpy(client->unsent + client->unsent_size, bytes, size);
    client->unsent_size += (uint32_t)size;
}

static void send_rest(Client *client) {
    ssize_t sent = send(client->descriptor, client->unsent + client->unsent_from,
                        client->unsent_size - client->unsent_from, MSG_NOSIGNAL);
    if (sent < 0)
        return;
    client->unsent_from += (uint32_t)sent;
    if (client->unsent_from == client->unsent_size) {
        free(client->unsent);
        client->unsent = NULL;
        client->unsent_size = client->unsent_from = 0;
        watch(client, client->descriptor, EPOLL_CTL_MOD, EPOLLIN);
    }
}

static void flush_answers(Client *client) {
    if (write_size > 0)
        send_bytes(client, write_buffer, write_size);
    write_size = 0;
}

void answer(Client *client, const uint8_t *payload, size_t size) {
    if (write_size + WIRE_LARGEST_HEADER + size > WRITE_SIZE)
        flush_answers(client);
    write_size += wire_header(wire, write_buffer + write_size, size);
    memcpy(write_buffer + write_size, payload, size);
    write_size += size;
}

static void establish(Client *client) {
    if (client_count == client_room) {
        client_room = client_room * 2 + 64;
        clients = realloc(clients, client_room * sizeof(Client *));
        if (clients == NULL)
            fail("realloc");
    }
    client->established = 1;
    client->place = client_count;
    clients[client_count++] = client;
}

/* How much of the bytes was used, -1 if the client is to be ended. */
static long look_at(Client *client, uint8_t *bytes, size_t size) {
    size_t used = 0;
    for (;;) {
        uint8_t *payload;
        size_t payload_size;
        long step;
        if (client->established) {
            step = wire_read(wire, bytes + used, size - used, &payload, &payload_size);
            if (step > 0)
                role->on_message(client, payload, payload_size);
        } else {
            uint8_t reply[WIRE_LARGEST_ANSWER];
            size_t reply_size;
            step = wire_handshake(wire, bytes + used, size - used, reply, &reply_size);
            if (step > 0) {
                send_bytes(client, reply, reply_size);
                establish(client);
            }
        }
        if (step < 0)
            return -1;
        if (step == 0)
            return (long)used;
        used += (size_t)step;
    }
}

static void read_client(Client *client) {
    size_t kept = client->partial_size, size;
    ssize_t received;
    long used;
    if (kept > 0)
        memcpy(read_buffer, client->partial, kept);
    received = recv(client->descriptor, read_buffer + kept, READ_SIZE - kept, 0);
    if (received < 0 && errno == EAGAIN)
        return;
    if (received <= 0) {
        end_client(client);
        return;
    }
    size = kept + (size_t)received;
    used = look_at(client, read_buffer, size);
    flush_answers(client);
    if (used < 0) {
        end_client(client);
        return;
    }
    client->partial_size = (uint32_t)(size - (size_t)used);
    if (client->partial_size > 0) {
        client->partial = realloc(client->partial, client->partial_size);
        if (client->partial == NULL)
            fail("realloc");
        memcpy(client->partial, read_buffer + used, client->partial_size);
    } else if (kept > 0) {
        free(client->partial);
        client->partial = NULL;
    }
}

static void accept_clients(void) {
    int descriptor, on = 1;
    while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        uint8_t greeting[WIRE_LARGEST_ANSWER];
        size_t size = wire_greeting(wire, greeting);
        Client *client = calloc(1, sizeof *client);
        if (client == NULL)
            fail("calloc");
        client->descriptor = descriptor;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(client, descriptor, EPOLL_CTL_ADD, EPOLLIN);
        if (size > 0)
            send_bytes(client, greeting, size);
    }
}

void open_server(Wire protocol, const Role *what) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    wire = protocol;
    role = what;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    poll_descriptor = epoll_create1(EPOLL_CLOEXEC);
    if (listener < 0 || poll_descriptor < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
        listen(listener, QUEUE) != 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        fail("listening");
    watch(NULL, listener, EPOLL_CTL_ADD, EPOLLIN);
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
}

int serve(int milliseconds) {
    static struct epoll_event events[READY_AT_ONCE];
    int ready = epoll_wait(poll_descriptor, events, READY_AT_ONCE, milliseconds), index;
    if (ready < 0 && errno != EINTR)
        fail("epoll_wait");
    for (index = 0; index < ready; index++) {
        Client *client = events[index].data.ptr;
        if (client == NULL) {
            accept_clients();
            continue;
        }
        if (events[index].events & EPOLLOUT)
            send_rest(client);
        if (events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            read_client(client);
    }
    return ready == READY_AT_ONCE;
}
