/*
 * A benchmark's server or client, for the transport that it is linked with:
 *
 *   serve PORT [cpu N] [ordered]
 *   closed HOST PORT PEERS IN_FLIGHT SECONDS [cpu N] [ordered]
 *   open HOST PORT PEERS RATE SECONDS [cpu N] [ordered] [large BYTES]
 *
 * A server prints "port N" when it can be reached, and what it used when it is asked to end.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "load.h"
#include "transport.h"

int wants_order;

static volatile sig_atomic_t end_wanted;
static unsigned long served_count;

int asked_to_end(void) {
    return end_wanted;
}

static void on_signal(int number) {
    (void)number;
    end_wanted = 1;
}

void serving(int port) {
    printf("port %d\n", port);
    fflush(stdout);
}

void served(void) {
    served_count++;
}

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void print_use(void) {
    struct rusage use;
    double nanoseconds;
    getrusage(RUSAGE_SELF, &use);
    nanoseconds = ((double)use.ru_utime.tv_sec + (double)use.ru_stime.tv_sec) * 1e9 +
                  ((double)use.ru_utime.tv_usec + (double)use.ru_stime.tv_usec) * 1e3;
    printf("served %lu cpu_ns %.0f\n", served_count, served_count ? nanoseconds / (double)served_count : 0);
}

static void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        perror("sched_setaffinity");
}

int main(int argc, char **argv) {
    Load load;
    const char *mode = argc > 1 ? argv[1] : "";
    int options = strcmp(mode, "serve") == 0 ? 3 : 7, index;
    memset(&load, 0, sizeof load);
    if (argc < options || (options == 7 && strcmp(mode, "closed") != 0 && strcmp(mode, "open") != 0))
        give_up("usage: serve PORT | closed HOST PORT PEERS IN_FLIGHT SECONDS | open HOST PORT PEERS RATE SECONDS,\n"
                "then [cpu N] [ordered] [large BYTES]");
    for (index = options; index < argc; index++) {
        if (strcmp(argv[index], "ordered") == 0)
            wants_order = 1;
        else if (strcmp(argv[index], "cpu") == 0 && index + 1 < argc)
            pin(atoi(argv[++index]));
        else if (strcmp(argv[index], "large") == 0 && index + 1 < argc)
            load.large = (size_t)atol(argv[++index]);
        else
            give_up("unknown option: %s", argv[index]);
    }
    if (options == 3) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = on_signal;
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGINT, &action, NULL);
        /* A benchmark that was killed leaves no server behind. */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        transport_serve(atoi(argv[2]));
        print_use();
        return 0;
    }
    load.host = argv[2];
    load.port = atoi(argv[3]);
    load.peers = atoi(argv[4]);
    if (strcmp(mode, "closed") == 0)
        load.in_flight = atoi(argv[5]);
    else
        load.rate = atof(argv[5]);
    load.seconds = atof(argv[6]);
    if (load.peers < 1 || load.seconds <= 0 || (load.in_flight < 1 && load.rate <= 0))
        give_up("peers, messages and seconds must be above 0");
    run_load(&load);
    return 0;
}
