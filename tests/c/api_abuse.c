/* Every function with arguments that no sane program passes: a clear error each time, and nothing breaks. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define EITHER(value, one, other) ((value) == (one) || (value) == (other))

static const double wild[] = {NAN, INFINITY, -INFINITY, 0.5, 1.0000001, -0.25, 1e300, -1e300, 1e16, -1e16};
static const double no_handles[] = {NAN,  INFINITY, -INFINITY, -1,    -2,    -3,           -16,           -99,
                                    0.5,  1e300,    -1e300,    1e9,   65536e3, 2147483648.0, 4294967296.0,  -2147483648.0,
                                    1e16, 4294967295.0, 9007199254740992.0};
static const char invalid_text[] = "127.0.0.1\xff";

static void call_all_with_handle(double handle) {
    char byte = 0;
    CHECK_ERROR(network_connect(handle, "127.0.0.1", 1), network_error_bad_handle);
    CHECK_ERROR(network_connect_raw(handle, "127.0.0.1", 1), network_error_bad_handle);
    CHECK_ERROR(network_connect_async(handle, "127.0.0.1", 1), network_error_bad_handle);
    CHECK_ERROR(network_connect_raw_async(handle, "127.0.0.1", 1), network_error_bad_handle);
    CHECK_ERROR(network_set_timeout(handle, 1, 1), network_error_bad_handle);
    CHECK_ERROR(network_send_packet(handle, &byte, 1), network_error_bad_handle);
    CHECK_ERROR(network_send_raw(handle, &byte, 1, 0), network_error_bad_handle);
    CHECK_ERROR(network_send_udp(handle, "127.0.0.1", 1, &byte, 1), network_error_bad_handle);
    CHECK_ERROR(network_send_udp_raw(handle, "127.0.0.1", 1, &byte, 1), network_error_bad_handle);
    CHECK_ERROR(network_send_broadcast(handle, 1, &byte, 1), network_error_bad_handle);
    CHECK_ERROR(network_destroy(handle), network_error_bad_handle);
    CHECK_ERROR(network_get_port(handle), network_error_bad_handle);
    CHECK_STRING(network_get_string(handle, "ip"), "");
    if (handle != -1) {
        CHECK_ERROR(network_set_config(network_config_no_delay, handle, 1), network_error_bad_handle);
        CHECK_ERROR(network_set_config_string(network_config_websocket_protocol, handle, "x"),
                    network_error_bad_handle);
        CHECK_ERROR(network_get_stat(handle, "bytes_sent"), network_error_bad_handle);
    }
}

static void handles_that_are_none(void) {
    size_t i;
    for (i = 0; i < COUNT(no_handles); i++)
        call_all_with_handle(no_handles[i]);
}

static void destroyed_handles(void) {
    Pair pair = connect_pair(0);
    destroy_pair(&pair);
    call_all_with_handle(pair.client);
    call_all_with_handle(pair.server);
    call_all_with_handle(pair.accepted);
    CHECK_ERROR(network_destroy(pair.client), network_error_bad_handle);
}

/* The neighbours of a live handle are not that handle. */
static void almost_handles(void) {
    double live = SUCCESS(network_create_socket(network_socket_tcp));
    call_all_with_handle(live + 0.5);
    call_all_with_handle(live + 4294967296.0);
    call_all_with_handle(live + 2147483648.0);
    call_all_with_handle(live - 4294967296.0);
    SUCCESS(network_destroy(live));
}

static void types(void) {
    static const double no_types[] = {-1, 3, 4, 5, 8, 255, 65536, 4294967296.0};
    size_t i;
    for (i = 0; i < COUNT(no_types) + COUNT(wild); i++) {
        double type = i < COUNT(no_types) ? no_types[i] : wild[i - COUNT(no_types)];
        CHECK_ERROR(network_create_socket(type), network_error_bad_argument);
        CHECK_ERROR(network_create_socket_ext(type, 0), network_error_bad_argument);
        CHECK_ERROR(network_create_server(type, 0, 1), network_error_bad_argument);
        CHECK_ERROR(network_create_server_raw(type, 0, 1), network_error_bad_argument);
    }
}

