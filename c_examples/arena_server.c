/* Arena: the dedicated server of a small real-time game. Players run about and collect gems; the server moves
 * everybody sixty times a second and is the only one who decides where they are. arena_bot.c plays it.
 *
 *   arena_server                 checks itself: a visitor in this process joins, moves and is answered
 *   arena_server PORT            serves until Ctrl-C or SIGTERM: native players at PORT, browsers (arena.html) at
 *                                PORT + 1; port 0 lets the system choose all of them. Where systemd has opened the
 *                                ports (socket activation), it takes them over
 *   arena_server PORT --seconds N     ... or until N seconds are over
 *   arena_server PORT --bind ADDRESS  listens on that local address only
 *   arena_server PORT --cert FILE --key FILE  browsers over TLS as well, at PORT + 2: a PEM chain and its PEM key
 *   arena_server PORT --origins LIST  takes browsers only from pages of these origins, comma-separated
 *   arena_server PORT --io-thread     leaves the I/O to the library's thread; without it, one thread does it all
 *   arena_server PORT --proxy LIST    players come through load balancers at these addresses, which tell whom they
 *                                     speak for: in a PROXY header at PORT, in X-Forwarded-For at the others
 *   arena_server PORT --health PATH   answers HTTP there on the browsers' ports, such as /health, for balancers
 *   arena_server PORT --metrics PATH  the same with the library's counters, for Prometheus
 *   arena_server PORT --drain N       how long SIGTERM waits for the players to leave, in seconds; 30
 *
 * SIGTERM drains: the ports are closed, the players are told to connect again, and the server ends when they are gone
 * or the time is over; a second SIGTERM, and Ctrl-C, ends it at once. SIGHUP reads a renewed certificate.
 *
 * The packets are described in arena_protocol.h.
 */
#define _POSIX_C_SOURCE 199309L
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(_WIN32)
#include <windows.h>
#else
#include <time.h>
#endif

#include "arena_protocol.h"
#include "stepwire.h"

enum { TICKS_PER_SECOND = 60, SEND_QUEUE_LIMIT = 64 * 1024, SILENCE_MS = 10000 };

static const float WIDTH = 960, HEIGHT = 540, SPEED = 240, REACH = 24;

/* Where players come in: each line is a listening server of its own. Packets and events are the same at all of them. */
static const struct door {
    int type;
    int port_offset;
    const char *name;
} doors[] = {
    {network_socket_tcp, 0, "tcp"},
    {network_socket_ws, 1, "ws"},
    {network_socket_wss, 2, "wss"}, /* only with a certificate */
};
enum { DOORS = sizeof doors / sizeof doors[0] };

struct point {
    float x, y;
};

struct player {
    double socket; /* -1: a free place */
    char name[ARENA_NAME_SIZE]; /* empty until the join packet */
    struct point at, direction;
    unsigned score, last_input;
};

struct arena {
    struct player players[ARENA_MAX_PLAYERS];
    double playing; /* the group of those who have joined, whichever door they came through */
    struct point gems[ARENA_GEMS];
    uint32_t tick;
    unsigned long events, skipped, late; /* events taken; snapshots not sent to slow players; ticks left out */
    double longest_tick;
    double servers[DOORS];
    double drain_seconds, drains_until; /* 0: it serves */
    uint32_t somebody_at;               /* the last tick with anybody connected */
};

static volatile sig_atomic_t stop, asked_to_drain, asked_to_reload;

/* Of the library's functions a signal handler may call this one alone: it ends the loop's sleep. */
static void on_signal(int number) {
    signal(number, on_signal); /* where a handler is good for one signal only */
    if (number == SIGTERM && !asked_to_drain) {
        asked_to_drain = 1;
#if defined(SIGHUP)
    } else if (number == SIGHUP) {
        asked_to_reload = 1;
#endif
    } else {
        stop = 1;
    }
    network_wake();
}

static double seconds_now(void) {
#if defined(_WIN32)
    LARGE_INTEGER ticks, per_second;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&per_second);
    return (double)ticks.QuadPart / (double)per_second.QuadPart;
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
#endif
}

static int fail(const char *what) {
    fprintf(stderr, "arena_server: %s: %s\n", what, network_last_error());
    return 1;
}

/* The world. ------------------------------------------------------------------------------------------------- */

