/* The log: which lines there are, at which levels, and where they go. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "process.h"

static void set_level(double level) {
    SUCCESS(network_set_config(network_config_log_level, level, 0));
}

/* The case begins with an empty log at the level that nobody has set. */
static void forget_lines(void) {
    while (network_next_log()[0] != '\0') {
    }
}

/* "2 2026-11-25T12:00:00.000Z text" */
static void check_form(const char *line) {
    static const char form[] = "l dddd-dd-ddTdd:dd:dd.dddZ x";
    size_t i;
    for (i = 0; form[i] != 'x'; i++) {
        if (form[i] == 'l')
            CHECK(line[i] >= '1' && line[i] <= '4');
        else if (form[i] == 'd')
            CHECK(isdigit((unsigned char)line[i]));
        else
            CHECK_EQUAL(line[i], form[i]);
    }
    CHECK(line[i] != '\0' && strchr(line, '\n') == NULL);
}

static char found[2048];

static int next_has(char level, const char *words) {
    const char *line;
    while ((line = network_next_log())[0] != '\0') {
        check_form(line);
        if (line[0] == level && strstr(line, words) != NULL) {
            strncpy(found, line, sizeof found - 1);
            return 1;
        }
    }
    return 0;
}

#define EXPECT_LINE(level, words) WAIT_FOR(next_has(level, words))

/* ---- what is told ---- */

static void a_refused_handshake(void) {
    double server = tcp_server(0, 8);
    int peer;
    forget_lines();
    peer = peer_connect(network_get_port(server));
    peer_write(peer, "GET / HTTP/1.1\r\n\r\n", 18);
    EXPECT_LINE('2', "refused 127.0.0.1 port");
    close(peer);
}

static void a_refused_upgrade(void) {
    double server = SUCCESS(network_create_server(network_socket_ws, 0, 8));
    int peer;
    forget_lines();
    peer = peer_connect(network_get_port(server));
    peer_write(peer, "nonsense\r\n\r\n", 12);
    EXPECT_LINE('2', "refused 127.0.0.1 port");
    close(peer);
}

static void a_full_server(void) {
    double server = tcp_server(0, 0);
    double client = SUCCESS(network_create_socket(network_socket_tcp));
    forget_lines();
    CHECK(network_connect(client, "127.0.0.1", network_get_port(server)) < 0);
    EXPECT_LINE('2', "the server is full");
}

static void a_failed_connect(void) {
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int holder = peer_refusing(&port), i;
    char words[64];
    sprintf(words, "socket %d did not connect: ", (int)client);
    for (i = 0; i < 2; i++) {
        forget_lines();
        if (i == 0) {
            CHECK(network_connect(client, "127.0.0.1", port) < 0);
        } else {
            CHECK_EQUAL(network_connect_async(client, "127.0.0.1", port), client);
            take_event(client, network_type_non_blocking_connect);
        }
        EXPECT_LINE('2', words);
    }
    close(holder);
}

static void a_peer_that_is_given_up(void) {
    double socket = SUCCESS(network_create_socket_ext(network_socket_udp, 0));
    double dead = SUCCESS(network_create_socket_ext(network_socket_udp, 0));
    double port = network_get_port(dead), deadline = now_ms() + patience_ms();
    NetworkEvent event;
    SUCCESS(network_destroy(dead));
    SUCCESS(network_set_config(network_config_enable_reliable_udp, socket, 0));
    SUCCESS(network_set_config(network_config_reliable_timeout, socket, 200));
    forget_lines();
    SUCCESS(network_send_udp(socket, "127.0.0.1", port, "x", 1));
    while (!next_has('2', "is lost")) {
        CHECK(now_ms() < deadline);
        SUCCESS(network_wait(5));
        SUCCESS(network_poll_event(&event));
    }
}

/* Nobody collects: the connection is not read any more, until somebody does. (Without an I/O thread nothing is read
   anyway while events wait.) */