static void ports_and_counts(void) {
    static const double no_ports[] = {-1, 65536, 100000, 4294967296.0 + 80};
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    size_t i;
    for (i = 0; i < COUNT(no_ports) + COUNT(wild); i++) {
        double port = i < COUNT(no_ports) ? no_ports[i] : wild[i - COUNT(no_ports)];
        CHECK_ERROR(network_create_socket_ext(network_socket_tcp, port), network_error_bad_argument);
        CHECK_ERROR(network_create_server(network_socket_tcp, port, 1), network_error_bad_argument);
        CHECK_ERROR(network_create_server_raw(network_socket_tcp, port, 1), network_error_bad_argument);
        CHECK_ERROR(network_connect(client, "127.0.0.1", port), network_error_bad_argument);
        CHECK_ERROR(network_connect_raw(client, "127.0.0.1", port), network_error_bad_argument);
        CHECK_ERROR(network_connect_async(client, "127.0.0.1", port), network_error_bad_argument);
        CHECK_ERROR(network_connect_raw_async(client, "127.0.0.1", port), network_error_bad_argument);
    }
    /* TCP has no port 0 to connect to. */
    CHECK(network_connect(client, "127.0.0.1", 0) < 0);
    CHECK_ERROR(network_create_server(network_socket_tcp, 0, NAN), network_error_bad_argument);
    CHECK_ERROR(network_create_server(network_socket_tcp, 0, -1), network_error_bad_argument);
    CHECK_ERROR(network_create_server(network_socket_tcp, 0, 0.5), network_error_bad_argument);
    CHECK_ERROR(network_create_server(network_socket_tcp, 0, INFINITY), network_error_bad_argument);
}

static void times(void) {
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    size_t i;
    for (i = 0; i < COUNT(wild); i++) {
        CHECK_ERROR(network_wait(wild[i]), network_error_bad_argument);
        CHECK_ERROR(network_set_timeout(client, wild[i], 0), network_error_bad_argument);
        CHECK_ERROR(network_set_timeout(client, 0, wild[i]), network_error_bad_argument);
    }
    CHECK_ERROR(network_wait(-1), network_error_bad_argument);
    CHECK_ERROR(network_set_timeout(client, -1, 0), network_error_bad_argument);
    CHECK_EQUAL(network_wait(0), 0);
}

static void sizes_and_buffers(void) {
    static const double no_sizes[] = {-1, -1e16, NAN, INFINITY, -INFINITY, 0.5, -1e300, 3.5};
    char bytes[8] = "1234567";
    int raw;
    size_t i;
    for (raw = 0; raw <= 1; raw++) {
        Pair pair = connect_pair(raw);
        for (i = 0; i < COUNT(no_sizes); i++) {
            CHECK_ERROR(network_send_packet(pair.client, bytes, no_sizes[i]), network_error_bad_argument);
            CHECK_ERROR(network_send_packet(pair.client, NULL, no_sizes[i]), network_error_bad_argument);
            if (raw)
                CHECK_ERROR(network_send_raw(pair.client, bytes, no_sizes[i], 0), network_error_bad_argument);
        }
        CHECK_ERROR(network_send_packet(pair.client, NULL, 1), network_error_bad_argument);
        /* Refused by its size alone, before the buffer is looked at. */
        CHECK(EITHER(network_send_packet(pair.client, bytes, 1e300), network_error_too_big,
                     network_error_bad_argument));
        CHECK_ERROR(network_send_packet(pair.client, bytes, 67108865), network_error_too_big);
        CHECK_ERROR(network_send_packet(pair.client, bytes, 4294967295.0), network_error_too_big);
        if (raw) {
            CHECK_ERROR(network_send_raw(pair.client, NULL, 1, 0), network_error_bad_argument);
            CHECK_ERROR(network_send_raw(pair.client, bytes, 1, 3), network_error_bad_argument);
            CHECK_ERROR(network_send_raw(pair.client, bytes, 1, -1), network_error_bad_argument);
            CHECK_ERROR(network_send_raw(pair.client, bytes, 1, NAN), network_error_bad_argument);
            CHECK_ERROR(network_send_raw(pair.client, bytes, 67108865, 0), network_error_too_big);
        }
        /* All that was refused left the connection as it was. */
        SUCCESS(network_send_packet(pair.client, bytes, 7));
        if (raw) {
            char got[19];
            take_stream(pair.accepted, got, sizeof got);
            CHECK(memcmp(got, "\xde\xc0\xad\xde\x0c\0\0\0\x07\0\0\0" "1234567", 19) == 0);
        } else {
            take_data(pair.accepted, bytes, 7);
        }
        destroy_pair(&pair);
    }
}

