/** @file library.hpp
 *  @brief What concerns the library as a whole. Part of stepwire.hpp. */
#ifndef STEPWIRE_LIBRARY_HPP
#define STEPWIRE_LIBRARY_HPP

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "abi.hpp"
#include "result.hpp"

namespace stepwire {

/** Sleeps until an event waits or the time, up to 2147483647 ms, is over: network_wait. Returns whether one waits. */
inline result<bool> wait(std::chrono::milliseconds at_most) {
    const double answer = c::network_wait(static_cast<double>(at_most.count()));
    if (answer < 0) {
        return detail::last_failure(answer);
    }
    return answer > 0;
}

/** Ends a wait(), from any thread: network_wake. */
inline void wake() noexcept { (void)c::network_wake(); }

/** Destroys everything, and sets all options back: network_shutdown. Owners stay behind with names of what is gone. */
inline result<void> shutdown() { return detail::succeeded(c::network_shutdown()); }

/** A descriptor that is readable while events wait, for epoll and the like; not on Windows: network_get_descriptor. */
inline result<int> descriptor() { return detail::counted<int>(c::network_get_descriptor()); }

/** Sets an option of the whole library that takes a number. */
inline result<void> set_library(option<scope::library, takes::number> which, double value) {
    return detail::succeeded(c::network_set_config(static_cast<double>(which.number), value, 0));
}
/** Sets an option of the whole library that takes text. */
inline result<void> set_library(option<scope::library, takes::text> which, std::string_view value) {
    return detail::dropped(detail::with_text(value, [&](const char *text) {
        return c::network_set_config_string(static_cast<double>(which.number), -1, text);
    }));
}

/** Sets what a number is for sockets that are made from now on. */
inline result<void> set_default(option<scope::socket_or_default, takes::number> which, double value) {
    return detail::succeeded(c::network_set_config(static_cast<double>(which.number), -1, value));
}
/** Sets what a text is for sockets that are made from now on. */
inline result<void> set_default(option<scope::socket_or_default, takes::text> which, std::string_view value) {
    return detail::dropped(detail::with_text(value, [&](const char *text) {
        return c::network_set_config_string(static_cast<double>(which.number), -1, text);
    }));
}
/** Does what an option without a value does to all sockets that are made from now on. */
inline result<void> set_default(option<scope::socket_or_default, takes::nothing> which) {
    return detail::succeeded(c::network_set_config(static_cast<double>(which.number), -1, 0));
}

/** A counter of all sockets together, by its key: network_get_stat. */
inline result<double> stat(std::string_view key) {
    return detail::with_text(key, [](const char *name) { return c::network_get_stat(-1, name); });
}

/** All counters as text for Prometheus: network_get_metrics. */
inline std::string metrics() { return c::network_get_metrics(); }

/** The oldest line of the log that was not fetched yet: network_next_log. */
inline std::optional<std::string> next_log() {
    std::string line = c::network_next_log();
    if (line.empty()) {
        return std::nullopt;
    }
    return line;
}

/** One of a name's addresses; waits for the system's resolver: network_resolve. */
inline result<std::string> resolve(std::string_view name) {
    std::string address;
    auto looked = detail::with_text(name, [&](const char *text) {
        address = c::network_resolve(text);
        return 0.0;
    });
    if (!looked) {
        return looked.error();
    }
    if (address.empty()) {
        return failure{error_code::resolve, c::network_last_error()};
    }
    return address;
}

/** This machine's addresses, IPv4 first: what a player tells a friend to connect to. */
inline std::vector<std::string> addresses() {
    std::vector<std::string> found;
    for (std::string address = c::network_get_address(0); !address.empty();
         address = c::network_get_address(static_cast<double>(found.size()))) {
        found.push_back(std::move(address));
    }
    return found;
}

/** The library's version, such as "0.2.0"; that of this header is stepwire::header_version. */
inline const char *version() noexcept { return c::network_version(); }

}  // namespace stepwire

#endif
