#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "stepwire.h"

static const char help[] =
    "gmcat: talks to programs that speak GameMaker's network protocol\n"
    "\n"
    "usage: gmcat connect ADDRESS [option...]\n"
    "       gmcat listen ADDRESS [option...]\n"
    "\n"
    "ADDRESS is [tcp|udp|rudp|ws|wss]://HOST:PORT; tcp:// may be left out. rudp is stepwire's reliable UDP. A\n"
    "WebSocket's may have a path. To listen on all of this machine's addresses leave HOST out; port 0 is any free one.\n"
    "\n"
    "What is sent to each peer, in this order; what standard input has goes to all that are connected:\n"
    "  -t, --text TEXT        one packet\n"
    "  -x, --hex DIGITS       one packet, as hex\n"
    "  -f, --file FILE        one packet, all of a file\n"
    "  --stdin lines          each line of standard input is a packet (without any of these: so)\n"
    "  --stdin hex            each line is a packet, as hex\n"
    "  --stdin whole          all of it is one packet\n"
    "  --stdin none           it is not read (with one of -t, -x, -f, --play, --echo: so)\n"
    "  --echo                 whatever arrives is sent back\n"
    "\n"
    "How it is shown:\n"
    "  --format dump|hex|text the packets (default: dump, which is both)\n"
    "  --format raw           nothing but the bytes received, as they are; events go to standard error\n"
    "  --time elapsed|day|none  seconds since the start (default), or the time of day in UTC\n"
    "  -q, --quiet            packets received alone\n"
    "\n"
    "Recordings:\n"
    "  -r, --record FILE      writes the session to a file\n"
    "  -p, --play FILE        sends what the same side sent in a recording, at the same times\n"
    "  --speed FACTOR         plays faster (2: twice as fast) or slower; 0 does not wait\n"
    "  --follow               and sends nothing before as many packets have come as in the recording\n"
    "  --check                as --follow, and what comes must be what came then (status 3)\n"
    "\n"
    "When it ends, besides on Ctrl-C and, for connect, when the peer closes:\n"
    "  -c, --close            when everything to be sent was sent\n"
    "  -n, --count N          when N packets have come (status 3 if it ends before)\n"
    "  -w, --wait MS          when nothing came or went for so long\n"
    "  --for MS               after so long\n"
    "  --once                 listen: when the last peer has left\n"
    "\n"
    "Protocol:\n"
    "  --raw                  no handshake and no headers\n"
    "  --ordered              rudp: packets arrive in the order sent\n"
    "  --text-messages        raw WebSockets: sends text instead of binary messages\n"
    "  --subprotocol LIST     WebSockets: what is offered, or chosen from\n"
    "  --header LINE          WebSockets: one more header of the request, \"Name: value\"\n"
    "  --ca FILE              wss: also trusts these certificate authorities (PEM)\n"
    "  --insecure             wss: trusts everybody\n"
    "  --certificate FILE, --key FILE   wss, listen: PEM\n"
    "  --game-id N            the fourth word of the handshake\n"
    "  --timeout MS           for connecting (default: 10000)\n"
    "\n"
    "  -h, --help, --version\n"
    "\n"
    "Status: 0 ended as it should, 1 no connection or it broke, 2 the command line, 3 --check or --count was not met,\n"
    "4 a file.\n";

static int wrong(const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    fputs("gmcat: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs(" (gmcat --help tells more)\n", stderr);
    va_end(arguments);
    return OPTIONS_BAD;
}

/* Addresses. -------------------------------------------------------------------------------------------------- */

/* Takes the transport off the address; tcp if none is named. NULL if it is none of ours. */
static const char *take_transport(enum transport *transport, const char *address) {
    const char *end = strstr(address, "://");
    int i;

    if (end == NULL) {
        *transport = TRANSPORT_TCP;
        return address;
    }
    for (i = 0; i < TRANSPORT_COUNT; i++) {
        const char *name = transport_names[i];
        if (strlen(name) == (size_t)(end - address) && strncmp(name, address, strlen(name)) == 0) {
            *transport = (enum transport)i;
            return end + 3;
        }
    }
    return NULL;
}

/* A whole number from 0 to `most`, or -1. */
static double whole_number(const char *text, double most) {
    char *end;
    double number = strtod(text, &end);

    return end == text || *end != '\0' || !(number >= 0 && number <= most) || number != floor(number) ? -1 : number;
}

static int is_websocket(enum transport transport) {
    return transport == TRANSPORT_WS || transport == TRANSPORT_WSS;
}

static int read_address(struct options *options, const char *address) {
    const char *place = take_transport(&options->session.transport, address);
    const char *colon, *host = place;
    size_t length;

    if (place == NULL) {
        return wrong("%s: the address must begin with tcp://, udp://, rudp://, ws:// or wss://", address);
    }
    options->url = address;
    if (options->session.role == ROLE_CLIENT && is_websocket(options->session.transport)) {
        return OPTIONS_GOOD; /* the library reads it */
    }
    length = strcspn(place, "/");
    for (colon = place + length; colon > place && *colon != ':'; colon--) {
    }
    if (*colon != ':' || colon[1] == '\0') {
        return wrong("%s: a port is missing", address);
    }
    options->port = -1;
    if (length - (size_t)(colon + 1 - place) < 6) {
        char port[8];
        snprintf(port, sizeof port, "%.*s", (int)(length - (size_t)(colon + 1 - place)), colon + 1);
        options->port = whole_number(port, 65535);
    }
    if (options->port < 0 || (options->port == 0 && options->session.role == ROLE_CLIENT)) {
        return wrong("%s: that is no port", address);
    }
    length = (size_t)(colon - place);
    if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    }
    if (length >= sizeof options->host || (length == 0 && options->session.role == ROLE_CLIENT)) {
        return wrong("%s: a host is missing, or is too long", address);
    }
    memcpy(options->host, host, length);
    options->host[length] = '\0';
    return OPTIONS_GOOD;
}

