// SPDX-License-Identifier: BSL-1.0
// The texts of a trace: names, numbers and short lists, of which a fuzzer makes and compares hundreds of millions.
#pragma once

#include <bit>
#include <charconv>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace galley::spec {

/// A string that is read as a std::string_view. Up to 23 characters are in place: that is every name and every number
/// of a trace. To copy or compare such a text is to copy or compare three words.
class text {
    static constexpr std::size_t capacity = 23;
    static constexpr std::uint64_t on_heap = 255;  // in place of the length

    /// Three words that hold the characters in place, and the length in the last byte.
    struct words {
        std::uint64_t first{};
        std::uint64_t second{};
        std::uint64_t third{};
        bool operator==(const words&) const = default;

        constexpr words() = default;
        constexpr explicit words(std::string_view s) noexcept {
            if (std::is_constant_evaluated()) {
                for (std::size_t i = 0; i < s.size(); ++i) {
                    (i < 8 ? first : i < 16 ? second : third) |= at(static_cast<unsigned char>(s[i]), i % 8);
                }
            } else {
                std::memcpy(this, s.data(), s.size());
            }
            third |= at(s.size(), 7);
        }
        [[nodiscard]] constexpr std::uint64_t length() const noexcept { return third >> shift(7) & 255U; }
        static constexpr unsigned shift(std::size_t byte) noexcept {
            return static_cast<unsigned>(8 * (std::endian::native == std::endian::little ? byte : 7 - byte));
        }
        static constexpr std::uint64_t at(std::uint64_t value, std::size_t byte) noexcept {
            return value << shift(byte);
        }
    };

    /// A literal that a text is compared with: its words are computed by the compiler.
    struct literal {
        template <std::size_t N>
        consteval literal(const char (&s)[N]) : w{std::string_view{s}} {  // NOLINT(google-explicit-constructor)
            static_assert(N <= capacity + 1);
        }
        words w;
    };

public:
    constexpr text() noexcept = default;
    /// Throws std::bad_alloc if it is long.
    constexpr text(std::string_view s) {  // NOLINT(google-explicit-constructor): it is a string
        if (s.size() <= capacity) {
            words_ = words{s};
        } else {
            keep(std::make_unique<std::string>(s));
        }
    }
    constexpr text(const char* s) : text{std::string_view{s}} {}  // NOLINT(google-explicit-constructor): as above
    text(const std::string& s) : text{std::string_view{s}} {}     // NOLINT(google-explicit-constructor): as above
    constexpr text(const text& other) : words_{other.words_} {
        if (other.is_long()) keep(std::make_unique<std::string>(other.string()));
    }
    constexpr text(text&& other) noexcept : words_{std::exchange(other.words_, {})} {}
    constexpr text& operator=(text other) noexcept {
        std::swap(words_, other.words_);
        return *this;
    }
    constexpr ~text() {
        if (is_long()) [[unlikely]] {
            let_go();
        }
    }

    [[nodiscard]] static text decimal(std::integral auto value) noexcept {
        char digits[24];
        const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
        return text{std::string_view{std::begin(digits), end}};
    }

    [[nodiscard]] std::string_view view() const noexcept {
        if (is_long()) [[unlikely]] {
            return string();
        }
        return {reinterpret_cast<const char*>(&words_), words_.length()};
    }
    operator std::string_view() const noexcept { return view(); }  // NOLINT(google-explicit-constructor): as above
    operator std::string() const { return std::string{view()}; }   // NOLINT(google-explicit-constructor): as above
    [[nodiscard]] const char* data() const noexcept { return view().data(); }
    [[nodiscard]] std::size_t size() const noexcept { return view().size(); }
    [[nodiscard]] bool empty() const noexcept { return words_.length() == 0; }
    [[nodiscard]] bool starts_with(std::string_view s) const noexcept { return view().starts_with(s); }

    friend bool operator==(const text& a, literal b) noexcept { return a.words_ == b.w; }
    template <std::same_as<text> T>  // a template, so that a literal is not made into a text
    friend bool operator==(const text& a, const T& b) noexcept {
        return a.words_ == b.words_ || (a.is_long() && b.is_long() && a.view() == b.view());
    }
    template <class S>
        requires std::same_as<S, std::string_view> || std::same_as<S, std::string> || std::same_as<S, const char*>
    friend bool operator==(const text& a, const S& b) noexcept {
        return a.view() == std::string_view{b};
    }
    friend auto operator<=>(const text& a, const text& b) noexcept { return a.view() <=> b.view(); }
    friend std::string operator+(std::string a, const text& b) { return std::move(a.append(b.view())); }
    friend std::string operator+(const text& a, std::string_view b) { return std::string{a}.append(b); }

private:
    [[nodiscard]] constexpr bool is_long() const noexcept { return words_.length() == on_heap; }
    [[nodiscard]] std::string& string() const noexcept { return *reinterpret_cast<std::string*>(words_.first); }
    void keep(std::unique_ptr<std::string> s) noexcept {
        words_ = {};
        words_.first = reinterpret_cast<std::uintptr_t>(s.release());
        words_.third = words::at(on_heap, 7);
    }
    void let_go() noexcept { const std::unique_ptr<std::string> owner{&string()}; }

    words words_{};
};

}  // namespace galley::spec
