/* A bot that plays the arena (see arena_server.c): it runs after the nearest gem, and prints what a player would
 * see. When the connection is lost it comes back by itself.
 *
 *   arena_bot                    checks itself: plays on a stand-in server in this process, which throws it out once
 *   arena_bot HOST PORT NAME     plays until Ctrl-C
 *   ... --seconds N              leaves after N seconds
 *   ... --map                    draws the arena once a second
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

enum { FRAMES_PER_SECOND = 60, INPUTS_REMEMBERED = 256, MAP_COLUMNS = 64, MAP_ROWS = 18 };

static const double FIRST_RETRY = 0.25, LONGEST_RETRY = 4;

struct seen_player {
    char name[ARENA_NAME_SIZE]; /* empty: nobody */
    int shown;                  /* stands in the last snapshot */
    float x, y;
    unsigned score;
};

struct bot {
    const char *host, *name;
    double port, socket;
    int joined;
    double retry_at, retry_pause; /* retry_at 0: no attempt is due */

    unsigned me;
    float width, height;
    uint32_t tick;
    struct seen_player players[ARENA_MAX_PLAYERS];
    float gems[ARENA_GEMS][2];
    unsigned gem_count;

    unsigned input;
    double input_sent_at[INPUTS_REMEMBERED];
    unsigned long joins, inputs, snapshots, answers, skipped;
    unsigned last_answered;
    double delay_sum; /* from sending an input to the first snapshot that has its effect */
};

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    (void)number;
    stop = 1;
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
    fprintf(stderr, "arena_bot: %s: %s\n", what, network_last_error());
    return 1;
}

/* The connection. -------------------------------------------------------------------------------------------- */

static void lost(struct bot *bot, const char *why) {
    printf("no connection: %s; next attempt in %.2f s\n", why, bot->retry_pause);
    bot->joined = 0;
    bot->retry_at = seconds_now() + bot->retry_pause;
    bot->retry_pause = bot->retry_pause * 2 < LONGEST_RETRY ? bot->retry_pause * 2 : LONGEST_RETRY;
}

static void connect_when_due(struct bot *bot) {
    if (bot->retry_at == 0 || seconds_now() < bot->retry_at) {
        return;
    }
    bot->retry_at = 0;
    /* A socket whose connect failed or whose connection ended may connect again. */
    if (network_connect_async(bot->socket, bot->host, bot->port) < 0) {
        lost(bot, network_last_error());
    }
}

static void send_packet(struct bot *bot, const struct arena_packet *packet) {
    if (network_send_packet(bot->socket, packet->bytes, (double)packet->size) < 0) {
        fprintf(stderr, "arena_bot: sending: %s\n", network_last_error());
    }
}

static void send_join(struct bot *bot) {
    struct arena_packet packet;

    packet.size = 0;
    arena_put_u8(&packet, ARENA_JOIN);
    arena_put_u8(&packet, ARENA_VERSION);
    arena_put_string(&packet, bot->name);
    send_packet(bot, &packet);
}

/* Playing. --------------------------------------------------------------------------------------------------- */

static void send_input(struct bot *bot) {
    const struct seen_player *me = &bot->players[bot->me];
    struct arena_packet packet;
    float right = 0, down = 0, nearest = 0;
    unsigned i;

    for (i = 0; i < bot->gem_count; i++) {
        float dx = bot->gems[i][0] - me->x, dy = bot->gems[i][1] - me->y;
        float distance = sqrtf(dx * dx + dy * dy);
        if (distance > 0 && (nearest == 0 || distance < nearest)) {
            nearest = distance;
            right = dx / distance;
            down = dy / distance;
        }
    }
    bot->input = (bot->input + 1) & 65535;
    bot->input_sent_at[bot->input % INPUTS_REMEMBERED] = seconds_now();
    bot->inputs++;
    packet.size = 0;
    arena_put_u8(&packet, ARENA_INPUT);
    arena_put_u16(&packet, bot->input);
    arena_put_f32(&packet, right);
    arena_put_f32(&packet, down);
    send_packet(bot, &packet);
}

