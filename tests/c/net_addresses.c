/* IPv4 and IPv6, names, and how addresses are shown. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

/* Containers without IPv6 exist; there the IPv6 cases have nothing to test. */
static int has_ipv6(void) {
    struct sockaddr_in6 address;
    int probe = socket(AF_INET6, SOCK_STREAM, 0), usable;
    memset(&address, 0, sizeof address);
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    usable = probe >= 0 && bind(probe, (struct sockaddr *)&address, sizeof address) == 0;
    if (probe >= 0)
        close(probe);
    return usable;
}

static void listen_everywhere(void) { SUCCESS(network_set_config_string(network_config_bind_address, -1, "")); }

static void meet(double server, const char *url, const char *shown_to_server, const char *shown_to_client) {
    double client = SUCCESS(network_create_socket(network_socket_tcp)), accepted;
    const NetworkEvent *event;
    SUCCESS(network_connect_async(client, url, network_get_port(server)));
    event = take_event(client, network_type_non_blocking_connect);
    if (event->succeeded != 1)
        fail(__FILE__, __LINE__, "connecting to %s: %s", url, event->reason);
    CHECK_STRING(event->ip, shown_to_client);
    event = take_connect(server);
    accepted = event->socket;
    CHECK_STRING(event->ip, shown_to_server);
    CHECK_STRING(network_get_string(accepted, "ip"), shown_to_server);
    CHECK_STRING(network_get_string(client, "ip"), shown_to_client);
    SUCCESS(network_send_packet(client, "hello", 5));
    CHECK_STRING(take_data(accepted, "hello", 5)->ip, shown_to_server);
    SUCCESS(network_send_packet(accepted, "hello", 5));
    CHECK_STRING(take_data(client, "hello", 5)->ip, shown_to_client);
    SUCCESS(network_destroy(client));
    CHECK_STRING(take_event(accepted, network_type_disconnect)->ip, shown_to_server);
}

static void dual_stack(void) {
    double server;
    listen_everywhere();
    server = tcp_server(0, 8);
    /* An IPv4 peer is never shown as ::ffff:127.0.0.1, whatever the listener is. */
    meet(server, "127.0.0.1", "127.0.0.1", "127.0.0.1");
    if (!has_ipv6())
        return;
    meet(server, "::1", "::1", "::1");
    meet(server, "[::1]", "::1", "::1");
    check_no_events();
}

static void ipv6_alone(void) {
    double server, client;
    int refusing;
    if (!has_ipv6())
        return;
    SUCCESS(network_set_config_string(network_config_bind_address, -1, "::1"));
    do {
        server = tcp_server(0, 8);
        refusing = peer_refuse_at("127.0.0.1", network_get_port(server));
    } while (refusing < 0);
    meet(server, "::1", "::1", "::1");
    listen_everywhere();
    client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_ERROR(network_connect(client, "127.0.0.1", network_get_port(server)), network_error_failed);
    check_no_events();
    close(refusing);
}

/* localhost has an IPv6 and an IPv4 address; whichever the server is on is found. */
static void a_name_with_two_addresses(void) {
    static const char *const addresses[] = {"127.0.0.1", "::1"};
    int i;
    for (i = 0; i < (has_ipv6() ? 2 : 1); i++) {
        double server, client;
        SUCCESS(network_set_config_string(network_config_bind_address, -1, addresses[i]));
        server = tcp_server(0, 8);
        listen_everywhere();
        if (i == 1 && strcmp(network_resolve("localhost"), "127.0.0.1") == 0)
            continue; /* this machine's localhost may have an IPv4 address alone */
        client = SUCCESS(network_create_socket(network_socket_tcp));
        CHECK_EQUAL(network_connect(client, "localhost", network_get_port(server)), client);
        CHECK_STRING(take_connect(server)->ip, addresses[i]);
        client = SUCCESS(network_create_socket(network_socket_tcp));
        SUCCESS(network_connect_async(client, "localhost", network_get_port(server)));
        CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
        CHECK_STRING(take_connect(server)->ip, addresses[i]);
        check_no_events();
    }
}

static void many_names_at_once(void) {
    enum { CLIENTS = 40 };
    double server = tcp_server(0, CLIENTS), clients[CLIENTS];
    int i;
    for (i = 0; i < CLIENTS; i++) {
        clients[i] = SUCCESS(network_create_socket(network_socket_tcp));
        SUCCESS(network_connect_async(clients[i], i % 4 == 3 ? UNKNOWN_NAME : "localhost",
                                      network_get_port(server)));
    }
    for (i = 0; i < CLIENTS; i++) {
        const NetworkEvent *event = take_event(clients[i], network_type_non_blocking_connect);
        CHECK_EQUAL(event->succeeded, i % 4 == 3 ? 0 : 1);
        CHECK_EQUAL(event->error, i % 4 == 3 ? network_error_resolve : 0);
        if (i % 4 != 3)
            take_connect(server);
    }
    check_no_events();
}

