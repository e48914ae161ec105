/*
 * As much of POSIX as tests/c needs, on Winsock, so that the same test programs run on Windows. Included
 * before everything else by the compiler's -include; the other headers of this folder only include this one.
 */
#ifndef POSIX_H
#define POSIX_H

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* windows.h takes these names from everybody. */
#undef near
#undef far

#ifdef __cplusplus
extern "C" {
#endif

#define MSG_NOSIGNAL 0
#define MSG_DONTWAIT 0 /* the tests' sockets never block where they say this */
#define SHUT_RD SD_RECEIVE
#define SHUT_WR SD_SEND
#define SHUT_RDWR SD_BOTH

#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define FD_CLOEXEC 1
#define O_NONBLOCK 04000

/* Winsock's error as errno; the value that says so. */
static inline int posix_failed(void) {
    int error = WSAGetLastError();
    switch (error) {
    case WSAEWOULDBLOCK: errno = EAGAIN; break;
    case WSAECONNRESET: errno = ECONNRESET; break;
    case WSAECONNABORTED: errno = ECONNABORTED; break;
    case WSAECONNREFUSED: errno = ECONNREFUSED; break;
    case WSAEADDRINUSE: errno = EADDRINUSE; break;
    case WSAENOTCONN: errno = ENOTCONN; break;
    case WSAEMSGSIZE: errno = EMSGSIZE; break;
    case WSAENOTSOCK: errno = ENOTSOCK; break;
    case WSAESHUTDOWN: errno = EPIPE; break;
    default: errno = error; break;
    }
    return -1;
}

static inline int posix_result(int result) { return result == SOCKET_ERROR ? posix_failed() : result; }

/* Socket handles are small numbers also on 64 bits. */
static inline int posix_handle(SOCKET handle) { return handle == INVALID_SOCKET ? posix_failed() : (int)handle; }

static inline int posix_socket(int family, int type, int protocol) {
    return posix_handle(WSASocketW(family, type, protocol, NULL, 0, WSA_FLAG_OVERLAPPED));
}

static inline int posix_connect(int handle, const struct sockaddr *address, socklen_t size) {
    if (connect((SOCKET)handle, address, size) == 0)
        return 0;
    posix_failed();
    if (errno == EAGAIN)
        errno = EINPROGRESS;
    return -1;
}

static inline int posix_getsockopt(int handle, int level, int option, void *value, socklen_t *size) {
    memset(value, 0, (size_t)*size); /* a boolean may come as one byte */
    return posix_result(getsockopt((SOCKET)handle, level, option, (char *)value, size));
}

static inline int posix_fcntl(int handle, int command, int value) {
    u_long blocks_not = (value & O_NONBLOCK) != 0;
    switch (command) {
    case F_SETFL:
        return posix_result(ioctlsocket((SOCKET)handle, FIONBIO, &blocks_not));
    case F_SETFD:
        return SetHandleInformation((HANDLE)(SOCKET)handle, HANDLE_FLAG_INHERIT,
                                    value & FD_CLOEXEC ? 0 : HANDLE_FLAG_INHERIT)
                   ? 0
                   : -1;
    default:
        return 0;
    }
}

/* Windows takes a send of any size whole; tests of peers that take nothing need a limit, as other systems have. */
static inline int posix_send(int handle, const void *bytes, size_t size, int flags) {
    enum { LARGEST_SEND = 64 << 10 };
    return posix_result(send((SOCKET)handle, (const char *)bytes, size > LARGEST_SEND ? LARGEST_SEND : (int)size, flags));
}

/* A pipe that can be polled as a socket can: a connection to oneself. */
static inline int posix_pipe(int ends[2]) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0), out = socket(AF_INET, SOCK_STREAM, 0), in;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        connect(out, (struct sockaddr *)&address, size) != 0)
        return posix_failed();
    in = accept(listener, NULL, NULL);
    closesocket(listener);
    ends[0] = posix_handle(in);
    ends[1] = posix_handle(out);
    return ends[0] < 0 ? -1 : 0;
}

static inline int posix_setenv(const char *name, const char *value, int overwrite) {
    return !overwrite && getenv(name) ? 0 : _putenv_s(name, value);
}

