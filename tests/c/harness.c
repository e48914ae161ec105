#include "harness.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

static int manual_mode;

int manual_io(void) { return manual_mode; }

/* ---- checks ---- */

void fail(const char *file, int line, const char *format, ...) {
    va_list arguments;
    fflush(stdout);
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    fflush(stderr);
    kill_children();
    _exit(1);
}

static const char *describe(double value) { return value < 0 ? network_error_name(value) : ""; }

void check_equal(const char *file, int line, const char *text, double actual, double expected) {
    if (actual != expected)
        fail(file, line, "%s is %g %s, not %g %s (last error: %s)", text, actual, describe(actual), expected,
             describe(expected), network_last_error());
}

void check_string(const char *file, int line, const char *text, const char *actual, const char *expected) {
    if (actual == NULL || strcmp(actual, expected) != 0)
        fail(file, line, "%s is \"%s\", not \"%s\"", text, actual ? actual : "(NULL)", expected);
}

void check_error(const char *file, int line, const char *text, double actual, double expected) {
    if (actual != expected)
        fail(file, line, "%s is %g %s, not %s (last error: %s)", text, actual, describe(actual), describe(expected),
             network_last_error());
    if (network_last_error()[0] == '\0')
        fail(file, line, "%s failed, but network_last_error() is empty", text);
}

double check_success(const char *file, int line, const char *text, double actual) {
    if (!(actual >= 0))
        fail(file, line, "%s failed: %g %s: %s", text, actual, describe(actual), network_last_error());
    return actual;
}

/* ---- waiting ---- */

double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1000.0 + (double)now.tv_nsec / 1e6;
}

double patience_ms(void) {
    static double patience;
    if (patience == 0) {
        const char *slowness = getenv("STEPWIRE_TEST_SLOWNESS");
        patience = 20000.0 * (slowness ? atof(slowness) : 1.0);
    }
    return patience;
}

/* ---- cases ---- */

void fresh_library(void) {
    const char *io_threads = getenv("STEPWIRE_TEST_IO_THREADS");
    if (manual_mode)
        SUCCESS(network_set_config(network_config_manual_io, 1, 0));
    else if (io_threads != NULL)
        SUCCESS(network_set_config(network_config_io_threads, atof(io_threads), 0));
    SUCCESS(network_set_config_string(network_config_bind_address, -1, "127.0.0.1"));
}

/* Whether a case has left as many descriptors as there were before it; but for the two that network_wake
 * needs, which stay for the whole life of the process from the first socket on. */
static int are_all_closed(int before) {
    static int lasting = 0;
    int now = count_descriptors();
    if (!lasting && now == before + 2)
        return lasting = 1;
    return now == before;
}

static void run_case(const Case *one) {
    int descriptors = count_descriptors(), closed;
    double deadline;
    printf("%s\n", one->name);
    fflush(stdout);
    fresh_library();
    one->run();
    drop_events();
    CHECK_EQUAL(network_shutdown(), 0);
    /* A thread that just answered a name lookup may hold one for a moment longer. */
    for (deadline = now_ms() + patience_ms(); !(closed = are_all_closed(descriptors)) && now_ms() < deadline;)
        sched_yield();
    if (!closed) {
        list_descriptors();
        fail(__FILE__, __LINE__, "%s: more than the %d file descriptors from before the case are open", one->name,
             descriptors);
    }
}

static int run_role(int argc, char **argv, const Role *roles) {
    const char *name = argv[2] + strlen("--role=");
    for (; roles != NULL && roles->name != NULL; roles++)
        if (strcmp(roles->name, name) == 0) {
            fresh_library();
            return roles->run(argc - 3, argv + 3);
        }
    fprintf(stderr, "no such role: %s\n", name);
    return 2;
}

int harness_main(int argc, char **argv, const Case *cases, const Role *roles) {
    int ran = 0;
    const char *only = argc > 2 ? argv[2] : NULL;
    if (argc < 2 || (strcmp(argv[1], "thread") != 0 && strcmp(argv[1], "manual") != 0)) {
        fprintf(stderr, "usage: %s thread|manual [case | --list]\n", argv[0]);
        return 2;
    }
    if (only != NULL && strcmp(only, "--list") == 0) {
        for (; cases->name != NULL; cases++)
            puts(cases->name);
        return 0;
    }
    manual_mode = strcmp(argv[1], "manual") == 0;
    /* So that a machine without a network soon says that it cannot look up a name. */
    CHECK(setenv("RES_OPTIONS", "timeout:1 attempts:1", 0) == 0);
    if (only != NULL && strncmp(only, "--role=", strlen("--role=")) == 0)
        return run_role(argc, argv, roles);
    for (; cases->name != NULL; cases++)
        if (only == NULL || strcmp(only, cases->name) == 0) {
            run_case(cases);
            ran++;
        }
    if (ran == 0) {
        fprintf(stderr, "no such case: %s\n", only ? only : "");
        return 2;
    }
    return 0;
}