static void read_welcome(struct bot *bot, struct arena_reader *packet) {
    bot->me = arena_get_u16(packet);
    arena_get_u16(packet); /* the tick rate: this bot has its own pace */
    bot->width = arena_get_f32(packet);
    bot->height = arena_get_f32(packet);
    if (bot->me >= ARENA_MAX_PLAYERS || !(bot->width >= 1) || !(bot->height >= 1)) {
        packet->bad = 1;
        return;
    }
    memset(bot->players, 0, sizeof bot->players);
    bot->joined = 1;
    bot->joins++;
    bot->tick = 0;
    bot->input = bot->last_answered = 0;
    bot->retry_pause = FIRST_RETRY;
}

static void read_player(struct bot *bot, struct arena_reader *packet) {
    unsigned player = arena_get_u16(packet);
    char name[ARENA_NAME_SIZE];

    arena_get_string(packet, name, sizeof name);
    if (player >= ARENA_MAX_PLAYERS || name[0] == '\0') {
        packet->bad = 1;
        return;
    }
    strcpy(bot->players[player].name, name);
    printf("+ %s is player %u%s\n", name, player, player == bot->me ? " (me)" : "");
}

static void read_left(struct bot *bot, struct arena_reader *packet) {
    unsigned player = arena_get_u16(packet);

    if (player >= ARENA_MAX_PLAYERS) {
        packet->bad = 1;
        return;
    }
    printf("- %s left\n", bot->players[player].name);
    memset(&bot->players[player], 0, sizeof bot->players[player]);
}

static void read_snapshot(struct bot *bot, struct arena_reader *packet) {
    uint32_t tick = arena_get_u32(packet);
    unsigned answered = bot->last_answered, players, i;

    bot->gem_count = arena_get_u8(packet);
    players = arena_get_u8(packet);
    if (bot->gem_count > ARENA_GEMS) {
        bot->gem_count = 0;
        packet->bad = 1;
        return;
    }
    for (i = 0; i < bot->gem_count; i++) {
        bot->gems[i][0] = arena_get_f32(packet);
        bot->gems[i][1] = arena_get_f32(packet);
    }
    for (i = 0; i < ARENA_MAX_PLAYERS; i++) {
        bot->players[i].shown = 0;
    }
    while (players-- > 0 && !packet->bad) {
        unsigned player = arena_get_u16(packet);
        struct seen_player *seen = &bot->players[player % ARENA_MAX_PLAYERS];
        unsigned input = arena_get_u16(packet);
        packet->bad |= player >= ARENA_MAX_PLAYERS;
        if (player == bot->me) {
            answered = input;
        }
        seen->score = arena_get_u16(packet);
        seen->x = arena_get_f32(packet);
        seen->y = arena_get_f32(packet);
        seen->shown = 1;
    }
    bot->snapshots++;
    if (bot->tick != 0) {
        bot->skipped += tick - bot->tick - 1;
    }
    bot->tick = tick;
    if (answered != bot->last_answered) {
        bot->last_answered = answered;
        bot->answers++;
        bot->delay_sum += seconds_now() - bot->input_sent_at[answered % INPUTS_REMEMBERED];
    }
}

/* The server ends: a new connection leads to one that goes on. */
static void move_on(struct bot *bot, const char *why) {
    printf("moving: %s\n", why);
    network_destroy(bot->socket);
    bot->socket = network_create_socket(network_socket_tcp);
    bot->joined = 0;
    bot->retry_at = seconds_now();
}

static void on_packet(struct bot *bot, const NetworkEvent *event) {
    struct arena_reader packet = arena_read(event->buffer, event->size);
    char reason[64];

    switch (arena_get_u8(&packet)) {
    case ARENA_WELCOME:
        read_welcome(bot, &packet);
        break;
    case ARENA_PLAYER:
        read_player(bot, &packet);
        break;
    case ARENA_LEFT:
        read_left(bot, &packet);
        break;
    case ARENA_SNAPSHOT:
        read_snapshot(bot, &packet);
        break;
    case ARENA_REFUSED:
        arena_get_string(&packet, reason, sizeof reason);
        printf("refused: %s\n", reason); /* the disconnect event follows */
        break;
    case ARENA_MOVING:
        arena_get_string(&packet, reason, sizeof reason);
        move_on(bot, reason);
        break;
    default:
        packet.bad = 1;
    }
    if (!arena_read_all(&packet)) {
        fprintf(stderr, "arena_bot: this server does not speak the arena's protocol\n");
        stop = 1;
    }
}

