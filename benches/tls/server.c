/* usage: server CERTIFICATE KEY: a raw wss server that sends every message back; its first line is its port. */
#include <stdio.h>

#include <stepwire.h>

int main(int argc, char **argv) {
    NetworkEvent event;
    double server;
    if (argc != 3)
        return 2;
    network_set_config(network_config_manual_io, 1, 0);
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
