/*
 * The load of `cargo xtask bench`: one thread, many connections, every byte that comes back is checked.
 *
 *   load KIND [NAME=VALUE ...] PORT:PROCESS [PORT:PROCESS ...]
 *
 * KIND is echo, fan-out, frames, accepts or idle (loads.h). NAME is protocol (gm, ws), connections, depth, size,
 * rounds or seconds. The servers listen on 127.0.0.1. Prints lines of JSON.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "failure.h"
#include "loads.h"

static const struct {
    const char *name;
    void (*run)(const Load *load);
} KINDS[] = {{"echo", load_echo},
             {"fan-out", load_fan_out},
             {"frames", load_frames},
             {"accepts", load_accepts},
             {"idle", load_idle}};

static void allow_many_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void read_option(Load *load, const char *name, const char *value) {
    if (strcmp(name, "protocol") == 0)
        load->protocol = strcmp(value, "ws") == 0 ? PROTOCOL_WS : PROTOCOL_GM;
    else if (strcmp(name, "connections") == 0)
        load->connections = (unsigned)atoi(value);
    else if (strcmp(name, "depth") == 0)
        load->depth = (unsigned)atoi(value);
    else if (strcmp(name, "rounds") == 0)
        load->rounds = (unsigned)atoi(value);
    else if (strcmp(name, "size") == 0)
        load->size = (size_t)atol(value);
    else if (strcmp(name, "seconds") == 0)
        load->seconds = atof(value);
    else
        give_up("there is no option %s", name);
}

int main(int count, char **arguments) {
    Load load = {.protocol = PROTOCOL_GM, .connections = 1, .depth = 1, .rounds = 1, .size = 64, .seconds = 1};
    size_t kind;
    int index;
    if (count < 3)
        give_up("usage: load KIND [NAME=VALUE ...] PORT:PROCESS ...");
    load.targets = allocate((size_t)count * sizeof *load.targets);
    for (index = 2; index < count; index++) {
        char *value = strchr(arguments[index], '=');
        if (value != NULL) {
            *value = '\0';
            read_option(&load, arguments[index], value + 1);
        } else {
            Target *target = &load.targets[load.target_count++];
            if (sscanf(arguments[index], "%d:%d", &target->port, &target->process) != 2)
                give_up("%s is not PORT:PROCESS", arguments[index]);
        }
    }
    if (load.target_count == 0 || load.connections == 0 || load.depth == 0)
        give_up("a load needs a server, connections and messages in flight");
    /* A benchmark that was killed leaves nothing behind. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    allow_many_descriptors();
    prepare_payloads(load.size);
    for (kind = 0; kind < sizeof KINDS / sizeof KINDS[0]; kind++)
        if (strcmp(arguments[1], KINDS[kind].name) == 0) {
            KINDS[kind].run(&load);
            free(load.targets);
            return 0;
        }
    give_up("there is no load %s", arguments[1]);
}