/* Options. ---------------------------------------------------------------------------------------------------- */

static struct bytes *new_message(struct options *options) {
    struct bytes *message;

    options->messages = resized(options->messages, (options->message_count + 1) * sizeof *options->messages);
    message = &options->messages[options->message_count++];
    memset(message, 0, sizeof *message);
    return message;
}

static int add_file(struct options *options, const char *path) {
    if (bytes_append_file(new_message(options), path)) {
        return OPTIONS_GOOD;
    }
    return wrong("%s: %s", path, strerror(errno));
}

static int add_hex(struct options *options, const char *digits) {
    if (bytes_append_hex(new_message(options), digits, strlen(digits))) {
        return OPTIONS_GOOD;
    }
    return wrong("%s: not hexadecimal digits, two for each byte", digits);
}

static int choose(int *chosen, const char *option, const char *value, const char *const *names, int count) {
    int i;

    for (i = 0; i < count; i++) {
        if (strcmp(value, names[i]) == 0) {
            *chosen = i;
            return OPTIONS_GOOD;
        }
    }
    return wrong("%s %s: there is no such choice", option, value);
}

static int read_number(double *number, const char *option, const char *value, double most) {
    *number = whole_number(value, most);
    return *number >= 0 ? OPTIONS_GOOD : wrong("%s %s: not a whole number from 0 to %.0f", option, value, most);
}

static int read_seconds(double *seconds, const char *option, const char *milliseconds) {
    int result = read_number(seconds, option, milliseconds, 2147483647);

    *seconds /= 1000;
    return result;
}

static int read_speed(double *speed, const char *value) {
    char *end;

    *speed = strtod(value, &end);
    return end != value && *end == '\0' && *speed >= 0 && *speed <= 1e6
               ? OPTIONS_GOOD
               : wrong("--speed %s: not a number from 0 to 1000000", value);
}

static int is(const char *argument, const char *name) {
    return strcmp(argument, name) == 0;
}

/* Options without a value. 1 if it was one. */
static int read_flag(struct options *options, const char *name) {
    struct {
        const char *name;
        int *flag;
    } flags[] = {
        {"--echo", &options->echo},
        {"--quiet", &options->quiet},
        {"--follow", &options->follow},
        {"--check", &options->check},
        {"--close", &options->close_when_sent},
        {"--once", &options->once},
        {"--raw", &options->session.raw},
        {"--ordered", &options->ordered},
        {"--text-messages", &options->text_messages},
        {"--insecure", &options->insecure},
    };
    size_t i;

    for (i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (is(name, flags[i].name)) {
            *flags[i].flag = 1;
            return 1;
        }
    }
    return 0;
}

static int read_value(struct options *options, const char *name, const char *value) {
    static const char *const formats[] = {"dump", "hex", "text", "raw"};
    static const char *const times[] = {"elapsed", "day", "none"};
    static const char *const inputs[] = {"", "none", "lines", "hex", "whole"};
    struct {
        const char *name;
        const char **text;
    } texts[] = {
        {"--record", &options->record_path}, {"--play", &options->play_path},
        {"--ca", &options->ca_path},         {"--certificate", &options->certificate_path},
        {"--key", &options->key_path},       {"--subprotocol", &options->subprotocol},
    };
    double number = -1;
    size_t i;
    int chosen = 0, result;

    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (is(name, texts[i].name)) {
            *texts[i].text = value;
            return OPTIONS_GOOD;
        }
    }
    if (is(name, "--text")) {
        bytes_append(new_message(options), value, strlen(value));
        return OPTIONS_GOOD;
    }
    if (is(name, "--hex")) {
        return add_hex(options, value);
    }
    if (is(name, "--file")) {
        return add_file(options, value);
    }
    if (is(name, "--header")) {
        bytes_append(&options->headers, value, strlen(value));
        bytes_append(&options->headers, "\n", 1);
        return OPTIONS_GOOD;
    }
    if (is(name, "--stdin")) {
        result = choose(&chosen, name, value, inputs, 5);
        options->stdin_use = (enum stdin_use)chosen;
        return result;
    }
    if (is(name, "--format")) {
        result = choose(&chosen, name, value, formats, 4);
        options->format = (enum format)chosen;
        return result;
    }
    if (is(name, "--time")) {
        result = choose(&chosen, name, value, times, 3);
        options->time_shown = (enum time_shown)chosen;
        return result;
    }
    if (is(name, "--count")) {
        result = read_number(&number, name, value, 2147483647);
        options->most_packets = (long)number;
        return result;
    }
    if (is(name, "--speed")) {
        return read_speed(&options->speed, value);
    }
    if (is(name, "--wait")) {
        return read_seconds(&options->most_silence, name, value);
    }
    if (is(name, "--for")) {
        return read_seconds(&options->most_time, name, value);
    }
    if (is(name, "--game-id")) {
        return read_number(&options->game_id, name, value, 4294967295.0);
    }
    if (is(name, "--timeout")) {
        return read_number(&options->connect_timeout_ms, name, value, 2147483647);
    }
    return wrong("%s: there is no such option", name);
}

