/* Chat: one program for the server and for those who talk.
 *
 *   chat                        checks itself: a server and three clients in this process
 *   chat serve PORT             serves until Ctrl-C; port 0 lets the system choose
 *   chat join HOST PORT NAME    sends what is typed, line by line, and shows what the others say
 *
 * The packets, as GameMaker's buffers have them: buffer_u8 kind, buffer_string text (a NUL at its end).
 *   1 name  from a client, once, first     2 say   from a client     3 line  from the server, ready to show
 */
#define _POSIX_C_SOURCE 200112L
#include <signal.h>
#include <stdio.h>
#include <string.h>
#if defined(_WIN32)
#include <conio.h>
#else
#include <poll.h>
#include <unistd.h>
#endif

#include "stepwire.h"

enum { KIND_NAME = 1, KIND_SAY = 2, KIND_LINE = 3 };
enum { MAX_MEMBERS = 64, MAX_NAME = 24, MAX_TEXT = 400, MAX_PACKET = 512 };

struct member {
    double socket; /* -1: a free place */
    char name[MAX_NAME + 1];
};

struct room {
    struct member members[MAX_MEMBERS];
    double talking; /* the group of those who have said their name */
};

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static int fail(const char *what) {
    fprintf(stderr, "chat: %s: %s\n", what, network_last_error());
    return 1;
}

/* Returns the packet's size. */
static double put_text(unsigned char packet[MAX_PACKET], int kind, const char *text) {
    size_t length = strlen(text);

    if (length + 2 > MAX_PACKET) {
        length = MAX_PACKET - 2;
    }
    packet[0] = (unsigned char)kind;
    memcpy(packet + 1, text, length);
    packet[1 + length] = '\0';
    return (double)(length + 2);
}

static double send_text(double socket, int kind, const char *text) {
    unsigned char packet[MAX_PACKET];
    double size = put_text(packet, kind, text);
    return network_send_packet(socket, packet, size);
}

/* The text of a packet of that kind, or NULL when the packet is anything else. Control characters are refused:
 * what a stranger writes must not move the cursor of everyone's terminal. */
static const char *text_of(const NetworkEvent *event, int kind) {
    const unsigned char *text = event->buffer + 1;
    size_t length, i;

    if (event->size < 3 || event->size > MAX_PACKET || event->buffer[0] != kind) {
        return NULL;
    }
    length = (size_t)event->size - 2;
    for (i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] == 127) {
            return NULL;
        }
    }
    return text[length] == '\0' ? (const char *)text : NULL;
}

/* The server. ------------------------------------------------------------------------------------------------ */

static struct member *member_with(struct room *room, double socket) {
    int i;
    for (i = 0; i < MAX_MEMBERS; i++) {
        if (room->members[i].socket == socket) {
            return &room->members[i];
        }
    }
    return NULL;
}

static void tell_everyone(struct room *room, const char *line) {
    unsigned char packet[MAX_PACKET];
    double size = put_text(packet, KIND_LINE, line);

    printf("%s\n", line);
    /* Who has megabytes of lines yet to read misses this one. */
    network_group_send_packet(room->talking, packet, size, -1);
}

static void remove_member(struct room *room, struct member *member) {
    char line[MAX_NAME + 16];

    snprintf(line, sizeof line, "* %s left", member->name);
    member->socket = -1;
    if (member->name[0] != '\0') {
        tell_everyone(room, line);
    }
}

static void refuse(struct room *room, struct member *member, const char *why) {
    send_text(member->socket, KIND_LINE, why); /* best effort: it is shown out either way */
    network_destroy(member->socket);           /* what was sent still leaves before the connection closes */
    remove_member(room, member);
}

