#include "latency.h"

#include <string.h>

static unsigned bucket_of(uint64_t value) {
    int exponent;
    if (value < LATENCY_STEPS)
        return (unsigned)value;
    exponent = 63 - __builtin_clzll(value);
    return (unsigned)((exponent - 5) * LATENCY_STEPS + (int)(value >> (exponent - 6) & (LATENCY_STEPS - 1)));
}

/* The middle of a bucket. */
static double value_of(unsigned bucket) {
    unsigned exponent = bucket / LATENCY_STEPS + 5, step = bucket % LATENCY_STEPS;
    if (bucket < LATENCY_STEPS)
        return bucket;
    return (double)((1ull << exponent) + ((uint64_t)step << (exponent - 6)) + (1ull << (exponent - 6)) / 2);
}

void forget_latencies(Latencies *latencies) {
    memset(latencies, 0, sizeof *latencies);
}

void note_latency(Latencies *latencies, uint64_t nanoseconds) {
    latencies->buckets[bucket_of(nanoseconds)]++;
    latencies->count++;
}

double latency_us(const Latencies *latencies, double share) {
    uint64_t wanted = (uint64_t)(share * (double)latencies->count), seen = 0;
    unsigned bucket;
    for (bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
        seen += latencies->buckets[bucket];
        if (seen > wanted)
            return value_of(bucket) / 1e3;
    }
    return 0;
}