/* The long name of an option. */
static const char *long_name(const char *argument) {
    static const char *const names[][2] = {
        {"-t", "--text"},  {"-x", "--hex"},   {"-f", "--file"},  {"-q", "--quiet"}, {"-r", "--record"}, {"-p", "--play"},
        {"-c", "--close"}, {"-n", "--count"}, {"-w", "--wait"},  {"-h", "--help"},
    };
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        if (is(argument, names[i][0])) {
            return names[i][1];
        }
    }
    return argument;
}

/* Answers, if that is what the argument asks for. */
static int asks_for_help(const char *name) {
    if (is(name, "--help")) {
        fputs(help, stdout);
        return 1;
    }
    if (is(name, "--version")) {
        printf("gmcat %s\n", network_version());
        return 1;
    }
    return 0;
}

/* What follows from several options together. */
static int complete(struct options *options) {
    enum transport transport = options->session.transport;
    int is_server = options->session.role == ROLE_SERVER;

    if (options->stdin_use == STDIN_DEFAULT) {
        int has_source = options->message_count > 0 || options->play_path != NULL || options->echo;
        options->stdin_use = has_source ? STDIN_NONE : STDIN_LINES;
    }
    if (options->check) {
        options->follow = 1;
        if (options->most_silence < 0) {
            options->most_silence = 5; /* what does not come must not be waited for without end */
        }
    }
    if (options->follow && options->play_path == NULL) {
        return wrong("--follow and --check need --play");
    }
    if (options->play_path != NULL && options->message_count > 0) {
        return wrong("--play is all that is sent: -t, -x and -f do not go with it");
    }
    if (transport == TRANSPORT_WSS && is_server && (options->certificate_path == NULL || options->key_path == NULL)) {
        return wrong("a wss server needs --certificate and --key");
    }
    if (options->ordered && transport != TRANSPORT_RUDP) {
        return wrong("--ordered is for rudp://");
    }
    if (options->text_messages && !(is_websocket(transport) && options->session.raw)) {
        return wrong("--text-messages is for raw WebSockets: ws:// or wss:// with --raw");
    }
    if (options->once && !is_server) {
        return wrong("--once is for listen");
    }
    bytes_append(&options->headers, "", 1);
    return OPTIONS_GOOD;
}

static int read_arguments(struct options *options, int argc, char **argv) {
    const char *address = NULL;
    int i, result = OPTIONS_GOOD;

    for (i = 2; i < argc && result == OPTIONS_GOOD; i++) {
        const char *name = long_name(argv[i]);
        if (asks_for_help(name)) {
            return OPTIONS_HELP;
        }
        if (name[0] != '-') {
            if (address != NULL) {
                return wrong("%s: there is an address already", name);
            }
            address = name;
        } else if (!read_flag(options, name)) {
            if (i + 1 == argc) {
                return wrong("%s: there is no such option, or its value is missing", name);
            }
            result = read_value(options, name, argv[++i]);
        }
    }
    if (result != OPTIONS_GOOD) {
        return result;
    }
    if (address == NULL) {
        return wrong("an address is missing");
    }
    result = read_address(options, address);
    return result == OPTIONS_GOOD ? complete(options) : result;
}

int options_read(struct options *options, int argc, char **argv) {
    memset(options, 0, sizeof *options);
    options->speed = 1;
    options->most_time = options->most_silence = options->connect_timeout_ms = -1;
    options->most_packets = -1;
    if (argc >= 2 && asks_for_help(long_name(argv[1]))) {
        return OPTIONS_HELP;
    }
    if (argc < 2 || !(is(argv[1], "connect") || is(argv[1], "listen"))) {
        return wrong("the first word must be connect or listen");
    }
    options->session.role = is(argv[1], "listen") ? ROLE_SERVER : ROLE_CLIENT;
    return read_arguments(options, argc, argv);
}

void options_free(struct options *options) {
    size_t i;

    for (i = 0; i < options->message_count; i++) {
        bytes_free(&options->messages[i]);
    }
    free(options->messages);
    bytes_free(&options->headers);
}
