/* stepwire for Node: the library's functions for JavaScript, the next event, and a watch on the event loop.
 *
 * It uses Node-API, whose ABI stays the same from one version of Node to the next, so that one binary serves all. What
 * JavaScript hands over is checked here: nothing that it does may crash the process. The classes are in lib/.
 */
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <stepwire.h>

/* What is needed of libuv, which is inside of Node but not among the headers of Node-API. These have been the same in all
 * versions 1.x, and the size of a handle is asked for. */
typedef struct uv_loop_s uv_loop_t;
typedef struct uv_poll_s uv_poll_t;
typedef void (*uv_poll_cb)(uv_poll_t *handle, int status, int events);
typedef void (*uv_close_cb)(uv_poll_t *handle);
extern size_t uv_handle_size(int type);
extern int uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int descriptor);
extern int uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb callback);
extern void uv_close(uv_poll_t *handle, uv_close_cb callback);
extern void uv_ref(uv_poll_t *handle);
extern void uv_unref(uv_poll_t *handle);
extern void *uv_handle_get_data(const uv_poll_t *handle);
extern void uv_handle_set_data(uv_poll_t *handle, void *data);
enum { UV_POLL_HANDLE = 8, UV_POLL_READABLE = 1 };

/* One loop of the process collects the events. */
static bool claimed;

/* What JavaScript reads of an event: the numbers of NetworkEvent up to `size`, then the code of a close frame, then where
 * the payload is in the slab. */
enum { FIELD_CODE = 9, FIELD_OFFSET = 10, FIELDS = 11 };

/* After so many events others of the loop have a turn. */
enum { EVENTS_AT_ONCE = 256 };

/* Payloads up to this go into the slab, a piece of memory that many of them share. */
enum { SHARED_UP_TO = 4096 };

typedef struct Watch {
    napi_env env;
    uv_poll_t *poll;
    napi_ref deliver;
    napi_async_context context;
    napi_async_cleanup_hook_handle cleanup;
    double *fields;
    napi_ref fields_alive;
    uint8_t *slab;
    size_t slab_size;
    size_t slab_used;
    napi_ref slab_alive;
} Watch;

static napi_value undefined(napi_env env) {
    napi_value value = NULL;
    napi_get_undefined(env, &value);
    return value;
}

static napi_value wrong(napi_env env, const char *what) {
    napi_throw_type_error(env, NULL, what);
    return NULL;
}

/* -------------------------------------------------------------------------------------------------------------------- */
/* The library's functions */

enum { ARGUMENTS = 5 };

/* An argument of JavaScript's as C takes it. Bytes are two arguments of a function: where, and how many. */
typedef struct Argument {
    double number;
    char *string;
    const void *bytes;
    double size;
} Argument;

typedef void (*Any)(void);

/* Each calls functions of one type with arguments that were taken apart. */
#define NUMBER(name, type, ...) \
    static double name(Any function, const Argument *a) { (void)a; return ((double(*) type)function)(__VA_ARGS__); }
#define STRING(name, type, ...) \
    static const char *name(Any function, const Argument *a) { (void)a; return ((const char *(*)type)function)(__VA_ARGS__); }

NUMBER(number_of_nothing, (void))
NUMBER(number_of_d, (double), a[0].number)
NUMBER(number_of_dd, (double, double), a[0].number, a[1].number)
NUMBER(number_of_ddd, (double, double, double), a[0].number, a[1].number, a[2].number)
NUMBER(number_of_dds, (double, double, const char *), a[0].number, a[1].number, a[2].string)
NUMBER(number_of_ds, (double, const char *), a[0].number, a[1].string)
NUMBER(number_of_dsd, (double, const char *, double), a[0].number, a[1].string, a[2].number)
NUMBER(number_of_db, (double, const void *, double), a[0].number, a[1].bytes, a[1].size)
NUMBER(number_of_dbd, (double, const void *, double, double), a[0].number, a[1].bytes, a[1].size, a[2].number)
NUMBER(number_of_ddb, (double, double, const void *, double), a[0].number, a[1].number, a[2].bytes, a[2].size)
NUMBER(number_of_dsdb, (double, const char *, double, const void *, double), a[0].number, a[1].string, a[2].number,
       a[3].bytes, a[3].size)
