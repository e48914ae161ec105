/* Both protocols from a server's side, for servers that bring none of their own. */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

typedef enum { WIRE_GM, WIRE_WS } Wire;

enum { WIRE_LARGEST_HEADER = 12, WIRE_LARGEST_MESSAGE = 1 << 20, WIRE_LARGEST_ANSWER = 256 };

/* What a server says first; its size, which may be 0. */
size_t wire_greeting(Wire wire, uint8_t *out);
/* A client's handshake: the size of what was used, 0 while it is not whole, -1 if it is none. The answer is written out. */
long wire_handshake(Wire wire, uint8_t *bytes, size_t size, uint8_t *answer, size_t *answer_size);
/* The size of the whole frame at the front, 0 while it is not whole, -1 if it is no message. Its payload is
 * unmasked where it lies. */
long wire_read(Wire wire, uint8_t *bytes, size_t size, uint8_t **payload, size_t *payload_size);
/* The size of a message's header, which is written. */
size_t wire_header(Wire wire, uint8_t *out, size_t payload_size);

#endif
