/** @file result.hpp
 *  @brief What a call returns that can fail. Part of stepwire.hpp. */
#ifndef STEPWIRE_RESULT_HPP
#define STEPWIRE_RESULT_HPP

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "abi.hpp"

namespace stepwire {

/** The name of an error's number, such as "network_error_timeout". It is valid for ever. */
inline const char *name(error_code code) noexcept { return c::network_error_name(static_cast<double>(code)); }

/** Why something failed. */
struct failure {
    error_code code = error_code::none;
    /** One sentence for a person. */
    std::string sentence;
};

/** A failure that result::value() throws. */
class exception : public std::runtime_error {
public:
    explicit exception(const failure &why)
        : std::runtime_error(std::string(stepwire::name(why.code)) + ": " + why.sentence), code_(why.code) {}

    error_code code() const noexcept { return code_; }

private:
    error_code code_;
};

namespace detail {

/** Throws; where there are no exceptions, says why and ends the program. */
[[noreturn]] inline void raise(const failure &why) {
#if defined(__cpp_exceptions)
    throw exception(why);
#else
    std::fprintf(stderr, "%s: %s\n", stepwire::name(why.code), why.sentence.c_str());
    std::abort();
#endif
}

}  // namespace detail

/** A value, or why there is none. */
template <class T>
class [[nodiscard]] result {
public:
    result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    result(failure why) : held_(std::in_place_index<1>, std::move(why)) {}

    bool has_value() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /** The value; only if there is one. */
    T &operator*() & noexcept { return *std::get_if<0>(&held_); }
    const T &operator*() const & noexcept { return *std::get_if<0>(&held_); }
    T &&operator*() && noexcept { return std::move(*std::get_if<0>(&held_)); }
    T *operator->() noexcept { return std::get_if<0>(&held_); }
    const T *operator->() const noexcept { return std::get_if<0>(&held_); }

    /** The value, or stepwire::exception. */
    T &value() & { return check(), **this; }
    const T &value() const & { return check(), **this; }
    T &&value() && { return check(), *std::move(*this); }

    T value_or(T otherwise) const & { return has_value() ? **this : std::move(otherwise); }
    T value_or(T otherwise) && { return has_value() ? std::move(**this) : std::move(otherwise); }

    /** Why it failed; only if it did. */
    const failure &error() const noexcept { return *std::get_if<1>(&held_); }

private:
    void check() const {
        if (!has_value()) {
            detail::raise(error());
        }
    }

    std::variant<T, failure> held_;
};

/** That something succeeded, or why not. */
template <>
class [[nodiscard]] result<void> {
public:
    result() noexcept = default;
    result(failure why) : why_(std::move(why)) {}

    bool has_value() const noexcept { return !why_; }
    explicit operator bool() const noexcept { return has_value(); }

    /** Nothing, or stepwire::exception. */
    void value() const {
        if (why_) {
            detail::raise(*why_);
        }
    }

    /** Why it failed; only if it did. */
    const failure &error() const noexcept { return *why_; }

private:
    std::optional<failure> why_;
};

namespace detail {

/** What the library said about a number below 0. */
inline failure last_failure(double number) {
    return {static_cast<error_code>(static_cast<int>(number)), c::network_last_error()};
}

/** Of a call that returns something else than a count only when it fails. */
inline result<void> succeeded(double number) {
    if (number < 0) {
        return last_failure(number);
    }
    return {};
}

/** Of a call that returns a whole number. */
template <class T>
result<T> counted(double number) {
    if (number < 0) {
        return last_failure(number);
    }
    return static_cast<T>(number);
}

/** The longest text of this kind that is handed over without memory of its own: names, addresses, paths. */
inline constexpr std::size_t SHORT_TEXT = 256;

/** Calls with the text as C has it: with a NUL at its end, and none within, where the library would take it for the end. */
template <class Call>
result<double> with_text(std::string_view text, Call call) {
    if (text.find('\0') != std::string_view::npos) {
        return failure{error_code::bad_argument, "the text has a NUL within"};
    }
    double number = 0;
    if (text.size() < SHORT_TEXT) {
        char copy[SHORT_TEXT];
        copy[text.copy(copy, text.size())] = '\0';
        number = call(static_cast<const char *>(copy));
    } else {
        number = call(std::string(text).c_str());
    }
    if (number < 0) {
        return last_failure(number);
    }
    return number;
}

/** Without the number. */
inline result<void> dropped(result<double> number) {
    if (!number) {
        return number.error();
    }
    return {};
}

}  // namespace detail

}  // namespace stepwire

#endif
