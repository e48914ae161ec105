/* The load that a client puts on an echo server, and what it measures. */
#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>

typedef struct {
    const char *host;
    int port;
    int peers;
    /* Closed loop: messages that each peer keeps in flight; 0 for an open loop. */
    int in_flight;
    /* Open loop: messages that each peer sends in a second, whatever comes back. */
    double rate;
    double seconds;
    /* Bytes of the large message that each peer has on its way beside those; 0 for none. */
    size_t large;
} Load;

/* Prints one line of results. Ends the program if a message was lost, doubled or changed. */
void run_load(const Load *load);

#endif
