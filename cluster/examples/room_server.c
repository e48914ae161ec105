/* A game server of many. Whoever connects may ask for a room and is told where one is, on this server or another one;
 * whoever comes with a ticket is let in. When nobody has a room with a place, the least busy server opens one.
 *
 *   room_server                       checks itself, in this process and without a broker
 *   room_server PORT                  serves until Ctrl-C or SIGTERM, alone; port 0 lets the system choose
 *   room_server PORT --broker URL     one of many: nats://host:4222, see stepwire_cluster.h
 *   room_server PORT --address HOST   under that name players reach this machine; 127.0.0.1 if it is not given
 *   room_server PORT --places N       places of a room; 16 if it is not given
 *   room_server PORT --seconds N      ends by itself after so long, as after SIGTERM
 *
 * SIGTERM drains: rooms are closed to newcomers and players asked to go elsewhere, who asks for a room is still told
 * where one is; it ends when all are gone, or after five seconds.
 */
#define _POSIX_C_SOURCE 199309L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stepwire_cluster.h>

#include "room_protocol.h"

enum { MAX_PLAYERS = 1024, MAX_ROOMS = 128, MAX_SERVERS = 32, TICK_MS = 100, NEWS_MS = 50, DRAIN_MS = 5000 };

static const char KIND[] = "arena";

struct room {
    double handle; /* 0: a free place */
    int players;
    char name[160];
};

struct player {
    double socket;      /* -1: a free place */
    double request;     /* what he waits for, or 0 */
    struct room *room;  /* NULL: he is in the lobby */
    char name[64];
};

/* What another server has said so far, to see what got lost. */
struct source {
    char id[80];
    unsigned long next;
};

static struct {
    double server, port, next_tick, next_news, end, drain_until;
    int places, connected, playing;
    const char *address;
    struct player players[MAX_PLAYERS];
    struct room rooms[MAX_ROOMS];
    struct source sources[MAX_SERVERS];
    /* Counted for the report at the end. */
    unsigned long seats, redeemed, refused, news, news_alone, heard, missed, gaps, elsewhere;
} my;

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int fail(const char *what, const char *why) {
    fprintf(stderr, "room_server: %s: %s\n", what, why);
    return 1;
}

static void send_text(const struct player *player, int letter, const char *text) {
    char packet[ROOM_TEXT_SIZE + 1];
    int size = snprintf(packet, sizeof packet, "%c%s", letter, text);
    /* A player who has left meanwhile misses nothing. */
    network_send_packet(player->socket, packet, size < (int)sizeof packet ? size : (int)sizeof packet - 1);
}

/* Rooms. ------------------------------------------------------------------------------------------------------- */

static double load(void) {
    return my.playing >= 200 ? 1 : my.playing / 200.0;
}

static void offer(void) {
    cluster_offer(KIND, my.drain_until > 0 ? -1 : load());
}

/* Whoever has asked for it is given a place by cluster_room_open itself. */
static struct room *open_room(const char *data) {
    int i;
    for (i = 0; i < MAX_ROOMS; i++) {
        struct room *room = &my.rooms[i];
        if (room->handle == 0) {
            double handle = cluster_room_open(KIND, my.places, data);
            if (handle < 0) {
                fail("no room", cluster_last_error());
                return NULL;
            }
            room->handle = handle;
            room->players = 0;
            snprintf(room->name, sizeof room->name, "%s", cluster_room_name(handle));
            return room;
        }
    }
    return NULL; /* All rooms are open: who has asked is refused, and asks another server. */
}

static void leave_room(struct player *player) {
    struct room *room = player->room;
    if (room == NULL) {
        return;
    }
    player->room = NULL;
    room->players--;
    my.playing--;
    cluster_player_leave(player->name);
    /* An empty room stays open: the next ones to come need none to be made. */
    if (my.drain_until == 0) {
        cluster_room_set(room->handle, room->players, "map=ice");
    }
    offer();
}

static void hang_up(struct player *player) {
    network_destroy(player->socket);
    leave_room(player);
    player->socket = -1;
    my.connected--;
}

static void show_ticket(struct player *player, char *text) {
    char *name = strchr(text, '\n'), *own = name == NULL ? NULL : strchr(name + 1, '\n');
    int i;
    if (own == NULL || player->room != NULL) {
        hang_up(player);
        return;
    }
    *name++ = '\0';
    *own++ = '\0';
    for (i = 0; i < MAX_ROOMS; i++) {
        struct room *room = &my.rooms[i];
        if (room->handle != 0 && strcmp(room->name, name) == 0 && cluster_room_redeem(room->handle, text) == 1) {
            player->room = room;
            room->players++;
            my.playing++;
            my.redeemed++;
            snprintf(player->name, sizeof player->name, "%s", own);
            cluster_player_enter(player->name, player->socket);
            send_text(player, ROOM_WELCOME, name);
            offer();
            return;
        }
    }
    my.refused++;
    send_text(player, ROOM_REFUSED, name);
}

/* Players. ------------------------------------------------------------------------------------------------------ */

