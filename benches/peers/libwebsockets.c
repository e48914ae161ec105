/* A peer of `cargo xtask bench`: messages echoed on libwebsockets. Prints "port N". */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 1 << 16 };

/* A message that waits to be written: the library says when. */
typedef struct Waiting {
    struct Waiting *next;
    size_t size;
    unsigned char bytes[];
} Waiting;

typedef struct {
    Waiting *first, **end;
    Waiting *coming; /* what has come of a message */
} Session;

/* The library hands a message over as it comes. */
static int keep(Session *session, const void *bytes, size_t size, int is_whole) {
    size_t before = session->coming != NULL ? session->coming->size : 0;
    Waiting *coming = realloc(session->coming, sizeof *coming + LWS_PRE + before + size);
    if (coming == NULL)
        return -1;
    session->coming = coming;
    coming->next = NULL;
    coming->size = before + size;
    memcpy(coming->bytes + LWS_PRE + before, bytes, size);
    if (is_whole) {
        *session->end = coming;
        session->end = &coming->next;
        session->coming = NULL;
    }
    return 0;
}

static void drop_first(Session *session) {
    Waiting *first = session->first;
    session->first = first->next;
    if (session->first == NULL)
        session->end = &session->first;
    free(first);
}

static int on_event(struct lws *socket, enum lws_callback_reasons reason, void *user, void *bytes, size_t size) {
    Session *session = user;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        session->first = session->coming = NULL;
        session->end = &session->first;
        return 0;
    case LWS_CALLBACK_RECEIVE:
        if (keep(session, bytes, size, lws_is_final_fragment(socket) && lws_remaining_packet_payload(socket) == 0) != 0)
            return -1;
        lws_callback_on_writable(socket);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        if (session->first == NULL)
            return 0;
        if (lws_write(socket, session->first->bytes + LWS_PRE, session->first->size, LWS_WRITE_BINARY) < 0)
            return -1;
        drop_first(session);
        if (session->first != NULL)
            lws_callback_on_writable(socket);
        return 0;
    case LWS_CALLBACK_CLOSED:
        while (session->first != NULL)
            drop_first(session);
        free(session->coming);
        return 0;
    default:
        return 0;
    }
}

int main(void) {
    static const struct lws_protocols protocols[] = {{"echo", on_event, sizeof(Session), LARGEST, 0, NULL, 0},
                                                     {NULL, NULL, 0, 0, 0, NULL, 0}};
    struct lws_context_creation_info info = {.iface = "127.0.0.1", .protocols = protocols, .gid = -1, .uid = -1};
    struct lws_context *context;
    struct lws_vhost *host;
    lws_set_log_level(LLL_ERR, NULL);
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    context = lws_create_context(&info);
    if (context == NULL)
        return 1;
    host = lws_create_vhost(context, &info);
    if (host == NULL)
        return 1;
    printf("port %d\n", lws_get_vhost_listen_port(host));
    fflush(stdout);
    while (lws_service(context, 0) >= 0)
        continue;
    lws_context_destroy(context);
    return 0;
}
