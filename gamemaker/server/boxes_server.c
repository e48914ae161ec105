/* A dedicated server for the GameMaker demo: moving boxes and chat, for games that use the built-in
 * networking functions or the extension, over TCP, WebSockets (HTML5 games) and UDP at once.
 *
 * Usage: boxes_server [port]: TCP on that port (default 6510), WebSockets on the next one, UDP on
 * the one after; 0 lets the system choose. The ports are printed. SIGINT or SIGTERM ends it.
 *
 * A message is what the game wrote into its buffer, numbers little-endian:
 *   to the server     buffer_u8 1 (move), buffer_f32 x, buffer_f32 y
 *                     buffer_u8 2 (say), buffer_string text
 *                     buffer_u8 3 (leave); UDP only, a connection just ends
 *   from the server   buffer_u8 1 (you are), buffer_u16 id
 *                     buffer_u8 2 (moved), buffer_u16 id, buffer_f32 x, buffer_f32 y
 *                     buffer_u8 3 (said), buffer_u16 id, buffer_string text
 *                     buffer_u8 4 (left), buffer_u16 id
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stepwire.h>

enum { TO_MOVE = 1, TO_SAY = 2, TO_LEAVE = 3 };
enum { FROM_YOU_ARE = 1, FROM_MOVED = 2, FROM_SAID = 3, FROM_LEFT = 4 };
enum { MAX_PLAYERS = 64, MAX_TEXT = 200, MAX_MESSAGE = 3 + MAX_TEXT + 1, SILENCE_SECONDS = 10 };

typedef struct Player {
    int here;
    double socket;    /* a connection; or the UDP server, with the address in ip and port */
    int over_udp;
    char ip[64];
    double port;
    time_t last_heard;
    unsigned char position[8];
} Player;

static Player players[MAX_PLAYERS];
static double udp_server = -1;
static volatile sig_atomic_t ending;

static void end(int signal_number)
{
    (void)signal_number;
    ending = 1;
}

static void send_to(const Player *player, const unsigned char *message, size_t size)
{
    double sent = player->over_udp
        ? network_send_udp(player->socket, player->ip, player->port, message, (double)size)
        : network_send_packet(player->socket, message, (double)size);
    if (sent < 0)
        fprintf(stderr, "player %d: %s\n", (int)(player - players), network_last_error());
}

static void send_to_all(const unsigned char *message, size_t size)
{
    int i;
    for (i = 0; i < MAX_PLAYERS; i++)
        if (players[i].here)
            send_to(&players[i], message, size);
}

/* Begins a message about a player; its size so far. */
static size_t begin(unsigned char *message, int kind, const Player *player)
{
    int id = (int)(player - players);
    message[0] = (unsigned char)kind;
    message[1] = (unsigned char)(id & 0xff);
    message[2] = (unsigned char)(id >> 8);
    return 3;
}

static size_t position_of(unsigned char *message, const Player *player)
{
    size_t size = begin(message, FROM_MOVED, player);
    memcpy(message + size, player->position, sizeof player->position);
    return size + sizeof player->position;
}

static Player *enter(const NetworkEvent *event, double socket, int over_udp)
{
    unsigned char message[MAX_MESSAGE];
    Player *player = NULL;
    int i;
    for (i = 0; i < MAX_PLAYERS && !player; i++)
        if (!players[i].here)
            player = &players[i];
    if (!player)
        return NULL;
    memset(player, 0, sizeof *player);
    player->here = 1;
    player->socket = socket;
    player->over_udp = over_udp;
    snprintf(player->ip, sizeof player->ip, "%s", event->ip);
    player->port = event->port;
    player->last_heard = time(NULL);
    printf("player %d enters from %s port %d\n", (int)(player - players), event->ip, (int)event->port);
    send_to(player, message, begin(message, FROM_YOU_ARE, player));
    for (i = 0; i < MAX_PLAYERS; i++)
        if (players[i].here && &players[i] != player)
            send_to(player, message, position_of(message, &players[i]));
    return player;
}

static void leave(Player *player, const char *reason)
{
    unsigned char message[MAX_MESSAGE];
    player->here = 0;
    printf("player %d leaves%s%s\n", (int)(player - players), *reason ? ": " : "", reason);
    send_to_all(message, begin(message, FROM_LEFT, player));
}

static Player *find(double socket)
{
    int i;
    for (i = 0; i < MAX_PLAYERS; i++)
        if (players[i].here && !players[i].over_udp && players[i].socket == socket)
            return &players[i];
    return NULL;
}

static Player *find_address(const char *ip, double port)
{
    int i;
    for (i = 0; i < MAX_PLAYERS; i++)
        if (players[i].here && players[i].over_udp && players[i].port == port && !strcmp(players[i].ip, ip))
            return &players[i];
    return NULL;
}

/* What a player sent: believed only as far as it is long. */
static void obey(Player *player, const uint8_t *data, size_t size)
{
    unsigned char message[MAX_MESSAGE];
    size_t length;
    player->last_heard = time(NULL);
    if (size == 9 && data[0] == TO_MOVE) {
        memcpy(player->position, data + 1, sizeof player->position);
        send_to_all(message, position_of(message, player));
    } else if (size >= 2 && size <= 2 + MAX_TEXT && data[0] == TO_SAY && data[size - 1] == 0) {
        length = begin(message, FROM_SAID, player);
        memcpy(message + length, data + 1, size - 1);
        send_to_all(message, length + size - 1);
    } else if (size == 1 && data[0] == TO_LEAVE && player->over_udp) {
        leave(player, "");
    }
}

static void on_event(const NetworkEvent *event, void *user)
{
    int over_udp = event->server == udp_server && udp_server >= 0;
    Player *player;
    (void)user;
    switch ((int)event->type) {
    case network_type_connect:
        if (!enter(event, event->socket, 0))
            network_destroy(event->socket);
        break;
    case network_type_disconnect:
        player = find(event->socket);
        if (player)
            leave(player, event->reason);
        network_destroy(event->socket);
        break;
    case network_type_data:
        player = over_udp ? find_address(event->ip, event->port) : find(event->id);
        if (!player && over_udp)
            player = enter(event, udp_server, 1);
        if (player)
            obey(player, event->buffer, (size_t)event->size);
        break;
    }
}

static void dismiss_the_silent(void)
{
    time_t now = time(NULL);
    int i;
    for (i = 0; i < MAX_PLAYERS; i++)
        if (players[i].here && players[i].over_udp && now - players[i].last_heard > SILENCE_SECONDS)
            leave(&players[i], "nothing heard for long");
}

static double serve(const char *name, double type, double port)
{
    double server = network_create_server(type, port, MAX_PLAYERS);
    if (server < 0)
        fprintf(stderr, "no %s: %s\n", name, network_last_error());
    else
        printf("%s on port %d\n", name, (int)network_get_port(server));
    return server;
}

int main(int count, char **arguments)
{
    double port = count > 1 ? atof(arguments[1]) : 6510;
    double step = port > 0 ? 1 : 0;
    double tcp, websocket;
    signal(SIGINT, end);
    signal(SIGTERM, end);
    tcp = serve("tcp", network_socket_tcp, port);
    websocket = serve("ws", network_socket_ws, port + step);
    udp_server = serve("udp", network_socket_udp, port + 2 * step);
    if (tcp < 0 && websocket < 0 && udp_server < 0)
        return 1;
    fflush(stdout);
    while (!ending) {
        network_wait(100);
        network_poll(on_event, NULL);
        dismiss_the_silent();
        fflush(stdout);
    }
    network_shutdown();
    return 0;
}