static void take_name(struct room *room, struct member *member, const char *name) {
    char line[MAX_NAME + 16];
    int i;

    if (name == NULL || strlen(name) > MAX_NAME) {
        refuse(room, member, "* a name of 1 to 24 bytes comes first");
        return;
    }
    for (i = 0; i < MAX_MEMBERS; i++) {
        if (room->members[i].socket >= 0 && strcmp(room->members[i].name, name) == 0) {
            refuse(room, member, "* that name is taken");
            return;
        }
    }
    strcpy(member->name, name);
    network_group_add(room->talking, member->socket); /* it leaves the group by itself */
    snprintf(line, sizeof line, "* %s joined", name);
    tell_everyone(room, line);
}

static void on_server_event(const NetworkEvent *event, struct room *room) {
    char line[MAX_NAME + MAX_TEXT + 3];
    struct member *member = NULL;
    const char *text;

    switch ((int)event->type) {
    case network_type_connect:
        member = member_with(room, -1);
        if (member == NULL) { /* max_client should have kept this one out */
            network_destroy(event->socket);
            break;
        }
        member->socket = event->socket;
        member->name[0] = '\0';
        break;
    case network_type_disconnect:
        member = member_with(room, event->socket);
        if (member != NULL) {
            remove_member(room, member);
        }
        break;
    case network_type_data:
        member = member_with(room, event->id);
        if (member == NULL) {
            break;
        }
        if (member->name[0] == '\0') {
            take_name(room, member, text_of(event, KIND_NAME));
            break;
        }
        text = text_of(event, KIND_SAY);
        if (text == NULL || strlen(text) > MAX_TEXT) {
            refuse(room, member, "* that was no chat message");
            break;
        }
        snprintf(line, sizeof line, "%s: %s", member->name, text);
        tell_everyone(room, line);
        break;
    }
}

static double open_room(struct room *room, double port) {
    int i;
    for (i = 0; i < MAX_MEMBERS; i++) {
        room->members[i].socket = -1;
    }
    room->talking = network_create_group();
    return network_create_server(network_socket_tcp, port, MAX_MEMBERS);
}

static int serve(const char *port) {
    struct room room;
    NetworkEvent event;
    double got = 0, server;
    unsigned number;
    char rest;

    if (sscanf(port, "%u%c", &number, &rest) != 1) {
        fprintf(stderr, "chat: %s is no port\n", port);
        return 2;
    }
    server = open_room(&room, number);
    if (server < 0) {
        return fail("listening");
    }
    printf("listening on port %.0f, Ctrl-C ends it\n", network_get_port(server));
    while (!stop && got >= 0) {
        fflush(stdout);
        got = network_wait(250);
        while (got > 0 && (got = network_poll_event(&event)) > 0) {
            on_server_event(&event, &room);
        }
    }
    return got < 0 ? fail("waiting for events") : 0;
}

/* The one who talks. ----------------------------------------------------------------------------------------- */

struct typed {
    char text[MAX_TEXT + 1];
    size_t length;
    int ended;
};

/* Next typed character without waiting: -1 when there is none, 0 at the end of the input. */
static int typed_char(void) {
#if defined(_WIN32)
    int c = _kbhit() ? _getche() : -1;
    return c == 26 ? 0 : c == '\r' ? '\n' : c; /* Ctrl-Z ends the input of a console */
#else
    struct pollfd input;
    unsigned char c;
    input.fd = STDIN_FILENO;
    input.events = POLLIN;
    if (poll(&input, 1, 0) <= 0) {
        return -1;
    }
    return read(STDIN_FILENO, &c, 1) == 1 ? c : 0;
#endif
}

/* 1 when a whole line stands in typed->text. */
static int typed_line(struct typed *typed) {
    int c;
    while ((c = typed_char()) > 0 && c != '\n') {
        if (typed->length < MAX_TEXT && c >= ' ') {
            typed->text[typed->length++] = (char)c;
        }
    }
    if (c == -1) {
        return 0;
    }
    typed->ended = c == 0;
    typed->text[typed->length] = '\0';
    typed->length = 0;
    return typed->text[0] != '\0';
}

