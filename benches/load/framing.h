/* What messages look like on the wire, from a client's side: GameMaker's packets and WebSocket frames. */
#ifndef FRAMING_H
#define FRAMING_H

#include <stddef.h>
#include <stdint.h>

typedef enum { PROTOCOL_GM, PROTOCOL_WS } Protocol;

enum { LARGEST_HEADER = 14, SEQUENCE_SIZE = 8, LARGEST_PING = 125 };

/* Fills the table that payloads are taken from, for payloads up to this size. */
void prepare_payloads(size_t largest);
/* The payload of a connection's message with this number: the number, then bytes that depend on both. */
void write_payload(uint8_t *out, size_t size, unsigned connection, uint64_t number);
/* Whether it is that payload, in all its bytes. */
int is_payload(const uint8_t *bytes, size_t size, unsigned connection, uint64_t number);
uint64_t number_in(const uint8_t *payload);

/* Returns the size of the frame. */
size_t write_frame(Protocol protocol, uint8_t *out, size_t size, unsigned connection, uint64_t number);
/* The size of the whole frame at the front with its payload, 0 while it is not whole, -1 if it is none. A
 * WebSocket's ping, which is to be answered, is told apart. */
long read_frame(Protocol protocol, const uint8_t *bytes, size_t available, const uint8_t **payload, size_t *size,
                int *is_ping);
/* The answer to a ping; returns its size. */
size_t write_pong(uint8_t *out, const uint8_t *payload, size_t size);

#endif
