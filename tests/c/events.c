/* Collects the library's events in the order they come, so that tests can take them by handle. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"

typedef struct {
    NetworkEvent event; /* its pointers are copies of our own */
    int taken;
} Collected;

static struct {
    Collected *items;
    size_t count;
    size_t capacity;
    size_t first; /* all before it are taken */
} log_;

static double about(const NetworkEvent *event) { return event->socket >= 0 ? event->socket : event->id; }

static void *duplicate(const void *bytes, size_t size) {
    void *copy = malloc(size + 1);
    CHECK(copy != NULL);
    memcpy(copy, bytes, size);
    return copy;
}

/* What holds for every event, whatever it is about. */
static void check_shape(const NetworkEvent *event) {
    CHECK(event->ip != NULL && event->reason != NULL);
    CHECK((event->type >= network_type_connect && event->type <= network_type_non_blocking_connect)
          || event->type == network_type_writable);
    CHECK(event->error <= 0);
    CHECK(event->error == 0 || event->reason[0] != '\0');
    if (event->type == network_type_data) {
        CHECK(event->buffer != NULL);
        CHECK(event->socket == -1 && event->error == 0 && event->size >= 0);
    } else {
        CHECK(event->buffer == NULL && event->size == 0 && event->message_type == 0);
        /* A UDP socket is in no event, though peers of its reliable protocol come to an end. */
        CHECK(event->socket >= 0 || event->type == network_type_writable || event->type == network_type_disconnect);
        CHECK(event->type != network_type_writable || event->socket < 0);
    }
    if (event->type != network_type_non_blocking_connect)
        CHECK(event->succeeded == 0);
    else
        CHECK(event->succeeded == (event->error == 0 ? 1 : 0));
}

static void collect(const NetworkEvent *event, void *user) {
    Collected *item;
    (void)user;
    check_shape(event);
    if (log_.count == log_.capacity) {
        log_.capacity = log_.capacity ? 2 * log_.capacity : 64;
        log_.items = (Collected *)realloc(log_.items, log_.capacity * sizeof *log_.items);
        CHECK(log_.items != NULL);
    }
    item = &log_.items[log_.count++];
    item->event = *event;
    item->taken = 0;
    item->event.ip = (const char *)duplicate(event->ip, strlen(event->ip) + 1);
    item->event.reason = (const char *)duplicate(event->reason, strlen(event->reason) + 1);
    if (event->buffer != NULL)
        item->event.buffer = (const uint8_t *)duplicate(event->buffer, (size_t)event->size);
}

void pump(void) {
    SUCCESS(network_wait(2));
    SUCCESS(network_poll(collect, NULL));
}

void drop_events(void) {
    size_t i;
    for (i = 0; i < log_.count; i++) {
        free((void *)log_.items[i].event.ip);
        free((void *)log_.items[i].event.reason);
        free((void *)log_.items[i].event.buffer);
    }
    free(log_.items);
    memset(&log_, 0, sizeof log_);
}

/* The first event not taken that is about the handle (or, with server >= 0, that server's next connect). */
static Collected *find(double handle, double server) {
    size_t i;
    while (log_.first < log_.count && log_.items[log_.first].taken)
        log_.first++;
    for (i = log_.first; i < log_.count; i++) {
        Collected *item = &log_.items[i];
        if (item->taken)
            continue;
        if (server >= 0 ? item->event.type == network_type_connect && item->event.id == server
                        : about(&item->event) == handle)
            return item;
    }
    return NULL;
}

const NetworkEvent *take_event(double handle, double type) {
    Collected *item;
    WAIT_FOR(find(handle, -1) != NULL);
    item = find(handle, -1);
    if (item->event.type != type)
        fail(__FILE__, __LINE__, "the next event about %g is of type %g (error %g: %s), not %g", handle,
             item->event.type, item->event.error, item->event.reason, type);
    item->taken = 1;
    return &item->event;
}

const NetworkEvent *take_connect(double server) {
    Collected *item;
    WAIT_FOR(find(-1, server) != NULL);
    item = find(-1, server);
    item->taken = 1;
    CHECK_EQUAL(item->event.id, server);
    CHECK_EQUAL(item->event.server, server);
    return &item->event;
}

const NetworkEvent *take_data(double handle, const void *payload, size_t size) {
    const NetworkEvent *event = take_event(handle, network_type_data);
    CHECK_EQUAL(event->id, handle);
    CHECK_EQUAL(event->size, (double)size);
    CHECK(memcmp(event->buffer, payload, size) == 0);
    return event;
}

void take_stream(double handle, void *destination, size_t size) {
    size_t filled = 0;
    while (filled < size) {
        const NetworkEvent *event = take_event(handle, network_type_data);
        CHECK((size_t)event->size <= size - filled);
        memcpy((char *)destination + filled, event->buffer, (size_t)event->size);
        filled += (size_t)event->size;
    }
}

int untaken(double handle) {
    int count = 0;
    size_t i;
    for (i = log_.first; i < log_.count; i++)
        if (!log_.items[i].taken && (handle < 0 || about(&log_.items[i].event) == handle))
            count++;
    return count;
}

void settle(void) {
    Pair fence = connect_pair(0);
    SUCCESS(network_send_packet(fence.client, "fence", 5));
    take_data(fence.accepted, "fence", 5);
    SUCCESS(network_send_packet(fence.accepted, "fence", 5));
    take_data(fence.client, "fence", 5);
    SUCCESS(network_destroy(fence.client));
    take_event(fence.accepted, network_type_disconnect);
    SUCCESS(network_destroy(fence.server));
}

void check_no_events(void) {
    size_t i;
    settle();
    for (i = 0; i < log_.count; i++)
        if (!log_.items[i].taken)
            fail(__FILE__, __LINE__, "unexpected event of type %g about %g (error %g: %s)", log_.items[i].event.type,
                 about(&log_.items[i].event), log_.items[i].event.error, log_.items[i].event.reason);
}

/* ---- connections inside this process ---- */

double tcp_server(int raw, double max_client) {
    return SUCCESS(raw ? network_create_server_raw(network_socket_tcp, 0, max_client)
                       : network_create_server(network_socket_tcp, 0, max_client));
}

double tcp_client(int raw, double port) {
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_EQUAL(raw ? network_connect_raw(client, "127.0.0.1", port) : network_connect(client, "127.0.0.1", port),
                client);
    return client;
}

Pair connect_pair(int raw) {
    Pair pair;
    pair.server = tcp_server(raw, 100);
    pair.port = SUCCESS(network_get_port(pair.server));
    pair.client = tcp_client(raw, pair.port);
    pair.accepted = take_connect(pair.server)->socket;
    return pair;
}

void destroy_pair(const Pair *pair) {
    SUCCESS(network_destroy(pair->client));
    SUCCESS(network_destroy(pair->server));
}
