/* Measuring several servers in turn, a slice of time each: whatever else the machine does meets them all. */
#ifndef SLICES_H
#define SLICES_H

#include "crowd.h"
#include "latency.h"
#include "loads.h"

typedef struct {
    Crowd crowd;
    int running;             /* new messages are sent */
    unsigned long messages;  /* that have arrived */
    unsigned long in_flight; /* that have not */
    Latencies latencies;
    double memory_before; /* of the server, without connections */
} Contender;

typedef struct {
    void (*on_message)(Connection *connection, const uint8_t *payload, size_t size);
    void (*on_read)(Connection *connection);
    void (*begin)(Contender *contender);
} Kind;

Contender *contender_of(Connection *connection);
void run_slices(const Load *load, const Kind *kind);

#endif
