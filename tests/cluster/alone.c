/* The cluster without a broker: everything works inside this process, and no argument breaks it. */
#include <math.h>
#include <string.h>

#include <stepwire_cluster.h>

#include "harness.h"

#if cluster_config_request_timeout != 0 || cluster_config_gather != 1 || cluster_config_ping != 2 || \
    cluster_config_queue_limit != 3 || cluster_config_ticket_time != 4
#error "options keep their numbers"
#endif
#if cluster_type_up != 1 || cluster_type_down != 2 || cluster_type_message != 3 || cluster_type_found != 4 || \
    cluster_type_none != 5 || cluster_type_create != 6 || cluster_type_seat != 7 || cluster_type_player_elsewhere != 8
#error "events keep their numbers"
#endif

/* Fails with that error, and cluster_last_error has a sentence about it. */
#define CHECK_REFUSED(call, expected) \
    do { \
        CHECK_EQUAL(call, expected); \
        CHECK(strlen(cluster_last_error()) > 10); \
    } while (0)

static void open_alone(void) {
    CHECK_EQUAL(cluster_open("", "eu3.example:6510"), 0);
}

static void close_it(void) {
    CHECK_EQUAL(cluster_close(), 0);
}

static ClusterEvent next(double type) {
    ClusterEvent event;
    CHECK_EQUAL(cluster_poll_event(&event), 1);
    CHECK_EQUAL(event.type, type);
    return event;
}

static void no_more(void) {
    ClusterEvent event;
    CHECK_EQUAL(cluster_poll_event(&event), 0);
}

static void none(double request, double error) {
    ClusterEvent event = next(cluster_type_none);
    CHECK_EQUAL(event.request, request);
    CHECK_EQUAL(event.error, error);
}

static void topics(void) {
    double chat, zones;
    ClusterEvent event;
    char copy[8];
    open_alone();
    chat = cluster_subscribe("chat.global");
    zones = cluster_subscribe("zone.>");
    CHECK(chat > 0 && zones > 0 && chat != zones);
    CHECK(cluster_subscribe("zone.*.x") > 0);

    CHECK_EQUAL(cluster_publish("chat.global", "hello", 5), 5);
    CHECK_EQUAL(cluster_publish("chat.other", "unheard", 7), 7);
    CHECK_EQUAL(cluster_publish("zone.7.x", NULL, 0), 0);
    CHECK_EQUAL(cluster_step(), 0);

    event = next(cluster_type_message);
    CHECK_STRING(event.topic, "chat.global");
    CHECK_STRING(event.from, cluster_server_id());
    CHECK_EQUAL(event.size, 5);
    CHECK(memcmp(event.buffer, "hello", 5) == 0);
    CHECK_EQUAL(cluster_event_real("size"), 5);
    CHECK_STRING(cluster_event_string("topic"), "chat.global");
    memset(copy, 0, sizeof copy);
    CHECK_EQUAL(cluster_event_read(copy, 1, 7), 4);
    CHECK_STRING(copy, "ello");
    CHECK_EQUAL(cluster_event_read(NULL, 5, 0), 0);
    CHECK_EQUAL(cluster_event_read(copy, 99, 7), 0);

    /* Once, although two subscriptions match; empty is not NULL. */
    event = next(cluster_type_message);
    CHECK_STRING(event.topic, "zone.7.x");
    CHECK_EQUAL(event.size, 0);
    CHECK(event.buffer != NULL);
    no_more();
    CHECK_REFUSED(cluster_event_real("size"), network_error_bad_argument);

    CHECK_EQUAL(cluster_unsubscribe(chat), 0);
    CHECK_REFUSED(cluster_unsubscribe(chat), network_error_bad_handle);
    CHECK_EQUAL(cluster_publish("chat.global", "gone", 4), 4);
    no_more();
    close_it();
    CHECK_REFUSED(cluster_unsubscribe(zones), network_error_bad_handle);
}

