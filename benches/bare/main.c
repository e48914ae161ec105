/*
 * What a server without any library costs: the limit that the others are measured against.
 *
 *   bare echo|all gm|ws          echoes messages, or sends each to all clients
 *   bare frames gm|ws PLAYERS RATE    so many times a second takes what has come and sends every client its last message
 *
 * Prints "port N"; a server with frames says at its end what they cost.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "../load/bill.h"
#include "server.h"

static volatile sig_atomic_t end_wanted;
static Wire wire;

static void on_signal(int number) {
    (void)number;
    end_wanted = 1;
}

static void send_to_all(Client *sender, const uint8_t *payload, size_t size) {
    static uint8_t frame[WIRE_LARGEST_HEADER + WIRE_LARGEST_MESSAGE];
    size_t header = wire_header(wire, frame, size);
    uint32_t index;
    (void)sender;
    memcpy(frame + header, payload, size);
    for (index = 0; index < client_count; index++)
        send_bytes(clients[index], frame, header + size);
}

/* A player's last message, as it is sent. */
typedef struct {
    size_t size;
    uint8_t frame[];
} Last;

static void keep_last(Client *client, const uint8_t *payload, size_t size) {
    Last *last = client->data;
    if (last == NULL || last->size < size) {
        last = client->data = realloc(last, sizeof *last + WIRE_LARGEST_HEADER + size);
        if (last == NULL)
            abort();
    }
    size_t header = wire_header(wire, last->frame, size);
    memcpy(last->frame + header, payload, size);
    last->size = header + size;
}

static void forget_last(Client *client) {
    free(client->data);
}

static void live_in_frames(uint32_t players, int frames_a_second) {
    while (!end_wanted) {
        uint32_t index;
        wait_for_frame(frames_a_second);
        begin_bill();
        while (serve(0))
            continue;
        for (index = 0; index < client_count; index++) {
            Last *last = clients[index]->data;
            if (last != NULL)
                send_bytes(clients[index], last->frame, last->size);
        }
        end_bill(client_count == players);
    }
    print_bills();
}

int main(int count, char **arguments) {
    static const Role echo = {answer, NULL}, all = {send_to_all, NULL}, frames = {keep_last, forget_last};
    struct rlimit limit;
    const char *role = count > 2 ? arguments[1] : "";
    int in_frames = strcmp(role, "frames") == 0;
    if (count < (in_frames ? 5 : 3)) {
        fprintf(stderr, "usage: bare echo|all gm|ws | bare frames gm|ws PLAYERS RATE\n");
        return 2;
    }
    signal(SIGTERM, on_signal);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* a benchmark that was killed leaves no server behind */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    wire = strcmp(arguments[2], "ws") == 0 ? WIRE_WS : WIRE_GM;
    open_server(wire, in_frames ? &frames : strcmp(role, "all") == 0 ? &all : &echo);
    if (in_frames)
        live_in_frames((uint32_t)atoi(arguments[3]), atoi(arguments[4]));
    while (!end_wanted)
        serve(-1);
    return 0;
}
