/* Limits of the whole library: what waits to be sent in all. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

enum { KIB = 1024, MIB = 1024 * 1024, MESSAGE = 64 * KIB, PEERS = 4 };

static char message[MESSAGE];

typedef struct {
    double server, accepted[PEERS];
    int peers[PEERS];
} Table;

/* A server whose clients read nothing. */
static Table make_table(void) {
    Table table;
    int i;
    table.server = tcp_server(0, PEERS);
    for (i = 0; i < PEERS; i++) {
        table.peers[i] = peer_join(network_get_port(table.server));
        peer_small_buffer(table.peers[i]);
        table.accepted[i] = take_connect(table.server)->socket;
    }
    return table;
}

static void leave_table(Table *table) {
    int i;
    for (i = 0; i < PEERS; i++)
        close(table->peers[i]);
    SUCCESS(network_destroy(table->server));
    drop_events();
}

/* Sends to all in turn until nobody takes more for a while; returns the last result. */
static double send_until_full(const Table *table) {
    double full_since = now_ms(), deadline = now_ms() + patience_ms(), result = 0;
    int took = 1;
    while (took > 0 || now_ms() - full_since < 300) {
        int i;
        took = 0;
        for (i = 0; i < PEERS; i++) {
            result = network_send_packet(table->accepted[i], message, MESSAGE);
            if (result >= 0)
                took++;
            else
                CHECK_EQUAL(result, network_error_queue_full);
        }
        if (took > 0)
            full_since = now_ms();
        CHECK(now_ms() < deadline);
        pump();
    }
    return result;
}

static void all_send_queues_together_are_bounded(void) {
    Table table;
    double server, port;
    int quick;
    SUCCESS(network_set_config(network_config_total_send_limit, MIB, 0));
    table = make_table();
    CHECK_ERROR(send_until_full(&table), network_error_queue_full);
    CHECK(strstr(network_last_error(), "total_send_limit") != NULL);
    CHECK(network_get_stat(-1, "send_queue") >= MIB / 2);
    CHECK(network_get_stat(-1, "send_queue") <= MIB + MESSAGE);
    /* Somebody who keeps up is sent small messages all the same. */
    server = tcp_server(0, 1);
    port = network_get_port(server);
    quick = peer_join(port);
    CHECK_EQUAL(network_send_packet(take_connect(server)->socket, "quick", 5), 17);
    {
        unsigned char header[HEADER_SIZE];
        packet_header(header, 5);
        peer_expect(quick, header, HEADER_SIZE);
        peer_expect(quick, "quick", 5);
    }
    /* What a connection held counts no more when it is gone. */
    leave_table(&table);
    WAIT_FOR(network_get_stat(-1, "send_queue") == 0);
    table = make_table();
    CHECK_EQUAL(network_send_packet(table.accepted[0], message, MESSAGE), MESSAGE + HEADER_SIZE);
    leave_table(&table);
    close(quick);
}

/* Fills a table; then one that keeps up is refused as well. Returns its socket. */
static double refuse_because_of_others(Table *table, int *quick) {
    double server, port, socket, deadline = now_ms() + patience_ms();
    *table = make_table();
    server = tcp_server(0, 1);
    port = network_get_port(server);
    *quick = peer_join(port);
    socket = take_connect(server)->socket;
    send_until_full(table);
    while (network_send_packet(socket, message, MESSAGE) >= 0)
        CHECK(now_ms() < deadline);
    return socket;
}

/* One that was refused only because of the others hears when there is room, though nothing of its own leaves. */
static void who_was_refused_hears_of_room(void) {
    Table table;
    double socket;
    int quick, i;
    SUCCESS(network_set_config(network_config_total_send_limit, MIB, 0));
    socket = refuse_because_of_others(&table, &quick);
    for (i = 0; i < PEERS; i++)
        close(table.peers[i]);
    SUCCESS(network_destroy(table.server));
    CHECK_EQUAL(take_event(socket, network_type_writable)->id, socket);
    SUCCESS(network_send_packet(socket, message, MESSAGE));
    drop_events();
    close(quick);
}

/* A raised limit is room as well. */
static void a_raised_limit_is_told(void) {
    Table table;
    double socket;
    int quick;
    SUCCESS(network_set_config(network_config_total_send_limit, MIB, 0));
    socket = refuse_because_of_others(&table, &quick);
    SUCCESS(network_set_config(network_config_total_send_limit, 64 * MIB, 0));
    CHECK_EQUAL(take_event(socket, network_type_writable)->id, socket);
    leave_table(&table);
    close(quick);
}

static void groups_are_bounded_with_all_others(void) {
    Table table;
    double took = PEERS, deadline = now_ms() + patience_ms();
    SUCCESS(network_set_config(network_config_total_send_limit, MIB, 0));
    table = make_table();
    send_until_full(&table);
    while (took > 0) {
        took = SUCCESS(network_group_send_packet(table.server, message, MESSAGE, -1));
        CHECK(now_ms() < deadline);
        pump();
    }
    CHECK(network_get_stat(-1, "send_queue") <= MIB + MESSAGE);
    CHECK(network_get_stat(table.accepted[0], "dropped") + network_get_stat(table.accepted[1], "dropped") > 0);
    leave_table(&table);
}

/* What peers have not acknowledged is what waits to be sent. */
static void reliable_messages_count_until_they_are_acknowledged(void) {
    double socket = SUCCESS(network_create_socket(network_socket_udp)), result = 0, port;
    int silent = peer_refusing(&port), sent = 0;
    SUCCESS(network_set_config(network_config_total_send_limit, MIB, 0));
    SUCCESS(network_set_config(network_config_enable_reliable_udp, socket, 0));
    while (result >= 0 && sent < 100) {
        result = network_send_udp(socket, "127.0.0.1", port, message, MESSAGE);
        sent++;
    }
    CHECK_ERROR(result, network_error_queue_full);
    CHECK_EQUAL(sent, MIB / MESSAGE + 1);
    SUCCESS(network_set_config(network_config_total_send_limit, 2 * MIB, 0));
    SUCCESS(network_send_udp(socket, "127.0.0.1", port, message, MESSAGE));
    SUCCESS(network_destroy(socket));
    close(silent);
}

static void the_limit_has_a_range_and_a_default(void) {
    CHECK_ERROR(network_set_config(network_config_total_send_limit, 0, 0), network_error_bad_argument);
    CHECK_ERROR(network_set_config(network_config_total_send_limit, -1, 0), network_error_bad_argument);
    CHECK_ERROR(network_set_config(network_config_total_send_limit, MIB, 1), network_error_bad_argument);
    SUCCESS(network_set_config(network_config_total_send_limit, MIB, 0));
    SUCCESS(network_shutdown());
    fresh_library();
    {
        /* 1 GiB again: 2 MiB on one connection are no matter. */
        Pair pair = connect_pair(0);
        int i;
        for (i = 0; i < 2 * MIB / MESSAGE; i++)
            CHECK_EQUAL(network_send_packet(pair.client, message, MESSAGE), MESSAGE + HEADER_SIZE);
        destroy_pair(&pair);
    }
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"all_send_queues_together_are_bounded", all_send_queues_together_are_bounded},
        {"who_was_refused_hears_of_room", who_was_refused_hears_of_room},
        {"a_raised_limit_is_told", a_raised_limit_is_told},
        {"groups_are_bounded_with_all_others", groups_are_bounded_with_all_others},
        {"reliable_messages_count_until_they_are_acknowledged", reliable_messages_count_until_they_are_acknowledged},
        {"the_limit_has_a_range_and_a_default", the_limit_has_a_range_and_a_default},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