static void rooms(void) {
    double small, large, request;
    char name[128], ticket[64];
    ClusterEvent event;
    open_alone();
    request = cluster_find("arena");
    CHECK(request > 0);
    none(request, 0);
    small = cluster_room_open("arena", 2, "map=ice");
    large = cluster_room_open("arena", 16, "map=fire");
    CHECK(small > 0 && large > 0 && small != large);
    CHECK_EQUAL(cluster_room_set(small, 1, "map=snow"), 0);

    /* The fullest with a place. */
    request = cluster_find("arena");
    event = next(cluster_type_seat);
    CHECK_EQUAL(event.room, small);
    strcpy(ticket, event.ticket);
    event = next(cluster_type_found);
    CHECK_EQUAL(event.request, request);
    CHECK_STRING(event.ticket, ticket);
    CHECK_STRING(event.name, cluster_room_name(small));
    CHECK_STRING(event.address, "eu3.example:6510");
    CHECK_STRING(event.server, cluster_server_id());
    CHECK_STRING(event.data, "map=snow");
    CHECK_STRING(event.kind, "arena");
    CHECK_EQUAL(event.players, 1);
    CHECK_EQUAL(event.places, 2);

    /* That one is full by promise: by name it has no place, by kind it is the other one. */
    strcpy(name, cluster_room_name(small));
    CHECK(strncmp(name, "arena.", 6) == 0);
    none(cluster_find(name), 0);
    cluster_find("arena");
    CHECK_EQUAL(next(cluster_type_seat).room, large);
    CHECK_STRING(next(cluster_type_found).name, cluster_room_name(large));

    /* A ticket is good once. */
    CHECK_EQUAL(cluster_room_redeem(small, "guessed"), 0);
    CHECK_EQUAL(cluster_room_redeem(large, ticket), 0);
    CHECK_EQUAL(cluster_room_redeem(small, ticket), 1);
    CHECK_EQUAL(cluster_room_redeem(small, ticket), 0);
    none(cluster_find(name), 0);
    CHECK_EQUAL(cluster_room_set(small, 0, ""), 0);
    cluster_find(name);
    next(cluster_type_seat);
    next(cluster_type_found);

    CHECK_EQUAL(cluster_room_close(small), 0);
    CHECK_REFUSED(cluster_room_close(small), network_error_bad_handle);
    CHECK_STRING(cluster_room_name(small), "");
    none(cluster_find(name), 0);
    no_more();
    close_it();
}

static void promises_end(void) {
    double room, request, until;
    CHECK_EQUAL(cluster_set_config(cluster_config_ticket_time, 50), 0);
    open_alone();
    room = cluster_room_open("arena", 1, "");
    cluster_find("arena");
    next(cluster_type_seat);
    next(cluster_type_found);
    request = cluster_find("arena");
    none(request, 0);
    until = now_ms() + 60;
    WAIT_FOR(now_ms() > until);
    cluster_find("arena");
    CHECK_EQUAL(next(cluster_type_seat).room, room);
    next(cluster_type_found);
    close_it();
    CHECK_EQUAL(cluster_set_config(cluster_config_ticket_time, 10000), 0);
}

static void rooms_are_made(void) {
    double request, other, room;
    ClusterEvent event;
    open_alone();
    none(cluster_find_or_create("arena", "map=ice"), 0);
    CHECK_EQUAL(cluster_offer("arena", 0.5), 0);

    request = cluster_find_or_create("arena", "map=ice");
    other = cluster_find_or_create("arena", "map=ice");
    event = next(cluster_type_create);
    CHECK_STRING(event.kind, "arena");
    CHECK_STRING(event.data, "map=ice");
    CHECK(cluster_room_open("lobby", 4, "") > 0);
    room = cluster_room_open("arena", 4, "map=ice");
    /* Who has asked is served, and the second one by the same room. */
    CHECK_EQUAL(next(cluster_type_seat).room, room);
    CHECK_EQUAL(next(cluster_type_found).request, request);
    CHECK_EQUAL(next(cluster_type_seat).room, room);
    CHECK_EQUAL(next(cluster_type_found).request, other);
    no_more();

    /* Not answered before the next event is a refusal. */
    CHECK_EQUAL(cluster_offer("duel", 0), 0);
    request = cluster_find_or_create("duel", "");
    next(cluster_type_create);
    none(request, 0);
    CHECK(cluster_room_open("duel", 2, "") > 0);
    no_more();
    CHECK_EQUAL(cluster_offer("duel", -1), 0);
    CHECK_EQUAL(cluster_offer("duel", -1), 0);
    close_it();
}

