/* What one peer is sent from a recording, and when, and what it is expected to send itself. Knows no sockets. */
#ifndef GMCAT_PLAYBACK_H
#define GMCAT_PLAYBACK_H

#include "recording.h"

struct playback {
    const struct track *track; /* NULL: nothing is played */
    int as_server;             /* the server's part is ours */
    int is_stream;             /* what comes is not cut into messages */
    double speed;              /* 0: without waiting */
    int follow;                /* nothing is sent before what was recorded before it has come */
    size_t played;             /* messages gone through */
    size_t expected;           /* messages that have come */
    size_t expected_offset;    /* bytes that have come of the next one of a stream */
};

enum playback_step {
    PLAYBACK_SEND,  /* *message, now; then playback_sent */
    PLAYBACK_LATER, /* again at *time */
    PLAYBACK_HEAR,  /* again when something has come */
    PLAYBACK_END    /* all was sent, and it has lasted as long as recorded */
};

/* Seconds of the recording as they are played. */
double playback_scaled(double recorded, double speed);

/* What is to be done. Times are seconds after the peer's beginning. */
enum playback_step playback_next(struct playback *playback, double now, const struct recorded_message **message,
                                 double *time);
void playback_sent(struct playback *playback);
int playback_all_sent(const struct playback *playback);

/* Takes what has come. NULL if it is what was recorded, else in words how it differs. */
const char *playback_received(struct playback *playback, int is_text, const unsigned char *data, size_t size);

/* 1 when all that was recorded has come. */
int playback_all_received(const struct playback *playback);

#endif
