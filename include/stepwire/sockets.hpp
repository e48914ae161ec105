/** @file sockets.hpp
 *  @brief Sockets: names of them that own nothing, and owners. Part of stepwire.hpp. */
#ifndef STEPWIRE_SOCKETS_HPP
#define STEPWIRE_SOCKETS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "abi.hpp"
#include "bytes.hpp"
#include "result.hpp"

namespace stepwire {

/** Kinds of sockets and servers. */
enum class kind : int {
    tcp = network::socket_tcp,
    udp = network::socket_udp,
    ws = network::socket_ws,
    wss = network::socket_wss,
};

inline constexpr kind tcp = kind::tcp;
inline constexpr kind udp = kind::udp;
inline constexpr kind ws = kind::ws;
inline constexpr kind wss = kind::wss;

/** Whether connections speak GameMaker's protocol, or carry bytes as they are. */
enum class protocol { gamemaker, raw };

/**
 * Names a socket, a server, a client of a server or a group, and owns nothing. Numbers are never used again for another:
 * to a name of what is gone, calls fail with error_code::bad_handle.
 */
class Handle {
public:
    constexpr Handle() noexcept = default;
    constexpr explicit Handle(double number) noexcept : number_(number) {}

    /** The number as stepwire.h's functions take it; -1 for none. */
    constexpr double number() const noexcept { return number_; }
    /** Whether it names anything, be that alive or not. */
    constexpr explicit operator bool() const noexcept { return number_ >= 0; }

    friend constexpr bool operator==(Handle a, Handle b) noexcept { return !(a < b) && !(b < a); }
    friend constexpr bool operator!=(Handle a, Handle b) noexcept { return !(a == b); }
    friend constexpr bool operator<(Handle a, Handle b) noexcept { return a.number_ < b.number_; }

    /** Destroys it: network_destroy. An owner stays behind with a name of what is gone. */
    result<void> destroy() { return detail::succeeded(c::network_destroy(number_)); }

    /** Destroys it, and a WebSocket says why: network_close. */
    result<void> close(int code, std::string_view reason = {}) {
        return detail::dropped(detail::with_text(reason, [&](const char *text) {
            return c::network_close(number_, static_cast<double>(code), text);
        }));
    }

    /** The local port: network_get_port. */
    result<int> port() const { return detail::counted<int>(c::network_get_port(number_)); }

    /** A string about it: "ip", of WebSockets "path", "query", "origin", "protocol", "tls"; "" if there is none. */
    std::string text(std::string_view key) const {
        std::string found;
        (void)detail::with_text(key, [&](const char *name) {
            found = c::network_get_string(number_, name);
            return 0.0;
        });
        return found;
    }

    /** A counter, by its key: network_get_stat. */
    result<double> stat(std::string_view key) const {
        return detail::with_text(key, [&](const char *name) { return c::network_get_stat(number_, name); });
    }

    /** Sets an option that takes a number. */
    template <scope S>
    result<void> set(option<S, takes::number> which, double value) {
        static_assert(S != scope::library, "this option is the whole library's: stepwire::set_library");
        return detail::succeeded(c::network_set_config(static_cast<double>(which.number), number_, value));
    }
    /** Sets an option that takes text. */
    template <scope S>
    result<void> set(option<S, takes::text> which, std::string_view value) {
        static_assert(S != scope::library, "this option is the whole library's: stepwire::set_library");
        return detail::dropped(detail::with_text(value, [&](const char *text) {
            return c::network_set_config_string(static_cast<double>(which.number), number_, text);
        }));
    }
    /** Does what an option without a value does. */
    template <scope S>
    result<void> set(option<S, takes::nothing> which) {
        return detail::succeeded(c::network_set_config(static_cast<double>(which.number), number_, 0));
    }

    /** Keeps a pointer of yours, which its events carry: network_set_user. */
    result<void> set_user(void *user) { return detail::succeeded(c::network_set_user(number_, user)); }
    /** That pointer; NULL if there is none. */
    void *user() const noexcept { return c::network_get_user(number_); }

private:
    double number_ = -1;
};

/** One end of a connection: a client's own, or a server's client. */
class Peer : public Handle {
public:
    constexpr Peer() noexcept = default;
    constexpr explicit Peer(Handle handle) noexcept : Handle(handle) {}

