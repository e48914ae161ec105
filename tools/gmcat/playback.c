#include "playback.h"

#include <string.h>

static int is_ours(const struct playback *playback, size_t index) {
    return playback->track->messages[index].by_client != playback->as_server;
}

/* The first message from `index` on, before `end`, that is ours or the peer's; `end` if there is none. */
static size_t first(const struct playback *playback, int ours, size_t index, size_t end) {
    while (index < end && is_ours(playback, index) != ours) {
        index++;
    }
    return index;
}

double playback_scaled(double recorded, double speed) {
    return speed > 0 ? recorded / speed : 0;
}

enum playback_step playback_next(struct playback *playback, double now, const struct recorded_message **message,
                                 double *time) {
    const struct track *track = playback->track;
    size_t count = track->message_count, next = first(playback, 1, playback->played, count);

    playback->played = next;
    if (playback->follow && first(playback, 0, playback->expected, next) < next) {
        return PLAYBACK_HEAR;
    }
    *time = playback_scaled(next < count ? track->messages[next].time : track->end, playback->speed);
    if (*time > now) {
        return PLAYBACK_LATER;
    }
    if (next == count) {
        return PLAYBACK_END;
    }
    *message = &track->messages[next];
    return PLAYBACK_SEND;
}

void playback_sent(struct playback *playback) {
    playback->played++;
}

int playback_all_sent(const struct playback *playback) {
    size_t count = playback->track->message_count;

    return first(playback, 1, playback->played, count) == count;
}

int playback_all_received(const struct playback *playback) {
    size_t count = playback->track->message_count;

    return first(playback, 0, playback->expected, count) == count;
}

static const char *message_received(struct playback *playback, int is_text, const unsigned char *data, size_t size) {
    const struct recorded_message *message = &playback->track->messages[playback->expected++];

    if (message->is_text != is_text || message->bytes.size != size ||
        (size > 0 && memcmp(message->bytes.data, data, size) != 0)) {
        return "what came is not what the recording has";
    }
    return NULL;
}

/* As much of the piece as belongs to the next message; how much goes to `taken`. */
static const char *piece_received(struct playback *playback, const unsigned char *data, size_t size, size_t *taken) {
    const struct bytes *bytes = &playback->track->messages[playback->expected].bytes;
    size_t left = bytes->size - playback->expected_offset;
    const unsigned char *wanted = bytes->data + playback->expected_offset;

    *taken = size < left ? size : left;
    playback->expected_offset += *taken;
    if (*taken == left) {
        playback->expected++;
        playback->expected_offset = 0;
    }
    return *taken > 0 && memcmp(wanted, data, *taken) != 0 ? "what came is not what the recording has" : NULL;
}

const char *playback_received(struct playback *playback, int is_text, const unsigned char *data, size_t size) {
    size_t count = playback->track->message_count, taken = 0;
    const char *difference = NULL;

    do {
        playback->expected = first(playback, 0, playback->expected, count);
        if (playback->expected == count) {
            return "more came than the recording has";
        }
        if (!playback->is_stream) {
            return message_received(playback, is_text, data, size);
        }
        difference = piece_received(playback, data, size, &taken);
        data += taken;
        size -= taken;
    } while (difference == NULL && size > 0);
    return difference;
}
