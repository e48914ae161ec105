/* A host that does not collect its events: memory stays bounded, TCP pushes back, nothing is lost. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "process.h"

enum { KIB = 1024, MIB = 1024 * 1024, PACKET = 1000 };

/* A stream of numbered packets, as the peer would write it. */
typedef struct {
    char *bytes;
    size_t size, written;
    int packets;
} Stream;

static Stream make_stream(size_t size) {
    Stream stream;
    int i;
    stream.packets = (int)(size / (HEADER_SIZE + PACKET));
    stream.size = (size_t)stream.packets * (HEADER_SIZE + PACKET);
    stream.written = 0;
    stream.bytes = (char *)malloc(stream.size);
    CHECK(stream.bytes != NULL);
    for (i = 0; i < stream.packets; i++) {
        char *packet = stream.bytes + (size_t)i * (HEADER_SIZE + PACKET);
        packet_header((unsigned char *)packet, PACKET);
        memset(packet + HEADER_SIZE, i & 0xff, PACKET);
        memcpy(packet + HEADER_SIZE, &i, sizeof i);
    }
    return stream;
}

static void check_packet(const NetworkEvent *event, int number) {
    size_t i;
    CHECK_EQUAL(event->size, PACKET);
    CHECK(memcmp(event->buffer, &number, sizeof number) == 0);
    for (i = sizeof number; i < PACKET; i++)
        CHECK(event->buffer[i] == (number & 0xff));
}

/* Lets the library work, but collects nothing. */
static void work(void) { SUCCESS(network_wait(5)); }

/* Writes until the library has left the bytes lie in the system's buffers for a while. */
static void write_until_stuck(int peer, Stream *stream) {
    double stuck_since = now_ms(), deadline = now_ms() + patience_ms();
    while (now_ms() - stuck_since < 300) {
        size_t count = peer_write_some(peer, stream->bytes + stream->written, stream->size - stream->written);
        stream->written += count;
        if (count > 0)
            stuck_since = now_ms();
        CHECK(now_ms() < deadline);
        CHECK(stream->written < stream->size); /* the library swallowed everything */
        work();
    }
}

static void write_rest(int peer, Stream *stream) {
    stream->written += peer_write_some(peer, stream->bytes + stream->written, stream->size - stream->written);
}

static void collect_all(int peer, Stream *stream, double handle) {
    int number;
    for (number = 0; number < stream->packets; number++) {
        write_rest(peer, stream);
        check_packet(take_event(handle, network_type_data), number);
        if (number % 1000 == 999 && untaken(-1) == 0)
            drop_events();
    }
    CHECK(stream->written == stream->size);
}

static void the_waiting_events_of_a_socket_are_bounded(void) {
    enum { LIMIT = 256 * KIB };
    Stream stream = make_stream(32 * MIB);
    double server, accepted;
    int peer;
    SUCCESS(network_set_config(network_config_receive_queue_limit, -1, LIMIT));
    server = tcp_server(0, 4);
    peer = peer_join(network_get_port(server));
    accepted = take_connect(server)->socket;
    write_until_stuck(peer, &stream);
    if (!manual_io()) /* in manual mode nothing is read while something waits */
        CHECK(network_get_stat(accepted, "receive_queue") >= LIMIT / 2);
    CHECK(network_get_stat(accepted, "receive_queue") <= LIMIT + MIB);
    collect_all(peer, &stream, accepted);
    CHECK_EQUAL(network_get_stat(accepted, "receive_queue"), 0);
    close(peer);
    take_event(accepted, network_type_disconnect);
    check_no_events();
    free(stream.bytes);
}

/* By default twice the message size limit: 8 MiB at an accepted socket. */
static void the_default_bound(void) {
    Stream stream = make_stream(48 * MIB);
    double server = tcp_server(0, 4), accepted;
    int peer = peer_join(network_get_port(server));
    accepted = take_connect(server)->socket;
    write_until_stuck(peer, &stream);
    CHECK(network_get_stat(accepted, "receive_queue") <= 9 * MIB);
    collect_all(peer, &stream, accepted);
    check_no_events();
    close(peer);
    free(stream.bytes);
}