static void wrong_kinds(void) {
    double udp = SUCCESS(network_create_socket(network_socket_udp));
    double udp_server = SUCCESS(network_create_server(network_socket_udp, 0, 1));
    char byte = 0;
    Pair pair = connect_pair(0);
    const double ends[2] = {pair.client, pair.accepted};
    int i;
    CHECK_ERROR(network_connect(pair.server, "127.0.0.1", pair.port), network_error_wrong_kind);
    CHECK_ERROR(network_connect_async(pair.server, "127.0.0.1", pair.port), network_error_wrong_kind);
    CHECK_ERROR(network_connect(pair.accepted, "127.0.0.1", pair.port), network_error_wrong_kind);
    CHECK_ERROR(network_connect_raw_async(pair.accepted, "127.0.0.1", pair.port), network_error_wrong_kind);
    /* What is said is true of what the socket is. */
    CHECK(strstr(network_last_error(), "client") != NULL);
    CHECK_ERROR(network_connect(udp, "127.0.0.1", pair.port), network_error_wrong_kind);
    CHECK(strstr(network_last_error(), "a UDP socket does not connect") != NULL);
    CHECK_ERROR(network_connect_async(udp_server, "127.0.0.1", pair.port), network_error_wrong_kind);
    CHECK(strstr(network_last_error(), "UDP") != NULL);
    CHECK_ERROR(network_send_packet(pair.server, &byte, 1), network_error_wrong_kind);
    CHECK_ERROR(network_send_raw(pair.server, &byte, 1, 0), network_error_wrong_kind);
    CHECK_ERROR(network_send_udp(pair.server, "127.0.0.1", 9, &byte, 1), network_error_wrong_kind);
    for (i = 0; i < 2; i++) {
        CHECK_ERROR(network_send_raw(ends[i], &byte, 1, 0), network_error_wrong_kind);
        CHECK_ERROR(network_send_udp(ends[i], "127.0.0.1", 9, &byte, 1), network_error_wrong_kind);
        CHECK_ERROR(network_send_udp_raw(ends[i], "127.0.0.1", 9, &byte, 1), network_error_wrong_kind);
        CHECK_ERROR(network_send_broadcast(ends[i], 9, &byte, 1), network_error_wrong_kind);
    }
    SUCCESS(network_send_packet(pair.client, "still here", 10));
    take_data(pair.accepted, "still here", 10);
}

