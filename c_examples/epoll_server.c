/* A server inside a program that has an event loop of its own, epoll's (Linux): the library's descriptor is one of
 * several that it sleeps on, beside a timer and standard input. What is typed goes to all players, and what a player
 * sends to all others.
 *
 *   epoll_server             checks itself: a pipe is typed into, and two players in this process hear it
 *   epoll_server PORT        serves until Ctrl-C, and then until the players have left; a second Ctrl-C ends it at once
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "stepwire.h"

enum { MOST_PLAYERS = 100, LONGEST_LINE = 500, GOODBYE_MS = 10000 };

static const char *const GOODBYE = "the server ends, please leave";

struct program {
    int epoll, timer, input; /* descriptors of its own; input -1: it has come to its end */
    int network;             /* the library's: readable while events wait */
    double server;
    unsigned long seconds, messages;
    /* The check: two players in this process, and what each has heard. */
    double players[2];
    int connected, heard_typed, heard_other;
};

static volatile sig_atomic_t interrupts;

static void on_signal(int number) {
    (void)number;
    interrupts++;
    /* Of the library's functions this alone may be called here. It ends network_wait, which the program is in when it
     * says goodbye; epoll_pwait is ended by the signal itself. */
    network_wake();
}

static int fail(const char *what, const char *why) {
    fprintf(stderr, "epoll_server: %s: %s\n", what, why);
    return 1;
}

static void send_to_all(struct program *program, const void *bytes, double size, double except) {
    if (network_group_send_packet(program->server, bytes, size, except) < 0) {
        fprintf(stderr, "epoll_server: %s\n", network_last_error());
    }
}

static void on_event(struct program *program, const NetworkEvent *event) {
    switch ((int)event->type) {
    case network_type_connect:
        printf("+ %s, %.0f players\n", event->ip, network_get_stat(program->server, "clients"));
        break;
    case network_type_disconnect:
        printf("- %s %s\n", event->ip, event->reason);
        break;
    case network_type_non_blocking_connect: /* one of the check's own players */
        program->connected += event->succeeded == 1;
        break;
    case network_type_data:
        if (event->server >= 0) {
            program->messages++;
            send_to_all(program, event->buffer, event->size, event->id);
        } else if (event->size == 5 && memcmp(event->buffer, "typed", 5) == 0) {
            program->heard_typed++;
        } else {
            program->heard_other++;
        }
        break;
    }
}

/* The descriptor says that events wait; all of them are taken, and then it is no longer readable. */
static void on_network(struct program *program) {
    NetworkEvent event;
    while (network_poll_event(&event) == 1) {
        on_event(program, &event);
    }
}

static void on_timer(struct program *program) {
    uint64_t passed = 0;
    if (read(program->timer, &passed, sizeof passed) == (ssize_t)sizeof passed) {
        program->seconds += passed;
    }
}

static void on_input(struct program *program) {
    char line[LONGEST_LINE];
    ssize_t size = read(program->input, line, sizeof line);
    if (size <= 0) {
        epoll_ctl(program->epoll, EPOLL_CTL_DEL, program->input, NULL);
        program->input = -1;
        return;
    }
    size -= line[size - 1] == '\n';
    send_to_all(program, line, (double)size, -1);
}

static int watch(const struct program *program, int descriptor) {
    struct epoll_event interest;
    memset(&interest, 0, sizeof interest);
    interest.events = EPOLLIN;
    interest.data.fd = descriptor;
    return epoll_ctl(program->epoll, EPOLL_CTL_ADD, descriptor, &interest);
}