    /** Sends a packet: network_send_packet. Returns the bytes that it is on the wire, frames of WebSockets not counted. */
    result<std::size_t> send(bytes_view bytes) const {
        return detail::counted<std::size_t>(
            c::network_send_packet(number(), bytes.data(), static_cast<double>(bytes.size())));
    }
    /** Sends bytes as they are over a raw connection: network_send_raw. Returns how many. */
    result<std::size_t> send_raw(bytes_view bytes) const {
        return detail::counted<std::size_t>(
            c::network_send_raw(number(), bytes.data(), static_cast<double>(bytes.size()), 0));
    }
    /** Sends a text message over a raw WebSocket: network_send_raw with network::send_text. Returns its bytes. */
    result<std::size_t> send_text(std::string_view text) const {
        return detail::counted<std::size_t>(
            c::network_send_raw(number(), text.data(), static_cast<double>(text.size()), network::send_text));
    }
    /** How long the connection may be silent, or make no progress; 0 is for ever: network_set_timeout. */
    result<void> set_timeout(std::chrono::milliseconds read, std::chrono::milliseconds write) {
        return detail::succeeded(c::network_set_timeout(
            number(), static_cast<double>(read.count()), static_cast<double>(write.count())));
    }
    /** The other side's address. */
    std::string ip() const { return text("ip"); }
};

/** Those who get one message together: the clients of a server, the members of a group. */
class Members : public Handle {
public:
    constexpr Members() noexcept = default;
    constexpr explicit Members(Handle handle) noexcept : Handle(handle) {}

    /** Sends a packet to all but `except`: network_group_send_packet. Returns how many took it. */
    result<std::size_t> send(bytes_view bytes, Handle except = {}) const {
        return detail::counted<std::size_t>(c::network_group_send_packet(
            number(), bytes.data(), static_cast<double>(bytes.size()), except.number()));
    }
    /** The same with bytes as they are, to those with raw connections. */
    result<std::size_t> send_raw(bytes_view bytes, Handle except = {}) const {
        return detail::counted<std::size_t>(c::network_group_send_raw(
            number(), bytes.data(), static_cast<double>(bytes.size()), except.number()));
    }
    /** How many they are. */
    result<std::size_t> size() const { return detail::counted<std::size_t>(c::network_group_size(number())); }
};

/** A UDP socket or server. */
class Datagrams : public Handle {
public:
    constexpr Datagrams() noexcept = default;
    constexpr explicit Datagrams(Handle handle) noexcept : Handle(handle) {}

    /** Sends a datagram with GameMaker's header, or a reliable message: network_send_udp. */
    result<std::size_t> send(std::string_view url, int to_port, bytes_view bytes) const {
        return sent(detail::with_text(url, [&](const char *text) {
            return c::network_send_udp(number(), text, to_port, bytes.data(), static_cast<double>(bytes.size()));
        }));
    }
    /** Sends a datagram without the header: network_send_udp_raw. */
    result<std::size_t> send_raw(std::string_view url, int to_port, bytes_view bytes) const {
        return sent(detail::with_text(url, [&](const char *text) {
            return c::network_send_udp_raw(number(), text, to_port, bytes.data(), static_cast<double>(bytes.size()));
        }));
    }
    /** Sends a datagram without a header to everybody in the local network: network_send_broadcast. */
    result<std::size_t> broadcast(int to_port, bytes_view bytes) const {
        return detail::counted<std::size_t>(
            c::network_send_broadcast(number(), to_port, bytes.data(), static_cast<double>(bytes.size())));
    }

private:
    static result<std::size_t> sent(result<double> number) {
        if (!number) {
            return number.error();
        }
        return static_cast<std::size_t>(*number);
    }
};

namespace detail {

/** A name that destroys what it names at its end. */
template <class Name>
class Owner : public Name {
public:
    constexpr Owner() noexcept = default;
    Owner(Owner &&other) noexcept : Name(other.release()) {}
    Owner &operator=(Owner &&other) noexcept {
        if (this != &other) {
            reset(other.release());
        }
        return *this;
    }
    Owner(const Owner &) = delete;
    Owner &operator=(const Owner &) = delete;
    ~Owner() { reset(); }

    /** Gives it up without destroying it. */
    Name release() noexcept { return std::exchange(static_cast<Name &>(*this), Name()); }

    /** Destroys it and takes another, or none. */
    void reset(Name other = {}) noexcept {
        if (*this) {
            // It may have gone before: with its server, its disconnect, or the whole library.
            (void)c::network_destroy(this->number());
        }
        static_cast<Name &>(*this) = other;
    }

protected:
    explicit Owner(Name name) noexcept : Name(name) {}
};

/** An owner of what a call has made, or why it has made nothing. */
template <class Owner, class Name>
result<Owner> owned(double number) {
    if (number < 0) {
        return last_failure(number);
    }
    return Owner::adopt(Name(Handle(number)));
}

}  // namespace detail

/** A client's socket for TCP or WebSockets. */
class Socket : public detail::Owner<Peer> {
public:
    constexpr Socket() noexcept = default;

