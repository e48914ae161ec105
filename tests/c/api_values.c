/* Constants, handles, errors, strings, statistics: what the calls give and take as values. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

/* Constants are macros of integers: usable in #if and in switch. */
#if network_socket_tcp != 0 || network_socket_udp != 1 || network_socket_bluetooth != 2 || network_socket_ws != 6 || \
    network_socket_wss != 7
#error "socket types are GameMaker's"
#endif
#if network_type_connect != 1 || network_type_disconnect != 2 || network_type_data != 3 || \
    network_type_non_blocking_connect != 4 || network_type_up != 5 || network_type_up_failed != 6 || \
    network_type_down != 7 || network_type_writable != 1001
#error "event types are GameMaker's"
#endif
#if network_config_connect_timeout != 0 || network_config_use_non_blocking_socket != 1 || \
    network_config_enable_reliable_udp != 2 || network_config_disable_reliable_udp != 3 || \
    network_config_avoid_time_wait != 4 || network_config_websocket_protocol != 5 || \
    network_config_enable_multicast != 6 || network_config_disable_multicast != 7 || \
    network_config_message_size_limit != 8
#error "GameMaker's options keep their numbers"
#endif
#if network_config_game_id != 1000 || network_config_tls_verify != 1001 || network_config_tls_ca_file != 1002 || \
    network_config_tls_certificate != 1003 || network_config_tls_private_key != 1004 || \
    network_config_send_queue_limit != 1005 || network_config_receive_queue_limit != 1006 || \
    network_config_bind_address != 1007 || network_config_websocket_headers != 1008 || \
    network_config_websocket_origins != 1009 || network_config_reliable_ordered != 1010 || \
    network_config_reliable_timeout != 1011 || network_config_manual_io != 1012 || \
    network_config_no_delay != 1013 || network_config_tls_identity != 1014 || \
    network_config_tls_identity_password != 1015 || network_config_handshake_timeout != 1016 || \
    network_config_total_queue_limit != 1017 || network_config_message_timeout != 1036 || \
    network_config_total_send_limit != 1037
#error "our options keep their numbers"
#endif
#if network_send_binary != 1 || network_send_text != 2
#error "send options are GameMaker's"
#endif

static const struct {
    int value;
    const char *name;
} errors[] = {
    {network_error_failed, "network_error_failed"},
    {network_error_bad_handle, "network_error_bad_handle"},
    {network_error_bad_argument, "network_error_bad_argument"},
    {network_error_wrong_kind, "network_error_wrong_kind"},
    {network_error_not_connected, "network_error_not_connected"},
    {network_error_timeout, "network_error_timeout"},
    {network_error_too_big, "network_error_too_big"},
    {network_error_queue_full, "network_error_queue_full"},
    {network_error_limit, "network_error_limit"},
    {network_error_resolve, "network_error_resolve"},
    {network_error_tls, "network_error_tls"},
    {network_error_handshake, "network_error_handshake"},
    {network_error_address_in_use, "network_error_address_in_use"},
    {network_error_not_supported, "network_error_not_supported"},
    {network_error_busy, "network_error_busy"},
    {network_error_closed, "network_error_closed"},
    {network_error_internal, "network_error_internal"},
};

static void error_names(void) {
    size_t i, count = sizeof errors / sizeof errors[0];
    for (i = 0; i < count; i++) {
        CHECK_STRING(network_error_name(errors[i].value), errors[i].name);
        CHECK_EQUAL(errors[i].value, i + 1 == count ? -99 : -1 - (double)i);
    }
    CHECK(network_error_name(-77) != NULL);
    CHECK(network_error_name(0) != NULL);
    CHECK(network_error_name(7) != NULL);
    CHECK(network_error_name(NAN) != NULL);
    CHECK(network_error_name(-INFINITY) != NULL);
    CHECK(network_error_name(-1.5) != NULL);
}