static struct point somewhere(void) {
    struct point point;
    point.x = WIDTH * (0.05f + 0.9f * (float)rand() / (float)RAND_MAX);
    point.y = HEIGHT * (0.05f + 0.9f * (float)rand() / (float)RAND_MAX);
    return point;
}

static float between(float low, float value, float high) {
    return value < low ? low : value > high ? high : value;
}

static int in_play(const struct player *player) {
    return player->socket >= 0 && player->name[0] != '\0';
}

static void step_world(struct arena *arena) {
    int i, g;

    arena->tick++;
    for (i = 0; i < ARENA_MAX_PLAYERS; i++) {
        struct player *player = &arena->players[i];
        if (!in_play(player)) {
            continue;
        }
        player->at.x = between(0, player->at.x + player->direction.x * SPEED / TICKS_PER_SECOND, WIDTH);
        player->at.y = between(0, player->at.y + player->direction.y * SPEED / TICKS_PER_SECOND, HEIGHT);
        for (g = 0; g < ARENA_GEMS; g++) {
            float dx = arena->gems[g].x - player->at.x, dy = arena->gems[g].y - player->at.y;
            if (dx * dx + dy * dy < REACH * REACH) {
                player->score = (player->score + 1) & 65535;
                arena->gems[g] = somewhere();
            }
        }
    }
}

/* Players. --------------------------------------------------------------------------------------------------- */

static unsigned number_of(const struct arena *arena, const struct player *player) {
    return (unsigned)(player - arena->players);
}

static struct player *player_with(struct arena *arena, double socket) {
    int i;
    for (i = 0; i < ARENA_MAX_PLAYERS; i++) {
        if (arena->players[i].socket == socket) {
            return &arena->players[i];
        }
    }
    return NULL;
}

static double send_to(const struct player *player, const struct arena_packet *packet) {
    double sent = network_send_packet(player->socket, packet->bytes, (double)packet->size);
    /* After the peer has closed there is nobody to send to; the disconnect event is on its way. */
    return sent == network_error_closed ? 0 : sent;
}

static void remove_player(struct arena *arena, struct player *player, const char *why);

/* What must arrive or else the other side sees a wrong world: who cannot take it is out. */
static void send_to_all(struct arena *arena, const struct arena_packet *packet) {
    struct player *receivers[ARENA_MAX_PLAYERS];
    double sockets[ARENA_MAX_PLAYERS], results[ARENA_MAX_PLAYERS];
    int i, count = 0;

    for (i = 0; i < ARENA_MAX_PLAYERS; i++) {
        if (in_play(&arena->players[i])) {
            receivers[count] = &arena->players[i];
            sockets[count++] = arena->players[i].socket;
        }
    }
    network_send_packet_many(sockets, count, packet->bytes, (double)packet->size, results);
    for (i = 0; i < count; i++) {
        /* Telling the others of one who is out may already have put this one out as well. */
        if (results[i] < 0 && results[i] != network_error_closed && receivers[i]->socket == sockets[i]) {
            network_destroy(sockets[i]);
            remove_player(arena, receivers[i], "does not keep up");
        }
    }
}

static void remove_player(struct arena *arena, struct player *player, const char *why) {
    struct arena_packet left;
    int was_in_play = in_play(player);

    player->socket = -1;
    if (was_in_play) {
        printf("- %s left: %s\n", player->name, why);
        left.size = 0;
        arena_put_u8(&left, ARENA_LEFT);
        arena_put_u16(&left, number_of(arena, player));
        send_to_all(arena, &left);
    }
}

static void refuse(struct arena *arena, struct player *player, const char *why) {
    struct arena_packet refused;

    refused.size = 0;
    arena_put_u8(&refused, ARENA_REFUSED);
    arena_put_string(&refused, why);
    send_to(player, &refused);
    if (!in_play(player)) {
        printf("refused %s: %s\n", network_get_string(player->socket, "ip"), why);
    }
    network_destroy(player->socket); /* sends what is queued, then closes */
    remove_player(arena, player, why);
}

static void put_player(struct arena_packet *packet, const struct arena *arena, const struct player *player) {
    packet->size = 0;
    arena_put_u8(packet, ARENA_PLAYER);
    arena_put_u16(packet, number_of(arena, player));
    arena_put_string(packet, player->name);
}

static void put_moving(struct arena_packet *packet) {
    packet->size = 0;
    arena_put_u8(packet, ARENA_MOVING);
    arena_put_string(packet, "the server restarts");
}