    /** Makes one that is not connected: network_create_socket. */
    static result<Socket> create(kind type) {
        return detail::owned<Socket, Peer>(c::network_create_socket(static_cast<double>(type)));
    }
    /** Makes one whose connections go out from a local port: network_create_socket_ext. */
    static result<Socket> create(kind type, int local_port) {
        return detail::owned<Socket, Peer>(c::network_create_socket_ext(static_cast<double>(type), local_port));
    }
    /** Owns from now on what was made elsewhere, or was somebody else's: a server's client, too. */
    static Socket adopt(Peer peer) noexcept { return Socket(peer); }

    /** Connects and waits until that is done: network_connect, network_connect_raw. */
    result<void> connect(std::string_view url, int to_port, protocol spoken = protocol::gamemaker) {
        return connect_by(spoken == protocol::raw ? c::network_connect_raw : c::network_connect, url, to_port);
    }
    /** Begins to connect; event::connected or event::failed follows: network_connect_async, network_connect_raw_async. */
    result<void> connect_async(std::string_view url, int to_port, protocol spoken = protocol::gamemaker) {
        return connect_by(spoken == protocol::raw ? c::network_connect_raw_async : c::network_connect_async, url, to_port);
    }

private:
    explicit Socket(Peer peer) noexcept : Owner(peer) {}

    result<void> connect_by(double (*call)(double, const char *, double), std::string_view url, int to_port) {
        return detail::dropped(
            detail::with_text(url, [&](const char *text) { return call(number(), text, to_port); }));
    }
};

/** A server of TCP or WebSockets. Its clients live no longer than it. */
class Server : public detail::Owner<Members> {
public:
    constexpr Server() noexcept = default;

    /** Listens on a port (0: any free one, which port() tells): network_create_server, network_create_server_raw. */
    static result<Server> create(kind type, int on_port, int max_clients, protocol spoken = protocol::gamemaker) {
        auto call = spoken == protocol::raw ? c::network_create_server_raw : c::network_create_server;
        return detail::owned<Server, Members>(call(static_cast<double>(type), on_port, max_clients));
    }
    static Server adopt(Members server) noexcept { return Server(server); }

private:
    explicit Server(Members server) noexcept : Owner(server) {}
};

/** Any connections, to send one message to all of them. */
class Group : public detail::Owner<Members> {
public:
    constexpr Group() noexcept = default;

    static result<Group> create() { return detail::owned<Group, Members>(c::network_create_group()); }
    static Group adopt(Members group) noexcept { return Group(group); }

    /** Makes it a member: network_group_add. Returns whether it was none. */
    result<bool> add(Handle peer) { return changed(c::network_group_add(number(), peer.number())); }
    /** Takes it out: network_group_remove. Returns whether it was a member. */
    result<bool> remove(Handle peer) { return changed(c::network_group_remove(number(), peer.number())); }

private:
    explicit Group(Members group) noexcept : Owner(group) {}

    static result<bool> changed(double number) {
        if (number < 0) {
            return detail::last_failure(number);
        }
        return number > 0;
    }
};

/** A UDP socket. */
class Udp : public detail::Owner<Datagrams> {
public:
    constexpr Udp() noexcept = default;

    /** Makes one that gets a port with its first send: network_create_socket. */
    static result<Udp> create() { return detail::owned<Udp, Datagrams>(c::network_create_socket(network::socket_udp)); }
    /** Makes one on a local port (0: any free one): network_create_socket_ext. */
    static result<Udp> create(int local_port) {
        return detail::owned<Udp, Datagrams>(c::network_create_socket_ext(network::socket_udp, local_port));
    }
    static Udp adopt(Datagrams socket) noexcept { return Udp(socket); }

private:
    explicit Udp(Datagrams socket) noexcept : Owner(socket) {}
};

/**
 * Sends a packet to each of a range of peers, in order: network_send_packet_many. Returns how many took it; `results`
 * gets what each send would have returned, a number below 0 being an error_code's.
 */
template <class Range>
result<std::size_t> send_many(const Range &peers, bytes_view bytes, std::vector<double> *results = nullptr) {
    std::vector<double> numbers;
    for (const Handle &peer : peers) {
        numbers.push_back(peer.number());
    }
    if (results != nullptr) {
        results->assign(numbers.size(), 0);
    }
    return detail::counted<std::size_t>(c::network_send_packet_many(
        numbers.data(), static_cast<double>(numbers.size()), bytes.data(), static_cast<double>(bytes.size()),
        results != nullptr ? results->data() : nullptr));
}

}  // namespace stepwire

/** Handles as keys of unordered containers. */
template <>
struct std::hash<stepwire::Handle> {
    std::size_t operator()(stepwire::Handle handle) const noexcept { return std::hash<double>()(handle.number()); }
};

#endif
