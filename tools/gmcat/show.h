/* What the person sees. */
#ifndef GMCAT_SHOW_H
#define GMCAT_SHOW_H

#include "options.h"

/* `time` is in seconds since the start, `peer` a peer's number or 0. */
void show_event(const struct options *options, double time, int peer, const char *format, ...);
void show_packet(const struct options *options, double time, int peer, int received, int is_text,
                 const unsigned char *data, size_t size);

/* Writes out what was shown. */
void show_flush(void);

#endif
