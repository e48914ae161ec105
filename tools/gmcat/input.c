#include "input.h"

#include <string.h>

#include "system.h"

/* More than any packet can have: the library then says so. */
static const size_t too_much = (64u << 20) + 1;

/* Reads what is there; 0 when that is nothing. */
static int fill(struct input *input) {
    char piece[65536];
    long size = read_input(piece, sizeof piece);

    if (size == INPUT_NONE) {
        return 0;
    }
    if (size == INPUT_ENDED) {
        input->stream_ended = 1;
        return 1;
    }
    if (input->taken > 0) {
        memmove(input->read.data, input->read.data + input->taken, input->read.size - input->taken);
    }
    input->read.size -= input->taken;
    input->searched -= input->taken;
    input->taken = 0;
    bytes_append(&input->read, piece, (size_t)size);
    return 1;
}

/* How many of the bytes read are the next packet's, its line's end included; 0 while it is not there. */
static size_t next_size(struct input *input) {
    size_t left = input->read.size - input->taken;
    unsigned char *end = NULL;

    if (input->use != STDIN_WHOLE && input->searched < input->read.size) {
        end = memchr(input->read.data + input->searched, '\n', input->read.size - input->searched);
    }
    if (end != NULL) {
        input->searched = (size_t)(end - input->read.data) + 1;
        return input->searched - input->taken;
    }
    input->searched = input->read.size;
    return input->stream_ended || left >= too_much ? left : 0;
}

static size_t without_line_end(const unsigned char *line, size_t size) {
    if (size > 0 && line[size - 1] == '\n') {
        size--;
    }
    return size > 0 && line[size - 1] == '\r' ? size - 1 : size;
}

/* Makes the next `size` bytes the packet; 0 if they are none. */
static int take(struct input *input, size_t size) {
    const unsigned char *data = input->read.data + input->taken;

    input->taken += size;
    input->packet.size = 0;
    if (input->use == STDIN_WHOLE) {
        bytes_append(&input->packet, data, size);
        return 1;
    }
    size = without_line_end(data, size);
    if (input->use == STDIN_LINES) {
        bytes_append(&input->packet, data, size);
        return 1;
    }
    if (bytes_append_hex(&input->packet, (const char *)data, size)) {
        return input->packet.size > 0;
    }
    fputs("gmcat: not sent, not hexadecimal: ", stderr);
    write_escaped(stderr, data, size < 60 ? size : 60);
    fputc('\n', stderr);
    input->had_bad_line = 1;
    return 0;
}

int input_next(struct input *input) {
    while (!input->ended) {
        size_t size = next_size(input);
        if (size > 0) {
            if (take(input, size)) {
                return 1;
            }
        } else if (input->stream_ended) {
            input->ended = 1;
        } else if (!fill(input)) {
            return 0;
        }
    }
    return 0;
}

void input_free(struct input *input) {
    bytes_free(&input->read);
    bytes_free(&input->packet);
}
