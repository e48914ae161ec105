/*
 * Lends the library to a test on the other side of standard input and output (tests/interop/remote.py): carries
 * out the calls asked for and answers with what they gave.
 *
 *   call     u32 size of the rest, name NUL, arguments: 'd' f64 | 's' 'b' u32 size, bytes | 'z' u32 (so many
 *            zeros) | 'n' (NULL)
 *   answer   'R' f64 | 'S' text | 'E' f64, and an event if it is 1 | 'B' f64, bytes
 *            'C' event: a callback; calls follow until one named "return"
 *   event    ten f64 (code is the last), buffer, ip, reason
 *   text, bytes, buffer   u32 size, bytes; the size 0xffffffff is NULL
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stepwire.h>
#include <windows.h>

enum { MAX_ARGUMENTS = 5, PIPE_WRITE = 64 << 10 };
static const uint32_t NO_BYTES = 0xffffffffu;

static HANDLE input, output;

/* ---- bytes in ---- */

/* The end of the input is the end of the program. */
static void get(void *bytes, size_t size) {
    char *at = (char *)bytes;
    while (size > 0) {
        DWORD got = 0;
        if (!ReadFile(input, at, size > PIPE_WRITE ? PIPE_WRITE : (DWORD)size, &got, NULL) || got == 0)
            ExitProcess(0);
        at += got;
        size -= got;
    }
}

static void *allocate(size_t size) {
    void *bytes = calloc(1, size);
    if (bytes == NULL) {
        fprintf(stderr, "remote: no memory for %lu bytes\n", (unsigned long)size);
        ExitProcess(3);
    }
    return bytes;
}

static uint32_t take_u32(const char **at) {
    uint32_t value;
    memcpy(&value, *at, sizeof value);
    *at += sizeof value;
    return value;
}

/* ---- bytes out ---- */

static char *answer;
static size_t answer_size, answer_room;

static void put(const void *bytes, size_t size) {
    if (answer_size + size > answer_room) {
        answer_room = 2 * (answer_size + size) + 4096;
        answer = (char *)realloc(answer, answer_room);
        if (answer == NULL)
            ExitProcess(3);
    }
    memcpy(answer + answer_size, bytes, size);
    answer_size += size;
}

static void put_kind(char kind) { put(&kind, 1); }
static void put_number(double number) { put(&number, sizeof number); }

static void put_bytes(const void *bytes, size_t size) {
    uint32_t told = bytes == NULL ? NO_BYTES : (uint32_t)size;
    put(&told, sizeof told);
    if (bytes != NULL)
        put(bytes, size);
}

static void put_text(const char *text) { put_bytes(text, text == NULL ? 0 : strlen(text)); }

static void put_event(const NetworkEvent *event) {
    put(event, 9 * sizeof(double));
    put_number(event->code);
    put_bytes(event->buffer, (size_t)event->size);
    put_text(event->ip);
    put_text(event->reason);
}

static void send_answer(void) {
    size_t sent = 0;
    while (sent < answer_size) {
        size_t rest = answer_size - sent;
        DWORD written = 0;
        if (!WriteFile(output, answer + sent, rest > PIPE_WRITE ? PIPE_WRITE : (DWORD)rest, &written, NULL))
            ExitProcess(3);
        sent += written;
    }
    answer_size = 0;
}

/* ---- calls ---- */

typedef struct {
    char kind;
    double number;
    char *bytes; /* NUL-terminated, to be freed */
} Argument;

typedef struct {
    const char *name;
    const char *shape; /* arguments > result: d number, s text, b bytes */
    void (*function)(void);
} Function;

#define FUNCTION(name, shape) {#name, shape, (void (*)(void))name}
static const Function functions[] = {
    FUNCTION(network_create_socket, "d>d"),
    FUNCTION(network_create_socket_ext, "dd>d"),
    FUNCTION(network_create_server, "ddd>d"),
    FUNCTION(network_create_server_raw, "ddd>d"),
    FUNCTION(network_connect, "dsd>d"),
    FUNCTION(network_connect_raw, "dsd>d"),
    FUNCTION(network_connect_async, "dsd>d"),
    FUNCTION(network_connect_raw_async, "dsd>d"),
    FUNCTION(network_resolve, "s>s"),
    FUNCTION(network_set_config, "ddd>d"),
    FUNCTION(network_set_config_string, "dds>d"),
    FUNCTION(network_set_timeout, "ddd>d"),
    FUNCTION(network_send_packet, "dbd>d"),
    FUNCTION(network_send_raw, "dbdd>d"),
    FUNCTION(network_create_group, ">d"),
    FUNCTION(network_group_add, "dd>d"),
    FUNCTION(network_group_remove, "dd>d"),
    FUNCTION(network_group_size, "d>d"),
    FUNCTION(network_group_send_packet, "dbdd>d"),
    FUNCTION(network_group_send_raw, "dbdd>d"),
    FUNCTION(network_send_packet_many, "bdbdb>d"),
    FUNCTION(network_send_udp, "dsdbd>d"),
    FUNCTION(network_send_udp_raw, "dsdbd>d"),
    FUNCTION(network_send_broadcast, "ddbd>d"),
    FUNCTION(network_destroy, "d>d"),
    FUNCTION(network_close, "dds>d"),
    FUNCTION(network_wait, "d>d"),
    FUNCTION(network_wake, ">d"),
    FUNCTION(network_get_metrics, ">s"),
    FUNCTION(network_get_address, "d>s"),
    FUNCTION(network_event_next, ">d"),
    FUNCTION(network_event_real, "s>d"),
    FUNCTION(network_event_string, "s>s"),
    FUNCTION(network_get_string, "ds>s"),
    FUNCTION(network_get_port, "d>d"),
    FUNCTION(network_get_stat, "ds>d"),
    FUNCTION(network_last_error, ">s"),
    FUNCTION(network_error_name, "d>s"),
    FUNCTION(network_next_log, ">s"),
    FUNCTION(network_version, ">s"),
    FUNCTION(network_shutdown, ">d"),
};

