/* What a callback of network_poll may do, and what it may not. */
#include <string.h>

#include "harness.h"

/* Lets the library work until an event waits, then hands out what waits. */
static double deliver(NetworkCallback callback, void *user) {
    SUCCESS(network_wait(patience_ms()));
    return SUCCESS(network_poll(callback, user));
}

static void deliver_until(NetworkCallback callback, void *user, const int *count, int wanted) {
    double deadline = now_ms() + patience_ms();
    while (*count < wanted) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
        SUCCESS(network_poll(callback, user));
    }
}

typedef struct {
    Pair pair;
    int events;
} Talk;

/* ---- destroying inside a callback ---- */

static void destroy_own_socket(const NetworkEvent *event, void *user) {
    Talk *talk = (Talk *)user;
    talk->events++;
    CHECK_EQUAL(event->id, talk->pair.accepted);
    CHECK_EQUAL(network_destroy(talk->pair.accepted), 0);
    CHECK_ERROR(network_destroy(talk->pair.accepted), network_error_bad_handle);
    /* What the event points to is still there. */
    CHECK_EQUAL(event->size, 5);
    CHECK(memcmp(event->buffer, "first", 5) == 0);
    CHECK_STRING(event->ip, "127.0.0.1");
}

static void the_sockets_further_events_are_gone(void) {
    Talk talk;
    int i;
    talk.pair = connect_pair(0);
    talk.events = 0;
    SUCCESS(network_send_packet(talk.pair.client, "first", 5));
    for (i = 0; i < 50; i++)
        SUCCESS(network_send_packet(talk.pair.client, "never seen", 10));
    deliver_until(destroy_own_socket, &talk, &talk.events, 1);
    take_event(talk.pair.client, network_type_disconnect);
    CHECK_EQUAL(talk.events, 1);
    check_no_events();
}

static void destroy_everything(const NetworkEvent *event, void *user) {
    Talk *talk = (Talk *)user;
    (void)event;
    talk->events++;
    SUCCESS(network_destroy(talk->pair.client));
    SUCCESS(network_destroy(talk->pair.server));
}

static void no_event_of_a_destroyed_server(void) {
    Talk talk;
    int i;
    talk.pair = connect_pair(0);
    talk.events = 0;
    for (i = 0; i < 50; i++) {
        SUCCESS(network_send_packet(talk.pair.client, "x", 1));
        SUCCESS(network_send_packet(talk.pair.accepted, "x", 1));
    }
    deliver_until(destroy_everything, &talk, &talk.events, 1);
    CHECK_EQUAL(talk.events, 1);
    check_no_events();
}

static void destroy_on_disconnect(const NetworkEvent *event, void *user) {
    Talk *talk = (Talk *)user;
    talk->events++;
    CHECK_EQUAL(event->type, network_type_disconnect);
    CHECK_ERROR(network_send_packet(event->socket, "late", 4), network_error_closed);
    CHECK_EQUAL(network_destroy(event->socket), 0);
}

static void destroying_the_client_that_left(void) {
    Talk talk;
    talk.pair = connect_pair(0);
    talk.events = 0;
    SUCCESS(network_destroy(talk.pair.client));
    deliver_until(destroy_on_disconnect, &talk, &talk.events, 1);
    check_no_events();
}

typedef struct {
    double handles[3];
    int count;
} Left;

static void note_who_left(const NetworkEvent *event, void *user) {
    Left *left = (Left *)user;
    if (event->type == network_type_disconnect && left->count < 3)
        left->handles[left->count++] = event->socket;
}

/* Of all clients whose ends one poll delivers the handles stay, as what the events point to does. */
static void who_left_is_known_until_the_next_poll(void) {
    double server = tcp_server(0, 3), port = SUCCESS(network_get_port(server)), clients[3];
    double deadline = now_ms() + patience_ms();
    Left left;
    int i, gone = 0;
    for (i = 0; i < 3; i++) {
        clients[i] = tcp_client(0, port);
        take_connect(server);
    }
    for (i = 0; i < 3; i++)
        SUCCESS(network_destroy(clients[i]));
    for (left.count = 0; gone < 3; gone = left.count) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
        SUCCESS(network_poll(note_who_left, &left));
        for (i = 0; i < gone; i++)
            CHECK_ERROR(network_get_port(left.handles[i]), network_error_bad_handle);
        for (i = gone; i < left.count; i++) {
            CHECK_STRING(network_get_string(left.handles[i], "ip"), "127.0.0.1");
            CHECK_ERROR(network_send_packet(left.handles[i], "late", 4), network_error_closed);
        }
    }
    SUCCESS(network_destroy(server));
}

