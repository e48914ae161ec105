/* Several threads that send, collect and wait at once; and waits that others end. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

enum { THREADS = 4, PACKETS = 2000 };

/* ---- several senders on one socket ---- */

typedef struct {
    double socket;
    int thread;
} Sender;

static void *send_many(void *argument) {
    const Sender *sender = (const Sender *)argument;
    int words[2], i;
    words[0] = sender->thread;
    for (i = 0; i < PACKETS; i++) {
        words[1] = i;
        CHECK_EQUAL(network_send_packet(sender->socket, words, sizeof words), sizeof words + 12);
    }
    return NULL;
}

static void several_senders(void) {
    pthread_t threads[THREADS];
    Sender senders[THREADS];
    int next[THREADS] = {0}, words[2], i;
    Pair pair = connect_pair(0);
    for (i = 0; i < THREADS; i++) {
        senders[i].socket = pair.client;
        senders[i].thread = i;
        CHECK(pthread_create(&threads[i], NULL, send_many, &senders[i]) == 0);
    }
    for (i = 0; i < THREADS * PACKETS; i++) {
        const NetworkEvent *event = take_event(pair.accepted, network_type_data);
        CHECK_EQUAL(event->size, sizeof words);
        memcpy(words, event->buffer, sizeof words);
        CHECK(words[0] >= 0 && words[0] < THREADS);
        CHECK_EQUAL(words[1], next[words[0]]++); /* each thread's packets in its order */
    }
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    check_no_events();
}

/* ---- several collectors ---- */

/* What was collected, by all threads together. An event's pointers may be gone when another thread
   collects the next, so the numbers travel as sizes. */
static struct {
    pthread_mutex_t lock;
    int data, others, wanted;
    double sizes;
} collected;

static void count(const NetworkEvent *event, void *user) {
    (void)user;
    CHECK(pthread_mutex_lock(&collected.lock) == 0);
    if (event->type == network_type_data) {
        collected.data++;
        collected.sizes += event->size;
    } else {
        collected.others++;
    }
    CHECK(pthread_mutex_unlock(&collected.lock) == 0);
}

static int all_collected(void) {
    int all;
    CHECK(pthread_mutex_lock(&collected.lock) == 0);
    all = collected.data >= collected.wanted;
    CHECK(pthread_mutex_unlock(&collected.lock) == 0);
    return all;
}

static void *collect_some(void *argument) {
    int way = *(int *)argument;
    double deadline = now_ms() + patience_ms();
    while (!all_collected()) {
        NetworkEvent event;
        double got;
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
        switch (way) {
        case 0: got = network_poll(count, NULL); break;
        default:
            got = network_poll_event(&event);
            if (got == 1)
                count(&event, NULL);
            break;
        }
        CHECK(got >= 0);
    }
    return NULL;
}

static void several_collectors(void) {
    pthread_t threads[THREADS], sender;
    int ways[THREADS], i;
    double expected = 0;
    Sender sending;
    Pair pair = connect_pair(0);
    memset(&collected, 0, sizeof collected);
    CHECK(pthread_mutex_init(&collected.lock, NULL) == 0);
    collected.wanted = 2 * PACKETS;
    sending.socket = pair.accepted;
    sending.thread = 0;
    for (i = 0; i < THREADS; i++) {
        ways[i] = i % 2;
        CHECK(pthread_create(&threads[i], NULL, collect_some, &ways[i]) == 0);
    }
    CHECK(pthread_create(&sender, NULL, send_many, &sending) == 0);
    for (i = 0; i < PACKETS; i++) {
        static const char bytes[100] = {0};
        SUCCESS(network_send_packet(pair.client, bytes, i % 100));
        expected += i % 100;
    }
    CHECK(pthread_join(sender, NULL) == 0);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK_EQUAL(collected.data, 2 * PACKETS);
    CHECK_EQUAL(collected.others, 0);
    CHECK_EQUAL(collected.sizes, expected + PACKETS * 2.0 * sizeof(int));
    CHECK(pthread_mutex_destroy(&collected.lock) == 0);
    check_no_events();
}

/* ---- creating, connecting and destroying from several threads ---- */

static void *come_and_go(void *argument) {
    double port = *(double *)argument;
    int i;
    for (i = 0; i < 100; i++) {
        double client = SUCCESS(network_create_socket(network_socket_tcp));
        CHECK_EQUAL(network_connect(client, "127.0.0.1", port), client);
        SUCCESS(network_send_packet(client, "visit", 5));
        CHECK_EQUAL(network_destroy(client), 0);
    }
    return NULL;
}

static void several_visitors(void) {
    pthread_t threads[THREADS];
    double server = tcp_server(0, 1000), port = network_get_port(server);
    int i;
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, come_and_go, &port) == 0);
    for (i = 0; i < THREADS * 100; i++) {
        double visitor = take_connect(server)->socket;
        take_data(visitor, "visit", 5);
        CHECK_EQUAL(take_event(visitor, network_type_disconnect)->error, 0);
    }
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    check_no_events();
}

