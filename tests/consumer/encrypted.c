/* usage: encrypted CERTIFICATE KEY: a wss server with these, and a client that trusts whom the system trusts. */
#include <stdio.h>
#include <string.h>

#include <stepwire.h>

int main(int argc, char **argv) {
    NetworkEvent event;
    double server, client;
    int turns;
    if (argc != 3)
        return 2;
    network_set_config_string(network_config_bind_address, -1, "127.0.0.1");
    network_set_config_string(network_config_tls_certificate, -1, argv[1]);
    network_set_config_string(network_config_tls_private_key, -1, argv[2]);
    server = network_create_server(network_socket_wss, 0, 1);
    client = network_create_socket(network_socket_wss);
    if (server < 0 || network_connect(client, "localhost", network_get_port(server)) < 0 ||
        network_send_packet(client, "secret", 6) < 0) {
        fprintf(stderr, "%s\n", network_last_error());
        return 1;
    }
    for (turns = 0; turns < 1000; turns++) {
        network_wait(10);
        while (network_poll_event(&event) == 1)
            if (event.type == network_type_data && event.size == 6 && memcmp(event.buffer, "secret", 6) == 0) {
                printf("stepwire %s encrypts\n", network_version());
                return network_shutdown() == 0 ? 0 : 1;
            }
    }
    fprintf(stderr, "nothing arrived\n");
    return 1;
}
