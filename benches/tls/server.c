/*
 * usage: server CERTIFICATE KEY THREADS: a raw wss server with so many I/O threads, or with manual I/O if they are 0,
 * that sends every message back; its first line is its port.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include <stepwire.h>

int main(int argc, char **argv) {
    NetworkEvent event;
    double server;
    int threads;
    if (argc != 4)
        return 2;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* a benchmark that was killed leaves no server behind */
    threads = atoi(argv[3]);
    if (threads == 0)
        network_set_config(network_config_manual_io, 1, 0);
    else
        network_set_config(network_config_io_threads, threads, 0);
    network_set_config_string(network_config_bind_address, -1, "127.0.0.1");
    network_set_config_string(network_config_tls_certificate, -1, argv[1]);
    network_set_config_string(network_config_tls_private_key, -1, argv[2]);
    server = network_create_server_raw(network_socket_wss, 0, 10000);
    if (server < 0) {
        fprintf(stderr, "%s\n", network_last_error());
        return 1;
    }
    printf("%.0f\n", network_get_port(server));
    fflush(stdout);
    while (network_wait(1000) >= 0)
        while (network_poll_event(&event) == 1)
            if (event.type == network_type_data &&
                network_send_raw(event.id, event.buffer, event.size, event.message_type) < 0)
                fprintf(stderr, "%s\n", network_last_error());
    return 1;
}