static inline int posix_rand_r(unsigned *seed) {
    *seed = *seed * 1103515245u + 12345u;
    return (int)(*seed >> 1 & 0x7fffffff);
}

/* What a process has used; Windows counts in tenths of a microsecond. */
struct rusage {
    struct timeval ru_utime, ru_stime;
};
#define RUSAGE_SELF 0

static inline struct timeval posix_time(FILETIME time) {
    unsigned long long micros = ((unsigned long long)time.dwHighDateTime << 32 | time.dwLowDateTime) / 10;
    struct timeval result;
    result.tv_sec = (long)(micros / 1000000);
    result.tv_usec = (long)(micros % 1000000);
    return result;
}

static inline int posix_getrusage(int who, struct rusage *usage) {
    FILETIME created, ended, kernel, user;
    (void)who;
    memset(usage, 0, sizeof *usage);
    if (!GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user))
        return -1;
    usage->ru_utime = posix_time(user);
    usage->ru_stime = posix_time(kernel);
    return 0;
}

/* There is no limit of this kind; what needs to set one cannot be tested. */
typedef unsigned long rlim_t;
struct rlimit {
    rlim_t rlim_cur, rlim_max;
};
#define RLIMIT_NOFILE 7

static inline int posix_getrlimit(int what, struct rlimit *limit) {
    (void)what;
    limit->rlim_cur = limit->rlim_max = 8192;
    return 0;
}

static inline int posix_setrlimit(int what, const struct rlimit *limit) {
    (void)what;
    (void)limit;
    errno = ENOSYS;
    return -1;
}

#ifdef __cplusplus
}
#endif

#ifndef POSIX_DEFINES_NO_NAMES
#define socket(family, type, protocol) posix_socket(family, type, protocol)
#define connect(handle, address, size) posix_connect(handle, address, size)
#define accept(handle, address, size) posix_handle(accept((SOCKET)(handle), address, size))
#define bind(handle, address, size) posix_result(bind((SOCKET)(handle), address, size))
#define listen(handle, backlog) posix_result(listen((SOCKET)(handle), backlog))
#define getsockname(handle, address, size) posix_result(getsockname((SOCKET)(handle), address, size))
#define getpeername(handle, address, size) posix_result(getpeername((SOCKET)(handle), address, size))
#define getsockopt(handle, level, option, value, size) posix_getsockopt(handle, level, option, value, size)
#define setsockopt(handle, level, option, value, size) \
    posix_result(setsockopt((SOCKET)(handle), level, option, (const char *)(value), size))
#define shutdown(handle, how) posix_result(shutdown((SOCKET)(handle), how))
#define send(handle, bytes, size, flags) posix_send(handle, bytes, size, flags)
#define recv(handle, bytes, size, flags) posix_result(recv((SOCKET)(handle), (char *)(bytes), (int)(size), flags))
#define sendto(handle, bytes, size, flags, address, length) \
    posix_result(sendto((SOCKET)(handle), (const char *)(bytes), (int)(size), flags, address, length))
#define recvfrom(handle, bytes, size, flags, address, length) \
    posix_result(recvfrom((SOCKET)(handle), (char *)(bytes), (int)(size), flags, address, length))
/* The tests read, write and close sockets alone. */
#define read(handle, bytes, size) recv(handle, bytes, size, 0)
#define write(handle, bytes, size) send(handle, bytes, size, 0)
#define close(handle) posix_result(closesocket((SOCKET)(handle)))
#define poll(polled, count, milliseconds) posix_result(WSAPoll(polled, count, milliseconds))
#define fcntl(handle, command, value) posix_fcntl(handle, command, value)
#define pipe(ends) posix_pipe(ends)
#define setenv(name, value, overwrite) posix_setenv(name, value, overwrite)
#define rand_r(seed) posix_rand_r(seed)
#define getrusage(who, usage) posix_getrusage(who, usage)
#define getrlimit(what, limit) posix_getrlimit(what, limit)
#define setrlimit(what, limit) posix_setrlimit(what, limit)
#endif

/* A child that Windows ended because of an exception has its code, whose highest bits are set, as its status. */
#define WIFSIGNALED(status) (((status) & 0x40000000) != 0)
#define WIFEXITED(status) (!WIFSIGNALED(status))
#define WEXITSTATUS(status) (status)
#define WTERMSIG(status) (status)

#endif
