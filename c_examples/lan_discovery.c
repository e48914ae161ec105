/* LAN discovery: a server makes itself known, and clients list the servers around.
 *
 *   lan_discovery                  checks itself: two servers and a client in this process
 *   lan_discovery serve NAME       answers until Ctrl-C
 *   lan_discovery list             asks everybody and shows who answers within a second
 *
 * A client broadcasts a question to one known port; every server that hears it answers to where the question
 * came from. The question carries a number that the answer repeats, so that stray datagrams are not taken for
 * answers. A question may arrive more than once (a machine has several interfaces), so clients sort out
 * servers they have listed already.
 *
 *   question   "WHO?" number            (broadcast)
 *   answer     "HERE" number name       (to the asker; the name is 1 to 32 printable ASCII characters)
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "stepwire.h"

enum { DISCOVERY_PORT = 6517, MAX_NAME = 32, MAX_FOUND = 64, NUMBER_SIZE = 4, HEAD_SIZE = 8 };

struct found {
    char ip[64];
    double port;
    char name[MAX_NAME + 1];
};

struct listing {
    struct found servers[MAX_FOUND];
    int count;
};

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static int fail(const char *what) {
    fprintf(stderr, "lan_discovery: %s: %s\n", what, network_last_error());
    return 1;
}

static int is_question(const NetworkEvent *event) {
    return event->type == network_type_data && event->size == HEAD_SIZE && memcmp(event->buffer, "WHO?", 4) == 0;
}

/* Answers a question: with the number it came with, to where it came from. */
static void answer(double server, const NetworkEvent *question, const char *name) {
    unsigned char datagram[HEAD_SIZE + MAX_NAME];
    size_t length = strlen(name);

    if (length > MAX_NAME) {
        length = MAX_NAME;
    }
    memcpy(datagram, "HERE", 4);
    memcpy(datagram + 4, question->buffer + 4, NUMBER_SIZE);
    memcpy(datagram + HEAD_SIZE, name, length);
    if (network_send_udp_raw(server, question->ip, question->port, datagram, (double)(HEAD_SIZE + length)) < 0) {
        fail("answer");
    }
}

static double ask(double client, double port, const unsigned char number[NUMBER_SIZE]) {
    unsigned char question[HEAD_SIZE];

    memcpy(question, "WHO?", 4);
    memcpy(question + 4, number, NUMBER_SIZE);
    return network_send_broadcast(client, port, question, HEAD_SIZE);
}

/* Adds who has answered, unless it is listed or the datagram is no answer to this question. */
static void take_answer(struct listing *listing, const NetworkEvent *event, const unsigned char number[NUMBER_SIZE]) {
    struct found *found;
    size_t length, i;

    if (event->type != network_type_data || event->size <= HEAD_SIZE || event->size > HEAD_SIZE + MAX_NAME
        || memcmp(event->buffer, "HERE", 4) != 0 || memcmp(event->buffer + 4, number, NUMBER_SIZE) != 0) {
        return;
    }
    length = (size_t)event->size - HEAD_SIZE;
    for (i = 0; i < length; i++) {
        if (event->buffer[HEAD_SIZE + i] < ' ' || event->buffer[HEAD_SIZE + i] > '~') {
            return;
        }
    }
    for (i = 0; i < (size_t)listing->count; i++) {
        found = &listing->servers[i];
        if (strcmp(found->ip, event->ip) == 0 && found->port == event->port) {
            return;
        }
    }
    if (listing->count == MAX_FOUND || strlen(event->ip) >= sizeof found->ip) {
        return;
    }
    found = &listing->servers[listing->count++];
    strcpy(found->ip, event->ip);
    found->port = event->port;
    memcpy(found->name, event->buffer + HEAD_SIZE, length);
    found->name[length] = '\0';
}

/* The number need not be a secret; it only tells this question from others. */
static void choose_number(unsigned char number[NUMBER_SIZE], double client) {
    unsigned int port = (unsigned int)network_get_port(client);

    number[0] = (unsigned char)port;
    number[1] = (unsigned char)(port >> 8);
    number[2] = 'l';
    number[3] = 'd';
}

