/* The kinds of load. Each prints one line of JSON for each measurement. */
#ifndef LOADS_H
#define LOADS_H

#include <sys/types.h>

#include "framing.h"

typedef struct {
    int port;
    pid_t process;
} Target;

typedef struct {
    Protocol protocol;
    unsigned connections, depth, rounds;
    size_t size;
    double seconds; /* of each measurement */
    Target *targets;
    unsigned target_count;
} Load;

/* Each connection keeps `depth` messages in flight; every one comes back. */
void load_echo(const Load *load);
/* A connection sends a message, all get it; then the next. */
void load_fan_out(const Load *load);
/* Each connection sends `depth` messages a second, and gets as many. */
void load_frames(const Load *load);
/* Connections that are ended as soon as they stand. */
void load_accepts(const Load *load);
/* Connections that do nothing. */
void load_idle(const Load *load);

#endif
