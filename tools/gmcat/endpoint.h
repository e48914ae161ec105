/* The library's sockets as the command line wants them. */
#ifndef GMCAT_ENDPOINT_H
#define GMCAT_ENDPOINT_H

#include "options.h"

int endpoint_is_udp(const struct options *options);

/* Sets the library's options; 0 on failure. */
int endpoint_configure(const struct options *options);

/* All three return a socket, or less than 0. */
double endpoint_listen(const struct options *options);
double endpoint_connect(const struct options *options); /* TCP, WebSockets; how it went comes as an event */
double endpoint_open_udp(const struct options *options);

/* Where a client's datagrams go: an address as their answers will have it. 0 if there is none. */
int endpoint_find(const struct options *options, char *ip, size_t room);

/* Sends one packet as the options say; `ip` and `port` are for UDP. Returns what the library did. */
double endpoint_send(const struct options *options, double socket, const char *ip, double port, int is_text,
                     const void *data, size_t size);

#endif