static struct player *player_by(double socket, double request) {
    int i;
    for (i = 0; i < MAX_PLAYERS; i++) {
        struct player *player = &my.players[i];
        if (player->socket >= 0 && (player->socket == socket || (request > 0 && player->request == request))) {
            return player;
        }
    }
    return NULL;
}

static void on_connect(double socket) {
    int i;
    for (i = 0; i < MAX_PLAYERS; i++) {
        if (my.players[i].socket < 0) {
            my.players[i].socket = socket;
            my.players[i].request = 0;
            my.players[i].room = NULL;
            my.connected++;
            network_set_user(socket, &my.players[i]);
            return;
        }
    }
    network_destroy(socket);
}

static void on_packet(struct player *player, const NetworkEvent *event) {
    char text[ROOM_TEXT_SIZE];
    size_t size = event->size < sizeof text ? (size_t)event->size : sizeof text - 1;
    if (player == NULL || size == 0) {
        return;
    }
    memcpy(text, event->buffer, size);
    text[size] = '\0';
    if (text[0] == ROOM_FIND && player->request == 0) {
        double request = cluster_find_or_create(KIND, "map=ice");
        if (request > 0) {
            player->request = request;
        } else {
            send_text(player, ROOM_NONE, cluster_last_error());
        }
    } else if (text[0] == ROOM_SHOW) {
        show_ticket(player, text + 1);
    }
}

static void on_event(const NetworkEvent *event, void *user) {
    struct player *player = event->user;
    (void)user;
    if (cluster_event(event) == 1) {
        return;
    }
    switch ((int)event->type) {
    case network_type_connect:
        on_connect(event->socket);
        break;
    case network_type_data:
        on_packet(player, event);
        break;
    case network_type_disconnect:
        if (player != NULL && player->socket == event->socket) {
            hang_up(player);
        }
        break;
    }
}

/* The cluster. -------------------------------------------------------------------------------------------------- */

/* Another server's news are numbered. */
static void hear(const char *id, unsigned long number) {
    int i;
    for (i = 0; i < MAX_SERVERS; i++) {
        struct source *source = &my.sources[i];
        if (source->id[0] == '\0') {
            snprintf(source->id, sizeof source->id, "%s", id);
            source->next = number;
        }
        if (strcmp(source->id, id) == 0) {
            my.heard++;
            my.missed += number - source->next;
            source->next = number + 1;
            return;
        }
    }
}

static void on_cluster_event(const ClusterEvent *event) {
    struct player *player = player_by(-2, event->request);
    char text[ROOM_TEXT_SIZE];
    switch ((int)event->type) {
    case cluster_type_up:
        my.gaps += event->gap == 1;
        printf("broker: up%s\n", event->gap == 1 ? ", messages may have been missed" : "");
        break;
    case cluster_type_down:
        printf("broker: down (%s)\n", event->reason);
        break;
    case cluster_type_message:
        if (event->size > 0 && event->size < 32 && strcmp(event->from, cluster_server_id()) != 0) {
            memcpy(text, event->buffer, (size_t)event->size);
            text[(size_t)event->size] = '\0';
            hear(event->from, strtoul(text, NULL, 10));
        }
        break;
    case cluster_type_found:
        if (player != NULL) {
            player->request = 0;
            snprintf(text, sizeof text, "%s\n%s\n%s", event->address, event->ticket, event->name);
            send_text(player, ROOM_FOUND, text);
        }
        break;
    case cluster_type_none:
        if (player != NULL) {
            player->request = 0;
            send_text(player, ROOM_NONE, event->error == 0 ? "nobody has a room" : network_error_name(event->error));
        }
        break;
    case cluster_type_create:
        if (my.drain_until == 0) {
            open_room(event->data);
        }
        break;
    case cluster_type_seat:
        my.seats++;
        break;
    case cluster_type_player_elsewhere:
        my.elsewhere++;
        player = player_by(event->socket, 0);
        if (player != NULL) {
            hang_up(player);
        }
        break;
    }
}

static void tick(double now) {
    char text[32];
    int i;
    if (now >= my.next_tick) {
        my.next_tick = now + TICK_MS;
        for (i = 0; i < MAX_PLAYERS; i++) {
            if (my.players[i].socket >= 0 && my.players[i].room != NULL) {
                snprintf(text, sizeof text, "%d", my.players[i].room->players);
                send_text(&my.players[i], ROOM_TICK, text);
            }
        }
    }
    if (now >= my.next_news) {
        int size = snprintf(text, sizeof text, "%lu", my.news++);
        my.next_news = now + NEWS_MS;
        if (cluster_publish("news", text, size) == network_error_not_connected) {
            my.news_alone++;
        }
    }
}

static void drain(double now) {
    int i;
    my.drain_until = now + DRAIN_MS;
    offer();
    for (i = 0; i < MAX_ROOMS; i++) {
        if (my.rooms[i].handle != 0) {
            cluster_room_close(my.rooms[i].handle);
        }
    }
    for (i = 0; i < MAX_PLAYERS; i++) {
        if (my.players[i].socket >= 0) {
            send_text(&my.players[i], ROOM_LEAVE, "");
        }
    }
}

