/** @file events.hpp
 *  @brief What happens, as values and to visitors. Part of stepwire.hpp. */
#ifndef STEPWIRE_EVENTS_HPP
#define STEPWIRE_EVENTS_HPP

#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "abi.hpp"
#include "bytes.hpp"
#include "sockets.hpp"

namespace stepwire {

/** What happened. What these view is the library's until the next poll by any thread. */
namespace event {

/** A server has a client. */
struct connect {
    Peer client;
    Members server;
    std::string_view ip;
    int port = 0;
    /** What set_user gave the client, or else its server. */
    void *user = nullptr;
};

/** A connection has ended: a server's client's, or a client's own, whose `server` is none then. */
struct disconnect {
    Peer socket;
    Members server;
    std::string_view ip;
    int port = 0;
    /** Why; error_code::none for an orderly close. */
    error_code error = error_code::none;
    /** One sentence where `error` says something, also the peer's own words. */
    std::string_view reason;
    /** The code of a WebSocket's close frame; 1005 if it had none, 1006 if no close frame came; else 0. */
    int code = 0;
    void *user = nullptr;
};

/** Data has come: a packet, a datagram, or of raw TCP a piece of the stream. */
struct data {
    /** Whose: a client's own socket, a server's client. Of UDP see udp(). */
    Peer socket;
    /** A client's server; of all others none. */
    Members server;
    bytes_view bytes;
    /** The other side; of UDP the sender. */
    std::string_view ip;
    int port = 0;
    /** Whether it is a WebSocket's text message. */
    bool is_text = false;
    /** Whether it came by reliable UDP, from who proved its address. */
    bool is_reliable = false;
    void *user = nullptr;

    /** The same socket, where it is one of UDP. */
    Datagrams udp() const noexcept { return Datagrams(socket); }
};

/** A connect that did not block has succeeded. */
struct connected {
    Peer socket;
    std::string_view ip;
    int port = 0;
    void *user = nullptr;
};

/** A connect that did not block has failed; the socket may connect again. */
struct failed {
    Peer socket;
    error_code error = error_code::none;
    std::string_view reason;
    std::string_view ip;
    int port = 0;
    void *user = nullptr;
};

/** A socket that had refused a message with error_code::queue_full has room again. */
struct writable {
    /** Whose: a client's own socket, a server's client. Of UDP see udp(). */
    Peer socket;
    /** A client's server; of all others none. */
    Members server;
    /** The other side; of reliable UDP the peer that has room, of plain datagrams "" and 0. */
    std::string_view ip;
    int port = 0;
    void *user = nullptr;