static void resolve(void) {
    char first[64];
    CHECK_STRING(network_resolve("127.0.0.1"), "127.0.0.1");
    CHECK_STRING(network_resolve("::1"), "::1");
    CHECK_STRING(network_resolve(UNKNOWN_NAME), "");
    strncpy(first, network_resolve("localhost"), sizeof first - 1);
    first[sizeof first - 1] = '\0';
    CHECK(strcmp(first, "127.0.0.1") == 0 || strcmp(first, "::1") == 0);
}

/* A server on one address leaves the port free on another. */
static void one_port_on_two_addresses(void) {
    double first, second;
    int attempts = 20;
    /* The port that is free on one address may be somebody else's on the other. */
    for (;;) {
        SUCCESS(network_set_config_string(network_config_bind_address, -1, "127.0.0.1"));
        first = tcp_server(0, 8);
        SUCCESS(network_set_config_string(network_config_bind_address, -1, "127.0.0.2"));
        second = network_create_server(network_socket_tcp, network_get_port(first), 8);
        if (second >= 0) {
            break;
        }
        CHECK_EQUAL(second, network_error_address_in_use);
        CHECK(--attempts > 0);
        SUCCESS(network_destroy(first));
    }
    CHECK_ERROR(network_create_server(network_socket_tcp, network_get_port(first), 8), network_error_address_in_use);
    SUCCESS(network_set_config_string(network_config_bind_address, -1, ""));
    meet(first, "127.0.0.1", "127.0.0.1", "127.0.0.1");
    {
        double client = SUCCESS(network_create_socket(network_socket_tcp));
        CHECK_EQUAL(network_connect(client, "127.0.0.2", network_get_port(second)), client);
        take_connect(second);
    }
    check_no_events();
}

/* On a machine with several addresses answers come from the one that was asked. */
static void answers_come_from_the_address_that_was_asked(int reliable) {
    struct sockaddr_in to;
    char answer[64];
    const NetworkEvent *event;
    double server, port;
    int i, asking = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQUAL(network_set_config_string(network_config_bind_address, -1, ""), 0);
    server = SUCCESS(network_create_server_raw(network_socket_udp, 0, 0));
    port = SUCCESS(network_get_port(server));
    if (reliable)
        SUCCESS(network_set_config(network_config_enable_reliable_udp, server, 0));
    CHECK(fcntl(asking, F_SETFL, O_NONBLOCK) == 0 && fcntl(other, F_SETFL, O_NONBLOCK) == 0);
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    to.sin_port = htons((unsigned short)port);
    /* Who is connected hears that address alone. */
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    CHECK(connect(asking, (struct sockaddr *)&to, sizeof to) == 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(connect(other, (struct sockaddr *)&to, sizeof to) == 0);
    CHECK(send(asking, "who?", 4, 0) == 4);
    event = take_data(server, "who?", 4);
    /* Many at once too, which the system may cut up. */
    for (i = 0; i < 3; i++)
        SUCCESS(network_send_udp_raw(server, event->ip, event->port, "me", 2));
    for (i = 0; i < 3; i++)
        WAIT_FOR(recv(asking, answer, sizeof answer, 0) == 2);
    CHECK(send(other, "and?", 4, 0) == 4);
    event = take_data(server, "and?", 4);
    SUCCESS(network_send_udp_raw(server, event->ip, event->port, "me, too", 7));
    WAIT_FOR(recv(other, answer, sizeof answer, 0) == 7);
    CHECK_EQUAL(network_get_stat(server, "dropped"), 0);
    CHECK_EQUAL(network_destroy(server), 0);
    close(asking);
    close(other);
}

static void plain_answers_come_from_the_address_that_was_asked(void) {
    answers_come_from_the_address_that_was_asked(0);
}

static void answers_of_reliable_sockets_too(void) {
    answers_come_from_the_address_that_was_asked(1);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"dual_stack", dual_stack},
        {"ipv6_alone", ipv6_alone},
        {"a_name_with_two_addresses", a_name_with_two_addresses},
        {"many_names_at_once", many_names_at_once},
        {"resolve", resolve},
        {"one_port_on_two_addresses", one_port_on_two_addresses},
        {"plain_answers_come_from_the_address_that_was_asked", plain_answers_come_from_the_address_that_was_asked},
        {"answers_of_reliable_sockets_too", answers_of_reliable_sockets_too},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
