/* The library as a plug-in: opened at run time, closed while it works, opened again. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stepwire.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            return 1; \
        } \
    } while (0)

typedef double (*Create)(double, double, double);
typedef double (*Number)(double);
typedef double (*None)(void);

/* ISO C has no conversion from an object's to a function's address; POSIX wants them to be alike. */
static void look_up(void *library, const char *name, void *function) {
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
}

int main(int argc, char **argv) {
    Create create = NULL;
    Number port = NULL, destroy = NULL, wait = NULL;
    None shut_down = NULL;
    double server, bound;
    void *library;
    int round;
    CHECK(argc == 2);
    for (round = 0; round < 3; round++) {
        library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL)
            fprintf(stderr, "%s\n", dlerror());
        CHECK(library != NULL);
        look_up(library, "network_create_server", &create);
        look_up(library, "network_get_port", &port);
        look_up(library, "network_destroy", &destroy);
        look_up(library, "network_wait", &wait);
        look_up(library, "network_shutdown", &shut_down);
        CHECK(create && port && destroy && wait && shut_down);

        server = create(network_socket_tcp, 0, 4);
        CHECK(server >= 0);
        bound = port(server);
        CHECK(bound > 0);
        /* The I/O thread goes on in code that must stay where it is. */
        CHECK(dlclose(library) == 0);
        CHECK(wait(20) == 0);
        CHECK(port(server) == bound);

        library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        CHECK(library != NULL);
        CHECK(port(server) == bound);
        CHECK(destroy(server) == 0);
        if (round == 1)
            CHECK(shut_down() == 0);
        CHECK(dlclose(library) == 0);
    }
    return 0;
}
