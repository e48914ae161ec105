#include "session.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "input.h"
#include "playback.h"
#include "show.h"
#include "stepwire.h"
#include "system.h"

enum peer_state { PEER_WAITING, PEER_CONNECTING, PEER_OPEN, PEER_CLOSED };

struct peer {
    int number; /* 1, 2, ... */
    enum peer_state state;
    double socket; /* with UDP the one that all peers share */
    char ip[64];   /* UDP: where it is */
    double port;
    double begin;        /* when it opened, or PEER_WAITING: when it is to be connected */
    size_t next_message; /* of the command line's */
    int has_input;       /* it was sent the packet of standard input that is at hand */
    struct playback playback;
};

struct session {
    const struct options *options;
    const struct recording *recording;
    FILE *record;
    struct input input;
    int has_packet; /* of standard input, not yet sent to everybody */
    struct peer *peers;
    size_t peer_count;
    double server;
    size_t opened; /* how many ever were */
    double start, last_traffic;
    long received;
    int ending;
    enum status status;
};

static double now_in(const struct session *session) {
    return seconds_now() - session->start;
}

static int is_server(const struct session *session) {
    return session->options->session.role == ROLE_SERVER;
}

/* Failures ---------------------------------------------------------------------------------------------------- */

/* The first thing that goes wrong decides the status. */
static void spoil(struct session *session, enum status status) {
    if (session->status == STATUS_GOOD) {
        session->status = status;
    }
}

static void fail(struct session *session, const char *what, const char *why) {
    fprintf(stderr, "gmcat: %s: %s\n", what, why);
    spoil(session, STATUS_BROKEN);
}

/* Peers ------------------------------------------------------------------------------------------------------- */

static struct peer *new_peer(struct session *session, double socket) {
    struct peer *peer;

    session->peers = resized(session->peers, (session->peer_count + 1) * sizeof *session->peers);
    peer = &session->peers[session->peer_count];
    memset(peer, 0, sizeof *peer);
    peer->number = (int)++session->peer_count;
    peer->socket = socket;
    return peer;
}

static struct peer *peer_with_socket(struct session *session, double socket) {
    size_t i;

    for (i = 0; i < session->peer_count; i++) {
        struct peer *peer = &session->peers[i];
        if (peer->socket == socket && peer->state != PEER_CLOSED && peer->state != PEER_WAITING) {
            return peer;
        }
    }
    return NULL;
}

static struct peer *peer_at(struct session *session, const NetworkEvent *event) {
    size_t i;

    for (i = 0; i < session->peer_count; i++) {
        struct peer *peer = &session->peers[i];
        if (peer->socket == event->id && peer->port == event->port && peer->state == PEER_OPEN &&
            strcmp(peer->ip, event->ip) == 0) {
            return peer;
        }
    }
    return NULL;
}

static struct playback playback_of(const struct session *session, const struct track *track) {
    const struct options *options = session->options;
    struct playback playback;

    memset(&playback, 0, sizeof playback);
    playback.track = track;
    playback.as_server = is_server(session);
    playback.is_stream = options->session.transport == TRANSPORT_TCP && options->session.raw;
    playback.speed = options->speed;
    playback.follow = options->follow;
    return playback;
}

static void open_peer(struct session *session, struct peer *peer, const char *ip, double port) {
    char address[96];
    double now = now_in(session);

    peer->state = PEER_OPEN;
    peer->begin = now;
    snprintf(peer->ip, sizeof peer->ip, "%s", ip);
    peer->port = port;
    /* Each client of a server that plays gets the next one's part, and after the last the first's again. */
    if (session->recording != NULL && peer->playback.track == NULL) {
        const struct track *track = &session->recording->tracks[session->opened % session->recording->track_count];
        peer->playback = playback_of(session, track);
    }
    session->opened++;
    session->last_traffic = now;
    snprintf(address, sizeof address, strchr(ip, ':') ? "[%s]:%.0f" : "%s:%.0f", ip, port);
    show_event(session->options, now, peer->number, "connected %s", address);
    if (session->record != NULL) {
        recording_write_open(session->record, now, peer->number, address);
    }
}

/* With --check what was recorded must have come whole. */
static void check_end(struct session *session, const struct peer *peer) {
    if (session->options->check && session->status == STATUS_GOOD && !playback_all_received(&peer->playback)) {
        fprintf(stderr, "gmcat: peer %d: not everything came that the recording has\n", peer->number);
        spoil(session, STATUS_NOT_MET);
    }
}

