/* Server and client in processes of their own, with every way to connect. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "process.h"

enum { PACKETS = 500, CLIENTS = 3 };

/* The n-th packet: of growing size, of bytes that depend on n. */
static size_t make_packet(char *bytes, int n) {
    size_t size = (size_t)(n * 37 % 3000), i;
    for (i = 0; i < size; i++)
        bytes[i] = (char)(i * 31 + (size_t)n);
    return size;
}

static size_t stream_size(void) {
    static char bytes[3000];
    size_t total = 0;
    int n;
    for (n = 0; n < PACKETS; n++)
        total += make_packet(bytes, n);
    return total;
}

/* ---- the server: echoes, and ends when all clients have left ---- */

typedef struct {
    double server;
    int raw;
    int connected, left;
} Server;

static void serve(const NetworkEvent *event, void *user) {
    Server *state = (Server *)user;
    switch ((int)event->type) {
    case network_type_connect:
        CHECK_EQUAL(event->id, state->server);
        CHECK_EQUAL(event->server, state->server);
        state->connected++;
        break;
    case network_type_data:
        CHECK_EQUAL(event->server, state->server);
        if (state->raw)
            CHECK_EQUAL(network_send_raw(event->id, event->buffer, event->size, 0), event->size);
        else
            CHECK_EQUAL(network_send_packet(event->id, event->buffer, event->size), event->size + 12);
        break;
    case network_type_disconnect:
        CHECK_EQUAL(event->id, state->server);
        CHECK_EQUAL(event->error, 0);
        state->left++;
        break;
    default:
        fail(__FILE__, __LINE__, "event of type %g", event->type);
    }
}

static int role_server(int argc, char **argv) {
    Server state;
    double deadline = now_ms() + patience_ms();
    memset(&state, 0, sizeof state);
    CHECK(argc == 2);
    state.raw = strcmp(argv[0], "raw") == 0;
    state.server = tcp_server(state.raw, CLIENTS);
    tell_parent(network_get_port(state.server));
    while (state.left < atoi(argv[1])) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(100));
        SUCCESS(network_poll(serve, &state));
    }
    CHECK_EQUAL(state.connected, state.left);
    CHECK_EQUAL(network_shutdown(), 0);
    return 0;
}

/* ---- the client ---- */

/* argv: the port, "raw" or "regular", how to connect. */
static int role_client(int argc, char **argv) {
    static char bytes[3000];
    double port, client;
    int raw, n;
    CHECK(argc == 3);
    port = atof(argv[0]);
    raw = strcmp(argv[1], "raw") == 0;
    client = SUCCESS(network_create_socket(network_socket_tcp));
    if (strcmp(argv[2], "async") == 0) {
        CHECK_EQUAL(raw ? network_connect_raw_async(client, "127.0.0.1", port)
                        : network_connect_async(client, "127.0.0.1", port),
                    client);
    } else {
        CHECK_EQUAL(network_set_config(network_config_use_non_blocking_socket, strcmp(argv[2], "non_blocking") == 0, 0),
                    0);
        CHECK_EQUAL(raw ? network_connect_raw(client, "127.0.0.1", port) : network_connect(client, "127.0.0.1", port),
                    client);
    }
    if (strcmp(argv[2], "blocking") != 0)
        CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    CHECK_EQUAL(untaken(-1), 0);

    for (n = 0; n < PACKETS; n++) {
        size_t size = make_packet(bytes, n);
        if (raw)
            CHECK_EQUAL(network_send_raw(client, bytes, (double)size, 0), (double)size);
        else
            CHECK_EQUAL(network_send_packet(client, bytes, (double)size), (double)size + 12);
    }
    if (raw) {
        char *all = (char *)malloc(stream_size());
        size_t at = 0;
        CHECK(all != NULL);
        take_stream(client, all, stream_size());
        for (n = 0; n < PACKETS; n++) {
            size_t size = make_packet(bytes, n);
            CHECK(memcmp(all + at, bytes, size) == 0);
            at += size;
        }
        free(all);
    } else {
        for (n = 0; n < PACKETS; n++) {
            size_t size = make_packet(bytes, n);
            take_data(client, bytes, size);
        }
    }
    CHECK_EQUAL(network_destroy(client), 0);
    CHECK_EQUAL(network_shutdown(), 0);
    return 0;
}

/* ---- cases ---- */

static void converse(const char *kind, const char *way, int clients) {
    Child server, client[CLIENTS];
    char count[16], port[16];
    int i;
    snprintf(count, sizeof count, "%d", clients);
    server = spawn("server", kind, count, NULL);
    snprintf(port, sizeof port, "%.0f", child_number(&server));
    for (i = 0; i < clients; i++)
        client[i] = spawn("client", port, kind, way);
    for (i = 0; i < clients; i++)
        child_succeeds(&client[i]);
    child_succeeds(&server);
}

static void regular_blocking(void) { converse("regular", "blocking", 1); }
static void regular_non_blocking(void) { converse("regular", "non_blocking", 1); }
static void regular_async(void) { converse("regular", "async", 1); }
static void raw_blocking(void) { converse("raw", "blocking", 1); }
static void raw_non_blocking(void) { converse("raw", "non_blocking", 1); }
static void raw_async(void) { converse("raw", "async", 1); }
static void several_clients(void) { converse("regular", "async", CLIENTS); }

/* The server process dies: the client's connection ends, with a reason when it was not in order. */
static int role_dying_server(int argc, char **argv) {
    double server = tcp_server(0, 1);
    (void)argc, (void)argv;
    tell_parent(network_get_port(server));
    take_connect(server);
    _exit(3);
}

static void the_server_dies(void) {
    Child server = spawn("dying_server", NULL, NULL, NULL);
    double client = tcp_client(0, child_number(&server));
    const NetworkEvent *event = take_event(client, network_type_disconnect);
    CHECK_EQUAL(event->id, client);
    CHECK_EQUAL(event->socket, client);
    CHECK_EQUAL(event->server, -1);
    CHECK(child_status(&server) != 0);
    check_no_events();
}

/* A child that lives on holds none of its parent's connections: the peer sees the end when the parent ends them. */
static int role_bystander(int argc, char **argv) {
    double server = tcp_server(0, 1);
    (void)argc, (void)argv;
    tell_parent(network_get_port(server));
    /* Until the parent comes and goes. */
    take_event(take_connect(server)->socket, network_type_disconnect);
    return 0;
}

static void children_inherit_no_connection(void) {
    double server = tcp_server(0, 1), accepted;
    int peer = peer_join(network_get_port(server));
    Child bystander;
    double goodbye;
    accepted = take_connect(server)->socket;
    bystander = spawn("bystander", NULL, NULL, NULL);
    goodbye = tcp_client(0, child_number(&bystander));
    SUCCESS(network_destroy(accepted));
    peer_ended(peer);
    close(peer);
    SUCCESS(network_destroy(goodbye));
    child_succeeds(&bystander);
    check_no_events();
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"regular_blocking", regular_blocking},
        {"regular_non_blocking", regular_non_blocking},
        {"regular_async", regular_async},
        {"raw_blocking", raw_blocking},
        {"raw_non_blocking", raw_non_blocking},
        {"raw_async", raw_async},
        {"several_clients", several_clients},
        {"the_server_dies", the_server_dies},
        {"children_inherit_no_connection", children_inherit_no_connection},
        {NULL, NULL},
    };
    static const Role roles[] = {
        {"server", role_server},
        {"client", role_client},
        {"dying_server", role_dying_server},
        {"bystander", role_bystander},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, roles);
}
