/* Many players of room_server.c in one process. Each asks for a room at one of the doors (a balancer, or the servers
 * themselves), goes where he is sent and shows his ticket there; when his server ends, he begins again.
 *
 *   room_bots N SECONDS HOST:PORT...  so many bots, for so long, at these doors in turn
 */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stepwire.h>

#include "room_protocol.h"

enum { MAX_BOTS = 4000, RETRY_MS = 200, PATIENCE_MS = 5000, MAX_TIMES = 65536 };

enum state {
    AWAY,     /* until `next` */
    AT_DOOR,  /* connecting, then waiting for a room */
    AT_ROOM,  /* connecting, then waiting to be let in */
    PLAYING
};

struct bot {
    enum state state;
    double socket, next, asked, lost; /* times in ms; lost: since when he has been without a room, or 0 */
    int told;                         /* he was asked to go */
    char name[32], ticket[ROOM_TEXT_SIZE];
};

static struct {
    struct bot bots[MAX_BOTS];
    char **doors;
    int count, door_count, next_door;
    double times[MAX_TIMES], returns[MAX_TIMES];
    int time_count, return_count;
    unsigned long seats, none, refused, told, cut, failed_doors, failed_rooms, ticks;
} all;

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void send_text(double socket, const char *text) {
    network_send_packet(socket, text, (double)strlen(text));
}

static void hang_up(struct bot *bot) {
    if (bot->socket >= 0) {
        network_destroy(bot->socket);
        bot->socket = -1;
    }
}

static void go_away(struct bot *bot, double pause) {
    hang_up(bot);
    bot->state = AWAY;
    bot->next = now_ms() + pause;
}

/* `place` is host:port. */
static void go_to(struct bot *bot, const char *place, enum state state) {
    char host[ROOM_TEXT_SIZE];
    char *port;
    hang_up(bot);
    snprintf(host, sizeof host, "%s", place);
    port = strrchr(host, ':');
    if (port == NULL) {
        go_away(bot, RETRY_MS);
        return;
    }
    *port++ = '\0';
    bot->socket = network_create_socket(network_socket_tcp);
    network_set_user(bot->socket, bot);
    bot->state = state;
    bot->next = now_ms() + PATIENCE_MS;
    if (network_connect_async(bot->socket, host, atof(port)) < 0) {
        go_away(bot, RETRY_MS);
    }
}

static void look_for_a_room(struct bot *bot) {
    bot->asked = now_ms();
    go_to(bot, all.doors[all.next_door++ % all.door_count], AT_DOOR);
}

static void note(double *times, int *count, double since) {
    if (*count < MAX_TIMES) {
        times[(*count)++] = now_ms() - since;
    }
}

static void on_connected(struct bot *bot) {
    if (bot->state == AT_DOOR) {
        send_text(bot->socket, "f");
    } else if (bot->state == AT_ROOM) {
        char text[2 * ROOM_TEXT_SIZE];
        snprintf(text, sizeof text, "t%s\n%s", bot->ticket, bot->name);
        send_text(bot->socket, text);
    }
}

static void on_packet(struct bot *bot, const NetworkEvent *event) {
    char text[ROOM_TEXT_SIZE];
    char *ticket;
    size_t size = event->size < sizeof text ? (size_t)event->size : sizeof text - 1;
    memcpy(text, event->buffer, size);
    text[size] = '\0';
    switch (text[0]) {
    case ROOM_FOUND:
        ticket = strchr(text, '\n');
        if (bot->state == AT_DOOR && ticket != NULL) {
            *ticket++ = '\0';
            snprintf(bot->ticket, sizeof bot->ticket, "%s", ticket);
            go_to(bot, text + 1, AT_ROOM);
        }
        break;
    case ROOM_NONE:
        all.none++;
        go_away(bot, RETRY_MS);
        break;
    case ROOM_REFUSED:
        all.refused++;
        go_away(bot, RETRY_MS);
        break;
    case ROOM_WELCOME:
        bot->state = PLAYING;
        bot->told = 0;
        all.seats++;
        note(all.times, &all.time_count, bot->asked);
        if (bot->lost > 0) {
            note(all.returns, &all.return_count, bot->lost);
            bot->lost = 0;
        }
        break;
    case ROOM_LEAVE:
        if (bot->state == PLAYING) {
            all.told++;
            bot->lost = now_ms();
            look_for_a_room(bot);
        }
        break;
    case ROOM_TICK:
        all.ticks++;
        break;
    }
}

