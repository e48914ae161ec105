/*
 * Put in front of the C library with LD_PRELOAD: makes one of the system calls of libstepwire fail.
 *
 * STEPWIRE_FAULT="CALL NTH ERROR MILLISECONDS" says which: the NTH of those calls fails with the number ERROR, and for
 * so long all that come after it. Instead of a number ERROR may be "short", the call does only part of what it is asked
 * for, and "again", it finds nothing to do. As with the real ones, the socket is then reported to be ready once more.
 * Calls of others than libstepwire are neither counted nor touched.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"

enum { SHORT = -1, AGAIN = -2, DESCRIPTORS = 4096 };

#define CALLS(X)                                                                                                       \
    X(accept4) X(recv) X(recvmmsg) X(read) X(send) X(sendmsg) X(sendmmsg) X(write) X(epoll_create1) X(epoll_ctl)       \
    X(epoll_wait) X(socket) X(connect) X(bind) X(listen) X(setsockopt) X(getsockopt) X(getsockname) X(shutdown)        \
    X(eventfd) X(pipe2) X(open) X(open64) X(fcntl) X(poll) X(mmap64) X(getrandom) X(getaddrinfo) X(pthread_create)

#define NUMBER(name) CALL_##name,
#define NAME(name) #name,
enum { CALLS(NUMBER) CALL_COUNT };
static const char *const names[] = {CALLS(NAME)};

static struct {
    int call;
    long nth;
    int error;
    long milliseconds;
} fault = {-1, 0, 0, 0};

static atomic_long counts[CALL_COUNT];
static atomic_long hits;
/* The clock's milliseconds when the calls succeed again; 0 before the first has failed. */
static atomic_long over_at;
static atomic_int disarmed;
static uintptr_t library_begin, library_end;

/* ---- whose call it is, and whether it fails ---- */

static int find_library(struct dl_phdr_info *info, size_t size, void *unused) {
    int i;
    (void)size, (void)unused;
    if (strstr(info->dlpi_name, "libstepwire") == NULL)
        return 0;
    for (i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X)) {
            library_begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            library_end = library_begin + info->dlpi_phdr[i].p_memsz;
        }
    return 1;
}

__attribute__((constructor)) static void arm(void) {
    const char *wanted = getenv("STEPWIRE_FAULT");
    char call[32], error[16];
    int i;
    dl_iterate_phdr(find_library, NULL);
    if (wanted == NULL)
        return;
    if (sscanf(wanted, "%31s %ld %15s %ld", call, &fault.nth, error, &fault.milliseconds) != 4)
        abort();
    fault.error = strcmp(error, "short") == 0 ? SHORT : strcmp(error, "again") == 0 ? AGAIN : atoi(error);
    for (i = 0; i < CALL_COUNT; i++)
        if (strcmp(names[i], call) == 0)
            fault.call = i;
    if (fault.call < 0)
        abort();
}

static long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Counts a call that returns to `caller`; the error that it is to fail with, or 0. */
static int strike(int call, void *caller) {
    uintptr_t at = (uintptr_t)caller;
    long number, over = 0;
    if (at < library_begin || at >= library_end || atomic_load(&disarmed))
        return 0;
    number = atomic_fetch_add(&counts[call], 1) + 1;
    if (call != fault.call || number < fault.nth)
        return 0;
    if (number > fault.nth && milliseconds() >= atomic_load(&over_at))
        return 0;
    atomic_compare_exchange_strong(&over_at, &over, milliseconds() + fault.milliseconds);
    atomic_fetch_add(&hits, 1);
    return fault.error;
}

void fault_disarm(void) { atomic_store(&disarmed, 1); }

long fault_hits(void) { return atomic_load(&hits); }

void fault_counts(void (*tell)(const char *call, long count)) {
    int i;
    for (i = 0; i < CALL_COUNT; i++)
        tell(names[i], atomic_load(&counts[i]));
}

