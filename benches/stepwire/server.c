/*
 * The library's server of `cargo xtask bench`, through the C functions:
 *
 *   server echo|all gm|ws [manual]          echoes messages, or sends each to all clients
 *   server frames gm|ws PLAYERS RATE [manual]
 *       so many times a second takes what has come and sends every client its last message
 *
 * With the I/O thread, or with manual I/O on one thread. Prints "port N"; a server with frames says at its end
 * what they cost.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "../load/bill.h"
#include "stepwire.h"

enum { MAX_CLIENTS = 65536, LARGEST_OF_PLAYER = 64 };

static volatile sig_atomic_t end_wanted;

static void on_signal(int number) {
    (void)number;
    end_wanted = 1;
}

/* A WebSocket's messages go without GameMaker's header, as a browser's do. */
static int websocket;

static int fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, network_last_error());
    return 1;
}

static void send_message(double socket, const void *bytes, double size) {
    if (websocket)
        network_send_raw(socket, bytes, size, 0);
    else
        network_send_packet(socket, bytes, size);
}

static void echo(const NetworkEvent *event, void *user) {
    (void)user;
    if (event->type == network_type_data)
        send_message(event->id, event->buffer, event->size);
}

static void send_to_all(const NetworkEvent *event, void *user) {
    (void)user;
    if (event->type != network_type_data)
        return;
    if (websocket)
        network_group_send_raw(event->server, event->buffer, event->size, -1);
    else
        network_group_send_packet(event->server, event->buffer, event->size, -1);
}

typedef struct {
    double socket, size;
    unsigned char message[LARGEST_OF_PLAYER];
} Player;

static Player *players;
static unsigned player_count;

/* A program's own way from a handle to its player: the event carries what was set. */
static void take(const NetworkEvent *event, void *user) {
    Player *player;
    (void)user;
    switch ((int)event->type) {
    case network_type_connect:
        player = &players[player_count++];
        player->socket = event->socket;
        player->size = 0;
        network_set_user(event->socket, player);
        break;
    case network_type_data:
        player = event->user;
        if (event->size <= LARGEST_OF_PLAYER) {
            player->size = event->size;
            memcpy(player->message, event->buffer, (size_t)event->size);
        }
        break;
    case network_type_disconnect:
        player_count = 0; /* the measurement is over */
        break;
    }
}

static void live_in_frames(unsigned expected, int frames_a_second) {
    players = calloc(MAX_CLIENTS, sizeof *players);
    while (!end_wanted && players != NULL) {
        unsigned index;
        wait_for_frame(frames_a_second);
        begin_bill();
        network_poll(take, NULL);
        for (index = 0; index < player_count; index++)
            if (players[index].size > 0)
                send_message(players[index].socket, players[index].message, players[index].size);
        end_bill(player_count == expected);
    }
    print_bills();
    free(players);
}

int main(int count, char **arguments) {
    const char *role = count > 2 ? arguments[1] : "";
    int in_frames = strcmp(role, "frames") == 0;
    int manual = count > 2 && strcmp(arguments[count - 1], "manual") == 0;
    double server;
    if (count < (in_frames ? 5 : 3)) {
        fprintf(stderr, "usage: server echo|all gm|ws [manual] | server frames gm|ws PLAYERS RATE [manual]\n");
        return 2;
    }
    signal(SIGTERM, on_signal);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* a benchmark that was killed leaves no server behind */
    if (manual && network_set_config(network_config_manual_io, 1, 0) < 0)
        return fail("manual I/O");
    if (network_set_config_string(network_config_bind_address, -1, "127.0.0.1") < 0)
        return fail("127.0.0.1");
    websocket = strcmp(arguments[2], "ws") == 0;
    server = websocket ? network_create_server_raw(network_socket_ws, 0, MAX_CLIENTS)
                       : network_create_server(network_socket_tcp, 0, MAX_CLIENTS);
    if (server < 0)
        return fail("listening");
    printf("port %.0f\n", network_get_port(server));
    fflush(stdout);
    if (in_frames)
        live_in_frames((unsigned)atoi(arguments[3]), atoi(arguments[4]));
    while (!end_wanted)
        if (network_wait(1000) > 0)
            network_poll(strcmp(role, "all") == 0 ? send_to_all : echo, NULL);
    network_shutdown();
    return 0;
}
