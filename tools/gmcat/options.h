/* The command line. */
#ifndef GMCAT_OPTIONS_H
#define GMCAT_OPTIONS_H

#include <stddef.h>

#include "bytes.h"
#include "recording.h"

enum format { FORMAT_DUMP, FORMAT_HEX, FORMAT_TEXT, FORMAT_RAW };
enum time_shown { TIME_ELAPSED, TIME_OF_DAY, TIME_NONE };
enum stdin_use { STDIN_DEFAULT, STDIN_NONE, STDIN_LINES, STDIN_HEX, STDIN_WHOLE };

struct options {
    struct recorded_session session; /* role, transport, raw or not */
    char host[256];                  /* to connect to; of a server: the local address, "" for all */
    double port;
    const char *url; /* of a WebSocket, whole */

    struct bytes *messages; /* to every peer, once it is connected */
    size_t message_count;
    enum stdin_use stdin_use;
    int echo;

    enum format format;
    enum time_shown time_shown;
    int quiet;

    const char *record_path;
    const char *play_path;
    double speed; /* 0: without waiting */
    int follow, check;

    /* Limits; negative: none. Seconds. */
    double most_time, most_silence;
    long most_packets;
    int once, close_when_sent;

    double connect_timeout_ms, game_id;
    int ordered, text_messages, insecure;
    const char *ca_path, *certificate_path, *key_path;
    const char *subprotocol;
    struct bytes headers; /* lines; a NUL at the end once all are there */
};

enum { OPTIONS_GOOD, OPTIONS_BAD, OPTIONS_HELP };

/* What is wrong is written to standard error, help to standard output. */
int options_read(struct options *options, int argc, char **argv);
void options_free(struct options *options);

#endif
