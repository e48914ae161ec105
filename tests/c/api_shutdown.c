/* network_shutdown, the fresh start after it, and leaving the process without it. */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "process.h"

static void everything_ends(void) {
    NetworkEvent event;
    Pair pair = connect_pair(0);
    CHECK_EQUAL(network_shutdown(), 0);
    CHECK_ERROR(network_destroy(pair.client), network_error_bad_handle);
    CHECK_ERROR(network_destroy(pair.server), network_error_bad_handle);
    CHECK_ERROR(network_send_packet(pair.accepted, "x", 1), network_error_bad_handle);
    CHECK_EQUAL(network_poll_event(&event), 0);
    CHECK_EQUAL(network_event_next(), 0);
    CHECK_EQUAL(network_get_stat(-1, "sockets"), 0);
    CHECK_EQUAL(network_shutdown(), 0);
    CHECK_EQUAL(network_shutdown(), 0);
}

static void handles_never_come_back(void) {
    double highest = -1;
    int round;
    for (round = 0; round < 5; round++) {
        Pair pair = connect_pair(0);
        double next = SUCCESS(network_create_socket(network_socket_tcp));
        CHECK(pair.server > highest && pair.client > highest && pair.accepted > highest && next > highest);
        highest = next;
        CHECK_EQUAL(network_shutdown(), 0);
        drop_events();
        fresh_library();
    }
}

static void events_that_waited_are_gone(void) {
    NetworkEvent event;
    Pair pair = connect_pair(0);
    SUCCESS(network_send_packet(pair.client, "never seen", 10));
    SUCCESS(network_wait(patience_ms()));
    CHECK_EQUAL(network_shutdown(), 0);
    CHECK_EQUAL(network_poll_event(&event), 0);
    CHECK_EQUAL(network_wait(0), 0);
    CHECK_EQUAL(network_get_stat(-1, "events"), 0);
}

/* What was accepted for sending leaves before the library is gone. */
static void shutdown_flushes(void) {
    enum { SIZE = 60000 }; /* fits into the buffers of the system: nobody reads during the shutdown */
    char *bytes = (char *)malloc(SIZE), *got = (char *)malloc(SIZE);
    unsigned char header[HEADER_SIZE];
    double port, client;
    int listener = peer_listen(&port), peer;
    size_t i;
    CHECK(bytes != NULL && got != NULL);
    for (i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * 7);
    client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_welcome(listener);
    take_event(client, network_type_non_blocking_connect);
    SUCCESS(network_send_packet(client, bytes, SIZE));
    CHECK_EQUAL(network_shutdown(), 0);
    packet_header(header, SIZE);
    peer_expect(peer, header, HEADER_SIZE);
    peer_read(peer, got, SIZE);
    CHECK(memcmp(got, bytes, SIZE) == 0);
    CHECK_EQUAL(peer_ended(peer), 1);
    free(bytes);
    free(got);
    close(peer);
    close(listener);
}

static void options_are_reset(void) {
    double port, client, server;
    int refusing = peer_refusing(&port);
    SUCCESS(network_set_config(network_config_use_non_blocking_socket, 1, 0));
    SUCCESS(network_set_config(network_config_send_queue_limit, -1, 1));
    SUCCESS(network_set_config_string(network_config_bind_address, -1, "127.0.0.9"));
    CHECK_EQUAL(network_shutdown(), 0);

    client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_ERROR(network_connect(client, "127.0.0.1", port), network_error_failed);
    SUCCESS(network_destroy(client));
    CHECK_EQUAL(network_shutdown(), 0);
    fresh_library();
    server = tcp_server(0, 4);
    client = tcp_client(0, network_get_port(server));
    CHECK_STRING(take_connect(server)->ip, "127.0.0.1");
    close(refusing);
}

/* A thread that was waited for may be listed a moment longer. Whoever asks the library meanwhile starts a new one. */
static void wait_for_threads(int most) {
    double deadline = now_ms() + patience_ms();
    while (count_threads() > most)
        CHECK(now_ms() < deadline);
}