    /** The same socket, where it is one of UDP. */
    Datagrams udp() const noexcept { return Datagrams(socket); }
};

/** What a later version of the library tells and this header does not know. */
struct other {
    int type = 0;
    Handle id;
};

}  // namespace event

/** One of them. */
using Event = std::variant<event::connect, event::disconnect, event::data, event::connected, event::failed,
                           event::writable, event::other>;

/** Several function objects as one, for std::visit. */
template <class... Functions>
struct overloaded : Functions... {
    using Functions::operator()...;
};
template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

namespace detail {

/** Takes the next event; false if there is none. */
inline bool take(c::network_event &raw) noexcept {
    // The same struct under a name of its own, so that stepwire.h, which has it too, can be included as well.
    return c::network_poll_event(reinterpret_cast<::NetworkEvent *>(&raw)) > 0;
}

/** Calls with the event as its own type. */
template <class Call>
decltype(auto) typed(const c::network_event &raw, Call &&call) {
    const int type = static_cast<int>(raw.type);
    const int port = static_cast<int>(raw.port);
    const Members server{Handle(raw.server)};
    switch (type) {
    case network::type_connect:
        return call(event::connect{Peer(Handle(raw.socket)), server, raw.ip, port, raw.user});
    case network::type_disconnect:
        return call(event::disconnect{Peer(Handle(raw.socket)), server, raw.ip, port,
                                      static_cast<error_code>(static_cast<int>(raw.error)), raw.reason,
                                      static_cast<int>(raw.code), raw.user});
    case network::type_data: {
        const int message = static_cast<int>(raw.message_type);
        return call(event::data{Peer(Handle(raw.id)), server, {raw.buffer, static_cast<std::size_t>(raw.size)}, raw.ip,
                                port, message == network::send_text, message == network::message_reliable, raw.user});
    }
    case network::type_non_blocking_connect:
        if (raw.succeeded > 0) {
            return call(event::connected{Peer(Handle(raw.socket)), raw.ip, port, raw.user});
        }
        return call(event::failed{Peer(Handle(raw.socket)), static_cast<error_code>(static_cast<int>(raw.error)),
                                  raw.reason, raw.ip, port, raw.user});
    case network::type_writable:
        return call(event::writable{Peer(Handle(raw.id)), server, raw.ip, port, raw.user});
    default:
        return call(event::other{type, Handle(raw.id)});
    }
}

/** Whether a visitor takes any of the events. */
template <class Visitor>
inline constexpr bool takes_events =
    std::is_invocable_v<Visitor &, const event::connect &> || std::is_invocable_v<Visitor &, const event::disconnect &> ||
    std::is_invocable_v<Visitor &, const event::data &> || std::is_invocable_v<Visitor &, const event::connected &> ||
    std::is_invocable_v<Visitor &, const event::failed &> || std::is_invocable_v<Visitor &, const event::writable &> ||
    std::is_invocable_v<Visitor &, const event::other &>;

/** Calls the visitor if it takes the event; returns whether it does. */
template <class Visitor, class E>
bool visit_if(Visitor &visitor, const E &event) {
    if constexpr (std::is_invocable_v<Visitor &, const E &>) {
        visitor(event);
        return true;
    } else {
        return false;
    }
}

/** How many events wait. */
inline std::size_t waiting() noexcept {
    const double count = c::network_get_stat(-1, "events");
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

}  // namespace detail

/** The next event, if one waits. Without an I/O thread it does a turn of I/O when none does. */
inline std::optional<Event> next_event() {
    c::network_event raw;
    if (!detail::take(raw)) {
        return std::nullopt;
    }
    return detail::typed(raw, [](auto &&event) { return Event(std::forward<decltype(event)>(event)); });
}

/**
 * Calls, for each event that waits now and in their order, the first of the visitors that takes it; returns how many there
 * were. What comes meanwhile is the next poll's, so that a frame ends. Events that no visitor takes are passed over.
 */
template <class... Visitors>
std::size_t poll(Visitors &&...visitors) {
    static_assert(sizeof...(Visitors) > 0, "poll(visitor, ...): events that nobody looks at would be lost");
    static_assert((detail::takes_events<Visitors> && ...),
                  "each visitor takes one of stepwire::event's types, by value or by const reference");
    c::network_event raw;
    std::size_t count = 0;
    std::size_t left = 1;
    while (left > 0 && detail::take(raw)) {
        left = count == 0 ? detail::waiting() : left - 1;
        ++count;
        detail::typed(raw, [&](const auto &event) { (void)(detail::visit_if(visitors, event) || ...); });
    }
    return count;
}

/** The events that wait, for a loop: `for (const stepwire::Event &event : stepwire::events())`. */
class events {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Event;
        using difference_type = std::ptrdiff_t;
        using pointer = const Event *;
        using reference = const Event &;

        iterator() noexcept = default;

        reference operator*() const noexcept { return *event_; }
        pointer operator->() const noexcept { return &*event_; }
        iterator &operator++() {
            event_ = left_ > 0 ? next_event() : std::nullopt;
            left_ -= left_ > 0 ? 1 : 0;
            return *this;
        }
        void operator++(int) { ++*this; }
        /** Whether both are at the end. */
        friend bool operator==(const iterator &a, const iterator &b) noexcept {
            return a.event_.has_value() == b.event_.has_value();
        }
        friend bool operator!=(const iterator &a, const iterator &b) noexcept { return !(a == b); }

    private:
        friend class events;
        std::optional<Event> event_;
        std::size_t left_ = 0;
    };

    /** Takes the first event; the loop goes on to the last of those that waited then. */
    iterator begin() const {
        iterator first;
        first.event_ = next_event();
        first.left_ = detail::waiting();
        return first;
    }
    iterator end() const noexcept { return {}; }
};

}  // namespace stepwire

#endif
