/* The examples of GameMaker's manual in C: the same calls under the same names, against this machine. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* Variables as an object of a game has them. */
static double client, server, sock;
static char buff[64];

/* The player's machine stands for the manual's "192.134.0.1" and "www.macsweeneygames.com". */
static const char *const address = "127.0.0.1";

static void example_network_create_server(void) {
    double port = 6510;
    server = network_create_server(network_socket_tcp, port, 32);
    while (server < 0 && port < 65535) {
        port++;
        server = network_create_server(network_socket_tcp, port, 32);
    }
    CHECK(server >= 0);
    CHECK_EQUAL(network_get_port(server), port);
}

static void example_network_create_server_raw(void) {
    double port = 6510;
    server = network_create_server_raw(network_socket_tcp, port, 32);
    while (server < 0 && port < 65535) {
        port++;
        server = network_create_server_raw(network_socket_tcp, port, 32);
    }
    CHECK(server >= 0);
}

/* The loop passes ports that another server holds: those fail with the one error that says so. Ports lower than the
   first may come free between two loops, for other programs use them too. */
static void servers_side_by_side(void) {
    double first, second, third;
    example_network_create_server();
    first = server;
    CHECK_ERROR(network_create_server(network_socket_tcp, network_get_port(first), 32), network_error_address_in_use);
    example_network_create_server();
    second = server;
    CHECK(network_get_port(second) != network_get_port(first));
    example_network_create_server_raw();
    third = server;
    CHECK(network_get_port(third) != network_get_port(first));
    CHECK(network_get_port(third) != network_get_port(second));
}

static void example_network_connect(void) {
    example_network_create_server();

    client = network_create_socket(network_socket_tcp);
    network_connect(client, address, network_get_port(server));

    CHECK_EQUAL(take_connect(server)->id, server);
}

static void example_network_connect_async(void) {
    example_network_create_server();

    client = network_create_socket(network_socket_tcp);
    network_connect_async(client, address, network_get_port(server));

    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    take_connect(server);
}

static void example_network_connect_raw(void) {
    example_network_create_server_raw();

    client = network_create_socket(network_socket_tcp);
    network_connect_raw(client, address, network_get_port(server));

    take_connect(server);
}

static void example_network_connect_raw_async(void) {
    example_network_create_server_raw();

    client = network_create_socket(network_socket_tcp);
    network_connect_raw_async(client, address, network_get_port(server));

    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    take_connect(server);
}

static void example_network_set_config(void) {
    network_set_config(network_config_connect_timeout, 1000, 0);
    network_set_config(network_config_use_non_blocking_socket, 1, 0);

    example_network_create_server();
    client = network_create_socket(network_socket_tcp);
    CHECK_EQUAL(network_connect(client, address, network_get_port(server)), client);
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    sock = take_connect(server)->socket;

    CHECK_EQUAL(network_set_config(network_config_message_size_limit, sock, 4096), 0);
}

/* As in GML, where value2 is left out with options that have one value, and options of network_send_raw always. C89 has
   no way to leave them out. */
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L)
#define CAN_LEAVE_OUT 1
#else
#define CAN_LEAVE_OUT 0
#endif

#if CAN_LEAVE_OUT
static void arguments_left_out(void) {
    char got[sizeof buff];
    Pair pair = connect_pair(1);
    sock = pair.client;
    strcpy(buff, "player_save.dat");
    CHECK_EQUAL(network_set_config(network_config_connect_timeout, 1000), 0);
    CHECK_EQUAL((network_set_config(network_config_connect_timeout, 1000)), 0);
    CHECK_ERROR(network_set_config(network_config_connect_timeout, 1000, 1), network_error_bad_argument);
    CHECK_EQUAL(network_send_raw(sock, buff, (double)strlen(buff)), (double)strlen(buff));
    take_stream(pair.accepted, got, strlen(buff));
    CHECK(memcmp(got, buff, strlen(buff)) == 0);
    /* Inside one another. */
    CHECK_EQUAL(network_set_config(network_config_connect_timeout,
                                   1000 + network_set_config(network_config_connect_timeout, (2000))),
                0);
    CHECK_ERROR(network_send_raw(sock, buff, network_set_config(network_config_connect_timeout, 1000) - 1),
                network_error_bad_argument);
}
#endif

