/*
 * A slow, lossy link between two network namespaces, made in user space:
 *
 *   lossy_link DELAY_MS LOSS_PERCENT SEED -- SERVER ARGUMENT... -- CLIENT ARGUMENT...
 *
 * The server runs at 10.77.0.1, the client at 10.77.0.2; each packet takes the delay, and is lost with the
 * percentage, each way. The same seed and traffic lose the same packets. The client starts when the server
 * has printed a line, and the server is asked to end when the client has. The link has an MTU of 1500 bytes.
 *
 * The namespaces end with the programs in them, so nothing stays behind. Prints how many
 * packets it lost, and how many it had late because the machine was busy. Exits with the client's status, or
 * with 77 after a line "skipped: ..." where the system does not permit this.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MTU = 1500, IN_FLIGHT = 65536, SKIPPED = 77 };

/* A packet that is handed over so much later than it should be is counted: the machine was busy. */
static const uint64_t LATE_NS = 2000000;

typedef struct {
    uint64_t due;
    uint16_t size;
    uint8_t bytes[MTU];
} Packet;

/* Packets on their way from one end to the other: a ring. */
typedef struct {
    int from, to;
    uint64_t random;
    Packet **packets;
    uint32_t head, tail;
    unsigned long carried, lost, late;
} Direction;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void skip(const char *what) {
    printf("skipped: %s: %s\n", what, strerror(errno));
    exit(SKIPPED);
}

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* splitmix64, as a share of 1. */
static double next_random(uint64_t *state) {
    uint64_t word = (*state += UINT64_C(0x9E3779B97F4A7C15));
    word = (word ^ (word >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (double)((word ^ (word >> 31)) >> 11) / 9007199254740992.0;
}

/* ---- the two ends ---- */

static void set_address(int control, const char *device, unsigned long request, const char *address) {
    struct ifreq wanted;
    struct sockaddr_in where;
    memset(&wanted, 0, sizeof wanted);
    memset(&where, 0, sizeof where);
    where.sin_family = AF_INET;
    inet_pton(AF_INET, address, &where.sin_addr);
    memcpy(&wanted.ifr_addr, &where, sizeof where);
    strcpy(wanted.ifr_name, device);
    if (ioctl(control, request, &wanted) != 0)
        fail("network address");
}

static void bring_up(int control, const char *device) {
    struct ifreq wanted;
    memset(&wanted, 0, sizeof wanted);
    strcpy(wanted.ifr_name, device);
    if (ioctl(control, SIOCGIFFLAGS, &wanted) != 0)
        fail(device);
    wanted.ifr_flags |= IFF_UP | IFF_RUNNING;
    if (ioctl(control, SIOCSIFFLAGS, &wanted) != 0)
        fail(device);
}

/* Moves this process to a new namespace with a TUN device, which stays reachable through the result. */
static int enter_new_network(const char *address) {
    static const char device[] = "link0";
    struct ifreq wanted;
    int tun, control;
    if (unshare(CLONE_NEWNET) != 0)
        skip("no network namespaces");
    tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun < 0)
        skip("/dev/net/tun");
    memset(&wanted, 0, sizeof wanted);
    wanted.ifr_flags = IFF_TUN | IFF_NO_PI;
    strcpy(wanted.ifr_name, device);
    if (ioctl(tun, TUNSETIFF, &wanted) != 0)
        skip("no TUN device");
    control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0)
        fail("socket");
    bring_up(control, "lo");
    set_address(control, device, SIOCSIFADDR, address);
    set_address(control, device, SIOCSIFNETMASK, "255.255.255.0");
    /* The device's own queue must not lose packets: losing them is up to the link. */
    wanted.ifr_qlen = 10000;
    if (ioctl(control, SIOCSIFTXQLEN, &wanted) != 0)
        fail("queue length");
    bring_up(control, device);
    close(control);
    return tun;
}

/* Starts a program in the present namespace. It ends when this process does. */
static pid_t start(char **command, int output) {
    pid_t parent = getpid(), child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || (output >= 0 && dup2(output, STDOUT_FILENO) < 0))
            _exit(1);
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    return child;
}

/* ---- the link ---- */

static void take_packets(Direction *direction, double loss, uint64_t delay) {
    uint8_t bytes[MTU];
    ssize_t size;
    while ((size = read(direction->from, bytes, sizeof bytes)) > 0) {
        Packet *packet;
        /* What IPv6 sends by itself would shift the sequence of losses. */
        if (bytes[0] >> 4 != 4)
            continue;
        direction->carried++;
        if (next_random(&direction->random) < loss || direction->head - direction->tail == IN_FLIGHT) {
            direction->lost++;
            continue;
        }
        packet = (Packet *)malloc(sizeof *packet);
        if (!packet)
            fail("malloc");
        packet->due = now_ns() + delay;
        packet->size = (uint16_t)size;
        memcpy(packet->bytes, bytes, (size_t)size);
        direction->packets[direction->head++ % IN_FLIGHT] = packet;
    }
}

