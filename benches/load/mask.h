/* WebSockets' masks. */
#ifndef MASK_H
#define MASK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Masks bytes, or takes the mask off. */
static inline void mask(uint8_t *bytes, size_t size, uint32_t key) {
    uint64_t wide = (uint64_t)key << 32 | key;
    size_t index = 0;
    for (; index + 8 <= size; index += 8) {
        uint64_t eight;
        memcpy(&eight, bytes + index, 8);
        eight ^= wide;
        memcpy(bytes + index, &eight, 8);
    }
    for (; index < size; index++)
        bytes[index] ^= (uint8_t)(key >> 8 * (index & 3));
}

#endif
