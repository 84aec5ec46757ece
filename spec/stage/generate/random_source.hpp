// SPDX-License-Identifier: BSL-1.0
// Random numbers that are the same on every compiler and library, unlike those of <random>'s distributions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace galley::spec {

/// splitmix64 (public domain, Sebastiano Vigna): every seed is good, and a seed is the whole state.
class random_source {
public:
    explicit constexpr random_source(std::uint64_t seed) noexcept : state_{seed} {}

    constexpr std::uint64_t next() noexcept {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    /// Below `bound`, which is not 0; the bias is below 2^-40 for the small bounds that scenarios need.
    constexpr std::size_t below(std::size_t bound) noexcept { return static_cast<std::size_t>(next() % bound); }

    constexpr bool one_in(std::size_t times) noexcept { return below(times) == 0; }

private:
    std::uint64_t state_;
};

}  // namespace galley::spec
