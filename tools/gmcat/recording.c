#include "recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "system.h"

const char *const transport_names[TRANSPORT_COUNT] = {"tcp", "udp", "rudp", "ws", "wss"};
static const char *const role_names[] = {"client", "server"};
static const char *const mode_names[] = {"packets", "raw"};

/* Written. ---------------------------------------------------------------------------------------------------- */

FILE *recording_create(const char *path, const struct recorded_session *session) {
    char now[32];
    FILE *file = fopen(path, "wb");

    if (file == NULL) {
        return NULL;
    }
    write_time_of_day(now);
    fprintf(file, "gmcat recording 1\n# begun %s\n", now);
    fprintf(file, "session %s %s %s\n", role_names[session->role], transport_names[session->transport],
            mode_names[session->raw]);
    return file;
}

void recording_write_open(FILE *file, double time, int peer, const char *address) {
    fprintf(file, "%.6f %d open %s\n", time, peer, address);
}

void recording_write_message(FILE *file, double time, int peer, int sent, int is_text, const unsigned char *data,
                             size_t size) {
    fprintf(file, "%.6f %d %s%s ", time, peer, sent ? ">" : "<", is_text ? "t" : "");
    if (size == 0) {
        fputc('-', file);
    }
    write_hex(file, data, size);
    fputc('\n', file);
}

void recording_write_close(FILE *file, double time, int peer, const char *reason) {
    fprintf(file, "%.6f %d close ", time, peer);
    write_escaped(file, (const unsigned char *)reason, strlen(reason));
    fputc('\n', file);
}

/* Read. ------------------------------------------------------------------------------------------------------- */

struct reader {
    struct recording *recording;
    double last_time;
    const char *wrong; /* what is wrong with the line at hand */
};

static struct track *track_of(struct recording *recording, int peer) {
    size_t i;

    for (i = 0; i < recording->track_count; i++) {
        if (recording->tracks[i].peer == peer) {
            return &recording->tracks[i];
        }
    }
    return NULL;
}

