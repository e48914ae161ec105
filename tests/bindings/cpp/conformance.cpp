/* What every binding of stepwire must do, over real sockets of this machine. Ends with status 1 at the first failure.
 *
 *   conformance            all of it
 *   conformance peer PORT  joins a server and says "here", until it is killed (by the program itself)
 */
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stepwire.hpp"

extern char **environ;

namespace {

using namespace std::chrono_literals;
namespace event = stepwire::event;
using stepwire::Event;
using stepwire::error_code;

constexpr const char *HOST = "127.0.0.1";
constexpr auto PATIENCE = 20s;

const char *program = nullptr;

[[noreturn]] void fail(const std::string &what) {
    std::printf("FAIL %s\n", what.c_str());
    std::exit(1);
}

void expect(bool holds, const std::string &what) {
    if (!holds) {
        fail(what);
    }
}

template <class T, class U>
void same(const T &got, const U &wanted, const std::string &what) {
    expect(got == wanted, what);
}

void fails(error_code wanted, const stepwire::failure &why, const std::string &what) {
    expect(why.code == wanted, what + ": " + stepwire::name(why.code) + " " + why.sentence);
    expect(why.sentence.size() > 10, what + ": no sentence");
}

template <class T>
void fails(error_code wanted, const stepwire::result<T> &result, const std::string &what) {
    expect(!result, what + " succeeded");
    fails(wanted, result.error(), what);
}

/** What an event is, for messages. */
std::string describe(const Event &happened) {
    return std::visit(
        stepwire::overloaded{
            [](const event::connect &) -> std::string { return "a connect"; },
            [](const event::disconnect &e) { return "a disconnect: " + std::string(e.reason); },
            [](const event::data &e) { return "data of " + std::to_string(e.bytes.size()); },
            [](const event::connected &) -> std::string { return "a connected"; },
            [](const event::failed &e) { return "a failed connect: " + std::string(e.reason); },
            [](const event::writable &) -> std::string { return "a writable"; },
            [](const event::other &) -> std::string { return "another event"; },
        },
        happened);
}

/** The next event, which is of type E and satisfies `wanted`; others are answered by `meanwhile`, or are failures. */
template <class E>
E next(const std::function<bool(const E &)> &wanted, const std::string &what,
       const std::function<bool(const Event &)> &meanwhile = nullptr) {
    const auto deadline = std::chrono::steady_clock::now() + PATIENCE;
    while (std::chrono::steady_clock::now() < deadline) {
        if (auto happened = stepwire::next_event()) {
            if (const E *found = std::get_if<E>(&*happened); found != nullptr && wanted(*found)) {
                return *found;
            }
            expect(meanwhile && meanwhile(*happened), what + ": unexpected: " + describe(*happened));
        } else {
            stepwire::wait(100ms).value();
        }
    }
    fail(what + ": nothing came");
}

/** Data of a socket; what it views stays until the next event is asked for. */
event::data data_of(stepwire::Handle socket, const std::string &what) {
    return next<event::data>([socket](const event::data &e) { return e.socket == socket; }, what);
}

event::disconnect disconnect_of(stepwire::Handle socket, const std::string &what) {
    return next<event::disconnect>([socket](const event::disconnect &e) { return e.socket == socket; }, what);
}

/** A server, a client that is connected to it, and the server's side of the connection. */
struct Pair {
    stepwire::Server server;
    stepwire::Socket client;
    stepwire::Peer accepted;
};

/** Both ends of a connect: the server's new client is returned. */
stepwire::Peer both_connected(const stepwire::Server &server, const stepwire::Socket &client) {
    stepwire::Peer accepted;
    bool connected = false;
    auto take = [&](const Event &happened) {
        if (const auto *e = std::get_if<event::connect>(&happened)) {
            same(e->server, server, "the connect's server");
            accepted = e->client;
        } else if (const auto *own = std::get_if<event::connected>(&happened)) {
            same(own->socket, client, "the connected socket");
            connected = true;
        } else {
            return false;
        }
        return true;
    };
    const auto deadline = std::chrono::steady_clock::now() + PATIENCE;
    while (!(accepted && connected)) {
        expect(std::chrono::steady_clock::now() < deadline, "connecting: nothing came");
        if (auto happened = stepwire::next_event()) {
            expect(take(*happened), "connecting: unexpected: " + describe(*happened));
        } else {
            stepwire::wait(100ms).value();
        }
    }
    return accepted;
}

Pair pair(stepwire::kind type, stepwire::protocol spoken = stepwire::protocol::gamemaker) {
    Pair made;
    made.server = stepwire::Server::create(type, 0, 100, spoken).value();
    made.client = stepwire::Socket::create(type).value();
    made.client.connect_async(HOST, made.server.port().value(), spoken).value();
    made.accepted = both_connected(made.server, made.client);
    return made;
}

Pair exchange(stepwire::kind type, stepwire::protocol spoken = stepwire::protocol::gamemaker) {
    auto send = [spoken](const stepwire::Peer &peer, stepwire::bytes_view bytes) {
        (spoken == stepwire::protocol::raw ? peer.send_raw(bytes) : peer.send(bytes)).value();
    };
    Pair made = pair(type, spoken);
    const std::string payloads[] = {"hello", std::string("\0\1\377", 3), std::string(100'000, 'x')};
    for (const std::string &payload : payloads) {
        send(made.client, payload);
        auto there = data_of(made.accepted, "at the server");
        same(there.bytes, payload, "at the server");
        same(there.server, made.server, "the data's server");
        send(made.accepted, there.bytes);
        same(data_of(made.client, "back at the client").bytes, payload, "back at the client");
    }
    return made;
}

void server_and_client() {
    auto [server, client, accepted] = exchange(stepwire::tcp);
    same(client.send("12345").value(), 17u, "what send returns over TCP");
    same(data_of(accepted, "five bytes").bytes.size(), 5u, "five bytes");
    client.send({}).value();
    same(data_of(accepted, "an empty packet").bytes.size(), 0u, "an empty packet");
    client.reset();
    auto left = disconnect_of(accepted, "the disconnect");
    same(left.error, error_code::none, "an orderly close's error");
    same(left.server, server, "the disconnect's server");
}

void several_clients() {
    auto [server, first, accepted] = pair(stepwire::tcp);
    auto second = stepwire::Socket::create(stepwire::tcp).value();
    second.connect_async(HOST, server.port().value()).value();
    stepwire::Peer other = both_connected(server, second);
    accepted.send("for the first").value();
    other.send("for the second").value();
    for (int i = 0; i < 2; i++) {
        auto got = next<event::data>([](const event::data &) { return true; }, "what each gets");
        same(got.bytes, got.socket == first ? "for the first" : "for the second", "what each gets");
    }
    same(server.send("for all").value(), 2u, "how many a server's message goes to");
    for (int i = 0; i < 2; i++) {
        same(next<event::data>([](const event::data &) { return true; }, "for all").bytes, "for all", "for all");
    }
    server.reset();
    for (int i = 0; i < 2; i++) {
        next<event::disconnect>([](const event::disconnect &) { return true; }, "the server's end");
    }
}

void groups() {
    auto [server, first, accepted] = pair(stepwire::tcp);
    auto second = stepwire::Socket::create(stepwire::tcp).value();
    second.connect_async(HOST, server.port().value()).value();
    stepwire::Peer other = both_connected(server, second);
    auto group = stepwire::Group::create().value();
    same(group.add(accepted).value(), true, "a new member");
    same(group.add(accepted).value(), false, "a member twice");
    group.add(other).value();
    same(group.size().value(), 2u, "its size");
    same(group.send("but the first", accepted).value(), 1u, "sent to all but one");
    same(data_of(second, "the second gets it").bytes, "but the first", "the second gets it");
    same(group.remove(other).value(), true, "a member removed");
    same(group.send("the first alone").value(), 1u, "sent to who is left");
    same(data_of(first, "the first gets it").bytes, "the first alone", "the first gets it");
    std::vector<double> results;
    same(stepwire::send_many(std::vector<stepwire::Peer>{other, accepted}, "both", &results).value(), 2u, "to a list");
    same(results.size(), 2u, "a result for each");
    for (int i = 0; i < 2; i++) {
        same(next<event::data>([](const event::data &) { return true; }, "both").bytes, "both", "both");
    }
}

void websockets() {
    auto [server, client, accepted] = exchange(stepwire::ws);
    same(accepted.text("path"), "/", "the request's path");
    client.destroy().value();
    auto left = disconnect_of(accepted, "the disconnect");
    same(left.error, error_code::none, "an orderly close's error");
    same(left.code, 1000, "its code");
}

void a_close_that_says_why() {
    auto [server, client, accepted] = pair(stepwire::ws);
    client.close(4001, "had enough").value();
    auto left = disconnect_of(accepted, "the disconnect");
    same(left.error, error_code::closed, "the error of a close with a code of one's own");
    same(left.code, 4001, "its code");
    expect(left.reason.find("had enough") != std::string_view::npos, std::string(left.reason));
}

void raw_websockets() {
    auto [server, client, accepted] = exchange(stepwire::ws, stepwire::protocol::raw);
    client.send_text("text").value();
    auto got = data_of(accepted, "a text message");
    same(got.bytes.text(), "text", "a text message");
    same(got.is_text, true, "is_text");
}

void udp() {
    for (bool reliable : {false, true}) {
        auto server = stepwire::Udp::create(0).value();
        auto client = stepwire::Udp::create(0).value();
        if (reliable) {
            server.set(stepwire::options::enable_reliable_udp).value();
            client.set(stepwire::options::enable_reliable_udp).value();
        }
        const int port = server.port().value();
        client.send(HOST, port, "ping").value();
        auto got = data_of(server, "the datagram");
        same(got.bytes, "ping", "the datagram");
        same(got.port, client.port().value(), "its sender's port");
        same(got.is_reliable, reliable, "whether it is reliable");
        got.udp().send(got.ip, got.port, "pong").value();
        same(data_of(client, "the answer").bytes, "pong", "the answer");
        client.send_raw(HOST, port, "raw").value();
        same(data_of(server, "a datagram without a header").bytes, "raw", "a datagram without a header");
    }
}

void a_client_connects_again() {
    auto [server, client, accepted] = pair(stepwire::tcp);
    const int port = server.port().value();
    server.reset();
    disconnect_of(client, "the server's end");
    fails(error_code::bad_handle, accepted.send("gone"), "a send to what was destroyed");
    server = stepwire::Server::create(stepwire::tcp, port, 100).value();
    client.connect_async(HOST, port).value();
    accepted = both_connected(server, client);
    client.send("again").value();
    same(data_of(accepted, "after connecting again").bytes, "again", "after connecting again");
}

void errors() {
    auto [server, client, accepted] = pair(stepwire::tcp);
    const int port = server.port().value();
    fails(error_code::address_in_use, stepwire::Server::create(stepwire::tcp, port, 1), "a port that is taken");
    fails(error_code::wrong_kind, stepwire::Peer(server).send("x"), "sending on a server");
    fails(error_code::wrong_kind, client.send_raw("x"), "a raw send on a regular connection");
    fails(error_code::bad_argument, stepwire::Server::create(stepwire::tcp, 70000, 1), "a port out of range");
    fails(error_code::bad_argument, stepwire::set_library(stepwire::options::connect_timeout, -1), "an option out of range");
    fails(error_code::bad_argument, client.set(stepwire::options::no_delay, std::nan("")), "an option that is not a number");
    fails(error_code::bad_argument, stepwire::set_default(stepwire::options::websocket_protocol, std::string_view("a\0b", 3)),
          "a text with a NUL within");
    fails(error_code::bad_argument, stepwire::stat("colour"), "a counter that does not exist");
    fails(error_code::too_big, client.send(std::string(67'108'865, 'x')), "a message over the limit");
    same(std::string_view(stepwire::name(error_code::timeout)), "network_error_timeout", "a number's name");
    client.destroy().value();
    fails(error_code::bad_handle, client.send("x"), "a socket that was destroyed");
    fails(error_code::bad_handle, client.destroy(), "destroying twice");
    disconnect_of(accepted, "the client's end");
    server.reset();
    auto lost = stepwire::Socket::create(stepwire::tcp).value();
    lost.connect_async(HOST, port).value();
    auto event = next<event::failed>([&lost = lost](const event::failed &e) { return e.socket == lost; }, "a refused connect");
    fails(event.error, stepwire::failure{event.error, std::string(event.reason)}, "a refused connect");
    fails(error_code::failed, lost.connect(HOST, port), "a refused connect that blocks");
#if defined(__cpp_exceptions)
    try {
        lost.send("x").value();
        fail("value() of a failure returned");
    } catch (const stepwire::exception &why) {
        same(why.code(), error_code::not_connected, "the exception's number");
        expect(std::strstr(why.what(), "network_error_not_connected: ") == why.what(), why.what());
    }
#endif
}

void exceptions_in_visitors() {
#if defined(__cpp_exceptions)
    auto [server, client, accepted] = pair(stepwire::tcp);
    client.send("first").value();
    client.send("second").value();
    int caught = 0;
    std::string seen;
    const auto deadline = std::chrono::steady_clock::now() + PATIENCE;
    while (seen != "firstsecond") {
        expect(std::chrono::steady_clock::now() < deadline, "nothing came");
        stepwire::wait(100ms).value();
        try {
            stepwire::poll([&](const event::data &e) {
                seen += e.bytes.text();
                throw 42;
            });
        } catch (int number) {
            caught += number;
        }
    }
    same(caught, 84, "what was thrown");
#endif
}

/** Sends back what has come, and counts. */
struct Echo {
    int count = 0;
    void operator()(const event::data &e) {
        count++;
        e.socket.send(e.bytes).value();
    }
    Echo() = default;
    Echo(const Echo &) = delete;
};

int disconnects = 0;
void count_disconnect(const event::disconnect &) { disconnects++; }

void visitors_of_all_kinds() {
    auto [server, client, accepted] = pair(stepwire::tcp);
    client.send("there and back").value();
    client.send("again").value();
    Echo echo;
    disconnects = 0;
    bool closing = false;
    const auto deadline = std::chrono::steady_clock::now() + PATIENCE;
    while (disconnects == 0) {
        expect(std::chrono::steady_clock::now() < deadline, "nothing came");
        stepwire::wait(100ms).value();
        stepwire::poll(echo, count_disconnect);
        if (echo.count >= 6 && !closing) {
            closing = true;
            client.reset();
        }
    }
    // The first that takes an event gets it alone.
    client = stepwire::Socket::create(stepwire::tcp).value();
    client.connect_async(HOST, server.port().value()).value();
    accepted = both_connected(server, client);
    client.send("once").value();
    int first = 0;
    int second = 0;
    while (first + second == 0) {
        expect(std::chrono::steady_clock::now() < deadline, "nothing came");
        stepwire::wait(100ms).value();
        stepwire::poll([&](const event::data &) { first++; }, [&](const auto &) { second++; });
    }
    same(first, 1, "the first visitor");
    same(second, 0, "the second one");
    accepted.send("for a loop").value();
    accepted.send("over events").value();
    std::string seen;
    while (seen != "for a loop;over events;") {
        expect(std::chrono::steady_clock::now() < deadline, "nothing came");
        stepwire::wait(100ms).value();
        for (const Event &happened : stepwire::events()) {
            seen += std::get_if<event::data>(&happened)->bytes.text();
            seen += ';';
        }
    }
}

void owners_move() {
    auto [server, client, accepted] = pair(stepwire::tcp);
    stepwire::Socket moved = std::move(client);
    same(static_cast<bool>(client), false, "what was moved from");  // NOLINT: that is what is tested
    moved.send("still there").value();
    same(data_of(accepted, "after a move").bytes, "still there", "after a move");
    {
        stepwire::Socket end = std::move(moved);
    }
    disconnect_of(accepted, "the end of the owner");
    stepwire::Peer name = server.release() ? stepwire::Peer(accepted) : stepwire::Peer();
    same(static_cast<bool>(server), false, "what was released");
    same(name == accepted, true, "names of the same");
}

void ten_thousand_messages_in_order() {
    for (stepwire::kind type : {stepwire::tcp, stepwire::ws}) {
        auto [server, client, accepted] = pair(type);
        const int count = 10'000;
        int sent = 0;
        int came = 0;
        const auto deadline = std::chrono::steady_clock::now() + 3 * PATIENCE;
        while (came < count) {
            expect(std::chrono::steady_clock::now() < deadline, "not all came");
            while (sent < count && sent - came < 1000) {
                client.send(std::to_string(++sent)).value();
            }
            stepwire::wait(100ms).value();
            stepwire::poll(
                [&, peer = accepted](const event::data &e) {
                    if (e.socket == peer) {
                        e.socket.send(e.bytes).value();
                    } else {
                        came++;
                        same(e.bytes, std::to_string(came), "message " + std::to_string(came));
                    }
                },
                [](const event::disconnect &e) { fail("a disconnect: " + std::string(e.reason)); });
        }
    }
}

void payloads_come_back_as_they_were() {
    auto [server, client, accepted] = pair(stepwire::tcp);
    for (int turn = 1; turn <= 200; turn++) {
        std::vector<std::uint8_t> bytes(static_cast<std::size_t>(turn * 37 % 5000), static_cast<std::uint8_t>(turn % 256));
        client.send(bytes).value();
        same(data_of(accepted, "a payload").bytes.copy(), bytes, "packet " + std::to_string(turn));
    }
}

void a_peer_that_dies() {
    auto server = stepwire::Server::create(stepwire::tcp, 0, 100).value();
    std::string own = program;
    std::string port = std::to_string(server.port().value());
    char word[] = "peer";
    char *arguments[] = {own.data(), word, port.data(), nullptr};
    pid_t process = 0;
    same(posix_spawn(&process, program, nullptr, nullptr, arguments, environ), 0, "starting a peer");
    auto joined = next<event::connect>([](const event::connect &) { return true; }, "the peer");
    const stepwire::Peer client = joined.client;
    same(data_of(client, "what the peer says").bytes, "here", "what the peer says");
    kill(process, SIGKILL);
    disconnect_of(client, "the peer's end");
    waitpid(process, nullptr, 0);
}

void what_can_be_asked() {
    auto [server, client, accepted] = pair(stepwire::tcp);
    same(accepted.ip(), HOST, "the peer's address");
    client.send("12345").value();
    data_of(accepted, "five bytes");
    same(accepted.stat("packets_received").value(), 1.0, "packets received");
    expect(stepwire::stat("packets_sent").value() >= 1, "packets sent by all");
    same(stepwire::resolve(HOST).value(), HOST, "an address of itself");
    same(std::string_view(stepwire::version()), stepwire::header_version, "the version");
    expect(stepwire::metrics().find("stepwire_") != std::string::npos, "the metrics");
    same(stepwire::wait(0ms).value(), false, "nothing waits");
    expect(stepwire::descriptor().value() >= 0, "the descriptor");
    client.set(stepwire::options::no_delay, false).value();
    int here = 0;
    client.set_user(&here).value();
    same(client.user(), static_cast<void *>(&here), "the user's pointer");
    accepted.send("x").value();
    same(data_of(client, "with a pointer").user, static_cast<void *>(&here), "the event's pointer");
    client.set_timeout(0ms, 5s).value();
}

void views_of_bytes() {
    using stepwire::bytes_view;
    const std::uint8_t array[] = {1, 2, 3};
    same(bytes_view(array).size(), 3u, "an array's");
    same(bytes_view("abc").size(), 3u, "a literal's");
    same(bytes_view(std::string("a\0b", 3)).size(), 3u, "a string's");
    same(bytes_view(array)[2], 3, "a byte");
    same(bytes_view("abc").subview(1), "bc", "a part");
    same(bytes_view("abc").subview(4).empty(), true, "past the end");
    char buffer[8] = "ab";
    same(bytes_view(buffer, 2), "ab", "a part of a buffer");
    static_assert(!std::is_constructible_v<bytes_view, char (&)[8]>);
    static_assert(!std::is_constructible_v<bytes_view, std::vector<int>>);
#if defined(__cpp_lib_span)
    std::span<const std::byte> span = bytes_view(array);
    same(span.size(), 3u, "a span's");
    same(bytes_view(span), bytes_view(array), "of a span");
#endif
}

void a_peer_that_does_not_keep_up() {
    // It is not read while as much as this waits to be collected.
    stepwire::set_default(stepwire::options::receive_queue_limit, 1).value();
    auto [server, client, accepted] = pair(stepwire::tcp);
    client.set(stepwire::options::send_queue_limit, 100'000).value();
    const std::string much(64 * 1024, 'x');
    int sent = 0;
    auto last = client.send(much);
    for (; last; last = client.send(much)) {
        sent++;
        expect(sent < 10'000, "the queue is never full");
    }
    fails(error_code::queue_full, last, "a message too many");
    int came = 0;
    auto room = next<event::writable>([&own = client](const event::writable &e) { return e.socket == own; }, "room again",
                                      [&came, peer = accepted](const Event &happened) {
                                          const auto *data = std::get_if<event::data>(&happened);
                                          came++;
                                          return data != nullptr && data->socket == peer;
                                      });
    same(room.server, stepwire::Handle(), "a client has no server");
    for (; came < sent; came++) {
        same(data_of(accepted, "the rest").bytes.size(), much.size(), "the rest");
    }
    client.send("room").value();
    same(data_of(accepted, "after there was room").bytes, "room", "after there was room");
}

void shutdown_and_a_new_start() {
    auto before = pair(stepwire::tcp);
    stepwire::shutdown().value();
    fails(error_code::bad_handle, before.client.send("x"), "a socket from before");
    pair(stepwire::tcp);
}

int be_a_peer(int port) {
    auto socket = stepwire::Socket::create(stepwire::tcp).value();
    socket.connect(HOST, port).value();
    socket.send("here").value();
    while (stepwire::wait(PATIENCE)) {
        stepwire::poll([](const event::disconnect &) { std::exit(1); });
    }
    return 1;
}

}  // namespace

int main(int argc, char **argv) {
    program = argv[0];
    if (argc == 3 && std::strcmp(argv[1], "peer") == 0) {
        return be_a_peer(std::atoi(argv[2]));
    }
    const std::pair<const char *, void (*)()> cases[] = {
        {"server_and_client", server_and_client},
        {"several_clients", several_clients},
        {"groups", groups},
        {"websockets", websockets},
        {"a_close_that_says_why", a_close_that_says_why},
        {"raw_websockets", raw_websockets},
        {"udp", udp},
        {"a_client_connects_again", a_client_connects_again},
        {"errors", errors},
        {"exceptions_in_visitors", exceptions_in_visitors},
        {"visitors_of_all_kinds", visitors_of_all_kinds},
        {"owners_move", owners_move},
        {"ten_thousand_messages_in_order", ten_thousand_messages_in_order},
        {"payloads_come_back_as_they_were", payloads_come_back_as_they_were},
        {"a_peer_that_dies", a_peer_that_dies},
        {"a_peer_that_does_not_keep_up", a_peer_that_does_not_keep_up},
        {"what_can_be_asked", what_can_be_asked},
        {"views_of_bytes", views_of_bytes},
        {"shutdown_and_a_new_start", shutdown_and_a_new_start},
    };
    for (const auto &[name, run] : cases) {
        stepwire::set_library(stepwire::options::bind_address, HOST).value();
        run();
        std::printf("ok   %s\n", name);
        std::fflush(stdout);
        // Each begins without what the one before has left; options are reset too.
        stepwire::shutdown().value();
    }
    return 0;
}
