/* A client in a frame loop: sixty times a second it takes the network's events once, moves, draws and sleeps.
 * No call in the loop waits for the network, so no frame is ever late because of it.
 *
 *   frame_client                      plays two seconds against an echo server in this process, which also
 *                                     takes its events once a frame: an echo then needs two frames
 *   frame_client HOST PORT [SECONDS]  plays against echo_server elsewhere (default: 10 seconds)
 *
 * The packet, little-endian like GameMaker's buffers: u32 frame, f32 x, f32 y.
 */
#define _POSIX_C_SOURCE 199309L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(_WIN32)
#include <windows.h>
#else
#include <time.h>
#endif

#include "stepwire.h"

enum { FRAMES_PER_SECOND = 60, PACKET_SIZE = 12 };

struct game {
    double socket;
    int connected, over;
    uint32_t frame;
    float x, y;
    uint32_t echoes, frames_waited;
};

#if defined(_WIN32)
static double seconds_now(void) {
    LARGE_INTEGER ticks, per_second;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&per_second);
    return (double)ticks.QuadPart / (double)per_second.QuadPart;
}

static void sleep_for(double seconds) {
    Sleep((DWORD)(seconds * 1000));
}
#else
static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void sleep_for(double seconds) {
    struct timespec rest;
    rest.tv_sec = (time_t)seconds;
    rest.tv_nsec = (long)((seconds - (double)rest.tv_sec) * 1e9);
    nanosleep(&rest, NULL);
}
#endif

static void put_u32(uint8_t *to, uint32_t value) {
    int i;
    for (i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static void put_f32(uint8_t *to, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_u32(to, bits);
}

static uint32_t get_u32(const uint8_t *from) {
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static void on_event(const NetworkEvent *event, void *user) {
    struct game *game = (struct game *)user;

    if (event->server >= 0) { /* the echo server in this process, when there is one */
        if (event->type == network_type_data && network_send_packet(event->id, event->buffer, event->size) < 0) {
            fprintf(stderr, "echo server: %s\n", network_last_error());
        }
        return;
    }
    switch ((int)event->type) {
    case network_type_non_blocking_connect:
        if (event->succeeded == 1) {
            game->connected = 1;
            printf("frame %u: connected to %s port %.0f\n", (unsigned)game->frame, event->ip, event->port);
        } else {
            game->over = 1;
            fprintf(stderr, "frame_client: no connection: %s\n", event->reason);
        }
        break;
    case network_type_data:
        if (event->size == PACKET_SIZE) {
            game->echoes++;
            game->frames_waited += game->frame - get_u32(event->buffer);
        }
        break;
    case network_type_disconnect:
        game->connected = 0;
        game->over = 1;
        fprintf(stderr, "frame_client: the server is gone: %s\n", event->error != 0 ? event->reason : "it closed the connection");
        break;
    }
}

/* What a game does between two frames; the arena is 640 x 360 and the player bounces in it. */
static void update_and_draw(struct game *game) {
    uint8_t packet[PACKET_SIZE];
    uint32_t across = game->frame * 4 % 1280, down = game->frame * 3 % 720;

    game->x = (float)(across < 640 ? across : 1280 - across);
    game->y = (float)(down < 360 ? down : 720 - down);
    if (game->connected) {
        put_u32(packet, game->frame);
        put_f32(packet + 4, game->x);
        put_f32(packet + 8, game->y);
        if (network_send_packet(game->socket, packet, sizeof packet) < 0) {
            fprintf(stderr, "frame %u: not sent: %s\n", (unsigned)game->frame, network_last_error());
        }
    }
    if (game->frame % FRAMES_PER_SECOND == 0 && game->connected) {
        printf("frame %u: player at %3.0f, %3.0f; %u echoes so far\n", (unsigned)game->frame, game->x, game->y,
               (unsigned)game->echoes);
    }
}

static int play(struct game *game, const char *host, double port, double seconds) {
    double next_frame = seconds_now(), slowest_poll = 0;
    uint32_t last_frame = (uint32_t)(seconds * FRAMES_PER_SECOND);

    game->socket = network_create_socket(network_socket_tcp);
    if (network_connect_async(game->socket, host, port) < 0) {
        fprintf(stderr, "frame_client: connecting: %s\n", network_last_error());
        return 1;
    }
    for (game->frame = 1; game->frame <= last_frame && !game->over; game->frame++) {
        double before = seconds_now(), rest;
        if (network_poll(on_event, game) < 0) {
            fprintf(stderr, "frame_client: polling: %s\n", network_last_error());
            return 1;
        }
        if (seconds_now() - before > slowest_poll) {
            slowest_poll = seconds_now() - before;
        }
        update_and_draw(game);

        next_frame += 1.0 / FRAMES_PER_SECOND;
        rest = next_frame - seconds_now();
        if (rest > 0) {
            sleep_for(rest); /* an engine waits for the display here */
        }
    }
    if (game->over) {
        return 1;
    }
    if (game->echoes == 0) {
        fprintf(stderr, "frame_client: nothing came back in %.0f seconds\n", seconds);
        return 1;
    }
    printf("%u frames, %u echoes, each %.1f frames after it was sent; the slowest poll took %.0f us\n",
           (unsigned)last_frame, (unsigned)game->echoes, (double)game->frames_waited / game->echoes,
           slowest_poll * 1e6);
    return 0;
}

int main(int argc, char **argv) {
    struct game game;
    const char *host = "127.0.0.1";
    double port = 0, seconds = 2;
    int status;

    memset(&game, 0, sizeof game);
    if (argc == 1) {
        double server;
        network_set_config_string(network_config_bind_address, -1, host);
        server = network_create_server(network_socket_tcp, 0, 1);
        if (server < 0) {
            fprintf(stderr, "frame_client: echo server: %s\n", network_last_error());
            return 1;
        }
        port = network_get_port(server);
    } else if (argc == 3 || argc == 4) {
        host = argv[1];
        port = atof(argv[2]);
        seconds = argc == 4 ? atof(argv[3]) : 10;
    }
    if ((argc != 1 && argc != 3 && argc != 4) || !(seconds >= 1 && seconds <= 86400)) {
        fprintf(stderr, "usage: frame_client [HOST PORT [SECONDS]], of SECONDS 1 to 86400\n");
        return 2;
    }
    status = play(&game, host, port, seconds);
    network_shutdown();
    return status;
}
