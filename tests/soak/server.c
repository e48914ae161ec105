/*
 * The soak's server: sends every message back, and writes a line about each connection that has ended:
 *   CLIENT SESSION KIND MESSAGES BYTES ERROR
 *
 *   server ADDRESS CERTIFICATE KEY LEDGER STALL_MS      prints the ports of its five sockets
 *
 * SIGUSR1: collects no events for STALL_MS. SIGHUP: reads the certificate again. SIGTERM: takes nobody new any more, ends
 * when all have left.
 */
#include <malloc.h>
#include <signal.h>
#include <stepwire.h>

#include "message.h"

enum { MOST = 100000, BUCKETS = 1 << 16, DRAIN_MS = 60000, TRIM_MS = 1000 };
/* The protocol forgets a peer that it has not heard for 120 s; this program may collect what was said 30 s late. */
enum { FORGOTTEN_MS = 90000 };

typedef struct Peer {
    struct Peer *next; /* of reliable peers: those of the same bucket */
    char ip[46];
    double port, heard;
    uint32_t client, session, count;
    uint64_t bytes;
    int kind;
    int is_ours; /* what it says is a message */
} Peer;

static double servers[KINDS];
static Peer *reliable[BUCKETS];
static FILE *ledger;
static volatile sig_atomic_t stalls, reloads, drains;
static long connections, events;

static void on_signal(int signal) {
    if (signal == SIGUSR1)
        stalls = 1;
    else if (signal == SIGHUP)
        reloads = 1;
    else
        drains = 1;
    network_wake();
}

/* ---- peers ---- */

static Peer *new_peer(int kind) {
    Peer *peer = (Peer *)calloc(1, sizeof *peer);
    if (peer == NULL)
        broken("no memory");
    peer->kind = kind;
    connections++;
    return peer;
}

static void forget(Peer *peer, double error) {
    if (peer->is_ours)
        fprintf(ledger, "%u %u %d %u %llu %g\n", peer->client, peer->session, peer->kind, peer->count,
                (unsigned long long)peer->bytes, error);
    connections--;
    free(peer);
}

static Peer **place_of(const char *ip, double port) {
    Peer **place = &reliable[(uint32_t)port % BUCKETS];
    while (*place != NULL && ((*place)->port != port || strcmp((*place)->ip, ip) != 0))
        place = &(*place)->next;
    return place;
}

/* Whose farewell was lost, and who is owed nothing, is forgotten in silence some time: then another may have its port. */
static Peer *reliable_peer(const NetworkEvent *event) {
    Peer **place = place_of(event->ip, event->port), *peer = *place;
    double now = now_ms();
    if (peer != NULL && now > peer->heard + FORGOTTEN_MS) {
        *place = peer->next;
        forget(peer, network_error_timeout);
        place = place_of(event->ip, event->port);
        peer = NULL;
    }
    if (peer == NULL) {
        peer = *place = new_peer(RELIABLE);
        snprintf(peer->ip, sizeof peer->ip, "%s", event->ip);
        peer->port = event->port;
    }
    peer->heard = now;
    return peer;
}

/* Of those some may be left. */
static void forget_the_silent(void) {
    int bucket;
    for (bucket = 0; bucket < BUCKETS; bucket++)
        while (reliable[bucket] != NULL) {
            Peer *peer = reliable[bucket];
            reliable[bucket] = peer->next;
            forget(peer, network_error_timeout);
        }
}

/* ---- events ---- */

static int kind_of(double server) {
    int kind = 0;
    while (kind < KINDS && servers[kind] != server)
        kind++;
    return kind;
}

static void count(Peer *peer, const NetworkEvent *event) {
    Head head;
    if (!read_message(event->buffer, event->size, &head)) {
        /* Others come to the TCP server too, and say what they like. */
        if (peer->kind != TCP || peer->is_ours)
            broken("not a message, from a client of kind %d", peer->kind);
        return;
    }
    if (peer->count == 0) {
        peer->client = head.client;
        peer->session = head.session;
        peer->is_ours = 1;
    }
    if (head.client != peer->client || head.session != peer->session || head.number != peer->count)
        broken("kind %d: message %u of %u/%u instead of %u of %u/%u", peer->kind, head.number, head.client, head.session,
               peer->count, peer->client, peer->session);
    peer->count++;
    peer->bytes += head.size;
}

