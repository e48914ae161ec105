/* Connecting: every way it can fail, and what a socket may do afterwards. */
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

/* Connects asynchronously and takes the one event that says it failed. */
static void fails(double client, const char *url, double port, int raw, double error) {
    const NetworkEvent *event;
    CHECK_EQUAL(raw ? network_connect_raw_async(client, url, port) : network_connect_async(client, url, port), client);
    event = take_event(client, network_type_non_blocking_connect);
    CHECK_EQUAL(event->id, client);
    CHECK_EQUAL(event->socket, client);
    CHECK_EQUAL(event->server, -1);
    CHECK_EQUAL(event->succeeded, 0);
    if (event->error != error)
        fail(__FILE__, __LINE__, "connecting to %s failed with %g (%s), not %g", url, event->error, event->reason, error);
    CHECK(strlen(event->reason) > 5);
}

static void refused(void) {
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int refusing = peer_refusing(&port);
    CHECK_ERROR(network_connect(client, "127.0.0.1", port), network_error_failed);
    CHECK_ERROR(network_connect_raw(client, "127.0.0.1", port), network_error_failed);
    fails(client, "127.0.0.1", port, 0, network_error_failed);
    fails(client, "127.0.0.1", port, 1, network_error_failed);
    fails(client, "localhost", port, 0, network_error_failed);
    check_no_events();
    close(refusing);
}

static void the_name_has_no_address(void) {
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_ERROR(network_connect(client, UNKNOWN_NAME, 6510), network_error_resolve);
    fails(client, UNKNOWN_NAME, 6510, 0, network_error_resolve);
    fails(client, UNKNOWN_NAME, 6510, 1, network_error_resolve);
    CHECK_STRING(network_resolve(UNKNOWN_NAME), "");
    check_no_events();
}

/* ---- timeouts ---- */

/* A listener whose queue is full does not answer: the connection is never made. */
static void nobody_answers(void) {
    double port, client;
    int waiting[64], i, full;
    int listener = peer_listen_full(&port, waiting, 64, &full);
    SUCCESS(network_set_config(network_config_connect_timeout, 150, 0));
    client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_ERROR(network_connect(client, "127.0.0.1", port), network_error_timeout);
    CHECK_ERROR(network_connect_raw(client, "127.0.0.1", port), network_error_timeout);
    fails(client, "127.0.0.1", port, 0, network_error_timeout);
    fails(client, "127.0.0.1", port, 1, network_error_timeout);
    check_no_events();
    for (i = 0; i < full; i++)
        close(waiting[i]);
    close(listener);
}

/* The server accepts, but its handshake stops somewhere. */
static void the_handshake_stops(void) {
    double port, client;
    int listener = peer_listen(&port), peer;
    SUCCESS(network_set_config(network_config_connect_timeout, 150, 0));
    client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_ERROR(network_connect(client, "127.0.0.1", port), network_error_timeout);
    fails(client, "127.0.0.1", port, 0, network_error_timeout);
    close(peer_accept(listener));
    close(peer_accept(listener));

    SUCCESS(network_set_config(network_config_connect_timeout, 600, 0));
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_accept(listener);
    peer_write(peer, BANNER, BANNER_SIZE);
    peer_expect(peer, HELLO, HELLO_SIZE);
    peer_write(peer, WELCOME, WELCOME_SIZE - 1);
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->error, network_error_timeout);
    CHECK_EQUAL(peer_ended(peer) >= 0, 1);
    check_no_events();
    close(peer);
    close(listener);
}

