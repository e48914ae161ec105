/* How long answers took, in a histogram whose buckets are 1.6 % wide. */
#ifndef LATENCY_H
#define LATENCY_H

#include <stdint.h>

enum { LATENCY_STEPS = 64, LATENCY_BUCKETS = 64 * LATENCY_STEPS };

typedef struct {
    uint64_t buckets[LATENCY_BUCKETS];
    uint64_t count;
} Latencies;

void forget_latencies(Latencies *latencies);
void note_latency(Latencies *latencies, uint64_t nanoseconds);
/* The latency that this share of all did not exceed; 0 if there are none. */
double latency_us(const Latencies *latencies, double share);

#endif