/* ---- answering in a callback while another thread destroys ---- */

enum { QUESTIONS = 200 };

static struct {
    double server_end, client;
    int started[2]; /* a pipe: the first question was answered */
    int asked, answered, received, over;
} talk;

static void answer(const NetworkEvent *event, void *user) {
    double sent;
    (void)user;
    if (event->type == network_type_disconnect) {
        CHECK_EQUAL(event->id, talk.client);
        talk.over = 1;
    } else if (event->id == talk.client) {
        CHECK_EQUAL(event->size, 6);
        talk.received++;
    } else {
        CHECK_EQUAL(event->id, talk.server_end);
        sent = network_send_packet(event->id, "answer", 6);
        if (talk.asked++ == 0)
            CHECK(write(talk.started[1], "x", 1) == 1);
        if (sent < 0)
            CHECK_EQUAL(sent, network_error_bad_handle);
        else
            talk.answered++;
    }
}

static void *destroy_when_started(void *user) {
    char byte;
    (void)user;
    CHECK(read(talk.started[0], &byte, 1) == 1);
    SUCCESS(network_destroy(talk.server_end));
    return NULL;
}

/* Every answer that was accepted arrives, before the disconnect. */
static void a_destroy_beside_answers(void) {
    int round, i;
    for (round = 0; round < 30; round++) {
        pthread_t destroyer;
        double deadline = now_ms() + patience_ms();
        Pair pair = connect_pair(0);
        memset(&talk, 0, sizeof talk);
        talk.server_end = pair.accepted;
        talk.client = pair.client;
        CHECK(pipe(talk.started) == 0);
        CHECK(pthread_create(&destroyer, NULL, destroy_when_started, NULL) == 0);
        for (i = 0; i < QUESTIONS; i++)
            SUCCESS(network_send_packet(pair.client, "question", 8));
        while (!talk.over) {
            CHECK(now_ms() < deadline);
            SUCCESS(network_wait(5));
            CHECK(network_poll(answer, NULL) >= 0);
        }
        CHECK(pthread_join(destroyer, NULL) == 0);
        CHECK(talk.answered > 0);
        CHECK_EQUAL(talk.received, talk.answered);
        CHECK_EQUAL(network_send_packet(pair.accepted, "answer", 6), network_error_bad_handle);
        CHECK(close(talk.started[0]) == 0 && close(talk.started[1]) == 0);
        SUCCESS(network_destroy(pair.client));
    }
}

/* ---- network_wait ---- */

static void a_wait_without_events(void) {
    double start = now_ms();
    CHECK_EQUAL(network_wait(0), 0);
    CHECK_EQUAL(network_wait(50), 0);
    CHECK(now_ms() - start >= 49);
}

static void a_wait_with_an_event(void) {
    Pair pair = connect_pair(0);
    SUCCESS(network_send_packet(pair.client, "x", 1));
    CHECK_EQUAL(network_wait(10 * patience_ms()), 1);
    CHECK_EQUAL(network_wait(10 * patience_ms()), 1); /* it waits on */
    CHECK_EQUAL(network_wait(0), 1);
    take_data(pair.accepted, "x", 1);
    CHECK_EQUAL(network_wait(0), 0);
}

typedef struct {
    double socket;
    int peer;
    int passed;
} Helper;

/* Sends through the library and reads at the other end of the wire; then answers. */
static void *wait_beside(void *most) {
    double waits = network_wait(20);
    if (waits > *(double *)most)
        *(double *)most = waits;
    return NULL;
}

