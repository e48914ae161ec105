/* No signal reaches a host that did not ask for it, and a host's own signals break no call. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "process.h"

/* ---- SIGPIPE ---- */

/* Peers that reset while many queued packets are being written to them. */
static int role_burst(int argc, char **argv) {
    enum { PEERS = 4, ROUNDS = 40 };
    static char packet[3000];
    int round;
    (void)argc, (void)argv;
    signal(SIGPIPE, SIG_DFL);
    for (round = 0; round < ROUNDS; round++) {
        double server = tcp_server(0, PEERS), port = network_get_port(server), accepted[PEERS];
        int peers[PEERS], i, burst, ended = 0;
        for (i = 0; i < PEERS; i++) {
            peers[i] = peer_join(port);
            accepted[i] = take_connect(server)->socket;
        }
        for (burst = 0; burst < 200; burst++) {
            for (i = 0; i < PEERS; i++) {
                double sent = network_send_packet(accepted[i], packet, sizeof packet);
                CHECK(sent > 0 || sent == network_error_closed || sent == network_error_queue_full);
            }
            if (burst % (10 + round) == 0 && ended < PEERS)
                peer_reset(peers[ended++]);
            if (manual_io() && burst % 16 == 0)
                SUCCESS(network_wait(0));
        }
        while (ended < PEERS)
            peer_reset(peers[ended++]);
        for (i = 0; i < PEERS; i++) {
            double error = take_event(accepted[i], network_type_disconnect)->error;
            CHECK_EQUAL(error, network_error_closed);
        }
        SUCCESS(network_destroy(server));
        drop_events();
    }
    return 0;
}

/* The peer closes in good order, but data is still sent to it: the next write meets a broken pipe. */
static int role_broken_pipe(int argc, char **argv) {
    static char packet[100000];
    Pair pair;
    int round;
    (void)argc, (void)argv;
    signal(SIGPIPE, SIG_DFL);
    for (round = 0; round < 20; round++) {
        int i;
        pair = connect_pair(round % 2);
        SUCCESS(network_destroy(pair.client));
        for (i = 0; i < 50; i++) {
            double sent = network_send_packet(pair.accepted, packet, sizeof packet);
            CHECK(sent > 0 || sent == network_error_closed);
            SUCCESS(network_wait(0));
        }
        take_event(pair.accepted, network_type_disconnect);
        SUCCESS(network_destroy(pair.server));
        drop_events();
    }
    return 0;
}

static const Role roles[] = {
    {"burst", role_burst},
    {"broken_pipe", role_broken_pipe},
    {NULL, NULL},
};

static void a_reset_during_a_burst(void) {
    Child child = spawn("burst", NULL, NULL, NULL);
    child_succeeds(&child);
}

static void a_broken_pipe(void) {
    Child child = spawn("broken_pipe", NULL, NULL, NULL);
    child_succeeds(&child);
}

/* ---- the library's threads ---- */

static unsigned long long blocked_signals(const char *task) {
    char path[128], line[256];
    unsigned long long mask = 0;
    int found = 0;
    FILE *status;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", task);
    status = fopen(path, "r");
    if (status == NULL)
        return ~0ULL; /* the thread has ended meanwhile */
    while (fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "SigBlk: %llx", &mask) == 1)
            found = 1;
    fclose(status);
    return found ? mask : ~0ULL;
}

/* All that a thread can block: not SIGKILL and SIGSTOP, nor the C library's own 32 and 33. */
static void check_blocked(const char *task) {
    unsigned long long mask = blocked_signals(task);
    int number;
    for (number = 1; number <= 64; number++) {
        if (number == SIGKILL || number == SIGSTOP || number == 32 || number == 33)
            continue;
        if (!(mask >> (number - 1) & 1))
            fail(__FILE__, __LINE__, "a thread of the library does not block signal %d", number);
    }
}

static int check_other_threads(void) {
    int others = 0;
    struct dirent *entry;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    while ((entry = readdir(tasks)) != NULL)
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != getpid()) {
            check_blocked(entry->d_name);
            others++;
        }
    closedir(tasks);
    return others;
}

static void threads_block_all_signals(void) {
    double client;
    Pair pair;
    if (getenv("STEPWIRE_TEST_LAUNCHER") != NULL) {
        printf("skipped: the masks of an emulator's threads are its own\n");
        return;
    }
    pair = connect_pair(0);
    client = SUCCESS(network_create_socket(network_socket_tcp));
    if (!manual_io())
        CHECK(check_other_threads() >= 1);
    /* Resolving brings more threads. */
    SUCCESS(network_connect_async(client, "localhost", pair.port));
    check_other_threads();
    take_event(client, network_type_non_blocking_connect);
    check_other_threads();
}

/* ---- the host's own signals ---- */

static volatile sig_atomic_t alarms;

static void count_alarm(int number) {
    (void)number;
    alarms++;
}

static void interrupted_calls_go_on(void) {
    struct sigaction action;
    struct itimerval every;
    double start;
    int i;
    memset(&action, 0, sizeof action);
    action.sa_handler = count_alarm; /* without SA_RESTART */
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    memset(&every, 0, sizeof every);
    every.it_value.tv_usec = every.it_interval.tv_usec = 2000;
    CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);

    for (i = 0; i < 20; i++) {
        Pair pair = connect_pair(0);
        SUCCESS(network_send_packet(pair.client, "in spite of signals", 19));
        take_data(pair.accepted, "in spite of signals", 19);
        destroy_pair(&pair);
        CHECK(network_resolve("localhost")[0] != '\0');
    }
    settle();
    drop_events();
    start = now_ms();
    CHECK_EQUAL(network_wait(60), 0);
    CHECK(now_ms() - start >= 59); /* an interrupted wait is not a finished one */

    memset(&every, 0, sizeof every);
    CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
    CHECK(alarms > 0);
}

/* The signals that the library blocks in its own threads stay as they were in the host's. */
static void the_hosts_mask_stays(void) {
    sigset_t before, after;
    int number;
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &before) == 0);
    connect_pair(0);
    CHECK_EQUAL(network_shutdown(), 0);
    fresh_library();
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &after) == 0);
    for (number = 1; number < 32; number++)
        CHECK(sigismember(&before, number) == sigismember(&after, number));
}

/* ---- descriptors are not inherited ---- */

static void descriptors_close_on_exec(void) {
    char before[1024] = {0};
    int descriptor;
    for (descriptor = 0; descriptor < 1024; descriptor++)
        before[descriptor] = fcntl(descriptor, F_GETFD) >= 0;
    connect_pair(0);
    connect_pair(1);
    for (descriptor = 0; descriptor < 1024; descriptor++) {
        int flags = fcntl(descriptor, F_GETFD);
        if (flags >= 0 && !before[descriptor] && !(flags & FD_CLOEXEC))
            fail(__FILE__, __LINE__, "descriptor %d would be inherited by a program that the host starts", descriptor);
    }
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"a_reset_during_a_burst", a_reset_during_a_burst},
        {"a_broken_pipe", a_broken_pipe},
        {"threads_block_all_signals", threads_block_all_signals},
        {"interrupted_calls_go_on", interrupted_calls_go_on},
        {"the_hosts_mask_stays", the_hosts_mask_stays},
        {"descriptors_close_on_exec", descriptors_close_on_exec},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, roles);
}