STRING(string_of_nothing, (void))
STRING(string_of_d, (double), a[0].number)
STRING(string_of_ds, (double, const char *), a[0].number, a[1].string)

typedef struct Function {
    const char *name;
    /* The arguments: d a number, s a string, b bytes. */
    const char *arguments;
    Any function;
    /* One of these, by what it returns. */
    double (*number)(Any function, const Argument *arguments);
    const char *(*string)(Any function, const Argument *arguments);
} Function;

#define RETURNS_NUMBER(name, arguments) {#name, #arguments, (Any)(name), number_of_##arguments, NULL}
#define RETURNS_STRING(name, arguments) {#name, #arguments, (Any)(name), NULL, string_of_##arguments}

static const Function FUNCTIONS[] = {
    RETURNS_NUMBER(network_create_socket, d),
    RETURNS_NUMBER(network_create_socket_ext, dd),
    RETURNS_NUMBER(network_create_server, ddd),
    RETURNS_NUMBER(network_create_server_raw, ddd),
    {"network_create_group", "", (Any)network_create_group, number_of_nothing, NULL},
    RETURNS_NUMBER(network_destroy, d),
    RETURNS_NUMBER(network_close, dds),
    RETURNS_NUMBER(network_set_timeout, ddd),
    RETURNS_NUMBER(network_connect_async, dsd),
    RETURNS_NUMBER(network_connect_raw_async, dsd),
    RETURNS_NUMBER(network_send_packet, db),
    RETURNS_NUMBER(network_send_raw, dbd),
    RETURNS_NUMBER(network_send_udp, dsdb),
    RETURNS_NUMBER(network_send_udp_raw, dsdb),
    RETURNS_NUMBER(network_send_broadcast, ddb),
    RETURNS_NUMBER(network_group_add, dd),
    RETURNS_NUMBER(network_group_remove, dd),
    RETURNS_NUMBER(network_group_size, d),
    RETURNS_NUMBER(network_group_send_packet, dbd),
    RETURNS_NUMBER(network_group_send_raw, dbd),
    RETURNS_NUMBER(network_set_config, ddd),
    RETURNS_NUMBER(network_set_config_string, dds),
    RETURNS_NUMBER(network_get_port, d),
    RETURNS_NUMBER(network_get_stat, ds),
    {"network_shutdown", "", (Any)network_shutdown, number_of_nothing, NULL},
    RETURNS_STRING(network_get_string, ds),
    RETURNS_STRING(network_get_address, d),
    RETURNS_STRING(network_error_name, d),
    {"network_get_metrics", "", (Any)network_get_metrics, NULL, string_of_nothing},
    {"network_last_error", "", (Any)network_last_error, NULL, string_of_nothing},
    {"network_next_log", "", (Any)network_next_log, NULL, string_of_nothing},
    {"network_version", "", (Any)network_version, NULL, string_of_nothing},
};

/* A string of JavaScript's, to be freed; NULL, and an exception, if it is none. */
static char *string_of(napi_env env, napi_value value) {
    size_t size = 0;
    if (napi_get_value_string_utf8(env, value, NULL, 0, &size) != napi_ok) {
        wrong(env, "a string is needed");
        return NULL;
    }
    char *string = malloc(size + 1);
    if (string == NULL) {
        napi_throw_error(env, NULL, "no memory");
        return NULL;
    }
    napi_get_value_string_utf8(env, value, string, size + 1, &size);
    if (strlen(string) != size) {
        free(string);
        wrong(env, "a string with a NUL in it");
        return NULL;
    }
    return string;
}

