/*
 * What measure.py runs: a server on the library that sends players' packets back, and players on plain sockets.
 *   program server            prints the ports of a TCP, a raw WebSocket and a reliable UDP server; ends with its input
 *   program players PORT COUNT HERTZ SECONDS   prints how long their packets took, as milliseconds: p50 p99 worst count
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <stepwire.h>

enum { HEADER = 12, PAYLOAD = 32, PACKET = HEADER + PAYLOAD, MOST = 1000 };

static void check(int good, const char *what) {
    if (!good) {
        fprintf(stderr, "%s: %s\n", what, network_last_error());
        exit(1);
    }
}

/* ---- the server ---- */

static void on_event(const NetworkEvent *event, void *user) {
    (void)user;
    if (event->type == network_type_data && event->size == PAYLOAD)
        network_send_packet(event->id, event->buffer, event->size);
}

static int serve(void) {
    double tcp = network_create_server(network_socket_tcp, 0, MOST), udp;
    double ws = network_create_server_raw(network_socket_ws, 0, MOST);
    char byte;
    udp = network_create_server(network_socket_udp, 0, MOST);
    check(tcp >= 0 && ws >= 0 && udp >= 0, "no server");
    check(network_set_config(network_config_enable_reliable_udp, udp, 0) >= 0, "no reliable UDP");
    printf("%.0f %.0f %.0f\n", network_get_port(tcp), network_get_port(ws), network_get_port(udp));
    fflush(stdout);
    check(fcntl(0, F_SETFL, O_NONBLOCK) == 0, "no input");
    while (read(0, &byte, 1) != 0) {
        network_wait(20);
        network_poll(on_event, NULL);
    }
    return network_shutdown() < 0;
}

/* ---- the players ---- */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void read_all(int player, void *bytes, size_t size) {
    check(recv(player, bytes, size, MSG_WAITALL) == (ssize_t)size, "the handshake broke off");
}

static int join(int port) {
    static const unsigned char hello[] = "\xbe\xba\xfe\xca\x0b\xb0\xad\xde\x10\x00\x00\x00\x00\x00\x00\x00";
    struct sockaddr_in to = {0};
    char bytes[18];
    int player = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    to.sin_family = AF_INET;
    to.sin_port = htons((uint16_t)port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(player >= 0 && connect(player, (struct sockaddr *)&to, sizeof to) == 0, "no connection");
    setsockopt(player, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    read_all(player, bytes, 18);
    check(send(player, hello, 16, 0) == 16, "not sent");
    read_all(player, bytes, 12);
    check(fcntl(player, F_SETFL, O_NONBLOCK) == 0, "not set");
    return player;
}

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static int play(int port, int count, double hertz, double seconds) {
    static struct pollfd players[MOST];
    static unsigned char parts[MOST][PACKET];
    static size_t have[MOST];
    size_t room = (size_t)(count * hertz * seconds) + MOST, taken = 0;
    double *times = (double *)malloc(room * sizeof *times), begin = now(), end = begin + seconds * 1e3;
    double period = 1e3 / hertz, *next = (double *)malloc((size_t)count * sizeof *next);
    int i;
    check(times != NULL && next != NULL && count <= MOST, "no room");
    for (i = 0; i < count; i++) {
        players[i].fd = join(port);
        players[i].events = POLLIN;
        next[i] = begin + period * i / count;
    }
    while (now() < end) {
        for (i = 0; i < count; i++) {
            unsigned char packet[PACKET] = {0xde, 0xc0, 0xad, 0xde, 12, 0, 0, 0, PAYLOAD, 0, 0, 0};
            double time = now();
            if (time < next[i])
                continue;
            next[i] += period;
            memcpy(packet + HEADER, &time, sizeof time);
            check(send(players[i].fd, packet, PACKET, 0) == PACKET, "a player is cut off");
        }
        poll(players, (nfds_t)count, 1);
        for (i = 0; i < count; i++) {
            ssize_t got;
            while ((got = recv(players[i].fd, parts[i] + have[i], PACKET - have[i], 0)) > 0) {
                have[i] += (size_t)got;
                if (have[i] == PACKET) {
                    double sent;
                    memcpy(&sent, parts[i] + HEADER, sizeof sent);
                    have[i] = 0;
                    if (taken < room)
                        times[taken++] = now() - sent;
                }
            }
            check(got != 0, "a player was thrown out");
        }
    }
    check(taken > 0, "nothing came back");
    qsort(times, taken, sizeof *times, by_size);
    printf("%.2f %.2f %.2f %d\n", times[taken / 2], times[taken * 99 / 100], times[taken - 1], (int)taken);
    free(times);
    free(next);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "server") == 0)
        return serve();
    if (argc == 6 && strcmp(argv[1], "players") == 0)
        return play(atoi(argv[2]), atoi(argv[3]), atof(argv[4]), atof(argv[5]));
    fprintf(stderr, "see the beginning of program.c\n");
    return 2;
}