static void texts(void) {
    char *long_text = (char *)malloc(1 << 20);
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    CHECK(long_text != NULL);
    memset(long_text, 'a', (1 << 20) - 1);
    long_text[(1 << 20) - 1] = '\0';
    CHECK_ERROR(network_connect(client, NULL, 1), network_error_bad_argument);
    CHECK_ERROR(network_connect_raw(client, NULL, 1), network_error_bad_argument);
    CHECK_ERROR(network_connect_async(client, NULL, 1), network_error_bad_argument);
    CHECK_ERROR(network_connect_raw_async(client, NULL, 1), network_error_bad_argument);
    CHECK_ERROR(network_connect(client, invalid_text, 1), network_error_bad_argument);
    CHECK_ERROR(network_connect_async(client, invalid_text, 1), network_error_bad_argument);
    CHECK(network_connect(client, "", 1) < 0);
    CHECK(network_connect(client, "[::1", 1) < 0);
    CHECK(network_connect(client, "a..b", 1) < 0);
    CHECK(network_connect(client, " ", 1) < 0);
    CHECK(network_connect(client, long_text, 1) < 0);
    CHECK_STRING(network_resolve(NULL), "");
    CHECK_STRING(network_resolve(""), "");
    CHECK_STRING(network_resolve(invalid_text), "");
    CHECK_STRING(network_resolve("a..b"), "");
    CHECK_STRING(network_resolve(long_text), "");
    CHECK_STRING(network_get_string(client, NULL), "");
    CHECK_STRING(network_get_string(client, invalid_text), "");
    CHECK_ERROR(network_get_stat(client, NULL), network_error_bad_argument);
    CHECK_ERROR(network_get_stat(client, invalid_text), network_error_bad_argument);
    CHECK_ERROR(network_set_config_string(network_config_websocket_protocol, -1, NULL), network_error_bad_argument);
    CHECK_ERROR(network_set_config_string(network_config_websocket_protocol, -1, invalid_text),
                network_error_bad_argument);
    free(long_text);
}

static void out_pointers(void) {
    CHECK_ERROR(network_poll_event(NULL), network_error_bad_argument);
    CHECK_ERROR(network_poll(NULL, NULL), network_error_bad_argument);
}

static int latest; /* the newest handle */

static double some_handle(unsigned *seed) { return __atomic_load_n(&latest, __ATOMIC_RELAXED) - rand_r(seed) % 64; }

static void created(double handle) {
    if (handle >= 0)
        __atomic_store_n(&latest, (int)handle, __ATOMIC_RELAXED);
}

static void abuse_once(unsigned *seed) {
    NetworkEvent event;
    char bytes[32] = {0};
    double handle = some_handle(seed);
    double port = network_get_port(some_handle(seed));
    switch (rand_r(seed) % 17) {
    case 0: created(network_create_socket(network_socket_tcp)); break;
    case 1: created(network_create_server(network_socket_tcp, 0, 4)); break;
    case 2: created(network_create_server_raw(network_socket_tcp, 0, 4)); break;
    case 3: network_connect_async(handle, "127.0.0.1", port); break;
    case 4: network_connect_raw_async(handle, "127.0.0.1", port); break;
    case 5: network_destroy(handle); break;
    case 6: network_send_packet(handle, bytes, sizeof bytes); break;
    case 7: network_send_raw(handle, bytes, sizeof bytes, 0); break;
    case 8: network_poll_event(&event); break;
    case 9: network_event_next(); break;
    case 10: network_get_stat(handle, "send_queue"); break;
    case 11: network_get_string(handle, "ip"); break;
    case 12: network_set_timeout(handle, 1 + rand_r(seed) % 50, 1 + rand_r(seed) % 50); break;
    case 13: network_set_config(network_config_message_size_limit, handle, 16); break;
    case 14: network_wait(rand_r(seed) % 2); break;
    case 15: network_set_config(network_config_avoid_time_wait, handle, 0); break;
    case 16: network_last_error(); break;
    }
}

static void *abuse(void *seed) {
    int turn;
    for (turn = 0; turn < 3000; turn++)
        abuse_once((unsigned *)seed);
    return NULL;
}

static void several_threads_at_once(void) {
    pthread_t threads[4];
    unsigned seeds[4] = {1, 2, 3, 4};
    int i;
    for (i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, abuse, &seeds[i]) == 0);
    for (i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    /* The library still works. */
    {
        Pair pair = connect_pair(0);
        SUCCESS(network_send_packet(pair.client, "works", 5));
        take_data(pair.accepted, "works", 5);
    }
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"several_threads_at_once", several_threads_at_once},
        {"handles_that_are_none", handles_that_are_none},
        {"destroyed_handles", destroyed_handles},
        {"almost_handles", almost_handles},
        {"types", types},
        {"ports_and_counts", ports_and_counts},
        {"times", times},
        {"sizes_and_buffers", sizes_and_buffers},
        {"wrong_kinds", wrong_kinds},
        {"texts", texts},
        {"out_pointers", out_pointers},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