static int begin(struct program *program, double port, int input) {
    struct itimerspec every_second = {{1, 0}, {1, 0}};

    program->server = network_create_server(network_socket_tcp, port, MOST_PLAYERS);
    program->network = (int)network_get_descriptor();
    if (program->server < 0 || program->network < 0) {
        return fail("listening", network_last_error());
    }
    program->input = input;
    program->epoll = epoll_create1(EPOLL_CLOEXEC);
    program->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (program->epoll < 0 || program->timer < 0 || timerfd_settime(program->timer, 0, &every_second, NULL) < 0 ||
        watch(program, program->network) < 0 || watch(program, program->timer) < 0) {
        return fail("setting up epoll", strerror(errno));
    }
    /* A file is never waited for, and epoll refuses it: what is in it is not typed. */
    if (watch(program, input) < 0) {
        program->input = -1;
    }
    printf("listening: port %.0f\n", network_get_port(program->server));
    fflush(stdout);
    return 0;
}

/* Sleeps until something is to be done, and does it. `unblocked` are the signals that may end the sleep: they are
 * blocked elsewhere, so that none comes between the look at `interrupts` and the sleep. */
static int turn(struct program *program, const sigset_t *unblocked) {
    struct epoll_event ready[4];
    int count = epoll_pwait(program->epoll, ready, 4, -1, unblocked), i;

    if (count < 0 && errno != EINTR) {
        return fail("waiting", strerror(errno));
    }
    for (i = 0; i < count; i++) {
        if (ready[i].data.fd == program->network) {
            on_network(program);
        } else if (ready[i].data.fd == program->timer) {
            on_timer(program);
        } else {
            on_input(program);
        }
    }
    return 0;
}

/* Nobody new gets in, and who is here has some time to leave. Nothing else is to be done now: network_wait will do. */
static void say_goodbye(struct program *program) {
    double waited = 0;
    int before = interrupts;

    network_set_config(network_config_accepting, program->server, 0);
    send_to_all(program, GOODBYE, (double)strlen(GOODBYE), -1);
    while (network_get_stat(program->server, "clients") > 0 && interrupts == before && waited < GOODBYE_MS) {
        waited += network_wait(100) > 0 ? 0 : 100;
        on_network(program);
    }
    printf("ended after %lu seconds and %lu messages\n", program->seconds, program->messages);
}

static int check_itself(struct program *program, int typing, const sigset_t *unblocked) {
    double port = network_get_port(program->server);
    int i, spoken = 0;

    for (i = 0; i < 2; i++) {
        program->players[i] = network_create_socket(network_socket_tcp);
        if (network_connect_async(program->players[i], "127.0.0.1", port) < 0) {
            return fail("connecting", network_last_error());
        }
    }
    /* Both hear what is typed, and one what the other says. The timer ends what does not come to an end. */
    while ((program->heard_typed < 2 || program->heard_other < 1) && program->seconds < 10) {
        if (turn(program, unblocked) != 0) {
            return 1;
        }
        if (!spoken && program->connected == 2 && network_get_stat(program->server, "clients") == 2) {
            spoken = 1;
            network_send_packet(program->players[0], "hello", 5);
            if (write(typing, "typed\n", 6) != 6) {
                return fail("typing", strerror(errno));
            }
        }
    }
    if (program->heard_typed != 2 || program->heard_other != 1) {
        fprintf(stderr, "epoll_server: %d heard what was typed, %d what was said\n", program->heard_typed,
                program->heard_other);
        return 1;
    }
    for (i = 0; i < 2; i++) {
        network_destroy(program->players[i]);
    }
    return 0;
}

int main(int argc, char **argv) {
    static struct program program;
    struct sigaction action;
    sigset_t blocked, unblocked;
    int pipe_ends[2] = {-1, -1}, status;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &unblocked);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    if (argc > 1) {
        status = begin(&program, atof(argv[1]), STDIN_FILENO);
        while (status == 0 && interrupts == 0) {
            status = turn(&program, &unblocked);
        }
    } else {
        network_set_config_string(network_config_bind_address, -1, "127.0.0.1");
        status = pipe(pipe_ends) < 0 ? fail("pipe", strerror(errno)) : begin(&program, 0, pipe_ends[0]);
        status = status != 0 ? status : check_itself(&program, pipe_ends[1], &unblocked);
    }
    sigprocmask(SIG_SETMASK, &unblocked, NULL);
    if (status == 0) {
        say_goodbye(&program);
    }
    network_shutdown();
    return status;
}
