/* Packets from standard input. */
#ifndef GMCAT_INPUT_H
#define GMCAT_INPUT_H

#include "options.h"

struct input {
    enum stdin_use use;
    int stream_ended;
    int ended;           /* there will be no more packets */
    int had_bad_line;
    struct bytes read;   /* what was read; up to `taken` it is in packets already */
    size_t taken;
    size_t searched;     /* so far no line's end was found */
    struct bytes packet; /* the one at hand */
};

/* 1 when input->packet is the next packet; 0 when there is none now. Does not wait. */
int input_next(struct input *input);
void input_free(struct input *input);

#endif
