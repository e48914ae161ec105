/* A WebSocket server that sends every message back and tells what happens, a line each, for tests of peers that are
 * programs of their own.
 *
 *   websocket_echo_server ws|wss [--raw] [--manual] [--cert FILE --key FILE] [--origins LIST]
 *
 *   port 40123              the port it listens on; the first line
 *   connect HANDLE ORIGIN   a client whose handshake is done
 *   data HANDLE SIZE        what it sent, which goes back
 *   disconnect HANDLE ERROR REASON
 *
 * It ends at SIGTERM.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stepwire.h"

/* Autobahn sends messages of 16 MiB. */
enum { MESSAGE_LIMIT = 16 * 1024 * 1024, MAX_CLIENTS = 1000 };

static volatile sig_atomic_t stop;
static int raw;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static int fail(const char *what) {
    fprintf(stderr, "websocket_echo_server: %s: %s\n", what, network_last_error());
    return 1;
}

static void on_event(const NetworkEvent *event, void *user) {
    double sent;

    (void)user;
    switch ((int)event->type) {
    case network_type_connect:
        printf("connect %.0f %s\n", event->socket, network_get_string(event->socket, "origin"));
        break;
    case network_type_disconnect:
        printf("disconnect %.0f %.0f %s\n", event->socket, event->error, event->reason);
        break;
    case network_type_data:
        printf("data %.0f %.0f\n", event->id, event->size);
        sent = raw ? network_send_raw(event->id, event->buffer, event->size, event->message_type)
                   : network_send_packet(event->id, event->buffer, event->size);
        if (sent < 0 && sent != network_error_closed) {
            fail("sending");
            network_destroy(event->id);
        }
        break;
    }
}

static int set_text(double config, const char *value) {
    return value != NULL && network_set_config_string(config, -1, value) < 0 ? fail(value) : 0;
}

static int serve(double kind) {
    double server = raw ? network_create_server_raw(kind, 0, MAX_CLIENTS) : network_create_server(kind, 0, MAX_CLIENTS);

    if (server < 0 || network_set_config(network_config_message_size_limit, server, MESSAGE_LIMIT) < 0) {
        return fail("the server");
    }
    printf("port %.0f\n", network_get_port(server));
    while (!stop) {
        double result = network_wait(200);
        if (result > 0) {
            result = network_poll(on_event, NULL);
        }
        if (result < 0) {
            return fail("waiting for events");
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    const char *certificate = NULL, *key = NULL, *origins = NULL;
    double kind = -1;
    int manual = 0, i, status;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "ws") == 0) {
            kind = network_socket_ws;
        } else if (strcmp(argv[i], "wss") == 0) {
            kind = network_socket_wss;
        } else if (strcmp(argv[i], "--raw") == 0) {
            raw = 1;
        } else if (strcmp(argv[i], "--manual") == 0) {
            manual = 1;
        } else if (strcmp(argv[i], "--cert") == 0 && i + 1 < argc) {
            certificate = argv[++i];
        } else if (strcmp(argv[i], "--key") == 0 && i + 1 < argc) {
            key = argv[++i];
        } else if (strcmp(argv[i], "--origins") == 0 && i + 1 < argc) {
            origins = argv[++i];
        } else {
            kind = -1;
            break;
        }
    }
    if (kind < 0) {
        fprintf(stderr, "usage: websocket_echo_server ws|wss [--raw] [--manual] [--cert FILE --key FILE] [--origins LIST]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (manual && network_set_config(network_config_manual_io, 1, 0) < 0) {
        return fail("manual I/O");
    }
    status = set_text(network_config_bind_address, "127.0.0.1") || set_text(network_config_tls_certificate, certificate) ||
             set_text(network_config_tls_private_key, key) || set_text(network_config_websocket_origins, origins) ||
             serve(kind);
    network_shutdown();
    return status;
}
