/* How long the strings live that functions return: several of them can stand in one printf. */
#include <stdio.h>
#include <string.h>

#include "harness.h"

static void two_of_one_function(void) {
    char text[256];
    double server = SUCCESS(network_create_server(network_socket_ws, 0, 4)), accepted;
    double client = SUCCESS(network_create_socket(network_socket_ws));
    char url[64];
    sprintf(url, "ws://127.0.0.1:%d/game?room=7", (int)network_get_port(server));
    SUCCESS(network_connect(client, url, 0));
    accepted = take_connect(server)->socket;
    sprintf(text, "%s %s", network_get_string(accepted, "path"), network_get_string(accepted, "query"));
    CHECK_STRING(text, "/game room=7");
    sprintf(text, "%s %s", network_resolve("127.0.0.1"), network_resolve("127.0.0.2"));
    CHECK_STRING(text, "127.0.0.1 127.0.0.2");
}

static void seven_after_the_first(void) {
    const char *kept[8];
    char wanted[32];
    int i;
    CHECK_ERROR(network_destroy(-1), network_error_bad_handle);
    /* Whatever was called before: the place in the ring must not matter. */
    for (i = 0; i < 3; i++)
        CHECK(strlen(network_last_error()) > 5);
    for (i = 0; i < 8; i++) {
        sprintf(wanted, "127.0.0.%d", i + 1);
        kept[i] = network_resolve(wanted);
    }
    for (i = 0; i < 8; i++) {
        sprintf(wanted, "127.0.0.%d", i + 1);
        CHECK_STRING(kept[i], wanted);
    }
}

static void different_functions_together(void) {
    char text[512];
    Pair pair = connect_pair(0);
    CHECK_ERROR(network_destroy(-1), network_error_bad_handle);
    sprintf(text, "%s|%s|%s|%s|%s|%s|%s", network_get_string(pair.client, "ip"), network_resolve("127.0.0.9"),
            network_get_string(pair.accepted, "ip"), network_last_error(), network_resolve("::1"),
            network_get_string(pair.client, "ip"), network_error_name(network_error_timeout));
    CHECK(strncmp(text, "127.0.0.1|127.0.0.9|127.0.0.1|no such socket", 44) == 0);
    CHECK(strstr(text, "|::1|127.0.0.1|network_error_timeout") != NULL);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"two_of_one_function", two_of_one_function},
        {"seven_after_the_first", seven_after_the_first},
        {"different_functions_together", different_functions_together},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
