#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200112L
#endif
#include "system.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#else
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>
#endif

static volatile sig_atomic_t interrupt_came;

static void on_interrupt(int number) {
    interrupt_came = 1;
    signal(number, SIG_DFL);
}

void catch_interrupts(void) {
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
}

int interrupted(void) {
    return interrupt_came;
}

#if defined(_WIN32)

double seconds_now(void) {
    LARGE_INTEGER ticks, frequency;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&frequency);
    return (double)ticks.QuadPart / (double)frequency.QuadPart;
}

void write_time_of_day(char text[32]) {
    SYSTEMTIME now;
    GetSystemTime(&now);
    snprintf(text, 32, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", now.wYear, now.wMonth, now.wDay, now.wHour, now.wMinute,
             now.wSecond, now.wMilliseconds);
}

void use_binary_streams(void) {
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
}

/* Pipes can be asked what they hold; a console signals its handle, also for keys that are no text, whose line is then
 * waited for; a file is always ready. */
static int input_is_ready(HANDLE input) {
    DWORD waiting = 0;
    switch (GetFileType(input)) {
    case FILE_TYPE_PIPE:
        return !PeekNamedPipe(input, NULL, 0, NULL, &waiting, NULL) || waiting > 0;
    case FILE_TYPE_CHAR:
        return WaitForSingleObject(input, 0) == WAIT_OBJECT_0;
    default:
        return 1;
    }
}

long read_input(char *to, size_t room) {
    DWORD size = 0;
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    if (!input_is_ready(input)) {
        return INPUT_NONE;
    }
    return ReadFile(input, to, (DWORD)room, &size, NULL) ? (long)size : INPUT_ENDED;
}

#else

double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void write_time_of_day(char text[32]) {
    struct timeval now;
    struct tm parts;
    char date[24];
    gettimeofday(&now, NULL);
    gmtime_r(&now.tv_sec, &parts);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, 32, "%s.%03dZ", date, (int)(now.tv_usec / 1000));
}

void use_binary_streams(void) {
}

long read_input(char *to, size_t room) {
    struct pollfd input;
    ssize_t size;
    input.fd = STDIN_FILENO;
    input.events = POLLIN;
    if (poll(&input, 1, 0) <= 0) {
        return INPUT_NONE;
    }
    size = read(STDIN_FILENO, to, room);
    return size > 0 ? (long)size : INPUT_ENDED;
}

#endif
