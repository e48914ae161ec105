/*
 * Floods a server of reliable UDP with forged datagrams while a real client has to be served:
 *   flood ADDRESS PORT CLIENT ARGUMENT...
 * Every datagram claims another source: any port of any address of 10.77.0.3 to 10.77.0.250. Needs a network
 * namespace of its own, such as lossy_link's. Exits with the client's status.
 */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PER_MILLISECOND = 20, LARGEST = 1200, HEADERS = 28, SOURCES = 10000 };

static uint64_t state = 1;

static uint32_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

/* Of every kind of the protocol, well-formed or not, and what is none. Returns the size. */
static size_t forge_payload(uint8_t *payload) {
    static const size_t sizes[] = {0, 28, 28, 60, 40, 17, 13};
    uint32_t kind = next_random() % 8;
    size_t size = kind >= 1 && kind <= 6 ? sizes[kind] : next_random() % LARGEST, index;
    if (next_random() % 4 == 0)
        size = next_random() % LARGEST;
    /* The server echoes what has the size of its messages; that is not for strangers. */
    if (size == 64)
        size = 65;
    for (index = 0; index < size; index++)
        payload[index] = (uint8_t)next_random();
    if (kind == 0 || size < 4)
        return size;
    memcpy(payload, "\xd7\x53\x57", 3);
    payload[3] = (uint8_t)(0x10 | kind);
    if (kind == 1 && size == 28)
        memset(payload + 12, 0, 16);
    return size;
}

static void forge(int raw, const struct sockaddr_in *to, uint32_t number) {
    uint8_t packet[HEADERS + LARGEST];
    struct iphdr ip;
    struct udphdr udp;
    size_t size = forge_payload(packet + HEADERS);
    memset(&ip, 0, sizeof ip);
    ip.version = 4;
    ip.ihl = 5;
    ip.ttl = 64;
    ip.protocol = IPPROTO_UDP;
    ip.saddr = htonl(0x0A4D0003u + number / SOURCES % 248);
    ip.daddr = to->sin_addr.s_addr;
    ip.tot_len = htons((uint16_t)(HEADERS + size));
    memset(&udp, 0, sizeof udp);
    udp.source = htons((uint16_t)(1024 + number % SOURCES));
    udp.dest = to->sin_port;
    udp.len = htons((uint16_t)(8 + size));
    memcpy(packet, &ip, 20);
    memcpy(packet + 20, &udp, 8);
    /* What does not fit a queue is lost, as on any network. */
    if (sendto(raw, packet, HEADERS + size, 0, (const struct sockaddr *)to, sizeof *to) < 0)
        return;
}

int main(int argc, char **argv) {
    struct sockaddr_in to;
    const struct timespec millisecond = {0, 1000000};
    uint32_t sent = 0;
    int raw, status, index;
    pid_t client;
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    if (argc < 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
        return 2;
    to.sin_port = htons((uint16_t)atoi(argv[2]));
    raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    if (raw < 0) {
        perror("raw socket");
        return 1;
    }
    client = fork();
    if (client == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(argv[3], argv + 3);
        perror(argv[3]);
        _exit(127);
    }
    if (client < 0)
        return 1;
    while (waitpid(client, &status, WNOHANG) == 0) {
        for (index = 0; index < PER_MILLISECOND; index++)
            forge(raw, &to, sent++);
        nanosleep(&millisecond, NULL);
    }
    printf("flooded with %u datagrams\n", sent);
    if (sent < SOURCES) {
        fprintf(stderr, "the client ended before the flood was one\n");
        return 1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
