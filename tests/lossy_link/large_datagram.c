/*
 * Datagrams as large as UDP has them, there and back:
 *   large_datagram thread|manual echo PORT
 *   large_datagram thread|manual send ADDRESS PORT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stepwire.h>

enum { LARGEST = 65507, ROUNDS = 20, PATIENCE_MS = 20000 };

static unsigned char datagram[LARGEST];

static double checked(double result) {
    if (result < 0) {
        fprintf(stderr, "%s\n", network_last_error());
        exit(1);
    }
    return result;
}

static void fill(int round) {
    size_t index;
    for (index = 0; index < LARGEST; index++)
        datagram[index] = (unsigned char)(index * 7 + index / 256 + (size_t)round);
}

/* Until it is told to end by a signal. */
static void echo(double port) {
    double server = checked(network_create_server_raw(network_socket_udp, port, 0));
    NetworkEvent event;
    printf("port %.0f\n", network_get_port(server));
    fflush(stdout);
    for (;;) {
        checked(network_wait(1000));
        while (checked(network_poll_event(&event)) == 1)
            checked(network_send_udp_raw(server, event.ip, event.port, event.buffer, event.size));
    }
}

static void send_and_compare(const char *address, double port) {
    double socket = checked(network_create_socket(network_socket_udp));
    NetworkEvent event;
    int round;
    for (round = 0; round < ROUNDS; round++) {
        fill(round);
        checked(network_send_udp_raw(socket, address, port, datagram, LARGEST));
        if (checked(network_wait(PATIENCE_MS)) != 1 || checked(network_poll_event(&event)) != 1) {
            fprintf(stderr, "datagram %d did not come back\n", round);
            exit(1);
        }
        if (event.type != network_type_data || event.size != LARGEST || memcmp(event.buffer, datagram, LARGEST) != 0) {
            fprintf(stderr, "datagram %d came back otherwise: type %.0f, %.0f bytes\n", round, event.type, event.size);
            exit(1);
        }
    }
    checked(network_destroy(socket));
    network_shutdown();
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "manual") == 0)
        checked(network_set_config(network_config_manual_io, 1, 0));
    if (argc == 4 && strcmp(argv[2], "echo") == 0)
        echo(atof(argv[3]));
    else if (argc == 5 && strcmp(argv[2], "send") == 0)
        send_and_compare(argv[3], atof(argv[4]));
    else
        return 2;
    return 0;
}
