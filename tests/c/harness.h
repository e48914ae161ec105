/*
 * What the test programs share. A program is a table of cases; each case runs with a fresh library, in
 * the mode of I/O that the program's first argument names ("thread" or "manual"); with
 * STEPWIRE_TEST_IO_THREADS in the environment there are so many I/O threads. A failed check ends the
 * program: the steps after it would mean nothing.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stddef.h>
#include <stepwire.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- cases and roles ---- */

typedef struct {
    const char *name;
    void (*run)(void);
} Case;

/* What a child process of the program does instead of the cases; returns the exit status. */
typedef struct {
    const char *name;
    int (*run)(int argc, char **argv);
} Role;

/* Both tables end with {NULL, NULL}; roles may be NULL. */
int harness_main(int argc, char **argv, const Case *cases, const Role *roles);

/* 1 when this program runs without an I/O thread. */
int manual_io(void);

/* Sets the options that each case starts with; for cases that call network_shutdown themselves. */
void fresh_library(void);

/* ---- checks ---- */

void fail(const char *file, int line, const char *format, ...);
void check_equal(const char *file, int line, const char *text, double actual, double expected);
void check_string(const char *file, int line, const char *text, const char *actual, const char *expected);
void check_error(const char *file, int line, const char *text, double actual, double expected);
double check_success(const char *file, int line, const char *text, double actual);

#define CHECK(condition) \
    do { \
        if (!(condition)) \
            fail(__FILE__, __LINE__, "%s", #condition); \
    } while (0)
#define CHECK_EQUAL(actual, expected) check_equal(__FILE__, __LINE__, #actual, (actual), (expected))
#define CHECK_STRING(actual, expected) check_string(__FILE__, __LINE__, #actual, (actual), (expected))
/* The call failed with that error, and network_last_error has a sentence about it. */
#define CHECK_ERROR(call, error) check_error(__FILE__, __LINE__, #call, (call), (error))
/* The call's value, which is not an error. */
#define SUCCESS(call) check_success(__FILE__, __LINE__, #call, (call))

/* ---- waiting ---- */

double now_ms(void);
/* The longest that anything may take: generous, and longer on slow machines (STEPWIRE_TEST_SLOWNESS). */
double patience_ms(void);
/* Lets the library work for a moment and collects its events. */
void pump(void);

#define WAIT_FOR(condition) \
    do { \
        double deadline_ = now_ms() + patience_ms(); \
        while (!(condition)) { \
            if (now_ms() > deadline_) \
                fail(__FILE__, __LINE__, "did not happen in time: %s", #condition); \
            pump(); \
        } \
    } while (0)

/* ---- collected events ---- */

/* Waits for the next event about a handle, which must be of that type. Valid until the case ends. */
const NetworkEvent *take_event(double handle, double type);
/* Waits for the next connect event of a server. */
const NetworkEvent *take_connect(double server);
/* Waits for the next event about the handle: data with exactly that payload. */
const NetworkEvent *take_data(double handle, const void *payload, size_t size);
/* Collects data events about a handle until they have brought that many bytes. */
void take_stream(double handle, void *destination, size_t size);
/* How many collected events about a handle, or about all (-1), were not taken yet. */
int untaken(double handle);
/* Makes sure that what happened so far has been collected: a connection of its own comes and goes. */
void settle(void);
/* Settles, then checks that no event is left that nobody took. */
void check_no_events(void);
/* Forgets what was collected. */
void drop_events(void);

/* ---- connections inside this process ---- */

/* A name that nobody has (RFC 6761). */
#define UNKNOWN_NAME "no-such-name.invalid"

typedef struct {
    double server;
    double port;
    double client;   /* the connecting end */
    double accepted; /* the server's end */
} Pair;

double tcp_server(int raw, double max_client);
double tcp_client(int raw, double port);
Pair connect_pair(int raw);
void destroy_pair(const Pair *pair);

#ifdef __cplusplus
}
#endif

#endif
