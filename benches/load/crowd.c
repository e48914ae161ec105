#include "crowd.h"

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

#include "failure.h"
#include "usage.h"

enum { READ_SIZE = 1 << 20, WRITE_SIZE = 1 << 20, READY_AT_ONCE = 512, CONNECTING_AT_ONCE = 128 };

static const uint64_t CONNECT_PATIENCE = 60000000000ull;
/* The key of the standard's own example, and what a server makes of it. */
static const char WS_REQUEST[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
static const char WS_ACCEPT[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
static const char GM_HELLO[] = "GM:Studio-Connect"; /* with its NUL */

static uint8_t read_buffer[READ_SIZE], write_buffer[WRITE_SIZE];

static void watch(Connection *connection, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(connection->crowd->poll, operation, connection->descriptor, &event) != 0)
        give_up("epoll_ctl: %s", strerror(errno));
}

static void write_bytes(Connection *connection, const uint8_t *bytes, size_t size) {
    if (connection->unsent_size == 0) {
        ssize_t sent = send(connection->descriptor, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            give_up("connection %u: send: %s", connection->index, strerror(errno));
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        }
        if (size == 0)
            return;
        watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
    connection->unsent = resize(connection->unsent, connection->unsent_size + size);
    memcpy(connection->unsent + connection->unsent_size, bytes, size);
    connection->unsent_size += size;
}

static void write_rest(Connection *connection) {
    ssize_t sent = send(connection->descriptor, connection->unsent + connection->unsent_from,
                        connection->unsent_size - connection->unsent_from, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno == EAGAIN)
            return;
        give_up("connection %u: send: %s", connection->index, strerror(errno));
    }
    connection->unsent_from += (size_t)sent;
    if (connection->unsent_from == connection->unsent_size) {
        free(connection->unsent);
        connection->unsent = NULL;
        connection->unsent_size = connection->unsent_from = 0;
        watch(connection, EPOLL_CTL_MOD, EPOLLIN);
    }
}

void send_messages(Connection *connection, unsigned count) {
    Crowd *crowd = connection->crowd;
    size_t used = 0;
    uint64_t time = now();
    while (count-- > 0) {
        if (used + LARGEST_HEADER + crowd->message_size > WRITE_SIZE) {
            write_bytes(connection, write_buffer, used);
            used = 0;
        }
        if (connection->sent_at != NULL)
            connection->sent_at[connection->next_sent % crowd->depth] = time;
        used += write_frame(crowd->protocol, write_buffer + used, crowd->message_size, connection->index,
                            connection->next_sent++);
    }
    if (used > 0)
        write_bytes(connection, write_buffer, used);
}

static void establish(Connection *connection) {
    connection->state = ESTABLISHED;
    connection->crowd->established++;
    if (connection->crowd->on_established != NULL)
        connection->crowd->on_established(connection);
}

static void greet(Connection *connection) {
    socklen_t size = sizeof(int);
    int error = 0, on = 1;
    getsockopt(connection->descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0)
        give_up("connection %u: connect: %s", connection->index, strerror(error));
    setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(connection, EPOLL_CTL_MOD, EPOLLIN);
    if (connection->crowd->protocol == PROTOCOL_WS) {
        char request[256];
        int length = snprintf(request, sizeof request, WS_REQUEST, connection->crowd->port);
        connection->state = WELCOME_AWAITED;
        write_bytes(connection, (uint8_t *)request, (size_t)length);
    } else {
        connection->state = HELLO_AWAITED;
    }
}

/* The size of what was used of the handshake; 0 while its next step is not whole. */
static size_t shake_hands(Connection *connection, const uint8_t *bytes, size_t size) {
    if (connection->crowd->protocol == PROTOCOL_WS) {
        const uint8_t *end = memmem(bytes, size, "\r\n\r\n", 4);
        if (end == NULL)
            return 0;
        if (size < 12 || memcmp(bytes, "HTTP/1.1 101", 12) != 0 ||
            memmem(bytes, (size_t)(end - bytes), WS_ACCEPT, strlen(WS_ACCEPT)) == NULL)
            give_up("connection %u: this is no accepted WebSocket", connection->index);
        establish(connection);
        return (size_t)(end + 4 - bytes);
    }
    if (connection->state == HELLO_AWAITED) {
        uint32_t answer[4] = {0xCAFEBABEu, 0xDEADB00Bu, 16, 0};
        if (size < sizeof GM_HELLO)
            return 0;
        if (memcmp(bytes, GM_HELLO, sizeof GM_HELLO) != 0)
            give_up("connection %u: this is no server of GameMaker's protocol", connection->index);
        connection->state = WELCOME_AWAITED;
        write_bytes(connection, (uint8_t *)answer, sizeof answer);
        return sizeof GM_HELLO;
    }
    uint32_t welcome[3] = {0xDEAFBEADu, 0xF00DBEEBu, 12};
    if (size < sizeof welcome)
        return 0;
    if (memcmp(bytes, welcome, sizeof welcome) != 0)
        give_up("connection %u: the handshake went wrong", connection->index);
    establish(connection);
    return sizeof welcome;
}

/* The size of what was used: the rest is an unfinished frame. */
static size_t look_at(Connection *connection, const uint8_t *bytes, size_t size) {
    Crowd *crowd = connection->crowd;
    size_t used = 0;
    while (connection->descriptor >= 0) {
        const uint8_t *payload;
        size_t payload_size;
        long frame;
        int is_ping;
        if (connection->state != ESTABLISHED) {
            size_t step = shake_hands(connection, bytes + used, size - used);
            if (step == 0)
                return used;
            used += step;
            continue;
        }
        frame = read_frame(crowd->protocol, bytes + used, size - used, &payload, &payload_size, &is_ping);
        if (frame < 0)
            give_up("connection %u: what came from port %d is no message", connection->index, crowd->port);
        if (frame == 0)
            return used;
        if (is_ping) {
            uint8_t pong[LARGEST_HEADER + LARGEST_PING];
            write_bytes(connection, pong, write_pong(pong, payload, payload_size));
        } else {
            crowd->on_message(connection, payload, payload_size);
        }
        used += (size_t)frame;
    }
    return size;
}

static void read_bytes(Connection *connection) {
    size_t kept = connection->partial_size, size, used;
    ssize_t received;
    if (kept > 0)
        memcpy(read_buffer, connection->partial, kept);
    received = recv(connection->descriptor, read_buffer + kept, READ_SIZE - kept, 0);
    if (received < 0 && errno == EAGAIN)
        return;
    if (received <= 0)
        give_up("connection %u: %s", connection->index, received == 0 ? "the server closed it" : strerror(errno));
    connection->crowd->read_at = now();
    size = kept + (size_t)received;
    used = look_at(connection, read_buffer, size);
    connection->partial_size = (uint32_t)(size - used);
    if (used < size) {
        connection->partial = resize(connection->partial, size - used);
        memcpy(connection->partial, read_buffer + used, size - used);
    } else if (kept > 0) {
        free(connection->partial);
        connection->partial = NULL;
    }
    if (connection->state == ESTABLISHED && connection->crowd->on_read != NULL)
        connection->crowd->on_read(connection);
}

void serve_crowd(Crowd *crowd, int milliseconds) {
    static struct epoll_event events[READY_AT_ONCE];
    int ready = epoll_wait(crowd->poll, events, READY_AT_ONCE, milliseconds), index;
    if (ready < 0 && errno != EINTR)
        give_up("epoll_wait: %s", strerror(errno));
    for (index = 0; index < ready; index++) {
        Connection *connection = events[index].data.ptr;
        if (connection->descriptor < 0)
            continue;
        if (connection->state == CONNECTING) {
            greet(connection);
            continue;
        }
        if (events[index].events & EPOLLOUT)
            write_rest(connection);
        if (events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            read_bytes(connection);
    }
}

void begin_connection(Connection *connection) {
    Crowd *crowd = connection->crowd;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)crowd->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->state = CONNECTING;
    connection->next_sent = connection->next_awaited = 0;
    connection->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->descriptor < 0)
        give_up("socket: %s", strerror(errno));
    if (connect(connection->descriptor, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS)
        give_up("connect: %s", strerror(errno));
    watch(connection, EPOLL_CTL_ADD, EPOLLOUT);
}

void abort_connection(Connection *connection) {
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (connection->descriptor < 0)
        return;
    setsockopt(connection->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(connection->descriptor);
    connection->descriptor = -1;
    free(connection->partial);
    free(connection->unsent);
    connection->partial = connection->unsent = NULL;
    connection->partial_size = 0;
    connection->unsent_size = connection->unsent_from = 0;
    if (connection->state == ESTABLISHED)
        connection->crowd->established--;
}

void prepare_crowd(Crowd *crowd) {
    unsigned index;
    crowd->poll = epoll_create1(EPOLL_CLOEXEC);
    if (crowd->poll < 0)
        give_up("epoll_create1: %s", strerror(errno));
    crowd->connections = allocate(crowd->count * sizeof *crowd->connections);
    memset(crowd->connections, 0, crowd->count * sizeof *crowd->connections);
    crowd->established = 0;
    for (index = 0; index < crowd->count; index++) {
        Connection *connection = &crowd->connections[index];
        connection->crowd = crowd;
        connection->index = index;
        connection->descriptor = -1;
        if (crowd->depth > 0)
            connection->sent_at = allocate(crowd->depth * sizeof *connection->sent_at);
    }
}

void connect_crowd(Crowd *crowd) {
    uint64_t deadline = now() + CONNECT_PATIENCE;
    unsigned begun = 0;
    while (crowd->established < crowd->count) {
        while (begun < crowd->count && begun - crowd->established < CONNECTING_AT_ONCE)
            begin_connection(&crowd->connections[begun++]);
        serve_crowd(crowd, 100);
        if (now() > deadline)
            give_up("only %u of %u connections stand", crowd->established, crowd->count);
    }
}

void disband_crowd(Crowd *crowd) {
    unsigned index;
    for (index = 0; index < crowd->count; index++) {
        abort_connection(&crowd->connections[index]);
        free(crowd->connections[index].sent_at);
    }
    free(crowd->connections);
    close(crowd->poll);
}
