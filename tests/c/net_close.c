/* How WebSockets close: the code and the words that one end gives and the other is told. */
#include <string.h>

#include "harness.h"

static Pair websocket_pair(void) {
    Pair pair;
    pair.server = SUCCESS(network_create_server(network_socket_ws, 0, 16));
    pair.port = SUCCESS(network_get_port(pair.server));
    pair.client = SUCCESS(network_create_socket(network_socket_ws));
    SUCCESS(network_connect(pair.client, "127.0.0.1", pair.port));
    pair.accepted = take_connect(pair.server)->socket;
    return pair;
}

static void the_client_says_why(void) {
    static const double codes[] = {1000, 1001, 1008, 1011, 1014, 3000, 4000, 4999};
    size_t i;
    for (i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        Pair pair = websocket_pair();
        const NetworkEvent *event;
        SUCCESS(network_send_packet(pair.client, "last", 4));
        CHECK_EQUAL(network_close(pair.client, codes[i], "good night"), 0);
        CHECK_ERROR(network_close(pair.client, codes[i], "again"), network_error_bad_handle);
        take_data(pair.accepted, "last", 4);
        event = take_event(pair.accepted, network_type_disconnect);
        CHECK_EQUAL(event->code, codes[i]);
        CHECK(strstr(event->reason, "good night") != NULL);
        SUCCESS(network_destroy(pair.server));
    }
}

static void a_server_tells_all_its_clients(void) {
    Pair pair = websocket_pair();
    double second = SUCCESS(network_create_socket(network_socket_ws));
    double both[2];
    int i;
    SUCCESS(network_connect(second, "127.0.0.1", pair.port));
    take_connect(pair.server);
    both[0] = pair.client;
    both[1] = second;
    CHECK_EQUAL(network_close(pair.server, 1012, "back in a minute"), 0);
    for (i = 0; i < 2; i++) {
        const NetworkEvent *event = take_event(both[i], network_type_disconnect);
        CHECK_EQUAL(event->code, 1012);
        CHECK_EQUAL(event->error, network_error_closed);
        CHECK(strstr(event->reason, "back in a minute") != NULL);
    }
}

static void a_kick_has_a_reason(void) {
    Pair pair = websocket_pair();
    char longest[124];
    const NetworkEvent *event;
    memset(longest, 'w', 123);
    longest[123] = '\0';
    CHECK_EQUAL(network_close(pair.accepted, 4001, longest), 0);
    event = take_event(pair.client, network_type_disconnect);
    CHECK_EQUAL(event->code, 4001);
    CHECK(strstr(event->reason, longest) != NULL);
}

static void an_orderly_close_is_the_usual_code(void) {
    Pair pair = websocket_pair();
    const NetworkEvent *event;
    SUCCESS(network_destroy(pair.client));
    event = take_event(pair.accepted, network_type_disconnect);
    CHECK_EQUAL(event->code, 1000);
    CHECK_EQUAL(event->error, 0);
    CHECK_STRING(event->reason, "");
}

static void what_makes_no_sense_changes_nothing(void) {
    static const double wrong[] = {0, -1, 999, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 2999, 5000, 1000.5, 1e300};
    Pair pair = websocket_pair();
    char too_long[125];
    size_t i;
    memset(too_long, 'w', 124);
    too_long[124] = '\0';
    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK_ERROR(network_close(pair.client, wrong[i], ""), network_error_bad_argument);
    CHECK_ERROR(network_close(pair.client, 1000, too_long), network_error_bad_argument);
    CHECK_ERROR(network_close(pair.client, 1000, "\xff"), network_error_bad_argument);
    CHECK_ERROR(network_close(pair.client, 1000, NULL), network_error_bad_argument);
    CHECK_ERROR(network_close(-1, 1000, ""), network_error_bad_handle);
    SUCCESS(network_send_packet(pair.client, "still here", 10));
    take_data(pair.accepted, "still here", 10);
}

static void other_sockets_just_close(void) {
    Pair pair = connect_pair(0);
    double datagrams = SUCCESS(network_create_server(network_socket_udp, 0, 0));
    const NetworkEvent *event;
    CHECK_EQUAL(network_close(datagrams, 1001, "bye"), 0);
    CHECK_EQUAL(network_close(pair.client, 4000, "bye"), 0);
    event = take_event(pair.accepted, network_type_disconnect);
    CHECK_EQUAL(event->code, 0);
    CHECK_EQUAL(event->error, 0);
}

/* A client of a raw ws server that speaks by hand. */
static Pair by_hand(void) {
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    Pair pair;
    pair.server = SUCCESS(network_create_server_raw(network_socket_ws, 0, 16));
    pair.port = SUCCESS(network_get_port(pair.server));
    pair.client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_raw(pair.client, "127.0.0.1", pair.port));
    SUCCESS(network_send_raw(pair.client, request, (double)(sizeof request - 1), 0));
    pair.accepted = take_connect(pair.server)->socket;
    return pair;
}

static void a_close_frame_without_a_code(void) {
    static const unsigned char frame[] = {0x88, 0x80, 0, 0, 0, 0};
    Pair pair = by_hand();
    const NetworkEvent *event;
    SUCCESS(network_send_raw(pair.client, frame, sizeof frame, 0));
    event = take_event(pair.accepted, network_type_disconnect);
    CHECK_EQUAL(event->code, 1005);
    CHECK_EQUAL(event->error, 0);
}

static void no_close_frame_at_all(void) {
    Pair pair = by_hand();
    const NetworkEvent *event;
    SUCCESS(network_destroy(pair.client));
    event = take_event(pair.accepted, network_type_disconnect);
    CHECK_EQUAL(event->code, 1006);
    CHECK(event->error != 0);
}

static void a_broken_frame_is_none(void) {
    static const unsigned char reserved_opcode[] = {0x83, 0x80, 0, 0, 0, 0};
    Pair pair = by_hand();
    SUCCESS(network_send_raw(pair.client, reserved_opcode, sizeof reserved_opcode, 0));
    CHECK_EQUAL(take_event(pair.accepted, network_type_disconnect)->code, 1006);
}

static void the_code_by_its_key(void) {
    double deadline = now_ms() + patience_ms();
    Pair pair = websocket_pair();
    CHECK_EQUAL(network_close(pair.client, 3001, ""), 0);
    while (network_event_next() != network_type_disconnect) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
    }
    CHECK_EQUAL(network_event_real("code"), 3001);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"the_client_says_why", the_client_says_why},
        {"a_server_tells_all_its_clients", a_server_tells_all_its_clients},
        {"a_kick_has_a_reason", a_kick_has_a_reason},
        {"an_orderly_close_is_the_usual_code", an_orderly_close_is_the_usual_code},
        {"what_makes_no_sense_changes_nothing", what_makes_no_sense_changes_nothing},
        {"other_sockets_just_close", other_sockets_just_close},
        {"a_close_frame_without_a_code", a_close_frame_without_a_code},
        {"no_close_frame_at_all", no_close_frame_at_all},
        {"a_broken_frame_is_none", a_broken_frame_is_none},
        {"the_code_by_its_key", the_code_by_its_key},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