/* ---- working inside a callback ---- */

static void answer(const NetworkEvent *event, void *user) {
    Talk *talk = (Talk *)user;
    if (event->type == network_type_data && event->id == talk->pair.accepted) {
        SUCCESS(network_send_packet(event->id, event->buffer, event->size));
        SUCCESS(network_set_timeout(event->id, 100000, 100000));
        SUCCESS(network_get_port(event->id));
        SUCCESS(network_get_stat(event->id, "bytes_received"));
        CHECK_STRING(network_get_string(event->id, "ip"), "127.0.0.1");
    } else if (event->type == network_type_data) {
        CHECK(memcmp(event->buffer, "echo", 4) == 0);
        talk->events++;
    }
}

static void sending_inside_a_callback(void) {
    Talk talk;
    int i;
    talk.pair = connect_pair(0);
    talk.events = 0;
    for (i = 0; i < 100; i++)
        SUCCESS(network_send_packet(talk.pair.client, "echo", 4));
    deliver_until(answer, &talk, &talk.events, 100);
    check_no_events();
}

static void connect_inside(const NetworkEvent *event, void *user) {
    Talk *talk = (Talk *)user;
    (void)event;
    if (talk->events++ == 0) {
        double client = SUCCESS(network_create_socket(network_socket_tcp));
        CHECK_EQUAL(network_connect_async(client, "127.0.0.1", talk->pair.port), client);
        SUCCESS(network_create_server(network_socket_tcp, 0, 1));
    }
}

static void connecting_inside_a_callback(void) {
    Talk talk;
    talk.pair = connect_pair(0);
    talk.events = 0;
    SUCCESS(network_send_packet(talk.pair.client, "x", 1));
    deliver_until(connect_inside, &talk, &talk.events, 3); /* data, connect, non_blocking_connect */
    CHECK_EQUAL(talk.events, 3);
    check_no_events();
}

/* ---- what would block ---- */

static void block(const NetworkEvent *event, void *user) {
    Talk *talk = (Talk *)user;
    NetworkEvent next;
    double client;
    (void)event;
    talk->events++;
    client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_ERROR(network_connect(client, "127.0.0.1", talk->pair.port), network_error_busy);
    CHECK_ERROR(network_connect_raw(client, "127.0.0.1", talk->pair.port), network_error_busy);
    CHECK_ERROR(network_wait(0), network_error_busy);
    CHECK_ERROR(network_shutdown(), network_error_busy);
    CHECK_ERROR(network_poll(block, user), network_error_busy);
    CHECK_ERROR(network_poll_event(&next), network_error_busy);
    CHECK_ERROR(network_event_next(), network_error_busy);
    CHECK_STRING(network_resolve("127.0.0.1"), "");
    CHECK(strlen(network_last_error()) > 5);
    SUCCESS(network_destroy(client));
}

static void blocking_calls_are_busy(void) {
    Talk talk;
    talk.pair = connect_pair(0);
    talk.events = 0;
    SUCCESS(network_send_packet(talk.pair.client, "x", 1));
    deliver_until(block, &talk, &talk.events, 1);
    /* Outside all of them work again. */
    CHECK_EQUAL(network_wait(0), 0);
    SUCCESS(network_send_packet(talk.pair.client, "y", 1));
    take_data(talk.pair.accepted, "y", 1);
    check_no_events();
}

/* With the global option they do not block, so a callback may call them. */
static void connect_non_blocking(const NetworkEvent *event, void *user) {
    Talk *talk = (Talk *)user;
    (void)event;
    if (talk->events++ == 0) {
        double client = SUCCESS(network_create_socket(network_socket_tcp));
        CHECK_EQUAL(network_connect(client, "127.0.0.1", talk->pair.port), client);
    }
}

