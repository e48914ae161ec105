/* gmcat: a terminal's way to talk to programs that speak GameMaker's network protocol. docs/gmcat.md. */
#include <stdio.h>
#include <string.h>

#include "session.h"
#include "stepwire.h"
#include "system.h"

static enum status run(const struct options *options) {
    struct recording recording;
    char problem[200];
    enum status status;

    if (options->play_path == NULL) {
        return session_run(options, NULL);
    }
    if (!recording_read(&recording, options->play_path, problem, sizeof problem)) {
        fprintf(stderr, "gmcat: %s: %s\n", options->play_path, problem);
        return STATUS_FILE;
    }
    status = session_run(options, &recording);
    recording_free(&recording);
    return status;
}

int main(int argc, char **argv) {
    struct options options;
    enum status status = STATUS_GOOD;

    switch (options_read(&options, argc, argv)) {
    case OPTIONS_BAD:
        status = STATUS_USAGE;
        break;
    case OPTIONS_GOOD:
        use_binary_streams();
        catch_interrupts();
        status = run(&options);
        network_shutdown();
        break;
    }
    options_free(&options);
    if (fflush(stdout) != 0 && status == STATUS_GOOD) {
        fprintf(stderr, "gmcat: standard output cannot be written\n");
        status = STATUS_FILE;
    }
    return (int)status;
}
