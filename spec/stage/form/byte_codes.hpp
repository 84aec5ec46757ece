// SPDX-License-Identifier: BSL-1.0
// The codes that both directions of the byte form share. Internal to bytes.cpp and to_bytes.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "spec/stage/form/vocabulary.hpp"

namespace galley::spec::byte_codes {

/// Where each kind of record's tags begin.
inline constexpr std::size_t statements = 0;
inline constexpr std::size_t next_routine = statements + verb_count;
inline constexpr std::size_t entries = next_routine + 1;
inline constexpr std::size_t first_setting = entries + world_verb_count;
inline constexpr std::size_t orderly = first_setting + settings.size();
inline constexpr std::size_t first_object = orderly + 1;
inline constexpr std::size_t tag_count = first_object + objects.size();
static_assert(tag_count <= 128);

inline constexpr std::uint8_t literals = 8;  // numbers that are their own code
inline constexpr std::uint8_t escape = 255;

/// Code `literals + i` stands for edges[i]: around sizes, budgets and powers of two, and the ends of the ranges.
inline constexpr std::array<std::int64_t, 44> edges{8,
                                                    9,
                                                    10,
                                                    15,
                                                    16,
                                                    17,
                                                    31,
                                                    32,
                                                    33,
                                                    63,
                                                    64,
                                                    65,
                                                    100,
                                                    127,
                                                    128,
                                                    255,
                                                    256,
                                                    257,
                                                    511,
                                                    512,
                                                    1000,
                                                    1023,
                                                    1024,
                                                    1025,
                                                    4095,
                                                    4096,
                                                    65'535,
                                                    65'536,
                                                    1'000'000,
                                                    16'777'216,
                                                    1'000'000'000,
                                                    std::int64_t{1} << 32,
                                                    std::int64_t{1} << 40,
                                                    std::int64_t{1} << 53,
                                                    (std::int64_t{1} << 62) - 1,
                                                    std::int64_t{1} << 62,
                                                    last_time - 1,
                                                    last_time,
                                                    -1,
                                                    -2,
                                                    -8,
                                                    -100,
                                                    -1'000'000'000,
                                                    -(std::int64_t{1} << 62)};

[[nodiscard]] constexpr std::size_t tag_of(std::uint8_t byte) noexcept {
    if (byte < tag_count) return byte;
    if (byte < 80) return next_routine;  // programs of one routine are dull
    if (byte < 92) return static_cast<std::size_t>(verb::spawn);
    return byte % verb_count;
}

/// A small number from any byte: itself if it is in reach, else a small one.
[[nodiscard]] constexpr std::size_t wrapped(std::uint8_t byte, std::size_t count) noexcept {
    if (byte < count) return byte;
    return byte % std::min<std::size_t>(count, 4);
}

}  // namespace galley::spec::byte_codes