/* A client and a server of different kinds: the reason says what it looks like. */
static void mistaken(double server_kind, int raw_server, double client_kind, const char *looks_like) {
    const NetworkEvent *event;
    double server = raw_server ? network_create_server_raw(server_kind, 0, 8) : network_create_server(server_kind, 0, 8);
    double client = SUCCESS(network_create_socket(client_kind));
    SUCCESS(network_set_config(network_config_connect_timeout, 300, 0));
    /* The server is not the one to lose patience. */
    SUCCESS(network_set_config(network_config_handshake_timeout, 60000, 0));
    SUCCESS(network_connect_async(client, "127.0.0.1", SUCCESS(network_get_port(server))));
    event = take_event(client, network_type_non_blocking_connect);
    CHECK_EQUAL(event->succeeded, 0);
    if (strstr(event->reason, looks_like) == NULL)
        fail(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", event->reason, looks_like);
    CHECK_EQUAL(network_destroy(client), 0);
    CHECK_EQUAL(network_destroy(server), 0);
    drop_events();
}

static void kinds_of_servers_mistaken_for_each_other(void) {
    mistaken(network_socket_tcp, 1, network_socket_tcp, "is it a raw server");
    mistaken(network_socket_ws, 0, network_socket_tcp, "one for WebSockets");
    mistaken(network_socket_ws, 1, network_socket_ws, "is it a raw server");
    mistaken(network_socket_tcp, 1, network_socket_ws, "speak WebSockets");
    mistaken(network_socket_tcp, 0, network_socket_ws, "GameMaker TCP server");
    mistaken(network_socket_tcp, 1, network_socket_wss, "TLS");
}

/* The timeout counts from the call; what the server sends in between does not prolong it. */
static void a_trickling_server_does_not_prolong_the_timeout(void) {
    double port, client, deadline;
    int listener = peer_listen(&port), peer, i;
    SUCCESS(network_set_config(network_config_connect_timeout, 300, 0));
    client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_accept(listener);
    deadline = now_ms() + patience_ms();
    for (i = 0; i < BANNER_SIZE - 1 && untaken(client) == 0; i++) {
        double next = now_ms() + 50;
        CHECK(peer_write_some(peer, BANNER + i, 1) <= 1);
        while (now_ms() < next && untaken(client) == 0)
            pump();
        CHECK(now_ms() < deadline);
    }
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->error, network_error_timeout);
    check_no_events();
    close(peer);
    close(listener);
}

/* ---- a server that is none ---- */

static void wrong_handshakes(void) {
    static const struct {
        const char *banner;
        size_t banner_size;
        const char *welcome;
        size_t welcome_size;
        double error;
    } servers[] = {
        {"GM:Studio-Connecx", 18, NULL, 0, network_error_handshake},
        {"GM:Studio-Connect!", 18, NULL, 0, network_error_handshake},
        {"HTTP/1.1 400 Bad Request\r\n", 26, NULL, 0, network_error_handshake},
        {BANNER, 18, "\xad\xbe\xaf\xde\xeb\xbe\x0d\xf1\x0c\x00\x00\x00", 12, network_error_handshake},
        {BANNER, 18, "\xad\xbe\xaf\xde\xeb\xbe\x0d\xf0\x0d\x00\x00\x00", 12, network_error_handshake},
    };
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int listener = peer_listen(&port), peer;
    size_t i;
    for (i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        const NetworkEvent *event;
        SUCCESS(network_connect_async(client, "127.0.0.1", port));
        peer = peer_accept(listener);
        peer_write(peer, servers[i].banner, servers[i].banner_size);
        if (servers[i].welcome != NULL)
            peer_write(peer, servers[i].welcome, servers[i].welcome_size);
        event = take_event(client, network_type_non_blocking_connect);
        CHECK_EQUAL(event->succeeded, 0);
        CHECK_EQUAL(event->error, servers[i].error);
        peer_ended(peer);
        close(peer);
    }
    check_no_events();
    close(listener);
}

static void the_server_closes_during_the_handshake(void) {
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int listener = peer_listen(&port), peer, step;
    for (step = 0; step < 4; step++) {
        SUCCESS(network_connect_async(client, "127.0.0.1", port));
        peer = peer_accept(listener);
        if (step >= 1)
            peer_write(peer, BANNER, step == 1 ? 5 : BANNER_SIZE);
        if (step >= 2)
            peer_expect(peer, HELLO, HELLO_SIZE);
        if (step == 3)
            peer_write(peer, WELCOME, 5);
        if (step % 2 == 0)
            peer_reset(peer);
        else
            close(peer);
        CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->error, network_error_closed);
    }
    check_no_events();
    close(listener);
}

