#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

static void no_blocking(int socket) {
    CHECK(socket >= 0);
    CHECK(fcntl(socket, F_SETFL, O_NONBLOCK) == 0);
    CHECK(fcntl(socket, F_SETFD, FD_CLOEXEC) == 0);
}

static struct sockaddr_in loopback(double port) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    return address;
}

void packet_header(unsigned char header[HEADER_SIZE], size_t payload) {
    int i;
    memcpy(header, "\xde\xc0\xad\xde\x0c\x00\x00\x00", 8);
    for (i = 0; i < 4; i++)
        header[8 + i] = (unsigned char)(payload >> (8 * i));
}

int peer_refusing(double *port) {
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int bound = socket(AF_INET, SOCK_STREAM, 0);
    no_blocking(bound);
    CHECK(bind(bound, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(getsockname(bound, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin_port);
    return bound;
}

int peer_refuse_at(const char *ip, double port) {
    struct sockaddr_in address = loopback(port);
    int bound = socket(AF_INET, SOCK_STREAM, 0);
    no_blocking(bound);
    CHECK(inet_pton(AF_INET, ip, &address.sin_addr) == 1);
    if (bind(bound, (struct sockaddr *)&address, sizeof address) == 0)
        return bound;
    close(bound);
    return -1;
}

int peer_listen(double *port) {
    int listener = peer_refusing(port);
    CHECK(listen(listener, 128) == 0);
    return listener;
}

int peer_listen_full(double *port, int *connections, int limit, int *count) {
    struct sockaddr_in address;
    int listener = peer_refusing(port);
    CHECK(listen(listener, 0) == 0);
    address = loopback(*port);
    for (*count = 0; *count < limit; ++*count) {
        struct pollfd writable;
        int one = socket(AF_INET, SOCK_STREAM, 0);
        no_blocking(one);
        connections[*count] = one;
        CHECK(connect(one, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS);
        writable.fd = one;
        writable.events = POLLOUT;
        if (poll(&writable, 1, 300) == 0) { /* on loopback an answer takes microseconds */
            ++*count;
            return listener;
        }
    }
    fail(__FILE__, __LINE__, "the listener's queue does not get full");
    return -1;
}

int peer_accept(int listener) {
    int accepted = -1;
    WAIT_FOR((accepted = accept(listener, NULL, NULL)) >= 0);
    no_blocking(accepted);
    return accepted;
}

int peer_connect(double port) {
    struct sockaddr_in address = loopback(port);
    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(socket_ >= 0);
    /* On loopback this needs nobody's help but the kernel's. */
    CHECK(connect(socket_, (struct sockaddr *)&address, sizeof address) == 0);
    no_blocking(socket_);
    return socket_;
}

int peer_try_connect(double port, int milliseconds) {
    struct sockaddr_in address = loopback(port);
    struct pollfd writable;
    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    no_blocking(socket_);
    CHECK(connect(socket_, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS);
    writable.fd = socket_;
    writable.events = POLLOUT;
    if (poll(&writable, 1, milliseconds) == 1)
        return socket_;
    close(socket_);
    return -1;
}

int peer_join(double port) {
    int socket_ = peer_connect(port);
    peer_expect(socket_, BANNER, BANNER_SIZE);
    peer_write(socket_, HELLO, HELLO_SIZE);
    peer_expect(socket_, WELCOME, WELCOME_SIZE);
    return socket_;
}

int peer_welcome(int listener) {
    int socket_ = peer_accept(listener);
    peer_write(socket_, BANNER, BANNER_SIZE);
    peer_expect(socket_, HELLO, HELLO_SIZE);
    peer_write(socket_, WELCOME, WELCOME_SIZE);
    return socket_;
}

void peer_write(int socket_, const void *bytes, size_t size) {
    size_t written = 0;
    while (written < size) {
        ssize_t count = 0;
        WAIT_FOR((count = send(socket_, (const char *)bytes + written, size - written, MSG_NOSIGNAL)) >= 0 ||
                 errno != EAGAIN);
        if (count < 0)
            fail(__FILE__, __LINE__, "the peer could not write: %s", strerror(errno));
        written += (size_t)count;
    }
}

void peer_read(int socket_, void *bytes, size_t size) {
    size_t filled = 0;
    while (filled < size) {
        ssize_t count = 0;
        WAIT_FOR((count = recv(socket_, (char *)bytes + filled, size - filled, 0)) >= 0 || errno != EAGAIN);
        if (count <= 0)
            fail(__FILE__, __LINE__, "the peer's connection ended after %lu of %lu bytes", (unsigned long)filled,
                 (unsigned long)size);
        filled += (size_t)count;
    }
}

void peer_expect(int socket_, const void *bytes, size_t size) {
    char got[256];
    CHECK(size <= sizeof got);
    peer_read(socket_, got, size);
    CHECK(memcmp(got, bytes, size) == 0);
}

int peer_ended(int socket_) {
    char byte[4096];
    for (;;) {
        ssize_t count = 0;
        WAIT_FOR((count = recv(socket_, byte, sizeof byte, 0)) >= 0 || errno != EAGAIN);
        if (count <= 0)
            return count == 0;
    }
}

size_t peer_write_some(int socket_, const void *bytes, size_t size) {
    size_t written = 0;
    while (written < size) {
        ssize_t count = send(socket_, (const char *)bytes + written, size - written, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN)
            break;
        if (count <= 0)
            fail(__FILE__, __LINE__, "the peer could not write: %s (%d)", strerror(errno), errno);
        written += (size_t)count;
    }
    return written;
}

static int ready(int socket_, short direction) {
    struct pollfd one;
    one.fd = socket_;
    one.events = direction;
    return poll(&one, 1, (int)patience_ms()) == 1;
}

int peer_read_blocking(int socket_, void *bytes, size_t size) {
    size_t filled = 0;
    while (filled < size) {
        ssize_t count = ready(socket_, POLLIN) ? recv(socket_, (char *)bytes + filled, size - filled, 0) : 0;
        if (count <= 0)
            return 0;
        filled += (size_t)count;
    }
    return 1;
}

int peer_write_blocking(int socket_, const void *bytes, size_t size) {
    size_t written = 0;
    while (written < size) {
        ssize_t count = ready(socket_, POLLOUT)
                            ? send(socket_, (const char *)bytes + written, size - written, MSG_NOSIGNAL)
                            : 0;
        if (count <= 0)
            return 0;
        written += (size_t)count;
    }
    return 1;
}

void peer_half_close(int socket_) { CHECK(shutdown(socket_, SHUT_WR) == 0); }

void peer_reset(int socket_) {
    struct linger at_once;
    at_once.l_onoff = 1;
    at_once.l_linger = 0;
    CHECK(setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    CHECK(close(socket_) == 0);
}

void peer_small_buffer(int socket_) {
    int size = 4096;
    CHECK(setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == 0);
}