static void event_layout(void) {
    CHECK_EQUAL((double)offsetof(NetworkEvent, type), 0);
    CHECK_EQUAL((double)offsetof(NetworkEvent, id), 8);
    CHECK_EQUAL((double)offsetof(NetworkEvent, socket), 16);
    CHECK_EQUAL((double)offsetof(NetworkEvent, server), 24);
    CHECK_EQUAL((double)offsetof(NetworkEvent, port), 32);
    CHECK_EQUAL((double)offsetof(NetworkEvent, succeeded), 40);
    CHECK_EQUAL((double)offsetof(NetworkEvent, message_type), 48);
    CHECK_EQUAL((double)offsetof(NetworkEvent, error), 56);
    CHECK_EQUAL((double)offsetof(NetworkEvent, size), 64);
    CHECK_EQUAL((double)offsetof(NetworkEvent, buffer), 72);
    CHECK_EQUAL((double)offsetof(NetworkEvent, ip), 72 + (double)sizeof(void *));
    CHECK_EQUAL((double)offsetof(NetworkEvent, reason), 72 + 2 * (double)sizeof(void *));
}

/* The first case of the program: handles begin at 0 and go up by one. */
static void handles_begin_at_zero(void) {
    CHECK_EQUAL(network_create_socket(network_socket_tcp), 0);
    CHECK_EQUAL(network_create_server(network_socket_tcp, 0, 1), 1);
    CHECK_EQUAL(network_create_socket(network_socket_tcp), 2);
    CHECK_EQUAL(network_destroy(1), 0);
    CHECK_EQUAL(network_create_socket(network_socket_tcp), 3);
    CHECK_ERROR(network_get_port(1), network_error_bad_handle);
}

static void bluetooth_is_not_supported(void) {
    CHECK_ERROR(network_create_socket(network_socket_bluetooth), network_error_not_supported);
    CHECK_ERROR(network_create_socket_ext(network_socket_bluetooth, 0), network_error_not_supported);
    CHECK_ERROR(network_create_server(network_socket_bluetooth, 0, 1), network_error_not_supported);
    CHECK_ERROR(network_create_server_raw(network_socket_bluetooth, 0, 1), network_error_not_supported);
}

static void *last_error_of_new_thread(void *result) {
    *(int *)result = network_last_error()[0] == '\0';
    CHECK_ERROR(network_create_socket(network_socket_bluetooth), network_error_not_supported);
    *(int *)result &= strlen(network_last_error()) > 5;
    return NULL;
}

static void last_error_is_the_threads_own(void) {
    char before[512];
    int passed = 0;
    pthread_t other;
    CHECK_ERROR(network_destroy(-5), network_error_bad_handle);
    strncpy(before, network_last_error(), sizeof before - 1);
    before[sizeof before - 1] = '\0';
    CHECK(pthread_create(&other, NULL, last_error_of_new_thread, &passed) == 0);
    CHECK(pthread_join(other, NULL) == 0);
    CHECK(passed);
    CHECK_STRING(network_last_error(), before);
}

static void strings_about_a_socket(void) {
    Pair pair = connect_pair(0);
    CHECK_STRING(network_get_string(pair.accepted, "ip"), "127.0.0.1");
    CHECK_STRING(network_get_string(pair.client, "ip"), "127.0.0.1");
    CHECK_STRING(network_get_string(pair.client, "path"), "");
    CHECK_STRING(network_get_string(pair.client, "query"), "");
    CHECK_STRING(network_get_string(pair.client, "origin"), "");
    CHECK_STRING(network_get_string(pair.client, "protocol"), "");
    CHECK_STRING(network_get_string(pair.accepted, "tls"), "");
    CHECK_STRING(network_get_string(pair.accepted, "no such key"), "");
    CHECK_STRING(network_get_string(12345, "ip"), "");
    SUCCESS(network_destroy(pair.client));
    CHECK_STRING(network_get_string(pair.client, "ip"), "");
}

static void ports(void) {
    Pair pair = connect_pair(0);
    double local = SUCCESS(network_get_port(pair.client));
    CHECK(local > 0 && local <= 65535);
    CHECK(local != pair.port);
    CHECK_EQUAL(network_get_port(pair.accepted), pair.port);
}

