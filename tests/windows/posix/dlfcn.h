/*
 * dlopen and its kin on Windows. The GameMaker stand-in asks for C++ functions by the names that GCC gives
 * them; on Windows the runner is a program of MSVC, and so the library has them under MSVC's names.
 */
#ifndef POSIX_DLFCN_H
#define POSIX_DLFCN_H

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RTLD_NOW 0
#define RTLD_LOCAL 0

static inline void *dlopen(const char *path, int flags) {
    (void)flags;
    return path ? (void *)LoadLibraryA(path) : (void *)GetModuleHandleA(NULL);
}

static inline int dlclose(void *library) {
    return library == (void *)GetModuleHandleA(NULL) ? 0 : !FreeLibrary((HMODULE)library);
}

static inline const char *dlerror(void) {
    static char text[64];
    snprintf(text, sizeof text, "Windows' error %lu", GetLastError());
    return text;
}

/* Such runners have 64 bits. */
#define POSIX_INITIALISE_SUFFIX "@@YAXPEBUYYRunnerInterface@@_K@Z"
#define POSIX_FUNCTION_SUFFIX "@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z"

static inline void *dlsym(void *library, const char *name) {
    char mangled[256];
    /* The program's own functions, found in the program itself, are GCC's. */
    if (library != (void *)GetModuleHandleA(NULL) && strncmp(name, "_Z", 2) == 0) {
        char *plain;
        int size = (int)strtol(name + 2, &plain, 10);
        int initialise = strstr(name, "YYRunnerInterface") != NULL;
        snprintf(mangled, sizeof mangled, "?%.*s%s", size, plain,
                 initialise ? POSIX_INITIALISE_SUFFIX : POSIX_FUNCTION_SUFFIX);
        name = mangled;
    }
    return (void *)(INT_PTR)GetProcAddress((HMODULE)library, name);
}

#endif
