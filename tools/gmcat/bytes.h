/* Bytes that grow, and what turns them into text and back. */
#ifndef GMCAT_BYTES_H
#define GMCAT_BYTES_H

#include <stddef.h>
#include <stdio.h>

struct bytes {
    unsigned char *data; /* NULL while there is no room */
    size_t size, room;
};

/* As realloc; without memory the program ends. */
void *resized(void *memory, size_t size);

void bytes_append(struct bytes *bytes, const void *data, size_t size);
void bytes_free(struct bytes *bytes);

/* Appends what the digits say; blanks may stand between bytes. 0 when it is not hex. */
int bytes_append_hex(struct bytes *bytes, const char *text, size_t length);

/* Appends all of a file. 0 on failure, errno says why. */
int bytes_append_file(struct bytes *bytes, const char *path);

/* Writes two digits for each byte. */
void write_hex(FILE *to, const unsigned char *data, size_t size);

/* Writes text so that it cannot move the cursor of a terminal: what is not printable ASCII becomes \n, \\ or \x1b. */
void write_escaped(FILE *to, const unsigned char *data, size_t size);

/* Writes lines of sixteen bytes, as hex and as characters. */
void write_dump(FILE *to, const char *indent, const unsigned char *data, size_t size);

#endif
