/*
 * What run.py runs with shim.c preloaded: servers and clients of every kind that talk to each other in this process,
 * once while a system call fails and once more when none does any longer. Prints what it saw; ends with 1 and a sentence
 * when something was lost, hangs or was not said, or when the second time was not as smooth as it has to be.
 *
 *   session thread|manual [CERTIFICATE KEY]     with those two also over TLS
 */
#include <dirent.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <stepwire.h>

#include "message.h"
#include "outside.h"
#include "shim.h"

enum { TCP, RAW, WS, RAW_WS, UDP, RELIABLE, WSS, SERVERS };
enum { DEADLINE_MS = 25000, CONNECT_MS = 5000, RETRY_MS = 20, LOST_MS = 2000, WINDOW = 2, ACCEPTED = 64 };

typedef enum { AWAY, CONNECTING, TALKING, DONE } State;

typedef struct {
    const char *name;
    int server;
    int blocks; /* its connect */
    const char *host;
    State state;
    double handle;
    uint32_t attempt;
    uint32_t sent, echoed;
    double moment; /* when to connect, or since when a datagram is on its way */
    Stream stream;
} Link;

static Link links[] = {
    {.name = "tcp", .server = TCP, .blocks = 1, .host = "127.0.0.1"},
    {.name = "tcp by name", .server = TCP, .blocks = 0, .host = "localhost"},
    {.name = "raw tcp", .server = RAW, .blocks = 0, .host = "127.0.0.1"},
    {.name = "ws", .server = WS, .blocks = 0, .host = "127.0.0.1"},
    {.name = "raw ws", .server = RAW_WS, .blocks = 1, .host = "127.0.0.1"},
    {.name = "udp", .server = UDP, .host = "127.0.0.1"},
    {.name = "reliable", .server = RELIABLE, .host = "127.0.0.1"},
    {.name = "wss", .server = WSS, .blocks = 0, .host = "127.0.0.1"},
};
enum { LINKS = sizeof links / sizeof *links, OUTSIDE = LINKS };

/* The servers' ends of connections. */
static struct {
    double handle; /* 0 if nobody has this place */
    Stream stream;
} accepted[ACCEPTED];

static double servers[SERVERS];
static uint32_t expected[LINKS + 1][ATTEMPTS]; /* the next message at the server's end */
static int is_encrypted, outside_done;
/* Errors that calls returned, connections that have ended too early, and datagrams that did not come back. */
static int errors, ends, lost;
static char first_trouble[300];

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void broken(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf("broken: ");
    vprintf(format, arguments);
    printf(" (hits %ld, errors %d, ends %d, lost %d; first: %s)\n", fault_hits(), errors, ends, lost, first_trouble);
    fflush(stdout);
    _exit(1);
}

static void note(int *count, const char *what, const char *why) {
    ++*count;
    if (first_trouble[0] == '\0')
        snprintf(first_trouble, sizeof first_trouble, "%s: %s", what, why);
}

/* A call's value; an error must have been put into words. */
static double tried(const char *what, double value) {
    if (value < 0) {
        if (network_last_error()[0] == '\0')
            broken("%s failed without a word", what);
        note(&errors, what, network_last_error());
        usleep(1000);
    }
    return value;
}

static int is_datagram(const Link *link) { return link->server == UDP; }

static const char *url(const Link *link) {
    return link->server == WSS ? "wss://127.0.0.1/" : link->host;
}

/* ---- the clients ---- */

static void start_over(Link *link) {
    if (link->handle > 0)
        tried("destroy", network_destroy(link->handle));
    link->handle = 0;
    link->state = AWAY;
    link->moment = now_ms() + RETRY_MS;
}

static void has_ended(Link *link, const char *why) {
    note(&ends, link->name, why);
    start_over(link);
}

static int is_udp(const Link *link) { return link->server == UDP || link->server == RELIABLE; }