/* Calls a function whose shape is the one given, if it is; evaluates to whether it was. */
#define CALL_NUMBER(shape_, parameters, arguments) \
    (strcmp(function->shape, shape_) == 0 \
     && (put_kind('R'), put_number(((double(*) parameters)function->function)arguments), 1))
#define CALL_TEXT(shape_, parameters, arguments) \
    (strcmp(function->shape, shape_) == 0 \
     && (put_kind('S'), put_text(((const char *(*) parameters)function->function)arguments), 1))

static int call(const Function *function, const Argument *a) {
    return CALL_NUMBER(">d", (void), ()) || CALL_NUMBER("d>d", (double), (a[0].number)) ||
           CALL_NUMBER("dd>d", (double, double), (a[0].number, a[1].number)) ||
           CALL_NUMBER("ddd>d", (double, double, double), (a[0].number, a[1].number, a[2].number)) ||
           CALL_NUMBER("s>d", (const char *), (a[0].bytes)) ||
           CALL_NUMBER("ds>d", (double, const char *), (a[0].number, a[1].bytes)) ||
           CALL_NUMBER("dsd>d", (double, const char *, double), (a[0].number, a[1].bytes, a[2].number)) ||
           CALL_NUMBER("dds>d", (double, double, const char *), (a[0].number, a[1].number, a[2].bytes)) ||
           CALL_NUMBER("dbd>d", (double, const void *, double), (a[0].number, a[1].bytes, a[2].number)) ||
           CALL_NUMBER("dbdd>d", (double, const void *, double, double),
                       (a[0].number, a[1].bytes, a[2].number, a[3].number)) ||
           CALL_NUMBER("ddbd>d", (double, double, const void *, double),
                       (a[0].number, a[1].number, a[2].bytes, a[3].number)) ||
           CALL_NUMBER("bdbdb>d", (const void *, double, const void *, double, void *),
                       (a[0].bytes, a[1].number, a[2].bytes, a[3].number, a[4].bytes)) ||
           CALL_NUMBER("dsdbd>d", (double, const char *, double, const void *, double),
                       (a[0].number, a[1].bytes, a[2].number, a[3].bytes, a[4].number)) ||
           CALL_TEXT(">s", (void), ()) || CALL_TEXT("d>s", (double), (a[0].number)) ||
           CALL_TEXT("s>s", (const char *), (a[0].bytes)) ||
           CALL_TEXT("ds>s", (double, const char *), (a[0].number, a[1].bytes));
}

static int serve(void);

static void callback(const NetworkEvent *event, void *user) {
    (void)user;
    put_kind('C');
    put_event(event);
    send_answer();
    while (serve())
        ;
}

/* The functions that take more than values; 0 if it is none of them. */
static int call_with_event(const char *name, const Argument *arguments) {
    if (strcmp(name, "network_poll") == 0) {
        double taken = network_poll(callback, NULL);
        put_kind('R');
        put_number(taken);
    } else if (strcmp(name, "network_poll_event") == 0) {
        NetworkEvent event;
        double taken = network_poll_event(&event);
        put_kind('E');
        put_number(taken);
        if (taken == 1)
            put_event(&event);
    } else if (strcmp(name, "network_event_read") == 0) {
        double offset = arguments[0].number, size = arguments[1].number;
        char *copy = (char *)allocate((size_t)size + 1);
        double copied = network_event_read(copy, offset, size);
        put_kind('B');
        put_number(copied);
        put_bytes(copy, copied > 0 ? (size_t)copied : 0);
        free(copy);
    } else {
        return 0;
    }
    return 1;
}

static const char *parse(Argument *argument, const char *at) {
    uint32_t size;
    argument->kind = *at++;
    switch (argument->kind) {
    case 'd':
        memcpy(&argument->number, at, sizeof argument->number);
        return at + sizeof argument->number;
    case 'n':
        return at;
    case 'z':
        argument->bytes = (char *)allocate((size_t)take_u32(&at) + 1);
        return at;
    default:
        size = take_u32(&at);
        argument->bytes = (char *)allocate((size_t)size + 1);
        memcpy(argument->bytes, at, size);
        return at + size;
    }
}

/* Carries out one call; 0 when it was "return". */
static int serve(void) {
    Argument arguments[MAX_ARGUMENTS];
    uint32_t size;
    char *name;
    const char *at;
    size_t count = 0, i;
    int known, returns;
    memset(arguments, 0, sizeof arguments);
    get(&size, sizeof size);
    name = (char *)allocate((size_t)size + 1);
    get(name, size);
    at = name + strlen(name) + 1;
    while (at < name + size && count < MAX_ARGUMENTS)
        at = parse(&arguments[count++], at);

    returns = strcmp(name, "return") == 0;
    known = returns || call_with_event(name, arguments);
    for (i = 0; !known && i < sizeof functions / sizeof functions[0]; i++)
        known = strcmp(functions[i].name, name) == 0 && call(&functions[i], arguments);
    if (!known) {
        fprintf(stderr, "remote: there is no function %s\n", name);
        ExitProcess(4);
    }
    send_answer();
    for (i = 0; i < count; i++)
        free(arguments[i].bytes);
    free(name);
    return !returns;
}

int main(void) {
    input = GetStdHandle(STD_INPUT_HANDLE);
    output = GetStdHandle(STD_OUTPUT_HANDLE);
    for (;;)
        serve();
}