static void non_blocking_connects_are_not_busy(void) {
    Talk talk;
    talk.pair = connect_pair(0);
    talk.events = 0;
    SUCCESS(network_set_config(network_config_use_non_blocking_socket, 1, 0));
    SUCCESS(network_send_packet(talk.pair.client, "x", 1));
    deliver_until(connect_non_blocking, &talk, &talk.events, 3);
    SUCCESS(network_set_config(network_config_use_non_blocking_socket, 0, 0));
    check_no_events();
}

/* ---- network_poll itself ---- */

static void count(const NetworkEvent *event, void *user) {
    (void)event;
    ++*(int *)user;
}

static void poll_says_how_many(void) {
    int seen = 0, i;
    double said = 0, deadline = now_ms() + patience_ms();
    Pair pair = connect_pair(0);
    for (i = 0; i < 10; i++)
        SUCCESS(network_send_packet(pair.client, "x", 1));
    while (seen < 10) {
        CHECK(now_ms() < deadline);
        said += deliver(count, &seen);
        CHECK_EQUAL(said, seen);
    }
    CHECK_EQUAL(network_poll(count, &seen), 0);
}

/* ---- leaving by an exception, where there are any ---- */

#ifdef __cplusplus
static void throw_at_the_third(const NetworkEvent *event, void *user) {
    int *seen = (int *)user;
    CHECK_EQUAL(event->size, 1);
    CHECK_EQUAL(*event->buffer, 'a' + *seen);
    if (++*seen % 3 == 0)
        throw event;
}

static void an_exception_comes_out_of_network_poll(void) {
    int seen = 0, caught = 0;
    double deadline = now_ms() + patience_ms();
    Pair pair = connect_pair(0);
    for (int i = 0; i < 10; i++) {
        char letter = (char)('a' + i);
        SUCCESS(network_send_packet(pair.client, &letter, 1));
    }
    while (seen < 10) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
        try {
            SUCCESS(network_poll(throw_at_the_third, &seen));
        } catch (const NetworkEvent *event) {
            caught++;
            CHECK_EQUAL(seen, 3 * caught);
            (void)event;
        }
    }
    CHECK_EQUAL(caught, 3);
    /* Nothing believes that a callback still runs, and nothing was lost or came twice. */
    CHECK_EQUAL(network_wait(0), 0);
    SUCCESS(network_send_packet(pair.client, "on", 2));
    take_data(pair.accepted, "on", 2);
    destroy_pair(&pair);
    check_no_events();
}

static void throw_always(const NetworkEvent *event, void *user) {
    ++*(int *)user;
    throw (int)event->type;
}

/* Also at the last event of a batch, and at one whose socket is to go with it. */
static void every_event_throws(void) {
    int seen = 0, caught = 0;
    double server = tcp_server(0, 4), deadline = now_ms() + patience_ms();
    double client = tcp_client(0, network_get_port(server));
    SUCCESS(network_send_packet(client, "x", 1));
    SUCCESS(network_destroy(client));
    while (seen < 3) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
        try {
            SUCCESS(network_poll(throw_always, &seen));
        } catch (int) {
            caught++;
        }
    }
    CHECK_EQUAL(caught, 3);
    CHECK_EQUAL(network_poll(throw_always, &seen), 0);
    CHECK_EQUAL(network_get_stat(-1, "sockets"), 1);
}
#endif

int main(int argc, char **argv) {
    static const Case cases[] = {
#ifdef __cplusplus
        {"an_exception_comes_out_of_network_poll", an_exception_comes_out_of_network_poll},
        {"every_event_throws", every_event_throws},
#endif
        {"the_sockets_further_events_are_gone", the_sockets_further_events_are_gone},
        {"no_event_of_a_destroyed_server", no_event_of_a_destroyed_server},
        {"destroying_the_client_that_left", destroying_the_client_that_left},
        {"who_left_is_known_until_the_next_poll", who_left_is_known_until_the_next_poll},
        {"sending_inside_a_callback", sending_inside_a_callback},
        {"connecting_inside_a_callback", connecting_inside_a_callback},
        {"blocking_calls_are_busy", blocking_calls_are_busy},
        {"non_blocking_connects_are_not_busy", non_blocking_connects_are_not_busy},
        {"poll_says_how_many", poll_says_how_many},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
