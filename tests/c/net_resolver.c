/* Lookups that outlive the connect they are for. The program has a resolver of its own. */
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int asked, may_answer;

static struct addrinfo *entry(unsigned long ip, struct addrinfo *next) {
    struct addrinfo *one = (struct addrinfo *)calloc(1, sizeof *one);
    struct sockaddr_in *address = (struct sockaddr_in *)calloc(1, sizeof *address);
    if (one == NULL || address == NULL)
        abort();
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl((in_addr_t)ip);
    one->ai_family = AF_INET;
    one->ai_socktype = SOCK_STREAM;
    one->ai_addrlen = sizeof *address;
    one->ai_addr = (struct sockaddr *)address;
    one->ai_next = next;
    return one;
}

/* Takes the place of the system's. "quick" has one address and "two" another one before that; other names
 * get theirs when the test says so. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    struct addrinfo *loopback = entry(INADDR_LOOPBACK + (strcmp(name, "two") == 0), NULL);
    (void)service, (void)hints;
    *found = strcmp(name, "two") == 0 ? entry(INADDR_LOOPBACK, loopback) : loopback;
    if (strcmp(name, "quick") == 0 || strcmp(name, "two") == 0)
        return 0;
    pthread_mutex_lock(&lock);
    asked++;
    pthread_cond_broadcast(&changed);
    while (!may_answer)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return 0;
}

void freeaddrinfo(struct addrinfo *found) {
    while (found != NULL) {
        struct addrinfo *next = found->ai_next;
        free(found->ai_addr);
        free(found);
        found = next;
    }
}

static int was_asked(void) {
    int result;
    pthread_mutex_lock(&lock);
    result = asked;
    pthread_mutex_unlock(&lock);
    return result;
}

static void answer(void) {
    pthread_mutex_lock(&lock);
    may_answer = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void hold_answers(void) {
    pthread_mutex_lock(&lock);
    asked = may_answer = 0;
    pthread_mutex_unlock(&lock);
}

/* The answer for a connect that is over is not for the one after it. */
static void a_late_answer(void (*end)(double client)) {
    double old_port, port, client;
    int old_listener = peer_listen(&old_port), listener = peer_listen(&port), peer;
    hold_answers();
    client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_raw_async(client, "slow.test", old_port));
    WAIT_FOR(was_asked());
    end(client);
    client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_raw_async(client, "slow.test", port));
    answer();
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->port, port);
    peer = peer_accept(listener);
    CHECK(accept(old_listener, NULL, NULL) < 0);
    check_no_events();
    close(peer);
    close(listener);
    close(old_listener);
}

static void shut_down(double client) {
    (void)client;
    CHECK_EQUAL(network_shutdown(), 0);
    fresh_library();
}

static void destroy(double client) {
    SUCCESS(network_destroy(client));
}

static void an_answer_from_before_a_shutdown(void) {
    a_late_answer(shut_down);
}

static void an_answer_for_a_destroyed_socket(void) {
    a_late_answer(destroy);
}

/* However many names nobody answers for. */
static void dead_names_hold_nobody_up(void) {
    double port, client;
    int listener = peer_listen(&port), peer, i;
    hold_answers();
    for (i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "dead%d.test", i);
        client = SUCCESS(network_create_socket(network_socket_tcp));
        SUCCESS(network_connect_raw_async(client, name, port));
    }
    client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_raw_async(client, "quick", port));
    CHECK_EQUAL(take_event(client, network_type_non_blocking_connect)->succeeded, 1);
    peer = peer_accept(listener);
    CHECK_EQUAL(network_shutdown(), 0);
    answer();
    fresh_library();
    close(peer);
    close(listener);
}

/* The first address swallows what is sent to it; the second has its share even of a short time. */
static void a_short_timeout_still_tries_the_second_address(void) {
    double port, client, server;
    int waiting[64], i, full;
    int listener = peer_listen_full(&port, waiting, 64, &full);
    CHECK_EQUAL(network_set_config_string(network_config_bind_address, -1, "127.0.0.2"), 0);
    server = SUCCESS(network_create_server_raw(network_socket_tcp, port, 8));
    CHECK_EQUAL(network_set_config_string(network_config_bind_address, -1, ""), 0);
    CHECK_EQUAL(network_set_config(network_config_connect_timeout, 200, 0), 0);
    client = SUCCESS(network_create_socket(network_socket_tcp));
    SUCCESS(network_connect_raw_async(client, "two", port));
    CHECK_STRING(take_event(client, network_type_non_blocking_connect)->ip, "127.0.0.2");
    take_connect(server);
    CHECK_EQUAL(network_destroy(server), 0);
    for (i = 0; i < full; i++)
        close(waiting[i]);
    close(listener);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"an_answer_from_before_a_shutdown", an_answer_from_before_a_shutdown},
        {"an_answer_for_a_destroyed_socket", an_answer_for_a_destroyed_socket},
        {"dead_names_hold_nobody_up", dead_names_hold_nobody_up},
        {"a_short_timeout_still_tries_the_second_address", a_short_timeout_still_tries_the_second_address},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