static void reading_pauses_and_goes_on(void) {
    static char payload[4096];
    double deadline = now_ms() + patience_ms();
    Pair pair;
    char words[64];
    if (manual_io())
        return;
    pair = connect_pair(0);
    forget_lines();
    set_level(3);
    SUCCESS(network_set_config(network_config_receive_queue_limit, pair.accepted, 1));
    sprintf(words, "reading socket %d pauses", (int)pair.accepted);
    do {
        CHECK(now_ms() < deadline);
        /* A full queue would have a line of its own, which the next case waits for. */
        if (SUCCESS(network_get_stat(pair.client, "send_queue")) < 1e6)
            SUCCESS(network_send_packet(pair.client, payload, sizeof payload));
        SUCCESS(network_wait(2));
    } while (!next_has('2', words));
    sprintf(words, "reading socket %d goes on", (int)pair.accepted);
    EXPECT_LINE('3', words);
}

static void a_full_send_queue(void) {
    double port, client = SUCCESS(network_create_socket(network_socket_tcp)), sent;
    int listener = peer_listen(&port);
    static char payload[65536];
    SUCCESS(network_set_config(network_config_send_queue_limit, client, 1));
    SUCCESS(network_connect_raw(client, "127.0.0.1", port));
    forget_lines();
    do
        sent = network_send_raw(client, payload, sizeof payload, 0);
    while (sent >= 0);
    CHECK_EQUAL(sent, network_error_queue_full);
    CHECK(next_has('2', "a message was not taken"));
    close(listener);
}

static void what_happens_to_connections(void) {
    double server, client, accepted;
    char words[64];
    set_level(3);
    server = tcp_server(0, 8);
    forget_lines();
    client = tcp_client(0, network_get_port(server));
    accepted = take_connect(server)->socket;
    sprintf(words, "server %d: client %d has come from 127.0.0.1", (int)server, (int)accepted);
    EXPECT_LINE('3', words);
    SUCCESS(network_destroy(client));
    take_event(accepted, network_type_disconnect);
    EXPECT_LINE('3', "has closed the connection");
}

static void what_a_peer_says_stays_in_its_line(void) {
    static const unsigned char evil[] = "\x88\x93XXXX";
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    double server = SUCCESS(network_create_server_raw(network_socket_ws, 0, 8)), accepted;
    static const char words[] = "\x0f\xa0" "1 2026-01-01\n1 x\t";
    unsigned char frame[6 + 17];
    int peer, i;
    set_level(3);
    forget_lines();
    peer = peer_connect(network_get_port(server));
    peer_write(peer, request, sizeof request - 1);
    accepted = take_connect(server)->socket;
    memcpy(frame, evil, 6);
    frame[1] = 0x80 | 17;
    for (i = 0; i < 17; i++)
        frame[6 + i] = (unsigned char)words[i] ^ 'X';
    peer_write(peer, frame, sizeof frame);
    take_event(accepted, network_type_disconnect);
    /* next_has checks the form of every line. */
    EXPECT_LINE('3', "code 4000");
    close(peer);
}

/* ---- levels ---- */

static void nothing_below_the_level(void) {
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int holder = peer_refusing(&port);
    set_level(1);
    forget_lines();
    CHECK(network_connect(client, "127.0.0.1", port) < 0);
    CHECK_STRING(network_next_log(), "");
    set_level(0);
    CHECK(network_connect(client, "127.0.0.1", port) < 0);
    CHECK_STRING(network_next_log(), "");
    set_level(2);
    CHECK(network_connect(client, "127.0.0.1", port) < 0);
    CHECK(next_has('2', "did not connect"));
    close(holder);
}

static void details_are_failed_calls(void) {
    forget_lines();
    CHECK_ERROR(network_destroy(-1), network_error_bad_handle);
    CHECK_STRING(network_next_log(), "");
    set_level(4);
    CHECK_ERROR(network_destroy(-1), network_error_bad_handle);
    CHECK(next_has('4', "no such socket"));
}

static void values_of_the_option(void) {
    CHECK_ERROR(network_set_config(network_config_log_level, 5, 0), network_error_bad_argument);
    CHECK_ERROR(network_set_config(network_config_log_level, -1, 0), network_error_bad_argument);
    CHECK_ERROR(network_set_config(network_config_log_level, 0.5, 0), network_error_bad_argument);
    CHECK_ERROR(network_set_config(network_config_log_level, 2, 1), network_error_bad_argument);
    CHECK_ERROR(network_set_config_string(network_config_log_level, -1, "2"), network_error_bad_argument);
}

