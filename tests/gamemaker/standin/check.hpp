// What the test programs check with: the first failure ends the program.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

[[noreturn]] inline void fail(const char *file, int line, const std::string &what)
{
    std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
    std::exit(1);
}

#define CHECK(condition)                                                                          \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            fail(__FILE__, __LINE__, "failed: " #condition);                                      \
        }                                                                                         \
    } while (0)

inline std::string shown(double value) { return std::to_string(value); }
inline std::string shown(const std::string &value) { return '"' + value + '"'; }

#define CHECK_EQ(actual, expected)                                                                \
    do {                                                                                          \
        const auto actual_value = (actual);                                                       \
        const decltype(actual_value) expected_value = (expected);                                 \
        if (!(actual_value == expected_value)) {                                                  \
            fail(__FILE__, __LINE__,                                                              \
                 std::string(#actual " is ") + shown(actual_value) + ", not " +                   \
                     shown(expected_value));                                                      \
        }                                                                                         \
    } while (0)
