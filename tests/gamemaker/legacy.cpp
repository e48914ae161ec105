// A runner without the interface table: it knows plain functions of doubles and strings, and gives
// its callbacks through RegisterCallbacks.
// Usage: legacy LIBRARY

#include "standin/check.hpp"
#include "standin/game.hpp"

#include <dlfcn.h>

#include <cstring>
#include <map>

namespace {

void *library = nullptr;

// At most four arguments, each a double or a string: what such runners can call.
template <typename Result, typename... Arguments> Result call(const char *name, Arguments... arguments)
{
    static_assert(sizeof...(Arguments) <= 4, "such runners mix at most four arguments");
    using Function = Result (*)(Arguments...);
    const auto function = reinterpret_cast<Function>(dlsym(library, name));
    if (function == nullptr) {
        fail(__FILE__, __LINE__, std::string("no function ") + name);
    }
    return function(arguments...);
}

template <typename... Arguments> double number(const char *name, Arguments... arguments)
{
    return call<double>(name, arguments...);
}

template <typename... Arguments> std::string text(const char *name, Arguments... arguments)
{
    return call<const char *>(name, arguments...);
}

// Fails with the library's sentence if the result is an error.
double good(double result)
{
    if (result < 0) {
        fail(__FILE__, __LINE__, text("stepwire_last_error"));
    }
    return result;
}

// The runner's side of RegisterCallbacks.
std::map<int, Event> maps;
std::vector<int> queue;

void post_event(int map, int event)
{
    CHECK_EQ(event, 68);
    CHECK(maps.count(map) == 1);
    queue.push_back(map);
}

int create_map(int count, ...)
{
    CHECK_EQ(count, 0);
    static int next = 0;
    maps[next];
    return next++;
}

bool add_double(int map, const char *key, double value)
{
    CHECK(!maps.at(map).has(key));
    maps.at(map).reals[key] = value;
    return true;
}

bool add_string(int map, const char *key, const char *value)
{
    CHECK(!maps.at(map).has(key));
    maps.at(map).texts[key] = value;
    return true;
}

void register_callbacks()
{
    const auto pointer = [](auto *function) { return reinterpret_cast<char *>(function); };
    CHECK_EQ(number("RegisterCallbacks", pointer(&post_event), pointer(&create_map), pointer(&add_double),
                    pointer(&add_string)),
             0.0);
}

std::string posted_payload(const Event &event)
{
    std::string payload(static_cast<std::size_t>(event.real("size")), '\0');
    const double size = static_cast<double>(payload.size());
    const double copied = number("stepwire_event_read_posted", event.real("data"), &payload[0], 0.0, size);
    CHECK_EQ(copied, size);
    return payload;
}

// Posts and runs events until one of the type has come.
Event until(int type, std::string *payload = nullptr)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (true) {
        CHECK(std::chrono::steady_clock::now() < deadline);
        good(number("stepwire_event_post"));
        // The events run after the step.
        Event found;
        bool seen = false;
        for (int map : queue) {
            const Event event = maps.at(map);
            if (event.type() == type_data) {
                const std::string bytes = posted_payload(event);
                if (payload != nullptr) {
                    *payload = bytes;
                }
            }
            if (event.type() == type) {
                CHECK(!seen);
                seen = true;
                found = event;
            }
            maps.erase(map);
        }
        queue.clear();
        if (seen) {
            return found;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void posted_events()
{
    CHECK_EQ(number("stepwire_event_post"), -14.0);
    register_callbacks();
    CHECK_EQ(number("stepwire_event_post"), 0.0);

    const double server = good(number("stepwire_create_server", 0.0, 0.0, 4.0));
    const double port = good(number("stepwire_get_port", server));
    const double client = good(number("stepwire_create_socket", 0.0));
    good(number("stepwire_connect_async", client, "127.0.0.1", port));
    const Event connect = until(type_connect);
    CHECK_EQ(connect.real("id"), server);
    CHECK_EQ(connect.real("port"), port);
    CHECK_EQ(connect.real("other_port"), good(number("stepwire_get_port", client)));
    const double accepted = connect.real("socket");

    good(number("stepwire_send_packet_bytes", accepted, "welcome", 7.0));
    std::string payload;
    const Event data = until(type_data, &payload);
    CHECK_EQ(payload, "welcome");
    CHECK_EQ(data.real("id"), client);
    CHECK(!data.has("buffer"));
    // Until the next post, in parts too, and never beyond the end.
    char part[8] = {};
    CHECK_EQ(number("stepwire_event_read_posted", data.real("data"), part, 3.0, 2.0), 2.0);
    CHECK_EQ(std::string(part), "co");
    CHECK_EQ(number("stepwire_event_read_posted", data.real("data"), part, 5.0, 8.0), 2.0);
    CHECK_EQ(number("stepwire_event_read_posted", data.real("data"), part, 8.0, 8.0), 0.0);
    CHECK_EQ(number("stepwire_event_read_posted", data.real("data"), part, -1.0, 8.0), -3.0);
    CHECK_EQ(number("stepwire_event_read_posted", data.real("data") + 1, part, 0.0, 8.0), -3.0);
    CHECK_EQ(number("stepwire_event_read_posted", 0.5, part, 0.0, 8.0), -3.0);
    CHECK_EQ(number("stepwire_event_read_posted", data.real("data"), static_cast<char *>(nullptr), 0.0, 8.0), -3.0);
    CHECK_EQ(number("stepwire_event_post"), 0.0);
    CHECK_EQ(number("stepwire_event_read_posted", data.real("data"), part, 0.0, 8.0), -3.0);

    good(number("stepwire_destroy", accepted));
    CHECK_EQ(until(type_disconnect).real("socket"), client);
    good(number("stepwire_destroy", server));
    good(number("stepwire_destroy", client));
}

// The other way: no callbacks, and events are looked at one by one.
void collected_events()
{
    const double server = good(number("stepwire_create_server", 0.0, 0.0, 4.0));
    const double client = good(number("stepwire_create_socket", 0.0));
    good(number("stepwire_connect", client, "127.0.0.1", good(number("stepwire_get_port", server))));
    good(number("stepwire_send_packet_bytes", client, "0123456789", 10.0));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (number("stepwire_event_next") != type_data) {
        CHECK(std::chrono::steady_clock::now() < deadline);
        good(number("stepwire_collect"));
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    CHECK_EQ(number("stepwire_event_real", "size"), 10.0);
    CHECK_EQ(text("stepwire_event_string", "ip"), "127.0.0.1");
    char bytes[11] = {};
    CHECK_EQ(number("stepwire_event_read", bytes, 0.0, 10.0), 10.0);
    CHECK_EQ(std::string(bytes), "0123456789");
    good(number("stepwire_destroy", server));
    good(number("stepwire_destroy", client));
}

void wrong_targets()
{
    CHECK_EQ(number("stepwire_set_udp_target", -1.0, "127.0.0.1", 5.0), -2.0);
    CHECK_EQ(number("stepwire_send_udp_bytes", 1e9, "x", 1.0), -2.0);
    const double connection = good(number("stepwire_create_socket", 0.0));
    // It is a TCP socket.
    CHECK_EQ(number("stepwire_set_udp_target", connection, "127.0.0.1", 9.0), -4.0);
    CHECK_EQ(number("stepwire_send_udp_bytes", connection, "x", 1.0), -4.0);
    CHECK_EQ(number("stepwire_send_udp_raw_bytes", connection, "x", 1.0), -4.0);
    good(number("stepwire_destroy", connection));
    const double socket = good(number("stepwire_create_socket", 1.0));
    CHECK_EQ(number("stepwire_send_udp_bytes", socket, "x", 1.0), -5.0);
    CHECK(text("stepwire_last_error").find("network_set_udp_target") != std::string::npos);
    CHECK_EQ(number("stepwire_set_udp_target", socket, static_cast<const char *>(nullptr), 5.0), -3.0);
    for (double port : {0.0, -1.0, 65536.0, 0.5}) {
        CHECK_EQ(number("stepwire_set_udp_target", socket, "127.0.0.1", port), -3.0);
    }
    CHECK_EQ(number("stepwire_set_udp_target", socket, "", 5.0), -3.0);
    good(number("stepwire_set_udp_target", socket, "127.0.0.1", 9.0));
    CHECK_EQ(number("stepwire_send_udp_raw_bytes", socket, "x", 1.0), 1.0);
    good(number("stepwire_destroy", socket));
    CHECK_EQ(number("stepwire_send_udp_bytes", socket, "x", 1.0), -2.0);
}

} // namespace

int main(int count, char **arguments)
{
    CHECK_EQ(count, 2);
    library = dlopen(arguments[1], RTLD_NOW);
    CHECK(library != nullptr);
    posted_events();
    collected_events();
    wrong_targets();
    good(number("stepwire_final"));
    std::puts("legacy: passed");
    return 0;
}