/* The connection has ended; the socket is the caller's to destroy. */
static void close_peer(struct session *session, struct peer *peer, const char *reason) {
    double now = now_in(session);

    if (peer->state == PEER_OPEN) {
        show_event(session->options, now, peer->number, "closed%s%s", reason[0] != '\0' ? ": " : "", reason);
        if (session->record != NULL) {
            recording_write_close(session->record, now, peer->number, reason);
        }
        check_end(session, peer);
    }
    peer->state = PEER_CLOSED;
}

/* Ends the connection from here. */
static void end_peer(struct session *session, struct peer *peer, const char *reason) {
    if (peer->state == PEER_OPEN || peer->state == PEER_CONNECTING) {
        if (!endpoint_is_udp(session->options)) {
            network_destroy(peer->socket);
        }
        close_peer(session, peer, reason);
    }
}

/* Sending ----------------------------------------------------------------------------------------------------- */

/* 1 when the peer was sent it, or cannot be sent it at all; 0 when it is to be tried again later. */
static int send_to(struct session *session, struct peer *peer, int is_text, const unsigned char *data, size_t size) {
    double result = endpoint_send(session->options, peer->socket, peer->ip, peer->port, is_text, data, size);
    double now = now_in(session);

    if (result == network_error_queue_full) {
        return 0;
    }
    if (result < 0) {
        if (result != network_error_closed) { /* that one's event is waiting */
            fail(session, "a packet was not sent", network_last_error());
        }
        return 1;
    }
    session->last_traffic = now;
    show_packet(session->options, now, peer->number, 0, is_text, data, size);
    if (session->record != NULL) {
        recording_write_message(session->record, now, peer->number, 1, is_text, data, size);
    }
    return 1;
}

/* 1 when the peer has all of the command line's messages. */
static int send_messages(struct session *session, struct peer *peer) {
    const struct options *options = session->options;

    while (peer->next_message < options->message_count) {
        const struct bytes *message = &options->messages[peer->next_message];
        if (!send_to(session, peer, options->text_messages, message->data, message->size)) {
            return 0;
        }
        peer->next_message++;
    }
    return 1;
}

/* Sends the packet of standard input to those who have not got it; 1 when all have. */
static int send_input(struct session *session) {
    const struct bytes *packet = &session->input.packet;
    int all = 1;
    size_t i;

    for (i = 0; i < session->peer_count; i++) {
        struct peer *peer = &session->peers[i];
        if (peer->state != PEER_OPEN || peer->has_input) {
            continue;
        }
        peer->has_input = send_to(session, peer, session->options->text_messages, packet->data, packet->size);
        all = all && peer->has_input;
    }
    return all;
}

/* Standard input is read no further than it can be sent; for nobody it is not read. */
static void pump_input(struct session *session) {
    size_t i;
    int turns;

    for (turns = 0; turns < 1000; turns++) {
        int listeners = 0;
        for (i = 0; i < session->peer_count; i++) {
            struct peer *peer = &session->peers[i];
            listeners += peer->state == PEER_OPEN && peer->next_message == session->options->message_count;
        }
        if (listeners == 0) {
            return;
        }
        if (!session->has_packet) {
            if (!input_next(&session->input)) {
                return;
            }
            session->has_packet = 1;
            for (i = 0; i < session->peer_count; i++) {
                session->peers[i].has_input = 0;
            }
        }
        if (!send_input(session)) {
            return;
        }
        session->has_packet = 0;
    }
}

/* Playing ----------------------------------------------------------------------------------------------------- */

/* Sends what is due; the time at which something is due next, or a negative number when an event must come first. */
static double play(struct session *session, struct peer *peer) {
    const struct recorded_message *message;
    double time = 0;

    for (;;) {
        switch (playback_next(&peer->playback, now_in(session) - peer->begin, &message, &time)) {
        case PLAYBACK_SEND:
            if (!send_to(session, peer, message->is_text, message->bytes.data, message->bytes.size)) {
                return now_in(session) + 0.005;
            }
            playback_sent(&peer->playback);
            break;
        case PLAYBACK_LATER:
            return peer->begin + time;
        case PLAYBACK_HEAR:
            return -1;
        case PLAYBACK_END:
            if (peer->playback.track->ended || !is_server(session)) {
                end_peer(session, peer, "");
            }
            return -1;
        }
    }
}

/* With --check the first difference ends the session. */
static void differs(struct session *session, const struct peer *peer, const char *how) {
    if (how != NULL && session->options->check) {
        fprintf(stderr, "gmcat: peer %d: %s\n", peer->number, how);
        spoil(session, STATUS_NOT_MET);
        session->ending = 1;
    }
}

/* The beginning ----------------------------------------------------------------------------------------------- */

