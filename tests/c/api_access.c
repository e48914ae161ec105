/* Events through doubles and strings alone, and how long what they point to lives. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

static double next_of_type(double type) {
    double deadline = now_ms() + patience_ms();
    double got;
    while ((got = network_event_next()) == 0) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
    }
    CHECK_EQUAL(got, type);
    CHECK_EQUAL(network_event_real("type"), type);
    return got;
}

static void a_conversation(void) {
    char payload[16];
    double server = tcp_server(0, 4);
    double client = tcp_client(0, network_get_port(server)), accepted;

    next_of_type(network_type_connect);
    accepted = network_event_real("socket");
    CHECK_EQUAL(network_event_real("id"), server);
    CHECK_EQUAL(network_event_real("server"), server);
    CHECK_EQUAL(network_event_real("port"), network_get_port(client));
    CHECK_EQUAL(network_event_real("succeeded"), 0);
    CHECK_EQUAL(network_event_real("message_type"), 0);
    CHECK_EQUAL(network_event_real("error"), 0);
    CHECK_EQUAL(network_event_real("size"), 0);
    CHECK_STRING(network_event_string("ip"), "127.0.0.1");
    CHECK_STRING(network_event_string("reason"), "");

    SUCCESS(network_send_packet(client, "0123456789", 10));
    next_of_type(network_type_data);
    CHECK_EQUAL(network_event_real("id"), accepted);
    CHECK_EQUAL(network_event_real("socket"), -1);
    CHECK_EQUAL(network_event_real("server"), server);
    CHECK_EQUAL(network_event_real("size"), 10);

    memset(payload, 'x', sizeof payload);
    CHECK_EQUAL(network_event_read(payload, 0, 10), 10);
    CHECK(memcmp(payload, "0123456789xxxxxx", 16) == 0);
    memset(payload, 'x', sizeof payload);
    CHECK_EQUAL(network_event_read(payload, 3, 4), 4);
    CHECK(memcmp(payload, "3456xxxxxxxxxxxx", 16) == 0);
    /* Past the end there is less, and then nothing. */
    memset(payload, 'x', sizeof payload);
    CHECK_EQUAL(network_event_read(payload, 8, 16), 2);
    CHECK(memcmp(payload, "89xxxxxxxxxxxxxx", 16) == 0);
    CHECK_EQUAL(network_event_read(payload, 10, 1), 0);
    CHECK_EQUAL(network_event_read(payload, 1000, 1), 0);
    CHECK_EQUAL(network_event_read(NULL, 0, 0), 0);
    CHECK_ERROR(network_event_read(NULL, 0, 1), network_error_bad_argument);
    CHECK_ERROR(network_event_read(payload, -1, 1), network_error_bad_argument);
    CHECK_ERROR(network_event_read(payload, 0.5, 1), network_error_bad_argument);
    CHECK_ERROR(network_event_read(payload, NAN, 1), network_error_bad_argument);
    CHECK_ERROR(network_event_read(payload, 0, -1), network_error_bad_argument);
    CHECK_ERROR(network_event_read(payload, 0, NAN), network_error_bad_argument);
    CHECK_ERROR(network_event_read(payload, 0, INFINITY), network_error_bad_argument);

    /* An empty packet is an event too. */
    SUCCESS(network_send_packet(client, NULL, 0));
    next_of_type(network_type_data);
    CHECK_EQUAL(network_event_real("size"), 0);
    CHECK_EQUAL(network_event_read(payload, 0, 1), 0);

    SUCCESS(network_destroy(client));
    next_of_type(network_type_disconnect);
    CHECK_EQUAL(network_event_real("id"), server);
    CHECK_EQUAL(network_event_real("socket"), accepted);
    CHECK_EQUAL(network_event_real("error"), 0);
    CHECK_STRING(network_event_string("reason"), "");
    CHECK_EQUAL(network_event_next(), 0);
}

static void keys(void) {
    double server = tcp_server(0, 4);
    tcp_client(0, network_get_port(server));
    next_of_type(network_type_connect);
    CHECK_ERROR(network_event_real("no such key"), network_error_bad_argument);
    CHECK_ERROR(network_event_real(""), network_error_bad_argument);
    CHECK_ERROR(network_event_real(NULL), network_error_bad_argument);
    CHECK_ERROR(network_event_real("\xff"), network_error_bad_argument);
    CHECK_ERROR(network_event_real("ip"), network_error_bad_argument);
    CHECK_STRING(network_event_string("no such key"), "");
    CHECK_STRING(network_event_string("type"), "");
    CHECK_STRING(network_event_string(NULL), "");
    CHECK_STRING(network_event_string("\xff"), "");
}

static void without_an_event(void) {
    char byte;
    CHECK_EQUAL(network_event_next(), 0);
    CHECK(network_event_read(&byte, 0, 1) <= 0);
    CHECK_STRING(network_event_string("ip"), "");
    CHECK_STRING(network_event_string("reason"), "");
}

/* A failed connect carries its reason through the same door. */
static void a_reason(void) {
    double port, client;
    int refusing = peer_refusing(&port);
    client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_async(client, "127.0.0.1", port));
    next_of_type(network_type_non_blocking_connect);
    CHECK_EQUAL(network_event_real("succeeded"), 0);
    CHECK_EQUAL(network_event_real("error"), network_error_failed);
    CHECK_EQUAL(network_event_real("id"), client);
    CHECK_EQUAL(network_event_real("socket"), client);
    CHECK(strlen(network_event_string("reason")) > 10);
    close(refusing);
}

/* What an event points to outlives the socket, until the next event is asked for. */
static void an_event_outlives_its_socket(void) {
    static const char payload[] = "outlives its socket";
    NetworkEvent event;
    Pair pair = connect_pair(0);
    double deadline = now_ms() + patience_ms();
    SUCCESS(network_send_packet(pair.client, payload, sizeof payload));
    while (network_poll_event(&event) == 0) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
    }
    CHECK_EQUAL(event.type, network_type_data);
    SUCCESS(network_destroy(pair.accepted));
    SUCCESS(network_destroy(pair.client));
    SUCCESS(network_destroy(pair.server));
    SUCCESS(network_wait(5));
    CHECK_EQUAL(event.size, (double)sizeof payload);
    CHECK(memcmp(event.buffer, payload, sizeof payload) == 0);
    CHECK_STRING(event.ip, "127.0.0.1");
    CHECK_EQUAL(network_poll_event(&event), 0);
}

/* Both doors lead to one queue. */
static void both_kinds_of_access_share_one_order(void) {
    NetworkEvent event;
    char number;
    int i;
    Pair pair = connect_pair(0);
    for (i = 0; i < 10; i++) {
        number = (char)('0' + i);
        SUCCESS(network_send_packet(pair.client, &number, 1));
    }
    for (i = 0; i < 10; i++)
        if (i % 2 == 0) {
            next_of_type(network_type_data);
            CHECK_EQUAL(network_event_read(&number, 0, 1), 1);
            CHECK_EQUAL(number, '0' + i);
        } else {
            CHECK_EQUAL(network_wait(patience_ms()), 1);
            CHECK_EQUAL(network_poll_event(&event), 1);
            CHECK_EQUAL(event.buffer[0], '0' + i);
        }
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"a_conversation", a_conversation},
        {"keys", keys},
        {"without_an_event", without_an_event},
        {"a_reason", a_reason},
        {"an_event_outlives_its_socket", an_event_outlives_its_socket},
        {"both_kinds_of_access_share_one_order", both_kinds_of_access_share_one_order},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