static void set_up(Link *link) {
    static const double types[SERVERS] = {network_socket_tcp, network_socket_tcp, network_socket_ws, network_socket_ws,
                                          network_socket_udp, network_socket_udp, network_socket_wss};
    double port = network_get_port(servers[link->server]), done = 0;
    int raw = link->server == RAW || link->server == RAW_WS;
    link->moment = now_ms() + RETRY_MS;
    link->handle = tried("create_socket", network_create_socket(types[link->server]));
    if (link->handle < 0)
        return;
    link->sent = link->echoed = 0;
    link->stream.size = 0;
    if (++link->attempt == ATTEMPTS)
        broken("%s never comes through", link->name);
    if (is_udp(link)) {
        if (link->server == RELIABLE)
            done = network_set_config(network_config_enable_reliable_udp, link->handle, 0);
        if (done >= 0 && link->server == RELIABLE)
            done = network_set_config(network_config_reliable_ordered, link->handle, 1);
        link->state = TALKING;
    } else if (link->blocks) {
        done = (raw ? network_connect_raw : network_connect)(link->handle, url(link), port);
        link->state = TALKING;
    } else {
        done = (raw ? network_connect_raw_async : network_connect_async)(link->handle, url(link), port);
        link->state = CONNECTING;
    }
    if (tried(link->name, done) < 0)
        start_over(link);
}

static void send_next(Link *link) {
    static uint8_t message[LARGEST];
    Head head = {(uint32_t)(link - links), link->attempt, link->sent};
    size_t size = write_message(message, head, is_datagram(link));
    double port = network_get_port(servers[link->server]), done;
    if (is_udp(link))
        done = network_send_udp(link->handle, link->host, port, message, (double)size);
    else if (link->server == RAW || link->server == RAW_WS)
        done = network_send_raw(link->handle, message, (double)size, network_send_binary);
    else
        done = network_send_packet(link->handle, message, (double)size);
    /* When the connection has just ended, its event tells more. */
    if (done == network_error_not_connected || done == network_error_closed)
        return;
    if (tried(link->name, done) < 0)
        return;
    link->sent++;
    link->moment = now_ms();
}

static void go_on(Link *link) {
    if (link->state == AWAY && now_ms() >= link->moment)
        set_up(link);
    if (link->state != TALKING)
        return;
    if (is_datagram(link) && link->sent > link->echoed && now_ms() > link->moment + LOST_MS) {
        note(&lost, link->name, "a datagram did not come back");
        link->sent = link->echoed;
    }
    while (link->state == TALKING && link->sent < MESSAGES && link->sent < link->echoed + (is_datagram(link) ? 1 : WINDOW)) {
        uint32_t before = link->sent;
        send_next(link);
        if (link->sent == before)
            break;
    }
}

static void echo_has_come(Link *link, const NetworkEvent *event) {
    Head head;
    int has_come;
    if (!add_bytes(&link->stream, event->buffer, (size_t)event->size))
        broken("%s: more than was sent", link->name);
    while ((has_come = take_message(&link->stream, is_datagram(link), &head)) > 0) {
        if (is_datagram(link) && head.attempt == link->attempt && head.number < link->echoed) {
            lost--; /* it was late */
            continue;
        }
        if (head.attempt != link->attempt || head.number != link->echoed)
            broken("%s: message %u of attempt %u instead of %u of %u", link->name, head.number, head.attempt,
                   link->echoed, link->attempt);
        if (++link->echoed == MESSAGES)
            link->state = DONE;
    }
    if (has_come < 0)
        broken("%s: not what was sent", link->name);
}

/* ---- the servers ---- */

static int place_of(double handle) {
    int place = 0;
    while (place < ACCEPTED && accepted[place].handle != handle)
        place++;
    return place;
}

static int count_accepted(void) {
    int place, count = 0;
    for (place = 0; place < ACCEPTED; place++)
        count += accepted[place].handle != 0;
    return count;
}

static void answer(int server, const NetworkEvent *event, Stream *stream) {
    static uint8_t message[LARGEST];
    Head head;
    int has_come;
    double done;
    if (!add_bytes(stream, event->buffer, (size_t)event->size))
        broken("a server got more than was sent");
    while ((has_come = take_message(stream, server == UDP, &head)) > 0) {
        size_t size;
        if (head.link > OUTSIDE || head.attempt >= ATTEMPTS)
            broken("a server got what nobody sent");
        if (server != UDP && head.number != expected[head.link][head.attempt]++)
            broken("a server got message %u of link %u instead of %u", head.number, head.link,
                   expected[head.link][head.attempt] - 1);
        size = write_message(message, head, server == UDP);
        if (server == UDP || server == RELIABLE)
            done = network_send_udp(servers[server], event->ip, event->port, message, (double)size);
        else if (server == RAW || server == RAW_WS)
            done = network_send_raw(event->id, message, (double)size, network_send_binary);
        else if (head.number + 1 == MESSAGES)
            done = network_send_packet_many(&event->id, 1, message, (double)size, NULL);
        else
            done = network_send_packet(event->id, message, (double)size);
        if (done != network_error_not_connected && done != network_error_closed)
            tried("an answer", done);
    }
    if (has_come < 0)
        broken("a server got what was not sent");
}