static void shutdown_resets_the_level(void) {
    set_level(4);
    SUCCESS(network_shutdown());
    fresh_library();
    forget_lines();
    CHECK_ERROR(network_destroy(-1), network_error_bad_handle);
    CHECK_STRING(network_next_log(), "");
}

static void lines_that_nobody_fetches_are_counted(void) {
    int lines = 0, i;
    set_level(4);
    forget_lines();
    for (i = 0; i < 1024 + 76; i++)
        network_destroy(-1);
    set_level(2);
    CHECK(next_has('2', " 76 older lines"));
    while (network_next_log()[0] != '\0')
        lines++;
    CHECK_EQUAL(lines, 1024);
}

/* ---- out of descriptors; and standard error ---- */

static int starve(int argc, char **argv) {
    struct rlimit limit = {64, 64};
    double server = tcp_server(0, 1000);
    int last = -1, next;
    (void)argc;
    (void)argv;
    SUCCESS(network_wait(0));
    CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while ((next = dup(0)) >= 0)
        last = next;
    /* One is left, which the other end of the connection takes. */
    close(last);
    next = peer_connect(network_get_port(server));
    EXPECT_LINE('1', "accepts nobody: the process has no file descriptors left");
    close(next);
    return 0;
}

static void a_server_without_descriptors(void) {
    Child child = spawn("starve", NULL, NULL, NULL);
    child_succeeds(&child);
}

/* Its standard error is a pipe: read in the first role, closed in the second. */
static int fail_to_connect(int argc, char **argv) {
    double port, client = SUCCESS(network_create_socket(network_socket_tcp));
    int holder = peer_refusing(&port), ends[2], before = dup(2);
    char text[4096];
    ssize_t length;
    int is_read = argc > 0 && strcmp(argv[0], "read") == 0;
    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(dup2(ends[1], 2), 2);
    close(ends[1]);
    if (!is_read)
        close(ends[0]);
    set_level(0); /* That is for the lines that are kept. */
    network_connect(client, "127.0.0.1", port);
    SUCCESS(network_create_server(network_socket_tcp, 0, 1));
    dup2(before, 2);
    close(before);
    if (is_read) {
        length = read(ends[0], text, sizeof text - 1);
        CHECK(length > 0);
        text[length] = '\0';
        CHECK(strncmp(text, "stepwire: 2 ", 12) == 0);
        CHECK(strstr(text, " did not connect: ") != NULL);
        CHECK_EQUAL(text[length - 1], '\n');
        close(ends[0]);
    }
    CHECK_STRING(network_next_log(), "");
    close(holder);
    return 0;
}

static void standard_error_has_them_on_request(void) {
    Child child;
    CHECK_EQUAL(setenv("STEPWIRE_LOG", "3", 1), 0);
    child = spawn("fail_to_connect", "read", NULL, NULL);
    child_succeeds(&child);
    /* And if nobody reads there, no signal reaches the host. */
    child = spawn("fail_to_connect", "closed", NULL, NULL);
    child_succeeds(&child);
    unsetenv("STEPWIRE_LOG");
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"a_refused_handshake", a_refused_handshake},
        {"a_refused_upgrade", a_refused_upgrade},
        {"a_full_server", a_full_server},
        {"a_failed_connect", a_failed_connect},
        {"a_peer_that_is_given_up", a_peer_that_is_given_up},
        {"reading_pauses_and_goes_on", reading_pauses_and_goes_on},
        {"a_full_send_queue", a_full_send_queue},
        {"what_happens_to_connections", what_happens_to_connections},
        {"what_a_peer_says_stays_in_its_line", what_a_peer_says_stays_in_its_line},
        {"nothing_below_the_level", nothing_below_the_level},
        {"details_are_failed_calls", details_are_failed_calls},
        {"values_of_the_option", values_of_the_option},
        {"shutdown_resets_the_level", shutdown_resets_the_level},
        {"lines_that_nobody_fetches_are_counted", lines_that_nobody_fetches_are_counted},
        {"a_server_without_descriptors", a_server_without_descriptors},
        {"standard_error_has_them_on_request", standard_error_has_them_on_request},
        {NULL, NULL},
    };
    static const Role roles[] = {
        {"starve", starve},
        {"fail_to_connect", fail_to_connect},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, roles);
}
