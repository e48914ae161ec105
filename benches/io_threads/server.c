/*
 * usage: server CERTIFICATE KEY THREADS: a wss server with so many I/O threads, to which nobody has anything to say
 * but the handshake. Its first line is its port.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>

#include <stepwire.h>

static void leave(const NetworkEvent *event, void *user) {
    (void)event;
    (void)user;
}

int main(int argc, char **argv) {
    double server;
    if (argc != 4)
        return 2;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* a benchmark that was killed leaves no server behind */
    network_set_config(network_config_io_threads, atoi(argv[3]), 0);
    network_set_config_string(network_config_bind_address, -1, "127.0.0.1");
    network_set_config_string(network_config_tls_certificate, -1, argv[1]);
    network_set_config_string(network_config_tls_private_key, -1, argv[2]);
    server = network_create_server_raw(network_socket_wss, 0, 10000);
    if (server < 0) {
        fprintf(stderr, "%s\n", network_last_error());
        return 1;
    }
    printf("port %.0f\n", network_get_port(server));
    fflush(stdout);
    while (network_wait(1000) >= 0)
        network_poll(leave, NULL);
    return 1;
}
