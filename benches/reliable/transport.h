/* What each protocol under measurement provides; the load and the checks are the same for all. */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <stddef.h>

#include "../load/failure.h"

enum { MESSAGE_SIZE = 64 };

/* Echoes every message, large ones too, to its sender until asked_to_end(), with one serving() once it can be reached and
 * one served() for each message. */
void transport_serve(int port);

/* Makes that many peers of the server's, numbered from 0, and waits until they may send. */
void transport_open(const char *host, int port, int peers);

/* Takes a message for sending; also from inside received(). It has MESSAGE_SIZE, or is a large one, which only some
 * protocols take here. */
void transport_send(int peer, const void *message, size_t size);

/* Sends what was taken, waits up to so many milliseconds for something to arrive and calls received()
 * for each message that did. */
void transport_work(int wait_ms);

void transport_close(void);

/* ---- what program.c and load.c provide ---- */

/* Whether "ordered" is among the arguments: for protocols that leave it to the receiver. */
extern int wants_order;

int asked_to_end(void);
void serving(int port);
void served(void);
void received(int peer, const void *message, size_t size);

/* Monotonic time in seconds. */
double now(void);

#endif