static void on_join(struct arena *arena, struct player *player, struct arena_reader *packet) {
    struct arena_packet reply;
    char name[ARENA_NAME_SIZE];
    unsigned version = arena_get_u8(packet);
    int i;

    arena_get_string(packet, name, sizeof name);
    if (version != ARENA_VERSION) {
        refuse(arena, player, "another version of the game is played here");
        return;
    }
    if (!arena_read_all(packet) || name[0] == '\0' || in_play(player)) {
        refuse(arena, player, "sent a bad join packet");
        return;
    }
    reply.size = 0;
    arena_put_u8(&reply, ARENA_WELCOME);
    arena_put_u16(&reply, number_of(arena, player));
    arena_put_u16(&reply, TICKS_PER_SECOND);
    arena_put_f32(&reply, WIDTH);
    arena_put_f32(&reply, HEIGHT);
    send_to(player, &reply);
    for (i = 0; i < ARENA_MAX_PLAYERS; i++) {
        if (in_play(&arena->players[i])) {
            put_player(&reply, arena, &arena->players[i]);
            send_to(player, &reply);
        }
    }
    printf("+ %s joined from %s as player %u\n", name, network_get_string(player->socket, "ip"), number_of(arena, player));
    strcpy(player->name, name);
    network_group_add(arena->playing, player->socket); /* who has closed meanwhile is none of the group */
    put_player(&reply, arena, player);
    send_to_all(arena, &reply);
    if (arena->drains_until > 0) { /* was on the way in when the ports were closed */
        put_moving(&reply);
        send_to(player, &reply);
    }
}

static void on_input(struct arena *arena, struct player *player, struct arena_reader *packet) {
    unsigned sequence = arena_get_u16(packet);
    float right = arena_get_f32(packet), down = arena_get_f32(packet), length;

    /* A NaN fails every comparison, so it is refused here with what is out of range. */
    if (!arena_read_all(packet) || !(fabsf(right) <= 1) || !(fabsf(down) <= 1) || !in_play(player)) {
        refuse(arena, player, "sent a bad input packet");
        return;
    }
    length = sqrtf(right * right + down * down);
    player->direction.x = length > 1 ? right / length : right; /* diagonals are no faster */
    player->direction.y = length > 1 ? down / length : down;
    player->last_input = sequence;
}

static void on_connect(struct arena *arena, const NetworkEvent *event) {
    struct player *player = player_with(arena, -1);
    struct player nobody;

    if (player == NULL) {
        /* With several doors the places can run out before one door's max_client does. */
        memset(&nobody, 0, sizeof nobody);
        nobody.socket = event->socket;
        refuse(arena, &nobody, "the arena is full");
        return;
    }
    memset(player, 0, sizeof *player);
    player->socket = event->socket;
    player->at = somewhere();
    /* A player who stops reading costs 64 KiB, then snapshots are left out; one who falls silent is cut off. */
    network_set_config(network_config_send_queue_limit, event->socket, SEND_QUEUE_LIMIT);
    network_set_timeout(event->socket, SILENCE_MS, SILENCE_MS);
}

static void on_event(const NetworkEvent *event, void *user) {
    struct arena *arena = (struct arena *)user;
    struct player *player;
    struct arena_reader packet;

    arena->events++;
    if (event->type == network_type_connect) {
        on_connect(arena, event);
        return;
    }
    player = player_with(arena, event->type == network_type_disconnect ? event->socket : event->id);
    if (player == NULL) {
        return; /* already removed */
    }
    if (event->type == network_type_disconnect) {
        remove_player(arena, player, event->error != 0 ? event->reason : "closed the connection");
        return;
    }
    if (event->type != network_type_data) {
        return; /* writable: the next snapshot will be taken */
    }
    packet = arena_read(event->buffer, event->size);
    switch (arena_get_u8(&packet)) {
    case ARENA_JOIN:
        on_join(arena, player, &packet);
        break;
    case ARENA_INPUT:
        on_input(arena, player, &packet);
        break;
    default:
        refuse(arena, player, "sent an unknown packet");
        break;
    }
}