static void on_event(const NetworkEvent *event, void *unused) {
    int kind = kind_of(event->server >= 0 ? event->server : event->id);
    (void)unused;
    events++;
    if (event->error < 0 && event->reason[0] == '\0')
        broken("an error without a reason");
    if (event->type == network_type_connect) {
        network_set_user(event->socket, new_peer(kind));
    } else if (event->type == network_type_data && (kind == UDP || kind == RELIABLE)) {
        if (kind == RELIABLE)
            count(reliable_peer(event), event);
        network_send_udp(event->id, event->ip, event->port, event->buffer, event->size);
    } else if (event->type == network_type_data) {
        count((Peer *)event->user, event);
        /* Who does not read is refused some, and counts nothing. */
        network_send_packet(event->id, event->buffer, event->size);
    } else if (event->type == network_type_disconnect && kind == RELIABLE) {
        Peer **place = place_of(event->ip, event->port), *peer = *place;
        if (peer != NULL) {
            *place = peer->next;
            forget(peer, event->error);
        }
    } else if (event->type == network_type_disconnect && event->user != NULL) {
        forget((Peer *)event->user, event->error);
    }
}

/* ---- the server's life ---- */

static double tried(double value) {
    if (value < 0)
        broken("%s", network_last_error());
    return value;
}

static void open_all(char **argv) {
    static const double types[KINDS] = {network_socket_tcp, network_socket_ws, network_socket_wss, network_socket_udp,
                                        network_socket_udp};
    int kind;
    tried(network_set_config_string(network_config_bind_address, -1, argv[1]));
    tried(network_set_config_string(network_config_tls_certificate, -1, argv[2]));
    tried(network_set_config_string(network_config_tls_private_key, -1, argv[3]));
    for (kind = 0; kind < KINDS; kind++)
        servers[kind] = tried(network_create_server(types[kind], 0, MOST));
    tried(network_set_config(network_config_enable_reliable_udp, servers[RELIABLE], 0));
    tried(network_set_config(network_config_reliable_ordered, servers[RELIABLE], 1));
    for (kind = 0; kind < KINDS; kind++)
        printf("%g ", network_get_port(servers[kind]));
    printf("\n");
    fflush(stdout);
}

static void stall(double ms) {
    double until = now_ms() + ms;
    while (now_ms() < until)
        usleep(10000);
}

int main(int argc, char **argv) {
    struct sigaction action = {.sa_handler = on_signal};
    double deadline = 0, trimmed = 0;
    int kind;
    if (argc != 6 || (ledger = fopen(argv[4], "w")) == NULL)
        broken("usage: server ADDRESS CERTIFICATE KEY LEDGER STALL_MS");
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    open_all(argv);
    while (deadline == 0 || (connections > 0 && now_ms() < deadline)) {
        if (stalls) {
            stalls = 0;
            stall(atof(argv[5]));
        }
        if (reloads) {
            reloads = 0;
            tried(network_set_config(network_config_tls_reload, servers[WSS], 0));
        }
        if (drains && deadline == 0) {
            deadline = now_ms() + DRAIN_MS;
            for (kind = TCP; kind <= WSS; kind++)
                tried(network_set_config(network_config_accepting, servers[kind], 0));
        }
        /* What was freed is not to count as memory that is used. */
        if (now_ms() > trimmed + TRIM_MS) {
            malloc_trim(0);
            trimmed = now_ms();
        }
        tried(network_wait(100));
        tried(network_poll(on_event, NULL));
    }
    printf("%ld connections left, %ld events\n", connections, events);
    forget_the_silent();
    tried(network_shutdown());
    fclose(ledger);
    return 0;
}