static void players(void) {
    double request;
    ClusterEvent event;
    open_alone();
    none(cluster_player_find("ada"), 0);
    CHECK_EQUAL(cluster_player_enter("ada", 7), 0);
    request = cluster_player_find("ada");
    event = next(cluster_type_found);
    CHECK_EQUAL(event.request, request);
    CHECK_STRING(event.name, "ada");
    CHECK_STRING(event.address, "eu3.example:6510");
    CHECK_STRING(event.server, cluster_server_id());

    request = cluster_player_send("ada", "hi", 2);
    event = next(cluster_type_message);
    CHECK_STRING(event.player, "ada");
    CHECK_STRING(event.topic, "");
    CHECK(event.size == 2 && memcmp(event.buffer, "hi", 2) == 0);
    CHECK_EQUAL(next(cluster_type_found).request, request);

    CHECK_EQUAL(cluster_player_enter("ada", 7), 0);
    no_more();
    CHECK_EQUAL(cluster_player_enter("ada", 8), 0);
    event = next(cluster_type_player_elsewhere);
    CHECK_STRING(event.player, "ada");
    CHECK_EQUAL(event.socket, 7);
    CHECK_EQUAL(cluster_player_leave("ada"), 1);
    CHECK_EQUAL(cluster_player_leave("ada"), 0);
    none(cluster_player_send("ada", NULL, 0), 0);
    close_it();
}

static void slow_host(void) {
    static char payload[1000];
    int taken = 0;
    ClusterEvent event;
    CHECK_EQUAL(cluster_set_config(cluster_config_queue_limit, 20000), 0);
    open_alone();
    CHECK(cluster_subscribe(">") > 0);
    while (taken < 50) {
        CHECK_EQUAL(cluster_publish("t", payload, sizeof payload), sizeof payload);
        taken++;
    }
    taken = 0;
    while (cluster_poll_event(&event) == 1 && event.type == cluster_type_message) {
        taken++;
    }
    CHECK(taken >= 10 && taken < 20);
    CHECK_EQUAL(event.type, cluster_type_up);
    CHECK_EQUAL(event.gap, 1);
    CHECK_EQUAL(cluster_get_stat("dropped"), 50 - taken);
    no_more();
    CHECK_EQUAL(cluster_get_stat("events_bytes"), 0);
    CHECK_EQUAL(cluster_publish("t", "x", 1), 1);
    next(cluster_type_message);
    close_it();
    CHECK_EQUAL(cluster_set_config(cluster_config_queue_limit, 4194304), 0);
}