/* All sockets together are bounded as well. */
static void all_waiting_events_are_bounded(void) {
    enum { PEERS = 4, LIMIT = MIB };
    Stream streams[PEERS];
    double server, accepted[PEERS], total = 0;
    int peers[PEERS], i;
    SUCCESS(network_set_config(network_config_total_queue_limit, LIMIT, 0));
    /* While one stream is collected the others stand still half-way, on a slow machine for long. */
    SUCCESS(network_set_config(network_config_message_timeout, -1, 0));
    server = tcp_server(0, PEERS);
    for (i = 0; i < PEERS; i++) {
        peers[i] = peer_join(network_get_port(server));
        accepted[i] = take_connect(server)->socket;
        streams[i] = make_stream(24 * MIB);
    }
    for (i = 0; i < PEERS; i++)
        write_until_stuck(peers[i], &streams[i]);
    for (i = 0; i < PEERS; i++)
        total += network_get_stat(accepted[i], "receive_queue");
    CHECK(total <= LIMIT + MIB);
    /* Everyone's stream arrives once the host collects again. */
    for (i = 0; i < PEERS; i++)
        collect_all(peers[i], &streams[i], accepted[i]);
    check_no_events();
    for (i = 0; i < PEERS; i++) {
        close(peers[i]);
        free(streams[i].bytes);
    }
}

/* A peer announces much and sends little: memory is not taken for the announcement. */
static void announced_sizes_are_not_allocated(void) {
    enum { PEERS = 200 };
    unsigned char header[HEADER_SIZE];
    double server = tcp_server(0, PEERS);
    long before;
    int peers[PEERS], i;
    packet_header(header, 4 * MIB);
    for (i = 0; i < PEERS; i++)
        peers[i] = peer_join(network_get_port(server));
    settle();
    before = resident_kb();
    for (i = 0; i < PEERS; i++) {
        peer_write(peers[i], header, HEADER_SIZE);
        peer_write(peers[i], "a few bytes", 11);
    }
    settle();
    CHECK(resident_kb() - before < 50 * 1024); /* announced: 800 MiB */
    for (i = 0; i < PEERS; i++) {
        take_connect(server);
        close(peers[i]);
    }
    SUCCESS(network_destroy(server));
    drop_events();
    check_no_events();
}

/* Half a packet more than the bound holds: the packet still comes through. */
static void a_packet_larger_than_the_bound(void) {
    char *bytes = (char *)calloc(1, 3 * MIB);
    Pair pair = connect_pair(0);
    CHECK(bytes != NULL);
    CHECK_EQUAL(network_set_config(network_config_receive_queue_limit, pair.accepted, 64 * KIB), 0);
    SUCCESS(network_send_packet(pair.client, bytes, 3 * MIB));
    take_data(pair.accepted, bytes, 3 * MIB);
    SUCCESS(network_send_packet(pair.client, bytes, 3 * MIB));
    SUCCESS(network_send_packet(pair.client, "behind", 6));
    take_data(pair.accepted, bytes, 3 * MIB);
    take_data(pair.accepted, "behind", 6);
    check_no_events();
    free(bytes);
}

#if !defined(_WIN32) /* no descriptor can be put in another's place there */
/* Receiving fails many times in a row, as it may where earlier datagrams were refused: what has arrived meanwhile is
 * delivered all the same, though the system tells of it no more. */
static void datagrams_are_heard_after_errors(void) {
    enum { MOST = 8, HIGH = 512 };
    double server = SUCCESS(network_create_server_raw(network_socket_udp, 0, 0)), port = network_get_port(server);
    int replaced[MOST], count = 0, i, descriptor, kept;
    int failing = socket(AF_INET, SOCK_STREAM, 0), sender = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in to;
    settle(); /* the library watches the socket */
    kept = fcntl(find_descriptor(port, 0), F_DUPFD, HIGH);
    CHECK(kept >= HIGH);
    while ((descriptor = find_descriptor(port, 0)) != kept) {
        CHECK(count < MOST);
        replaced[count++] = descriptor;
        CHECK(dup2(failing, descriptor) == descriptor);
    }
    CHECK(count > 0);
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((unsigned short)port);
    CHECK(sendto(sender, "hello?", 6, 0, (struct sockaddr *)&to, sizeof to) == 6);
    settle(); /* it has tried */
    for (i = 0; i < count; i++)
        CHECK(dup2(kept, replaced[i]) == replaced[i]);
    take_data(server, "hello?", 6);
    SUCCESS(network_destroy(server));
    close(kept);
    close(failing);
    close(sender);
    check_no_events();
}
#endif

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"the_waiting_events_of_a_socket_are_bounded", the_waiting_events_of_a_socket_are_bounded},
        {"the_default_bound", the_default_bound},
        {"all_waiting_events_are_bounded", all_waiting_events_are_bounded},
        {"announced_sizes_are_not_allocated", announced_sizes_are_not_allocated},
        {"a_packet_larger_than_the_bound", a_packet_larger_than_the_bound},
#if !defined(_WIN32)
        {"datagrams_are_heard_after_errors", datagrams_are_heard_after_errors},
#endif
        {NULL, NULL},
    };
    return harness_main(argc, argv, cases, NULL);
}