/* ---- what a socket may do, and when ---- */

static void connecting_twice_is_busy(void) {
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int listener = peer_listen(&port), peer;
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    CHECK_ERROR(network_connect_async(client, "127.0.0.1", port), network_error_busy);
    CHECK_ERROR(network_connect(client, "127.0.0.1", port), network_error_busy);
    CHECK_ERROR(network_connect_raw_async(client, "127.0.0.1", port), network_error_busy);
    CHECK_ERROR(network_send_packet(client, "early", 5), network_error_not_connected);
    peer = peer_welcome(listener);
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    CHECK_ERROR(network_connect_async(client, "127.0.0.1", port), network_error_busy);
    CHECK_ERROR(network_connect_raw(client, "127.0.0.1", port), network_error_busy);
    check_no_events();
    close(peer);
    close(listener);
}

static void sending_before_connecting(void) {
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_ERROR(network_send_packet(client, "early", 5), network_error_not_connected);
    CHECK_ERROR(network_send_raw(client, "early", 5, 0), network_error_not_connected);
    CHECK_ERROR(network_send_packet(client, NULL, 0), network_error_not_connected);
}

static void again_after_failures(void) {
    double port, server = tcp_server(0, 4), client = SUCCESS(network_create_socket(network_socket_tcp));
    int refusing = peer_refusing(&port), i;
    for (i = 0; i < 3; i++) {
        CHECK_ERROR(network_connect(client, "127.0.0.1", port), network_error_failed);
        fails(client, "127.0.0.1", port, 0, network_error_failed);
        CHECK_ERROR(network_connect(client, UNKNOWN_NAME, port), network_error_resolve);
        CHECK_EQUAL(network_connect(client, "127.0.0.1", network_get_port(server)), client);
        SUCCESS(network_destroy(take_connect(server)->socket));
        take_event(client, network_type_disconnect);
        SUCCESS(network_connect_async(client, "127.0.0.1", network_get_port(server)));
        CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
        SUCCESS(network_destroy(take_connect(server)->socket));
        take_event(client, network_type_disconnect);
    }
    check_no_events();
    close(refusing);
}

/* Regular one time, raw the next: the socket takes over nothing from its last connection. */
static void again_of_the_other_kind(void) {
    double regular = tcp_server(0, 4), raw = tcp_server(1, 4), accepted;
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    char got[4];
    int i;
    for (i = 0; i < 3; i++) {
        CHECK_EQUAL(network_connect(client, "127.0.0.1", network_get_port(regular)), client);
        accepted = take_connect(regular)->socket;
        CHECK_ERROR(network_send_raw(client, "raw", 3, 0), network_error_wrong_kind);
        SUCCESS(network_send_packet(client, "packet", 6));
        take_data(accepted, "packet", 6);
        SUCCESS(network_destroy(accepted));
        take_event(client, network_type_disconnect);

        CHECK_EQUAL(network_connect_raw(client, "127.0.0.1", network_get_port(raw)), client);
        accepted = take_connect(raw)->socket;
        SUCCESS(network_send_raw(client, "raw", 3, 0));
        take_stream(accepted, got, 3);
        CHECK(memcmp(got, "raw", 3) == 0);
        SUCCESS(network_destroy(accepted));
        take_event(client, network_type_disconnect);
    }
    check_no_events();
}

