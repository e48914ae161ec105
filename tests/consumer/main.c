/* What every consumer builds: a server and a client that say hello to each other. */
#include <stdio.h>
#include <string.h>

#include <stepwire.h>

int main(void) {
    NetworkEvent event;
    double server, client;
    int turns;
    network_set_config_string(network_config_bind_address, -1, "127.0.0.1");
    server = network_create_server(network_socket_tcp, 0, 1);
    client = network_create_socket(network_socket_tcp);
    if (network_connect(client, "127.0.0.1", network_get_port(server)) < 0 ||
        network_send_packet(client, "hello", 5) < 0) {
        fprintf(stderr, "%s\n", network_last_error());
        return 1;
    }
    for (turns = 0; turns < 1000; turns++) {
        network_wait(10);
        while (network_poll_event(&event) == 1)
            if (event.type == network_type_data && event.size == 5 && memcmp(event.buffer, "hello", 5) == 0) {
                printf("stepwire %s works\n", network_version());
                return network_shutdown() == 0 && strcmp(network_version(), STEPWIRE_VERSION) == 0 ? 0 : 1;
            }
    }
    fprintf(stderr, "nothing arrived\n");
    return 1;
}