/* ---- events ---- */

static Link *link_of(double handle) {
    int i;
    for (i = 0; i < LINKS; i++)
        if (links[i].handle == handle)
            return &links[i];
    return NULL;
}

static int server_of(double handle) {
    int i = 0;
    while (i < SERVERS && servers[i] != handle)
        i++;
    return i;
}

static void on_data(const NetworkEvent *event) {
    static Stream datagram;
    Link *link = link_of(event->id);
    int place = place_of(event->id), server = server_of(event->id);
    if (link != NULL) {
        echo_has_come(link, event);
    } else if (place < ACCEPTED) {
        answer(server_of(event->server), event, &accepted[place].stream);
    } else if (server < SERVERS) {
        datagram.size = 0;
        answer(server, event, &datagram);
    } else {
        broken("data of a handle that nobody has");
    }
}

static void on_event(const NetworkEvent *event, void *unused) {
    Link *link = link_of(event->socket >= 0 ? event->socket : event->id);
    int place = place_of(event->socket);
    (void)unused;
    if (event->error < 0 && event->reason[0] == '\0')
        broken("event %g with error %g and no reason", event->type, event->error);
    if (event->type == network_type_data) {
        on_data(event);
    } else if (event->type == network_type_connect) {
        if ((place = place_of(0)) == ACCEPTED)
            broken("too many connections");
        accepted[place].handle = event->socket;
        accepted[place].stream.size = 0;
    } else if (event->type == network_type_disconnect && place < ACCEPTED && event->socket > 0) {
        accepted[place].handle = 0;
    } else if (event->type == network_type_disconnect && link != NULL && link->state != DONE) {
        has_ended(link, event->error < 0 ? event->reason : "closed by the server");
    } else if (event->type == network_type_non_blocking_connect && link != NULL) {
        if (event->succeeded == 1)
            link->state = TALKING;
        else
            has_ended(link, event->reason);
    }
}

static void pump(void) {
    tried("wait", network_wait(5));
    tried("poll", network_poll(on_event, NULL));
}

/* ---- the session ---- */

static double open_server(int server) {
    switch (server) {
    case TCP: return network_create_server(network_socket_tcp, 0, 50);
    case RAW: return network_create_server_raw(network_socket_tcp, 0, 50);
    case WS: return network_create_server(network_socket_ws, 0, 50);
    case RAW_WS: return network_create_server_raw(network_socket_ws, 0, 50);
    case WSS: return network_create_server(network_socket_wss, 0, 50);
    default: return network_create_server(network_socket_udp, 0, 50);
    }
}

static void open_servers(double deadline) {
    int i;
    for (i = 0; i < (is_encrypted ? SERVERS : WSS); i++) {
        while ((servers[i] = tried("create_server", open_server(i))) < 0)
            if (now_ms() > deadline)
                broken("server %d cannot be made", i);
        if (i == RELIABLE
            && (network_set_config(network_config_enable_reliable_udp, servers[i], 0) < 0
                || network_set_config(network_config_reliable_ordered, servers[i], 1) < 0))
            broken("reliable UDP cannot be enabled: %s", network_last_error());
    }
}

static void set_number(double option, double value, double deadline) {
    while (tried("set_config", network_set_config(option, value, 0)) < 0)
        if (now_ms() > deadline)
            broken("option %g cannot be set", option);
}

static void set_text(double option, const char *value, double deadline) {
    while (tried("set_config_string", network_set_config_string(option, -1, value)) < 0)
        if (now_ms() > deadline)
            broken("option %g cannot be set", option);
}

static void set_options(int manual, char **certificate, double deadline) {
    set_number(network_config_manual_io, manual, deadline);
    set_number(network_config_connect_timeout, CONNECT_MS, deadline);
    set_number(network_config_handshake_timeout, CONNECT_MS, deadline);
    set_text(network_config_bind_address, "127.0.0.1", deadline);
    if (is_encrypted) {
        set_text(network_config_tls_certificate, certificate[0], deadline);
        set_text(network_config_tls_private_key, certificate[1], deadline);
        set_text(network_config_tls_ca_file, certificate[0], deadline);
    }
}

static int count_links(State state) {
    int i, count = 0;
    for (i = 0; i < LINKS; i++)
        count += links[i].state == state;
    return count;
}

