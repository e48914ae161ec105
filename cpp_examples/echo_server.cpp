/* Echo server: every packet goes back to whoever sent it.
 *
 *   echo_server_cpp        checks itself: serves one client of its own, then ends
 *   echo_server_cpp PORT   serves until Ctrl-C; port 0 lets the system choose
 */
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stepwire.hpp>

namespace event = stepwire::event;
using namespace std::chrono_literals;

static int fail(const char *what, const stepwire::failure &why) {
    std::fprintf(stderr, "echo_server: %s: %s\n", what, why.sentence.c_str());
    return 1;
}

/** Sends a server's client back what it has sent. */
static void echo(const event::data &data) {
    auto sent = data.socket.send(data.bytes);
    if (!sent && sent.error().code != stepwire::error_code::closed) {
        // It sends but does not read what it gets back: nobody is served by a queue that only grows.
        std::fprintf(stderr, "a client is cut off: %s\n", sent.error().sentence.c_str());
        stepwire::Socket::adopt(data.socket).reset();
    }
}

static int serve(const stepwire::Server &server) {
    std::printf("listening on port %d, Ctrl-C ends it\n", server.port().value_or(0));
    std::fflush(stdout);
    for (;;) {
        if (auto waited = stepwire::wait(1s); !waited) {
            return fail("waiting for events", waited.error());
        }
        stepwire::poll(echo, [](const event::disconnect &left) {
            if (left.error != stepwire::error_code::none) {
                std::fprintf(stderr, "a client left: %.*s\n", static_cast<int>(left.reason.size()), left.reason.data());
            }
        });
    }
}

static int check_itself(const stepwire::Server &server) {
    auto client = stepwire::Socket::create(stepwire::tcp);
    if (!client) {
        return fail("a socket", client.error());
    }
    if (auto begun = client->connect_async("127.0.0.1", server.port().value_or(0)); !begun) {
        return fail("connecting", begun.error());
    }
    bool echoed = false;
    bool failed = false;
    while (!echoed && !failed) {
        auto waited = stepwire::wait(5s);
        if (!waited || !*waited) {
            std::fprintf(stderr, "echo_server: no answer within five seconds\n");
            return 1;
        }
        stepwire::poll(
            [&](const event::data &data) {
                if (data.server) {
                    echo(data);
                } else {
                    echoed = data.bytes == "hello";
                    failed = !echoed;
                }
            },
            [&](const event::connected &own) { failed = !own.socket.send("hello"); },
            [&](const event::failed &) { failed = true; });
    }
    std::printf(echoed ? "a packet was echoed\n" : "the echo did not come back\n");
    return echoed ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc > 2) {
        std::fprintf(stderr, "usage: echo_server_cpp [PORT]\n");
        return 2;
    }
    if (argc == 1) {  // a check of itself is nobody else's business
        if (auto set = stepwire::set_library(stepwire::options::bind_address, "127.0.0.1"); !set) {
            return fail("127.0.0.1", set.error());
        }
    }
    auto server = stepwire::Server::create(stepwire::tcp, argc == 2 ? std::atoi(argv[1]) : 0, 100'000);
    if (!server) {
        return fail("listening", server.error());
    }
    return argc == 2 ? serve(*server) : check_itself(*server);
}