/* Where the bytes of a Buffer, typed array, DataView or ArrayBuffer are, for the time of the call. */
static bool bytes_of(napi_env env, napi_value value, const void **bytes, double *size) {
    bool is = false;
    void *data = NULL;
    size_t length = 0;
    if (napi_is_buffer(env, value, &is) == napi_ok && is) {
        napi_get_buffer_info(env, value, &data, &length);
    } else if (napi_is_typedarray(env, value, &is) == napi_ok && is) {
        static const size_t WIDTH[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
        napi_typedarray_type type = napi_uint8_array;
        napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL);
        if ((size_t)type >= sizeof WIDTH / sizeof WIDTH[0]) {
            wrong(env, "a typed array of an unknown type");
            return false;
        }
        length *= WIDTH[type];
    } else if (napi_is_dataview(env, value, &is) == napi_ok && is) {
        napi_get_dataview_info(env, value, &length, &data, NULL, NULL);
    } else if (napi_is_arraybuffer(env, value, &is) == napi_ok && is) {
        napi_get_arraybuffer_info(env, value, &data, &length);
    } else {
        wrong(env, "a Buffer, a typed array, a DataView, an ArrayBuffer or a string is needed");
        return false;
    }
    *bytes = data;
    *size = (double)length;
    return true;
}

/* Any function of the table, called from JavaScript. */
static napi_value call(napi_env env, napi_callback_info info) {
    napi_value given[ARGUMENTS], result = NULL;
    Argument arguments[ARGUMENTS] = {0};
    size_t count = ARGUMENTS;
    void *data = NULL;
    napi_get_cb_info(env, info, &count, given, NULL, &data);
    const Function *it = data;
    const char *kinds = it->arguments;
    bool good = true;
    /* What is not given is undefined. */
    for (size_t i = 0; good && kinds[i] != 0; i++) {
        if (kinds[i] == 'd') {
            good = napi_get_value_double(env, given[i], &arguments[i].number) == napi_ok;
            if (!good)
                wrong(env, "a number is needed");
        } else if (kinds[i] == 's') {
            arguments[i].string = string_of(env, given[i]);
            good = arguments[i].string != NULL;
        } else {
            good = bytes_of(env, given[i], &arguments[i].bytes, &arguments[i].size);
        }
    }
    if (good && it->number != NULL)
        napi_create_double(env, it->number(it->function, arguments), &result);
    else if (good)
        napi_create_string_utf8(env, it->string(it->function, arguments), NAPI_AUTO_LENGTH, &result);
    for (size_t i = 0; i < ARGUMENTS; i++)
        free(arguments[i].string);
    return result;
}

/* sendPacketMany(handles, bytes, results): both lists are Float64Arrays of one length. Returns how many took it. */
static napi_value send_packet_many(napi_env env, napi_callback_info info) {
    napi_value given[3], result = NULL;
    size_t count = 3, length[2];
    void *lists[2];
    napi_get_cb_info(env, info, &count, given, NULL, NULL);
    for (int i = 0; i < 2; i++) {
        napi_typedarray_type type = napi_int8_array;
        if (napi_get_typedarray_info(env, given[2 * i], &type, &length[i], &lists[i], NULL, NULL) != napi_ok ||
            type != napi_float64_array)
            return wrong(env, "a Float64Array is needed");
    }
    const void *bytes = NULL;
    double size = 0;
    if (length[0] != length[1])
        return wrong(env, "the results need as many places as there are handles");
    if (!bytes_of(env, given[1], &bytes, &size))
        return NULL;
    napi_create_double(env, network_send_packet_many(lists[0], (double)length[0], bytes, size, lists[1]), &result);
    return result;
}

/* -------------------------------------------------------------------------------------------------------------------- */
/* Names to addresses, in a thread of libuv's */

