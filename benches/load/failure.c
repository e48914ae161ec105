#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void give_up(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

void *allocate(size_t size) {
    return resize(NULL, size);
}

void *resize(void *memory, size_t size) {
    void *resized = realloc(memory, size);
    if (resized == NULL)
        give_up("no memory");
    return resized;
}
