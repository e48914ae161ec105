/* A peer of `cargo xtask bench`: GameMaker's packets echoed on libuv. Prints "port N". */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "../bare/wire.h"

enum { QUEUE = 4096, READ_SIZE = 512 << 10 };

typedef struct {
    uv_tcp_t stream;
    int established;
    char *partial;
    size_t partial_size;
} Client;

typedef struct {
    uv_write_t request;
    char bytes[];
} Writing;

/* Reads of all clients share one buffer: what is not used of it is copied away before the next. */
static char read_buffer[READ_SIZE];

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    Client *client = (Client *)handle;
    (void)suggested;
    if (client->partial_size > 0)
        memcpy(read_buffer, client->partial, client->partial_size);
    *buffer = uv_buf_init(read_buffer + client->partial_size, (unsigned)(READ_SIZE - client->partial_size));
}

static void on_close(uv_handle_t *handle) {
    free(((Client *)handle)->partial);
    free(handle);
}

static void on_written(uv_write_t *request, int status) {
    (void)status; /* a failure shows in the next read */
    free(request);
}

/* Straight to the socket, as far as it takes it. */
static void send_bytes(Client *client, char *bytes, size_t size) {
    uv_buf_t buffer = uv_buf_init(bytes, (unsigned)size);
    int sent = uv_try_write((uv_stream_t *)client, &buffer, 1);
    size_t taken = sent > 0 ? (size_t)sent : 0;
    Writing *writing;
    if (taken == size)
        return;
    writing = malloc(sizeof *writing + size - taken);
    if (writing == NULL)
        abort();
    memcpy(writing->bytes, bytes + taken, size - taken);
    buffer = uv_buf_init(writing->bytes, (unsigned)(size - taken));
    uv_write(&writing->request, (uv_stream_t *)client, &buffer, 1, on_written);
}

static void on_read(uv_stream_t *stream, ssize_t received, const uv_buf_t *buffer) {
    Client *client = (Client *)stream;
    size_t size = client->partial_size, begin = 0, whole;
    long step = 1;
    (void)buffer;
    if (received == 0)
        return;
    if (received < 0) {
        uv_close((uv_handle_t *)stream, on_close);
        return;
    }
    size += (size_t)received;
    if (!client->established) {
        uint8_t answer[WIRE_LARGEST_ANSWER];
        size_t answer_size;
        step = wire_handshake(WIRE_GM, (uint8_t *)read_buffer, size, answer, &answer_size);
        if (step > 0) {
            client->established = 1;
            send_bytes(client, (char *)answer, answer_size);
            begin = (size_t)step;
        }
    }
    for (whole = begin; step > 0;) {
        uint8_t *payload;
        size_t payload_size;
        step = wire_read(WIRE_GM, (uint8_t *)read_buffer + whole, size - whole, &payload, &payload_size);
        whole += step > 0 ? (size_t)step : 0;
    }
    if (step < 0) {
        uv_close((uv_handle_t *)stream, on_close);
        return;
    }
    if (whole > begin)
        send_bytes(client, read_buffer + begin, whole - begin);
    free(client->partial);
    client->partial = NULL;
    client->partial_size = size - whole;
    if (client->partial_size > 0) {
        client->partial = malloc(client->partial_size);
        if (client->partial == NULL)
            abort();
        memcpy(client->partial, read_buffer + whole, client->partial_size);
    }
}

static void on_connection(uv_stream_t *server, int status) {
    Client *client = calloc(1, sizeof *client);
    uint8_t greeting[WIRE_LARGEST_ANSWER];
    if (client == NULL || status < 0)
        abort();
    uv_tcp_init(server->loop, &client->stream);
    if (uv_accept(server, (uv_stream_t *)client) != 0)
        abort();
    uv_tcp_nodelay(&client->stream, 1);
    uv_read_start((uv_stream_t *)client, lend_buffer, on_read);
    send_bytes(client, (char *)greeting, wire_greeting(WIRE_GM, greeting));
}

int main(void) {
    struct sockaddr_in address;
    int size = sizeof address;
    uv_tcp_t server;
    uv_loop_t *loop = uv_default_loop();
    signal(SIGPIPE, SIG_IGN); /* libuv leaves it to the program: a client may be gone before its first answer */
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_init(loop, &server);
    if (uv_tcp_bind(&server, (struct sockaddr *)&address, 0) != 0 ||
        uv_listen((uv_stream_t *)&server, QUEUE, on_connection) != 0 ||
        uv_tcp_getsockname(&server, (struct sockaddr *)&address, &size) != 0)
        return 1;
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
