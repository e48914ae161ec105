/* TCP without delay, for comparison: what a program gets from the system. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport.h"

enum { AT_ONCE = 64, BUFFER = 64 * 1024, OUT_LIMIT = 1024 * 1024 };

typedef struct {
    int socket;
    int index;
    size_t in_size, out_size;
    uint8_t in[BUFFER];
    uint8_t out[OUT_LIMIT];
} Connection;

static int poller;
static Connection **connections;
static int connection_count;

static Connection *add_connection(int socket, int index) {
    int yes = 1;
    struct epoll_event event;
    Connection *connection = (Connection *)calloc(1, sizeof *connection);
    if (!connection)
        give_up("no memory");
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connection->socket = socket;
    connection->index = index;
    event.events = EPOLLIN;
    event.data.ptr = connection;
    if (epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event) != 0)
        give_up("epoll_ctl: %s", strerror(errno));
    return connection;
}

static void queue(Connection *connection, const void *message) {
    if (connection->out_size + MESSAGE_SIZE > OUT_LIMIT)
        give_up("TCP does not keep up");
    memcpy(connection->out + connection->out_size, message, MESSAGE_SIZE);
    connection->out_size += MESSAGE_SIZE;
}

static void flush(Connection *connection) {
    ssize_t sent;
    if (connection->out_size == 0)
        return;
    sent = send(connection->socket, connection->out, connection->out_size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        give_up("send: %s", strerror(errno));
    if (sent > 0) {
        connection->out_size -= (size_t)sent;
        memmove(connection->out, connection->out + sent, connection->out_size);
    }
}

/* Calls for each whole message; 0 when the other end has closed. */
static int read_messages(Connection *connection, void (*each)(Connection *, const uint8_t *)) {
    size_t offset = 0;
    ssize_t got = recv(connection->socket, connection->in + connection->in_size, BUFFER - connection->in_size,
                       MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 1;
    if (got <= 0)
        return 0;
    connection->in_size += (size_t)got;
    for (; connection->in_size - offset >= MESSAGE_SIZE; offset += MESSAGE_SIZE)
        each(connection, connection->in + offset);
    connection->in_size -= offset;
    memmove(connection->in, connection->in + offset, connection->in_size);
    return 1;
}

static void echo(Connection *connection, const uint8_t *message) {
    queue(connection, message);
    served();
}

void transport_serve(int port) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int yes = 1, index, count, listener = socket(AF_INET, SOCK_STREAM, 0);
    struct epoll_event events[AT_ONCE];
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1000) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        give_up("no server: %s", strerror(errno));
    poller = epoll_create1(0);
    events[0].events = EPOLLIN;
    events[0].data.ptr = NULL;
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &events[0]);
    serving(ntohs(address.sin_port));
    while (!asked_to_end()) {
        count = epoll_wait(poller, events, AT_ONCE, 100);
        for (index = 0; index < count; index++) {
            Connection *connection = (Connection *)events[index].data.ptr;
            if (!connection) {
                int accepted = accept(listener, NULL, NULL);
                if (accepted >= 0)
                    add_connection(accepted, 0);
            } else if (!read_messages(connection, echo)) {
                close(connection->socket);
                free(connection);
            } else {
                flush(connection);
            }
        }
    }
    close(poller);
    close(listener);
}

void transport_open(const char *host, int port, int peers) {
    struct sockaddr_in address;
    int index;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        give_up("no address: %s", host);
    poller = epoll_create1(0);
    connection_count = peers;
    connections = (Connection **)calloc((size_t)peers, sizeof *connections);
    if (!connections)
        give_up("no memory");
    for (index = 0; index < peers; index++) {
        int connection = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0)
            give_up("no connection: %s", strerror(errno));
        connections[index] = add_connection(connection, index);
    }
}

void transport_send(int peer, const void *message, size_t size) {
    if (size != MESSAGE_SIZE)
        give_up("TCP has no large messages here");
    queue(connections[peer], message);
}

static void deliver(Connection *connection, const uint8_t *message) {
    received(connection->index, message, MESSAGE_SIZE);
}

void transport_work(int wait_ms) {
    struct epoll_event events[AT_ONCE];
    int index, count;
    for (index = 0; index < connection_count; index++)
        flush(connections[index]);
    count = epoll_wait(poller, events, AT_ONCE, wait_ms);
    for (index = 0; index < count; index++)
        if (!read_messages((Connection *)events[index].data.ptr, deliver))
            give_up("TCP lost the server");
}

void transport_close(void) {
    int index;
    for (index = 0; index < connection_count; index++) {
        close(connections[index]->socket);
        free(connections[index]);
    }
    close(poller);
    free(connections);
}
