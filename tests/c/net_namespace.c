/* UDP in a network of its own, without IPv4 routes and with a small MTU. Where the system gives this
 * program no network namespace there is nothing to see, and it says so. */
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

static int separate;

static struct addrinfo *entry(int family, const void *ip, struct addrinfo *next) {
    struct addrinfo *one = (struct addrinfo *)calloc(1, sizeof *one);
    struct sockaddr_storage *address = (struct sockaddr_storage *)calloc(1, sizeof *address);
    if (one == NULL || address == NULL)
        abort();
    address->ss_family = (sa_family_t)family;
    if (family == AF_INET)
        memcpy(&((struct sockaddr_in *)address)->sin_addr, ip, 4);
    else
        memcpy(&((struct sockaddr_in6 *)address)->sin6_addr, ip, 16);
    one->ai_family = family;
    one->ai_socktype = SOCK_DGRAM;
    one->ai_addrlen = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    one->ai_addr = (struct sockaddr *)address;
    one->ai_next = next;
    return one;
}

/* Takes the place of the system's: every name has an address to which there is no route, and ::1. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    static const unsigned char nowhere[4] = {192, 0, 2, 1};
    (void)name, (void)service, (void)hints;
    *found = entry(AF_INET, nowhere, entry(AF_INET6, &in6addr_loopback, NULL));
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

/* Changes the loopback interface; 0 if that was not allowed. */
static int set_loopback(int up, int mtu) {
    struct ifreq request;
    int control = socket(AF_INET, SOCK_DGRAM, 0), done;
    memset(&request, 0, sizeof request);
    strcpy(request.ifr_name, "lo");
    if (mtu > 0) {
        request.ifr_mtu = mtu;
        done = ioctl(control, SIOCSIFMTU, &request) == 0;
    } else {
        request.ifr_flags = (short)(up ? IFF_UP | IFF_RUNNING : 0);
        done = ioctl(control, SIOCSIFFLAGS, &request) == 0;
    }
    close(control);
    return done;
}

static void names_are_sent_to_where_there_is_a_route(void) {
    double server, client, port;
    if (!separate)
        return;
    CHECK_EQUAL(network_set_config_string(network_config_bind_address, -1, ""), 0);
    server = SUCCESS(network_create_server(network_socket_udp, 0, 0));
    client = SUCCESS(network_create_socket(network_socket_udp));
    port = SUCCESS(network_get_port(server));
    CHECK_STRING(network_resolve("both.test"), "::1");
    SUCCESS(network_send_udp(client, "both.test", port, "routed", 6));
    take_data(server, "routed", 6);
    /* Now that the name is known, too. */
    SUCCESS(network_send_udp(client, "both.test", port, "again", 5));
    take_data(server, "again", 5);
    CHECK_EQUAL(network_get_stat(client, "dropped"), 0);
}

static void bursts_over_a_small_mtu_arrive(void) {
    enum { COUNT = 20, SIZE = 1200 };
    static char bytes[SIZE];
    double server, client, port;
    int i;
    if (!separate)
        return;
    CHECK(set_loopback(1, 1200));
    server = SUCCESS(network_create_server_raw(network_socket_udp, 0, 0));
    client = SUCCESS(network_create_socket(network_socket_udp));
    port = SUCCESS(network_get_port(server));
    for (i = 0; i < COUNT; i++)
        CHECK_EQUAL(network_send_udp_raw(client, "127.0.0.1", port, bytes, SIZE), SIZE);
    for (i = 0; i < COUNT; i++)
        take_data(server, bytes, SIZE);
    CHECK_EQUAL(network_get_stat(client, "dropped"), 0);
    /* And those that fit go on in bursts. */
    for (i = 0; i < COUNT; i++)
        CHECK_EQUAL(network_send_udp_raw(client, "127.0.0.1", port, bytes, 100), 100);
    for (i = 0; i < COUNT; i++)
        take_data(server, bytes, 100);
    CHECK(set_loopback(1, 65536));
}

static double cpu_ms(void) {
    struct timespec spent;
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) == 0);
    return (double)spent.tv_sec * 1e3 + (double)spent.tv_nsec / 1e6;
}

/* A reliable socket sends more than its line bears, so that the system has no room for more most of the time: whoever
 * does the I/O waits for that instead of trying without end, in which nobody else would be served. */
static void a_slow_line_does_not_spin(void) {
    /* So many that their windows together are more than the system's buffer. */
    enum { SIZE = 1000, RECEIVERS = 64, ROUNDS = 180 };
    static char bytes[SIZE];
    double server, client, ports[RECEIVERS], began, spent, taken = 0;
    int round, i;
    NetworkEvent event;
    if (!separate)
        return;
    if (system("tc qdisc replace dev lo root tbf rate 1mbit burst 4kb limit 20mb 2>/dev/null")) {
        puts("skipped: no slow line to be had");
        return;
    }
    client = SUCCESS(network_create_socket(network_socket_udp));
    SUCCESS(network_set_config(network_config_enable_reliable_udp, client, 0));
    for (i = 0; i < RECEIVERS; i++) {
        server = SUCCESS(network_create_server(network_socket_udp, 0, 0));
        SUCCESS(network_set_config(network_config_enable_reliable_udp, server, 0));
        ports[i] = SUCCESS(network_get_port(server));
    }
    began = now_ms();
    spent = cpu_ms();
    for (round = 0; round < ROUNDS; round++) {
        double frame = now_ms();
        for (i = 0; i < RECEIVERS; i++) {
            double sent = network_send_udp(client, "127.0.0.1", ports[i], bytes, SIZE);
            CHECK(sent == SIZE + 12 || sent == network_error_queue_full);
        }
        while (now_ms() - frame < 16) {
            SUCCESS(network_wait(4));
            while (network_poll_event(&event) > 0)
                taken++;
        }
    }
    spent = cpu_ms() - spent;
    printf("%.0f of %.0f ms of processor time, %.0f messages\n", spent, now_ms() - began, taken);
    /* Some percent of the time; a thread that spins takes all that it gets, and reads hardly anything. */
    CHECK(spent < (now_ms() - began) / 4);
    CHECK(taken > 100);
    CHECK_EQUAL(system("tc qdisc del dev lo root"), 0);
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"names_are_sent_to_where_there_is_a_route", names_are_sent_to_where_there_is_a_route},
        {"bursts_over_a_small_mtu_arrive", bursts_over_a_small_mtu_arrive},
        {"a_slow_line_does_not_spin", a_slow_line_does_not_spin},
        {NULL, NULL},
    };
    separate = unshare(CLONE_NEWNET) == 0 && set_loopback(1, 0);
    if (!separate)
        puts("skipped: no network namespace to be had");
    return harness_main(argc, argv, cases, NULL);
}