static void on_event(const NetworkEvent *event, void *user) {
    struct bot *bot = (struct bot *)user;

    switch ((int)event->type) {
    case network_type_non_blocking_connect:
        if (event->succeeded == 1) {
            printf("connected to %s port %.0f\n", event->ip, event->port);
            send_join(bot);
        } else {
            lost(bot, event->reason);
        }
        break;
    case network_type_disconnect:
        lost(bot, event->error != 0 ? event->reason : "the server closed it");
        break;
    case network_type_data:
        on_packet(bot, event);
        break;
    }
}

/* Showing. --------------------------------------------------------------------------------------------------- */

static void put_on_map(char map[MAP_ROWS][MAP_COLUMNS + 1], const struct bot *bot, float x, float y, char symbol) {
    if (x >= 0 && x <= bot->width && y >= 0 && y <= bot->height) { /* also keeps NaN out */
        map[(int)(y / bot->height * (MAP_ROWS - 1))][(int)(x / bot->width * (MAP_COLUMNS - 1))] = symbol;
    }
}

static void draw_map(const struct bot *bot) {
    char map[MAP_ROWS][MAP_COLUMNS + 1];
    unsigned i;

    memset(map, '.', sizeof map);
    for (i = 0; i < bot->gem_count; i++) {
        put_on_map(map, bot, bot->gems[i][0], bot->gems[i][1], '*');
    }
    for (i = 0; i < ARENA_MAX_PLAYERS; i++) {
        const struct seen_player *player = &bot->players[i];
        if (player->shown) {
            char initial = player->name[0] > ' ' ? player->name[0] : '?'; /* of UTF-8, one byte would be garbage */
            put_on_map(map, bot, player->x, player->y, i == bot->me ? '@' : initial);
        }
    }
    for (i = 0; i < MAP_ROWS; i++) {
        map[i][MAP_COLUMNS] = '\0';
        printf("    %s\n", map[i]);
    }
}

static double average_delay_ms(const struct bot *bot) {
    return bot->answers > 0 ? bot->delay_sum / (double)bot->answers * 1000 : 0;
}

static void report(const struct bot *bot, unsigned long snapshots_before, double seconds, int with_map) {
    const struct seen_player *me = &bot->players[bot->me];
    unsigned i, players = 0;

    if (!bot->joined || !me->shown) {
        return;
    }
    for (i = 0; i < ARENA_MAX_PLAYERS; i++) {
        players += (unsigned)bot->players[i].shown;
    }
    printf("tick %u: players %u, I am at %3.0f, %3.0f, gems %u; %.1f snapshots/s, input to snapshot %.1f ms\n",
           (unsigned)bot->tick, players, me->x, me->y, me->score,
           (double)(bot->snapshots - snapshots_before) / seconds,
           average_delay_ms(bot));
    if (with_map) {
        draw_map(bot);
    }
}

static int play(struct bot *bot, NetworkCallback callback, double seconds, int with_map) {
    double start = seconds_now(), next_frame = start, last_report = start;
    unsigned long snapshots_before = 0;

    bot->socket = network_create_socket(network_socket_tcp);
    bot->retry_at = start;
    bot->retry_pause = FIRST_RETRY;
    while (!stop && (seconds <= 0 || seconds_now() - start < seconds)) {
        double now = seconds_now(), result;
        if (now >= next_frame) {
            connect_when_due(bot);
            if (bot->joined) {
                send_input(bot);
            }
            if (now - last_report >= 1) {
                report(bot, snapshots_before, now - last_report, with_map);
                snapshots_before = bot->snapshots;
                last_report = now;
            }
            fflush(stdout);
            next_frame = next_frame + 1.0 / FRAMES_PER_SECOND > now ? next_frame + 1.0 / FRAMES_PER_SECOND : now;
        }
        result = network_wait(next_frame > now ? ceil((next_frame - now) * 1000) : 0);
        if (result > 0) {
            result = network_poll(callback, bot);
        }
        if (result < 0) {
            return fail("waiting for events");
        }
    }
    if (bot->answers == 0) {
        fprintf(stderr, "arena_bot: never got to play\n");
        return 1;
    }
    printf("left after %.1f s; joins: %lu, inputs: %lu, snapshots: %lu, skipped: %lu, input to snapshot: %.1f ms\n",
           seconds_now() - start, bot->joins, bot->inputs, bot->snapshots, bot->skipped, average_delay_ms(bot));
    return 0;
}