/* The real one: what the next library in line has. */
#define REAL(name)                                                                                                     \
    static __typeof__(name) *real;                                                                                     \
    int error = (real = real ? real : (__typeof__(real))dlsym(RTLD_NEXT, #name),                                       \
                 strike(CALL_##name, __builtin_return_address(0)));
#define FAIL_OR(call)                                                                                                  \
    do {                                                                                                               \
        if (error != 0) {                                                                                              \
            errno = error == AGAIN ? EAGAIN : error;                                                                   \
            return -1;                                                                                                 \
        }                                                                                                              \
        return call;                                                                                                   \
    } while (0)

/* ---- readiness that is told once more ---- */

static struct {
    int poll; /* one more than its descriptor; 0 if none watches */
    struct epoll_event event;
} watched[DESCRIPTORS];

static int (*real_epoll_ctl)(int, int, int, struct epoll_event *);

/* As if what is there, or the room that is there, had only just come. */
static void ready_again(int descriptor) {
    int before = errno;
    if (descriptor >= 0 && descriptor < DESCRIPTORS && watched[descriptor].poll > 0)
        real_epoll_ctl(watched[descriptor].poll - 1, EPOLL_CTL_MOD, descriptor, &watched[descriptor].event);
    errno = before;
}

int epoll_ctl(int poll, int what, int descriptor, struct epoll_event *event) {
    REAL(epoll_ctl)
    int done;
    real_epoll_ctl = real;
    /* The kernel always has what taking a descriptor away needs. */
    if (error != 0 && what != EPOLL_CTL_DEL) {
        errno = error;
        return -1;
    }
    done = real(poll, what, descriptor, event);
    if (done == 0 && descriptor >= 0 && descriptor < DESCRIPTORS) {
        watched[descriptor].poll = what == EPOLL_CTL_DEL ? 0 : poll + 1;
        if (what != EPOLL_CTL_DEL)
            watched[descriptor].event = *event;
    }
    return done;
}

int close(int descriptor) {
    static int (*real)(int);
    real = real ? real : (int (*)(int))dlsym(RTLD_NEXT, "close");
    if (descriptor >= 0 && descriptor < DESCRIPTORS)
        watched[descriptor].poll = 0;
    return real(descriptor);
}

/* ---- streams and datagrams ---- */

int accept4(int listener, struct sockaddr *restrict address, socklen_t *restrict length, int flags) {
    REAL(accept4)
    if (error == AGAIN)
        ready_again(listener);
    if (error == ECONNABORTED) {
        /* This one has gone while it waited. */
        int gone = real(listener, address, length, flags);
        if (gone < 0)
            return gone;
        close(gone);
    }
    FAIL_OR(real(listener, address, length, flags));
}

/* What is done in part is done with one byte, or with one datagram. */
#define TRANSFER(type, name, arguments, whole, part)                                                                   \
    type name arguments {                                                                                              \
        REAL(name)                                                                                                     \
        if (error == SHORT) {                                                                                          \
            type done = part;                                                                                          \
            ready_again(fd);                                                                                           \
            return done;                                                                                               \
        }                                                                                                              \
        if (error == AGAIN)                                                                                            \
            ready_again(fd);                                                                                           \
        FAIL_OR(whole);                                                                                                \
    }

TRANSFER(ssize_t, recv, (int fd, void *bytes, size_t size, int flags), real(fd, bytes, size, flags),
         real(fd, bytes, size > 0, flags))
TRANSFER(ssize_t, send, (int fd, const void *bytes, size_t size, int flags), real(fd, bytes, size, flags),
         real(fd, bytes, size > 0, flags))
TRANSFER(ssize_t, read, (int fd, void *bytes, size_t size), real(fd, bytes, size), real(fd, bytes, size))
TRANSFER(ssize_t, write, (int fd, const void *bytes, size_t size), real(fd, bytes, size), real(fd, bytes, size))
TRANSFER(int, recvmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *patience),
         real(fd, messages, count, flags, patience), real(fd, messages, count > 0, flags, patience))
TRANSFER(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags), real(fd, messages, count, flags),
         real(fd, messages, count > 0, flags))

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    REAL(sendmsg)
    if (error == SHORT && message->msg_iovlen > 0) {
        struct iovec part = {message->msg_iov[0].iov_base, message->msg_iov[0].iov_len > 0};
        struct msghdr one = *message;
        ssize_t done;
        one.msg_iov = &part;
        one.msg_iovlen = 1;
        done = real(fd, &one, flags);
        ready_again(fd);
        return done;
    }
    if (error == AGAIN)
        ready_again(fd);
    FAIL_OR(real(fd, message, flags));
}