static void wait_in_another_thread(const NetworkEvent *event, void *most) {
    pthread_t thread;
    (void)event;
    CHECK(pthread_create(&thread, NULL, wait_beside, most) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* Events that a poll has already taken are nothing to wake others for. */
static void a_wait_beside_a_poll(void) {
    double most = 0;
    Pair pair = connect_pair(0);
    SUCCESS(network_send_packet(pair.client, "one", 3));
    SUCCESS(network_send_packet(pair.client, "two", 3));
    while (network_get_stat(-1, "events") < 2)
        SUCCESS(network_wait(10));
    CHECK_EQUAL(network_poll(wait_in_another_thread, &most), 2);
    CHECK_EQUAL(most, 0);
}

static void *send_and_answer(void *argument) {
    Helper *helper = (Helper *)argument;
    char got[HEADER_SIZE + 4];
    CHECK_EQUAL(network_send_packet(helper->socket, "ping", 4), 4 + 12);
    helper->passed = peer_read_blocking(helper->peer, got, sizeof got) && memcmp(got + HEADER_SIZE, "ping", 4) == 0;
    packet_header((unsigned char *)got, 4);
    memcpy(got + HEADER_SIZE, "pong", 4);
    peer_write_blocking(helper->peer, got, sizeof got);
    return NULL;
}

/* Another thread's send leaves while this one sleeps in network_wait, with or without an I/O thread. */
static void a_send_leaves_during_a_wait(void) {
    int round;
    for (round = 0; round < 20; round++) {
        Helper helper;
        pthread_t thread;
        double server = tcp_server(0, 1), started;
        helper.peer = peer_join(network_get_port(server));
        helper.socket = take_connect(server)->socket;
        helper.passed = 0;
        started = now_ms();
        CHECK(pthread_create(&thread, NULL, send_and_answer, &helper) == 0);
        CHECK_EQUAL(network_wait(10 * patience_ms()), 1);
        CHECK(now_ms() - started < patience_ms());
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(helper.passed);
        take_data(helper.socket, "pong", 4);
        close(helper.peer);
        take_event(helper.socket, network_type_disconnect);
        SUCCESS(network_destroy(server));
    }
    check_no_events();
}

static void *destroy_socket(void *argument) {
    SUCCESS(network_destroy(*(double *)argument));
    return NULL;
}

/* Another thread's destroy takes effect as well: here it makes the event that ends the wait. */
static void a_destroy_leaves_during_a_wait(void) {
    pthread_t thread;
    Pair pair = connect_pair(0);
    double started = now_ms();
    CHECK(pthread_create(&thread, NULL, destroy_socket, &pair.client) == 0);
    CHECK_EQUAL(network_wait(10 * patience_ms()), 1);
    CHECK(now_ms() - started < patience_ms());
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_EQUAL(take_event(pair.accepted, network_type_disconnect)->error, 0);
    check_no_events();
}

static void *connect_later(void *argument) {
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_async(client, "127.0.0.1", *(double *)argument));
    return NULL;
}

static void a_connect_starts_during_a_wait(void) {
    pthread_t thread;
    double server = tcp_server(0, 1), port = network_get_port(server), started = now_ms();
    CHECK(pthread_create(&thread, NULL, connect_later, &port) == 0);
    CHECK_EQUAL(network_wait(10 * patience_ms()), 1);
    CHECK(now_ms() - started < patience_ms());
    CHECK(pthread_join(thread, NULL) == 0);
    take_connect(server);
}

/* ---- a handle that nobody was told of yet ---- */

/* Handles are counted up, so a program that keeps a wrong one may hit upon a connection that is only just
   being made. */
static struct {
    pthread_mutex_t lock;
    double handle;
} guessed;

static double guess(double handle) {
    CHECK(pthread_mutex_lock(&guessed.lock) == 0);
    if (handle >= 0)
        guessed.handle = handle;
    handle = guessed.handle;
    CHECK(pthread_mutex_unlock(&guessed.lock) == 0);
    return handle;
}

static void *send_early(void *argument) {
    double handle, since = 0;
    (void)argument;
    while ((handle = guess(-1)) > 0) {
        /* Once it has arrived there, enough. */
        if (handle != since && network_send_packet(handle, "early", 5) > 0)
            since = handle;
    }
    return NULL;
}

static void a_send_before_the_connect_event_does_not_silence_the_connection(void) {
    enum { CONNECTIONS = 400 };
    double server = tcp_server(0, CONNECTIONS), port = network_get_port(server), last = server;
    unsigned char bytes[HEADER_SIZE + 5];
    pthread_t thread;
    int i;
    CHECK(pthread_mutex_init(&guessed.lock, NULL) == 0);
    guess(last + 1);
    CHECK(pthread_create(&thread, NULL, send_early, NULL) == 0);
    for (i = 0; i < CONNECTIONS; i++) {
        int peer = peer_join(port);
        last = take_connect(server)->socket;
        guess(last + 1);
        CHECK_EQUAL(network_send_packet(last, "later", 5), 17);
        do {
            peer_read(peer, bytes, sizeof bytes);
        } while (memcmp(bytes + HEADER_SIZE, "later", 5) != 0);
        SUCCESS(network_destroy(last));
        close(peer);
    }
    guess(0);
    CHECK(pthread_join(thread, NULL) == 0);
    SUCCESS(network_destroy(server));
    drop_events();
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"several_senders", several_senders},
        {"several_collectors", several_collectors},
        {"several_visitors", several_visitors},
        {"a_destroy_beside_answers", a_destroy_beside_answers},
        {"a_wait_without_events", a_wait_without_events},
        {"a_wait_beside_a_poll", a_wait_beside_a_poll},
        {"a_wait_with_an_event", a_wait_with_an_event},
        {"a_send_leaves_during_a_wait", a_send_leaves_during_a_wait},
        {"a_destroy_leaves_during_a_wait", a_destroy_leaves_during_a_wait},
        {"a_connect_starts_during_a_wait", a_connect_starts_during_a_wait},
        {"a_send_before_the_connect_event_does_not_silence_the_connection",
         a_send_before_the_connect_event_does_not_silence_the_connection},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
