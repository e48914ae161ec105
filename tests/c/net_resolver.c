/* Lookups that outlive the connect they are for. The program has a resolver of its own. */
#include <netdb.h>
#include <pthread.h>
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

/* Takes the place of the system's: knows one address, and answers when it may. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    struct addrinfo *one = (struct addrinfo *)calloc(1, sizeof *one);
    struct sockaddr_in *address = (struct sockaddr_in *)calloc(1, sizeof *address);
    (void)name, (void)service, (void)hints;
    if (one == NULL || address == NULL)
        abort();
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    one->ai_family = AF_INET;
    one->ai_socktype = SOCK_STREAM;
    one->ai_addrlen = sizeof *address;
    one->ai_addr = (struct sockaddr *)address;
    *found = one;
    pthread_mutex_lock(&lock);
    asked++;
    pthread_cond_broadcast(&changed);
    while (!may_answer)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return 0;
}

void freeaddrinfo(struct addrinfo *found) {
    free(found->ai_addr);
    free(found);
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

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"an_answer_from_before_a_shutdown", an_answer_from_before_a_shutdown},
        {"an_answer_for_a_destroyed_socket", an_answer_for_a_destroyed_socket},
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