static int serve(const char *name) {
    NetworkEvent event;
    double server = network_create_server_raw(network_socket_udp, DISCOVERY_PORT, 0);

    if (server < 0) {
        return fail("listen");
    }
    /* Where there is no IPv6 the IPv4 broadcasts are enough. */
    network_set_config(network_config_enable_multicast, server, 0);
    signal(SIGINT, on_signal);
    printf("%s answers on port %d\n", name, DISCOVERY_PORT);
    while (!stop) {
        network_wait(100);
        while (network_poll_event(&event) > 0) {
            if (is_question(&event)) {
                printf("%s asks\n", event.ip);
                answer(server, &event, name);
            }
        }
    }
    return 0;
}

static int list(void) {
    struct listing listing = {0};
    unsigned char number[NUMBER_SIZE];
    NetworkEvent event;
    int i, tries;
    double client = network_create_socket_ext(network_socket_udp, 0);

    if (client < 0) {
        return fail("open a socket");
    }
    network_set_config(network_config_enable_multicast, client, 0);
    choose_number(number, client);
    /* A datagram may be lost: ask more than once. */
    for (tries = 0; tries < 4; tries++) {
        if (ask(client, DISCOVERY_PORT, number) < 0) {
            return fail("ask");
        }
        while (network_wait(250) > 0) {
            while (network_poll_event(&event) > 0) {
                take_answer(&listing, &event, number);
            }
        }
    }
    for (i = 0; i < listing.count; i++) {
        printf("%-32s %s port %.0f\n", listing.servers[i].name, listing.servers[i].ip, listing.servers[i].port);
    }
    printf("%d found\n", listing.count);
    return 0;
}

/* Two servers and a client here. Both servers would want the one known port, so each gets one of its own and the
 * client asks at both. */
static int check(void) {
    static const char *const names[2] = {"Forest", "Desert"};
    struct listing listing = {0};
    unsigned char number[NUMBER_SIZE];
    NetworkEvent event;
    double servers[2], client;
    int i, tries, heard = 0;

    for (i = 0; i < 2; i++) {
        servers[i] = network_create_server_raw(network_socket_udp, 0, 0);
        if (servers[i] < 0) {
            return fail("listen");
        }
    }
    client = network_create_socket_ext(network_socket_udp, 0);
    if (client < 0) {
        return fail("open a socket");
    }
    choose_number(number, client);
    for (tries = 0; tries < 40 && heard != 3; tries++) {
        for (i = 0; i < 2; i++) {
            if (ask(client, network_get_port(servers[i]), number) < 0) {
                return fail("ask");
            }
        }
        while (heard != 3 && network_wait(250) > 0) {
            while (network_poll_event(&event) > 0) {
                if (event.id == client) {
                    take_answer(&listing, &event, number);
                } else if (is_question(&event)) {
                    answer(event.id, &event, event.id == servers[0] ? names[0] : names[1]);
                }
            }
            /* A server is listed once for every address by which it was heard. */
            for (i = 0; i < listing.count; i++) {
                heard |= listing.servers[i].port == network_get_port(servers[0]) ? 1 : 2;
            }
        }
    }
    for (i = 0; i < listing.count; i++) {
        printf("%s at %s port %.0f\n", listing.servers[i].name, listing.servers[i].ip, listing.servers[i].port);
    }
    if (heard != 3) {
        fprintf(stderr, "lan_discovery: not all servers were heard\n");
        return 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    int result;

    if (argc == 1) {
        result = check();
    } else if (argc == 3 && strcmp(argv[1], "serve") == 0 && argv[2][0] != '\0') {
        result = serve(argv[2]);
    } else if (argc == 2 && strcmp(argv[1], "list") == 0) {
        result = list();
    } else {
        fprintf(stderr, "usage: lan_discovery [serve NAME | list]\n");
        return 2;
    }
    network_shutdown();
    return result;
}