static void *wake(void *unused) {
    usleep(5000);
    network_wake();
    return unused;
}

/* A wait without an end ends when another thread says so. */
static void be_woken(void) {
    pthread_t thread;
    double began = now_ms();
    if (pthread_create(&thread, NULL, wake, NULL) != 0)
        broken("no thread of the session's own");
    tried("wait", network_wait(DEADLINE_MS));
    if (now_ms() > began + DEADLINE_MS / 2)
        broken("network_wake wakes nobody");
    pthread_join(thread, NULL);
}

static void run(int manual, char **certificate) {
    double deadline = now_ms() + DEADLINE_MS;
    int i, done;
    memset(expected, 0, sizeof expected);
    errors = ends = lost = outside_done = 0;
    first_trouble[0] = '\0';
    set_options(manual, certificate, deadline);
    open_servers(deadline);
    for (i = 0; i < LINKS; i++) {
        links[i].state = links[i].server == WSS && !is_encrypted ? DONE : AWAY;
        links[i].attempt = 0;
        links[i].handle = links[i].moment = 0;
    }
    outside_begin(OUTSIDE, network_get_port(servers[RAW]));
    while (count_links(DONE) < LINKS || !outside_done) {
        for (i = 0; i < LINKS; i++)
            go_on(&links[i]);
        done = outside_step();
        outside_done = done > 0;
        if (done < 0)
            note(&ends, "outside", "closed by the server");
        pump();
        if (now_ms() > deadline) {
            for (i = 0; i < LINKS && links[i].state == DONE;)
                i++;
            broken("stuck: %s, state %d, %u sent, %u echoed", i < LINKS ? links[i].name : "outside",
                   i < LINKS ? (int)links[i].state : 0, i < LINKS ? links[i].sent : 0, i < LINKS ? links[i].echoed : 0);
        }
    }
    for (i = 0; i < LINKS; i++)
        if (links[i].handle > 0)
            tried("destroy", network_destroy(links[i].handle));
    outside_end();
    while (count_accepted() > 0) {
        pump();
        if (now_ms() > deadline)
            broken("%d connections have no disconnect", count_accepted());
    }
    for (i = 0; i < (is_encrypted ? SERVERS : WSS); i++)
        tried("destroy", network_destroy(servers[i]));
    pump();
    be_woken();
    if (network_shutdown() != 0)
        broken("shutdown: %s", network_last_error());
}

/* ---- what is left of it ---- */

static int count_descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/* Those that have to end with network_shutdown. */
static int count_io_threads(void) {
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    while ((entry = readdir(folder)) != NULL) {
        char path[300], name[32] = "";
        FILE *file;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        if ((file = fopen(path, "r")) == NULL)
            continue;
        count += fgets(name, sizeof name, file) != NULL && strncmp(name, "stepwire-io", 11) == 0;
        fclose(file);
    }
    closedir(folder);
    return count;
}

/* The two that network_wake needs stay for the whole life of the process. */
static void check_nothing_left(int before) {
    double deadline = now_ms() + DEADLINE_MS;
    int descriptors, threads;
    do {
        descriptors = count_descriptors() - before;
        threads = count_io_threads();
        if (threads == 0 && (descriptors == 0 || descriptors == 2))
            return;
        usleep(1000);
    } while (now_ms() < deadline);
    broken("%d descriptors and %d threads are left", descriptors, threads);
}

/* Of this process so far. */
static double processor_ms(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3
           + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

static void tell_count(const char *call, long count) { printf("call %s %ld\n", call, count); }

int main(int argc, char **argv) {
    int before = count_descriptors(), manual;
    double began = now_ms(), wall, processor;
    if ((argc != 2 && argc != 4) || (strcmp(argv[1], "thread") != 0 && strcmp(argv[1], "manual") != 0)) {
        fprintf(stderr, "usage: session thread|manual [CERTIFICATE KEY]\n");
        return 2;
    }
    manual = strcmp(argv[1], "manual") == 0;
    is_encrypted = argc == 4;
    run(manual, argv + 2);
    wall = now_ms() - began;
    processor = processor_ms();
    check_nothing_left(before);
    fault_counts(tell_count);
    printf("hits %ld errors %d ends %d lost %d wall %.0f processor %.0f first %s\n", fault_hits(), errors, ends, lost,
           wall, processor, first_trouble);
    fault_disarm();
    run(manual, argv + 2);
    check_nothing_left(before);
    if (errors + ends + lost > 0)
        broken("the second session, without faults");
    return 0;
}