static int listen_there(struct session *session) {
    const struct options *options = session->options;

    session->server = endpoint_listen(options);
    if (session->server < 0) {
        return 0;
    }
    show_event(options, now_in(session), 0, "listening %s port %.0f", transport_names[options->session.transport],
               network_get_port(session->server));
    return 1;
}

/* A datagram's peer is there at once. */
static int connect_udp(struct session *session, struct peer *peer) {
    char ip[sizeof peer->ip];

    if (!endpoint_find(session->options, ip, sizeof ip)) {
        return 0;
    }
    peer->socket = endpoint_open_udp(session->options);
    if (peer->socket < 0) {
        return 0;
    }
    open_peer(session, peer, ip, session->options->port);
    return 1;
}

static int connect_stream(struct session *session, struct peer *peer) {
    peer->socket = endpoint_connect(session->options);
    peer->state = peer->socket < 0 ? PEER_CLOSED : PEER_CONNECTING;
    return peer->socket >= 0;
}

static int connect_peer(struct session *session, struct peer *peer) {
    return endpoint_is_udp(session->options) ? connect_udp(session, peer) : connect_stream(session, peer);
}

/* The peers that a client has: one, or those of the recording, each at its time. */
static void plan_peers(struct session *session) {
    const struct recording *recording = session->recording;
    size_t i;

    if (recording == NULL) {
        new_peer(session, -1);
        return;
    }
    for (i = 0; i < recording->track_count; i++) {
        const struct track *track = &recording->tracks[i];
        struct peer *peer = new_peer(session, -1);
        peer->playback = playback_of(session, track);
        peer->begin = playback_scaled(track->begin - recording->tracks[0].begin, session->options->speed);
    }
}

static int begin(struct session *session) {
    if (!endpoint_configure(session->options)) {
        return 0;
    }
    if (is_server(session)) {
        return listen_there(session);
    }
    plan_peers(session);
    return 1;
}

/* Does what is to be done for a peer without an event; the time at which that is so again, or a negative number. */
static double pump_peer(struct session *session, struct peer *peer) {
    if (peer->state == PEER_WAITING) {
        if (peer->begin > now_in(session)) {
            return peer->begin;
        }
        if (!connect_peer(session, peer)) {
            fail(session, session->options->url, network_last_error());
            session->ending = 1;
        }
    }
    if (peer->state != PEER_OPEN) {
        return -1;
    }
    if (!send_messages(session, peer)) {
        return now_in(session) + 0.005;
    }
    return peer->playback.track != NULL ? play(session, peer) : -1;
}

/* Events ------------------------------------------------------------------------------------------------------ */

static void on_data(struct session *session, const NetworkEvent *event) {
    const struct options *options = session->options;
    struct peer *peer = endpoint_is_udp(options) ? peer_at(session, event) : peer_with_socket(session, event->id);
    int is_text = event->message_type == network_send_text;
    size_t size = (size_t)event->size;
    double now;

    if (peer == NULL && endpoint_is_udp(options)) {
        peer = new_peer(session, event->id);
        open_peer(session, peer, event->ip, event->port);
        pump_peer(session, peer);
    }
    if (peer == NULL) {
        return;
    }
    now = now_in(session);
    session->last_traffic = now;
    session->received++;
    show_packet(options, now, peer->number, 1, is_text, event->buffer, size);
    if (session->record != NULL) {
        recording_write_message(session->record, now, peer->number, 0, is_text, event->buffer, size);
    }
    if (peer->playback.track != NULL) {
        differs(session, peer, playback_received(&peer->playback, is_text, event->buffer, size));
    }
    if (options->echo && !send_to(session, peer, is_text, event->buffer, size)) {
        end_peer(session, peer, "it does not read what is sent back");
    }
    if (session->received == options->most_packets) {
        session->ending = 1;
    }
}

static void on_disconnect(struct session *session, const NetworkEvent *event) {
    struct peer *peer =
        endpoint_is_udp(session->options) ? peer_at(session, event) : peer_with_socket(session, event->socket);

    if (peer == NULL) {
        return;
    }
    if (event->error != 0 && !is_server(session)) {
        fail(session, "the connection broke", event->reason);
    }
    close_peer(session, peer, event->reason);
    if (!endpoint_is_udp(session->options)) {
        network_destroy(event->socket);
    }
}

static void on_connected(struct session *session, const NetworkEvent *event) {
    struct peer *peer = peer_with_socket(session, event->socket);

    if (peer == NULL) {
        return;
    }
    if (event->succeeded != 1) {
        fail(session, "cannot connect", event->reason);
        end_peer(session, peer, event->reason);
        return;
    }
    open_peer(session, peer, event->ip, event->port);
    pump_peer(session, peer); /* before its first packets, which may wait already, are echoed */
}