static void turn(void) {
    ClusterEvent event;
    double now = now_ms(), rest = cluster_step(), until = my.next_tick < my.next_news ? my.next_tick : my.next_news;
    if (until - now < rest) {
        rest = until > now ? (double)(long)(until - now) : 0;
    }
    network_wait(rest);
    network_poll(on_event, NULL);
    while (cluster_poll_event(&event) == 1) {
        on_cluster_event(&event);
    }
    tick(now_ms());
}

static int begin(double port, const char *broker, const char *host) {
    static char address[280];
    int i;
    for (i = 0; i < MAX_PLAYERS; i++) {
        my.players[i].socket = -1;
    }
    my.server = network_create_server(network_socket_tcp, port, MAX_PLAYERS);
    if (my.server < 0) {
        return fail("no server", network_last_error());
    }
    my.port = network_get_port(my.server);
    snprintf(address, sizeof address, "%s:%d", host, (int)my.port);
    my.address = address;
    if (cluster_open(broker, address) < 0) {
        return fail("no cluster", cluster_last_error());
    }
    cluster_subscribe("news");
    offer();
    return 0;
}

static void report(void) {
    printf("seats promised %lu, taken %lu, tickets refused %lu, players elsewhere %lu\n", my.seats, my.redeemed, my.refused,
           my.elsewhere);
    printf("news sent %lu, of them without a broker %lu; heard of others %lu, missed %lu; dropped %d, malformed %d\n", my.news,
           my.news_alone, my.heard, my.missed, (int)cluster_get_stat("dropped"), (int)cluster_get_stat("malformed"));
}

static int serve(double port, const char *broker, const char *host) {
    if (begin(port, broker, host) != 0) {
        return 1;
    }
    printf("listening %d\n", (int)my.port);
    fflush(stdout);
    while (my.drain_until == 0 || (now_ms() < my.drain_until && my.connected > 0)) {
        if ((stop || (my.end > 0 && now_ms() > my.end)) && my.drain_until == 0) {
            printf("draining %d players\n", my.playing);
            drain(now_ms());
        }
        turn();
        fflush(stdout);
    }
    report();
    cluster_close();
    network_shutdown();
    return 0;
}

/* One visitor in this process asks for a room and takes his seat in it. */
static double visitor = -1;
static char heard[ROOM_TEXT_SIZE];

static void on_event_of_check(const NetworkEvent *event, void *user) {
    if (event->id != visitor || event->type != network_type_data || event->size >= sizeof heard) {
        on_event(event, user);
    } else if (event->buffer[0] != ROOM_TICK) {
        memcpy(heard, event->buffer, (size_t)event->size);
        heard[(size_t)event->size] = '\0';
    }
}

static int wait_for(int letter) {
    double until = now_ms() + 10000;
    ClusterEvent event;
    while (heard[0] != letter && now_ms() < until) {
        cluster_step();
        network_wait(10);
        network_poll(on_event_of_check, NULL);
        while (cluster_poll_event(&event) == 1) {
            on_cluster_event(&event);
        }
    }
    return heard[0] == letter;
}

static int check(void) {
    char packet[ROOM_TEXT_SIZE + 16], *ticket;
    int size;
    my.places = 2;
    if (begin(0, "", "127.0.0.1") != 0) {
        return 1;
    }
    visitor = network_create_socket(network_socket_tcp);
    if (network_connect(visitor, "127.0.0.1", my.port) < 0) {
        return fail("no connection", network_last_error());
    }
    network_send_packet(visitor, "f", 1);
    if (!wait_for(ROOM_FOUND)) {
        return fail("no room", heard);
    }
    ticket = strchr(heard, '\n');
    if (ticket == NULL) {
        return fail("no ticket", heard);
    }
    size = snprintf(packet, sizeof packet, "t%s\nada", ticket + 1);
    network_send_packet(visitor, packet, size);
    if (!wait_for(ROOM_WELCOME) || my.playing != 1) {
        return fail("not let in", heard);
    }
    printf("%s\n", heard + 1);
    cluster_close();
    network_shutdown();
    return 0;
}

int main(int argc, char **argv) {
    const char *broker = "", *host = "127.0.0.1";
    int i;
    my.places = 16;
    if (argc == 1) {
        return check();
    }
    for (i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--broker") == 0) {
            broker = argv[i + 1];
        } else if (strcmp(argv[i], "--address") == 0) {
            host = argv[i + 1];
        } else if (strcmp(argv[i], "--places") == 0) {
            my.places = atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "--seconds") == 0) {
            my.end = now_ms() + atof(argv[i + 1]) * 1000;
        } else {
            break;
        }
    }
    if (i < argc) {
        return fail("usage", "room_server [PORT [--broker URL] [--address HOST] [--places N] [--seconds N]]");
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    return serve(atof(argv[1]), broker, host);
}
