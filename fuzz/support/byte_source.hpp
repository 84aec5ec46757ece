// SPDX-License-Identifier: BSL-1.0
// What a fuzz target that drives an interface directly draws its choices from: its input, byte by byte.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace galley::fuzz {

/// Bytes that are missing at the end are 0. Each choice takes a fixed place, so that a small change of the bytes is a
/// small change of what is done.
class byte_source {
public:
    byte_source(const std::uint8_t* data, std::size_t size) noexcept : left_{data, size} {}

    [[nodiscard]] bool done() const noexcept { return left_.empty(); }

    std::uint8_t byte() noexcept {
        if (left_.empty()) return 0;
        const auto b = left_.front();
        left_ = left_.subspan(1);
        return b;
    }

    /// 0 to count - 1.
    std::size_t below(std::size_t count) noexcept { return byte() % count; }

    std::uint64_t word() noexcept {
        std::uint64_t bits = 0;
        for (unsigned shift = 0; shift < 64; shift += 8) bits |= std::uint64_t{byte()} << shift;
        return bits;
    }

    /// A time in [from, last], mostly where digits change: within 32 of `from`, or 2^k and its neighbours, counted from
    /// 0, from `from`, back from `last`, or the next multiple of 2^k; seldom any.
    std::uint64_t time(std::uint64_t from, std::uint64_t last) noexcept {
        const auto code = byte();
        if (code < 32) return std::min(from + code, last);
        if (code == 255) return from + (last == ~std::uint64_t{0} && from == 0 ? word() : word() % (last - from + 1));
        const auto power = std::uint64_t{1} << (code - 32U) % 64;
        const auto shape = byte();
        const std::uint64_t neighbour = shape % 3;  // just before, at, just after
        const auto clamped = [=](std::uint64_t at) { return std::clamp(at, from, last); };
        switch (shape / 3 % 4) {
            case 0: return clamped(power - 1 + neighbour);
            case 1: return power + neighbour > last - from ? last : clamped(from + power - 1 + neighbour);
            case 2: return clamped((from | (power - 1)) + neighbour);
            default: return power > last - from ? from : clamped(last - power + neighbour);
        }
    }

private:
    std::span<const std::uint8_t> left_;
};

}  // namespace galley::fuzz
