/** @file bytes.hpp
 *  @brief A view of bytes, such as C++20 has with std::span. Part of stepwire.hpp. */
#ifndef STEPWIRE_BYTES_HPP
#define STEPWIRE_BYTES_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace stepwire {

class bytes_view;

namespace detail {

template <class T>
struct is_pointer_to_bytes : std::false_type {};

template <class T>
struct is_pointer_to_bytes<T *> : std::bool_constant<sizeof(T) == 1 && std::is_trivially_copyable_v<T>> {};

/** Whether a C keeps elements of one byte each, side by side. */
template <class C, class = void>
struct has_bytes : std::false_type {};

template <class C>
struct has_bytes<C, std::void_t<decltype(std::declval<const C &>().data()), decltype(std::declval<const C &>().size())>>
    : is_pointer_to_bytes<decltype(std::declval<const C &>().data())> {};

}  // namespace detail

/**
 * Bytes that belong to somebody else, as they are sent and received: a pointer and a size. It is made from text, from
 * what has data() and size() of one-byte elements (std::string, std::vector<std::uint8_t>, std::array<std::byte, 9>,
 * std::span), from arrays of such, and from a pointer with a size. std::span<const std::byte> can be made from it.
 */
class bytes_view {
public:
    using value_type = std::byte;
    using iterator = const std::byte *;
    using const_iterator = const std::byte *;

    constexpr bytes_view() noexcept = default;

    /** `size` bytes at `data`, which may be NULL only if there are none. */
    bytes_view(const void *data, std::size_t size) noexcept
        : data_(static_cast<const std::byte *>(data)), size_(size) {}

    /** Text, without a NUL at its end. */
    bytes_view(std::string_view text) noexcept : bytes_view(text.data(), text.size()) {}

    /** Text up to its NUL, such as a literal. */
    bytes_view(const char *text) noexcept : bytes_view(std::string_view(text)) {}

    bytes_view(std::nullptr_t) = delete;

    /** A buffer of char may be text or anything: say how much of it, {buffer, size}. */
    template <std::size_t N>
    bytes_view(char (&buffer)[N]) = delete;

    /** All elements of an array. */
    template <class T, std::size_t N,
              std::enable_if_t<detail::is_pointer_to_bytes<T *>::value && !std::is_same_v<std::remove_cv_t<T>, char>,
                               int> = 0>
    bytes_view(T (&array)[N]) noexcept : bytes_view(static_cast<const void *>(array), N) {}

    /** All elements of a container or of another view. */
    template <class C,
              std::enable_if_t<detail::has_bytes<C>::value && !std::is_same_v<C, bytes_view>, int> = 0>
    bytes_view(const C &container) noexcept
        : bytes_view(static_cast<const void *>(container.data()), static_cast<std::size_t>(container.size())) {}

    constexpr const std::byte *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr iterator begin() const noexcept { return data_; }
    constexpr iterator end() const noexcept { return data_ + size_; }

    /** The byte at `index`, which is below size(). */
    constexpr std::uint8_t operator[](std::size_t index) const noexcept {
        return std::to_integer<std::uint8_t>(data_[index]);
    }

    /** The same bytes as characters. */
    std::string_view text() const noexcept { return {reinterpret_cast<const char *>(data_), size_}; }

    /** Those from `offset` on, at most `count`; none past the end. */
    bytes_view subview(std::size_t offset, std::size_t count = static_cast<std::size_t>(-1)) const noexcept {
        if (offset >= size_) {
            return {};
        }
        return {data_ + offset, count < size_ - offset ? count : size_ - offset};
    }

    /** A copy, to keep. */
    std::vector<std::uint8_t> copy() const {
        const auto *first = reinterpret_cast<const std::uint8_t *>(data_);
        return size_ == 0 ? std::vector<std::uint8_t>() : std::vector<std::uint8_t>(first, first + size_);
    }

    friend bool operator==(bytes_view a, bytes_view b) noexcept { return a.text() == b.text(); }
    friend bool operator!=(bytes_view a, bytes_view b) noexcept { return !(a == b); }

private:
    const std::byte *data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace stepwire

#endif