static int index_of(const char *const *names, size_t count, const char *name) {
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int read_session(struct reader *reader, const char *line) {
    char role[8], transport[8], mode[8];
    int role_index, transport_index, mode_index;

    if (sscanf(line, "session %7s %7s %7s", role, transport, mode) != 3) {
        reader->wrong = "\"session ROLE TRANSPORT MODE\" must stand here";
        return 0;
    }
    role_index = index_of(role_names, 2, role);
    transport_index = index_of(transport_names, TRANSPORT_COUNT, transport);
    mode_index = index_of(mode_names, 2, mode);
    if (role_index < 0 || transport_index < 0 || mode_index < 0) {
        reader->wrong = "a role, transport or mode that does not exist";
        return 0;
    }
    reader->recording->session.role = (enum role)role_index;
    reader->recording->session.transport = (enum transport)transport_index;
    reader->recording->session.raw = mode_index;
    return 1;
}

static int read_open(struct reader *reader, double time, int peer) {
    struct recording *recording = reader->recording;
    struct track *track;

    if (track_of(recording, peer) != NULL) {
        reader->wrong = "this peer has been opened before";
        return 0;
    }
    recording->tracks = resized(recording->tracks, (recording->track_count + 1) * sizeof *recording->tracks);
    track = &recording->tracks[recording->track_count++];
    memset(track, 0, sizeof *track);
    track->peer = peer;
    track->begin = time;
    return 1;
}

static int read_message(struct reader *reader, struct track *track, double time, const char *sign, const char *hex) {
    struct recorded_message message;
    int sent = sign[0] == '>';

    memset(&message, 0, sizeof message);
    message.time = time - track->begin;
    message.by_client = sent == (reader->recording->session.role == ROLE_CLIENT);
    message.is_text = sign[1] == 't';
    if (strcmp(hex, "-") != 0 && !bytes_append_hex(&message.bytes, hex, strlen(hex))) {
        bytes_free(&message.bytes);
        reader->wrong = "the bytes must be hexadecimal digits, two for each, or - for none";
        return 0;
    }
    track->messages = resized(track->messages, (track->message_count + 1) * sizeof *track->messages);
    track->messages[track->message_count++] = message;
    return 1;
}

static int read_entry(struct reader *reader, const char *line) {
    struct track *track;
    double time;
    char what[8];
    int peer, length = 0;

    if (sscanf(line, "%lf %d %7s %n", &time, &peer, what, &length) != 3 || !(time >= 0)) {
        reader->wrong = "not \"SECONDS PEER open|close|>|<|>t|<t ...\"";
        return 0;
    }
    if (time < reader->last_time) {
        reader->wrong = "earlier than the line before";
        return 0;
    }
    reader->last_time = time;
    if (strcmp(what, "open") == 0) {
        return read_open(reader, time, peer);
    }
    track = track_of(reader->recording, peer);
    if (track == NULL || track->ended) {
        reader->wrong = "this peer is not open";
        return 0;
    }
    track->end = time - track->begin;
    if (strcmp(what, "close") == 0) {
        track->ended = 1;
        return 1;
    }
    if ((what[0] != '>' && what[0] != '<') || (what[1] != '\0' && strcmp(what + 1, "t") != 0) || line[length] == '\0') {
        reader->wrong = "not \"SECONDS PEER open|close|>|<|>t|<t ...\"";
        return 0;
    }
    return read_message(reader, track, time, what, line + length);
}

/* `number` counts the lines that are no comment. */
static int read_line(struct reader *reader, const char *line, int number) {
    if (number == 0) {
        reader->wrong = "this is no recording of gmcat: \"gmcat recording 1\" must stand here";
        return strcmp(line, "gmcat recording 1") == 0;
    }
    return number == 1 ? read_session(reader, line) : read_entry(reader, line);
}

/* Goes through the text, which ends with NUL and is cut into lines. */
static int read_lines(struct reader *reader, char *text, char *problem, size_t problem_room) {
    int number = 0, count = 0;
    char *line, *end;

    for (line = text; line != NULL && *line != '\0'; line = end) {
        number++;
        end = strchr(line, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        line[strcspn(line, "\r")] = '\0';
        if (line[0] == '\0' || line[0] == '#') {
            continue;
        }
        if (!read_line(reader, line, count++)) {
            snprintf(problem, problem_room, "line %d: %s", number, reader->wrong);
            return 0;
        }
    }
    if (reader->recording->track_count == 0) {
        snprintf(problem, problem_room, "nothing was recorded in it");
        return 0;
    }
    return 1;
}

int recording_read(struct recording *recording, const char *path, char *problem, size_t problem_room) {
    struct bytes text;
    struct reader reader;
    int good;

    memset(&text, 0, sizeof text);
    memset(recording, 0, sizeof *recording);
    memset(&reader, 0, sizeof reader);
    reader.recording = recording;
    if (!bytes_append_file(&text, path)) {
        snprintf(problem, problem_room, "%s", strerror(errno));
        bytes_free(&text);
        return 0;
    }
    if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL) {
        snprintf(problem, problem_room, "this is no text");
        bytes_free(&text);
        return 0;
    }
    bytes_append(&text, "", 1);
    good = read_lines(&reader, (char *)text.data, problem, problem_room);
    bytes_free(&text);
    if (!good) {
        recording_free(recording);
    }
    return good;
}

void recording_free(struct recording *recording) {
    size_t i, j;

    for (i = 0; i < recording->track_count; i++) {
        for (j = 0; j < recording->tracks[i].message_count; j++) {
            bytes_free(&recording->tracks[i].messages[j].bytes);
        }
        free(recording->tracks[i].messages);
    }
    free(recording->tracks);
    memset(recording, 0, sizeof *recording);
}
