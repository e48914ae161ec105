#include "endpoint.h"

#include "stepwire.h"

int endpoint_is_udp(const struct options *options) {
    return options->session.transport == TRANSPORT_UDP || options->session.transport == TRANSPORT_RUDP;
}

static int set_text(double config, const char *value) {
    return value == NULL || network_set_config_string(config, -1, value) >= 0;
}

int endpoint_configure(const struct options *options) {
    int good = network_set_config(network_config_game_id, -1, options->game_id) >= 0;

    if (options->connect_timeout_ms >= 0) {
        good = good && network_set_config(network_config_connect_timeout, options->connect_timeout_ms, 0) >= 0;
    }
    if (options->insecure) {
        good = good && network_set_config(network_config_tls_verify, -1, 0) >= 0;
    }
    if (options->headers.size > 1) {
        good = good && set_text(network_config_websocket_headers, (const char *)options->headers.data);
    }
    return good && set_text(network_config_tls_ca_file, options->ca_path) &&
           set_text(network_config_tls_certificate, options->certificate_path) &&
           set_text(network_config_tls_private_key, options->key_path) &&
           set_text(network_config_websocket_protocol, options->subprotocol);
}

static double socket_type(const struct options *options) {
    switch (options->session.transport) {
    case TRANSPORT_TCP:
        return network_socket_tcp;
    case TRANSPORT_WS:
        return network_socket_ws;
    case TRANSPORT_WSS:
        return network_socket_wss;
    default:
        return network_socket_udp;
    }
}

/* Makes a socket of UDP reliable where that is wanted; the socket, or the error. */
static double as_wanted(const struct options *options, double socket) {
    double result = socket;

    if (result >= 0 && options->session.transport == TRANSPORT_RUDP) {
        result = network_set_config(network_config_enable_reliable_udp, socket, 0);
        if (result >= 0) {
            result = network_set_config(network_config_reliable_ordered, socket, options->ordered);
        }
    }
    return result < 0 ? result : socket;
}

double endpoint_listen(const struct options *options) {
    static const double most = 2147483647;
    double type = socket_type(options);
    double result = network_set_config_string(network_config_bind_address, -1, options->host);

    if (result < 0) {
        return result;
    }
    return as_wanted(options, options->session.raw ? network_create_server_raw(type, options->port, most)
                                                   : network_create_server(type, options->port, most));
}

double endpoint_connect(const struct options *options) {
    int is_tcp = options->session.transport == TRANSPORT_TCP;
    const char *url = is_tcp ? options->host : options->url;
    double socket = network_create_socket(socket_type(options));

    return options->session.raw ? network_connect_raw_async(socket, url, options->port)
                                : network_connect_async(socket, url, options->port);
}

double endpoint_open_udp(const struct options *options) {
    return as_wanted(options, network_create_socket_ext(network_socket_udp, 0));
}

int endpoint_find(const struct options *options, char *ip, size_t room) {
    const char *found = network_resolve(options->host);

    snprintf(ip, room, "%s", found);
    return found[0] != '\0';
}

double endpoint_send(const struct options *options, double socket, const char *ip, double port, int is_text,
                     const void *data, size_t size) {
    if (endpoint_is_udp(options)) {
        return options->session.raw ? network_send_udp_raw(socket, ip, port, data, (double)size)
                                    : network_send_udp(socket, ip, port, data, (double)size);
    }
    if (options->session.raw) {
        return network_send_raw(socket, data, (double)size, is_text ? network_send_text : 0);
    }
    return network_send_packet(socket, data, (double)size);
}
