#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "outside.h"

enum { PAUSE_MS = 20 };

static struct {
    int descriptor;
    uint16_t port;
    Head next;
    size_t sent, size;
    double pause_until;
    uint8_t message[LARGEST];
    Stream echoes;
} outside = {.descriptor = -1};

static void leave(void) {
    if (outside.descriptor >= 0)
        syscall(SYS_close, outside.descriptor);
    outside.descriptor = -1;
}

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void begin_anew(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(outside.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    leave();
    outside.next.attempt++;
    outside.next.number = 0;
    outside.size = outside.sent = outside.echoes.size = 0;
    outside.descriptor = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* That it failed shows in the first message. */
    syscall(SYS_connect, outside.descriptor, &to, sizeof to);
}

void outside_begin(uint32_t link, double port) {
    outside.next.link = link;
    outside.next.attempt = 0;
    outside.port = (uint16_t)port;
    begin_anew();
}

static int step(void) {
    uint8_t bytes[4096];
    Head head;
    long done;
    int has_come;
    if (outside.size == 0) {
        outside.size = write_message(outside.message, outside.next, 0);
        outside.sent = 0;
    }
    if (outside.sent < outside.size) {
        done = syscall(SYS_sendto, outside.descriptor, outside.message + outside.sent, outside.size - outside.sent,
                       MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
        if (done < 0 && errno != EAGAIN)
            return -1;
        outside.sent += done > 0 ? (size_t)done : 0;
    }
    while ((done = syscall(SYS_recvfrom, outside.descriptor, bytes, sizeof bytes, MSG_DONTWAIT, NULL, NULL)) > 0)
        if (!add_bytes(&outside.echoes, bytes, (size_t)done))
            return -1;
    if (done == 0 || errno != EAGAIN)
        return -1;
    has_come = take_message(&outside.echoes, 0, &head);
    if (has_come < 0 || (has_come && memcmp(&head, &outside.next, sizeof head) != 0))
        return -1;
    if (has_come) {
        outside.next.number++;
        outside.size = 0;
    }
    return outside.next.number == MESSAGES;
}

int outside_step(void) {
    int done;
    if (outside.next.number == MESSAGES)
        return 1;
    if (outside.descriptor < 0) {
        if (now_ms() >= outside.pause_until)
            begin_anew();
        return 0;
    }
    done = step();
    if (done < 0) {
        leave();
        outside.pause_until = now_ms() + PAUSE_MS;
    }
    return done;
}

void outside_end(void) { leave(); }
