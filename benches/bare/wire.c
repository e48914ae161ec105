#include "wire.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../load/mask.h"

enum { GM_HEADER = 12, WS_KEY = 24 };

static const char GM_HELLO[] = "GM:Studio-Connect"; /* with its NUL */
static const char WS_GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
static const char WS_KEY_HEADER[] = "\r\nSec-WebSocket-Key: ";

size_t wire_greeting(Wire wire, uint8_t *out) {
    if (wire == WIRE_WS)
        return 0;
    memcpy(out, GM_HELLO, sizeof GM_HELLO);
    return sizeof GM_HELLO;
}

static long gm_handshake(const uint8_t *bytes, size_t size, uint8_t *answer, size_t *answer_size) {
    static const uint32_t welcome[3] = {0xDEAFBEADu, 0xF00DBEEBu, 12};
    uint32_t words[4];
    if (size < sizeof words)
        return 0;
    memcpy(words, bytes, sizeof words);
    if (words[0] != 0xCAFEBABEu || words[1] != 0xDEADB00Bu)
        return -1;
    memcpy(answer, welcome, sizeof welcome);
    *answer_size = sizeof welcome;
    return sizeof words;
}

static long ws_handshake(uint8_t *bytes, size_t size, uint8_t *answer, size_t *answer_size) {
    unsigned char digest[SHA_DIGEST_LENGTH], accept[32];
    char key[WS_KEY + sizeof WS_GUID];
    const char *header;
    uint8_t *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    *end = '\0';
    header = strcasestr((char *)bytes, WS_KEY_HEADER);
    if (header == NULL || (char *)end - header < (long)(strlen(WS_KEY_HEADER) + WS_KEY))
        return -1;
    memcpy(key, header + strlen(WS_KEY_HEADER), WS_KEY);
    memcpy(key + WS_KEY, WS_GUID, sizeof WS_GUID);
    SHA1((unsigned char *)key, WS_KEY + strlen(WS_GUID), digest);
    EVP_EncodeBlock(accept, digest, sizeof digest);
    *answer_size = (size_t)snprintf((char *)answer, WIRE_LARGEST_ANSWER,
                                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    "Sec-WebSocket-Accept: %s\r\n\r\n",
                                    accept);
    return (long)(end + 4 - bytes);
}

long wire_handshake(Wire wire, uint8_t *bytes, size_t size, uint8_t *answer, size_t *answer_size) {
    return wire == WIRE_GM ? gm_handshake(bytes, size, answer, answer_size)
                           : ws_handshake(bytes, size, answer, answer_size);
}

static long gm_read(uint8_t *bytes, size_t size, uint8_t **payload, size_t *payload_size) {
    uint32_t words[3];
    if (size < GM_HEADER)
        return 0;
    memcpy(words, bytes, GM_HEADER);
    if (words[0] != 0xDEADC0DEu || words[1] != GM_HEADER || words[2] > WIRE_LARGEST_MESSAGE)
        return -1;
    *payload = bytes + GM_HEADER;
    *payload_size = words[2];
    return size < GM_HEADER + *payload_size ? 0 : (long)(GM_HEADER + *payload_size);
}

/* Masked binary messages of one frame: the load sends nothing else. */
static long ws_read(uint8_t *bytes, size_t size, uint8_t **payload, size_t *payload_size) {
    size_t header = 2, width, byte;
    uint64_t length;
    uint32_t key;
    if (size < 2)
        return 0;
    if (bytes[0] != 0x82 || !(bytes[1] & 0x80))
        return -1;
    length = bytes[1] & 0x7F;
    width = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (size < 2 + width + 4)
        return 0;
    if (width > 0)
        for (length = 0, byte = 0; byte < width; byte++)
            length = length << 8 | bytes[header++];
    if (length > WIRE_LARGEST_MESSAGE)
        return -1;
    memcpy(&key, bytes + header, 4);
    header += 4;
    if (size < header + length)
        return 0;
    *payload = bytes + header;
    *payload_size = (size_t)length;
    mask(*payload, *payload_size, key);
    return (long)(header + length);
}

long wire_read(Wire wire, uint8_t *bytes, size_t size, uint8_t **payload, size_t *payload_size) {
    return wire == WIRE_GM ? gm_read(bytes, size, payload, payload_size)
                           : ws_read(bytes, size, payload, payload_size);
}

size_t wire_header(Wire wire, uint8_t *out, size_t payload_size) {
    size_t used = 2, byte;
    if (wire == WIRE_GM) {
        uint32_t words[3] = {0xDEADC0DEu, GM_HEADER, (uint32_t)payload_size};
        memcpy(out, words, GM_HEADER);
        return GM_HEADER;
    }
    out[0] = 0x82;
    if (payload_size < 126) {
        out[1] = (uint8_t)payload_size;
        return used;
    }
    size_t width = payload_size < 65536 ? 2 : 8;
    out[1] = width == 2 ? 126 : 127;
    for (byte = width; byte > 0; byte--)
        out[used++] = (uint8_t)((uint64_t)payload_size >> 8 * (byte - 1));
    return used;
}