typedef struct Lookup {
    napi_async_work work;
    napi_deferred deferred;
    char *name;
    char address[64];
    char failure[512];
} Lookup;

static void look_up(napi_env env, void *data) {
    Lookup *lookup = data;
    (void)env;
    strncpy(lookup->address, network_resolve(lookup->name), sizeof lookup->address - 1);
    if (lookup->address[0] == 0)
        strncpy(lookup->failure, network_last_error(), sizeof lookup->failure - 1);
}

/* Resolves with [address, failure]. */
static void looked_up(napi_env env, napi_status status, void *data) {
    Lookup *lookup = data;
    napi_value both = NULL, address = NULL, failure = NULL;
    (void)status;
    napi_create_array(env, &both);
    napi_create_string_utf8(env, lookup->address, NAPI_AUTO_LENGTH, &address);
    napi_create_string_utf8(env, lookup->failure, NAPI_AUTO_LENGTH, &failure);
    napi_set_element(env, both, 0, address);
    napi_set_element(env, both, 1, failure);
    napi_resolve_deferred(env, lookup->deferred, both);
    napi_delete_async_work(env, lookup->work);
    free(lookup->name);
    free(lookup);
}

static napi_value resolve(napi_env env, napi_callback_info info) {
    napi_value given = NULL, promise = NULL, what = NULL;
    size_t count = 1;
    napi_get_cb_info(env, info, &count, &given, NULL, NULL);
    char *name = string_of(env, given);
    if (name == NULL)
        return NULL;
    Lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL) {
        free(name);
        napi_throw_error(env, NULL, "no memory");
        return NULL;
    }
    lookup->name = name;
    napi_create_promise(env, &lookup->deferred, &promise);
    napi_create_string_utf8(env, "stepwire.resolve", NAPI_AUTO_LENGTH, &what);
    napi_create_async_work(env, NULL, what, look_up, looked_up, lookup, &lookup->work);
    napi_queue_async_work(env, lookup->work);
    return promise;
}

/* -------------------------------------------------------------------------------------------------------------------- */
/* Events */

/* Memory for payloads, a new piece of Buffer: setSlab(buffer). */
static napi_value set_slab(napi_env env, napi_callback_info info) {
    Watch *watch = NULL;
    napi_value given = NULL;
    size_t count = 1, size = 0;
    void *data = NULL;
    napi_get_instance_data(env, (void **)&watch);
    napi_get_cb_info(env, info, &count, &given, NULL, NULL);
    if (watch == NULL || napi_get_buffer_info(env, given, &data, &size) != napi_ok)
        return wrong(env, "a Buffer is needed, after watch()");
    if (watch->slab_alive != NULL)
        napi_delete_reference(env, watch->slab_alive);
    watch->slab_alive = NULL;
    napi_create_reference(env, given, 1, &watch->slab_alive);
    watch->slab = data;
    watch->slab_size = size;
    watch->slab_used = 0;
    return undefined(env);
}

/* The payload: its place in the slab, or a Buffer of its own. */
static napi_value payload_of(napi_env env, Watch *watch, const NetworkEvent *event) {
    napi_value buffer = NULL;
    size_t size = (size_t)event->size;
    if (size <= SHARED_UP_TO && size <= watch->slab_size - watch->slab_used) {
        watch->fields[FIELD_OFFSET] = (double)watch->slab_used;
        memcpy(watch->slab + watch->slab_used, event->buffer, size);
        watch->slab_used += size;
        return undefined(env);
    }
    watch->fields[FIELD_OFFSET] = -1;
    if (napi_create_buffer_copy(env, size, event->buffer, NULL, &buffer) != napi_ok)
        return undefined(env);
    return buffer;
}

static napi_value pair_of(napi_env env, napi_value first, const char *second) {
    napi_value pair = NULL, string = NULL;
    napi_create_array_with_length(env, 2, &pair);
    napi_create_string_utf8(env, second, NAPI_AUTO_LENGTH, &string);
    napi_set_element(env, pair, 0, first);
    napi_set_element(env, pair, 1, string);
    return pair;
}