/* What an earlier connection left behind, queued or under way, has nothing to do with the next one. */
static void again_with_words_left_over(int raw) {
    static char words[1 << 20];
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int listener = peer_listen(&port), first, second;
    char got[HEADER_SIZE + 5];
    SUCCESS(raw ? network_connect_raw_async(client, "127.0.0.1", port) : network_connect_async(client, "127.0.0.1", port));
    first = raw ? peer_accept(listener) : peer_welcome(listener);
    take_event(client, network_type_non_blocking_connect);
    peer_half_close(first);
    /* The connection still takes words until its end is collected: more than leave, to the limit. */
    CHECK_EQUAL(network_wait(patience_ms()), 1);
    SUCCESS(network_set_config(network_config_send_queue_limit, client, sizeof words));
    while (network_send_packet(client, words, sizeof words) >= 0) {}
    take_event(client, network_type_disconnect);

    SUCCESS(raw ? network_connect_raw_async(client, "127.0.0.1", port) : network_connect_async(client, "127.0.0.1", port));
    second = raw ? peer_accept(listener) : peer_welcome(listener);
    take_event(client, network_type_non_blocking_connect);
    SUCCESS(network_send_packet(client, "hello", 5));
    peer_read(second, got, sizeof got);
    CHECK(memcmp(got + HEADER_SIZE, "hello", 5) == 0);
    check_no_events();
    close(first);
    close(second);
    close(listener);
}

static void again_on_a_raw_connection(void) { again_with_words_left_over(1); }
static void again_on_a_regular_connection(void) { again_with_words_left_over(0); }

static void the_global_non_blocking_option(void) {
    double port, server = tcp_server(0, 4), client = SUCCESS(network_create_socket(network_socket_tcp));
    int refusing = peer_refusing(&port);
    SUCCESS(network_set_config(network_config_use_non_blocking_socket, 1, 0));
    CHECK_EQUAL(network_connect(client, "127.0.0.1", port), client);
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->error, network_error_failed);
    CHECK_EQUAL(network_connect_raw(client, "127.0.0.1", port), client);
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->error, network_error_failed);
    CHECK_EQUAL(network_connect(client, "127.0.0.1", network_get_port(server)), client);
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    take_connect(server);

    SUCCESS(network_set_config(network_config_use_non_blocking_socket, 0, 0));
    client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_EQUAL(network_connect(client, "127.0.0.1", network_get_port(server)), client);
    take_connect(server);
    check_no_events();
    close(refusing);
}

/* ---- destroying a socket that connects ---- */

static void destroy_while_connecting(void) {
    double port;
    int listener = peer_listen(&port), i;
    for (i = 0; i < 50; i++) {
        double client = SUCCESS(network_create_socket(network_socket_tcp));
        SUCCESS(network_connect_async(client, i % 2 ? "localhost" : "127.0.0.1", port));
        if (i % 3 == 0)
            pump();
        SUCCESS(network_destroy(client));
    }
    check_no_events();
    close(listener);
}

typedef struct {
    double socket, port, result;
} Connecting;

static void *connect_blocking(void *argument) {
    Connecting *connecting = (Connecting *)argument;
    connecting->result = network_connect(connecting->socket, "127.0.0.1", connecting->port);
    return NULL;
}

/* A blocking connect ends when another thread destroys its socket. */
static void destroy_ends_a_blocking_connect(void) {
    Connecting connecting;
    pthread_t thread;
    double start = now_ms();
    int listener = peer_listen(&connecting.port), peer;
    SUCCESS(network_set_config(network_config_connect_timeout, 10 * patience_ms(), 0));
    connecting.socket = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK(pthread_create(&thread, NULL, connect_blocking, &connecting) == 0);
    peer = peer_accept(listener);
    SUCCESS(network_destroy(connecting.socket));
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(connecting.result < 0);
    CHECK(now_ms() - start < patience_ms());
    check_no_events();
    close(peer);
    close(listener);
}