/* ---- the others ---- */

int epoll_create1(int flags) {
    REAL(epoll_create1)
    FAIL_OR(real(flags));
}

int epoll_wait(int poll, struct epoll_event *events, int most, int timeout) {
    REAL(epoll_wait)
    FAIL_OR(real(poll, events, most, timeout));
}

int socket(int family, int type, int protocol) {
    REAL(socket)
    FAIL_OR(real(family, type, protocol));
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
    REAL(connect)
    FAIL_OR(real(fd, address, length));
}

int bind(int fd, const struct sockaddr *address, socklen_t length) {
    REAL(bind)
    FAIL_OR(real(fd, address, length));
}

int listen(int fd, int backlog) {
    REAL(listen)
    FAIL_OR(real(fd, backlog));
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t length) {
    REAL(setsockopt)
    FAIL_OR(real(fd, level, option, value, length));
}

int getsockopt(int fd, int level, int option, void *restrict value, socklen_t *restrict length) {
    REAL(getsockopt)
    FAIL_OR(real(fd, level, option, value, length));
}

int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
    REAL(getsockname)
    FAIL_OR(real(fd, address, length));
}

int shutdown(int fd, int how) {
    REAL(shutdown)
    FAIL_OR(real(fd, how));
}

int eventfd(unsigned initial, int flags) {
    REAL(eventfd)
    FAIL_OR(real(initial, flags));
}

int pipe2(int fds[2], int flags) {
    REAL(pipe2)
    FAIL_OR(real(fds, flags));
}

/* A file is made with a mode, which is the one argument more. */
#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...) {                                                                       \
        REAL(name)                                                                                                     \
        va_list rest;                                                                                                  \
        mode_t mode;                                                                                                   \
        va_start(rest, flags);                                                                                         \
        mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                               \
        va_end(rest);                                                                                                  \
        FAIL_OR(real(path, flags, mode));                                                                              \
    }

OPEN(open)
OPEN(open64)

int fcntl(int fd, int command, ...) {
    REAL(fcntl)
    va_list rest;
    void *argument;
    va_start(rest, command);
    argument = va_arg(rest, void *);
    va_end(rest);
    FAIL_OR(real(fd, command, argument));
}

int poll(struct pollfd *fds, nfds_t count, int timeout) {
    REAL(poll)
    FAIL_OR(real(fds, count, timeout));
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset) {
    REAL(mmap64)
    if (error != 0) {
        errno = error;
        return MAP_FAILED;
    }
    return real(address, length, protection, flags, fd, offset);
}

ssize_t getrandom(void *bytes, size_t size, unsigned flags) {
    REAL(getrandom)
    if (error == SHORT)
        return real(bytes, size > 0, flags);
    FAIL_OR(real(bytes, size, flags));
}

/* These two return the error. */

int getaddrinfo(const char *restrict name, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict found) {
    REAL(getaddrinfo)
    if (error != 0) {
        /* A system call's error, or one of the resolver's own, which are negative. */
        errno = error;
        return error > 1000 ? 1000 - error : EAI_SYSTEM;
    }
    return real(name, service, hints, found);
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*run)(void *),
                   void *restrict argument) {
    REAL(pthread_create)
    return error != 0 ? error : real(thread, attributes, run, argument);
}