/* next(): false when no event waits. Else its numbers are in the fields, and it returns, of data, a Buffer, or undefined
 * if it is in the slab; of datagrams that and the address, in an array; of others the reason and the address. */
static napi_value next(napi_env env, napi_callback_info info) {
    Watch *watch = NULL;
    NetworkEvent event;
    napi_value first = NULL;
    (void)info;
    napi_get_instance_data(env, (void **)&watch);
    if (watch == NULL)
        return wrong(env, "watch() comes first");
    if (network_poll_event(&event) <= 0) {
        napi_get_boolean(env, false, &first);
        return first;
    }
    memcpy(watch->fields, &event, FIELD_CODE * sizeof(double));
    watch->fields[FIELD_CODE] = event.code;
    if (event.type == network_type_data) {
        first = payload_of(env, watch, &event);
        /* watchers of UDP sockets are told who sent it */
        return event.user == NULL ? first : pair_of(env, first, event.ip);
    }
    napi_create_string_utf8(env, event.reason, NAPI_AUTO_LENGTH, &first);
    return pair_of(env, first, event.ip);
}

/* Events of this socket come with an address: each may be from another. */
static napi_value with_address(napi_env env, napi_callback_info info) {
    static char mark;
    napi_value given = NULL, result = NULL;
    size_t count = 1;
    double handle = -1;
    napi_get_cb_info(env, info, &count, &given, NULL, NULL);
    if (napi_get_value_double(env, given, &handle) != napi_ok)
        return wrong(env, "a number is needed");
    napi_create_double(env, network_set_user(handle, &mark), &result);
    return result;
}

/* -------------------------------------------------------------------------------------------------------------------- */
/* The watch on the event loop */

/* Has JavaScript take one event after the other, each with its microtasks after it, as those of Node's own sockets. */
static void on_readable(uv_poll_t *poll, int status, int events) {
    Watch *watch = uv_handle_get_data(poll);
    napi_env env = watch->env;
    napi_handle_scope all = NULL;
    (void)status;
    (void)events;
    bool more = true;
    if (napi_open_handle_scope(env, &all) != napi_ok)
        return;
    for (int i = 0; more && i < EVENTS_AT_ONCE; i++) {
        napi_handle_scope scope = NULL;
        napi_value deliver = NULL, global = NULL, result = NULL, error = NULL;
        napi_open_handle_scope(env, &scope);
        napi_get_reference_value(env, watch->deliver, &deliver);
        napi_get_global(env, &global);
        napi_status done = napi_make_callback(env, watch->context, global, deliver, 0, NULL, &result);
        if (done == napi_pending_exception) {
            napi_get_and_clear_last_exception(env, &error);
            /* uncaughtException; the other events wait for the loop's next round */
            napi_fatal_exception(env, error);
            more = false;
        } else if (done != napi_ok || napi_get_value_bool(env, result, &more) != napi_ok) {
            more = false;
        }
        napi_close_handle_scope(env, scope);
    }
    napi_close_handle_scope(env, all);
}

static void on_closed(uv_poll_t *poll) {
    Watch *watch = uv_handle_get_data(poll);
    napi_remove_async_cleanup_hook(watch->cleanup);
    free(poll);
    free(watch);
    __atomic_store_n(&claimed, false, __ATOMIC_SEQ_CST);
}

/* The environment ends: a worker, or the process. */
static void on_cleanup(napi_async_cleanup_hook_handle handle, void *data) {
    Watch *watch = data;
    (void)handle;
    uv_close(watch->poll, on_closed);
}

/* watch(deliver, fields): from now on `deliver` is called for each event that waits, until it returns false. Keeps nothing
 * alive by itself. */
