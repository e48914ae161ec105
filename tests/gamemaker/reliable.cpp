// Reliable datagrams as a game sees them.
// Usage: reliable LIBRARY classic|new

#include <algorithm>
#include "standin/check.hpp"
#include "standin/game.hpp"
#include "standin/runner.hpp"

#include <set>

namespace {

constexpr double timeout = -6;
// GameMaker's network_config_enable_reliable_udp.
constexpr double enable = 2;

void every_message_arrives_once(Game &game)
{
    const double server = game.server(socket_udp);
    const double socket = game.udp_socket();
    game.set_config(enable, server);
    game.set_config(enable, socket);
    std::set<std::string> expected;
    for (int number = 0; number < 200; ++number) {
        const std::string word = "message " + std::to_string(number);
        CHECK(game.send_udp(socket, "127.0.0.1", game.port(server), word) > 0);
        expected.insert(word);
    }
    game.until("all of them", [&] { return game.seen.size() == 200; });
    std::set<std::string> received;
    for (const Seen &entry : game.seen) {
        CHECK_EQ(entry.event.type(), type_data);
        received.insert(entry.data);
    }
    CHECK(received == expected);
    game.good("stepwire_destroy", {real_value(socket)});
    game.good("stepwire_destroy", {real_value(server)});
    game.seen.clear();
}

void a_peer_that_is_gone(Game &game)
{
    const double server = game.server(socket_udp);
    const double socket = game.udp_socket();
    const double peer_port = game.port(socket);
    game.set_config(enable, server);
    game.set_config(1011, server, 200);
    game.good("stepwire_destroy", {real_value(socket)});
    CHECK(game.send_udp(server, "127.0.0.1", peer_port, "are you there?") > 0);
    // Peers of the case before may still say goodbye, also to a server that has got their server's port.
    const auto of_this_peer = [&](const Seen &entry) {
        return entry.event.type() == type_disconnect && entry.event.real("id") == server
            && entry.event.real("port") == peer_port;
    };
    game.until("it to be given up", [&] {
        return std::any_of(game.seen.begin(), game.seen.end(), of_this_peer);
    });
    const Event end = std::find_if(game.seen.begin(), game.seen.end(), of_this_peer)->event;
    CHECK_EQ(end.real("socket"), -1.0);
    CHECK_EQ(end.text("ip"), "127.0.0.1");
    CHECK_EQ(end.real("error"), timeout);
    CHECK(!end.text("reason").empty());
    game.good("stepwire_destroy", {real_value(server)});
    game.seen.clear();
}

} // namespace

int main(int count, char **arguments)
{
    CHECK_EQ(count, 3);
    Runner runner(arguments[1], runtime_named(arguments[2]));
    Game game(runner);
    every_message_arrives_once(game);
    a_peer_that_is_gone(game);
    CHECK_EQ(runner.real("stepwire_final"), 0.0);
    runner.check_nothing_left();
    std::puts("reliable: passed");
    return 0;
}