/* The door or a room could not be reached, or was lost before the bot played. */
static void on_failure(struct bot *bot) {
    if (bot->state == AT_DOOR) {
        all.failed_doors++;
    } else {
        all.failed_rooms++;
    }
    go_away(bot, RETRY_MS);
}

static void on_event(const NetworkEvent *event, void *user) {
    struct bot *bot = event->user;
    (void)user;
    if (bot == NULL || bot->socket != event->id) {
        return;
    }
    switch ((int)event->type) {
    case network_type_non_blocking_connect:
        if (event->succeeded == 1) {
            on_connected(bot);
        } else {
            on_failure(bot);
        }
        break;
    case network_type_data:
        on_packet(bot, event);
        break;
    case network_type_disconnect:
        if (bot->state == PLAYING) {
            all.cut++;
            bot->lost = now_ms();
            look_for_a_room(bot);
        } else {
            on_failure(bot);
        }
        break;
    }
}

static int by_size(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return a < b ? -1 : a > b;
}

static void print_times(const char *what, double *times, int count) {
    if (count == 0) {
        printf("%s: none\n", what);
        return;
    }
    qsort(times, (size_t)count, sizeof *times, by_size);
    printf("%s: %d times, p50 %.0f ms, p99 %.0f ms, longest %.0f ms\n", what, count, times[count / 2],
           times[(int)(count * 0.99)], times[count - 1]);
}

int main(int argc, char **argv) {
    double end;
    int i, playing = 0, all_played = 0;
    if (argc < 4 || atoi(argv[1]) < 1 || atoi(argv[1]) > MAX_BOTS) {
        fprintf(stderr, "usage: room_bots N SECONDS HOST:PORT...\n");
        return argc == 1 ? 0 : 1;
    }
    all.count = atoi(argv[1]);
    all.doors = argv + 3;
    all.door_count = argc - 3;
    end = now_ms() + atof(argv[2]) * 1000;
    for (i = 0; i < all.count; i++) {
        struct bot *bot = &all.bots[i];
        bot->socket = -1;
        bot->state = AWAY;
        /* Not all in the same moment. */
        bot->next = now_ms() + 5 * i;
        snprintf(bot->name, sizeof bot->name, "bot%d", i);
    }
    while (now_ms() < end) {
        network_wait(5);
        network_poll(on_event, NULL);
        playing = 0;
        for (i = 0; i < all.count; i++) {
            struct bot *bot = &all.bots[i];
            if (bot->state == PLAYING) {
                playing++;
            } else if (now_ms() > bot->next) {
                look_for_a_room(bot);
            }
        }
        if (playing == all.count && !all_played) {
            printf("all are in a room\n");
            fflush(stdout);
        }
        all_played = playing == all.count;
    }
    printf("playing at the end: %d of %d\n", playing, all.count);
    printf("seats taken: %lu; rooms full or none: %lu; tickets refused: %lu\n", all.seats, all.none, all.refused);
    printf("told to leave: %lu; cut off untold: %lu\n", all.told, all.cut);
    printf("connections that failed: at the door %lu, at rooms %lu\n", all.failed_doors, all.failed_rooms);
    print_times("from asking for a room to being in it", all.times, all.time_count);
    print_times("without a room after losing one", all.returns, all.return_count);
    network_shutdown();
    return 0;
}
