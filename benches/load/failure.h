/* A measurement that went wrong is none: the program says why and ends. */
#ifndef FAILURE_H
#define FAILURE_H

#include <stddef.h>

_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Never NULL. */
void *allocate(size_t size);
void *resize(void *memory, size_t size);

#endif
