#include "usage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"

static uint64_t read_clock(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0)
        give_up("a clock cannot be read: %s", strerror(errno));
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t now(void) {
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t process_time(pid_t process) {
    clockid_t clock;
    int error = clock_getcpuclockid(process, &clock);
    if (error != 0)
        give_up("process %d has no clock: %s", (int)process, strerror(error));
    return read_clock(clock);
}

uint64_t first_thread_time(pid_t process) {
    char path[64];
    unsigned long long time;
    FILE *file;
    int read;
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", (int)process, (int)process);
    file = fopen(path, "r");
    if (file == NULL)
        give_up("%s: %s", path, strerror(errno));
    read = fscanf(file, "%llu", &time);
    fclose(file);
    if (read != 1)
        give_up("%s has no number", path);
    return time;
}

uint64_t busy_time(void) {
    unsigned long long user, nice, system, idle, wait, interrupts, soft_interrupts;
    FILE *file = fopen("/proc/stat", "r");
    int read;
    if (file == NULL)
        give_up("/proc/stat: %s", strerror(errno));
    read = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait, &interrupts,
                  &soft_interrupts);
    fclose(file);
    if (read != 7)
        give_up("/proc/stat has no such numbers");
    return (user + nice + system + interrupts + soft_interrupts) * (1000000000ull / (unsigned long)sysconf(_SC_CLK_TCK));
}

double resident_memory(pid_t process) {
    char path[64], line[256];
    unsigned long long kib = 0;
    FILE *file;
    snprintf(path, sizeof path, "/proc/%d/status", (int)process);
    file = fopen(path, "r");
    if (file == NULL)
        give_up("%s: %s", path, strerror(errno));
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "RssAnon: %llu", &kib) == 1)
            break;
    fclose(file);
    return (double)kib * 1024;
}
