/* Several I/O threads: what is particular to them. The other programs run with several of them too. */
#ifdef __linux__
#include <dirent.h>
#endif
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

enum { REACTORS = 4 };

static void set_io_threads(double count) { CHECK_EQUAL(network_set_config(network_config_io_threads, count, 0), 0); }

/* ---- the option ---- */

static void its_values(void) {
    const double none[] = {0, -1, 65, 1.5, 1e300, (double)NAN, (double)INFINITY};
    size_t i;
    for (i = 0; i < sizeof none / sizeof *none; i++)
        CHECK_ERROR(network_set_config(network_config_io_threads, none[i], 0), network_error_bad_argument);
    CHECK_ERROR(network_set_config(network_config_io_threads, 2, 1), network_error_bad_argument);
    CHECK_ERROR(network_set_config_string(network_config_io_threads, -1, "2"), network_error_bad_argument);
    set_io_threads(64);
    set_io_threads(1);
}

static void it_changes_only_without_sockets(void) {
    double socket;
    set_io_threads(2);
    socket = SUCCESS(network_create_socket(network_socket_tcp));
    set_io_threads(2); /* changes nothing */
    CHECK_ERROR(network_set_config(network_config_io_threads, 3, 0), network_error_busy);
    CHECK_ERROR(network_set_config(network_config_io_threads, 1, 0), network_error_busy);
    SUCCESS(network_destroy(socket));
    set_io_threads(3);
    set_io_threads(1);
}

static void not_with_manual_io(void) {
    CHECK_EQUAL(network_set_config(network_config_manual_io, 1, 0), 0);
    set_io_threads(1);
    CHECK_ERROR(network_set_config(network_config_io_threads, 2, 0), network_error_not_supported);
    CHECK_EQUAL(network_set_config(network_config_manual_io, 0, 0), 0);
    set_io_threads(2);
    CHECK_ERROR(network_set_config(network_config_manual_io, 1, 0), network_error_not_supported);
    set_io_threads(1);
    CHECK_EQUAL(network_set_config(network_config_manual_io, 1, 0), 0);
    CHECK_EQUAL(network_set_config(network_config_manual_io, 0, 0), 0);
    /* A shutdown resets it. */
    set_io_threads(2);
    CHECK_EQUAL(network_shutdown(), 0);
    CHECK_EQUAL(network_set_config(network_config_manual_io, 1, 0), 0);
}

/* ---- the threads ---- */

#ifdef __linux__

/* The system's numbers of the threads with I/O threads' names, by their own numbers; returns how many. */
static int find_threads(int found[64]) {
    int count = 0;
    struct dirent *entry;
    DIR *folder = opendir("/proc/self/task");
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        char path[300], name[32] = "";
        int number = 0;
        FILE *file;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        file = fopen(path, "r");
        if (file == NULL) /* a thread that has just ended */
            continue;
        if (fgets(name, sizeof name, file) != NULL && strncmp(name, "stepwire-io", 11) == 0) {
            CHECK(name[11] == '\n' || sscanf(name, "stepwire-io-%d", &number) == 1);
            CHECK(number >= 0 && number < 64);
            found[number] = atoi(entry->d_name);
            count++;
        }
        fclose(file);
    }
    closedir(folder);
    return count;
}

