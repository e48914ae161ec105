// A game in the stand-in runner: frames that step the library and then run what it posted.
#pragma once

#include "check.hpp"
#include "runner.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <vector>

// GameMaker's constants.
enum { socket_tcp = 0, socket_udp = 1, socket_ws = 6, socket_wss = 7 };
enum { type_connect = 1, type_disconnect = 2, type_data = 3, type_non_blocking_connect = 4, type_writable = 1001 };
enum { send_binary = 1, send_text = 2 };

// One event with the bytes of its buffer.
struct Seen {
    Event event;
    std::string data;
};

class Game {
public:
    explicit Game(Runner &runner_to_use) : runner(runner_to_use) {}

    Runner &runner;
    // Every event so far, in order.
    std::vector<Seen> seen;
    // What the game does in the event, if anything.
    std::function<void(const Event &, int buffer)> on_event;

    // One step without running the events: the library's result.
    double step() { return runner.real("stepwire_collect"); }

    // Runs what was posted; on the new runtime what can be asked for.
    void run_events()
    {
        if (runner.is_new()) {
            raise_events();
            return;
        }
        runner.run_events([this](const Event &event, int buffer) { run_event(event, buffer); });
    }

    void frame()
    {
        step();
        run_events();
    }

    // Frames until it is so; the program ends if that takes more than ten seconds, on slow systems a multiple.
    void until(const char *what, const std::function<bool()> &condition)
    {
        const char *slowness = std::getenv("STEPWIRE_TEST_SLOWNESS");
        const auto patience = std::chrono::duration<double>(10.0 * (slowness ? std::atof(slowness) : 1.0));
        const auto deadline = std::chrono::steady_clock::now() + patience;
        for (frame(); !condition(); frame()) {
            if (std::chrono::steady_clock::now() > deadline) {
                fail(__FILE__, __LINE__, std::string("waited too long for ") + what);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    int count(int type) const
    {
        int found = 0;
        for (const Seen &entry : seen) {
            found += entry.event.type() == type;
        }
        return found;
    }

    // The first event of the type for which the key has the value; there must be one.
    const Seen &first(int type, const std::string &key, double value) const
    {
        for (const Seen &entry : seen) {
            if (entry.event.type() == type && entry.event.has(key) && entry.event.real(key) == value) {
                return entry;
            }
        }
        fail(__FILE__, __LINE__, "no event of type " + std::to_string(type) + " with that " + key);
    }

    // All bytes that came for a socket.
    std::string received(double socket) const
    {
        std::string all;
        for (const Seen &entry : seen) {
            if (entry.event.type() == type_data && entry.event.real("id") == socket) {
                all += entry.data;
            }
        }
        return all;
    }

    // Calls that must succeed.
    double good(const std::string &name, const std::vector<RValue> &arguments)
    {
        const double result = runner.real(name, arguments);
        if (result < 0) {
            fail(__FILE__, __LINE__, name + ": " + runner.text("stepwire_last_error"));
        }
        return result;
    }

    double server(int type, bool raw = false)
    {
        const char *name = raw ? "stepwire_create_server_raw" : "stepwire_create_server";
        return good(name, {real_value(type), real_value(0), real_value(32)});
    }

    double udp_socket()
    {
        return good("stepwire_create_socket_ext", {real_value(socket_udp), real_value(0)});
    }

    double port(double socket) { return good("stepwire_get_port", {real_value(socket)}); }

    double send(double socket, const std::string &data, BufferKind kind = buffer_grow)
    {
        const int buffer = runner.buffer_of(data, kind);
        const double result = send_packet(socket, buffer, static_cast<double>(data.size()));
        runner.delete_buffer(buffer);
        return result;
    }

    double send_udp(double socket, const std::string &ip, double port, const std::string &data, bool raw = false)
    {
        const int buffer = runner.buffer_of(data);
        const double size = static_cast<double>(data.size());
        const double result = send_datagram(socket, ip, port, buffer, size, raw);
        runner.delete_buffer(buffer);
        if (result < 0) {
            fail(__FILE__, __LINE__, "a datagram: " + runner.text("stepwire_last_error"));
        }
        return result;
    }

    // What follows is what the script stepwire_functions of the package does.

    double send_packet(double socket, int buffer, double size)
    {
        const RValue handle = real_value(socket);
        if (!runner.is_new()) {
            return runner.real("stepwire_send_packet_buffer", {handle, runner.id(buffer), real_value(size)});
        }
        const double checked = check_size(buffer, size);
        return checked < 0
            ? checked
            : runner.real("stepwire_send_packet_bytes", {handle, runner.address(buffer), real_value(size)});
    }

    double send_raw(double socket, int buffer, double size, double options = send_binary)
    {
        const RValue handle = real_value(socket);
        const RValue kind = real_value(options);
        if (!runner.is_new()) {
            return runner.real("stepwire_send_raw_buffer", {handle, runner.id(buffer), real_value(size), kind});
        }
        const double checked = check_size(buffer, size);
        return checked < 0
            ? checked
            : runner.real("stepwire_send_raw_bytes", {handle, runner.address(buffer), real_value(size), kind});
    }

    double send_datagram(double socket, const std::string &ip, double port, int buffer, double size, bool raw = false)
    {
        const RValue handle = real_value(socket);
        if (!runner.is_new()) {
            return runner.real(raw ? "stepwire_send_udp_raw_buffer" : "stepwire_send_udp_buffer",
                               {handle, runner.string(ip), real_value(port), runner.id(buffer), real_value(size)});
        }
        double checked = runner.real("stepwire_set_udp_target", {handle, runner.string(ip), real_value(port)});
        if (checked >= 0) {
            checked = check_size(buffer, size);
        }
        return checked < 0 ? checked
                           : runner.real(raw ? "stepwire_send_udp_raw_bytes" : "stepwire_send_udp_bytes",
                                         {handle, runner.address(buffer), real_value(size)});
    }

    double send_broadcast(double socket, double port, int buffer, double size)
    {
        const RValue handle = real_value(socket);
        if (!runner.is_new()) {
            return runner.real("stepwire_send_broadcast_buffer",
                               {handle, real_value(port), runner.id(buffer), real_value(size)});
        }
        const double checked = check_size(buffer, size);
        return checked < 0 ? checked
                           : runner.real("stepwire_send_broadcast_bytes",
                                         {handle, real_value(port), runner.address(buffer), real_value(size)});
    }

    double set_config(double option, double value1, double value2 = 0)
    {
        return good("stepwire_set_config_real", {real_value(option), real_value(value1), real_value(value2)});
    }

private:
    double check_size(int buffer, double size)
    {
        const auto held = static_cast<double>(runner.content(buffer).size());
        return runner.real("stepwire_check_size", {real_value(size), real_value(held)});
    }

    void raise_events()
    {
        while (runner.real("stepwire_event_next") > 0) {
            Event event;
            each_key("stepwire_event_real_key", [&](const std::string &key) {
                event.reals[key] = runner.real("stepwire_event_real", {runner.string(key)});
            });
            each_key("stepwire_event_string_key", [&](const std::string &key) {
                event.texts[key] = runner.text("stepwire_event_string", {runner.string(key)});
            });
            int buffer = -1;
            if (event.type() == type_data) {
                const double size = event.real("size");
                buffer = runner.create_buffer(buffer_grow, static_cast<std::size_t>(size > 1 ? size : 1));
                const double read = runner.real("stepwire_event_read",
                                                {runner.address(buffer), real_value(0), real_value(size)});
                CHECK_EQ(read, size);
                event.reals["buffer"] = buffer;
            }
            run_event(event, buffer);
            if (buffer >= 0) {
                runner.delete_buffer(buffer);
            }
        }
        for (std::string line = runner.text("stepwire_console_line"); !line.empty();
             line = runner.text("stepwire_console_line")) {
            runner.console += line + '\n';
        }
    }

    void each_key(const char *function, const std::function<void(const std::string &)> &take)
    {
        for (double index = 0;; ++index) {
            const std::string key = runner.text(function, {real_value(index)});
            if (key.empty()) {
                return;
            }
            take(key);
        }
    }

    void run_event(const Event &event, int buffer)
    {
        Seen entry{event, {}};
        if (buffer >= 0) {
            const auto &bytes = runner.content(buffer);
            const auto size = static_cast<std::size_t>(event.real("size"));
            CHECK(bytes.size() >= size);
            entry.data.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        }
        seen.push_back(entry);
        if (on_event) {
            on_event(event, buffer);
        }
    }
};