static void on_client(struct session *session, const NetworkEvent *event) {
    struct peer *peer = new_peer(session, event->socket);

    open_peer(session, peer, event->ip, event->port);
    pump_peer(session, peer);
}

static void on_event(struct session *session, const NetworkEvent *event) {
    switch ((int)event->type) {
    case network_type_connect:
        on_client(session, event);
        break;
    case network_type_non_blocking_connect:
        on_connected(session, event);
        break;
    case network_type_disconnect:
        on_disconnect(session, event);
        break;
    case network_type_data:
        on_data(session, event);
        break;
    }
}

/* Turns ------------------------------------------------------------------------------------------------------- */

/* Does what is to be done without an event; the time at which that is so again. */
static double pump(struct session *session) {
    double next = now_in(session) + (session->options->stdin_use == STDIN_NONE ? 0.1 : 0.01);
    size_t i;

    for (i = 0; i < session->peer_count && !session->ending; i++) {
        double time = pump_peer(session, &session->peers[i]);
        if (time >= 0 && time < next) {
            next = time;
        }
    }
    if (session->options->stdin_use != STDIN_NONE) {
        pump_input(session);
    }
    return next;
}

/* 1 when there is nothing left to send. */
static int all_sent(const struct session *session) {
    size_t i;

    if (session->opened == 0 || session->has_packet ||
        (session->options->stdin_use != STDIN_NONE && !session->input.ended)) {
        return 0;
    }
    for (i = 0; i < session->peer_count; i++) {
        const struct peer *peer = &session->peers[i];
        if (peer->state == PEER_WAITING || peer->state == PEER_CONNECTING ||
            (peer->state == PEER_OPEN && (peer->next_message < session->options->message_count ||
                                          (peer->playback.track != NULL && !playback_all_sent(&peer->playback))))) {
            return 0;
        }
    }
    return 1;
}

static int nobody_left(const struct session *session) {
    size_t i;

    for (i = 0; i < session->peer_count; i++) {
        if (session->peers[i].state != PEER_CLOSED) {
            return 0;
        }
    }
    return 1;
}

static int is_over(const struct session *session) {
    const struct options *options = session->options;
    double now = now_in(session);

    if (session->ending || interrupted()) {
        return 1;
    }
    if (nobody_left(session) && (!is_server(session) || (options->once && session->opened > 0))) {
        return 1;
    }
    return (options->most_time >= 0 && now >= options->most_time) ||
           (options->most_silence >= 0 && now - session->last_traffic >= options->most_silence) ||
           (options->close_when_sent && all_sent(session));
}

static void take_turn(struct session *session, double until) {
    NetworkEvent event;
    double left = ceil((until - now_in(session)) * 1000);

    network_wait(left > 0 ? left : 0);
    while (!session->ending && !interrupted() && network_poll_event(&event) > 0) {
        on_event(session, &event);
    }
}

static void end(struct session *session) {
    size_t i;

    for (i = 0; i < session->peer_count; i++) {
        end_peer(session, &session->peers[i], "");
    }
    if (session->options->most_packets >= 0 && session->received < session->options->most_packets) {
        fprintf(stderr, "gmcat: %ld of %ld packets came\n", session->received, session->options->most_packets);
        spoil(session, STATUS_NOT_MET);
    }
    if (session->input.had_bad_line) {
        spoil(session, STATUS_USAGE);
    }
}

static void run(struct session *session) {
    if (!begin(session)) {
        fail(session, session->options->url, network_last_error());
        return;
    }
    show_flush();
    while (!is_over(session)) {
        double next = pump(session);
        show_flush();
        take_turn(session, next);
    }
    end(session);
    network_shutdown(); /* what was sent still leaves */
}

enum status session_run(const struct options *options, const struct recording *recording) {
    struct session session;

    memset(&session, 0, sizeof session);
    session.options = options;
    session.recording = recording;
    session.server = -1;
    session.input.use = options->stdin_use;
    session.start = seconds_now();
    if (options->record_path != NULL) {
        session.record = recording_create(options->record_path, &options->session);
        if (session.record == NULL) {
            fprintf(stderr, "gmcat: %s: %s\n", options->record_path, strerror(errno));
            return STATUS_FILE;
        }
    }
    run(&session);
    if (session.record != NULL && (ferror(session.record) | fclose(session.record)) != 0) {
        fprintf(stderr, "gmcat: %s: it could not be written whole\n", options->record_path);
        spoil(&session, STATUS_FILE);
    }
    input_free(&session.input);
    free(session.peers);
    return session.status;
}