static void statistics(void) {
    static const char *const keys[] = {"bytes_sent",  "bytes_received", "packets_sent", "packets_received",
                                       "dropped",     "send_queue",     "receive_queue"};
    double sockets = SUCCESS(network_get_stat(-1, "sockets"));
    double sent, received;
    Pair pair;
    size_t i;
    CHECK_EQUAL(sockets, 0);
    pair = connect_pair(0);
    CHECK_EQUAL(network_get_stat(-1, "sockets"), 3);
    sent = SUCCESS(network_get_stat(pair.client, "packets_sent"));
    received = SUCCESS(network_get_stat(pair.accepted, "packets_received"));
    for (i = 0; i < 3; i++)
        SUCCESS(network_send_packet(pair.client, "0123456789", 10));
    for (i = 0; i < 3; i++)
        take_data(pair.accepted, "0123456789", 10);
    CHECK_EQUAL(network_get_stat(pair.client, "packets_sent"), sent + 3);
    CHECK_EQUAL(network_get_stat(pair.accepted, "packets_received"), received + 3);
    CHECK(network_get_stat(pair.client, "bytes_sent") >= 30);
    CHECK(network_get_stat(pair.accepted, "bytes_received") >= 30);
    CHECK(network_get_stat(-1, "bytes_sent") >= 30);
    WAIT_FOR(network_get_stat(pair.client, "send_queue") == 0);
    CHECK_EQUAL(network_get_stat(pair.accepted, "receive_queue"), 0);
    CHECK_EQUAL(network_get_stat(-1, "events"), 0);
    for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        SUCCESS(network_get_stat(pair.client, keys[i]));
        SUCCESS(network_get_stat(-1, keys[i]));
        SUCCESS(network_get_stat(pair.server, keys[i]));
    }
    CHECK_ERROR(network_get_stat(pair.client, "no such key"), network_error_bad_argument);
    CHECK_ERROR(network_get_stat(-1, "no such key"), network_error_bad_argument);
    CHECK_ERROR(network_get_stat(-1, ""), network_error_bad_argument);
    CHECK_ERROR(network_get_stat(1e9, "bytes_sent"), network_error_bad_handle);
}

static void waiting_events_are_counted(void) {
    Pair pair = connect_pair(0);
    SUCCESS(network_send_packet(pair.client, "one", 3));
    SUCCESS(network_send_packet(pair.client, "two", 3));
    SUCCESS(network_wait(patience_ms()));
    if (!manual_io()) {
        double deadline = now_ms() + patience_ms();
        while (network_get_stat(-1, "events") < 2)
            CHECK(now_ms() < deadline);
        CHECK(network_get_stat(pair.accepted, "receive_queue") >= 6);
    }
    CHECK(network_get_stat(-1, "events") >= 1);
    take_data(pair.accepted, "one", 3);
    take_data(pair.accepted, "two", 3);
    CHECK_EQUAL(network_get_stat(-1, "events"), 0);
}

static void version(void) {
#if STEPWIRE_VERSION_MAJOR > 0 || STEPWIRE_VERSION_MINOR >= 2
    char numbers[40];
    snprintf(numbers, sizeof numbers, "%d.%d.%d", STEPWIRE_VERSION_MAJOR, STEPWIRE_VERSION_MINOR, STEPWIRE_VERSION_PATCH);
    CHECK_STRING(numbers, STEPWIRE_VERSION);
#else
#error "the preprocessor cannot tell that this is 0.2 or newer"
#endif
    CHECK_STRING(network_version(), STEPWIRE_VERSION);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"handles_begin_at_zero", handles_begin_at_zero},
        {"error_names", error_names},
        {"event_layout", event_layout},
        {"bluetooth_is_not_supported", bluetooth_is_not_supported},
        {"last_error_is_the_threads_own", last_error_is_the_threads_own},
        {"strings_about_a_socket", strings_about_a_socket},
        {"ports", ports},
        {"statistics", statistics},
        {"waiting_events_are_counted", waiting_events_are_counted},
        {"version", version},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