/* The same for all: who has joined is a group, which costs one call, however many they are. */
static void send_snapshots(struct arena *arena) {
    struct arena_packet packet;
    size_t count_at;
    double took;
    int i;

    packet.size = 0;
    arena_put_u8(&packet, ARENA_SNAPSHOT);
    arena_put_u32(&packet, arena->tick);
    arena_put_u8(&packet, ARENA_GEMS);
    count_at = packet.size;
    arena_put_u8(&packet, 0);
    for (i = 0; i < ARENA_GEMS; i++) {
        arena_put_f32(&packet, arena->gems[i].x);
        arena_put_f32(&packet, arena->gems[i].y);
    }
    for (i = 0; i < ARENA_MAX_PLAYERS; i++) {
        const struct player *player = &arena->players[i];
        if (in_play(player)) {
            packet.bytes[count_at]++;
            arena_put_u16(&packet, (unsigned)i);
            arena_put_u16(&packet, player->last_input);
            arena_put_u16(&packet, player->score);
            arena_put_f32(&packet, player->at.x);
            arena_put_f32(&packet, player->at.y);
        }
    }
    took = network_group_send_packet(arena->playing, packet.bytes, (double)packet.size, -1);
    if (took >= 0) {
        /* Whoever does not keep up is left out; the next one has everything this one had. */
        arena->skipped += (unsigned long)(network_group_size(arena->playing) - took);
    }
}

/* Running it. ------------------------------------------------------------------------------------------------ */

struct counters {
    double time, received, sent, bytes_sent;
    unsigned long events;
    uint32_t tick;
};

static struct counters count(const struct arena *arena) {
    struct counters now;
    now.time = seconds_now();
    now.received = network_get_stat(-1, "packets_received");
    now.sent = network_get_stat(-1, "packets_sent");
    now.bytes_sent = network_get_stat(-1, "bytes_sent");
    now.events = arena->events;
    now.tick = arena->tick;
    return now;
}

static void report(struct arena *arena, struct counters *before) {
    struct counters now = count(arena);
    double seconds = now.time - before->time;
    int i, players = 0;

    for (i = 0; i < ARENA_MAX_PLAYERS; i++) {
        players += in_play(&arena->players[i]);
    }
    printf("players %d | in %.0f packets/s, out %.0f packets/s, %.1f kB/s | %.0f events/s | %.1f ticks/s, longest %.2f ms",
           players, (now.received - before->received) / seconds, (now.sent - before->sent) / seconds,
           (now.bytes_sent - before->bytes_sent) / seconds / 1000, (double)(now.events - before->events) / seconds,
           (double)(now.tick - before->tick) / seconds, arena->longest_tick * 1000);
    if (arena->skipped > 0 || arena->late > 0) {
        printf(" | %lu snapshots skipped, %lu ticks late", arena->skipped, arena->late);
    }
    printf("\n");
    for (i = 0; i < ARENA_MAX_PLAYERS; i++) {
        const struct player *player = &arena->players[i];
        if (in_play(player)) {
            printf("    %-15s at %3.0f, %3.0f  gems %u\n", player->name, player->at.x, player->at.y, player->score);
        }
    }
    fflush(stdout);
    arena->longest_tick = 0;
    *before = now;
}

/* Nobody new gets in, and who is here is told to leave. */
static void begin_to_drain(struct arena *arena) {
    struct arena_packet moving;
    int i;

    arena->drains_until = seconds_now() + arena->drain_seconds;
    arena->somebody_at = arena->tick;
    for (i = 0; i < DOORS; i++) {
        if (arena->servers[i] >= 0) {
            network_set_config(network_config_accepting, arena->servers[i], 0);
        }
    }
    put_moving(&moving);
    printf("draining: %.0f players are told\n", network_group_size(arena->playing));
    send_to_all(arena, &moving);
}

/* Whether the last one has left: for a second, so that who was in the handshake has been told, too. */
static int is_drained(struct arena *arena) {
    int i;
    for (i = 0; i < DOORS; i++) {
        if (arena->servers[i] >= 0 && network_get_stat(arena->servers[i], "clients") > 0) {
            arena->somebody_at = arena->tick;
        }
    }
    return arena->tick - arena->somebody_at > TICKS_PER_SECOND;
}

/* The time is over: whoever has not left is told so in the words of WebSockets, and cut off. */
static void send_away(struct arena *arena) {
    int i, count = 0;
    for (i = 0; i < ARENA_MAX_PLAYERS; i++) {
        if (arena->players[i].socket >= 0) {
            network_close(arena->players[i].socket, 1012, "the server restarts");
            count++;
        }
    }
    printf("sent away: %d\n", count);
}

