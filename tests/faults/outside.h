/* A client that does without the library and its C library's calls, so that no fault hits it by itself. */
#ifndef OUTSIDE_H
#define OUTSIDE_H

/* Connects to a raw TCP server and sends the messages of a link, one after the echo of the other. */
void outside_begin(uint32_t link, double port);
/* Goes on. 1 when all have come back; -1 when the connection has ended before that, it soon begins anew. */
int outside_step(void);
void outside_end(void);

#endif