static void *welcome_one(void *listener) {
    struct pollfd arrives;
    static int peer;
    char hello[HELLO_SIZE];
    arrives.fd = *(int *)listener;
    arrives.events = POLLIN;
    CHECK(poll(&arrives, 1, (int)patience_ms()) == 1);
    peer = accept(*(int *)listener, NULL, NULL);
    CHECK(peer >= 0);
    CHECK(peer_write_blocking(peer, BANNER, BANNER_SIZE));
    CHECK(peer_read_blocking(peer, hello, HELLO_SIZE));
    CHECK(peer_write_blocking(peer, WELCOME, WELCOME_SIZE));
    return &peer;
}

/* A program that waits for a connect collects no events: the connect must not wait for that. */
static void while_all_that_may_wait_is_waiting(void) {
    Pair pair = connect_pair(0);
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int listener = peer_listen(&port);
    pthread_t thread;
    void *peer;
    SUCCESS(network_set_config(network_config_total_queue_limit, 1, 0));
    SUCCESS(network_send_packet(pair.client, "hello", 5));
    CHECK_EQUAL(network_wait(patience_ms()), 1);
    CHECK(pthread_create(&thread, NULL, welcome_one, &listener) == 0);
    CHECK_EQUAL(network_connect(client, "127.0.0.1", port), client);
    CHECK(pthread_join(thread, &peer) == 0);
    take_data(pair.accepted, "hello", 5);
    check_no_events();
    close(*(int *)peer);
    close(listener);
}

/* ---- the local port ---- */

static void a_local_port_of_ones_own(void) {
    double server = tcp_server(0, 4), chosen, client, probe;
    /* A port that is free: the system gives one, and it is given back at once. */
    probe = tcp_server(0, 1);
    chosen = network_get_port(probe);
    SUCCESS(network_destroy(probe));
    client = SUCCESS(network_create_socket_ext(network_socket_tcp, chosen));
    CHECK_EQUAL(network_get_port(client), chosen);
    CHECK_EQUAL(network_connect(client, "127.0.0.1", network_get_port(server)), client);
    CHECK_EQUAL(take_connect(server)->port, chosen);
    CHECK_EQUAL(network_get_port(client), chosen);
    CHECK_ERROR(network_create_socket_ext(network_socket_tcp, chosen), network_error_address_in_use);

    client = SUCCESS(network_create_socket_ext(network_socket_tcp, 0));
    CHECK_EQUAL(network_connect(client, "127.0.0.1", network_get_port(server)), client);
    CHECK_EQUAL(take_connect(server)->port, network_get_port(client));
}

static void a_local_port_that_is_taken(void) {
    double server = tcp_server(0, 4);
    CHECK_ERROR(network_create_socket_ext(network_socket_tcp, network_get_port(server)), network_error_address_in_use);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"refused", refused},
        {"the_name_has_no_address", the_name_has_no_address},
        {"nobody_answers", nobody_answers},
        {"the_handshake_stops", the_handshake_stops},
        {"kinds_of_servers_mistaken_for_each_other", kinds_of_servers_mistaken_for_each_other},
        {"a_trickling_server_does_not_prolong_the_timeout", a_trickling_server_does_not_prolong_the_timeout},
        {"wrong_handshakes", wrong_handshakes},
        {"the_server_closes_during_the_handshake", the_server_closes_during_the_handshake},
        {"connecting_twice_is_busy", connecting_twice_is_busy},
        {"sending_before_connecting", sending_before_connecting},
        {"again_after_failures", again_after_failures},
        {"again_of_the_other_kind", again_of_the_other_kind},
        {"again_on_a_raw_connection", again_on_a_raw_connection},
        {"again_on_a_regular_connection", again_on_a_regular_connection},
        {"the_global_non_blocking_option", the_global_non_blocking_option},
        {"destroy_while_connecting", destroy_while_connecting},
        {"destroy_ends_a_blocking_connect", destroy_ends_a_blocking_connect},
        {"while_all_that_may_wait_is_waiting", while_all_that_may_wait_is_waiting},
        {"a_local_port_of_ones_own", a_local_port_of_ones_own},
        {"a_local_port_that_is_taken", a_local_port_that_is_taken},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
