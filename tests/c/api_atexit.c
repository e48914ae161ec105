/* The library used while the process ends: by handlers of atexit, when what the thread kept for itself is gone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "process.h"

/* The next event of a type, however many of others come before. */
static void expect_event(NetworkEvent *event, int type) {
    double deadline = now_ms() + patience_ms();
    do {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(100));
    } while (network_poll_event(event) <= 0 || (int)event->type != type);
}

static void use_websocket(void) {
    NetworkEvent event;
    double server = SUCCESS(network_create_server(network_socket_ws, 0, 4));
    double client = SUCCESS(network_create_socket(network_socket_ws));
    SUCCESS(network_connect_async(client, "127.0.0.1", network_get_port(server)));
    expect_event(&event, network_type_non_blocking_connect);
    CHECK_EQUAL(event.succeeded, 1);
    CHECK_EQUAL(network_send_packet(client, "farewell", 8), 8);
    expect_event(&event, network_type_data);
    CHECK_EQUAL(event.size, 8);
    CHECK(memcmp(event.buffer, "farewell", 8) == 0);
}

static void use_reliable_udp(void) {
    NetworkEvent event;
    double server = SUCCESS(network_create_server(network_socket_udp, 0, 0));
    double client = SUCCESS(network_create_socket(network_socket_udp));
    SUCCESS(network_set_config(network_config_enable_reliable_udp, server, 0));
    SUCCESS(network_set_config(network_config_enable_reliable_udp, client, 0));
    SUCCESS(network_send_udp(client, "127.0.0.1", network_get_port(server), "farewell", 8));
    expect_event(&event, network_type_data);
    CHECK_EQUAL(event.size, 8);
    CHECK_EQUAL(event.message_type, network_message_reliable);
}

static void at_the_end(void) {
    use_websocket();
    use_reliable_udp();
    CHECK_EQUAL(network_shutdown(), 0);
    tell_parent(1);
}

static int role_ends(int argc, char **argv) {
    (void)argc;
    (void)argv;
    CHECK(atexit(at_the_end) == 0);
    /* Used before, so that the thread had something to lose. */
    use_websocket();
    use_reliable_udp();
    exit(0);
}

static void atexit_handlers_can_use_everything(void) {
    Child child = spawn("ends", NULL, NULL, NULL);
    CHECK_EQUAL(child_number(&child), 1);
    child_succeeds(&child);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"atexit_handlers_can_use_everything", atexit_handlers_can_use_everything},
        {NULL, NULL},
    };
    static const Role roles[] = {
        {"ends", role_ends},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, roles);
}
