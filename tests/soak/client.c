/*
 * The soak's clients, many in one process: each connects, talks, leaves in one of two ways and comes back. Writes a line
 * about each connection:
 *   CLIENT SESSION KIND MESSAGES BYTES HOW ECHOED
 * MESSAGES and BYTES are what sends have accepted. HOW is "all" when every message had come back before it left, "flush"
 * when it left right after the last was accepted, or the number of the error that ended the connection.
 *
 *   client ADDRESS PORT PORT PORT PORT PORT AUTHORITY LEDGER CLIENTS SEED
 *
 * SIGTERM: nobody comes back any more; ends when all have left.
 */
#include <signal.h>
#include <stepwire.h>

#include "message.h"

enum { WINDOW = 4, FIRST_MS = 5000, AWAY_MS = 3000, PAUSE_MS = 400, STUCK_MS = 120000, MOST_MESSAGES = 40, MOST_CLIENTS = 20000 };

typedef enum { AWAY, CONNECTING, TALKING } State;

typedef struct {
    int kind, flushes;
    State state;
    double handle;
    uint32_t session, sent, echoed, planned;
    uint64_t bytes;
    double at;     /* when to do the next thing */
    double moment; /* when it last got on */
} Client;

static Client clients[MOST_CLIENTS];
static int count;
static double ports[KINDS];
static const char *address;
static FILE *ledger;
static volatile sig_atomic_t ends;
static uint64_t state_of_dice;
static long refused, sessions, lost_datagrams, strays;

static void on_signal(int signal) {
    (void)signal;
    ends = 1;
}

static uint32_t dice(uint32_t sides) {
    state_of_dice = state_of_dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state_of_dice >> 33) % sides);
}

static void leave(Client *client, const char *how) {
    if (client->state == TALKING && client->kind != UDP)
        fprintf(ledger, "%u %u %d %u %llu %s %u\n", (unsigned)(client - clients), client->session, client->kind,
                client->sent, (unsigned long long)client->bytes, how, client->echoed);
    if (client->handle > 0)
        network_destroy(client->handle);
    client->handle = 0;
    client->state = AWAY;
    client->at = now_ms() + 100 + dice(AWAY_MS);
}

static void leave_with(Client *client, double error) {
    char how[32];
    snprintf(how, sizeof how, "%g", error);
    leave(client, how);
}

static void come(Client *client) {
    static const double types[KINDS] = {network_socket_tcp, network_socket_ws, network_socket_wss, network_socket_udp,
                                        network_socket_udp};
    char url[100];
    client->session++;
    client->sent = client->echoed = 0;
    client->bytes = 0;
    client->planned = 1 + dice(MOST_MESSAGES);
    client->flushes = dice(3) == 0;
    client->moment = now_ms();
    client->handle = network_create_socket(types[client->kind]);
    if (client->handle < 0)
        broken("no socket: %s", network_last_error());
    network_set_user(client->handle, client);
    sessions++;
    if (client->kind == RELIABLE || client->kind == UDP) {
        if (client->kind == RELIABLE
            && (network_set_config(network_config_enable_reliable_udp, client->handle, 0) < 0
                || network_set_config(network_config_reliable_ordered, client->handle, 1) < 0))
            broken("%s", network_last_error());
        client->state = TALKING;
        return;
    }
    snprintf(url, sizeof url, "%s%s", client->kind == WSS ? "wss://" : "", address);
    client->state = CONNECTING;
    if (network_connect_async(client->handle, url, ports[client->kind]) < 0)
        broken("%s", network_last_error());
}

static void say(Client *client) {
    static uint8_t message[LARGEST];
    Head head = {(uint32_t)(client - clients), client->session, client->sent, 0};
    double done;
    head.size = HEAD + (client->kind != UDP && dice(20) == 0 ? dice(LARGEST - HEAD) : dice(LARGEST_DATAGRAM - HEAD));
    write_message(message, &head);
    if (client->kind == RELIABLE || client->kind == UDP)
        done = network_send_udp(client->handle, address, ports[client->kind], message, head.size);
    else
        done = network_send_packet(client->handle, message, head.size);
    client->at = now_ms() + dice(PAUSE_MS);
    if (done < 0)
        return; /* its event tells why */
    client->sent++;
    client->bytes += head.size;
}

