/* What differs between operating systems. */
#ifndef GMCAT_SYSTEM_H
#define GMCAT_SYSTEM_H

#include <stddef.h>

/* Seconds on a clock that nobody sets. */
double seconds_now(void);

/* The time of day in UTC, "2026-11-25T20:30:30.123Z". */
void write_time_of_day(char text[32]);

/* SIGINT and SIGTERM from here on only make `interrupted` true. A second one ends the program. */
void catch_interrupts(void);
int interrupted(void);

/* Standard streams carry bytes as they are. */
void use_binary_streams(void);

enum { INPUT_NONE = -1, INPUT_ENDED = 0 };

/* Reads from standard input without waiting: how many bytes, INPUT_NONE when nothing is there now, or INPUT_ENDED. */
long read_input(char *to, size_t room);

#endif