/* The check: a stand-in server that knows one player and never moves it. ------------------------------------- */

static void on_check_event(const NetworkEvent *event, void *user) {
    static uint32_t tick;
    struct bot *bot = (struct bot *)user;
    struct arena_packet reply = {{0}, 0};
    struct arena_reader packet;

    if (event->server < 0) {
        on_event(event, user);
        return;
    }
    if (event->type != network_type_data) {
        return;
    }
    packet = arena_read(event->buffer, event->size);
    if (arena_get_u8(&packet) == ARENA_JOIN) {
        arena_put_u8(&reply, ARENA_WELCOME);
        arena_put_u16(&reply, 0);
        arena_put_u16(&reply, FRAMES_PER_SECOND);
        arena_put_f32(&reply, 100);
        arena_put_f32(&reply, 100);
    } else {
        arena_put_u8(&reply, ARENA_SNAPSHOT);
        arena_put_u32(&reply, ++tick);
        arena_put_u8(&reply, 0);
        arena_put_u8(&reply, 1);
        arena_put_u16(&reply, 0);
        arena_put_u16(&reply, arena_get_u16(&packet));
        arena_put_u16(&reply, 0);
        arena_put_f32(&reply, 50);
        arena_put_f32(&reply, 50);
    }
    if (network_send_packet(event->id, reply.bytes, (double)reply.size) < 0) {
        fprintf(stderr, "stand-in server: %s\n", network_last_error());
    }
    if (reply.bytes[0] == ARENA_SNAPSHOT && bot->joins == 1 && bot->answers >= 10) {
        network_destroy(event->id); /* this is the loss it has to come back from */
    }
    if (bot->joins == 2 && bot->answers >= 20) {
        stop = 1;
    }
}

static int check_itself(struct bot *bot) {
    double server;
    int status;

    network_set_config_string(network_config_bind_address, -1, "127.0.0.1");
    server = network_create_server(network_socket_tcp, 0, 1);
    if (server < 0) {
        return fail("the stand-in server");
    }
    bot->port = network_get_port(server);
    status = play(bot, on_check_event, 10, 0);
    if (status == 0 && bot->joins != 2) {
        fprintf(stderr, "arena_bot: it did not come back\n");
        status = 1;
    }
    return status;
}

int main(int argc, char **argv) {
    static struct bot bot; /* static: all zero at first */
    const char *port = NULL;
    double seconds = 0;
    int with_map = 0, bad = 0, i, status;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--map") == 0) {
            with_map = 1;
        } else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
            seconds = atof(argv[++i]);
        } else if (bot.host == NULL) {
            bot.host = argv[i];
        } else if (port == NULL) {
            port = argv[i];
            bot.port = atof(port);
        } else if (bot.name == NULL) {
            bot.name = argv[i];
        } else {
            bad = 1;
        }
    }
    if (bad || (argc > 1 && (bot.name == NULL || bot.name[0] == '\0' || strlen(bot.name) >= ARENA_NAME_SIZE))) {
        fprintf(stderr, "usage: arena_bot [HOST PORT NAME [--seconds N] [--map]], NAME of 1 to 15 bytes\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a log in a file or a pipe is to be up to date, too */
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (argc == 1) {
        bot.host = "127.0.0.1";
        bot.name = "bot";
        status = check_itself(&bot);
    } else {
        status = play(&bot, on_event, seconds, with_map);
    }
    network_shutdown();
    return status;
}
