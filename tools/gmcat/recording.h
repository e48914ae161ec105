/* A session as a text file: written while it happens, read to be played back. docs/gmcat.md describes the format. */
#ifndef GMCAT_RECORDING_H
#define GMCAT_RECORDING_H

#include <stdio.h>

#include "bytes.h"

enum role { ROLE_CLIENT, ROLE_SERVER };

enum transport { TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_RUDP, TRANSPORT_WS, TRANSPORT_WSS, TRANSPORT_COUNT };

extern const char *const transport_names[TRANSPORT_COUNT];

struct recorded_session {
    enum role role; /* of who recorded it */
    enum transport transport;
    int raw;
};

struct recorded_message {
    double time;        /* seconds after its peer's beginning */
    int by_client;      /* 1: from client to server */
    int is_text;        /* a WebSocket's text message */
    struct bytes bytes;
};

/* What was recorded of one peer. */
struct track {
    int peer;
    double begin; /* seconds after the recording's beginning */
    double end;   /* seconds after its own: of its close, or of the last message */
    int ended;    /* its close was recorded */
    struct recorded_message *messages;
    size_t message_count;
};

struct recording {
    struct recorded_session session;
    struct track *tracks; /* in the order in which they begin */
    size_t track_count;
};

/* Starts to record into a file; NULL on failure, errno says why. */
FILE *recording_create(const char *path, const struct recorded_session *session);
void recording_write_open(FILE *file, double time, int peer, const char *address);
void recording_write_message(FILE *file, double time, int peer, int sent, int is_text, const unsigned char *data,
                             size_t size);
void recording_write_close(FILE *file, double time, int peer, const char *reason);

/* Reads a recording. 0 on failure, and `problem` says why. */
int recording_read(struct recording *recording, const char *path, char *problem, size_t problem_room);
void recording_free(struct recording *recording);

#endif
