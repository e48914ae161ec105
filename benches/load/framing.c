#include "framing.h"

#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "mask.h"

enum { OFFSETS = 4096, GM_HEADER = 12 };

static const uint32_t GM_MAGIC = 0xDEADC0DEu;

static uint8_t *table;
static size_t table_largest;
static uint64_t random_state = 0x9E3779B97F4A7C15ull;

static uint32_t random_number(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16);
}

void prepare_payloads(size_t largest) {
    size_t index;
    if (largest < SEQUENCE_SIZE)
        give_up("a message has room for its number: %d bytes or more", SEQUENCE_SIZE);
    table_largest = largest;
    table = allocate(OFFSETS + largest);
    for (index = 0; index < OFFSETS + largest; index++)
        table[index] = (uint8_t)random_number();
}

static const uint8_t *rest_of(unsigned connection, uint64_t number) {
    return table + ((number * 7 + (uint64_t)connection * 13) & (OFFSETS - 1));
}

void write_payload(uint8_t *out, size_t size, unsigned connection, uint64_t number) {
    memcpy(out, &number, SEQUENCE_SIZE);
    memcpy(out + SEQUENCE_SIZE, rest_of(connection, number), size - SEQUENCE_SIZE);
}

int is_payload(const uint8_t *bytes, size_t size, unsigned connection, uint64_t number) {
    return size >= SEQUENCE_SIZE && size <= table_largest && number_in(bytes) == number &&
           memcmp(bytes + SEQUENCE_SIZE, rest_of(connection, number), size - SEQUENCE_SIZE) == 0;
}

uint64_t number_in(const uint8_t *payload) {
    uint64_t number;
    memcpy(&number, payload, sizeof number);
    return number;
}

static size_t write_ws_header(uint8_t *out, size_t size, uint32_t key) {
    size_t used = 2, byte;
    out[0] = 0x82;
    if (size < 126) {
        out[1] = (uint8_t)(0x80 | size);
    } else {
        size_t width = size < 65536 ? 2 : 8;
        out[1] = width == 2 ? 0x80 | 126 : 0x80 | 127;
        for (byte = width; byte > 0; byte--)
            out[used++] = (uint8_t)((uint64_t)size >> 8 * (byte - 1));
    }
    memcpy(out + used, &key, 4);
    return used + 4;
}

size_t write_frame(Protocol protocol, uint8_t *out, size_t size, unsigned connection, uint64_t number) {
    size_t header;
    if (protocol == PROTOCOL_GM) {
        uint32_t words[3] = {GM_MAGIC, GM_HEADER, (uint32_t)size};
        memcpy(out, words, GM_HEADER);
        write_payload(out + GM_HEADER, size, connection, number);
        return GM_HEADER + size;
    }
    /* A fresh key each time, as the standard wants it. */
    uint32_t key = random_number();
    header = write_ws_header(out, size, key);
    write_payload(out + header, size, connection, number);
    mask(out + header, size, key);
    return header + size;
}

static long read_gm(const uint8_t *bytes, size_t available, const uint8_t **payload, size_t *size) {
    uint32_t words[3];
    if (available < GM_HEADER)
        return 0;
    memcpy(words, bytes, GM_HEADER);
    if (words[0] != GM_MAGIC || words[1] != GM_HEADER || words[2] > table_largest)
        return -1;
    *payload = bytes + GM_HEADER;
    *size = words[2];
    return available < GM_HEADER + *size ? 0 : (long)(GM_HEADER + *size);
}

size_t write_pong(uint8_t *out, const uint8_t *payload, size_t size) {
    uint32_t key = random_number();
    out[0] = 0x8A;
    out[1] = (uint8_t)(0x80 | size);
    memcpy(out + 2, &key, 4);
    memcpy(out + 6, payload, size);
    mask(out + 6, size, key);
    return 6 + size;
}

/* Whole unmasked messages, and pings: no server has reason to send anything else here. */
static long read_ws(const uint8_t *bytes, size_t available, const uint8_t **payload, size_t *size, int *is_ping) {
    size_t header = 2, width = 0, byte;
    uint64_t length;
    if (available < 2)
        return 0;
    *is_ping = bytes[0] == 0x89;
    if ((bytes[0] != 0x82 && !*is_ping) || bytes[1] & 0x80 || (*is_ping && bytes[1] > LARGEST_PING))
        return -1;
    length = bytes[1];
    if (length >= 126) {
        width = length == 126 ? 2 : 8;
        if (available < 2 + width)
            return 0;
        for (length = 0, byte = 0; byte < width; byte++)
            length = length << 8 | bytes[header++];
    }
    if (!*is_ping && length > table_largest)
        return -1;
    *payload = bytes + header;
    *size = (size_t)length;
    return available < header + *size ? 0 : (long)(header + *size);
}

long read_frame(Protocol protocol, const uint8_t *bytes, size_t available, const uint8_t **payload, size_t *size,
                int *is_ping) {
    *is_ping = 0;
    return protocol == PROTOCOL_GM ? read_gm(bytes, available, payload, size)
                                   : read_ws(bytes, available, payload, size, is_ping);
}