static void go_on(Client *client, double now) {
    if (client->state == AWAY) {
        if (!ends && now >= client->at)
            come(client);
        return;
    }
    if (now > client->moment + STUCK_MS)
        broken("client %u of kind %d is stuck: state %d, %u sent, %u echoed", (unsigned)(client - clients), client->kind,
               client->state, client->sent, client->echoed);
    if (client->state != TALKING || now < client->at)
        return;
    if (client->kind == UDP && client->sent > client->echoed && now > client->moment + 2000) {
        lost_datagrams += client->sent - client->echoed;
        leave(client, "");
    } else if (client->sent < client->planned) {
        if (client->sent < client->echoed + WINDOW || (client->flushes && client->sent + 1 == client->planned))
            say(client);
    } else if (client->flushes && client->kind != UDP) {
        leave(client, "flush");
    } else if (client->echoed == client->planned) {
        leave(client, "all");
    }
}

static void on_event(const NetworkEvent *event, void *unused) {
    Client *client = (Client *)event->user;
    Head head;
    (void)unused;
    if (event->error < 0 && event->reason[0] == '\0')
        broken("an error without a reason");
    if (client == NULL)
        broken("an event of type %g about nobody", event->type);
    client->moment = now_ms();
    if (event->type == network_type_non_blocking_connect && event->succeeded == 1) {
        client->state = TALKING;
    } else if (event->type == network_type_non_blocking_connect) {
        refused++;
        leave(client, "");
    } else if (event->type == network_type_disconnect) {
        leave_with(client, event->error);
    } else if (event->type == network_type_data) {
        int is_own;
        if (client->kind == UDP && event->port != ports[UDP])
            return; /* the reliable protocol looks for whoever had the port before */
        if (!read_message(event->buffer, event->size, &head))
            broken("client %u of kind %d got back what nobody has sent", (unsigned)(client - clients), client->kind);
        is_own = head.client == client - clients && head.session == client->session;
        if ((client->kind == UDP || client->kind == RELIABLE) && !is_own) {
            /* For whoever had the port before: answers go to addresses. */
            strays++;
            return;
        }
        if (!is_own)
            broken("client %u of kind %d got message %u of %u/%u", (unsigned)(client - clients), client->kind, head.number,
                   head.client, head.session);
        if (client->kind == UDP && head.number >= client->echoed)
            client->echoed = head.number + 1;
        else if (client->kind != UDP && head.number != client->echoed++)
            broken("client %u of kind %d got message %u instead of %u", (unsigned)(client - clients), client->kind,
                   head.number, client->echoed - 1);
    }
}

int main(int argc, char **argv) {
    static const int kinds[10] = {TCP, TCP, TCP, TCP, WS, WS, WSS, RELIABLE, RELIABLE, UDP};
    struct sigaction action = {.sa_handler = on_signal};
    int i, kind, left = 1;
    if (argc != 11 || (ledger = fopen(argv[8], "w")) == NULL)
        broken("usage: client ADDRESS PORT PORT PORT PORT PORT AUTHORITY LEDGER CLIENTS SEED");
    sigaction(SIGTERM, &action, NULL);
    address = argv[1];
    for (kind = 0; kind < KINDS; kind++)
        ports[kind] = atof(argv[2 + kind]);
    count = atoi(argv[9]) < MOST_CLIENTS ? atoi(argv[9]) : MOST_CLIENTS;
    state_of_dice = strtoull(argv[10], NULL, 10);
    if (network_set_config_string(network_config_tls_ca_file, -1, argv[7]) < 0)
        broken("%s", network_last_error());
    for (i = 0; i < count; i++) {
        clients[i].kind = kinds[i % 10];
        clients[i].at = now_ms() + dice(FIRST_MS);
    }
    while (left > 0) {
        double now = now_ms();
        for (i = left = 0; i < count; i++) {
            go_on(&clients[i], now);
            left += !ends || clients[i].state != AWAY;
        }
        if (network_wait(5) < 0 || network_poll(on_event, NULL) < 0)
            broken("%s", network_last_error());
    }
    printf("%ld sessions, %ld connects refused, %ld datagrams lost, %ld answers came to who had the port next\n",
           sessions, refused, lost_datagrams, strays);
    network_shutdown();
    fclose(ledger);
    return 0;
}