static void reload_certificate(const struct arena *arena) {
    int i;
    for (i = 0; i < DOORS; i++) {
        if (doors[i].type == network_socket_wss && arena->servers[i] >= 0) {
            if (network_set_config(network_config_tls_reload, arena->servers[i], 0) < 0) {
                printf("the certificate stays the old one: %s\n", network_last_error());
            } else {
                printf("the certificate was read again\n");
            }
        }
    }
}

static int run(struct arena *arena, NetworkCallback callback, double seconds) {
    double start = seconds_now(), next_tick = start;
    struct counters last_report = count(arena);

    while (!stop && (seconds <= 0 || seconds_now() - start < seconds)) {
        double now = seconds_now(), result;
        if (asked_to_reload) {
            asked_to_reload = 0;
            reload_certificate(arena);
        }
        if (asked_to_drain && arena->drains_until == 0) {
            begin_to_drain(arena);
        }
        if (arena->drains_until > 0 && (is_drained(arena) || now >= arena->drains_until)) {
            send_away(arena);
            break;
        }
        if (now >= next_tick) {
            step_world(arena);
            send_snapshots(arena);
            if (seconds_now() - now > arena->longest_tick) {
                arena->longest_tick = seconds_now() - now;
            }
            next_tick += 1.0 / TICKS_PER_SECOND;
            if (now - next_tick > 0.25) { /* the machine slept: go on from here, do not race to catch up */
                arena->late += (unsigned long)((now - next_tick) * TICKS_PER_SECOND);
                next_tick = now;
            }
            if (arena->tick % TICKS_PER_SECOND == 0) {
                report(arena, &last_report);
            }
            now = seconds_now();
        }
        /* Sleeps until the next tick or the next packet. Rounded up: a tick may come under a millisecond late,
         * but the loop never spins, and next_tick keeps the average exact. */
        result = network_wait(next_tick > now ? ceil((next_tick - now) * 1000) : 0);
        if (result > 0) {
            result = network_poll(callback, arena);
        }
        if (result < 0) {
            return fail("waiting for events");
        }
    }
    last_report = count(arena);
    printf("ended after %.1f s; ticks: %u, packets in: %.0f, packets out: %.0f, events: %lu\n", last_report.time - start,
           (unsigned)last_report.tick, last_report.received, last_report.sent, last_report.events);
    return 0;
}

static int open_doors(struct arena *arena, long port, int with_tls, int proxied) {
    int i;
    for (i = 0; i < DOORS; i++) {
        double wanted = port == 0 ? 0 : (double)(port + doors[i].port_offset);
        if (doors[i].type == network_socket_wss && !with_tls) {
            continue;
        }
        network_set_config(network_config_proxy_protocol, -1, proxied && doors[i].type == network_socket_tcp);
        arena->servers[i] = network_create_server(doors[i].type, wanted, ARENA_MAX_PLAYERS);
        if (arena->servers[i] < 0) {
            return fail(doors[i].name);
        }
        printf("listening: %s port %.0f\n", doors[i].name, network_get_port(arena->servers[i]));
    }
    fflush(stdout);
    return 0;
}

/* The check: a visitor in this process, whose events have no server. ----------------------------------------- */

static int visitor_was_served;

/* The last input of the one player in a snapshot. */
static unsigned input_shown(struct arena_reader *snapshot) {
    unsigned gems;

    arena_get_u32(snapshot);
    gems = arena_get_u8(snapshot);
    arena_get_u8(snapshot);
    while (gems-- > 0) {
        arena_get_f32(snapshot);
        arena_get_f32(snapshot);
    }
    arena_get_u16(snapshot);
    return arena_get_u16(snapshot);
}

static void on_check_event(const NetworkEvent *event, void *user) {
    struct arena_packet packet = {{0}, 0};
    struct arena_reader reply;

    if (event->server >= 0) {
        on_event(event, user);
    } else if (event->type == network_type_non_blocking_connect && event->succeeded == 1) {
        arena_put_u8(&packet, ARENA_JOIN);
        arena_put_u8(&packet, ARENA_VERSION);
        arena_put_string(&packet, "visitor");
        network_send_packet(event->id, packet.bytes, (double)packet.size);
        packet.size = 0;
        arena_put_u8(&packet, ARENA_INPUT);
        arena_put_u16(&packet, 1);
        arena_put_f32(&packet, 1);
        arena_put_f32(&packet, 0);
        network_send_packet(event->id, packet.bytes, (double)packet.size);
    } else if (event->type == network_type_data) {
        reply = arena_read(event->buffer, event->size);
        if (arena_get_u8(&reply) == ARENA_SNAPSHOT && input_shown(&reply) == 1) {
            visitor_was_served = 1; /* a snapshot from a world in which the input has taken effect */
            stop = 1;
        }
    } else {
        fprintf(stderr, "visitor: %s\n", event->reason);
        stop = 1;
    }
}