/* Who takes a function's address gets the function, with all its arguments. */
static void functions_by_their_address(void) {
    double (*set_config)(double, double, double) = network_set_config;
    double (*send_raw)(double, const void *, double, double) = &network_send_raw;
    char got[sizeof buff];
    Pair pair = connect_pair(1);
    CHECK_EQUAL(set_config(network_config_message_size_limit, pair.client, 4096), 0);
    CHECK_EQUAL((*send_raw)(pair.client, "raw", 3, 0), 3);
    CHECK_EQUAL((network_send_raw)(pair.client, "all", 3, 0), 3);
    take_stream(pair.accepted, got, 6);
    CHECK(memcmp(got, "rawall", 6) == 0);
}

static void example_network_set_timeout(void) {
    Pair pair = connect_pair(0);
    sock = pair.client;

    CHECK_EQUAL(network_set_timeout(sock, 3000, 3000), 0);
}

static void example_network_send_packet(void) {
    Pair pair = connect_pair(0);
    sock = pair.client;
    strcpy(buff, "player_save.dat");

    CHECK_EQUAL(network_send_packet(sock, buff, (double)strlen(buff)), (double)strlen(buff) + 12);

    take_data(pair.accepted, buff, strlen(buff));
}

static void example_network_send_raw(void) {
    char got[sizeof buff];
    Pair pair = connect_pair(1);
    sock = pair.client;
    strcpy(buff, "player_save.dat");

    CHECK_EQUAL(network_send_raw(sock, buff, (double)strlen(buff), 0), (double)strlen(buff));

    take_stream(pair.accepted, got, strlen(buff));
    CHECK(memcmp(got, buff, strlen(buff)) == 0);
}

static void example_network_destroy(void) {
    Pair pair = connect_pair(0);
    sock = pair.client;

    network_destroy(sock);

    take_event(pair.accepted, network_type_disconnect);
}

static void example_network_resolve(void) {
    const char *game_ip = network_resolve("localhost");
    CHECK(strcmp(game_ip, "127.0.0.1") == 0 || strcmp(game_ip, "::1") == 0);
}

/* What the Networking event of the manual's pages does with its keys. */
static void networking_event(const NetworkEvent *async_load, void *user) {
    int *seen = (int *)user;
    switch ((int)async_load->type) {
    case network_type_connect:
        CHECK_EQUAL(async_load->id, server);
        CHECK_STRING(async_load->ip, "127.0.0.1");
        sock = async_load->socket;
        *seen |= 1;
        break;
    case network_type_data:
        CHECK_EQUAL(async_load->id, sock);
        CHECK_EQUAL(async_load->size, 5);
        CHECK(memcmp(async_load->buffer, "hello", 5) == 0);
        *seen |= 2;
        break;
    case network_type_disconnect:
        CHECK_EQUAL(async_load->socket, sock);
        *seen |= 4;
        break;
    case network_type_non_blocking_connect:
    default:
        fail(__FILE__, __LINE__, "nothing else happens here");
    }
}

static void async_networking_event(void) {
    int seen = 0;
    double deadline = now_ms() + patience_ms();
    example_network_create_server();
    client = tcp_client(0, network_get_port(server));
    network_send_packet(client, "hello", 5);
    network_destroy(client);
    while (seen != 7) {
        CHECK(now_ms() < deadline);
        network_wait(2);
        CHECK(network_poll(networking_event, &seen) >= 0);
    }
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"servers_side_by_side", servers_side_by_side},
        {"network_connect", example_network_connect},
        {"network_connect_async", example_network_connect_async},
        {"network_connect_raw", example_network_connect_raw},
        {"network_connect_raw_async", example_network_connect_raw_async},
        {"network_set_config", example_network_set_config},
#if CAN_LEAVE_OUT
        {"arguments_left_out", arguments_left_out},
#endif
        {"functions_by_their_address", functions_by_their_address},
        {"network_set_timeout", example_network_set_timeout},
        {"network_send_packet", example_network_send_packet},
        {"network_send_raw", example_network_send_raw},
        {"network_destroy", example_network_destroy},
        {"network_resolve", example_network_resolve},
        {"async_networking_event", async_networking_event},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
