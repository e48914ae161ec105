// A peer of `cargo xtask bench`: uWebSockets, which echoes messages or publishes each to all.
//
//   uwebsockets echo|all
//
// Prints "port N".
#include <App.h>

#include <cstdio>
#include <cstring>
#include <string_view>

struct Nothing {};

int main(int count, char **arguments) {
    const bool to_all = count > 1 && std::strcmp(arguments[1], "all") == 0;
    uWS::App app;
    uWS::App::WebSocketBehavior<Nothing> behavior;
    behavior.compression = uWS::DISABLED;
    behavior.maxPayloadLength = 1 << 20;
    behavior.maxBackpressure = 64 << 20;
    behavior.open = [to_all](auto *socket) {
        if (to_all) {
            socket->subscribe("all");
        }
    };
    behavior.message = [to_all, &app](auto *socket, std::string_view message, uWS::OpCode code) {
        if (to_all) {
            app.publish("all", message, code, false);
        } else {
            socket->send(message, code, false);
        }
    };
    app.ws<Nothing>("/*", std::move(behavior));
    app.listen("127.0.0.1", 0, [](us_listen_socket_t *listener) {
        if (listener != nullptr) {
            std::printf("port %d\n", us_socket_local_port(0, reinterpret_cast<us_socket_t *>(listener)));
            std::fflush(stdout);
        }
    });
    app.run();
    return 1;
}
