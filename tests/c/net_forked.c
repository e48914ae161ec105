/* Processes forked while the library runs, and descriptors that somebody else closes. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "process.h"

/* Waits for the child while the parent's library goes on working. */
static int status_of(pid_t child) {
    int status = -1;
    WAIT_FOR(waitpid(child, &status, WNOHANG) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

/* In the child every call says at once what is wrong, and none hangs, crashes or touches the parent's sockets. */
static int calls_in_the_child(double client, double server, double port) {
    NetworkEvent event;
    if (network_create_socket(network_socket_tcp) != network_error_failed)
        return 1;
    if (strstr(network_last_error(), "forked") == NULL)
        return 2;
    if (network_connect(client, "127.0.0.1", port) >= 0 || network_wait(1000) >= 0)
        return 3;
    if (network_poll_event(&event) >= 0 || network_destroy(server) >= 0)
        return 4;
    if (network_send_packet(client, "x", 1) >= 0 || strcmp(network_resolve("localhost"), "") != 0)
        return 5;
    if (network_shutdown() >= 0 || network_set_config(network_config_connect_timeout, 50, 0) >= 0)
        return 6;
    return strcmp(network_error_name(-1), "network_error_failed") == 0 ? 0 : 7;
}

static void a_forked_child_is_told(void) {
    Pair pair = connect_pair(0);
    double port = SUCCESS(network_get_port(pair.server)), spare = SUCCESS(network_create_socket(network_socket_tcp));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(calls_in_the_child(spare, pair.server, port));
    CHECK_EQUAL(status_of(child), 0);
    /* The parent has lost nothing. */
    SUCCESS(network_send_packet(pair.client, "still here", 10));
    take_data(pair.accepted, "still here", 10);
    destroy_pair(&pair);
}

/* Also while several threads of the parent are at work. */
static void many_children(void) {
    Pair pair = connect_pair(0);
    int i;
    for (i = 0; i < 20; i++) {
        pid_t child;
        SUCCESS(network_send_packet(pair.client, "burst", 5));
        child = fork();
        CHECK(child >= 0);
        if (child == 0)
            _exit(calls_in_the_child(pair.client, pair.server, 1));
        CHECK_EQUAL(status_of(child), 0);
        take_data(pair.accepted, "burst", 5);
    }
    destroy_pair(&pair);
}

/* A child may use the library if its parent's had not begun, or was shut down. */
static int fresh_child(void) {
    Pair pair = connect_pair(0);
    SUCCESS(network_send_packet(pair.client, "fresh", 5));
    take_data(pair.accepted, "fresh", 5);
    return network_shutdown() == 0 ? 0 : 1;
}

static void a_child_may_start_afresh(void) {
    pid_t child;
    Pair pair = connect_pair(0);
    destroy_pair(&pair);
    CHECK_EQUAL(network_shutdown(), 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        fresh_library();
        _exit(fresh_child());
    }
    fresh_library();
    CHECK_EQUAL(status_of(child), 0);
}

/* As programs do that become daemons: every descriptor they do not know is closed. */
static int close_them_all(void) {
    NetworkEvent event;
    double begun, client, server = SUCCESS(network_create_server(network_socket_tcp, 0, 8));
    double port = SUCCESS(network_get_port(server));
    Pair pair = connect_pair(0);
    int descriptor;
    for (descriptor = 3; descriptor < 1024; descriptor++)
        close(descriptor);
    begun = now_ms();
    SUCCESS(network_set_config(network_config_connect_timeout, 500, 0));
    client = network_create_socket(network_socket_tcp);
    if (client >= 0 && network_connect(client, "127.0.0.1", port) >= 0)
        return 1;
    take_event(pair.client, network_type_disconnect);
    network_send_packet(pair.accepted, "x", 1);
    network_wait(100);
    network_poll_event(&event);
    network_destroy(server);
    if (network_shutdown() < 0)
        return 2;
    return now_ms() - begun < patience_ms() ? 0 : 3;
}

static void closed_descriptors_are_errors(void) {
    pid_t child;
    CHECK_EQUAL(network_shutdown(), 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        fresh_library();
        _exit(close_them_all());
    }
    fresh_library();
    CHECK_EQUAL(status_of(child), 0);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"a_forked_child_is_told", a_forked_child_is_told},
        {"many_children", many_children},
        {"a_child_may_start_afresh", a_child_may_start_afresh},
        {"closed_descriptors_are_errors", closed_descriptors_are_errors},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
