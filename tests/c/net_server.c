/* Servers: ports, places, unfinished handshakes, descriptors running out. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "process.h"

static void the_system_chooses_the_port(void) {
    double first = tcp_server(0, 1), second = tcp_server(0, 1);
    double port = network_get_port(first);
    CHECK(port > 0 && port <= 65535 && port != network_get_port(second));
    CHECK_ERROR(network_create_server(network_socket_tcp, port, 1), network_error_address_in_use);
    CHECK_ERROR(network_create_server_raw(network_socket_tcp, port, 1), network_error_address_in_use);
}

/* After a server is gone its port is free, although connections of it are still in TIME_WAIT. */
static void a_port_can_be_used_again(void) {
    Pair pair = connect_pair(0);
    double again;
    SUCCESS(network_destroy(pair.accepted));
    take_event(pair.client, network_type_disconnect);
    destroy_pair(&pair);
    again = SUCCESS(network_create_server(network_socket_tcp, pair.port, 1));
    tcp_client(0, pair.port);
    take_connect(again);
    check_no_events();
}

/* Nobody takes the port of a server or of a UDP socket, not even who asks to share it. */
static void a_port_cannot_be_stolen(void) {
    static const int kinds[] = {SOCK_STREAM, SOCK_DGRAM};
    static const double types[] = {network_socket_tcp, network_socket_udp};
    int i, on = 1;
    for (i = 0; i < 2; i++) {
        double server = SUCCESS(network_create_server(types[i], 0, 1));
        struct sockaddr_in address;
        int thief = socket(AF_INET, kinds[i], 0);
        CHECK(thief >= 0);
        CHECK(setsockopt(thief, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
        memset(&address, 0, sizeof address);
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons((uint16_t)network_get_port(server));
        CHECK(bind(thief, (struct sockaddr *)&address, sizeof address) != 0);
        close(thief);
        SUCCESS(network_destroy(server));
    }
    check_no_events();
}

/* ---- places ---- */

/* The one too many is refused: its connect fails, and the server says nothing of it. */
static void refuse_one(double port) {
    const NetworkEvent *event;
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    event = take_event(client, network_type_non_blocking_connect);
    CHECK_EQUAL(event->succeeded, 0);
    CHECK(event->error == network_error_closed || event->error == network_error_handshake);
    SUCCESS(network_destroy(client));
}

static void places(void) {
    double server = tcp_server(0, 2), port = network_get_port(server);
    double first = tcp_client(0, port), second = tcp_client(0, port), accepted[2];
    int i;
    accepted[0] = take_connect(server)->socket;
    accepted[1] = take_connect(server)->socket;
    refuse_one(port);
    refuse_one(port);
    /* A place is free again when a client leaves ... */
    SUCCESS(network_destroy(first));
    take_event(accepted[0], network_type_disconnect);
    first = tcp_client(0, port);
    accepted[0] = take_connect(server)->socket;
    refuse_one(port);
    /* ... and when the server sends one away. */
    for (i = 0; i < 3; i++) {
        SUCCESS(network_destroy(accepted[1]));
        take_event(second, network_type_disconnect);
        SUCCESS(network_connect_async(second, "127.0.0.1", port));
        CHECK_EQUAL(take_event(second, network_type_non_blocking_connect)->succeeded, 1);
        accepted[1] = take_connect(server)->socket;
        refuse_one(port);
    }
    SUCCESS(network_send_packet(first, "served", 6));
    take_data(accepted[0], "served", 6);
    check_no_events();
}

static void places_of_a_raw_server(void) {
    double server = tcp_server(1, 1), port = network_get_port(server), accepted;
    double first = tcp_client(1, port);
    int refused;
    accepted = take_connect(server)->socket;
    refused = peer_connect(port);
    peer_ended(refused);
    close(refused);
    SUCCESS(network_destroy(first));
    take_event(accepted, network_type_disconnect);
    tcp_client(1, port);
    take_connect(server);
    check_no_events();
}

/* Connections that say nothing take no place from players. */
static void idle_connections_take_no_place(void) {
    enum { MOST = 2000 };
    static int idle[MOST];
    int count, i;
    struct rlimit limit;
    double server = tcp_server(0, 1);
    /* Two descriptors for each, as both ends are in this process. */
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    count = limit.rlim_cur > 2 * MOST + 100 ? MOST : (int)limit.rlim_cur / 8;
    for (i = 0; i < count; i++) {
        idle[i] = peer_connect(network_get_port(server));
        if (i % 50 == 0)
            pump(); /* the listener's queue is not endless */
    }
    tcp_client(0, network_get_port(server));
    take_connect(server);
    check_no_events();
    for (i = 0; i < count; i++)
        close(idle[i]);
}

/* The host collects nothing while players come and go: the server lets no more in after a while, and
   everyone who came is reported once it collects again. */
static void uncollected_comings_and_goings_are_bounded(void) {
    enum { MOST = 50000, EVENTS = 65536 };
    int came = 0, i;
    double server = tcp_server(1, MOST), port = network_get_port(server);
    while (came < MOST) {
        int peer = peer_try_connect(port, 500);
        if (peer < 0)
            break;
        peer_reset(peer);
        came++;
        if (came % 50 == 0)
            SUCCESS(network_wait(0));
    }
    CHECK(came < MOST);
    /* Those that were in already may still have left since. */
    CHECK(network_get_stat(-1, "events") <= EVENTS * 5 / 4);
    for (i = 0; i < came; i++) {
        const NetworkEvent *event = take_connect(server);
        take_event(event->socket, network_type_disconnect);
    }
    tcp_client(1, port);
    take_connect(server);
    check_no_events();
}

/* ---- handshakes at the server ---- */

static void a_late_handshake_is_dropped(void) {
    static const char *const starts[] = {"", "\xbe", "\xbe\xba\xfe\xca\x0b\xb0\xad\xde\x10\x00\x00\x00\x00\x00\x00"};
    static const size_t sizes[] = {0, 1, 15};
    int peers[3], i;
    double server;
    SUCCESS(network_set_config(network_config_handshake_timeout, 200, 0));
    server = tcp_server(0, 4);
    for (i = 0; i < 3; i++) {
        peers[i] = peer_connect(network_get_port(server));
        peer_expect(peers[i], BANNER, BANNER_SIZE);
        peer_write(peers[i], starts[i], sizes[i]);
    }
    for (i = 0; i < 3; i++) {
        peer_ended(peers[i]);
        close(peers[i]);
    }
    check_no_events();
}

static void a_wrong_handshake_is_dropped(void) {
    static const char *const hellos[] = {
        "\xbe\xba\xfe\xcb\x0b\xb0\xad\xde\x10\x00\x00\x00\x00\x00\x00\x00",
        "\xbe\xba\xfe\xca\x0b\xb0\xad\xdf\x10\x00\x00\x00\x00\x00\x00\x00",
        "\xbe\xba\xfe\xca\x0b\xb0\xad\xde\x11\x00\x00\x00\x00\x00\x00\x00",
        "GET / HTTP/1.1\r\n",
    };
    double server = tcp_server(0, 4);
    size_t i;
    for (i = 0; i < sizeof hellos / sizeof hellos[0]; i++) {
        int peer = peer_connect(network_get_port(server));
        peer_expect(peer, BANNER, BANNER_SIZE);
        peer_write(peer, hellos[i], HELLO_SIZE);
        peer_ended(peer);
        close(peer);
    }
    check_no_events();
}

/* The game id is the client's business. */
static void any_game_id_is_welcome(void) {
    double server = tcp_server(0, 4), accepted;
    int peer = peer_connect(network_get_port(server));
    peer_expect(peer, BANNER, BANNER_SIZE);
    peer_write(peer, "\xbe\xba\xfe\xca\x0b\xb0\xad\xde\x10\x00\x00\x00\x01\x02\xfe\xff", HELLO_SIZE);
    peer_expect(peer, WELCOME, WELCOME_SIZE);
    accepted = take_connect(server)->socket;
    close(peer);
    take_event(accepted, network_type_disconnect);
    check_no_events();
}

/* ---- descriptors ---- */

static void limit_descriptors(rlim_t soft, rlim_t hard) {
    struct rlimit limit;
    limit.rlim_cur = soft;
    limit.rlim_max = hard;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static int role_raises_the_soft_limit(int argc, char **argv) {
    struct rlimit limit;
    (void)argc, (void)argv;
    limit_descriptors(64, 512);
    tcp_server(0, 4);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK_EQUAL((double)limit.rlim_cur, 512);
    return 0;
}

/* Without descriptors there is a clear error, and all goes on when there are some again. */
static int role_runs_out_when_creating(int argc, char **argv) {
    enum { MOST = 200 };
    double servers[MOST], error = 0;
    int count, i;
    (void)argc, (void)argv;
    limit_descriptors(64, 64);
    for (count = 0; count < MOST; count++) {
        servers[count] = network_create_server(network_socket_tcp, 0, 4);
        if (servers[count] < 0) {
            error = servers[count];
            break;
        }
    }
    CHECK(count < MOST);
    CHECK_EQUAL(error, network_error_limit);
    CHECK(strlen(network_last_error()) > 5);
    for (i = 0; i < count; i++)
        SUCCESS(network_destroy(servers[i]));
    WAIT_FOR((servers[0] = network_create_server(network_socket_tcp, 0, 4)) >= 0);
    return 0;
}

static double cpu_ms(void) {
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

enum { CROWD = 90 };

/* Answers those of the crowd, in whichever order they come; counts who has gone. */
static void serve_crowd(const NetworkEvent *event, void *gone) {
    if (event->type == network_type_data) {
        CHECK_EQUAL(event->size, 4);
        CHECK(memcmp(event->buffer, "here", 4) == 0);
        SUCCESS(network_send_raw(event->id, "seen", 4, 0));
    } else if (event->type == network_type_disconnect) {
        ++*(int *)gone;
    }
}

/* More connections than descriptors: the rest waits, costs nothing, and is served when others leave. */
static int role_runs_out_when_accepting(int argc, char **argv) {
    double server, gate, before, until;
    int gone = 0;
    (void)argc, (void)argv;
    limit_descriptors(48, 48);
    server = tcp_server(1, 1000);
    gate = tcp_server(1, 1);
    tell_parent(network_get_port(server));
    tell_parent(network_get_port(gate));
    gate = take_connect(gate)->socket;
    tell_parent(0); /* this connection has its descriptor */
    take_data(gate, "all there", 9);
    before = cpu_ms();
    for (until = now_ms() + 1000; now_ms() < until;) {
        SUCCESS(network_wait(100));
        /* Those whom other I/O threads look after may only come now. */
        SUCCESS(network_poll(serve_crowd, &gone));
    }
    CHECK_EQUAL(gone, 0);
    CHECK(cpu_ms() - before < 500); /* no spinning on connections that cannot be accepted */
    SUCCESS(network_send_raw(gate, "go", 2, 0));
    for (until = now_ms() + patience_ms(); gone < CROWD;) {
        CHECK(now_ms() < until);
        SUCCESS(network_wait(10));
        SUCCESS(network_poll(serve_crowd, &gone));
    }
    return 0;
}

static void no_descriptors_to_accept_with(void) {
    int crowd[CROWD], gate, i;
    Child server = spawn("runs_out_when_accepting", NULL, NULL, NULL);
    double port = child_number(&server);
    gate = peer_connect(child_number(&server));
    CHECK_EQUAL(child_number(&server), 0);
    for (i = 0; i < CROWD; i++)
        crowd[i] = peer_connect(port);
    peer_write(gate, "all there", 9);
    peer_expect(gate, "go", 2);
    for (i = 0; i < CROWD; i++) {
        peer_write(crowd[i], "here", 4);
        peer_expect(crowd[i], "seen", 4);
        close(crowd[i]);
    }
    child_succeeds(&server);
    close(gate);
}

static const Role roles[] = {
    {"raises_the_soft_limit", role_raises_the_soft_limit},
    {"runs_out_when_creating", role_runs_out_when_creating},
    {"runs_out_when_accepting", role_runs_out_when_accepting},
    {NULL, NULL},
};

static void in_a_child(const char *role) {
    Child child = spawn(role, NULL, NULL, NULL);
    child_succeeds(&child);
}

static void the_soft_limit_is_raised(void) { in_a_child("raises_the_soft_limit"); }
static void no_descriptors_to_create_with(void) { in_a_child("runs_out_when_creating"); }

/* Handles are never used twice: strangers must not use them up. */
static void connections_that_never_became_clients_use_no_handles(void) {
    enum { STRANGERS = 20 };
    double server = tcp_server(0, 1), full = tcp_server(0, 0), before, after;
    int i;
    before = SUCCESS(network_create_group());
    for (i = 0; i < STRANGERS; i++) {
        /* One breaks the handshake, one leaves during it, one is refused. */
        int peer = peer_connect(network_get_port(server));
        peer_write(peer, "GET / HTTP/1.1\r\n", 16);
        peer_ended(peer);
        close(peer);
        peer = peer_connect(network_get_port(server));
        peer_expect(peer, BANNER, BANNER_SIZE);
        close(peer);
        peer = peer_connect(network_get_port(full));
        peer_expect(peer, BANNER, BANNER_SIZE);
        peer_write(peer, HELLO, HELLO_SIZE);
        peer_ended(peer);
        close(peer);
    }
    WAIT_FOR(network_get_stat(server, "handshakes_failed") == 2 * STRANGERS);
    WAIT_FOR(network_get_stat(full, "refused") == STRANGERS);
    after = SUCCESS(network_create_group());
    CHECK_EQUAL(after, before + 1);
    SUCCESS(network_destroy(before));
    SUCCESS(network_destroy(after));
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"the_system_chooses_the_port", the_system_chooses_the_port},
        {"a_port_can_be_used_again", a_port_can_be_used_again},
        {"a_port_cannot_be_stolen", a_port_cannot_be_stolen},
        {"places", places},
        {"places_of_a_raw_server", places_of_a_raw_server},
        {"idle_connections_take_no_place", idle_connections_take_no_place},
        {"uncollected_comings_and_goings_are_bounded", uncollected_comings_and_goings_are_bounded},
        {"a_late_handshake_is_dropped", a_late_handshake_is_dropped},
        {"a_wrong_handshake_is_dropped", a_wrong_handshake_is_dropped},
        {"any_game_id_is_welcome", any_game_id_is_welcome},
        {"the_soft_limit_is_raised", the_soft_limit_is_raised},
        {"no_descriptors_to_create_with", no_descriptors_to_create_with},
        {"no_descriptors_to_accept_with", no_descriptors_to_accept_with},
        {"connections_that_never_became_clients_use_no_handles", connections_that_never_became_clients_use_no_handles},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, roles);
}