static int check_itself(struct arena *arena, double port) {
    double visitor = network_create_socket(network_socket_tcp);

    if (network_connect_async(visitor, "127.0.0.1", port) < 0) {
        return fail("connecting");
    }
    if (run(arena, on_check_event, 10) != 0) {
        return 1;
    }
    if (!visitor_was_served) {
        fprintf(stderr, "arena_server: no snapshot answered the visitor's input\n");
    }
    return !visitor_was_served;
}

static int set_text(double config, const char *value) {
    return value != NULL && network_set_config_string(config, -1, value) < 0 ? fail(value) : 0;
}

int main(int argc, char **argv) {
    static struct arena arena; /* static: all zero at first */
    const char *bind_address = NULL, *certificate = NULL, *key = NULL, *origins = NULL, *port_text = NULL;
    const char *proxies = NULL, *health = NULL, *metrics = NULL;
    double seconds = 0;
    long port = 0;
    int manual = 1, i, status;

    arena.drain_seconds = 30;
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--io-thread") == 0) {
            manual = 0;
        } else if (strcmp(argv[i], "--bind") == 0 && i + 1 < argc) {
            bind_address = argv[++i];
        } else if (strcmp(argv[i], "--cert") == 0 && i + 1 < argc) {
            certificate = argv[++i];
        } else if (strcmp(argv[i], "--key") == 0 && i + 1 < argc) {
            key = argv[++i];
        } else if (strcmp(argv[i], "--origins") == 0 && i + 1 < argc) {
            origins = argv[++i];
        } else if (strcmp(argv[i], "--proxy") == 0 && i + 1 < argc) {
            proxies = argv[++i];
        } else if (strcmp(argv[i], "--health") == 0 && i + 1 < argc) {
            health = argv[++i];
        } else if (strcmp(argv[i], "--metrics") == 0 && i + 1 < argc) {
            metrics = argv[++i];
        } else if (strcmp(argv[i], "--drain") == 0 && i + 1 < argc) {
            arena.drain_seconds = atof(argv[++i]);
        } else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
            seconds = atof(argv[++i]);
        } else {
            char *end;
            port_text = argv[i];
            port = strtol(port_text, &end, 10);
            if (*port_text == '\0' || *end != '\0' || port < 0 || port > 65535) {
                fprintf(stderr, "usage: arena_server [PORT] [--seconds N] [--bind ADDRESS] [--cert FILE --key FILE]"
                                " [--origins LIST] [--io-thread] [--proxy LIST] [--health PATH] [--metrics PATH]"
                                " [--drain N]\n");
                return 2;
            }
        }
    }
    if (port_text == NULL && bind_address == NULL) {
        bind_address = "127.0.0.1"; /* a check of itself is nobody else's business */
    }

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a log in a file or a pipe is to be up to date, too */
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
#if defined(SIGHUP)
    signal(SIGHUP, on_signal);
#endif
    if (manual && network_set_config(network_config_manual_io, 1, 0) < 0) {
        return fail("manual I/O");
    }
    if (set_text(network_config_bind_address, bind_address) || set_text(network_config_tls_certificate, certificate) ||
        set_text(network_config_tls_private_key, key) || set_text(network_config_websocket_origins, origins) ||
        set_text(network_config_proxy_trusted, proxies) || set_text(network_config_http_health, health) ||
        set_text(network_config_http_metrics, metrics)) {
        return 1;
    }
    for (i = 0; i < DOORS; i++) {
        arena.servers[i] = -1;
    }
    for (i = 0; i < ARENA_MAX_PLAYERS; i++) {
        arena.players[i].socket = -1;
    }
    for (i = 0; i < ARENA_GEMS; i++) {
        arena.gems[i] = somewhere();
    }
    arena.playing = network_create_group();
    status = open_doors(&arena, port, certificate != NULL, proxies != NULL);
    if (status == 0) {
        status = port_text != NULL ? run(&arena, on_event, seconds)
                                   : check_itself(&arena, network_get_port(arena.servers[0]));
    }
    network_shutdown(); /* sends what is still queued and closes every connection */
    return status;
}
