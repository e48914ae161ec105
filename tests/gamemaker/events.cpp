// What a game gets to see of TCP connections, whatever it does meanwhile.
// Usage: events LIBRARY classic|new

#include "standin/check.hpp"
#include "standin/game.hpp"
#include "standin/runner.hpp"

#include <algorithm>

namespace {

constexpr double bad_handle = -2;
constexpr double timeout = -6;
constexpr double queue_full = -8;
constexpr double closed = -16;

// A server with clients, both in the same game: each end's handle, in the order of connecting.
struct Table {
    double server;
    double port;
    std::vector<double> clients;
    std::vector<double> accepted;
};

Table seat(Game &game, std::size_t clients)
{
    Table table{game.server(socket_tcp), 0, {}, {}};
    table.port = game.port(table.server);
    for (std::size_t seated = 0; seated < clients; ++seated) {
        const double client = game.good("stepwire_create_socket", {real_value(socket_tcp)});
        game.good("stepwire_connect",
                  {real_value(client), game.runner.string("127.0.0.1"), real_value(table.port)});
        table.clients.push_back(client);
        game.until("a client", [&] {
            const auto connects = std::count_if(game.seen.begin(), game.seen.end(), [&](const Seen &entry) {
                return entry.event.type() == type_connect && entry.event.real("id") == table.server;
            });
            return static_cast<std::size_t>(connects) == seated + 1;
        });
        table.accepted.push_back(game.seen.back().event.real("socket"));
    }
    game.seen.clear();
    return table;
}

void clear(Game &game, const Table &table)
{
    for (double client : table.clients) {
        game.runner.real("stepwire_destroy", {real_value(client)});
    }
    game.runner.real("stepwire_destroy", {real_value(table.server)});
    game.on_event = nullptr;
    game.frame();
    game.seen.clear();
}

void keys_by_role(Game &game)
{
    const double server = game.server(socket_tcp);
    const double port = game.port(server);
    const double client = game.good("stepwire_create_socket", {real_value(socket_tcp)});
    CHECK_EQ(game.good("stepwire_connect_async",
                       {real_value(client), game.runner.string("localhost"), real_value(port)}),
             client);
    game.until("both ends", [&] { return game.seen.size() == 2; });

    const Event result = game.first(type_non_blocking_connect, "id", client).event;
    CHECK_EQ(result.real("socket"), client);
    CHECK_EQ(result.real("succeeded"), 1.0);
    CHECK_EQ(result.text("ip"), "localhost");
    CHECK_EQ(result.real("port"), port);
    CHECK_EQ(result.real("error"), 0.0);
    CHECK(!result.has("other_port") && !result.has("server"));

    const Event connect = game.first(type_connect, "id", server).event;
    const double accepted = connect.real("socket");
    CHECK_EQ(connect.text("ip"), "127.0.0.1");
    CHECK_EQ(connect.real("port"), port);
    CHECK_EQ(connect.real("server"), server);
    const double other_port = connect.real("other_port");
    CHECK_EQ(other_port, game.port(client));
    CHECK(!connect.has("error") && !connect.has("size"));

    game.seen.clear();
    CHECK_EQ(game.send(client, "from the client"), 12.0 + 15.0);
    CHECK_EQ(game.send(accepted, ""), 12.0);
    CHECK_EQ(game.send(accepted, "from the server"), 12.0 + 15.0);
    game.until("data", [&] { return game.seen.size() == 3; });
    const Seen &at_server = game.first(type_data, "id", accepted);
    CHECK_EQ(at_server.data, "from the client");
    CHECK_EQ(at_server.event.real("server"), server);
    CHECK_EQ(at_server.event.text("ip"), "127.0.0.1");
    CHECK_EQ(at_server.event.real("port"), port);
    CHECK_EQ(at_server.event.real("other_port"), other_port);
    CHECK(!at_server.event.has("message_type") && !at_server.event.has("socket"));
    const Seen &at_client = game.first(type_data, "id", client);
    CHECK_EQ(at_client.event.real("size"), 0.0);
    CHECK_EQ(at_client.event.text("ip"), "localhost");
    CHECK_EQ(at_client.event.real("port"), port);
    CHECK_EQ(at_client.event.real("other_port"), port);
    CHECK_EQ(game.received(client), "from the server");

    // The server lets the client go: the client hears of it, the server does not.
    game.seen.clear();
    game.good("stepwire_destroy", {real_value(accepted)});
    game.until("the end", [&] { return !game.seen.empty(); });
    const Event end = game.first(type_disconnect, "id", client).event;
    CHECK_EQ(end.real("socket"), client);
    CHECK_EQ(end.text("ip"), "localhost");
    CHECK_EQ(end.real("port"), port);
    CHECK_EQ(end.real("other_port"), port);
    CHECK_EQ(end.real("error"), 0.0);
    CHECK(!end.has("server"));

    // It may connect again, elsewhere; nobody listens there after the destroy.
    game.good("stepwire_destroy", {real_value(server)});
    game.seen.clear();
    game.good("stepwire_connect_raw_async", {real_value(client), game.runner.string("127.0.0.1"), real_value(port)});
    game.until("a refusal", [&] { return !game.seen.empty(); });
    const Event refused = game.first(type_non_blocking_connect, "id", client).event;
    CHECK_EQ(refused.real("succeeded"), 0.0);
    CHECK_EQ(refused.text("ip"), "127.0.0.1");
    CHECK_EQ(refused.real("port"), port);
    CHECK(refused.real("error") < 0 && !refused.text("reason").empty());
    game.good("stepwire_destroy", {real_value(client)});
    game.seen.clear();
}

void disconnect_on_the_server(Game &game)
{
    Table table = seat(game, 1);
    game.good("stepwire_destroy", {real_value(table.clients[0])});
    game.until("the end", [&] { return !game.seen.empty(); });
    const Event end = game.first(type_disconnect, "id", table.server).event;
    CHECK_EQ(end.real("socket"), table.accepted[0]);
    CHECK_EQ(end.real("server"), table.server);
    CHECK_EQ(end.real("port"), table.port);
    CHECK(end.real("other_port") > 0);
    CHECK_EQ(end.text("ip"), "127.0.0.1");
    CHECK_EQ(end.real("error"), 0.0);
    table.clients.clear();
    clear(game, table);
}

// Several clients leave between two steps: in each one's event its handle is still known.
void handles_stay_until_the_next_step(Game &game)
{
    Table table = seat(game, 5);
    int asked = 0;
    game.on_event = [&](const Event &event, int) {
        if (event.type() == type_disconnect) {
            const RValue socket = real_value(event.real("socket"));
            CHECK_EQ(game.runner.text("stepwire_get_string", {socket, game.runner.string("ip")}), "127.0.0.1");
            CHECK_EQ(game.send(event.real("socket"), "too late"), closed);
            ++asked;
        }
    };
    for (double client : table.clients) {
        game.good("stepwire_destroy", {real_value(client)});
    }
    game.until("all ends", [&] { return asked == 5; });
    game.on_event = nullptr;
    game.step();
    for (double gone : table.accepted) {
        CHECK_EQ(game.send(gone, "x"), bad_handle);
    }
    table.clients.clear();
    clear(game, table);
}

// Events that wait in the runner come although the game destroys their sockets meanwhile; those that
// the game has yet to ask for do not.
void destroying_inside_an_event(Game &game)
{
    Table table = seat(game, 3);
    for (double client : table.clients) {
        CHECK(game.send(client, "hello") > 0);
    }
    std::vector<double> heard;
    game.on_event = [&](const Event &event, int) {
        heard.push_back(event.real("id"));
        // The server goes with all its clients, in the first event; the others find nobody.
        const double result = game.runner.real("stepwire_destroy", {real_value(table.server)});
        CHECK_EQ(result, heard.size() == 1 ? 0.0 : bad_handle);
        CHECK_EQ(game.send(event.real("id"), "answer"), bad_handle);
        CHECK_EQ(game.runner.real("stepwire_destroy", {real_value(event.real("id"))}), bad_handle);
    };
    // All three in one step: the library is asked only when all have arrived.
    const RValue everything = real_value(-1);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (game.runner.real("stepwire_get_stat", {everything, game.runner.string("events")}) < 3) {
        CHECK(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    CHECK_EQ(game.step(), 3.0);
    game.run_events();
    if (game.runner.is_new()) {
        CHECK_EQ(heard.size(), 1U);
    } else {
        CHECK(heard.size() == 3 && std::is_permutation(heard.begin(), heard.end(), table.accepted.begin()));
    }
    game.on_event = nullptr;
    game.seen.clear();
    game.until("the clients to hear of it", [&] { return game.count(type_disconnect) == 3; });
    clear(game, table);
}

void two_steps_in_a_frame(Game &game)
{
    Table table = seat(game, 1);
    std::string sent;
    std::string received;
    int number = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (received.size() < 2000) {
        CHECK(std::chrono::steady_clock::now() < deadline);
        if (sent.size() < 2000) {
            const std::string word = std::to_string(number++) + ' ';
            CHECK(game.send(table.clients[0], word) > 0);
            sent += word;
        }
        game.step();
        game.step();
        game.run_events();
        received = game.received(table.accepted[0]);
    }
    CHECK_EQ(received, sent);
    clear(game, table);
}

// A game that hangs for a while: memory stays bounded, and nothing is lost.
void no_steps_for_long(Game &game)
{
    Table table = seat(game, 1);
    const RValue client = real_value(table.clients[0]);
    const std::string filler(60'000, '.');
    int accepted = 0;
    double result = 0;
    // Until the other end has stopped reading and this end's queue is full as well.
    while (result != queue_full) {
        result = game.send(table.clients[0], std::to_string(accepted) + filler);
        accepted += result > 0;
        CHECK(result > 0 || result == queue_full);
        CHECK(accepted < 2000);
    }
    int arrived = 0;
    int told = 0;
    game.on_event = [&](const Event &event, int) {
        // The end that was refused a message hears that it may go on.
        if (event.type() == type_writable) {
            CHECK_EQ(event.real("id"), table.clients[0]);
            told++;
            return;
        }
        const std::string expected = std::to_string(arrived++) + filler;
        CHECK(game.seen.back().data == expected);
        game.seen.clear();
    };
    game.until("everything that was accepted", [&] { return arrived == accepted && told == 1; });
    CHECK_EQ(game.runner.real("stepwire_get_stat", {client, game.runner.string("send_queue")}), 0.0);
    clear(game, table);
}

// From nothing to the largest that a server takes, and a text with every character.
void payloads_of_every_size(Game &game)
{
    Table table = seat(game, 1);
    std::string characters;
    for (int character = 0; character < 256; ++character) {
        characters += static_cast<char>(character);
    }
    std::string large(4 << 20, '\0');
    for (std::size_t at = 0; at < large.size(); ++at) {
        large[at] = static_cast<char>(at * 31 + at / 251);
    }
    for (const std::string &payload : {std::string(), characters, large}) {
        game.seen.clear();
        CHECK(game.send(table.clients[0], payload) > 0);
        game.until("it", [&] { return game.count(type_data) == 1; });
        CHECK(game.seen.back().data == payload);
        CHECK_EQ(game.seen.back().event.real("size"), static_cast<double>(payload.size()));
    }
    clear(game, table);
}

void many_events_in_a_step(Game &game)
{
    Table table = seat(game, 2);
    constexpr int messages = 5000;
    for (int number = 0; number < messages; ++number) {
        CHECK(game.send(table.clients[static_cast<std::size_t>(number % 2)], std::to_string(number)) > 0);
    }
    const RValue everything = real_value(-1);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (game.runner.real("stepwire_get_stat", {everything, game.runner.string("events")}) < messages) {
        CHECK(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    CHECK_EQ(game.step(), static_cast<double>(messages));
    game.run_events();
    CHECK_EQ(game.count(type_data), messages);
    for (std::size_t end : {0U, 1U}) {
        std::string expected;
        for (int number = static_cast<int>(end); number < messages; number += 2) {
            expected += std::to_string(number);
        }
        CHECK(game.received(table.accepted[end]) == expected);
    }
    clear(game, table);
}

// Whatever part of the table throws while events are handed over: each comes once, in order.
void slots_that_throw(Game &game)
{
    Table table = seat(game, 1);
    for (int slot : {slot_create_buffer, slot_buffer_write, slot_create_map, slot_map_add_double,
                     slot_map_add_string, slot_post_event_and_buffer}) {
        for (int word = 0; word < 3; ++word) {
            CHECK(game.send(table.clients[0], std::to_string(word)) > 0);
        }
        game.runner.throwing = {slot};
        bool thrown = false;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (game.received(table.accepted[0]).size() < 3) {
            CHECK(std::chrono::steady_clock::now() < deadline);
            try {
                game.frame();
            } catch (const RunnerError &) {
                CHECK(!thrown);
                thrown = true;
            }
        }
        CHECK(thrown);
        CHECK_EQ(game.received(table.accepted[0]), "012");
        game.seen.clear();
    }
    // Also where there is no buffer.
    game.runner.throwing = {slot_post_event};
    game.good("stepwire_destroy", {real_value(table.accepted[0])});
    std::string message;
    try {
        game.until("the end", [] { return false; });
    } catch (const RunnerError &error) {
        message = error.what();
    }
    CHECK_EQ(message, "slot 45 throws");
    CHECK_EQ(game.step(), 1.0);
    game.run_events();
    CHECK_EQ(game.count(type_disconnect), 1);
    // What was begun for an event that was thrown away is the runner's to clean up.
    game.runner.forget_unposted();
    clear(game, table);
}

void buffers_of_every_kind(Game &game)
{
    Table table = seat(game, 1);
    std::string expected;
    for (bool typed : {true, false}) {
        game.runner.typed_ids = typed;
        for (BufferKind kind : {buffer_fixed, buffer_grow, buffer_wrap, buffer_fast, buffer_vbuffer, buffer_network}) {
            const std::string word = "kind " + std::to_string(kind) + ' ';
            CHECK(game.send(table.clients[0], word, kind) > 0);
            expected += word;
        }
    }
    // A part of a buffer, which is overwritten at once.
    const int buffer = game.runner.buffer_of("part and more");
    const RValue client = real_value(table.clients[0]);
    CHECK(game.send_packet(client.real, buffer, 4) >= 0);
    game.runner.resize_buffer(buffer, 0);
    game.runner.delete_buffer(buffer);
    game.until("all", [&] { return game.received(table.accepted[0]).size() == expected.size() + 4; });
    CHECK_EQ(game.received(table.accepted[0]), expected + "part");
    clear(game, table);
}

void raw_connections(Game &game)
{
    const double server = game.server(socket_tcp, true);
    const double client = game.good("stepwire_create_socket", {real_value(socket_tcp)});
    const RValue port = real_value(game.port(server));
    game.good("stepwire_connect_raw", {real_value(client), game.runner.string("127.0.0.1"), port});
    const int buffer = game.runner.buffer_of("GET /");
    CHECK_EQ(game.send_raw(client, buffer, 5), 5.0);
    game.runner.delete_buffer(buffer);
    game.until("the bytes", [&] { return game.count(type_data) == 1; });
    CHECK_EQ(game.seen.back().data, "GET /");
    CHECK_EQ(game.seen.back().event.real("server"), server);
    clear(game, {server, 0, {client}, {}});
}

void reasons(Game &game)
{
    Table table = seat(game, 1);
    game.runner.console.clear();
    game.good("stepwire_set_timeout", {real_value(table.clients[0]), real_value(20), real_value(0)});
    game.until("both ends", [&] { return game.count(type_disconnect) == 2; });
    const Event end = game.first(type_disconnect, "id", table.clients[0]).event;
    CHECK_EQ(end.real("error"), timeout);
    CHECK(!end.text("reason").empty());
    // Nobody called anything that failed; the library's log says what happened.
    game.frame();
    CHECK(game.runner.console.find("stepwire: socket ") != std::string::npos);
    CHECK(game.runner.console.find(" is lost: " + end.text("reason")) != std::string::npos);
    clear(game, table);
}

// Log level 3 writes lines about connections and data.
void log_levels(Game &game)
{
    game.runner.real("stepwire_final");
    game.runner.options = {{"logLevel", "3"}};
    game.runner.real("stepwire_init");
    game.runner.console.clear();
    Table table = seat(game, 1);
    CHECK(game.send(table.clients[0], "four") > 0);
    game.until("it", [&] { return game.count(type_data) == 1; });
    game.good("stepwire_destroy", {real_value(table.clients[0])});
    game.until("the end", [&] { return game.count(type_disconnect) == 1; });
    game.frame();
    for (const char *words : {"has come from 127.0.0.1 port ", "4 bytes for socket ", "has closed the connection"}) {
        if (game.runner.console.find(words) == std::string::npos) {
            fail(__FILE__, __LINE__, std::string(words) + " is missing in: " + game.runner.console);
        }
    }
    table.clients.clear();
    clear(game, table);
    game.runner.real("stepwire_final");
    game.runner.options.clear();
    game.runner.real("stepwire_init");
}

// The library ends with events in the runner's queue, and begins again.
void final_with_events_waiting(Game &game)
{
    Table table = seat(game, 1);
    CHECK(game.send(table.clients[0], "last words") > 0);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (game.step() == 0) {
        CHECK(std::chrono::steady_clock::now() < deadline);
    }
    CHECK_EQ(game.runner.real("stepwire_final"), 0.0);
    game.run_events();
    CHECK_EQ(game.received(table.accepted[0]), game.runner.is_new() ? "" : "last words");
    CHECK_EQ(game.step(), 0.0);
    CHECK_EQ(game.send(table.clients[0], "x"), bad_handle);
    game.seen.clear();
    Table again = seat(game, 1);
    CHECK(again.server > table.server);
    clear(game, again);
}

} // namespace

int main(int count, char **arguments)
{
    CHECK_EQ(count, 3);
    Runner runner(arguments[1], runtime_named(arguments[2]));
    Game game(runner);
    keys_by_role(game);
    disconnect_on_the_server(game);
    handles_stay_until_the_next_step(game);
    destroying_inside_an_event(game);
    two_steps_in_a_frame(game);
    no_steps_for_long(game);
    if (!runner.is_new()) {
        slots_that_throw(game);
    }
    payloads_of_every_size(game);
    many_events_in_a_step(game);
    buffers_of_every_kind(game);
    raw_connections(game);
    reasons(game);
    log_levels(game);
    final_with_events_waiting(game);
    CHECK_EQ(runner.real("stepwire_final"), 0.0);
    runner.check_nothing_left();
    std::puts("events: passed");
    return 0;
}