static void wrong_numbers(void) {
    static const double numbers[] = {-2, -1, -0.5, 0.5, 1e9 + 0.5, 4294967296.0, 1e300};
    size_t i;
    open_alone();
    for (i = 0; i < sizeof numbers / sizeof numbers[0] + 3; i++) {
        double wild = i < sizeof numbers / sizeof numbers[0] ? numbers[i]
                      : i % 3 == 0                           ? (double)NAN
                      : i % 3 == 1                           ? (double)INFINITY
                                                             : -(double)INFINITY;
        CHECK_REFUSED(cluster_unsubscribe(wild), network_error_bad_handle);
        CHECK_REFUSED(cluster_room_close(wild), network_error_bad_handle);
        CHECK_REFUSED(cluster_room_set(wild, 1, ""), network_error_bad_handle);
        CHECK_REFUSED(cluster_room_redeem(wild, ""), network_error_bad_handle);
        CHECK_STRING(cluster_room_name(wild), "");
        CHECK_REFUSED(cluster_set_config(wild, 1), network_error_bad_argument);
        CHECK_REFUSED(cluster_set_config(cluster_config_gather, wild), network_error_bad_argument);
        CHECK_REFUSED(cluster_room_open("arena", wild, ""), network_error_bad_argument);
        CHECK_REFUSED(cluster_publish("t", "x", wild),
                      wild == 4294967296.0 ? network_error_too_big : network_error_bad_argument);
        if (wild != -1 && wild != 0.5) {
            CHECK_REFUSED(cluster_offer("arena", wild), network_error_bad_argument);
        }
        if (wild != -1) {
            CHECK_REFUSED(cluster_player_enter("ada", wild), network_error_bad_argument);
        }
    }
    CHECK_REFUSED(cluster_set_config(cluster_config_request_timeout, 0), network_error_bad_argument);
    CHECK_REFUSED(cluster_set_config(cluster_config_tls_ca_file, 0), network_error_bad_argument);
    CHECK_REFUSED(cluster_set_config_string(cluster_config_gather, "1"), network_error_bad_argument);
    no_more();
    close_it();
}

static void wrong_texts(void) {
    static char long_text[2000];
    static const char *topics[] = {"", ".", "a.", "a..b", "a b", "a\nb", "a.>.b", "\xff"};
    static const char *kinds[] = {"", "a b", "a*", "\xc3\xa4", "a\r\nPUB"};
    static const char *names[] = {"a.b", ".", "a.b-", "a.b-x", "a.*-1", "a.b-1-"};
    size_t i;
    memset(long_text, 'x', sizeof long_text - 1);
    open_alone();
    for (i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        CHECK_REFUSED(cluster_subscribe(topics[i]), network_error_bad_argument);
        CHECK_REFUSED(cluster_publish(topics[i], "x", 1), network_error_bad_argument);
    }
    CHECK_REFUSED(cluster_publish("a.*", "x", 1), network_error_bad_argument);
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        CHECK_REFUSED(cluster_room_open(kinds[i], 1, ""), network_error_bad_argument);
        CHECK_REFUSED(cluster_offer(kinds[i], 0), network_error_bad_argument);
        CHECK_REFUSED(cluster_find_or_create(kinds[i], ""), network_error_bad_argument);
        CHECK_REFUSED(cluster_find(kinds[i]), network_error_bad_argument);
    }
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK_REFUSED(cluster_find(names[i]), network_error_bad_argument);
    }
    CHECK_REFUSED(cluster_room_open("arena", 1, long_text), network_error_too_big);
    CHECK_REFUSED(cluster_find_or_create("arena", long_text), network_error_too_big);
    CHECK_REFUSED(cluster_player_enter("", 1), network_error_bad_argument);
    CHECK_REFUSED(cluster_player_enter(long_text, 1), network_error_bad_argument);
    CHECK_EQUAL(cluster_player_enter("any \xe2\x98\x83 text.*>\n", 1), 0);
    CHECK_REFUSED(cluster_publish("t", long_text, 524289), network_error_too_big);
    CHECK_REFUSED(cluster_player_send("ada", long_text, 524289), network_error_too_big);
    close_it();
    CHECK_REFUSED(cluster_open("http://a", ""), network_error_bad_argument);
    CHECK_REFUSED(cluster_open("nats://a/b.c", ""), network_error_bad_argument);
    CHECK_REFUSED(cluster_open("", long_text), network_error_bad_argument);
}

