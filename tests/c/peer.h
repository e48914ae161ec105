/* Plain sockets, as a peer that is not this library: it speaks byte by byte, is slow, resets. */
#ifndef PEER_H
#define PEER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BANNER "GM:Studio-Connect" /* with its NUL: 18 bytes */
#define HELLO "\xbe\xba\xfe\xca\x0b\xb0\xad\xde\x10\x00\x00\x00\x00\x00\x00\x00"
#define WELCOME "\xad\xbe\xaf\xde\xeb\xbe\x0d\xf0\x0c\x00\x00\x00"
enum { BANNER_SIZE = 18, HELLO_SIZE = 16, WELCOME_SIZE = 12, HEADER_SIZE = 12 };

/* The header of a packet with a payload of that size. */
void packet_header(unsigned char header[HEADER_SIZE], size_t payload);

/* A listener on 127.0.0.1; sets the port. */
int peer_listen(double *port);
/* A socket that holds a port and refuses connections to it. */
int peer_refusing(double *port);
/* The same for a port of another of this machine's addresses; -1 if somebody has it. */
int peer_refuse_at(const char *ip, double port);
/* A listener whose queue is filled with connections that nobody accepts; sets how many there are. */
int peer_listen_full(double *port, int *connections, int limit, int *count);
int peer_accept(int listener);
int peer_connect(double port);
/* The same, but -1 when nobody has taken the connection after that time. */
int peer_try_connect(double port, int milliseconds);
/* Connects and goes through the handshake as a client. */
int peer_join(double port);
/* Accepts and goes through the handshake as a server. */
int peer_welcome(int listener);

/* All of it, while the library goes on working; a closed connection fails the test. */
void peer_write(int socket, const void *bytes, size_t size);
void peer_read(int socket, void *bytes, size_t size);
/* Reads and compares. */
void peer_expect(int socket, const void *bytes, size_t size);
/* Waits for the other end to close (or reset) and returns 1 for an orderly end, 0 for a reset. */
int peer_ended(int socket);
/* Bytes that the system takes without the other end reading; stops when it takes no more. */
size_t peer_write_some(int socket, const void *bytes, size_t size);

/* For helper threads: the same without the library's help; 0 when it did not work out in time. */
int peer_read_blocking(int socket, void *bytes, size_t size);
int peer_write_blocking(int socket, const void *bytes, size_t size);

/* Ends the sending direction alone. */
void peer_half_close(int socket);
/* Closes with a reset. */
void peer_reset(int socket);
/* A small receive buffer, so that the other end soon feels a peer that does not read. */
void peer_small_buffer(int socket);

#ifdef __cplusplus
}
#endif

#endif