/* The default is an I/O thread; shutdown ends it, and manual I/O never has one. */
static void threads_come_and_go(void) {
    int before, during;
    Pair pair;
    CHECK_EQUAL(network_shutdown(), 0);
    before = count_threads();
    fresh_library();
    pair = connect_pair(0);
    during = count_threads();
    destroy_pair(&pair);
    CHECK_EQUAL(network_shutdown(), 0);
    if (manual_io())
        CHECK_EQUAL(during, before);
    else
        wait_for_threads(during - 1);
    wait_for_threads(before);
}

/* The signal to end may come at any moment of the thread's life. */
static void ended_as_soon_as_started(void) {
    /* Under Wine a thread takes twenty times as long to start. */
#ifdef _WIN32
    const int rounds = 500;
#else
    const int rounds = 10000;
#endif
    int round;
    for (round = 0; round < rounds; round++) {
        double client = SUCCESS(network_create_socket(network_socket_tcp));
        if (round % 2) {
            SUCCESS(network_destroy(client));
            SUCCESS(network_set_config(network_config_io_threads, 1, 0));
            CHECK_EQUAL(network_set_config(network_config_manual_io, !manual_io(), 0), 0);
        }
        CHECK_EQUAL(network_shutdown(), 0);
        fresh_library();
    }
}

static void *shut_down(void *result) {
    *(double *)result = network_shutdown();
    return NULL;
}

static void several_threads_shut_down(void) {
    pthread_t threads[4];
    double results[4];
    int round, i;
    for (round = 0; round < 20; round++) {
        connect_pair(0);
        drop_events();
        for (i = 0; i < 4; i++)
            CHECK(pthread_create(&threads[i], NULL, shut_down, &results[i]) == 0);
        for (i = 0; i < 4; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
            CHECK(results[i] == 0 || results[i] == network_error_busy);
        }
        CHECK_EQUAL(network_shutdown(), 0);
        fresh_library();
    }
}

static pthread_mutex_t connects_lock = PTHREAD_MUTEX_INITIALIZER;
static int connects, no_more_connects;

/* Counts a connect that has ended, or none; returns how many there were. */
static int count_connects(int more) {
    int count;
    pthread_mutex_lock(&connects_lock);
    count = connects += more;
    pthread_mutex_unlock(&connects_lock);
    return count;
}

static void *connect_again_and_again(void *port) {
    int enough;
    do {
        double client = network_create_socket(network_socket_tcp);
        CHECK(network_connect(client, "127.0.0.1", *(double *)port) < 0); /* refused or destroyed, but ended */
        network_destroy(client);
        count_connects(1);
        pthread_mutex_lock(&connects_lock);
        enough = no_more_connects;
        pthread_mutex_unlock(&connects_lock);
    } while (!enough);
    return NULL;
}

/* A connect that a shutdown comes across ends, and the next one finds a library that works. */
static void connects_during_shutdowns(void) {
    pthread_t thread;
    double port, deadline;
    int refusing = peer_refusing(&port), round, before;
    CHECK(pthread_create(&thread, NULL, connect_again_and_again, &port) == 0);
    for (round = 0; round < 50; round++) {
        network_set_config(network_config_manual_io, manual_io(), 0); /* busy unless no socket exists */
        CHECK_EQUAL(network_shutdown(), 0);
        before = count_connects(0);
        for (deadline = now_ms() + patience_ms(); count_connects(0) < before + 2; sched_yield())
            CHECK(now_ms() < deadline);
    }
    pthread_mutex_lock(&connects_lock);
    no_more_connects = 1;
    pthread_mutex_unlock(&connects_lock);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_EQUAL(network_shutdown(), 0);
    fresh_library();
    close(refusing);
}

