// Datagrams as a game sees them, and the plain functions that send them.
// Usage: udp LIBRARY classic|new
#include "standin/check.hpp"
#include "standin/game.hpp"
#include "standin/runner.hpp"

namespace {

constexpr double not_connected = -5;
constexpr double too_big = -7;

void keys_and_answers(Game &game)
{
    const double server = game.server(socket_udp);
    const double socket = game.udp_socket();
    CHECK_EQ(game.send_udp(socket, "127.0.0.1", game.port(server), "ping"), 12.0 + 4.0);
    game.until("the datagram", [&] { return game.seen.size() == 1; });
    const Seen ping = game.first(type_data, "id", server);
    CHECK_EQ(ping.data, "ping");
    CHECK_EQ(ping.event.text("ip"), "127.0.0.1");
    CHECK_EQ(ping.event.real("port"), game.port(socket));
    CHECK_EQ(ping.event.real("server"), server);
    CHECK(!ping.event.has("other_port") && !ping.event.has("socket") && !ping.event.has("message_type"));

    // The event says enough to answer; a raw datagram arrives as it is.
    game.seen.clear();
    CHECK_EQ(game.send_udp(server, ping.event.text("ip"), ping.event.real("port"), "pong", true), 4.0);
    CHECK_EQ(game.send_udp(server, ping.event.text("ip"), ping.event.real("port"), "", false), 12.0);
    game.until("both answers", [&] { return game.seen.size() == 2; });
    const Seen pong = game.first(type_data, "size", 4);
    CHECK_EQ(pong.data, "pong");
    CHECK_EQ(pong.event.real("id"), socket);
    CHECK_EQ(pong.event.real("port"), game.port(server));
    CHECK(!pong.event.has("server"));
    CHECK_EQ(game.first(type_data, "size", 0).event.real("id"), socket);

    const int buffer = game.runner.create_buffer(buffer_fixed, 70'000);
    CHECK_EQ(game.send_datagram(socket, "127.0.0.1", 9, buffer, 70'000), too_big);
    game.runner.delete_buffer(buffer);
    game.good("stepwire_destroy", {real_value(socket)});
    game.good("stepwire_destroy", {real_value(server)});
    game.seen.clear();
}

void broadcast(Game &game)
{
    const double server = game.server(socket_udp);
    const double socket = game.good("stepwire_create_socket", {real_value(socket_udp)});
    const int buffer = game.runner.buffer_of("anybody?");
    CHECK_EQ(game.send_broadcast(socket, game.port(server), buffer, 8), 8.0);
    game.runner.delete_buffer(buffer);
    game.until("an echo of it", [&] { return !game.seen.empty(); });
    CHECK_EQ(game.first(type_data, "id", server).data, "anybody?");
    game.good("stepwire_destroy", {real_value(socket)});
    game.good("stepwire_destroy", {real_value(server)});
    game.frame();
    game.seen.clear();
}

// What hosts do that cannot mix five arguments.
void targets(Game &game)
{
    using SetTarget = double (*)(double, const char *, double);
    using Send = double (*)(double, const char *, double);
    const auto set_target = reinterpret_cast<SetTarget>(game.runner.symbol("stepwire_set_udp_target"));
    const auto send = reinterpret_cast<Send>(game.runner.symbol("stepwire_send_udp_bytes"));
    const auto send_raw = reinterpret_cast<Send>(game.runner.symbol("stepwire_send_udp_raw_bytes"));
    const double server = game.server(socket_udp);
    const double socket = game.udp_socket();
    CHECK_EQ(send(socket, "x", 1), not_connected);
    CHECK_EQ(set_target(socket, "127.0.0.1", game.port(server)), 0.0);
    CHECK_EQ(send(socket, "with header", 11), 23.0);
    CHECK_EQ(send_raw(socket, "raw", 3), 3.0);
    game.until("both", [&] { return game.seen.size() == 2; });
    CHECK_EQ(game.seen[0].data, "with header");
    CHECK_EQ(game.seen[1].data, "raw");
    game.good("stepwire_destroy", {real_value(socket)});
    game.good("stepwire_destroy", {real_value(server)});
    game.seen.clear();
}

} // namespace

int main(int count, char **arguments)
{
    CHECK_EQ(count, 3);
    Runner runner(arguments[1], runtime_named(arguments[2]));
    Game game(runner);
    keys_and_answers(game);
    targets(game);
    broadcast(game);
    CHECK_EQ(runner.real("stepwire_final"), 0.0);
    runner.check_nothing_left();
    std::puts("udp: passed");
    return 0;
}
