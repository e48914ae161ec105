/* Echoes through all cases of an Autobahn fuzzing server.
 *
 *   websocket_autobahn_client PORT [--manual]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stepwire.h"

/* Longer than any one case may take, so that a case that hangs fails the run. */
enum { MESSAGE_LIMIT = 16 * 1024 * 1024, LONGEST_CASE_MS = 120000 };

static double socket, port;

static int fail(const char *what) {
    fprintf(stderr, "websocket_autobahn_client: %s: %s\n", what, network_last_error());
    return 1;
}

/* Connects and echoes until the server ends the connection. The first message, where somebody asks for it, is kept
 * instead. How a case ends is the server's to judge. */
static int run_case(const char *path, char *kept, size_t room) {
    NetworkEvent event;

    if (network_connect_raw_async(socket, path, port) < 0) {
        return fail(path);
    }
    for (;;) {
        if (network_wait(LONGEST_CASE_MS) <= 0 || network_poll_event(&event) <= 0) {
            return fail("nothing more happened");
        }
        switch ((int)event.type) {
        case network_type_non_blocking_connect:
            if (event.succeeded != 1) {
                fprintf(stderr, "websocket_autobahn_client: %s: %s\n", path, event.reason);
                return 1;
            }
            break;
        case network_type_data:
            if (room > 0) {
                size_t size = event.size < (double)room ? (size_t)event.size : room - 1;
                memcpy(kept, event.buffer, size);
                kept[size] = '\0';
            } else {
                double sent = network_send_raw(socket, event.buffer, event.size, event.message_type);
                /* A connection that has just ended takes nothing; its disconnect event follows. */
                if (sent < 0 && sent != network_error_closed) {
                    return fail(path);
                }
            }
            break;
        case network_type_disconnect:
            return 0;
        }
    }
}

int main(int argc, char **argv) {
    char path[64], count[16] = "";
    int cases, number, status = 1;

    if (argc < 2 || atoi(argv[1]) <= 0) {
        fprintf(stderr, "usage: websocket_autobahn_client PORT [--manual]\n");
        return 2;
    }
    port = atoi(argv[1]);
    if (argc > 2 && network_set_config(network_config_manual_io, 1, 0) < 0) {
        return fail(argv[2]);
    }
    socket = network_create_socket(network_socket_ws);
    if (socket < 0 || network_set_config(network_config_message_size_limit, socket, MESSAGE_LIMIT) < 0) {
        return fail("the socket");
    }
    if (run_case("127.0.0.1/getCaseCount", count, sizeof count) == 0) {
        cases = atoi(count);
        status = cases > 0 ? 0 : 1;
        for (number = 1; number <= cases && status == 0; number++) {
            sprintf(path, "127.0.0.1/runCase?case=%d&agent=stepwire", number);
            status = run_case(path, NULL, 0);
        }
        printf("%d cases\n", cases);
        status = run_case("127.0.0.1/updateReports?agent=stepwire", NULL, 0) || status;
    }
    network_shutdown();
    return status;
}
