#include "bill.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "latency.h"

enum { SETTLING = 10 };

static Latencies bills;
static struct timespec begun, next_frame;

static struct timespec read_clock(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time;
}

void begin_bill(void) {
    begun = read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void end_bill(int all_are_there) {
    static unsigned frames_with_all;
    struct timespec ended = read_clock(CLOCK_THREAD_CPUTIME_ID);
    frames_with_all = all_are_there ? frames_with_all + 1 : 0;
    if (frames_with_all <= SETTLING)
        return;
    note_latency(&bills,
                 (uint64_t)((ended.tv_sec - begun.tv_sec) * 1000000000ll + (ended.tv_nsec - begun.tv_nsec)));
}

/* After a frame that took too long the next one is due at once, as in a game. */
void wait_for_frame(int frames_a_second) {
    struct timespec time = read_clock(CLOCK_MONOTONIC);
    next_frame.tv_nsec += 1000000000 / frames_a_second;
    if (next_frame.tv_nsec >= 1000000000) {
        next_frame.tv_nsec -= 1000000000;
        next_frame.tv_sec++;
    }
    if (time.tv_sec > next_frame.tv_sec || (time.tv_sec == next_frame.tv_sec && time.tv_nsec > next_frame.tv_nsec)) {
        next_frame = time;
        return;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next_frame, NULL);
}

void print_bills(void) {
    printf("frames %llu median_us %.2f p99_us %.2f\n", (unsigned long long)bills.count, latency_us(&bills, 0.5),
           latency_us(&bills, 0.99));
    fflush(stdout);
}