static void after_shutdown_every_call_starts_afresh(void) {
    NetworkEvent event;
    CHECK_EQUAL(network_shutdown(), 0);
    CHECK_EQUAL(network_wait(0), 0);
    CHECK_EQUAL(network_shutdown(), 0);
    CHECK_EQUAL(network_poll_event(&event), 0);
    CHECK_EQUAL(network_shutdown(), 0);
    SUCCESS(network_get_stat(-1, "bytes_sent"));
    CHECK_EQUAL(network_shutdown(), 0);
    CHECK_ERROR(network_destroy(0), network_error_bad_handle);
    CHECK_EQUAL(network_shutdown(), 0);
    CHECK(network_resolve("127.0.0.1")[0] != '\0');
    CHECK_EQUAL(network_shutdown(), 0);
    CHECK(network_version()[0] != '\0');
    SUCCESS(network_create_socket(network_socket_tcp));
}

/* ---- leaving without network_shutdown: the child does it, the parent sees how it ended ---- */

static void live_sockets(void) {
    Pair pair = connect_pair(0);
    tcp_server(1, 4);
    SUCCESS(network_send_packet(pair.client, "on its way", 10));
    SUCCESS(network_send_packet(pair.accepted, "on its way", 10));
}

static int role_return(int argc, char **argv) {
    (void)argc, (void)argv;
    live_sockets();
    return 0;
}

static int role_exit(int argc, char **argv) {
    (void)argc, (void)argv;
    live_sockets();
    exit(0);
}

static int role_fast_exit(int argc, char **argv) {
    (void)argc, (void)argv;
    live_sockets();
    _exit(0);
}

static void exit_in_callback(const NetworkEvent *event, void *user) {
    (void)event, (void)user;
    exit(0);
}

static int role_callback_exit(int argc, char **argv) {
    double deadline = now_ms() + patience_ms();
    (void)argc, (void)argv;
    live_sockets();
    while (now_ms() < deadline) {
        network_wait(5);
        network_poll(exit_in_callback, NULL);
    }
    return 1;
}

static void *wait_long(void *argument) {
    NetworkEvent event;
    (void)argument;
    for (;;) {
        network_wait(100000);
        network_poll_event(&event);
    }
    return NULL;
}

static int role_exit_while_waiting(int argc, char **argv) {
    pthread_t waiter;
    (void)argc, (void)argv;
    live_sockets();
    CHECK(pthread_create(&waiter, NULL, wait_long, NULL) == 0);
    return 0;
}

static void call_at_exit(void) {
    network_destroy(0);
    CHECK_EQUAL(network_destroy(0), network_error_bad_handle);
    network_create_socket(network_socket_tcp);
    network_shutdown();
}

static int role_call_at_exit(int argc, char **argv) {
    (void)argc, (void)argv;
    live_sockets();
    CHECK_ERROR(network_destroy(-1), network_error_bad_handle); /* this thread has had an error before */
    atexit(call_at_exit);
    exit(0);
}

static const Role roles[] = {
    {"return", role_return},
    {"exit", role_exit},
    {"fast_exit", role_fast_exit},
    {"callback_exit", role_callback_exit},
    {"exit_while_waiting", role_exit_while_waiting},
    {"call_at_exit", role_call_at_exit},
    {NULL, NULL},
};

static void leaving_without_shutdown(void) {
    const Role *role;
    for (role = roles; role->name != NULL; role++) {
        int round;
        for (round = 0; round < 5; round++) {
            Child child = spawn(role->name, NULL, NULL, NULL);
            int status = child_status(&child);
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                fail(__FILE__, __LINE__, "role %s ended with wait status %d", role->name, status);
        }
    }
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"everything_ends", everything_ends},
        {"handles_never_come_back", handles_never_come_back},
        {"events_that_waited_are_gone", events_that_waited_are_gone},
        {"shutdown_flushes", shutdown_flushes},
        {"options_are_reset", options_are_reset},
        {"threads_come_and_go", threads_come_and_go},
        {"ended_as_soon_as_started", ended_as_soon_as_started},
        {"several_threads_shut_down", several_threads_shut_down},
        {"connects_during_shutdowns", connects_during_shutdowns},
        {"after_shutdown_every_call_starts_afresh", after_shutdown_every_call_starts_afresh},
        {"leaving_without_shutdown", leaving_without_shutdown},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, roles);
}
