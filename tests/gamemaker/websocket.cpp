// The cases that GameMaker's own developers test networking with, against a WebSocket server of
// another make that sends back what it gets: one with GameMaker's handshake, one without.
// Usage: websocket LIBRARY HANDSHAKE_PORT RAW_PORT

#include "standin/check.hpp"
#include "standin/game.hpp"
#include "standin/runner.hpp"

namespace {

struct Servers {
    double handshake;
    double raw;
};

double client(Game &game) { return game.good("stepwire_create_socket", {real_value(socket_ws)}); }

std::string url(double port) { return "ws://127.0.0.1:" + std::to_string(static_cast<int>(port)) + "/echo?a=b"; }

// The event that tells how a connect went.
Event connect(Game &game, const char *function, double socket, const std::string &address, double port)
{
    game.seen.clear();
    CHECK_EQ(game.good(function, {real_value(socket), game.runner.string(address), real_value(port)}), socket);
    game.until("the result", [&] { return game.count(type_non_blocking_connect) == 1; });
    const Event result = game.first(type_non_blocking_connect, "id", socket).event;
    CHECK_EQ(result.text("ip"), address);
    game.seen.clear();
    return result;
}

void connect_with_handshake(Game &game, const Servers &servers)
{
    const double socket = client(game);
    const Event result = connect(game, "stepwire_connect_async", socket, "127.0.0.1", servers.handshake);
    CHECK_EQ(result.real("succeeded"), 1.0);
    CHECK_EQ(result.real("port"), servers.handshake);
    game.good("stepwire_destroy", {real_value(socket)});
    // The form that waits.
    const double waiting = client(game);
    CHECK_EQ(game.good("stepwire_connect",
                       {real_value(waiting), game.runner.string(url(servers.handshake)), real_value(0)}),
             waiting);
    game.good("stepwire_destroy", {real_value(waiting)});
}

void regular_connect_to_a_raw_server_fails(Game &game, const Servers &servers)
{
    game.set_config(0, 300);
    const double socket = client(game);
    const Event result = connect(game, "stepwire_connect_async", socket, url(servers.raw), 0);
    CHECK_EQ(result.real("succeeded"), 0.0);
    CHECK_EQ(result.real("port"), servers.raw);
    CHECK(result.real("error") < 0);
    CHECK(!result.text("reason").empty());
    CHECK(game.runner.real("stepwire_connect",
                           {real_value(socket), game.runner.string("127.0.0.1"), real_value(servers.raw)}) < 0);
    game.set_config(0, 10'000);
    game.good("stepwire_destroy", {real_value(socket)});
}

std::string pattern(std::size_t size)
{
    std::string bytes(size, '\0');
    for (std::size_t at = 0; at < size; ++at) {
        bytes[at] = static_cast<char>(at * 31 + at / 251);
    }
    return bytes;
}

void raw_connect_and_echo(Game &game, const Servers &servers)
{
    const double socket = client(game);
    CHECK_EQ(connect(game, "stepwire_connect_raw_async", socket, url(servers.raw), 0).real("succeeded"), 1.0);
    for (const bool text : {false, true}) {
        game.seen.clear();
        const std::string sent = text ? "gr\xc3\xbc\xc3\x9f" "e" : pattern(300);
        const int buffer = game.runner.buffer_of(sent);
        const double size = static_cast<double>(sent.size());
        CHECK_EQ(game.send_raw(socket, buffer, size, text ? send_text : send_binary), size);
        game.runner.delete_buffer(buffer);
        game.until("the echo", [&] { return game.count(type_data) == 1; });
        CHECK(game.seen.back().data == sent);
        CHECK_EQ(game.seen.back().event.real("message_type"), text ? 2.0 : 1.0);
        CHECK_EQ(game.seen.back().event.text("ip"), url(servers.raw));
    }
    game.good("stepwire_destroy", {real_value(socket)});
}

void packet_and_echo(Game &game, const Servers &servers)
{
    const double socket = client(game);
    CHECK_EQ(connect(game, "stepwire_connect_async", socket, url(servers.handshake), 0).real("succeeded"), 1.0);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100}, std::size_t{90'000}}) {
        game.seen.clear();
        const std::string sent = pattern(size);
        const double returned = game.send(socket, sent);
        game.until("the echo", [&] { return game.count(type_data) == 1; });
        CHECK_EQ(game.seen.back().event.real("size"), returned);
        CHECK_EQ(returned, static_cast<double>(size));
        CHECK(game.seen.back().data == sent);
    }
    game.good("stepwire_destroy", {real_value(socket)});
}

void resolve(Game &game)
{
    CHECK(game.runner.text("stepwire_resolve", {game.runner.string("localhost")}) != "");
    CHECK_EQ(game.runner.text("stepwire_resolve", {game.runner.string("127.0.0.1")}), "127.0.0.1");
    CHECK_EQ(game.runner.text("stepwire_resolve", {game.runner.string("no-such-host.invalid")}), "");
    CHECK(!game.runner.text("stepwire_last_error").empty());
}

// Both ends in this game: what a browser's page would be told about is there for GML too.
void own_server(Game &game)
{
    const double server = game.server(socket_ws);
    const double port = game.port(server);
    const double socket = client(game);
    CHECK_EQ(connect(game, "stepwire_connect_async", socket, url(port), 0).real("succeeded"), 1.0);
    CHECK_EQ(game.send(socket, "x"), 1.0);
    game.until("it", [&] { return game.count(type_data) == 1; });
    const Event data = game.first(type_data, "server", server).event;
    CHECK_EQ(data.real("message_type"), static_cast<double>(send_binary));
    const RValue peer = real_value(data.real("id"));
    CHECK_EQ(game.runner.text("stepwire_get_string", {peer, game.runner.string("path")}), "/echo");
    CHECK_EQ(game.runner.text("stepwire_get_string", {peer, game.runner.string("query")}), "a=b");
    game.good("stepwire_destroy", {real_value(server)});
    game.until("the end", [&] { return game.count(type_disconnect) == 1; });
    CHECK_EQ(game.first(type_disconnect, "id", socket).event.text("ip"), url(port));
    game.good("stepwire_destroy", {real_value(socket)});
}

} // namespace

int main(int count, char **arguments)
{
    CHECK_EQ(count, 5);
    Runner runner(arguments[1], runtime_named(arguments[4]));
    Game game(runner);
    const Servers servers = {std::stod(arguments[2]), std::stod(arguments[3])};
    resolve(game);
    connect_with_handshake(game, servers);
    regular_connect_to_a_raw_server_fails(game, servers);
    raw_connect_and_echo(game, servers);
    packet_and_echo(game, servers);
    own_server(game);
    CHECK_EQ(runner.real("stepwire_final"), 0.0);
    runner.check_nothing_left();
    std::puts("websocket: passed");
    return 0;
}
