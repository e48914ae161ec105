/* Options: what they take and refuse, and what TCP's options do. */
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "process.h"

static const double not_numbers[] = {NAN, INFINITY, -INFINITY, 0.5, 1e300, -1e300};

static void every_value_is_parsed(void) {
    static const double configs[] = {network_config_connect_timeout, network_config_use_non_blocking_socket,
                                     network_config_manual_io, network_config_handshake_timeout,
                                     network_config_total_queue_limit};
    static const double pairs[] = {network_config_message_size_limit, network_config_game_id,
                                   network_config_tls_verify,         network_config_send_queue_limit,
                                   network_config_receive_queue_limit, network_config_no_delay};
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    size_t i, j;
    for (j = 0; j < sizeof not_numbers / sizeof not_numbers[0]; j++) {
        for (i = 0; i < sizeof configs / sizeof configs[0]; i++)
            CHECK_ERROR(network_set_config(configs[i], not_numbers[j], 0), network_error_bad_argument);
        for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
            CHECK_ERROR(network_set_config(pairs[i], client, not_numbers[j]), network_error_bad_argument);
        CHECK_ERROR(network_set_config(not_numbers[j], 1, 0), network_error_bad_argument);
        CHECK_ERROR(network_set_config_string(not_numbers[j], -1, ""), network_error_bad_argument);
    }
    for (i = 0; i < sizeof configs / sizeof configs[0]; i++)
        CHECK_ERROR(network_set_config(configs[i], -1, 0), network_error_bad_argument);
}

static void ranges(void) {
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_ERROR(network_set_config(network_config_connect_timeout, 0, 0), network_error_bad_argument);
    CHECK_EQUAL(network_set_config(network_config_connect_timeout, 1, 0), 0);
    CHECK_ERROR(network_set_config(network_config_use_non_blocking_socket, 2, 0), network_error_bad_argument);
    CHECK_ERROR(network_set_config(network_config_no_delay, client, 2), network_error_bad_argument);
    CHECK_ERROR(network_set_config(network_config_tls_verify, -1, 2), network_error_bad_argument);
    CHECK_ERROR(network_set_config(network_config_game_id, client, 4294967296.0), network_error_bad_argument);
    CHECK_EQUAL(network_set_config(network_config_game_id, client, 4294967295.0), 0);
    CHECK_EQUAL(network_set_config(network_config_game_id, -1, 7), 0);
    CHECK_ERROR(network_set_config(network_config_handshake_timeout, 0, 0), network_error_bad_argument);
    CHECK_EQUAL(network_set_config(network_config_send_queue_limit, -1, 1024), 0);
    CHECK_EQUAL(network_set_config(network_config_receive_queue_limit, client, 1024), 0);
    CHECK_EQUAL(network_set_config(network_config_total_queue_limit, 1 << 20, 0), 0);
}

static void unknown_options(void) {
    static const double unknown[] = {-1, 9, 100, 999, 1999, 5000, 4294967296.0};
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    size_t i;
    for (i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        CHECK_ERROR(network_set_config(unknown[i], client, 0), network_error_bad_argument);
        CHECK_ERROR(network_set_config_string(unknown[i], client, "text"), network_error_bad_argument);
    }
    /* A text where a number belongs, and the other way round. */
    CHECK_ERROR(network_set_config_string(network_config_connect_timeout, -1, "1000"), network_error_bad_argument);
    CHECK_ERROR(network_set_config_string(network_config_no_delay, client, "1"), network_error_bad_argument);
    CHECK_ERROR(network_set_config(network_config_bind_address, -1, 0), network_error_bad_argument);
    CHECK_ERROR(network_set_config(network_config_tls_ca_file, client, 0), network_error_bad_argument);
}

static void handles_in_options(void) {
    static const struct {
        double config, value2;
    } options[] = {{network_config_message_size_limit, 1},    {network_config_game_id, 1},
                   {network_config_send_queue_limit, 1},      {network_config_receive_queue_limit, 1},
                   {network_config_no_delay, 1},              {network_config_avoid_time_wait, 0},
                   {network_config_enable_reliable_udp, 0},   {network_config_disable_reliable_udp, 0},
                   {network_config_enable_multicast, 0},      {network_config_disable_multicast, 0}};
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    size_t i;
    for (i = 0; i < sizeof options / sizeof options[0]; i++) {
        CHECK_ERROR(network_set_config(options[i].config, 1e9, options[i].value2), network_error_bad_handle);
        CHECK_ERROR(network_set_config(options[i].config, NAN, options[i].value2), network_error_bad_handle);
        CHECK_ERROR(network_set_config(options[i].config, -7, options[i].value2), network_error_bad_handle);
    }
    CHECK_ERROR(network_set_config_string(network_config_tls_ca_file, 1e9, ""), network_error_bad_handle);
    CHECK(network_set_config(network_config_enable_reliable_udp, client, 0) < 0);
    CHECK(network_set_config(network_config_enable_multicast, client, 0) < 0);
}