static int join(const char *host, const char *port, const char *name) {
    struct typed typed;
    NetworkEvent event;
    double socket = network_create_socket(network_socket_tcp);
    double got = 0;
    unsigned number;
    char rest;

    if (sscanf(port, "%u%c", &number, &rest) != 1) {
        fprintf(stderr, "chat: %s is no port\n", port);
        return 2;
    }
    /* Nothing else is to be done until the connection stands, so this may block (at most the connect timeout). */
    if (network_connect(socket, host, number) < 0 || send_text(socket, KIND_NAME, name) < 0) {
        return fail(host);
    }
    memset(&typed, 0, sizeof typed);
    while (!stop && !typed.ended && got >= 0) {
        fflush(stdout);
        got = network_wait(50);
        while (got > 0 && (got = network_poll_event(&event)) > 0) {
            const char *line;
            if (event.type == network_type_disconnect) {
                fprintf(stderr, "chat: the server ended the connection%s%s\n", event.error != 0 ? ": " : "", event.reason);
                return 1;
            }
            line = event.type == network_type_data ? text_of(&event, KIND_LINE) : NULL;
            printf("%s\n", line != NULL ? line : "* (something unreadable)");
        }
        while (typed_line(&typed)) {
            if (send_text(socket, KIND_SAY, typed.text) < 0) {
                return fail("sending");
            }
        }
    }
    return got < 0 ? fail("waiting for events") : 0;
}

/* The check. ------------------------------------------------------------------------------------------------- */

struct check {
    double ada, bob, rude;
    int bob_is_in, heard, rude_is_out, farewell;
};

static void on_check_event(const NetworkEvent *event, struct check *check) {
    const char *line = event->type == network_type_data ? text_of(event, KIND_LINE) : NULL;

    if (event->id == check->rude && event->type == network_type_disconnect) {
        check->rude_is_out = 1;
        network_destroy(check->ada); /* nothing is left to say */
    }
    if (line == NULL || event->id != check->bob) {
        return;
    }
    if (strcmp(line, "* bob joined") == 0) {
        check->bob_is_in = 1;
        send_text(check->ada, KIND_SAY, "hello");
    } else if (strcmp(line, "ada: hello") == 0) {
        check->heard = 1;
        send_text(check->rude, KIND_NAME, "a\033[2Jb"); /* clears the screen of those who show it */
    } else if (strcmp(line, "* ada left") == 0) {
        check->farewell = 1;
    }
}

static double connected(double port, const char *name) {
    double socket = network_create_socket(network_socket_tcp);
    double result = network_connect(socket, "127.0.0.1", port);

    if (result >= 0 && name != NULL) {
        result = send_text(socket, KIND_NAME, name);
    }
    return result < 0 ? result : socket;
}

static int check_itself(void) {
    struct room room;
    struct check check;
    NetworkEvent event;
    double server;

    memset(&check, 0, sizeof check);
    network_set_config_string(network_config_bind_address, -1, "127.0.0.1");
    server = open_room(&room, 0);
    if (server < 0) {
        return fail("listening");
    }
    check.ada = connected(network_get_port(server), "ada");
    check.rude = connected(network_get_port(server), NULL);
    check.bob = connected(network_get_port(server), "bob");
    if (check.ada < 0 || check.rude < 0 || check.bob < 0) {
        return fail("connecting");
    }
    while (!check.farewell) {
        if (network_wait(5000) <= 0) {
            fprintf(stderr, "chat: silence; bob joined %d, heard ada %d, the rude one is out %d\n", check.bob_is_in,
                    check.heard, check.rude_is_out);
            return 1;
        }
        while (network_poll_event(&event) > 0) {
            if (event.server >= 0) {
                on_server_event(&event, &room);
            } else {
                on_check_event(&event, &check);
            }
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    int status = 2;

    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (argc == 1) {
        status = check_itself();
    } else if (argc == 3 && strcmp(argv[1], "serve") == 0) {
        status = serve(argv[2]);
    } else if (argc == 5 && strcmp(argv[1], "join") == 0) {
        status = join(argv[2], argv[3], argv[4]);
    } else {
        fprintf(stderr, "usage: chat [serve PORT | join HOST PORT NAME]\n");
    }
    network_shutdown();
    return status;
}
