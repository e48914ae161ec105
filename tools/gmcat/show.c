#include "show.h"

#include <stdarg.h>

#include "system.h"

static void write_time(FILE *to, enum time_shown shown, double time) {
    char day[32];

    if (shown == TIME_ELAPSED) {
        fprintf(to, "%.6f ", time);
    } else if (shown == TIME_OF_DAY) {
        write_time_of_day(day);
        fprintf(to, "%s ", day);
    }
}

static void write_head(const struct options *options, FILE *to, double time, int peer) {
    write_time(to, options->time_shown, time);
    if (peer > 0) {
        fprintf(to, "%d ", peer);
    }
}

void show_event(const struct options *options, double time, int peer, const char *format, ...) {
    FILE *to = options->format == FORMAT_RAW ? stderr : stdout;
    va_list arguments;

    if (options->quiet) {
        return;
    }
    write_head(options, to, time, peer);
    va_start(arguments, format);
    vfprintf(to, format, arguments);
    va_end(arguments);
    fputc('\n', to);
}

void show_packet(const struct options *options, double time, int peer, int received, int is_text,
                 const unsigned char *data, size_t size) {
    if (options->format == FORMAT_RAW) {
        if (received) {
            fwrite(data, 1, size, stdout);
        }
        return;
    }
    if (options->quiet && !received) {
        return;
    }
    write_head(options, stdout, time, peer);
    fputs(received ? "<" : ">", stdout);
    fputs(is_text ? "t " : " ", stdout);
    switch (options->format) {
    case FORMAT_HEX:
        write_hex(stdout, data, size);
        break;
    case FORMAT_TEXT:
        write_escaped(stdout, data, size);
        break;
    default:
        fprintf(stdout, "%lu bytes", (unsigned long)size);
    }
    fputc('\n', stdout);
    if (options->format == FORMAT_DUMP) {
        write_dump(stdout, "    ", data, size);
    }
}

void show_flush(void) {
    fflush(stdout);
}