/* Returns when the next packet is due; UINT64_MAX if there is none. */
static uint64_t hand_over(Direction *direction) {
    uint64_t time = now_ns();
    while (direction->tail != direction->head) {
        Packet *packet = direction->packets[direction->tail % IN_FLIGHT];
        if (packet->due > time)
            return packet->due;
        direction->late += time - packet->due > LATE_NS;
        if (write(direction->to, packet->bytes, packet->size) < 0)
            direction->lost++;
        free(packet);
        direction->tail++;
    }
    return UINT64_MAX;
}

static void watch(int poller, int descriptor) {
    struct epoll_event event;
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) != 0)
        fail("epoll_ctl");
}

static void set_timer(int timer, uint64_t due) {
    struct itimerspec when;
    memset(&when, 0, sizeof when);
    if (due != UINT64_MAX) {
        when.it_value.tv_sec = (time_t)(due / 1000000000u);
        when.it_value.tv_nsec = (long)(due % 1000000000u);
    }
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Works until the child has ended and returns its wait status. */
static int carry(Direction directions[2], double loss, uint64_t delay, pid_t until, int signals) {
    int poller = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    int status;
    watch(poller, timer);
    watch(poller, signals);
    watch(poller, directions[0].from);
    watch(poller, directions[1].from);
    while (waitpid(until, &status, WNOHANG) != until) {
        struct epoll_event events[4];
        uint64_t next[2], ignored;
        struct signalfd_siginfo signal;
        int index, count = epoll_wait(poller, events, 4, -1);
        for (index = 0; index < count; index++) {
            int ready = events[index].data.fd;
            /* Both only wake: the time and waitpid tell what is to be done. */
            if (ready == timer && read(timer, &ignored, sizeof ignored) < 0 && errno != EAGAIN)
                fail("timer");
            if (ready == signals && read(signals, &signal, sizeof signal) < 0 && errno != EAGAIN)
                fail("signals");
            if (ready == directions[0].from)
                take_packets(&directions[0], loss, delay);
            if (ready == directions[1].from)
                take_packets(&directions[1], loss, delay);
        }
        next[0] = hand_over(&directions[0]);
        next[1] = hand_over(&directions[1]);
        set_timer(timer, next[0] < next[1] ? next[0] : next[1]);
    }
    close(timer);
    close(poller);
    return status;
}

/* ---- the programs ---- */

/* The words after the next "--", which ends the words before it. */
static char **after_separator(char **words) {
    for (; *words; words++) {
        if (strcmp(*words, "--") == 0) {
            *words = NULL;
            return words + 1;
        }
    }
    fprintf(stderr, "usage: lossy_link DELAY_MS LOSS_PERCENT SEED -- SERVER ARGUMENT... -- CLIENT ARGUMENT...\n");
    exit(2);
}

static void wait_for_line(int output) {
    char byte = 0;
    while (byte != '\n')
        if (read(output, &byte, 1) <= 0) {
            fprintf(stderr, "the server ended before it could be reached\n");
            exit(1);
        }
}

int main(int argc, char **argv) {
    char **server_command = after_separator(argv + 1), **client_command = after_separator(server_command);
    double loss;
    uint64_t delay, seed;
    int ends[2], pipe_ends[2], signals, status, index;
    Direction directions[2];
    pid_t server, client;
    sigset_t children;
    if (argc < 4 || !argv[1] || !argv[2] || !argv[3] || !*server_command || !*client_command)
        after_separator(client_command);
    delay = (uint64_t)(atof(argv[1]) * 1e6);
    loss = atof(argv[2]) / 100;
    seed = strtoull(argv[3], NULL, 10);

    /* Others than root may have namespaces within a user namespace of their own. */
    if (geteuid() != 0 && unshare(CLONE_NEWUSER) != 0)
        skip("no user namespaces");
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0 || pipe2(pipe_ends, O_CLOEXEC) != 0)
        fail("descriptors");

    ends[0] = enter_new_network("10.77.0.1");
    server = start(server_command, pipe_ends[1]);
    close(pipe_ends[1]);
    wait_for_line(pipe_ends[0]);
    ends[1] = enter_new_network("10.77.0.2");
    client = start(client_command, -1);

    memset(directions, 0, sizeof directions);
    for (index = 0; index < 2; index++) {
        directions[index].from = ends[index];
        directions[index].to = ends[!index];
        directions[index].random = seed * 2 + (uint64_t)index;
        directions[index].packets = (Packet **)calloc(IN_FLIGHT, sizeof(Packet *));
        if (!directions[index].packets)
            fail("calloc");
    }
    status = carry(directions, loss, delay, client, signals);
    for (index = 0; index < 2; index++)
        printf("link %s carried %lu lost %lu\n", index ? "to_server" : "to_client", directions[index].carried,
               directions[index].lost);
    printf("late_percent %.2f\n", 100.0 * (double)(directions[0].late + directions[1].late) /
                                      (double)(directions[0].carried + directions[1].carried + 1));
    fflush(stdout);
    kill(server, SIGTERM);
    /* The end of the pipe is the end of the server; this process's limit of time is its caller's. */
    for (;;) {
        char bytes[512];
        ssize_t size = read(pipe_ends[0], bytes, sizeof bytes);
        if (size <= 0 || write(STDOUT_FILENO, bytes, (size_t)size) < 0)
            break;
    }
    waitpid(server, NULL, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