static void null_everywhere(void) {
    CHECK_REFUSED(cluster_open(NULL, ""), network_error_bad_argument);
    CHECK_REFUSED(cluster_open("", NULL), network_error_bad_argument);
    open_alone();
    CHECK_REFUSED(cluster_open("", ""), network_error_busy);
    CHECK_REFUSED(cluster_event(NULL), network_error_bad_argument);
    CHECK_REFUSED(cluster_subscribe(NULL), network_error_bad_argument);
    CHECK_REFUSED(cluster_publish(NULL, "x", 1), network_error_bad_argument);
    CHECK_REFUSED(cluster_publish("t", NULL, 1), network_error_bad_argument);
    CHECK_REFUSED(cluster_room_open(NULL, 1, ""), network_error_bad_argument);
    CHECK_REFUSED(cluster_room_open("arena", 1, NULL), network_error_bad_argument);
    CHECK_REFUSED(cluster_room_set(cluster_room_open("arena", 1, ""), 1, NULL), network_error_bad_argument);
    CHECK_REFUSED(cluster_room_redeem(cluster_room_open("arena", 1, ""), NULL), network_error_bad_argument);
    CHECK_REFUSED(cluster_offer(NULL, 0), network_error_bad_argument);
    CHECK_REFUSED(cluster_find(NULL), network_error_bad_argument);
    CHECK_REFUSED(cluster_find_or_create(NULL, ""), network_error_bad_argument);
    CHECK_REFUSED(cluster_find_or_create("arena", NULL), network_error_bad_argument);
    CHECK_REFUSED(cluster_player_enter(NULL, 1), network_error_bad_argument);
    CHECK_REFUSED(cluster_player_leave(NULL), network_error_bad_argument);
    CHECK_REFUSED(cluster_player_find(NULL), network_error_bad_argument);
    CHECK_REFUSED(cluster_player_send(NULL, "x", 1), network_error_bad_argument);
    CHECK_REFUSED(cluster_player_send("ada", NULL, 1), network_error_bad_argument);
    CHECK_REFUSED(cluster_poll_event(NULL), network_error_bad_argument);
    CHECK_REFUSED(cluster_event_real(NULL), network_error_bad_argument);
    CHECK_REFUSED(cluster_event_real("type"), network_error_bad_argument);
    CHECK_STRING(cluster_event_string(NULL), "");
    CHECK_STRING(cluster_event_string("name"), "");
    CHECK_REFUSED(cluster_event_read(NULL, 0, 1), network_error_bad_argument);
    CHECK_REFUSED(cluster_get_stat(NULL), network_error_bad_argument);
    CHECK_REFUSED(cluster_get_stat("no such"), network_error_bad_argument);
    CHECK_REFUSED(cluster_set_config_string(cluster_config_tls_ca_file, NULL), network_error_bad_argument);
    close_it();
}

static void closed(void) {
    ClusterEvent event;
    NetworkEvent network_event;
    memset(&network_event, 0, sizeof network_event);
    CHECK_REFUSED(cluster_close(), network_error_not_connected);
    CHECK_EQUAL(cluster_event(&network_event), 0);
    CHECK(cluster_step() > 0);
    CHECK_EQUAL(cluster_poll_event(&event), 0);
    CHECK_EQUAL(cluster_event_next(), 0);
    CHECK_REFUSED(cluster_subscribe("t"), network_error_not_connected);
    CHECK_REFUSED(cluster_publish("t", "x", 1), network_error_not_connected);
    CHECK_REFUSED(cluster_find("arena"), network_error_not_connected);
    CHECK_REFUSED(cluster_player_enter("ada", 1), network_error_not_connected);
    CHECK_REFUSED(cluster_room_close(1), network_error_bad_handle);
    CHECK_STRING(cluster_server_id(), "");
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"topics", topics},
        {"rooms", rooms},
        {"promises end", promises_end},
        {"rooms are made", rooms_are_made},
        {"players", players},
        {"slow host", slow_host},
        {"wrong numbers", wrong_numbers},
        {"wrong texts", wrong_texts},
        {"NULL everywhere", null_everywhere},
        {"closed", closed},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