static napi_value watch_events(napi_env env, napi_callback_info info) {
    napi_value given[2], what = NULL;
    size_t count = 2, length = 0;
    uv_loop_t *loop = NULL;
    napi_valuetype type = napi_undefined;
    napi_typedarray_type of = napi_int8_array;
    void *fields = NULL;
    napi_get_cb_info(env, info, &count, given, NULL, NULL);
    napi_typeof(env, given[0], &type);
    if (type != napi_function || napi_get_typedarray_info(env, given[1], &of, &length, &fields, NULL, NULL) != napi_ok ||
        of != napi_float64_array || length < FIELDS)
        return wrong(env, "a function and a Float64Array are needed");
    double descriptor = network_get_descriptor();
    if (descriptor < 0) {
        napi_throw_error(env, NULL, network_last_error());
        return NULL;
    }
    if (__atomic_exchange_n(&claimed, true, __ATOMIC_SEQ_CST)) {
        napi_throw_error(env, NULL, "stepwire is in use by another thread of this process, which gets all events");
        return NULL;
    }
    Watch *watch = calloc(1, sizeof *watch);
    uv_poll_t *poll = calloc(1, uv_handle_size(UV_POLL_HANDLE));
    if (watch == NULL || poll == NULL || napi_get_uv_event_loop(env, (struct uv_loop_s **)&loop) != napi_ok ||
        uv_poll_init(loop, poll, (int)descriptor) != 0) {
        free(watch);
        free(poll);
        __atomic_store_n(&claimed, false, __ATOMIC_SEQ_CST);
        napi_throw_error(env, NULL, "the event loop cannot watch stepwire's descriptor");
        return NULL;
    }
    watch->env = env;
    watch->poll = poll;
    watch->fields = fields;
    uv_handle_set_data(poll, watch);
    napi_create_reference(env, given[0], 1, &watch->deliver);
    napi_create_reference(env, given[1], 1, &watch->fields_alive);
    napi_create_string_utf8(env, "stepwire", NAPI_AUTO_LENGTH, &what);
    napi_async_init(env, NULL, what, &watch->context);
    napi_set_instance_data(env, watch, NULL, NULL);
    napi_add_async_cleanup_hook(env, on_cleanup, watch, &watch->cleanup);
    uv_unref(poll);
    uv_poll_start(poll, UV_POLL_READABLE, on_readable);
    return undefined(env);
}

/* keepAlive(whether): whether the process stays while there is nothing else to do. */
static napi_value keep_alive(napi_env env, napi_callback_info info) {
    Watch *watch = NULL;
    napi_value given = NULL;
    size_t count = 1;
    bool whether = false;
    napi_get_instance_data(env, (void **)&watch);
    napi_get_cb_info(env, info, &count, &given, NULL, NULL);
    if (watch == NULL || napi_get_value_bool(env, given, &whether) != napi_ok)
        return wrong(env, "true or false is needed, after watch()");
    if (whether)
        uv_ref(watch->poll);
    else
        uv_unref(watch->poll);
    return undefined(env);
}

/* -------------------------------------------------------------------------------------------------------------------- */

static void define(napi_env env, napi_value exports, const char *name, napi_callback callback, const void *data) {
    napi_value function = NULL;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, (void *)(uintptr_t)data, &function);
    napi_set_named_property(env, exports, name, function);
}

NAPI_MODULE_INIT() {
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++)
        define(env, exports, FUNCTIONS[i].name, call, &FUNCTIONS[i]);
    define(env, exports, "network_send_packet_many", send_packet_many, NULL);
    define(env, exports, "resolve", resolve, NULL);
    define(env, exports, "next", next, NULL);
    define(env, exports, "setSlab", set_slab, NULL);
    define(env, exports, "withAddress", with_address, NULL);
    define(env, exports, "watch", watch_events, NULL);
    define(env, exports, "keepAlive", keep_alive, NULL);
    return exports;
}
