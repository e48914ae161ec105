/* Echo server: every packet goes back to whoever sent it.
 *
 *   echo_server                  checks itself: serves one client of its own, then ends
 *   echo_server PORT             serves until Ctrl-C; port 0 lets the system choose
 *   echo_server ... --manual     on one thread: network_wait does the I/O, no I/O thread is started
 *   echo_server ... --bind ADDR  listens on that local address only
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stepwire.h"

enum { MAX_CLIENTS = 100000 };

struct totals {
    unsigned long clients, packets, cut_off;
};

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static int fail(const char *what) {
    fprintf(stderr, "echo_server: %s: %s\n", what, network_last_error());
    return 1;
}

static void serve(const NetworkEvent *event, void *user) {
    struct totals *totals = (struct totals *)user;
    double sent;

    switch ((int)event->type) {
    case network_type_connect:
        totals->clients++;
        break;
    case network_type_disconnect:
        if (event->error != 0) {
            fprintf(stderr, "client %.0f from %s: %s\n", event->socket, event->ip, event->reason);
        }
        break;
    case network_type_data:
        totals->packets++;
        sent = network_send_packet(event->id, event->buffer, event->size);
        if (sent >= 0 || sent == network_error_closed) {
            break; /* of a peer that has just gone, the disconnect event is already on its way */
        }
        /* It sends but does not read what it gets back: nobody is served by a queue that only grows. */
        fprintf(stderr, "client %.0f is cut off: %s\n", event->id, network_last_error());
        totals->cut_off++;
        network_destroy(event->id);
        break;
    }
}

static int run_server(double server) {
    struct totals totals = {0, 0, 0};
    double result = 0;

    printf("listening on port %.0f, Ctrl-C ends it\n", network_get_port(server));
    fflush(stdout);
    while (!stop && result >= 0) {
        result = network_wait(250);
        if (result > 0) {
            result = network_poll(serve, &totals);
        }
    }
    if (result < 0) {
        return fail("waiting for events");
    }
    printf("served %lu clients, %lu packets, cut off %lu\n", totals.clients, totals.packets, totals.cut_off);
    return 0;
}

/* The server's part and a client's in one process: a client's own events have no server. */
struct check {
    struct totals totals;
    int echoed;
    int failed;
};

static void on_check_event(const NetworkEvent *event, void *user) {
    static const char hello[] = "hello";
    struct check *check = (struct check *)user;

    if (event->server >= 0) {
        serve(event, &check->totals);
    } else if (event->type == network_type_data) {
        check->echoed = event->size == sizeof hello && memcmp(event->buffer, hello, sizeof hello) == 0;
        check->failed = !check->echoed;
    } else if (event->type == network_type_non_blocking_connect && event->succeeded == 1) {
        check->failed = network_send_packet(event->id, hello, sizeof hello) < 0;
    } else {
        fprintf(stderr, "client: %s\n", event->reason);
        check->failed = 1;
    }
}

static int check_itself(double server) {
    struct check check = {{0, 0, 0}, 0, 0};
    double client = network_create_socket(network_socket_tcp);

    if (network_connect_async(client, "127.0.0.1", network_get_port(server)) < 0) {
        return fail("connecting");
    }
    while (!check.echoed && !check.failed) {
        if (network_wait(5000) <= 0) {
            fprintf(stderr, "echo_server: no answer within five seconds\n");
            return 1;
        }
        if (network_poll(on_check_event, &check) < 0) {
            return fail("polling");
        }
    }
    if (check.failed) {
        fprintf(stderr, "echo_server: the echo did not come back\n");
        return 1;
    }
    printf("%lu client, %lu packet echoed\n", check.totals.clients, check.totals.packets);
    return 0;
}

int main(int argc, char **argv) {
    const char *bind_address = NULL;
    const char *port_text = NULL;
    long port = 0;
    double server;
    int manual = 0, i, status;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--manual") == 0) {
            manual = 1;
        } else if (strcmp(argv[i], "--bind") == 0 && i + 1 < argc) {
            bind_address = argv[++i];
        } else {
            char *end;
            port_text = argv[i];
            port = strtol(port_text, &end, 10);
            if (*port_text == '\0' || *end != '\0' || port < 0 || port > 65535) {
                fprintf(stderr, "usage: echo_server [PORT] [--manual] [--bind ADDRESS]\n");
                return 2;
            }
        }
    }
    if (port_text == NULL && bind_address == NULL) {
        bind_address = "127.0.0.1"; /* a check of itself is nobody else's business */
    }

    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (manual && network_set_config(network_config_manual_io, 1, 0) < 0) {
        return fail("manual I/O");
    }
    if (bind_address != NULL && network_set_config_string(network_config_bind_address, -1, bind_address) < 0) {
        return fail(bind_address);
    }
    server = network_create_server(network_socket_tcp, (double)port, MAX_CLIENTS);
    if (server < 0) {
        return fail("listening");
    }
    status = port_text != NULL ? run_server(server) : check_itself(server);
    network_shutdown();
    return status;
}
