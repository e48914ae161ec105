#include "bytes.h"

#include <stdlib.h>
#include <string.h>

void *resized(void *memory, size_t size) {
    void *bigger = realloc(memory, size);

    if (bigger == NULL) {
        fprintf(stderr, "gmcat: no memory for %lu bytes\n", (unsigned long)size);
        exit(1);
    }
    return bigger;
}

void bytes_append(struct bytes *bytes, const void *data, size_t size) {
    if (size == 0) {
        return;
    }
    if (size > bytes->room - bytes->size) {
        size_t room = bytes->room < 64 ? 64 : bytes->room * 2;
        while (room - bytes->size < size) {
            room *= 2;
        }
        bytes->data = resized(bytes->data, room);
        bytes->room = room;
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

void bytes_free(struct bytes *bytes) {
    free(bytes->data);
    memset(bytes, 0, sizeof *bytes);
}

static int digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int bytes_append_hex(struct bytes *bytes, const char *text, size_t length) {
    size_t i = 0;

    while (i < length) {
        unsigned char byte;
        if (is_blank(text[i])) {
            i++;
            continue;
        }
        if (i + 1 == length || digit(text[i]) < 0 || digit(text[i + 1]) < 0) {
            return 0;
        }
        byte = (unsigned char)(digit(text[i]) * 16 + digit(text[i + 1]));
        bytes_append(bytes, &byte, 1);
        i += 2;
    }
    return 1;
}

int bytes_append_file(struct bytes *bytes, const char *path) {
    char piece[65536];
    size_t size;
    int good;
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        return 0;
    }
    while ((size = fread(piece, 1, sizeof piece, file)) > 0) {
        bytes_append(bytes, piece, size);
    }
    good = !ferror(file);
    fclose(file);
    return good;
}

void write_hex(FILE *to, const unsigned char *data, size_t size) {
    size_t i;

    for (i = 0; i < size; i++) {
        fprintf(to, "%02x", data[i]);
    }
}

static int is_printable(unsigned char byte) {
    return byte >= ' ' && byte < 127;
}

void write_escaped(FILE *to, const unsigned char *data, size_t size) {
    size_t i;

    for (i = 0; i < size; i++) {
        if (data[i] == '\n') {
            fputs("\\n", to);
        } else if (data[i] == '\\') {
            fputs("\\\\", to);
        } else if (is_printable(data[i])) {
            fputc(data[i], to);
        } else {
            fprintf(to, "\\x%02x", data[i]);
        }
    }
}

void write_dump(FILE *to, const char *indent, const unsigned char *data, size_t size) {
    enum { WIDTH = 16 };
    size_t start, i;

    for (start = 0; start < size; start += WIDTH) {
        size_t width = size - start < WIDTH ? size - start : WIDTH;
        fprintf(to, "%s%06lx ", indent, (unsigned long)start);
        for (i = 0; i < WIDTH; i++) {
            fputs(i == WIDTH / 2 ? "  " : " ", to);
            if (i < width) {
                fprintf(to, "%02x", data[start + i]);
            } else {
                fputs("  ", to);
            }
        }
        fputs("  |", to);
        for (i = 0; i < width; i++) {
            fputc(is_printable(data[start + i]) ? data[start + i] : '.', to);
        }
        fputs("|\n", to);
    }
}
