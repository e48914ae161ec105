// What GameMaker's new runtime does with an extension besides playing: tables of every size, options,
// failures, keys that are not there.
// Usage: new_runtime LIBRARY

#include "standin/check.hpp"
#include "standin/game.hpp"
#include "standin/runner.hpp"

#include <algorithm>
#include <cmath>

namespace {

constexpr double bad_handle = -2;
constexpr double bad_argument = -3;
constexpr double not_supported = -14;

bool mentions(const std::string &text, const std::string &words) { return text.find(words) != std::string::npos; }

// Every line that waits for the output window.
std::string lines(Runner &runner)
{
    std::string all;
    for (std::string line = runner.text("stepwire_console_line"); !line.empty();
         line = runner.text("stepwire_console_line")) {
        all += line + '\n';
    }
    return all;
}

// Older tables have nothing, newer ones more than is known.
void tables(Runner &runner)
{
    runner.options = {{"bindAddress", "not an address"}};
    for (const std::size_t size : {0U, 4U, 8U, 16U, 800U}) {
        runner.real("stepwire_final");
        runner.initialise_new(size);
        CHECK_EQ(runner.real("stepwire_init"), 0.0);
        CHECK_EQ(mentions(lines(runner), "the extension option bindAddress was not applied"), size >= sizeof(void *));
    }
    runner.options.clear();
    runner.initialise_new();
    runner.real("stepwire_final");
    CHECK_EQ(runner.real("stepwire_init"), 0.0);
}

void failures(Runner &runner)
{
    CHECK_EQ(runner.real("stepwire_interface"), 2.0);
    lines(runner);
    CHECK_EQ(runner.real("stepwire_destroy", {real_value(12345)}), bad_handle);
    const std::string reason = runner.text("stepwire_last_error");
    CHECK(!reason.empty());
    CHECK_EQ(lines(runner), "stepwire_destroy: " + reason + '\n');
    CHECK_EQ(runner.text("stepwire_error_name", {real_value(-6)}), "network_error_timeout");
    CHECK_EQ(runner.real("stepwire_create_socket", {real_value(std::nan(""))}), bad_argument);
    CHECK_EQ(runner.text("stepwire_get_string", {real_value(12345), runner.string("ip")}), "");
    // Buffers by their ids are another runtime's.
    CHECK_EQ(runner.real("stepwire_send_packet_buffer", {real_value(0), real_value(0), real_value(1)}), not_supported);
    CHECK(mentions(runner.text("stepwire_last_error"), "stepwire_send_packet_buffer"));
    // The oldest lines give way.
    for (int number = 0; number < 1000; ++number) {
        runner.real("stepwire_destroy", {real_value(12345)});
    }
    const std::string kept = lines(runner);
    CHECK(std::count(kept.begin(), kept.end(), '\n') <= 64);
}

// Null where a text or an address should be: an answer, not a crash.
void nulls(Runner &runner)
{
    using OneText = double (*)(const char *);
    using Connect = double (*)(double, const char *, double);
    using Text = const char *(*)(const char *);
    const auto real = reinterpret_cast<OneText>(runner.symbol("stepwire_event_real"));
    CHECK_EQ(real(nullptr), bad_argument);
    const auto string = reinterpret_cast<Text>(runner.symbol("stepwire_event_string"));
    CHECK_EQ(std::string(string(nullptr)), "");
    const auto resolve = reinterpret_cast<Text>(runner.symbol("stepwire_resolve"));
    CHECK_EQ(std::string(resolve(nullptr)), "");
    const double socket = runner.real("stepwire_create_socket", {real_value(socket_tcp)});
    for (const char *name : {"stepwire_connect", "stepwire_connect_raw", "stepwire_connect_async",
                             "stepwire_connect_raw_async", "stepwire_send_packet_bytes"}) {
        CHECK(reinterpret_cast<Connect>(runner.symbol(name))(socket, nullptr, 1) < 0);
    }
    runner.real("stepwire_destroy", {real_value(socket)});
}

void events(Game &game)
{
    Runner &runner = game.runner;
    // No event yet.
    CHECK_EQ(runner.real("stepwire_event_next"), 0.0);
    CHECK_EQ(runner.text("stepwire_event_real_key", {real_value(0)}), "");
    CHECK_EQ(runner.real("stepwire_event_real", {runner.string("type")}), bad_argument);

    const double server = game.server(socket_tcp);
    const double client = game.good("stepwire_create_socket", {real_value(socket_tcp)});
    game.good("stepwire_connect", {real_value(client), runner.string("127.0.0.1"), real_value(game.port(server))});
    game.until("the client", [&] { return game.count(type_connect) == 1; });
    CHECK(game.send(client, "0123456789") > 0);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (runner.real("stepwire_event_next") != type_data) {
        CHECK(std::chrono::steady_clock::now() < deadline);
        game.step();
    }
    CHECK_EQ(runner.real("stepwire_event_real", {runner.string("size")}), 10.0);
    CHECK_EQ(runner.real("stepwire_event_real", {runner.string("ip")}), bad_argument);
    CHECK(mentions(runner.text("stepwire_last_error"), "\"ip\""));
    CHECK_EQ(runner.text("stepwire_event_string", {runner.string("ip")}), "127.0.0.1");
    CHECK_EQ(runner.text("stepwire_event_string", {runner.string("size")}), "");
    for (double index : {-1.0, 0.5, 1000.0, std::nan("")}) {
        CHECK_EQ(runner.text("stepwire_event_real_key", {real_value(index)}), "");
        CHECK_EQ(runner.text("stepwire_event_string_key", {real_value(index)}), "");
    }
    // Payload in parts, never beyond its end.
    const int buffer = runner.create_buffer(buffer_grow, 10);
    const auto read = [&](double offset, double size) {
        return runner.real("stepwire_event_read", {runner.address(buffer), real_value(offset), real_value(size)});
    };
    CHECK_EQ(read(4, 3), 3.0);
    CHECK_EQ(std::string(runner.content(buffer).begin(), runner.content(buffer).begin() + 3), "456");
    CHECK_EQ(read(8, 10), 2.0);
    CHECK_EQ(read(10, 10), 0.0);
    CHECK_EQ(read(-1, 10), bad_argument);
    CHECK_EQ(read(0, 0.5), bad_argument);
    // It stays when its socket is destroyed, until events are taken anew.
    game.good("stepwire_destroy", {real_value(server)});
    CHECK_EQ(read(0, 10), 10.0);
    game.step();
    CHECK_EQ(read(0, 10), bad_argument);
    runner.delete_buffer(buffer);
    game.good("stepwire_destroy", {real_value(client)});
    game.frame();
    game.seen.clear();
}

} // namespace

int main(int count, char **arguments)
{
    CHECK_EQ(count, 2);
    Runner runner(arguments[1], Runtime::new_one);
    Game game(runner);
    tables(runner);
    failures(runner);
    nulls(runner);
    events(game);
    CHECK_EQ(runner.real("stepwire_final"), 0.0);
    runner.check_nothing_left();
    std::puts("new_runtime: passed");
    return 0;
}