static void texts(void) {
    CHECK_ERROR(network_set_config_string(network_config_bind_address, -1, NULL), network_error_bad_argument);
    CHECK_ERROR(network_set_config_string(network_config_bind_address, -1, "\xff\xfe"), network_error_bad_argument);
    CHECK_ERROR(network_set_config_string(network_config_bind_address, -1, "not an address"),
                network_error_bad_argument);
    CHECK_EQUAL(network_set_config_string(network_config_bind_address, -1, "::1"), 0);
    CHECK_EQUAL(network_set_config_string(network_config_bind_address, -1, ""), 0);
}

static void bind_address(void) {
    double server, client;
    int refusing;
    CHECK_EQUAL(network_set_config_string(network_config_bind_address, -1, "127.0.0.1"), 0);
    do {
        server = SUCCESS(network_create_server(network_socket_tcp, 0, 4));
        refusing = peer_refuse_at("127.0.0.3", network_get_port(server));
    } while (refusing < 0);
    CHECK_EQUAL(network_set_config_string(network_config_bind_address, -1, "127.0.0.2"), 0);
    client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_EQUAL(network_connect(client, "127.0.0.1", network_get_port(server)), client);
    CHECK_STRING(take_connect(server)->ip, "127.0.0.2");
    SUCCESS(network_destroy(client));
    /* The server is on the one address only. */
    client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_ERROR(network_connect(client, "127.0.0.3", network_get_port(server)), network_error_failed);
    close(refusing);
}

static void manual_io_changes_only_without_sockets(void) {
    double client;
    SUCCESS(network_set_config(network_config_io_threads, 1, 0));
    client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_ERROR(network_set_config(network_config_manual_io, manual_io() ? 0 : 1, 0), network_error_busy);
    SUCCESS(network_destroy(client));
    WAIT_FOR(network_set_config(network_config_manual_io, manual_io() ? 0 : 1, 0) == 0);
    /* The other mode works as well, in the same process. */
    {
        Pair pair = connect_pair(0);
        destroy_pair(&pair);
    }
}

static int tcp_option(int level, int option, double local, double remote) {
    int value = -1;
    socklen_t size = sizeof value;
    int descriptor = find_descriptor(local, remote);
    CHECK(descriptor >= 0);
    CHECK(getsockopt(descriptor, level, option, &value, &size) == 0);
    return value;
}

static void no_delay(void) {
    Pair pair = connect_pair(0);
    double local = network_get_port(pair.client);
    CHECK(tcp_option(IPPROTO_TCP, TCP_NODELAY, local, pair.port));
    CHECK(tcp_option(IPPROTO_TCP, TCP_NODELAY, pair.port, local));
    CHECK_EQUAL(network_set_config(network_config_no_delay, pair.client, 0), 0);
    WAIT_FOR(!tcp_option(IPPROTO_TCP, TCP_NODELAY, local, pair.port));
    CHECK_EQUAL(network_set_config(network_config_no_delay, pair.client, 1), 0);
    WAIT_FOR(tcp_option(IPPROTO_TCP, TCP_NODELAY, local, pair.port));
    destroy_pair(&pair);

    CHECK_EQUAL(network_set_config(network_config_no_delay, -1, 0), 0);
    pair = connect_pair(0);
    CHECK(!tcp_option(IPPROTO_TCP, TCP_NODELAY, network_get_port(pair.client), pair.port));
}

/* With SO_LINGER 0, closing resets: the peer sees no orderly end. */
static void avoid_time_wait(void) {
    double port, client;
    int listener = peer_listen(&port), peer;
    client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_EQUAL(network_set_config(network_config_avoid_time_wait, client, 0), 0);
    CHECK_EQUAL(network_connect_raw_async(client, "127.0.0.1", port), client);
    peer = peer_accept(listener);
    take_event(client, network_type_non_blocking_connect);
    SUCCESS(network_destroy(client));
    CHECK_EQUAL(peer_ended(peer), 0);
    close(peer);
    close(listener);
}

static void game_id(void) {
    double port, client;
    int listener = peer_listen(&port), peer;
    client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK_EQUAL(network_set_config(network_config_game_id, client, 4294967295.0), 0);
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_accept(listener);
    peer_write(peer, BANNER, BANNER_SIZE);
    peer_expect(peer, "\xbe\xba\xfe\xca\x0b\xb0\xad\xde\x10\x00\x00\x00\xff\xff\xff\xff", HELLO_SIZE);
    peer_write(peer, WELCOME, WELCOME_SIZE);
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    close(peer);

    CHECK_EQUAL(network_set_config(network_config_game_id, -1, 305419896), 0);
    client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    peer = peer_accept(listener);
    peer_write(peer, BANNER, BANNER_SIZE);
    peer_expect(peer, "\xbe\xba\xfe\xca\x0b\xb0\xad\xde\x10\x00\x00\x00\x78\x56\x34\x12", HELLO_SIZE);
    close(peer);
    close(listener);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"every_value_is_parsed", every_value_is_parsed},
        {"ranges", ranges},
        {"unknown_options", unknown_options},
        {"handles_in_options", handles_in_options},
        {"texts", texts},
        {"bind_address", bind_address},
        {"manual_io_changes_only_without_sockets", manual_io_changes_only_without_sockets},
        {"no_delay", no_delay},
        {"avoid_time_wait", avoid_time_wait},
        {"game_id", game_id},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
