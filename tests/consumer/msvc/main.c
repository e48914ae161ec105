/* A program with Microsoft's ABI, linked with stepwire.lib, which plays a round with itself. It has no C library, since
 * Microsoft's comes with its compiler alone: what it needs of Windows it declares itself. */
#include <stepwire.h>

#define WINDOWS_FUNCTION(type) __declspec(dllimport) type __stdcall

WINDOWS_FUNCTION(void) ExitProcess(unsigned code);
WINDOWS_FUNCTION(void *) GetStdHandle(unsigned number);
WINDOWS_FUNCTION(int) WriteFile(void *file, const void *bytes, unsigned size, unsigned *written, void *overlapped);

/* Compilers with this ABI want it where there are floating-point numbers. */
int _fltused;

static void say(const char *text) {
    unsigned size = 0, written;
    while (text[size] != 0)
        size++;
    WriteFile(GetStdHandle((unsigned)-11), text, size, &written, 0);
}

static int is_hello(const NetworkEvent *event) {
    const char *bytes = (const char *)event->buffer;
    return event->type == network_type_data && event->size == 5 && bytes[0] == 'h' && bytes[4] == 'o';
}

static int play(void) {
    static NetworkEvent event;
    double server, client;
    int turns;
    network_set_config_string(network_config_bind_address, -1, "127.0.0.1");
    server = network_create_server(network_socket_tcp, 0, 1);
    client = network_create_socket(network_socket_tcp);
    if (network_connect(client, "127.0.0.1", network_get_port(server)) < 0 ||
        network_send_packet(client, "hello", 5) < 0) {
        say(network_last_error());
        return 1;
    }
    for (turns = 0; turns < 1000; turns++) {
        network_wait(10);
        while (network_poll_event(&event) == 1)
            if (is_hello(&event)) {
                say("stepwire ");
                say(network_version());
                say(" works with Microsoft's ABI\n");
                return network_shutdown() == 0 ? 0 : 1;
            }
    }
    say("nothing arrived\n");
    return 1;
}

void start(void) {
    ExitProcess((unsigned)play());
}