/* How often a thread has gone to sleep. */
static long sleeps(int thread) {
    char path[64], line[200];
    long count = -1;
    FILE *file;
    snprintf(path, sizeof path, "/proc/self/task/%d/status", thread);
    file = fopen(path, "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        sscanf(line, "voluntary_ctxt_switches: %ld", &count);
    fclose(file);
    CHECK(count >= 0);
    return count;
}

static void as_many_threads_as_were_asked_for(void) {
    int found[64] = {0};
    double socket;
    CHECK_EQUAL(find_threads(found), 0);
    set_io_threads(3);
    CHECK_EQUAL(find_threads(found), 0); /* the first socket starts them */
    socket = SUCCESS(network_create_socket(network_socket_tcp));
    WAIT_FOR(find_threads(found) == 3 && found[0] && found[1] && found[2]);
    SUCCESS(network_destroy(socket));
    set_io_threads(5);
    SUCCESS(network_create_socket(network_socket_tcp));
    WAIT_FOR(find_threads(found) == 5 && found[3] && found[4]);
    CHECK_EQUAL(network_shutdown(), 0);
    CHECK_EQUAL(find_threads(found), 0);
    fresh_library();
    set_io_threads(1);
    SUCCESS(network_create_socket(network_socket_tcp));
    WAIT_FOR(find_threads(found) == 1);
}

/* Each thread has something to do: one without sockets would sleep on. */
static void connections_are_spread(void) {
    enum { CLIENTS = 2 * REACTORS };
    double server, port, clients[CLIENTS], accepted[CLIENTS], deadline;
    int threads[64] = {0}, i, k, idle = 1;
    long before[REACTORS];
    set_io_threads(REACTORS);
    server = tcp_server(0, CLIENTS);
    port = network_get_port(server);
    for (i = 0; i < CLIENTS; i++) {
        clients[i] = tcp_client(0, port);
        accepted[i] = take_connect(server)->socket;
    }
    CHECK_EQUAL(find_threads(threads), REACTORS);
    for (k = 0; k < REACTORS; k++)
        before[k] = sleeps(threads[k]);
    for (deadline = now_ms() + patience_ms(); idle;) {
        CHECK(now_ms() < deadline);
        for (i = 0; i < CLIENTS; i++)
            SUCCESS(network_send_packet(clients[i], &i, sizeof i));
        for (i = 0; i < CLIENTS; i++)
            take_data(accepted[i], &i, sizeof i);
        for (idle = 0, k = 0; k < REACTORS; k++)
            idle += sleeps(threads[k]) < before[k] + 10;
    }
}

#endif

/* ---- order ---- */

/* What a server has seen of each of its clients, by handle. */
typedef struct {
    unsigned char came, left;
    int next;
} Seen;

static struct {
    Seen seen[1 << 16];
    double server;
    int came, left, data;
    int destroys;  /* of so many of ten the program destroys the client at once */
    int destroyed;
} watch;

static void watch_events(const NetworkEvent *event, void *user) {
    Seen *one;
    int number;
    (void)user;
    if (event->server != watch.server)
        return;
    if (event->type == network_type_data) {
        CHECK(event->id >= 0 && event->id < 1 << 16);
        one = &watch.seen[(int)event->id];
        CHECK(one->came && !one->left);
        CHECK_EQUAL(event->size, sizeof number);
        memcpy(&number, event->buffer, sizeof number);
        CHECK_EQUAL(number, one->next);
        one->next++;
        watch.data++;
        network_send_packet(event->id, &number, sizeof number); /* who has gone already is told no more */
        return;
    }
    CHECK(event->socket >= 0 && event->socket < 1 << 16);
    one = &watch.seen[(int)event->socket];
    if (event->type == network_type_connect) {
        CHECK(!one->came);
        one->came = 1;
        watch.came++;
        if (watch.came % 10 < watch.destroys) {
            one->left = 1;
            watch.destroyed++;
            SUCCESS(network_destroy(event->socket));
        }
    } else {
        CHECK_EQUAL(event->type, network_type_disconnect);
        CHECK(one->came && !one->left);
        one->left = 1;
        watch.left++;
    }
}

static void watch_server(double server, int destroys) {
    memset(&watch, 0, sizeof watch);
    watch.server = server;
    watch.destroys = destroys;
}

static void watch_on(void) {
    SUCCESS(network_wait(2));
    SUCCESS(network_poll(watch_events, NULL));
}

/* Clients of the library's own, on the same threads. */
static void each_socket_keeps_its_order(void) {
    enum { CLIENTS = 100, PACKETS = 200 };
    static double clients[CLIENTS];
    double server, port, deadline = now_ms() + patience_ms();
    int i, k;
    set_io_threads(REACTORS);
    server = tcp_server(0, CLIENTS);
    port = network_get_port(server);
    watch_server(server, 0);
    for (i = 0; i < CLIENTS; i++)
        clients[i] = tcp_client(0, port);
    for (k = 0; k < PACKETS; k++)
        for (i = 0; i < CLIENTS; i++)
            CHECK_EQUAL(network_send_packet(clients[i], &k, sizeof k), sizeof k + 12);
    for (i = 0; i < CLIENTS; i++)
        SUCCESS(network_destroy(clients[i]));
    while (watch.left < CLIENTS) {
        CHECK(now_ms() < deadline);
        watch_on();
    }
    CHECK_EQUAL(watch.came, CLIENTS);
    CHECK_EQUAL(watch.data, CLIENTS * PACKETS);
}

enum { VISITORS = 4, VISITS = 750 };

/* Comes, says something, and goes in one of several ways. */
static void *visit(void *argument) {
    double port = *(double *)argument;
    int i;
    for (i = 0; i < VISITS; i++) {
        unsigned char packet[HEADER_SIZE + sizeof(int)];
        int peer = peer_connect(port), number = 0;
        switch (i % 5) {
        case 0: /* a reset before the handshake */
            break;
        case 1: /* and after it */
            peer_write_blocking(peer, HELLO, HELLO_SIZE);
            break;
        default:
            peer_write_blocking(peer, HELLO, HELLO_SIZE);
            packet_header(packet, sizeof number);
            for (; number < i % 7; number++) {
                memcpy(packet + HEADER_SIZE, &number, sizeof number);
                peer_write_blocking(peer, packet, sizeof packet);
            }
        }
        if (i % 2)
            peer_reset(peer);
        else
            close(peer);
    }
    return NULL;
}

static void thousands_come_and_go(void) {
    pthread_t visitors[VISITORS];
    double server, port, deadline = now_ms() + 2 * patience_ms();
    int i;
    set_io_threads(REACTORS);
    server = tcp_server(0, 10000);
    port = network_get_port(server);
    watch_server(server, 1);
    for (i = 0; i < VISITORS; i++)
        CHECK(pthread_create(&visitors[i], NULL, visit, &port) == 0);
    /* Those that were reset before their handshake was read never came. */
    while (network_get_stat(server, "accepted") + network_get_stat(server, "handshakes_failed") < VISITORS * VISITS ||
           watch.left + watch.destroyed < network_get_stat(server, "accepted")) {
        CHECK(now_ms() < deadline);
        watch_on();
    }
    for (i = 0; i < VISITORS; i++)
        CHECK(pthread_join(visitors[i], NULL) == 0);
    CHECK_EQUAL(watch.came, network_get_stat(server, "accepted"));
    CHECK(watch.came > VISITORS * VISITS / 5 && watch.destroyed > 0);
    WAIT_FOR(network_get_stat(server, "clients") == 0);
}

/* ---- what the threads share ---- */

/* A server's places: as many as there are, though all ask at once. */
static void places_are_counted_together(void) {
    enum { PLACES = 20, PEERS = 100 };
    int peers[PEERS], i, round;
    for (round = 0; round < 5; round++) {
        double server, port;
        set_io_threads(REACTORS);
        server = tcp_server(0, PLACES);
        port = network_get_port(server);
        for (i = 0; i < PEERS; i++)
            peers[i] = peer_connect(port);
        for (i = 0; i < PEERS; i++)
            CHECK(peer_write_blocking(peers[i], HELLO, HELLO_SIZE));
        WAIT_FOR(network_get_stat(server, "accepted") + network_get_stat(server, "refused") == PEERS);
        CHECK_EQUAL(network_get_stat(server, "accepted"), PLACES);
        CHECK_EQUAL(network_get_stat(server, "clients"), PLACES);
        for (i = 0; i < PEERS; i++)
            close(peers[i]);
        SUCCESS(network_destroy(server));
    }
}

static int peer_says_something(int peer) {
    char byte;
    return recv(peer, &byte, 1, MSG_PEEK) > 0;
}

/* Connections of one address, on whichever thread; also those from before they were limited. */
static void addresses_are_counted_together(void) {
    enum { BEFORE = 6, MOST = 10 };
    double server, port;
    int peers[MOST], i, refused, tries = 0;
    set_io_threads(REACTORS);
    server = tcp_server(0, 100);
    port = network_get_port(server);
    for (i = 0; i < BEFORE; i++)
        peers[i] = peer_join(port);
    WAIT_FOR(network_get_stat(server, "clients") == BEFORE);
    SUCCESS(network_set_config(network_config_clients_per_address, server, MOST));
    for (; i < MOST; i++)
        peers[i] = peer_join(port);
    /* The threads count those they have when they come to it. */
    while (network_get_stat(server, "refused") == 0) {
        refused = peer_connect(port);
        WAIT_FOR(peer_says_something(refused) || network_get_stat(server, "refused") == 1);
        close(refused);
        tries++;
        WAIT_FOR(network_get_stat(server, "handshakes_failed") + network_get_stat(server, "refused") == tries);
    }
    CHECK_EQUAL(network_get_stat(server, "clients"), MOST);
    for (i = 0; i < MOST; i++)
        close(peers[i]);
    WAIT_FOR(network_get_stat(server, "clients") == 0);
    for (i = 0; i < MOST; i++)
        peers[i] = peer_join(port);
    WAIT_FOR(network_get_stat(server, "clients") == MOST);
    refused = peer_connect(port);
    WAIT_FOR(network_get_stat(server, "refused") == 2);
    close(refused);
    for (i = 0; i < MOST; i++)
        close(peers[i]);
}

static double received;

static void add_up(const NetworkEvent *event, void *user) {
    (void)user;
    received += event->size;
}

enum { WRITERS = 8, MIB = 1 << 20, EACH = 8 * MIB };

/* Writes what is left of each peer's bytes, as far as the system takes it. */
static void write_on(const int *peers, size_t *written) {
    static char bytes[MIB];
    int i;
    for (i = 0; i < WRITERS; i++) {
        size_t left = EACH - written[i];
        written[i] += peer_write_some(peers[i], bytes, left < MIB ? left : (size_t)MIB);
    }
}

/* The limit of all that waits holds for the threads together, and all go on when there is room. */
static void what_waits_is_limited_together(void) {
    enum { LIMIT = 4 * MIB };
    int peers[WRITERS], i;
    size_t written[WRITERS] = {0};
    double server, deadline;
    set_io_threads(REACTORS);
    SUCCESS(network_set_config(network_config_total_queue_limit, LIMIT, 0));
    SUCCESS(network_set_config(network_config_receive_queue_limit, -1, EACH));
    server = tcp_server(1, WRITERS);
    for (i = 0; i < WRITERS; i++)
        peers[i] = peer_connect(network_get_port(server));
    received = 0;
    for (deadline = now_ms() + patience_ms(); network_get_stat(-1, "receive_queue") < LIMIT - MIB;) {
        CHECK(now_ms() < deadline);
        write_on(peers, written);
    }
    /* A thread finds out when it has read: each may be half a MiB late. */
    for (i = 0; i < 100; i++) {
        write_on(peers, written);
        CHECK(network_get_stat(-1, "receive_queue") <= LIMIT + REACTORS * MIB);
    }
    for (deadline = now_ms() + patience_ms(); received < (double)WRITERS * EACH;) {
        CHECK(now_ms() < deadline);
        write_on(peers, written);
        SUCCESS(network_wait(1));
        SUCCESS(network_poll(add_up, NULL));
    }
    CHECK_EQUAL(received, (double)WRITERS * EACH);
    for (i = 0; i < WRITERS; i++)
        close(peers[i]);
}

/* ---- endings ---- */

/* Clients and newcomers on all threads go with their server, and no event tells of them. */
static void a_server_goes_with_all_its_clients(void) {
    enum { EACH = 40 };
    int joined[EACH], unfinished[EACH], i, round;
    set_io_threads(REACTORS);
    for (round = 0; round < 3; round++) {
        double server = tcp_server(0, 100), port = network_get_port(server);
        for (i = 0; i < EACH; i++) {
            joined[i] = peer_join(port);
            unfinished[i] = peer_connect(port);
            peer_expect(unfinished[i], BANNER, BANNER_SIZE);
        }
        for (i = 0; i < EACH; i++)
            take_connect(server);
        for (i = 0; i < EACH; i++)
            CHECK(peer_write_blocking(joined[i], "\xde\xc0\xad\xde\x0c\0\0\0\x01\0\0\0x", 13));
        CHECK_EQUAL(network_group_send_packet(server, "farewell", 8, -1), EACH);
        SUCCESS(network_destroy(server));
        drop_events();
        for (i = 0; i < EACH; i++) {
            char packet[HEADER_SIZE + 8];
            peer_read(joined[i], packet, sizeof packet);
            CHECK(memcmp(packet + HEADER_SIZE, "farewell", 8) == 0);
            peer_half_close(joined[i]);
            peer_ended(joined[i]);
            peer_ended(unfinished[i]);
            close(joined[i]);
            close(unfinished[i]);
        }
        CHECK_EQUAL(network_get_stat(-1, "sockets"), 0);
        check_no_events();
    }
}

typedef struct {
    double clients[16];
    int over;
    pthread_mutex_t lock;
} Busy;

static int is_over(Busy *busy) {
    int over;
    CHECK(pthread_mutex_lock(&busy->lock) == 0);
    over = busy->over;
    CHECK(pthread_mutex_unlock(&busy->lock) == 0);
    return over;
}

static void *keep_sending(void *argument) {
    Busy *busy = (Busy *)argument;
    int i;
    while (!is_over(busy))
        for (i = 0; i < 16; i++)
            network_send_packet(busy->clients[i], "busy", 4); /* until the handle is no more */
    return NULL;
}

static void a_shutdown_while_all_are_busy(void) {
    int round, i;
    for (round = 0; round < 5; round++) {
        Busy busy;
        pthread_t senders[2];
        double server, port;
        set_io_threads(REACTORS);
        server = tcp_server(0, 16);
        port = network_get_port(server);
        memset(&busy, 0, sizeof busy);
        CHECK(pthread_mutex_init(&busy.lock, NULL) == 0);
        for (i = 0; i < 16; i++)
            busy.clients[i] = tcp_client(0, port);
        for (i = 0; i < 2; i++)
            CHECK(pthread_create(&senders[i], NULL, keep_sending, &busy) == 0);
        for (i = 0; i < 16; i++)
            take_connect(server);
        WAIT_FOR(untaken(-1) > 1000);
        CHECK_EQUAL(network_shutdown(), 0);
        CHECK_EQUAL(network_get_stat(-1, "sockets"), 0);
        CHECK_EQUAL(network_get_stat(-1, "events"), 0);
        CHECK(pthread_mutex_lock(&busy.lock) == 0);
        busy.over = 1;
        CHECK(pthread_mutex_unlock(&busy.lock) == 0);
        for (i = 0; i < 2; i++)
            CHECK(pthread_join(senders[i], NULL) == 0);
        CHECK(pthread_mutex_destroy(&busy.lock) == 0);
        drop_events();
        fresh_library();
    }
}

/* ---- the kinds of sockets ---- */

static void talk(double from, double to) {
    SUCCESS(network_send_packet(from, "hello", 5));
    take_data(to, "hello", 5);
    SUCCESS(network_send_packet(to, "answer", 6));
    take_data(from, "answer", 6);
}

/* Each kind on each thread: what is made before moves the next ones on. */
static void every_kind_on_every_thread(void) {
    int shift;
    for (shift = 0; shift < REACTORS; shift++) {
        double before[REACTORS], server, client, accepted, one, other, port;
        int i, reliable;
        set_io_threads(REACTORS);
        for (i = 0; i < shift; i++)
            before[i] = SUCCESS(network_create_socket(network_socket_tcp));
        server = SUCCESS(network_create_server(network_socket_ws, 0, 2));
        client = SUCCESS(network_create_socket(network_socket_ws));
        SUCCESS(network_connect(client, "ws://127.0.0.1/path", network_get_port(server)));
        accepted = take_connect(server)->socket;
        CHECK_STRING(network_get_string(accepted, "path"), "/path");
        talk(client, accepted);
        SUCCESS(network_close(accepted, 4001, "enough"));
        CHECK_EQUAL(take_event(client, network_type_disconnect)->code, 4001);
        for (reliable = 0; reliable < 2; reliable++) {
            one = SUCCESS(network_create_server(network_socket_udp, 0, 1));
            other = SUCCESS(network_create_socket_ext(network_socket_udp, 0));
            port = network_get_port(one);
            if (reliable) {
                SUCCESS(network_set_config(network_config_enable_reliable_udp, one, 0));
                SUCCESS(network_set_config(network_config_enable_reliable_udp, other, 0));
            }
            SUCCESS(network_send_udp(other, "localhost", port, "to a name", 9)); /* its answer comes to the right thread */
            CHECK_EQUAL(take_data(one, "to a name", 9)->message_type, reliable ? network_message_reliable : 0);
            SUCCESS(network_send_udp(one, "127.0.0.1", network_get_port(other), "back", 4));
            take_data(other, "back", 4);
            SUCCESS(network_destroy(one));
            SUCCESS(network_destroy(other));
        }
        client = SUCCESS(network_create_socket(network_socket_tcp));
        SUCCESS(network_connect_async(client, UNKNOWN_NAME, 1));
        CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->error, network_error_resolve);
        SUCCESS(network_destroy(client));
        SUCCESS(network_destroy(server));
        for (i = 0; i < shift; i++)
            SUCCESS(network_destroy(before[i]));
    }
}

int main(int argc, char **argv) {
    static const Case several[] = {
        {"its_values", its_values},
        {"it_changes_only_without_sockets", it_changes_only_without_sockets},
        {"not_with_manual_io", not_with_manual_io},
#ifdef __linux__
        {"as_many_threads_as_were_asked_for", as_many_threads_as_were_asked_for},
        {"connections_are_spread", connections_are_spread},
#endif
        {"each_socket_keeps_its_order", each_socket_keeps_its_order},
        {"thousands_come_and_go", thousands_come_and_go},
        {"places_are_counted_together", places_are_counted_together},
        {"addresses_are_counted_together", addresses_are_counted_together},
        {"what_waits_is_limited_together", what_waits_is_limited_together},
        {"a_server_goes_with_all_its_clients", a_server_goes_with_all_its_clients},
        {"a_shutdown_while_all_are_busy", a_shutdown_while_all_are_busy},
        {"every_kind_on_every_thread", every_kind_on_every_thread},
        {NULL, NULL},
    };
    static const Case none[] = {
        {"not_with_manual_io", not_with_manual_io},
        {NULL, NULL},
    };
    return harness_main(argc, argv, argc > 1 && strcmp(argv[1], "manual") == 0 ? none : several, NULL);
}
